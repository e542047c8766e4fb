/* chanserv.c - ChanServ: whose rooms are, and who else has an office in them. */
#include <stdio.h>

#include "irc_chanserv.h"
#include "irc_inside.h"
#include "irc_mask.h"
#include "irc_view.h"
#include "name.h"

#define LISTED_MAX 50

void chanserv_says(struct irc *irc, const char *text, struct slice a, struct slice b) {
	irc_service_says(irc, &irc_chanserv, text, a, b);
}

static struct slice number_in(char out[static 24], uint64_t number) {
	int size = snprintf(out, 24, "%llu", (unsigned long long)number);
	return slice_of(out, (size_t)size);
}

static bool is_signed_in(struct irc *irc) {
	if ((irc->user->bits & PERSON_HAS_ACCOUNT) != 0) {
		return true;
	}
	chanserv_says(irc, "Sign in first: rooms belong to accounts", irc_nothing(), irc_nothing());
	return false;
}

/* The founder of a secret room, and who has an office there, know of it though they are not in it. */
static bool may_know(const struct irc *irc, uint64_t room) {
	const struct state *state = irc->edge->state;
	struct slice founder = state_room_charter(state, room).founder_account;
	bool has_account = (irc->user->bits & PERSON_HAS_ACCOUNT) != 0;
	return irc_sees_room(irc, room) || (irc->user->bits & PERSON_IS_OPERATOR) != 0 ||
	       state_is_invited(state, room, stream_person(irc->to)) ||
	       (has_account &&
	        (name_equal(founder, irc_nick(irc)) ||
	         state_standing(state, room, state_account_named(state, irc_nick(irc))) != 0));
}

uint64_t chanserv_room(struct irc *irc, struct slice name) {
	uint64_t room = state_room_named(irc->edge->state, name);
	if (room == 0 || !may_know(irc, room)) {
		chanserv_says(irc, "There is no room %", name, irc_nothing());
		return 0;
	}
	return room;
}

/* The same, of a room that is registered. */
static uint64_t registered_room(struct irc *irc, struct slice name) {
	uint64_t room = chanserv_room(irc, name);
	if (room != 0 &&
	    (state_room_charter(irc->edge->state, room).bits & ROOM_IS_REGISTERED) == 0) {
		chanserv_says(irc, "% is not registered", name, irc_nothing());
		return 0;
	}
	return room;
}

static void set_founder(struct irc *irc, uint64_t room, struct slice typed, struct slice account) {
	struct record request = {
		.kind = REQUEST_FOUNDER, .room = room, .other_name = typed, .name = account};
	irc_request(irc, &request, typed, false);
}

/* ---- REGISTER, TRANSFER, DROP ---- */

static void on_register(struct irc *irc, const struct irc_order *order) {
	struct slice typed = order->words[0];
	uint64_t room = is_signed_in(irc) ? chanserv_room(irc, typed) : 0;
	if (room == 0) {
		return;
	}
	const struct room_charter charter = state_room_charter(irc->edge->state, room);
	if ((charter.bits & ROOM_IS_REGISTERED) != 0) {
		chanserv_says(irc, "% belongs to % already", typed, charter.founder_account);
	} else {
		set_founder(irc, room, typed, irc_nick(irc));
	}
}

/* What cannot be taken back is said twice, the second time with a code. */
static bool is_confirmed(struct irc *irc, const char *command, uint64_t room, struct slice about,
                         struct slice code) {
	char wanted[IRC_CODE_BYTES_MAX];
	char text[IRC_LINE_BYTES_MAX];
	irc_service_code(irc, &irc_chanserv, command, room, about, wanted);
	if (slice_equal(code, irc_word(wanted))) {
		return true;
	}
	snprintf(text, sizeof(text), "If you mean that, say: %s %% %%%s%s", command,
	         about.size > 0 ? " " : "", wanted);
	chanserv_says(irc, text, view_room_name(irc->edge->state, room), about);
	return false;
}

