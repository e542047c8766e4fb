/*
 * Rules that few rooms have: where to send whom they do not let in, and how long
 * one waits between two messages; and, while that holds, who spoke when.
 */
#include <assert.h>

#include "state_inner.h"

static struct rules *rules_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.rules, handle);
}
static struct spoken *spoken_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.spoken, handle);
}

static uint64_t rules_room_hash(const void *thing) {
	return hash_number(((const struct rules *)thing)->room);
}
static uint64_t spoken_person_hash(const void *thing) {
	return hash_number(((const struct spoken *)thing)->person);
}
static uint64_t spoken_time(const void *thing) {
	return ((const struct spoken *)thing)->since_us;
}

void rules_init(struct state *state) {
	struct sides *sides = &state->sides;
	pool_init(&sides->rules, sizeof(struct rules));
	pool_init(&sides->spoken, sizeof(struct spoken));
	table_init(&sides->rules_by_room, &sides->rules, offsetof(struct rules, link),
	           rules_room_hash);
	table_init(&sides->spoken_by_person, &sides->spoken, offsetof(struct spoken, link),
	           spoken_person_hash);
}

void rules_finish(struct state *state) {
	struct sides *sides = &state->sides;
	table_finish(&sides->rules_by_room);
	table_finish(&sides->spoken_by_person);
	pool_finish(&sides->rules);
	pool_finish(&sides->spoken);
}

/* ---- who spoke when ---- */

static uint32_t find_spoken(const struct state *state, uint32_t room, uint32_t person) {
	if (state->sides.spoken.count == 0) {
		return 0;
	}
	uint32_t at = table_first(&state->sides.spoken_by_person, hash_number(person));
	while (at != 0 &&
	       (spoken_at(state, at)->person != person || spoken_at(state, at)->room != room)) {
		at = table_next(&state->sides.spoken_by_person, at);
	}
	return at;
}

static struct record row_of_spoken(const struct state *state, uint32_t handle) {
	const struct spoken *spoken = spoken_at(state, handle);
	return (struct record){.kind = ROW_SPOKEN,
	                       .room = room_at(state, spoken->room)->id,
	                       .person = person_at(state, spoken->person)->id,
	                       .since_us = spoken->since_us};
}

static void tell_spoken(struct state *state, uint32_t handle, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_spoken(state, handle);
		tell(state, &row, is_gone);
	}
}

static void end_spoken(struct state *state, struct rules *rules, uint32_t handle) {
	tell_spoken(state, handle, true);
	line_remove(&rules->spoken, handle);
	table_remove(&state->sides.spoken_by_person, handle);
	pool_give(&state->sides.spoken, handle);
}

static void add_spoken(struct state *state, struct rules *rules, uint32_t person,
                       uint64_t since_us) {
	uint32_t handle = pool_take(&state->sides.spoken);
	*spoken_at(state, handle) =
		(struct spoken){.room = rules->room, .person = person, .since_us = since_us};
	table_add(&state->sides.spoken_by_person, handle);
	line_add(&rules->spoken, handle);
	tell_spoken(state, handle, false);
}

/* Whom nothing keeps from speaking again is not remembered. */
static void drop_old(struct state *state, struct rules *rules, uint64_t now_us) {
	uint64_t slow_us = (uint64_t)rules->slow_s * 1000000;
	uint32_t first = line_first(&rules->spoken);
	while (first != 0 && spoken_at(state, first)->since_us + slow_us <= now_us) {
		end_spoken(state, rules, first);
		first = line_first(&rules->spoken);
	}
}

void note_spoken(struct state *state, const struct record *said) {
	uint32_t room = state->sides.rules.count > 0 ? find_room(state, said->room) : 0;
	uint32_t handle = room != 0 ? find_rules(state, room) : 0;
	if (handle == 0 || rules_at(state, handle)->slow_s == 0) {
		return;
	}
	struct rules *rules = rules_at(state, handle);
	drop_old(state, rules, said->time_us);
	uint32_t person = find_person(state, said->person);
	uint32_t member = person != 0 ? find_member(state, room, person) : 0;
	bool is_free = (said->bits & PERSON_IS_OPERATOR) != 0 ||
	               (member != 0 && member_bits(state, member) != 0);
	if (person == 0 || is_free) {
		return;
	}
	uint32_t before = find_spoken(state, room, person);
	if (before != 0) {
		end_spoken(state, rules, before);
	} else if (rules->spoken.count >= SPOKEN_PER_ROOM_MAX) {
		end_spoken(state, rules, line_first(&rules->spoken));
	}
	add_spoken(state, rules, person, said->time_us);
}

void end_spoken_of(struct state *state, uint32_t person) {
	if (state->sides.spoken.count == 0) {
		return;
	}
	uint32_t next, at = table_first(&state->sides.spoken_by_person, hash_number(person));
	for (; at != 0; at = next) {
		next = table_next(&state->sides.spoken_by_person, at);
		if (spoken_at(state, at)->person == person) {
			uint32_t rules = find_rules(state, spoken_at(state, at)->room);
			end_spoken(state, rules_at(state, rules), at);
		}
	}
}

