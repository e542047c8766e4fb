/*
 * What few have, as others see it, and as rows.
 */
#include <assert.h>

#include "state_inner.h"

/* ---- getters ---- */

/* As its row has it: all empty if it has none. */
static struct record profile_of(const struct state *state, const struct person *person) {
	if (state->sides.profiles.count == 0) {
		return (struct record){0};
	}
	return row_of_profile(state, find_person(state, person->id));
}

size_t state_operators_count(const struct state *state) {
	return state->sides.operators;
}

size_t state_invisible_count(const struct state *state) {
	return state->sides.invisible;
}

uint64_t person_bits(const struct state *state, const struct person *person) {
	return profile_of(state, person).bits;
}

struct slice person_userhost(const struct state *state, const struct person *person) {
	return profile_of(state, person).userhost;
}

struct slice person_realname(const struct state *state, const struct person *person) {
	return profile_of(state, person).text;
}

struct slice person_away(const struct state *state, const struct person *person) {
	return profile_of(state, person).other_name;
}

uint64_t state_account_named(const struct state *state, struct slice name) {
	uint32_t handle = find_account_named(state, name);
	return handle == 0 ? 0
	                   : ((const struct account *)pool_at(&state->sides.accounts, handle))->id;
}

static const struct account *account_of(const struct state *state, uint64_t id) {
	uint32_t handle = find_account(state, id);
	return handle == 0 ? NULL : pool_at(&state->sides.accounts, handle);
}

uint64_t state_account_person(const struct state *state, uint64_t id) {
	const struct account *account = account_of(state, id);
	return account == NULL || account->person == 0 ? 0 : person_at(state, account->person)->id;
}

uint64_t state_account_bits(const struct state *state, uint64_t id) {
	const struct account *account = account_of(state, id);
	return account == NULL ? 0 : account->bits;
}

struct slice state_account_name(const struct state *state, uint64_t id) {
	const struct account *account = account_of(state, id);
	return account == NULL ? slice_of(NULL, 0) : text_of(state, account->name);
}

uint64_t person_account(const struct state *state, const struct person *person) {
	uint32_t handle = state->sides.accounts.count == 0
	                          ? 0
	                          : find_account_of(state, find_person(state, person->id));
	return handle == 0 ? 0
	                   : ((const struct account *)pool_at(&state->sides.accounts, handle))->id;
}

bool state_accounts_each(const struct state *state, bool (*each)(void *context, uint64_t account),
                         void *context) {
	const struct table *table = &state->sides.accounts_by_id;
	for (uint32_t i = 0; i < table->size; i++) {
		for (uint32_t at = *table_bucket(table, i); at != 0; at = table_next(table, at)) {
			const struct account *account = pool_at(&state->sides.accounts, at);
			if (!each(context, account->id)) {
				return false;
			}
		}
	}
	return true;
}

uint64_t state_device_read_up_to(const struct state *state, uint64_t id, struct slice device) {
	uint32_t account = find_account(state, id);
	uint32_t handle = account == 0 ? 0 : find_device(state, account, device);
	return handle == 0 ? 0
	                   : ((const struct device *)pool_at(&state->sides.devices, handle))
	                             ->read_up_to;
}

void state_devices_each(const struct state *state, uint64_t id,
                        bool (*each)(void *context, struct slice device, uint64_t since_us),
                        void *context) {
	uint32_t account = find_account(state, id);
	const struct account *its = account == 0 ? NULL : pool_at(&state->sides.accounts, account);
	for (uint32_t at = its == NULL ? 0 : its->devices; at != 0;) {
		const struct device *device = pool_at(&state->sides.devices, at);
		at = device->next;
		if (!each(context, text_of(state, device->name), device->since_us)) {
			return;
		}
	}
}

struct slice session_device(const struct state *state, const struct session *session) {
	return state->sides.seats.count == 0 ? slice_of(NULL, 0)
	                                     : seat_of(state, find_session(state, session->id));
}

const struct person *state_person_known(const struct state *state, struct slice name) {
	const struct person *present = state_person_named(state, name);
	uint64_t account = present != NULL ? 0 : state_account_named(state, name);
	return account == 0 ? present : state_person(state, state_account_person(state, account));
}

size_t state_accounts_count(const struct state *state) {
	return state->sides.accounts.count;
}

struct room_charter state_room_charter(const struct state *state, uint64_t id) {
	struct room_charter charter = {.bits = ROOM_BITS_AT_FIRST};
	uint32_t room = find_room(state, id);
	if (room != 0 && find_charter(state, room) != 0) {
		const struct record row = row_of_charter(state, room);
		charter = (struct room_charter){.bits = row.bits,
		                                .topic = row.text,
		                                .topic_by = row.by,
		                                .topic_since_us = row.since_us,
		                                .key = row.other_name,
		                                .limit = row.number,
		                                .founder = row.person,
		                                .founder_account = row.name};
	}
	if (room != 0 && find_rules(state, room) != 0) {
		const struct record row = row_of_rules(state, room);
		charter.slow_s = row.number;
		charter.forward = row.other_name;
	}
	return charter;
}

