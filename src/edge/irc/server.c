/* server.c - PING, PONG, and what the server says of itself. */
#include <time.h>

#include "irc_commands.h"
#include "irc_inside.h"

/* False, and 402, if another server is asked. */
static bool is_us(struct irc *irc) {
	struct slice server = irc_parameter(&irc->message, 0);
	if (server.size == 0 || irc_equal(server, irc_config(irc)->server)) {
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
	irc_put_text(&irc->at, irc_config(irc)->server);
	irc_put_last(irc, token);
	irc_end_line(irc);
}

/* That it came is enough: the stream has noted it. */
void irc_on_pong(struct irc *irc) {
	irc_note_pong(irc);
}

void irc_on_version(struct irc *irc) {
	if (!is_us(irc)) {
		return;
	}
	irc_begin_numeric(irc, RPL_VERSION);
	irc_put_text(&irc->at, " qun-" QUN_VERSION ". ");
	irc_put_text(&irc->at, irc_config(irc)->server);
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
	irc_put_text(&irc->at, irc_config(irc)->server);
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
	irc_put_text(&irc->at, irc_config(irc)->server);
	irc_put_text(&irc->at, " ");
	irc_put_text(&irc->at, irc_config(irc)->server);
	irc_put_text(&irc->at, " :0 ");
	irc_put_text(&irc->at, irc_config(irc)->description);
	irc_end_line(irc);
	irc_numeric(irc, RPL_ENDOFLINKS, irc_word("*"), irc_nothing());
}

void irc_on_admin(struct irc *irc) {
	if (!is_us(irc)) {
		return;
	}
	const struct config *config = irc_config(irc);
	if (config->location[0] == '\0' && config->organisation[0] == '\0' &&
	    config->email[0] == '\0') {
		irc_numeric(irc, ERR_NOADMININFO, irc_word(config->server), irc_nothing());
		return;
	}
	irc_numeric(irc, RPL_ADMINME, irc_word(config->server), irc_nothing());
	say(irc, RPL_ADMINLOC1, config->location);
	say(irc, RPL_ADMINLOC2, config->organisation);
	say(irc, RPL_ADMINEMAIL, config->email);
}
