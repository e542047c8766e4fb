/*
 * The state as others see it: getters and walks.
 */
#include <assert.h>
#include <string.h>

#include "state_inner.h"

uint64_t state_seq(const struct state *state) {
	return state->seq;
}

uint64_t state_time_us(const struct state *state) {
	return state->time_us;
}

size_t state_people_count(const struct state *state) {
	return state->people.count - state->dormant_people;
}

size_t state_absent_count(const struct state *state) {
	return state->absent_people;
}

size_t state_dormant_count(const struct state *state) {
	return state->dormant_people;
}

const struct person *state_person(const struct state *state, uint64_t id) {
	uint32_t handle = find_person(state, id);
	return handle == 0 ? NULL : person_at(state, handle);
}

const struct person *state_person_named(const struct state *state, struct slice name) {
	uint32_t handle = find_person_named(state, name);
	return handle == 0 ? NULL : person_at(state, handle);
}

uint64_t person_id(const struct person *person) {
	return person->id;
}

struct slice person_name(const struct person *person) {
	const char *bytes = person->name;
	if (person->name_bytes > NAME_INLINE_BYTES) {
		memcpy(&bytes, person->name, sizeof(bytes));
	}
	return slice_of(bytes, person->name_bytes);
}

bool person_is_present(const struct person *person) {
	return !person->is_dormant;
}

bool person_is_absent(const struct state *state, const struct person *person) {
	return is_absent(state, person);
}

uint64_t person_since_us(const struct person *person) {
	return person->since_us;
}

uint64_t person_spoke_us(const struct person *person) {
	return (uint64_t)person->spoke_s * 1000000;
}

size_t person_rooms(const struct state *state, const struct person *person, uint64_t *rooms,
                    size_t most) {
	size_t count = 0;
	uint32_t handle = person->members;
	for (; handle != 0; handle = member_at(state, handle)->next_of_person) {
		if (count < most) {
			rooms[count] = room_at(state, member_at(state, handle)->room)->id;
		}
		count++;
	}
	return count;
}

const struct session *person_session_next(const struct state *state, const struct person *person,
                                          const struct session *after) {
	uint32_t handle = after == NULL ? person->sessions : session_after(after);
	return handle == 0 ? NULL : session_at(state, handle);
}

const struct session *state_session(const struct state *state, uint64_t id) {
	uint32_t handle = find_session(state, id);
	return handle == 0 ? NULL : session_at(state, handle);
}

const struct session *state_session_at(const struct state *state, const struct address *peer) {
	uint32_t handle = find_session_at(state, peer);
	return handle == 0 ? NULL : session_at(state, handle);
}

uint64_t session_id(const struct session *session) {
	return session->id;
}

uint64_t session_person(const struct state *state, const struct session *session) {
	return person_at(state, session->person)->id;
}

uint8_t session_face(const struct session *session) {
	return session->face;
}

uint16_t session_home(const struct session *session) {
	return session->home;
}

uint64_t session_client_number(const struct state *state, const struct session *session) {
	(void)state;
	const struct lasting *lasting = lasting_of(session);
	return lasting == NULL ? 0 : lasting->client_number;
}

uint64_t session_nonce(const struct state *state, const struct session *session) {
	(void)state;
	const struct lasting *lasting = lasting_of(session);
	return lasting == NULL ? 0 : lasting->nonce;
}

uint64_t session_absent_since_us(const struct state *state, const struct session *session) {
	uint32_t waiting = waiting_of(session);
	return waiting == 0 ? 0 : waiting_at(state, waiting)->since_us;
}

const struct session *state_stream_of_nonce(const struct state *state, uint64_t nonce) {
	uint32_t handle = find_session_of_seat(state, nonce);
	return handle == 0 ? NULL : session_at(state, handle);
}

bool session_is_resumable(const struct state *state, const struct session *session) {
	return is_stream(session->face) && seat_nonce(state, find_session(state, session->id)) != 0;
}

const struct session *state_session_of_nonce(const struct state *state, uint64_t nonce) {
	uint32_t handle = find_lasting_of_nonce(state, nonce);
	return handle == 0 ? NULL : session_at(state, handle);
}

/* The next of a line of sessions. */
static const struct session *next_of_line(const struct state *state, const struct line *line,
                                          const struct session *after) {
	uint32_t handle = after == NULL ? line_first(line) : line_after(line, waiting_of(after));
	return handle == 0 ? NULL : session_at(state, waiting_at(state, handle)->session);
}

