#include "past.h"

#include <assert.h>
#include <errno.h>
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

static bool fail(struct past *past) {
	snprintf(past->why, sizeof(past->why), "%s", store_why(past->store));
	return false;
}

static void *grow(void *bytes, size_t size) {
	bytes = realloc(bytes, size);
	if (bytes == NULL) {
		diag_exit(1, "no memory is left");
	}
	return bytes;
}

/* ---- the tail ---- */

static void keep_in_tail(struct past *past, const uint8_t *bytes, size_t size) {
	struct record record;
	size_t decoded = record_decode(&record, bytes, size);
	if (decoded == 0 || !record_is_entry(&record) || record_is_hidden(&record)) {
		return;
	}
	if (record.kind == ENTRY_ROOM_MADE) {
		/* Known already, if the ring is read once more. */
		(void)state_load_row(past->rooms, &(struct record){.kind = ROW_ROOM,
		                                                   .room = record.seq,
		                                                   .name = record.name});
	} else if (record.kind == ENTRY_ROOM_RENAMED) {
		(void)state_apply(past->rooms, &record, NULL, NULL);
	}
	if (past->tail_room - past->tail_size < decoded) {
		past->tail_room = 2 * past->tail_room + RECORD_BYTES_MAX;
		past->tail = grow(past->tail, past->tail_room);
	}
	memcpy(past->tail + past->tail_size, bytes, decoded);
	past->tail_size += decoded;
}

/* All of the ring behind what log.db has. False: it has gone on meanwhile, look again. */
static bool read_tail(struct past *past, struct ring *ring, const struct store_meta *meta) {
	_Alignas(8) static uint8_t bytes[RECORD_BYTES_MAX];
	uint64_t position = meta->ring_position;
	past->tail_size = 0;
	if (meta->ring != ring_id(ring)) {
		return false;
	}
	enum ring_result result;
	while ((result = ring_read(ring, &position, bytes)) == RING_OK) {
		keep_in_tail(past, bytes, sizeof(bytes));
	}
	return result == RING_EMPTY;
}

/* The ring in the folder, if it is one of this boot; NULL otherwise, and whether that matters. */
static struct ring *open_ring(struct past *past) {
	char path[sizeof(past->folder) + 8];
	const char *why;
	snprintf(path, sizeof(path), "%s/ring", past->folder);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		past->tail_trouble = errno == ENOENT ? NULL : strerror(errno);
		return NULL;
	}
	struct ring *ring = NULL;
	if (ring_is_trusted(fd, &why)) {
		ring = ring_open(fd, false);
		past->tail_trouble = ring == NULL ? strerror(errno) : NULL;
	}
	close(fd);
	return ring;
}

static bool find_end(struct past *past) {
	struct store_meta meta;
	struct ring *ring = open_ring(past);
	bool is_joined = false;
	for (int i = 0; i < TRIES_MAX && !is_joined; i++) {
		if (store_meta(past->store, &meta) != STORE_OK) {
			ring_close(ring);
			return fail(past);
		}
		is_joined = ring == NULL || read_tail(past, ring, &meta);
	}
	if (!is_joined) {
		past->tail_trouble = "it does not go on where log.db ends";
		past->tail_size = 0;
	}
	past->seq = meta.seq;
	ring_close(ring);
	return true;
}

/* ---- opening ---- */

static bool load_room(void *context, const struct record *row) {
	if (row->kind == ROW_META || row->kind == ROW_ROOM) {
		(void)state_load_row(context, row);
	}
	return row->kind <= ROW_ROOM;
}

bool past_open(struct past *past, const char *folder) {
	*past = (struct past){0};
	int wrote = snprintf(past->folder, sizeof(past->folder), "%s", folder);
	if (wrote < 0 || (size_t)wrote >= sizeof(past->folder)) {
		snprintf(past->why, sizeof(past->why), "the path of the data folder is too long");
		return false;
	}
	if (store_open(&past->store, folder, STORE_READ, past->why) != STORE_OK) {
		return false;
	}
	past->rooms = state_create();
	if (store_rows(past->store, load_room, past->rooms) != STORE_OK) {
		return fail(past);
	}
	return find_end(past);
}

void past_close(struct past *past) {
	store_close(past->store);
	state_destroy(past->rooms);
	free(past->tail);
	*past = (struct past){0};
}

/* ---- choosing ---- */

/* A name, and what came of comparing it. */
struct compared {
	char bytes[NAME_BYTES_MAX];
	size_t size;
	bool is_it;
};

