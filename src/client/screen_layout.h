/*
 * screen_layout.h - a line of a room in rows of so many columns, and which rows one
 * sees. Nothing is kept between calls but memory: a wider terminal is just
 * another number of columns.
 *
 * Above the rows of its text a line may have the top (of all there is, of all
 * that was fetched), the day, and the unread line.
 *
 *   12:34 小明: what was said goes on as far as it
 *         can and then in the next row
 */
#ifndef SCREEN_LAYOUT_H
#define SCREEN_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "screen_room.h"

enum laid_kind { LAID_TOP, LAID_DAY, LAID_MARK, LAID_TEXT };

struct laid_row {
	enum laid_kind kind;
	bool is_first;      /* of the text: the time and the name stand before it */
	size_t begin, size; /* in `body` */
};

struct layout {
	enum language language;
	size_t columns; /* at least 1 */

	/* The line that was laid out last. */
	const struct line *line;
	size_t rows_count, rows_capacity;
	struct laid_row *rows;
	size_t body_size,
		body_capacity; /* its text, and behind it its state, from `state_begin` on */
	char *body;
	size_t state_begin;
	size_t time_size, label_size; /* what stands before the text; the time may be empty */
	char time[24];
	char label[4 * NAME_BYTES_MAX + 8]; /* "小明: " */
	size_t indent;                      /* columns before the rows that follow */
	size_t name_size;                   /* how much of the label is the name */
};

void layout_finish(
	struct layout *layout); /* one with language and columns, else zeros, is ready for use */

/* Lays out one line, which must be there. */
void layout_line(struct layout *layout, const struct room *room, int64_t id);

/* ---- where one looks ---- */

struct view_top {
	int64_t id;   /* the first line that is seen, */
	size_t row;   /* from this row of it on */
	size_t blank; /* rows above it, when there is less to see than room for it */
};
struct view_top view_find_top(struct layout *layout, struct room *room, size_t height);

/*
 * So many rows back (negative) or forth. Coming to the end one sees the end from then on. Returns how many rows
 * back there are not (yet).
 */
size_t view_scroll(struct layout *layout, struct room *room, size_t height, long rows);

/* Is what one looks at near the first line? Then older ones should be asked for. */
bool view_is_near_top(const struct room *room, size_t height);

#endif
