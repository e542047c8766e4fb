/* archive_search.c - archive_search(): the tail, what is not in the index yet, the index. */
#include <assert.h>

#include "archive_inner.h"
#include "clock.h"
#include "store_read.h"

/* A search that has to read texts one by one stops after this, with what it has found. */
#define SEARCH_US_MAX (300 * 1000)

struct searching {
	struct archive *archive;
	struct search_query *query;
	struct slices *out;
	struct wish wish;
	uint64_t deadline_us;
};

static bool is_hit(struct searching *searching, const struct record *entry) {
	return entry->seq <= searching->wish.seq && archive_is_wished(&searching->wish, entry) &&
	       search_query_matches(searching->query, entry->text);
}

/* From the tail: oldest first, so that the newest stay. */
static bool search_tail(void *context, const struct record *entry) {
	struct searching *searching = context;
	if (is_hit(searching, entry)) {
		slices_push(searching->out, entry);
	}
	return entry->seq < searching->wish.seq;
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
	uint64_t to = searching->wish.seq < seq_stored ? searching->wish.seq : seq_stored;
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

/* How many messages of a thread are looked at between two looks at the clock. */
#define THREAD_STEP 256

struct step {
	struct slices slices;
	uint64_t seq; /* the first of them */
};

static bool take_step(void *context, const struct record *entry) {
	struct step *step = context;
	if (step->slices.count == 0) {
		step->seq = entry->seq;
	}
	slices_push(&step->slices, entry);
	return true;
}

/* The messages of a step, newest first. False: enough. */
static bool search_step(struct searching *searching, const struct step *step) {
	bool is_wanted = true;
	for (size_t i = step->slices.count; i > 0 && is_wanted; i--) {
		const struct slices_item *item = slices_at(&step->slices, i - 1);
		struct record entry;
		size_t size = record_decode(&entry, item->bytes, item->size);
		assert(size > 0);
		is_wanted = search_entry(searching, &entry);
	}
	return is_wanted;
}

/* A thread is not in the index; it has a place in log.db of its own. */
static enum store_error search_thread(struct archive *archive, struct searching *searching) {
	struct step step = {.seq = searching->wish.seq + 1};
	enum store_error error = STORE_OK;
	bool is_wanted = !slices_is_full(searching->out);
	if (!slices_init(&step.slices, THREAD_STEP)) {
		return STORE_NO_MEMORY;
	}
	while (error == STORE_OK && is_wanted && step.seq > searching->wish.room) {
		slices_clear(&step.slices);
		error = store_last(archive->store, searching->wish.room, step.seq - 1, THREAD_STEP,
		                   take_step, &step);
		is_wanted = step.slices.count > 0 && search_step(searching, &step);
	}
	slices_finish(&step.slices);
	return error;
}

static bool look_on(void *unused, const struct record *entry) {
	(void)unused;
	(void)entry;
	return true;
}

static enum store_error search_all(struct archive *archive, struct searching *searching,
                                   const struct store_meta *meta) {
	if (!searching->wish.is_thread) {
		return search_store(archive, searching, meta->seq);
	}
	uint64_t seq = searching->wish.seq;
	searching->wish.seq = seq < meta->seq ? seq : meta->seq;
	return search_thread(archive, searching);
}

/* One try. False: the ring was overtaken meanwhile. */
static bool search_once(struct archive *archive, struct searching *searching,
                        enum store_error *error) {
	struct store_meta meta;
	const uint64_t seq = searching->wish.seq;
	slices_clear(searching->out);
	*error = store_meta(archive->store, &meta);
	if (*error == STORE_OK) {
		*error = archive_look_for_thread(archive, &searching->wish);
	}
	if (*error == STORE_OK &&
	    !archive_each_of_tail(archive, &meta, search_tail, searching, searching->out)) {
		return false;
	}
	if (*error == STORE_OK) {
		*error = search_all(archive, searching, &meta);
	}
	searching->wish.seq = seq;
	/* Once more: log.db still has what was taken back since. */
	return *error != STORE_OK ||
	       archive_each_of_tail(archive, &meta, look_on, NULL, searching->out);
}

enum store_error archive_search(struct archive *archive, struct search_query *query, uint64_t room,
                                uint64_t seq, struct slices *out) {
	struct searching searching = {.archive = archive,
	                              .query = query,
	                              .out = out,
	                              .wish = {.room = room, .seq = seq},
	                              .deadline_us = clock_steady_us() + SEARCH_US_MAX};
	enum store_error error = STORE_OK;
	for (int i = 0; i < ARCHIVE_TRIES_MAX; i++) {
		if (search_once(archive, &searching, &error)) {
			return error;
		}
	}
	slices_clear(out); /* Nobody can say what of it was taken back. */
	return STORE_OK;
}
