#include "import_log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cut.h"
#include "diag.h"
#include "limits.h"
#include "state.h"
#include "store_write.h"

/* Entries in a transaction, and transactions after which the WAL is emptied. */
#define BATCH_MAX 8192
#define BATCHES_MAX 8

/* 1 is the lobby's. */
#define SEQ_FIRST 2

struct import_room {
	uint64_t id;
	uint64_t made_us;
	uint64_t first_said, last;
};

struct import_log {
	struct store *store;
	struct state *state;
	struct import_tally *tally;
	struct store_meta meta;
	struct import_room *rooms; /* by id */
	size_t rooms_count, rooms_capacity;
	struct import_room lobby;
	size_t batch, batches;
	bool is_failing;
	/* The room of the line before. */
	struct import_room *room;
	char room_name[ROOM_NAME_BYTES_MAX];
	size_t room_name_size;
	char text[TEXT_BYTES_MAX + 1]; /* with a NUL */
};

static bool fail(struct import_log *log, enum store_error error) {
	if (error != STORE_OK && !log->is_failing) {
		diag("%s", store_why(log->store));
		log->is_failing = true;
	}
	return !log->is_failing;
}

struct import_log *import_log_create(const char *folder, struct import_tally *tally) {
	char why[STORE_WHY_BYTES];
	struct import_log *log = calloc(1, sizeof(*log));
	if (log == NULL) {
		diag("no memory is left");
		return NULL;
	}
	log->tally = tally;
	log->state = state_create();
	if (store_open(&log->store, folder, STORE_WRITE, why) != STORE_OK) {
		diag("%s", why);
		import_log_destroy(log);
		return NULL;
	}
	if (!fail(log, store_meta(log->store, &log->meta)) || !fail(log, store_begin(log->store))) {
		import_log_destroy(log);
		return NULL;
	}
	assert(log->meta.seq == 0);
	log->meta.seq = SEQ_FIRST - 1;
	log->lobby.id = ROOM_LOBBY;
	return log;
}

void import_log_destroy(struct import_log *log) {
	if (log != NULL) {
		if (log->store != NULL) {
			store_rollback(log->store);
			store_close(log->store);
		}
		state_destroy(log->state);
		free(log->rooms);
		free(log);
	}
}

/* ---- entries ---- */

static void put_row(void *context, const struct record *row, bool is_gone) {
	struct import_log *log = context;
	if (!log->is_failing) {
		(void)fail(log, store_put_row(log->store, row, is_gone));
	}
}

static bool commit(struct import_log *log) {
	log->meta.reserve = log->meta.seq;
	log->batch = 0;
	return fail(log, store_commit(log->store, &log->meta));
}

static bool is_batch_full(struct import_log *log) {
	if (++log->batch < BATCH_MAX) {
		return true;
	}
	if (!commit(log)) {
		return false;
	}
	if (++log->batches % BATCHES_MAX == 0 && !fail(log, store_checkpoint(log->store, true))) {
		return false;
	}
	import_progress(log->tally);
	return fail(log, store_begin(log->store));
}

/* Who has come and gone is not among the state's people: those entries are history alone. */
static bool is_of_state(const struct record *entry) {
	return entry->kind == ENTRY_ROOM_MADE || entry->kind == ENTRY_SAID ||
	       entry->kind == ENTRY_TOPIC || entry->kind == ENTRY_MODE;
}

static bool put_stamped(struct import_log *log, const struct record *entry) {
	return !log->is_failing && fail(log, store_put_entry(log->store, entry)) &&
	       is_batch_full(log);
}

static void stamp(struct import_log *log, struct record *entry, uint64_t time_us) {
	assert(time_us >= log->meta.time_us);
	entry->seq = ++log->meta.seq;
	entry->time_us = log->meta.time_us = time_us;
}

static bool put_entry(struct import_log *log, struct record *entry, uint64_t time_us) {
	stamp(log, entry, time_us);
	if (is_of_state(entry)) {
		enum state_error error = state_apply(log->state, entry, put_row, log);
		assert(error == STATE_OK);
	}
	return put_stamped(log, entry);
}

/* ---- rooms ---- */

static struct import_room *room_of(struct import_log *log, uint64_t id) {
	size_t low = 0, high = log->rooms_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (log->rooms[middle].id < id) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	assert(low < log->rooms_count && log->rooms[low].id == id);
	return &log->rooms[low];
}

static struct import_room *add_room(struct import_log *log, uint64_t id, uint64_t time_us) {
	if (log->rooms_count == log->rooms_capacity) {
		size_t capacity = 2 * log->rooms_capacity + 16;
		struct import_room *rooms = reallocarray(log->rooms, capacity, sizeof(*log->rooms));
		if (rooms == NULL) {
			diag("no memory is left");
			log->is_failing = true;
			return NULL;
		}
		log->rooms = rooms;
		log->rooms_capacity = capacity;
	}
	log->rooms[log->rooms_count] = (struct import_room){.id = id, .made_us = time_us};
	return &log->rooms[log->rooms_count++];
}

static struct import_room *make_room(struct import_log *log, struct slice name, uint64_t time_us) {
	struct record made = {.kind = ENTRY_ROOM_MADE, .name = name, .bits = ROOM_BITS_AT_FIRST};
	if (!put_entry(log, &made, time_us)) {
		return NULL;
	}
	log->tally->rooms++;
	return add_room(log, made.seq, time_us);
}

