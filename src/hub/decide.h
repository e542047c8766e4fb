/*
 * decide.h - what a request leads to: decide(state, request, now) → records.
 *
 * Pure: it reads the state, and everything else arrives in its arguments. The
 * same calls always make the same records, so a test can run a year in a second.
 * The state is changed by nobody here: the hub applies the entries afterwards.
 *
 * Every request leads to at least one record that bears its queue, incarnation
 * and number (ANSWER_NOTHING if there is nothing to say): that is how a new hub
 * knows which requests are done.
 */
#ifndef DECIDE_H
#define DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"
#include "state.h"

/* What decide() needs to know besides the request. */
struct circumstances {
	const struct state *state;
	uint64_t now_us;   /* not before state_time_us() */
	uint64_t seq_next; /* number of the first entry that is made */
	uint16_t edges;
	uint64_t away_us;      /* absence after which somebody has left */
	uint64_t forget_us;    /* how long who has left may come back as the same */
	bool accounts_stay;    /* while nobody is connected, unless they say otherwise */
	bool is_administrator; /* the request came by the console's queue */
	bool is_hub;           /* it is the hub's own */
};

/* People that one REQUEST_SWEEP or _FORGET ends, restrictions that one REQUEST_EXPIRE lifts, and so on. */
#define DECIDE_SWEEP_MAX 16

/* The records of one request, encoded one behind the other. */
struct decision {
	_Alignas(8) uint8_t bytes[(DECIDE_SWEEP_MAX + 2) * 4096];
	size_t size;
	unsigned entries; /* how many have a seq */
	unsigned records;
};

void decide(const struct circumstances *at, const struct record *request, struct decision *out);

/* The decision for a request that must not be decided: it has killed the hub twice. */
void decide_poisoned(const struct circumstances *at, const struct record *request,
                     struct decision *out);

/* When REQUEST_FORGET will next have something to do; UINT64_MAX: never. */
uint64_t decide_forget_due_us(const struct circumstances *at);
/* Does REQUEST_END_ROOMS, with this seq, have something to do? */
bool decide_has_rooms_to_end(const struct state *state, uint64_t seq_forgotten);

/* The records of a decision in order: *offset starts at 0; false at the end. Slices point into the decision. */
bool decision_next(const struct decision *decision, size_t *offset, struct record *record,
                   const void **bytes, size_t *size);

#endif
