/*
 * state_sides.h - what few people and rooms have, kept beside them, so that the
 * others do not pay: profiles of IRC people, accounts, charters of rooms, their
 * masks and invitations, offices of members, read markers, metadata. For the files
 * of the state alone.
 *
 * Each is found by the handle of whose it is, and ends with it.
 */
#ifndef STATE_SIDES_H
#define STATE_SIDES_H

#include "line.h"
#include "pool.h"
#include "state.h"

/* Bytes that many things may share: kept once, counted. */
struct text {
	char *bytes;
	uint32_t link;
	uint32_t hash;
	uint32_t uses;
	uint32_t size;
};

struct profile {
	uint32_t person;
	uint32_t link;
	uint32_t userhost, realname, away; /* texts; 0: empty */
	uint32_t bits;
};

struct account {
	uint64_t id;
	uint32_t link_id, link_name, link_person;
	uint32_t name_hash;
	uint32_t name;   /* text */
	uint32_t person; /* 0: nobody has signed in to it yet */
	uint32_t bits;   /* ACCOUNT_* */
	uint32_t devices, devices_count;
};

/* How far one of an account's devices has read. */
struct device {
	uint64_t id; /* of the session by which it was first heard of */
	uint64_t read_up_to;
	uint64_t since_us; /* when that was set */
	uint32_t next;     /* of the account's */
	uint32_t name;     /* text; 0: of all that have not said which they are */
};

/* Which device a session is on, if it has said so, and how it is known again. */
struct seat {
	uint64_t nonce; /* 0: it is not */
	uint32_t session;
	uint32_t link, link_nonce;
	uint32_t device; /* text */
};

/* A message that bore a key. */
struct kept {
	uint64_t key, seq, since_us;
	uint32_t link;
	struct line_links links;
};

/* One of the hashes under which an account's name is filed, so that names like it are found (alike.h). */
struct alike {
	uint64_t hash;
	uint32_t account;
	uint32_t link;
};

struct mask {
	uint64_t id; /* seq of the MODE << 8 | which of its changes */
	uint64_t since_us;
	uint32_t next; /* the next younger one of the room, whatever its letter */
	uint32_t text, by;
	char letter;
};

struct invitation {
	uint32_t person;
	uint32_t link; /* state.sides.invitations_by_person */
	uint32_t room;
	uint32_t next; /* the next younger one of the room */
};

struct charter {
	uint64_t topic_since_us;
	uint64_t founder; /* id, since that person may end */
	uint32_t room;
	uint32_t link;
	uint32_t bits;
	uint32_t limit;
	uint32_t topic, topic_by, key, founder_account; /* texts */
	uint32_t masks, invitations, standings;         /* the oldest */
	uint32_t invitations_count;
};

/* What an account is to a room. */
struct standing {
	uint32_t room, account;
	uint32_t link; /* state.sides.standings_by_account */
	uint32_t next; /* the next younger one of the room */
	uint32_t bits; /* MEMBER_*; state_standings.c */
};

struct rules {
	uint32_t room;
	uint32_t link;
	uint32_t slow_s;
	uint32_t forward;   /* text */
	struct line spoken; /* slow_s: who spoke when, as long as that matters */
};

struct spoken {
	uint64_t since_us;
	uint32_t room, person;
	uint32_t link; /* state.sides.spoken_by_person */
	struct line_links links;
};

struct office {
	uint32_t member;
	uint32_t link;
	uint32_t bits;
};

/* Up to where a person has read a room, or what it and another wrote. */
struct mark {
	uint64_t since_us;
	uint32_t reader;
	uint32_t about; /* room, or person */
	uint32_t link;
	uint32_t next_of_reader;
	uint32_t before, after; /* of those about the same */
	bool is_of_room;
};

/* One key with its value. */
struct datum {
	uint64_t id;         /* seq of the entry that first set it */
	uint32_t key, value; /* texts */
	uint32_t next;       /* of the same owner, by key */
};

/* What a person or a room has of these: its own marks, those about it, its metadata. */
struct shelf {
	uint32_t owner;
	uint32_t link;
	uint32_t marks, marks_about, data; /* the first of each */
	uint16_t marks_count, data_count;
	bool is_of_room;
};

struct sides {
	struct pool alikes;
	struct table accounts_by_skeleton; /* of alikes */
	struct pool texts, profiles, accounts, masks, invitations, charters, offices;
	struct pool devices, seats;
	struct pool standings, rules, spoken;
	struct table texts_by_content, profiles_by_person, accounts_by_id, accounts_by_name;
	struct table accounts_by_person, seats_by_session, seats_by_nonce;
	struct pool kept;
	struct table kept_by_key;
	struct line kept_line; /* by seq */
	struct table invitations_by_person, charters_by_room, offices_by_member;
	struct pool marks, data, shelves;
	struct table marks_by_pair, shelves_by_owner;
	struct table standings_by_account, rules_by_room, spoken_by_person;
	size_t operators, invisible; /* profiles with that bit */
	size_t registered;           /* charters with ROOM_IS_REGISTERED */
};

