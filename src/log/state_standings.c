/*
 * Whose rooms are, and what accounts are in them whoever bears their names: the
 * founder of a room, and the offices that others have on joining. All of it ends
 * with the account, so that nobody inherits a room with a name.
 */
#include <assert.h>

#include "state_inner.h"

/* Besides MEMBER_*: the account is the room's founder's. It is in the row of the room's charter. */
#define STANDING_FOUNDS 1U

static struct standing *standing_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.standings, handle);
}
static struct charter *charter_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.charters, handle);
}
static const struct account *account_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.accounts, handle);
}

static uint64_t standing_account_hash(const void *thing) {
	return hash_number(((const struct standing *)thing)->account);
}

void standings_init(struct state *state) {
	struct sides *sides = &state->sides;
	pool_init(&sides->standings, sizeof(struct standing));
	table_init(&sides->standings_by_account, &sides->standings, offsetof(struct standing, link),
	           standing_account_hash);
}

void standings_finish(struct state *state) {
	table_finish(&state->sides.standings_by_account);
	pool_finish(&state->sides.standings);
}

/* ---- standings ---- */

static uint32_t first_standing(const struct state *state, uint32_t room) {
	uint32_t charter = find_charter(state, room);
	return charter == 0 ? 0 : charter_at(state, charter)->standings;
}

static uint32_t find_standing(const struct state *state, uint32_t room, uint32_t account) {
	uint32_t at = first_standing(state, room);
	while (at != 0 && standing_at(state, at)->account != account) {
		at = standing_at(state, at)->next;
	}
	return at;
}

static struct record row_of_standing(const struct state *state, uint32_t handle) {
	const struct standing *standing = standing_at(state, handle);
	return (struct record){.kind = ROW_STANDING,
	                       .room = room_at(state, standing->room)->id,
	                       .target = account_at(state, standing->account)->id,
	                       .bits = standing->bits & MEMBER_BITS};
}

static void tell_standing(struct state *state, uint32_t handle, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_standing(state, handle);
		tell(state, &row, is_gone);
	}
}

/* At the end of the room's. */
static uint32_t add_standing(struct state *state, uint32_t room, uint32_t account) {
	uint32_t *at = &charter_at(state, take_charter(state, room))->standings;
	while (*at != 0) {
		at = &standing_at(state, *at)->next;
	}
	uint32_t handle = *at = pool_take(&state->sides.standings);
	*standing_at(state, handle) = (struct standing){.room = room, .account = account};
	table_add(&state->sides.standings_by_account, handle);
	return handle;
}

static void remove_standing(struct state *state, uint32_t handle) {
	struct standing *standing = standing_at(state, handle);
	uint32_t *at = &charter_at(state, find_charter(state, standing->room))->standings;
	while (*at != handle) {
		at = &standing_at(state, *at)->next;
	}
	*at = standing->next;
	table_remove(&state->sides.standings_by_account, handle);
	pool_give(&state->sides.standings, handle);
}

static void change_standing(struct state *state, uint32_t room, uint32_t account, uint32_t bits) {
	uint32_t handle = find_standing(state, room, account);
	if (handle == 0) {
		handle = bits != 0 ? add_standing(state, room, account) : 0;
	}
	if (handle == 0) {
		return;
	}
	struct standing *standing = standing_at(state, handle);
	uint32_t before = standing->bits;
	if ((before & ~bits & MEMBER_BITS) != 0 && (bits & MEMBER_BITS) == 0) {
		tell_standing(state, handle, true);
	}
	standing->bits = bits;
	if ((bits & MEMBER_BITS) != 0 && ((before ^ bits) & MEMBER_BITS) != 0) {
		tell_standing(state, handle, false);
	}
	if (bits == 0) {
		remove_standing(state, handle);
	}
}

static uint32_t bits_of(const struct state *state, uint32_t room, uint32_t account) {
	uint32_t handle = find_standing(state, room, account);
	return handle == 0 ? 0 : standing_at(state, handle)->bits;
}