struct walk {
	struct past *past;
	const struct wanted_entries *wanted;
	store_each *each;
	bool (*rest)(void *context);
	void *context;
	bool is_stopped;
	uint64_t from;  /* the first entry that is young enough */
	uint64_t next;  /* the next piece begins here (or before here, backwards) */
	size_t piece;   /* entries of the present piece */
	uint64_t *seqs; /* chosen, newest first */
	size_t seqs_count, seqs_room;
	/* The last name that was compared: mostly the next one's as well. */
	struct compared by, direct;
};

static bool is_name(struct compared *last, struct slice name, const struct name_key *wanted) {
	struct name_key key;
	if (name.size == 0 || name.size > sizeof(last->bytes)) {
		return false;
	}
	if (!slice_equal(name, slice_of(last->bytes, last->size))) {
		last->is_it = name_key(name, &key) == NAME_OK && name_key_equal(&key, wanted);
		last->size = name.size;
		memcpy(last->bytes, name.bytes, name.size);
	}
	return last->is_it;
}

/* Direct messages are shown only when they are asked for, and then nothing else is. */
static bool is_of_whom(struct walk *walk, const struct record *entry) {
	const struct wanted_entries *wanted = walk->wanted;
	if (!wanted->is_direct) {
		return !record_is_direct(entry) &&
		       (wanted->room == 0 || store_is_shown(entry, wanted->room));
	}
	return record_is_direct(entry) &&
	       (is_name(&walk->direct, entry->name, &wanted->direct) ||
	        is_name(&walk->direct, entry->other_name, &wanted->direct));
}

static bool is_by(struct walk *walk, const struct record *entry) {
	const struct name_key *by = &walk->wanted->by;
	/* Whom a direct message is for has not said it. */
	return is_name(&walk->by, entry->name, by) ||
	       (!record_is_direct(entry) && is_name(&walk->by, entry->other_name, by));
}

static bool is_wanted(struct walk *walk, const struct record *entry) {
	const struct wanted_entries *wanted = walk->wanted;
	return !record_is_hidden(entry) && entry->time_us >= wanted->since_us &&
	       is_of_whom(walk, entry) && (!wanted->has_by || is_by(walk, entry)) &&
	       (wanted->search == NULL || search_query_matches(wanted->search, entry->text));
}

/* ---- everything, forwards ---- */

static bool walk_entry(void *context, const struct record *entry) {
	struct walk *walk = context;
	walk->piece++;
	walk->next = entry->seq + 1;
	if (is_wanted(walk, entry)) {
		walk->is_stopped = !walk->each(walk->context, entry);
	}
	return !walk->is_stopped;
}

static bool walk_all(struct walk *walk) {
	struct past *past = walk->past;
	walk->next = walk->from;
	do {
		walk->piece = 0;
		if (store_forward(past->store, walk->next, past->seq, PIECE_MAX, walk_entry,
		                  walk) != STORE_OK) {
			return fail(past);
		}
		walk->is_stopped = walk->is_stopped || !walk->rest(walk->context);
	} while (!walk->is_stopped && walk->piece == PIECE_MAX);
	return true;
}

/* ---- the last ones, and what is searched: first which, then them ---- */

/* The tail's entries, one after the other: the next one's bytes, NULL at the end. */
static const uint8_t *tail_next(const struct past *past, const uint8_t *at, struct record *entry) {
	if (at >= past->tail + past->tail_size || past->tail_size == 0) {
		return NULL;
	}
	size_t size = record_decode(entry, at, (size_t)(past->tail + past->tail_size - at));
	assert(size > 0);
	return at + size;
}

static size_t count_in_tail(struct walk *walk) {
	struct record entry;
	size_t count = 0;
	const uint8_t *at = walk->past->tail;
	while ((at = tail_next(walk->past, at, &entry)) != NULL) {
		count += is_wanted(walk, &entry);
	}
	return count;
}

static bool has_enough(const struct walk *walk, size_t in_tail) {
	return walk->wanted->has_last && walk->seqs_count + in_tail >= walk->wanted->last;
}

static void choose(struct walk *walk, uint64_t seq) {
	if (walk->seqs_count == walk->seqs_room) {
		walk->seqs_room = 2 * walk->seqs_room + 1024;
		walk->seqs = grow(walk->seqs, walk->seqs_room * sizeof(*walk->seqs));
	}
	walk->seqs[walk->seqs_count++] = seq;
}

struct choosing {
	struct walk *walk;
	size_t in_tail;
	enum store_error error;
};

static bool choose_entry(void *context, const struct record *entry) {
	struct choosing *choosing = context;
	choosing->walk->piece++;
	choosing->walk->next = entry->seq;
	if (is_wanted(choosing->walk, entry)) {
		choose(choosing->walk, entry->seq);
	}
	return !has_enough(choosing->walk, choosing->in_tail);
}

