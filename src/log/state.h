/*
 * state.h - who is here: the state that follows from the log.
 *
 * state_apply() is a function of the state and one entry, and of nothing else:
 * no clock, no configuration. The hub, the scribe, the edges and whoever
 * replays the log use this one function, so they agree by construction; and
 * state_digest() shows it.
 *
 * Ids are the seq of the entry that made the thing: a person's is that of its
 * ENTRY_ENTERED, a ban's that of its ENTRY_BANNED. A person is not a name, a
 * session is not an address: a person has a name (which changes hands), is in
 * rooms, and has one or more sessions, each with a face, a route and a home.
 *
 * Who came by a session of FACE_SESSION has that one, and it lasts. Such a
 * person is *connected*; or *absent* (ENTRY_ABSENT): present, under its name and
 * in its rooms, but nobody listens; or *dormant* (ENTRY_LEFT, ENTRY_CLOSED): out
 * of names and rooms, counted nowhere, though person, session, memberships and
 * threads are kept until it comes back (ENTRY_ENTERED) or is forgotten
 * (ENTRY_FORGOTTEN). All others just end when they leave, but for accounts' people.
 *
 * Who has signed in by a stream is its account's person, for ever (bind_account()): one person with
 * any number of sessions (ENTRY_ATTACHED, ENTRY_DETACHED). When the last one ends it stays, absent; or
 * it leaves (ENTRY_LEFT, and whatever ends others) and is dormant, without rooms, but with its threads.
 * Only the account's end ends it.
 *
 * A session of a stream (FACE_IRC, FACE_WEB) is never found by its address. When its
 * edge dies it is an *orphan* (ENTRY_ORPHANED): absent, until ENTRY_MOVED says that it
 * is back, or ENTRY_LEFT that it is not.
 *
 * Two people's direct messages are a *thread*, which is state while both people
 * are (present or dormant). Its id is the seq of the first.
 *
 * Ownership: the state owns everything in it; pointers that the getters give
 * are valid until the next state_apply() or state_load_row().
 */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "record.h"
#include "slice.h"

#define ROOM_LOBBY 1                                              /* #lobby: always there */
#define ROOM_BITS_AT_FIRST (ROOM_NO_EXTERNAL | ROOM_TOPIC_LOCKED) /* of whatever room */
#define ROOM_LOBBY_NAME_ZH "#大厅"                                /* the same */

struct state;

enum state_error {
	STATE_OK = 0,
	STATE_IMPOSSIBLE = -1, /* the entry cannot follow this state: a bug or a damaged log */
};

/* What changed, for who keeps the state elsewhere: called with a row as it is now, or its key when it is gone. */
typedef void state_changed(void *context, const struct record *row, bool is_gone);

struct state *state_create(void);
void state_destroy(struct state *state);

/*
 * The one function. `changed` may be NULL. Answers are ignored. An impossible
 * entry changes nothing. The entry's bytes may not be the state's own.
 */
enum state_error state_apply(struct state *state, const struct record *entry,
                             state_changed *changed, void *context);

/* seq of the last entry applied (or of the rows it was loaded from). */
uint64_t state_seq(const struct state *state);
/* Time of the last entry applied. */
uint64_t state_time_us(const struct state *state);

/*
 * Rows: all of them; and back. Loading needs an empty state and this order:
 * meta, rooms, people, then their memberships and sessions (a person's may
 * follow it directly), threads, bans and mutes, and all others in the order of
 * their kinds.
 */
void state_save(const struct state *state, void (*put)(void *context, const struct record *row),
                void *context);
enum state_error state_load_row(struct state *state, const struct record *row);
/* The row of a session as it is now. False if there is no such session. */
bool state_session_row(const struct state *state, uint64_t session, struct record *row);

/* A number that is equal for equal states, whatever the order they were made in. */
uint64_t state_digest(const struct state *state);

/* People. */
struct person;
struct session;
/* Who is present; and how many of these are absent. */
size_t state_people_count(const struct state *state);
size_t state_absent_count(const struct state *state);
/* How many are dormant: not among the people counted above. */
size_t state_dormant_count(const struct state *state);
/* Dormant ones too. */
const struct person *state_person(const struct state *state, uint64_t id);
/* Who is present under that name. Compared as names are (name_key). */
const struct person *state_person_named(const struct state *state, struct slice name);

