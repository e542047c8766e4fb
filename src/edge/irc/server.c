/* server.c - PING, PONG, and what the server says of itself. */
#include <stdio.h>
#include <time.h>

#include "irc_commands.h"
#include "irc_inside.h"

/* False, and 402, if another server is asked. */
static bool is_us(struct irc *irc) {
	struct slice server = irc_parameter(&irc->message, 0);
	if (server.size == 0 || irc_equal(server, irc->settings.server)) {
		return true;
	}
	irc_numeric(irc, ERR_NOSUCHSERVER, server, irc_nothing());
	return false;
}

static void say(struct irc *irc, unsigned numeric, const char *text) {
	irc_numeric_with(irc, numeric, irc_nothing(), irc_word(text));
}

void irc_on_ping(struct irc *irc) {
	struct slice token = irc_parameter(&irc->message, 0);
	if (irc->message.count == 0) {
		irc_numeric(irc, ERR_NOORIGIN, irc_nothing(), irc_nothing());
		return;
	}
	irc_begin_line(irc, "PONG ");
	irc_put_text(&irc->at, irc->settings.server);
	irc_put_last(irc, token);
	irc_end_line(irc);
}

/* That it came is enough: the stream has noted it. */
void irc_on_pong(struct irc *irc) {
}

void irc_on_version(struct irc *irc) {
	if (!is_us(irc)) {
		return;
	}
	irc_begin_numeric(irc, RPL_VERSION);
	irc_put_text(&irc->at, " qun-" QUN_VERSION ". ");
	irc_put_text(&irc->at, irc->settings.server);
	irc_put_last(irc, irc_word("Linux"));
	irc_end_line(irc);
}

void irc_on_time(struct irc *irc) {
	char text[64];
	time_t now = (time_t)(irc_now_us(irc) / 1000000);
	struct tm when;
	if (!is_us(irc)) {
		return;
	}
	gmtime_r(&now, &when);
	strftime(text, sizeof(text), "%A %Y-%m-%d %H:%M:%S UTC", &when);
	irc_begin_numeric(irc, RPL_TIME);
	irc_put_text(&irc->at, " ");
	irc_put_text(&irc->at, irc->settings.server);
	irc_put_last(irc, irc_word(text));
	irc_end_line(irc);
}

void irc_on_info(struct irc *irc) {
	if (!is_us(irc)) {
		return;
	}
	say(irc, RPL_INFO, "qun " QUN_VERSION ", a group chat that people run themselves");
	say(irc, RPL_INFO, "IRC is one way in; all ways lead into the same rooms");
	irc_numeric(irc, RPL_ENDOFINFO, irc_nothing(), irc_nothing());
}

void irc_on_links(struct irc *irc) {
	irc_begin_numeric(irc, RPL_LINKS);
	irc_put_text(&irc->at, " ");
	irc_put_text(&irc->at, irc->settings.server);
	irc_put_text(&irc->at, " ");
	irc_put_text(&irc->at, irc->settings.server);
	irc_put_text(&irc->at, " :0 ");
	irc_put_text(&irc->at, irc->settings.network);
	irc_end_line(irc);
	irc_numeric(irc, RPL_ENDOFLINKS, irc_word("*"), irc_nothing());
}

void irc_on_admin(struct irc *irc) {
	if (!is_us(irc)) {
		return;
	}
	irc_numeric(irc, RPL_ADMINME, irc_word(irc->settings.server), irc_nothing());
	say(irc, RPL_ADMINLOC1, irc->settings.network);
	say(irc, RPL_ADMINLOC2, "Whoever has started this server");
	say(irc, RPL_ADMINEMAIL, "Ask in #lobby");
}

void irc_on_stats(struct irc *irc) {
	struct slice query = irc_parameter(&irc->message, 0);
	struct slice letter = slice_first(query, query.size > 0);
	if (slice_equal(letter, irc_word("u"))) {
		char text[96];
		uint64_t up_s = (irc_now_us(irc) - irc->since_us) / 1000000;
		snprintf(text, sizeof(text), "Server Up %llu days %llu:%02llu:%02llu",
		         (unsigned long long)(up_s / 86400), (unsigned long long)(up_s / 3600 % 24),
		         (unsigned long long)(up_s / 60 % 60), (unsigned long long)(up_s % 60));
		say(irc, RPL_STATSUPTIME, text);
	}
	irc_numeric(irc, RPL_ENDOFSTATS, letter.size > 0 ? letter : irc_word("*"), irc_nothing());
}