/* One by one, newest first, down to `from`. */
static bool choose_backward(struct choosing *choosing, uint64_t from) {
	struct walk *walk = choosing->walk;
	walk->next = walk->past->seq + 1;
	do {
		walk->piece = 0;
		if (has_enough(walk, choosing->in_tail) || walk->next <= from) {
			break;
		}
		if (store_backward(walk->past->store, from, walk->next - 1, PIECE_MAX, choose_entry,
		                   choosing) != STORE_OK) {
			return fail(walk->past);
		}
	} while (walk->piece == PIECE_MAX);
	return true;
}

static bool choose_candidate(void *context, uint64_t seq) {
	struct choosing *choosing = context;
	choosing->error =
		store_forward(choosing->walk->past->store, seq, seq, 1, choose_entry, choosing);
	return choosing->error == STORE_OK && !has_enough(choosing->walk, choosing->in_tail);
}

/*
 * What the index has is taken from it, the rest one by one; without an index
 * that can be used, everything.
 */
static bool choose_searched(struct choosing *choosing) {
	struct walk *walk = choosing->walk;
	struct search *search;
	uint64_t indexed = 0;
	char why[STORE_WHY_BYTES];
	/* Direct messages are not in the index. */
	if (walk->wanted->is_direct || search_query_expression(walk->wanted->search) == NULL ||
	    search_open(&search, walk->past->folder, STORE_READ, walk->past->store, why) !=
	            STORE_OK) {
		return choose_backward(choosing, walk->from);
	}
	enum store_error error = search_seq(search, &indexed);
	if (error == STORE_OK && indexed > walk->past->seq) {
		indexed = walk->past->seq;
	}
	uint64_t unindexed = indexed + 1 > walk->from ? indexed + 1 : walk->from;
	bool is_good = error != STORE_OK || choose_backward(choosing, unindexed);
	if (is_good && error == STORE_OK && !has_enough(walk, choosing->in_tail)) {
		error = search_find(search, walk->wanted->search, walk->from, indexed,
		                    choose_candidate, choosing);
	}
	search_close(search);
	if (choosing->error != STORE_OK) {
		return fail(walk->past);
	}
	if (is_good && error != STORE_OK) {
		/* It is damaged after all: as if there were none. */
		walk->seqs_count = 0;
		return choose_backward(choosing, walk->from);
	}
	return is_good;
}

static bool walk_chosen(struct walk *walk) {
	struct past *past = walk->past;
	for (size_t i = walk->seqs_count; i > 0 && !walk->is_stopped; i--) {
		uint64_t seq = walk->seqs[i - 1];
		if (store_forward(past->store, seq, seq, 1, walk_entry, walk) != STORE_OK) {
			return fail(past);
		}
		if (i % PIECE_MAX == 0) {
			walk->is_stopped = walk->is_stopped || !walk->rest(walk->context);
		}
	}
	return true;
}

static bool walk_last_or_searched(struct walk *walk, size_t in_tail) {
	struct choosing choosing = {.walk = walk, .in_tail = in_tail};
	bool is_good = walk->wanted->search != NULL ? choose_searched(&choosing)
	                                            : choose_backward(&choosing, walk->from);
	return is_good && walk_chosen(walk);
}

/* ---- the walk ---- */

static void walk_tail(struct walk *walk, size_t skipped) {
	struct record entry;
	const uint8_t *at = walk->past->tail;
	while (!walk->is_stopped && (at = tail_next(walk->past, at, &entry)) != NULL) {
		if (!is_wanted(walk, &entry)) {
			continue;
		}
		if (skipped > 0) {
			skipped--;
			continue;
		}
		walk->is_stopped = !walk->each(walk->context, &entry);
	}
}

bool past_walk(struct past *past, const struct wanted_entries *wanted, store_each *each,
               bool (*rest)(void *context), void *context) {
	struct walk walk = {
		.past = past, .wanted = wanted, .each = each, .rest = rest, .context = context};
	if (store_seq_since(past->store, wanted->since_us, &walk.from) != STORE_OK) {
		return fail(past);
	}
	size_t in_tail = wanted->has_last ? count_in_tail(&walk) : 0;
	bool is_good = wanted->has_last || wanted->search != NULL
	                       ? walk_last_or_searched(&walk, in_tail)
	                       : walk_all(&walk);
	free(walk.seqs);
	if (!is_good) {
		return false;
	}
	bool is_too_much = wanted->has_last && in_tail > wanted->last;
	walk_tail(&walk, is_too_much ? in_tail - wanted->last : 0);
	if (!walk.is_stopped) {
		rest(context);
	}
	return true;
}
