#include "screen_paint.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_WIDECHAR 1
#include <ncurses.h>

#include "cut.h"
#include "screen_colour.h"
#include "utf8.h"
#include "width.h"

#define CLUSTER_BYTES_MAX 256
#define ASCII_CELLS_MAX 128
#define REPLACEMENT L'\xFFFD'

/*
 * ncurses writes what changes in many small pieces, one at each move of the cursor. Its output goes into
 * memory, and from there to the terminal, a page with one write: so nobody ever sees half of one.
 */
static struct {
	SCREEN *screen;
	FILE *output; /* ncurses's, into memory */
	bool has_colours;
	bool has_modes;
	struct termios modes; /* as they were */
} terminal;

static void put_bytes(const char *bytes, size_t size) {
	while (size > 0) {
		ssize_t written = write(STDOUT_FILENO, bytes, size);
		if (written < 0 && errno == EAGAIN) {
			/* Somebody else has made the terminal so. */
			struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
			(void)poll(&out, 1, -1);
		} else if (written < 0 && errno != EINTR) {
			return;
		}
		bytes += written > 0 ? written : 0;
		size -= written > 0 ? (size_t)written : 0;
	}
}

/* What ncurses has written since the last time. */
static void send_output(void) {
	char piece[16384];
	int fd = fileno(terminal.output);
	off_t at = 0, end = lseek(fd, 0, SEEK_CUR);
	while (at < end) {
		size_t wanted =
			(size_t)(end - at) < sizeof piece ? (size_t)(end - at) : sizeof piece;
		ssize_t size = pread(fd, piece, wanted, at);
		if (size <= 0) {
			break;
		}
		put_bytes(piece, (size_t)size);
		at += size;
	}
	(void)lseek(fd, 0, SEEK_SET);
}

/* A paste comes between two marks (bracketed paste); a terminal that knows no such thing ignores it. */
static void mark_pastes(bool on) {
	static const char begin[] = "\033[?2004h", end[] = "\033[?2004l";
	put_bytes(on ? begin : end, sizeof begin - 1);
}

/* Every key is ours, as it is pressed. */
static void take_keys(void) {
	terminal.has_modes = tcgetattr(STDIN_FILENO, &terminal.modes) == 0;
	if (terminal.has_modes) {
		struct termios raw = terminal.modes;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	}
	mark_pastes(true);
}

static void give_keys_back(void) {
	mark_pastes(false);
	if (terminal.has_modes) {
		tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.modes);
	}
}

/* Names and texts are UTF-8, whatever the locale says. */
static bool has_utf8(void) {
	return (setlocale(LC_CTYPE, "") != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0) ||
	       setlocale(LC_CTYPE, "C.UTF-8") != NULL;
}

static void open_colours(void) {
	const char *none = getenv("NO_COLOR");
	terminal.has_colours = (none == NULL || none[0] == '\0') && has_colors() &&
	                       start_color() == OK && use_default_colors() == OK && COLORS >= 8 &&
	                       COLOR_PAIRS > (int)COLOUR_COUNT;
	for (unsigned i = COLOUR_PLAIN + 1; terminal.has_colours && i < COLOUR_COUNT; i++) {
		init_pair((short)i, COLORS >= 256 ? colour_of_256(i) : colour_of_8(i), -1);
	}
}

bool paint_open(void) {
	int fd = has_utf8() ? memfd_create("screen", MFD_CLOEXEC) : -1;
	terminal.output = fd < 0 ? NULL : fdopen(fd, "w");
	terminal.screen = terminal.output == NULL ? NULL : newterm(NULL, terminal.output, stdin);
	if (terminal.screen == NULL) {
		if (terminal.output != NULL) {
			fclose(terminal.output);
		}
		return false;
	}
	nonl();
	/* It would look for keys while it writes, and leave a page half painted for them. */
	typeahead(-1);
	open_colours();
	take_keys();
	return true;
}

void paint_leave(void) {
	curs_set(1);
	endwin();
	send_output();
	give_keys_back();
}

void paint_close(void) {
	if (terminal.screen != NULL) {
		paint_leave();
		delscreen(terminal.screen);
		terminal.screen = NULL;
		fclose(terminal.output);
	}
}

void paint_return(void) {
	take_keys();
	refresh();
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

/* Letters of ASCII, as many as there are: what most of a screen is made of. */
static void put_ascii(struct pen *pen, struct slice text) {
	cchar_t cells[ASCII_CELLS_MAX];
	cchar_t cell;
	setcchar(&cell, L"x", pen->attributes, pen->pair, NULL);
	while (text.size > 0) {
		size_t count = text.size < ASCII_CELLS_MAX ? text.size : ASCII_CELLS_MAX;
		for (size_t i = 0; i < count; i++) {
			cells[i] = cell;
			cells[i].chars[0] = (wchar_t)text.bytes[i];
		}
		(void)mvadd_wchnstr(pen->row, pen->column, cells, (int)count);
		pen->column += (int)count;
		text = slice_from(text, count);
	}
}

static void put_span(const struct page *page, int row, const struct page_span *span, bool is_bar) {
	struct slice text = page_text(page, span);
	struct pen pen = {.row = row,
	                  .column = span->column,
	                  .attributes = attributes_of(span->style) | (is_bar ? A_REVERSE : 0),
	                  .pair = terminal.has_colours && !is_bar ? span->colour : 0};
	while (text.size > 0) {
		size_t ascii = utf8_ascii_run(text);
		if (ascii > 1 || ascii == text.size) {
			/* The last of them may carry marks. */
			ascii -= ascii < text.size;
			put_ascii(&pen, slice_first(text, ascii));
			text = slice_from(text, ascii);
			continue;
		}
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
	send_output();
}
