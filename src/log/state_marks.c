/*
 * Read markers, and the shelves that they and metadata (state_metadata.c) lie on:
 * what a person or a room has of these is found from its shelf, and ends with it.
 */
#include <assert.h>

#include "state_inner.h"

static struct mark *mark_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.marks, handle);
}
static struct shelf *shelf_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.shelves, handle);
}

static uint64_t pair_hash(uint32_t reader, uint32_t about, bool is_of_room) {
	return hash_number(((uint64_t)reader << 32 | about) ^ (uint64_t)is_of_room << 63);
}
static uint64_t mark_pair_hash(const void *thing) {
	const struct mark *mark = thing;
	return pair_hash(mark->reader, mark->about, mark->is_of_room);
}
static uint64_t owner_hash(uint32_t owner, bool is_of_room) {
	return hash_number((uint64_t)owner << 1 | is_of_room);
}
static uint64_t shelf_owner_hash(const void *thing) {
	const struct shelf *shelf = thing;
	return owner_hash(shelf->owner, shelf->is_of_room);
}

void shelves_init(struct state *state) {
	struct sides *sides = &state->sides;
	pool_init(&sides->marks, sizeof(struct mark));
	pool_init(&sides->data, sizeof(struct datum));
	pool_init(&sides->shelves, sizeof(struct shelf));
	table_init(&sides->marks_by_pair, &sides->marks, offsetof(struct mark, link),
	           mark_pair_hash);
	table_init(&sides->shelves_by_owner, &sides->shelves, offsetof(struct shelf, link),
	           shelf_owner_hash);
}

void shelves_finish(struct state *state) {
	struct sides *sides = &state->sides;
	table_finish(&sides->marks_by_pair);
	table_finish(&sides->shelves_by_owner);
	pool_finish(&sides->marks);
	pool_finish(&sides->data);
	pool_finish(&sides->shelves);
}

/* ---- shelves ---- */

uint32_t find_owner(const struct state *state, uint64_t room, uint64_t person) {
	if ((room == 0) == (person == 0)) {
		return 0;
	}
	return room != 0 ? find_room(state, room) : find_person(state, person);
}

uint32_t find_shelf(const struct state *state, uint32_t owner, bool is_of_room) {
	if (state->sides.shelves.count == 0) {
		return 0;
	}
	uint32_t handle =
		table_first(&state->sides.shelves_by_owner, owner_hash(owner, is_of_room));
	while (handle != 0 && (shelf_at(state, handle)->owner != owner ||
	                       shelf_at(state, handle)->is_of_room != is_of_room)) {
		handle = table_next(&state->sides.shelves_by_owner, handle);
	}
	return handle;
}

uint32_t take_shelf(struct state *state, uint32_t owner, bool is_of_room) {
	uint32_t handle = find_shelf(state, owner, is_of_room);
	if (handle == 0) {
		handle = pool_take(&state->sides.shelves);
		shelf_at(state, handle)->owner = owner;
		shelf_at(state, handle)->is_of_room = is_of_room;
		table_add(&state->sides.shelves_by_owner, handle);
	}
	return handle;
}

void give_empty_shelf(struct state *state, uint32_t handle) {
	const struct shelf *shelf = shelf_at(state, handle);
	if (shelf->marks == 0 && shelf->marks_about == 0 && shelf->data == 0) {
		table_remove(&state->sides.shelves_by_owner, handle);
		pool_give(&state->sides.shelves, handle);
	}
}

/* ---- marks ---- */

static uint32_t find_mark(const struct state *state, uint32_t reader, uint32_t about,
                          bool is_of_room) {
	if (state->sides.marks.count == 0) {
		return 0;
	}
	uint32_t handle =
		table_first(&state->sides.marks_by_pair, pair_hash(reader, about, is_of_room));
	for (; handle != 0; handle = table_next(&state->sides.marks_by_pair, handle)) {
		const struct mark *mark = mark_at(state, handle);
		if (mark->reader == reader && mark->about == about &&
		    mark->is_of_room == is_of_room) {
			break;
		}
	}
	return handle;
}

static struct record row_of_mark(const struct state *state, const struct mark *mark) {
	struct record row = {.kind = ROW_MARK,
	                     .person = person_at(state, mark->reader)->id,
	                     .since_us = mark->since_us};
	if (mark->is_of_room) {
		row.room = room_at(state, mark->about)->id;
	} else {
		row.target = person_at(state, mark->about)->id;
	}
	return row;
}

static void tell_mark(struct state *state, const struct mark *mark, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_mark(state, mark);
		tell(state, &row, is_gone);
	}
}

static void add_mark(struct state *state, uint32_t reader, uint32_t about, bool is_of_room,
                     uint64_t since_us) {
	uint32_t handle = pool_take(&state->sides.marks);
	struct mark *mark = mark_at(state, handle);
	mark->reader = reader;
	mark->about = about;
	mark->is_of_room = is_of_room;
	mark->since_us = since_us;
	struct shelf *own = shelf_at(state, take_shelf(state, reader, false));
	mark->next_of_reader = own->marks;
	own->marks = handle;
	own->marks_count++;
	struct shelf *its = shelf_at(state, take_shelf(state, about, is_of_room));
	mark->after = its->marks_about;
	if (mark->after != 0) {
		mark_at(state, mark->after)->before = handle;
	}
	its->marks_about = handle;
	table_add(&state->sides.marks_by_pair, handle);
	tell_mark(state, mark, false);
}