const struct session *state_absent_next(const struct state *state, const struct session *after) {
	return next_of_line(state, &state->absent, after);
}

const struct session *state_dormant_next(const struct state *state, const struct session *after) {
	return next_of_line(state, &state->dormant, after);
}

/* Those of a person. */
static bool sessions_each_of(const struct state *state, uint32_t person,
                             bool (*each)(void *context, const struct session *session),
                             void *context) {
	uint32_t handle = person_at(state, person)->sessions;
	for (; handle != 0; handle = session_after(session_at(state, handle))) {
		if (!each(context, session_at(state, handle))) {
			return false;
		}
	}
	return true;
}

const struct session *state_orphan_next(const struct state *state, const struct session *after) {
	return next_of_line(state, &state->orphans, after);
}

void state_sessions_each(const struct state *state,
                         bool (*each)(void *context, const struct session *session),
                         void *context) {
	for (uint32_t i = 0; i < state->people_by_id.size; i++) {
		for (uint32_t handle = *table_bucket(&state->people_by_id, i); handle != 0;
		     handle = table_next(&state->people_by_id, handle)) {
			if (!sessions_each_of(state, handle, each, context)) {
				return;
			}
		}
	}
}

bool state_room_exists(const struct state *state, uint64_t room) {
	return find_room(state, room) != 0;
}

struct slice state_room_name(const struct state *state, uint64_t room) {
	uint32_t handle = find_room(state, room);
	if (handle == 0) {
		return slice_of(NULL, 0);
	}
	return slice_of(room_at(state, handle)->name, room_at(state, handle)->name_bytes);
}

uint64_t state_room_made_us(const struct state *state, uint64_t room) {
	uint32_t handle = find_room(state, room);
	return handle == 0 ? 0 : room_at(state, handle)->made_us;
}

uint64_t state_room_renamed_us(const struct state *state, uint64_t room) {
	uint32_t handle = find_room(state, room);
	return handle == 0 ? 0 : room_at(state, handle)->renamed_us;
}

uint64_t state_room_named(const struct state *state, struct slice name) {
	if (name_equal(name, slice_from_string(ROOM_LOBBY_NAME_ZH))) {
		return ROOM_LOBBY;
	}
	uint32_t handle = find_room_named(state, name);
	return handle == 0 ? 0 : room_at(state, handle)->id;
}

size_t state_rooms_count(const struct state *state) {
	return state->rooms.count;
}

bool state_rooms_each(const struct state *state, bool (*each)(void *context, uint64_t room),
                      void *context) {
	for (uint32_t i = 0; i < state->rooms_by_id.size; i++) {
		uint32_t at = *table_bucket(&state->rooms_by_id, i);
		for (; at != 0; at = table_next(&state->rooms_by_id, at)) {
			if (!each(context, room_at(state, at)->id)) {
				return false;
			}
		}
	}
	return true;
}

uint64_t state_empty_room_next(const struct state *state, bool has_history, uint64_t after) {
	const struct line *line = &state->empty_rooms[has_history];
	uint32_t handle = after == 0 ? line_first(line) : line_after(line, find_room(state, after));
	return handle == 0 ? 0 : room_at(state, handle)->id;
}

uint64_t state_room_empty_seq(const struct state *state, uint64_t room) {
	uint32_t handle = find_room(state, room);
	return handle == 0 ? 0 : room_at(state, handle)->empty_seq;
}

uint64_t state_member_since(const struct state *state, uint64_t room, uint64_t person) {
	uint32_t room_handle = find_room(state, room);
	uint32_t handle = find_person(state, person);
	uint32_t member =
		room_handle != 0 && handle != 0 ? find_member(state, room_handle, handle) : 0;
	return member == 0 ? 0 : member_since(state, member);
}

bool state_is_member(const struct state *state, uint64_t room, uint64_t person) {
	uint32_t room_handle = find_room(state, room);
	uint32_t handle = find_person(state, person);
	return room_handle != 0 && handle != 0 && !person_at(state, handle)->is_dormant &&
	       find_member(state, room_handle, handle) != 0;
}

size_t state_room_members_count(const struct state *state, uint64_t room) {
	uint32_t handle = find_room(state, room);
	return handle == 0 ? 0 : room_at(state, handle)->members_count;
}

const struct person *state_room_member(const struct state *state, uint64_t room, size_t index) {
	uint32_t handle = find_room(state, room);
	assert(handle != 0 && index < room_at(state, handle)->members_count);
	const struct member *member = member_at(state, room_at(state, handle)->members[index]);
	return person_at(state, member->person);
}

