/* greeting.c - what one hears on the way in: 001 to 005, who is here, the message of the day. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "board.h"
#include "cut.h"
#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_mask.h"
#include "irc_mode.h"
#include "name.h"

/* Tokens of one 005: 15 parameters, less the nick and the text. */
#define TOKENS_PER_LINE 13

#define STRING(text) #text
#define NUMBER(macro) STRING(macro)

static const char *const tokens[] =
	{
		"ACCOUNTEXTBAN=a",
		"AWAYLEN=" NUMBER(AWAY_BYTES_MAX),
		"BOT=B",
		"CASEMAPPING=ascii",
		"CHANLIMIT=#:" NUMBER(ROOMS_PER_PERSON_MAX),
		"CHANMODES=" IRC_CHANMODES,
		"CHANNELLEN=" NUMBER(NAME_CODE_POINTS_MAX),
		"CHANTYPES=#",
		"CHATHISTORY=100",
		"ELIST=CMNTU",
		"EXCEPTS=e",
		"EXTBAN=" IRC_EXTENDED_BANS,
		"INVEX=I",
		"KEYLEN=" NUMBER(ROOM_KEY_BYTES_MAX),
		"KICKLEN=" NUMBER(WHY_BYTES_MAX),
		"MAXLIST=b:" NUMBER(MASKS_PER_LIST_MAX) ",e:" NUMBER(
			MASKS_PER_LIST_MAX) ",I:" NUMBER(MASKS_PER_LIST_MAX),
		"MODES=" NUMBER(MODE_CHANGES_MAX),
		"MONITOR=" NUMBER(IRC_MONITOR_MAX),
		"MSGREFTYPES=msgid,timestamp",
		"NAMELEN=" NUMBER(REALNAME_BYTES_MAX),
		"NICKLEN=" NUMBER(NAME_CODE_POINTS_MAX),
		"PREFIX=" IRC_PREFIX,
		"SAFELIST",
		"STATUSMSG=@+",
		"TARGMAX=JOIN:,KICK:" NUMBER(IRC_TARGETS_MAX) ",LIST:,NAMES:" NUMBER(IRC_TARGETS_MAX) ",NOTICE:" NUMBER(
			IRC_TARGETS_MAX) ",PART:,PRIVMSG:" NUMBER(IRC_TARGETS_MAX) ",TAGMSG"
										   ":" NUMBER(
											   IRC_TARGETS_MAX) ",WHOIS:1",
		"TOPICLEN=" NUMBER(TOPIC_BYTES_MAX),
		"USERLEN=" NUMBER(IRC_USER_BYTES_MAX),
		"UTF8ONLY",
		"WHOX",
};

static void say_isupport(struct irc *irc) {
	size_t count = sizeof(tokens) / sizeof(tokens[0]);
	unsigned batch = irc_can(irc, CAP_EXTENDED_ISUPPORT)
	                         ? irc_open_batch(irc, "draft/isupport", irc_nothing())
	                         : 0;
	irc->in_batch = batch;
	for (size_t i = 0; i <= count; i++) {
		if (i % TOKENS_PER_LINE == 0) {
			irc_begin_numeric(irc, RPL_ISUPPORT);
		}
		irc_put_text(&irc->at, " ");
		if (i < count) {
			irc_put_text(&irc->at, tokens[i]);
		} else {
			irc_put_text(&irc->at, "NETWORK=");
			irc_put_text(&irc->at, irc_config(irc)->network);
		}
		if (i == count || i % TOKENS_PER_LINE == TOKENS_PER_LINE - 1) {
			irc_put_last(irc, irc_word(irc_numeric_text(RPL_ISUPPORT)));
			irc_end_line(irc);
		}
	}
	irc->in_batch = 0;
	irc_close_batch(irc, batch);
}

void irc_on_isupport(struct irc *irc) {
	if (irc->user->door != NULL && !irc_can(irc, CAP_EXTENDED_ISUPPORT)) {
		irc_numeric(irc, ERR_NOTREGISTERED, irc_nothing(), irc_nothing());
		return;
	}
	say_isupport(irc);
}

static void say(struct irc *irc, unsigned numeric, const char *text) {
	irc_numeric_with(irc, numeric, irc_nothing(), irc_word(text));
}

static void say_welcome(struct irc *irc) {
	char text[IRC_LINE_BYTES_MAX];
	struct slice nick = irc_nick(irc);
	snprintf(text, sizeof(text), "Welcome to the %s network, %.*s", irc_config(irc)->network,
	         (int)nick.size, nick.bytes);
	say(irc, RPL_WELCOME, text);
	snprintf(text, sizeof(text), "Your host is %s, running version qun-%s",
	         irc_config(irc)->server, QUN_VERSION);
	say(irc, RPL_YOURHOST, text);
	time_t since = (time_t)(irc->since_us / 1000000);
	struct tm when;
	gmtime_r(&since, &when);
	strftime(text, sizeof(text), "This server was started %Y-%m-%d %H:%M:%S UTC", &when);
	say(irc, RPL_CREATED, text);
	irc_begin_numeric(irc, RPL_MYINFO);
	irc_put_text(&irc->at, " ");
	irc_put_text(&irc->at, irc_config(irc)->server);
	irc_put_text(&irc->at,
	             " qun-" QUN_VERSION " " IRC_PERSON_MODES " CIMRWbefiklmnostv IWbefklov");
	irc_end_line(irc);
}

