/*
 * relay.c - RELAYMSG: a bridge passes on what somebody said elsewhere. Whoever has the capability is
 * told who does so; to all it is a PRIVMSG under that name.
 */
#include "irc_commands.h"
#include "irc_inside.h"

void irc_on_relaymsg(struct irc *irc) {
	char tags[TAGS_BYTES_MAX];
	struct slice room = irc_parameter(&irc->message, 0);
	struct record request = {.kind = REQUEST_RELAY,
	                         .room = state_room_named(irc->edge->state, room),
	                         .other_name = room,
	                         .by = irc_parameter(&irc->message, 1),
	                         .text = irc_parameter(&irc->message, 2),
	                         .tags = irc_client_tags(irc, tags)};
	irc_request(irc, &request, room, false);
}

static const struct {
	uint16_t reason;
	const char *code, *text;
} refusals[] = {
	{REASON_NOT_ROOM_OPERATOR, "PRIVS_NEEDED",
         "Only operators of the channel and of the server may relay"},
	{REASON_NAME_INVALID, "INVALID_NICK",
         "A relayed nickname has a / in it, and nothing that is not allowed in names"},
	{REASON_NAME_TAKEN, "INVALID_NICK", "Somebody here has that nickname, or one like it"},
	{REASON_TEXT_EMPTY, "BLANK_MSG", "There is nothing to relay"},
};

bool irc_relay_refused(struct irc *irc, const struct record *answer) {
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (refusals[i].reason == answer->reason) {
			irc_standard(irc, "FAIL", "RELAYMSG", refusals[i].code, irc_nothing(),
			             refusals[i].text);
			return true;
		}
	}
	return false;
}
