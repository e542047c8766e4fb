/*
 * What a room is besides its name: its charter, masks, invitations, and the
 * offices of its members; how each is found, made and ended.
 */
#include <assert.h>

#include "state_inner.h"

static struct charter *charter_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.charters, handle);
}
static struct mask *mask_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.masks, handle);
}
static struct invitation *invitation_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.invitations, handle);
}
static struct office *office_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.offices, handle);
}

static uint64_t charter_room_hash(const void *thing) {
	return hash_number(((const struct charter *)thing)->room);
}
static uint64_t invitation_person_hash(const void *thing) {
	return hash_number(((const struct invitation *)thing)->person);
}
static uint64_t office_member_hash(const void *thing) {
	return hash_number(((const struct office *)thing)->member);
}

void charters_init(struct state *state) {
	struct sides *sides = &state->sides;
	pool_init(&sides->charters, sizeof(struct charter));
	pool_init(&sides->masks, sizeof(struct mask));
	pool_init(&sides->invitations, sizeof(struct invitation));
	pool_init(&sides->offices, sizeof(struct office));
	table_init(&sides->charters_by_room, &sides->charters, offsetof(struct charter, link),
	           charter_room_hash);
	table_init(&sides->invitations_by_person, &sides->invitations,
	           offsetof(struct invitation, link), invitation_person_hash);
	table_init(&sides->offices_by_member, &sides->offices, offsetof(struct office, link),
	           office_member_hash);
}

void charters_finish(struct state *state) {
	struct sides *sides = &state->sides;
	table_finish(&sides->charters_by_room);
	table_finish(&sides->invitations_by_person);
	table_finish(&sides->offices_by_member);
	pool_finish(&sides->charters);
	pool_finish(&sides->masks);
	pool_finish(&sides->invitations);
	pool_finish(&sides->offices);
}

/* ---- charters ---- */

uint32_t find_charter(const struct state *state, uint32_t room) {
	if (state->sides.charters.count == 0) {
		return 0;
	}
	uint32_t handle = table_first(&state->sides.charters_by_room, hash_number(room));
	while (handle != 0 && charter_at(state, handle)->room != room) {
		handle = table_next(&state->sides.charters_by_room, handle);
	}
	return handle;
}

uint32_t take_charter(struct state *state, uint32_t room) {
	uint32_t handle = find_charter(state, room);
	if (handle == 0) {
		handle = pool_take(&state->sides.charters);
		charter_at(state, handle)->room = room;
		charter_at(state, handle)->bits = ROOM_BITS_AT_FIRST;
		table_add(&state->sides.charters_by_room, handle);
		tell_charter(state, handle);
	}
	return handle;
}

struct record row_of_charter(const struct state *state, uint32_t room) {
	const struct charter *charter = charter_at(state, find_charter(state, room));
	return (struct record){.kind = ROW_CHARTER,
	                       .room = room_at(state, room)->id,
	                       .bits = charter->bits,
	                       .number = charter->limit,
	                       .person = charter->founder,
	                       .since_us = charter->topic_since_us,
	                       .text = text_of(state, charter->topic),
	                       .by = text_of(state, charter->topic_by),
	                       .other_name = text_of(state, charter->key),
	                       .name = text_of(state, charter->founder_account)};
}

void tell_charter(struct state *state, uint32_t handle) {
	if (state->changed != NULL) {
		struct record row = row_of_charter(state, charter_at(state, handle)->room);
		tell(state, &row, false);
	}
}

void end_charter(struct state *state, uint32_t room) {
	uint32_t handle = find_charter(state, room);
	if (handle == 0) {
		return;
	}
	struct charter *charter = charter_at(state, handle);
	set_registered(state, room, false);
	end_standings_in(state, room);
	while (charter->masks != 0) {
		end_mask(state, room, charter->masks);
	}
	while (charter->invitations != 0) {
		end_invitation(state, charter->invitations);
	}
	if (state->changed != NULL) {
		struct record row = row_of_charter(state, room);
		tell(state, &row, true);
	}
	uint32_t *texts[] = {&charter->topic, &charter->topic_by, &charter->key,
	                     &charter->founder_account};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		set_text(state, texts[i], slice_of(NULL, 0));
	}
	table_remove(&state->sides.charters_by_room, handle);
	pool_give(&state->sides.charters, handle);
}

/* ---- masks ---- */

static uint32_t first_mask(const struct state *state, uint32_t room) {
	uint32_t charter = find_charter(state, room);
	return charter == 0 ? 0 : charter_at(state, charter)->masks;
}

/* As they were typed, made whole by who asked: letter for letter. */
uint32_t find_mask(const struct state *state, uint32_t room, char letter, struct slice mask) {
	uint32_t handle = first_mask(state, room);
	while (handle != 0 && (mask_at(state, handle)->letter != letter ||
	                       !slice_equal(text_of(state, mask_at(state, handle)->text), mask))) {
		handle = mask_at(state, handle)->next;
	}
	return handle;
}

size_t count_masks(const struct state *state, uint32_t room, char letter) {
	size_t count = 0;
	for (uint32_t at = first_mask(state, room); at != 0; at = mask_at(state, at)->next) {
		count += mask_at(state, at)->letter == letter;
	}
	return count;
}

struct record row_of_mask(const struct state *state, uint32_t room, uint32_t handle) {
	const struct mask *mask = mask_at(state, handle);
	return (struct record){.kind = ROW_MASK,
	                       .target = mask->id,
	                       .room = room_at(state, room)->id,
	                       .number = (uint8_t)mask->letter,
	                       .since_us = mask->since_us,
	                       .name = text_of(state, mask->text),
	                       .by = text_of(state, mask->by)};
}

