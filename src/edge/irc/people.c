/* people.c - WHOIS, WHOWAS, USERHOST, ISON, AWAY, SETNAME. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "cut.h"
#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_view.h"
#include "name.h"

#define USERHOST_NAMES_MAX 5

/* People who had a name, of whom WHOWAS tells. */
#define WHOWAS_MAX 20

uint64_t irc_now_us(const struct irc *irc) {
	uint64_t now_us = clock_wall_us(), log_us = state_time_us(irc->edge->state);
	return now_us > log_us ? now_us : log_us;
}

/* ---- WHOIS ---- */

static void begin_about(struct irc *irc, unsigned numeric, const struct person *person) {
	irc_begin_numeric(irc, numeric);
	irc_put_parameter(&irc->at, person_name(person));
}

static void say_about(struct irc *irc, unsigned numeric, const struct person *person) {
	irc_numeric(irc, numeric, person_name(person), irc_nothing());
}

static void say_rooms(struct irc *irc, const struct person *person) {
	uint64_t rooms[ROOMS_PER_PERSON_MAX];
	const struct state *state = irc->edge->state;
	size_t count = person_rooms(state, person, rooms, ROOMS_PER_PERSON_MAX);
	bool has_line = false;
	for (size_t i = 0; i < count && i < ROOMS_PER_PERSON_MAX; i++) {
		struct slice name = view_room_name(state, rooms[i]);
		if (!irc_sees_room(irc, rooms[i])) {
			continue;
		}
		if (has_line && irc->at.size + name.size + 4 > IRC_LINE_BYTES_MAX - 2) {
			irc_end_line(irc);
			has_line = false;
		}
		if (!has_line) {
			begin_about(irc, RPL_WHOISCHANNELS, person);
			irc_put_text(&irc->at, " :");
		} else {
			irc_put_text(&irc->at, " ");
		}
		irc_put_prefixes(irc, &irc->at, rooms[i], person_id(person));
		irc_put(&irc->at, name);
		has_line = true;
	}
	if (has_line) {
		irc_end_line(irc);
	}
}

uint64_t irc_idle_s(const struct irc *irc, const struct person *person) {
	uint64_t since_us = person_since_us(person), now_us = irc_now_us(irc);
	uint64_t spoke_us = person_spoke_us(person);
	spoke_us = spoke_us > since_us ? spoke_us : since_us;
	return now_us > spoke_us ? (now_us - spoke_us) / 1000000 : 0;
}

static void say_idle(struct irc *irc, const struct person *person) {
	begin_about(irc, RPL_WHOISIDLE, person);
	irc_put_text(&irc->at, " ");
	irc_put_number(&irc->at, irc_idle_s(irc, person));
	irc_put_text(&irc->at, " ");
	irc_put_number(&irc->at, person_since_us(person) / 1000000);
	irc_put_last(irc, irc_word(irc_numeric_text(RPL_WHOISIDLE)));
	irc_end_line(irc);
}

static void say_user(struct irc *irc, unsigned numeric, struct slice name, struct slice userhost,
                     struct slice realname) {
	irc_begin_numeric(irc, numeric);
	irc_put_parameter(&irc->at, name);
	irc_put_parameter(&irc->at, view_user(userhost));
	irc_put_parameter(&irc->at, view_host(userhost));
	irc_put_text(&irc->at, " *");
	irc_put_last(irc, realname);
	irc_end_line(irc);
}

static void say_server(struct irc *irc, struct slice name) {
	irc_begin_numeric(irc, RPL_WHOISSERVER);
	irc_put_parameter(&irc->at, name);
	irc_put_text(&irc->at, " ");
	irc_put_text(&irc->at, irc_config(irc)->server);
	irc_put_last(irc, irc_word(irc_config(irc)->description));
	irc_end_line(irc);
}

static void say_whois(struct irc *irc, const struct person *person) {
	const struct state *state = irc->edge->state;
	uint64_t bits = person_bits(state, person);
	struct slice name = person_name(person), away = view_away(state, person);
	say_user(irc, RPL_WHOISUSER, name, view_userhost(state, person),
	         view_realname(state, person));
	say_rooms(irc, person);
	say_server(irc, name);
	if ((bits & PERSON_IS_OPERATOR) != 0) {
		say_about(irc, RPL_WHOISOPERATOR, person);
	}
	if ((bits & PERSON_HAS_ACCOUNT) != 0) {
		irc_numeric(irc, RPL_WHOISACCOUNT, name, name);
	}
	if ((bits & PERSON_IS_BOT) != 0) {
		say_about(irc, RPL_WHOISBOT, person);
	}
	if (away.size > 0) {
		irc_numeric_with(irc, RPL_AWAY, name, away);
	}
	say_idle(irc, person);
	irc_whois_metadata(irc, person);
}

