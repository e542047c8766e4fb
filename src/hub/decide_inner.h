/*
 * decide_inner.h - what the files of decide() share. For them alone; everybody
 * else has decide.h.
 */
#ifndef DECIDE_INNER_H
#define DECIDE_INNER_H

#include "decide.h"
#include "limits.h"

/* One call of decide(): what it has to go by, and what it makes. */
struct deciding {
	const struct circumstances *at;
	const struct state *state;
	const struct record *request;
	struct decision *out;
};

typedef void decide_kind(struct deciding *d);

/* ---- making records ---- */

/* Returns the entry's seq. */
uint64_t add_entry(struct deciding *d, struct record entry);
/* An answer goes where the request came from. Its seq is set at the end. */
void add_answer(struct deciding *d, struct record answer);
void answer(struct deciding *d, enum record_kind kind);
void refuse(struct deciding *d, enum reason reason);
/* The seq of the entry that will be made next. */
uint64_t next_seq(const struct deciding *d);

/* ---- whom it is about ---- */

const struct person *person_of(const struct deciding *d, const struct session *session);

/* The rooms of a person, as an entry carries them: the first, and the bytes of the others. */
struct rooms {
	uint64_t ids[ROOMS_PER_PERSON_MAX];
};
void put_rooms(const struct deciding *d, const struct person *person, struct rooms *rooms,
               struct record *entry);

/* By the session's own message or another's: an entry that ends a person's being here, with its rooms. */
void let_go(struct deciding *d, enum record_kind kind, const struct person *person,
            enum reason reason, struct slice why);

/* The same, by a person. */
void let_go_by(struct deciding *d, enum record_kind kind, const struct person *person,
               enum reason reason, struct slice why, const struct person *by);
/* Did the request come from an edge? */
bool is_of_edge(const struct deciding *d);

/* ---- what is allowed ---- */

/*
 * What is wrong with something, as a refusal has it: the reason and what goes
 * with it. REASON_NONE if nothing is.
 */
struct trouble {
	enum reason reason;
	uint64_t number;   /* bytes at most */
	uint64_t until_us; /* muted, banned */
	struct slice name; /* taken */
	struct slice text; /* why, in words */
};
/* If it is a name that is taken, its holder is asked whether anybody is there. */
void refuse_for(struct deciding *d, struct trouble trouble);

/* Text that is said, and a reason that is given. */
struct trouble check_text(struct slice text);
struct trouble check_why(struct slice why);
struct trouble check_muted(const struct deciding *d, struct slice name);
/* Who would come in, or be called something else. */
struct candidate {
	struct slice name;
	struct slice userhost;      /* "~user@cloak", as masks see it */
	bool has_account;           /* of that name */
	const struct address *peer; /* may be NULL */
};
struct candidate candidate_of(const struct deciding *d, const struct person *person);
struct trouble check_banned(const struct deciding *d, struct candidate who);
/* Does what it says of itself make it somebody banned, by account or mask? Then it is ended. */
bool is_ended_as(struct deciding *d, const struct person *person, struct candidate who);
/* Is the server open to somebody new? */
struct trouble check_open(const struct deciding *d, bool has_account);
/* May it have this name (`person` NULL: somebody new)? */
struct trouble check_name(const struct deciding *d, const struct person *person, struct slice name);
void probe_holder(struct deciding *d, struct slice name);
/* Is there room for one more person? Who left longest ago makes room if need be. */
bool make_place(struct deciding *d);
/* Somebody new, who is welcomed first: `entered` lacks its numbers. Refused if there is trouble, or no place. */
void let_in(struct deciding *d, struct trouble trouble, struct record entered);

/* ---- messages: of whoever has a session ---- */

struct message {
	const struct session *session;
	const struct person *person;
};

