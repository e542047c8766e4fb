#include "screen_edit.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "cut.h"
#include "utf8.h"

void edit_finish(struct edit *edit) {
	for (size_t i = 0; i < edit->lines_count; i++) {
		free(edit->lines[i].bytes);
	}
	*edit = (struct edit){0};
}

/* ---- places ---- */

static struct slice text_from(const struct edit *edit, size_t at) {
	return slice_from(edit_text(edit), at);
}

static size_t cluster_after(const struct edit *edit, size_t at) {
	return at + cut_cluster(text_from(edit, at), EDIT_BYTES_MAX);
}

/* Clusters can only be told from the front. */
static size_t cluster_before(const struct edit *edit, size_t at) {
	size_t before = 0;
	for (size_t next = 0; next < at; next = cluster_after(edit, next)) {
		before = next;
	}
	return before;
}

enum sort { SORT_BLANK, SORT_SIGN, SORT_WORD };

static enum sort sort_of(int32_t point) {
	switch (utf8proc_category(point)) {
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_CC: return SORT_BLANK;
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO: return SORT_WORD;
	default: return SORT_SIGN;
	}
}

static enum sort sort_at(const struct edit *edit, size_t at) {
	int32_t point;
	utf8_decode(text_from(edit, at), &point);
	return sort_of(point);
}

static size_t word_after(const struct edit *edit, size_t at) {
	while (at < edit->size && sort_at(edit, at) != SORT_WORD) {
		at = cluster_after(edit, at);
	}
	while (at < edit->size && sort_at(edit, at) == SORT_WORD) {
		at = cluster_after(edit, at);
	}
	return at;
}

/* The beginning of the last run, before `at`, of clusters for which is_inside() holds. */
static size_t run_before(const struct edit *edit, size_t at, bool (*is_inside)(enum sort)) {
	size_t begin = 0;
	bool was_inside = false;
	for (size_t next = 0; next < at; next = cluster_after(edit, next)) {
		bool is_in = is_inside(sort_at(edit, next));
		if (is_in && !was_inside) {
			begin = next;
		}
		was_inside = is_in;
	}
	return begin;
}

static bool is_word(enum sort sort) {
	return sort == SORT_WORD;
}

static bool is_ink(enum sort sort) {
	return sort != SORT_BLANK;
}

/* ---- changes ---- */

/* The cursor at the first place between clusters that is not before `at`: a mark behind a letter is its. */
static void settle(struct edit *edit, size_t at) {
	edit->cursor = 0;
	while (edit->cursor < at) {
		edit->cursor = cluster_after(edit, edit->cursor);
	}
}

bool edit_replace(struct edit *edit, size_t size, struct slice text) {
	assert(size <= edit->cursor);
	if (edit->size - size + text.size > sizeof edit->bytes) {
		return false;
	}
	char *at = edit->bytes + edit->cursor - size;
	memmove(at + text.size, edit->bytes + edit->cursor, edit->size - edit->cursor);
	if (text.size > 0) {
		memcpy(at, text.bytes, text.size);
	}
	edit->size = edit->size - size + text.size;
	settle(edit, edit->cursor - size + text.size);
	return true;
}

bool edit_insert(struct edit *edit, struct slice text) {
	return edit_replace(edit, 0, text);
}

void edit_clear(struct edit *edit) {
	edit->size = edit->cursor = 0;
	edit->lines_at = edit->lines_count;
	edit->is_cutting = false;
}

void edit_set(struct edit *edit, struct slice text) {
	assert(text.size <= sizeof edit->bytes);
	if (text.size > 0) {
		memcpy(edit->bytes, text.bytes, text.size);
	}
	edit->size = edit->cursor = text.size;
}

/* Takes from `begin` to `end` away, one of which is where the cursor is. */
static void take(struct edit *edit, size_t begin, size_t end) {
	memmove(edit->bytes + begin, edit->bytes + end, edit->size - end);
	edit->size -= end - begin;
	settle(edit, begin);
}

/* The same, for Ctrl-Y; what is taken by keys in a row is brought back together. */
static void cut(struct edit *edit, bool was_cutting, size_t begin, size_t end) {
	size_t size = end - begin;
	edit->is_cutting = true;
	if (!was_cutting || edit->cut_size + size > sizeof edit->cut) {
		edit->cut_size = 0;
	}
	size_t at = edit->cut_size;
	if (begin < edit->cursor) {
		memmove(edit->cut + size, edit->cut, edit->cut_size);
		at = 0;
	}
	memcpy(edit->cut + at, edit->bytes + begin, size);
	edit->cut_size += size;
	take(edit, begin, end);
}

static void swap(struct edit *edit) {
	char both[EDIT_BYTES_MAX];
	size_t second =
		edit->cursor < edit->size ? edit->cursor : cluster_before(edit, edit->cursor);
	if (second == 0) {
		return;
	}
	size_t first = cluster_before(edit, second);
	size_t end = cluster_after(edit, second);
	memcpy(both, edit->bytes + second, end - second);
	memcpy(both + (end - second), edit->bytes + first, second - first);
	memcpy(edit->bytes + first, both, end - first);
	settle(edit, end);
}

/* ---- earlier lines ---- */