void irc_on_whois(struct irc *irc) {
	struct slice typed = irc_parameter(&irc->message, irc->message.count > 1 ? 1 : 0);
	if (typed.size == 0) {
		irc_numeric(irc, ERR_NONICKNAMEGIVEN, irc_nothing(), irc_nothing());
		return;
	}
	const struct person *person = state_person_named(irc->edge->state, typed);
	if (person == NULL) {
		irc_numeric(irc, ERR_NOSUCHNICK, typed, irc_nothing());
	} else {
		say_whois(irc, person);
	}
	irc_numeric(irc, RPL_ENDOFWHOIS, person == NULL ? typed : person_name(person),
	            irc_nothing());
}

/* ---- WHOWAS ---- */

/* "Thu Nov 26 02:31:53 2026": when it was last seen under that name. */
static void put_moment(struct irc_line *line, uint64_t time_us) {
	char text[32];
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm when;
	gmtime_r(&seconds, &when);
	strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &when);
	irc_put_text(line, text);
}

void irc_whowas_lines(struct irc *irc, const struct record *gone) {
	struct slice name = gone->kind == ENTRY_RENAMED ? gone->other_name : gone->name;
	struct slice userhost =
		gone->userhost.size > 0 ? gone->userhost : irc_word(IRC_USERHOST_OTHERS);
	say_user(irc, RPL_WHOWASUSER, name, userhost, name);
	irc_begin_numeric(irc, RPL_WHOISSERVER);
	irc_put_parameter(&irc->at, name);
	irc_put_text(&irc->at, " ");
	irc_put_text(&irc->at, irc_config(irc)->server);
	irc_put_text(&irc->at, " :");
	put_moment(&irc->at, gone->time_us);
	irc_end_line(irc);
}

void irc_on_whowas(struct irc *irc) {
	struct slice typed = irc_parameter(&irc->message, 0);
	struct slice digits = irc_parameter(&irc->message, 1);
	size_t count = 0;
	if (typed.size == 0) {
		irc_numeric(irc, ERR_NONICKNAMEGIVEN, irc_nothing(), irc_nothing());
		return;
	}
	for (size_t i = 0; i < digits.size && digits.bytes[i] >= '0' && digits.bytes[i] <= '9' &&
	                   count < WHOWAS_MAX;
	     i++) {
		count = 10 * count + (size_t)(digits.bytes[i] - '0');
	}
	/* None, or no number: all there are. */
	count = count == 0 || count > WHOWAS_MAX ? WHOWAS_MAX : count;
	if (name_check(typed) != NAME_OK) {
		irc_numeric(irc, ERR_WASNOSUCHNICK, typed, irc_nothing());
		irc_numeric(irc, RPL_ENDOFWHOWAS, typed, irc_nothing());
	} else if (!irc_ask_whowas(irc, typed, count)) {
		irc_numeric(irc, RPL_TRYAGAIN, irc_word("WHOWAS"), irc_nothing());
	}
}

/* ---- USERHOST, ISON ---- */

void irc_on_userhost(struct irc *irc) {
	const struct state *state = irc->edge->state;
	irc_begin_numeric(irc, RPL_USERHOST);
	irc_put_text(&irc->at, " :");
	for (size_t i = 0; i < irc->message.count && i < USERHOST_NAMES_MAX; i++) {
		const struct person *person =
			state_person_named(state, irc_parameter(&irc->message, i));
		if (person == NULL) {
			continue;
		}
		if (irc->at.bytes[irc->at.size - 1] != ':') {
			irc_put_text(&irc->at, " ");
		}
		irc_put(&irc->at, person_name(person));
		if ((person_bits(state, person) & PERSON_IS_OPERATOR) != 0) {
			irc_put_text(&irc->at, "*");
		}
		irc_put_text(&irc->at, view_away(state, person).size > 0 ? "=-" : "=+");
		irc_put(&irc->at, view_userhost(state, person));
	}
	irc_end_line(irc);
}

