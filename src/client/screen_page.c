#include "screen_page.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "width.h"

void page_finish(struct page *page) {
	free(page->rows);
	free(page->text);
	*page = (struct page){0};
}

void page_begin(struct page *page, size_t rows, size_t columns) {
	if (rows > page->rows_capacity) {
		page->rows = realloc(page->rows, rows * sizeof page->rows[0]);
		assert(page->rows != NULL);
		page->rows_capacity = rows;
	}
	for (size_t i = 0; i < rows; i++) {
		page->rows[i].is_bar = false;
		page->rows[i].spans_count = 0;
	}
	page->rows_count = rows;
	page->columns = columns;
	page->size = 0;
	page->has_cursor = false;
}

static size_t keep(struct page *page, struct slice text) {
	if (page->size + text.size > page->capacity) {
		page->capacity = 2 * (page->size + text.size);
		page->text = realloc(page->text, page->capacity);
		assert(page->text != NULL);
	}
	size_t at = page->size;
	memcpy(page->text + at, text.bytes, text.size);
	page->size += text.size;
	return at;
}

size_t page_put(struct page *page, size_t row, size_t column, size_t end, unsigned style,
                unsigned colour, struct slice text) {
	assert(row < page->rows_count);
	struct page_row *line = &page->rows[row];
	end = end < page->columns ? end : page->columns;
	if (column >= end || text.size == 0 || line->spans_count == PAGE_SPANS_MAX) {
		return column;
	}
	text = slice_first(text, width_fit(text, end - column));
	if (text.size == 0) {
		return column;
	}
	line->spans[line->spans_count++] = (struct page_span){.column = (uint16_t)column,
	                                                      .style = (uint8_t)style,
	                                                      .colour = (uint8_t)colour,
	                                                      .at = keep(page, text),
	                                                      .size = text.size};
	return column + width_of(text);
}