uint64_t person_id(const struct person *person);
struct slice person_name(const struct person *person);
/* False: it is dormant. */
bool person_is_present(const struct person *person);
/* It is present, and nobody listens. */
bool person_is_absent(const struct state *state, const struct person *person);
uint64_t person_since_us(const struct person *person);
/*
 * When it last said something, in seconds; 0: it has not. A process that has loaded the state since
 * then knows the minute only.
 */
uint64_t person_spoke_us(const struct person *person);
/* The rooms it is in, or, dormant, has kept. Returns how many; fills up to `most`. */
size_t person_rooms(const struct state *state, const struct person *person, uint64_t *rooms,
                    size_t most);
/* Its sessions, one after the other: NULL to start; NULL at the end. */
const struct session *person_session_next(const struct state *state, const struct person *person,
                                          const struct session *after);

const struct session *state_session(const struct state *state, uint64_t id);
/* The plain session of an address. */
const struct session *state_session_at(const struct state *state, const struct address *peer);
uint64_t session_id(const struct session *session);
uint64_t session_person(const struct state *state, const struct session *session); /* its id */
uint8_t session_face(const struct session *session);
uint16_t session_home(const struct session *session);
/* False if it has none (a stream face). */
bool session_route(const struct state *state, const struct session *session, struct route *route);
/* What a session of FACE_SESSION has; 0 for others. */
uint64_t session_client_number(const struct state *state, const struct session *session);
uint64_t session_nonce(const struct state *state, const struct session *session);
/* Since when it is absent, or its person dormant; 0: it is connected. */
uint64_t session_absent_since_us(const struct state *state, const struct session *session);
/* The one that the OPEN with this nonce made; NULL if there is none, or the nonce is 0. */
const struct session *state_session_of_nonce(const struct state *state, uint64_t nonce);
/* The newest stream's that began with this nonce, and so may be gone on with; NULL likewise. */
const struct session *state_stream_of_nonce(const struct state *state, uint64_t nonce);
bool session_is_resumable(const struct state *state, const struct session *session);
/* The seq of the message that bore this key, and when it was kept; 0: none that is remembered. */
uint64_t state_kept(const struct state *state, uint64_t key, uint64_t *since_us);
/* Sessions that are absent, and those of dormant people: longest first. NULL to start; NULL at the end. */
const struct session *state_absent_next(const struct state *state, const struct session *after);
const struct session *state_dormant_next(const struct state *state, const struct session *after);
/* Streams whose edge died, or that are cut and may be gone on with, in the order in which that happened; the sessions of it among them. */
const struct session *state_orphan_next(const struct state *state, const struct session *after);
/* All sessions, those of dormant people too; for a start, a sweep. Return false from `each` to stop. */
void state_sessions_each(const struct state *state,
                         bool (*each)(void *context, const struct session *session), void *context);

/* Rooms. */
bool state_room_exists(const struct state *state, uint64_t room);
struct slice state_room_name(const struct state *state, uint64_t room);  /* "#lobby" */
uint64_t state_room_named(const struct state *state, struct slice name); /* 0: none */
/* 0: not known, as of the lobby. */
uint64_t state_room_made_us(const struct state *state, uint64_t room);
/* When it was last given another name; 0: never. */
uint64_t state_room_renamed_us(const struct state *state, uint64_t room);
size_t state_rooms_count(const struct state *state);
/* All rooms. Return false from `each` to stop; then this does. */
bool state_rooms_each(const struct state *state, bool (*each)(void *context, uint64_t room),
                      void *context);
/* Rooms in which nobody is, longest first, where something was said, or nothing was. 0 to start; 0 at the end. */
uint64_t state_empty_room_next(const struct state *state, bool has_history, uint64_t after);
/* The entry with which the last one left it for good; 0: somebody is in it. */
uint64_t state_room_empty_seq(const struct state *state, uint64_t room);

