/*
 * robot_line.h - cuts what a client sends into lines.
 *
 * A pure parser: it owns no bytes and can stop at any of them. The caller shows it what was left over
 * and behind it what has come since, in one piece:
 *
 *	struct slice left = …;
 *	while ((found = line_next(&cutter, &left, &text)) != LINE_NONE) {
 *		…
 *	}
 *	keep(left);                   // at most LINE_LEFT_MAX bytes: shown again, with more behind
 *
 * A line ends with \n or \r\n; every other byte is text, whatever it is. A line of more than
 * LINE_BYTES_MAX bytes is LINE_TOO_LONG, once, and skipped up to its end.
 *
 * Some clients send a text without a line end and wait. So until the first line end has come, what has
 * come and then rests for LINE_REST_MS is a line too: the caller measures the time and calls line_rest().
 * A rest inside a character (of what is UTF-8 so far) cuts nothing; the cutter then waits for the rest
 * of the character. A rest between \r and \n makes one line end of the two.
 */
#ifndef ROBOT_LINE_H
#define ROBOT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

#define LINE_BYTES_MAX 4096
#define LINE_LEFT_MAX (LINE_BYTES_MAX + 1) /* a whole text, and the \r of its end */
#define LINE_REST_MS 50

enum line_found {
	LINE_NONE,     /* no more for now */
	LINE_TEXT,     /* `text` is one, without its end; it points into what was shown */
	LINE_TOO_LONG, /* one is too long; `text` is empty */
};

/* All zeroes at first. */
struct line_cutter {
	uint32_t looked_at;       /* of what is left: so many bytes hold no line end */
	bool has_line_ends;       /* one has come: rests mean nothing any more */
	bool is_skipping;         /* inside a line that is too long */
	bool is_inside_character; /* a rest came there: wait for more */
	bool is_newline_due;      /* a rest cut after \r: a \n that comes next belongs to it */
};

/* The next line; what it takes is taken from `left`. */
enum line_found line_next(struct line_cutter *cutter, struct slice *left, struct slice *text);

/* With so many bytes left: would a rest of LINE_REST_MS mean anything? */
bool line_can_rest(const struct line_cutter *cutter, size_t left_bytes);

/* There was such a rest. */
enum line_found line_rest(struct line_cutter *cutter, struct slice *left, struct slice *text);

/* Nothing more will come: a last line without an end, if there is one. */
enum line_found line_end(struct line_cutter *cutter, struct slice *left, struct slice *text);

#endif
