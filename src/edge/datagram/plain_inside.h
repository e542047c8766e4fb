/* plain_inside.h - what the files of the plain face share. plain.h lists them. */
#ifndef PLAIN_INSIDE_H
#define PLAIN_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "datagrams.h"
#include "edge_inside.h"
#include "fanout.h"
#include "limiter.h"
#include "outlet.h"
#include "plain_parse.h"
#include "plain_render.h"
#include "plain_roster.h"

/* ---- a record's datagrams, on their way ---- */

/* To whom some of the parts go. */
struct plain_step {
	enum plain_whom { TO_ONE, TO_ALL, TO_CATCHING } whom;
	unsigned part, parts_count;
	unsigned outlet;         /* TO_ONE */
	struct plain_member one; /* TO_ONE */
	uint64_t seq;            /* else: the entry's, */
	uint64_t author;         /* whose author has it already */
};

/* Somebody who is ended, and all others. */
#define STEPS_MAX 2

struct plain_steps {
	unsigned count, at;
	bool is_begun;
	struct plain_step steps[STEPS_MAX];
};

/* ---- with --fsync: answers that wait for the disk ---- */

#define HELD_NONE UINT64_MAX

enum hold_phase { HOLD_IDLE, HOLD_ANSWERS, HOLD_CATCHING };

struct plain_hold {
	uint64_t from; /* position of the first answer that waits; HELD_NONE */
	uint64_t seq;  /* that it waits for */
	enum hold_phase phase;
	uint64_t at;            /* the release under way is here */
	uint64_t catching_from; /* position of the first who comes in by it */
	uint64_t next_from, next_seq;
	struct roster catching[LISTENERS_MAX];
	struct record record;
	_Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
};

/* ---- who is still there ---- */

/* Names that are tried at the same time; more wait for their next try. */
#define PROBES_MAX 64

struct plain_probe {
	uint64_t session;
	uint64_t begun_us;
	uint64_t again_us; /* 0: no error has come; PROBE_OVER: sent twice */
};

struct plain_presence {
	uint32_t idle_ticks; /* 0: silence ends nobody */
	uint64_t idle_us, idle_due_us;
	struct plain_probe probes[PROBES_MAX];
};

/* ---- `H` ---- */

/* More are told that the server is busy. */
#define HISTORY_JOBS_MAX 128

struct plain_history {
	struct ask ask;
	unsigned first, count;
	struct history_job {
		struct route route;
		uint64_t seq;
		uint32_t lines;
	} jobs[HISTORY_JOBS_MAX];
	bool is_asked, has_slice;
	struct slice_in_hand slice;
	uint64_t sent_to; /* seq */
	uint64_t due_us;
	unsigned part; /* of `parts`, which is the next to go */
	struct plain_parts parts;
};

/* ---- all of it ---- */

struct plain {
	struct edge *edge;
	struct datagrams *datagrams;
	enum language language;
	unsigned outlets_count;
	struct roster rosters[LISTENERS_MAX];

	/* out */
	struct plain_parts parts;
	struct plain_steps steps;
	struct fanout fanout;
	uint64_t delivered, unsent; /* of fanout's, what the board has */
	int waits_for;              /* the outlet that was full, or -1 */
	uint64_t resume_seq, resume_to;
	bool is_closing; /* the record in hand ends everybody */
	struct plain_hold hold;

	/* in */
	struct limiter rate, refusals;
	struct pace refusals_pace;
	uint64_t refusals_next_ns;
	struct plain_presence presence;
	struct plain_history history;
};

static inline uint64_t plain_now_us(const struct plain *plain) {
	return loop_now_us(plain->edge->house.loop);
}

/* plain.c */
/* A member whom this edge serves; *outlet is where. NULL if there is none. */
struct plain_member *plain_find(const struct plain *plain, uint64_t session, unsigned *outlet);
/* Takes in a session of the state, if it is plain, served here and not there yet. True if it was taken in. */
bool plain_take_in(struct plain *plain, struct roster rosters[], const struct session *session);
/* A direct message, if whom it is for is in these rosters. A plain member has one session. */
void plain_tell_one(struct plain *plain, struct roster rosters[], const struct record *entry);
/* Makes the rosters what the state says: newcomers get OK, who has gone gets EXIT. */
void plain_settle(struct plain *plain);
/* Whether the answer is for this edge to give. */
bool plain_is_ours(const struct plain *plain, const struct record *answer);

/* plain_deliver.c: what goes_on() gives are the parts in plain->parts. */
void deliver_nothing(struct plain *plain);
void deliver_to_one(struct plain *plain, unsigned outlet, const struct plain_member *target,
                    unsigned part, unsigned parts_count);
void deliver_to_all(struct plain *plain, enum plain_whom whom, const struct record *entry,
                    unsigned part, unsigned parts_count);
enum face_progress deliver_go_on(struct plain *plain, unsigned *budget);
/* The answer by its route: parts from `part` on. */
void deliver_by_route(struct plain *plain, const struct route *route);

/* plain_hold.c */
void hold_begin(struct plain *plain);
void hold_finish(struct plain *plain);
/* Is the answer in hand to wait? Then it is noted. */
bool hold_answer(struct plain *plain, const struct record *answer);
/* Is the newcomer's OK held back? */
bool hold_has(const struct plain *plain, uint64_t session);
bool hold_has_work(const struct plain *plain);
enum face_progress hold_go_on(struct plain *plain, unsigned *budget);
void hold_forget(struct plain *plain);

/* plain_input.c */
void input_begin(struct plain *plain);
void input_finish(struct plain *plain);
datagrams_take input_take;
/* May a refusal go to this address now? If so, it has. */
bool input_may_refuse(struct plain *plain, const struct address *peer);
/* Says it now or never, and counts it. */
void input_refuse(struct plain *plain, const struct route *route, enum reason reason);

/* plain_presence.c */
void presence_begin(struct plain *plain);
void presence_took_in(struct plain *plain, struct plain_member *member);
void presence_heard(struct plain *plain, const struct session *session);
void presence_on_error(void *plain, const struct outlet_error *error);
void presence_probe(struct plain *plain, const struct record *answer);
uint64_t presence_due_us(const struct plain *plain);
void presence_tick(struct plain *plain, uint64_t now_us);

/* plain_history.c */
void history_begin(struct plain *plain);
void history_add(struct plain *plain, const struct record *answer);
uint64_t history_due_us(const struct plain *plain);
void history_tick(struct plain *plain, uint64_t now_us);

#endif
