/*
 * store_check.c - reading all of log.db, for `qun admin check`.
 *
 * SQLite has a check of its own, which cannot be done in steps; and whoever
 * does it in one serves nobody for as long as a large log takes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "act.h"
#include "state.h"
#include "store.h"
#include "store_inner.h"
#include "store_read.h"

/* Sentences that are said; more are counted. */
#define PROBLEMS_SAID_MAX 100

/* Entries or places in an index that are read in a step. */
#define STEP_MAX 2000

enum phase {
	PHASE_ENTRIES,
	PHASE_PLACES,
	PHASE_FURTHER_PLACES,
	PHASE_ACTS,
	PHASE_ROWS,
	PHASE_DONE
};

struct store_check {
	struct store *store;
	void (*say)(void *context, const char *sentence);
	void *context;
	size_t problems;
	enum phase phase;
	uint64_t seq_max;  /* the last entry when the check began */
	uint64_t time_us;  /* of the entry before */
	int64_t room, seq; /* where the next step begins */
	sqlite3_stmt *step, *place, *further_place, *act;
	struct state *state;
};

static void problem(struct store_check *check, const char *sentence) {
	if (check->problems++ < PROBLEMS_SAID_MAX && check->say != NULL) {
		check->say(check->context, sentence);
	}
}

static void problem_of_entry(struct store_check *check, int64_t seq, const char *what) {
	char sentence[STORE_WHY_BYTES];
	snprintf(sentence, sizeof(sentence), "entry %lld %s", (long long)seq, what);
	problem(check, sentence);
}

static void next_phase(struct store_check *check) {
	sqlite3_finalize(check->step);
	check->step = NULL;
	check->phase++;
	check->time_us = 0;
	check->room = 0;
	check->seq = 0;
}

/* What cannot be read ends its phase: there is no way around a broken page. */
static void problem_of_sqlite(struct store_check *check, int result, const char *deed) {
	store_fail(check->store, result, deed);
	problem(check, check->store->why);
	next_phase(check);
}

static sqlite3_stmt *prepare(struct store_check *check, sqlite3_stmt **kept, const char *sql) {
	if (*kept == NULL &&
	    sqlite3_prepare_v2(check->store->db, sql, -1, kept, NULL) != SQLITE_OK) {
		problem_of_sqlite(check, sqlite3_errcode(check->store->db), "check it");
	}
	return *kept;
}

/* ---- entries, and their places in the indices ---- */

static bool has_place(sqlite3_stmt *statement, uint64_t room, uint64_t seq) {
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)room);
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)seq);
	bool is_there = sqlite3_step(statement) == SQLITE_ROW;
	sqlite3_reset(statement);
	return is_there;
}

static void check_entry(struct store_check *check, const struct record *entry) {
	if (entry->time_us < check->time_us) {
		problem_of_entry(check, (int64_t)entry->seq, "is older than the one before it");
	}
	if (record_is_hidden(entry) && !record_is_event(entry)) {
		problem_of_entry(check, (int64_t)entry->seq, "should not be there");
	}
	check->time_us = entry->time_us;
	if (record_is_act(entry) && check->act != NULL && !has_place(check->act, 0, entry->seq)) {
		problem_of_entry(check, (int64_t)entry->seq, "is missing among the acts");
	}
	for (size_t i = 0; i < record_rooms_count(entry); i++) {
		sqlite3_stmt *place = i == 0 ? check->place : check->further_place;
		if (!has_place(place, record_room(entry, i), entry->seq)) {
			problem_of_entry(check, (int64_t)entry->seq, "is missing in an index");
		}
	}
}

/* What comes behind the last one that was looked at. */
static void bind_step(struct store_check *check) {
	sqlite3_bind_int64(check->step, 1, check->seq);
	sqlite3_bind_int64(check->step, 2, (sqlite3_int64)check->seq_max);
	sqlite3_bind_int64(check->step, 3, STEP_MAX);
}

static void step_entries(struct store_check *check) {
	if (prepare(check, &check->place,
	            "SELECT 1 FROM entries INDEXED BY entries_by_room "
	            "WHERE room = ?1 AND seq = ?2") == NULL ||
	    prepare(check, &check->further_place,
	            "SELECT 1 FROM entry_rooms WHERE room = ?1 AND seq = ?2") == NULL ||
	    prepare(check, &check->act, "SELECT 1 FROM acts WHERE seq = ?2 AND ?1 = 0") == NULL ||
	    prepare(check, &check->step,
	            "SELECT * FROM entries WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3") ==
	            NULL) {
		return;
	}
	bind_step(check);
	int count = 0;
	int result;
	while ((result = sqlite3_step(check->step)) == SQLITE_ROW) {
		struct record entry;
		count++;
		check->seq = sqlite3_column_int64(check->step, 0);
		if (store_entry_of(check->step, &entry)) {
			check_entry(check, &entry);
		} else {
			problem_of_entry(check, check->seq, "cannot be read");
		}
	}
	sqlite3_reset(check->step);
	if (result != SQLITE_DONE) {
		problem_of_sqlite(check, result, "read its entries");
	} else if (count < STEP_MAX) {
		next_phase(check);
	}
}

