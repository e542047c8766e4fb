/* sessions_inside.h - what the files of the session face share. sessions.h lists them. */
#ifndef SESSIONS_INSIDE_H
#define SESSIONS_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "car.h"
#include "datagrams.h"
#include "edge_inside.h"
#include "inbox.h"
#include "keys.h"
#include "limiter.h"
#include "log_window.h"
#include "memberships.h"
#include "message.h"
#include "packing.h"
#include "pool.h"
#include "post.h"
#include "sending.h"
#include "wheel.h"
#include "wire.h"

/* Time in steps of 16 ms (steady microseconds / 2^14), as plain_roster.h has it. */
#define HEARD_SHIFT 14

/* What is kept of the log for all: enough for a long round trip of a busy room. */
#define WINDOW_BYTES (1024 * 1024)
#define WINDOW_ENTRIES 8192

/* ---- connections ---- */

/* Where one is served; owned by the pool of contexts. */
struct context {
	uint32_t link_session; /* table */
	uint32_t link_ready;   /* list; 0: its end */
	struct wheel_link link_wheel;
	uint32_t connection; /* the client's number for it */
	uint64_t session;    /* 0: nobody is here */
	uint64_t person;
	struct sending sending;
	uint64_t looked;    /* up to here nothing concerns it that `sending` does not cover */
	uint64_t forwarded; /* the last message that went to the hub */
	uint64_t kept;      /* the last one that is kept */
	struct memberships *memberships;
	struct inbox *inbox;
	struct key key;
	struct address peer;
	uint32_t heard;      /* ticks */
	uint32_t seen_next;  /* one more than the client's largest packet number; 0: none came */
	uint16_t greeting;   /* the place of its WELCOME, from 1; 0: it was heard */
	uint16_t end_reason; /* when is_ending */
	uint8_t outlet;
	uint8_t local;       /* our own address that it spoke to: of sessions->locals */
	bool is_ready : 1;   /* in the list */
	bool is_behind : 1;  /* waits for the car */
	bool must_learn : 1; /* nothing of the log goes out before it is known where it was */
	bool must_tell : 1;  /* KEPT */
	bool must_show : 1;  /* a LOG, though there be nothing in it */
	bool is_held : 1;    /* a message waits until its pace allows it */
	bool has_left : 1;   /* its person: nothing behind the end of its memberships concerns it */
	bool is_ending : 1;  /* the session has ended: it hears END whenever it says something */
};

/* Our own addresses that clients spoke to; what is beyond is left to the kernel, which is 0. */
#define LOCALS_MAX 256

/* ---- coming in ---- */

#define GREETINGS_MAX 1024

enum greeting_phase {
	GREETING_FREE,
	GREETING_ASKED,    /* the hub is deciding */
	GREETING_HELD,     /* --fsync: WELCOME waits for the disk */
	GREETING_WELCOMED, /* said; and said again when it is asked again */
};

struct greeting {
	enum greeting_phase phase;
	uint8_t type; /* WIRE_OPEN or WIRE_RESUME */
	uint32_t generation;
	uint64_t since_us;
	uint64_t cursor;
	uint64_t seq;      /* WELCOME is said of the state as it is after this entry */
	uint64_t opening;  /* for the session's key: see keys_session() */
	uint64_t tag_mark; /* of a RESUME */
	struct route route;
	struct wire_greeting welcome; /* what is known of it; open_key: first the client's */
	uint8_t name[NAME_BYTES_MAX];
};

struct greet {
	struct key master;
	struct key_pair pair;
	struct limiter limiter, resets;
	uint64_t *marks; /* of the nonces, a place each; 0: free */
	struct greeting *each;
	uint64_t *used; /* marks of the tags of RESUMEs that were welcomed: a ring */
	uint32_t used_next;
};

/* ---- with --fsync: KEPT and WELCOME wait for the disk ---- */

struct held {
	uint64_t seq;                  /* that they wait for */
	uint64_t session, number;      /* KEPT; or */
	uint32_t greeting, generation; /* WELCOME */
};

