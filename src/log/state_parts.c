/*
 * The pieces of the state: people and their sessions; how each is found, made
 * and ended. What that means is state.c's.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "diag.h"
#include "state_inner.h"

/* ---- tables ---- */

static uint64_t person_id_hash(const void *thing) {
	return hash_number(((const struct person *)thing)->id);
}
static uint64_t person_name_hash(const void *thing) {
	return ((const struct person *)thing)->name_hash;
}
uint64_t state_secret;

static uint64_t stray_id_hash(const void *thing) {
	return hash_number(((const struct stray *)thing)->id);
}
static uint64_t nonce_hash(uint64_t nonce) {
	return hash_number(nonce ^ state_secret);
}
static uint64_t lasting_nonce_hash(const void *thing) {
	return nonce_hash(((const struct lasting *)thing)->nonce);
}
static uint64_t waiting_since(const void *thing) {
	return ((const struct waiting *)thing)->since_us;
}

static void draw(void *out, size_t size) {
	if (getrandom(out, size, 0) != (ssize_t)size) {
		diag_exit_errno(EXIT_TRY_AGAIN, "no random numbers to be had");
	}
}

struct state *state_create(void) {
	struct state *state = allocate(sizeof(*state));
	*state = (struct state){0};
	draw(state->seed, sizeof(state->seed));
	if (state_secret == 0) {
		draw(&state_secret, sizeof(state_secret));
	}
	pool_init(&state->people, sizeof(struct person));
	pool_init(&state->sessions, sizeof(struct session));
	pool_init(&state->lastings, sizeof(struct lasting));
	pool_init(&state->waitings, sizeof(struct waiting));
	pool_init(&state->strays, sizeof(struct stray));
	table_init(&state->people_by_id, &state->people, offsetof(struct person, link_id),
	           person_id_hash);
	table_init(&state->people_by_name, &state->people, offsetof(struct person, link_name),
	           person_name_hash);
	table_init(&state->lasting_by_nonce, &state->lastings,
	           offsetof(struct lasting, session.link_nonce), lasting_nonce_hash);
	table_init(&state->strays_by_id, &state->strays, offsetof(struct stray, link),
	           stray_id_hash);
	line_init(&state->absent, &state->waitings, offsetof(struct waiting, links), waiting_since);
	line_init(&state->dormant, &state->waitings, offsetof(struct waiting, links),
	          waiting_since);
	line_init(&state->orphans, &state->waitings, offsetof(struct waiting, links),
	          waiting_since);
	routes_init(state);
	profiles_init(state);
	accounts_init(state);
	charters_init(state);
	shelves_init(state);
	rules_init(state);
	kept_init(state);
	standings_init(state);
	rooms_init(state);
	return state;
}

static void drop_name(struct person *person) {
	if (person->name_bytes > NAME_INLINE_BYTES) {
		free((char *)person_name(person).bytes);
	}
	person->name_bytes = 0;
}

void state_destroy(struct state *state) {
	if (state == NULL) {
		return;
	}
	for (size_t i = 0; i < state->restrictions_count; i++) {
		free(state->restrictions[i]);
	}
	free(state->restrictions);
	for (uint32_t i = 0; i < state->people_by_id.size; i++) {
		for (uint32_t handle = *table_bucket(&state->people_by_id, i); handle != 0;
		     handle = table_next(&state->people_by_id, handle)) {
			drop_name(person_at(state, handle));
		}
	}
	rooms_finish(state);
	charters_finish(state);
	shelves_finish(state);
	accounts_finish(state);
	rules_finish(state);
	kept_finish(state);
	standings_finish(state);
	profiles_finish(state);
	routes_finish(state);
	table_finish(&state->people_by_id);
	table_finish(&state->people_by_name);
	table_finish(&state->lasting_by_nonce);
	table_finish(&state->strays_by_id);
	pool_finish(&state->people);
	pool_finish(&state->sessions);
	pool_finish(&state->lastings);
	pool_finish(&state->waitings);
	pool_finish(&state->strays);
	free(state);
}

/* ---- finding ---- */

uint32_t find_person(const struct state *state, uint64_t id) {
	uint32_t handle = table_first(&state->people_by_id, hash_number(id));
	while (handle != 0 && person_at(state, handle)->id != id) {
		handle = table_next(&state->people_by_id, handle);
	}
	return handle;
}

uint32_t name_hash_of(const struct state *state, const struct name_key *key) {
	return (uint32_t)name_key_hash(key, state->seed);
}

