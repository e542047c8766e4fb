/*
 * The state as rows, and back; and its digest, which is that of its rows.
 */
#include <assert.h>
#include <string.h>

#include "state_inner.h"

struct record row_of_person(const struct state *state, const struct person *person) {
	(void)state;
	return (struct record){.kind = ROW_PERSON,
	                       .person = person->id,
	                       .number = person->is_dormant,
	                       .since_us = person->since_us,
	                       .until_us = (uint64_t)(person->spoke_s / SPOKE_STEP_S) *
	                                   SPOKE_STEP_S * 1000000,
	                       .name = person_name(person)};
}

struct record row_of_session(const struct state *state, const struct session *session) {
	struct record row = {.kind = ROW_SESSION,
	                     .session = session->id,
	                     .person = session_person(state, session),
	                     .face = session->face,
	                     .home = session->home};
	row.client_number = session_client_number(state, session);
	row.nonce = session_nonce(state, session);
	row.since_us = session_absent_since_us(state, session);
	row.has_route = session_route(state, session, &row.route);
	return row;
}

bool state_session_row(const struct state *state, uint64_t id, struct record *row) {
	uint32_t handle = find_session(state, id);
	if (handle != 0) {
		*row = row_of_session(state, session_at(state, handle));
	}
	return handle != 0;
}

struct record row_of_room(const struct room *room) {
	return (struct record){.kind = ROW_ROOM,
	                       .room = room->id,
	                       .target = room->said_seq,
	                       .since_us = room->made_us,
	                       .number = room->empty_seq,
	                       .until_us = room->renamed_us,
	                       .name = slice_of(room->name, room->name_bytes)};
}

struct record row_of_member(const struct state *state, uint32_t handle) {
	const struct member *member = member_at(state, handle);
	return (struct record){.kind = ROW_MEMBER,
	                       .room = room_at(state, member->room)->id,
	                       .person = person_at(state, member->person)->id,
	                       .number = member->has_since ? member_since(state, handle) : 0};
}

struct record row_of_thread(const struct state *state, const struct thread *thread) {
	return (struct record){.kind = ROW_THREAD,
	                       .room = thread->id,
	                       .person = person_at(state, thread->ends[0].person)->id,
	                       .target = person_at(state, thread->ends[1].person)->id};
}

struct record row_of_restriction(const struct restriction *restriction) {
	return (struct record){.kind = restriction->is_mute ? ROW_MUTE : ROW_BAN,
	                       .target = restriction->id,
	                       .since_us = restriction->since_us,
	                       .until_us = restriction->until_us,
	                       .has_net = restriction->has_net,
	                       .net = restriction->net,
	                       .bits = restriction->bits,
	                       .name = restriction->name,
	                       .other_name = restriction->folded,
	                       .by = restriction->by,
	                       .text = restriction->why};
}

void save_row(const struct saving *saving, struct record row) {
	saving->put(saving->context, &row);
}

static void save_person(const struct saving *saving, uint32_t handle) {
	const struct state *state = saving->state;
	const struct person *person = person_at(state, handle);
	save_row(saving, row_of_person(state, person));
	for (uint32_t at = person->members; at != 0; at = member_at(state, at)->next_of_person) {
		save_row(saving, row_of_member(state, at));
	}
	for (uint32_t at = person->sessions; at != 0; at = session_after(session_at(state, at))) {
		save_row(saving, row_of_session(state, session_at(state, at)));
	}
}

static void save_room(const struct saving *saving, uint32_t handle) {
	/* The lobby is there without a row. */
	if (room_at(saving->state, handle)->id != ROOM_LOBBY) {
		save_row(saving, row_of_room(room_at(saving->state, handle)));
	}
}

static void save_thread(const struct saving *saving, uint32_t handle) {
	save_row(saving, row_of_thread(saving->state, thread_at(saving->state, handle)));
}

void save_all(const struct saving *saving, const struct table *table,
              void (*save)(const struct saving *saving, uint32_t handle)) {
	for (uint32_t i = 0; i < table->size; i++) {
		for (uint32_t at = *table_bucket(table, i); at != 0; at = table_next(table, at)) {
			save(saving, at);
		}
	}
}

void state_save(const struct state *state, void (*put)(void *context, const struct record *row),
                void *context) {
	const struct saving saving = {.state = state, .put = put, .context = context};
	save_row(&saving,
	         (struct record){.kind = ROW_META, .seq = state->seq, .time_us = state->time_us});
	save_all(&saving, &state->rooms_by_id, save_room);
	save_all(&saving, &state->people_by_id, save_person);
	for (size_t i = 0; i < state->restrictions_count; i++) {
		save_row(&saving, row_of_restriction(&state->restrictions[i]->shown));
	}
	if (state->server.level != 0) {
		save_row(&saving, row_of_server(state));
	}
	save_all(&saving, &state->threads_by_id, save_thread);
	sides_save(state, put, context);
}

