/*
 * bells.h - whom to wake for what was decided: who sleeps until something concerns it.
 */
#ifndef BELLS_H
#define BELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "house.h"
#include "record.h"
#include "state.h"

/* Of the hub; both pointers are set before the first call. */
struct bells {
	struct house *house;
	const struct state *state;
	bool must_ring[PROCESSES_MAX]; /* at the batch's end */
	uint64_t records;  /* in the ring since everybody was rung; counted by the hub */
	uint64_t position; /* its end then */
};

/* Whom a record concerns, in the state as it is now: asked before an entry is applied and after. */
void bells_note(struct bells *bells, const struct record *record);
/* The batch is published. */
void bells_ring(struct bells *bells);

#endif
