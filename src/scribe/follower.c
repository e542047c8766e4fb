#include "follower.h"

#include <assert.h>
#include <string.h>

#include "diag.h"
#include "pool.h"
#include "store_read.h"
#include "store_redact.h"
#include "store_write.h"

/* ---- from the file ---- */

struct loading {
	struct state *state;
	bool is_wrong;
};

static bool load_row(void *context, const struct record *row) {
	struct loading *loading = context;
	loading->is_wrong = state_load_row(loading->state, row) != STATE_OK;
	return !loading->is_wrong;
}

/* A new state of the file's rows; NULL if they make none. */
static struct state *load_state(struct store *store, enum store_error *error) {
	struct loading loading = {.state = state_create()};
	*error = store_rows(store, load_row, &loading);
	if (*error == STORE_OK && !loading.is_wrong) {
		return loading.state;
	}
	state_destroy(loading.state);
	return NULL;
}

static void clear(struct dirty *dirty) {
	if (dirty->count > 0) {
		memset(dirty, 0, sizeof(*dirty));
	}
}

enum store_error follower_reload(struct follower *follower) {
	enum store_error error = store_meta(follower->store, &follower->meta);
	if (error != STORE_OK) {
		return error;
	}
	struct state *state = load_state(follower->store, &error);
	if (error != STORE_OK) {
		return error;
	}
	if (state == NULL) {
		diag_exit(EXIT_FIX_ME,
		          "log.db is damaged (the rows of the state contradict each other); "
		          "nothing was written to it: put a copy in its place, or move it away to "
		          "begin a new one");
	}
	state_destroy(follower->state);
	follower->state = state;
	follower->position = follower->meta.ring_position;
	follower->check_number = 0;
	clear(&follower->dirty);
	return STORE_OK;
}

enum store_error follower_load(struct follower *follower, struct store *store) {
	*follower = (struct follower){.store = store};
	return follower_reload(follower);
}

void follower_finish(struct follower *follower) {
	state_destroy(follower->state);
	follower->state = NULL;
}

/* ---- a batch ---- */

static void write_row(struct follower *follower, const struct record *row, bool is_gone) {
	if (follower->error == STORE_OK) {
		follower->error = store_put_row(follower->store, row, is_gone);
		follower->rows++;
	}
}

/* A session that ended meanwhile has been dropped already. */
static void write_dirty(struct follower *follower) {
	struct dirty *dirty = &follower->dirty;
	size_t left = dirty->count;
	for (size_t i = 0; left > 0; i++) {
		struct record row;
		if (dirty->slots[i] != 0) {
			left--;
			if (state_session_row(follower->state, dirty->slots[i], &row)) {
				write_row(follower, &row, false);
			}
		}
	}
	clear(dirty);
}

static void note_dirty(struct follower *follower, uint64_t session) {
	struct dirty *dirty = &follower->dirty;
	size_t at = hash_number(session) % (2 * DIRTY_MAX);
	while (dirty->slots[at] != 0 && dirty->slots[at] != session) {
		at = (at + 1) % (2 * DIRTY_MAX);
	}
	if (dirty->slots[at] == 0) {
		dirty->slots[at] = session;
		dirty->count++;
	}
}

static void put_row(void *context, const struct record *row, bool is_gone) {
	struct follower *follower = context;
	if (row->kind == ROW_SESSION && !is_gone) {
		if (follower->dirty.count == DIRTY_MAX) {
			write_dirty(follower);
		}
		note_dirty(follower, row->session);
	} else {
		write_row(follower, row, is_gone);
	}
}

/*
 * An entry that cannot follow the state is a bug of ours. It was seen by
 * everybody, so it is kept; what it was to change is left as it is, and the
 * digests that no longer agree will tell.
 */
static void put_entry(struct follower *follower, const struct record *entry) {
	if (state_apply(follower->state, entry, put_row, follower) != STATE_OK) {
		diag("entry %llu (%s) cannot follow the state; it is kept without effect",
		     (unsigned long long)entry->seq, record_kind_word(entry->kind));
	}
	if (follower->error == STORE_OK) {
		follower->error = store_put_entry(follower->store, entry);
	}
	bool takes_back = entry->kind == ENTRY_REDACTED || entry->kind == ENTRY_ERASED;
	if (follower->error == STORE_OK && takes_back) {
		follower->error = store_take_back(follower->store, entry);
		follower->has_taken_back = true;
		follower->has_erasure |= entry->kind == ENTRY_ERASED;
	}
}

