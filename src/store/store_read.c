#include "store_read.h"

#include <assert.h>

#include "store_inner.h"

static int64_t clamp(uint64_t number) {
	return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

/* ---- one moment ---- */

enum store_error store_snapshot(struct store *store) {
	assert(!store->is_in_transaction);
	sqlite3_stmt *statement = store_statement(store, STATEMENT_SNAPSHOT);
	if (statement == NULL) {
		return STORE_FAILED;
	}
	enum store_error error = store_run(store, statement, "read it");
	if (error != STORE_OK) {
		return error;
	}
	store->is_in_transaction = true;
	/* BEGIN alone does not choose the moment: the first reading does. */
	struct store_meta meta;
	error = store_meta(store, &meta);
	if (error != STORE_OK) {
		store_release(store);
	}
	return error;
}

void store_release(struct store *store) {
	if (store->is_in_transaction) {
		store->is_in_transaction = false;
		if (!sqlite3_get_autocommit(store->db)) {
			sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
		}
	}
}

enum store_error store_meta(struct store *store, struct store_meta *meta) {
	sqlite3_stmt *statement = store_statement(store, STATEMENT_META);
	if (statement == NULL) {
		return STORE_FAILED;
	}
	int result = sqlite3_step(statement);
	enum store_error error = STORE_OK;
	if (result == SQLITE_ROW) {
		*meta = (struct store_meta){
			.log = (uint64_t)sqlite3_column_int64(statement, 0),
			.seq = (uint64_t)sqlite3_column_int64(statement, 1),
			.time_us = (uint64_t)sqlite3_column_int64(statement, 2),
			.ring = (uint64_t)sqlite3_column_int64(statement, 3),
			.ring_position = (uint64_t)sqlite3_column_int64(statement, 4),
			.reserve = (uint64_t)sqlite3_column_int64(statement, 5),
			.forgotten = (uint64_t)sqlite3_column_int64(statement, 6),
		};
	} else if (result == SQLITE_DONE) {
		error = store_say(store, STORE_DAMAGED,
		                  "%s is damaged (it does not say how far it is); nothing was "
		                  "written to it: put a copy in its place, or move it away to "
		                  "begin a new one",
		                  store->path);
	} else {
		error = store_fail(store, result, "read how far it is");
	}
	sqlite3_reset(statement);
	return error;
}

/* ---- entries and rows out of columns ---- */

static struct slice column_slice(sqlite3_stmt *statement, int column) {
	const char *bytes = sqlite3_column_blob(statement, column);
	return slice_of(bytes, (size_t)sqlite3_column_bytes(statement, column));
}

bool store_entry_of(sqlite3_stmt *statement, struct record *entry) {
	struct slice more = column_slice(statement, 7);
	if (more.size == 0) {
		*entry = (struct record){.version = RECORD_VERSION};
	} else if (record_decode(entry, more.bytes, more.size) != more.size) {
		return false;
	}
	entry->seq = (uint64_t)sqlite3_column_int64(statement, 0);
	entry->room = (uint64_t)sqlite3_column_int64(statement, 1);
	entry->time_us = (uint64_t)sqlite3_column_int64(statement, 2);
	entry->kind = (uint16_t)sqlite3_column_int(statement, 3);
	entry->person = (uint64_t)sqlite3_column_int64(statement, 4);
	entry->name = column_slice(statement, 5);
	entry->text = column_slice(statement, 6);
	return record_is_entry(entry);
}

static enum store_error damaged(struct store *store, const char *what, int64_t which) {
	return store_say(store, STORE_DAMAGED,
	                 "%s is damaged (%s %lld cannot be read); nothing was written to it: put "
	                 "a copy in its place, or move it away to begin a new one",
	                 store->path, what, (long long)which);
}

/* Steps through a statement's entries. */
static enum store_error each_entry(struct store *store, sqlite3_stmt *statement, store_each *each,
                                   void *context) {
	enum store_error error = store_know_erasures(store);
	bool is_wanted = true;
	while (is_wanted && error == STORE_OK) {
		int result = sqlite3_step(statement);
		struct record entry;
		if (result == SQLITE_DONE) {
			break;
		} else if (result != SQLITE_ROW) {
			error = store_fail(store, result, "read its entries");
		} else if (!store_entry_of(statement, &entry)) {
			error = damaged(store, "entry", sqlite3_column_int64(statement, 0));
		} else {
			if (store_is_erased(store, &entry)) {
				entry.text = entry.tags = entry.joints = slice_of(NULL, 0);
				entry.bits |= SAID_IS_REDACTED;
			}
			is_wanted = each(context, &entry);
		}
	}
	sqlite3_reset(statement);
	return error;
}

static enum store_error each_row(struct store *store, sqlite3_stmt *statement, store_each *each,
                                 void *context) {
	enum store_error error = STORE_OK;
	bool is_wanted = true;
	while (is_wanted && error == STORE_OK) {
		int result = sqlite3_step(statement);
		struct record row;
		if (result == SQLITE_DONE) {
			break;
		} else if (result != SQLITE_ROW) {
			error = store_fail(store, result, "read the state");
			break;
		}
		struct slice bytes = column_slice(statement, 1);
		if (record_decode(&row, bytes.bytes, bytes.size) != bytes.size ||
		    row.kind != sqlite3_column_int(statement, 0)) {
			error = damaged(store, "a row of the state of kind",
			                sqlite3_column_int64(statement, 0));
		} else {
			is_wanted = each(context, &row);
		}
	}
	sqlite3_reset(statement);
	return error;
}

enum store_error store_rows(struct store *store, store_each *each, void *context) {
	struct store_meta meta;
	bool is_own = !store->is_in_transaction;
	enum store_error error = is_own ? store_snapshot(store) : STORE_OK;
	if (error == STORE_OK) {
		error = store_meta(store, &meta);
	}
	sqlite3_stmt *statement = error == STORE_OK ? store_statement(store, STATEMENT_ROWS) : NULL;
	if (error == STORE_OK && statement == NULL) {
		error = STORE_FAILED;
	}
	if (error == STORE_OK) {
		struct record row = {.kind = ROW_META, .seq = meta.seq, .time_us = meta.time_us};
		if (each(context, &row)) {
			error = each_row(store, statement, each, context);
		}
	}
	if (is_own) {
		store_release(store);
	}
	/* All pages of the state have passed through the cache, and few of them are needed again. */
	store_give_back(store);
	return error;
}

/* ---- slices ---- */

bool store_is_shown(const struct record *entry, uint64_t room) {
	if (record_is_hidden(entry)) {
		return false;
	}
	if (entry->room == 0) {
		return entry->kind == ENTRY_SHOUTED || entry->kind == ENTRY_CLOSED;
	}
	return record_concerns_room(entry, room);
}

enum store_error store_is_thread(struct store *store, uint64_t room, bool *is_thread) {
	*is_thread = false;
	sqlite3_stmt *statement = store_statement(store, STATEMENT_IS_THREAD);
	if (statement == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(statement, 1, clamp(room));
	sqlite3_bind_int(statement, 2, ROW_THREAD);
	sqlite3_bind_int(statement, 3, ENTRY_DIRECT);
	int result = sqlite3_step(statement);
	*is_thread = result == SQLITE_ROW && sqlite3_column_int(statement, 0) != 0;
	sqlite3_reset(statement);
	return result == SQLITE_ROW || result == SQLITE_DONE
	               ? STORE_OK
	               : store_fail(store, result, "look for a conversation");
}

/* Of a room, on one side of a seq. */
static enum store_error of_room(struct store *store, enum store_statement which, bool has_events,
                                uint64_t room, uint64_t seq, size_t count, store_each *each,
                                void *context) {
	bool is_thread;
	_Static_assert(ENTRY_TAGGED == 27, "the statements have it as a number");
	enum store_error error = store_is_thread(store, room, &is_thread);
	if (error != STORE_OK) {
		return error;
	}
	sqlite3_stmt *statement = store_statement(store, which);
	if (statement == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int(statement, 4, is_thread);
	sqlite3_bind_int(statement, 5, has_events);
	sqlite3_bind_int64(statement, 1, clamp(room));
	sqlite3_bind_int64(statement, 2, clamp(seq));
	sqlite3_bind_int64(statement, 3, clamp(count));
	return each_entry(store, statement, each, context);
}

enum store_error store_last(struct store *store, uint64_t room, uint64_t seq, size_t count,
                            store_each *each, void *context) {
	return of_room(store, STATEMENT_LAST, false, room, seq, count, each, context);
}

enum store_error store_last_events(struct store *store, uint64_t room, uint64_t seq, size_t count,
                                   store_each *each, void *context) {
	return of_room(store, STATEMENT_LAST, true, room, seq, count, each, context);
}

enum store_error store_next(struct store *store, uint64_t room, uint64_t seq, size_t count,
                            store_each *each, void *context) {
	return of_room(store, STATEMENT_NEXT, false, room, seq, count, each, context);
}

enum store_error store_next_events(struct store *store, uint64_t room, uint64_t seq, size_t count,
                                   store_each *each, void *context) {
	return of_room(store, STATEMENT_NEXT, true, room, seq, count, each, context);
}

/* A statement with two numbers and a count. */
static enum store_error range(struct store *store, enum store_statement which, uint64_t from,
                              uint64_t to, size_t count, store_each *each, void *context) {
	sqlite3_stmt *statement = store_statement(store, which);
	if (statement == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(statement, 1, clamp(from));
	sqlite3_bind_int64(statement, 2, clamp(to));
	sqlite3_bind_int64(statement, 3, clamp(count));
	return each_entry(store, statement, each, context);
}

enum store_error store_moves(struct store *store, uint64_t person, uint64_t seq, size_t count,
                             store_each *each, void *context) {
	_Static_assert(ENTRY_JOINED == 14 && ENTRY_PARTED == 15 && ENTRY_PUT_OUT == 23,
	               "the statement has them as numbers");
	return range(store, STATEMENT_MOVES, person, seq, count, each, context);
}

enum store_error store_goings(struct store *store, uint64_t from, uint64_t to, size_t count,
                              store_each *each, void *context) {
	_Static_assert(ENTRY_LEFT == 2 && ENTRY_RENAMED == 4 && ENTRY_KICKED == 5,
	               "the statement has them as numbers");
	return range(store, STATEMENT_GOINGS, from, to, count, each, context);
}

enum store_error store_acts(struct store *store, uint64_t since_us, uint64_t seq, size_t count,
                            store_each *each, void *context) {
	return range(store, STATEMENT_ACTS, seq, since_us, count, each, context);
}

enum store_error store_messages(struct store *store, uint64_t room, uint64_t seq, size_t count,
                                store_each *each, void *context) {
	_Static_assert(ENTRY_SAID == 3 && ENTRY_DIRECT == 16, "the statement has them as numbers");
	return range(store, STATEMENT_MESSAGES, room, seq, count, each, context);
}

enum store_error store_messages_after(struct store *store, uint64_t room, uint64_t seq,
                                      size_t count, store_each *each, void *context) {
	return range(store, STATEMENT_MESSAGES_AFTER, room, seq, count, each, context);
}

enum store_error store_forward(struct store *store, uint64_t from, uint64_t to, size_t count,
                               store_each *each, void *context) {
	return range(store, STATEMENT_FORWARD, from, to, count, each, context);
}

enum store_error store_backward(struct store *store, uint64_t from, uint64_t to, size_t count,
                                store_each *each, void *context) {
	return range(store, STATEMENT_BACKWARD, from, to, count, each, context);
}

/* ---- where things are ---- */

/* The first entry with that number or a higher one; UINT64_MAX if there is none. */
static enum store_error at_or_after(struct store *store, uint64_t from, uint64_t *seq,
                                    uint64_t *time_us) {
	sqlite3_stmt *statement = store_statement(store, STATEMENT_AT_OR_AFTER);
	*seq = *time_us = UINT64_MAX;
	if (statement == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(statement, 1, clamp(from));
	int result = sqlite3_step(statement);
	if (result == SQLITE_ROW) {
		*seq = (uint64_t)sqlite3_column_int64(statement, 0);
		*time_us = (uint64_t)sqlite3_column_int64(statement, 1);
	}
	sqlite3_reset(statement);
	return result == SQLITE_ROW || result == SQLITE_DONE
	               ? STORE_OK
	               : store_fail(store, result, "read its entries");
}

enum store_error store_seq_oldest(struct store *store, uint64_t *seq) {
	uint64_t time_us;
	return at_or_after(store, 0, seq, &time_us);
}

enum store_error store_seq_since(struct store *store, uint64_t time_us, uint64_t *seq) {
	int64_t newest;
	uint64_t low, found, found_us;
	*seq = UINT64_MAX;
	enum store_error error = store_seq_oldest(store, &low);
	if (error == STORE_OK) {
		error = store_pragma(store, "SELECT max(seq) FROM entries", &newest);
	}
	/* All below low are too old; all from high on are not. */
	uint64_t high = error == STORE_OK ? (uint64_t)newest + 1 : 0;
	while (error == STORE_OK && low < high) {
		uint64_t middle = low + (high - low) / 2;
		error = at_or_after(store, middle, &found, &found_us);
		if (found_us >= time_us) {
			high = middle;
			*seq = found;
		} else {
			low = found + 1;
		}
	}
	return error;
}
