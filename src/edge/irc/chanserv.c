/* chanserv.c - ChanServ: rooms, and whose they are. */
#include "irc_inside.h"
#include "irc_service.h"
#include "irc_view.h"

static void say(struct irc *irc, const char *text, struct slice a, struct slice b) {
	irc_service_says(irc, &irc_chanserv, text, a, b);
}

/* ---- INFO ---- */

static void on_info(struct irc *irc, const struct irc_order *order) {
	const struct state *state = irc->edge->state;
	uint64_t room = state_room_named(state, order->words[0]);
	if (room == 0 || !irc_sees_room(irc, room)) {
		say(irc, "There is no room %", order->words[0], irc_nothing());
		return;
	}
	const struct room_charter charter = state_room_charter(state, room);
	struct slice name = view_room_name(state, room);
	if (charter.founder_account.size > 0) {
		say(irc, "% belongs to %", name, charter.founder_account);
	} else {
		say(irc, "% belongs to nobody", name, irc_nothing());
	}
}

static const struct irc_service_command commands[] = {
	{"INFO", on_info, 1, false, "#room", "whose a room is", NULL},
};

const struct irc_service irc_chanserv = {
	.name = "ChanServ",
	.about = "ChanServ keeps rooms for those they belong to",
	.commands = commands,
	.count = sizeof(commands) / sizeof(commands[0]),
};
