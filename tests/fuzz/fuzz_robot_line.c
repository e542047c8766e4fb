/*
 * The robot's cutter on any bytes. The first byte says in what pieces they come: however that is, the
 * lines are the same, as long as nothing rests. Then once more with rests between the pieces.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "robot_line.h"
#include "utf8.h"

struct seen {
	uint64_t hash;
	size_t lines, text_bytes;
};

static void see(struct seen *seen, enum line_found found, struct slice text) {
	assert(text.size <= LINE_BYTES_MAX);
	assert(found == LINE_TEXT || text.size == 0);
	if (found == LINE_NONE) {
		return;
	}
	seen->lines++;
	seen->text_bytes += text.size;
	seen->hash = (seen->hash ^ (uint64_t)found) * 0x100000001b3;
	for (size_t i = 0; i < text.size; i++) {
		assert(text.bytes[i] != '\n');
		seen->hash = (seen->hash ^ (unsigned char)text.bytes[i]) * 0x100000001b3;
	}
}

/* A rest cuts no character; it may only fall between whole ones. */
static void rest(struct line_cutter *cutter, struct slice *left, struct seen *seen) {
	struct slice text;
	size_t before = left->size;
	bool could = line_can_rest(cutter, left->size);
	enum line_found found = line_rest(cutter, left, &text);
	assert(could || (found == LINE_NONE && left->size == before));
	assert(found != LINE_TOO_LONG);
	if (found == LINE_TEXT) {
		assert(left->size == 0);
		assert(before - text.size <= 1);
	}
	if (could && left->size > 0) {
		assert(left->size == before);
		assert(!line_can_rest(cutter, left->size));
		assert(!utf8_is_valid(*left));
	}
	see(seen, found, text);
}

static struct seen run(const uint8_t *bytes, size_t size, size_t step, bool rests) {
	struct line_cutter cutter = {0};
	struct seen seen = {0};
	struct slice text;
	enum line_found found;
	/* Exactly as large as what is shown, so that a byte too far is seen. */
	char *shown = NULL;
	size_t kept = 0;
	for (size_t at = 0; at < size; at += step) {
		size_t come = size - at < step ? size - at : step;
		char *next = malloc(kept + come);
		assert(next != NULL);
		if (kept > 0) {
			memcpy(next, shown, kept);
		}
		memcpy(next + kept, bytes + at, come);
		free(shown);
		shown = next;
		struct slice left = slice_of(shown, kept + come);
		while ((found = line_next(&cutter, &left, &text)) != LINE_NONE) {
			see(&seen, found, text);
		}
		assert(left.size <= LINE_LEFT_MAX);
		if (rests) {
			rest(&cutter, &left, &seen);
		}
		kept = left.size;
		memmove(shown, left.bytes, kept);
	}
	struct slice left = slice_of(shown, kept);
	found = line_end(&cutter, &left, &text);
	see(&seen, found, text);
	assert(left.size == 0);
	free(shown);
	assert(seen.text_bytes <= size);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	if (size < 2) {
		return 0;
	}
	size_t step = 1 + bytes[0] % 64 * (bytes[0] < 128 ? 1 : 97);
	bytes++;
	size--;
	struct seen whole = run(bytes, size, LINE_BYTES_MAX, false);
	struct seen pieces = run(bytes, size, step, false);
	assert(whole.hash == pieces.hash);
	assert(whole.lines == pieces.lines);
	run(bytes, size, step, true);
	return 0;
}