/* The shelves stay, though they may be empty now. */
static void end_mark(struct state *state, uint32_t handle) {
	struct mark *mark = mark_at(state, handle);
	struct shelf *own = shelf_at(state, find_shelf(state, mark->reader, false));
	struct shelf *its = shelf_at(state, find_shelf(state, mark->about, mark->is_of_room));
	tell_mark(state, mark, true);
	uint32_t *at = &own->marks;
	while (*at != handle) {
		at = &mark_at(state, *at)->next_of_reader;
	}
	*at = mark->next_of_reader;
	own->marks_count--;
	if (mark->before != 0) {
		mark_at(state, mark->before)->after = mark->after;
	} else {
		its->marks_about = mark->after;
	}
	if (mark->after != 0) {
		mark_at(state, mark->after)->before = mark->before;
	}
	table_remove(&state->sides.marks_by_pair, handle);
	pool_give(&state->sides.marks, handle);
}

static void end_mark_wholly(struct state *state, uint32_t handle) {
	const struct mark mark = *mark_at(state, handle);
	end_mark(state, handle);
	give_empty_shelf(state, find_shelf(state, mark.reader, false));
	uint32_t its = find_shelf(state, mark.about, mark.is_of_room);
	if (its != 0) {
		give_empty_shelf(state, its);
	}
}

void end_shelf(struct state *state, uint32_t owner, bool is_of_room) {
	uint32_t handle = find_shelf(state, owner, is_of_room);
	if (handle == 0) {
		return;
	}
	struct shelf *shelf = shelf_at(state, handle);
	end_data_of(state, handle);
	while (shelf->marks != 0 || shelf->marks_about != 0) {
		uint32_t at = shelf->marks != 0 ? shelf->marks : shelf->marks_about;
		const struct mark mark = *mark_at(state, at);
		end_mark(state, at);
		uint32_t reader = find_shelf(state, mark.reader, false);
		uint32_t about = find_shelf(state, mark.about, mark.is_of_room);
		if (reader != handle) {
			give_empty_shelf(state, reader);
		}
		if (about != handle && about != reader) {
			give_empty_shelf(state, about);
		}
	}
	give_empty_shelf(state, handle);
}

/* What was read longest ago; of the same time, the lower number: the same for all who apply. */
static uint32_t oldest_mark(const struct state *state, const struct shelf *shelf) {
	uint32_t oldest = shelf->marks;
	for (uint32_t at = oldest; at != 0; at = mark_at(state, at)->next_of_reader) {
		const struct record a = row_of_mark(state, mark_at(state, at));
		const struct record b = row_of_mark(state, mark_at(state, oldest));
		if (a.since_us < b.since_us ||
		    (a.since_us == b.since_us &&
		     (a.room < b.room || (a.room == b.room && a.target < b.target)))) {
			oldest = at;
		}
	}
	return oldest;
}

enum state_error on_marked(struct state *state, const struct record *entry) {
	uint32_t reader = find_person(state, entry->person);
	uint32_t about = find_owner(state, entry->room, entry->target);
	bool is_of_room = entry->room != 0;
	if (reader == 0 || about == 0 || entry->since_us == 0 || entry->since_us > entry->time_us) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t handle = find_mark(state, reader, about, is_of_room);
	if (handle != 0) {
		struct mark *mark = mark_at(state, handle);
		if (entry->since_us <= mark->since_us) {
			return STATE_IMPOSSIBLE;
		}
		mark->since_us = entry->since_us;
		tell_mark(state, mark, false);
		return STATE_OK;
	}
	uint32_t own = find_shelf(state, reader, false);
	if (own != 0 && shelf_at(state, own)->marks_count >= MARKS_PER_PERSON_MAX) {
		end_mark_wholly(state, oldest_mark(state, shelf_at(state, own)));
	}
	add_mark(state, reader, about, is_of_room, entry->since_us);
	return STATE_OK;
}

/* ---- rows ---- */

static void save_mark(const struct saving *saving, uint32_t handle) {
	save_row(saving, row_of_mark(saving->state, mark_at(saving->state, handle)));
}

void save_marks(const struct state *state, void (*put)(void *context, const struct record *row),
                void *context) {
	const struct saving saving = {.state = state, .put = put, .context = context};
	save_all(&saving, &state->sides.marks_by_pair, save_mark);
}

enum state_error load_mark(struct state *state, const struct record *row) {
	uint32_t reader = find_person(state, row->person);
	uint32_t about = find_owner(state, row->room, row->target);
	bool is_of_room = row->room != 0;
	if (reader == 0 || about == 0 || row->since_us == 0 ||
	    find_mark(state, reader, about, is_of_room) != 0) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t own = find_shelf(state, reader, false);
	if (own != 0 && shelf_at(state, own)->marks_count >= MARKS_PER_PERSON_MAX) {
		return STATE_IMPOSSIBLE;
	}
	add_mark(state, reader, about, is_of_room, row->since_us);
	return STATE_OK;
}

/* ---- getters ---- */

uint64_t state_mark_us(const struct state *state, uint64_t person, uint64_t room, uint64_t other) {
	uint32_t reader = find_person(state, person);
	uint32_t about = find_owner(state, room, other);
	uint32_t handle =
		reader == 0 || about == 0 ? 0 : find_mark(state, reader, about, room != 0);
	return handle == 0 ? 0 : mark_at(state, handle)->since_us;
}

size_t state_marks_count(const struct state *state) {
	return state->sides.marks.count;
}

void state_marks_each(const struct state *state, uint64_t person,
                      bool (*each)(void *context, uint64_t room, uint64_t other, uint64_t since_us),
                      void *context) {
	uint32_t reader = find_person(state, person);
	uint32_t own = reader == 0 ? 0 : find_shelf(state, reader, false);
	uint32_t at = own == 0 ? 0 : shelf_at(state, own)->marks;
	for (; at != 0; at = mark_at(state, at)->next_of_reader) {
		const struct record row = row_of_mark(state, mark_at(state, at));
		if (!each(context, row.room, row.target, row.since_us)) {
			return;
		}
	}
}