/* Is in it, and present. */
bool state_is_member(const struct state *state, uint64_t room, uint64_t person);
/* The seq from which on it may read the room; a dormant member too. 0: not a member. */
uint64_t state_member_since(const struct state *state, uint64_t room, uint64_t person);
/* Who is in it and present; and how many of these are absent. */
size_t state_room_members_count(const struct state *state, uint64_t room);
size_t state_room_absent_count(const struct state *state, uint64_t room);
/* Members one by one, index 0 to count-1, in no order that lasts beyond the next apply. */
const struct person *state_room_member(const struct state *state, uint64_t room, size_t index);
/* How many connected sessions of a room's members have this home: whom to wake. */
size_t state_room_members_at(const struct state *state, uint64_t room, uint16_t home);
/* The same for all homes at once: bit N is set if home N has any. */
uint64_t state_room_homes(const struct state *state, uint64_t room);

/* Threads: two people's direct messages. */
size_t state_threads_count(const struct state *state);
/* 0: they have none. */
uint64_t state_thread(const struct state *state, uint64_t person, uint64_t other);
/* Whose it is: who began it first. False if there is none. */
bool state_thread_people(const struct state *state, uint64_t thread, uint64_t people[2]);
/* Its threads and with whom, dormant ones too; in no order. Return false from `each` to stop. */
void state_threads_each(const struct state *state, uint64_t person,
                        bool (*each)(void *context, uint64_t thread, uint64_t other),
                        void *context);
/* How many of its threads it began itself. */
size_t state_threads_begun(const struct state *state, uint64_t person);

/*
 * What IRC people bear; all empty for others, who do not pay for it. Of the bits PERSON_* only.
 */
uint64_t person_bits(const struct state *state, const struct person *person);
/* How many have PERSON_IS_OPERATOR, PERSON_IS_INVISIBLE. */
size_t state_operators_count(const struct state *state);
size_t state_invisible_count(const struct state *state);
struct slice person_userhost(const struct state *state, const struct person *person);
struct slice person_realname(const struct state *state, const struct person *person);
/* Why it is away; empty: it is not. */
struct slice person_away(const struct state *state, const struct person *person);

/*
 * Accounts. Its person is the first one that was signed in to it, and while the account is there
 * that is never ended: present, though it may have no session (then it is absent), or dormant.
 */
uint64_t state_account_named(const struct state *state, struct slice name); /* 0: there is none */
size_t state_accounts_count(const struct state *state);
uint64_t state_account_person(const struct state *state, uint64_t account); /* its id; 0: none */
uint64_t state_account_bits(const struct state *state, uint64_t account);   /* ACCOUNT_* */
struct slice state_account_name(const struct state *state, uint64_t account);
/* Whose person it is; 0: nobody's. */
uint64_t person_account(const struct state *state, const struct person *person);
/* Who is present under that name; or, away, has an account of that name. NULL: nobody. */
const struct person *state_person_known(const struct state *state, struct slice name);
/* All of them. Return false from `each` to stop; then this does. */
bool state_accounts_each(const struct state *state, bool (*each)(void *context, uint64_t account),
                         void *context);
/* On which device it is; empty: it has not said. */
struct slice session_device(const struct state *state, const struct session *session);
/* The seq up to which an account's device has certainly been told all; 0: it was never here. */
uint64_t state_device_read_up_to(const struct state *state, uint64_t account, struct slice device);
/* Its devices, in no order. Return false from `each` to stop. */
void state_devices_each(const struct state *state, uint64_t account,
                        bool (*each)(void *context, struct slice device, uint64_t since_us),
                        void *context);
/*
 * The name of an account that somebody who is called this could be taken for (alike.h); empty: there is
 * none, or the name is an account's itself.
 */
struct slice state_account_like(const struct state *state, struct slice name);

/*
 * Up to which time somebody has read a room, or what it and another person wrote: that is a mark. Of
 * `room` and `other` one is 0. It never goes back; it ends with either.
 */
uint64_t state_mark_us(const struct state *state, uint64_t person, uint64_t room,
                       uint64_t other); /* 0: there is none */
size_t state_marks_count(const struct state *state);
/* A person's marks, in no order. Return false from `each` to stop. */
void state_marks_each(const struct state *state, uint64_t person,
                      bool (*each)(void *context, uint64_t room, uint64_t other, uint64_t since_us),
                      void *context);

/* Metadata: what a room, or a person, says of itself under keys. Of `room` and `person` one is 0. */
struct metadata {
	struct slice key, value;
};
/* The value; empty: it has none. */
struct slice state_metadata(const struct state *state, uint64_t room, uint64_t person,
                            struct slice key);
