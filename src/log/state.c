/*
 * What entries mean: state_apply(), one function a kind.
 */
#include "state.h"

#include <assert.h>
#include <string.h>

#include "state_inner.h"

/* Rooms that are there, each once, and no more than a person may be in. */
static bool are_rooms_good(const struct state *state, const struct record *entry) {
	size_t count = record_rooms_count(entry);
	if (count > ROOMS_PER_PERSON_MAX) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (find_room(state, record_room(entry, i)) == 0) {
			return false;
		}
		for (size_t j = 0; j < i; j++) {
			if (record_room(entry, i) == record_room(entry, j)) {
				return false;
			}
		}
	}
	return true;
}

static bool is_name_good(struct slice name) {
	return name.size > 0 && name.size <= NAME_BYTES_MAX;
}

static enum state_error on_entered(struct state *state, const struct record *entry) {
	if (entry->person == 0 || find_person(state, entry->person) != 0 || entry->session == 0 ||
	    find_session(state, entry->session) != 0 || !is_name_good(entry->name) ||
	    find_person_named(state, entry->name) != 0 ||
	    (entry->has_route && find_session_at(state, &entry->route.peer) != 0) ||
	    !are_rooms_good(state, entry)) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t person = add_person(state, entry->person, entry->name, entry->time_us);
	for (size_t i = 0; i < record_rooms_count(entry); i++) {
		add_member(state, find_room(state, record_room(entry, i)), person);
	}
	add_session(state, entry->session, person, entry);
	return STATE_OK;
}

static enum state_error on_ended(struct state *state, const struct record *entry) {
	uint32_t person = find_person(state, entry->person);
	if (person == 0) {
		return STATE_IMPOSSIBLE;
	}
	end_person(state, person);
	return STATE_OK;
}

static size_t find_mute(const struct state *state, struct slice name) {
	struct name_key key;
	if (name_key(name, &key) == NAME_OK) {
		for (size_t i = 0; i < state->restrictions_count; i++) {
			if (state->restrictions[i]->shown.is_mute &&
			    name_key_equal(&state->restrictions[i]->key, &key)) {
				return i;
			}
		}
	}
	return state->restrictions_count;
}

static size_t find_restriction(const struct state *state, uint64_t id) {
	size_t i = 0;
	while (i < state->restrictions_count && state->restrictions[i]->shown.id != id) {
		i++;
	}
	return i;
}

static bool lasts_longer(const struct restriction *a, const struct restriction *b) {
	return a->until_us == 0 || (b->until_us != 0 && a->until_us > b->until_us);
}

/*
 * A mute stays with who was muted: it follows to the new name. If that one is
 * muted as well, the longer of the two remains.
 */
static void move_mute(struct state *state, struct slice from, struct slice to) {
	size_t old = find_mute(state, from);
	size_t other = find_mute(state, to);
	if (old == state->restrictions_count || other == old) {
		return;
	}
	/* Its texts are about to be freed with it: copy what they point to. */
	const struct restriction_kept copy = *state->restrictions[old];
	char by[NAME_BYTES_MAX], why[WHY_BYTES_MAX];
	memcpy(by, copy.shown.by.bytes, copy.shown.by.size);
	memcpy(why, copy.shown.why.bytes, copy.shown.why.size);
	struct record moved = {.name = to,
	                       .until_us = copy.shown.until_us,
	                       .by = slice_of(by, copy.shown.by.size),
	                       .text = slice_of(why, copy.shown.why.size)};
	if (other != state->restrictions_count) {
		bool is_longer = lasts_longer(&copy.shown, &state->restrictions[other]->shown);
		remove_restriction(state, is_longer ? other : old);
		if (!is_longer) {
			return;
		}
		old = find_mute(state, from);
	}
	remove_restriction(state, old);
	add_restriction(state, copy.shown.id, true, &moved, copy.shown.since_us);
}

