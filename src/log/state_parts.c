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
static uint64_t session_id_hash(const void *thing) {
	return hash_number(((const struct session *)thing)->id);
}
/*
 * With a secret, so that nobody can choose addresses that fall together. One
 * for the process: a table's hash function sees the thing and nothing else.
 */
static uint64_t secret;

static uint64_t peer_hash(const uint8_t ip[16], uint16_t port) {
	struct address peer = {.port = port};
	memcpy(peer.ip, ip, 16);
	return hash_number(address_hash(&peer) ^ secret);
}
static uint64_t session_address_hash(const void *thing) {
	const struct session *session = thing;
	return peer_hash(session->ip, session->port);
}
static uint64_t way_hash(const void *thing) {
	const struct way *way = thing;
	struct address end = {.port = way->listener, .scope = way->scope};
	memcpy(end.ip, way->local, 16);
	return hash_number(address_hash(&end) ^ secret);
}
static uint64_t nonce_hash(uint64_t nonce) {
	return hash_number(nonce ^ secret);
}
static uint64_t lasting_nonce_hash(const void *thing) {
	return nonce_hash(((const struct lasting *)thing)->nonce);
}
static uint64_t lasting_since(const void *thing) {
	return ((const struct lasting *)thing)->since_us;
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
	if (secret == 0) {
		draw(&secret, sizeof(secret));
	}
	pool_init(&state->people, sizeof(struct person));
	pool_init(&state->sessions, sizeof(struct session));
	pool_init(&state->lastings, sizeof(struct lasting));
	pool_init(&state->ways, sizeof(struct way));
	table_init(&state->people_by_id, &state->people, offsetof(struct person, link_id),
	           person_id_hash);
	table_init(&state->people_by_name, &state->people, offsetof(struct person, link_name),
	           person_name_hash);
	table_init(&state->sessions_by_id, &state->sessions, offsetof(struct session, link_id),
	           session_id_hash);
	table_init(&state->sessions_by_address, &state->sessions,
	           offsetof(struct session, link_address), session_address_hash);
	table_init(&state->lasting_by_nonce, &state->lastings, offsetof(struct lasting, link_nonce),
	           lasting_nonce_hash);
	table_init(&state->ways_by_content, &state->ways, offsetof(struct way, link), way_hash);
	line_init(&state->absent, &state->lastings, offsetof(struct lasting, links), lasting_since);
	line_init(&state->dormant, &state->lastings, offsetof(struct lasting, links),
	          lasting_since);
	line_init(&state->orphans, &state->lastings, offsetof(struct lasting, links),
	          lasting_since);
	profiles_init(state);
	charters_init(state);
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
	for (uint32_t i = 0; i <= state->people_by_id.mask; i++) {
		for (uint32_t handle = state->people_by_id.buckets[i]; handle != 0;
		     handle = table_next(&state->people_by_id, handle)) {
			drop_name(person_at(state, handle));
		}
	}
	rooms_finish(state);
	charters_finish(state);
	profiles_finish(state);
	table_finish(&state->people_by_id);
	table_finish(&state->people_by_name);
	table_finish(&state->sessions_by_id);
	table_finish(&state->sessions_by_address);
	table_finish(&state->lasting_by_nonce);
	table_finish(&state->ways_by_content);
	pool_finish(&state->people);
	pool_finish(&state->sessions);
	pool_finish(&state->lastings);
	pool_finish(&state->ways);
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

uint32_t find_session(const struct state *state, uint64_t id) {
	uint32_t handle = table_first(&state->sessions_by_id, hash_number(id));
	while (handle != 0 && session_at(state, handle)->id != id) {
		handle = table_next(&state->sessions_by_id, handle);
	}
	return handle;
}

uint32_t find_session_at(const struct state *state, const struct address *peer) {
	uint32_t handle = table_first(&state->sessions_by_address, peer_hash(peer->ip, peer->port));
	for (; handle != 0; handle = table_next(&state->sessions_by_address, handle)) {
		const struct session *session = session_at(state, handle);
		if (session->port == peer->port && memcmp(session->ip, peer->ip, 16) == 0 &&
		    way_at(state, session->way)->scope == peer->scope) {
			break;
		}
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
	return handle;
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
	end_profile(state, handle);
	tell_person(state, person, true);
	table_remove(&state->people_by_id, handle);
	if (person->is_dormant) {
		state->dormant_people--;
	} else {
		table_remove(&state->people_by_name, handle);
	}
	drop_name(person);
	pool_give(&state->people, handle);
}

/* ---- who is absent ---- */

bool is_absent(const struct state *state, const struct person *person) {
	return !person->is_dormant && person->sessions != 0 &&
	       !is_connected(state, session_at(state, person->sessions));
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
	for (; handle != 0; handle = session_at(state, handle)->next_of_person) {
		const struct session *session = session_at(state, handle);
		if (is_connected(state, session)) {
			count(room_at(state, room), session->home, by);
		}
	}
}

/* The session, if anybody listens to it, comes to (+1) or goes (-1) from its home. */
static void count_home(struct state *state, const struct session *session, int by) {
	const struct person *person = person_at(state, session->person);
	if (person->is_dormant || !is_connected(state, session)) {
		return;
	}
	for (uint32_t at = person->members; at != 0; at = member_at(state, at)->next_of_person) {
		count(room_at(state, member_at(state, at)->room), session->home, by);
	}
}

/* ---- where sessions are ---- */

static bool is_way_of(const struct way *way, const struct route *route) {
	return way->scope == route->peer.scope && way->listener == route->listener &&
	       memcmp(way->local, route->local, 16) == 0;
}

/* The way of a route, made if it is the first to go there. */
static uint32_t take_way(struct state *state, const struct route *route) {
	struct way wanted = {.scope = route->peer.scope, .listener = route->listener};
	memcpy(wanted.local, route->local, 16);
	uint32_t handle = table_first(&state->ways_by_content, way_hash(&wanted));
	while (handle != 0 && !is_way_of(way_at(state, handle), route)) {
		handle = table_next(&state->ways_by_content, handle);
	}
	if (handle == 0) {
		handle = pool_take(&state->ways);
		*way_at(state, handle) = wanted;
		table_add(&state->ways_by_content, handle);
	}
	way_at(state, handle)->sessions++;
	return handle;
}

static void give_way(struct state *state, uint32_t handle) {
	if (--way_at(state, handle)->sessions == 0) {
		table_remove(&state->ways_by_content, handle);
		pool_give(&state->ways, handle);
	}
}

static void set_route(struct state *state, uint32_t handle, const struct record *from) {
	struct session *session = session_at(state, handle);
	session->home = (uint8_t)(from->home < EDGES_MAX ? from->home : 0);
	if (from->has_route) {
		memcpy(session->ip, from->route.peer.ip, 16);
		session->port = from->route.peer.port;
		session->way = take_way(state, &from->route);
		if (is_found_by_address(session->face)) {
			table_add(&state->sessions_by_address, handle);
		}
	}
}

static void drop_route(struct state *state, uint32_t handle) {
	struct session *session = session_at(state, handle);
	if (session->way != 0) {
		if (is_found_by_address(session->face)) {
			table_remove(&state->sessions_by_address, handle);
		}
		give_way(state, session->way);
		session->way = 0;
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

/* Connected (0), or absent or dormant since then. */
static void set_since(struct state *state, const struct session *session, uint64_t since_us) {
	lasting_at(state, session->lasting)->since_us = since_us;
	if (since_us != 0) {
		line_add(line_of(state, session), session->lasting);
	}
}

/* Before its person becomes, or ceases to be, dormant. */
static void leave_line(struct state *state, const struct session *session) {
	if (lasting_at(state, session->lasting)->since_us != 0) {
		line_remove(line_of(state, session), session->lasting);
	}
}

static void add_lasting(struct state *state, uint32_t handle, const struct record *from) {
	struct session *session = session_at(state, handle);
	session->lasting = pool_take(&state->lastings);
	struct lasting *lasting = lasting_at(state, session->lasting);
	lasting->session = handle;
	lasting->client_number = from->client_number;
	lasting->nonce = from->nonce;
	if (lasting->nonce != 0) {
		table_add(&state->lasting_by_nonce, session->lasting);
	}
	set_since(state, session, from->since_us);
}

static void end_lasting(struct state *state, const struct session *session) {
	leave_line(state, session);
	if (lasting_at(state, session->lasting)->nonce != 0) {
		table_remove(&state->lasting_by_nonce, session->lasting);
	}
	pool_give(&state->lastings, session->lasting);
}

/* An orphan is connected again. */
static void end_orphan(struct state *state, struct session *session) {
	if (session->lasting != 0) {
		end_lasting(state, session);
		session->lasting = 0;
	}
}

void set_client_number(struct state *state, uint32_t handle, uint64_t number) {
	struct session *session = session_at(state, handle);
	lasting_at(state, session->lasting)->client_number = number;
	tell_session(state, session, false);
}

/* ---- sessions ---- */

uint32_t add_session(struct state *state, uint64_t id, uint32_t person, const struct record *from) {
	bool was_absent = is_absent(state, person_at(state, person));
	uint32_t handle = pool_take(&state->sessions);
	struct session *session = session_at(state, handle);
	session->id = id;
	session->person = person;
	session->face = from->face;
	if (session->face == FACE_SESSION || (is_stream(session->face) && from->since_us != 0)) {
		add_lasting(state, handle, from);
	}
	session->next_of_person = person_at(state, person)->sessions;
	person_at(state, person)->sessions = handle;
	set_route(state, handle, from);
	table_add(&state->sessions_by_id, handle);
	count_home(state, session, 1);
	recount_absence(state, person_at(state, person), was_absent);
	tell_session(state, session, false);
	return handle;
}

void move_session(struct state *state, uint32_t handle, const struct record *from) {
	struct session *session = session_at(state, handle);
	struct person *person = person_at(state, session->person);
	bool was_absent = is_absent(state, person);
	count_home(state, session, -1);
	if (session->face == FACE_SESSION) {
		leave_line(state, session);
		set_since(state, session, 0);
	} else if (is_stream(session->face)) {
		end_orphan(state, session);
	}
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
	if (session->lasting == 0) {
		add_lasting(state, handle, &(struct record){.since_us = since_us});
	} else {
		set_since(state, session, since_us);
	}
	recount_absence(state, person, was_absent);
	tell_session(state, session, false);
}

void end_session(struct state *state, uint32_t handle) {
	struct session *session = session_at(state, handle);
	struct person *person = person_at(state, session->person);
	bool was_absent = is_absent(state, person);
	tell_session(state, session, true);
	count_home(state, session, -1);
	uint32_t *at = &person->sessions;
	while (*at != handle) {
		at = &session_at(state, *at)->next_of_person;
	}
	*at = session->next_of_person;
	recount_absence(state, person, was_absent);
	if (session->face == FACE_SESSION) {
		end_lasting(state, session);
	} else if (is_stream(session->face)) {
		end_orphan(state, session);
	}
	drop_route(state, handle);
	table_remove(&state->sessions_by_id, handle);
	pool_give(&state->sessions, handle);
}

/* ---- leaving, and coming back ---- */

void make_dormant(struct state *state, uint32_t handle, uint64_t since_us) {
	struct person *person = person_at(state, handle);
	struct session *session = session_at(state, person->sessions);
	assert(session->face == FACE_SESSION && session->next_of_person == 0);
	bool was_absent = is_absent(state, person);
	for (uint32_t at = person->members; at != 0; at = member_at(state, at)->next_of_person) {
		unseat_member(state, at);
	}
	leave_line(state, session);
	table_remove(&state->people_by_name, handle);
	state->absent_people -= was_absent;
	state->dormant_people++;
	person->is_dormant = 1;
	set_since(state, session, since_us);
	drop_route(state, person->sessions);
	tell_person(state, person, false);
	tell_session(state, session, false);
}

void wake_person(struct state *state, uint32_t handle, uint32_t session_handle,
                 const struct record *entry) {
	struct person *person = person_at(state, handle);
	struct session *session = session_at(state, session_handle);
	leave_line(state, session);
	set_since(state, session, 0);
	drop_route(state, session_handle);
	set_route(state, session_handle, entry);
	person->is_dormant = 0;
	person->since_us = entry->time_us;
	state->dormant_people--;
	set_name(state, person, entry->name);
	table_add(&state->people_by_name, handle);
	for (uint32_t at = person->members; at != 0; at = member_at(state, at)->next_of_person) {
		seat_member(state, at);
	}
	tell_person(state, person, false);
	tell_session(state, session, false);
}
