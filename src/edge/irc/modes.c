/* modes.c - MODE, of rooms and of oneself. */
#include "irc_mode.h"

#include <string.h>

#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_view.h"
#include "name.h"

/* ---- what they are ---- */

static const struct {
	char letter;
	uint64_t bit;
} room_letters[] = {{'C', ROOM_NO_CONTROLS},   {'M', ROOM_HEARS_ACCOUNTS},
                    {'R', ROOM_WANTS_ACCOUNT}, {'i', ROOM_IS_INVITE_ONLY},
                    {'m', ROOM_IS_MODERATED},  {'n', ROOM_NO_EXTERNAL},
                    {'s', ROOM_IS_SECRET},     {'t', ROOM_TOPIC_LOCKED}};

static const struct {
	char letter;
	uint64_t bit;
} person_letters[] = {{'B', PERSON_IS_BOT},
                      {'H', PERSON_WANTS_NO_BACKLOG},
                      {'i', PERSON_IS_INVISIBLE},
                      {'o', PERSON_IS_OPERATOR},
                      {'w', PERSON_WANTS_WALLOPS}};
#define PERSON_LETTERS (sizeof(person_letters) / sizeof(person_letters[0]))

static void put_letter(struct irc_line *line, char letter) {
	irc_put(line, slice_of(&letter, 1));
}

void irc_put_room_modes(struct irc *irc, struct irc_line *line, uint64_t room, bool shows_key) {
	struct room_charter charter = state_room_charter(irc->edge->state, room);
	irc_put_text(line, " +");
	for (size_t i = 0; i < sizeof(room_letters) / sizeof(room_letters[0]); i++) {
		if ((charter.bits & room_letters[i].bit) != 0) {
			put_letter(line, room_letters[i].letter);
		}
	}
	irc_put_text(line, charter.key.size > 0 ? "k" : "");
	irc_put_text(line, charter.forward.size > 0 ? "f" : "");
	irc_put_text(line, charter.limit > 0 ? "l" : "");
	irc_put_text(line, charter.slow_s > 0 ? "W" : "");
	if (charter.key.size > 0) {
		irc_put_text(line, " ");
		irc_put(line, shows_key ? charter.key : irc_word("*"));
	}
	if (charter.forward.size > 0) {
		irc_put_text(line, " ");
		irc_put(line, charter.forward);
	}
	if (charter.limit > 0) {
		irc_put_text(line, " ");
		irc_put_number(line, charter.limit);
	}
	if (charter.slow_s > 0) {
		irc_put_text(line, " ");
		irc_put_number(line, charter.slow_s);
	}
}

void irc_put_person_modes(struct irc_line *line, uint64_t bits) {
	for (size_t i = 0; i < PERSON_LETTERS; i++) {
		if ((bits & person_letters[i].bit) != 0) {
			put_letter(line, person_letters[i].letter);
		}
	}
}

/* ---- of a room ---- */

static void say_modes(struct irc *irc, uint64_t room) {
	struct slice name = view_room_name(irc->edge->state, room);
	irc_begin_numeric(irc, RPL_CHANNELMODEIS);
	irc_put_parameter(&irc->at, name);
	irc_put_room_modes(irc, &irc->at, room,
	                   state_is_member(irc->edge->state, room, stream_person(irc->to)));
	irc_end_line(irc);
	uint64_t made_us = state_room_made_us(irc->edge->state, room);
	if (made_us != 0) {
		irc_begin_numeric(irc, RPL_CREATIONTIME);
		irc_put_parameter(&irc->at, name);
		irc_put_text(&irc->at, " ");
		irc_put_number(&irc->at, made_us / 1000000);
		irc_end_line(irc);
	}
}

static void say_list(struct irc *irc, uint64_t room, char letter) {
	const struct state *state = irc->edge->state;
	struct slice name = view_room_name(state, room);
	struct room_mask mask = {0};
	unsigned row = letter == 'b' ? RPL_BANLIST : letter == 'e' ? RPL_EXCEPTLIST : RPL_INVEXLIST;
	while (state_mask_next(state, room, letter, &mask)) {
		irc_begin_numeric(irc, row);
		irc_put_parameter(&irc->at, name);
		irc_put_parameter(&irc->at, mask.mask);
		irc_put_parameter(&irc->at,
		                  mask.by.size > 0 ? mask.by : irc_word(irc_config(irc)->server));
		irc_put_text(&irc->at, " ");
		irc_put_number(&irc->at, mask.since_us / 1000000);
		irc_end_line(irc);
	}
	irc_numeric(irc, row + 1, name, irc_nothing());
}

/* A change as the hub takes it: letters with their signs, then the arguments. */
struct change {
	char letters[IRC_LINE_BYTES_MAX], arguments[IRC_LINE_BYTES_MAX];
	struct irc_line put_letters, put_arguments;
	unsigned count;
	char sign;
};

static void add_change(struct change *change, const struct irc_mode_change *one) {
	char sign = one->is_set ? '+' : '-';
	if (change->sign != sign) {
		put_letter(&change->put_letters, sign);
		change->sign = sign;
	}
	put_letter(&change->put_letters, one->letter);
	if (one->argument.size > 0) {
		irc_put_text(&change->put_arguments, " ");
		irc_put(&change->put_arguments, one->argument);
	}
	change->count++;
}

static void look_at_list(struct irc *irc, struct slice name, char letter) {
	uint64_t room = state_room_named(irc->edge->state, name);
	if (!irc->is_settled) {
		irc->must_wait = true;
	} else if (room == 0) {
		irc_numeric(irc, ERR_NOSUCHCHANNEL, name, irc_nothing());
	} else if (!irc_sees_room(irc, room)) {
		irc_numeric(irc, ERR_NOTONCHANNEL, name, irc_nothing());
	} else {
		say_list(irc, room, letter);
	}
}