uint64_t state_member_bits(const struct state *state, uint64_t room_id, uint64_t person_id) {
	uint32_t room = find_room(state, room_id);
	uint32_t person = find_person(state, person_id);
	uint32_t member = room != 0 && person != 0 ? find_member(state, room, person) : 0;
	return member == 0 ? 0 : member_bits(state, member);
}

bool state_mask_next(const struct state *state, uint64_t room_id, char letter,
                     struct room_mask *mask) {
	uint32_t room = find_room(state, room_id);
	uint32_t charter = room == 0 ? 0 : find_charter(state, room);
	if (charter == 0) {
		return false;
	}
	uint32_t at = ((const struct charter *)pool_at(&state->sides.charters, charter))->masks;
	for (; at != 0; at = ((const struct mask *)pool_at(&state->sides.masks, at))->next) {
		const struct record row = row_of_mask(state, room, at);
		if (row.target > mask->id && row.number == (uint8_t)letter) {
			*mask = (struct room_mask){.id = row.target,
			                           .letter = letter,
			                           .mask = row.name,
			                           .by = row.by,
			                           .since_us = row.since_us};
			return true;
		}
	}
	return false;
}

size_t state_masks_count(const struct state *state, uint64_t room_id, char letter) {
	uint32_t room = find_room(state, room_id);
	return room == 0 ? 0 : count_masks(state, room, letter);
}

size_t state_invitations_count(const struct state *state, uint64_t room_id) {
	uint32_t room = find_room(state, room_id);
	return room == 0 ? 0 : count_invitations(state, room);
}

bool state_is_invited(const struct state *state, uint64_t room_id, uint64_t person_id) {
	uint32_t room = find_room(state, room_id);
	uint32_t person = find_person(state, person_id);
	return room != 0 && person != 0 && find_invitation(state, room, person) != 0;
}

/* ---- rows ---- */

static void save_profile(const struct saving *saving, uint32_t handle) {
	const struct profile *profile = pool_at(&saving->state->sides.profiles, handle);
	save_row(saving, row_of_profile(saving->state, profile->person));
}

static void save_account(const struct saving *saving, uint32_t handle) {
	const struct state *state = saving->state;
	const struct account *account = pool_at(&state->sides.accounts, handle);
	save_row(saving, row_of_account(state, account));
	for (uint32_t at = account->devices; at != 0;
	     at = ((const struct device *)pool_at(&state->sides.devices, at))->next) {
		save_row(saving, row_of_device(state, account, at));
	}
}

static void save_seat(const struct saving *saving, uint32_t handle) {
	save_row(saving, row_of_seat(saving->state, handle));
}

static void save_charter(const struct saving *saving, uint32_t handle) {
	const struct state *state = saving->state;
	const struct charter *charter = pool_at(&state->sides.charters, handle);
	save_row(saving, row_of_charter(state, charter->room));
	for (uint32_t at = charter->masks; at != 0;
	     at = ((const struct mask *)pool_at(&state->sides.masks, at))->next) {
		save_row(saving, row_of_mask(state, charter->room, at));
	}
	for (uint32_t at = charter->invitations; at != 0;
	     at = ((const struct invitation *)pool_at(&state->sides.invitations, at))->next) {
		save_row(saving, row_of_invitation(state, at));
	}
}

static void save_office(const struct saving *saving, uint32_t handle) {
	save_row(saving, row_of_office(saving->state, handle));
}

void sides_save(const struct state *state, void (*put)(void *context, const struct record *row),
                void *context) {
	const struct saving saving = {.state = state, .put = put, .context = context};
	save_all(&saving, &state->sides.accounts_by_id, save_account);
	save_all(&saving, &state->sides.seats_by_session, save_seat);
	save_all(&saving, &state->sides.profiles_by_person, save_profile);
	save_all(&saving, &state->sides.charters_by_room, save_charter);
	save_all(&saving, &state->sides.offices_by_member, save_office);
	save_marks(state, put, context);
	save_data(state, put, context);
	rules_save(&saving);
	kept_save(&saving);
	standings_save(&saving);
}

static enum state_error load_profile(struct state *state, const struct record *row) {
	uint32_t person = find_person(state, row->person);
	if (person == 0 || !is_profile_good(row) || (row->bits & ~(uint64_t)PERSON_BITS) != 0 ||
	    find_profile(state, person) != 0) {
		return STATE_IMPOSSIBLE;
	}
	set_profile(state, person, row);
	return STATE_OK;
}

static enum state_error load_account(struct state *state, const struct record *row) {
	if (row->target == 0 || row->name.size == 0 || row->name.size > NAME_BYTES_MAX ||
	    find_account(state, row->target) != 0 || find_account_named(state, row->name) != 0) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t person = row->person == 0 ? 0 : find_person(state, row->person);
	if ((row->person != 0 && person == 0) ||
	    (person != 0 && find_account_of(state, person) != 0)) {
		return STATE_IMPOSSIBLE;
	}
	add_account(state, row);
	return STATE_OK;
}