/* What a batch has come to. */
struct progress {
	uint64_t position;
	uint64_t seq;
	uint64_t time_us;
	size_t entries;
	size_t answers;
	bool has_begun;
};

/* Takes the next record of the ring in. False if there is none, or the batch should end here. */
static bool take(struct follower *follower, struct progress *progress) {
	struct record record;
	enum ring_result result = ring_read(follower->ring, &progress->position, follower->record);
	if (result == RING_EMPTY) {
		return false;
	}
	/* The hub never overtakes the scribe, and what it publishes is whole. */
	assert(result == RING_OK);
	size_t size = record_decode(&record, follower->record, sizeof(follower->record));
	assert(size > 0);
	if (!record_is_entry(&record)) {
		progress->answers++;
		follower->check_number = record.kind == ANSWER_CHECK ? record.number : 0;
		return follower->check_number == 0;
	}
	if (!progress->has_begun) {
		follower->error = store_begin(follower->store);
		progress->has_begun = true;
	}
	if (follower->error != STORE_OK) {
		return false;
	}
	put_entry(follower, &record);
	progress->seq = record.seq;
	progress->time_us = record.time_us;
	progress->entries++;
	return follower->error == STORE_OK;
}

/* Numbers are given ahead: half a reserve is always left. */
static bool is_reserve_short(uint64_t seq, uint64_t reserve) {
	return seq + SEQ_RESERVE / 2 >= reserve;
}

static enum store_error commit(struct follower *follower, const struct progress *progress) {
	struct store_meta meta = follower->meta;
	meta.seq = progress->seq;
	meta.time_us = progress->time_us;
	meta.ring_position = progress->position;
	if (is_reserve_short(meta.seq, meta.reserve)) {
		meta.reserve = meta.seq + SEQ_RESERVE;
		follower->is_reserve_new = true;
	}
	enum store_error error = store_commit(follower->store, &meta);
	if (error == STORE_OK) {
		follower->meta = meta;
	}
	return error;
}

/* The file's position must not fall behind what the ring still has. */
static bool is_position_old(const struct follower *follower, uint64_t position) {
	return position - follower->meta.ring_position > ring_capacity(follower->ring) / 16;
}

enum store_error follower_batch(struct follower *follower, size_t most) {
	struct progress progress = {.position = follower->position,
	                            .seq = follower->meta.seq,
	                            .time_us = follower->meta.time_us};
	follower->error = STORE_OK;
	follower->check_number = 0;
	follower->has_taken_back = false;
	while (progress.entries + progress.answers < most && take(follower, &progress)) {
	}
	if (follower->error == STORE_OK && !progress.has_begun &&
	    is_position_old(follower, progress.position)) {
		follower->error = store_begin(follower->store);
		progress.has_begun = true;
	}
	write_dirty(follower);
	if (follower->error == STORE_OK && progress.has_begun) {
		follower->error = commit(follower, &progress);
	}
	if (follower->error == STORE_OK) {
		follower->position = progress.position;
		follower->entries += progress.entries;
		follower->answers += progress.answers;
	}
	return follower->error;
}

bool follower_has_more(const struct follower *follower) {
	return ring_head(follower->ring) != follower->position;
}

bool follower_wants_reserve(const struct follower *follower) {
	return is_reserve_short(follower->meta.seq, follower->meta.reserve);
}

enum store_error follower_store_meta(struct follower *follower, const struct store_meta *meta) {
	enum store_error error = store_begin(follower->store);
	if (error == STORE_OK) {
		error = store_commit(follower->store, meta);
	}
	if (error == STORE_OK) {
		follower->meta = *meta;
	}
	return error;
}

uint64_t follower_digest(struct follower *follower) {
	enum store_error error;
	uint64_t digest = state_digest(follower->state);
	struct state *state = load_state(follower->store, &error);
	if (state == NULL || state_digest(state) != digest ||
	    state_seq(state) != state_seq(follower->state)) {
		diag("the rows of log.db do not make the state that the entries made");
		digest = ~digest;
	}
	state_destroy(state);
	return digest;
}
