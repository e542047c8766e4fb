/*
 * Rooms, who is in them, and the conversations of two; how each is found, made
 * and ended. What that means is state.c's.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "state_inner.h"

static uint64_t room_id_hash(const void *thing) {
	return hash_number(((const struct room *)thing)->id);
}
static uint64_t room_name_hash(const void *thing) {
	return ((const struct room *)thing)->name_hash;
}
static uint64_t room_empty_seq(const void *thing) {
	return ((const struct room *)thing)->empty_seq;
}
static uint64_t since_member_hash(const void *thing) {
	return hash_number(((const struct since *)thing)->member);
}
static uint64_t thread_id_hash(const void *thing) {
	return hash_number(((const struct thread *)thing)->id);
}
static uint64_t pair_hash(uint32_t person, uint32_t other) {
	uint64_t low = person < other ? person : other;
	uint64_t high = person < other ? other : person;
	return hash_number(high << 32 | low);
}
static uint64_t thread_pair_hash(const void *thing) {
	const struct thread *thread = thing;
	return pair_hash(thread->ends[0].person, thread->ends[1].person);
}
static uint64_t talker_person_hash(const void *thing) {
	return hash_number(((const struct talker *)thing)->person);
}

void rooms_init(struct state *state) {
	pool_init(&state->members, sizeof(struct member));
	pool_init(&state->sinces, sizeof(struct since));
	pool_init(&state->rooms, sizeof(struct room));
	pool_init(&state->threads, sizeof(struct thread));
	pool_init(&state->talkers, sizeof(struct talker));
	table_init(&state->rooms_by_id, &state->rooms, offsetof(struct room, link_id),
	           room_id_hash);
	table_init(&state->rooms_by_name, &state->rooms, offsetof(struct room, link_name),
	           room_name_hash);
	table_init(&state->sinces_by_member, &state->sinces, offsetof(struct since, link),
	           since_member_hash);
	table_init(&state->threads_by_id, &state->threads, offsetof(struct thread, link_id),
	           thread_id_hash);
	table_init(&state->threads_by_pair, &state->threads, offsetof(struct thread, link_pair),
	           thread_pair_hash);
	table_init(&state->talkers_by_person, &state->talkers, offsetof(struct talker, link),
	           talker_person_hash);
	for (size_t i = 0; i < 3; i++) {
		line_init(&state->empty_rooms[i], &state->rooms, offsetof(struct room, links),
		          room_empty_seq);
	}
	add_room(state, ROOM_LOBBY, slice_from_string("#lobby"), &(struct record){0});
}

static void free_room(struct room *room) {
	free(room->members);
	free(room->at_home);
}

void rooms_finish(struct state *state) {
	for (uint32_t i = 0; i < state->rooms_by_id.size; i++) {
		for (uint32_t handle = *table_bucket(&state->rooms_by_id, i); handle != 0;
		     handle = table_next(&state->rooms_by_id, handle)) {
			free_room(room_at(state, handle));
		}
	}
	table_finish(&state->rooms_by_id);
	table_finish(&state->rooms_by_name);
	table_finish(&state->sinces_by_member);
	table_finish(&state->threads_by_id);
	table_finish(&state->threads_by_pair);
	table_finish(&state->talkers_by_person);
	pool_finish(&state->members);
	pool_finish(&state->sinces);
	pool_finish(&state->rooms);
	pool_finish(&state->threads);
	pool_finish(&state->talkers);
}

/* ---- finding ---- */

uint32_t find_room(const struct state *state, uint64_t id) {
	uint32_t handle = table_first(&state->rooms_by_id, hash_number(id));
	while (handle != 0 && room_at(state, handle)->id != id) {
		handle = table_next(&state->rooms_by_id, handle);
	}
	return handle;
}

