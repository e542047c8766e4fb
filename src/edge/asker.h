/*
 * asker.h - an edge's questions to the clerk, without waiting for the answers.
 *
 * One message of an answer is in hand at a time: whoever it is for keeps it
 * until asker_release(), however slowly it goes on; meanwhile the next stays
 * on the wire. A clerk that starts anew says hello, and all that is not
 * answered is asked again: so parts of an answer may come twice, and takers
 * know by the seqs what they have had.
 *
 * Questions about accounts are the asker's own: it copies them, keeps them until
 * they are answered, asks again as above, and hands each answer to a function, once.
 */
#ifndef ASKER_H
#define ASKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accountwire.h"
#include "clerkwire.h"
#include "diag.h"
#include "loop.h"
#include "record.h"
#include "slice.h"

struct house;

/* Records, one behind the other, in memory that is the asker's until asker_release(). */
struct slice_in_hand {
	const uint8_t *bytes;
	size_t size;
	bool is_last;
};

/* Takes the first record out of it, whose slices point into it. False: there is none left. */
static inline bool slice_next(struct slice_in_hand *slice, struct record *record) {
	if (slice->size == 0) {
		return false;
	}
	size_t size = record_decode(record, slice->bytes, slice->size);
	if (size == 0) {
		diag_exit(EXIT_TRY_AGAIN, "the clerk's slice is malformed");
	}
	slice->bytes += size;
	slice->size -= size;
	return true;
}

/* A question; owned by whoever asks. */
struct ask {
	struct slice text; /* of CLERK_SEARCH and CLERK_GONE; stays until it is answered */
	uint32_t what;     /* those that are answered with entries: CLERK_LAST, CLERK_NEXT, ... */
	uint64_t room, seq;
	uint32_t count;
	uint64_t number; /* 0: not under way */
	bool is_sent;
	void (*take)(void *context, struct slice_in_hand slice);
	void (*fail)(void *context);
	void *context;
};

/* The walk's, the plain face's, three of the session face's, the stream face's, IRC's. */
#define ASKS_MAX 7

/* The connection is the asker's word for whom it asked: who it was may be gone meanwhile. */
typedef void account_answered(void *context, struct connection connection,
                              const struct account_answer *answer);

struct account_ask {
	uint64_t number; /* 0: free */
	uint32_t what;
	bool is_sent;
	account_answered *answered;
	void *context;
	struct connection connection;
	struct account_question question;
};

struct asker {
	struct house *house;
	struct watch watch;
	uint64_t number;
	struct ask *asks[ASKS_MAX];
	struct account_ask accounts[CLERK_ACCOUNTS_OPEN_MAX];
	bool is_in_hand;
	_Alignas(8) uint8_t message[CLERK_MESSAGE_BYTES_MAX];
};

/* Exits with a sentence if it cannot. */
void asker_init(struct asker *asker, struct house *house);
void asker_add(struct asker *asker, struct ask *ask);
/* A question that is answered with entries (clerkwire.h). `ask` must be known by asker_add() and not under way. */
void asker_ask(struct asker *asker, struct ask *ask, enum clerk_what what, uint64_t room,
               uint64_t seq, uint32_t count);
/*
 * A question about an account (CLERK_ACCOUNT_*), which is copied; whoever has a password wipes its own
 * copy. `answered` is called later, never from here; with ACCOUNT_FAILED if the clerk cannot answer.
 * False: too many are open; that is ACCOUNT_BUSY.
 */
bool asker_ask_account(struct asker *asker, enum clerk_what what,
                       const struct account_question *question, struct connection connection,
                       account_answered *answered, void *context);
/* The message in hand is done with. */
void asker_release(struct asker *asker);
/* After somebody else has read from the wire (clerk_load_state()): all that is open is asked again. */
void asker_ask_again(struct asker *asker);

#endif
