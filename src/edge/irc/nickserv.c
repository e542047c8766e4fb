/* nickserv.c - NickServ: accounts, for those whose clients do not know of them. */
#include "accountwire.h"
#include "irc_inside.h"
#include "irc_service.h"

static void say(struct irc *irc, const char *text) {
	irc_service_says(irc, &irc_nickserv, text, irc_nothing(), irc_nothing());
}

static void on_registered(void *context, struct connection connection,
                          const struct account_answer *answer) {
	struct irc *irc = context;
	if (!irc_clerk_answered(irc, connection)) {
		return;
	}
	if (answer->word == ACCOUNT_OK) {
		say(irc, "The name is yours now");
		irc_account_made(irc, answer->name_size > 0
		                              ? slice_of(answer->name, answer->name_size)
		                              : irc_nick(irc));
	} else {
		irc_count_unregistered(irc, answer->word);
		say(irc, irc_account_sentence(answer->word));
	}
	irc_clerk_done(irc);
}

static void on_identified(void *context, struct connection connection,
                          const struct account_answer *answer) {
	struct irc *irc = context;
	if (!irc_clerk_answered(irc, connection)) {
		return;
	}
	uint32_t word = answer->word;
	if (word == ACCOUNT_OK && !irc_signed_in(irc, slice_of(answer->name, answer->name_size))) {
		word = ACCOUNT_BUSY;
	}
	say(irc, word == ACCOUNT_OK ? "You are signed in" : irc_account_sentence(word));
	irc_clerk_done(irc);
}

static void ask_for(struct irc *irc, enum clerk_what what, struct slice name, struct slice password,
                    account_answered *answered) {
	if ((irc->user->bits & PERSON_HAS_ACCOUNT) != 0) {
		say(irc, "You are signed in already");
	} else if (what == CLERK_ACCOUNT_REGISTER && irc_looks_registered(irc)) {
		say(irc, irc_account_sentence(ACCOUNT_LOOKS_LIKE));
	} else if (what == CLERK_ACCOUNT_REGISTER && irc_why_no_accounts(irc) != NULL) {
		say(irc, irc_why_no_accounts(irc));
	} else if (!irc_takes_passwords(irc)) {
		say(irc, irc_passwords_from_here);
	} else if (!irc_ask_clerk(irc, what, name, password, answered)) {
		say(irc, "Try again later");
	}
}

static void on_register(struct irc *irc, const struct irc_order *order) {
	ask_for(irc, CLERK_ACCOUNT_REGISTER, irc_nick(irc), order->words[0], on_registered);
}

static void on_identify(struct irc *irc, const struct irc_order *order) {
	bool has_name = order->count > 1;
	ask_for(irc, CLERK_ACCOUNT_VERIFY, has_name ? order->words[0] : irc_nick(irc),
	        order->words[has_name], on_identified);
}

/* clang-format off */
static const struct irc_service_command commands[] = {
	{"DROP", irc_nickserv_drop, 0, false, "[code password]", "give up your account, for good",
	 "Without a code you are told one; say it again with it and your password.\n"
	 "Your name is nobody's then. What you said stays: the administrator can have it erased."},
	{"GHOST", irc_nickserv_ghost, 0, false, "[name]", "end your other connections",
	 "Those of your account, but for this one. Or, if you have just identified for a name that\n"
	 "somebody else still has who took it before it was yours: they leave."},
	{"IDENTIFY", on_identify, 1, false, "[name] password", "say that it is you",
	 "For another name than yours: NICK name gives it to you then."},
	{"INFO", irc_nickserv_info, 0, false, "[name]", "what there is to know of an account",
	 "More of your own: what you have set, and your devices."},
	{"RECOVER", irc_nickserv_ghost, 0, false, "[name]", "the same as GHOST", NULL},
	{"REGISTER", on_register, 1, false, "password", "make your name your own",
	 "From then on nobody else can be called that, or what looks like it, and you are signed in."},
	{"SESSIONS", irc_nickserv_sessions, 0, false, "", "your connections, each with its device",
	 "Say which device it is with your user name or SASL: name@phone, name/phone."},
	{"SET", irc_nickserv_set, 2, false, "PASSWORD old new | STAY on|off|default | PLAYBACK on|off",
	 "what you want of your account",
	 "PASSWORD old new: another password.\n"
	 "STAY on: you are in your rooms while you are not connected, and find what was said.\n"
	 "STAY off: you are not. STAY default: as the server does for all.\n"
	 "PLAYBACK off: what you missed is not told by itself when you come back."},
};
/* clang-format on */

const struct irc_service irc_nickserv = {
	.name = "NickServ",
	.about = "NickServ keeps names for those they belong to",
	.commands = commands,
	.count = sizeof(commands) / sizeof(commands[0]),
};
