/*
 * screen_wrap.h - a text in rows of a terminal.
 *
 * Rows end at line ends, and else where they are full: after a blank, on either
 * side of a wide character (but not before the signs that close nor behind those
 * that open), and where there is no such place between any two clusters.
 * The text is screen_text()'s.
 */
#ifndef SCREEN_WRAP_H
#define SCREEN_WRAP_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

struct wrap {
	struct slice text;
	size_t at;
	size_t columns;      /* of the next row, at least 1 */
	size_t columns_next; /* of all rows after it */
	bool is_begun;
};

void wrap_init(struct wrap *wrap, struct slice text, size_t columns, size_t columns_next);

/*
 * The next row: where it begins in the text, and its size without the blank or line end behind it. A
 * text has one row at least. No row takes more columns than there are, but for a wide cluster in one column.
 */
bool wrap_next(struct wrap *wrap, size_t *begin, size_t *size);

#endif
