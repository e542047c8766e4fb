/*
 * lines.h - an entry as a line of output: for people, or an object of JSON.
 *
 * Lines are put together in memory and written by the caller, so that no
 * reading of the log lasts as long as somebody looks at a page of it.
 */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "record.h"
#include "state.h"

struct lines {
	bool is_json;
	enum language language;
	const struct state *rooms; /* what rooms are called; the caller's */
	char *bytes;               /* owned */
	size_t size, room;
};

void lines_init(struct lines *lines, bool is_json, const struct state *rooms);
void lines_finish(struct lines *lines);
void lines_add(struct lines *lines, const struct record *entry);
/* Writes what has come together to standard output. False with errno. */
bool lines_flush(struct lines *lines);

#endif
