/* refusals.c - what the hub refuses, as the numeric that belongs to it. */
#include <stdio.h>
#include <string.h>

#include "irc_inside.h"
#include "irc_service.h"
#include "irc_view.h"

/* What of it is told: the numeric, and which words stand before the text. */
enum words {
	WORDS_NONE,
	WORDS_TARGET,
	WORDS_NAME_TARGET,
	WORDS_TARGET_TEXT,
	WORDS_TEXT,
	WORDS_COMMAND
};

struct refusal {
	uint16_t reason;
	uint16_t numeric;
	enum words words;
	const char *text; /* NULL: the numeric's own */
};

static const struct refusal refusals[] = {
	{REASON_NAME_EMPTY, ERR_NONICKNAMEGIVEN, WORDS_NONE, NULL},
	{REASON_NAME_TOO_LONG, ERR_ERRONEUSNICKNAME, WORDS_TARGET, NULL},
	{REASON_NAME_INVALID, ERR_ERRONEUSNICKNAME, WORDS_TARGET, NULL},
	{REASON_NAME_RESERVED, ERR_ERRONEUSNICKNAME, WORDS_TARGET, "Nickname is reserved"},
	{REASON_NAME_TAKEN, ERR_NICKNAMEINUSE, WORDS_TARGET, NULL},
	{REASON_NAME_REGISTERED, ERR_NICKNAMEINUSE, WORDS_TARGET,
         "Nickname is registered: sign in with SASL, or choose another"},
	{REASON_NO_SUCH_NAME, ERR_NOSUCHNICK, WORDS_TARGET, NULL},
	{REASON_NO_SUCH_ROOM, ERR_NOSUCHCHANNEL, WORDS_TARGET, NULL},
	{REASON_ROOM_NAME_INVALID, ERR_NOSUCHCHANNEL, WORDS_TARGET, NULL},
	{REASON_NOT_IN_ROOM, ERR_NOTONCHANNEL, WORDS_TARGET, NULL},
	{REASON_THEY_NOT_IN_ROOM, ERR_USERNOTINCHANNEL, WORDS_NAME_TARGET, NULL},
	{REASON_ALREADY_IN_ROOM, ERR_USERONCHANNEL, WORDS_NAME_TARGET, NULL},
	{REASON_NOT_ROOM_OPERATOR, ERR_CHANOPRIVSNEEDED, WORDS_TARGET, NULL},
	{REASON_CANNOT_SEND_TO_ROOM, ERR_CANNOTSENDTOCHAN, WORDS_TARGET, NULL},
	{REASON_MUTED, ERR_CANNOTSENDTOCHAN, WORDS_TARGET, "You are muted"},
	{REASON_ROOM_MUTED, ERR_CANNOTSENDTOCHAN, WORDS_TARGET,
         "Cannot send to channel (+b m:): you are muted here"},
	{REASON_NEEDS_ACCOUNT, ERR_NEEDREGGEDNICK, WORDS_TARGET, NULL},
	{REASON_INVITE_ONLY, ERR_INVITEONLYCHAN, WORDS_TARGET, NULL},
	{REASON_BAD_KEY, ERR_BADCHANNELKEY, WORDS_TARGET, NULL},
	{REASON_ROOM_FULL, ERR_CHANNELISFULL, WORDS_TARGET, NULL},
	{REASON_ROOM_BANNED, ERR_BANNEDFROMCHAN, WORDS_TARGET, NULL},
	{REASON_TOO_MANY_ROOMS, ERR_TOOMANYCHANNELS, WORDS_TARGET, NULL},
	{REASON_UNKNOWN_MODE, ERR_UNKNOWNMODE, WORDS_TEXT, NULL},
	{REASON_LIST_FULL, ERR_BANLISTFULL, WORDS_TARGET_TEXT, NULL},
	{REASON_NOT_PERMITTED, ERR_NOPRIVILEGES, WORDS_NONE, NULL},
	{REASON_TEXT_EMPTY, ERR_NOTEXTTOSEND, WORDS_NONE, NULL},
	{REASON_TEXT_TOO_LONG, ERR_INPUTTOOLONG, WORDS_NONE, NULL},
	{REASON_BAD_ARGUMENT, ERR_NEEDMOREPARAMS, WORDS_COMMAND, NULL},
	{REASON_BUSY, RPL_TRYAGAIN, WORDS_COMMAND, NULL},
};

static const struct refusal *refusal_of(uint16_t reason) {
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (refusals[i].reason == reason) {
			return &refusals[i];
		}
	}
	return NULL;
}