/* ---- state_profiles.c ---- */

void profiles_init(struct state *state);
void profiles_finish(struct state *state);

struct slice text_of(const struct state *state, uint32_t handle);
/* Puts other bytes in the place of a text. */
void set_text(struct state *state, uint32_t *text, struct slice bytes);

uint32_t find_profile(const struct state *state, uint32_t person);
/* What changes of it; it is told. `from`: userhost, text, bits, other_name, as a row has them. */
void set_profile(struct state *state, uint32_t person, const struct record *from);
void end_profile(struct state *state, uint32_t person);
struct record row_of_profile(const struct state *state, uint32_t person);
bool is_profile_good(const struct record *from);

/* ---- state_accounts.c ---- */

void accounts_init(struct state *state);
/* Before profiles_finish(). */
void accounts_finish(struct state *state);

uint32_t find_account(const struct state *state, uint64_t id);
uint32_t find_account_named(const struct state *state, struct slice name);
/* Whose person this is. */
uint32_t find_account_of(const struct state *state, uint32_t person);
/* `from` is a row: target (id), name, person, bits. */
uint32_t add_account(struct state *state, const struct record *from);
void set_account_bits(struct state *state, uint32_t handle, uint64_t bits);
/* With its person, unless that is connected. */
void end_account(struct state *state, uint32_t handle);
struct record row_of_account(const struct state *state, const struct account *account);
/* The person is signed in to the account of its name: it is its own, if it is nobody's. */
void bind_account(struct state *state, uint32_t person, const struct record *entry);
/* The person ends. */
void unbind_account(struct state *state, uint32_t person);

uint32_t find_device(const struct state *state, uint32_t account, struct slice name);
/* `from` is a row: session (id), name, number, since. The one heard of longest ago makes room. */
uint32_t add_device(struct state *state, uint32_t account, const struct record *from);
/* The session's device, if it was never heard of, begins with this entry. */
void note_device(struct state *state, uint32_t session, const struct record *entry);
/* Its device has read up to there. */
void note_read(struct state *state, uint32_t session, uint64_t seq, uint64_t time_us);
struct record row_of_device(const struct state *state, const struct account *account,
                            uint32_t handle);

/* A session of the person, with its device, by ENTERED or ATTACHED; the account becomes its own. */
void begin_session(struct state *state, uint32_t person, const struct record *entry);

enum state_error on_account_made(struct state *state, const struct record *entry);
enum state_error on_account_ended(struct state *state, const struct record *entry);
enum state_error on_erased(struct state *state, const struct record *entry);
enum state_error on_account_set(struct state *state, const struct record *entry);
enum state_error on_attached(struct state *state, const struct record *entry);
enum state_error on_detached(struct state *state, const struct record *entry);
enum state_error on_read(struct state *state, const struct record *entry);

/* ---- state_seats.c ---- */

void seats_init(struct state *state);
/* Before profiles_finish(). */
void seats_finish(struct state *state);

uint32_t find_seat(const struct state *state, uint32_t session);
/* The device of a session; empty: it has not said. */
struct slice seat_of(const struct state *state, uint32_t session);
uint64_t seat_nonce(const struct state *state, uint32_t session);
/* The newest session with this nonce. */
uint32_t find_session_of_seat(const struct state *state, uint64_t nonce);
void set_seat(struct state *state, uint32_t session, struct slice device, uint64_t nonce);
void end_seat(struct state *state, uint32_t session);
struct record row_of_seat(const struct state *state, uint32_t handle);

/* ---- state_kept.c ---- */

void kept_init(struct state *state);
void kept_finish(struct state *state);
/* A message was kept; does it bear a key? */
void note_kept(struct state *state, const struct record *said);

/* ---- state_alikes.c: a function of the accounts' names, and so no rows of its own ---- */

void alikes_init(struct state *state);
void alikes_finish(struct state *state);
void add_alikes(struct state *state, uint32_t account, struct slice name);
void end_alikes(struct state *state, uint32_t account, struct slice name);

/* ---- state_charters.c ---- */

void charters_init(struct state *state);
/* Before profiles_finish(). */
void charters_finish(struct state *state);

