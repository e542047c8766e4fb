/*
 * What hangs on a room: who may come, who may speak, and what its operators
 * decide. It holds for every face: a plain member's mask is name!~qun@plain.qun,
 * that of one who came by a session name!~qun@session.qun.
 */
#include <stdio.h>

#include "decide_inner.h"
#include "irc_mask.h"
#include "name.h"
#include "utf8.h"

/* ---- masks ---- */

static bool is_plain(const struct deciding *d, const struct person *person) {
	const struct session *session = person_session_next(d->state, person, NULL);
	return session != NULL && session_face(session) == FACE_PLAIN;
}

struct slice userhost_of(const struct deciding *d, const struct person *person) {
	struct slice userhost = person_userhost(d->state, person);
	return userhost.size > 0     ? userhost
	       : is_plain(d, person) ? USERHOST_OF_PLAIN
	                             : USERHOST_OF_SESSION;
}

void identify_as(struct slice name, struct slice userhost, struct identity *identity) {
	char whole[IRC_MASK_BYTES_MAX];
	int size = snprintf(whole, sizeof(whole), "%.*s!%.*s", (int)name.size, name.bytes,
	                    (int)userhost.size, userhost.bytes);
	identity->size = size > 0 && (size_t)size < sizeof(whole)
	                         ? irc_mask_fold(slice_of(whole, (size_t)size), identity->bytes,
	                                         sizeof(identity->bytes))
	                         : 0;
}

void identify_as_shown(struct slice name, struct slice userhost, struct identity *identity) {
	identity->size = 0;
	if (slice_equal(userhost, USERHOST_OF_PLAIN) ||
	    slice_equal(userhost, USERHOST_OF_SESSION)) {
		identify_as(name, USERHOST_SHOWN, identity);
	}
}

static void identify(const struct deciding *d, const struct person *person,
                     struct identity *identity) {
	identify_as(person_name(person), userhost_of(d, person), identity);
}

static void identify_account(const struct deciding *d, const struct person *person,
                             struct identity *identity) {
	identity->size = account_of(d, person) == 0
	                         ? 0
	                         : irc_mask_fold(person_name(person), identity->bytes,
	                                         sizeof(identity->bytes));
}

static bool fits(struct slice folded, const struct identity *identity) {
	return folded.size > 0 && identity->size > 0 &&
	       irc_mask_matches(folded, slice_of(identity->bytes, identity->size));
}

/* Is the person on the room's list with this letter, as far as it is about speech alone, or about all? */
static bool is_on_list(const struct deciding *d, const struct person *person, uint64_t room,
                       char letter, bool is_of_speech) {
	struct room_mask mask = {0};
	struct identity identity, shown, account;
	char bytes[IRC_MASK_BYTES_MAX];
	if (state_masks_count(d->state, room, letter) == 0) {
		return false;
	}
	identify(d, person, &identity);
	identify_account(d, person, &account);
	identify_as_shown(person_name(person), userhost_of(d, person), &shown);
	while (state_mask_next(d->state, room, letter, &mask)) {
		struct irc_room_mask it = irc_room_mask_of(mask.mask);
		if (it.is_of_speech != is_of_speech) {
			continue;
		}
		struct slice folded =
			slice_of(bytes, irc_mask_fold(it.pattern, bytes, sizeof(bytes)));
		if (it.is_of_account ? fits(folded, &account)
		                     : fits(folded, &identity) || fits(folded, &shown)) {
			return true;
		}
	}
	return false;
}

static bool is_banned_from(const struct deciding *d, const struct person *person, uint64_t room) {
	return is_on_list(d, person, room, 'b', false) && !is_on_list(d, person, room, 'e', false);
}

/* An exception from being banned is none from being muted, and the other way round. */
static bool is_muted_in(const struct deciding *d, const struct person *person, uint64_t room) {
	return is_on_list(d, person, room, 'b', true) && !is_on_list(d, person, room, 'e', true);
}

/* ---- who may come, and as what ---- */

static bool is_founder(const struct deciding *d, const struct person *person,
                       const struct room_charter *charter) {
	if (charter->founder_account.size > 0) {
		return (person_bits(d->state, person) & PERSON_HAS_ACCOUNT) != 0 &&
		       name_equal(person_name(person), charter->founder_account);
	}
	return charter->founder != 0 && charter->founder == person_id(person);
}

/* Nobody is in it, and nobody can come back who made it: it is for whoever comes first. */
static bool is_deserted(const struct deciding *d, uint64_t room,
                        const struct room_charter *charter) {
	return room != ROOM_LOBBY && state_room_members_count(d->state, room) == 0 &&
	       charter->founder_account.size == 0 &&
	       state_person(d->state, charter->founder) == NULL;
}