static enum state_error load_device(struct state *state, const struct record *row) {
	uint32_t account = find_account(state, row->target);
	if (account == 0 || row->session == 0 || row->name.size > DEVICE_BYTES_MAX ||
	    find_device(state, account, row->name) != 0) {
		return STATE_IMPOSSIBLE;
	}
	add_device(state, account, row);
	return STATE_OK;
}

static enum state_error load_seat(struct state *state, const struct record *row) {
	uint32_t session = find_session(state, row->session);
	if (session == 0 || (row->name.size == 0 && row->nonce == 0) ||
	    row->name.size > DEVICE_BYTES_MAX || find_seat(state, session) != 0) {
		return STATE_IMPOSSIBLE;
	}
	set_seat(state, session, row->name, row->nonce);
	return STATE_OK;
}

/* A mask or an invitation may have made it before; what the row says is the truth. */
static enum state_error load_charter(struct state *state, const struct record *row) {
	uint32_t room = find_room(state, row->room);
	if (room == 0 || row->text.size > TOPIC_BYTES_MAX || row->by.size > NAME_BYTES_MAX ||
	    row->other_name.size > ROOM_KEY_BYTES_MAX || row->name.size > NAME_BYTES_MAX ||
	    row->number > UINT32_MAX ||
	    (row->bits & ~(uint64_t)(ROOM_BITS | ROOM_IS_REGISTERED)) != 0) {
		return STATE_IMPOSSIBLE;
	}
	struct charter *charter = pool_at(&state->sides.charters, take_charter(state, room));
	charter->bits = (uint32_t)row->bits;
	charter->limit = (uint32_t)row->number;
	charter->founder = row->person;
	charter->topic_since_us = row->since_us;
	set_text(state, &charter->topic, row->text);
	set_text(state, &charter->topic_by, row->by);
	set_text(state, &charter->key, row->other_name);
	/* Whose account has ended has founded nothing, though an older version kept the name. */
	link_founder(state, room, row->name.size > 0 ? find_account_named(state, row->name) : 0);
	charter->bits &= ~(uint32_t)ROOM_IS_REGISTERED;
	set_registered(state, room, (row->bits & ROOM_IS_REGISTERED) != 0);
	return STATE_OK;
}

static enum state_error load_mask(struct state *state, const struct record *row) {
	uint32_t room = find_room(state, row->room);
	if (room == 0 || row->target == 0 || row->name.size == 0 ||
	    row->name.size > MASK_BYTES_MAX || row->by.size > NAME_BYTES_MAX ||
	    (row->number != 'b' && row->number != 'e' && row->number != 'I') ||
	    find_mask(state, room, (char)row->number, row->name) != 0) {
		return STATE_IMPOSSIBLE;
	}
	add_mask(state, room, row);
	return STATE_OK;
}

static enum state_error load_invitation(struct state *state, const struct record *row) {
	uint32_t room = find_room(state, row->room);
	uint32_t person = find_person(state, row->person);
	if (room == 0 || person == 0 || find_invitation(state, room, person) != 0 ||
	    count_invitations(state, room) >= INVITATIONS_PER_ROOM_MAX) {
		return STATE_IMPOSSIBLE;
	}
	add_invitation(state, room, person);
	return STATE_OK;
}

static enum state_error load_office(struct state *state, const struct record *row) {
	uint32_t room = find_room(state, row->room);
	uint32_t person = find_person(state, row->person);
	uint32_t member = room != 0 && person != 0 ? find_member(state, room, person) : 0;
	if (member == 0 || row->bits == 0 || (row->bits & ~(uint64_t)MEMBER_BITS) != 0 ||
	    member_bits(state, member) != 0) {
		return STATE_IMPOSSIBLE;
	}
	set_member_bits(state, member, (uint32_t)row->bits);
	return STATE_OK;
}

enum state_error sides_load(struct state *state, const struct record *row) {
	switch (row->kind) {
	case ROW_PROFILE: return load_profile(state, row);
	case ROW_ACCOUNT: return load_account(state, row);
	case ROW_DEVICE: return load_device(state, row);
	case ROW_SEAT: return load_seat(state, row);
	case ROW_CHARTER: return load_charter(state, row);
	case ROW_MASK: return load_mask(state, row);
	case ROW_INVITATION: return load_invitation(state, row);
	case ROW_OFFICE: return load_office(state, row);
	case ROW_MARK: return load_mark(state, row);
	case ROW_METADATA: return load_datum(state, row);
	case ROW_RULES: return load_rules(state, row);
	case ROW_STANDING: return load_standing(state, row);
	case ROW_SPOKEN: return load_spoken(state, row);
	case ROW_KEPT: return load_kept(state, row);
	/* A row of a newer version: the schema version guards against this. */
	default: return STATE_IMPOSSIBLE;
	}
}
