#include "screen_paint.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_WIDECHAR 1
#include <ncurses.h>

#include "cut.h"
#include "screen_colour.h"
#include "utf8.h"
#include "width.h"

#define CLUSTER_BYTES_MAX 256
#define REPLACEMENT L'\xFFFD'

static SCREEN *terminal;
static bool has_colours;

/* A paste comes between two marks (bracketed paste); a terminal that knows no such thing ignores it. */
static void mark_pastes(bool on) {
	const char *sequence = on ? "\033[?2004h" : "\033[?2004l";
	(void)!write(STDOUT_FILENO, sequence, strlen(sequence));
}

/* Names and texts are UTF-8, whatever the locale says. */
static bool has_utf8(void) {
	return (setlocale(LC_CTYPE, "") != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0) ||
	       setlocale(LC_CTYPE, "C.UTF-8") != NULL;
}

static void open_colours(void) {
	const char *none = getenv("NO_COLOR");
	has_colours = (none == NULL || none[0] == '\0') && has_colors() && start_color() == OK &&
	              use_default_colors() == OK && COLORS >= 8 && COLOR_PAIRS > (int)COLOUR_COUNT;
	for (unsigned i = COLOUR_PLAIN + 1; has_colours && i < COLOUR_COUNT; i++) {
		init_pair((short)i, COLORS >= 256 ? colour_of_256(i) : colour_of_8(i), -1);
	}
}

bool paint_open(void) {
	if (!has_utf8()) {
		return false;
	}
	terminal = newterm(NULL, stdout, stdin);
	if (terminal == NULL) {
		return false;
	}
	raw();
	noecho();
	nonl();
	open_colours();
	mark_pastes(true);
	return true;
}

void paint_close(void) {
	if (terminal != NULL) {
		mark_pastes(false);
		curs_set(1);
		endwin();
		delscreen(terminal);
		terminal = NULL;
	}
}

void paint_leave(void) {
	mark_pastes(false);
	curs_set(1);
	endwin();
}

void paint_return(void) {
	refresh();
	mark_pastes(true);
	paint_distrust();
}

void paint_resize(size_t rows, size_t columns) {
	resizeterm((int)rows, (int)columns);
}

void paint_distrust(void) {
	clearok(curscr, TRUE);
}

/* ---- cells ---- */

static attr_t attributes_of(unsigned style) {
	attr_t attributes = A_NORMAL;
	attributes |= style & STYLE_BOLD ? A_BOLD : 0;
	attributes |= style & STYLE_DIM ? A_DIM : 0;
	attributes |= style & STYLE_REVERSE ? A_REVERSE : 0;
	return attributes;
}

struct pen {
	int row, column;
	attr_t attributes;
	short pair;
};

/* One character with its marks; more of these than a cell takes are left out. */
static void put_cell(struct pen *pen, const wchar_t *characters, int columns) {
	cchar_t cell;
	if (setcchar(&cell, characters, pen->attributes, pen->pair, NULL) == OK) {
		/* The last cell of the screen is written although ncurses says ERR: nothing scrolls. */
		(void)mvadd_wch(pen->row, pen->column, &cell);
	}
	pen->column += columns;
}

/*
 * A cluster in so many columns. ncurses goes by the C library's widths: where these do not sum up to ours,
 * blanks or a replacement make them.
 */
static void put_cluster(struct pen *pen, struct slice cluster, int columns) {
	wchar_t cell[CCHARW_MAX + 1];
	int count = 0, cell_columns = 0, left = columns;
	int end = pen->column + columns;
	while (cluster.size > 0) {
		int32_t point;
		cluster = slice_from(cluster, utf8_decode(cluster, &point));
		int width = wcwidth((wchar_t)point);
		if (width == 0) {
			if (count > 0 && count < CCHARW_MAX) {
				cell[count++] = (wchar_t)point;
			}
			continue;
		}
		if (count > 0) {
			cell[count] = L'\0';
			put_cell(pen, cell, cell_columns);
		}
		bool is_good = width > 0 && width <= left;
		cell[0] = is_good ? (wchar_t)point : REPLACEMENT;
		count = is_good || left > 0 ? 1 : 0;
		cell_columns = is_good ? width : 1;
		left -= cell_columns;
	}
	if (count > 0) {
		cell[count] = L'\0';
		put_cell(pen, cell, cell_columns);
	}
	pen->column = end;
}

static void put_span(const struct page *page, int row, const struct page_span *span, bool is_bar) {
	struct slice text = page_text(page, span);
	struct pen pen = {.row = row,
	                  .column = span->column,
	                  .attributes = attributes_of(span->style) | (is_bar ? A_REVERSE : 0),
	                  .pair = has_colours && !is_bar ? span->colour : 0};
	while (text.size > 0) {
		size_t size = cut_cluster(text, CLUSTER_BYTES_MAX);
		struct slice cluster = slice_first(text, size);
		put_cluster(&pen, cluster, (int)width_of_cluster(cluster));
		text = slice_from(text, size);
	}
}

static void put_row(const struct page *page, int row) {
	const struct page_row *line = &page->rows[row];
	if (line->is_bar) {
		for (int column = 0; column < (int)page->columns; column++) {
			(void)mvaddch(row, column, ' ' | A_REVERSE);
		}
	}
	for (unsigned i = 0; i < line->spans_count; i++) {
		put_span(page, row, &line->spans[i], line->is_bar);
	}
}

void paint(const struct page *page) {
	erase();
	for (size_t row = 0; row < page->rows_count; row++) {
		put_row(page, (int)row);
	}
	curs_set(page->has_cursor ? 1 : 0);
	if (page->has_cursor) {
		move((int)page->cursor_row, (int)page->cursor_column);
	}
	refresh();
}
