/*
 * state_inner.h - how the state lies in memory. For the files of the state
 * alone; everybody else has state.h.
 *
 * Sizes count: every process that holds the state pays them for each person,
 * so links are handles (4 bytes) and rare things are kept elsewhere.
 */
#ifndef STATE_INNER_H
#define STATE_INNER_H

#include "limits.h"
#include "name.h"
#include "pool.h"
#include "state.h"

/* What is left of 48 bytes: three Chinese characters, or most nicknames. */
#define NAME_INLINE_BYTES 11

struct person {
	uint64_t id;
	uint64_t since_us;
	uint32_t name_hash;
	uint32_t link_id, link_name; /* state.people_by_id, state.people_by_name */
	uint32_t members;            /* its memberships, linked by member.next_of_person */
	uint32_t sessions;           /* its sessions, linked by session.next_of_person */
	uint8_t name_bytes;
	char name[NAME_INLINE_BYTES]; /* if it fits; else a pointer to it: see person_name() */
};
_Static_assert(sizeof(struct person) == 48, "every process pays for it");

struct session {
	uint64_t id;
	uint8_t ip[16];
	uint32_t person;
	uint32_t link_id, link_address;
	uint32_t next_of_person;
	uint32_t way; /* 0: it has no route */
	uint16_t port;
	uint8_t home;
	uint8_t face;
};
_Static_assert(sizeof(struct session) == 48, "every process pays for it");
_Static_assert(EDGES_MAX <= UINT8_MAX, "a home is a byte");

/* What many routes have in common: our own end, and the peer's interface. */
struct way {
	uint8_t local[16];
	uint32_t scope;
	uint32_t link;
	uint32_t sessions; /* how many go this way; with the last one it ends */
	uint16_t listener;
};

struct member {
	uint32_t room; /* handle */
	uint32_t person;
	uint32_t next_of_person;
	uint32_t position; /* in room.members */
};

struct room {
	uint64_t id;
	uint32_t link_id, link_name;
	uint32_t name_hash;
	uint32_t members_count, members_room; /* room: how many the array can hold */
	uint32_t *members;
	uint64_t homes;    /* a bit for each of at_home that is not zero */
	uint32_t *at_home; /* [EDGES_MAX]: sessions of members by home */
	uint8_t name_bytes;
	char name[ROOM_NAME_BYTES_MAX];
};

/* A restriction and the bytes its slices point to. */
struct restriction_kept {
	struct restriction shown;
	struct name_key key;
	char bytes[NAME_BYTES_MAX + NAME_BYTES_MAX + WHY_BYTES_MAX];
};

struct state {
	uint64_t seq;
	uint64_t time_us;
	uint8_t seed[NAME_SEED_BYTES];
	struct pool people, sessions, members, rooms, ways;
	struct table people_by_id, people_by_name;
	struct table sessions_by_id, sessions_by_address;
	struct table rooms_by_id, rooms_by_name;
	struct table ways_by_content;
	struct restriction_kept **restrictions;
	size_t restrictions_count;
	state_changed *changed; /* of the state_apply() under way */
	void *context;
};

/* Handles; 0 if there is none. */
uint32_t find_person(const struct state *state, uint64_t id);
uint32_t find_person_named(const struct state *state, struct slice name);
uint32_t find_session(const struct state *state, uint64_t id);
uint32_t find_session_at(const struct state *state, const struct address *peer);
uint32_t find_room(const struct state *state, uint64_t id);
uint32_t find_room_named(const struct state *state, struct slice name);
uint32_t find_member(const struct state *state, uint32_t room, uint32_t person);

static inline struct person *person_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->people, handle);
}
static inline struct session *session_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sessions, handle);
}
static inline struct member *member_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->members, handle);
}
static inline struct way *way_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->ways, handle);
}
static inline struct room *room_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->rooms, handle);
}

/* The pieces of which apply and loading are made. They report what they change. */
uint32_t add_person(struct state *state, uint64_t id, struct slice name, uint64_t since_us);
uint32_t add_session(struct state *state, uint64_t id, uint32_t person, const struct record *from);
void rename_person(struct state *state, uint32_t handle, struct slice name);
void move_session(struct state *state, uint32_t handle, const struct record *from);
/* With its sessions and memberships. */
void end_person(struct state *state, uint32_t handle);
void add_member(struct state *state, uint32_t room, uint32_t person);
uint32_t add_room(struct state *state, uint64_t id, struct slice name);
/* Whether what add_restriction() keeps of a record fits. */
bool is_restriction_good(const struct record *from);
void add_restriction(struct state *state, uint64_t id, bool is_mute, const struct record *from,
                     uint64_t since_us);
void remove_restriction(struct state *state, size_t index);

/* Rows as records. */
struct record row_of_person(const struct state *state, const struct person *person);
struct record row_of_session(const struct state *state, const struct session *session);
struct record row_of_room(const struct room *room);
struct record row_of_member(const struct state *state, const struct member *member);
struct record row_of_restriction(const struct restriction *restriction);

#endif
