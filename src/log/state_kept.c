/*
 * Messages that bore a key of their sender's: so that what is sent again, because nobody knows
 * whether it arrived, is kept once. The newest are remembered, each for KEPT_SECONDS.
 */
#include "state_inner.h"

#define KEPT_US (KEPT_SECONDS * UINT64_C(1000000))

static struct kept *kept_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.kept, handle);
}

static uint64_t key_hash(uint64_t key) {
	return hash_number(key ^ state_secret);
}
static uint64_t kept_key_hash(const void *thing) {
	return key_hash(((const struct kept *)thing)->key);
}
static uint64_t kept_seq(const void *thing) {
	return ((const struct kept *)thing)->seq;
}

void kept_init(struct state *state) {
	struct sides *sides = &state->sides;
	pool_init(&sides->kept, sizeof(struct kept));
	table_init(&sides->kept_by_key, &sides->kept, offsetof(struct kept, link), kept_key_hash);
	line_init(&sides->kept_line, &sides->kept, offsetof(struct kept, links), kept_seq);
}

void kept_finish(struct state *state) {
	table_finish(&state->sides.kept_by_key);
	pool_finish(&state->sides.kept);
}

static uint32_t find_kept(const struct state *state, uint64_t key) {
	if (key == 0 || state->sides.kept.count == 0) {
		return 0;
	}
	uint32_t handle = table_first(&state->sides.kept_by_key, key_hash(key));
	while (handle != 0 && kept_at(state, handle)->key != key) {
		handle = table_next(&state->sides.kept_by_key, handle);
	}
	return handle;
}

static struct record row_of_kept(const struct state *state, uint32_t handle) {
	const struct kept *kept = kept_at(state, handle);
	return (struct record){.kind = ROW_KEPT,
	                       .nonce = kept->key,
	                       .number = kept->seq,
	                       .since_us = kept->since_us};
}

static void tell_kept(struct state *state, uint32_t handle, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_kept(state, handle);
		tell(state, &row, is_gone);
	}
}

static void end_kept(struct state *state, uint32_t handle) {
	tell_kept(state, handle, true);
	line_remove(&state->sides.kept_line, handle);
	table_remove(&state->sides.kept_by_key, handle);
	pool_give(&state->sides.kept, handle);
}

static void add_kept(struct state *state, const struct kept *from) {
	uint32_t handle = pool_take(&state->sides.kept);
	*kept_at(state, handle) = *from;
	table_add(&state->sides.kept_by_key, handle);
	line_add(&state->sides.kept_line, handle);
	tell_kept(state, handle, false);
}

static bool is_over(const struct state *state, uint32_t first, uint64_t now_us) {
	return first != 0 && (state->sides.kept.count >= KEPT_MAX ||
	                      kept_at(state, first)->since_us + KEPT_US <= now_us);
}

void note_kept(struct state *state, const struct record *said) {
	if (said->nonce == 0 || find_kept(state, said->nonce) != 0) {
		return;
	}
	uint32_t first = line_first(&state->sides.kept_line);
	while (is_over(state, first, said->time_us)) {
		end_kept(state, first);
		first = line_first(&state->sides.kept_line);
	}
	add_kept(state,
	         &(struct kept){.key = said->nonce, .seq = said->seq, .since_us = said->time_us});
}

uint64_t state_kept(const struct state *state, uint64_t key, uint64_t *since_us) {
	uint32_t handle = find_kept(state, key);
	if (handle == 0) {
		return 0;
	}
	*since_us = kept_at(state, handle)->since_us;
	return kept_at(state, handle)->seq;
}

static void save_kept(const struct saving *saving, uint32_t handle) {
	save_row(saving, row_of_kept(saving->state, handle));
}

void kept_save(const struct saving *saving) {
	save_all(saving, &saving->state->sides.kept_by_key, save_kept);
}

enum state_error load_kept(struct state *state, const struct record *row) {
	if (row->nonce == 0 || row->number == 0 || find_kept(state, row->nonce) != 0 ||
	    state->sides.kept.count >= KEPT_MAX) {
		return STATE_IMPOSSIBLE;
	}
	add_kept(state,
	         &(struct kept){.key = row->nonce, .seq = row->number, .since_us = row->since_us});
	return STATE_OK;
}