uint32_t find_room_named(const struct state *state, struct slice name) {
	struct name_key key, other;
	if (name_key(name, &key) != NAME_OK) {
		return 0;
	}
	uint32_t hash = name_hash_of(state, &key);
	uint32_t handle = table_first(&state->rooms_by_name, hash);
	for (; handle != 0; handle = table_next(&state->rooms_by_name, handle)) {
		const struct room *room = room_at(state, handle);
		if (room->name_hash == hash &&
		    name_key(slice_of(room->name, room->name_bytes), &other) == NAME_OK &&
		    name_key_equal(&key, &other)) {
			break;
		}
	}
	return handle;
}

uint32_t find_member(const struct state *state, uint32_t room, uint32_t person) {
	uint32_t handle = person_at(state, person)->members;
	while (handle != 0 && member_at(state, handle)->room != room) {
		handle = member_at(state, handle)->next_of_person;
	}
	return handle;
}

static uint32_t find_since(const struct state *state, uint32_t member) {
	uint32_t handle = table_first(&state->sinces_by_member, hash_number(member));
	while (handle != 0 && since_at(state, handle)->member != member) {
		handle = table_next(&state->sinces_by_member, handle);
	}
	return handle;
}

uint64_t member_since(const struct state *state, uint32_t handle) {
	const struct member *member = member_at(state, handle);
	return member->has_since ? since_at(state, find_since(state, handle))->seq
	                         : person_at(state, member->person)->id;
}

uint32_t find_thread(const struct state *state, uint64_t id) {
	uint32_t handle = table_first(&state->threads_by_id, hash_number(id));
	while (handle != 0 && thread_at(state, handle)->id != id) {
		handle = table_next(&state->threads_by_id, handle);
	}
	return handle;
}

uint32_t find_thread_of(const struct state *state, uint32_t person, uint32_t other) {
	uint32_t handle = table_first(&state->threads_by_pair, pair_hash(person, other));
	for (; handle != 0; handle = table_next(&state->threads_by_pair, handle)) {
		const struct thread_end *ends = thread_at(state, handle)->ends;
		if ((ends[0].person == person && ends[1].person == other) ||
		    (ends[0].person == other && ends[1].person == person)) {
			break;
		}
	}
	return handle;
}

uint32_t find_talker(const struct state *state, uint32_t person) {
	uint32_t handle = table_first(&state->talkers_by_person, hash_number(person));
	while (handle != 0 && talker_at(state, handle)->person != person) {
		handle = table_next(&state->talkers_by_person, handle);
	}
	return handle;
}

/* ---- telling ---- */

static void tell_member(struct state *state, uint32_t handle, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_member(state, handle);
		tell(state, &row, is_gone);
	}
}

/* The lobby is there without a row. */
static void tell_room(struct state *state, const struct room *room, bool is_gone) {
	if (state->changed != NULL && room->id != ROOM_LOBBY) {
		struct record row = row_of_room(room);
		tell(state, &row, is_gone);
	}
}

static void tell_thread(struct state *state, const struct thread *thread, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_thread(state, thread);
		tell(state, &row, is_gone);
	}
}

/* ---- rooms ---- */

/* The line in which it stands while it is empty. */
static struct line *line_of(struct state *state, const struct room *room) {
	return &state->empty_rooms[room->is_registered ? 2 : room->said_seq != 0];
}

static void set_room_name(const struct state *state, struct room *room, struct slice name) {
	struct name_key key;
	assert(name.size <= ROOM_NAME_BYTES_MAX);
	room->name_bytes = (uint8_t)name.size;
	memcpy(room->name, name.bytes, name.size);
	room->name_hash = name_key(name, &key) == NAME_OK ? name_hash_of(state, &key) : 0;
}

uint32_t add_room(struct state *state, uint64_t id, struct slice name, const struct record *from) {
	uint32_t handle = pool_take(&state->rooms);
	struct room *room = room_at(state, handle);
	room->id = id;
	room->made_us = from->since_us;
	room->said_seq = from->target;
	room->empty_seq = from->number;
	room->renamed_us = from->until_us;
	set_room_name(state, room, name);
	room->at_home = allocate(EDGES_MAX * sizeof(uint32_t));
	memset(room->at_home, 0, EDGES_MAX * sizeof(uint32_t));
	table_add(&state->rooms_by_id, handle);
	table_add(&state->rooms_by_name, handle);
	if (room->empty_seq != 0) {
		line_add(line_of(state, room), handle);
	}
	tell_room(state, room, false);
	return handle;
}

