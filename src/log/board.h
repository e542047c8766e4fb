/*
 * board.h - the boards: a page per process, written by that process alone,
 * read by everyone. What it says is where its owner stands.
 *
 * And the bells: how one process wakes another (an eventfd each). Nobody
 * polls: who has nothing to do raises `asleep` on its board, looks once more,
 * and sleeps; who has something for it rings only if it is asleep.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "record.h"

#define BOARD_BYTES 4096
#define BOARD_MAGIC 0x31647262206e7571 /* "qun brd1" */

/* Counters that any process may have: X(NAME, "word"). Words are what /stats and --json show. */
#define COUNTERS(X)                                                                                \
	X(COUNT_DATAGRAMS_IN, "datagrams-in")                                                      \
	X(COUNT_DATAGRAMS_OUT, "datagrams-out")                                                    \
	X(COUNT_DATAGRAMS_UNSENT,                                                                  \
	  "datagrams-unsent") /* the kernel refused: unreachable, no buffer */                     \
	X(COUNT_DELIVERIES, "deliveries")                                                          \
	X(COUNT_REFUSALS_HELD_BACK,                                                                \
	  "refusals-held-back") /* not sent: too many, or they would loop */                       \
	X(COUNT_REQUESTS, "requests")                                                              \
	X(COUNT_ENTRIES, "entries")                                                                \
	X(COUNT_ANSWERS, "answers")                                                                \
	X(COUNT_BATCHES, "batches")                                                                \
	X(COUNT_SYNCS, "syncs")                                                                    \
	X(COUNT_BELLS_RUNG, "bells-rung")                                                          \
	X(COUNT_LAPPED, "lapped")                                                                  \
	X(COUNT_POISONED, "poisoned")                                                              \
	X(COUNT_SLICES, "slices")                                                                  \
	X(COUNT_TAKEN_BACK, "taken-back") /* transactions that took out what was said */

#define COUNTER_ENUM(name, word) name,
enum counter { COUNTERS(COUNTER_ENUM) COUNTER_COUNT };

/* One process's page. The owner stores (relaxed unless said otherwise), others load. */
struct board {
	uint64_t magic;
	_Atomic uint32_t pid;         /* 0: not running */
	_Atomic uint32_t incarnation; /* 1, 2, 3 ...: counts starts */
	_Atomic uint32_t asleep;      /* seq_cst on both sides: see bell.h's protocol */
	_Atomic uint32_t is_stalled;  /* hub: takes no requests, the scribe is behind */
	_Atomic uint64_t position;    /* ring position up to which the owner is done (release) */
	_Atomic uint64_t seq;         /* last entry it has applied */
	_Atomic uint64_t people;      /* hub: how many are connected */
	_Atomic uint64_t absent;      /* hub: how many are present besides, but absent */
	_Atomic uint64_t most;        /* hub: how many were present at once, since it began */
	_Atomic uint64_t unknown;     /* edge: stream connections that are not in */
	_Atomic uint64_t watches;     /* edge: names that somebody watches (bells.h) */

	/* scribe */
	_Atomic uint64_t seq_stored;  /* last entry in a committed transaction */
	_Atomic uint64_t seq_durable; /* last entry that a power loss cannot take */
	_Atomic uint64_t seq_reserve; /* the hub may give numbers up to this one */
	_Atomic uint64_t
		seq_forgotten; /* entries up to this one are no longer kept, or just going */

	/*
	 * hub: what it is deciding just now (queue + 1, number; queue 0: nothing), and
	 * which request a predecessor died of, how often: for the poisoned request.
	 */
	_Atomic uint32_t deciding_queue;
	_Atomic uint32_t suspect_queue;
	_Atomic uint64_t deciding_number;
	_Atomic uint64_t suspect_number;
	_Atomic uint32_t suspect_deaths;
	_Atomic uint32_t has_position; /* hub, console: position is true, not just zero */

	/* state digests for ANSWER_CHECK: number is stored last (release) */
	_Atomic uint64_t check_number;
	_Atomic uint64_t check_seq;
	_Atomic uint64_t check_digest;

	_Atomic uint64_t counters[COUNTER_COUNT];
	_Atomic uint64_t refusals[REASON_COUNT]; /* by enum reason */
};
_Static_assert(sizeof(struct board) <= BOARD_BYTES, "a board is a page");

static inline void board_count(struct board *board, enum counter counter, uint64_t by) {
	/* One writer: no read-modify-write needed. */
	uint64_t value = atomic_load_explicit(&board->counters[counter], memory_order_relaxed);
	atomic_store_explicit(&board->counters[counter], value + by, memory_order_relaxed);
}
static inline void board_count_refusal(struct board *board, uint16_t reason) {
	reason = reason < REASON_COUNT ? reason : REASON_NONE;
	uint64_t value = atomic_load_explicit(&board->refusals[reason], memory_order_relaxed);
	atomic_store_explicit(&board->refusals[reason], value + 1, memory_order_relaxed);
}

/* Sizes a memfd as a board and writes its magic. 0, or -1 with errno. */
int board_format(int fd);
/* Maps one; NULL with errno. */
struct board *board_open(int fd, bool is_owner);
void board_close(struct board *board);

const char *counter_word(enum counter counter);

/*
 * The sleep protocol. The sleeper:
 *
 *     board_fall_asleep(own);            // asleep = 1, seq_cst
 *     if (there is work after all) { board_wake_up(own); go on; }
 *     epoll_wait(... with the bell's eventfd ...)
 *     board_wake_up(own);                // asleep = 0
 *
 * The waker, after it has published (release):
 *
 *     bell_ring(fd, theirs)              // seq_cst fence; if asleep: write(fd)
 *
 * Either the sleeper's second look sees the work, or the waker sees `asleep`.
 */
static inline void board_fall_asleep(struct board *own) {
	atomic_store_explicit(&own->asleep, 1, memory_order_seq_cst);
	atomic_thread_fence(memory_order_seq_cst);
}
static inline void board_wake_up(struct board *own) {
	atomic_store_explicit(&own->asleep, 0, memory_order_relaxed);
}
/* Returns true if it had to ring (a system call). */
bool bell_ring(int fd, const struct board *theirs);
/*
 * Tells the console that a line was written where its prompt stands: rings it,
 * asleep or not, so that it can be told from other rings.
 */
void bell_ring_for_prompt(int fd);
/* Rings, asleep or not: for a waker that has no board to look at. */
void bell_ring_anyway(int fd);
/* Takes the rings off the eventfd; returns how many there were for the prompt. */
unsigned bell_clear(int fd);

#endif
