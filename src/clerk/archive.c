#include "archive.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "limits.h"
#include "store_read.h"

/* A search that has to read texts one by one stops after this, with what it has found. */
#define SEARCH_US_MAX (300 * 1000)

/* Tries to get rows that the ring still continues; the scribe is never far behind. */
#define TRIES_MAX 10

/* ---- the tail: what the ring has behind S ---- */

/* Each entry behind the position; false if the ring was overtaken meanwhile. */
static bool each_of_tail(const struct archive *archive, const struct store_meta *meta,
                         store_each *each, void *context) {
	_Alignas(8) static uint8_t bytes[RECORD_BYTES_MAX];
	uint64_t position = meta->ring_position;
	if (meta->ring != ring_id(archive->ring)) {
		return false;
	}
	enum ring_result result;
	while ((result = ring_read(archive->ring, &position, bytes)) == RING_OK) {
		struct record record;
		size_t size = record_decode(&record, bytes, sizeof(bytes));
		assert(size > 0);
		if (record_is_entry(&record) && !record_is_hidden(&record) &&
		    !each(context, &record)) {
			break;
		}
	}
	return result == RING_OK || result == RING_EMPTY;
}

/* ---- the state ---- */

struct writing {
	int fd;
	size_t size;
	bool has_failed;
	_Alignas(8) uint8_t bytes[128 * 1024];
};

static void flush(struct writing *writing) {
	size_t done = 0;
	while (done < writing->size && !writing->has_failed) {
		ssize_t wrote = write(writing->fd, writing->bytes + done, writing->size - done);
		if (wrote > 0) {
			done += (size_t)wrote;
		} else {
			writing->has_failed = errno != EINTR;
		}
	}
	writing->size = 0;
}

static bool write_row(void *context, const struct record *row) {
	struct writing *writing = context;
	if (sizeof(writing->bytes) - writing->size < RECORD_BYTES_MAX) {
		flush(writing);
	}
	size_t size = record_encode(row, writing->bytes + writing->size,
	                            sizeof(writing->bytes) - writing->size);
	assert(size > 0);
	writing->size += size;
	return !writing->has_failed;
}

/* Rows and position of one moment into the file. */
static enum store_error write_rows(struct archive *archive, int fd, struct store_meta *meta) {
	static struct writing writing;
	writing.fd = fd;
	writing.size = 0;
	writing.has_failed = false;
	enum store_error error = store_snapshot(archive->store);
	if (error == STORE_OK) {
		error = store_meta(archive->store, meta);
	}
	if (error == STORE_OK) {
		error = store_rows(archive->store, write_row, &writing);
	}
	store_release(archive->store);
	flush(&writing);
	return writing.has_failed ? STORE_NO_MEMORY : error;
}

/* What was handed over cannot be changed any more, by nobody. */
static int seal(int fd) {
	return fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
}