void edit_remember(struct edit *edit, struct slice line) {
	size_t count = edit->lines_count;
	const struct edit_line *last = count > 0 ? &edit->lines[count - 1] : NULL;
	if (line.size > 0 && line.size <= EDIT_BYTES_MAX &&
	    (last == NULL || !slice_equal(slice_of(last->bytes, last->size), line))) {
		if (count == EDIT_LINES_KEPT) {
			free(edit->lines[0].bytes);
			count--;
			memmove(edit->lines, edit->lines + 1, count * sizeof edit->lines[0]);
		}
		char *bytes = malloc(line.size);
		assert(bytes != NULL);
		memcpy(bytes, line.bytes, line.size);
		edit->lines[count++] = (struct edit_line){.size = line.size, .bytes = bytes};
	}
	edit->lines_at = edit->lines_count = count;
}

static void show_line(struct edit *edit, size_t at) {
	if (edit->lines_at == edit->lines_count) {
		edit->draft_size = edit->size;
		memcpy(edit->draft, edit->bytes, edit->size);
	}
	edit->lines_at = at;
	const struct edit_line *line = &edit->lines[at];
	edit_set(edit, at == edit->lines_count ? slice_of(edit->draft, edit->draft_size)
	                                       : slice_of(line->bytes, line->size));
}

/* ---- keys ---- */

static bool put_point(struct edit *edit, int32_t point) {
	char bytes[UTF8_POINT_BYTES_MAX];
	return edit_insert(edit, slice_of(bytes, utf8_encode(point, bytes)));
}

static enum edit_result press_control(struct edit *edit, int32_t point, bool was_cutting) {
	size_t at = edit->cursor;
	switch (point) {
	case 'A': edit->cursor = 0; break;
	case 'B': edit->cursor = cluster_before(edit, at); break;
	case 'D': take(edit, at, at < edit->size ? cluster_after(edit, at) : at); break;
	case 'E': edit->cursor = edit->size; break;
	case 'K': cut(edit, was_cutting, at, edit->size); break;
	case 'T': swap(edit); break;
	case 'U': cut(edit, was_cutting, 0, at); break;
	case 'W': cut(edit, was_cutting, run_before(edit, at, is_ink), at); break;
	case 'Y':
		return edit_insert(edit, slice_of(edit->cut, edit->cut_size)) ? EDIT_DONE
		                                                              : EDIT_FULL;
	default: return EDIT_NOT_MINE;
	}
	return EDIT_DONE;
}

static enum edit_result press_alt(struct edit *edit, int32_t point, bool was_cutting) {
	size_t at = edit->cursor;
	switch (point) {
	case 'b':
	case 'B': edit->cursor = run_before(edit, at, is_word); break;
	case 'f':
	case 'F': edit->cursor = word_after(edit, at); break;
	case 'd':
	case 'D': cut(edit, was_cutting, at, word_after(edit, at)); break;
	default: return EDIT_NOT_MINE;
	}
	return EDIT_DONE;
}

static void press_sideways(struct edit *edit, const struct press *press) {
	size_t at = edit->cursor;
	bool is_by_word = press->is_alt || press->is_ctrl;
	if (press->kind == PRESS_LEFT) {
		edit->cursor =
			is_by_word ? run_before(edit, at, is_word) : cluster_before(edit, at);
	} else if (at < edit->size) {
		edit->cursor = is_by_word ? word_after(edit, at) : cluster_after(edit, at);
	}
}

static enum edit_result press_named(struct edit *edit, const struct press *press,
                                    bool was_cutting) {
	size_t at = edit->cursor;
	switch (press->kind) {
	case PRESS_LEFT:
	case PRESS_RIGHT: press_sideways(edit, press); break;
	case PRESS_HOME: edit->cursor = 0; break;
	case PRESS_END: edit->cursor = edit->size; break;
	case PRESS_BACKSPACE:
		if (press->is_alt) {
			cut(edit, was_cutting, run_before(edit, at, is_word), at);
		} else {
			take(edit, cluster_before(edit, at), at);
		}
		break;
	case PRESS_DELETE: take(edit, at, at < edit->size ? cluster_after(edit, at) : at); break;
	case PRESS_UP:
		if (edit->lines_at > 0) {
			show_line(edit, edit->lines_at - 1);
		}
		break;
	case PRESS_DOWN:
		if (edit->lines_at < edit->lines_count) {
			show_line(edit, edit->lines_at + 1);
		}
		break;
	case PRESS_ENTER:
		if (!press->is_alt) {
			return EDIT_NOT_MINE;
		}
		return put_point(edit, '\n') ? EDIT_DONE : EDIT_FULL;
	default: return EDIT_NOT_MINE;
	}
	return EDIT_DONE;
}

enum edit_result edit_press(struct edit *edit, const struct press *press) {
	bool was_cutting = edit->is_cutting;
	edit->is_cutting = false;
	switch (press->kind) {
	case PRESS_POINT:
		if (press->is_alt) {
			return press_alt(edit, press->point, was_cutting);
		}
		return put_point(edit, press->point) ? EDIT_DONE : EDIT_FULL;
	case PRESS_CONTROL:
		return press->is_alt ? EDIT_NOT_MINE
		                     : press_control(edit, press->point, was_cutting);
	default: return press_named(edit, press, was_cutting);
	}
}
