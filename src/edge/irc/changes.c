/*
 * changes.c - what people are, for readers who have missed how they became it.
 *
 * That somebody is away, has another real name, account or host now, is an entry like others for who
 * reads live; but no history keeps it. So who was far behind, or everybody when the ring went on
 * without this edge, is told what those are now who changed lately and whom they see. Nobody minds
 * hearing it twice.
 */
#include "irc_inside.h"
#include "irc_view.h"

void irc_note_change(struct irc *irc, uint64_t person) {
	/* Each once, in the place of its last change. */
	for (size_t i = 0; i < IRC_CHANGES_MAX; i++) {
		if (irc->changes[i] == person) {
			irc->changes[i] = 0;
		}
	}
	irc->changes[irc->changes_at] = person;
	irc->changes_at = (irc->changes_at + 1) % IRC_CHANGES_MAX;
}

/* ---- overtaken: what the new state has otherwise ---- */

static bool is_changed(const struct state *before, const struct person *then,
                       const struct state *now, const struct person *it) {
	return person_bits(before, then) != person_bits(now, it) ||
	       !slice_equal(view_away(before, then), view_away(now, it)) ||
	       !slice_equal(person_userhost(before, then), person_userhost(now, it)) ||
	       !slice_equal(person_realname(before, then), person_realname(now, it));
}

static void compare(struct irc *irc, uint64_t id) {
	const struct state *before = irc->edge->state_before, *now = irc->edge->state;
	const struct person *then = state_person(before, id), *it = state_person(now, id);
	if (then != NULL && it != NULL && is_changed(before, then, now, it)) {
		irc_note_change(irc, id);
	}
}

static bool compare_connected(void *context, const struct session *session) {
	struct irc *irc = context;
	compare(irc, session_person(irc->edge->state_before, session));
	return true;
}

/* Who has no session is an account's. */
static bool compare_account(void *context, uint64_t account) {
	struct irc *irc = context;
	compare(irc, state_account_person(irc->edge->state_before, account));
	return true;
}

void irc_compare_states(struct irc *irc) {
	if (irc->edge->state_before != NULL) {
		state_sessions_each(irc->edge->state_before, compare_connected, irc);
		state_accounts_each(irc->edge->state_before, compare_account, irc);
	}
}

/* ---- telling ---- */

bool irc_shares_room(const struct irc *irc, const struct person *person, uint64_t self) {
	uint64_t rooms[ROOMS_PER_PERSON_MAX];
	const struct state *state = irc->edge->state;
	size_t count = person_rooms(state, person, rooms, ROOMS_PER_PERSON_MAX);
	for (size_t i = 0; i < count && i < ROOMS_PER_PERSON_MAX; i++) {
		if (state_is_member(state, rooms[i], self)) {
			return true;
		}
	}
	return false;
}

static void tell_about(struct irc *irc, const struct person *person) {
	const struct state *state = irc->edge->state;
	struct record entry = {.kind = ENTRY_AWAY,
	                       .person = person_id(person),
	                       .time_us = irc_now_us(irc),
	                       .name = person_name(person),
	                       .userhost = view_userhost(state, person),
	                       .text = view_away(state, person),
	                       .bits = person_bits(state, person)};
	if (person_id(person) == stream_person(irc->to)) {
		/* Oneself: how one's modes differ from what one was told. */
		entry.kind = ENTRY_PROFILE;
		entry.number = PROFILE_MODES;
		irc_own_entry(irc, &entry);
		return;
	}
	irc_say_entry(irc, &entry);
	entry.kind = ENTRY_PROFILE;
	entry.number = PROFILE_REALNAME | PROFILE_ACCOUNT | PROFILE_USERHOST;
	entry.text = view_realname(state, person);
	irc_say_entry(irc, &entry);
}

static bool hears_by_watching(const struct irc *irc, const struct person *person) {
	return irc_can(irc, CAP_EXTENDED_MONITOR) && irc_watches(irc, person);
}

void irc_tell_changes(struct irc *irc, struct stream_connection *to) {
	uint64_t self = stream_person(to);
	if (self == 0 || stream_own(to) == NULL) {
		return;
	}
	irc_talk_to(irc, to);
	for (size_t i = 0; i < IRC_CHANGES_MAX; i++) {
		const struct person *person =
			irc->changes[i] == 0 ? NULL
					     : state_person(irc->edge->state, irc->changes[i]);
		if (person != NULL && person_is_present(person) &&
		    (irc_shares_room(irc, person, self) || hears_by_watching(irc, person))) {
			tell_about(irc, person);
		}
	}
	irc_metadata_missed(irc);
	irc_say_marks(irc);
	irc_flush(irc);
}