static struct slice command_of(uint16_t kind) {
	switch (kind) {
	case REQUEST_SAY:
	case REQUEST_DIRECT: return irc_word("PRIVMSG");
	case REQUEST_JOIN: return irc_word("JOIN");
	case REQUEST_PART: return irc_word("PART");
	case REQUEST_TOPIC: return irc_word("TOPIC");
	case REQUEST_MODE: return irc_word("MODE");
	case REQUEST_PUT_OUT: return irc_word("KICK");
	case REQUEST_INVITE: return irc_word("INVITE");
	case REQUEST_RENAME: return irc_word("NICK");
	case REQUEST_AWAY: return irc_word("AWAY");
	case REQUEST_TAGMSG: return irc_word("TAGMSG");
	case REQUEST_MARK: return irc_word("MARKREAD");
	case REQUEST_SET_METADATA: return irc_word("METADATA");
	case REQUEST_REDACT: return irc_word("REDACT");
	case REQUEST_RENAME_ROOM: return irc_word("RENAME");
	case REQUEST_RELAY: return irc_word("RELAYMSG");
	default: return irc_word("*");
	}
}

/* Whose name it could be taken for is no secret: that name is seen, and registered. */
static void tell_whom_it_looks_like(struct irc *irc, struct slice nick, struct slice registered) {
	irc_begin_numeric(irc, ERR_NICKNAMEINUSE);
	irc_put_parameter(&irc->at, nick);
	irc_put_text(&irc->at, " :Nickname looks like ");
	irc_put(&irc->at, registered);
	irc_put_text(&irc->at, ", which is registered: choose another");
	irc_end_line(irc);
}

static void tell(struct irc *irc, const struct irc_asked *asked, const struct record *answer) {
	const struct refusal *refusal = refusal_of(answer->reason);
	struct slice target = slice_from_string(asked->target);
	if (answer->reason == REASON_LOOKS_LIKE) {
		tell_whom_it_looks_like(irc, target, answer->text);
		return;
	}
	if (refusal == NULL) {
		irc_begin_numeric(irc, ERR_UNKNOWNERROR);
		irc_put_parameter(&irc->at, command_of(asked->kind));
		irc_put_last(irc, irc_word(reason_word(answer->reason)));
		irc_end_line(irc);
		return;
	}
	struct slice a = irc_nothing(), b = irc_nothing();
	switch (refusal->words) {
	case WORDS_NONE: break;
	case WORDS_TARGET: a = target; break;
	case WORDS_NAME_TARGET:
		a = answer->name;
		b = target;
		break;
	case WORDS_TARGET_TEXT:
		a = target;
		b = answer->text;
		break;
	case WORDS_TEXT: a = answer->text; break;
	case WORDS_COMMAND: a = command_of(asked->kind); break;
	}
	if (refusal->text != NULL) {
		irc_numeric_with(irc, refusal->numeric, a, irc_word(refusal->text));
	} else {
		irc_numeric(irc, refusal->numeric, a, b);
	}
}

void irc_say_lost(struct irc *irc, const struct irc_asked *asked) {
	struct slice word = command_of(asked->kind);
	char command[16];
	memcpy(command, word.bytes, word.size);
	command[word.size] = '\0';
	irc_standard(irc, "FAIL", command, "ANSWER_LOST", slice_from_string(asked->target),
	             "The server was too busy to hear what came of it");
}

/* Which mode it is, but not what was said: the hub tells the letter alone. */
static void tell_bad_mode(struct irc *irc, struct slice room, struct slice letter) {
	irc_begin_numeric(irc, ERR_INVALIDMODEPARAM);
	irc_put_parameter(&irc->at, room);
	irc_put_parameter(&irc->at, letter);
	irc_put_text(&irc->at, " *");
	irc_put_last(irc, irc_word(irc_numeric_text(ERR_INVALIDMODEPARAM)));
	irc_end_line(irc);
}

/* A room's own rules for who speaks, and how often. */
static bool tell_unheard(struct irc *irc, const struct irc_asked *asked,
                         const struct record *answer) {
	char text[80];
	if (asked->kind != REQUEST_SAY && asked->kind != REQUEST_TAGMSG) {
		return false;
	}
	switch (answer->reason) {
	case REASON_NOT_IN_ROOM:
		irc_numeric(irc, ERR_CANNOTSENDTOCHAN, slice_from_string(asked->target),
		            irc_nothing());
		return true;
	case REASON_CANNOT_SEND_TO_ROOM:
		if (answer->number != LEVEL_QUIET) {
			return false;
		}
		irc_numeric_with(irc, ERR_CANNOTSENDTOCHAN, slice_from_string(asked->target),
		                 irc_word("Cannot send to channel: for now only operators and "
		                          "who has voice may speak on this server"));
		return true;
	case REASON_NEEDS_ACCOUNT:
		irc_numeric_with(irc, ERR_CANNOTSENDTOCHAN, slice_from_string(asked->target),
		                 irc_word("Cannot send to channel (+M): sign in to an account"));
		return true;
	case REASON_SLOW_MODE:
		snprintf(text, sizeof(text), "Cannot send to channel (+W): wait %llu more seconds",
		         (unsigned long long)answer->number);
		irc_numeric_with(irc, ERR_CANNOTSENDTOCHAN, slice_from_string(asked->target),
		                 irc_word(text));
		return true;
	default: return false;
	}
}

