#include "holding.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "limits.h"
#include "ring.h"

/* Entries read in one piece. */
#define PIECE_MAX 1000
/* The scribe moves on while we look for the place where the ring joins. */
#define TRIES_MAX 20

static bool fail(struct holding *holding) {
	snprintf(holding->why, sizeof(holding->why), "%s", store_why(holding->store));
	return false;
}

static void *grow(void *bytes, size_t size) {
	bytes = realloc(bytes, size);
	if (bytes == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory is left");
	}
	return bytes;
}

/* ---- the state of log.db ---- */

static bool load_row(void *context, const struct record *row) {
	return state_load_row(context, row) == STATE_OK;
}

static bool load(struct holding *holding) {
	state_destroy(holding->state);
	holding->state = state_create();
	enum store_error error = store_snapshot(holding->store);
	if (error == STORE_OK) {
		error = store_meta(holding->store, &holding->meta);
	}
	if (error == STORE_OK) {
		error = store_rows(holding->store, load_row, holding->state);
	}
	store_release(holding->store);
	if (error == STORE_OK && state_seq(holding->state) != holding->meta.seq) {
		snprintf(holding->why, sizeof(holding->why),
		         "%s/log.db is damaged (its rows make no state)", holding->folder);
		return false;
	}
	return error == STORE_OK || fail(holding);
}

/* ---- what the ring has behind it ---- */

static void keep(struct holding *holding, const struct record *entry, const uint8_t *bytes,
                 size_t size) {
	if (entry->kind == ENTRY_REDACTED && entry->number <= holding->meta.seq) {
		size_t count = holding->taken_back_count++;
		holding->taken_back = grow(holding->taken_back, (count + 1) * sizeof(uint64_t));
		holding->taken_back[count] = entry->number;
	}
	if (record_is_hidden(entry) && !record_is_event(entry)) {
		return;
	}
	if (holding->tail_room - holding->tail_size < size) {
		holding->tail_room = 2 * holding->tail_room + RECORD_BYTES_MAX;
		holding->tail = grow(holding->tail, holding->tail_room);
	}
	memcpy(holding->tail + holding->tail_size, bytes, size);
	holding->tail_size += size;
}

/* False: the ring does not go on there (any more). */
static bool read_tail(struct holding *holding, struct ring *ring) {
	_Alignas(8) static uint8_t bytes[RECORD_BYTES_MAX];
	uint64_t position = holding->meta.ring_position;
	enum ring_result result = RING_LAPPED;
	holding->tail_size = holding->taken_back_count = 0;
	while (holding->meta.ring == ring_id(ring) &&
	       (result = ring_read(ring, &position, bytes)) == RING_OK) {
		struct record record;
		size_t size = record_decode(&record, bytes, sizeof(bytes));
		if (size == 0 || state_apply(holding->state, &record, NULL, NULL) != STATE_OK) {
			return false;
		}
		if (record_is_entry(&record)) {
			keep(holding, &record, bytes, size);
		}
	}
	return result == RING_EMPTY;
}

/* One of this boot; NULL if there is none. */
static struct ring *open_ring(const struct holding *holding) {
	char path[STORE_WHY_BYTES + 4096];
	const char *why;
	snprintf(path, sizeof(path), "%s/ring", holding->folder);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct ring *ring = fd >= 0 && ring_is_trusted(fd, &why) ? ring_open(fd, false) : NULL;
	if (fd >= 0) {
		close(fd);
	}
	return ring;
}

bool holding_open(struct holding *holding, const char *folder) {
	*holding = (struct holding){.folder = folder};
	if (store_open(&holding->store, folder, STORE_READ, holding->why) != STORE_OK) {
		return false;
	}
	struct ring *ring = open_ring(holding);
	bool is_good = false, is_joined = false;
	for (int i = 0; i < TRIES_MAX && !is_joined; i++) {
		is_good = load(holding);
		if (!is_good) {
			break;
		}
		is_joined = ring == NULL || read_tail(holding, ring);
	}
	ring_close(ring);
	if (is_good && !is_joined) {
		snprintf(holding->why, sizeof(holding->why),
		         "the ring of %s does not go on where log.db ends; start the server once",
		         folder);
	}
	return is_joined;
}

void holding_close(struct holding *holding) {
	store_close(holding->store);
	if (holding->state != NULL) {
		state_destroy(holding->state);
	}
	free(holding->tail);
	free(holding->taken_back);
	*holding = (struct holding){0};
}

/* ---- the walk ---- */

struct walk {
	struct holding *holding;
	store_each *each;
	void *context;
	uint64_t after;
	size_t piece;
	bool is_stopped;
};

static bool is_taken_back(const struct holding *holding, uint64_t seq) {
	size_t at = 0;
	while (at < holding->taken_back_count && holding->taken_back[at] != seq) {
		at++;
	}
	return at < holding->taken_back_count;
}

static bool walk_entry(void *context, const struct record *entry) {
	struct walk *walk = context;
	walk->piece++;
	walk->after = entry->seq;
	if (!is_taken_back(walk->holding, entry->seq)) {
		walk->is_stopped = !walk->each(walk->context, entry);
	}
	return !walk->is_stopped;
}

static void walk_tail(struct walk *walk) {
	const struct holding *holding = walk->holding;
	struct record entry;
	for (size_t at = 0; at < holding->tail_size && !walk->is_stopped;) {
		size_t size = record_decode(&entry, holding->tail + at, holding->tail_size - at);
		assert(size > 0);
		at += size;
		if (entry.seq > walk->after) {
			walk->is_stopped = !walk->each(walk->context, &entry);
		}
	}
}

bool holding_walk(struct holding *holding, uint64_t after, store_each *each,
                  bool (*rest)(void *context), void *context) {
	struct walk walk = {.holding = holding, .each = each, .context = context, .after = after};
	do {
		walk.piece = 0;
		if (store_forward(holding->store, walk.after + 1, holding->meta.seq, PIECE_MAX,
		                  walk_entry, &walk) != STORE_OK) {
			return fail(holding);
		}
		walk.is_stopped = walk.is_stopped || !rest(context);
	} while (!walk.is_stopped && walk.piece == PIECE_MAX);
	walk_tail(&walk);
	if (!walk.is_stopped) {
		(void)rest(context);
	}
	return true;
}