size_t state_room_members_at(const struct state *state, uint64_t room, uint16_t home) {
	uint32_t handle = find_room(state, room);
	return handle == 0 || home >= EDGES_MAX ? 0 : room_at(state, handle)->at_home[home];
}

uint64_t state_room_homes(const struct state *state, uint64_t room) {
	uint32_t handle = find_room(state, room);
	return handle == 0 ? 0 : room_at(state, handle)->homes;
}

size_t state_room_absent_count(const struct state *state, uint64_t room) {
	uint32_t handle = find_room(state, room);
	return handle == 0 ? 0 : room_at(state, handle)->absent_count;
}

size_t state_threads_count(const struct state *state) {
	return state->threads.count;
}

uint64_t state_thread(const struct state *state, uint64_t person, uint64_t other) {
	uint32_t a = find_person(state, person);
	uint32_t b = find_person(state, other);
	uint32_t thread = a != 0 && b != 0 ? find_thread_of(state, a, b) : 0;
	return thread == 0 ? 0 : thread_at(state, thread)->id;
}

void state_threads_each(const struct state *state, uint64_t person,
                        bool (*each)(void *context, uint64_t thread, uint64_t other),
                        void *context) {
	uint32_t self = find_person(state, person);
	uint32_t talker = self == 0 ? 0 : find_talker(state, self);
	uint32_t at = talker == 0 ? 0 : talker_at(state, talker)->first;
	while (at != 0) {
		const struct thread *thread = thread_at(state, at);
		bool is_first = thread->ends[0].person == self;
		if (!each(context, thread->id,
		          person_at(state, thread->ends[is_first].person)->id)) {
			return;
		}
		at = thread->ends[!is_first].after;
	}
}

bool state_thread_people(const struct state *state, uint64_t thread, uint64_t people[2]) {
	uint32_t handle = find_thread(state, thread);
	if (handle == 0) {
		return false;
	}
	for (size_t i = 0; i < 2; i++) {
		people[i] = person_at(state, thread_at(state, handle)->ends[i].person)->id;
	}
	return true;
}

size_t state_threads_begun(const struct state *state, uint64_t person) {
	uint32_t handle = find_person(state, person);
	uint32_t talker = handle == 0 ? 0 : find_talker(state, handle);
	return talker == 0 ? 0 : talker_at(state, talker)->begun;
}

size_t state_restrictions_count(const struct state *state) {
	return state->restrictions_count;
}

const struct restriction *state_restriction(const struct state *state, size_t index) {
	assert(index < state->restrictions_count);
	return &state->restrictions[index]->shown;
}

bool restriction_holds(const struct restriction *restriction, uint64_t now_us) {
	return restriction->until_us == 0 || now_us < restriction->until_us;
}

const struct restriction *state_ban_of(const struct state *state, struct slice name,
                                       const struct address *peer, uint64_t now_us) {
	struct name_key key = {0};
	if (state->restrictions_count == 0) {
		return NULL;
	}
	bool has_key = name_key(name, &key) == NAME_OK;
	for (size_t i = 0; i < state->restrictions_count; i++) {
		const struct restriction_kept *kept = state->restrictions[i];
		if (kept->shown.is_mute || kept->shown.bits != 0 ||
		    !restriction_holds(&kept->shown, now_us)) {
			continue;
		}
		if (kept->shown.has_net ? peer != NULL && net_holds(&kept->shown.net, peer)
		                        : has_key && name_key_equal(&kept->key, &key)) {
			return &kept->shown;
		}
	}
	return NULL;
}

const struct restriction *state_mute_of(const struct state *state, struct slice name,
                                        uint64_t now_us) {
	struct name_key key;
	if (state->restrictions_count == 0 || name_key(name, &key) != NAME_OK) {
		return NULL;
	}
	for (size_t i = 0; i < state->restrictions_count; i++) {
		const struct restriction_kept *kept = state->restrictions[i];
		if (kept->shown.is_mute && restriction_holds(&kept->shown, now_us) &&
		    name_key_equal(&kept->key, &key)) {
			return &kept->shown;
		}
	}
	return NULL;
}

uint64_t state_next_expiry_us(const struct state *state) {
	uint64_t next = 0;
	for (size_t i = 0; i < state->restrictions_count; i++) {
		uint64_t until = state->restrictions[i]->shown.until_us;
		if (until != 0 && (next == 0 || until < next)) {
			next = until;
		}
	}
	return next;
}
