/*
 * playback.c - what a client has missed that does not ask for history by CHATHISTORY: told when it is
 * back, from where its device had read to; or, to one with znc.in/playback, when it asks *playback.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irc_commands.h"
#include "irc_history.h"
#include "irc_view.h"
#include "name.h"

/* ---- by itself ---- */

static bool is_told(const struct irc *irc, uint64_t account) {
	return !irc_can(irc, CAP_PLAYBACK) && (irc->user->bits & PERSON_WANTS_NO_BACKLOG) == 0 &&
	       (state_account_bits(irc->edge->state, account) & ACCOUNT_NO_PLAYBACK) == 0;
}

/* Whether or not it can ask for it by CHATHISTORY. */
static uint64_t unread_since(const struct irc *irc) {
	const struct state *state = irc->edge->state;
	const struct person *self = irc_self(irc);
	const struct session *session = state_session(state, stream_session(irc->to));
	uint64_t account = self == NULL ? 0 : person_account(state, self);
	if (account == 0 || session == NULL || !is_told(irc, account)) {
		return 0;
	}
	uint64_t read = state_device_read_up_to(state, account, session_device(state, session));
	/* A device that comes for the first time, just now: it has missed nothing. */
	bool is_new = read >= session_id(session) && session_id(session) + 1 >= state_seq(state);
	return is_new ? 0 : read;
}

uint64_t irc_missed_since(const struct irc *irc) {
	return irc_can(irc, CAP_CHATHISTORY) ? 0 : unread_since(irc);
}

void irc_say_letters(struct irc *irc) {
	uint64_t since = unread_since(irc);
	if (since != 0) {
		irc_missed_letters(irc, since);
	}
}

static bool say_thread(void *context, uint64_t thread, uint64_t other) {
	struct irc_missing *missing = context;
	struct irc *irc = missing->irc;
	const struct person *person = state_person(irc->edge->state, other);
	irc_missed(irc, thread, person_name(person), missing->since);
	return ++missing->count < IRC_MISSED_THREADS_MAX;
}

void irc_missed_threads(struct irc *irc, uint64_t since) {
	struct irc_missing missing = {.irc = irc, .since = since};
	state_threads_each(irc->edge->state, stream_person(irc->to), say_thread, &missing);
}

/* ---- *playback ---- */

#define PLAYBACK "*playback"

bool irc_is_playback(const struct irc *irc, struct slice name) {
	return irc_can(irc, CAP_PLAYBACK) && name_equal(name, irc_word(PLAYBACK));
}

static struct slice next_word(struct slice *text) {
	while (text->size > 0 && text->bytes[0] == ' ') {
		*text = slice_from(*text, 1);
	}
	size_t size = 0;
	while (size < text->size && text->bytes[size] != ' ') {
		size++;
	}
	struct slice word = slice_first(*text, size);
	*text = slice_from(*text, size);
	return word;
}

bool irc_read_seconds(struct slice text, uint64_t *time_us) {
	uint64_t seconds = 0, part = 0, unit = 1000000;
	size_t at = 0;
	for (; at < text.size && text.bytes[at] >= '0' && text.bytes[at] <= '9' && at < 12; at++) {
		seconds = seconds * 10 + (uint64_t)(text.bytes[at] - '0');
	}
	bool has_digits = at > 0;
	if (at < text.size && text.bytes[at] == '.') {
		for (at++; at < text.size && text.bytes[at] >= '0' && text.bytes[at] <= '9'; at++) {
			unit /= 10;
			part += unit * (uint64_t)(text.bytes[at] - '0');
		}
	}
	*time_us = seconds * 1000000 + part;
	return has_digits && at == text.size;
}

static bool play_thread(void *context, uint64_t thread, uint64_t other) {
	struct irc_missing *missing = context;
	const struct person *person = state_person(missing->irc->edge->state, other);
	irc_play(missing->irc, thread, person_name(person), missing->from_us, missing->to_us);
	return ++missing->count < IRC_MISSED_THREADS_MAX;
}

static void play_all(struct irc_missing *missing) {
	uint64_t rooms[ROOMS_PER_PERSON_MAX];
	struct irc *irc = missing->irc;
	const struct state *state = irc->edge->state;
	const struct person *self = irc_self(irc);
	size_t count = self == NULL ? 0 : person_rooms(state, self, rooms, ROOMS_PER_PERSON_MAX);
	for (size_t i = 0; i < count && i < ROOMS_PER_PERSON_MAX; i++) {
		irc_play(irc, rooms[i], view_room_name(state, rooms[i]), missing->from_us,
		         missing->to_us);
	}
	state_threads_each(state, stream_person(irc->to), play_thread, missing);
}

static void play_one(struct irc_missing *missing, struct slice target) {
	struct irc *irc = missing->irc;
	const struct state *state = irc->edge->state;
	uint64_t self = stream_person(irc->to), room = 0;
	if (target.bytes[0] == '#') {
		room = state_room_named(state, target);
		room = state_is_member(state, room, self) ? room : 0;
	} else {
		const struct person *other = state_person_named(state, target);
		room = other == NULL ? 0 : state_thread(state, self, person_id(other));
	}
	if (room != 0) {
		irc_play(irc, room, target, missing->from_us, missing->to_us);
	}
}

static void play(struct irc *irc, struct slice text) {
	struct irc_missing missing = {.irc = irc};
	struct slice targets = next_word(&text), from = next_word(&text), to = next_word(&text);
	bool is_good = targets.size > 0 &&
	               (from.size == 0 || irc_read_seconds(from, &missing.from_us)) &&
	               (to.size == 0 || irc_read_seconds(to, &missing.to_us));
	if (!is_good) {
		irc_notice(irc, PLAYBACK,
		           irc_word("PLAY target|* [from [to]]: seconds since 1970"));
		return;
	}
	if (slice_equal(targets, irc_word("*"))) {
		play_all(&missing);
		return;
	}
	for (unsigned count = 0; targets.size > 0 && count < IRC_TARGETS_MAX; count++) {
		const char *comma = memchr(targets.bytes, ',', targets.size);
		size_t size = comma == NULL ? targets.size : (size_t)(comma - targets.bytes);
		if (size > 0) {
			play_one(&missing, slice_first(targets, size));
		}
		targets = slice_from(targets, comma == NULL ? size : size + 1);
	}
}

void irc_playback(struct irc *irc, struct slice text) {
	struct slice command = next_word(&text);
	if (!irc->is_settled) {
		/* It is answered from here, when all that was asked before has happened. */
		irc->must_wait = true;
	} else if (irc_equal(command, "PLAY")) {
		play(irc, text);
	} else if (irc_equal(command, "LIST")) {
		irc_list_playback(irc);
	} else if (!irc_equal(command, "CLEAR")) {
		/* Nothing is kept for it alone that could be cleared. */
		irc_notice(irc, PLAYBACK, irc_word("PLAY, LIST and CLEAR are understood"));
	}
}
