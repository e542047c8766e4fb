#include "store_redact.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store_inner.h"
#include "store_write.h"

/* What can be taken back; where it stands has to be the same room, or conversation. */
static enum store_error drop_message(struct store *store, uint64_t seq, uint64_t room) {
	sqlite3_stmt *drop = store_statement_within(store, STATEMENT_REDACT);
	_Static_assert(ENTRY_SAID == 3 && ENTRY_DIRECT == 16 && ENTRY_TAGGED == 27,
	               "the statement has them as numbers");
	if (drop == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(drop, 1, (sqlite3_int64)seq);
	sqlite3_bind_int64(drop, 2, (sqlite3_int64)room);
	return store_run_within(store, drop, "take back what was said");
}

/* ---- all that an account did: which accounts ---- */

static bool take_erasure(sqlite3_stmt *statement, struct erasure *erasure) {
	size_t size = (size_t)sqlite3_column_bytes(statement, 3);
	if (size > sizeof(erasure->name)) {
		return false;
	}
	*erasure = (struct erasure){.seq = (uint64_t)sqlite3_column_int64(statement, 0),
	                            .cursor = (uint64_t)sqlite3_column_int64(statement, 4),
	                            .name_size = size};
	if (size > 0) {
		memcpy(erasure->name, sqlite3_column_text(statement, 3), size);
	}
	author_init_erased(&erasure->author,
	                   &(struct record){.target = (uint64_t)sqlite3_column_int64(statement, 1),
	                                    .person = (uint64_t)sqlite3_column_int64(statement, 2),
	                                    .name = slice_of(erasure->name, size)});
	return true;
}

/* The i-th of them; STORE_NONE: there are not so many. */
static enum store_error read_erasure(struct store *store, size_t index, struct erasure *erasure) {
	sqlite3_stmt *statement = store_statement(store, STATEMENT_ERASURES);
	if (statement == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)index);
	int result = sqlite3_step(statement);
	enum store_error error = STORE_OK;
	if (result == SQLITE_DONE) {
		error = STORE_NONE;
	} else if (result != SQLITE_ROW) {
		error = store_fail(store, result, "read what is to be erased");
	} else if (!take_erasure(statement, erasure)) {
		error = store_say(store, STORE_DAMAGED, "%s is damaged (a row of erasures)",
		                  store->path);
	}
	sqlite3_reset(statement);
	return error;
}

enum store_error store_know_erasures(struct store *store) {
	struct erasure erasure;
	enum store_error error;
	store->erasures_count = 0;
	while ((error = read_erasure(store, store->erasures_count, &erasure)) == STORE_OK) {
		if (store->erasures_count == store->erasures_room) {
			size_t room = 2 * store->erasures_room + 4;
			void *more = realloc(store->erasures, room * sizeof(erasure));
			if (more == NULL) {
				return store_say(store, STORE_NO_MEMORY, "no memory is left");
			}
			store->erasures = more;
			store->erasures_room = room;
		}
		store->erasures[store->erasures_count++] = erasure;
	}
	return error == STORE_NONE ? STORE_OK : error;
}

bool store_is_erased(struct store *store, const struct record *entry) {
	bool is_erased = false;
	for (size_t i = 0; i < store->erasures_count && !is_erased; i++) {
		struct erasure *erasure = &store->erasures[i];
		is_erased = entry->seq < erasure->seq && author_made(&erasure->author, entry);
	}
	return is_erased;
}

/* What its person did before it was this account's is its own as well. */
static enum store_error put_erasure(struct store *store, const struct record *entry) {
	sqlite3_stmt *put = store_statement_within(store, STATEMENT_ERASURE_PUT);
	if (put == NULL) {
		return STORE_FAILED;
	}
	bool is_older = entry->person != 0 && entry->person < entry->target;
	uint64_t first = is_older ? entry->person : entry->target;
	sqlite3_bind_int64(put, 1, (sqlite3_int64)entry->seq);
	sqlite3_bind_int64(put, 2, (sqlite3_int64)entry->target);
	sqlite3_bind_int64(put, 3, (sqlite3_int64)entry->person);
	sqlite3_bind_text(put, 4, entry->name.bytes, (int)entry->name.size, SQLITE_STATIC);
	sqlite3_bind_int64(put, 5, (sqlite3_int64)(first > 0 ? first - 1 : 0));
	return store_run_within(store, put, "note what is to be erased");
}

enum store_error store_take_back(struct store *store, const struct record *entry) {
	if (entry->kind == ENTRY_ERASED) {
		return put_erasure(store, entry);
	}
	if (entry->kind == ENTRY_REDACTED && entry->number < entry->seq) {
		return drop_message(store, entry->number, entry->room);
	}
	return STORE_OK;
}

/* ---- all that an account did: a step ---- */