/* Is it a stream's? Then refusals are answers; else entries. */
bool is_of_stream(const struct deciding *d);
/* False: there is nothing (more) to do. */
bool take_message(struct deciding *d, struct message *message);
/* The same, for what streams alone may ask. */
bool take_stream(struct deciding *d, struct message *message);
/* The entry of a message, without what it says. */
struct record entry_of(const struct deciding *d, enum record_kind kind,
                       const struct message *message);
void refuse_message(struct deciding *d, const struct message *message, enum reason reason,
                    uint64_t argument, struct slice text);
void refuse_with(struct deciding *d, const struct message *message, enum reason reason);
/* Is something wrong? Then the message is refused for it. */
bool is_refused(struct deciding *d, const struct message *message, struct trouble trouble);
/* Are the client's tags such as may be passed on? If not, that is refused. */
bool are_tags_good(struct deciding *d, const struct message *message);
/* The room that it names by its id or its name; 0: there is none. */
uint64_t room_of_message(const struct deciding *d);
/* Is the person in it? If not, that is refused. */
bool is_in_room(struct deciding *d, const struct message *message);

/* ---- masks ---- */

/* "name!~user@host", folded. */
struct identity {
	char bytes[MASK_FOLDED_BYTES_MAX];
	size_t size; /* 0: it cannot be held against a mask */
};
void identify_as(struct slice name, struct slice userhost, struct identity *identity);
/* What stands for it with people who have none. */
#define USERHOST_OF_PLAIN slice_from_string("~qun@plain.qun")
#define USERHOST_OF_SESSION slice_from_string("~qun@session.qun")
/* What IRC shows of both, which masks hold for as well; size 0 of others, who are shown as they are. */
#define USERHOST_SHOWN slice_from_string("~qun@datagram.qun")
void identify_as_shown(struct slice name, struct slice userhost, struct identity *identity);
struct slice userhost_of(const struct deciding *d, const struct person *person);

/* ---- what the administrator and the operators decide ---- */

void done(struct deciding *d, uint64_t number);
/* If not, that is refused. */
bool is_good(struct deciding *d, struct trouble trouble);
void refuse_name(struct deciding *d, enum reason reason);
/* A name that can be restricted, whether or not somebody bears it now. */
bool is_restrictable(struct deciding *d);
/* What mutes and bans have in common: for how long, why, and whether there is room for one more. */
bool may_restrict(struct deciding *d, uint64_t seconds, size_t most);
uint64_t until(const struct deciding *d, uint64_t seconds);
/* Is it one of the server's operators? */
bool take_operator(struct deciding *d, struct message *message);

/* ---- rooms ---- */

/* `key`: what it has for a room that is locked; empty: nothing. */
struct trouble check_joining(const struct deciding *d, const struct person *person, uint64_t room,
                             struct slice key);
/* The room to which it is sent instead, whom `trouble` keeps out of this one; 0: nowhere. */
uint64_t room_instead(const struct deciding *d, const struct person *person, uint64_t room,
                      struct trouble trouble);
struct trouble check_speech(const struct deciding *d, const struct person *person, uint64_t room);
/* Slow mode: is it this person's turn to say something again? */
struct trouble check_pace(const struct deciding *d, const struct person *person, uint64_t room);
/* MEMBER_* bits. */
uint64_t office_of_newcomer(const struct deciding *d, const struct person *person, uint64_t room);
/* By its office, or the server's operator; or, if the message asks by that right, by its account. */
bool is_room_operator(const struct deciding *d, const struct message *message, uint64_t room);
/* The room of the message, of which the person must be a member, or the server's operator; 0: that is refused. */
uint64_t take_own_room(struct deciding *d, const struct message *message);
/* entry_of() a room that there is. */
struct record entry_in(const struct deciding *d, enum record_kind kind,
                       const struct message *message, uint64_t room);
/* PERSON_HAS_ACCOUNT if the person, when it has that name, is signed in; else 0. */
uint64_t account_bit_of(const struct deciding *d, const struct person *person, struct slice name);