void rename_room(struct state *state, uint32_t handle, struct slice name, uint64_t time_us) {
	struct room *room = room_at(state, handle);
	redirect_forwards(state, slice_of(room->name, room->name_bytes), name);
	table_remove(&state->rooms_by_name, handle);
	set_room_name(state, room, name);
	room->renamed_us = time_us;
	table_add(&state->rooms_by_name, handle);
	tell_room(state, room, false);
}

void end_room(struct state *state, uint32_t handle) {
	struct room *room = room_at(state, handle);
	assert(room->memberships == 0 && room->id != ROOM_LOBBY);
	end_charter(state, handle);
	end_shelf(state, handle, true);
	end_rules(state, handle);
	tell_room(state, room, true);
	if (room->empty_seq != 0) {
		line_remove(line_of(state, room), handle);
	}
	table_remove(&state->rooms_by_id, handle);
	table_remove(&state->rooms_by_name, handle);
	free_room(room);
	pool_give(&state->rooms, handle);
}

void note_said(struct state *state, uint32_t handle, uint64_t seq) {
	struct room *room = room_at(state, handle);
	if (room->id == ROOM_LOBBY || room->said_seq != 0) {
		return;
	}
	if (room->empty_seq != 0) {
		line_remove(line_of(state, room), handle);
	}
	room->said_seq = seq;
	if (room->empty_seq != 0) {
		line_add(line_of(state, room), handle);
	}
	tell_room(state, room, false);
}

void note_registered(struct state *state, uint32_t handle, bool is_registered) {
	struct room *room = room_at(state, handle);
	if (room->empty_seq != 0) {
		line_remove(line_of(state, room), handle);
	}
	room->is_registered = is_registered;
	if (room->empty_seq != 0) {
		line_add(line_of(state, room), handle);
	}
}

/* Somebody came into it, or the last one ended. */
static void note_emptiness(struct state *state, uint32_t handle) {
	struct room *room = room_at(state, handle);
	bool is_empty = room->memberships == 0;
	if (room->id == ROOM_LOBBY || is_empty == (room->empty_seq != 0)) {
		return;
	}
	if (is_empty) {
		room->empty_seq = state->entry_seq;
		line_add(line_of(state, room), handle);
	} else {
		line_remove(line_of(state, room), handle);
		room->empty_seq = 0;
	}
	tell_room(state, room, false);
}

/* ---- memberships ---- */

void seat_member(struct state *state, uint32_t handle) {
	struct member *member = member_at(state, handle);
	struct room *room = room_at(state, member->room);
	if (room->members_count == room->members_room) {
		room->members_room = room->members_room == 0 ? 4 : room->members_room * 2;
		room->members =
			allocate_again(room->members, room->members_room * sizeof(uint32_t));
	}
	member->position = room->members_count & 0x7FFFFFFF;
	room->members[room->members_count++] = handle;
	room->absent_count += is_absent(state, person_at(state, member->person));
	count_sessions(state, member->room, member->person, 1);
}

void unseat_member(struct state *state, uint32_t handle) {
	struct member *member = member_at(state, handle);
	struct room *room = room_at(state, member->room);
	count_sessions(state, member->room, member->person, -1);
	room->absent_count -= is_absent(state, person_at(state, member->person));
	uint32_t last = room->members[--room->members_count];
	room->members[member->position] = last;
	member_at(state, last)->position = member->position;
}