static enum store_error run_with_seq(struct store *store, enum store_statement which,
                                     uint64_t seq) {
	sqlite3_stmt *statement = store_statement_within(store, which);
	if (statement == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)seq);
	return store_run_within(store, statement, "erase what an account did");
}

static bool is_its(const struct erasure *erasure, struct slice name) {
	return name.size > 0 && name_equal(name, slice_of(erasure->name, erasure->name_size));
}

/* What somebody else did, with it: its name in it goes. False: it is not in it. */
static bool unname(const struct erasure *erasure, struct record *entry) {
	const struct slice nobody = slice_from_string(STORE_NOBODY);
	bool is_with = entry->target != 0 && entry->target == erasure->author.person;
	bool is_later = entry->seq > erasure->author.account;
	bool had_said = entry->kind == ENTRY_REDACTED && is_later && is_its(erasure, entry->by);
	bool has_name = is_with && is_its(erasure, entry->other_name);
	bool is_by = (is_with || had_said) && is_its(erasure, entry->by);
	if (has_name) {
		entry->other_name = nobody;
	}
	if (is_by) {
		entry->by = nobody;
	}
	return has_name || is_by;
}

static enum store_error put_unnamed(struct store *store, const struct record *entry) {
	sqlite3_stmt *set = store_statement_within(store, STATEMENT_ERASE_NAME);
	if (set == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(set, 1, (sqlite3_int64)entry->seq);
	store_bind_more(set, 2, entry, store->scratch);
	return store_run_within(store, set, "erase an account's name");
}

static enum store_error erase_entry(struct store *store, struct erasure *erasure,
                                    struct record *entry) {
	if (!author_made(&erasure->author, entry)) {
		return unname(erasure, entry) ? put_unnamed(store, entry) : STORE_OK;
	}
	enum store_error error = run_with_seq(store, STATEMENT_ERASE_ROOMS, entry->seq);
	return error == STORE_OK ? run_with_seq(store, STATEMENT_ERASE, entry->seq) : error;
}

/* What is written is the row that is read: SQLite goes on behind it. */
static enum store_error erase_entries(struct store *store, struct erasure *erasure, size_t most,
                                      size_t *count) {
	sqlite3_stmt *walk = store_statement_within(store, STATEMENT_FORWARD);
	enum store_error error = walk == NULL ? STORE_FAILED : STORE_OK;
	int result = SQLITE_ROW;
	*count = 0;
	if (error == STORE_OK) {
		sqlite3_bind_int64(walk, 1, (sqlite3_int64)erasure->cursor + 1);
		sqlite3_bind_int64(walk, 2, (sqlite3_int64)erasure->seq - 1);
		sqlite3_bind_int64(walk, 3, (sqlite3_int64)most);
	}
	while (error == STORE_OK && (result = sqlite3_step(walk)) == SQLITE_ROW) {
		struct record entry;
		++*count;
		erasure->cursor = (uint64_t)sqlite3_column_int64(walk, 0);
		/* What cannot be read is the check's to say. */
		if (store_entry_of(walk, &entry)) {
			error = erase_entry(store, erasure, &entry);
		}
	}
	if (error == STORE_OK && result != SQLITE_DONE) {
		error = store_fail(store, result, "read its entries");
	}
	if (walk != NULL) {
		sqlite3_reset(walk);
	}
	return error;
}

static enum store_error step(struct store *store, struct erasure *erasure, size_t most) {
	size_t count;
	enum store_error error = erase_entries(store, erasure, most, &count);
	if (error != STORE_OK) {
		return error;
	}
	if (count < most) {
		return run_with_seq(store, STATEMENT_ERASURE_END, erasure->seq);
	}
	sqlite3_stmt *note = store_statement_within(store, STATEMENT_ERASURE_STEP);
	if (note == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(note, 1, (sqlite3_int64)erasure->seq);
	sqlite3_bind_int64(note, 2, (sqlite3_int64)erasure->cursor);
	return store_run_within(store, note, "note how far it is erased");
}

enum store_error store_erase_some(struct store *store, size_t most, bool *is_done) {
	struct erasure erasure;
	enum store_error error = read_erasure(store, 0, &erasure);
	*is_done = error == STORE_NONE;
	if (error != STORE_OK) {
		return *is_done ? STORE_OK : error;
	}
	error = store_begin(store);
	if (error == STORE_OK) {
		error = step(store, &erasure, most);
	}
	if (error != STORE_OK) {
		store_rollback(store);
		return error;
	}
	sqlite3_stmt *commit = store_statement_within(store, STATEMENT_COMMIT);
	if (commit == NULL) {
		return STORE_FAILED;
	}
	error = store_run_within(store, commit, "erase what an account did");
	store->is_in_transaction = false;
	return error;
}
