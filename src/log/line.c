#include "line.h"

#include <assert.h>

static struct line_links *links_of(const struct line *line, uint32_t handle) {
	return (struct line_links *)((char *)pool_at(line->pool, handle) + line->links_offset);
}

static uint64_t key_of(const struct line *line, uint32_t handle) {
	return line->key(pool_at(line->pool, handle));
}

void line_init(struct line *line, const struct pool *pool, size_t links_offset,
               uint64_t (*key)(const void *thing)) {
	*line = (struct line){.pool = pool, .links_offset = links_offset, .key = key};
}

static void append(struct line *line, uint32_t handle) {
	*links_of(line, handle) = (struct line_links){.before = line->last};
	if (line->last == 0) {
		line->first = handle;
	} else {
		links_of(line, line->last)->after = handle;
	}
	line->last = handle;
}

void line_add(struct line *line, uint32_t handle) {
	if (line->last != 0 && key_of(line, handle) < key_of(line, line->last)) {
		line->is_unordered = true;
	}
	append(line, handle);
	line->count++;
}

void line_remove(struct line *line, uint32_t handle) {
	struct line_links *links = links_of(line, handle);
	assert(line->count > 0);
	if (links->before == 0) {
		assert(line->first == handle);
		line->first = links->after;
	} else {
		links_of(line, links->before)->after = links->after;
	}
	if (links->after == 0) {
		assert(line->last == handle);
		line->last = links->before;
	} else {
		links_of(line, links->after)->before = links->before;
	}
	*links = (struct line_links){0};
	line->count--;
}

/* ---- putting in order: a merge sort of chains that are linked by `after` ---- */

static uint32_t merge(const struct line *line, uint32_t a, uint32_t b) {
	uint32_t first = 0, last = 0;
	while (a != 0 || b != 0) {
		bool is_a = b == 0 || (a != 0 && key_of(line, a) <= key_of(line, b));
		uint32_t next = is_a ? a : b;
		*(is_a ? &a : &b) = links_of(line, next)->after;
		if (last == 0) {
			first = next;
		} else {
			links_of(line, last)->after = next;
		}
		last = next;
	}
	return first;
}

/* Slot i holds nothing, or a chain in order of 2^i things: one for each bit of how many there are. */
#define SLOTS 32

static void put_in_order(struct line *line) {
	uint32_t slots[SLOTS] = {0};
	uint32_t next;
	for (uint32_t at = line->first; at != 0; at = next) {
		next = links_of(line, at)->after;
		links_of(line, at)->after = 0;
		size_t i = 0;
		uint32_t chain = at;
		for (; slots[i] != 0; i++) {
			chain = merge(line, slots[i], chain);
			slots[i] = 0;
		}
		slots[i] = chain;
	}
	uint32_t all = 0;
	for (size_t i = 0; i < SLOTS; i++) {
		all = merge(line, slots[i], all);
	}
	line->first = line->last = 0;
	for (uint32_t at = all; at != 0; at = next) {
		next = links_of(line, at)->after;
		append(line, at);
	}
	line->is_unordered = false;
}

uint32_t line_first(const struct line *line) {
	if (line->is_unordered) {
		put_in_order((struct line *)(uintptr_t)line);
	}
	return line->first;
}

uint32_t line_after(const struct line *line, uint32_t handle) {
	return links_of(line, handle)->after;
}
