/*
 * plain_roster.h - the members whom one socket serves, as sending needs them:
 * in ascending order of their sessions, 64 bytes each, in chunks of a page.
 *
 * Newcomers have the highest ids and go to the end. A pointer to a member, and
 * a cursor, are good until the next insert or remove.
 */
#ifndef PLAIN_ROSTER_H
#define PLAIN_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outlet.h"

/* Time in steps of 16 ms (steady microseconds / 2^14): 32 bits last for two years. */
#define TICK_SHIFT 14
static inline uint32_t ticks_of(uint64_t steady_us) {
	return (uint32_t)(steady_us >> TICK_SHIFT);
}

struct plain_member {
	uint64_t session;
	struct target target;
	uint32_t heard;       /* ticks: when it last sent something */
	uint32_t unreachable; /* ticks: the first "port unreachable" since then, 0: none */
};
_Static_assert(sizeof(struct plain_member) == 64, "a member is a cache line");

#define ROSTER_CHUNK_MEMBERS 63

struct roster_chunk;

struct roster {
	size_t count;
	size_t chunks_count, chunks_room;
	struct roster_chunk **chunks;
};

/* All zero is an empty roster. */
void roster_finish(struct roster *roster);

struct plain_member *roster_find(const struct roster *roster, uint64_t session);
/* A new member, zero but for its session, which must not be there. NULL: no memory. */
struct plain_member *roster_insert(struct roster *roster, uint64_t session);
/* False if it was not there. */
bool roster_remove(struct roster *roster, uint64_t session);

struct roster_cursor {
	size_t chunk, index;
};
/* At the first member whose session is larger than `session`. */
struct roster_cursor roster_after(const struct roster *roster, uint64_t session);
/* The member at the cursor, which moves on; NULL at the end. */
struct plain_member *roster_next(const struct roster *roster, struct roster_cursor *cursor);

#endif