/* ---- LUSERS ---- */

/* Connections that are not in, at all edges. */
static size_t count_unknown(const struct irc *irc) {
	const struct house *house = &irc->edge->house;
	size_t count = 0;
	for (unsigned i = PROCESS_EDGE_0; i < PROCESSES_MAX; i++) {
		const struct board *board = house->boards[i];
		if (board != NULL && atomic_load_explicit(&board->pid, memory_order_relaxed) != 0) {
			count += atomic_load_explicit(&board->unknown, memory_order_relaxed);
		}
	}
	return count;
}

void irc_count_unknown(struct irc *irc, int by) {
	struct board *own = irc->edge->house.own;
	irc->unknown += (unsigned)by;
	atomic_store_explicit(&own->unknown, irc->unknown, memory_order_relaxed);
}

static void say_count(struct irc *irc, unsigned numeric, size_t count) {
	char text[24];
	snprintf(text, sizeof(text), "%zu", count);
	irc_numeric(irc, numeric, irc_word(text), irc_nothing());
}

static void say_most(struct irc *irc, unsigned numeric, const char *whose, size_t count) {
	char text[IRC_LINE_BYTES_MAX];
	const struct board *hub = irc->edge->house.boards[PROCESS_HUB];
	size_t most = atomic_load_explicit(&hub->most, memory_order_relaxed);
	most = most > count ? most : count;
	irc_begin_numeric(irc, numeric);
	snprintf(text, sizeof(text), " %zu %zu", count, most);
	irc_put_text(&irc->at, text);
	snprintf(text, sizeof(text), "Current %s users %zu, max %zu", whose, count, most);
	irc_put_last(irc, irc_word(text));
	irc_end_line(irc);
}

void irc_do_lusers(struct irc *irc) {
	char text[IRC_LINE_BYTES_MAX];
	const struct state *state = irc->edge->state;
	size_t count = state_people_count(state), unknown = count_unknown(irc);
	size_t invisible = state_invisible_count(state), operators = state_operators_count(state);
	snprintf(text, sizeof(text), "There are %zu users and %zu invisible on 1 server",
	         count - invisible, invisible);
	say(irc, RPL_LUSERCLIENT, text);
	if (operators > 0) {
		say_count(irc, RPL_LUSEROP, operators);
	}
	if (unknown > 0) {
		say_count(irc, RPL_LUSERUNKNOWN, unknown);
	}
	say_count(irc, RPL_LUSERCHANNELS, state_rooms_count(state));
	snprintf(text, sizeof(text), "I have %zu clients and 0 servers", count);
	say(irc, RPL_LUSERME, text);
	say_most(irc, RPL_LOCALUSERS, "local", count);
	say_most(irc, RPL_GLOBALUSERS, "global", count);
}

/* ---- MOTD ---- */

/* A line that is too long in several. */
static void say_motd_line(struct irc *irc, struct slice text) {
	do {
		irc_begin_numeric(irc, RPL_MOTD);
		size_t room = IRC_LINE_BYTES_MAX - 2 - irc->at.size - strlen(" :- ");
		size_t size = text.size <= room ? text.size : cut_before(text, room);
		irc_put_text(&irc->at, " :- ");
		irc_put(&irc->at, slice_first(text, size));
		irc_end_line(irc);
		text = slice_from(text, size);
	} while (text.size > 0);
}

void irc_do_motd(struct irc *irc) {
	const struct config *config = irc_config(irc);
	struct slice rest = irc_word(config->motd);
	char text[IRC_LINE_BYTES_MAX];
	if (rest.size == 0) {
		irc_numeric(irc, ERR_NOMOTD, irc_nothing(), irc_nothing());
		return;
	}
	snprintf(text, sizeof(text), "- %s Message of the day - ", config->server);
	say(irc, RPL_MOTDSTART, text);
	while (rest.size > 0) {
		const char *end = memchr(rest.bytes, '\n', rest.size);
		size_t size = end == NULL ? rest.size : (size_t)(end - rest.bytes);
		say_motd_line(irc, slice_first(rest, size));
		rest = slice_from(rest, end == NULL ? size : size + 1);
	}
	say(irc, RPL_ENDOFMOTD, irc_numeric_text(RPL_ENDOFMOTD));
}

void irc_greet(struct irc *irc) {
	say_welcome(irc);
	say_isupport(irc);
	irc_do_lusers(irc);
	irc_greet_with_metadata(irc);
	irc_do_motd(irc);
}

void irc_on_lusers(struct irc *irc) {
	irc_do_lusers(irc);
}

void irc_on_motd(struct irc *irc) {
	struct slice server = irc_parameter(&irc->message, 0);
	if (server.size > 0 && !irc_equal(server, irc_config(irc)->server)) {
		irc_numeric(irc, ERR_NOSUCHSERVER, server, irc_nothing());
		return;
	}
	irc_do_motd(irc);
}
