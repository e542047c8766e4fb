/*
 * slices.h - a bounded number of encoded entries: when it is full, a new one
 * takes the place of the oldest (slices_push) or is not taken (slices_push_front).
 */
#ifndef SLICES_H
#define SLICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct slices_item {
	size_t size;
	uint8_t *bytes; /* owned */
};

struct slices {
	size_t most, count, first; /* the first of `count` items; they wrap around */
	struct slices_item *items;
};

/* False if no memory is left. */
bool slices_init(struct slices *slices, size_t most);
void slices_finish(struct slices *slices);
void slices_clear(struct slices *slices);

/* Encodes without what is private (routes, homes). */
void slices_push(struct slices *slices, const struct record *entry);
void slices_push_front(struct slices *slices, const struct record *entry);
/* Takes out the entry with this seq, if it is there. */
void slices_drop(struct slices *slices, uint64_t seq);
/* Takes out what an account did, of which an ENTRY_ERASED says that it is to go. */
void slices_drop_erased(struct slices *slices, const struct record *erased);
bool slices_is_full(const struct slices *slices);

/* The i-th, oldest first. */
const struct slices_item *slices_at(const struct slices *slices, size_t index);

#endif
