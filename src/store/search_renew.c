/*
 * What was taken back is found by nobody, as log.db has it no more; but its words stand in its part's
 * table. So that table is made once more, out of what log.db has, beside the one that serves, and takes its place.
 *
 * A row of `renewals` is such a part: `cursor` is up to where the new table is made, NULL before
 * it is begun, and SEARCH_SWAPPED when it serves and only the WAL still has the words. `again`: something
 * was taken back that the new table may have.
 */
#include <assert.h>
#include <stdio.h>

#include "search_inner.h"
#include "store_read.h"

#define SEARCH_SWAPPED INT64_MAX

/*
 * What was taken back before the index was begun was never read for it, and what was not yet read
 * is gone by now. Likewise for a new table and its cursor.
 */
int search_note_redaction(struct search *search, const struct record *entry, uint64_t indexed) {
	if (entry->kind != ENTRY_REDACTED || record_is_direct(entry) || entry->number > indexed) {
		return SQLITE_OK;
	}
	return search_execute(search,
	                      "INSERT INTO renewals SELECT part, NULL, 0 FROM parts, meta "
	                      "WHERE part = %lld AND begun < %lld "
	                      "ON CONFLICT (part) DO UPDATE SET again = 1 WHERE cursor >= %lld",
	                      (long long)(entry->number >> SEARCH_PART_BITS), (long long)entry->seq,
	                      (long long)entry->number);
}

/* ---- a step ---- */

struct renewal {
	struct search *search;
	int64_t part;
	int64_t cursor;
	bool is_begun;
	bool is_swapped;
	char name[SEARCH_TABLE_BYTES], new_name[SEARCH_TABLE_BYTES];
	sqlite3_stmt *insert;
	size_t count;
	int result;
};

/* The one that is under way, or else the newest. SQLITE_ROW if there is one. */
static int read_renewal(struct search *search, struct renewal *renewal) {
	sqlite3_stmt *statement;
	int result = sqlite3_prepare_v2(search->db,
	                                "SELECT part, cursor FROM renewals "
	                                "ORDER BY cursor DESC, part DESC LIMIT 1",
	                                -1, &statement, NULL);
	if (result == SQLITE_OK) {
		result = sqlite3_step(statement);
	}
	*renewal = (struct renewal){.search = search, .result = SQLITE_OK};
	if (result == SQLITE_ROW) {
		renewal->part = sqlite3_column_int64(statement, 0);
		renewal->is_begun = sqlite3_column_type(statement, 1) != SQLITE_NULL;
		renewal->cursor = sqlite3_column_int64(statement, 1);
		renewal->is_swapped = renewal->cursor == SEARCH_SWAPPED;
		search_name_table(renewal->name, renewal->part, false);
		search_name_table(renewal->new_name, renewal->part, true);
	}
	sqlite3_finalize(statement);
	return result;
}

static int begin(struct renewal *renewal) {
	renewal->cursor = (renewal->part << SEARCH_PART_BITS) - 1;
	int result = search_execute(renewal->search, "DROP TABLE IF EXISTS %s", renewal->new_name);
	return result == SQLITE_OK ? search_make_table(renewal->search, renewal->new_name) : result;
}

static bool take_over(void *context, const struct record *entry) {
	struct renewal *renewal = context;
	renewal->count++;
	renewal->cursor = (int64_t)entry->seq;
	if (search_is_indexed(entry)) {
		renewal->result = search_insert(renewal->insert, entry);
	}
	return renewal->result == SQLITE_OK;
}

/* Up to what the old table has. *is_filled: as far as that. */
static enum store_error fill(struct renewal *renewal, struct store *store, size_t most,
                             bool *is_filled) {
	struct search *search = renewal->search;
	int64_t end = ((renewal->part + 1) << SEARCH_PART_BITS) - 1;
	end = end < (int64_t)search->seq ? end : (int64_t)search->seq;
	renewal->result = search_prepare_insert(search, renewal->new_name, &renewal->insert);
	enum store_error error = STORE_OK;
	if (renewal->result == SQLITE_OK) {
		error = store_forward(store, (uint64_t)(renewal->cursor + 1), (uint64_t)end, most,
		                      take_over, renewal);
	}
	sqlite3_finalize(renewal->insert);
	*is_filled = renewal->count < most;
	if (*is_filled) {
		renewal->cursor = end;
	}
	return error;
}

