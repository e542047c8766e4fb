/* operators.c - OPER, KILL, WALLOPS, REHASH. */
#include "accountwire.h"
#include "irc_commands.h"
#include "irc_inside.h"

bool irc_is_operator(struct irc *irc) {
	const struct person *self = irc_self(irc);
	if (self != NULL && (person_bits(irc->edge->state, self) & PERSON_IS_OPERATOR) != 0) {
		return true;
	}
	irc_numeric(irc, ERR_NOPRIVILEGES, irc_nothing(), irc_nothing());
	return false;
}

/* ---- OPER ---- */

static void try_again(struct irc *irc, const char *why) {
	irc_numeric_with(irc, RPL_TRYAGAIN, irc_word("OPER"), irc_word(why));
}

static void become_operator(struct irc *irc) {
	struct record request = {.kind = REQUEST_PROFILE,
	                         .number = PROFILE_MODES,
	                         .bits = irc->user->bits | PERSON_IS_OPERATOR};
	if ((irc->user->bits & PERSON_IS_OPERATOR) != 0) {
		irc_numeric(irc, RPL_YOUREOPER, irc_nothing(), irc_nothing());
	} else if (!irc_request_now(irc, &request, irc_nothing(), false)) {
		try_again(irc, irc_numeric_text(RPL_TRYAGAIN));
	}
}

static void on_verified(void *context, struct connection connection,
                        const struct account_answer *answer) {
	struct irc *irc = context;
	if (!irc_clerk_answered(irc, connection)) {
		return;
	}
	switch (answer->word) {
	case ACCOUNT_OK: become_operator(irc); break;
	case ACCOUNT_WRONG:
		irc_numeric(irc, ERR_PASSWDMISMATCH, irc_nothing(), irc_nothing());
		break;
	case ACCOUNT_UNKNOWN:
		irc_numeric_with(irc, ERR_NOOPERHOST, irc_nothing(),
		                 irc_word("This server has no operators"));
		break;
	case ACCOUNT_TOO_SOON: try_again(irc, "Too many wrong passwords: try again later"); break;
	default: try_again(irc, irc_numeric_text(RPL_TRYAGAIN)); break;
	}
	irc_clerk_done(irc);
}

void irc_on_oper(struct irc *irc) {
	struct slice name = irc_parameter(&irc->message, 0);
	struct slice password = irc_parameter(&irc->message, 1);
	if (name.size == 0 || password.size == 0) {
		irc_numeric(irc, ERR_NEEDMOREPARAMS, irc_word("OPER"), irc_nothing());
	} else if (!irc_takes_passwords(irc)) {
		irc_numeric_with(irc, ERR_NOOPERHOST, irc_nothing(),
		                 irc_word("Passwords are taken from this machine only"));
	} else if (name.size > NAME_BYTES_MAX || password.size > IRC_PASSWORD_BYTES_MAX) {
		irc_numeric(irc, ERR_PASSWDMISMATCH, irc_nothing(), irc_nothing());
	} else if (!irc_ask_clerk(irc, CLERK_ACCOUNT_VERIFY_SECRET, name, password, on_verified)) {
		try_again(irc, irc_numeric_text(RPL_TRYAGAIN));
	}
}

/* ---- what they may ---- */

void irc_on_kill(struct irc *irc) {
	struct slice name = irc_parameter(&irc->message, 0);
	if (!irc_is_operator(irc)) {
		return;
	}
	if (irc_equal(name, irc_config(irc)->server)) {
		irc_numeric(irc, ERR_CANTKILLSERVER, irc_nothing(), irc_nothing());
		return;
	}
	struct record request = {
		.kind = REQUEST_KILL, .name = name, .text = irc_parameter(&irc->message, 1)};
	irc_request(irc, &request, name, false);
}

void irc_on_wallops(struct irc *irc) {
	if (irc_is_operator(irc)) {
		struct record request = {.kind = REQUEST_WALLOPS,
		                         .text = irc_parameter(&irc->message, 0)};
		irc_request(irc, &request, irc_nothing(), false);
	}
}

/* What comes of it the keeper says to its own operator. */
void irc_on_rehash(struct irc *irc) {
	if (irc_is_operator(irc)) {
		irc_numeric(irc, RPL_REHASHING, irc_word("qun.conf"), irc_nothing());
		house_ask_reload(&irc->edge->house);
	}
}
