/*
 * screen.h - standard output, when somebody looks at it: lines out, between
 * them the prompt.
 *
 * Lines gather in a buffer and leave at the end of a turn: the prompt is taken
 * away once, all lines are written, the prompt comes back. What the other side
 * (a pipe that nobody reads) does not take waits; the view waits with it.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "loop.h"

struct editor;

/* Lines that wait: with more than this the view and lists pause. */
#define SCREEN_BYTES_ENOUGH (64 * 1024)

struct screen {
	struct loop *loop;
	struct watch watch;
	bool is_watched;
	bool is_gone;          /* nobody will ever read it */
	struct editor *editor; /* the keyboard's, or NULL */
	size_t at, size, capacity;
	char *bytes;
};

void screen_open(struct screen *screen, struct loop *loop);
void screen_close(struct screen *screen);

/* Puts a line, to which a line end is added. */
void screen_line(struct screen *screen, const char *line);
bool screen_has_room(const struct screen *screen);

/* Writes what can be written without waiting; shows the prompt when all is out. */
void screen_flush(struct screen *screen);

#endif
