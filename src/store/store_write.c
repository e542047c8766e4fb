#include "store_write.h"

#include <assert.h>
#include <string.h>

#include "act.h"
#include "store_inner.h"
#include "store_read.h"

enum store_error store_set_synchronous(struct store *store, bool is_synchronous) {
	assert(store->use == STORE_WRITE && !store->is_in_transaction);
	return store_execute(
		store, is_synchronous ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
		"prepare it");
}

/* ---- transactions ---- */

void store_rollback(struct store *store) {
	if (store->is_in_transaction) {
		store->is_in_transaction = false;
		/* SQLite may have rolled back by itself; then this says so, and that is fine. */
		if (!sqlite3_get_autocommit(store->db)) {
			sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
		}
	}
}

enum store_error store_begin(struct store *store) {
	assert(store->use == STORE_WRITE && !store->is_in_transaction);
	sqlite3_stmt *statement = store_statement(store, STATEMENT_BEGIN);
	if (statement == NULL) {
		return STORE_FAILED;
	}
	enum store_error error = store_run(store, statement, "begin to write");
	store->is_in_transaction = error == STORE_OK;
	return error;
}

/* Runs a statement of the transaction; a failure ends it. */
enum store_error store_run_within(struct store *store, sqlite3_stmt *statement, const char *deed) {
	enum store_error error = store_run(store, statement, deed);
	if (error != STORE_OK) {
		store_rollback(store);
	}
	return error;
}

/* As store_statement(), in a transaction: a failure ends it. */
sqlite3_stmt *store_statement_within(struct store *store, enum store_statement which) {
	assert(store->is_in_transaction);
	sqlite3_stmt *statement = store_statement(store, which);
	if (statement == NULL) {
		store_rollback(store);
	}
	return statement;
}

