/*
 * memberships.h - from which seq to which one somebody is in a room.
 *
 * What concerns a reader depends on where in the log it is read: a range that
 * was lost is rendered again when its reader has perhaps left the room, or
 * entered another. So memberships are intervals of seqs, and the same range
 * always gives the same entries. They are known as soon as the log's head has
 * passed them; those that ended are forgotten when the reader's cursor has
 * passed their end.
 *
 * Most are in the lobby and nowhere else: that is NULL.
 */
#ifndef MEMBERSHIPS_H
#define MEMBERSHIPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memberships {
	size_t count, room;
	struct membership {
		uint64_t in;       /* a room's id */
		uint64_t from, to; /* both belong to it; to: UINT64_MAX as long as it lasts */
	} each[];
};

/* Somebody who is in no room; owned by the caller. */
struct memberships *memberships_none(void);

bool memberships_hold(const struct memberships *memberships, uint64_t in, uint64_t seq);
/* From `first` to `last` without a break, both included. */
bool memberships_hold_all(const struct memberships *memberships, uint64_t in, uint64_t first,
                          uint64_t last);
/* In the room from this seq on. What is known already does no harm. */
void memberships_join(struct memberships **memberships, uint64_t in, uint64_t seq);
/* Up to this seq. */
void memberships_part(struct memberships **memberships, uint64_t in, uint64_t seq);
/* In all rooms up to this seq. */
void memberships_end(struct memberships **memberships, uint64_t seq);
/* The last seq at which there is any; 0: there is none. */
uint64_t memberships_last(const struct memberships *memberships);
/* The reader has everything up to `seq`. */
void memberships_forget(struct memberships **memberships, uint64_t seq);

#endif
