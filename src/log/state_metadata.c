/*
 * Metadata: what people and rooms say of themselves, key by key. Each owner's lie
 * on its shelf (state_marks.c), in the order of their keys.
 */
#include <assert.h>
#include <string.h>

#include "state_inner.h"

static struct datum *datum_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.data, handle);
}
static struct shelf *shelf_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.shelves, handle);
}

bool state_is_metadata_key(struct slice key) {
	for (size_t i = 0; i < key.size; i++) {
		char byte = key.bytes[i];
		if ((byte < 'a' || byte > 'z') && (byte < '0' || byte > '9') && byte != '_' &&
		    byte != '.' && byte != '/' && byte != '-') {
			return false;
		}
	}
	return key.size > 0 && key.size <= METADATA_KEY_BYTES_MAX;
}

static int compare(struct slice a, struct slice b) {
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size == 0 ? 0 : memcmp(a.bytes, b.bytes, size);
	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Where it is in the line, or would be. */
static uint32_t *place_of(const struct state *state, struct shelf *shelf, struct slice key) {
	uint32_t *at = &shelf->data;
	while (*at != 0 && compare(text_of(state, datum_at(state, *at)->key), key) < 0) {
		at = &datum_at(state, *at)->next;
	}
	return at;
}

static bool is_there(const struct state *state, uint32_t at, struct slice key) {
	return at != 0 && slice_equal(text_of(state, datum_at(state, at)->key), key);
}

static struct record row_of_datum(const struct state *state, const struct shelf *shelf,
                                  const struct datum *datum) {
	struct record row = {.kind = ROW_METADATA,
	                     .target = datum->id,
	                     .other_name = text_of(state, datum->key),
	                     .text = text_of(state, datum->value)};
	if (shelf->is_of_room) {
		row.room = room_at(state, shelf->owner)->id;
	} else {
		row.person = person_at(state, shelf->owner)->id;
	}
	return row;
}

static void tell_datum(struct state *state, const struct shelf *shelf, const struct datum *datum,
                       bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_datum(state, shelf, datum);
		tell(state, &row, is_gone);
	}
}

static void set_datum(struct state *state, struct shelf *shelf, uint64_t id, struct slice key,
                      struct slice value) {
	uint32_t *at = place_of(state, shelf, key);
	if (!is_there(state, *at, key)) {
		uint32_t handle = pool_take(&state->sides.data);
		datum_at(state, handle)->id = id;
		datum_at(state, handle)->next = *at;
		set_text(state, &datum_at(state, handle)->key, key);
		*at = handle;
		shelf->data_count++;
	}
	struct datum *datum = datum_at(state, *at);
	set_text(state, &datum->value, value);
	tell_datum(state, shelf, datum, false);
}

static void end_datum(struct state *state, struct shelf *shelf, uint32_t *at) {
	uint32_t handle = *at;
	struct datum *datum = datum_at(state, handle);
	tell_datum(state, shelf, datum, true);
	*at = datum->next;
	shelf->data_count--;
	set_text(state, &datum->key, slice_of(NULL, 0));
	set_text(state, &datum->value, slice_of(NULL, 0));
	pool_give(&state->sides.data, handle);
}

void end_data_of(struct state *state, uint32_t handle) {
	struct shelf *shelf = shelf_at(state, handle);
	while (shelf->data != 0) {
		end_datum(state, shelf, &shelf->data);
	}
}

/* ---- entries, rows ---- */

static enum state_error take_away(struct state *state, uint32_t handle, struct slice key) {
	struct shelf *shelf = handle == 0 ? NULL : shelf_at(state, handle);
	if (shelf == NULL || shelf->data == 0) {
		return STATE_IMPOSSIBLE;
	}
	if (key.size == 0) {
		end_data_of(state, handle);
	} else {
		uint32_t *at = place_of(state, shelf, key);
		if (!is_there(state, *at, key)) {
			return STATE_IMPOSSIBLE;
		}
		end_datum(state, shelf, at);
	}
	give_empty_shelf(state, handle);
	return STATE_OK;
}

static bool is_good(struct slice key, struct slice value) {
	return state_is_metadata_key(key) && value.size > 0 &&
	       value.size <= METADATA_VALUE_BYTES_MAX;
}

