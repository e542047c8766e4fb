/*
 * screen_text.h - what others have written, as a terminal may take it.
 *
 * Nothing is left that moves the cursor, turns the direction of writing, or
 * takes another number of columns than can be told in advance:
 *
 *  - controls, line and paragraph separators and what is not UTF-8 become
 *    U+FFFD; a tab becomes four blanks; a line end stays one where there may be
 *    several lines, and becomes U+23CE where there may not;
 *  - bidirectional controls, zero-width blanks, soft hyphens, variation
 *    selectors and tags go, and behind an emoji also its joiners and skin
 *    tones: terminals agree on the parts of a family and on nothing else.
 *
 * The result is UTF-8. What width_of() says of it is what it takes.
 */
#ifndef SCREEN_TEXT_H
#define SCREEN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

/* A byte becomes at most four. */
#define SCREEN_TEXT_BYTES_MAX(size) (4 * (size_t)(size))

enum screen_text_lines { SCREEN_TEXT_ONE_LINE, SCREEN_TEXT_LINES };

/* Writes at most SCREEN_TEXT_BYTES_MAX(text.size) bytes; returns how many. */
size_t screen_text(struct slice text, enum screen_text_lines lines, char *out);

/* What is typed or pasted, as it may be sent: line ends are \n, no other controls but tabs, UTF-8. */
size_t screen_text_pasted(struct slice text, char *out);

#endif
