/*
 * What the entries mean that are about what few have: topics, modes, invitations,
 * profiles.
 */
#include <assert.h>

#include "mode_text.h"
#include "state_inner.h"

static struct charter *charter_of(struct state *state, uint32_t room, uint32_t *handle) {
	*handle = take_charter(state, room);
	return pool_at(&state->sides.charters, *handle);
}

/* ---- rooms ---- */

void note_founder(struct state *state, uint32_t room, const struct record *made) {
	uint32_t handle;
	struct charter *charter = charter_of(state, room, &handle);
	if ((made->bits & ROOM_BITS) != 0) {
		charter->bits = made->bits & ROOM_BITS;
	}
	charter->founder = made->person;
	link_founder(state, room, made->by.size > 0 ? find_account_named(state, made->by) : 0);
	tell_charter(state, handle);
}

enum state_error on_topic(struct state *state, const struct record *entry) {
	uint32_t handle, room = find_room(state, entry->room);
	if (room == 0 || entry->text.size > TOPIC_BYTES_MAX || entry->name.size > NAME_BYTES_MAX) {
		return STATE_IMPOSSIBLE;
	}
	struct charter *charter = charter_of(state, room, &handle);
	bool is_set = entry->text.size > 0;
	set_text(state, &charter->topic, entry->text);
	set_text(state, &charter->topic_by, is_set ? entry->name : slice_of(NULL, 0));
	charter->topic_since_us = is_set ? entry->time_us : 0;
	tell_charter(state, handle);
	note_said(state, room, entry->seq);
	return STATE_OK;
}

/* A room's topic, if it was set under the name since then. */
static void take_topic(struct state *state, uint32_t room, struct slice name, uint64_t since_us) {
	uint32_t handle = find_charter(state, room);
	struct charter *charter = handle == 0 ? NULL : pool_at(&state->sides.charters, handle);
	if (charter == NULL || charter->topic_since_us < since_us ||
	    !name_equal(text_of(state, charter->topic_by), name)) {
		return;
	}
	set_text(state, &charter->topic, slice_of(NULL, 0));
	set_text(state, &charter->topic_by, slice_of(NULL, 0));
	charter->topic_since_us = 0;
	tell_charter(state, handle);
}

/* The account and its person end with the entry behind it. */
enum state_error on_erased(struct state *state, const struct record *entry) {
	if (find_account(state, entry->target) == 0 || entry->name.size > NAME_BYTES_MAX) {
		return STATE_IMPOSSIBLE;
	}
	for (uint32_t i = 0; i < state->rooms_by_id.size; i++) {
		uint32_t at = *table_bucket(&state->rooms_by_id, i);
		for (; at != 0; at = table_next(&state->rooms_by_id, at)) {
			take_topic(state, at, entry->name, entry->since_us);
		}
	}
	return STATE_OK;
}

/* The member that a change names; 0: nobody is that. */
static uint32_t member_named(const struct state *state, uint32_t room, struct slice name) {
	uint32_t person = find_person_named(state, name);
	return person == 0 ? 0 : find_member(state, room, person);
}

/* A limit as a number: digits, at least 1; 0 if it is none. */
static uint32_t limit_of(struct slice digits) {
	uint64_t limit = 0;
	for (size_t i = 0; i < digits.size && limit <= UINT32_MAX; i++) {
		if (digits.bytes[i] < '0' || digits.bytes[i] > '9') {
			return 0;
		}
		limit = limit * 10 + (uint64_t)(digits.bytes[i] - '0');
	}
	return limit <= UINT32_MAX ? (uint32_t)limit : 0;
}

static bool is_change_possible(const struct state *state, uint32_t room,
                               const struct mode_change *change, const struct record *entry) {
	switch (change->type) {
	case MODE_TYPE_FLAG: return true;
	case MODE_TYPE_OFFICE: return member_named(state, room, change->argument) != 0;
	case MODE_TYPE_LIMIT: return !change->is_set || limit_of(change->argument) != 0;
	case MODE_TYPE_SLOW:
		return !change->is_set || (limit_of(change->argument) != 0 &&
		                           limit_of(change->argument) <= ROOM_SLOW_SECONDS_MAX);
	case MODE_TYPE_FORWARD:
		return !change->is_set ||
		       (change->argument.size > 0 && change->argument.size <= ROOM_NAME_BYTES_MAX);
	case MODE_TYPE_KEY:
		return !change->is_set ||
		       (entry->secret.size > 0 && entry->secret.size <= ROOM_KEY_BYTES_MAX);
	case MODE_TYPE_LIST:
		return change->argument.size > 0 && change->argument.size <= MASK_BYTES_MAX;
	case MODE_TYPE_UNKNOWN: return false;
	}
	return false;
}

static bool is_mode_possible(const struct state *state, uint32_t room, const struct record *entry) {
	struct mode_walk walk = mode_walk_of(entry->text);
	struct mode_change change;
	unsigned changes = 0;
	while (mode_walk_next(&walk, &change)) {
		if (++changes > MODE_CHANGES_MAX ||
		    !is_change_possible(state, room, &change, entry)) {
			return false;
		}
	}
	return changes > 0;
}

