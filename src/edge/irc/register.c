/* register.c - coming in and going: CAP, PASS, NICK, USER, QUIT. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "cut.h"
#include "irc_cloak.h"
#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_render.h"
#include "irc_service.h"
#include "irc_view.h"
#include "name.h"

/* ---- CAP ---- */

void irc_set_form(struct irc *irc) {
	stream_set_key(irc->to, irc_form_of(irc->user->capabilities));
}

static void begin_cap(struct irc *irc, const char *verb) {
	irc_begin_line(irc, "CAP ");
	irc_put(&irc->at, irc_nick(irc));
	irc_put_text(&irc->at, " ");
	irc_put_text(&irc->at, verb);
}

/* LS and LIST, in as many lines as it takes. */
static void cap_words(struct irc *irc, const char *verb, uint64_t set, bool has_values) {
	enum irc_capability at = 0;
	bool has_more = true;
	while (has_more) {
		char text[IRC_LINE_BYTES_MAX];
		struct irc_line words = irc_line_at(text, sizeof(text));
		begin_cap(irc, verb);
		has_more = irc_capability_words(set, has_values, &at,
		                                sizeof(irc->line) - irc->at.size - 8, &words);
		if (has_more && irc->user->has_302) {
			irc_put_text(&irc->at, " *");
		}
		irc_put_text(&irc->at, " :");
		irc_put(&irc->at, irc_line_slice(&words));
		irc_end_line(irc);
	}
}

static void cap_ls(struct irc *irc) {
	struct slice version = irc_parameter(&irc->message, 1);
	bool is_302 = version.size >= 3 && version.bytes[0] >= '3' && version.bytes[0] <= '9';
	if (is_302) {
		irc->user->has_302 = true;
		irc->user->capabilities |= irc_bit(CAP_CAP_NOTIFY);
	}
	if (irc->user->door != NULL) {
		irc->user->door->is_negotiating = true;
	}
	cap_words(irc, "LS", irc->offered, irc->user->has_302);
}

static void cap_req(struct irc *irc) {
	struct slice words = irc_parameter(&irc->message, 1);
	uint64_t wanted = irc->user->capabilities;
	if (irc->user->door != NULL) {
		irc->user->door->is_negotiating = true;
	}
	bool is_good = irc_capability_request(words, irc->offered, &wanted);
	if (irc->user->has_302) {
		wanted |= irc_bit(CAP_CAP_NOTIFY);
	}
	begin_cap(irc, is_good ? "ACK" : "NAK");
	irc_put_last(irc, words);
	irc_end_line(irc);
	if (is_good) {
		irc->user->capabilities = wanted;
		irc_set_form(irc);
		if (!irc_can(irc, CAP_METADATA) || !irc_can(irc, CAP_BATCH)) {
			irc_subs_free(irc, irc->user);
		}
	}
}

static void cap_end(struct irc *irc) {
	if (irc->user->door != NULL) {
		irc->user->door->is_negotiating = false;
		irc_try_to_enter(irc);
	}
}

/* ---- CAP NEW, CAP DEL ---- */

struct offer {
	struct irc *irc;
	uint64_t added, taken;
};

static bool tell_offer(void *context, struct stream_connection *it) {
	const struct offer *offer = context;
	struct irc *irc = offer->irc;
	if (stream_own(it) == NULL) {
		return true;
	}
	irc_talk_to(irc, it);
	irc->user->capabilities &= ~offer->taken;
	irc_set_form(irc);
	if (irc_can(irc, CAP_CAP_NOTIFY) && offer->added != 0) {
		cap_words(irc, "NEW", offer->added, irc->user->has_302);
	}
	if (irc_can(irc, CAP_CAP_NOTIFY) && offer->taken != 0) {
		cap_words(irc, "DEL", offer->taken, false);
	}
	irc_flush(irc);
	return true;
}

void irc_follow_offer(struct irc *irc) {
	uint64_t before = irc->offered, now = ((uint64_t)1 << CAPABILITIES_COUNT) - 1;
	if (irc_why_no_accounts(irc) != NULL) {
		now &= ~irc_bit(CAP_ACCOUNT_REGISTRATION);
	}
	irc->offered = now;
	struct offer offer = {.irc = irc, .added = now & ~before, .taken = before & ~now};
	if (before != 0 && before != now) {
		stream_each(irc->stream, tell_offer, &offer);
	}
}