uint32_t find_person_named(const struct state *state, struct slice name) {
	struct name_key key, other;
	if (name_key(name, &key) != NAME_OK) {
		return 0;
	}
	uint32_t hash = name_hash_of(state, &key);
	uint32_t handle = table_first(&state->people_by_name, hash);
	for (; handle != 0; handle = table_next(&state->people_by_name, handle)) {
		const struct person *person = person_at(state, handle);
		/* Keys are not kept: with equal hashes, and only then, the other's is made again. */
		if (person->name_hash == hash && name_key(person_name(person), &other) == NAME_OK &&
		    name_key_equal(&key, &other)) {
			break;
		}
	}
	return handle;
}

static uint32_t find_stray(const struct state *state, uint64_t id) {
	uint32_t handle = table_first(&state->strays_by_id, hash_number(id));
	while (handle != 0 && stray_at(state, handle)->id != id) {
		handle = table_next(&state->strays_by_id, handle);
	}
	return handle;
}

/* Nearly every session came with its person, by one entry: then the person's table finds both. */
uint32_t find_session(const struct state *state, uint64_t id) {
	uint32_t person = find_person(state, id);
	uint32_t handle = person == 0 ? 0 : person_at(state, person)->sessions;
	while (handle != 0 && session_at(state, handle)->id != id) {
		handle = session_after(session_at(state, handle));
	}
	if (handle == 0) {
		uint32_t stray = find_stray(state, id);
		handle = stray == 0 ? 0 : stray_at(state, stray)->session;
	}
	return handle;
}

uint32_t find_lasting_of_nonce(const struct state *state, uint64_t nonce) {
	if (nonce == 0) {
		return 0;
	}
	uint32_t handle = table_first(&state->lasting_by_nonce, nonce_hash(nonce));
	while (handle != 0 && lasting_at(state, handle)->nonce != nonce) {
		handle = table_next(&state->lasting_by_nonce, handle);
	}
	return handle == 0 ? 0 : handle | LASTING;
}

/* ---- telling ---- */

static void tell_person(struct state *state, const struct person *person, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_person(state, person);
		tell(state, &row, is_gone);
	}
}

static void tell_session(struct state *state, const struct session *session, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_session(state, session);
		tell(state, &row, is_gone);
	}
}

/* ---- people ---- */

static void set_name(struct state *state, struct person *person, struct slice name) {
	struct name_key key;
	assert(name.size <= NAME_BYTES_MAX);
	drop_name(person);
	if (name.size > NAME_INLINE_BYTES) {
		char *outside = allocate(name.size);
		memcpy(outside, name.bytes, name.size);
		memcpy(person->name, &outside, sizeof(outside));
	} else {
		memcpy(person->name, name.bytes, name.size);
	}
	person->name_bytes = (uint8_t)name.size;
	enum name_error error = name_key(name, &key);
	person->name_hash = error == NAME_OK ? name_hash_of(state, &key) : 0;
}

uint32_t add_person(struct state *state, uint64_t id, struct slice name, uint64_t since_us,
                    bool is_dormant) {
	uint32_t handle = pool_take(&state->people);
	struct person *person = person_at(state, handle);
	person->id = id;
	person->since_us = since_us;
	person->is_dormant = is_dormant;
	set_name(state, person, name);
	table_add(&state->people_by_id, handle);
	if (is_dormant) {
		state->dormant_people++;
	} else {
		/* Until it has a session. */
		state->absent_people++;
		table_add(&state->people_by_name, handle);
	}
	tell_person(state, person, false);
	return handle;
}

void rename_person(struct state *state, uint32_t handle, struct slice name) {
	table_remove(&state->people_by_name, handle);
	set_name(state, person_at(state, handle), name);
	table_add(&state->people_by_name, handle);
	tell_person(state, person_at(state, handle), false);
}

void note_spoke(struct state *state, const struct record *said) {
	uint32_t handle = find_person(state, said->person);
	uint32_t now_s = (uint32_t)(said->time_us / 1000000);
	if (handle == 0) {
		return;
	}
	struct person *person = person_at(state, handle);
	bool is_told = person->spoke_s / SPOKE_STEP_S == now_s / SPOKE_STEP_S;
	person->spoke_s = now_s;
	if (!is_told) {
		tell_person(state, person, false);
	}
}

void end_person(struct state *state, uint32_t handle) {
	struct person *person = person_at(state, handle);
	while (person->members != 0) {
		end_member(state, person->members);
	}
	while (person->sessions != 0) {
		end_session(state, person->sessions);
	}
	end_threads_of(state, handle);
	end_invitations_of(state, handle);
	end_spoken_of(state, handle);
	end_profile(state, handle);
	end_shelf(state, handle, false);
	unbind_account(state, handle);
	tell_person(state, person, true);
	table_remove(&state->people_by_id, handle);
	if (person->is_dormant) {
		state->dormant_people--;
	} else {
		state->absent_people--;
		table_remove(&state->people_by_name, handle);
	}
	drop_name(person);
	pool_give(&state->people, handle);
}

/* ---- who is absent ---- */