static void set_standing(struct state *state, uint32_t room, uint32_t account, uint32_t bits) {
	uint32_t founds = bits_of(state, room, account) & STANDING_FOUNDS;
	change_standing(state, room, account, (bits & MEMBER_BITS) | founds);
}

/* ---- founders ---- */

static uint32_t founder_of(const struct state *state, uint32_t room) {
	uint32_t at = first_standing(state, room);
	while (at != 0 && (standing_at(state, at)->bits & STANDING_FOUNDS) == 0) {
		at = standing_at(state, at)->next;
	}
	return at == 0 ? 0 : standing_at(state, at)->account;
}

void link_founder(struct state *state, uint32_t room, uint32_t account) {
	uint32_t before = founder_of(state, room);
	if (before != 0 && before != account) {
		change_standing(state, room, before, bits_of(state, room, before) & MEMBER_BITS);
	}
	if (account != 0) {
		change_standing(state, room, account,
		                bits_of(state, room, account) | STANDING_FOUNDS);
	}
	struct charter *charter = charter_at(state, take_charter(state, room));
	set_text(state, &charter->founder_account,
	         account != 0 ? text_of(state, account_at(state, account)->name)
	                      : slice_of(NULL, 0));
}

void set_registered(struct state *state, uint32_t room, bool is_registered) {
	struct charter *charter = charter_at(state, take_charter(state, room));
	bool was = (charter->bits & ROOM_IS_REGISTERED) != 0;
	charter->bits = is_registered ? charter->bits | ROOM_IS_REGISTERED
	                              : charter->bits & ~(uint32_t)ROOM_IS_REGISTERED;
	state->sides.registered += is_registered;
	state->sides.registered -= was;
	note_registered(state, room, is_registered);
}

/* It belongs to nobody, and so nobody has an office in it for ever. */
static void deregister(struct state *state, uint32_t room) {
	uint32_t charter = take_charter(state, room);
	link_founder(state, room, 0);
	set_registered(state, room, false);
	end_standings_in(state, room);
	tell_charter(state, charter);
}

void end_standings_in(struct state *state, uint32_t room) {
	for (uint32_t at = first_standing(state, room); at != 0; at = first_standing(state, room)) {
		change_standing(state, room, standing_at(state, at)->account, 0);
	}
}

void end_standings_of(struct state *state, uint32_t account) {
	uint32_t next, at = 0;
	if (state->sides.standings.count > 0) {
		at = table_first(&state->sides.standings_by_account, hash_number(account));
	}
	for (; at != 0; at = next) {
		next = table_next(&state->sides.standings_by_account, at);
		struct standing standing = *standing_at(state, at);
		if (standing.account != account) {
			continue;
		}
		change_standing(state, standing.room, account, 0);
		if ((standing.bits & STANDING_FOUNDS) != 0) {
			deregister(state, standing.room);
			/* Others of this table have gone. */
			next = table_first(&state->sides.standings_by_account,
			                   hash_number(account));
		}
	}
}

/* ---- what entries mean ---- */

enum state_error on_founder(struct state *state, const struct record *entry) {
	uint32_t room = find_room(state, entry->room);
	uint32_t account = entry->name.size > 0 ? find_account_named(state, entry->name) : 0;
	if (room == 0 || (account == 0 && entry->name.size > 0)) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t handle = take_charter(state, room);
	charter_at(state, handle)->founder = 0;
	if (account == 0) {
		deregister(state, room);
		return STATE_OK;
	}
	link_founder(state, room, account);
	set_registered(state, room, true);
	tell_charter(state, handle);
	return STATE_OK;
}

static size_t count_standings(const struct state *state, uint32_t room) {
	size_t count = 0;
	for (uint32_t at = first_standing(state, room); at != 0;
	     at = standing_at(state, at)->next) {
		count += (standing_at(state, at)->bits & MEMBER_BITS) != 0;
	}
	return count;
}

