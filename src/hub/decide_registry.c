/*
 * Whose rooms are: rooms are registered to accounts, which can give them away
 * and say which other accounts have an office in them. What an account is to a room
 * holds for whoever is signed in to it.
 */
#include "decide_inner.h"
#include "name.h"

uint64_t account_of(const struct deciding *d, const struct person *person) {
	bool is_signed_in = (person_bits(d->state, person) & PERSON_HAS_ACCOUNT) != 0;
	return is_signed_in ? state_account_named(d->state, person_name(person)) : 0;
}

bool is_account_founder(const struct deciding *d, const struct person *person, uint64_t room) {
	struct slice founder = state_room_charter(d->state, room).founder_account;
	uint64_t account = founder.size > 0 ? account_of(d, person) : 0;
	return account != 0 && account == state_account_named(d->state, founder);
}

uint64_t standing_of(const struct deciding *d, const struct person *person, uint64_t room) {
	if (is_account_founder(d, person, room)) {
		return MEMBER_IS_OPERATOR;
	}
	uint64_t account = account_of(d, person);
	return account == 0 ? 0 : state_standing(d->state, room, account);
}

/* The room that a stream's message is about; 0: there is none, which is said. */
static uint64_t take_named_room(struct deciding *d, struct message *message) {
	if (!take_stream(d, message)) {
		return 0;
	}
	uint64_t room = room_of_message(d);
	if (state_room_exists(d->state, room)) {
		return room;
	}
	refuse_with(d, message, REASON_NO_SUCH_ROOM);
	return 0;
}

static struct record entry_about(const struct deciding *d, enum record_kind kind,
                                 const struct message *message, uint64_t room) {
	struct record entry = entry_of(d, kind, message);
	entry.room = room;
	entry.other_name = state_room_name(d->state, room);
	entry.by = entry.name;
	entry.name = d->request->name;
	return entry;
}

bool is_server_operator(const struct deciding *d, const struct message *message) {
	return (person_bits(d->state, message->person) & PERSON_IS_OPERATOR) != 0;
}

/* By its founder, or the server's operator. */
static bool may_give(const struct deciding *d, const struct message *message, uint64_t room) {
	return is_account_founder(d, message->person, room) || is_server_operator(d, message);
}

/* ---- registering, giving away, dropping ---- */

/* May this account have one more? */
static bool is_place_for(struct deciding *d, const struct message *message, uint64_t account) {
	if (state_registered_count(d->state) >= ROOMS_REGISTERED_MAX) {
		refuse_with(d, message, REASON_FULL);
		return false;
	}
	if (state_rooms_of_account(d->state, account) >= ROOMS_PER_ACCOUNT_MAX) {
		refuse_message(d, message, REASON_LIMIT, ROOMS_PER_ACCOUNT_MAX, slice_of(NULL, 0));
		return false;
	}
	return true;
}

/* By an operator who is in it; if somebody's account made it, by that one. */
static enum reason check_registering(const struct deciding *d, const struct message *message,
                                     uint64_t room) {
	const struct room_charter charter = state_room_charter(d->state, room);
	uint64_t account = account_of(d, message->person);
	if (room == ROOM_LOBBY) {
		return REASON_NOT_PERMITTED;
	}
	if (account == 0 || account != state_account_named(d->state, d->request->name)) {
		return REASON_NEEDS_ACCOUNT;
	}
	if ((state_member_bits(d->state, room, person_id(message->person)) & MEMBER_IS_OPERATOR) ==
	    0) {
		return REASON_NOT_ROOM_OPERATOR;
	}
	bool is_others =
		charter.founder_account.size > 0 && !is_account_founder(d, message->person, room);
	return is_others ? REASON_NOT_PERMITTED : REASON_NONE;
}

static enum reason check_giving(const struct deciding *d, const struct message *message,
                                uint64_t room) {
	if (!may_give(d, message, room)) {
		return REASON_NOT_PERMITTED;
	}
	bool is_there =
		d->request->name.size == 0 || state_account_named(d->state, d->request->name) != 0;
	return is_there ? REASON_NONE : REASON_NO_SUCH_NAME;
}

void decide_founder(struct deciding *d) {
	struct message message;
	uint64_t room = take_named_room(d, &message);
	if (room == 0) {
		return;
	}
	const struct room_charter charter = state_room_charter(d->state, room);
	bool is_registered = (charter.bits & ROOM_IS_REGISTERED) != 0;
	uint64_t account = state_account_named(d->state, d->request->name);
	enum reason reason = is_registered ? check_giving(d, &message, room)
	                                   : check_registering(d, &message, room);
	if (reason != REASON_NONE) {
		refuse_with(d, &message, reason);
	} else if (is_registered && account != 0 &&
	           account == state_account_named(d->state, charter.founder_account)) {
		refuse_with(d, &message, REASON_NAME_REGISTERED);
	} else if (account == 0 || is_place_for(d, &message, account)) {
		add_entry(d, entry_about(d, ENTRY_FOUNDER, &message, room));
	}
}

/* ---- standing ---- */

/* Who bears the account and is in the room has at once what it will have on joining. */
static void change_member(struct deciding *d, const struct message *message, uint64_t room,
                          uint64_t bits) {
	const struct person *who = state_person_named(d->state, d->request->name);
	if (who == NULL || !state_is_member(d->state, room, person_id(who)) ||
	    account_of(d, who) != state_account_named(d->state, d->request->name)) {
		return;
	}
	uint64_t before = state_standing(d->state, room, account_of(d, who));
	uint64_t has = state_member_bits(d->state, room, person_id(who));
	struct record entry = entry_of(d, ENTRY_MODE, message);
	entry.room = room;
	entry.other_name = state_room_name(d->state, room);
	add_office_change(d, &entry, who, has, (has & ~before) | bits);
}

void decide_standing(struct deciding *d) {
	struct message message;
	uint64_t room = take_named_room(d, &message);
	if (room == 0) {
		return;
	}
	const struct room_charter charter = state_room_charter(d->state, room);
	uint64_t account = state_account_named(d->state, d->request->name);
	uint64_t bits = d->request->bits & MEMBER_BITS;
	uint64_t before = state_standing(d->state, room, account);
	if (!may_give(d, &message, room) || (charter.bits & ROOM_IS_REGISTERED) == 0) {
		refuse_with(d, &message, REASON_NOT_PERMITTED);
	} else if (account == 0) {
		refuse_with(d, &message, REASON_NO_SUCH_NAME);
	} else if (bits == before) {
		answer(d, ANSWER_NOTHING);
	} else if (before == 0 && state_standings_count(d->state, room) >= STANDINGS_PER_ROOM_MAX) {
		refuse_message(d, &message, REASON_LIMIT, STANDINGS_PER_ROOM_MAX,
		               slice_of(NULL, 0));
	} else {
		struct record entry = entry_about(d, ENTRY_STANDING, &message, room);
		entry.bits = bits;
		add_entry(d, entry);
		change_member(d, &message, room, bits);
	}
}
