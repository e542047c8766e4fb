/*
 * decide_rename.c - a room is called something else. It stays the room it was, with all that it
 * has: its id does not change.
 */
#include "decide_inner.h"
#include "name.h"

static bool is_too_soon(const struct deciding *d, const struct message *message, uint64_t room) {
	uint64_t renamed_us = state_room_renamed_us(d->state, room);
	return renamed_us != 0 && !is_server_operator(d, message) &&
	       d->at->now_us < renamed_us + ROOM_RENAME_PAUSE_S * UINT64_C(1000000);
}

/* By its operators; once it is registered, its name is its founder's. And by the server's operators. */
static enum reason check_who(const struct deciding *d, const struct message *message,
                             uint64_t room) {
	bool is_founder = is_account_founder(d, message->person, room);
	uint64_t bits = state_room_charter(d->state, room).bits;
	if (!is_founder && !is_room_operator(d, message, room)) {
		return REASON_NOT_ROOM_OPERATOR;
	}
	if (room == ROOM_LOBBY) {
		return REASON_NOT_PERMITTED;
	}
	if (is_server_operator(d, message)) {
		return REASON_NONE;
	}
	if ((bits & ROOM_IS_REGISTERED) != 0 && !is_founder) {
		return REASON_NAME_REGISTERED;
	}
	bool is_crowd = state_room_members_count(d->state, room) > ROOM_RENAME_MEMBERS_MAX;
	return is_crowd ? REASON_FULL : REASON_NONE;
}

static enum reason check_new_name(const struct deciding *d, uint64_t room, struct slice name) {
	if (room_name_check(name) != NAME_OK) {
		return REASON_ROOM_NAME_INVALID;
	}
	uint64_t holder = state_room_named(d->state, name);
	return holder != 0 && holder != room ? REASON_ROOM_NAME_TAKEN : REASON_NONE;
}

void decide_rename_room(struct deciding *d) {
	struct message message;
	struct slice name = d->request->name;
	uint64_t room = take_stream(d, &message) ? take_own_room(d, &message) : 0;
	if (room == 0) {
		return;
	}
	enum reason reason = check_who(d, &message, room);
	reason = reason != REASON_NONE ? reason : check_new_name(d, room, name);
	if (reason != REASON_NONE) {
		refuse_with(d, &message, reason);
	} else if (slice_equal(name, state_room_name(d->state, room))) {
		answer(d, ANSWER_NOTHING);
	} else if (is_too_soon(d, &message, room)) {
		refuse_with(d, &message, REASON_TOO_FAST);
	} else if (!is_refused(d, &message, check_why(d->request->text))) {
		struct record entry = entry_in(d, ENTRY_ROOM_RENAMED, &message, room);
		entry.by = entry.other_name;
		entry.other_name = name;
		entry.text = d->request->text;
		add_entry(d, entry);
	}
}
