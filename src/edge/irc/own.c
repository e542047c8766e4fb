/*
 * own.c - what one hears of one's own deeds, which may bear a label, and what
 * others hear that is not the same for all of them. All else is render.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "irc_inside.h"
#include "irc_render.h"
#include "irc_view.h"
#include "words.h"

static struct irc_rendering form_for(const struct irc *irc) {
	return (struct irc_rendering){.server = irc_config(irc)->server,
	                              .log = irc->log,
	                              .state = irc->edge->state,
	                              .form = irc_form_of(irc->user->capabilities)};
}

static void say_rendered(struct irc *irc, const struct irc_rendering *how,
                         const struct record *entry) {
	size_t size = irc_render(how, entry, irc->scratch, sizeof(irc->scratch));
	irc_put_lines(irc, slice_of(irc->scratch, size));
}

void irc_say_entry(struct irc *irc, const struct record *entry) {
	const struct irc_rendering how = form_for(irc);
	say_rendered(irc, &how, entry);
}

/* ---- one's own ---- */

static void say_present(struct irc *irc, uint64_t room) {
	irc_say_topic(irc, room, false);
	irc_mark_of_room(irc, room);
	if (!irc_can(irc, CAP_NO_IMPLICIT_NAMES)) {
		irc_say_names(irc, room);
	}
	irc_metadata_of_room(irc, room);
}

/* `since`: who is back is told what it has missed; 0: whoever comes is told the last lines. */
static void say_room(struct irc *irc, uint64_t room, uint64_t seq, uint64_t since) {
	say_present(irc, room);
	if (since != 0) {
		uint64_t joined =
			state_member_since(irc->edge->state, room, stream_person(irc->to));
		irc_missed(irc, room, view_room_name(irc->edge->state, room),
		           since > joined ? since : joined);
	} else if (!irc_can(irc, CAP_CHATHISTORY) && !irc_can(irc, CAP_PLAYBACK) &&
	           (irc->user->bits & PERSON_WANTS_NO_BACKLOG) == 0) {
		irc_backlog(irc, room, seq);
	}
}

static void on_joined(struct irc *irc, const struct record *entry) {
	struct irc_rendering how = form_for(irc);
	how.form &= ~(uint32_t)FORM_AWAY;
	say_rendered(irc, &how, entry);
	say_room(irc, entry->room, entry->seq - 1, 0);
}

static void say_own_join(struct irc *irc, uint64_t room) {
	const struct state *state = irc->edge->state;
	const struct person *self = irc_self(irc);
	const struct record joined = {.kind = ENTRY_JOINED,
	                              .time_us = irc_now_us(irc),
	                              .person = person_id(self),
	                              .name = person_name(self),
	                              .userhost = view_userhost(state, self),
	                              .bits = person_bits(state, self),
	                              .room = room};
	struct irc_rendering how = form_for(irc);
	how.form &= ~(uint32_t)FORM_AWAY;
	how.room = room;
	say_rendered(irc, &how, &joined);
}

void irc_say_joined(struct irc *irc, uint64_t room) {
	say_own_join(irc, room);
	say_present(irc, room);
}

/* Who comes back after its edge died finds its rooms, and what was said in them meanwhile. */
void irc_say_rooms(struct irc *irc) {
	uint64_t rooms[ROOMS_PER_PERSON_MAX];
	const struct state *state = irc->edge->state;
	const struct person *self = irc_self(irc);
	size_t count = self == NULL ? 0 : person_rooms(state, self, rooms, ROOMS_PER_PERSON_MAX);
	uint64_t since = irc_missed_since(irc);
	for (size_t i = 0; i < count && i < ROOMS_PER_PERSON_MAX; i++) {
		say_own_join(irc, rooms[i]);
		say_room(irc, rooms[i], state_seq(state), since);
	}
	if (since != 0) {
		irc_missed_threads(irc, since);
	}
	irc_say_letters(irc);
}

static void tell_if_away(struct irc *irc, uint64_t person) {
	const struct person *it = state_person(irc->edge->state, person);
	struct slice away = it == NULL ? irc_nothing() : view_away(irc->edge->state, it);
	if (away.size > 0) {
		irc_numeric_with(irc, RPL_AWAY, person_name(it), away);
	}
}

static void on_said(struct irc *irc, const struct record *entry) {
	if (irc_can(irc, CAP_ECHO_MESSAGE)) {
		irc_say_entry(irc, entry);
	}
	if (entry->kind == ENTRY_DIRECT && (entry->bits & SAID_IS_NOTICE) == 0) {
		tell_if_away(irc, entry->target);
	}
}

static void on_invited(struct irc *irc, const struct record *entry) {
	irc_begin_numeric(irc, RPL_INVITING);
	irc_put_parameter(&irc->at, entry->by);
	irc_put_parameter(&irc->at, view_room_name(irc->edge->state, entry->room));
	irc_end_line(irc);
	tell_if_away(irc, entry->target);
}