enum store_error store_commit(struct store *store, const struct store_meta *meta) {
	sqlite3_stmt *set = store_statement_within(store, STATEMENT_META_SET);
	if (set == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(set, 1, (sqlite3_int64)meta->log);
	sqlite3_bind_int64(set, 2, (sqlite3_int64)meta->seq);
	sqlite3_bind_int64(set, 3, (sqlite3_int64)meta->time_us);
	sqlite3_bind_int64(set, 4, (sqlite3_int64)meta->ring);
	sqlite3_bind_int64(set, 5, (sqlite3_int64)meta->ring_position);
	sqlite3_bind_int64(set, 6, (sqlite3_int64)meta->reserve);
	enum store_error error = store_run_within(store, set, "store how far it is");
	if (error != STORE_OK) {
		return error;
	}
	sqlite3_stmt *commit = store_statement_within(store, STATEMENT_COMMIT);
	if (commit == NULL) {
		return STORE_FAILED;
	}
	error = store_run_within(store, commit, "commit");
	store->is_in_transaction = false;
	return error;
}

/* ---- what is put ---- */

static void bind_slice(sqlite3_stmt *statement, int index, struct slice slice) {
	if (slice.size == 0) {
		sqlite3_bind_null(statement, index);
	} else {
		sqlite3_bind_text(statement, index, slice.bytes, (int)slice.size, SQLITE_STATIC);
	}
}

static void bind_number(sqlite3_stmt *statement, int index, uint64_t number) {
	if (number == 0) {
		sqlite3_bind_null(statement, index);
	} else {
		sqlite3_bind_int64(statement, index, (sqlite3_int64)number);
	}
}

static void bind_room(sqlite3_stmt *statement, int index, const struct record *entry) {
	if (entry->room == 0 && store_is_shown(entry, 0)) {
		sqlite3_bind_int64(statement, index, 0);
	} else {
		bind_number(statement, index, entry->room);
	}
}

void store_bind_more(sqlite3_stmt *statement, int index, const struct record *entry,
                     uint8_t *scratch) {
	struct record rest = *entry;
	rest.seq = rest.time_us = rest.person = rest.room = 0;
	rest.name = rest.text = (struct slice){0};
	rest.request = 0;
	rest.incarnation = 0;
	rest.queue = 0;
	size_t size = record_encode_public(&rest, scratch, RECORD_BYTES_MAX);
	assert(size > 0);
	bool is_plain = rest.flags == 0 && (rest.version == 0 || rest.version == RECORD_VERSION);
	if (size == RECORD_HEAD_BYTES && is_plain) {
		sqlite3_bind_null(statement, index);
	} else {
		sqlite3_bind_blob(statement, index, scratch, (int)size, SQLITE_STATIC);
	}
}

static enum store_error put_further_rooms(struct store *store, const struct record *entry) {
	for (size_t i = 1; i < record_rooms_count(entry); i++) {
		sqlite3_stmt *put = store_statement_within(store, STATEMENT_ENTRY_ROOM_PUT);
		if (put == NULL) {
			return STORE_FAILED;
		}
		sqlite3_bind_int64(put, 1, (sqlite3_int64)record_room(entry, i));
		sqlite3_bind_int64(put, 2, (sqlite3_int64)entry->seq);
		enum store_error error = store_run_within(store, put, "store an entry's rooms");
		if (error != STORE_OK) {
			return error;
		}
	}
	return STORE_OK;
}

static enum store_error put_columns(struct store *store, enum store_statement which,
                                    const struct record *entry) {
	sqlite3_stmt *put = store_statement_within(store, which);
	if (put == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(put, 1, (sqlite3_int64)entry->seq);
	bind_room(put, 2, entry);
	sqlite3_bind_int64(put, 3, (sqlite3_int64)entry->time_us);
	sqlite3_bind_int(put, 4, entry->kind);
	bind_number(put, 5, entry->person);
	bind_slice(put, 6, entry->name);
	bind_slice(put, 7, entry->text);
	store_bind_more(put, 8, entry, store->scratch);
	return store_run_within(store, put, "store an entry");
}

enum store_error store_put_entry(struct store *store, const struct record *entry) {
	assert(record_is_entry(entry) && entry->seq > 0 && entry->seq <= INT64_MAX);
	enum store_error error = STORE_OK;
	if (record_is_act(entry)) {
		error = put_columns(store, STATEMENT_ACT_PUT, entry);
	}
	if (error != STORE_OK || (record_is_hidden(entry) && !record_is_event(entry))) {
		return error;
	}
	error = put_columns(store, STATEMENT_ENTRY_PUT, entry);
	return error == STORE_OK ? put_further_rooms(store, entry) : error;
}

/* A row's key: (kind, id, other). */
static void bind_key(sqlite3_stmt *statement, const struct record *row) {
	uint64_t id = 0, other = 0;
	switch (row->kind) {
	case ROW_PERSON: id = row->person; break;
	case ROW_SESSION: id = row->session; break;
	case ROW_ROOM: id = row->room; break;
	case ROW_MEMBER: id = row->room, other = row->person; break;
	case ROW_BAN: id = row->target; break;
	case ROW_MUTE: id = row->target; break;
	case ROW_THREAD: id = row->room; break;
	case ROW_MASK: id = row->room, other = row->target; break;
	case ROW_INVITATION: id = row->room, other = row->person; break;
	case ROW_ACCOUNT: id = row->target; break;
	case ROW_PROFILE: id = row->person; break;
	case ROW_CHARTER: id = row->room; break;
	case ROW_OFFICE: id = row->room, other = row->person; break;
	case ROW_SERVER:
		break; /* there is one */
	/* A room and a person may have the same number: the lobby's. */
	case ROW_MARK: id = row->person, other = row->room != 0 ? row->room : ~row->target; break;
	case ROW_METADATA: id = row->room + row->person, other = row->target; break;
	case ROW_DEVICE: id = row->target, other = row->session; break;
	case ROW_SEAT: id = row->session; break;
	case ROW_RULES: id = row->room; break;
	case ROW_STANDING: id = row->room, other = row->target; break;
	case ROW_SPOKEN: id = row->room, other = row->person; break;
	case ROW_KEPT: id = row->nonce; break;
	default: assert(!"a kind of row that the store knows"); break;
	}
	sqlite3_bind_int(statement, 1, row->kind);
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)id);
	sqlite3_bind_int64(statement, 3, (sqlite3_int64)other);
}