static void on_drop(struct irc *irc, const struct irc_order *order) {
	uint64_t room = registered_room(irc, order->words[0]);
	if (room != 0 && is_confirmed(irc, "DROP", room, irc_nothing(), order->words[1])) {
		set_founder(irc, room, order->words[0], irc_nothing());
	}
}

static void on_transfer(struct irc *irc, const struct irc_order *order) {
	uint64_t room = registered_room(irc, order->words[0]);
	struct slice account = order->words[1];
	if (room == 0) {
		return;
	}
	if (state_account_named(irc->edge->state, account) == 0) {
		chanserv_says(irc, "There is no account %", account, irc_nothing());
	} else if (is_confirmed(irc, "TRANSFER", room, account, order->words[2])) {
		set_founder(irc, room, order->words[0], account);
	}
}

static void on_founder(struct irc *irc, const struct irc_order *order) {
	if (order->count > 1) {
		on_transfer(irc, order);
		return;
	}
	uint64_t room = registered_room(irc, order->words[0]);
	if (room != 0) {
		chanserv_says(irc, "% belongs to %", view_room_name(irc->edge->state, room),
		              state_room_charter(irc->edge->state, room).founder_account);
	}
}

/* ---- AMODE ---- */

static void say_standings(struct irc *irc, uint64_t room) {
	const struct state *state = irc->edge->state;
	struct room_standing standing = {0};
	while (state_standing_next(state, room, &standing)) {
		char letters[4] = {'+', 0, 0, 0};
		size_t size = 1;
		if ((standing.bits & MEMBER_IS_OPERATOR) != 0) {
			letters[size++] = 'o';
		}
		if ((standing.bits & MEMBER_HAS_VOICE) != 0) {
			letters[size++] = 'v';
		}
		chanserv_says(irc, "% %", slice_of(letters, size), standing.name);
	}
	chanserv_says(irc, "End of the accounts that have an office in %",
	              view_room_name(state, room), irc_nothing());
}

/* "+o-v": false if that is something else. */
static bool change_bits(struct slice letters, uint64_t *bits) {
	bool is_minus = false, has_sign = false;
	for (size_t i = 0; i < letters.size; i++) {
		char letter = letters.bytes[i];
		uint64_t bit = letter == 'o'   ? MEMBER_IS_OPERATOR
		               : letter == 'v' ? MEMBER_HAS_VOICE
		                               : 0;
		if (letter == '+' || letter == '-') {
			is_minus = letter == '-';
			has_sign = true;
		} else if (bit == 0 || !has_sign) {
			return false;
		} else {
			*bits = is_minus ? *bits & ~bit : *bits | bit;
		}
	}
	return has_sign;
}

static void on_amode(struct irc *irc, const struct irc_order *order) {
	const struct state *state = irc->edge->state;
	uint64_t room = registered_room(irc, order->words[0]);
	uint64_t account = state_account_named(state, order->words[2]);
	uint64_t bits = room != 0 ? state_standing(state, room, account) : 0;
	if (room == 0) {
		return;
	}
	if (order->count < 3) {
		say_standings(irc, room);
	} else if (!change_bits(order->words[1], &bits)) {
		chanserv_says(irc, "% is none of +o -o +v -v", order->words[1], irc_nothing());
	} else if (account == 0) {
		chanserv_says(irc, "There is no account %", order->words[2], irc_nothing());
	} else {
		struct record request = {.kind = REQUEST_STANDING,
		                         .room = room,
		                         .other_name = order->words[0],
		                         .name = order->words[2],
		                         .bits = bits};
		irc_request(irc, &request, order->words[0], false);
	}
}

/* ---- INFO, LIST ---- */

