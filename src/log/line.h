/*
 * line.h - things that wait for their time, in the order in which it comes.
 *
 * A line runs through two links (4 bytes each) that each thing of a pool has
 * inside. Things are added in the order of their keys, so the first is the one
 * that is due next; what comes out of order (rows that are loaded) is put in
 * order when the first is asked for.
 */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool.h"

struct line_links {
	uint32_t before, after; /* handles; 0: none */
};

struct line {
	const struct pool *pool;
	size_t links_offset; /* where in a thing its struct line_links is */
	uint64_t (*key)(const void *thing);
	uint32_t first, last;
	uint32_t count;
	bool is_unordered;
};

void line_init(struct line *line, const struct pool *pool, size_t links_offset,
               uint64_t (*key)(const void *thing));

/* At the end. The thing is in no line. */
void line_add(struct line *line, uint32_t handle);
/* The thing is in this line. */
void line_remove(struct line *line, uint32_t handle);

/*
 * The thing with the smallest key, or 0. Putting a line in order does not
 * change what it says, so this is asked of a line that is not to be changed.
 */
uint32_t line_first(const struct line *line);
/* The next after it, as long as nothing is added or removed. */
uint32_t line_after(const struct line *line, uint32_t handle);

#endif