struct trouble check_joining(const struct deciding *d, const struct person *person, uint64_t room,
                             struct slice key) {
	const struct room_charter charter = state_room_charter(d->state, room);
	if (state_is_invited(d->state, room, person_id(person)) ||
	    is_founder(d, person, &charter) || is_deserted(d, room, &charter) ||
	    (standing_of(d, person, room) & MEMBER_IS_OPERATOR) != 0) {
		return (struct trouble){0};
	}
	if (is_banned_from(d, person, room)) {
		return (struct trouble){.reason = REASON_ROOM_BANNED};
	}
	if ((charter.bits & ROOM_WANTS_ACCOUNT) != 0 && account_of(d, person) == 0) {
		return (struct trouble){.reason = REASON_NEEDS_ACCOUNT};
	}
	if ((charter.bits & ROOM_IS_INVITE_ONLY) != 0 && !is_on_list(d, person, room, 'I', false)) {
		return (struct trouble){.reason = REASON_INVITE_ONLY};
	}
	if (charter.key.size > 0 && !slice_equal(charter.key, key)) {
		return (struct trouble){.reason = REASON_BAD_KEY};
	}
	if (charter.limit > 0 && state_room_members_count(d->state, room) >= charter.limit) {
		return (struct trouble){.reason = REASON_ROOM_FULL};
	}
	return (struct trouble){0};
}

uint64_t room_instead(const struct deciding *d, const struct person *person, uint64_t room,
                      struct trouble trouble) {
	switch (trouble.reason) {
	case REASON_ROOM_BANNED:
	case REASON_NEEDS_ACCOUNT:
	case REASON_INVITE_ONLY:
	case REASON_BAD_KEY:
	case REASON_ROOM_FULL: break;
	default: return 0;
	}
	uint64_t other = state_room_named(d->state, state_room_charter(d->state, room).forward);
	bool may = other != 0 && other != room &&
	           !state_is_member(d->state, other, person_id(person)) &&
	           check_joining(d, person, other, slice_of(NULL, 0)).reason == REASON_NONE;
	return may ? other : 0;
}

uint64_t office_of_newcomer(const struct deciding *d, const struct person *person, uint64_t room) {
	if (!state_room_exists(d->state, room)) {
		return MEMBER_IS_OPERATOR; /* it is being made */
	}
	const struct room_charter charter = state_room_charter(d->state, room);
	bool is_first = is_deserted(d, room, &charter) || is_founder(d, person, &charter);
	return (is_first ? MEMBER_IS_OPERATOR : 0) | standing_of(d, person, room);
}

/* ---- who may speak ---- */

static bool is_control(struct slice text) {
	return text.size > 0 && text.bytes[0] == '\x01' &&
	       !slice_starts_with(text, slice_from_string("\x01"
	                                                  "ACTION"));
}

struct trouble check_speech(const struct deciding *d, const struct person *person, uint64_t room) {
	const struct trouble no = {.reason = REASON_CANNOT_SEND_TO_ROOM};
	const struct room_charter charter = state_room_charter(d->state, room);
	bool is_member = state_is_member(d->state, room, person_id(person));
	if ((charter.bits & ROOM_NO_CONTROLS) != 0 && is_control(d->request->text)) {
		return no;
	}
	if (state_member_bits(d->state, room, person_id(person)) != 0) {
		return (struct trouble){0};
	}
	if (!is_member && (charter.bits & ROOM_NO_EXTERNAL) != 0) {
		return no;
	}
	bool is_quiet = state_server(d->state).level <= LEVEL_QUIET &&
	                (person_bits(d->state, person) & PERSON_IS_OPERATOR) == 0;
	if (is_quiet) {
		return (struct trouble){.reason = REASON_CANNOT_SEND_TO_ROOM,
		                        .number = LEVEL_QUIET};
	}
	if ((charter.bits & ROOM_IS_MODERATED) != 0 || is_banned_from(d, person, room)) {
		return no;
	}
	if (is_muted_in(d, person, room)) {
		return (struct trouble){.reason = REASON_ROOM_MUTED};
	}
	if ((charter.bits & ROOM_HEARS_ACCOUNTS) != 0 && account_of(d, person) == 0) {
		return (struct trouble){.reason = REASON_NEEDS_ACCOUNT};
	}
	return (struct trouble){0};
}

struct trouble check_pace(const struct deciding *d, const struct person *person, uint64_t room) {
	uint64_t spoken_us = state_room_spoken_us(d->state, room, person_id(person));
	if (spoken_us == 0) {
		return (struct trouble){0};
	}
	uint64_t next_us = spoken_us + state_room_charter(d->state, room).slow_s * 1000000;
	bool is_free = state_member_bits(d->state, room, person_id(person)) != 0 ||
	               (person_bits(d->state, person) & PERSON_IS_OPERATOR) != 0;
	if (is_free || next_us <= d->at->now_us) {
		return (struct trouble){0};
	}
	return (struct trouble){.reason = REASON_SLOW_MODE,
	                        .number = (next_us - d->at->now_us + 999999) / 1000000};
}

/* ---- what operators decide ---- */

/* ChanServ asks for somebody who need not be an operator, nor in the room, just now. */
static bool is_by_account(const struct deciding *d, const struct message *message, uint64_t room) {
	switch (d->request->kind) {
	case REQUEST_MODE:
	case REQUEST_TOPIC:
	case REQUEST_PUT_OUT:
	case REQUEST_INVITE: break;
	default: return false;
	}
	return d->request->number == RIGHT_OF_ACCOUNT &&
	       (standing_of(d, message->person, room) & MEMBER_IS_OPERATOR) != 0;
}