static void on_info(struct irc *irc, const struct irc_order *order) {
	const struct state *state = irc->edge->state;
	uint64_t room = chanserv_room(irc, order->words[0]);
	if (room == 0) {
		return;
	}
	char digits[24], modes[IRC_LINE_BYTES_MAX];
	const struct room_charter charter = state_room_charter(state, room);
	struct slice name = view_room_name(state, room);
	struct irc_line line = irc_line_at(modes, sizeof(modes));
	if ((charter.bits & ROOM_IS_REGISTERED) != 0) {
		chanserv_says(irc, "% belongs to %", name, charter.founder_account);
	} else {
		chanserv_says(irc, "% is not registered", name, irc_nothing());
	}
	irc_put_room_modes(irc, &line, room, false);
	chanserv_says(irc, "Its modes:%", irc_line_slice(&line), irc_nothing());
	if (charter.topic.size > 0) {
		chanserv_says(irc, "Its topic: %", charter.topic, irc_nothing());
	}
	chanserv_says(irc, "People in it: %",
	              number_in(digits, state_room_members_count(state, room)), irc_nothing());
	chanserv_says(irc, "Accounts that have an office in it: %",
	              number_in(digits, state_standings_count(state, room)), irc_nothing());
}

struct listing {
	struct irc *irc;
	char mask[IRC_MASK_BYTES_MAX];
	size_t mask_size, count;
};

static bool list_room(void *context, uint64_t room) {
	struct listing *it = context;
	const struct state *state = it->irc->edge->state;
	const struct room_charter charter = state_room_charter(state, room);
	char name[IRC_MASK_BYTES_MAX];
	size_t size = irc_mask_fold(state_room_name(state, room), name, sizeof(name));
	if ((charter.bits & ROOM_IS_REGISTERED) == 0 ||
	    (it->mask_size > 0 &&
	     !irc_mask_matches(slice_of(it->mask, it->mask_size), slice_of(name, size)))) {
		return true;
	}
	if (it->count++ < LISTED_MAX) {
		chanserv_says(it->irc, "% belongs to %", view_room_name(state, room),
		              charter.founder_account);
	}
	return true;
}

static void on_list(struct irc *irc, const struct irc_order *order) {
	char digits[24];
	struct listing it = {.irc = irc};
	it.mask_size = irc_mask_fold(order->words[0], it.mask, sizeof(it.mask));
	state_rooms_each(irc->edge->state, list_room, &it);
	chanserv_says(irc, "Registered rooms that fit: %", number_in(digits, it.count),
	              irc_nothing());
}

/* ---- what came of it ---- */

static void on_refused(struct irc *irc, const struct irc_asked *asked,
                       const struct record *answer) {
	struct slice room = slice_from_string(asked->target), name = answer->name;
	bool is_of_account = asked->kind == REQUEST_FOUNDER || asked->kind == REQUEST_STANDING;
	char digits[24];
	switch (answer->reason) {
	case REASON_NO_SUCH_ROOM: chanserv_says(irc, "There is no room %", room, name); break;
	case REASON_NEEDS_ACCOUNT: (void)is_signed_in(irc); break;
	case REASON_NOT_IN_ROOM:
	case REASON_NOT_ROOM_OPERATOR:
		chanserv_says(irc, "You are no operator of %", room, name);
		break;
	case REASON_NOT_PERMITTED: chanserv_says(irc, "% is not yours", room, name); break;
	case REASON_NAME_REGISTERED:
		chanserv_says(irc, "% belongs to % already", room, name);
		break;
	case REASON_NO_SUCH_NAME:
		chanserv_says(irc,
		              is_of_account ? "There is no account %" : "Nobody here is called %",
		              name, room);
		break;
	case REASON_THEY_NOT_IN_ROOM: chanserv_says(irc, "% is not in %", name, room); break;
	case REASON_ALREADY_IN_ROOM: chanserv_says(irc, "% is in % already", name, room); break;
	case REASON_LIMIT:
		chanserv_says(irc, "There may be % at most", number_in(digits, answer->number),
		              irc_nothing());
		break;
	case REASON_LIST_FULL: chanserv_says(irc, "That list of % is full", room, name); break;
	default:
		chanserv_says(irc, "% was refused: %", room, irc_word(reason_word(answer->reason)));
		break;
	}
}