static void tell_mask(struct state *state, uint32_t room, uint32_t handle, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_mask(state, room, handle);
		tell(state, &row, is_gone);
	}
}

void add_mask(struct state *state, uint32_t room, const struct record *from) {
	uint32_t *at = &charter_at(state, take_charter(state, room))->masks;
	while (*at != 0 && mask_at(state, *at)->id < from->target) {
		at = &mask_at(state, *at)->next;
	}
	uint32_t handle = pool_take(&state->sides.masks);
	struct mask *mask = mask_at(state, handle);
	mask->id = from->target;
	mask->since_us = from->since_us;
	mask->letter = (char)from->number;
	set_text(state, &mask->text, from->name);
	set_text(state, &mask->by, from->by);
	mask->next = *at;
	*at = handle;
	tell_mask(state, room, handle, false);
}

void end_mask(struct state *state, uint32_t room, uint32_t handle) {
	uint32_t *at = &charter_at(state, find_charter(state, room))->masks;
	while (*at != handle) {
		at = &mask_at(state, *at)->next;
	}
	tell_mask(state, room, handle, true);
	*at = mask_at(state, handle)->next;
	set_text(state, &mask_at(state, handle)->text, slice_of(NULL, 0));
	set_text(state, &mask_at(state, handle)->by, slice_of(NULL, 0));
	pool_give(&state->sides.masks, handle);
}

/* ---- invitations ---- */

uint32_t find_invitation(const struct state *state, uint32_t room, uint32_t person) {
	if (state->sides.invitations.count == 0) {
		return 0;
	}
	uint32_t handle = table_first(&state->sides.invitations_by_person, hash_number(person));
	while (handle != 0 && (invitation_at(state, handle)->person != person ||
	                       invitation_at(state, handle)->room != room)) {
		handle = table_next(&state->sides.invitations_by_person, handle);
	}
	return handle;
}

uint32_t count_invitations(const struct state *state, uint32_t room) {
	uint32_t charter = find_charter(state, room);
	return charter == 0 ? 0 : charter_at(state, charter)->invitations_count;
}

static void tell_invitation(struct state *state, uint32_t handle, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_invitation(state, handle);
		tell(state, &row, is_gone);
	}
}

struct record row_of_invitation(const struct state *state, uint32_t handle) {
	const struct invitation *invitation = invitation_at(state, handle);
	return (struct record){.kind = ROW_INVITATION,
	                       .room = room_at(state, invitation->room)->id,
	                       .person = person_at(state, invitation->person)->id};
}

void add_invitation(struct state *state, uint32_t room, uint32_t person) {
	struct charter *charter = charter_at(state, take_charter(state, room));
	assert(charter->invitations_count < INVITATIONS_PER_ROOM_MAX);
	uint32_t handle = pool_take(&state->sides.invitations);
	struct invitation *invitation = invitation_at(state, handle);
	invitation->room = room;
	invitation->person = person;
	uint32_t *at = &charter->invitations;
	while (*at != 0) {
		at = &invitation_at(state, *at)->next;
	}
	*at = handle;
	charter->invitations_count++;
	table_add(&state->sides.invitations_by_person, handle);
	tell_invitation(state, handle, false);
}

void end_invitation(struct state *state, uint32_t handle) {
	struct invitation *invitation = invitation_at(state, handle);
	struct charter *charter = charter_at(state, find_charter(state, invitation->room));
	tell_invitation(state, handle, true);
	uint32_t *at = &charter->invitations;
	while (*at != handle) {
		at = &invitation_at(state, *at)->next;
	}
	*at = invitation->next;
	charter->invitations_count--;
	table_remove(&state->sides.invitations_by_person, handle);
	pool_give(&state->sides.invitations, handle);
}

void end_invitations_of(struct state *state, uint32_t person) {
	if (state->sides.invitations.count == 0) {
		return;
	}
	uint32_t next;
	uint32_t at = table_first(&state->sides.invitations_by_person, hash_number(person));
	for (; at != 0; at = next) {
		next = table_next(&state->sides.invitations_by_person, at);
		if (invitation_at(state, at)->person == person) {
			end_invitation(state, at);
		}
	}
}

/* ---- offices ---- */

static uint32_t find_office(const struct state *state, uint32_t member) {
	if (state->sides.offices.count == 0) {
		return 0;
	}
	uint32_t handle = table_first(&state->sides.offices_by_member, hash_number(member));
	while (handle != 0 && office_at(state, handle)->member != member) {
		handle = table_next(&state->sides.offices_by_member, handle);
	}
	return handle;
}

uint32_t member_bits(const struct state *state, uint32_t member) {
	uint32_t handle = find_office(state, member);
	return handle == 0 ? 0 : office_at(state, handle)->bits;
}

struct record row_of_office(const struct state *state, uint32_t handle) {
	const struct office *office = office_at(state, handle);
	struct record row = row_of_member(state, office->member);
	row.kind = ROW_OFFICE;
	row.number = 0;
	row.bits = office->bits;
	return row;
}

static void tell_office(struct state *state, uint32_t handle, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_office(state, handle);
		tell(state, &row, is_gone);
	}
}

void set_member_bits(struct state *state, uint32_t member, uint32_t bits) {
	uint32_t handle = find_office(state, member);
	if (handle == 0 && bits == 0) {
		return;
	}
	if (handle == 0) {
		handle = pool_take(&state->sides.offices);
		office_at(state, handle)->member = member;
		table_add(&state->sides.offices_by_member, handle);
	}
	if (bits != 0) {
		office_at(state, handle)->bits = bits;
		tell_office(state, handle, false);
		return;
	}
	tell_office(state, handle, true);
	table_remove(&state->sides.offices_by_member, handle);
	pool_give(&state->sides.offices, handle);
}