/* ---- places, and their entries ---- */

static void step_places(struct store_check *check, const char *sql) {
	if (prepare(check, &check->step, sql) == NULL) {
		return;
	}
	sqlite3_bind_int64(check->step, 1, check->room);
	sqlite3_bind_int64(check->step, 2, check->seq);
	sqlite3_bind_int64(check->step, 3, STEP_MAX);
	int count = 0;
	int result;
	while ((result = sqlite3_step(check->step)) == SQLITE_ROW) {
		count++;
		check->room = sqlite3_column_int64(check->step, 0);
		check->seq = sqlite3_column_int64(check->step, 1);
		if (sqlite3_column_int(check->step, 2) == 0) {
			problem_of_entry(check, check->seq, "is in an index and not there");
		}
	}
	sqlite3_reset(check->step);
	if (result != SQLITE_DONE) {
		problem_of_sqlite(check, result, "read its indices");
	} else if (count < STEP_MAX) {
		next_phase(check);
	}
}

/* The rest of a room, then other rooms. Of this index "(room, seq) > (?1, ?2)" would use the room alone, and
 * read it from its beginning in every step. */
static const char places_sql[] =
	"SELECT room, seq, EXISTS (SELECT 1 FROM entries AS e NOT INDEXED "
	"WHERE e.seq = i.seq AND e.room = i.room) FROM ("
	"SELECT * FROM (SELECT room, seq FROM entries INDEXED BY entries_by_room "
	"WHERE room = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3) UNION ALL "
	"SELECT * FROM (SELECT room, seq FROM entries INDEXED BY entries_by_room "
	"WHERE room > ?1 ORDER BY room, seq LIMIT ?3) ORDER BY room, seq LIMIT ?3) AS i";

static const char further_places_sql[] =
	"SELECT room, seq, EXISTS (SELECT 1 FROM entries AS e NOT INDEXED WHERE e.seq = i.seq) "
	"FROM entry_rooms AS i WHERE (room, seq) > (?1, ?2) ORDER BY room, seq LIMIT ?3";

/* ---- acts ---- */

static void check_act(struct store_check *check) {
	struct record act;
	check->seq = sqlite3_column_int64(check->step, 0);
	if (!store_entry_of(check->step, &act)) {
		problem_of_entry(check, check->seq, "cannot be read among the acts");
		return;
	}
	if (!record_is_act(&act)) {
		problem_of_entry(check, check->seq, "is no act");
	}
	if (act.time_us < check->time_us) {
		problem_of_entry(check, check->seq, "is older than the act before it");
	}
	check->time_us = act.time_us;
}

static void step_acts(struct store_check *check) {
	if (prepare(check, &check->step,
	            "SELECT * FROM acts WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3") ==
	    NULL) {
		return;
	}
	bind_step(check);
	int count = 0;
	int result;
	while ((result = sqlite3_step(check->step)) == SQLITE_ROW) {
		count++;
		check_act(check);
	}
	sqlite3_reset(check->step);
	if (result != SQLITE_DONE) {
		problem_of_sqlite(check, result, "read its acts");
	} else if (count < STEP_MAX) {
		next_phase(check);
	}
}

/* ---- the state ---- */

static bool check_row(void *context, const struct record *row) {
	struct store_check *check = context;
	if (state_load_row(check->state, row) != STATE_OK) {
		problem(check, "a row of the state contradicts the others");
	}
	return true;
}

static void check_rows(struct store_check *check) {
	check->state = state_create();
	if (store_rows(check->store, check_row, check) != STORE_OK) {
		problem(check, check->store->why);
	}
	state_destroy(check->state);
	check->state = NULL;
	next_phase(check);
}

/* ---- the whole ---- */

struct store_check *store_check_create(struct store *store,
                                       void (*say)(void *context, const char *sentence),
                                       void *context) {
	struct store_check *check = calloc(1, sizeof(*check));
	struct store_meta meta;
	if (check == NULL) {
		return NULL;
	}
	*check = (struct store_check){.store = store, .say = say, .context = context};
	if (store_meta(store, &meta) == STORE_OK) {
		check->seq_max = meta.seq;
	} else {
		problem(check, store->why);
	}
	return check;
}

bool store_check_step(struct store_check *check) {
	switch (check->phase) {
	case PHASE_ENTRIES: step_entries(check); break;
	case PHASE_PLACES: step_places(check, places_sql); break;
	case PHASE_FURTHER_PLACES: step_places(check, further_places_sql); break;
	case PHASE_ACTS: step_acts(check); break;
	case PHASE_ROWS: check_rows(check); break;
	case PHASE_DONE: break;
	}
	return check->phase != PHASE_DONE;
}

size_t store_check_problems(const struct store_check *check) {
	return check->problems;
}

void store_check_destroy(struct store_check *check) {
	if (check != NULL) {
		sqlite3_finalize(check->step);
		sqlite3_finalize(check->place);
		sqlite3_finalize(check->further_place);
		sqlite3_finalize(check->act);
		free(check);
	}
}
