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
#include "line.h"
#include "name.h"
#include "pool.h"
#include "state.h"
#include "state_sides.h"

/* What is left of 56 bytes: five Chinese characters, or most nicknames. */
#define NAME_INLINE_BYTES 15

/* A row says when somebody spoke in steps so long, so that not each message writes one. */
#define SPOKE_STEP_S 64

struct person {
	uint64_t id;
	uint64_t since_us;
	uint32_t name_hash;
	uint32_t link_id, link_name; /* state.people_by_id, state.people_by_name */
	uint32_t members;            /* its memberships, linked by member.next_of_person */
	uint32_t sessions;           /* its sessions, linked by session.next_of_person */
	uint32_t spoke_s;            /* when it last said something; 0: it has not */
	uint8_t name_bytes : 7;
	uint8_t is_dormant : 1;       /* has left: in no table of names, sits in no room */
	char name[NAME_INLINE_BYTES]; /* if it fits; else a pointer to it: see person_name() */
};
_Static_assert(NAME_BYTES_MAX < 128, "a name's size has seven bits");
_Static_assert(sizeof(struct person) == 56, "every process pays for it");

struct session {
	uint64_t id;
	uint32_t person;
	uint32_t way;  /* 0: it has no route */
	uint32_t peer; /* its address: IPv4, in network order; or in state.wides */
	uint16_t port;
	uint8_t home : 7;
	uint8_t is_wide : 1;
	uint8_t face;
	union {
		uint32_t link_address; /* any other face's: state.sessions_by_address */
		/* FACE_SESSION's: state.lasting_by_nonce, unless its nonce is 0. */
		uint32_t link_nonce;
		uint32_t orphan; /* a stream's: what `waiting` is to FACE_SESSION's */
	};
	union {
		uint32_t next_of_person; /* any other face's */
		uint32_t waiting; /* FACE_SESSION's, which is its person's only one; 0: connected */
	};
};
_Static_assert(sizeof(struct session) == 32, "every process pays for it");
_Static_assert(EDGES_MAX <= 128, "a home has seven bits");

/* A session of FACE_SESSION outlives connections. It is in a pool of its own; LASTING in a handle tells. */
#define LASTING 0x80000000U
struct lasting {
	struct session session;
	uint64_t client_number; /* of the last message that was taken */
	uint64_t nonce;
};
_Static_assert(sizeof(struct lasting) == 48, "every process pays for it");

/* One that is not connected. */
struct waiting {
	uint64_t since_us;
	struct line_links links; /* in state.absent, state.dormant or state.orphans */
	uint32_t session;
};

/* A session that has not its person's id; by these all others are found. */
struct stray {
	uint64_t id;
	uint32_t session;
	uint32_t link;
};

/* An address that is not IPv4. */
struct wide {
	uint8_t ip[16];
	uint32_t link;
	uint32_t sessions; /* as with ways */
};

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
	uint32_t position : 31; /* in room.members, unless the person is dormant */
	uint32_t
		has_since : 1; /* since a seq that is not its person's id: state.sinces_by_member */
};
_Static_assert(PERSONS_MAX < 1u << 31, "a position has 31 bits");

/* Since when somebody is in a room, for those who did not come into it with their first step. */
struct since {
	uint64_t seq;
	uint32_t member;
	uint32_t link;
};

struct room {
	uint64_t id;
	uint64_t made_us;    /* 0: not known: the lobby, and what an older version made */
	uint64_t renamed_us; /* last; 0: never */
	uint64_t said_seq;   /* the first thing said in it; 0: nothing yet */
	uint64_t empty_seq;  /* with this entry the last membership ended; 0: there are some */
	uint32_t link_id, link_name;
	uint32_t name_hash;
	uint32_t memberships;                 /* those of dormant people too */
	uint32_t absent_count;                /* of the members: who is absent */
	uint32_t members_count, members_room; /* room: how many the array can hold */
	uint32_t *members;                    /* who is present */
	struct line_links links;              /* in state.empty_rooms, while it is empty */
	uint64_t homes;                       /* a bit for each of at_home that is not zero */
	uint32_t *at_home;                    /* [EDGES_MAX]: sessions of members by home */
	uint8_t name_bytes : 7;
	uint8_t is_registered : 1; /* as its charter has it */
	char name[ROOM_NAME_BYTES_MAX];
};
_Static_assert(ROOM_NAME_BYTES_MAX < 128, "a room name's size has seven bits");

/* Two people's conversation. */
struct thread {
	uint64_t id;
	uint32_t link_id, link_pair;
	struct thread_end {
		uint32_t person;
		uint32_t before, after; /* threads of the same person: from its struct talker on */
	} ends[2];                      /* the first is who began it */
};

/* Who has threads. */
struct talker {
	uint32_t person;
	uint32_t link;
	uint32_t first; /* thread */
	uint32_t begun; /* how many it began */
};

