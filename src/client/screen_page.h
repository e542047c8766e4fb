/*
 * screen_page.h - what a terminal is to show, as rows of spans: text with a style,
 * from a column on. Made anew for each drawing; whoever paints it knows nothing
 * of rooms, whoever fills it nothing of terminals.
 */
#ifndef SCREEN_PAGE_H
#define SCREEN_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

#define PAGE_SPANS_MAX 24

enum page_style { STYLE_BOLD = 1, STYLE_DIM = 2, STYLE_REVERSE = 4 };

enum page_colour {
	COLOUR_PLAIN = 0,
	COLOUR_ALARM, /* something went wrong */
	COLOUR_GOOD,  /* it is as it should be */
	COLOUR_NAMES, /* from here on: colours of names (screen_colour.h) */
};

struct page_span {
	uint16_t column;
	uint8_t style, colour;
	size_t at, size; /* in the page's text */
};

struct page_row {
	bool is_bar; /* in reverse from the first column to the last */
	uint8_t spans_count;
	struct page_span spans[PAGE_SPANS_MAX];
};

struct page {
	size_t columns, rows_count, rows_capacity;
	struct page_row *rows;
	size_t size, capacity;
	char *text;
	bool has_cursor;
	size_t cursor_row, cursor_column;
};

void page_finish(struct page *page); /* one that is all zeros is ready for use */
void page_begin(struct page *page, size_t rows, size_t columns);

/*
 * Puts as much of the text (screen_text()'s, one row) as fits between the column and `end`; returns the
 * column behind it. Spans come from left to right; more than PAGE_SPANS_MAX are dropped.
 */
size_t page_put(struct page *page, size_t row, size_t column, size_t end, unsigned style,
                unsigned colour, struct slice text);

static inline struct slice page_text(const struct page *page, const struct page_span *span) {
	return slice_of(page->text + span->at, span->size);
}

#endif