static int swap(struct renewal *renewal) {
	struct search *search = renewal->search;
	if (search->part == renewal->part) {
		search_leave_part(search);
	}
	renewal->cursor = SEARCH_SWAPPED;
	return search_execute(search, "DROP TABLE IF EXISTS %s; ALTER TABLE %s RENAME TO %s",
	                      renewal->name, renewal->new_name, renewal->name);
}

/* Into the transaction; what failed is in the renewal or returned. */
static enum store_error go_on(struct renewal *renewal, struct store *store, size_t most) {
	struct search *search = renewal->search;
	bool is_filled = false, is_merged = false;
	if (!renewal->is_begun) {
		renewal->result = begin(renewal);
	}
	if (renewal->result == SQLITE_OK) {
		renewal->result = search_merge(search, renewal->new_name, &is_merged);
	}
	if (renewal->result == SQLITE_OK) {
		enum store_error error = fill(renewal, store, most, &is_filled);
		if (error != STORE_OK) {
			return error;
		}
	}
	if (renewal->result == SQLITE_OK && is_filled && is_merged) {
		renewal->result = swap(renewal);
	}
	if (renewal->result == SQLITE_OK) {
		renewal->result = search_execute(
			search, "UPDATE renewals SET cursor = %lld WHERE part = %lld",
			(long long)renewal->cursor, (long long)renewal->part);
	}
	return STORE_OK;
}

static enum store_error step(struct renewal *renewal, struct store *store, size_t most) {
	struct search *search = renewal->search;
	int result = search_execute(search, "BEGIN IMMEDIATE");
	if (result != SQLITE_OK) {
		return search_fail(search, result);
	}
	enum store_error error = go_on(renewal, store, most);
	if (error != STORE_OK) {
		snprintf(search->why, sizeof(search->why), "%s", store_why(store));
		return search_give_up(search, STORE_FAILED);
	}
	result = renewal->result;
	if (result == SQLITE_OK) {
		result = search_execute(search, "COMMIT");
	}
	return result == SQLITE_OK ? STORE_OK : search_give_up(search, search_fail(search, result));
}

/* ---- the last step ---- */

/* Who reads is not waited for: STORE_BUSY. */
static enum store_error empty_wal(struct search *search) {
	sqlite3_busy_timeout(search->db, 0);
	int result =
		sqlite3_wal_checkpoint_v2(search->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(search->db, SEARCH_BUSY_MS_MAX);
	return result == SQLITE_OK ? STORE_OK : search_fail(search, result);
}

static enum store_error end(struct renewal *renewal) {
	struct search *search = renewal->search;
	enum store_error error = empty_wal(search);
	if (error != STORE_OK) {
		return error;
	}
	int result =
		search_execute(search,
	                       "BEGIN IMMEDIATE; "
	                       "DELETE FROM renewals WHERE part = %lld AND NOT again; "
	                       "UPDATE renewals SET cursor = NULL, again = 0 WHERE part = %lld; "
	                       "COMMIT",
	                       (long long)renewal->part, (long long)renewal->part);
	return result == SQLITE_OK ? STORE_OK : search_give_up(search, search_fail(search, result));
}

enum store_error search_renew(struct search *search, struct store *store, size_t most,
                              bool *is_done) {
	struct renewal renewal;
	assert(search->is_writer);
	int result = read_renewal(search, &renewal);
	*is_done = result == SQLITE_DONE;
	if (result != SQLITE_ROW) {
		return *is_done ? STORE_OK : search_fail(search, result);
	}
	return renewal.is_swapped ? end(&renewal) : step(&renewal, store, most);
}
