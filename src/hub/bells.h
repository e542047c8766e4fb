/*
 * bells.h - whom the hub wakes when a batch is published: the processes that something in it concerns,
 * and now and then all of them.
 */
#ifndef BELLS_H
#define BELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "house.h"
#include "record.h"
#include "state.h"

struct bells {
	struct house *house;
	const struct state *state;
	bool must_ring[PROCESSES_MAX];
	bool must_ring_watchers; /* it concerns the edges that watch names, whichever they are */
	uint64_t records,
		position; /* made since all were rung (the hub counts them); where that was */
};

void bells_begin(struct bells *bells, struct house *house, const struct state *state);
/* Whom a record concerns, in the state as it is now: noted before an entry is applied and after. */
void bells_note(struct bells *bells, const struct record *record);
/* The batch is published: rings them. */
void bells_ring(struct bells *bells);

#endif
