/*
 * screen_edit.h - the line that is being typed, Emacs-style, without a terminal.
 *
 * The text is UTF-8 without controls other than line ends and tabs; the cursor
 * stands between grapheme clusters. Keys that edit:
 *
 *   left, right, Ctrl-B                 a character; with Ctrl or Alt, and Alt-B, Alt-F: a word
 *   Home, End, Ctrl-A, Ctrl-E           the ends
 *   Backspace, Ctrl-H, Delete, Ctrl-D   take a character away
 *   Ctrl-W, Alt-Backspace, Alt-D        a word before, before (up to a sign), behind
 *   Ctrl-U, Ctrl-K                      all before, all behind
 *   Ctrl-Y                              brings back what was taken last
 *   Ctrl-T                              swaps two characters
 *   Alt-Enter                           a line end inside the message
 *   up, down                            earlier lines, and what was being typed
 */
#ifndef SCREEN_EDIT_H
#define SCREEN_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "screen_keys.h"
#include "slice.h"

/* The longest message, and a command with a name before it. */
#define EDIT_BYTES_MAX 4608
/* Lines that "up" brings back. */
#define EDIT_LINES_KEPT 200

struct edit_line {
	size_t size;
	char *bytes;
};

struct edit {
	size_t size, cursor;
	char bytes[EDIT_BYTES_MAX];
	size_t cut_size; /* what Ctrl-Y brings back */
	char cut[EDIT_BYTES_MAX];
	size_t draft_size; /* what was typed before "up" */
	char draft[EDIT_BYTES_MAX];
	bool is_cutting;              /* the last key took something away: more is added to it */
	size_t lines_count, lines_at; /* at == count: the draft */
	struct edit_line lines[EDIT_LINES_KEPT];
};

void edit_finish(struct edit *edit); /* one that is all zeros is ready for use */

static inline struct slice edit_text(const struct edit *edit) {
	return slice_of(edit->bytes, edit->size);
}

enum edit_result {
	EDIT_NOT_MINE, /* the key edits nothing */
	EDIT_DONE,
	EDIT_FULL, /* there is no room for it */
};
enum edit_result edit_press(struct edit *edit, const struct press *press);

/* Puts text in at the cursor, all or nothing. It is screen_text_pasted()'s, or typed. */
bool edit_insert(struct edit *edit, struct slice text);
/* Puts text in the place of `size` bytes before the cursor, all or nothing. */
bool edit_replace(struct edit *edit, size_t size, struct slice text);
void edit_set(struct edit *edit, struct slice text);
void edit_clear(struct edit *edit);

/* Keeps a line for "up". Empty ones, and the same twice in a row, are not kept. */
void edit_remember(struct edit *edit, struct slice line);

#endif
