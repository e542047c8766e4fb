/* registration.c - REGISTER: a name becomes an account, for clients that know of it. */
#include "accountwire.h"
#include "irc_commands.h"
#include "irc_inside.h"
#include "name.h"

const char irc_passwords_from_here[] =
	"Passwords are taken from this machine only: sign in with SASL SCRAM-SHA-256, and ask the "
	"administrator for all else";

const char *irc_account_sentence(uint32_t word) {
	switch (word) {
	case ACCOUNT_TAKEN: return "That name is registered already";
	case ACCOUNT_WRONG: return "The password is not the right one";
	case ACCOUNT_TOO_SOON: return "Too many wrong passwords: try again later";
	case ACCOUNT_WEAK: return "The password is too short: take 8 characters or more";
	case ACCOUNT_BAD_PASSWORD: return "The password has characters that none may have";
	case ACCOUNT_BAD_NAME: return "Nobody may register that name";
	case ACCOUNT_MIXED: return "That name mixes alphabets: take one of a single one";
	case ACCOUNT_LOOKS_LIKE: return "That name looks like one that is registered";
	case ACCOUNT_TOO_MANY:
		return "Many names were registered from your network just now: try again later";
	default: return "Accounts cannot be had just now; try again later";
	}
}

const char *irc_why_no_accounts(const struct irc *irc) {
	if (!irc_config(irc)->has_registration) {
		return "Accounts are made by the administrator here";
	}
	return state_server(irc->edge->state).level <= LEVEL_NO_NEW_ACCOUNTS
	               ? "No new accounts are made for now: try again later"
	               : NULL;
}

static const char *code(uint32_t word) {
	switch (word) {
	case ACCOUNT_TAKEN: return "ACCOUNT_EXISTS";
	case ACCOUNT_WEAK: return "WEAK_PASSWORD";
	case ACCOUNT_BAD_PASSWORD: return "UNACCEPTABLE_PASSWORD";
	case ACCOUNT_BAD_NAME:
	case ACCOUNT_MIXED:
	case ACCOUNT_LOOKS_LIKE: return "BAD_ACCOUNT_NAME";
	default: return "TEMPORARILY_UNAVAILABLE";
	}
}

void irc_account_made(struct irc *irc, struct slice account) {
	struct record request = {.kind = REQUEST_ACCOUNT_MADE, .name = account};
	irc_request_now(irc, &request, account, true);
	(void)irc_signed_in(irc, account);
}

/* Refused, and counted: /stats of the administrator has it under its reason. */
void irc_count_unregistered(struct irc *irc, uint32_t word) {
	if (word == ACCOUNT_TOO_MANY) {
		board_count_refusal(irc->edge->house.own, REASON_LIMIT);
	}
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
		irc_account_made(irc, account);
	} else {
		irc_count_unregistered(irc, answer->word);
		irc_standard(irc, "FAIL", "REGISTER", code(answer->word), nick,
		             irc_account_sentence(answer->word));
	}
	irc_clerk_done(irc);
}

bool irc_looks_registered(const struct irc *irc) {
	return state_account_like(irc->edge->state, irc_nick(irc)).size > 0;
}

static void refuse(struct irc *irc, const char *why, const char *text) {
	irc_standard(irc, "FAIL", "REGISTER", why, irc_parameter(&irc->message, 0), text);
}

/* REGISTER account email password */
void irc_on_register(struct irc *irc) {
	struct slice account = irc_parameter(&irc->message, 0);
	struct slice password = irc_parameter(&irc->message, 2);
	const char *why_none = irc_why_no_accounts(irc);
	if (irc->user->door != NULL) {
		refuse(irc, "COMPLETE_CONNECTION_REQUIRED", "Come in first");
	} else if ((irc->user->bits & PERSON_HAS_ACCOUNT) != 0) {
		refuse(irc, "ALREADY_AUTHENTICATED", "You are signed in already");
	} else if (!slice_equal(account, irc_word("*")) && !name_equal(account, irc_nick(irc))) {
		refuse(irc, "ACCOUNT_NAME_MUST_BE_NICK", "Take the name first that you register");
	} else if (irc_looks_registered(irc)) {
		refuse(irc, code(ACCOUNT_LOOKS_LIKE), irc_account_sentence(ACCOUNT_LOOKS_LIKE));
	} else if (why_none != NULL) {
		refuse(irc, "TEMPORARILY_UNAVAILABLE", why_none);
	} else if (!irc_takes_passwords(irc)) {
		refuse(irc, "TEMPORARILY_UNAVAILABLE", irc_passwords_from_here);
	} else if (password.size == 0) {
		refuse(irc, "WEAK_PASSWORD", irc_account_sentence(ACCOUNT_WEAK));
	} else if (!irc_ask_clerk(irc, CLERK_ACCOUNT_REGISTER, irc_nick(irc), password,
	                          on_registered)) {
		refuse(irc, "TEMPORARILY_UNAVAILABLE", "Try again later");
	}
}
