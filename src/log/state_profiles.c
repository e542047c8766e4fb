/*
 * Texts that are kept once, profiles of people: how each is found, made and
 * ended.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "state_inner.h"

/* ---- texts ---- */

static struct text *text_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.texts, handle);
}

struct slice text_of(const struct state *state, uint32_t handle) {
	return handle == 0 ? slice_of(NULL, 0)
	                   : slice_of(text_at(state, handle)->bytes, text_at(state, handle)->size);
}

/* With the state's secret, as bytes come from outside: of two halves, each behind the other's. */
static uint32_t hash_bytes(const struct state *state, struct slice bytes) {
	uint64_t hash;
	memcpy(&hash, state->seed, sizeof(hash));
	for (size_t at = 0; at < bytes.size; at += 8) {
		uint64_t word = 0;
		memcpy(&word, bytes.bytes + at, bytes.size - at < 8 ? bytes.size - at : 8);
		hash = hash_number(hash ^ word) + bytes.size;
	}
	return (uint32_t)hash;
}

static uint32_t take_text(struct state *state, struct slice bytes) {
	if (bytes.size == 0) {
		return 0;
	}
	struct sides *sides = &state->sides;
	uint32_t hash = hash_bytes(state, bytes);
	uint32_t handle = table_first(&sides->texts_by_content, hash);
	while (handle != 0 && (text_at(state, handle)->hash != hash ||
	                       !slice_equal(text_of(state, handle), bytes))) {
		handle = table_next(&sides->texts_by_content, handle);
	}
	if (handle == 0) {
		handle = pool_take(&sides->texts);
		struct text *text = text_at(state, handle);
		text->bytes = allocate(bytes.size);
		memcpy(text->bytes, bytes.bytes, bytes.size);
		text->size = (uint32_t)bytes.size;
		text->hash = hash;
		table_add(&sides->texts_by_content, handle);
	}
	text_at(state, handle)->uses++;
	return handle;
}

static void give_text(struct state *state, uint32_t handle) {
	if (handle != 0 && --text_at(state, handle)->uses == 0) {
		table_remove(&state->sides.texts_by_content, handle);
		free(text_at(state, handle)->bytes);
		pool_give(&state->sides.texts, handle);
	}
}

void set_text(struct state *state, uint32_t *text, struct slice bytes) {
	/* The old one last: the bytes may be its own. */
	uint32_t old = *text;
	*text = take_text(state, bytes);
	give_text(state, old);
}

static uint64_t text_hash(const void *thing) {
	return ((const struct text *)thing)->hash;
}

/* ---- profiles ---- */

static struct profile *profile_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.profiles, handle);
}

static uint64_t profile_person_hash(const void *thing) {
	return hash_number(((const struct profile *)thing)->person);
}

uint32_t find_profile(const struct state *state, uint32_t person) {
	if (state->sides.profiles.count == 0) {
		return 0;
	}
	uint32_t handle = table_first(&state->sides.profiles_by_person, hash_number(person));
	while (handle != 0 && profile_at(state, handle)->person != person) {
		handle = table_next(&state->sides.profiles_by_person, handle);
	}
	return handle;
}

struct record row_of_profile(const struct state *state, uint32_t person) {
	struct record row = {.kind = ROW_PROFILE, .person = person_at(state, person)->id};
	uint32_t handle = find_profile(state, person);
	if (handle != 0) {
		const struct profile *profile = profile_at(state, handle);
		row.userhost = text_of(state, profile->userhost);
		row.text = text_of(state, profile->realname);
		row.other_name = text_of(state, profile->away);
		row.bits = profile->bits;
	}
	return row;
}

static void tell_profile(struct state *state, uint32_t person, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_profile(state, person);
		tell(state, &row, is_gone);
	}
}

bool is_profile_good(const struct record *from) {
	return from->userhost.size <= USERHOST_BYTES_MAX && from->text.size <= REALNAME_BYTES_MAX &&
	       from->other_name.size <= AWAY_BYTES_MAX;
}

static bool is_nothing(const struct record *from) {
	return from->userhost.size == 0 && from->text.size == 0 && from->other_name.size == 0 &&
	       (from->bits & PERSON_BITS) == 0;
}

/* Its bits come (+1), or go (-1). */
static void count_bits(struct state *state, uint32_t bits, int by) {
	if ((bits & PERSON_IS_OPERATOR) != 0) {
		state->sides.operators += (size_t)by;
	}
	if ((bits & PERSON_IS_INVISIBLE) != 0) {
		state->sides.invisible += (size_t)by;
	}
}

void set_profile(struct state *state, uint32_t person, const struct record *from) {
	if (is_nothing(from)) {
		end_profile(state, person);
		return;
	}
	uint32_t handle = find_profile(state, person);
	if (handle == 0) {
		handle = pool_take(&state->sides.profiles);
		profile_at(state, handle)->person = person;
		table_add(&state->sides.profiles_by_person, handle);
	}
	struct profile *profile = profile_at(state, handle);
	set_text(state, &profile->userhost, from->userhost);
	set_text(state, &profile->realname, from->text);
	set_text(state, &profile->away, from->other_name);
	count_bits(state, profile->bits, -1);
	profile->bits = from->bits & PERSON_BITS;
	count_bits(state, profile->bits, +1);
	tell_profile(state, person, false);
}

void end_profile(struct state *state, uint32_t person) {
	uint32_t handle = find_profile(state, person);
	if (handle == 0) {
		return;
	}
	struct profile *profile = profile_at(state, handle);
	tell_profile(state, person, true);
	count_bits(state, profile->bits, -1);
	give_text(state, profile->userhost);
	give_text(state, profile->realname);
	give_text(state, profile->away);
	table_remove(&state->sides.profiles_by_person, handle);
	pool_give(&state->sides.profiles, handle);
}

/* ---- all together ---- */

void profiles_init(struct state *state) {
	struct sides *sides = &state->sides;
	pool_init(&sides->texts, sizeof(struct text));
	pool_init(&sides->profiles, sizeof(struct profile));
	table_init(&sides->texts_by_content, &sides->texts, offsetof(struct text, link), text_hash);
	table_init(&sides->profiles_by_person, &sides->profiles, offsetof(struct profile, link),
	           profile_person_hash);
}

void profiles_finish(struct state *state) {
	struct sides *sides = &state->sides;
	for (uint32_t i = 0; i < sides->texts_by_content.size; i++) {
		for (uint32_t at = *table_bucket(&sides->texts_by_content, i); at != 0;
		     at = table_next(&sides->texts_by_content, at)) {
			free(text_at(state, at)->bytes);
		}
	}
	table_finish(&sides->texts_by_content);
	table_finish(&sides->profiles_by_person);
	pool_finish(&sides->texts);
	pool_finish(&sides->profiles);
}