enum store_error store_put_row(struct store *store, const struct record *row, bool is_gone) {
	sqlite3_stmt *put =
		store_statement_within(store, is_gone ? STATEMENT_ROW_DROP : STATEMENT_ROW_PUT);
	if (put == NULL) {
		return STORE_FAILED;
	}
	bind_key(put, row);
	if (!is_gone) {
		size_t size = record_encode(row, store->scratch, sizeof(store->scratch));
		assert(size > 0);
		sqlite3_bind_blob(put, 4, store->scratch, (int)size, SQLITE_STATIC);
	}
	return store_run_within(store, put, "store the state");
}

/* ---- syncing ---- */

enum store_error store_sync(struct store *store) {
	sqlite3_file *wal = NULL;
	int result = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
	if (result == SQLITE_OK && wal != NULL && wal->pMethods != NULL) {
		result = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
	}
	if (result != SQLITE_OK) {
		return store_say(store, store_error_of(result), "%s-wal: cannot sync it: %s",
		                 store->path, sqlite3_errstr(result));
	}
	return STORE_OK;
}

/* ---- forgetting ---- */

/* The last of the `most` oldest entries; 0 if there are fewer. */
static enum store_error oldest_up_to(struct store *store, size_t most, uint64_t *seq) {
	sqlite3_stmt *statement = store_statement(store, STATEMENT_FORGET_UP_TO);
	*seq = 0;
	if (statement == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)most - 1);
	int result = sqlite3_step(statement);
	if (result == SQLITE_ROW) {
		*seq = (uint64_t)sqlite3_column_int64(statement, 0);
	}
	sqlite3_reset(statement);
	return result == SQLITE_ROW || result == SQLITE_DONE
	               ? STORE_OK
	               : store_fail(store, result, "look for what is old");
}

enum store_error store_forget(struct store *store, uint64_t seq, size_t *count) {
	static const enum store_statement deeds[] = {STATEMENT_FORGET_ACTS, STATEMENT_FORGET_ROOMS,
	                                             STATEMENT_FORGET};
	*count = 0;
	enum store_error error = store_begin(store);
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]) && error == STORE_OK; i++) {
		sqlite3_stmt *statement = store_statement_within(store, deeds[i]);
		if (statement == NULL) {
			return STORE_FAILED;
		}
		sqlite3_bind_int64(statement, 1, (sqlite3_int64)seq);
		error = store_run_within(store, statement, "forget what is old");
	}
	if (error != STORE_OK) {
		return error;
	}
	*count = (size_t)sqlite3_changes64(store->db);
	sqlite3_stmt *note = store_statement_within(store, STATEMENT_FORGOTTEN);
	if (note == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(note, 1, (sqlite3_int64)seq);
	error = store_run_within(store, note, "forget what is old");
	if (error != STORE_OK) {
		return error;
	}
	sqlite3_stmt *commit = store_statement_within(store, STATEMENT_COMMIT);
	if (commit == NULL) {
		return STORE_FAILED;
	}
	error = store_run_within(store, commit, "forget what is old");
	store->is_in_transaction = false;
	return error;
}

enum store_error store_forgettable(struct store *store, uint64_t before_us, size_t most,
                                   uint64_t *seq) {
	uint64_t kept, up_to, oldest;
	struct store_meta meta;
	*seq = 0;
	assert(most > 0);
	enum store_error error = store_seq_since(store, before_us, &kept);
	if (error == STORE_OK) {
		error = oldest_up_to(store, most, &up_to);
	}
	if (error == STORE_OK) {
		error = store_seq_oldest(store, &oldest);
	}
	if (error == STORE_OK) {
		error = store_meta(store, &meta);
	}
	if (error != STORE_OK || kept == 0) {
		return error;
	}
	uint64_t last = kept - 1 < meta.seq ? kept - 1 : meta.seq;
	if (up_to != 0 && up_to < last) {
		last = up_to;
	}
	*seq = oldest <= last ? last : 0;
	return STORE_OK;
}
