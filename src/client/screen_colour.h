/*
 * screen_colour.h - which colour a name has: always the same one, and one that can be
 * read on a dark and on a light terminal (contrast of at least 3.5 to black and to white).
 */
#ifndef SCREEN_COLOUR_H
#define SCREEN_COLOUR_H

#include <stddef.h>
#include <stdint.h>

#include "screen_page.h"

#define COLOUR_NAMES_COUNT 20
#define COLOUR_COUNT (COLOUR_NAMES + COLOUR_NAMES_COUNT)

/* COLOUR_NAMES and up. */
unsigned colour_of_name(struct slice name);

/* The number of a colour of struct page on terminals with 256 colours, and on others. */
short colour_of_256(unsigned colour);
short colour_of_8(unsigned colour);

#endif
