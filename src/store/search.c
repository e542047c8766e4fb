#include "search.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utf8proc.h>

#include "search_inner.h"
#include "search_tokenizer.h"
#include "store_read.h"

#define SEARCH_APPLICATION_ID 0x71756e32 /* "qun2" */
#define SEARCH_VERSION 3

/* Pages that one tidying may write. */
#define TIDY_PAGES 64
/* Segments of one size that are merged into one: with FTS5's four a message is written once more. */
#define SEGMENTS_MERGED 8

const char *search_why(const struct search *search) {
	return search->why;
}

enum store_error search_fail(struct search *search, int result) {
	enum store_error error = store_error_of(result);
	snprintf(search->why, sizeof(search->why), "search.db: %s: %s", store_strerror(error),
	         sqlite3_errmsg(search->db));
	return error;
}

int search_execute(struct search *search, const char *format, ...) {
	char sql[1024];
	va_list arguments;
	va_start(arguments, format);
	int wrote = vsnprintf(sql, sizeof(sql), format, arguments);
	va_end(arguments);
	assert(wrote > 0 && (size_t)wrote < sizeof(sql));
	return sqlite3_exec(search->db, sql, NULL, NULL, NULL);
}

enum store_error search_give_up(struct search *search, enum store_error error) {
	sqlite3_exec(search->db, "ROLLBACK", NULL, NULL, NULL);
	search_leave_part(search);
	return error;
}

/* ---- a table of FTS5 ---- */

void search_leave_part(struct search *search) {
	sqlite3_finalize(search->insert);
	search->insert = NULL;
	search->part = -1;
}

void search_name_table(char name[static SEARCH_TABLE_BYTES], int64_t part, bool is_new) {
	snprintf(name, SEARCH_TABLE_BYTES, "words_%lld%s", (long long)part, is_new ? "_new" : "");
}

/* Conversations of two are short, and searched one by one. */
bool search_is_indexed(const struct record *entry) {
	return entry->text.size > 0 && !record_is_direct(entry);
}

/* FTS5 would merge when it likes, for as long as it takes: search_merge() does it instead. */
int search_make_table(struct search *search, const char *name) {
	int result = search_execute(search,
	                            "CREATE VIRTUAL TABLE IF NOT EXISTS %s USING fts5(text, "
	                            "content='', columnsize=0, detail=none, tokenize='qun')",
	                            name);
	if (result == SQLITE_OK) {
		result = search_execute(search,
		                        "INSERT INTO %s (%s, rank) VALUES ('automerge', 0);"
		                        "INSERT INTO %s (%s, rank) VALUES ('crisismerge', 1000);"
		                        "INSERT INTO %s (%s, rank) VALUES ('usermerge', %d)",
		                        name, name, name, name, name, name, SEGMENTS_MERGED);
	}
	return result;
}

int search_prepare_insert(struct search *search, const char *name, sqlite3_stmt **insert) {
	char sql[96];
	snprintf(sql, sizeof(sql), "INSERT INTO %s (rowid, text) VALUES (?1, ?2)", name);
	return sqlite3_prepare_v3(search->db, sql, -1, SQLITE_PREPARE_PERSISTENT, insert, NULL);
}