uint32_t find_charter(const struct state *state, uint32_t room);
/* The room's, made if need be with what all have at first. */
uint32_t take_charter(struct state *state, uint32_t room);
void tell_charter(struct state *state, uint32_t handle);
/* With the masks and invitations. */
void end_charter(struct state *state, uint32_t room);
struct record row_of_charter(const struct state *state, uint32_t room);

uint32_t find_mask(const struct state *state, uint32_t room, char letter, struct slice mask);
/* `from`: target (id), number (letter), name, by, since, as a row has them. */
void add_mask(struct state *state, uint32_t room, const struct record *from);
void end_mask(struct state *state, uint32_t room, uint32_t handle);
struct record row_of_mask(const struct state *state, uint32_t room, uint32_t handle);
size_t count_masks(const struct state *state, uint32_t room, char letter);

uint32_t find_invitation(const struct state *state, uint32_t room, uint32_t person);
uint32_t count_invitations(const struct state *state, uint32_t room);
struct record row_of_invitation(const struct state *state, uint32_t handle);
/* It is not there, and there is room for it. */
void add_invitation(struct state *state, uint32_t room, uint32_t person);
void end_invitation(struct state *state, uint32_t handle);
void end_invitations_of(struct state *state, uint32_t person);

uint32_t member_bits(const struct state *state, uint32_t member);
struct record row_of_office(const struct state *state, uint32_t handle);
void set_member_bits(struct state *state, uint32_t member, uint32_t bits);

/* ---- state_marks.c, state_metadata.c ---- */

void shelves_init(struct state *state);
/* Before profiles_finish(). */
void shelves_finish(struct state *state);
/* What it has, and the marks of others about it. */
void end_shelf(struct state *state, uint32_t owner, bool is_of_room);

uint32_t find_shelf(const struct state *state, uint32_t owner, bool is_of_room);
uint32_t take_shelf(struct state *state, uint32_t owner, bool is_of_room);
/* If nothing is on it any more. */
void give_empty_shelf(struct state *state, uint32_t handle);
/* Whose it is, by the two ids, of which one is 0; 0: there is no such. */
uint32_t find_owner(const struct state *state, uint64_t room, uint64_t person);

void end_data_of(struct state *state, uint32_t shelf);

enum state_error on_marked(struct state *state, const struct record *entry);
enum state_error on_metadata(struct state *state, const struct record *entry);
enum state_error load_mark(struct state *state, const struct record *row);
enum state_error load_datum(struct state *state, const struct record *row);
void save_marks(const struct state *state, void (*put)(void *context, const struct record *row),
                void *context);
void save_data(const struct state *state, void (*put)(void *context, const struct record *row),
               void *context);
/* ---- state_rules.c ---- */

void rules_init(struct state *state);
/* Before profiles_finish(). */
void rules_finish(struct state *state);

uint32_t find_rules(const struct state *state, uint32_t room);
struct record row_of_rules(const struct state *state, uint32_t room);
/* No rule at all, and there is no row; not slow, and nobody is remembered. */
void set_rules(struct state *state, uint32_t room, uint32_t slow_s, struct slice forward);
void end_rules(struct state *state, uint32_t room);
/* The room that was called `from` is called `to` now: whoever is sent there still is. */
void redirect_forwards(struct state *state, struct slice from, struct slice to);
/* Something was said in a room. */
void note_spoken(struct state *state, const struct record *said);
void end_spoken_of(struct state *state, uint32_t person);

/* ---- state_standings.c ---- */

void standings_init(struct state *state);
void standings_finish(struct state *state);

/* A room's founder is this account's now (0: none). The charter is the caller's to tell. */
void link_founder(struct state *state, uint32_t room, uint32_t account);
void set_registered(struct state *state, uint32_t room, bool is_registered);
void end_standings_in(struct state *state, uint32_t room);
void end_standings_of(struct state *state, uint32_t account);
enum state_error on_founder(struct state *state, const struct record *entry);
enum state_error on_standing(struct state *state, const struct record *entry);

/* ---- state_sides_apply.c: what entries mean ---- */

enum state_error on_topic(struct state *state, const struct record *entry);
enum state_error on_mode(struct state *state, const struct record *entry);
enum state_error on_invited(struct state *state, const struct record *entry);
enum state_error on_away(struct state *state, const struct record *entry);
enum state_error on_profile(struct state *state, const struct record *entry);
/* What a newcomer bears, and what a room begins with. */
void note_profile(struct state *state, uint32_t person, const struct record *entered);
void note_founder(struct state *state, uint32_t room, const struct record *made);

/* ---- state_sides_read.c ---- */

void sides_save(const struct state *state, void (*put)(void *context, const struct record *row),
                void *context);
enum state_error sides_load(struct state *state, const struct record *row);

#endif
