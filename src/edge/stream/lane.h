/*
 * lane.h - entries as they are for one key: the bytes in a circular buffer, in
 * the order in which somebody first wanted them. Who reads many entries mostly
 * finds them one behind the other, and writes them as one part.
 */
#ifndef LANE_H
#define LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

struct lane {
	uint64_t key;
	uint64_t used; /* when it was last wanted, by whatever clock its owner has */
	char *bytes;
	size_t bytes_room, entries_room; /* powers of two */
	uint64_t at;                     /* where the next rendering goes, counted through */
	struct lane_place {
		uint64_t number; /* the entry's, and one; 0: none */
		uint64_t at;
		uint32_t size;
	} * places;
};

/* Memory is taken at once and touched as it is used. */
void lane_init(struct lane *lane, size_t bytes_room, size_t entries_room);
void lane_finish(struct lane *lane);
/* Empty, for another key. */
void lane_restart(struct lane *lane, uint64_t key);

/*
 * The rendering of an entry, if it is there and will be while up to half of the buffer is added.
 */
bool lane_find(const struct lane *lane, uint64_t number, struct slice *rendering);
struct slice lane_add(struct lane *lane, uint64_t number, struct slice rendering);

#endif
