/* stats.c - STATS: of the server, for everybody; of people and bans, for its operators. */
#include <stdio.h>

#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_view.h"

static void say_uptime(struct irc *irc) {
	char text[96];
	uint64_t up_s = (irc_now_us(irc) - irc->since_us) / 1000000;
	snprintf(text, sizeof(text), "Server Up %llu days %llu:%02llu:%02llu",
	         (unsigned long long)(up_s / 86400), (unsigned long long)(up_s / 3600 % 24),
	         (unsigned long long)(up_s / 60 % 60), (unsigned long long)(up_s % 60));
	irc_numeric_with(irc, RPL_STATSUPTIME, irc_nothing(), irc_word(text));
}

/* ---- operators ---- */

static const struct person *next_operator(const struct state *state,
                                          const struct session *session) {
	const struct person *person = state_person(state, session_person(state, session));
	bool is_operator = person != NULL && person_is_present(person) &&
	                   (person_bits(state, person) & PERSON_IS_OPERATOR) != 0;
	/* Each once, with its first session. */
	return is_operator && person_session_next(state, person, NULL) == session ? person : NULL;
}

static bool say_who(void *context, const struct session *session) {
	struct irc *irc = context;
	const struct state *state = irc->edge->state;
	const struct person *person = next_operator(state, session);
	char text[NAME_BYTES_MAX + USERHOST_BYTES_MAX + 4];
	struct irc_line line = irc_line_at(text, sizeof(text));
	if (person != NULL) {
		irc_put(&line, person_name(person));
		irc_put_text(&line, " (");
		irc_put(&line, view_userhost(state, person));
		irc_put_text(&line, ")");
		irc_numeric_with(irc, RPL_STATSDEBUG, irc_nothing(), irc_line_slice(&line));
	}
	return true;
}

static bool say_o_line(void *context, const struct session *session) {
	struct irc *irc = context;
	const struct state *state = irc->edge->state;
	const struct person *person = next_operator(state, session);
	if (person != NULL) {
		irc_begin_numeric(irc, RPL_STATSOLINE);
		irc_put_text(&irc->at, " O ");
		irc_put(&irc->at, view_userhost(state, person));
		irc_put_text(&irc->at, " * ");
		irc_put(&irc->at, person_name(person));
		irc_end_line(irc);
	}
	return true;
}

static void say_operators(struct irc *irc) {
	state_sessions_each(irc->edge->state, say_who, irc);
}

static void say_o_lines(struct irc *irc) {
	state_sessions_each(irc->edge->state, say_o_line, irc);
}

/* ---- bans ---- */

static void say_k_lines(struct irc *irc) {
	irc_say_bans(irc, false);
}

static void say_d_lines(struct irc *irc) {
	irc_say_bans(irc, true);
}

/* ---- the letters ---- */

static const struct {
	char letter;
	bool is_for_operators;
	void (*say)(struct irc *irc);
} stats[] = {
	{'d', true, say_d_lines},   {'k', true, say_k_lines}, {'o', true, say_o_lines},
	{'p', true, say_operators}, {'u', false, say_uptime},
};

/* In capitals they mean the same. */
static bool is_letter_of(char typed, char letter) {
	return typed == letter || typed == letter - 'a' + 'A';
}

void irc_say_stats(struct irc *irc, char letter) {
	for (size_t i = 0; i < sizeof(stats) / sizeof(stats[0]); i++) {
		if (is_letter_of(letter, stats[i].letter) &&
		    (!stats[i].is_for_operators || irc_is_operator(irc))) {
			stats[i].say(irc);
		}
	}
	irc_numeric(irc, RPL_ENDOFSTATS, slice_of(&letter, 1), irc_nothing());
}

void irc_on_stats(struct irc *irc) {
	struct slice query = irc_parameter(&irc->message, 0);
	bool is_letter = query.size > 0 && (unsigned char)query.bytes[0] < 0x80;
	irc_say_stats(irc, is_letter ? query.bytes[0] : '*');
}
