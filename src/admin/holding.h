/*
 * holding.h - all that a data folder holds, as it is at one moment: the state, and the log up to
 * its seq; beside a running server, or without one. Nothing is written.
 */
#ifndef HOLDING_H
#define HOLDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state.h"
#include "store.h"
#include "store_read.h"

struct holding {
	struct store *store;
	struct state *state;
	struct store_meta meta; /* log.db goes up to its seq; the tail follows */
	uint8_t *tail;          /* encoded entries of the ring */
	size_t tail_size, tail_room;
	uint64_t *taken_back; /* seqs of log.db's that the tail takes back */
	size_t taken_back_count;
	const char *folder;
	char why[STORE_WHY_BYTES];
};

/* False: holding->why says why. `folder` is kept. */
bool holding_open(struct holding *holding, const char *folder);
/* Zeroes are fine. */
void holding_close(struct holding *holding);

/*
 * Each entry that is kept with seq > `after`, oldest first, but for what was taken back; `rest` is
 * called now and then, when nothing is held. Both say false to stop. False on failure: why.
 */
bool holding_walk(struct holding *holding, uint64_t after, store_each *each,
                  bool (*rest)(void *context), void *context);

#endif
