/* Text as plain readers may see it: nothing in it that moves their cursor or rings their bell.
 *
 * Control characters (C0, C1, DEL) other than tab and line feed, and each piece that is not UTF-8
 * (see utf8.h), are replaced by U+FFFD, three bytes. All else stays byte for byte what it was. */
#ifndef QUN_VISIBLE_H
#define QUN_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

/* A rendering is at most this large: a byte becomes three. */
#define VISIBLE_BYTES_MAX(text_size) (3 * (size_t)(text_size))

/* Is nothing to be replaced? Then the text is its own rendering and need not be copied. */
bool visible_is_same(struct slice text);

/* Writes the rendering and returns its size. What does not fit is counted, not written: when the
 * returned size is larger than out_size, out holds the first out_size bytes of the rendering, which
 * may end inside a character. Not terminated. out may be NULL when out_size is 0; it may not
 * overlap the text. */
size_t visible_render(struct slice text, char *out, size_t out_size);

#endif
