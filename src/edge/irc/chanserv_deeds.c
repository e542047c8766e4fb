/*
 * chanserv_deeds.c - what a room's founder, and whoever has the standing of an
 * operator in it, may do there without being an operator just now, or in the room.
 * The hub knows whether they may.
 */
#include "cut.h"
#include "irc_chanserv.h"
#include "irc_inside.h"

/* All of these name the room first. */
static void ask(struct irc *irc, const struct irc_order *order, struct record request) {
	uint64_t room = chanserv_room(irc, order->words[0]);
	if (room == 0) {
		return;
	}
	request.room = room;
	request.other_name = order->words[0];
	request.number = RIGHT_OF_ACCOUNT;
	irc_request(irc, &request, order->words[0], false);
}

/* "+o name", "+b mask": what is not named is oneself. */
static void change(struct irc *irc, const struct irc_order *order, const char *letters) {
	char text[IRC_LINE_BYTES_MAX];
	struct irc_line line = irc_line_at(text, sizeof(text));
	irc_put_text(&line, letters);
	irc_put(&line, order->count > 1 ? order->words[1] : irc_nick(irc));
	ask(irc, order, (struct record){.kind = REQUEST_MODE, .text = irc_line_slice(&line)});
}

void chanserv_on_op(struct irc *irc, const struct irc_order *order) {
	change(irc, order, "+o ");
}

void chanserv_on_deop(struct irc *irc, const struct irc_order *order) {
	change(irc, order, "-o ");
}

void chanserv_on_voice(struct irc *irc, const struct irc_order *order) {
	change(irc, order, "+v ");
}

void chanserv_on_devoice(struct irc *irc, const struct irc_order *order) {
	change(irc, order, "-v ");
}

void chanserv_on_ban(struct irc *irc, const struct irc_order *order) {
	change(irc, order, "+b ");
}

void chanserv_on_unban(struct irc *irc, const struct irc_order *order) {
	change(irc, order, "-b ");
}

void chanserv_on_mode(struct irc *irc, const struct irc_order *order) {
	ask(irc, order, (struct record){.kind = REQUEST_MODE, .text = order->from[1]});
}

static struct slice cut_to(struct slice text, size_t most) {
	return text.size <= most ? text : slice_first(text, cut_before(text, most));
}

void chanserv_on_kick(struct irc *irc, const struct irc_order *order) {
	ask(irc, order,
	    (struct record){.kind = REQUEST_PUT_OUT,
	                    .name = order->words[1],
	                    .text = cut_to(order->from[2], WHY_BYTES_MAX)});
}

void chanserv_on_invite(struct irc *irc, const struct irc_order *order) {
	ask(irc, order,
	    (struct record){.kind = REQUEST_INVITE,
	                    .name = order->count > 1 ? order->words[1] : irc_nick(irc)});
}

void chanserv_on_topic(struct irc *irc, const struct irc_order *order) {
	ask(irc, order,
	    (struct record){.kind = REQUEST_TOPIC,
	                    .text = cut_to(order->from[1], TOPIC_BYTES_MAX)});
}
