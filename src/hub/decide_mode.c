/*
 * MODE: what is asked for, as it was typed, becomes what is done, normalised:
 * only what changes something, its letters first, then their arguments.
 */
#include <stdio.h>
#include <string.h>

#include "decide_inner.h"
#include "irc_mask.h"
#include "mode_text.h"
#include "name.h"
#include "utf8.h"

/* The text of the entry in the making, and how the room will be when it is done. */
struct mode_making {
	struct deciding *d;
	const struct message *message;
	uint64_t room;
	uint64_t bits;
	uint64_t limit, slow_s;
	struct slice key, new_key, forward;
	size_t masks_added;
	unsigned count;
	char sign;
	char letters[2 * MODE_CHANGES_MAX];
	size_t letters_size;
	char arguments[MODE_CHANGES_MAX * (MASK_BYTES_MAX + 1)];
	size_t arguments_size;
	/* Offices that were changed by this message already. */
	struct office_change {
		uint64_t person, bits;
	} offices[MODE_CHANGES_MAX];
	size_t offices_count;
	/* What was wrong first. */
	enum reason reason;
	struct slice text, name;
};

static void fail(struct mode_making *making, enum reason reason, const struct mode_change *change) {
	if (making->reason != REASON_NONE) {
		return;
	}
	/* The letter, in the request's own bytes, which outlast us. */
	const char *at = memchr(making->d->request->text.bytes, change->letter,
	                        making->d->request->text.size);
	making->reason = reason;
	making->text = slice_of(at, 1);
	making->name = change->type == MODE_TYPE_OFFICE ? change->argument : slice_of(NULL, 0);
}

/* Of another room than that whose modes they are. */
static void fail_about(struct mode_making *making, enum reason reason, struct slice room) {
	if (making->reason == REASON_NONE) {
		making->reason = reason;
		making->text = room;
	}
}

static void note(struct mode_making *making, const struct mode_change *change,
                 struct slice argument) {
	char sign = change->is_set ? '+' : '-';
	if (making->sign != sign) {
		making->sign = making->letters[making->letters_size++] = sign;
	}
	making->letters[making->letters_size++] = change->letter;
	if (argument.size > 0) {
		making->arguments[making->arguments_size++] = ' ';
		memcpy(making->arguments + making->arguments_size, argument.bytes, argument.size);
		making->arguments_size += argument.size;
	}
	making->count++;
}

static void make_flag(struct mode_making *making, const struct mode_change *change) {
	uint64_t bits = change->is_set ? making->bits | change->bit : making->bits & ~change->bit;
	if (bits != making->bits) {
		making->bits = bits;
		note(making, change, slice_of(NULL, 0));
	}
}

static bool is_key_good(struct slice key) {
	for (size_t i = 0; i < key.size; i++) {
		if ((unsigned char)key.bytes[i] <= ' ' || key.bytes[i] == ',' ||
		    key.bytes[i] == 0x7F) {
			return false;
		}
	}
	return key.size > 0 && key.size <= ROOM_KEY_BYTES_MAX && utf8_is_valid(key);
}

/* One key a message: the entry has room for one. */
static void make_key(struct mode_making *making, const struct mode_change *change) {
	if (!change->is_set) {
		if (making->key.size > 0) {
			making->key = slice_of(NULL, 0);
			note(making, change, slice_from_string("*"));
		}
	} else if (!is_key_good(change->argument)) {
		fail(making, REASON_BAD_ARGUMENT, change);
	} else if (making->new_key.size == 0) {
		making->key = making->new_key = change->argument;
		note(making, change, slice_from_string("*"));
	}
}

/* 0: it is none. */
static uint64_t number_of(struct slice digits) {
	uint64_t number = 0;
	for (size_t i = 0; i < digits.size; i++) {
		char c = digits.bytes[i];
		if (c < '0' || c > '9' || number > 99999999) {
			return 0;
		}
		number = number * 10 + (uint64_t)(c - '0');
	}
	return number;
}

static void make_number(struct mode_making *making, const struct mode_change *change,
                        uint64_t *number, uint64_t most) {
	char digits[24];
	uint64_t wanted = change->is_set ? number_of(change->argument) : 0;
	if (change->is_set && (wanted == 0 || wanted > most)) {
		fail(making, REASON_BAD_ARGUMENT, change);
	} else if (wanted != *number) {
		*number = wanted;
		int size = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)wanted);
		note(making, change, slice_of(digits, change->is_set ? (size_t)size : 0));
	}
}

