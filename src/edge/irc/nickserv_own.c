/* nickserv_own.c - NickServ: what one may know of accounts, and do with one's own. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "accountwire.h"
#include "irc_inside.h"
#include "irc_service.h"
#include "name.h"

static void say(struct irc *irc, const char *text, struct slice a, struct slice b) {
	irc_service_says(irc, &irc_nickserv, text, a, b);
}

static void say_plainly(struct irc *irc, const char *text) {
	say(irc, text, irc_nothing(), irc_nothing());
}

/* Whose person it is; 0, and it has been told: nobody's. */
static uint64_t own_account(struct irc *irc) {
	const struct person *self = irc_self(irc);
	uint64_t account = self == NULL ? 0 : person_account(irc->edge->state, self);
	if (account == 0 || (irc->user->bits & PERSON_HAS_ACCOUNT) == 0) {
		say_plainly(irc, "Sign in first: IDENTIFY password, or SASL");
		return 0;
	}
	return account;
}

/* ---- INFO ---- */

static const char *word_of_staying(const struct irc *irc, uint64_t bits) {
	return (bits & ACCOUNT_STAYS) != 0       ? "on"
	       : (bits & ACCOUNT_STAYS_NOT) != 0 ? "off"
	       : irc_config(irc)->accounts_stay  ? "default (on)"
	                                         : "default (off)";
}

static bool say_device(void *context, struct slice device, uint64_t since_us) {
	say(context, "  Device: %", device.size > 0 ? device : irc_word("(without a name)"),
	    irc_nothing());
	return true;
}

static void say_own(struct irc *irc, uint64_t account) {
	uint64_t bits = state_account_bits(irc->edge->state, account);
	say(irc, "  STAY: %; PLAYBACK: %", irc_word(word_of_staying(irc, bits)),
	    irc_word((bits & ACCOUNT_NO_PLAYBACK) != 0 ? "off" : "on"));
	state_devices_each(irc->edge->state, account, say_device, irc);
}

void irc_nickserv_info(struct irc *irc, const struct irc_order *order) {
	const struct state *state = irc->edge->state;
	struct slice name = order->count > 0 ? order->words[0] : irc_nick(irc);
	uint64_t account = state_account_named(state, name);
	if (account == 0) {
		say(irc, "% is not registered", name, irc_nothing());
		return;
	}
	const struct person *person = state_person(state, state_account_person(state, account));
	const struct person *self = irc_self(irc);
	bool is_here = person != NULL && person_is_present(person);
	say(irc, "% is registered, and %", state_account_name(state, account),
	    irc_word(!is_here                          ? "not here"
	             : person_is_absent(state, person) ? "here, but not connected"
	                                               : "here"));
	bool is_own = self != NULL && person_account(state, self) == account;
	if (is_own || (irc->user->bits & PERSON_IS_OPERATOR) != 0) {
		say_own(irc, account);
	}
}

/* ---- SESSIONS ---- */

void irc_nickserv_sessions(struct irc *irc, const struct irc_order *order) {
	const struct state *state = irc->edge->state;
	const struct session *session = NULL;
	if (own_account(irc) == 0) {
		return;
	}
	while ((session = person_session_next(state, irc_self(irc), session)) != NULL) {
		struct slice device = session_device(state, session);
		bool is_this = session_id(session) == stream_session(irc->to);
		bool is_gone = session_absent_since_us(state, session) != 0;
		say(irc, "  %: %", device.size > 0 ? device : irc_word("(without a name)"),
		    irc_word(is_this   ? "this connection"
		             : is_gone ? "cut off"
		                       : "connected"));
	}
}

/* ---- GHOST ---- */

static size_t count_others(const struct irc *irc) {
	const struct session *session = NULL;
	size_t count = 0;
	while ((session = person_session_next(irc->edge->state, irc_self(irc), session)) != NULL) {
		count += session_id(session) != stream_session(irc->to);
	}
	return count;
}

/* Its own account, or the one that it has identified for under another name. */
static bool is_its(const struct irc *irc, uint64_t account) {
	const struct state *state = irc->edge->state;
	const char *shown = irc->user->account;
	return account != 0 &&
	       (person_account(state, irc_self(irc)) == account ||
	        (shown != NULL && state_account_named(state, slice_from_string(shown)) == account));
}

void irc_nickserv_ghost(struct irc *irc, const struct irc_order *order) {
	const struct state *state = irc->edge->state;
	struct slice name = order->count > 0 ? order->words[0] : irc_nick(irc);
	uint64_t account = state_account_named(state, name);
	const struct person *holder = state_person_named(state, name);
	if (irc_self(irc) == NULL || !is_its(irc, account)) {
		say(irc, "% is not yours: IDENTIFY % password first", name, name);
		return;
	}
	bool is_own = holder == irc_self(irc);
	if (holder == NULL || (!is_own && person_account(state, holder) == account)) {
		say(irc, "Nobody is in the way: NICK % makes you that", name, irc_nothing());
		return;
	}
	size_t count = is_own ? count_others(irc) : 1;
	struct record request = {.kind = REQUEST_GHOST, .name = name, .bits = PERSON_HAS_ACCOUNT};
	if (count > 0 && !irc_request(irc, &request, name, false)) {
		return;
	}
	char number[24];
	snprintf(number, sizeof(number), "%zu", count);
	say(irc, is_own ? "Your other connections end: %" : "% has to leave: NICK % makes you that",
	    is_own ? irc_word(number) : name, name);
}

