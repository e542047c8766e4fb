/* archive_inner.h - what archive.c and archive_search.c share. */
#ifndef ARCHIVE_INNER_H
#define ARCHIVE_INNER_H

#include <stdbool.h>

#include "archive.h"
#include "store_read.h"

/* Tries to get rows that the ring still continues; the scribe is never far behind. */
#define ARCHIVE_TRIES_MAX 10

/* What is asked for. */
struct wish {
	uint64_t room, seq;
	bool is_thread;  /* as far as is known: a thread begins with its first message */
	bool is_all;     /* direct messages too */
	bool is_said;    /* what was said alone */
	bool has_events; /* what is hidden, but kept, as well */
};

/*
 * Each entry behind the position that log.db would keep; false if the ring was overtaken
 * meanwhile. What they take back of log.db's goes out again.
 */
bool archive_each_of_tail(const struct archive *archive, const struct store_meta *meta,
                          store_each *each, void *context, struct slices *out);
/* Entries are looked at in the order of the log, or are of log.db. */
bool archive_is_wished(struct wish *wish, const struct record *entry);
/* Is the room that is wished a thread, as far as log.db knows? */
enum store_error archive_look_for_thread(struct archive *archive, struct wish *wish);

#endif
