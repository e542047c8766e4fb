/*
 * screenwire.h - what the two processes of `qun join` tell each other: the link
 * (socket, session, heartbeats) and the face (the screen, or the plain lines of
 * --lines), over one two-way pipe of the kit, a message a time.
 *
 * The link *tells*, the face *wishes*. Both ends are one binary, so a message is
 * a struct, its strings behind it; one that is malformed is our own mistake.
 *
 * How it goes:
 *
 *   face                                     link
 *     WISH_ATTACH              →
 *                              ←     TELL_STANDING, and again whenever it changes
 *                              ←     TELL_ROOM for each room one is in
 *                              ←     TELL_PERSON … if the face wants rosters
 *                              ←     TELL_MESSAGE of all that is on its way
 *                              ←     TELL_ENTRY, TELL_GAP: the log, in order
 *
 * - The face is a cursor too. The link keeps what the face has not taken, up to
 *   a bound, and then takes no more from the server, which goes on where the
 *   face does: a face that is slow, or stopped (Ctrl-Z), loses nothing, and no
 *   memory grows.
 * - A face that died is replaced by another one that begins with WISH_ATTACH.
 *   TELL_STANDING's seq says how far its predecessors were told; what is behind
 *   it follows as entries, and what was before it the new one asks for
 *   (WISH_BEFORE), as it does for what is older still.
 * - What the face says bears a tag of its own choice, rising from 1 (each face
 *   begins anew, above WISH_ATTACH's answer: TELL_STANDING's tag). The link
 *   tells by that tag what becomes of it.
 * - At the end the link tells STANDING_ENDED and closes the pipe; a face that
 *   wants to end wishes WISH_QUIT and waits for that.
 *
 * Names and texts from the server are UTF-8 but may hold control characters:
 * whoever shows them makes them visible (visible.h).
 */
#ifndef SCREENWIRE_H
#define SCREENWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

/* A message fits: an entry with every room and the longest text, with much to spare. */
#define SCREENWIRE_BYTES_MAX 32768

/* Wishes that are messages and neither said nor refused yet; more are refused (busy). */
#define WISHES_OPEN_MAX 64
/* Questions without an answer; more are refused (busy). */
#define QUESTIONS_OPEN_MAX 16

/* How the link stands to the server. */
enum standing {
	STANDING_SEEKING = 1, /* nobody has answered yet, or nobody answers any more */
	STANDING_NAME_WANTED, /* WISH_NAME, please; reason: why the last one will not do, or 0 */
	/*
	 * WISH_TRUST to begin anew, or WISH_QUIT. Reason 0: the server's key is not the one remembered, so it
	 * was set up anew, or somebody else answers; no-such-session: it says that it does not
	 * know this session any more (which nobody has to prove).
	 */
	STANDING_TRUST_WANTED,
	STANDING_IN,    /* connected, and in the room under `name` */
	STANDING_ENDED, /* see enum ending */
};

/* Why it ended. */
enum ending {
	ENDING_NONE = 0,
	ENDING_QUIT,         /* as the face wished */
	ENDING_HOST_UNKNOWN, /* text: what the resolver says */
	ENDING_NO_ANSWER,    /* nobody ever answered */
	ENDING_VERSION,      /* the server speaks another version: number */
	ENDING_REFUSED,      /* coming in was refused: reason, argument, text */
	ENDING_PUT_OUT, /* the server ended the session: reason (kicked, banned, closed …), text */
	ENDING_TROUBLE, /* this machine refuses something: text */
};

/* What becomes of a message of one's own. */
enum message_state {
	MESSAGE_WAITING = 1, /* in the link */
	MESSAGE_ON_ITS_WAY,  /* sent, and repeated until it is kept */
	MESSAGE_KEPT,        /* in the log, at seq; its entry, if it has one, is told before this */
	MESSAGE_REFUSED,     /* reason, argument, text; reason 0: not known any more */
};

enum tell_kind {
	/*
	 * state (enum standing), ending, reason, argument, number, text; name and person: who one is; other: the server's
	 * address as it is reached ("192.168.1.23:8888"); since_ms: when this state began (wall clock);
	 * rtt_us (0: not known); waiting: messages not decided yet; seq: the log was told up to here;
	 * tag: the highest that a face has used. Flags: TELL_IS_SILENT, TELL_IS_ENCRYPTED, TELL_IS_NEW.
	 */
	TELL_STANDING = 1,
	/*
	 * room, name ("#lobby"; of a conversation of two: the other one's name), connected, absent (how many),
	 * person (of a conversation: the other one). Flags: TELL_IS_IN (unset: one is not in it any more),
	 * TELL_IS_DIRECT, TELL_IS_WHOLE (all its people were told). Comes before the first entry of a room, and
	 * whenever something of it changes.
	 */
	TELL_ROOM,
	/*
	 * entry_kind (record.h's ENTRY_…), seq, time_ms, person, number, target, reason, rooms, room (the first),
	 * name, other, text: as PROTOCOL.md has an entry. Flags: TELL_IS_OWN (about oneself); tag: of the
	 * wish that it came from, 0: none of this face's; question: 0, or it belongs to the answer.
	 */
	TELL_ENTRY,
	/* from, seq: what was behind `from` up to `seq` is not kept any more. question as above. */
	TELL_GAP,
	/* tag, state (enum message_state), number, seq, reason, argument, text. */
	TELL_MESSAGE,
	/*
	 * room, person, name. Flags: TELL_IS_GONE (not in that room any more), TELL_IS_ABSENT. With a question it
	 * is a row of the answer to WISH_WHO, without one it keeps the face's roster true.
	 */
	TELL_PERSON,
	/* question, room, name, connected (people). Flags: TELL_IS_IN. A row of the answer to WISH_ROOMS. */
	TELL_LISTED,
	/*
	 * question: its answer is complete. Flags: TELL_HAS_MORE (further back there is more). reason: why
	 * there is none. connected, absent: of WISH_WHO.
	 */
	TELL_ANSWERED,
};

