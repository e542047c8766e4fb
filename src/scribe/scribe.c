/*
 * scribe.c - the process that writes the log to disk.
 *
 * While there is traffic it stores what has come, naps 5 ms, 20 where much has
 * come, and stores what has come meanwhile: batches make a message cost a third, and nobody waits
 * for it. Once a second it syncs what it has stored. With --fsync every batch
 * is synced, there is no nap, and whoever holds answers back is rung. When
 * nothing comes it sleeps and makes no system call.
 *
 * A disk that is full or fails is said once. Then it tries again, at a growing
 * pace: the ring holds what is not yet stored, and the hub takes no requests
 * when that becomes too much.
 */
#include "scribe.h"

#include <stdlib.h>

#include "clock.h"
#include "diag.h"
#include "follower.h"
#include "house.h"
#include "limits.h"
#include "ringfile.h"
#include "store.h"
#include "store_redact.h"
#include "store_write.h"

#define NAP_US 5000
#define LONG_NAP_US 20000
#define LONG_NAP_MIN 8 /* entries in a batch */
#define SYNC_US (1000 * 1000)
#define RETRY_US_MIN (50 * 1000)
#define RETRY_US_MAX (5 * 1000 * 1000)

/* Forgetting: as many at once as take a millisecond or two, and a rest between. */
#define FORGET_MAX 500
#define FORGET_PAUSE_US (50 * 1000)
#define FORGET_AGAIN_US (UINT64_C(3600) * 1000 * 1000)
#define DAY_US (UINT64_C(86400) * 1000 * 1000)

/* Erasing, likewise: entries that are looked at, and a rest as long as the work, and a little. */
#define ERASE_MAX 500
#define ERASE_PAUSE_US (2 * 1000)

/* How long it tries to store the rest when it has to leave; the keeper gives two seconds to all. */
#define LEAVE_US_MAX (1000 * 1000)
#define HUB_GONE_US_MAX (500 * 1000)
#define LEAVE_LOOK_US (10 * 1000)

struct scribe {
	struct house house;
	struct store *store;
	struct follower follower;
	bool is_fsync;

	uint64_t seq_durable;
	uint64_t sync_due_us; /* 0: nothing is pending */
	bool is_sync_failing;

	bool is_failing;
	uint64_t retry_us; /* the present pace */
	uint64_t retry_due_us;

	uint64_t forget_due_us; /* UINT64_MAX: never */
	uint64_t erase_due_us;  /* likewise */

	uint64_t leaving_since_us; /* 0: not leaving */
};

static uint64_t now_us(const struct scribe *scribe) {
	return loop_now_us(scribe->house.loop);
}

/* ---- telling ---- */

static void tell_durable(struct scribe *scribe) {
	scribe->seq_durable = scribe->follower.meta.seq;
	atomic_store_explicit(&scribe->house.own->seq_durable, scribe->seq_durable,
	                      memory_order_release);
	if (!scribe->is_fsync) {
		return;
	}
	/* Answers are held back until now. */
	house_ring(&scribe->house, PROCESS_CONSOLE);
	for (unsigned i = 0; i < scribe->house.options->edges; i++) {
		house_ring(&scribe->house, PROCESS_EDGE_0 + i);
	}
}

static void tell_reserve(struct scribe *scribe) {
	atomic_store_explicit(&scribe->house.own->seq_reserve, scribe->follower.meta.reserve,
	                      memory_order_release);
	scribe->follower.is_reserve_new = false;
	house_ring(&scribe->house, PROCESS_HUB);
}

/* What is no longer kept: who reads the log has to say so; and rooms may end. */
static void tell_forgotten(struct scribe *scribe, uint64_t forgotten) {
	struct board *own = scribe->house.own;
	if (atomic_load_explicit(&own->seq_forgotten, memory_order_relaxed) < forgotten) {
		atomic_store_explicit(&own->seq_forgotten, forgotten, memory_order_release);
		house_ring(&scribe->house, PROCESS_HUB);
	}
}

static void tell_stored(struct scribe *scribe) {
	struct board *own = scribe->house.own;
	const struct follower *follower = &scribe->follower;
	atomic_store_explicit(&own->counters[COUNT_ENTRIES], follower->entries,
	                      memory_order_relaxed);
	atomic_store_explicit(&own->counters[COUNT_ANSWERS], follower->answers,
	                      memory_order_relaxed);
	atomic_store_explicit(&own->seq, follower->meta.seq, memory_order_relaxed);
	atomic_store_explicit(&own->seq_stored, follower->meta.seq, memory_order_release);
	atomic_store_explicit(&own->position, follower->position, memory_order_release);
	/* A hub that waits for us looks at the position once more before it sleeps. */
	atomic_thread_fence(memory_order_seq_cst);
	const struct board *hub = scribe->house.boards[PROCESS_HUB];
	if (hub != NULL && atomic_load_explicit(&hub->is_stalled, memory_order_relaxed) != 0) {
		house_ring(&scribe->house, PROCESS_HUB);
	}
	house_ring(&scribe->house, PROCESS_CLERK);
}