/* ---- rules ---- */

uint32_t find_rules(const struct state *state, uint32_t room) {
	if (state->sides.rules.count == 0) {
		return 0;
	}
	uint32_t handle = table_first(&state->sides.rules_by_room, hash_number(room));
	while (handle != 0 && rules_at(state, handle)->room != room) {
		handle = table_next(&state->sides.rules_by_room, handle);
	}
	return handle;
}

struct record row_of_rules(const struct state *state, uint32_t room) {
	struct record row = {.kind = ROW_RULES, .room = room_at(state, room)->id};
	uint32_t handle = find_rules(state, room);
	if (handle != 0) {
		row.number = rules_at(state, handle)->slow_s;
		row.other_name = text_of(state, rules_at(state, handle)->forward);
	}
	return row;
}

static void tell_rules(struct state *state, uint32_t room, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_rules(state, room);
		tell(state, &row, is_gone);
	}
}

static struct rules *take_rules(struct state *state, uint32_t room) {
	uint32_t handle = find_rules(state, room);
	if (handle == 0) {
		handle = pool_take(&state->sides.rules);
		struct rules *rules = rules_at(state, handle);
		rules->room = room;
		line_init(&rules->spoken, &state->sides.spoken, offsetof(struct spoken, links),
		          spoken_time);
		table_add(&state->sides.rules_by_room, handle);
	}
	return rules_at(state, handle);
}

void end_rules(struct state *state, uint32_t room) {
	uint32_t handle = find_rules(state, room);
	if (handle == 0) {
		return;
	}
	struct rules *rules = rules_at(state, handle);
	while (rules->spoken.count > 0) {
		end_spoken(state, rules, line_first(&rules->spoken));
	}
	tell_rules(state, room, true);
	set_text(state, &rules->forward, slice_of(NULL, 0));
	table_remove(&state->sides.rules_by_room, handle);
	pool_give(&state->sides.rules, handle);
}

void set_rules(struct state *state, uint32_t room, uint32_t slow_s, struct slice forward) {
	if (slow_s == 0 && forward.size == 0) {
		end_rules(state, room);
		return;
	}
	struct rules *rules = take_rules(state, room);
	while (slow_s == 0 && rules->spoken.count > 0) {
		end_spoken(state, rules, line_first(&rules->spoken));
	}
	rules->slow_s = slow_s;
	set_text(state, &rules->forward, forward);
	tell_rules(state, room, false);
}

void redirect_forwards(struct state *state, struct slice from, struct slice to) {
	const struct table *table = &state->sides.rules_by_room;
	for (uint32_t i = 0; state->sides.rules.count > 0 && i < table->size; i++) {
		for (uint32_t at = *table_bucket(table, i); at != 0; at = table_next(table, at)) {
			struct rules *rules = rules_at(state, at);
			if (name_equal(text_of(state, rules->forward), from)) {
				set_text(state, &rules->forward, to);
				tell_rules(state, rules->room, false);
			}
		}
	}
}

uint64_t state_room_spoken_us(const struct state *state, uint64_t room_id, uint64_t person_id) {
	uint32_t room = state->sides.spoken.count > 0 ? find_room(state, room_id) : 0;
	uint32_t person = room != 0 ? find_person(state, person_id) : 0;
	uint32_t handle = person != 0 ? find_spoken(state, room, person) : 0;
	return handle == 0 ? 0 : spoken_at(state, handle)->since_us;
}

/* ---- rows ---- */

static void save_rules(const struct saving *saving, uint32_t handle) {
	save_row(saving, row_of_rules(saving->state, rules_at(saving->state, handle)->room));
}

static void save_spoken(const struct saving *saving, uint32_t handle) {
	save_row(saving, row_of_spoken(saving->state, handle));
}

void rules_save(const struct saving *saving) {
	save_all(saving, &saving->state->sides.rules_by_room, save_rules);
	save_all(saving, &saving->state->sides.spoken_by_person, save_spoken);
}

enum state_error load_rules(struct state *state, const struct record *row) {
	uint32_t room = find_room(state, row->room);
	if (room == 0 || find_rules(state, room) != 0 || row->number > ROOM_SLOW_SECONDS_MAX ||
	    row->other_name.size > ROOM_NAME_BYTES_MAX ||
	    (row->number == 0 && row->other_name.size == 0)) {
		return STATE_IMPOSSIBLE;
	}
	set_rules(state, room, (uint32_t)row->number, row->other_name);
	return STATE_OK;
}

enum state_error load_spoken(struct state *state, const struct record *row) {
	uint32_t room = find_room(state, row->room);
	uint32_t person = find_person(state, row->person);
	uint32_t rules = room != 0 ? find_rules(state, room) : 0;
	if (rules == 0 || person == 0 || rules_at(state, rules)->slow_s == 0 ||
	    rules_at(state, rules)->spoken.count >= SPOKEN_PER_ROOM_MAX ||
	    find_spoken(state, room, person) != 0) {
		return STATE_IMPOSSIBLE;
	}
	add_spoken(state, rules_at(state, rules), person, row->since_us);
	return STATE_OK;
}