void irc_on_cap(struct irc *irc) {
	struct slice verb = irc_parameter(&irc->message, 0);
	if (irc_equal(verb, "LS")) {
		cap_ls(irc);
	} else if (irc_equal(verb, "LIST")) {
		cap_words(irc, "LIST", irc->user->capabilities, false);
	} else if (irc_equal(verb, "REQ")) {
		cap_req(irc);
	} else if (irc_equal(verb, "END")) {
		cap_end(irc);
	} else {
		irc_numeric(irc, ERR_INVALIDCAPCMD, verb, irc_nothing());
	}
}

/* ---- PASS, NICK, USER ---- */

void irc_on_pass(struct irc *irc) {
	struct slice password = irc_parameter(&irc->message, 0);
	struct irc_door *door = irc->user->door;
	if (password.size == 0) {
		irc_numeric(irc, ERR_NEEDMOREPARAMS, irc_word("PASS"), irc_nothing());
		return;
	}
	size_t size =
		password.size < sizeof(door->password) ? password.size : sizeof(door->password);
	memcpy(door->password, password.bytes, size);
	door->password_size = (uint16_t)size;
}

static void choose_nick(struct irc *irc, struct slice nick) {
	struct irc_door *door = irc->user->door;
	memcpy(door->nick, nick.bytes, nick.size);
	door->nick_size = (uint8_t)nick.size;
	irc_try_to_enter(irc);
}

void irc_on_nick(struct irc *irc) {
	struct slice nick = irc_parameter(&irc->message, 0);
	if (nick.size == 0) {
		irc_numeric(irc, ERR_NONICKNAMEGIVEN, irc_nothing(), irc_nothing());
	} else if (name_check(nick) != NAME_OK || irc_service_of(nick) != NULL) {
		irc_numeric(irc, ERR_ERRONEUSNICKNAME, nick, irc_nothing());
	} else if (irc->user->door != NULL) {
		choose_nick(irc, nick);
	} else {
		const char *account = irc->user->account;
		bool is_own = account != NULL && name_equal(nick, slice_from_string(account));
		struct record request = {.kind = REQUEST_RENAME,
		                         .name = nick,
		                         .bits = is_own ? PERSON_HAS_ACCOUNT : 0};
		irc_request(irc, &request, nick, false);
	}
}

/* What a user may have: what neither a mask nor a source means anything by. */
static size_t put_user(struct slice typed, char *out, size_t room) {
	size_t size = 0;
	for (size_t i = 0; i < typed.size && size < room; i++) {
		char byte = typed.bytes[i];
		if (byte > ' ' && byte < 0x7F && strchr("!@:*?,~", byte) == NULL) {
			out[size++] = byte;
		}
	}
	return size;
}

void irc_on_user(struct irc *irc) {
	struct irc_door *door = irc->user->door;
	struct slice realname = irc_parameter(&irc->message, 3);
	if (door->has_user) {
		irc_numeric(irc, ERR_ALREADYREGISTERED, irc_nothing(), irc_nothing());
		return;
	}
	door->user_size = (uint8_t)put_user(irc_take_device(irc, irc_parameter(&irc->message, 0)),
	                                    door->user, sizeof(door->user));
	if (door->user_size == 0) {
		door->user[0] = 'u';
		door->user_size = 1;
	}
	door->realname_size = (uint8_t)(realname.size <= sizeof(door->realname)
	                                        ? realname.size
	                                        : cut_before(realname, sizeof(door->realname)));
	if (door->realname_size > 0) {
		memcpy(door->realname, realname.bytes, door->realname_size);
	}
	door->has_user = true;
	irc_try_to_enter(irc);
}

/* ---- in ---- */

/* "~user@cloak" */
static struct slice make_userhost(const struct irc *irc, char *out, size_t room) {
	char cloak[CLOAK_BYTES_MAX];
	const struct irc_door *door = irc->user->door;
	struct irc_line line = irc_line_at(out, room);
	cloak_of(irc->cloak_key, stream_peer(irc->to), cloak);
	irc_put_text(&line, "~");
	irc_put(&line, slice_of(door->user, door->user_size));
	irc_put_text(&line, "@");
	irc_put_text(&line, cloak);
	return irc_line_slice(&line);
}

