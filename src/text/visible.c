/* Text without controls (see visible.h): long stretches that may stay are copied at once. */
#include "visible.h"

#include <stdint.h>
#include <string.h>

#include "utf8.h"

static const char replacement[] = "\uFFFD";

static bool may_stay(int32_t point) {
	if (point == '\t' || point == '\n') {
		return true;
	}
	return point >= 0x20 && (point < 0x7F || point > 0x9F);
}

/* The size of the longest beginning in which nothing is to be replaced. */
static size_t measure_same(struct slice text) {
	size_t same = 0;
	for (;;) {
		same += utf8_ascii_run(slice_from(text, same));
		int32_t point;
		size_t size = utf8_decode(slice_from(text, same), &point);
		if (!may_stay(point)) {
			return same;
		}
		same += size;
	}
}

bool visible_is_same(struct slice text) {
	return measure_same(text) == text.size;
}

/* Appends what fits; returns the size that it would have with all of it. */
static size_t append(char *out, size_t out_size, size_t at, const char *bytes, size_t size) {
	if (at < out_size) {
		memcpy(out + at, bytes, size < out_size - at ? size : out_size - at);
	}
	return at + size;
}

size_t visible_render(struct slice text, char *out, size_t out_size) {
	size_t size = 0;
	while (!slice_is_empty(text)) {
		size_t same = measure_same(text);
		size = append(out, out_size, size, text.bytes, same);
		text = slice_from(text, same);

		int32_t point;
		size_t hidden = utf8_decode(text, &point);
		if (hidden > 0) {
			size = append(out, out_size, size, replacement, sizeof(replacement) - 1);
			text = slice_from(text, hidden);
		}
	}
	return size;
}
