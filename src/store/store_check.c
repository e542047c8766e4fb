/*
 * store_check.c - reading all of log.db, for `qun admin check`.
 */
#include <stdio.h>

#include "state.h"
#include "store.h"
#include "store_inner.h"
#include "store_read.h"

/* Sentences that are said; more are counted. */
#define PROBLEMS_SAID_MAX 100

struct check {
	struct store *store;
	void (*say)(void *context, const char *sentence);
	void *context;
	size_t problems;
	struct store_meta meta;
	uint64_t seq, time_us;
	struct state *state;
};

static void problem(struct check *check, const char *sentence) {
	if (check->problems++ < PROBLEMS_SAID_MAX && check->say != NULL) {
		check->say(check->context, sentence);
	}
}

static void problem_of_entry(struct check *check, uint64_t seq, const char *what) {
	char sentence[STORE_WHY_BYTES];
	snprintf(sentence, sizeof(sentence), "entry %llu %s", (unsigned long long)seq, what);
	problem(check, sentence);
}

/* SQLite's own: pages, cells, indices against tables. */
static void check_file(struct check *check) {
	sqlite3_stmt *statement;
	struct store *store = check->store;
	int result = sqlite3_prepare_v2(store->db, "PRAGMA integrity_check", -1, &statement, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *line = (const char *)sqlite3_column_text(statement, 0);
		if (line == NULL || strcmp(line, "ok") != 0) {
			problem(check, line == NULL ? "no memory is left" : line);
		}
		result = SQLITE_OK;
	}
	if (result != SQLITE_DONE) {
		store_fail(store, result, "check it");
		problem(check, store->why);
	}
	sqlite3_finalize(statement);
}

static bool check_entry(void *context, const struct record *entry) {
	struct check *check = context;
	if (entry->seq > check->meta.seq) {
		problem_of_entry(check, entry->seq, "is beyond the last that was stored");
	}
	if (entry->time_us < check->time_us) {
		problem_of_entry(check, entry->seq, "is older than the one before it");
	}
	if (record_is_hidden(entry)) {
		problem_of_entry(check, entry->seq, "should not be there");
	}
	check->seq = entry->seq;
	check->time_us = entry->time_us;
	return true;
}

/* An entry that cannot be read ends the walk; it is stepped over, and the walk goes on. */
static void check_entries(struct check *check) {
	sqlite3_stmt *statement;
	struct store *store = check->store;
	int result = sqlite3_prepare_v2(store->db, "SELECT * FROM entries ORDER BY seq", -1,
	                                &statement, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		struct record entry;
		if (store_entry_of(statement, &entry)) {
			check_entry(check, &entry);
		} else {
			problem_of_entry(check, (uint64_t)sqlite3_column_int64(statement, 0),
			                 "cannot be read");
		}
		result = SQLITE_OK;
	}
	if (result != SQLITE_DONE) {
		store_fail(store, result, "read its entries");
		problem(check, store->why);
	}
	sqlite3_finalize(statement);
}

static bool check_row(void *context, const struct record *row) {
	struct check *check = context;
	if (state_load_row(check->state, row) != STATE_OK) {
		problem(check, "a row of the state contradicts the others");
	}
	return true;
}

static void check_state(struct check *check) {
	check->state = state_create();
	if (store_rows(check->store, check_row, check) != STORE_OK) {
		problem(check, check->store->why);
	}
	state_destroy(check->state);
}

size_t store_check(struct store *store, void (*say)(void *context, const char *sentence),
                   void *context) {
	struct check check = {.store = store, .say = say, .context = context};
	if (store_snapshot(store) != STORE_OK || store_meta(store, &check.meta) != STORE_OK) {
		problem(&check, store->why);
		store_release(store);
		return check.problems;
	}
	check_file(&check);
	check_entries(&check);
	check_state(&check);
	store_release(store);
	return check.problems;
}
