/*
 * clerkwire.h - what the hub, the edges and the console ask the clerk, and
 * its answers: whole messages on a pair of SOCK_SEQPACKET.
 *
 *   question   struct clerk_question, then `text_bytes` bytes of text
 *   answer     struct clerk_answer, then for CLERK_SLICE encoded records
 *              (entries, oldest first; at most 1,000 for a question, in as many
 *              messages as it takes; room 0: all that is history but for direct messages, a
 *              thread's id: its direct messages), for CLERK_STATE one descriptor (a
 *              memfd that holds encoded rows, ROW_META first, read-only), for
 *              CLERK_ACCOUNT_* struct account_answer (accountwire.h)
 *
 * The clerk that starts anew sends CLERK_HELLO to everyone: whoever waits
 * asks again. Answers bear the asker's incarnation and number; those meant
 * for a predecessor are dropped.
 */
#ifndef CLERKWIRE_H
#define CLERKWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLERK_MESSAGE_BYTES_MAX (64 * 1024)

/* Questions about accounts that a process may have open; more are answered ACCOUNT_BUSY. */
#define CLERK_ACCOUNTS_OPEN_MAX 32

enum clerk_what {
	CLERK_HELLO = 1,
	CLERK_STATE =
		2,      /* rows at a seq that the ring still continues, and the position after it */
	CLERK_LAST = 3, /* the last `count` shown entries of `room` with seq <= `seq` */
	CLERK_FAILED = 4, /* answer only: it could not be had; the reason went to diag */
	CLERK_SEARCH = 5, /* as CLERK_LAST, of those that hold the text */
	CLERK_CHECK = 6,  /* read log.db through; answers with count = problems found */
	CLERK_NEXT = 7,   /* the first `count` shown entries of `room` with seq > `seq` */
	/* The first `count` of all that anybody may be shown, direct messages too, with seq > `seq`. */
	CLERK_ALL = 8,
	/* The first `count` with seq > `seq` with which the person `room` entered or left a room. */
	CLERK_MOVES = 9,
	/*
	 * The last `count` with seq <= `seq` with which somebody gave up the name that is the text; far
	 * back nobody looks for them.
	 */
	CLERK_GONE = 10,
	CLERK_MESSAGES = 11,       /* as CLERK_LAST, of what was said alone */
	CLERK_MESSAGES_AFTER = 12, /* as CLERK_NEXT, of what was said alone */
	CLERK_ENTRY = 13, /* what was said in `room` with just this seq, or the event; or nothing */
	CLERK_EVENTS = 14,       /* as CLERK_LAST, with events (record_is_event()) among them */
	CLERK_EVENTS_AFTER = 15, /* as CLERK_NEXT, likewise */
	/* Accounts: the text and the answers are those of accountwire.h. */
	CLERK_ACCOUNT_REGISTER = 16,
	CLERK_ACCOUNT_VERIFY = 17,
	CLERK_ACCOUNT_KEYS = 18, /* SCRAM's */
	CLERK_ACCOUNT_MISSED = 19,
	CLERK_ACCOUNT_PASSWORD = 20,
	CLERK_ACCOUNT_DROP = 21,
	CLERK_ACCOUNT_LIST = 22,
	CLERK_ACCOUNT_VERIFY_SECRET = 23,
	/* To the console, unasked: an account was made (ACCOUNT_OK) or dropped (ACCOUNT_UNKNOWN). */
	CLERK_ACCOUNT_CHANGED = 24,
	/* The first `count` acts (act.h) with seq > `seq` and at or after the time `room`. */
	CLERK_ACTS = 25,
	/* The last `count` direct messages to the person `room` with seq > `seq`; far back nobody looks. */
	CLERK_LETTERS = 26,
};

static inline bool clerk_is_account(uint32_t what) {
	return what >= CLERK_ACCOUNT_REGISTER && what <= CLERK_ACCOUNT_VERIFY_SECRET;
}

struct clerk_question {
	uint32_t what;
	uint32_t incarnation;
	uint64_t number; /* the asker's */
	uint64_t room;
	uint64_t seq;
	uint32_t count;
	uint32_t text_bytes;
};

struct clerk_answer {
	uint32_t what;
	uint32_t incarnation;
	uint64_t number;
	uint64_t seq;      /* CLERK_STATE: the rows are those after this entry */
	uint64_t position; /* CLERK_STATE: the ring goes on from here */
	uint32_t count;    /* records that follow in this message */
	uint32_t is_last;  /* no more messages for this question */
};

/* Sends; 0, or -1 with errno (EAGAIN: try later). */
int clerk_ask(int fd, const struct clerk_question *question, const void *text);
/*
 * Receives one answer without waiting: its bytes (head included) into `buffer`,
 * of which CLERK_MESSAGE_BYTES_MAX suffice. *passed_fd is -1 or a descriptor
 * that the caller owns. Returns the size, at least that of an answer's head; 0
 * if nothing waits; -1 with errno (EMSGSIZE, EBADMSG: that message is dropped).
 *
 * Answers that nobody waits for are ordinary (a question asked twice, a
 * predecessor's): close what was passed and go on.
 */
long clerk_receive(int fd, void *buffer, size_t size, int *passed_fd);

/* The number that clerk_load_state() gives its questions; count your own from 1. */
#define CLERK_NUMBER_OF_LOAD UINT64_MAX

/*
 * For a process that starts: asks for the state, waits (a clerk that has just
 * died is waited for), loads it into `state`, and gives the ring position
 * after it. False if it is told to leave meanwhile (end of file on `life`).
 * Rows that cannot be loaded end the process with a sentence: a new one asks anew.
 */
struct state;
bool clerk_load_state(int fd, uint32_t incarnation, int life, struct state *state,
                      uint64_t *position);

/*
 * For who asks without waiting: loads the rows that came with a CLERK_STATE into an
 * empty state. NULL, or what is wrong with them in a few words. `fd` stays the caller's.
 */
const char *clerk_load_rows(struct state *state, int fd);

#endif