/* To which whom it does not let in was to be sent: it is that one's fault. */
static bool tell_bad_forward(struct irc *irc, const struct record *answer) {
	if (!slice_starts_with(answer->text, irc_word("#"))) {
		return false;
	}
	irc_numeric(irc,
	            answer->reason == REASON_NO_SUCH_ROOM ? ERR_NOSUCHCHANNEL
	                                                  : ERR_CHANOPRIVSNEEDED,
	            answer->text, irc_nothing());
	return true;
}

/* By the level of the server; or by its password. */
static void access_closed(struct irc *irc, const struct record *answer) {
	if (answer->number == 0) {
		irc_numeric(irc, ERR_PASSWDMISMATCH, irc_nothing(), irc_nothing());
		irc_close(irc, irc_word("Not without a password"));
		return;
	}
	char text[128 + WHY_BYTES_MAX];
	struct irc_line line = irc_line_at(text, sizeof(text));
	struct slice words =
		irc_word(answer->number >= LEVEL_ACCOUNTS
	                         ? "Only who has an account comes in now: sign in with SASL"
	                         : "Nobody new comes in now: try again later");
	irc_put(&line, words);
	if (answer->text.size > 0) {
		irc_put_text(&line, " (");
		irc_put(&line, answer->text);
		irc_put_text(&line, ")");
	}
	irc_numeric_with(irc, ERR_YOUREBANNEDCREEP, irc_nothing(), irc_line_slice(&line));
	irc_close(irc, words);
}

static void refused_at_door(struct irc *irc, const struct irc_asked *asked,
                            const struct record *answer) {
	struct irc_door *door = irc->user->door;
	if (door == NULL) {
		return;
	}
	door->is_asked = false;
	switch (answer->reason) {
	case REASON_BANNED:
		irc_numeric_with(irc, ERR_YOUREBANNEDCREEP, irc_nothing(),
		                 answer->text.size > 0
		                         ? answer->text
		                         : irc_word(irc_numeric_text(ERR_YOUREBANNEDCREEP)));
		irc_close(irc, irc_word("Banned"));
		return;
	case REASON_FULL: irc_close(irc, irc_word("The server is full")); return;
	case REASON_ACCESS_CLOSED:
	case REASON_PASSWORD_WRONG: access_closed(irc, answer); return;
	case REASON_NAME_TAKEN:
		if (irc_enters_again(irc)) {
			return;
		}
		break;
	default: break;
	}
	tell(irc, asked, answer);
	door->nick_size = 0;
}

void irc_refusal(struct irc *irc, const struct irc_asked *asked, const struct record *answer) {
	board_count_refusal(irc->edge->house.own, answer->reason);
	struct irc_asked told = *asked;
	bool is_of_people = asked->kind == REQUEST_MODE || asked->kind == REQUEST_PUT_OUT ||
	                    asked->kind == REQUEST_INVITE;
	if (asked->is_quiet) {
		return;
	}
	if (asked->service != NULL) {
		irc_service_refuses(irc, asked, answer);
		return;
	}
	if (asked->kind == REQUEST_REGISTER) {
		refused_at_door(irc, asked, answer);
		return;
	}
	if (asked->kind == REQUEST_REDACT) {
		irc_redact_refused(irc, asked, answer);
		return;
	}
	if (asked->kind == REQUEST_BAN || asked->kind == REQUEST_UNBAN ||
	    asked->kind == REQUEST_SERVER_SET) {
		irc_ban_refused(irc, asked, answer);
		return;
	}
	if (asked->kind == REQUEST_MARK) {
		irc_mark_refused(irc, slice_from_string(asked->target), answer);
		return;
	}
	if (asked->kind == REQUEST_SET_METADATA) {
		irc_metadata_refused(irc, slice_from_string(asked->target), answer);
		return;
	}
	if (asked->kind == REQUEST_RELAY && irc_relay_refused(irc, answer)) {
		return;
	}
	if (asked->kind == REQUEST_RENAME_ROOM && irc_rename_refused(irc, asked, answer)) {
		return;
	}
	if (asked->kind == REQUEST_RENAME && answer->reason == REASON_NOT_YOUR_NAME) {
		irc_numeric_with(irc, ERR_ERRONEUSNICKNAME, slice_from_string(asked->target),
		                 irc_word("You are signed in: your name is your account's"));
		return;
	}
	if (asked->kind == REQUEST_JOIN && answer->reason == REASON_ALREADY_IN_ROOM) {
		return;
	}
	if (tell_unheard(irc, asked, answer) ||
	    (asked->kind == REQUEST_MODE && tell_bad_forward(irc, answer))) {
		return;
	}
	if (is_of_people && answer->reason == REASON_NO_SUCH_NAME) {
		/* The target is the room's. */
		irc_numeric(irc, ERR_NOSUCHNICK, answer->name, irc_nothing());
		return;
	}
	if (asked->kind == REQUEST_MODE && answer->reason == REASON_BAD_ARGUMENT &&
	    answer->text.size > 0) {
		tell_bad_mode(irc, slice_from_string(asked->target), answer->text);
		return;
	}
	tell(irc, &told, answer);
}