static void on_profile(struct irc *irc, const struct record *entry) {
	uint64_t before = irc->user->bits, after = entry->bits & PERSON_BITS;
	uint64_t modes = PERSON_BITS & ~(uint64_t)PERSON_HAS_ACCOUNT;
	irc_say_entry(irc, entry);
	irc->user->bits = after;
	uint64_t taken = before & ~after & modes, given = after & ~before & modes;
	if ((given & PERSON_IS_OPERATOR) != 0) {
		irc_numeric(irc, RPL_YOUREOPER, irc_nothing(), irc_nothing());
	}
	if (taken == 0 && given == 0) {
		return;
	}
	irc->at = irc_line_at(irc->line, sizeof(irc->line));
	irc_put_source(&irc->at, irc_config(irc)->server, entry);
	irc_put_text(&irc->at, " MODE ");
	irc_put(&irc->at, entry->name);
	irc_put_text(&irc->at, " ");
	if (given != 0) {
		irc_put_text(&irc->at, "+");
		irc_put_person_modes(&irc->at, given);
	}
	if (taken != 0) {
		irc_put_text(&irc->at, "-");
		irc_put_person_modes(&irc->at, taken);
	}
	irc_end_line(irc);
}

static void say_parted(struct irc *irc, struct slice who, uint64_t room, struct slice why) {
	irc->at = irc_line_at(irc->line, sizeof(irc->line));
	irc_put_text(&irc->at, ":");
	irc_put(&irc->at, who);
	irc_put_text(&irc->at, " PART");
	irc_put_parameter(&irc->at, view_room_name(irc->edge->state, room));
	irc_put_last(irc, why);
	irc_end_line(irc);
}

/* It moves over to its account's person, and is nobody any more: register.c says who it is. */
static void on_moving(struct irc *irc, const struct record *entry) {
	char text[NAME_BYTES_MAX + USERHOST_BYTES_MAX + 2];
	uint64_t rooms[ROOMS_PER_PERSON_MAX];
	struct irc_line before = irc_line_at(text, sizeof(text));
	/* Whoever it was may have other connections, and go on. */
	const struct person *was = state_person(irc->edge->state, entry->person);
	size_t count =
		was == NULL ? 0 : person_rooms(irc->edge->state, was, rooms, ROOMS_PER_PERSON_MAX);
	irc_put(&before, entry->name);
	irc_put_text(&before, "!");
	irc_put(&before, entry->userhost);
	for (size_t i = 0; i < count; i++) {
		say_parted(irc, irc_line_slice(&before), rooms[i], entry->text);
	}
	for (size_t i = 0; was == NULL && i < record_rooms_count(entry); i++) {
		say_parted(irc, irc_line_slice(&before), record_room(entry, i), entry->text);
	}
	free(irc->user->was);
	irc->user->was = strndup(text, before.size);
}

/* Nobody asked for it here. */
static void on_ended(struct irc *irc, const struct record *entry) {
	if (entry->reason == REASON_SAME_NAME_ELSEWHERE) {
		on_moving(irc, entry);
	} else {
		irc_close(irc, entry->text.size > 0 ? entry->text : irc_word("Session ended"));
	}
}

static void on_killed(struct irc *irc, const struct record *entry) {
	char text[KILLED_BYTES_MAX];
	struct slice why = irc_put_killed(text, irc_config(irc)->server, entry);
	irc_begin_line(irc, "KILL ");
	irc_put(&irc->at, entry->name);
	irc_put_last(irc, entry->text.size > 0 ? entry->text : why);
	irc_end_line(irc);
	irc_close(irc, why);
}

/* What one connection does is not what the others of its person do. */
static bool is_of_others(const struct irc *irc, const struct record *entry) {
	switch (entry->kind) {
	case ENTRY_ENTERED:
	case ENTRY_ATTACHED:
	case ENTRY_DETACHED:
	case ENTRY_SAID:
	case ENTRY_DIRECT:
	case ENTRY_SAID_TO:
	case ENTRY_TAGGED:
	case ENTRY_INVITED: return stream_session(irc->to) != entry->session;
	default: return false;
	}
}