/* `shelf` may be 0: there is none yet. */
static bool has_place(const struct state *state, uint32_t shelf, struct slice key) {
	return shelf == 0 || shelf_at(state, shelf)->data_count < METADATA_KEYS_MAX ||
	       is_there(state, *place_of(state, shelf_at(state, shelf), key), key);
}

/* Without a key: all of them; and which these were, the text says. */
enum state_error on_metadata(struct state *state, const struct record *entry) {
	uint32_t owner = find_owner(state, entry->room, entry->target);
	if (owner == 0) {
		return STATE_IMPOSSIBLE;
	}
	uint32_t handle = find_shelf(state, owner, entry->room != 0);
	if (entry->other_name.size == 0 || entry->text.size == 0) {
		return take_away(state, handle, entry->other_name);
	}
	if (!is_good(entry->other_name, entry->text) ||
	    !has_place(state, handle, entry->other_name)) {
		return STATE_IMPOSSIBLE;
	}
	handle = take_shelf(state, owner, entry->room != 0);
	set_datum(state, shelf_at(state, handle), entry->seq, entry->other_name, entry->text);
	return STATE_OK;
}

enum state_error load_datum(struct state *state, const struct record *row) {
	uint32_t owner = find_owner(state, row->room, row->person);
	uint32_t handle = owner == 0 ? 0 : find_shelf(state, owner, row->room != 0);
	if (owner == 0 || row->target == 0 || !is_good(row->other_name, row->text) ||
	    !has_place(state, handle, row->other_name) ||
	    state_metadata(state, row->room, row->person, row->other_name).size > 0) {
		return STATE_IMPOSSIBLE;
	}
	handle = take_shelf(state, owner, row->room != 0);
	set_datum(state, shelf_at(state, handle), row->target, row->other_name, row->text);
	return STATE_OK;
}

static void save_shelf(const struct saving *saving, uint32_t handle) {
	const struct state *state = saving->state;
	const struct shelf *shelf = shelf_at(state, handle);
	for (uint32_t at = shelf->data; at != 0; at = datum_at(state, at)->next) {
		save_row(saving, row_of_datum(state, shelf, datum_at(state, at)));
	}
}

void save_data(const struct state *state, void (*put)(void *context, const struct record *row),
               void *context) {
	const struct saving saving = {.state = state, .put = put, .context = context};
	save_all(&saving, &state->sides.shelves_by_owner, save_shelf);
}

/* ---- getters ---- */

static struct shelf *shelf_of(const struct state *state, uint64_t room, uint64_t person) {
	if (state->sides.data.count == 0) {
		return NULL;
	}
	uint32_t owner = find_owner(state, room, person);
	uint32_t handle = owner == 0 ? 0 : find_shelf(state, owner, room != 0);
	return handle == 0 ? NULL : shelf_at(state, handle);
}

struct slice state_metadata(const struct state *state, uint64_t room, uint64_t person,
                            struct slice key) {
	struct shelf *shelf = shelf_of(state, room, person);
	uint32_t at = shelf == NULL ? 0 : *place_of(state, shelf, key);
	return is_there(state, at, key) ? text_of(state, datum_at(state, at)->value)
	                                : slice_of(NULL, 0);
}

bool state_metadata_next(const struct state *state, uint64_t room, uint64_t person,
                         struct metadata *at) {
	struct shelf *shelf = shelf_of(state, room, person);
	uint32_t next = shelf == NULL ? 0 : *place_of(state, shelf, at->key);
	if (at->key.size > 0 && is_there(state, next, at->key)) {
		next = datum_at(state, next)->next;
	}
	if (next == 0) {
		return false;
	}
	at->key = text_of(state, datum_at(state, next)->key);
	at->value = text_of(state, datum_at(state, next)->value);
	return true;
}

size_t state_metadata_of(const struct state *state, uint64_t room, uint64_t person) {
	const struct shelf *shelf = shelf_of(state, room, person);
	return shelf == NULL ? 0 : shelf->data_count;
}

size_t state_metadata_count(const struct state *state) {
	return state->sides.data.count;
}
