#include "cutter.h"

#include <string.h>

#include "dialect.h"

static bool is_end(char byte) {
	return byte == '\n' || byte == '\r';
}

static size_t find_end(struct slice bytes) {
	const char *lf = memchr(bytes.bytes, '\n', bytes.size);
	size_t size = lf != NULL ? (size_t)(lf - bytes.bytes) : bytes.size;
	const char *cr = memchr(bytes.bytes, '\r', size);
	return cr != NULL ? (size_t)(cr - bytes.bytes) : size;
}

bool cutter_is_too_long(struct slice line) {
	size_t tags = 0;
	if (line.bytes[0] == '@') {
		size_t most = line.size < STREAM_TAGS_BYTES_MAX ? line.size : STREAM_TAGS_BYTES_MAX;
		const char *blank = memchr(line.bytes, ' ', most);
		if (blank == NULL) {
			return line.size >= STREAM_TAGS_BYTES_MAX;
		}
		tags = (size_t)(blank - line.bytes) + 1;
	}
	/* The two bytes of its end belong to it. */
	return line.size - tags > STREAM_LINE_BYTES_MAX - 2;
}

static void pass_over_ends(struct slice *bytes) {
	while (bytes->size > 0 && is_end(bytes->bytes[0])) {
		*bytes = slice_from(*bytes, 1);
	}
}

enum cutter_result cutter_next(struct slice *bytes, bool *is_skipping, struct slice *line) {
	if (*is_skipping && bytes->size > 0) {
		size_t size = find_end(*bytes);
		*is_skipping = size == bytes->size;
		*bytes = slice_from(*bytes, size);
	}
	pass_over_ends(bytes);
	if (bytes->size == 0) {
		return CUTTER_NONE;
	}
	size_t size = find_end(*bytes);
	bool is_whole = size < bytes->size;
	*line = slice_first(*bytes, size);
	if (cutter_is_too_long(*line)) {
		*bytes = slice_from(*bytes, size);
		*is_skipping = !is_whole;
		return CUTTER_TOO_LONG;
	}
	if (!is_whole) {
		return CUTTER_NONE;
	}
	*bytes = slice_from(*bytes, size + 1);
	return CUTTER_LINE;
}
