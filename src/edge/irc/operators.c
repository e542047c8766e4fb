/* operators.c - OPER, KILL, WALLOPS, REHASH. */
#include "irc_commands.h"
#include "irc_inside.h"

/* False, and 481, for all others. */
static bool is_operator(struct irc *irc) {
	const struct person *self = irc_self(irc);
	if (self != NULL && (person_bits(irc->edge->state, self) & PERSON_IS_OPERATOR) != 0) {
		return true;
	}
	irc_numeric(irc, ERR_NOPRIVILEGES, irc_nothing(), irc_nothing());
	return false;
}

/* Nobody is known to be one yet. */
void irc_on_oper(struct irc *irc) {
	irc_numeric(irc, ERR_NOOPERHOST, irc_nothing(), irc_nothing());
}

void irc_on_kill(struct irc *irc) {
	struct slice name = irc_parameter(&irc->message, 0);
	if (!is_operator(irc)) {
		return;
	}
	if (irc_equal(name, irc->settings.server)) {
		irc_numeric(irc, ERR_CANTKILLSERVER, irc_nothing(), irc_nothing());
		return;
	}
	struct record request = {
		.kind = REQUEST_KILL, .name = name, .text = irc_parameter(&irc->message, 1)};
	irc_request(irc, &request, name, false);
}

void irc_on_wallops(struct irc *irc) {
	if (is_operator(irc)) {
		struct record request = {.kind = REQUEST_WALLOPS,
		                         .text = irc_parameter(&irc->message, 0)};
		irc_request(irc, &request, irc_nothing(), false);
	}
}

void irc_on_rehash(struct irc *irc) {
	is_operator(irc);
}
