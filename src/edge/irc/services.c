/* services.c - accounts from inside: REGISTER, and NickServ for those whose clients do not know it. */
#include <string.h>

#include "accountwire.h"
#include "irc_commands.h"
#include "irc_inside.h"
#include "name.h"

#define NICKSERV "NickServ"

bool irc_is_service(struct slice name) {
	return name_equal(name, irc_word(NICKSERV));
}

/* ---- the clerk's answers ---- */

static const char *sentence(uint32_t word) {
	switch (word) {
	case ACCOUNT_TAKEN: return "That name is registered already";
	case ACCOUNT_WRONG: return "The password is not the right one";
	case ACCOUNT_TOO_SOON: return "Too many wrong passwords: try again later";
	case ACCOUNT_WEAK: return "The password is too short: take 8 characters or more";
	case ACCOUNT_BAD_PASSWORD: return "The password has characters that none may have";
	case ACCOUNT_BAD_NAME: return "Nobody may register that name";
	default: return "Accounts cannot be had just now; try again later";
	}
}

static const char *code(uint32_t word) {
	switch (word) {
	case ACCOUNT_TAKEN: return "ACCOUNT_EXISTS";
	case ACCOUNT_WEAK: return "WEAK_PASSWORD";
	case ACCOUNT_BAD_PASSWORD: return "UNACCEPTABLE_PASSWORD";
	case ACCOUNT_BAD_NAME: return "BAD_ACCOUNT_NAME";
	default: return "TEMPORARILY_UNAVAILABLE";
	}
}

static void made(struct irc *irc, struct slice account) {
	struct record request = {.kind = REQUEST_ACCOUNT_MADE, .name = account};
	irc_request_now(irc, &request, account, true);
	(void)irc_signed_in(irc, account);
}

static void on_registered(void *context, struct connection connection,
                          const struct account_answer *answer) {
	struct irc *irc = context;
	if (!irc_clerk_answered(irc, connection)) {
		return;
	}
	struct slice nick = irc_nick(irc);
	struct slice account =
		answer->name_size > 0 ? slice_of(answer->name, answer->name_size) : nick;
	if (answer->word == ACCOUNT_OK) {
		irc_begin_line(irc, "REGISTER SUCCESS");
		irc_put_parameter(&irc->at, account);
		irc_put_last(irc, irc_word("The name is yours now"));
		irc_end_line(irc);
		made(irc, account);
	} else {
		irc_standard(irc, "FAIL", "REGISTER", code(answer->word), nick,
		             sentence(answer->word));
	}
	irc_clerk_done(irc);
}

static void on_service_registered(void *context, struct connection connection,
                                  const struct account_answer *answer) {
	struct irc *irc = context;
	if (!irc_clerk_answered(irc, connection)) {
		return;
	}
	if (answer->word == ACCOUNT_OK) {
		irc_notice(irc, NICKSERV, irc_word("The name is yours now"));
		made(irc, answer->name_size > 0 ? slice_of(answer->name, answer->name_size)
		                                : irc_nick(irc));
	} else {
		irc_notice(irc, NICKSERV, irc_word(sentence(answer->word)));
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
	irc_notice(irc, NICKSERV,
	           irc_word(word == ACCOUNT_OK ? "You are signed in" : sentence(word)));
	irc_clerk_done(irc);
}

/* ---- questions ---- */

static bool ask(struct irc *irc, enum clerk_what what, struct slice name, struct slice password,
                account_answered *answered) {
	return name.size > 0 && password.size > 0 &&
	       irc_ask_clerk(irc, what, name, password, answered);
}

static void refuse(struct irc *irc, const char *why, const char *text) {
	irc_standard(irc, "FAIL", "REGISTER", why, irc_parameter(&irc->message, 0), text);
}

static const char closed[] = "Accounts are made by the administrator here";

/* REGISTER account email password */
void irc_on_register(struct irc *irc) {
	struct slice account = irc_parameter(&irc->message, 0);
	if (irc->user->door != NULL) {
		refuse(irc, "COMPLETE_CONNECTION_REQUIRED", "Come in first");
	} else if ((irc->user->bits & PERSON_HAS_ACCOUNT) != 0) {
		refuse(irc, "ALREADY_AUTHENTICATED", "You are signed in already");
	} else if (!slice_equal(account, irc_word("*")) && !name_equal(account, irc_nick(irc))) {
		refuse(irc, "ACCOUNT_NAME_MUST_BE_NICK", "Take the name first that you register");
	} else if (!irc_config(irc)->has_registration) {
		refuse(irc, "TEMPORARILY_UNAVAILABLE", closed);
	} else if (!irc_takes_passwords(irc)) {
		refuse(irc, "TEMPORARILY_UNAVAILABLE",
		       "Passwords are taken from this machine only");
	} else if (!ask(irc, CLERK_ACCOUNT_REGISTER, irc_nick(irc), irc_parameter(&irc->message, 2),
	                on_registered)) {
		refuse(irc, "TEMPORARILY_UNAVAILABLE", "Try again later");
	}
}

/* ---- NickServ ---- */

static struct slice next_word(struct slice *text) {
	while (text->size > 0 && text->bytes[0] == ' ') {
		*text = slice_from(*text, 1);
	}
	const char *blank = text->size == 0 ? NULL : memchr(text->bytes, ' ', text->size);
	size_t size = blank == NULL ? text->size : (size_t)(blank - text->bytes);
	struct slice word = slice_first(*text, size);
	*text = slice_from(*text, size);
	return word;
}

static void ask_for(struct irc *irc, enum clerk_what what, struct slice name, struct slice password,
                    account_answered *answered) {
	if ((irc->user->bits & PERSON_HAS_ACCOUNT) != 0) {
		irc_notice(irc, NICKSERV, irc_word("You are signed in already"));
	} else if (what == CLERK_ACCOUNT_REGISTER && !irc_config(irc)->has_registration) {
		irc_notice(irc, NICKSERV, irc_word(closed));
	} else if (!irc_takes_passwords(irc)) {
		irc_notice(irc, NICKSERV, irc_word("Passwords are taken from this machine only"));
	} else if (password.size == 0) {
		irc_notice(irc, NICKSERV, irc_word("A password is missing"));
	} else if (!ask(irc, what, name, password, answered)) {
		irc_notice(irc, NICKSERV, irc_word("Try again later"));
	}
}

void irc_service(struct irc *irc, struct slice text) {
	struct slice command = next_word(&text), first = next_word(&text);
	struct slice second = next_word(&text);
	if (irc_equal(command, "REGISTER")) {
		ask_for(irc, CLERK_ACCOUNT_REGISTER, irc_nick(irc), first, on_service_registered);
	} else if (irc_equal(command, "IDENTIFY")) {
		bool has_name = second.size > 0;
		ask_for(irc, CLERK_ACCOUNT_VERIFY, has_name ? first : irc_nick(irc),
		        has_name ? second : first, on_identified);
	} else {
		irc_notice(
			irc, NICKSERV,
			irc_word("REGISTER password: make your name your own; IDENTIFY password: "
		                 "say that it is you"));
	}
}

void irc_on_nickserv(struct irc *irc) {
	char text[IRC_LINE_BYTES_MAX];
	struct irc_line line = irc_line_at(text, sizeof(text));
	for (size_t i = 0; i < irc->message.count; i++) {
		irc_put_text(&line, i > 0 ? " " : "");
		irc_put(&line, irc->message.parameters[i]);
	}
	irc_service(irc, irc_line_slice(&line));
}
