/* Cutting between grapheme clusters (see cut.h).
 *
 * utf8proc tells whether there is a boundary between two neighbours, given what it remembers of the
 * cluster so far. That memory begins anew with each cluster: no rule of UAX #29 looks back past a
 * boundary (the flags' rule counts from the cluster's own beginning). */
#include "cut.h"

#include <stdbool.h>
#include <stdint.h>

#include <utf8proc.h>

#include "utf8.h"

static bool is_printable_ascii(int32_t point) {
	return point >= 0x20 && point < 0x7F;
}

/* Is there a boundary between two neighbours? *memory is 0 at the beginning of a cluster. */
static bool is_boundary(int32_t before, int32_t after, utf8proc_int32_t *memory) {
	if (before == UTF8_INVALID || after == UTF8_INVALID) {
		return true;
	}
	if (is_printable_ascii(before) && is_printable_ascii(after)) {
		return true;
	}
	return utf8proc_grapheme_break_stateful(before, after, memory);
}

/* The size of the first cluster; any size above size_max when it is larger than that. */
static size_t measure_cluster(struct slice text, size_t size_max) {
	int32_t before;
	size_t size = utf8_decode(text, &before);
	utf8proc_int32_t memory = 0;
	while (size < text.size && size <= size_max) {
		int32_t after;
		size_t step = utf8_decode(slice_from(text, size), &after);
		if (is_boundary(before, after, &memory)) {
			break;
		}
		before = after;
		size += step;
	}
	return size;
}

/* The longest beginning that is at most size_max and ends between code points. */
static size_t cut_between_points(struct slice text, size_t size_max) {
	size_t cut = 0;
	while (cut < text.size) {
		int32_t point;
		size_t step = utf8_decode(slice_from(text, cut), &point);
		if (step > size_max - cut) {
			break;
		}
		cut += step;
	}
	return cut;
}

size_t cut_cluster(struct slice text, size_t size_max) {
	size_t size = measure_cluster(text, size_max);
	return size <= size_max ? size : cut_between_points(text, size_max);
}

size_t cut_before(struct slice text, size_t size_max) {
	if (text.size <= size_max) {
		return text.size;
	}
	size_t cut = 0;
	for (;;) {
		size_t room = size_max - cut;
		size_t size = measure_cluster(slice_from(text, cut), room);
		if (size > room) {
			break;
		}
		cut += size;
	}
	return cut > 0 ? cut : cut_between_points(text, size_max);
}