static bool has_blank(struct slice text) {
	return text.size > 0 && memchr(text.bytes, ' ', text.size) != NULL;
}

/* Letters are bytes; of another character, which is no letter, the first is told as a '*'. */
static void refuse_letter(struct irc *irc, char letter) {
	unsigned char byte = (unsigned char)letter;
	if (byte < 0x80) {
		irc_numeric(irc, ERR_UNKNOWNMODE, slice_of(&letter, 1), irc_nothing());
	} else if (byte >= 0xC0) {
		irc_numeric(irc, ERR_UNKNOWNMODE, irc_word("*"), irc_nothing());
	}
}

static void take_change(struct irc *irc, struct change *change, struct slice name,
                        const struct irc_mode_change *one) {
	char letter[2] = {one->letter, '\0'};
	if (one->fault == MODE_UNKNOWN) {
		refuse_letter(irc, one->letter);
	} else if (one->is_question) {
		look_at_list(irc, name, one->letter);
	} else if (one->fault == MODE_NO_ARGUMENT || has_blank(one->argument)) {
		irc_begin_numeric(irc, ERR_INVALIDMODEPARAM);
		irc_put_parameter(&irc->at, name);
		irc_put_text(&irc->at, " ");
		irc_put_text(&irc->at, letter);
		irc_put_text(&irc->at, " *");
		irc_put_last(irc, irc_word("You must give a parameter without blanks"));
		irc_end_line(irc);
	} else if (change->count < MODE_CHANGES_MAX) {
		add_change(change, one);
	}
}

static void change_room(struct irc *irc, struct slice name) {
	struct change change = {.sign = '\0'};
	struct irc_mode_change one;
	change.put_letters = irc_line_at(change.letters, sizeof(change.letters));
	change.put_arguments = irc_line_at(change.arguments, sizeof(change.arguments));
	struct irc_mode_walk walk = irc_mode_begin(&irc->message, 1);
	while (!irc->must_wait && irc_mode_next(&walk, &one)) {
		take_change(irc, &change, name, &one);
	}
	if (change.count == 0 || irc->must_wait) {
		return;
	}
	irc_put(&change.put_letters, irc_line_slice(&change.put_arguments));
	struct record request = {.kind = REQUEST_MODE,
	                         .room = state_room_named(irc->edge->state, name),
	                         .other_name = name,
	                         .text = irc_line_slice(&change.put_letters)};
	irc_request(irc, &request, name, false);
}

static void of_room(struct irc *irc, struct slice name) {
	if (irc->message.count > 1) {
		change_room(irc, name);
		return;
	}
	uint64_t room = state_room_named(irc->edge->state, name);
	if (!irc->is_settled) {
		irc->must_wait = true;
	} else if (room == 0) {
		irc_numeric(irc, ERR_NOSUCHCHANNEL, name, irc_nothing());
	} else {
		say_modes(irc, room);
	}
}

/* ---- of a person ---- */

/* What the letters make of the bits; an operator is made by OPER alone. */
static uint64_t changed(struct irc *irc, uint64_t bits, struct slice letters) {
	bool is_minus = false, is_unknown = false;
	for (size_t i = 0; i < letters.size; i++) {
		uint64_t bit = 0;
		for (size_t k = 0; k < PERSON_LETTERS; k++) {
			bit = person_letters[k].letter == letters.bytes[i] ? person_letters[k].bit
			                                                   : bit;
		}
		if (letters.bytes[i] == '+' || letters.bytes[i] == '-') {
			is_minus = letters.bytes[i] == '-';
		} else if (bit == 0) {
			is_unknown = true;
		} else if (is_minus) {
			bits &= ~bit;
		} else if (bit != PERSON_IS_OPERATOR) {
			bits |= bit;
		}
	}
	if (is_unknown) {
		irc_numeric(irc, ERR_UMODEUNKNOWNFLAG, irc_nothing(), irc_nothing());
	}
	return bits;
}

static void of_self(struct irc *irc, const struct person *self) {
	uint64_t bits = person_bits(irc->edge->state, self) & PERSON_BITS;
	if (irc->message.count == 1) {
		irc_begin_numeric(irc, RPL_UMODEIS);
		irc_put_text(&irc->at, " +");
		irc_put_person_modes(&irc->at, bits);
		irc_end_line(irc);
		return;
	}
	uint64_t wanted = changed(irc, bits, irc_parameter(&irc->message, 1));
	if (wanted != bits) {
		struct record request = {
			.kind = REQUEST_PROFILE, .number = PROFILE_MODES, .bits = wanted};
		irc_request(irc, &request, irc_nothing(), false);
	}
}

static void of_person(struct irc *irc, struct slice name) {
	const struct person *self = irc_self(irc);
	if (!irc->is_settled) {
		irc->must_wait = true;
	} else if (self != NULL && name_equal(name, person_name(self))) {
		of_self(irc, self);
	} else if (state_person_named(irc->edge->state, name) == NULL) {
		irc_numeric(irc, ERR_NOSUCHNICK, name, irc_nothing());
	} else {
		irc_numeric(irc, ERR_USERSDONTMATCH, irc_nothing(), irc_nothing());
	}
}

void irc_on_mode(struct irc *irc) {
	struct slice target = irc_parameter(&irc->message, 0);
	if (target.size > 0 && target.bytes[0] == '#') {
		of_room(irc, target);
	} else {
		of_person(irc, target);
	}
}
