/*
 * The pieces of the state: people, sessions, rooms, memberships, restrictions;
 * how each is found, made and ended. What they mean is state.c's.
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
static uint64_t room_id_hash(const void *thing) {
	return hash_number(((const struct room *)thing)->id);
}
static uint64_t room_name_hash(const void *thing) {
	return ((const struct room *)thing)->name_hash;
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
	pool_init(&state->members, sizeof(struct member));
	pool_init(&state->rooms, sizeof(struct room));
	pool_init(&state->ways, sizeof(struct way));
	table_init(&state->people_by_id, &state->people, offsetof(struct person, link_id),
	           person_id_hash);
	table_init(&state->people_by_name, &state->people, offsetof(struct person, link_name),
	           person_name_hash);
	table_init(&state->sessions_by_id, &state->sessions, offsetof(struct session, link_id),
	           session_id_hash);
	table_init(&state->sessions_by_address, &state->sessions,
	           offsetof(struct session, link_address), session_address_hash);
	table_init(&state->rooms_by_id, &state->rooms, offsetof(struct room, link_id),
	           room_id_hash);
	table_init(&state->rooms_by_name, &state->rooms, offsetof(struct room, link_name),
	           room_name_hash);
	table_init(&state->ways_by_content, &state->ways, offsetof(struct way, link), way_hash);
	add_room(state, ROOM_LOBBY, slice_from_string("#lobby"));
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
	for (uint32_t i = 0; i <= state->rooms_by_id.mask; i++) {
		for (uint32_t handle = state->rooms_by_id.buckets[i]; handle != 0;
		     handle = table_next(&state->rooms_by_id, handle)) {
			free(room_at(state, handle)->members);
			free(room_at(state, handle)->at_home);
		}
	}
	table_finish(&state->people_by_id);
	table_finish(&state->people_by_name);
	table_finish(&state->sessions_by_id);
	table_finish(&state->sessions_by_address);
	table_finish(&state->rooms_by_id);
	table_finish(&state->rooms_by_name);
	pool_finish(&state->people);
	pool_finish(&state->sessions);
	pool_finish(&state->members);
	pool_finish(&state->rooms);
	table_finish(&state->ways_by_content);
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

static uint32_t name_hash_of(const struct state *state, const struct name_key *key) {
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

/* ---- telling ---- */

static void tell(struct state *state, const struct record *row, bool is_gone) {
	if (state->changed != NULL) {
		state->changed(state->context, row, is_gone);
	}
}

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

static void tell_member(struct state *state, const struct member *member, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_member(state, member);
		tell(state, &row, is_gone);
	}
}

static void tell_restriction(struct state *state, const struct restriction *restriction,
                             bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_restriction(restriction);
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

uint32_t add_person(struct state *state, uint64_t id, struct slice name, uint64_t since_us) {
	uint32_t handle = pool_take(&state->people);
	struct person *person = person_at(state, handle);
	person->id = id;
	person->since_us = since_us;
	set_name(state, person, name);
	table_add(&state->people_by_id, handle);
	table_add(&state->people_by_name, handle);
	tell_person(state, person, false);
	return handle;
}

void rename_person(struct state *state, uint32_t handle, struct slice name) {
	table_remove(&state->people_by_name, handle);
	set_name(state, person_at(state, handle), name);
	table_add(&state->people_by_name, handle);
	tell_person(state, person_at(state, handle), false);
}

/* ---- homes: how many sessions of a room's members an edge serves ---- */

_Static_assert(EDGES_MAX <= 64, "room.homes has a bit for each");

static void count(struct room *room, uint8_t home, int by) {
	uint64_t bit = (uint64_t)1 << home;
	room->at_home[home] += (uint32_t)by;
	room->homes = room->at_home[home] > 0 ? room->homes | bit : room->homes & ~bit;
}

static void count_home(struct state *state, uint32_t person, uint8_t home, int by) {
	uint32_t handle = person_at(state, person)->members;
	for (; handle != 0; handle = member_at(state, handle)->next_of_person) {
		count(room_at(state, member_at(state, handle)->room), home, by);
	}
}

static void count_member(struct state *state, uint32_t room, uint32_t person, int by) {
	uint32_t handle = person_at(state, person)->sessions;
	for (; handle != 0; handle = session_at(state, handle)->next_of_person) {
		count(room_at(state, room), session_at(state, handle)->home, by);
	}
}

/* ---- sessions ---- */

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
		table_add(&state->sessions_by_address, handle);
	}
}

static void drop_route(struct state *state, uint32_t handle) {
	struct session *session = session_at(state, handle);
	if (session->way != 0) {
		table_remove(&state->sessions_by_address, handle);
		give_way(state, session->way);
		session->way = 0;
	}
}

uint32_t add_session(struct state *state, uint64_t id, uint32_t person, const struct record *from) {
	uint32_t handle = pool_take(&state->sessions);
	struct session *session = session_at(state, handle);
	session->id = id;
	session->person = person;
	session->face = from->face;
	session->next_of_person = person_at(state, person)->sessions;
	person_at(state, person)->sessions = handle;
	set_route(state, handle, from);
	table_add(&state->sessions_by_id, handle);
	count_home(state, person, session->home, 1);
	tell_session(state, session, false);
	return handle;
}

