#include "upkeep.h"

#include "clock.h"
#include "diag.h"
#include "store_read.h"

/* Entries a feeding: some ten milliseconds. Fewer wait a little for more. */
#define FEED_MAX 500
#define FEED_WAIT_US (500 * 1000)
/* Rests while parts of the index are renewed, for which nobody waits: so many times as long as the work. */
#define RENEW_REST 4
#define RETRY_US (10 * 1000 * 1000)

#define WAL_LOOK_US (1000 * 1000)
#define WAL_BYTES_SMALL (1024 * 1024)
#define WAL_BYTES_USUAL (4 * 1024 * 1024)
#define WAL_BYTES_LARGE (64 * 1024 * 1024)
#define QUIET_US (1000 * 1000)

#define FORGET_US (UINT64_C(60) * 1000 * 1000)

#define NEVER UINT64_MAX

/* ---- the index ---- */

static void fail(struct upkeep *upkeep, const char *why, uint64_t now_us) {
	if (!upkeep->is_failing) {
		diag("%s; search goes on without the index, and I try again", why);
	}
	upkeep->is_failing = true;
	upkeep->feed_due_us = now_us + RETRY_US;
}

static void open_search(struct upkeep *upkeep, uint64_t now_us) {
	char why[STORE_WHY_BYTES];
	if (search_open(&upkeep->search, upkeep->folder, STORE_WRITE, upkeep->store, why) !=
	            STORE_OK ||
	    search_seq(upkeep->search, &upkeep->seq_indexed) != STORE_OK) {
		fail(upkeep, upkeep->search == NULL ? why : search_why(upkeep->search), now_us);
		search_close(upkeep->search);
		upkeep->search = NULL;
	}
}

static void search_failed(struct upkeep *upkeep, enum store_error error, uint64_t now_us) {
	fail(upkeep, search_why(upkeep->search), now_us);
	if (error == STORE_DAMAGED) {
		search_discard(upkeep->search);
	} else {
		search_close(upkeep->search);
	}
	upkeep->search = NULL;
}

void upkeep_renew_search(struct upkeep *upkeep) {
	if (upkeep->search != NULL) {
		search_failed(upkeep, STORE_DAMAGED, clock_steady_us());
	}
}

/* Made anew it has nothing of an account that was erased. */
static void renew_if_erased(struct upkeep *upkeep, uint64_t now_us) {
	upkeep->must_renew = false;
	if (search_has_erased(upkeep->search, upkeep->store)) {
		search_discard(upkeep->search);
		upkeep->search = NULL;
		open_search(upkeep, now_us);
	}
}

/* One feeding, and some tidying. *is_done: nothing is left of either. */
static enum store_error feed_and_tidy(struct upkeep *upkeep, bool *is_done) {
	size_t count = 0;
	bool is_tidy = false;
	enum store_error error = search_feed(upkeep->search, upkeep->store, FEED_MAX, &count);
	if (error == STORE_OK) {
		error = search_seq(upkeep->search, &upkeep->seq_indexed);
	}
	if (error == STORE_OK) {
		error = search_tidy(upkeep->search, &is_tidy);
	}
	*is_done = count < FEED_MAX && is_tidy;
	return error;
}

/* Feeds; with nothing left to feed, goes on renewing. *rest_us: NEVER when all is done. */
static enum store_error feed_or_renew(struct upkeep *upkeep, uint64_t *rest_us) {
	bool is_done;
	uint64_t begin_us = clock_steady_us();
	enum store_error error = feed_and_tidy(upkeep, &is_done);
	/* A rest as long as the work: the room goes first. */
	*rest_us = clock_steady_us() - begin_us;
	if (error == STORE_OK && is_done) {
		error = search_renew(upkeep->search, upkeep->store, FEED_MAX, &is_done);
		*rest_us = is_done ? NEVER : RENEW_REST * (clock_steady_us() - begin_us);
		if (error == STORE_BUSY) {
			*rest_us = WAL_LOOK_US;
			error = STORE_OK;
		}
	}
	return error;
}

static void work_on_index(struct upkeep *upkeep) {
	uint64_t rest_us, now_us = clock_steady_us();
	if (upkeep->search == NULL) {
		open_search(upkeep, now_us);
	}
	if (upkeep->search != NULL && upkeep->must_renew) {
		renew_if_erased(upkeep, now_us);
	}
	if (upkeep->search == NULL) {
		return;
	}
	enum store_error error = feed_or_renew(upkeep, &rest_us);
	uint64_t end_us = clock_steady_us();
	if (error != STORE_OK) {
		search_failed(upkeep, error, end_us);
		return;
	}
	if (upkeep->is_failing) {
		diag("the index works again");
		upkeep->is_failing = false;
	}
	upkeep->feed_due_us = rest_us == NEVER ? NEVER : end_us + rest_us;
}

