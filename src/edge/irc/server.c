/* server.c - PING, PONG, and what the server says of itself. */
#include <stdio.h>
#include <time.h>

#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_view.h"

#define BANS_TOLD_MAX 100

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

/* ---- STATS ---- */

static void say_uptime(struct irc *irc) {
	char text[96];
	uint64_t up_s = (irc_now_us(irc) - irc->since_us) / 1000000;
	snprintf(text, sizeof(text), "Server Up %llu days %llu:%02llu:%02llu",
	         (unsigned long long)(up_s / 86400), (unsigned long long)(up_s / 3600 % 24),
	         (unsigned long long)(up_s / 60 % 60), (unsigned long long)(up_s % 60));
	say(irc, RPL_STATSUPTIME, text);
}

static bool say_if_operator(void *context, const struct session *session) {
	struct irc *irc = context;
	const struct state *state = irc->edge->state;
	const struct person *person = state_person(state, session_person(state, session));
	char text[NAME_BYTES_MAX + USERHOST_BYTES_MAX + 4];
	struct irc_line line = irc_line_at(text, sizeof(text));
	if (person != NULL && person_is_present(person) &&
	    (person_bits(state, person) & PERSON_IS_OPERATOR) != 0) {
		irc_put(&line, person_name(person));
		irc_put_text(&line, " (");
		irc_put(&line, view_userhost(state, person));
		irc_put_text(&line, ")");
		irc_numeric_with(irc, RPL_STATSDEBUG, irc_nothing(), irc_line_slice(&line));
	}
	return true;
}

static void say_operators(struct irc *irc) {
	if (irc_is_operator(irc)) {
		state_sessions_each(irc->edge->state, say_if_operator, irc);
	}
}

/* Whom the administrator has banned, by name or by network: some, of very many. */
static void say_bans(struct irc *irc) {
	const struct state *state = irc->edge->state;
	size_t told = 0;
	if (!irc_is_operator(irc)) {
		return;
	}
	for (size_t i = 0; i < state_restrictions_count(state) && told < BANS_TOLD_MAX; i++) {
		const struct restriction *ban = state_restriction(state, i);
		char net[ADDRESS_TEXT_MAX] = "*";
		if (ban->is_mute) {
			continue;
		}
		irc_begin_numeric(irc, RPL_STATSKLINE);
		irc_put_text(&irc->at, " K ");
		irc_put_text(&irc->at, ban->has_net ? net_format(&ban->net, net) : net);
		irc_put_text(&irc->at, " * ");
		irc_put(&irc->at, ban->name.size > 0 ? ban->name : irc_word("*"));
		irc_put_last(irc, ban->why);
		irc_end_line(irc);
		told++;
	}
}

static const struct {
	char letter;
	void (*say)(struct irc *irc);
} stats[] = {{'k', say_bans}, {'p', say_operators}, {'u', say_uptime}};

void irc_on_stats(struct irc *irc) {
	struct slice query = irc_parameter(&irc->message, 0);
	bool is_letter = query.size > 0 && (unsigned char)query.bytes[0] < 0x80;
	struct slice letter = is_letter ? slice_first(query, 1) : irc_word("*");
	for (size_t i = 0; i < sizeof(stats) / sizeof(stats[0]); i++) {
		if (letter.bytes[0] == stats[i].letter) {
			stats[i].say(irc);
		}
	}
	irc_numeric(irc, RPL_ENDOFSTATS, letter, irc_nothing());
}
