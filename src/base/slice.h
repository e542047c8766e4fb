/* Bytes that belong to somebody else: a pointer and a length.
 *
 * A slice is passed by value and owns nothing; it lives as long as the bytes it points at. It may
 * hold any bytes, NUL included, and is not terminated. The empty slice may have bytes == NULL. */
#ifndef QUN_SLICE_H
#define QUN_SLICE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *bytes;
	size_t size;
};

static inline struct slice slice_of(const char *bytes, size_t size) {
	return (struct slice){.bytes = bytes, .size = size};
}

static inline struct slice slice_from_string(const char *string) {
	return slice_of(string, strlen(string));
}

static inline bool slice_is_empty(struct slice slice) {
	return slice.size == 0;
}

static inline bool slice_equal(struct slice a, struct slice b) {
	return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static inline bool slice_starts_with(struct slice slice, struct slice prefix) {
	return slice.size >= prefix.size && slice_equal(slice_of(slice.bytes, prefix.size), prefix);
}

/* The first size bytes; size may not exceed what there is. */
static inline struct slice slice_first(struct slice slice, size_t size) {
	assert(size <= slice.size);
	return slice_of(slice.bytes, size);
}

/* All but the first size bytes; size may not exceed what there is. */
static inline struct slice slice_from(struct slice slice, size_t size) {
	assert(size <= slice.size);
	return size == 0 ? slice : slice_of(slice.bytes + size, slice.size - size);
}

#endif