static void on_done(struct irc *irc, const struct irc_asked *asked, const struct record *last) {
	struct slice room = slice_from_string(asked->target);
	if (last->kind == ANSWER_NOTHING) {
		chanserv_says(irc, "It is so already in %", room, irc_nothing());
	} else if (asked->kind != REQUEST_FOUNDER) {
		chanserv_says(irc, "That is done in %", room, irc_nothing());
	} else if (last->name.size == 0) {
		chanserv_says(irc, "% is registered no more", room, irc_nothing());
	} else {
		chanserv_says(irc, "% belongs to % now", room, last->name);
	}
}

#define BY_RIGHT                                                                                   \
	"For its founder, and for accounts that AMODE has made operators there: whether or not "   \
	"they are operators just now, or in the room."
#define ONESELF "Without a name: yourself.\n" BY_RIGHT

static const struct irc_service_command commands[] = {
	{"AMODE", on_amode, 1, false, "#room [+o|-o|+v|-v account]",
         "offices that accounts have in a room whenever they join it",
         "Without a change: the list. For its founder.\n"
         "Whoever has +o need not be invited, is not kept out by bans, and may use OP, KICK, ..."},
	{"BAN", chanserv_on_ban, 2, false, "#room mask", "keep people out of a room", BY_RIGHT},
	{"DEOP", chanserv_on_deop, 1, false, "#room [name]", "take an operator's office away",
         ONESELF},
	{"DEVOICE", chanserv_on_devoice, 1, false, "#room [name]", "take a voice away", ONESELF},
	{"DROP", on_drop, 1, false, "#room [code]", "give a room up: it belongs to nobody then",
         "For its founder, and for operators of the server. The code is told when you ask."},
	{"FOUNDER", on_founder, 1, false, "#room [account [code]]",
         "whose a room is; with an account, the same as TRANSFER", NULL},
	{"INFO", on_info, 1, false, "#room", "what is known of a room", NULL},
	{"INVITE", chanserv_on_invite, 1, false, "#room [name]", "let somebody into a room",
         ONESELF},
	{"KICK", chanserv_on_kick, 2, false, "#room name [why]", "put somebody out of a room",
         BY_RIGHT},
	{"LIST", on_list, 0, true, "[mask]", "the rooms that are registered", NULL},
	{"MODE", chanserv_on_mode, 2, false, "#room changes", "change a room's modes", BY_RIGHT},
	{"OP", chanserv_on_op, 1, false, "#room [name]", "make somebody an operator", ONESELF},
	{"REGISTER", on_register, 1, false, "#room", "make a room your account's own",
         "You are its operator, and signed in. The room then keeps its modes, its topic and its "
         "lists\nwhile nobody is in it, and whoever is signed in to your account is its operator "
         "on joining."},
	{"TOPIC", chanserv_on_topic, 1, false, "#room [text]", "say what a room is about",
         BY_RIGHT},
	{"TRANSFER", on_transfer, 2, false, "#room account [code]",
         "give a room to another account",
         "For its founder, and for operators of the server. The code is told when you ask."},
	{"UNBAN", chanserv_on_unban, 2, false, "#room mask", "take a ban back", BY_RIGHT},
	{"VOICE", chanserv_on_voice, 1, false, "#room [name]", "give somebody a voice", ONESELF},
};

const struct irc_service irc_chanserv = {
	.name = "ChanServ",
	.about = "ChanServ keeps rooms for the accounts that they belong to",
	.commands = commands,
	.count = sizeof(commands) / sizeof(commands[0]),
	.refused = on_refused,
	.done = on_done,
};
