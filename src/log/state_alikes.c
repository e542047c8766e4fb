/* Accounts by what their names look like. */
#include "alike.h"
#include "state_inner.h"

static struct alike *alike_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.alikes, handle);
}

static uint64_t alike_hash(const void *thing) {
	return ((const struct alike *)thing)->hash;
}

static struct slice name_of(const struct state *state, uint32_t account) {
	const struct account *it = pool_at(&state->sides.accounts, account);
	return text_of(state, it->name);
}

void add_alikes(struct state *state, uint32_t account, struct slice name) {
	uint64_t hashes[ALIKE_HASHES_MAX];
	size_t count = alike_filed(name, state->seed, hashes);
	for (size_t i = 0; i < count; i++) {
		uint32_t handle = pool_take(&state->sides.alikes);
		struct alike *alike = alike_at(state, handle);
		alike->hash = hashes[i];
		alike->account = account;
		table_add(&state->sides.accounts_by_skeleton, handle);
	}
}

/* The one with this hash of this account. */
static uint32_t find_alike(const struct state *state, uint64_t hash, uint32_t account) {
	const struct table *table = &state->sides.accounts_by_skeleton;
	uint32_t handle = table_first(table, hash);
	while (handle != 0 && (alike_at(state, handle)->hash != hash ||
	                       alike_at(state, handle)->account != account)) {
		handle = table_next(table, handle);
	}
	return handle;
}

void end_alikes(struct state *state, uint32_t account, struct slice name) {
	uint64_t hashes[ALIKE_HASHES_MAX];
	size_t count = alike_filed(name, state->seed, hashes);
	for (size_t i = 0; i < count; i++) {
		uint32_t handle = find_alike(state, hashes[i], account);
		table_remove(&state->sides.accounts_by_skeleton, handle);
		pool_give(&state->sides.alikes, handle);
	}
}

struct slice state_account_like(const struct state *state, struct slice name) {
	const struct table *table = &state->sides.accounts_by_skeleton;
	uint64_t hashes[ALIKE_HASHES_MAX];
	if (state->sides.alikes.count == 0 || find_account_named(state, name) != 0) {
		return slice_of(NULL, 0);
	}
	size_t count = alike_asked(name, state->seed, hashes);
	for (size_t i = 0; i < count; i++) {
		for (uint32_t handle = table_first(table, hashes[i]); handle != 0;
		     handle = table_next(table, handle)) {
			const struct alike *alike = alike_at(state, handle);
			struct slice other = name_of(state, alike->account);
			if (alike->hash == hashes[i] && name_looks_like(name, other)) {
				return other;
			}
		}
	}
	return slice_of(NULL, 0);
}

void alikes_init(struct state *state) {
	struct sides *sides = &state->sides;
	pool_init(&sides->alikes, sizeof(struct alike));
	table_init(&sides->accounts_by_skeleton, &sides->alikes, offsetof(struct alike, link),
	           alike_hash);
}

void alikes_finish(struct state *state) {
	table_finish(&state->sides.accounts_by_skeleton);
	pool_finish(&state->sides.alikes);
}