bool is_room_operator(const struct deciding *d, const struct message *message, uint64_t room) {
	return is_by_account(d, message, room) ||
	       (state_member_bits(d->state, room, person_id(message->person)) &
	        MEMBER_IS_OPERATOR) != 0 ||
	       (person_bits(d->state, message->person) & PERSON_IS_OPERATOR) != 0;
}

uint64_t take_own_room(struct deciding *d, const struct message *message) {
	uint64_t room = room_of_message(d);
	bool is_over = (person_bits(d->state, message->person) & PERSON_IS_OPERATOR) != 0 ||
	               is_by_account(d, message, room);
	if (is_over && state_room_exists(d->state, room)) {
		return room;
	}
	return is_in_room(d, message) ? room : 0;
}

struct record entry_in(const struct deciding *d, enum record_kind kind,
                       const struct message *message, uint64_t room) {
	struct record entry = entry_of(d, kind, message);
	entry.room = room;
	entry.other_name = state_room_name(d->state, room);
	return entry;
}

static bool is_text_good(struct deciding *d, const struct message *message, size_t most) {
	if (d->request->text.size > most) {
		refuse_message(d, message, REASON_TEXT_TOO_LONG, most, slice_of(NULL, 0));
		return false;
	}
	if (!utf8_is_valid(d->request->text)) {
		refuse_with(d, message, REASON_NOT_UTF8);
		return false;
	}
	return true;
}

void decide_topic(struct deciding *d) {
	struct message message;
	uint64_t room = take_stream(d, &message) ? take_own_room(d, &message) : 0;
	if (room == 0 || !is_text_good(d, &message, TOPIC_BYTES_MAX)) {
		return;
	}
	bool is_locked = (state_room_charter(d->state, room).bits & ROOM_TOPIC_LOCKED) != 0;
	if (is_locked && !is_room_operator(d, &message, room)) {
		refuse_with(d, &message, REASON_NOT_ROOM_OPERATOR);
		return;
	}
	if (!is_room_operator(d, &message, room) && is_muted_in(d, message.person, room)) {
		refuse_with(d, &message, REASON_ROOM_MUTED);
		return;
	}
	struct record entry = entry_in(d, ENTRY_TOPIC, &message, room);
	entry.text = d->request->text;
	add_entry(d, entry);
}

void decide_put_out(struct deciding *d) {
	struct message message;
	uint64_t room = take_stream(d, &message) ? take_own_room(d, &message) : 0;
	if (room == 0 || is_refused(d, &message, check_why(d->request->text))) {
		return;
	}
	const struct person *who = state_person_named(d->state, d->request->name);
	if (!is_room_operator(d, &message, room)) {
		refuse_with(d, &message, REASON_NOT_ROOM_OPERATOR);
	} else if (who == NULL) {
		refuse_with(d, &message, REASON_NO_SUCH_NAME);
	} else if (!state_is_member(d->state, room, person_id(who))) {
		refuse_with(d, &message, REASON_THEY_NOT_IN_ROOM);
	} else if (room == ROOM_LOBBY && is_plain(d, who)) {
		/* There is no other room for it. */
		let_go_by(d, ENTRY_KICKED, who, REASON_KICKED, d->request->text, message.person);
	} else {
		struct record entry = entry_in(d, ENTRY_PUT_OUT, &message, room);
		entry.target = entry.person;
		entry.by = entry.name;
		entry.person = person_id(who);
		const struct session *session = person_session_next(d->state, who, NULL);
		entry.session = session == NULL ? 0 : session_id(session);
		entry.name = person_name(who);
		entry.text = d->request->text;
		add_entry(d, entry);
	}
}

void decide_invite(struct deciding *d) {
	struct message message;
	if (!take_stream(d, &message)) {
		return;
	}
	uint64_t room = room_of_message(d);
	if (!is_by_account(d, &message, room) && !is_in_room(d, &message)) {
		return;
	}
	const struct person *who = state_person_named(d->state, d->request->name);
	bool is_closed = (state_room_charter(d->state, room).bits & ROOM_IS_INVITE_ONLY) != 0;
	if (who == NULL) {
		refuse_with(d, &message, REASON_NO_SUCH_NAME);
	} else if (is_closed && !is_room_operator(d, &message, room)) {
		refuse_with(d, &message, REASON_NOT_ROOM_OPERATOR);
	} else if (state_is_member(d->state, room, person_id(who))) {
		refuse_with(d, &message, REASON_ALREADY_IN_ROOM);
	} else if (!state_is_invited(d->state, room, person_id(who)) &&
	           state_invitations_count(d->state, room) >= INVITATIONS_PER_ROOM_MAX) {
		refuse_with(d, &message, REASON_FULL);
	} else {
		struct record entry = entry_in(d, ENTRY_INVITED, &message, room);
		entry.target = person_id(who);
		entry.by = person_name(who);
		add_entry(d, entry);
	}
}