/* ---- who is expected ---- */

struct lost {
	/* Connected when we started: they are told, and told again. */
	uint64_t *sessions;
	uint32_t count, at, round;
	uint64_t began_us;
	uint64_t due_us;
	/* Whose connection is to be here soon, or they are absent: a queue. */
	struct expected {
		uint64_t session, until_us;
	} * expected;
	uint32_t first, expected_count, room;
	uint64_t silence_us, sweep_us;
};

/* ---- in which rooms somebody was ---- */

#define MOVES_MAX 1000 /* what the clerk gives for a question */

struct moves {
	struct ask ask;
	bool is_asked, must_look;
	bool is_stale; /* asked before the window began anew: the answer may end too early */
	/* Who is asked for. */
	uint32_t handle, connection;
	uint64_t session;
	uint64_t due_us;
	size_t count;
	struct move {
		uint64_t room, seq;
		bool is_in;
	} * each; /* MOVES_MAX, when there is a first question */
};

/* ---- questions about the past ---- */

#define PAST_JOBS_MAX 128
#define PAST_LINES_MAX 50
#define PAST_TEXT_BYTES_MAX 256

struct past {
	struct ask ask;
	unsigned first, count;
	struct past_job {
		uint64_t session, question, room, seq;
		uint32_t connection;
		uint8_t kind, lines, rounds;
		struct slice text; /* owned */
	} jobs[PAST_JOBS_MAX];
	bool is_asked;
	struct stretch window; /* the items of the job that is first */
	unsigned given;        /* entries that the clerk gave for this question */
	uint64_t oldest, taken_to;
};

/* ---- all of it ---- */

struct sessions {
	struct edge *edge;
	struct datagrams *datagrams;
	struct pool contexts, flights;
	struct table by_session;
	struct wheel wheel;
	struct stretch window;
	bool has_window;
	bool is_blind; /* the walk is in slices: what passes is not all */
	struct bodies bodies;
	struct post post;
	unsigned locals_count; /* without the first */
	uint8_t locals[LOCALS_MAX][16];
	struct greet greet;
	struct limiter rate, asks;
	struct pace walks; /* of all who ask, through members and rooms */
	uint64_t walks_next_ns;
	struct inbox_budget budget;
	struct lost lost;
	struct car car;
	struct stretch car_window;
	struct moves moves;
	struct past past;

	uint32_t ready_first, ready_last;
	uint32_t round_at;   /* all are looked at: this one is next; 0: no round is under way */
	uint64_t round_high; /* the window's end when the last round began */
	uint64_t waits_for;  /* outlets that were full, or all of them when there were no buffers */

	struct held *held;
	uint32_t held_first, held_count, held_room;
};

static inline uint64_t sessions_now_us(const struct sessions *sessions) {
	return loop_now_us(sessions->edge->house.loop);
}
static inline struct context *context_at(const struct sessions *sessions, uint32_t handle) {
	return pool_at(&sessions->contexts, handle);
}

/* contexts.c */
uint32_t context_find(const struct sessions *sessions, uint64_t session);
/* A connection of the session that `welcome` names, instead of any that there is. Returns its handle. */
uint32_t context_create(struct sessions *sessions, const struct wire_greeting *welcome,
                        const struct route *route, unsigned outlet, const struct key *key);
void context_drop(struct sessions *sessions, uint32_t handle);
/* Something is to be done for it in this turn or the next. */
void context_ready(struct sessions *sessions, uint32_t handle);
uint32_t context_next_ready(struct sessions *sessions);
struct route context_route(const struct sessions *sessions, const struct context *context);
struct post_to context_post_to(const struct sessions *sessions, uint32_t handle);

/* greet.c */
void greet_begin(struct sessions *sessions);
void greet_finish(struct sessions *sessions);
void greet_take(struct sessions *sessions, const struct datagram *datagram);
void greet_answer(struct sessions *sessions, const struct record *answer);
/* "I know no such connection." */
void greet_reset(struct sessions *sessions, const struct datagram *datagram,
                 const struct wire_head *head);
