/*
 * face.h - what a face is: one way for people to take part (datagrams, later
 * IRC and HTTP), a row in edge.c's table.
 *
 * The walk (ring_walk.h) hands every record to every face, one after the
 * other: begin() once, then go_on() until it says FACE_DONE. A face whose
 * members have cursors of their own is done at once; one that sends from here
 * says FACE_WAITS when its socket is full, and the walk waits with it: so the
 * order is the ring's, and the place on the board is true.
 */
#ifndef FACE_H
#define FACE_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

struct edge;

enum face_progress {
	FACE_DONE,
	FACE_MORE,  /* the turn's budget is used up */
	FACE_WAITS, /* for a descriptor that it watches, or for its tick */
};

struct edge_face {
	const char *word;
	/* Before "ready". Exits with a sentence if it cannot. The state is loaded, the walk stands. */
	void *(*create)(struct edge *edge);
	void (*destroy)(void *it);

	/* A record: the state is as after it, or, while the walk is behind, newer. */
	void (*begin)(void *it, const struct record *record);
	/* `budget`: datagrams, writes and the like that this turn may still spend. */
	enum face_progress (*go_on)(void *it, unsigned *budget);
	/* Between two records: what was held back until something became durable. */
	enum face_progress (*between)(void *it, unsigned *budget);
	bool (*has_work_between)(void *it);

	/* Overtaken: the state is a newer one; entries up to it follow, answers do not. */
	void (*reloaded)(void *it);
	/* The walk is where the state is. */
	void (*caught_up)(void *it);

	/* When it wants tick(), in steady microseconds; LOOP_FOREVER if it does not. */
	uint64_t (*due_us)(void *it);
	void (*tick)(void *it, uint64_t now_us);

	/* Nothing is held back any more. */
	bool (*is_drained)(void *it);
};

#endif
