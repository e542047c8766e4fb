/*
 * cutter.h - bytes into lines, wherever the bytes were cut on their way.
 *
 * A line ends with CR, LF or both; empty ones are passed over. Its tags ("@…" up
 * to and with the blank) may have STREAM_TAGS_BYTES_MAX bytes, the rest, its
 * end included, STREAM_LINE_BYTES_MAX. Of a longer one, what follows is
 * dropped up to its end, however long that is. No memory of its own: the bytes
 * are the caller's, who keeps what is left for the next time.
 */
#ifndef CUTTER_H
#define CUTTER_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

enum cutter_result {
	CUTTER_NONE,     /* what is left is the beginning of a line, or nothing */
	CUTTER_LINE,     /* *line */
	CUTTER_TOO_LONG, /* said once for each such line, as soon as it is known */
};

/*
 * Takes the next line off *bytes. *is_skipping is the state between two calls:
 * inside a line that was too long. With CUTTER_NONE, what is to be kept is in *bytes.
 */
enum cutter_result cutter_next(struct slice *bytes, bool *is_skipping, struct slice *line);

/* Of a line's beginning, or a whole one without its end, not empty. */
bool cutter_is_too_long(struct slice line);

#endif