/* ---- syncing ---- */

static void sync_now(struct scribe *scribe) {
	if (store_sync(scribe->store) != STORE_OK) {
		if (!scribe->is_sync_failing) {
			diag("%s; trying again every second", store_why(scribe->store));
		}
		scribe->is_sync_failing = true;
		scribe->sync_due_us = now_us(scribe) + SYNC_US;
		return;
	}
	if (scribe->is_sync_failing) {
		diag("syncing works again");
		scribe->is_sync_failing = false;
	}
	board_count(scribe->house.own, COUNT_SYNCS, 1);
	scribe->sync_due_us = 0;
	tell_durable(scribe);
	if (scribe->follower.is_reserve_new) {
		tell_reserve(scribe);
	}
}

/* After a commit. */
static void note_pending(struct scribe *scribe) {
	if (scribe->is_fsync) {
		/* SQLite has synced it with the commit. */
		board_count(scribe->house.own, COUNT_SYNCS, 1);
		tell_durable(scribe);
		if (scribe->follower.is_reserve_new) {
			tell_reserve(scribe);
		}
	} else if (scribe->follower.is_reserve_new) {
		sync_now(scribe);
	} else if (scribe->sync_due_us == 0) {
		scribe->sync_due_us = now_us(scribe) + SYNC_US;
	}
}

/* ---- failing, and coming back ---- */

static void fail(struct scribe *scribe, enum store_error error) {
	if (error == STORE_DAMAGED) {
		diag_exit(EXIT_FIX_ME, "%s", store_why(scribe->store));
	}
	if (!scribe->is_failing) {
		diag("%s; the ring keeps what comes, and I try again", store_why(scribe->store));
		scribe->retry_us = RETRY_US_MIN;
	} else {
		scribe->retry_us *= 2;
		scribe->retry_us =
			scribe->retry_us < RETRY_US_MAX ? scribe->retry_us : RETRY_US_MAX;
	}
	scribe->is_failing = true;
	scribe->retry_due_us = now_us(scribe) + scribe->retry_us;
}

/* True if the state is that of the file again, and storing may be tried. */
static bool come_back(struct scribe *scribe) {
	bool is_hurried = scribe->leaving_since_us != 0;
	if (!is_hurried && now_us(scribe) < scribe->retry_due_us) {
		return false;
	}
	enum store_error error = follower_reload(&scribe->follower);
	if (error != STORE_OK) {
		fail(scribe, error);
		return false;
	}
	return true;
}

/* ---- storing ---- */

static void answer_check(struct scribe *scribe) {
	struct board *own = scribe->house.own;
	uint64_t digest = follower_digest(&scribe->follower);
	atomic_store_explicit(&own->check_seq, state_seq(scribe->follower.state),
	                      memory_order_relaxed);
	atomic_store_explicit(&own->check_digest, digest, memory_order_relaxed);
	atomic_store_explicit(&own->check_number, scribe->follower.check_number,
	                      memory_order_release);
	house_ring(&scribe->house, PROCESS_CONSOLE);
}

/* Stores a batch, if there is one. True if the ring has moved on. */
static bool store_batch(struct scribe *scribe) {
	struct follower *follower = &scribe->follower;
	uint64_t position = follower->position;
	uint64_t stored = follower->meta.ring_position;
	enum store_error error = follower_batch(follower, SCRIBE_BATCH_MAX);
	if (error != STORE_OK) {
		fail(scribe, error);
		return false;
	}
	if (scribe->is_failing) {
		diag("storing works again");
		scribe->is_failing = false;
	}
	if (follower->position == position) {
		return false;
	}
	if (follower->meta.ring_position != stored) {
		board_count(scribe->house.own, COUNT_BATCHES, 1);
	}
	if (follower->has_taken_back) {
		/* The clerk empties the WAL of it. */
		board_count(scribe->house.own, COUNT_TAKEN_BACK, 1);
	}
	tell_stored(scribe);
	if (follower->meta.ring_position != stored) {
		note_pending(scribe);
	}
	if (follower->check_number != 0) {
		answer_check(scribe);
	}
	return true;
}

/* ---- forgetting ---- */

/*
 * Told first: whoever reads what is just going finds it out when he looks at the board afterwards. If
 * it cannot be deleted it is deleted another time; nobody asks for it any more.
 */
