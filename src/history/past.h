/*
 * past.h - all that is kept in a data folder, for who only reads it: log.db,
 * the ring's tail behind it, search.db where it helps.
 *
 * The tail is taken when the past is opened, so a reading has an end even
 * while people talk. log.db is read a piece at a time and never held in between.
 */
#ifndef PAST_H
#define PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "name.h"
#include "search.h"
#include "state.h"
#include "store.h"
#include "store_read.h"

/* Which entries are wanted. */
struct wanted_entries {
	uint64_t room; /* 0: of all rooms */
	uint64_t since_us;
	bool has_by;
	struct name_key by;
	bool is_direct; /* the direct messages of whoever had that name then; otherwise none are */
	struct name_key direct;
	struct search_query *search; /* NULL: everything; the caller's */
	bool has_last;
	uint64_t last;
};

struct past {
	struct store *store;
	struct state *rooms; /* rooms only: what they are called */
	uint64_t seq;        /* log.db is read up to here; the tail follows */
	uint8_t *tail;       /* encoded entries */
	size_t tail_size, tail_room;
	const char *
		tail_trouble; /* why there may be more that could not be read; NULL: there is not */
	char folder[4096];
	char why[STORE_WHY_BYTES];
};

/* False: past->why says why. */
bool past_open(struct past *past, const char *folder);
void past_close(struct past *past);

/*
 * Hands every wanted entry to `each`, in their order; calls `rest` now and then,
 * when nothing is held, for output. Both say false to stop. False on failure:
 * past->why.
 */
bool past_walk(struct past *past, const struct wanted_entries *wanted, store_each *each,
               bool (*rest)(void *context), void *context);

#endif