void move_session(struct state *state, uint32_t handle, const struct record *from) {
	struct session *session = session_at(state, handle);
	count_home(state, session->person, session->home, -1);
	drop_route(state, handle);
	set_route(state, handle, from);
	count_home(state, session->person, session->home, 1);
	tell_session(state, session, false);
}

static void end_session(struct state *state, uint32_t handle) {
	struct session *session = session_at(state, handle);
	tell_session(state, session, true);
	count_home(state, session->person, session->home, -1);
	uint32_t *at = &person_at(state, session->person)->sessions;
	while (*at != handle) {
		at = &session_at(state, *at)->next_of_person;
	}
	*at = session->next_of_person;
	drop_route(state, handle);
	table_remove(&state->sessions_by_id, handle);
	pool_give(&state->sessions, handle);
}

/* ---- memberships ---- */

void add_member(struct state *state, uint32_t room_handle, uint32_t person) {
	uint32_t handle = pool_take(&state->members);
	struct member *member = member_at(state, handle);
	struct room *room = room_at(state, room_handle);
	if (room->members_count == room->members_room) {
		room->members_room = room->members_room == 0 ? 4 : room->members_room * 2;
		room->members =
			allocate_again(room->members, room->members_room * sizeof(uint32_t));
	}
	member->room = room_handle;
	member->person = person;
	member->position = room->members_count;
	member->next_of_person = person_at(state, person)->members;
	person_at(state, person)->members = handle;
	room->members[room->members_count++] = handle;
	count_member(state, room_handle, person, 1);
	tell_member(state, member, false);
}

static void end_member(struct state *state, uint32_t handle) {
	struct member *member = member_at(state, handle);
	struct room *room = room_at(state, member->room);
	tell_member(state, member, true);
	count_member(state, member->room, member->person, -1);
	uint32_t last = room->members[--room->members_count];
	room->members[member->position] = last;
	member_at(state, last)->position = member->position;
	uint32_t *at = &person_at(state, member->person)->members;
	while (*at != handle) {
		at = &member_at(state, *at)->next_of_person;
	}
	*at = member->next_of_person;
	pool_give(&state->members, handle);
}

void end_person(struct state *state, uint32_t handle) {
	struct person *person = person_at(state, handle);
	while (person->members != 0) {
		end_member(state, person->members);
	}
	while (person->sessions != 0) {
		end_session(state, person->sessions);
	}
	tell_person(state, person, true);
	table_remove(&state->people_by_id, handle);
	table_remove(&state->people_by_name, handle);
	drop_name(person);
	pool_give(&state->people, handle);
}

/* ---- rooms ---- */

uint32_t add_room(struct state *state, uint64_t id, struct slice name) {
	struct name_key key;
	assert(name.size <= ROOM_NAME_BYTES_MAX);
	uint32_t handle = pool_take(&state->rooms);
	struct room *room = room_at(state, handle);
	room->id = id;
	room->name_bytes = (uint8_t)name.size;
	memcpy(room->name, name.bytes, name.size);
	room->name_hash = name_key(name, &key) == NAME_OK ? name_hash_of(state, &key) : 0;
	room->at_home = allocate(EDGES_MAX * sizeof(uint32_t));
	memset(room->at_home, 0, EDGES_MAX * sizeof(uint32_t));
	table_add(&state->rooms_by_id, handle);
	table_add(&state->rooms_by_name, handle);
	if (state->changed != NULL) {
		struct record row = row_of_room(room);
		tell(state, &row, false);
	}
	return handle;
}

/* ---- restrictions ---- */

static struct slice keep(char **at, struct slice bytes, size_t most) {
	assert(bytes.size <= most);
	memcpy(*at, bytes.bytes == NULL ? "" : bytes.bytes, bytes.size);
	struct slice kept = slice_of(*at, bytes.size);
	*at += bytes.size;
	return kept;
}

bool is_restriction_good(const struct record *from) {
	return from->name.size <= NAME_BYTES_MAX && from->by.size <= NAME_BYTES_MAX &&
	       from->text.size <= WHY_BYTES_MAX;
}

void add_restriction(struct state *state, uint64_t id, bool is_mute, const struct record *from,
                     uint64_t since_us) {
	struct restriction_kept *kept = allocate(sizeof(*kept));
	*kept = (struct restriction_kept){.shown = {.id = id,
	                                            .is_mute = is_mute,
	                                            .has_net = from->has_net,
	                                            .net = from->net,
	                                            .since_us = since_us,
	                                            .until_us = from->until_us}};
	char *at = kept->bytes;
	kept->shown.name = keep(&at, from->name, NAME_BYTES_MAX);
	kept->shown.by = keep(&at, from->by, NAME_BYTES_MAX);
	kept->shown.why = keep(&at, from->text, WHY_BYTES_MAX);
	if (name_key(kept->shown.name, &kept->key) != NAME_OK) {
		kept->key.size = 0;
	}
	state->restrictions = allocate_again(state->restrictions,
	                                     (state->restrictions_count + 1) * sizeof(void *));
	state->restrictions[state->restrictions_count++] = kept;
	tell_restriction(state, &kept->shown, false);
}

void remove_restriction(struct state *state, size_t index) {
	struct restriction_kept *kept = state->restrictions[index];
	tell_restriction(state, &kept->shown, true);
	size_t behind = --state->restrictions_count - index;
	memmove(&state->restrictions[index], &state->restrictions[index + 1],
	        behind * sizeof(void *));
	free(kept);
}
