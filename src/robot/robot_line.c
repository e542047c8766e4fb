#include "robot_line.h"

#include <assert.h>

#include "utf8.h"

/* What is kept of a line that is skipped, to see whether a rest is inside a character. */
#define SKIPPED_KEPT_MAX (UTF8_POINT_BYTES_MAX - 1)

static const struct slice nothing = {.bytes = "", .size = 0};

static struct slice without_return(struct slice text) {
	bool has_return = text.size > 0 && text.bytes[text.size - 1] == '\r';
	return slice_first(text, text.size - has_return);
}

/* Takes the bytes up to the next \n into *line, and the \n away; false if there is none. */
static bool take_line(struct line_cutter *cutter, struct slice *left, struct slice *line) {
	assert(cutter->looked_at <= left->size);
	struct slice fresh = slice_from(*left, cutter->looked_at);
	const char *end = fresh.size > 0 ? memchr(fresh.bytes, '\n', fresh.size) : NULL;
	if (end == NULL) {
		cutter->looked_at = (uint32_t)left->size;
		return false;
	}
	*line = slice_first(*left, (size_t)(end - left->bytes));
	*left = slice_from(*left, line->size + 1);
	cutter->looked_at = 0;
	cutter->has_line_ends = true;
	return true;
}

/* Drops what belongs to the line that is too long; false if its end is still to come. */
static bool skip_line(struct line_cutter *cutter, struct slice *left) {
	struct slice skipped;
	if (take_line(cutter, left, &skipped)) {
		cutter->is_skipping = false;
		return true;
	}
	if (left->size > SKIPPED_KEPT_MAX) {
		*left = slice_from(*left, left->size - SKIPPED_KEPT_MAX);
		cutter->looked_at = SKIPPED_KEPT_MAX;
	}
	return false;
}

static void take_due_newline(struct line_cutter *cutter, struct slice *left) {
	if (left->size == 0) {
		return;
	}
	cutter->is_newline_due = false;
	if (left->bytes[0] == '\n') {
		*left = slice_from(*left, 1);
		cutter->has_line_ends = true;
	}
}

enum line_found line_next(struct line_cutter *cutter, struct slice *left, struct slice *text) {
	*text = nothing;
	cutter->is_inside_character = false;
	if (cutter->is_newline_due) {
		take_due_newline(cutter, left);
	}
	if (cutter->is_skipping && !skip_line(cutter, left)) {
		return LINE_NONE;
	}
	struct slice line;
	bool is_whole = take_line(cutter, left, &line);
	line = without_return(is_whole ? line : *left);
	if (line.size > LINE_BYTES_MAX) {
		if (!is_whole) {
			cutter->is_skipping = true;
			skip_line(cutter, left);
		}
		return LINE_TOO_LONG;
	}
	if (!is_whole) {
		return LINE_NONE;
	}
	*text = line;
	return LINE_TEXT;
}

bool line_can_rest(const struct line_cutter *cutter, size_t left_bytes) {
	return !cutter->has_line_ends && !cutter->is_inside_character &&
	       (left_bytes > 0 || cutter->is_skipping);
}

static bool is_lead(char byte) {
	return (unsigned char)byte >= 0xC2 && (unsigned char)byte <= 0xF4;
}

/*
 * Does it end with the beginning of a character? Only what is UTF-8 up to there has characters: a text
 * in another encoding is not waited for.
 */
static bool ends_inside_character(struct slice text) {
	while (!slice_is_empty(text)) {
		int32_t point;
		size_t size = utf8_decode(text, &point);
		if (point == UTF8_INVALID) {
			return size == text.size && is_lead(text.bytes[0]);
		}
		text = slice_from(text, size);
	}
	return false;
}

/* What is left of a skipped line may begin inside a character: that one is not what is asked about. */
static struct slice from_a_beginning(struct slice kept) {
	while (!slice_is_empty(kept) && ((unsigned char)kept.bytes[0] & 0xC0) == 0x80) {
		kept = slice_from(kept, 1);
	}
	return kept;
}

enum line_found line_rest(struct line_cutter *cutter, struct slice *left, struct slice *text) {
	*text = nothing;
	if (!line_can_rest(cutter, left->size)) {
		return LINE_NONE;
	}
	struct slice come = cutter->is_skipping ? from_a_beginning(*left) : *left;
	if (ends_inside_character(come)) {
		cutter->is_inside_character = true;
		return LINE_NONE;
	}
	bool was_skipping = cutter->is_skipping;
	struct slice line = without_return(*left);
	cutter->is_newline_due = line.size < left->size;
	cutter->is_skipping = false;
	cutter->looked_at = 0;
	*left = slice_from(*left, left->size);
	if (was_skipping) {
		return LINE_NONE;
	}
	*text = line;
	return LINE_TEXT;
}

enum line_found line_end(struct line_cutter *cutter, struct slice *left, struct slice *text) {
	*text = nothing;
	struct slice line = without_return(*left);
	bool is_line = !cutter->is_skipping && left->size > 0;
	cutter->is_skipping = false;
	cutter->looked_at = 0;
	*left = slice_from(*left, left->size);
	if (!is_line) {
		return LINE_NONE;
	}
	*text = line;
	return LINE_TEXT;
}
