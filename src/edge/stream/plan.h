/*
 * plan.h - what one connection is told in one visit: parts that lie where they are,
 * the rest of an entry, answers, renderings in a lane, one behind the other as
 * often as not; and, when so much of it is written, where that leaves its cursor.
 *
 * Nothing is queued: what the socket did not take is planned anew later, and only
 * of an entry that was cut the other half is kept.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "stream_inside.h"

/* One visit: enough for a reader that catches up, not so much that others wait for it. */
#define PLAN_PARTS_MAX 64
#define PLAN_STEPS_MAX 1024
#define PLAN_BYTES_MAX (256u * 1024)
/* People who speak in what many readers get alike; of more, each reader's plan is its own. */
#define PLAN_PEOPLE_MAX 8

enum plan_step_kind { STEP_REST, STEP_ANSWER, STEP_ENTRY };

struct plan {
	struct iovec parts[PLAN_PARTS_MAX];
	unsigned parts_count;
	size_t bytes;
	struct plan_step {
		enum plan_step_kind kind;
		uint64_t seq; /* STEP_ENTRY */
		struct slice bytes;
	} steps[PLAN_STEPS_MAX];
	unsigned steps_count, entries_count;
	uint64_t to;    /* the cursor, when all of it is written */
	bool is_all;    /* there is no more than that */
	bool is_behind; /* what comes next is not here */
	bool is_old;    /* some of it was brought by the car */
	/* All that is behind `from`, entries of one room; so it is for others who read there, too. */
	bool is_common;
	uint64_t from, end; /* a seq; the number of the first entry that is not in it */
	uint64_t room, first, last;
	uint64_t people
		[PLAN_PEOPLE_MAX]; /* whose entries they are, people or sessions: not for these */
	unsigned people_count;
	uint64_t key;
	const struct lane *lane;
	uint64_t lane_at;
};

/* Makes it, over the last one: which is left as it is if it is this one's as well. */
void plan_make(struct stream *stream, const struct stream_connection *it, struct plan *plan);
/* So many bytes of it are written. False: that is not all. */
bool plan_commit(struct stream_connection *it, const struct plan *plan, size_t written);
/* Of an entry that was cut, the other half is not wanted any more. */
void plan_drop(struct stream_connection *it);

#endif
