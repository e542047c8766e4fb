/*
 * ring_walk.h - an edge's cursor in the log: record after record, each applied
 * to the edge's state and handed to its faces, in the one order.
 *
 * It stands in one of three ways:
 *
 *   live     the state is exactly that before the next record of the ring
 *   ring     the state is newer: a predecessor died before it had delivered
 *            what the state already knows; the ring still has it
 *   slices   the state is newer, and the ring has gone over what is missing: it
 *            comes from the clerk. Entries only; answers are lost
 *
 * Overtaken while live, it takes a new state from the clerk and goes on in
 * slices from the last entry it had passed; where the new state stands, it is
 * live again. So nobody misses an entry, and none comes twice.
 *
 * Where it is stands on the board: a new incarnation goes on there.
 */
#ifndef RING_WALK_H
#define RING_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "asker.h"
#include "face.h"
#include "limits.h"
#include "record.h"

struct edge;

enum walk_way { WALK_LIVE, WALK_RING, WALK_SLICES };

struct ring_walk {
	struct edge *edge;
	enum walk_way way;
	uint64_t position;      /* of the record in hand, or the next */
	uint64_t position_next; /* behind the record in hand */
	uint64_t position_live; /* where the state stands: the ring goes on from there */
	uint64_t seq;           /* last entry that is done with */
	bool has_record;
	unsigned face; /* whose turn it is with the record in hand */
	struct record record;
	_Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];

	struct ask ask;
	struct slice_in_hand slice;
	bool has_slice;
	uint64_t slice_after; /* those behind this seq are asked for */
};

/* Loads the state, finds the place. False: told to leave meanwhile. */
bool walk_begin(struct ring_walk *walk, struct edge *edge);

/* Goes on for up to *budget. FACE_DONE: nothing waits; FACE_WAITS: for a face's descriptor or tick, or the clerk. */
enum face_progress walk_go_on(struct ring_walk *walk, unsigned *budget);

/* Is there something that walk_go_on() could do? (Whether a face waits, it does not know.) */
bool walk_has_work(const struct ring_walk *walk);

/* Everything up to the position has been delivered. */
bool walk_is_past(const struct ring_walk *walk, uint64_t position);

/* How many bytes of the ring wait. */
uint64_t walk_behind(const struct ring_walk *walk);

static inline bool walk_answers_are_lost(const struct ring_walk *walk) {
	return walk->way == WALK_SLICES;
}

#endif
