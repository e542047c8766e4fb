/* UTF-8, strictly: code points to bytes and back.
 *
 * Strict means RFC 3629: no surrogates, nothing above U+10FFFF, nothing longer than it need be. NUL
 * is a code point like any other.
 *
 * What is not UTF-8 is walked over in the pieces that the Unicode standard recommends (chapter 3,
 * "U+FFFD Substitution of Maximal Subparts"; Python's and the browsers' decoders do the same): a
 * piece is the longest beginning of a well-formed sequence that is there, or else one byte. So
 * every walk over any bytes ends, and two walks over the same bytes stop at the same places.
 *
 * Nothing here allocates or keeps anything. */
#ifndef QUN_UTF8_H
#define QUN_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

/* The size of the longest code point, and of the shortest, in bytes. */
#define UTF8_POINT_BYTES_MAX 4
#define UTF8_POINT_BYTES_MIN 1

/* In place of a code point: these bytes are none. */
#define UTF8_INVALID (-1)

/* One step: the first code point of text, or UTF8_INVALID, in *point; returns the size of what was
 * stepped over, 1 to 4 bytes (1 to 3 when invalid). Of an empty text: UTF8_INVALID and 0. */
size_t utf8_decode(struct slice text, int32_t *point);

/* Writes a code point (0 to 10FFFF, no surrogate: anything else is our error); returns its size. */
size_t utf8_encode(int32_t point, char out[static UTF8_POINT_BYTES_MAX]);

/* Is all of it UTF-8? The empty text is. */
bool utf8_is_valid(struct slice text);

/* How many code points; each piece that is not UTF-8 counts as one. */
size_t utf8_count(struct slice text);

/* How many bytes of printable ASCII (20 to 7E) the text begins with: what needs no further look in
 * most texts, found eight bytes at a time. */
size_t utf8_ascii_run(struct slice text);

#endif
