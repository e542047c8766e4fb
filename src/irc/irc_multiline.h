/*
 * irc_multiline.h - the lines of one message that come one by one (IRCv3
 * draft/multiline), put together. It exists while a batch is open; no more
 * than one is, of each connection.
 */
#ifndef IRC_MULTILINE_H
#define IRC_MULTILINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "slice.h"

#define MULTILINE_LINES_MAX 100
#define MULTILINE_VALUE "max-bytes=4096,max-lines=100" /* TEXT_BYTES_MAX, MULTILINE_LINES_MAX */
#define MULTILINE_REF_BYTES_MAX 64
_Static_assert(TEXT_BYTES_MAX == 4096, "MULTILINE_VALUE says it");

enum multiline_error {
	MULTILINE_GOOD = 0,
	MULTILINE_MAX_BYTES,
	MULTILINE_MAX_LINES,
	MULTILINE_INVALID,
};

struct irc_multiline {
	size_t lines, size;
	bool has_words; /* a line that is not blank */
	char text[TEXT_BYTES_MAX];
	/* Where one line goes on another, as in a record. */
	size_t joints_size;
	uint8_t joints[2 * MULTILINE_LINES_MAX];
};

/* One line more; `is_concat`: it goes on where the one before it ends. What is not taken changes nothing. */
enum multiline_error multiline_add(struct irc_multiline *it, struct slice line, bool is_concat);

/* All of it is there: can it be said? */
bool multiline_is_whole(const struct irc_multiline *it);

#endif