int search_insert(sqlite3_stmt *insert, const struct record *entry) {
	sqlite3_bind_int64(insert, 1, (sqlite3_int64)entry->seq);
	sqlite3_bind_text(insert, 2, entry->text.bytes, (int)entry->text.size, SQLITE_STATIC);
	int result = sqlite3_step(insert);
	sqlite3_reset(insert);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

int search_merge(struct search *search, const char *name, bool *is_merged) {
	int before = sqlite3_total_changes(search->db);
	int result = search_execute(search, "INSERT INTO %s (%s, rank) VALUES ('merge', %d)", name,
	                            name, TIDY_PAGES);
	/* The statement itself counts as one change; FTS5's manual says so. */
	*is_merged = sqlite3_total_changes(search->db) - before < 2;
	return result;
}

/* ---- is it ours, of this log? ---- */

/* Reads meta's row. SQLITE_ROW if there is one. */
static int read_meta(struct search *search, uint64_t *log, uint64_t *seq, uint64_t *time_us) {
	sqlite3_stmt *statement;
	int result = sqlite3_prepare_v2(search->db, "SELECT log, seq, time FROM meta", -1,
	                                &statement, NULL);
	if (result == SQLITE_OK) {
		result = sqlite3_step(statement);
	}
	if (result == SQLITE_ROW) {
		*log = (uint64_t)sqlite3_column_int64(statement, 0);
		*seq = (uint64_t)sqlite3_column_int64(statement, 1);
		*time_us = (uint64_t)sqlite3_column_int64(statement, 2);
	}
	sqlite3_finalize(statement);
	return result;
}

static int64_t pragma(struct search *search, const char *sql) {
	sqlite3_stmt *statement;
	int64_t value = -1;
	if (sqlite3_prepare_v2(search->db, sql, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW) {
		value = sqlite3_column_int64(statement, 0);
	}
	sqlite3_finalize(statement);
	return value;
}

struct comparison {
	uint64_t time_us;
	bool is_same;
};

static bool compare_time(void *context, const struct record *entry) {
	struct comparison *comparison = context;
	comparison->is_same = entry->time_us == comparison->time_us;
	return false;
}

/* The tables of Unicode are part of what tokens are: with others, other tokens. */
static int version_of_tokens(void) {
	int version = SEARCH_VERSION;
	for (const char *at = utf8proc_unicode_version(); *at != '\0'; at++) {
		version = *at >= '0' && *at <= '9' ? version * 10 + (*at - '0') : version;
	}
	return version;
}

static bool is_of_log(struct search *search, struct store *store) {
	struct store_meta meta;
	uint64_t log;
	if (pragma(search, "PRAGMA application_id") != SEARCH_APPLICATION_ID ||
	    pragma(search, "PRAGMA user_version") != version_of_tokens() ||
	    read_meta(search, &log, &search->seq, &search->time_us) != SQLITE_ROW ||
	    store_meta(store, &meta) != STORE_OK) {
		return false;
	}
	search->log = log;
	if (log != meta.log || search->seq > meta.seq) {
		return false;
	}
	/* A copy of an older log.db that was put back has grown other entries since. If the last
	 * one is hidden or forgotten there is nothing to compare. */
	struct comparison comparison = {.time_us = search->time_us, .is_same = true};
	return store_forward(store, search->seq, search->seq, 1, compare_time, &comparison) ==
	               STORE_OK &&
	       comparison.is_same;
}

/* ---- opening ---- */

static void close_db(struct search *search) {
	search_leave_part(search);
	sqlite3_close(search->db);
	search->db = NULL;
}

static int open_db(struct search *search, int flags) {
	int result = sqlite3_open_v2(search->path, &search->db,
	                             flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
	if (result == SQLITE_OK) {
		sqlite3_extended_result_codes(search->db, 1);
		sqlite3_busy_timeout(search->db, SEARCH_BUSY_MS_MAX);
		result = search_tokenizer_register(search->db);
	}
	return result;
}

static void delete_files(const struct search *search) {
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	char path[STORE_PATH_BYTES + 16];
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", search->path, suffixes[i]);
		unlink(path);
	}
}

/* The last account that was erased, and all of it is gone from log.db; 0: there is none, or it is under way. */
static uint64_t erased_seq(struct store *store) {
	int64_t seq;
	_Static_assert(ENTRY_ERASED == 43, "the statement has it as a number");
	return store_pragma(store,
	                    "SELECT max(seq) FROM acts WHERE kind = 43 "
	                    "AND NOT EXISTS (SELECT 1 FROM erasures)",
	                    &seq) == STORE_OK
	               ? (uint64_t)seq
	               : 0;
}

bool search_has_erased(struct search *search, struct store *store) {
	int64_t known = pragma(search, "SELECT erased FROM meta");
	uint64_t erased = erased_seq(store);
	return known >= 0 && erased > (uint64_t)known;
}

static int create(struct search *search, const struct store_meta *meta, uint64_t erased) {
	return search_execute(
		search,
		"PRAGMA journal_mode = WAL;"
		"BEGIN IMMEDIATE;"
		"CREATE TABLE meta (log INTEGER NOT NULL, seq INTEGER NOT NULL, "
		"time INTEGER NOT NULL, erased INTEGER NOT NULL, begun INTEGER NOT NULL);"
		"CREATE TABLE parts (part INTEGER PRIMARY KEY);"
		"CREATE TABLE renewals (part INTEGER PRIMARY KEY, cursor INTEGER, "
		"again INTEGER NOT NULL);"
		"INSERT INTO meta VALUES (%lld, 0, 0, %lld, %lld);"
		"PRAGMA application_id = %d;PRAGMA user_version = %d;COMMIT",
		(long long)meta->log, (long long)erased, (long long)meta->seq,
		SEARCH_APPLICATION_ID, version_of_tokens());
}

static enum store_error open_to_write(struct search *search, struct store *store) {
	struct store_meta meta;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	enum store_error error = store_meta(store, &meta);
	if (error != STORE_OK) {
		snprintf(search->why, sizeof(search->why), "%s", store_why(store));
		return error;
	}
	int result = open_db(search, flags);
	if (result != SQLITE_OK || !is_of_log(search, store)) {
		close_db(search);
		delete_files(search);
		search->seq = search->time_us = 0;
		search->log = meta.log;
		result = open_db(search, flags);
		if (result == SQLITE_OK) {
			result = create(search, &meta, erased_seq(store));
		}
	}
	if (result == SQLITE_OK) {
		result = search_execute(search,
		                        "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192; "
		                        "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON");
	}
	return result == SQLITE_OK ? STORE_OK : search_fail(search, result);
}

static enum store_error open_to_read(struct search *search, struct store *store) {
	int result = open_db(search, SQLITE_OPEN_READONLY);
	if (result != SQLITE_OK) {
		return search_fail(search, result);
	}
	if (!is_of_log(search, store)) {
		snprintf(search->why, sizeof(search->why), "search.db is not of this log");
		return STORE_FOREIGN;
	}
	return STORE_OK;
}

enum store_error search_open(struct search **out, const char *folder, enum store_use use,
                             struct store *store, char why[static STORE_WHY_BYTES]) {
	*out = NULL;
	struct search *search = calloc(1, sizeof(*search));
	if (search == NULL) {
		snprintf(why, STORE_WHY_BYTES, "%s", store_strerror(STORE_NO_MEMORY));
		return STORE_NO_MEMORY;
	}
	search->part = -1;
	search->is_writer = use == STORE_WRITE;
	int wrote = snprintf(search->path, sizeof(search->path), "%s/search.db", folder);
	enum store_error error = STORE_REFUSED;
	if (wrote > 0 && (size_t)wrote < sizeof(search->path)) {
		error = search->is_writer ? open_to_write(search, store)
		                          : open_to_read(search, store);
	}
	if (error != STORE_OK) {
		memcpy(why, search->why, STORE_WHY_BYTES);
		search_close(search);
		return error;
	}
	*out = search;
	return STORE_OK;
}

void search_close(struct search *search) {
	if (search != NULL) {
		close_db(search);
		free(search);
	}
}

void search_discard(struct search *search) {
	assert(search->is_writer);
	close_db(search);
	delete_files(search);
	search_close(search);
}

enum store_error search_seq(struct search *search, uint64_t *seq) {
	uint64_t log, time_us;
	int result = read_meta(search, &log, seq, &time_us);
	return result == SQLITE_ROW ? STORE_OK : search_fail(search, result);
}

/* ---- feeding ---- */

static int enter_part(struct search *search, int64_t part) {
	char name[SEARCH_TABLE_BYTES];
	search_leave_part(search);
	search_name_table(name, part, false);
	int result = search_make_table(search, name);
	if (result == SQLITE_OK) {
		result = search_execute(search, "INSERT OR IGNORE INTO parts VALUES (%lld)",
		                        (long long)part);
	}
	if (result == SQLITE_OK) {
		result = search_prepare_insert(search, name, &search->insert);
	}
	if (result == SQLITE_OK) {
		search->part = part;
	}
	return result;
}

struct feeding {
	struct search *search;
	size_t count;
	uint64_t seq, time_us;
	int result;
};

static bool take_in(void *context, const struct record *entry) {
	struct feeding *feeding = context;
	struct search *search = feeding->search;
	feeding->count++;
	feeding->seq = entry->seq;
	feeding->time_us = entry->time_us;
	feeding->result = search_note_redaction(search, entry, search->seq);
	if (feeding->result != SQLITE_OK || !search_is_indexed(entry)) {
		return feeding->result == SQLITE_OK;
	}
	int64_t part = (int64_t)(entry->seq >> SEARCH_PART_BITS);
	if (part != search->part) {
		feeding->result = enter_part(search, part);
	}
	if (feeding->result != SQLITE_OK) {
		return false;
	}
	feeding->result = search_insert(search->insert, entry);
	return feeding->result == SQLITE_OK;
}

/* Entries into the transaction; what failed is in *feeding or returned. */
static enum store_error take_in_entries(struct feeding *feeding, struct store *store, size_t most) {
	struct store_meta meta;
	enum store_error error = store_meta(store, &meta);
	if (error == STORE_OK) {
		error = store_forward(store, feeding->seq + 1, meta.seq, most, take_in, feeding);
	}
	if (error == STORE_OK && feeding->count < most && meta.seq > feeding->seq) {
		/* The last ones left no entry. */
		feeding->seq = meta.seq;
		feeding->time_us = meta.time_us;
	}
	return error;
}

enum store_error search_feed(struct search *search, struct store *store, size_t most,
                             size_t *count) {
	struct feeding feeding = {.search = search, .seq = search->seq};
	assert(search->is_writer);
	*count = 0;
	feeding.result = sqlite3_exec(search->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (feeding.result != SQLITE_OK) {
		return search_fail(search, feeding.result);
	}
	enum store_error error = take_in_entries(&feeding, store, most);
	if (error != STORE_OK) {
		snprintf(search->why, sizeof(search->why), "%s", store_why(store));
		return search_give_up(search, STORE_FAILED);
	}
	if (feeding.result == SQLITE_OK && feeding.seq > search->seq) {
		feeding.result = search_execute(search, "UPDATE meta SET seq = %lld, time = %lld",
		                                (long long)feeding.seq, (long long)feeding.time_us);
	}
	if (feeding.result == SQLITE_OK) {
		feeding.result = sqlite3_exec(search->db, "COMMIT", NULL, NULL, NULL);
	}
	if (feeding.result != SQLITE_OK) {
		return search_give_up(search, search_fail(search, feeding.result));
	}
	search->seq = feeding.seq;
	*count = feeding.count;
	return STORE_OK;
}

void search_give_back(struct search *search) {
	(void)sqlite3_db_release_memory(search->db);
}

enum store_error search_tidy(struct search *search, bool *is_tidy) {
	*is_tidy = true;
	if (search->part < 0) {
		return STORE_OK;
	}
	char name[SEARCH_TABLE_BYTES];
	search_name_table(name, search->part, false);
	int result = search_merge(search, name, is_tidy);
	return result == SQLITE_OK ? STORE_OK : search_fail(search, result);
}

enum store_error search_forget(struct search *search, uint64_t oldest) {
	sqlite3_stmt *statement;
	int64_t part = -1;
	int result =
		sqlite3_prepare_v2(search->db, "SELECT min(part) FROM parts", -1, &statement, NULL);
	if (result == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW &&
	    sqlite3_column_type(statement, 0) != SQLITE_NULL) {
		part = sqlite3_column_int64(statement, 0);
	}
	sqlite3_finalize(statement);
	if (result != SQLITE_OK) {
		return search_fail(search, result);
	}
	bool is_old = part >= 0 && part != search->part &&
	              ((uint64_t)part + 1) << SEARCH_PART_BITS <= oldest;
	if (!is_old) {
		return STORE_OK;
	}
	result = search_execute(search,
	                        "BEGIN IMMEDIATE; DROP TABLE IF EXISTS words_%lld; "
	                        "DROP TABLE IF EXISTS words_%lld_new; "
	                        "DELETE FROM parts WHERE part = %lld; "
	                        "DELETE FROM renewals WHERE part = %lld; COMMIT",
	                        (long long)part, (long long)part, (long long)part, (long long)part);
	if (result != SQLITE_OK) {
		return search_give_up(search, search_fail(search, result));
	}
	return STORE_OK;
}

/* ---- finding ---- */

struct finding {
	const char *expression;
	uint64_t from, to;
	search_each *each;
	void *context;
	bool is_stopped;
};

static int find_in_part(struct search *search, struct finding *finding, int64_t part) {
	char sql[160];
	sqlite3_stmt *statement;
	snprintf(sql, sizeof(sql),
	         "SELECT rowid FROM words_%lld WHERE words_%lld MATCH ?1 AND rowid BETWEEN ?2 AND "
	         "?3 ORDER BY rowid DESC",
	         (long long)part, (long long)part);
	int result = sqlite3_prepare_v2(search->db, sql, -1, &statement, NULL);
	if (result != SQLITE_OK) {
		return result;
	}
	sqlite3_bind_text(statement, 1, finding->expression, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)finding->from);
	sqlite3_bind_int64(statement, 3, (sqlite3_int64)finding->to);
	while (!finding->is_stopped && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		uint64_t seq = (uint64_t)sqlite3_column_int64(statement, 0);
		finding->is_stopped = !finding->each(finding->context, seq);
	}
	sqlite3_finalize(statement);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

static int find_in_parts(struct search *search, struct finding *finding) {
	sqlite3_stmt *statement;
	int result = sqlite3_prepare_v2(search->db,
	                                "SELECT part FROM parts WHERE part BETWEEN ?1 AND ?2 "
	                                "ORDER BY part DESC",
	                                -1, &statement, NULL);
	if (result != SQLITE_OK) {
		return result;
	}
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)(finding->from >> SEARCH_PART_BITS));
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)(finding->to >> SEARCH_PART_BITS));
	while (!finding->is_stopped && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		result = find_in_part(search, finding, sqlite3_column_int64(statement, 0));
		if (result != SQLITE_OK) {
			break;
		}
	}
	sqlite3_finalize(statement);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

enum store_error search_find(struct search *search, const struct search_query *query, uint64_t from,
                             uint64_t to, search_each *each, void *context) {
	struct finding finding = {.expression = search_query_expression(query),
	                          .from = from,
	                          .to = to > INT64_MAX ? INT64_MAX : to,
	                          .each = each,
	                          .context = context};
	assert(finding.expression != NULL);
	int result = find_in_parts(search, &finding);
	return result == SQLITE_OK ? STORE_OK : search_fail(search, result);
}
