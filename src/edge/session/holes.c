#include "holes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

void holes_finish(struct holes *holes) {
	free(holes->each);
	*holes = (struct holes){0};
}

void holes_remove(struct holes *holes, unsigned index) {
	holes->count--;
	memmove(&holes->each[index], &holes->each[index + 1],
	        (holes->count - index) * sizeof(struct hole));
}

/* Room for one more: the two between which there is least become one. */
static void merge(struct holes *holes) {
	unsigned best = 0;
	uint64_t least = UINT64_MAX;
	for (unsigned i = 0; i + 1 < holes->count; i++) {
		const struct hole *hole = &holes->each[i];
		uint64_t next = holes->each[i + 1].from;
		uint64_t between = next > hole->to ? next - hole->to : 0;
		if (between < least) {
			least = between;
			best = i;
		}
	}
	struct hole *low = &holes->each[best], *high = low + 1;
	low->to = high->to > low->to ? high->to : low->to;
	low->part = low->part_next = 0;
	holes_remove(holes, best + 1);
}

static bool extends(const struct hole *low, const struct hole *high) {
	return low->part == 0 && high->part == 0 && high->from <= low->to && high->part_next == 0;
}

static bool is_before(const struct hole *a, const struct hole *b) {
	return a->from != b->from ? a->from < b->from : a->part <= b->part;
}

void holes_add(struct holes *holes, struct hole hole) {
	if (holes->each == NULL) {
		holes->each = allocate(HOLES_MAX * sizeof(struct hole));
	}
	if (holes->count == HOLES_MAX) {
		merge(holes);
	}
	unsigned at = holes->count;
	while (at > 0 && !is_before(&holes->each[at - 1], &hole)) {
		at--;
	}
	if (at > 0 && extends(&holes->each[at - 1], &hole)) {
		struct hole *low = &holes->each[at - 1];
		low->to = hole.to > low->to ? hole.to : low->to;
		return;
	}
	memmove(&holes->each[at + 1], &holes->each[at], (holes->count - at) * sizeof(struct hole));
	holes->each[at] = hole;
	holes->count++;
}

void holes_trim(struct holes *holes, uint64_t cursor) {
	for (unsigned i = holes->count; i-- > 0;) {
		struct hole *hole = &holes->each[i];
		if (hole->to <= cursor) {
			holes_remove(holes, i);
		} else if (hole->from < cursor && hole->part == 0) {
			hole->from = cursor;
			hole->part_next = 0;
		}
	}
}