/* A restriction and the bytes its slices point to. */
struct restriction_kept {
	struct restriction shown;
	struct name_key key;
	char bytes[];
};

/* What an administrator has set for the whole server; all zero: it is open. */
struct server_kept {
	uint64_t since_us;
	uint8_t level; /* 0: it is open, and there is no row */
	uint8_t by_size;
	uint16_t why_size;
	char by[NAME_BYTES_MAX];
	char why[WHY_BYTES_MAX];
};

struct state {
	uint64_t seq;
	uint64_t time_us;
	uint8_t seed[NAME_SEED_BYTES];
	struct pool people, sessions, lastings, waitings, strays, ways, wides;
	struct pool members, sinces, rooms, threads, talkers;
	struct table people_by_id, people_by_name;
	struct table sessions_by_address; /* without those of FACE_SESSION */
	struct table lasting_by_nonce;
	struct table strays_by_id;
	struct table sinces_by_member;
	struct table rooms_by_id, rooms_by_name;
	struct table ways_by_content, wides_by_ip;
	struct table threads_by_id, threads_by_pair, talkers_by_person;
	struct line absent, dormant, orphans; /* of waitings, by since_us */
	struct sides sides;
	/*
	 * Rooms in which nobody is: where nothing was said ([0]), where something was ([1]), and
	 * those that are registered ([2]), which nobody looks for.
	 */
	struct line empty_rooms[3];
	size_t dormant_people, absent_people;
	struct restriction_kept **restrictions;
	size_t restrictions_count;
	struct server_kept server;
	/* Of the state_apply() under way. */
	uint64_t entry_seq;
	state_changed *changed;
	void *context;
};

/*
 * With a secret, so that nobody can choose addresses that fall together. One
 * for the process: a table's hash function sees the thing and nothing else.
 */
extern uint64_t state_secret;

/* Handles; 0 if there is none. */
uint32_t find_person(const struct state *state, uint64_t id);
/* Who is present under that name. */
uint32_t find_person_named(const struct state *state, struct slice name);
uint32_t find_session(const struct state *state, uint64_t id);
uint32_t find_session_at(const struct state *state, const struct address *peer);
uint32_t find_lasting_of_nonce(const struct state *state, uint64_t nonce);
uint32_t find_room(const struct state *state, uint64_t id);
uint32_t find_room_named(const struct state *state, struct slice name);
uint32_t find_member(const struct state *state, uint32_t room, uint32_t person);
uint32_t find_thread(const struct state *state, uint64_t id);
/* Of two people, in either order. */
uint32_t find_thread_of(const struct state *state, uint32_t person, uint32_t other);
uint32_t find_talker(const struct state *state, uint32_t person);

static inline struct person *person_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->people, handle);
}
static inline struct lasting *lasting_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->lastings, handle & ~LASTING);
}
static inline struct session *session_at(const struct state *state, uint32_t handle) {
	return (handle & LASTING) != 0 ? &lasting_at(state, handle)->session
	                               : pool_at(&state->sessions, handle);
}
static inline struct waiting *waiting_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->waitings, handle);
}
static inline struct member *member_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->members, handle);
}
static inline struct since *since_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sinces, handle);
}
static inline struct stray *stray_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->strays, handle);
}
static inline struct wide *wide_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->wides, handle);
}
static inline struct way *way_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->ways, handle);
}
static inline struct room *room_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->rooms, handle);
}
static inline struct thread *thread_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->threads, handle);
}
static inline struct talker *talker_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->talkers, handle);
}

/* Faces whose sessions are connections: found by their id alone. */
static inline bool is_stream(uint8_t face) {
	return face == FACE_IRC || face == FACE_WEB;
}
static inline bool is_found_by_address(uint8_t face) {
	return face != FACE_SESSION && !is_stream(face);
}
/* NULL if the session is of a face that keeps nothing. */
static inline struct lasting *lasting_of(const struct session *session) {
	return session->face == FACE_SESSION ? (struct lasting *)(uintptr_t)session : NULL;
}
/* The next of its person's. */
static inline uint32_t session_after(const struct session *session) {
	return session->face == FACE_SESSION ? 0 : session->next_of_person;
}
/* Where it waits for who was there: in state.waitings; 0: it is connected. */
static inline uint32_t waiting_of(const struct session *session) {
	return session->face == FACE_SESSION ? session->waiting
	       : is_stream(session->face)    ? session->orphan
	                                     : 0;
}
/* Is there somebody to send to? */
static inline bool is_connected(const struct session *session) {
	return waiting_of(session) == 0;
}
bool is_absent(const struct state *state, const struct person *person);

/* ---- The pieces of which apply and loading are made. They report what they change. ---- */

/* state_parts.c: people and their sessions. */
uint32_t add_person(struct state *state, uint64_t id, struct slice name, uint64_t since_us,
                    bool is_dormant);