/* Anybody may go there by itself. */
static bool is_open(const struct deciding *d, uint64_t room) {
	const struct room_charter charter = state_room_charter(d->state, room);
	return (charter.bits & (ROOM_IS_INVITE_ONLY | ROOM_WANTS_ACCOUNT)) == 0 &&
	       charter.key.size == 0;
}

/* Where people are sent it is open, or who sends them is its operator as well. */
static void make_forward(struct mode_making *making, const struct mode_change *change) {
	const struct deciding *d = making->d;
	if (!change->is_set) {
		if (making->forward.size > 0) {
			making->forward = slice_of(NULL, 0);
			note(making, change, slice_of(NULL, 0));
		}
		return;
	}
	uint64_t other = state_room_named(d->state, change->argument);
	if (room_name_check(change->argument) != NAME_OK || other == making->room) {
		fail(making, REASON_BAD_ARGUMENT, change);
	} else if (other == 0) {
		fail_about(making, REASON_NO_SUCH_ROOM, change->argument);
	} else if (!is_open(d, other) && !is_room_operator(d, making->message, other)) {
		fail_about(making, REASON_NOT_ROOM_OPERATOR, state_room_name(d->state, other));
	} else if (!name_equal(making->forward, state_room_name(d->state, other))) {
		making->forward = state_room_name(d->state, other);
		note(making, change, making->forward);
	}
}

/* Masks that hold the same are one: it is called as it was when it was set. */
static bool is_mask_there(const struct mode_making *making, char letter, struct slice *mask) {
	char folded[IRC_MASK_BYTES_MAX], other[IRC_MASK_BYTES_MAX];
	struct room_mask there = {0};
	struct irc_room_mask wanted = irc_room_mask_of(*mask);
	size_t size = irc_mask_fold(wanted.pattern, folded, sizeof(folded));
	while (state_mask_next(making->d->state, making->room, letter, &there)) {
		struct irc_room_mask has = irc_room_mask_of(there.mask);
		size_t other_size = irc_mask_fold(has.pattern, other, sizeof(other));
		if (has.is_of_account == wanted.is_of_account &&
		    has.is_of_speech == wanted.is_of_speech &&
		    slice_equal(slice_of(folded, size), slice_of(other, other_size))) {
			*mask = there.mask;
			return true;
		}
	}
	return false;
}

/* A list that is asked for is the edge's to show. */
static void make_mask(struct mode_making *making, const struct mode_change *change) {
	char whole[MASK_BYTES_MAX];
	if (change->argument.size == 0) {
		return;
	}
	size_t size = irc_room_mask_complete(change->argument, whole, sizeof(whole));
	struct slice mask = slice_of(whole, size);
	/* Who is invited comes in; that is not about speech. */
	bool is_about_nothing = change->letter == 'I' && irc_room_mask_of(mask).is_of_speech;
	if (size == 0 || is_about_nothing || !utf8_is_valid(mask)) {
		fail(making, REASON_BAD_ARGUMENT, change);
	} else if (is_mask_there(making, change->letter, &mask) == change->is_set) {
		return;
	} else if (change->is_set &&
	           state_masks_count(making->d->state, making->room, change->letter) +
	                           making->masks_added >=
	                   MASKS_PER_LIST_MAX) {
		fail(making, REASON_LIST_FULL, change);
	} else {
		making->masks_added += change->is_set;
		note(making, change, mask);
	}
}

/* As it will be after what was noted already. */
static struct office_change *office_of(struct mode_making *making, uint64_t person) {
	for (size_t i = 0; i < making->offices_count; i++) {
		if (making->offices[i].person == person) {
			return &making->offices[i];
		}
	}
	struct office_change *office = &making->offices[making->offices_count++];
	*office = (struct office_change){
		.person = person,
		.bits = state_member_bits(making->d->state, making->room, person)};
	return office;
}

static void make_office(struct mode_making *making, const struct mode_change *change) {
	const struct state *state = making->d->state;
	const struct person *who = state_person_named(state, change->argument);
	if (change->argument.size == 0) {
		fail(making, REASON_BAD_ARGUMENT, change);
	} else if (who == NULL) {
		fail(making, REASON_NO_SUCH_NAME, change);
	} else if (!state_is_member(state, making->room, person_id(who))) {
		fail(making, REASON_THEY_NOT_IN_ROOM, change);
	} else {
		struct office_change *office = office_of(making, person_id(who));
		uint64_t bits =
			change->is_set ? office->bits | change->bit : office->bits & ~change->bit;
		if (bits != office->bits) {
			office->bits = bits;
			note(making, change, person_name(who));
		}
	}
}

