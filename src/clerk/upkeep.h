/*
 * upkeep.h - what the clerk does unasked: feeds the index, and takes the words of what was taken back
 * out of it; moves the WAL into log.db, so that the scribe never has to, and cuts it when it is large
 * or the room is quiet; then it also gives its page cache back. A little at a time, with rests as
 * long as the work, or longer.
 */
#ifndef UPKEEP_H
#define UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "search.h"
#include "store.h"

struct upkeep {
	struct store *store;
	struct search *search; /* NULL while there is none; upkeep opens it anew */
	const char *folder;    /* the data folder */
	uint64_t seq_seen;     /* of what is stored, when it was last looked at */
	uint64_t writes_seen;  /* how often the scribe has written, likewise */
	uint64_t seq_indexed;
	uint64_t seen_us;     /* when that last changed */
	uint64_t feed_due_us; /* UINT64_MAX: nothing to feed, nor to tidy */
	uint64_t wal_due_us;  /* UINT64_MAX: nothing was written since */
	uint64_t forget_due_us;
	bool is_failing;
	bool must_renew; /* the index may have words of an account that was erased */
	bool must_scrub; /* the WAL has what was taken back: it is emptied as soon as can be */
};

/* The store is the caller's, the index its own. `folder` is kept. */
void upkeep_init(struct upkeep *upkeep, struct store *store, const char *folder, uint64_t now_us);
void upkeep_finish(struct upkeep *upkeep);

/* The index said that it is damaged: it is begun anew. */
void upkeep_renew_search(struct upkeep *upkeep);

/* Something was taken out of log.db. */
void upkeep_scrub(struct upkeep *upkeep, uint64_t now_us);

/*
 * Does what is due, some ten milliseconds of it; `seq_stored` is how far the
 * scribe is, `writes` a number that changes whenever it writes. Returns when it wants to be called again (steady clock);
 * UINT64_MAX: not before the scribe has written.
 */
uint64_t upkeep_turn(struct upkeep *upkeep, uint64_t seq_stored, uint64_t writes, uint64_t now_us);

#endif