void rename_person(struct state *state, uint32_t handle, struct slice name);
/* Whoever said this has said something; nobody, if it is gone. */
void note_spoke(struct state *state, const struct record *said);
/* With its sessions, memberships and threads. */
void end_person(struct state *state, uint32_t handle);
/* Out of rooms and names; sessions that do not last end. */
void make_dormant(struct state *state, uint32_t handle, uint64_t since_us);
/* The same for an account's person, which keeps neither sessions nor rooms; and back, by a new session. */
void make_dormant_alone(struct state *state, uint32_t handle);
void wake_person_alone(struct state *state, uint32_t handle, const struct record *entry);
/* Back under a name, by its session, into the rooms that it kept. */
void wake_person(struct state *state, uint32_t handle, uint32_t session,
                 const struct record *entry);
/* A row's since_us: absent, or dormant, since then. See begin_session() as well. */
uint32_t add_session(struct state *state, uint64_t id, uint32_t person, const struct record *from);
/* Its route and home; it is connected now. */
void move_session(struct state *state, uint32_t handle, const struct record *from);
void make_absent(struct state *state, uint32_t handle, uint64_t since_us);
void set_client_number(struct state *state, uint32_t session, uint64_t number);
void end_session(struct state *state, uint32_t handle);
/* Its sessions that are connected come (+1) to, or go (-1) from, what a room counts by home. */
void count_sessions(struct state *state, uint32_t room, uint32_t person, int by);

/* state_routes.c: where sessions are. */
void routes_init(struct state *state);
void routes_finish(struct state *state);
/* A session's home and, if the record has one, its route; it has none now. */
void set_route(struct state *state, uint32_t session, const struct record *from);
void drop_route(struct state *state, uint32_t session);

/* state_rooms.c: rooms, memberships, threads. */
void rooms_init(struct state *state);
void rooms_finish(struct state *state);
void add_member(struct state *state, uint32_t room, uint32_t person, uint64_t since_seq);
void end_member(struct state *state, uint32_t handle);
uint64_t member_since(const struct state *state, uint32_t handle);
/* Somebody who is present sits in a room, and is counted; a dormant member does not. */
void seat_member(struct state *state, uint32_t handle);
void unseat_member(struct state *state, uint32_t handle);
/* `from` is a row, or all zero: the seqs of what happened in it. */
uint32_t add_room(struct state *state, uint64_t id, struct slice name, const struct record *from);
void end_room(struct state *state, uint32_t handle);
/* Nobody else's, and not the lobby's. */
void rename_room(struct state *state, uint32_t handle, struct slice name, uint64_t time_us);
void note_said(struct state *state, uint32_t room, uint64_t seq);
/* Its charter says that it is registered, or not any more. */
void note_registered(struct state *state, uint32_t room, bool is_registered);
void add_thread(struct state *state, uint64_t id, uint32_t person, uint32_t other);
void end_threads_of(struct state *state, uint32_t person);

/* state_restrictions.c. Whether what add_restriction() keeps of a record fits. */
bool is_restriction_good(const struct record *from);
void add_restriction(struct state *state, uint64_t id, bool is_mute, const struct record *from,
                     uint64_t since_us);
void remove_restriction(struct state *state, size_t index);
enum state_error on_server_set(struct state *state, const struct record *entry);
enum state_error load_server(struct state *state, const struct record *row);
struct record row_of_server(const struct state *state);

/* Says that something changed, to whoever keeps the state elsewhere. */
static inline void tell(struct state *state, const struct record *row, bool is_gone) {
	if (state->changed != NULL) {
		state->changed(state->context, row, is_gone);
	}
}

/* A hash of a name that only this state knows how to make. */
uint32_t name_hash_of(const struct state *state, const struct name_key *key);

/* Rows as records. */
struct record row_of_person(const struct state *state, const struct person *person);
struct record row_of_session(const struct state *state, const struct session *session);
struct record row_of_room(const struct room *room);
struct record row_of_member(const struct state *state, uint32_t handle);
struct record row_of_thread(const struct state *state, const struct thread *thread);
struct record row_of_restriction(const struct restriction *restriction);

/* ---- state_rows.c: saving ---- */

struct saving {
	const struct state *state;
	void (*put)(void *context, const struct record *row);
	void *context;
};
void save_row(const struct saving *saving, struct record row);
/* Calls save() for all that are in the table. */
void save_all(const struct saving *saving, const struct table *table,
              void (*save)(const struct saving *saving, uint32_t handle));

/* state_rules.c */
void rules_save(const struct saving *saving);
enum state_error load_rules(struct state *state, const struct record *row);
enum state_error load_spoken(struct state *state, const struct record *row);
/* state_kept.c */
void kept_save(const struct saving *saving);
enum state_error load_kept(struct state *state, const struct record *row);
/* state_standings.c */
void standings_save(const struct saving *saving);
enum state_error load_standing(struct state *state, const struct record *row);

#endif