void irc_own_entry(struct irc *irc, const struct record *entry) {
	if (is_of_others(irc, entry)) {
		return;
	}
	switch (entry->kind) {
	case ENTRY_ENTERED:
	case ENTRY_ATTACHED: irc_entered(irc); break;
	case ENTRY_DETACHED:
	case ENTRY_LEFT: on_ended(irc, entry); break;
	case ENTRY_JOINED: on_joined(irc, entry); break;
	case ENTRY_SAID:
	case ENTRY_DIRECT:
	case ENTRY_SAID_TO:
	case ENTRY_REDACTED:
	case ENTRY_TAGGED: on_said(irc, entry); break;
	case ENTRY_PARTED:
	case ENTRY_RENAMED:
	case ENTRY_TOPIC:
	case ENTRY_MODE:
	case ENTRY_PUT_OUT: irc_say_entry(irc, entry); break;
	case ENTRY_ROOM_RENAMED: irc_own_rename(irc, entry); break;
	case ENTRY_INVITED: on_invited(irc, entry); break;
	case ENTRY_AWAY:
		irc_numeric(irc, entry->text.size > 0 ? RPL_NOWAWAY : RPL_UNAWAY, irc_nothing(),
		            irc_nothing());
		break;
	case ENTRY_PROFILE: on_profile(irc, entry); break;
	case ENTRY_MARKED: irc_own_mark(irc, entry); break;
	case ENTRY_METADATA: irc_own_metadata(irc, entry); break;
	case ENTRY_KICKED: on_killed(irc, entry); break;
	case ENTRY_BANNED:
	case ENTRY_UNBANNED:
	case ENTRY_SERVER_SET: irc_ban_done(irc, entry); break;
	default: break;
	}
}

/* ---- others' ---- */

struct others {
	struct irc *irc;
	const struct record *entry;
};

static bool is_in(const struct stream_connection *it) {
	return stream_person(it) != 0 && stream_own(it) != NULL;
}

/* Who came back into several rooms at once. */
static bool tell_entered(void *context, struct stream_connection *it) {
	const struct others *others = context;
	struct irc *irc = others->irc;
	uint64_t self = stream_person(it);
	if (!is_in(it) || self == others->entry->person) {
		return true;
	}
	irc_talk_to(irc, it);
	for (size_t i = 0; i < record_rooms_count(others->entry); i++) {
		uint64_t room = record_room(others->entry, i);
		if (state_is_member(irc->edge->state, room, self)) {
			struct irc_rendering how = form_for(irc);
			how.room = room;
			say_rendered(irc, &how, others->entry);
		}
	}
	irc_flush(irc);
	return true;
}

/* Who is not in the lobby hears a shout by itself. */
static bool tell_shouted(void *context, struct stream_connection *it) {
	const struct others *others = context;
	struct irc *irc = others->irc;
	if (is_in(it) && !state_is_member(irc->edge->state, ROOM_LOBBY, stream_person(it))) {
		irc_talk_to(irc, it);
		irc_notice(irc, NULL, others->entry->text);
		irc_flush(irc);
	}
	return true;
}

static bool wants_invitations(const struct irc *irc, const struct record *entry,
                              const struct stream_connection *it) {
	uint64_t self = stream_person(it);
	return irc_can(irc, CAP_INVITE_NOTIFY) && self != entry->target && self != entry->person &&
	       (state_member_bits(irc->edge->state, entry->room, self) & MEMBER_IS_OPERATOR) != 0;
}

static bool tell_invited(void *context, struct stream_connection *it) {
	const struct others *others = context;
	struct irc *irc = others->irc;
	if (!is_in(it)) {
		return true;
	}
	irc_talk_to(irc, it);
	if (wants_invitations(irc, others->entry, it)) {
		irc_say_entry(irc, others->entry);
		irc_flush(irc);
	}
	return true;
}

/* The house is closed: whoever is here, in or not, is told why, and goes. */
static bool tell_closed(void *context, struct stream_connection *it) {
	const struct others *others = context;
	struct irc *irc = others->irc;
	char text[IRC_LINE_BYTES_MAX];
	size_t size =
		words_ended(irc->edge->house.options->language, others->entry, text, sizeof(text));
	if (stream_own(it) != NULL) {
		irc_talk_to(irc, it);
		irc_notice(irc, NULL, slice_of(text, size));
		irc_close(irc, slice_of(text, size));
	}
	return true;
}

void irc_others_entry(struct irc *irc, const struct record *entry) {
	struct others others = {.irc = irc, .entry = entry};
	switch (entry->kind) {
	case ENTRY_CLOSED: stream_each(irc->stream, tell_closed, &others); break;
	case ENTRY_ENTERED:
		if (record_rooms_count(entry) > 1) {
			stream_each(irc->stream, tell_entered, &others);
		}
		break;
	case ENTRY_SHOUTED: stream_each(irc->stream, tell_shouted, &others); break;
	case ENTRY_INVITED: stream_each(irc->stream, tell_invited, &others); break;
	case ENTRY_JOINED: irc_metadata_of_newcomer(irc, entry); break;
	case ENTRY_ROOM_RENAMED: irc_others_rename(irc, entry); break;
	case ENTRY_METADATA: irc_other_metadata(irc, entry); break;
	case ENTRY_SERVER_SET: irc_follow_offer(irc); break;
	default: break;
	}
}