static enum state_error on_renamed(struct state *state, const struct record *entry) {
	uint32_t person = find_person(state, entry->person);
	if (person == 0 || !is_name_good(entry->name)) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t holder = find_person_named(state, entry->name);
	if (holder != 0 && holder != person) {
		return STATE_IMPOSSIBLE;
	}
	move_mute(state, person_name(person_at(state, person)), entry->name);
	rename_person(state, person, entry->name);
	return STATE_OK;
}

static enum state_error on_moved(struct state *state, const struct record *entry) {
	uint32_t session = find_session(state, entry->session);
	if (session == 0) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t there = entry->has_route ? find_session_at(state, &entry->route.peer) : 0;
	if (there != 0 && there != session) {
		return STATE_IMPOSSIBLE;
	}
	move_session(state, session, entry);
	return STATE_OK;
}

static enum state_error on_muted(struct state *state, const struct record *entry) {
	if (!is_restriction_good(entry)) {
		return STATE_IMPOSSIBLE;
	}
	size_t old = find_mute(state, entry->name);
	if (old != state->restrictions_count) {
		remove_restriction(state, old);
	}
	add_restriction(state, entry->seq, true, entry, entry->time_us);
	return STATE_OK;
}

static enum state_error on_banned(struct state *state, const struct record *entry) {
	if (!is_restriction_good(entry)) {
		return STATE_IMPOSSIBLE;
	}
	add_restriction(state, entry->seq, false, entry, entry->time_us);
	return STATE_OK;
}

static enum state_error on_lifted(struct state *state, const struct record *entry) {
	size_t index = find_restriction(state, entry->target);
	if (index == state->restrictions_count) {
		return STATE_IMPOSSIBLE;
	}
	remove_restriction(state, index);
	return STATE_OK;
}

static enum state_error on_closed(struct state *state) {
	for (uint32_t i = 0; i <= state->people_by_id.mask; i++) {
		while (state->people_by_id.buckets[i] != 0) {
			end_person(state, state->people_by_id.buckets[i]);
		}
	}
	return STATE_OK;
}

static enum state_error on_room_made(struct state *state, const struct record *entry) {
	if (find_room(state, entry->seq) != 0 || entry->name.size == 0 ||
	    entry->name.size > ROOM_NAME_BYTES_MAX || find_room_named(state, entry->name) != 0) {
		return STATE_IMPOSSIBLE;
	}
	add_room(state, entry->seq, entry->name);
	return STATE_OK;
}

static enum state_error apply_kind(struct state *state, const struct record *entry) {
	switch (entry->kind) {
	case ENTRY_ENTERED: return on_entered(state, entry);
	case ENTRY_LEFT: return on_ended(state, entry);
	case ENTRY_KICKED: return on_ended(state, entry);
	case ENTRY_RENAMED: return on_renamed(state, entry);
	case ENTRY_MOVED: return on_moved(state, entry);
	case ENTRY_MUTED: return on_muted(state, entry);
	case ENTRY_UNMUTED: return on_lifted(state, entry);
	case ENTRY_BANNED: return on_banned(state, entry);
	case ENTRY_UNBANNED: return on_lifted(state, entry);
	case ENTRY_CLOSED: return on_closed(state);
	case ENTRY_ROOM_MADE: return on_room_made(state, entry);
	case ENTRY_SAID: return STATE_OK;
	case ENTRY_SHOUTED: return STATE_OK;
	default: return STATE_IMPOSSIBLE;
	}
}

enum state_error state_apply(struct state *state, const struct record *entry,
                             state_changed *changed, void *context) {
	if (!record_is_entry(entry)) {
		return STATE_OK;
	}
	/* Numbers rise; they may leave some out (after a ring that was not trusted). */
	if (entry->seq <= state->seq || entry->time_us < state->time_us) {
		return STATE_IMPOSSIBLE;
	}
	state->changed = changed;
	state->context = context;
	enum state_error error = apply_kind(state, entry);
	state->changed = NULL;
	if (error == STATE_OK) {
		state->seq = entry->seq;
		state->time_us = entry->time_us;
	}
	return error;
}