/* Says LOST to a session of the state. */
void greet_lost(struct sessions *sessions, uint64_t session, const struct route *route);
/* WELCOME may be said now. */
void greet_release(struct sessions *sessions, uint32_t greeting, uint32_t generation);
/* The hub's answers may be lost: whoever asks again is asked for again. */
void greet_forget(struct sessions *sessions);
/* The client of this connection has heard WELCOME. */
void greet_confirmed(struct sessions *sessions, const struct context *context);

/* talk.c */
void talk_take(struct sessions *sessions, const struct datagram *datagram);
/* A frame, by itself. */
void talk_say(struct sessions *sessions, uint32_t handle, const struct wire_talk *frame);
void talk_say_end(struct sessions *sessions, uint32_t handle, uint16_t reason, struct slice text);

/* forward.c */
void forward_begin(struct sessions *sessions);
void forward_finish(struct sessions *sessions);
void forward_message(struct sessions *sessions, uint32_t handle, const struct wire_talk *piece);
/* What waited for its pace. */
void forward_go_on(struct sessions *sessions, uint32_t handle);
/* An entry that a session's message led to. */
void forward_kept(struct sessions *sessions, const struct record *entry);
/* A message was decided and led to nothing. */
void forward_nothing(struct sessions *sessions, const struct record *answer);
/* Waits until `seq` is durable, which it is not yet. */
void forward_hold(struct sessions *sessions, const struct held *held);
bool forward_has_work(const struct sessions *sessions);
void forward_release(struct sessions *sessions);

/* serve.c */
void serve_begin(struct sessions *sessions);
void serve_finish(struct sessions *sessions);
void serve_turn(struct sessions *sessions, uint64_t now_us);
/* One connection, in the middle of a record. */
void serve_at_once(struct sessions *sessions, uint32_t handle);
bool serve_has_work(const struct sessions *sessions);
/* Where a connection that is behind reads the log next. */
uint64_t serve_wants(const struct sessions *sessions, const struct context *context);
/* The window has something for everybody, or whom there was nothing for may look again. */
void serve_all(struct sessions *sessions);
/* For who never hears of an empty stretch: the client is told how far the log is. */
void serve_show(struct sessions *sessions, uint32_t handle);

/* moves.c */
void moves_begin(struct sessions *sessions);
/* In which rooms it was and is, from its cursor on: at once, or when the clerk has told. */
void moves_learn(struct sessions *sessions, uint32_t handle);
void moves_tick(struct sessions *sessions, uint64_t now_us);
uint64_t moves_due_us(const struct sessions *sessions);

/* sessions_car.c */
void sessions_car_begin(struct sessions *sessions);

/* lost.c */
void lost_begin(struct sessions *sessions);
void lost_finish(struct sessions *sessions);
/* The state says that a session is here: soon it has a connection, or it is absent. */
void lost_expect(struct sessions *sessions, uint64_t session);
/* There is a connection: it is expected no more, and its silence has to be noticed. */
void lost_watch(struct sessions *sessions);
/* After the state has been taken anew. */
void lost_look(struct sessions *sessions);
void lost_tick(struct sessions *sessions, uint64_t now_us);
uint64_t lost_due_us(const struct sessions *sessions);
/* Nobody is there: the hub is told, and the context goes. False: not now. */
bool lost_absent(struct sessions *sessions, uint32_t handle);

/* who.c */
void who_take(struct sessions *sessions, uint32_t handle, const struct wire_talk *ask);
void who_refuse(struct sessions *sessions, uint32_t handle, uint64_t question, enum reason reason);

/* past.c */
void past_begin(struct sessions *sessions);
void past_finish(struct sessions *sessions);
void past_ask(struct sessions *sessions, uint32_t handle, const struct wire_talk *ask);

#endif