static void put_ison(struct irc *irc, struct slice names) {
	while (names.size > 0) {
		const char *blank = memchr(names.bytes, ' ', names.size);
		size_t size = blank == NULL ? names.size : (size_t)(blank - names.bytes);
		const struct person *person =
			state_person_named(irc->edge->state, slice_first(names, size));
		if (person != NULL &&
		    irc->at.size + person_name(person).size + 1 <= IRC_LINE_BYTES_MAX - 2) {
			if (irc->at.bytes[irc->at.size - 1] != ':') {
				irc_put_text(&irc->at, " ");
			}
			irc_put(&irc->at, person_name(person));
		}
		names = slice_from(names, blank == NULL ? size : size + 1);
	}
}

void irc_on_ison(struct irc *irc) {
	irc_begin_numeric(irc, RPL_ISON);
	irc_put_text(&irc->at, " :");
	for (size_t i = 0; i < irc->message.count; i++) {
		put_ison(irc, irc_parameter(&irc->message, i));
	}
	irc_end_line(irc);
}

/* ---- AWAY, SETNAME ---- */

/* "*" says that nobody sits at this client; which is nothing to a person that has others. */
static bool is_overruled(const struct irc *irc, struct slice text) {
	const struct state *state = irc->edge->state;
	const struct person *self = irc_self(irc);
	const struct session *session = NULL;
	if (self == NULL || !slice_equal(text, irc_word("*"))) {
		return false;
	}
	while ((session = person_session_next(state, self, session)) != NULL) {
		if (session_id(session) != stream_session(irc->to) &&
		    session_absent_since_us(state, session) == 0) {
			return true;
		}
	}
	return false;
}

/* It is not in yet: that is asked for when it is. */
static void keep_away(struct irc *irc, struct slice text) {
	if (!irc_can(irc, CAP_PRE_AWAY)) {
		irc_numeric(irc, ERR_NOTREGISTERED, irc_nothing(), irc_nothing());
		return;
	}
	free(irc->user->away);
	irc->user->away = text.size > 0 ? strndup(text.bytes, text.size) : strdup("");
	if (irc->user->away == NULL) {
		abort();
	}
	irc_numeric(irc, text.size > 0 ? RPL_NOWAWAY : RPL_UNAWAY, irc_nothing(), irc_nothing());
}

void irc_ask_early_away(struct irc *irc) {
	char *away = irc->user->away;
	struct slice text = away == NULL ? irc_nothing() : irc_word(away);
	struct record request = {.kind = REQUEST_AWAY, .text = text};
	const struct person *self = irc_self(irc);
	/* And who left saying why is not asked to say less. */
	bool is_said = self != NULL && slice_equal(text, irc_word("*")) &&
	               person_away(irc->edge->state, self).size > 0;
	irc->user->away = NULL;
	if (away != NULL && !is_said && !is_overruled(irc, text) &&
	    !irc_request_now(irc, &request, text, false)) {
		irc_numeric(irc, RPL_TRYAGAIN, irc_word("AWAY"), irc_nothing());
	}
	free(away);
}

void irc_on_away(struct irc *irc) {
	struct slice text = irc_parameter(&irc->message, 0);
	if (text.size > AWAY_BYTES_MAX) {
		text = slice_first(text, cut_before(text, AWAY_BYTES_MAX));
	}
	if (irc->user->door != NULL) {
		keep_away(irc, text);
	} else if (slice_equal(text, irc_word("*")) && !irc->is_settled) {
		irc->must_wait = true;
	} else if (is_overruled(irc, text)) {
		irc_numeric(irc, RPL_NOWAWAY, irc_nothing(), irc_nothing());
	} else {
		struct record request = {.kind = REQUEST_AWAY, .text = text};
		irc_request(irc, &request, text, false);
	}
}

void irc_on_setname(struct irc *irc) {
	struct slice name = irc_parameter(&irc->message, 0);
	if (name.size == 0 || name.size > REALNAME_BYTES_MAX) {
		irc_standard(irc, "FAIL", "SETNAME", "INVALID_REALNAME", irc_nothing(),
		             "Real name is not valid");
		return;
	}
	struct record request = {.kind = REQUEST_PROFILE, .number = PROFILE_REALNAME, .text = name};
	irc_request(irc, &request, name, false);
}