bool is_absent(const struct state *state, const struct person *person) {
	uint32_t at = person->is_dormant ? 0 : person->sessions;
	while (at != 0 && !is_connected(session_at(state, at))) {
		at = session_after(session_at(state, at));
	}
	return !person->is_dormant && at == 0;
}

/* After something that may have changed whether the person is absent. */
static void recount_absence(struct state *state, struct person *person, bool was_absent) {
	bool is_now = is_absent(state, person);
	if (is_now == was_absent) {
		return;
	}
	state->absent_people = is_now ? state->absent_people + 1 : state->absent_people - 1;
	for (uint32_t at = person->members; at != 0; at = member_at(state, at)->next_of_person) {
		struct room *room = room_at(state, member_at(state, at)->room);
		room->absent_count = is_now ? room->absent_count + 1 : room->absent_count - 1;
	}
}

/* ---- homes: how many sessions of a room's members an edge serves ---- */

_Static_assert(EDGES_MAX <= 64, "room.homes has a bit for each");

static void count(struct room *room, uint8_t home, int by) {
	uint64_t bit = (uint64_t)1 << home;
	room->at_home[home] += (uint32_t)by;
	room->homes = room->at_home[home] > 0 ? room->homes | bit : room->homes & ~bit;
}

void count_sessions(struct state *state, uint32_t room, uint32_t person, int by) {
	uint32_t handle = person_at(state, person)->sessions;
	for (; handle != 0; handle = session_after(session_at(state, handle))) {
		const struct session *session = session_at(state, handle);
		if (is_connected(session)) {
			count(room_at(state, room), session->home, by);
		}
	}
}

/* The session, if anybody listens to it, comes to (+1) or goes (-1) from its home. */
static void count_home(struct state *state, const struct session *session, int by) {
	const struct person *person = person_at(state, session->person);
	if (person->is_dormant || !is_connected(session)) {
		return;
	}
	for (uint32_t at = person->members; at != 0; at = member_at(state, at)->next_of_person) {
		count(room_at(state, member_at(state, at)->room), session->home, by);
	}
}

/* ---- what lasts ---- */

/* In which it waits while it is not connected. */
static struct line *line_of(struct state *state, const struct session *session) {
	if (is_stream(session->face)) {
		return &state->orphans;
	}
	return person_at(state, session->person)->is_dormant ? &state->dormant : &state->absent;
}

static void set_waiting(struct session *session, uint32_t waiting) {
	*(is_stream(session->face) ? &session->orphan : &session->waiting) = waiting;
}

/* It is connected; now it waits, since then. 0: it does not. */
static void set_since(struct state *state, uint32_t handle, uint64_t since_us) {
	struct session *session = session_at(state, handle);
	assert(is_connected(session));
	if (since_us != 0) {
		uint32_t waiting = pool_take(&state->waitings);
		waiting_at(state, waiting)->since_us = since_us;
		waiting_at(state, waiting)->session = handle;
		set_waiting(session, waiting);
		line_add(line_of(state, session), waiting);
	}
}

/* It waits no more. Before its person becomes, or ceases to be, dormant. */
static void leave_line(struct state *state, struct session *session) {
	uint32_t waiting = waiting_of(session);
	if (waiting != 0) {
		line_remove(line_of(state, session), waiting);
		pool_give(&state->waitings, waiting);
		set_waiting(session, 0);
	}
}

void set_client_number(struct state *state, uint32_t handle, uint64_t number) {
	lasting_at(state, handle)->client_number = number;
	tell_session(state, session_at(state, handle), false);
}

/* ---- sessions ---- */

static uint32_t take_lasting(struct state *state, const struct record *from) {
	uint32_t handle = pool_take(&state->lastings);
	assert((handle & LASTING) == 0);
	lasting_at(state, handle)->client_number = from->client_number;
	lasting_at(state, handle)->nonce = from->nonce;
	if (from->nonce != 0) {
		table_add(&state->lasting_by_nonce, handle);
	}
	return handle | LASTING;
}

static void give_lasting(struct state *state, uint32_t handle) {
	if (lasting_at(state, handle)->nonce != 0) {
		table_remove(&state->lasting_by_nonce, handle & ~LASTING);
	}
	pool_give(&state->lastings, handle & ~LASTING);
}

static void add_stray(struct state *state, uint64_t id, uint32_t session) {
	uint32_t handle = pool_take(&state->strays);
	stray_at(state, handle)->id = id;
	stray_at(state, handle)->session = session;
	table_add(&state->strays_by_id, handle);
}

static void end_stray(struct state *state, uint64_t id) {
	uint32_t handle = find_stray(state, id);
	table_remove(&state->strays_by_id, handle);
	pool_give(&state->strays, handle);
}