static enum store_error forget_up_to(struct scribe *scribe, uint64_t seq, size_t *count) {
	tell_forgotten(scribe, seq);
	enum store_error error = store_forget(scribe->store, seq, count);
	if (*count > 0) {
		/* The rest of meta is as it was. */
		(void)store_meta(scribe->store, &scribe->follower.meta);
		board_count(scribe->house.own, COUNT_BATCHES, 1);
		house_ring(&scribe->house, PROCESS_CLERK);
	}
	return error;
}

static void forget_some(struct scribe *scribe) {
	size_t count = 0;
	uint64_t seq;
	uint64_t kept_us = scribe->house.options->keep_days * DAY_US;
	uint64_t wall_us = clock_wall_us();
	uint64_t before_us = wall_us > kept_us ? wall_us - kept_us : 0;
	enum store_error error = store_forgettable(scribe->store, before_us, FORGET_MAX, &seq);
	if (error == STORE_OK && seq != 0) {
		error = forget_up_to(scribe, seq, &count);
	}
	if (error == STORE_DAMAGED) {
		fail(scribe, error);
	}
	bool is_more_left = error == STORE_OK && count == FORGET_MAX;
	scribe->forget_due_us = now_us(scribe) + (is_more_left ? FORGET_PAUSE_US : FORGET_AGAIN_US);
}

/* ---- erasing ---- */

/* A step of it, between two batches. What it has done is counted at the end: then the WAL is emptied of it. */
static void erase_some(struct scribe *scribe) {
	uint64_t begin_us = clock_steady_us();
	bool is_done = false;
	enum store_error error = store_erase_some(scribe->store, ERASE_MAX, &is_done);
	uint64_t end_us = clock_steady_us();
	if (error != STORE_OK) {
		fail(scribe, error);
		scribe->erase_due_us = now_us(scribe) + SYNC_US;
		return;
	}
	board_count(scribe->house.own, is_done ? COUNT_TAKEN_BACK : COUNT_BATCHES, 1);
	house_ring(&scribe->house, PROCESS_CLERK);
	scribe->erase_due_us =
		is_done ? UINT64_MAX : now_us(scribe) + (end_us - begin_us) + ERASE_PAUSE_US;
}

/* ---- leaving ---- */

/* Everything that will ever be in the ring is there: the hub is gone, or has had its time. */
static bool is_ring_complete(const struct scribe *scribe) {
	const struct board *hub = scribe->house.boards[PROCESS_HUB];
	return hub == NULL || atomic_load_explicit(&hub->pid, memory_order_acquire) == 0 ||
	       !scribe->house.keeper_gone ||
	       now_us(scribe) - scribe->leaving_since_us >= HUB_GONE_US_MAX;
}

/* The rest of its life, a turn at a time; how long to sleep between. */
static uint64_t leave(struct scribe *scribe, bool has_moved) {
	bool is_late = now_us(scribe) - scribe->leaving_since_us >= LEAVE_US_MAX;
	if (scribe->is_failing && is_late) {
		diag("not everything could be stored; the ring keeps the rest for the next start");
		loop_stop(scribe->house.loop);
	} else if (!scribe->is_failing && !has_moved && is_ring_complete(scribe) &&
	           !follower_has_more(&scribe->follower)) {
		loop_stop(scribe->house.loop);
	}
	return has_moved ? 0 : LEAVE_LOOK_US;
}

static void store_position(struct scribe *scribe) {
	struct store_meta meta = scribe->follower.meta;
	meta.ring_position = scribe->follower.position;
	if (meta.ring_position != scribe->follower.meta.ring_position) {
		(void)follower_store_meta(&scribe->follower, &meta);
	}
}

static int finish(struct scribe *scribe) {
	if (!scribe->is_failing) {
		store_position(scribe);
		sync_now(scribe);
		/* If somebody reads just now the WAL stays; the next one takes it up. */
		(void)store_checkpoint(scribe->store, true);
	}
	follower_finish(&scribe->follower);
	store_close(scribe->store);
	house_leave(&scribe->house);
	free(scribe);
	return EXIT_DONE;
}

/* ---- the turn ---- */

static bool has_work(void *context) {
	struct scribe *scribe = context;
	return follower_has_more(&scribe->follower);
}

static uint64_t until(const struct scribe *scribe, uint64_t due_us, uint64_t sleep_us) {
	uint64_t now = now_us(scribe);
	uint64_t wait_us = due_us > now ? due_us - now : 1;
	return wait_us < sleep_us ? wait_us : sleep_us;
}

