/*
 * screen_paint.h - pages on a terminal, by ncurses; and the terminal's modes, which
 * belong to whoever has opened it here. ncurses only writes: keys are read by
 * screen_keys.h.
 */
#ifndef SCREEN_PAINT_H
#define SCREEN_PAINT_H

#include <stdbool.h>
#include <stddef.h>

#include "screen_page.h"

/* Takes standard input and output. False: ncurses knows no such terminal, nothing was done. */
bool paint_open(void);
/* Gives the terminal back as it was. */
void paint_close(void);

/* Gives it back for a while (Ctrl-Z), and takes it again. */
void paint_leave(void);
void paint_return(void);

void paint_resize(size_t rows, size_t columns);
/* What the terminal shows is not to be trusted: the next page is painted from nothing. */
void paint_distrust(void);
void paint(const struct page *page);

#endif