static enum state_error load_room(struct state *state, const struct record *row) {
	if (row->room == 0 || find_room(state, row->room) != 0 || row->name.size == 0 ||
	    row->name.size > ROOM_NAME_BYTES_MAX || find_room_named(state, row->name) != 0) {
		return STATE_IMPOSSIBLE;
	}
	add_room(state, row->room, row->name, row);
	return STATE_OK;
}

static enum state_error load_person(struct state *state, const struct record *row) {
	if (row->person == 0 || find_person(state, row->person) != 0 || row->name.size == 0 ||
	    row->name.size > NAME_BYTES_MAX ||
	    (row->number == 0 && find_person_named(state, row->name) != 0)) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t handle =
		add_person(state, row->person, row->name, row->since_us, row->number != 0);
	person_at(state, handle)->spoke_s = (uint32_t)(row->until_us / 1000000);
	return STATE_OK;
}

/* Who came by a session has that one only; and nobody but such is dormant. */
static bool is_session_good(const struct state *state, const struct record *row, uint32_t person) {
	uint32_t other = person_at(state, person)->sessions;
	if (row->face != FACE_SESSION) {
		return !person_at(state, person)->is_dormant &&
		       (other == 0 || session_at(state, other)->face != FACE_SESSION) &&
		       (!row->has_route || !is_found_by_address(row->face) ||
		        find_session_at(state, &row->route.peer) == 0);
	}
	return other == 0 && find_lasting_of_nonce(state, row->nonce) == 0 &&
	       (row->since_us != 0 || !person_at(state, person)->is_dormant);
}

static enum state_error load_session(struct state *state, const struct record *row) {
	uint32_t person = find_person(state, row->person);
	if (person == 0 || row->session == 0 || find_session(state, row->session) != 0 ||
	    !is_session_good(state, row, person)) {
		return STATE_IMPOSSIBLE;
	}
	add_session(state, row->session, person, row);
	return STATE_OK;
}

static enum state_error load_member(struct state *state, const struct record *row) {
	uint32_t person = find_person(state, row->person);
	uint32_t room = find_room(state, row->room);
	if (person == 0 || room == 0 || find_member(state, room, person) != 0 ||
	    room_at(state, room)->empty_seq != 0 ||
	    person_rooms(state, person_at(state, person), NULL, 0) >= ROOMS_PER_PERSON_MAX) {
		return STATE_IMPOSSIBLE;
	}
	add_member(state, room, person, row->number != 0 ? row->number : row->person);
	return STATE_OK;
}

static enum state_error load_thread(struct state *state, const struct record *row) {
	uint32_t person = find_person(state, row->person);
	uint32_t other = find_person(state, row->target);
	if (row->room == 0 || person == 0 || other == 0 || person == other ||
	    find_thread(state, row->room) != 0 || find_thread_of(state, person, other) != 0) {
		return STATE_IMPOSSIBLE;
	}
	add_thread(state, row->room, person, other);
	return STATE_OK;
}

static enum state_error load_restriction(struct state *state, const struct record *row) {
	if (row->target == 0 || !is_restriction_good(row)) {
		return STATE_IMPOSSIBLE;
	}
	add_restriction(state, row->target, row->kind == ROW_MUTE, row, row->since_us);
	return STATE_OK;
}

enum state_error state_load_row(struct state *state, const struct record *row) {
	switch (row->kind) {
	case ROW_META:
		state->seq = row->seq;
		state->time_us = row->time_us;
		return STATE_OK;
	case ROW_ROOM: return load_room(state, row);
	case ROW_PERSON: return load_person(state, row);
	case ROW_SESSION: return load_session(state, row);
	case ROW_MEMBER: return load_member(state, row);
	case ROW_BAN: return load_restriction(state, row);
	case ROW_MUTE: return load_restriction(state, row);
	case ROW_THREAD: return load_thread(state, row);
	case ROW_SERVER: return load_server(state, row);
	default: return sides_load(state, row);
	}
}

/* FNV-1a over the encoded row, finished so that sums do not cancel out. */
static void add_to_digest(void *context, const struct record *row) {
	uint64_t *sum = context;
	_Alignas(8) uint8_t bytes[2048];
	size_t size = record_encode(row, bytes, sizeof(bytes));
	assert(size > 0);
	uint64_t hash = 0xcbf29ce484222325ULL;
	for (size_t i = 0; i < size; i++) {
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
	}
	*sum += hash_number(hash);
}

uint64_t state_digest(const struct state *state) {
	uint64_t sum = 0;
	state_save(state, add_to_digest, &sum);
	return sum;
}
