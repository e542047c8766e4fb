/*
 * access.c - who may come in ([access] of the configuration): whoever says a name; who knows the
 * server's password, or has signed in; or only who has signed in, by SASL or with PASS account:password.
 */
#include <sodium.h>
#include <string.h>

#include "accountwire.h"
#include "irc_inside.h"

/* Counted by reason: somebody may wonder why nobody gets in. It is gone then, door and all. */
static void close_door(struct irc *irc, enum reason reason, const char *why) {
	board_count_refusal(irc->edge->house.own, reason);
	irc_numeric_with(irc, ERR_PASSWDMISMATCH, irc_nothing(), irc_word(why));
	irc_close(irc, irc_word(why));
}

static void wants_account(struct irc *irc) {
	static const char why[] = "One needs an account here: sign in with SASL";
	irc_standard(irc, "FAIL", "*", "ACCOUNT_REQUIRED_TO_CONNECT", irc_nothing(), why);
	close_door(irc, REASON_ACCESS_CLOSED, why);
}

static void on_verified(void *context, struct connection connection,
                        const struct account_answer *answer) {
	struct irc *irc = context;
	if (!irc_clerk_answered(irc, connection)) {
		return;
	}
	struct irc_door *door = irc->user->door;
	switch (answer->word) {
	case ACCOUNT_OK:
		door->has_passed = true;
		if (answer->name_size > 0) {
			(void)irc_signed_in(irc, slice_of(answer->name, answer->name_size));
		}
		if (!irc_enters_now(irc)) {
			irc_close(irc, irc_word("The server was too busy; try again"));
		}
		break;
	case ACCOUNT_WRONG:
	case ACCOUNT_UNKNOWN:
		close_door(irc, REASON_PASSWORD_WRONG, irc_numeric_text(ERR_PASSWDMISMATCH));
		break;
	case ACCOUNT_TOO_SOON:
		close_door(irc, REASON_PASSWORD_WRONG, "Too many wrong passwords: try again later");
		break;
	default: irc_close(irc, irc_word("The server was too busy; try again")); break;
	}
	irc_clerk_done(irc);
}

/* The server's password, or "account:password". */
static bool ask(struct irc *irc, struct slice password, bool is_of_account) {
	const char *colon = memchr(password.bytes, ':', password.size);
	size_t size = colon == NULL ? 0 : (size_t)(colon - password.bytes);
	if (!is_of_account) {
		return irc_ask_clerk(irc, CLERK_ACCOUNT_VERIFY_SECRET, irc_nothing(), password,
		                     on_verified);
	}
	return irc_ask_clerk(irc, CLERK_ACCOUNT_VERIFY,
	                     irc_take_device(irc, slice_first(password, size)),
	                     slice_from(password, size + 1), on_verified);
}

static void look_at_password(struct irc *irc, bool is_of_account) {
	struct irc_door *door = irc->user->door;
	if (!irc_takes_passwords(irc)) {
		close_door(irc, REASON_ACCESS_CLOSED, "Passwords are taken from this machine only");
	} else if (ask(irc, slice_of(door->password, door->password_size), is_of_account)) {
		sodium_memzero(door->password, sizeof(door->password));
		door->password_size = 0;
	} else {
		irc_close(irc, irc_word("The server was too busy; try again"));
	}
}

static bool is_of_account(const struct irc_door *door) {
	const char *colon =
		door->password_size == 0 ? NULL : memchr(door->password, ':', door->password_size);
	return colon != NULL && colon > door->password && colon - door->password <= NAME_BYTES_MAX;
}

bool irc_may_enter(struct irc *irc) {
	struct irc_door *door = irc->user->door;
	enum access access = irc_config(irc)->access;
	/* Once is enough, whatever is decided meanwhile. */
	door->has_passed = door->has_passed || door->has_account || access == ACCESS_OPEN;
	if (door->has_passed) {
		return true;
	}
	if (access == ACCESS_ACCOUNTS && is_of_account(door)) {
		look_at_password(irc, true);
	} else if (access == ACCESS_ACCOUNTS) {
		wants_account(irc);
	} else if (door->password_size == 0) {
		close_door(irc, REASON_ACCESS_CLOSED, "Password required");
	} else {
		look_at_password(irc, false);
	}
	return false;
}