int archive_state(struct archive *archive, uint64_t *seq, uint64_t *position,
                  char why[static STORE_WHY_BYTES]) {
	for (int i = 0; i < TRIES_MAX; i++) {
		struct store_meta meta;
		int fd = memfd_create("rows", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (fd < 0) {
			snprintf(why, STORE_WHY_BYTES, "no memory for the state: %s",
			         strerror(errno));
			return -1;
		}
		enum store_error error = write_rows(archive, fd, &meta);
		if (error != STORE_OK || seal(fd) != 0) {
			snprintf(why, STORE_WHY_BYTES, "cannot read the state: %s",
			         error == STORE_NO_MEMORY ? store_strerror(error)
			                                  : store_why(archive->store));
			close(fd);
			return -1;
		}
		if (meta.ring == ring_id(archive->ring) &&
		    meta.ring_position >= ring_low(archive->ring)) {
			*seq = meta.seq;
			*position = meta.ring_position;
			return fd;
		}
		close(fd);
	}
	snprintf(why, STORE_WHY_BYTES, "the ring does not go on where log.db ends");
	return -1;
}

/* ---- slices ---- */

struct choosing {
	struct slices *out;
	uint64_t room, seq;
	bool is_from_front;
};

static bool is_of_room(const struct record *entry, uint64_t room) {
	return room == 0 ? !record_is_hidden(entry) : store_is_shown(entry, room);
}

static bool choose_last(void *context, const struct record *entry) {
	struct choosing *choosing = context;
	if (entry->seq > choosing->seq) {
		return false;
	}
	if (is_of_room(entry, choosing->room)) {
		slices_push(choosing->out, entry);
	}
	return true;
}

static bool choose_backward(void *context, const struct record *entry) {
	struct choosing *choosing = context;
	slices_push_front(choosing->out, entry);
	return true;
}

/*
 * Does the reading in one moment of log.db and the ring; once more, should the
 * scribe have moved on so far meanwhile that the ring no longer joins.
 */
static enum store_error in_one_moment(struct archive *archive,
                                      enum store_error (*read)(struct archive *archive,
                                                               void *context),
                                      void *context, store_each *each_tail, struct slices *out) {
	enum store_error error = STORE_OK;
	for (int i = 0; i < TRIES_MAX; i++) {
		struct store_meta meta;
		slices_clear(out);
		error = store_snapshot(archive->store);
		if (error == STORE_OK) {
			error = store_meta(archive->store, &meta);
		}
		if (error == STORE_OK) {
			error = read(archive, context);
		}
		store_release(archive->store);
		if (error != STORE_OK || each_of_tail(archive, &meta, each_tail, context)) {
			break;
		}
	}
	return error;
}

static enum store_error read_last(struct archive *archive, void *context) {
	struct choosing *choosing = context;
	if (choosing->room == 0) {
		return store_backward(archive->store, 0, choosing->seq, choosing->out->most,
		                      choose_backward, choosing);
	}
	return store_last(archive->store, choosing->room, choosing->seq, choosing->out->most,
	                  choose_last, choosing);
}

enum store_error archive_last(struct archive *archive, uint64_t room, uint64_t seq,
                              struct slices *out) {
	struct choosing choosing = {.out = out, .room = room, .seq = seq};
	return in_one_moment(archive, read_last, &choosing, choose_last, out);
}

static bool choose_next(void *context, const struct record *entry) {
	struct choosing *choosing = context;
	if (!slices_is_full(choosing->out) && entry->seq > choosing->seq &&
	    is_of_room(entry, choosing->room)) {
		slices_push(choosing->out, entry);
	}
	return !slices_is_full(choosing->out);
}

static enum store_error read_next(struct archive *archive, void *context) {
	struct choosing *choosing = context;
	return store_forward(archive->store, choosing->seq + 1, UINT64_MAX, SIZE_MAX, choose_next,
	                     choosing);
}

enum store_error archive_next(struct archive *archive, uint64_t room, uint64_t seq,
                              struct slices *out) {
	struct choosing choosing = {.out = out, .room = room, .seq = seq};
	return in_one_moment(archive, read_next, &choosing, choose_next, out);
}

/* ---- searching ---- */

struct searching {
	struct archive *archive;
	struct search_query *query;
	struct slices *out;
	uint64_t room, seq;
	uint64_t deadline_us;
};

static bool is_hit(const struct searching *searching, const struct record *entry) {
	return entry->seq <= searching->seq && is_of_room(entry, searching->room) &&
	       search_query_matches(searching->query, entry->text);
}

/* From the tail: oldest first, so that the newest stay. */
static bool search_tail(void *context, const struct record *entry) {
	struct searching *searching = context;
	if (is_hit(searching, entry)) {
		slices_push(searching->out, entry);
	}
	return entry->seq < searching->seq;
}

/* From log.db: newest first, until there are enough. */
static bool search_entry(void *context, const struct record *entry) {
	struct searching *searching = context;
	if (is_hit(searching, entry)) {
		slices_push_front(searching->out, entry);
	}
	return !slices_is_full(searching->out) && clock_steady_us() < searching->deadline_us;
}

static bool search_candidate(void *context, uint64_t seq) {
	struct searching *searching = context;
	if (store_forward(searching->archive->store, seq, seq, 1, search_entry, searching) !=
	    STORE_OK) {
		return false;
	}
	return !slices_is_full(searching->out) && clock_steady_us() < searching->deadline_us;
}

/* What is not in the index one by one, then what the index offers. */
static enum store_error search_store(struct archive *archive, struct searching *searching,
                                     uint64_t seq_stored) {
	uint64_t indexed = 0;
	bool has_index = archive->search != NULL &&
	                 search_query_expression(searching->query) != NULL &&
	                 search_seq(archive->search, &indexed) == STORE_OK;
	uint64_t to = searching->seq < seq_stored ? searching->seq : seq_stored;
	enum store_error error = STORE_OK;
	if (!slices_is_full(searching->out) && to > indexed) {
		error = store_backward(archive->store, indexed + 1, to, SIZE_MAX, search_entry,
		                       searching);
	}
	if (error == STORE_OK && has_index && !slices_is_full(searching->out)) {
		error = search_find(archive->search, searching->query, 0,
		                    to < indexed ? to : indexed, search_candidate, searching);
	}
	return error;
}

enum store_error archive_search(struct archive *archive, struct search_query *query, uint64_t room,
                                uint64_t seq, struct slices *out) {
	struct searching searching = {.archive = archive,
	                              .query = query,
	                              .out = out,
	                              .room = room,
	                              .seq = seq,
	                              .deadline_us = clock_steady_us() + SEARCH_US_MAX};
	struct store_meta meta;
	enum store_error error = STORE_OK;
	for (int i = 0; i < TRIES_MAX; i++) {
		slices_clear(out);
		error = store_meta(archive->store, &meta);
		if (error != STORE_OK || each_of_tail(archive, &meta, search_tail, &searching)) {
			break;
		}
	}
	return error == STORE_OK ? search_store(archive, &searching, meta.seq) : error;
}