/* ---- accounts, and their people ---- */

/* Has it no session that is connected, but for this one (or NULL)? */
bool is_alone(const struct deciding *d, const struct person *person, const struct session *but_for);
/* Who registers is signed in to an account that has its person: it becomes one more session of it. */
bool come_to_account(struct deciding *d);
/*
 * Somebody wishes to be called as an account is that is its own, and has its person: its session moves
 * over to that one. False: it is not so.
 */
bool move_to_account(struct deciding *d, const struct message *message);
/*
 * Who registers shows by its nonce that it has a session already, perhaps one whose connection was
 * cut: it goes on with that. False: it has none.
 */
bool go_on_with(struct deciding *d);
/* Does the session's edge say that it was cut, and may be gone on with? */
bool is_cut(const struct deciding *d, const struct session *session);
/* An orphan is here again. */
void take_over(struct deciding *d, const struct session *session);
/* What a person bears becomes what the request says. */
void renew_profile(struct deciding *d, uint64_t session, const struct person *person,
                   uint64_t bits);
/* A stream's session ends: with the last one its person leaves, unless it stays. */
void let_session_go(struct deciding *d, const struct session *session, enum reason reason,
                    struct slice why, uint64_t read_up_to);
/* Who is present under the account's name and signed in; or has left. NULL: nobody yet. */
const struct person *person_of_account(const struct deciding *d, uint64_t account);
/* May it be called so, and be signed in or not? An account has one person, under its name. */
struct trouble check_account(const struct deciding *d, const struct person *person,
                             struct slice name, bool is_signed_in);
/* `entry` is a MODE of the room: if these MEMBER_* bits differ, the member's become the second. */
void add_office_change(struct deciding *d, struct record *entry, const struct person *who,
                       uint64_t has, uint64_t will_have);

/* ---- whose rooms are: decide_registry.c ---- */

/* The account that it is signed in to; 0: none. */
uint64_t account_of(const struct deciding *d, const struct person *person);
bool is_account_founder(const struct deciding *d, const struct person *person, uint64_t room);
bool is_server_operator(const struct deciding *d, const struct message *message);
/* MEMBER_* bits that its account has in the room; a founder's is an operator. */
uint64_t standing_of(const struct deciding *d, const struct person *person, uint64_t room);

/* ---- the kinds ---- */

decide_kind decide_enter, decide_say, decide_leave, decide_gone, decide_who, decide_history;
decide_kind decide_open, decide_resume, decide_absent;
decide_kind decide_join, decide_part, decide_direct, decide_rename, decide_unfit;
decide_kind decide_register, decide_orphans, decide_away, decide_profile, decide_kill;
decide_kind decide_wallops, decide_account_made, decide_account_ended, decide_account_set;
decide_kind decide_read_up_to, decide_ghost;
decide_kind decide_tagmsg;
decide_kind decide_redact, decide_erase, decide_relay;
decide_kind decide_topic, decide_mode, decide_put_out, decide_invite, decide_rename_room;
decide_kind decide_mark, decide_set_metadata;
decide_kind decide_founder, decide_standing;
decide_kind decide_shout, decide_kick, decide_mute, decide_unmute, decide_ban, decide_unban;
decide_kind decide_close, decide_check, decide_server_set;
/* `by`: who does it, and when it ran out, as the entry has these. */
void lift(struct deciding *d, const struct restriction *restriction, struct record by);
decide_kind decide_expire, decide_sweep, decide_forget, decide_end_rooms;

/* Of those that the administrator has too, what an operator means by them. */
void decide_shout_by_operator(struct deciding *d);
/* Of those that the plain dialect has too, what a session means by them. */
void decide_said_by_session(struct deciding *d);
void decide_left_by_session(struct deciding *d);
/* A session's message that must not be decided: it is used up all the same. False if it is none. */
bool decide_poisoned_message(struct deciding *d);

#endif
