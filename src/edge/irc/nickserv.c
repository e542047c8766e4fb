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
	} else if (what == CLERK_ACCOUNT_REGISTER && !irc_config(irc)->has_registration) {
		say(irc, irc_accounts_closed);
	} else if (!irc_takes_passwords(irc)) {
		say(irc, "Passwords are taken from this machine only");
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

static const struct irc_service_command commands[] = {
	{"IDENTIFY", on_identify, 1, false, "[name] password", "say that it is you", NULL},
	{"REGISTER", on_register, 1, false, "password", "make your name your own",
         "From then on nobody else can be called that, and you are signed in."},
};

const struct irc_service irc_nickserv = {
	.name = "NickServ",
	.about = "NickServ keeps names for those they belong to",
	.commands = commands,
	.count = sizeof(commands) / sizeof(commands[0]),
};
