/* The rows of a state kept elsewhere, as the scribe keeps them: by what state_apply() says changed. */
#ifndef STATE_HELP_H
#define STATE_HELP_H

#include "log_help.h"

#include <assert.h>
#include <string.h>

#include "limits.h"
#include "record.h"
#include "state.h"

/* A row's key: its kind and one or two ids. */
struct row_key {
	uint16_t kind;
	uint64_t id, other_id;
};

struct row {
	struct row_key key;
	size_t size;
	uint8_t *bytes;
};

/* All zero is an empty table. */
struct rows {
	struct row *all;
	size_t count, room;
	bool is_careless; /* do not look for the row first: all are known to be new */
};

static inline struct row_key row_key_of(const struct record *row) {
	switch (row->kind) {
	case ROW_PERSON: return (struct row_key){row->kind, row->person, 0};
	case ROW_SESSION: return (struct row_key){row->kind, row->session, 0};
	case ROW_ROOM:
	case ROW_THREAD: return (struct row_key){row->kind, row->room, 0};
	case ROW_MEMBER: return (struct row_key){row->kind, row->room, row->person};
	case ROW_BAN:
	case ROW_MUTE:
	case ROW_ACCOUNT: return (struct row_key){row->kind, row->target, 0};
	case ROW_MASK: return (struct row_key){row->kind, row->room, row->target};
	case ROW_INVITATION:
	case ROW_OFFICE: return (struct row_key){row->kind, row->room, row->person};
	case ROW_PROFILE: return (struct row_key){row->kind, row->person, 0};
	case ROW_MARK:
		return (struct row_key){row->kind, row->person,
		                        row->room != 0 ? row->room : ~row->target};
	case ROW_METADATA: return (struct row_key){row->kind, row->room + row->person, row->target};
	case ROW_SERVER: return (struct row_key){row->kind, 0, 0};
	case ROW_DEVICE: return (struct row_key){row->kind, row->target, row->session};
	case ROW_SEAT: return (struct row_key){row->kind, row->session, 0};
	case ROW_CHARTER:
	case ROW_RULES: return (struct row_key){row->kind, row->room, 0};
	case ROW_STANDING: return (struct row_key){row->kind, row->room, row->target};
	case ROW_SPOKEN: return (struct row_key){row->kind, row->room, row->person};
	case ROW_KEPT: return (struct row_key){row->kind, row->nonce, 0};
	default: assert(row->kind == ROW_META); return (struct row_key){row->kind, 0, 0};
	}
}

static inline size_t rows_find(const struct rows *rows, struct row_key key) {
	size_t i = 0;
	while (i < rows->count &&
	       (rows->all[i].key.kind != key.kind || rows->all[i].key.id != key.id ||
	        rows->all[i].key.other_id != key.other_id)) {
		i++;
	}
	return i;
}

static inline void rows_put(struct rows *rows, const struct record *row) {
	struct row_key key = row_key_of(row);
	size_t i = rows->is_careless ? rows->count : rows_find(rows, key);
	if (i == rows->count) {
		if (rows->count == rows->room) {
			rows->room = rows->room == 0 ? 16 : rows->room * 2;
			rows->all = realloc(rows->all, rows->room * sizeof(*rows->all));
			assert(rows->all != NULL);
		}
		rows->all[rows->count++] = (struct row){.key = key};
	}
	rows->all[i].size = record_size(row);
	rows->all[i].bytes = realloc(rows->all[i].bytes, rows->all[i].size);
	size_t size = record_encode(row, rows->all[i].bytes, rows->all[i].size);
	assert(size == rows->all[i].size);
}

static inline void rows_remove(struct rows *rows, const struct record *row) {
	size_t i = rows_find(rows, row_key_of(row));
	assert(i < rows->count); /* only what is there goes */
	free(rows->all[i].bytes);
	rows->all[i] = rows->all[--rows->count];
}

static inline void rows_finish(struct rows *rows) {
	for (size_t i = 0; i < rows->count; i++) {
		free(rows->all[i].bytes);
	}
	free(rows->all);
	*rows = (struct rows){0};
}

/* A state_changed: the rows follow the state. */
static inline void rows_follow(void *context, const struct record *row, bool is_gone) {
	if (is_gone) {
		rows_remove(context, row);
	} else {
		rows_put(context, row);
	}
}

static inline void rows_collect(void *context, const struct record *row) {
	rows_put(context, row);
}

static inline struct rows rows_of(const struct state *state) {
	struct rows rows = {.is_careless = true};
	state_save(state, rows_collect, &rows);
	rows.is_careless = false;
	return rows;
}

/* What must come before what when rows are loaded. */
static inline int row_rank(uint16_t kind) {
	switch (kind) {
	case ROW_META: return 0;
	case ROW_ROOM: return 1;
	case ROW_PERSON: return 2;
	case ROW_DEVICE:
	case ROW_SEAT:
	case ROW_OFFICE:
	case ROW_CHARTER:
	case ROW_STANDING:
	case ROW_SPOKEN: return 4;
	default: return 3;
	}
}

/* A state of these rows, in an order that differs with `turn`. */
static inline struct state *rows_load(const struct rows *rows, size_t turn) {
	struct state *state = state_create();
	for (int rank = 0; rank <= 4; rank++) {
		for (size_t n = 0; n < rows->count; n++) {
			const struct row *row = &rows->all[(n + turn) % rows->count];
			struct record record;
			if (row_rank(row->key.kind) == rank) {
				size_t size = record_decode(&record, row->bytes, row->size);
				assert(size == row->size);
				enum state_error error = state_load_row(state, &record);
				assert(error == STATE_OK);
			}
		}
	}
	return state;
}

static inline struct address address_of(uint32_t host, uint16_t port) {
	struct address address = {.ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, .port = port};
	for (int i = 0; i < 4; i++) {
		address.ip[12 + i] = (uint8_t)(host >> (24 - 8 * i));
	}
	return address;
}

static inline struct route route_of(uint32_t host, uint16_t port) {
	struct route route = {.peer = address_of(host, port), .listener = 1};
	memcpy(route.local, address_of(0x7F000001, 0).ip, 16);
	return route;
}

#define HOST 0x0A000000u /* 10.0.0.0 */

#endif