static void forget(struct upkeep *upkeep) {
	uint64_t oldest;
	if (upkeep->search != NULL && store_seq_oldest(upkeep->store, &oldest) == STORE_OK &&
	    oldest != UINT64_MAX) {
		(void)search_forget(upkeep->search, oldest);
	}
}

/* ---- the WAL ---- */

/* The room is quiet: what it took to index and to answer is not kept until it is not. */
static void give_back(struct upkeep *upkeep) {
	if (upkeep->search != NULL) {
		search_give_back(upkeep->search);
	}
	store_give_back(upkeep->store);
}

static void look_at_wal(struct upkeep *upkeep, uint64_t now_us) {
	uint64_t bytes = store_wal_bytes(upkeep->store);
	bool is_quiet = now_us - upkeep->seen_us >= QUIET_US;
	enum store_error error = STORE_OK;
	if (bytes > WAL_BYTES_LARGE || (is_quiet && bytes > WAL_BYTES_SMALL) ||
	    upkeep->must_scrub) {
		error = store_checkpoint(upkeep->store, true);
		upkeep->must_scrub = upkeep->must_scrub && error != STORE_OK;
	} else if (bytes > WAL_BYTES_USUAL) {
		error = store_checkpoint(upkeep->store, false);
	}
	if (error == STORE_DAMAGED) {
		diag_exit(EXIT_FIX_ME, "%s", store_why(upkeep->store));
	}
	/* BUSY: somebody reads; a full or failing disk is the scribe's to say. Later, then. */
	upkeep->wal_due_us = is_quiet && error == STORE_OK ? NEVER : now_us + WAL_LOOK_US;
	if (upkeep->wal_due_us == NEVER) {
		give_back(upkeep);
	}
}

/* ---- the turn ---- */

void upkeep_init(struct upkeep *upkeep, struct store *store, const char *folder, uint64_t now_us) {
	*upkeep = (struct upkeep){.store = store,
	                          .folder = folder,
	                          .feed_due_us = now_us,
	                          .must_renew = true,
	                          .wal_due_us = now_us + WAL_LOOK_US,
	                          .forget_due_us = now_us + WAL_LOOK_US,
	                          .seen_us = now_us,
	                          /* A predecessor may have died before it could. */
	                          .must_scrub = true};
	open_search(upkeep, now_us);
}

void upkeep_scrub(struct upkeep *upkeep, uint64_t now_us) {
	upkeep->must_scrub = upkeep->must_renew = true;
	upkeep->wal_due_us = upkeep->feed_due_us = now_us;
}

void upkeep_finish(struct upkeep *upkeep) {
	search_close(upkeep->search);
	upkeep->search = NULL;
}

static void notice_entries(struct upkeep *upkeep, uint64_t seq_stored, uint64_t now_us) {
	if (seq_stored == upkeep->seq_seen) {
		return;
	}
	upkeep->seq_seen = seq_stored;
	uint64_t waiting = seq_stored > upkeep->seq_indexed ? seq_stored - upkeep->seq_indexed : 0;
	if (waiting > 0 && upkeep->feed_due_us == NEVER) {
		upkeep->feed_due_us = waiting >= FEED_MAX ? now_us : now_us + FEED_WAIT_US;
	}
}

static void notice_writes(struct upkeep *upkeep, uint64_t writes, uint64_t now_us) {
	if (writes == upkeep->writes_seen) {
		return;
	}
	upkeep->writes_seen = writes;
	upkeep->seen_us = now_us;
	if (upkeep->wal_due_us == NEVER) {
		upkeep->wal_due_us = now_us + WAL_LOOK_US;
	}
}

uint64_t upkeep_turn(struct upkeep *upkeep, uint64_t seq_stored, uint64_t writes, uint64_t now_us) {
	notice_entries(upkeep, seq_stored, now_us);
	notice_writes(upkeep, writes, now_us);
	if (now_us >= upkeep->feed_due_us) {
		work_on_index(upkeep);
	} else if (now_us >= upkeep->wal_due_us) {
		look_at_wal(upkeep, now_us);
	}
	if (now_us >= upkeep->forget_due_us) {
		forget(upkeep);
		upkeep->forget_due_us = now_us + FORGET_US;
	}
	return upkeep->feed_due_us < upkeep->wal_due_us ? upkeep->feed_due_us : upkeep->wal_due_us;
}