static void change_list(struct state *state, uint32_t room, const struct mode_change *change,
                        const struct record *entry, unsigned which) {
	uint32_t mask = find_mask(state, room, change->letter, change->argument);
	if (change->is_set && mask == 0 &&
	    count_masks(state, room, change->letter) < MASKS_PER_LIST_MAX) {
		add_mask(state, room,
		         &(struct record){.target = entry->seq << 8 | which,
		                          .number = (uint8_t)change->letter,
		                          .name = change->argument,
		                          .by = entry->name,
		                          .since_us = entry->time_us});
	} else if (!change->is_set && mask != 0) {
		end_mask(state, room, mask);
	}
}

static void change_rules(struct state *state, uint32_t room, const struct mode_change *change) {
	const struct record row = row_of_rules(state, room);
	if (change->type == MODE_TYPE_SLOW) {
		set_rules(state, room, change->is_set ? limit_of(change->argument) : 0,
		          row.other_name);
	} else {
		set_rules(state, room, (uint32_t)row.number,
		          change->is_set ? change->argument : slice_of(NULL, 0));
	}
}

static void change_mode(struct state *state, uint32_t room, const struct mode_change *change,
                        const struct record *entry, unsigned which) {
	uint32_t handle;
	struct charter *charter = charter_of(state, room, &handle);
	switch (change->type) {
	case MODE_TYPE_FLAG:
		charter->bits =
			change->is_set ? charter->bits | change->bit : charter->bits & ~change->bit;
		break;
	case MODE_TYPE_LIMIT:
		charter->limit = change->is_set ? limit_of(change->argument) : 0;
		break;
	case MODE_TYPE_KEY:
		set_text(state, &charter->key, change->is_set ? entry->secret : slice_of(NULL, 0));
		break;
	case MODE_TYPE_SLOW:
	case MODE_TYPE_FORWARD: change_rules(state, room, change); return;
	case MODE_TYPE_LIST: change_list(state, room, change, entry, which); break;
	case MODE_TYPE_OFFICE: {
		uint32_t member = member_named(state, room, change->argument);
		uint32_t bits = member_bits(state, member);
		set_member_bits(state, member,
		                change->is_set ? bits | change->bit : bits & ~change->bit);
		break;
	}
	case MODE_TYPE_UNKNOWN: assert(!"a change that is possible"); break;
	}
	if (change->type != MODE_TYPE_LIST && change->type != MODE_TYPE_OFFICE) {
		tell_charter(state, handle);
	}
}

enum state_error on_mode(struct state *state, const struct record *entry) {
	uint32_t room = find_room(state, entry->room);
	if (room == 0 || entry->name.size > NAME_BYTES_MAX ||
	    !is_mode_possible(state, room, entry)) {
		return STATE_IMPOSSIBLE;
	}
	struct mode_walk walk = mode_walk_of(entry->text);
	struct mode_change change;
	for (unsigned which = 0; mode_walk_next(&walk, &change); which++) {
		change_mode(state, room, &change, entry, which);
	}
	note_said(state, room, entry->seq);
	return STATE_OK;
}

enum state_error on_invited(struct state *state, const struct record *entry) {
	uint32_t room = find_room(state, entry->room);
	uint32_t person = find_person(state, entry->target);
	if (room == 0 || person == 0) {
		return STATE_IMPOSSIBLE;
	}
	if (find_invitation(state, room, person) != 0) {
		return STATE_OK;
	}
	if (count_invitations(state, room) >= INVITATIONS_PER_ROOM_MAX) {
		return STATE_IMPOSSIBLE;
	}
	add_invitation(state, room, person);
	return STATE_OK;
}

/* ---- people ---- */

/* Its row as it is now: what an entry changes of it is put in, and it is set. */
static bool profile_of(const struct state *state, uint64_t id, uint32_t *person,
                       struct record *row) {
	*person = find_person(state, id);
	if (*person == 0 || person_at(state, *person)->is_dormant) {
		return false;
	}
	*row = row_of_profile(state, *person);
	return true;
}

void note_profile(struct state *state, uint32_t person, const struct record *entered) {
	struct record row = {
		.userhost = entered->userhost, .text = entered->text, .bits = entered->bits};
	set_profile(state, person, &row);
}

enum state_error on_away(struct state *state, const struct record *entry) {
	struct record row;
	uint32_t person;
	if (!profile_of(state, entry->person, &person, &row) || entry->text.size > AWAY_BYTES_MAX) {
		return STATE_IMPOSSIBLE;
	}
	row.other_name = entry->text;
	set_profile(state, person, &row);
	return STATE_OK;
}

enum state_error on_profile(struct state *state, const struct record *entry) {
	struct record row;
	uint32_t person;
	if (!profile_of(state, entry->person, &person, &row)) {
		return STATE_IMPOSSIBLE;
	}
	row.userhost = entry->number & PROFILE_USERHOST ? entry->userhost : row.userhost;
	row.text = entry->number & PROFILE_REALNAME ? entry->text : row.text;
	if (entry->number & (PROFILE_ACCOUNT | PROFILE_MODES)) {
		row.bits = entry->bits & PERSON_BITS;
	}
	if (!is_profile_good(&row)) {
		return STATE_IMPOSSIBLE;
	}
	set_profile(state, person, &row);
	if ((entry->number & PROFILE_ACCOUNT) != 0 && (row.bits & PERSON_HAS_ACCOUNT) != 0) {
		bind_account(state, person, entry);
	}
	return STATE_OK;
}