enum state_error on_standing(struct state *state, const struct record *entry) {
	uint32_t room = find_room(state, entry->room);
	uint32_t account = find_account_named(state, entry->name);
	uint32_t bits = (uint32_t)(entry->bits & MEMBER_BITS);
	if (room == 0 || account == 0) {
		return STATE_IMPOSSIBLE;
	}
	if (bits != 0 && (bits_of(state, room, account) & MEMBER_BITS) == 0 &&
	    count_standings(state, room) >= STANDINGS_PER_ROOM_MAX) {
		return STATE_IMPOSSIBLE;
	}
	set_standing(state, room, account, bits);
	return STATE_OK;
}

/* ---- getters ---- */

uint64_t state_standing(const struct state *state, uint64_t room_id, uint64_t account_id) {
	uint32_t room = state->sides.standings.count > 0 ? find_room(state, room_id) : 0;
	uint32_t account = room != 0 ? find_account(state, account_id) : 0;
	return account == 0 ? 0 : bits_of(state, room, account) & MEMBER_BITS;
}

bool state_standing_next(const struct state *state, uint64_t room_id,
                         struct room_standing *standing) {
	uint32_t room = find_room(state, room_id);
	uint32_t at = standing->place != 0 ? standing_at(state, standing->place)->next
	              : room != 0          ? first_standing(state, room)
	                                   : 0;
	while (at != 0 && (standing_at(state, at)->bits & MEMBER_BITS) == 0) {
		at = standing_at(state, at)->next;
	}
	if (at != 0) {
		const struct standing *it = standing_at(state, at);
		*standing = (struct room_standing){
			.place = at,
			.account = account_at(state, it->account)->id,
			.name = text_of(state, account_at(state, it->account)->name),
			.bits = it->bits & MEMBER_BITS};
	}
	return at != 0;
}

size_t state_standings_count(const struct state *state, uint64_t room_id) {
	uint32_t room = find_room(state, room_id);
	return room == 0 ? 0 : count_standings(state, room);
}

size_t state_rooms_of_account(const struct state *state, uint64_t account_id) {
	uint32_t account = find_account(state, account_id);
	size_t count = 0;
	uint32_t at =
		account == 0 || state->sides.standings.count == 0
			? 0
			: table_first(&state->sides.standings_by_account, hash_number(account));
	for (; at != 0; at = table_next(&state->sides.standings_by_account, at)) {
		const struct standing *it = standing_at(state, at);
		count += it->account == account && (it->bits & STANDING_FOUNDS) != 0 &&
		         (charter_at(state, find_charter(state, it->room))->bits &
		          ROOM_IS_REGISTERED) != 0;
	}
	return count;
}

size_t state_registered_count(const struct state *state) {
	return state->sides.registered;
}

/* ---- rows ---- */

static void save_standing(const struct saving *saving, uint32_t handle) {
	if ((standing_at(saving->state, handle)->bits & MEMBER_BITS) != 0) {
		save_row(saving, row_of_standing(saving->state, handle));
	}
}

void standings_save(const struct saving *saving) {
	save_all(saving, &saving->state->sides.standings_by_account, save_standing);
}

enum state_error load_standing(struct state *state, const struct record *row) {
	uint32_t room = find_room(state, row->room);
	uint32_t account = find_account(state, row->target);
	if (room == 0 || account == 0 || row->bits == 0 ||
	    (row->bits & ~(uint64_t)MEMBER_BITS) != 0 ||
	    (bits_of(state, room, account) & MEMBER_BITS) != 0 ||
	    count_standings(state, room) >= STANDINGS_PER_ROOM_MAX) {
		return STATE_IMPOSSIBLE;
	}
	set_standing(state, room, account, (uint32_t)row->bits);
	return STATE_OK;
}