/* NULL: it failed, which was said. */
static struct import_room *find_room(struct import_log *log, struct slice name, uint64_t time_us) {
	struct slice before = slice_of(log->room_name, log->room_name_size);
	if (log->room != NULL && slice_equal(before, name)) {
		return log->room;
	}
	uint64_t id = state_room_named(log->state, name);
	if (id == ROOM_LOBBY) {
		log->room = &log->lobby;
	} else if (id == 0) {
		log->room = make_room(log, name, time_us);
	} else {
		log->room = room_of(log, id);
	}
	assert(name.size <= sizeof(log->room_name));
	memcpy(log->room_name, name.bytes, name.size);
	log->room_name_size = name.size;
	return log->room;
}

/* As state_apply() has it: then the room has a history. */
static void note_said(struct import_room *room, const struct record *entry) {
	if (room->first_said == 0 && is_of_state(entry)) {
		room->first_said = room->last;
	}
}

uint64_t import_log_room(struct import_log *log, struct slice name, uint64_t time_us) {
	struct import_room *room = find_room(log, name, time_us);
	return room == NULL ? 0 : room->id;
}

uint64_t import_log_time_us(const struct import_log *log) {
	return log->meta.time_us;
}

const struct state *import_log_state(const struct import_log *log) {
	return log->state;
}

bool import_log_add(struct import_log *log, struct record *entry, uint64_t time_us,
                    bool *is_possible) {
	stamp(log, entry, time_us);
	*is_possible = state_apply(log->state, entry, put_row, log) == STATE_OK;
	if (*is_possible && entry->room != 0) {
		struct import_room *room =
			entry->room == ROOM_LOBBY ? &log->lobby : room_of(log, entry->room);
		room->last = entry->seq;
		note_said(room, entry);
	}
	return *is_possible ? put_stamped(log, entry) : !log->is_failing;
}

/* ---- lines ---- */

static struct slice action(struct import_log *log, struct slice text) {
	int size = snprintf(log->text, sizeof(log->text), "\1ACTION %.*s\1", (int)text.size,
	                    text.bytes);
	assert(size > 0 && (size_t)size < sizeof(log->text));
	return slice_of(log->text, (size_t)size);
}

static struct slice reason(struct slice text) {
	return text.size <= WHY_BYTES_MAX ? text
	                                  : slice_first(text, cut_before(text, WHY_BYTES_MAX));
}

/* What the line is as an entry, and one more of. */
static uint64_t *understand(struct import_log *log, const struct import_line *line,
                            struct record *entry) {
	entry->name = line->name;
	entry->text = line->text;
	switch (line->kind) {
	case IMPORT_SAID: entry->kind = ENTRY_SAID; return &log->tally->said;
	case IMPORT_ACTION:
		entry->kind = ENTRY_SAID;
		entry->text = action(log, line->text);
		return &log->tally->said;
	case IMPORT_NOTICE:
		entry->kind = ENTRY_SAID;
		entry->bits = SAID_IS_NOTICE;
		return &log->tally->said;
	case IMPORT_JOINED: entry->kind = ENTRY_JOINED; return &log->tally->moved;
	case IMPORT_PARTED:
		entry->kind = ENTRY_PARTED;
		entry->text = reason(line->text);
		return &log->tally->moved;
	case IMPORT_RENAMED:
		entry->kind = ENTRY_RENAMED;
		entry->name = line->other_name;
		entry->other_name = line->name;
		return &log->tally->renamed;
	case IMPORT_TOPIC: entry->kind = ENTRY_TOPIC; return &log->tally->topics;
	default: assert(!"a kind of line that is taken"); return NULL;
	}
}

bool import_log_put(struct import_log *log, const struct import_heard *heard) {
	struct record entry = {.kind = RECORD_NONE};
	struct import_room *room = find_room(log, heard->room, heard->time_us);
	if (room == NULL) {
		return false;
	}
	uint64_t *count = understand(log, &heard->line, &entry);
	entry.person = log->meta.seq + 1;
	entry.room = room->id;
	if (entry.kind != ENTRY_RENAMED && room->id != ROOM_LOBBY) {
		entry.other_name = heard->room;
	}
	room->last = log->meta.seq + 1;
	note_said(room, &entry);
	++*count;
	return put_entry(log, &entry, heard->time_us);
}

/* ---- the end ---- */

/* Each room is empty since the last that is known of it: that is when its history may end it. */
static bool put_rooms(struct import_log *log) {
	for (size_t i = 0; i < log->rooms_count; i++) {
		const struct import_room *room = &log->rooms[i];
		const struct record row = {.kind = ROW_ROOM,
		                           .room = room->id,
		                           .name = state_room_name(log->state, room->id),
		                           .target = room->first_said,
		                           .number = room->last,
		                           .since_us = room->made_us};
		if (!fail(log, store_put_row(log->store, &row, false))) {
			return false;
		}
	}
	return true;
}

bool import_log_end(struct import_log *log) {
	return !log->is_failing && put_rooms(log) && commit(log) &&
	       fail(log, store_checkpoint(log->store, true));
}