enum tell_flag {
	TELL_IS_SILENT = 1,    /* for some seconds nobody has answered; it goes on trying */
	TELL_IS_ENCRYPTED = 2, /* not yet: show `not encrypted` */
	TELL_IS_NEW = 4,       /* a new session, no old one was gone on with */
	TELL_IS_IN = 8,
	TELL_IS_DIRECT = 16,
	TELL_IS_WHOLE = 32,
	TELL_IS_OWN = 64,
	TELL_IS_GONE = 128,
	TELL_IS_ABSENT = 256,
	TELL_HAS_MORE = 512,
};

/* From the link. Slices belong to whoever fills it in, or point into the bytes it was decoded from. */
struct tell {
	uint8_t kind;
	uint8_t state;
	uint8_t ending;
	uint16_t flags;
	uint16_t entry_kind;
	uint16_t reason; /* record.h's REASON_… */
	uint64_t argument;
	uint64_t question;
	uint64_t tag;
	uint64_t number;
	uint64_t seq, from;
	uint64_t time_ms, since_ms;
	uint64_t person, target;
	uint64_t room;
	uint64_t connected, absent;
	uint64_t rtt_us;
	uint64_t waiting;
	struct slice rooms; /* 8 bytes each, host order, unaligned: tell_room() */
	struct slice name, other, text;
};

enum wish_kind {
	WISH_ATTACH = 1, /* the first. Flags: WISH_ROSTERS */
	/* Messages: each bears a tag. */
	WISH_SAY,    /* room, text */
	WISH_JOIN,   /* name ("#room") */
	WISH_PART,   /* room, text (why) */
	WISH_DIRECT, /* name (the receiver's), text */
	WISH_RENAME, /* name */
	/* Questions: each bears a question's number of the face's own choice, not 0. */
	WISH_BEFORE, /* room, seq, lines (1 to 50): the last ones before seq */
	WISH_SEARCH, /* room (0: all), seq, lines, text */
	WISH_ROOMS,
	/* room. Without a question: the roster is refreshed (who is absent is not in the log). */
	WISH_WHO,
	/* Others. */
	WISH_NAME,  /* name: the answer to STANDING_NAME_WANTED */
	WISH_TRUST, /* the answer to STANDING_TRUST_WANTED: go on, anew */
	WISH_SHOWN, /* seq: a person has seen it all up to here; a client started later goes on behind it */
	/*
	 * End. What was wished before is waited for. Flags: WISH_STAYS: without leaving the room (it was the
	 * terminal that went away); WISH_AT_ONCE: without waiting. text (why one leaves).
	 */
	WISH_QUIT,
};

enum wish_flag { WISH_ROSTERS = 1, WISH_STAYS = 2, WISH_AT_ONCE = 4 };

/* From the face. */
struct wish {
	uint8_t kind;
	uint8_t lines;
	uint16_t flags;
	uint64_t tag;
	uint64_t question;
	uint64_t room;
	uint64_t seq;
	struct slice name, text;
};

/* Returns the size; the strings must fit (they do, if they came by this wire or are within limits.h). */
size_t tell_encode(const struct tell *tell, uint8_t out[SCREENWIRE_BYTES_MAX]);
size_t wish_encode(const struct wish *wish, uint8_t out[SCREENWIRE_BYTES_MAX]);

/* Stops the process if the bytes are none of these. */
void tell_decode(struct tell *tell, const uint8_t *bytes, size_t size);
void wish_decode(struct wish *wish, const uint8_t *bytes, size_t size);

/* The rooms that an entry concerns. */
static inline size_t tell_rooms_count(const struct tell *tell) {
	return tell->rooms.size / sizeof(uint64_t);
}
static inline uint64_t tell_room(const struct tell *tell, size_t index) {
	uint64_t room;
	assert(index < tell_rooms_count(tell));
	memcpy(&room, tell->rooms.bytes + index * sizeof room, sizeof room);
	return room;
}

/*
 * With a pipe: 0 or an error of mp_errors.h. Receiving decodes into `buffer`, where the strings
 * then are.
 */
struct mp_pipe;
int tell_send(struct mp_pipe *pipe, const struct tell *tell, int timeout_ms);
int tell_receive(struct mp_pipe *pipe, struct tell *tell, uint8_t buffer[SCREENWIRE_BYTES_MAX],
                 int timeout_ms);
int wish_send(struct mp_pipe *pipe, const struct wish *wish, int timeout_ms);
int wish_receive(struct mp_pipe *pipe, struct wish *wish, uint8_t buffer[SCREENWIRE_BYTES_MAX],
                 int timeout_ms);

#endif