static uint64_t rest(struct scribe *scribe) {
	uint64_t sleep_us = LOOP_FOREVER;
	if (scribe->sync_due_us != 0) {
		sleep_us = until(scribe, scribe->sync_due_us, sleep_us);
	}
	if (scribe->forget_due_us != UINT64_MAX) {
		sleep_us = until(scribe, scribe->forget_due_us, sleep_us);
	}
	if (scribe->erase_due_us != UINT64_MAX) {
		sleep_us = until(scribe, scribe->erase_due_us, sleep_us);
	}
	return house_sleep(&scribe->house, has_work, scribe, sleep_us);
}

static uint64_t turn(void *context) {
	struct scribe *scribe = context;
	if (scribe->house.is_leaving && scribe->leaving_since_us == 0) {
		scribe->leaving_since_us = now_us(scribe);
	}
	if (scribe->is_failing && !come_back(scribe)) {
		return scribe->leaving_since_us != 0
		               ? leave(scribe, false)
		               : until(scribe, scribe->retry_due_us, LOOP_FOREVER);
	}
	uint64_t before = scribe->follower.entries;
	bool has_moved = store_batch(scribe);
	if (scribe->sync_due_us != 0 && now_us(scribe) >= scribe->sync_due_us) {
		sync_now(scribe);
	}
	if (scribe->leaving_since_us != 0) {
		return leave(scribe, has_moved);
	}
	if (scribe->is_failing) {
		return until(scribe, scribe->retry_due_us, LOOP_FOREVER);
	}
	if (now_us(scribe) >= scribe->forget_due_us) {
		forget_some(scribe);
	}
	if (scribe->follower.has_erasure) {
		scribe->follower.has_erasure = false;
		scribe->erase_due_us = now_us(scribe);
	}
	if (now_us(scribe) >= scribe->erase_due_us) {
		erase_some(scribe);
	}
	if (has_moved) {
		/* Awake all the while: nobody needs to ring. */
		bool is_busy = scribe->follower.entries - before >= LONG_NAP_MIN;
		uint64_t nap_us = is_busy ? LONG_NAP_US : NAP_US;
		return scribe->is_fsync ? 0 : nap_us;
	}
	return rest(scribe);
}

/* ---- the beginning ---- */

static void open_store(struct scribe *scribe) {
	char why[STORE_WHY_BYTES];
	enum store_error error =
		store_open(&scribe->store, scribe->house.options->data, STORE_WRITE, why);
	if (error != STORE_OK) {
		bool is_passing = error == STORE_BUSY || error == STORE_NO_MEMORY;
		diag_exit(is_passing ? EXIT_TRY_AGAIN : EXIT_FIX_ME, "%s", why);
	}
	if (store_migrated_from(scribe->store) != 0) {
		diag("log.db was brought up from schema %u; the old file is kept as log.db.v%u",
		     store_migrated_from(scribe->store), store_migrated_from(scribe->store));
	}
	if (store_set_synchronous(scribe->store, scribe->is_fsync) != STORE_OK ||
	    follower_load(&scribe->follower, scribe->store) != STORE_OK) {
		diag_exit(EXIT_FIX_ME, "%s", store_why(scribe->store));
	}
}

/* Numbers for the hub, and everything that a predecessor stored on the disk, before "ready". */
static void reserve(struct scribe *scribe) {
	struct store_meta meta = scribe->follower.meta;
	if (follower_wants_reserve(&scribe->follower)) {
		meta.reserve = meta.seq + SEQ_RESERVE;
		if (follower_store_meta(&scribe->follower, &meta) != STORE_OK) {
			diag_exit(EXIT_FIX_ME, "%s", store_why(scribe->store));
		}
	}
	if (store_sync(scribe->store) != STORE_OK) {
		diag_exit(EXIT_FIX_ME, "%s", store_why(scribe->store));
	}
	tell_durable(scribe);
	tell_reserve(scribe);
	tell_forgotten(scribe, scribe->follower.meta.forgotten);
	tell_stored(scribe);
}

int scribe_main(const char *argv0) {
	struct scribe *scribe = calloc(1, sizeof(*scribe));
	if (scribe == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory is left");
	}
	house_enter(&scribe->house, argv0, turn, scribe);
	scribe->is_fsync = scribe->house.options->is_fsync;
	open_store(scribe);
	ringfile_enter(&scribe->house, &scribe->follower);
	reserve(scribe);
	scribe->forget_due_us =
		scribe->house.options->keep_days > 0 ? now_us(scribe) + SYNC_US : UINT64_MAX;
	/* A predecessor may have been at it. */
	scribe->erase_due_us = now_us(scribe);
	house_ready(&scribe->house);
	loop_run(scribe->house.loop);
	return finish(scribe);
}