static void make_change(struct mode_making *making, const struct mode_change *change) {
	switch (change->type) {
	case MODE_TYPE_UNKNOWN: fail(making, REASON_UNKNOWN_MODE, change); break;
	case MODE_TYPE_FLAG: make_flag(making, change); break;
	case MODE_TYPE_KEY: make_key(making, change); break;
	case MODE_TYPE_LIMIT: make_number(making, change, &making->limit, UINT32_MAX); break;
	case MODE_TYPE_SLOW:
		make_number(making, change, &making->slow_s, ROOM_SLOW_SECONDS_MAX);
		break;
	case MODE_TYPE_FORWARD: make_forward(making, change); break;
	case MODE_TYPE_LIST: make_mask(making, change); break;
	case MODE_TYPE_OFFICE: make_office(making, change); break;
	}
}

void add_office_change(struct deciding *d, struct record *entry, const struct person *who,
                       uint64_t has, uint64_t will_have) {
	static const struct {
		char letter;
		uint64_t bit;
	} offices[] = {{'o', MEMBER_IS_OPERATOR}, {'v', MEMBER_HAS_VOICE}};
	char text[2 * NAME_BYTES_MAX + 16], letters[8];
	size_t size = 0, count = 0;
	for (int is_set = 1; is_set >= 0; is_set--) {
		char sign = is_set ? '+' : '-';
		for (size_t i = 0; i < 2; i++) {
			uint64_t bit = offices[i].bit;
			if (((has ^ will_have) & bit) == 0 || ((will_have & bit) != 0) != is_set) {
				continue;
			}
			if (sign != '\0') {
				letters[size++] = sign;
				sign = '\0';
			}
			letters[size++] = offices[i].letter;
			count++;
		}
	}
	if (count == 0) {
		return;
	}
	struct slice name = person_name(who);
	memcpy(text, letters, size);
	for (size_t i = 0; i < count; i++) {
		text[size++] = ' ';
		memcpy(text + size, name.bytes, name.size);
		size += name.size;
	}
	entry->text = slice_of(text, size);
	add_entry(d, *entry);
}

static void add_mode_entry(struct mode_making *making) {
	char text[sizeof(making->letters) + sizeof(making->arguments)];
	memcpy(text, making->letters, making->letters_size);
	memcpy(text + making->letters_size, making->arguments, making->arguments_size);
	struct record entry = entry_of(making->d, ENTRY_MODE, making->message);
	entry.room = making->room;
	entry.other_name = state_room_name(making->d->state, making->room);
	entry.text = slice_of(text, making->letters_size + making->arguments_size);
	entry.secret = making->new_key;
	add_entry(making->d, entry);
}

static void refuse_change(struct mode_making *making) {
	add_answer(making->d,
	           (struct record){.kind = ANSWER_REFUSED,
	                           .reason = making->reason,
	                           .name = making->name.size <= NAME_BYTES_MAX ? making->name
	                                                                       : making->text,
	                           .other_name = state_room_name(making->d->state, making->room),
	                           .text = making->text});
}

void decide_mode(struct deciding *d) {
	struct message message;
	struct mode_change change;
	if (!take_stream(d, &message)) {
		return;
	}
	uint64_t room = room_of_message(d);
	if (!state_room_exists(d->state, room)) {
		refuse_with(d, &message, REASON_NO_SUCH_ROOM);
		return;
	}
	if (!is_room_operator(d, &message, room)) {
		refuse_with(d, &message, REASON_NOT_ROOM_OPERATOR);
		return;
	}
	const struct room_charter charter = state_room_charter(d->state, room);
	struct mode_making making = {.d = d,
	                             .message = &message,
	                             .room = room,
	                             .bits = charter.bits,
	                             .limit = charter.limit,
	                             .slow_s = charter.slow_s,
	                             .forward = charter.forward,
	                             .key = charter.key};
	struct mode_walk walk = mode_walk_of(d->request->text);
	for (unsigned i = 0; i < MODE_CHANGES_MAX && mode_walk_next(&walk, &change); i++) {
		make_change(&making, &change);
	}
	if (making.count > 0) {
		add_mode_entry(&making);
	}
	if (making.reason != REASON_NONE) {
		refuse_change(&making);
	}
}
