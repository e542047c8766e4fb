/*
 * follower.h - the ring's entries into log.db, batch by batch.
 *
 * A batch is: read on in the ring, apply each entry to the state in memory, put
 * it and the rows that it changed into one transaction, commit. Only then is
 * the batch said to be stored. When anything fails the transaction is gone and
 * the state in memory is ahead of the file: follower_reload() takes the state
 * from the file again and goes on where that says. So there is one way back,
 * the same as after a death, and it is used at every start.
 */
#ifndef FOLLOWER_H
#define FOLLOWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "ring.h"
#include "state.h"
#include "store.h"

/*
 * Sessions whose rows have changed in the transaction under way. Their rows
 * change with every message, so they are written once, with the commit, as they
 * are then. A bounded set: when it is full it is written ahead of time.
 */
#define DIRTY_MAX 4096
struct dirty {
	size_t count;
	uint64_t slots[2 * DIRTY_MAX]; /* 0: free */
};

/* The ring, the store and the two of them are the caller's; the state is its own. */
struct follower {
	struct ring *ring;
	struct store *store;
	struct state *state;
	struct store_meta meta; /* what the file says */
	uint64_t position;      /* read up to here; at or beyond meta.ring_position */
	uint64_t entries;       /* stored by it, for the board */
	uint64_t answers;       /* passed by it */
	uint64_t rows;          /* of the state, written by it */
	uint64_t check_number;  /* of the ANSWER_CHECK at which the last batch ended; 0: none */
	enum store_error error; /* of the transaction under way */
	bool has_taken_back;    /* the last batch took something out of the file */
	bool has_erasure; /* there is something to erase (store_redact.h); the scribe's to reset */
	bool is_reserve_new; /* the last batch moved the reserve: sync before it is told */
	struct dirty dirty;
	_Alignas(8) uint8_t record[RECORD_BYTES_MAX];
};

/* Takes meta and state from the file. Anything but STORE_OK: store_why() says why. */
enum store_error follower_load(struct follower *follower, struct store *store);
/* The same once more, after a failure. */
enum store_error follower_reload(struct follower *follower);
void follower_finish(struct follower *follower);

/*
 * Stores up to `most` entries. The position and meta then say how far it is;
 * nothing has moved if the ring has nothing. What only passes by (answers) is
 * not worth a transaction of its own.
 */
enum store_error follower_batch(struct follower *follower, size_t most);
bool follower_has_more(const struct follower *follower);

/* True if the reserve should be moved ahead even without entries (at a start). */
bool follower_wants_reserve(const struct follower *follower);
/* Stores meta alone. */
enum store_error follower_store_meta(struct follower *follower, const struct store_meta *meta);

/* The state's digest; if the file's rows do not make the same state, another number, and said. */
uint64_t follower_digest(struct follower *follower);

#endif