/* All of one owner's, by key. Begin with all zero; false at the end. */
bool state_metadata_next(const struct state *state, uint64_t room, uint64_t person,
                         struct metadata *at);
/* How many it has; and how many there are. */
size_t state_metadata_of(const struct state *state, uint64_t room, uint64_t person);
size_t state_metadata_count(const struct state *state);
/* a-z, 0-9, '_', '.', '/', '-', and not too long. */
bool state_is_metadata_key(struct slice key);

/* What a room is besides its name. A room that was never changed has what all have at first. */
struct room_charter {
	uint64_t bits; /* ROOM_* */
	struct slice topic;
	struct slice topic_by;
	uint64_t topic_since_us;
	struct slice key;             /* empty: none */
	uint64_t limit;               /* 0: none */
	uint64_t founder;             /* a person that may be gone; 0: none */
	struct slice founder_account; /* empty: it had none */
	uint64_t slow_s;              /* between two messages of one member; 0: none */
	struct slice forward;         /* the room for whom this does not let in; empty: none */
};
struct room_charter state_room_charter(const struct state *state, uint64_t room);
/* MEMBER_* bits of a member; 0 for all others. */
uint64_t state_member_bits(const struct state *state, uint64_t room, uint64_t person);
struct room_mask {
	uint64_t id;
	char letter; /* 'b', 'e' or 'I' */
	struct slice mask;
	struct slice by;
	uint64_t since_us;
};
/* A room's masks with this letter, oldest first. Begin with all zero; false at the end. */
bool state_mask_next(const struct state *state, uint64_t room, char letter, struct room_mask *mask);
size_t state_masks_count(const struct state *state, uint64_t room, char letter);
/*
 * In a room that is slow: when this person, who has no office in it, last said something; 0: it may
 * speak, as far as the room knows.
 */
uint64_t state_room_spoken_us(const struct state *state, uint64_t room, uint64_t person);
/* MEMBER_* bits that whoever bears this account has on joining. */
uint64_t state_standing(const struct state *state, uint64_t room, uint64_t account);
struct room_standing {
	uint32_t place;
	uint64_t account;
	struct slice name;
	uint64_t bits; /* MEMBER_* */
};
/* The standings in a room, oldest first. Begin with all zero; false at the end. */
bool state_standing_next(const struct state *state, uint64_t room, struct room_standing *standing);
size_t state_standings_count(const struct state *state, uint64_t room);
/* Rooms that are registered: an account's, and all. */
size_t state_rooms_of_account(const struct state *state, uint64_t account);
size_t state_registered_count(const struct state *state);
size_t state_invitations_count(const struct state *state, uint64_t room);
bool state_is_invited(const struct state *state, uint64_t room, uint64_t person);

/* Bans and mutes; few, so plain lists. */
struct restriction {
	uint64_t id;
	bool is_mute;
	bool has_net;
	uint8_t bits; /* BAN_* */
	struct net net;
	struct slice name;   /* shown as given; compared as names are */
	struct slice folded; /* BAN_IS_MASK: what is compared instead */
	struct slice by;
	struct slice why;
	uint64_t since_us;
	uint64_t until_us; /* 0: until it is taken back */
};
size_t state_restrictions_count(const struct state *state);
const struct restriction *state_restriction(const struct state *state, size_t index);
/* The first that holds at `now_us`, or NULL. Of the name, or the network. */
const struct restriction *state_ban_of(const struct state *state, struct slice name,
                                       const struct address *peer, uint64_t now_us);
const struct restriction *state_ban_of_account(const struct state *state, struct slice name,
                                               uint64_t now_us);
bool restriction_holds(const struct restriction *restriction, uint64_t now_us);
const struct restriction *state_mute_of(const struct state *state, struct slice name,
                                        uint64_t now_us);
/* When the next restriction runs out; 0: none does. */
uint64_t state_next_expiry_us(const struct state *state);

/* How far the server is open. */
struct server_state {
	enum server_level level;
	struct slice by; /* empty: the administrator */
	struct slice why;
	uint64_t since_us; /* 0: it was never otherwise than open */
};
struct server_state state_server(const struct state *state);

#endif