/* ---- SET ---- */

static void on_password_set(void *context, struct connection connection,
                            const struct account_answer *answer) {
	struct irc *irc = context;
	if (irc_clerk_answered(irc, connection)) {
		say_plainly(irc, answer->word == ACCOUNT_OK ? "The password is another now"
		                                            : irc_account_sentence(answer->word));
		irc_clerk_done(irc);
	}
}

static void set_password(struct irc *irc, const struct irc_order *order) {
	if (!irc_takes_passwords(irc)) {
		say_plainly(irc, irc_passwords_from_here);
	} else if (order->count != 3) {
		say_plainly(irc, "Say: SET PASSWORD old new");
	} else if (!irc_ask_clerk_to_change(irc, CLERK_ACCOUNT_PASSWORD, irc_nick(irc),
	                                    order->words[1], order->words[2], on_password_set)) {
		say_plainly(irc, "Try again later");
	}
}

static const struct setting {
	const char *word, *value;
	uint64_t number, bits;
	const char *text;
} settings[] = {
	{"STAY", "ON", ACCOUNT_STAYS | ACCOUNT_STAYS_NOT, ACCOUNT_STAYS,
         "You stay in your rooms while you are not connected"},
	{"STAY", "OFF", ACCOUNT_STAYS | ACCOUNT_STAYS_NOT, ACCOUNT_STAYS_NOT,
         "You leave your rooms when your last connection ends"},
	{"STAY", "DEFAULT", ACCOUNT_STAYS | ACCOUNT_STAYS_NOT, 0,
         "Whether you stay in your rooms is as the server has it for all"},
	{"PLAYBACK", "ON", ACCOUNT_NO_PLAYBACK, 0, "What you missed is told when you come back"},
	{"PLAYBACK", "OFF", ACCOUNT_NO_PLAYBACK, ACCOUNT_NO_PLAYBACK,
         "What you missed is told only when your client asks"},
};

void irc_nickserv_set(struct irc *irc, const struct irc_order *order) {
	if (own_account(irc) == 0) {
		return;
	}
	if (irc_equal(order->words[0], "PASSWORD")) {
		set_password(irc, order);
		return;
	}
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const struct setting *it = &settings[i];
		struct record request = {.kind = REQUEST_ACCOUNT_SET,
		                         .name = irc_nick(irc),
		                         .number = it->number,
		                         .bits = it->bits};
		if (irc_equal(order->words[0], it->word) && irc_equal(order->words[1], it->value)) {
			if (irc_request(irc, &request, irc_nick(irc), false)) {
				say_plainly(irc, it->text);
			}
			return;
		}
	}
	say_plainly(irc, "There is no such setting: HELP SET lists them");
}

/* ---- DROP ---- */

#define CODE_BYTES 9

/* Of this account and this connection: nobody can be talked into saying another's. */
static void make_code(const struct irc *irc, uint64_t account, char code[static CODE_BYTES]) {
	const uint64_t of[3] = {account, stream_session(irc->to), REQUEST_ACCOUNT_ENDED};
	uint64_t hash;
	_Static_assert(sizeof(irc->cloak_key) >= crypto_shorthash_KEYBYTES, "a key");
	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)of, sizeof(of),
	                 irc->cloak_key);
	snprintf(code, CODE_BYTES, "%08x", (unsigned)hash);
}

static void on_dropped(void *context, struct connection connection,
                       const struct account_answer *answer) {
	struct irc *irc = context;
	if (!irc_clerk_answered(irc, connection)) {
		return;
	}
	if (answer->word == ACCOUNT_OK) {
		struct slice name = answer->name_size > 0
		                            ? slice_of(answer->name, answer->name_size)
		                            : irc_nick(irc);
		struct record request = {.kind = REQUEST_ACCOUNT_ENDED, .name = name};
		irc_request_now(irc, &request, name, true);
		say(irc, "% is nobody's account any more", name, irc_nothing());
	} else {
		say_plainly(irc, irc_account_sentence(answer->word));
	}
	irc_clerk_done(irc);
}

void irc_nickserv_drop(struct irc *irc, const struct irc_order *order) {
	char code[CODE_BYTES];
	uint64_t account = own_account(irc);
	if (account == 0) {
		return;
	}
	make_code(irc, account, code);
	if (order->count < 2 || !slice_equal(order->words[0], irc_word(code))) {
		say(irc, "This cannot be taken back. To give up %, say: DROP % password",
		    state_account_name(irc->edge->state, account), irc_word(code));
	} else if (!irc_takes_passwords(irc)) {
		say_plainly(irc, irc_passwords_from_here);
	} else if (!irc_ask_clerk(irc, CLERK_ACCOUNT_DROP, irc_nick(irc), order->words[1],
	                          on_dropped)) {
		say_plainly(irc, "Try again later");
	}
}