void add_member(struct state *state, uint32_t room, uint32_t person, uint64_t since_seq) {
	uint32_t handle = pool_take(&state->members);
	struct member *member = member_at(state, handle);
	member->room = room;
	member->person = person;
	member->next_of_person = person_at(state, person)->members;
	person_at(state, person)->members = handle;
	if (since_seq != person_at(state, person)->id) {
		uint32_t since = pool_take(&state->sinces);
		since_at(state, since)->member = handle;
		since_at(state, since)->seq = since_seq;
		table_add(&state->sinces_by_member, since);
		member->has_since = 1;
	}
	room_at(state, room)->memberships++;
	note_emptiness(state, room);
	if (!person_at(state, person)->is_dormant) {
		seat_member(state, handle);
	}
	tell_member(state, handle, false);
}

void end_member(struct state *state, uint32_t handle) {
	struct member *member = member_at(state, handle);
	struct person *person = person_at(state, member->person);
	uint32_t room = member->room;
	set_member_bits(state, handle, 0);
	tell_member(state, handle, true);
	if (!person->is_dormant) {
		unseat_member(state, handle);
	}
	uint32_t *at = &person->members;
	while (*at != handle) {
		at = &member_at(state, *at)->next_of_person;
	}
	*at = member->next_of_person;
	if (member->has_since) {
		uint32_t since = find_since(state, handle);
		table_remove(&state->sinces_by_member, since);
		pool_give(&state->sinces, since);
	}
	pool_give(&state->members, handle);
	room_at(state, room)->memberships--;
	note_emptiness(state, room);
}

/* ---- conversations of two ---- */

/* The talker of an end, made if it is its first thread. */
static struct talker *talker_of(struct state *state, uint32_t person) {
	uint32_t handle = find_talker(state, person);
	if (handle == 0) {
		handle = pool_take(&state->talkers);
		talker_at(state, handle)->person = person;
		table_add(&state->talkers_by_person, handle);
	}
	return talker_at(state, handle);
}

static struct thread_end *end_of(const struct state *state, uint32_t thread, uint32_t person) {
	struct thread_end *ends = thread_at(state, thread)->ends;
	return ends[0].person == person ? &ends[0] : &ends[1];
}

static void tie_end(struct state *state, uint32_t thread, struct thread_end *end) {
	struct talker *talker = talker_of(state, end->person);
	end->after = talker->first;
	if (end->after != 0) {
		end_of(state, end->after, end->person)->before = thread;
	}
	talker->first = thread;
}

static void untie_end(struct state *state, const struct thread_end *end) {
	uint32_t handle = find_talker(state, end->person);
	struct talker *talker = talker_at(state, handle);
	if (end->before != 0) {
		end_of(state, end->before, end->person)->after = end->after;
	} else {
		talker->first = end->after;
	}
	if (end->after != 0) {
		end_of(state, end->after, end->person)->before = end->before;
	}
	if (talker->first == 0) {
		table_remove(&state->talkers_by_person, handle);
		pool_give(&state->talkers, handle);
	}
}

void add_thread(struct state *state, uint64_t id, uint32_t person, uint32_t other) {
	assert(person != other);
	uint32_t handle = pool_take(&state->threads);
	struct thread *thread = thread_at(state, handle);
	thread->id = id;
	thread->ends[0].person = person;
	thread->ends[1].person = other;
	table_add(&state->threads_by_id, handle);
	table_add(&state->threads_by_pair, handle);
	tie_end(state, handle, &thread->ends[0]);
	tie_end(state, handle, &thread->ends[1]);
	talker_of(state, person)->begun++;
	tell_thread(state, thread, false);
}

static void end_thread(struct state *state, uint32_t handle) {
	struct thread *thread = thread_at(state, handle);
	tell_thread(state, thread, true);
	talker_of(state, thread->ends[0].person)->begun--;
	untie_end(state, &thread->ends[0]);
	untie_end(state, &thread->ends[1]);
	table_remove(&state->threads_by_id, handle);
	table_remove(&state->threads_by_pair, handle);
	pool_give(&state->threads, handle);
}

void end_threads_of(struct state *state, uint32_t person) {
	uint32_t talker;
	while ((talker = find_talker(state, person)) != 0) {
		end_thread(state, talker_at(state, talker)->first);
	}
}