static void ask_to_enter(struct irc *irc, bool is_again) {
	struct irc_door *door = irc->user->door;
	char userhost[USERHOST_BYTES_MAX];
	if (door->is_negotiating || !door->has_user || door->nick_size == 0 || door->is_asked) {
		return;
	}
	if (!irc_may_enter(irc)) {
		return;
	}
	/* Nick and account are one. */
	struct slice nick = door->has_account ? slice_of(door->account, door->account_size)
	                                      : slice_of(door->nick, door->nick_size);
	struct record request = {.kind = REQUEST_REGISTER,
	                         .has_route = true,
	                         .route = stream_route(irc->to),
	                         .home = irc->edge->house.edge,
	                         .name = nick,
	                         .userhost = make_userhost(irc, userhost, sizeof(userhost)),
	                         .text = slice_of(door->realname, door->realname_size),
	                         .other_name = slice_of(door->device, door->device_size),
	                         .nonce = irc->user->nonce,
	                         .bits = door->has_account ? PERSON_HAS_ACCOUNT : 0};
	if (is_again ? irc_request_now(irc, &request, nick, false)
	             : irc_request(irc, &request, nick, false)) {
		door->is_asked = true;
	}
}

void irc_try_to_enter(struct irc *irc) {
	ask_to_enter(irc, false);
}

/*
 * That its holder has gone may stand in the queue of another edge, which the hub reads after ours,
 * though it was said before: what we ask now is read behind it.
 */
bool irc_enters_again(struct irc *irc) {
	struct irc_door *door = irc->user->door;
	if (door->has_retried) {
		door->has_retried = irc_returns(irc);
		return door->has_retried;
	}
	door->has_retried = true;
	return irc_enters_now(irc);
}

bool irc_enters_now(struct irc *irc) {
	ask_to_enter(irc, true);
	return irc->user->door->is_asked;
}

/* It is in, and another person now: the one of the account that it has signed in to. */
static void move_over(struct irc *irc, const struct record *answer) {
	struct irc_user *user = irc->user;
	if (user->was == NULL) {
		return;
	}
	stream_move(irc->stream, irc->to, answer->session, answer->person);
	irc->at = irc_line_at(irc->line, sizeof(irc->line));
	irc_put_text(&irc->at, ":");
	irc_put_text(&irc->at, user->was);
	irc_put_text(&irc->at, " NICK");
	irc_put_parameter(&irc->at, answer->name);
	irc_end_line(irc);
	const struct person *self = irc_self(irc);
	user->bits = self == NULL ? PERSON_HAS_ACCOUNT : person_bits(irc->edge->state, self);
	free(user->was);
	free(user->account);
	user->was = user->account = NULL;
	irc_say_rooms(irc);
}

void irc_welcome(struct irc *irc, const struct record *answer) {
	struct irc_user *user = irc->user;
	if (user->door == NULL) {
		move_over(irc, answer);
		return;
	}
	user->bits = user->door->has_account ? PERSON_HAS_ACCOUNT : 0;
	sodium_memzero(user->door, sizeof(*user->door));
	free(user->door);
	user->door = NULL;
	irc_count_unknown(irc, -1);
	stream_enter(irc->stream, irc->to, answer->session, answer->person);
	irc_set_form(irc);
	irc_say_session(irc, answer->number != 0);
	user->must_greet = true;
	if (irc_self(irc) != NULL) {
		irc_entered(irc);
	}
}

/* Who is one more connection of somebody hears which modes that one has. */
static void say_own_modes(struct irc *irc) {
	const struct person *self = irc_self(irc);
	if (self == NULL) {
		return;
	}
	const struct record modes = {.kind = ENTRY_PROFILE,
	                             .person = person_id(self),
	                             .number = PROFILE_MODES,
	                             .time_us = irc_now_us(irc),
	                             .name = person_name(self),
	                             .userhost = view_userhost(irc->edge->state, self),
	                             .bits = person_bits(irc->edge->state, self)};
	irc_own_entry(irc, &modes);
}

void irc_entered(struct irc *irc) {
	if (irc->user->must_greet) {
		irc->user->must_greet = false;
		irc_greet(irc);
		say_own_modes(irc);
		irc_ask_early_away(irc);
		irc_ask_early(irc);
		irc_say_rooms(irc);
	}
}

/* ---- out ---- */

void irc_on_quit(struct irc *irc) {
	struct irc_user *user = irc->user;
	struct slice why = irc_parameter(&irc->message, 0);
	char text[WHY_BYTES_MAX];
	struct irc_line line = irc_line_at(text, sizeof(text));
	irc_put_text(&line, "Quit");
	if (why.size > 0) {
		irc_put_text(&line, ": ");
		irc_put(&line, slice_first(why, why.size <= 380 ? why.size : cut_before(why, 380)));
	}
	struct slice words = irc_line_slice(&line);
	user->quit = malloc(sizeof(text));
	if (user->quit != NULL) {
		memcpy(user->quit, words.bytes, words.size);
		user->quit_size = (uint16_t)words.size;
	}
	irc_close(irc, words);
}