uint32_t add_session(struct state *state, uint64_t id, uint32_t person_handle,
                     const struct record *from) {
	struct person *person = person_at(state, person_handle);
	bool was_absent = is_absent(state, person);
	bool lasts = from->face == FACE_SESSION;
	uint32_t handle = lasts ? take_lasting(state, from) : pool_take(&state->sessions);
	struct session *session = session_at(state, handle);
	session->id = id;
	session->person = person_handle;
	session->face = from->face;
	if (!lasts) {
		session->next_of_person = person->sessions;
	}
	person->sessions = handle;
	if (!is_found_by_address(session->face)) {
		set_since(state, handle, from->since_us);
	}
	if (id != person->id) {
		add_stray(state, id, handle);
	}
	set_route(state, handle, from);
	count_home(state, session, 1);
	recount_absence(state, person, was_absent);
	tell_session(state, session, false);
	return handle;
}

void move_session(struct state *state, uint32_t handle, const struct record *from) {
	struct session *session = session_at(state, handle);
	struct person *person = person_at(state, session->person);
	bool was_absent = is_absent(state, person);
	count_home(state, session, -1);
	leave_line(state, session);
	drop_route(state, handle);
	set_route(state, handle, from);
	count_home(state, session, 1);
	recount_absence(state, person, was_absent);
	tell_session(state, session, false);
}

void make_absent(struct state *state, uint32_t handle, uint64_t since_us) {
	struct session *session = session_at(state, handle);
	struct person *person = person_at(state, session->person);
	bool was_absent = is_absent(state, person);
	count_home(state, session, -1);
	set_since(state, handle, since_us);
	recount_absence(state, person, was_absent);
	tell_session(state, session, false);
}

void end_session(struct state *state, uint32_t handle) {
	struct session *session = session_at(state, handle);
	struct person *person = person_at(state, session->person);
	bool was_absent = is_absent(state, person);
	end_seat(state, handle);
	tell_session(state, session, true);
	count_home(state, session, -1);
	uint32_t *at = &person->sessions;
	while (*at != handle) {
		at = &session_at(state, *at)->next_of_person;
	}
	*at = session_after(session);
	recount_absence(state, person, was_absent);
	drop_route(state, handle);
	if (session->id != person->id) {
		end_stray(state, session->id);
	}
	leave_line(state, session);
	if (session->face == FACE_SESSION) {
		give_lasting(state, handle);
	} else {
		pool_give(&state->sessions, handle);
	}
}

/* ---- leaving, and coming back ---- */

void make_dormant(struct state *state, uint32_t handle, uint64_t since_us) {
	struct person *person = person_at(state, handle);
	struct session *session = session_at(state, person->sessions);
	assert(session->face == FACE_SESSION);
	bool was_absent = is_absent(state, person);
	for (uint32_t at = person->members; at != 0; at = member_at(state, at)->next_of_person) {
		unseat_member(state, at);
	}
	leave_line(state, session);
	table_remove(&state->people_by_name, handle);
	state->absent_people -= was_absent;
	state->dormant_people++;
	person->is_dormant = 1;
	set_since(state, person->sessions, since_us);
	drop_route(state, person->sessions);
	tell_person(state, person, false);
	tell_session(state, session, false);
}

void make_dormant_alone(struct state *state, uint32_t handle) {
	struct person *person = person_at(state, handle);
	while (person->members != 0) {
		end_member(state, person->members);
	}
	while (person->sessions != 0) {
		end_session(state, person->sessions);
	}
	end_invitations_of(state, handle);
	end_profile(state, handle);
	table_remove(&state->people_by_name, handle);
	state->absent_people--;
	state->dormant_people++;
	person->is_dormant = 1;
	tell_person(state, person, false);
}

/* Present again, under this name; its sessions are to be seen to. */
static void stand_up(struct state *state, uint32_t handle, const struct record *entry) {
	struct person *person = person_at(state, handle);
	person->is_dormant = 0;
	person->since_us = entry->time_us;
	state->dormant_people--;
	set_name(state, person, entry->name);
	table_add(&state->people_by_name, handle);
}

void wake_person_alone(struct state *state, uint32_t handle, const struct record *entry) {
	stand_up(state, handle, entry);
	state->absent_people++;
	tell_person(state, person_at(state, handle), false);
	begin_session(state, handle, entry);
}

void wake_person(struct state *state, uint32_t handle, uint32_t session_handle,
                 const struct record *entry) {
	struct person *person = person_at(state, handle);
	struct session *session = session_at(state, session_handle);
	leave_line(state, session);
	drop_route(state, session_handle);
	set_route(state, session_handle, entry);
	stand_up(state, handle, entry);
	for (uint32_t at = person->members; at != 0; at = member_at(state, at)->next_of_person) {
		seat_member(state, at);
	}
	tell_person(state, person, false);
	tell_session(state, session, false);
}
