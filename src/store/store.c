/*
 * store.c - opening and closing log.db, and the tools that the other files of
 * this folder share: statements, errors as sentences.
 */
#include "store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_inner.h"
#include "store_read.h"
#include "store_schema.h"

/* Who is in the way is in it for milliseconds: a commit, a truncating checkpoint. */
#define BUSY_MS_MAX 5000

/* The last entries looked at when a store is opened. */
#define LAST_ENTRIES_LOOKED_AT 500

/* Stores open in this process; see header_is_there(). */
static atomic_uint stores_open;

/* ---- errors ---- */

#define STORE_ERROR_WORDS(number, name, words)                                                     \
	case name: return words;

const char *store_strerror(enum store_error error) {
	switch (error) { STORE_ERRORS(STORE_ERROR_WORDS) }
	return "unknown";
}

const char *store_why(const struct store *store) {
	return store->why;
}

enum store_error store_say(struct store *store, enum store_error error, const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(store->why, sizeof(store->why), format, arguments);
	va_end(arguments);
	return error;
}

enum store_error store_error_of(int result) {
	switch (result & 0xFF) {
	case SQLITE_OK: return STORE_OK;
	case SQLITE_ROW: return STORE_OK;
	case SQLITE_DONE: return STORE_OK;
	case SQLITE_CORRUPT: return STORE_DAMAGED;
	case SQLITE_NOTADB: return STORE_DAMAGED;
	case SQLITE_FULL: return STORE_FULL;
	case SQLITE_IOERR: return STORE_IO;
	case SQLITE_BUSY: return STORE_BUSY;
	case SQLITE_LOCKED: return STORE_BUSY;
	case SQLITE_NOMEM: return STORE_NO_MEMORY;
	case SQLITE_READONLY: return STORE_REFUSED;
	case SQLITE_PERM: return STORE_REFUSED;
	case SQLITE_AUTH: return STORE_REFUSED;
	case SQLITE_CANTOPEN: return STORE_REFUSED;
	default: return STORE_FAILED;
	}
}

enum store_error store_fail(struct store *store, int result, const char *deed) {
	enum store_error error = store_error_of(result);
	int number = sqlite3_system_errno(store->db);
	if ((error == STORE_IO || error == STORE_REFUSED) &&
	    (number == ENOSPC || number == EDQUOT)) {
		error = STORE_FULL;
	}
	switch (error) {
	case STORE_DAMAGED:
		return store_say(store, error,
		                 "%s is damaged (%s; cannot %s); nothing was written to it: put a "
		                 "copy in its place, or move it away to begin a new one",
		                 store->path, sqlite3_errmsg(store->db), deed);
	case STORE_FULL: return store_say(store, error, "%s: the disk is full", store->path);
	case STORE_IO:
		return store_say(store, error, "%s: the disk failed: cannot %s: %s", store->path,
		                 deed, strerror(number));
	default:
		return store_say(store, error, "%s: cannot %s: %s", store->path, deed,
		                 sqlite3_errmsg(store->db));
	}
}

/* ---- statements ---- */

#define STATEMENT_SQL(name, sql) [name] = sql,
static const char *const statement_sql[] = {STORE_STATEMENTS(STATEMENT_SQL)};
#undef STATEMENT_SQL

sqlite3_stmt *store_statement(struct store *store, enum store_statement which) {
	sqlite3_stmt **statement = &store->statements[which];
	if (*statement == NULL) {
		int result = sqlite3_prepare_v3(store->db, statement_sql[which], -1,
		                                SQLITE_PREPARE_PERSISTENT, statement, NULL);
		if (result != SQLITE_OK) {
			store_fail(store, result, "look at it");
			return NULL;
		}
	}
	return *statement;
}

enum store_error store_run(struct store *store, sqlite3_stmt *statement, const char *deed) {
	int result = sqlite3_step(statement);
	enum store_error error = STORE_OK;
	if (result != SQLITE_DONE && result != SQLITE_ROW) {
		error = store_fail(store, result, deed);
	}
	sqlite3_reset(statement);
	return error;
}

enum store_error store_execute(struct store *store, const char *sql, const char *deed) {
	int result = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
	return result == SQLITE_OK ? STORE_OK : store_fail(store, result, deed);
}

enum store_error store_pragma(struct store *store, const char *sql, int64_t *value) {
	sqlite3_stmt *statement;
	*value = 0;
	int result = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	if (result == SQLITE_OK) {
		result = sqlite3_step(statement);
		if (result == SQLITE_ROW) {
			*value = sqlite3_column_int64(statement, 0);
			result = SQLITE_OK;
		}
	}
	enum store_error error = STORE_OK;
	if (result != SQLITE_OK && result != SQLITE_DONE) {
		error = store_fail(store, result, "read it");
	}
	sqlite3_finalize(statement);
	return error;
}

/* ---- opening ---- */

static uint64_t file_bytes(const char *path, const char *suffix) {
	char name[STORE_PATH_BYTES + 8];
	struct stat status;
	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return stat(name, &status) == 0 ? (uint64_t)status.st_size : 0;
}

/*
 * SQLite would take a file of zero bytes for an empty database, and its header
 * from the WAL when that holds one. So the first bytes are looked at here, but
 * only by who has no store open: closing a file gives up all locks that this
 * process holds on it, those of an open store included.
 */
static bool header_is_there(const char *path) {
	static const char magic[16] = "SQLite format 3";
	char header[16] = {0};
	if (atomic_load(&stores_open) > 0) {
		return true;
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return true; /* SQLite will say why. */
	}
	ssize_t got = read(fd, header, sizeof(header));
	close(fd);
	return got == (ssize_t)sizeof(header) && memcmp(header, magic, sizeof(magic)) == 0;
}

/* SQLite would only say that it cannot open the file. */
static enum store_error look_whose_it_is(struct store *store, const struct stat *status) {
	int wanted = store->use == STORE_READ ? R_OK : R_OK | W_OK;
	if (faccessat(AT_FDCWD, store->path, wanted, AT_EACCESS) == 0) {
		return STORE_OK;
	}
	if (errno != EACCES) {
		return store_say(store, STORE_REFUSED, "%s cannot be used: %s", store->path,
		                 strerror(errno));
	}
	return store_say(store, STORE_REFUSED,
	                 "%s belongs to user %u, and user %u may not %s it: change its owner with "
	                 "chown, or be another user",
	                 store->path, (unsigned)status->st_uid, (unsigned)geteuid(),
	                 store->use == STORE_READ ? "read" : "write");
}

static enum store_error look_for_file(struct store *store, bool has_wal) {
	struct stat status;
	if (stat(store->path, &status) == 0) {
		return look_whose_it_is(store, &status);
	}
	if (errno != ENOENT && errno != ENOTDIR) {
		return store_say(store, STORE_REFUSED, "user %u cannot get at %s: %s",
		                 (unsigned)geteuid(), store->path, strerror(errno));
	}
	if (has_wal) {
		return store_say(store, STORE_DAMAGED,
		                 "%s is missing, though %s-wal is there: put it back, or move the "
		                 "other away too",
		                 store->path, store->path);
	}
	return store_say(store, STORE_NONE, "there is no %s", store->path);
}

/* Before SQLite is let near it: is there a file, and does it begin as one of SQLite's? */
static enum store_error look_at_files(struct store *store) {
	bool has_wal = file_bytes(store->path, "-wal") > 0;
	enum store_error error = look_for_file(store, has_wal);
	if (error != STORE_OK) {
		return error == STORE_NONE && store->use == STORE_WRITE ? STORE_OK : error;
	}
	if (file_bytes(store->path, "") == 0) {
		/* A first start that was killed at once leaves this; nothing is lost with it. */
		if (has_wal) {
			return store_say(store, STORE_DAMAGED,
			                 "%s is empty, though %s-wal is not: put a copy in its "
			                 "place, or move both away to begin a new one",
			                 store->path, store->path);
		}
		if (store->use == STORE_WRITE) {
			return STORE_OK;
		}
		return store_say(store, STORE_NONE, "%s is empty", store->path);
	}
	if (!header_is_there(store->path)) {
		return store_say(store, STORE_DAMAGED,
		                 "%s is damaged (its first bytes are not SQLite's); nothing was "
		                 "written to it: put a copy in its place, or move it away to "
		                 "begin a new one",
		                 store->path);
	}
	return STORE_OK;
}

/* "file:/a%3Fb?mode=ro": for what plain paths cannot say. */
static bool make_uri(char *uri, size_t size, const char *path, const char *question) {
	size_t at = (size_t)snprintf(uri, size, "file:");
	for (const char *from = path; *from != '\0'; from++) {
		bool is_plain = *from != '%' && *from != '?' && *from != '#';
		int wrote = snprintf(uri + at, size - at, is_plain ? "%c" : "%%%02X", *from);
		at += (size_t)wrote;
		if (at >= size) {
			return false;
		}
	}
	at += (size_t)snprintf(uri + at, size - at, "?%s", question);
	return at < size;
}

static enum store_error open_db(struct store *store, int flags, const char *question) {
	char uri[3 * STORE_PATH_BYTES + 32];
	if (!make_uri(uri, sizeof(uri), store->path, question)) {
		return store_say(store, STORE_REFUSED, "the path of %s is too long", store->path);
	}
	int result = sqlite3_open_v2(
		uri, &store->db,
		flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
	if (result != SQLITE_OK) {
		return store_fail(store, result, "open it");
	}
	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_busy_timeout(store->db, BUSY_MS_MAX);
	return STORE_OK;
}

static void close_db(struct store *store) {
	for (size_t i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_finalize(store->statements[i]);
		store->statements[i] = NULL;
	}
	int result = sqlite3_close(store->db);
	assert(result == SQLITE_OK);
	store->db = NULL;
}

/*
 * A reader that may not write in the folder cannot make the WAL's index, which
 * SQLite wants even of a file that nobody writes. Without a WAL nothing but
 * log.db counts, and SQLite may be told that it will not change.
 */
static enum store_error open_to_read(struct store *store) {
	int64_t version;
	enum store_error error = open_db(store, SQLITE_OPEN_READONLY, "mode=ro");
	if (error == STORE_OK) {
		error = store_pragma(store, "PRAGMA schema_version", &version);
	}
	if (error != STORE_REFUSED || file_bytes(store->path, "-wal") > 0) {
		return error;
	}
	if (access(store->path, R_OK) != 0) {
		return error;
	}
	close_db(store);
	return open_db(store, SQLITE_OPEN_READONLY, "immutable=1");
}

/* A writer's settings: measured with bench/scribe. */
static enum store_error prepare_to_write(struct store *store) {
	static const char *const settings[] = {
		"PRAGMA page_size = 4096",
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = NORMAL",
		/* The clerk moves the WAL: a checkpoint in a commit would keep the log waiting. */
		"PRAGMA wal_autocheckpoint = 0",
		"PRAGMA cache_size = -2048",
		"PRAGMA temp_store = MEMORY",
		/* As Debian builds it: what is taken back is gone from the file. */
		"PRAGMA secure_delete = ON",
	};
	enum store_error error = STORE_OK;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]) && error == STORE_OK; i++) {
		error = store_execute(store, settings[i], "prepare it");
	}
	return error;
}

static enum store_error open_for_use(struct store *store) {
	enum store_error error = STORE_OK;
	switch (store->use) {
	case STORE_WRITE:
		error = open_db(store, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "mode=rwc");
		break;
	case STORE_BESIDE:
		error = open_db(store, SQLITE_OPEN_READWRITE, "mode=rw");
		if (error == STORE_OK) {
			error = store_execute(store, "PRAGMA wal_autocheckpoint = 0", "open it");
		}
		break;
	case STORE_READ: error = open_to_read(store); break;
	}
	return error;
}

/* ---- what is looked at when it is opened ---- */

struct last {
	struct store *store;
	uint64_t seq, time_us;
	sqlite3_stmt *index;
	enum store_error error;
};

static bool look_at_entry(void *context, const struct record *entry) {
	struct last *last = context;
	if (entry->seq > last->seq || entry->time_us > last->time_us) {
		last->error = store_say(last->store, STORE_DAMAGED,
		                        "%s is damaged (entry %llu is out of order); nothing was "
		                        "written to it: put a copy in its place, or move it away "
		                        "to begin a new one",
		                        last->store->path, (unsigned long long)entry->seq);
		return false;
	}
	last->seq = entry->seq;
	last->time_us = entry->time_us;
	if (entry->room == 0) {
		return true;
	}
	sqlite3_reset(last->index);
	sqlite3_bind_int64(last->index, 1, (sqlite3_int64)entry->room);
	sqlite3_bind_int64(last->index, 2, (sqlite3_int64)entry->seq);
	int result = sqlite3_step(last->index);
	if (result == SQLITE_DONE) {
		last->error = store_say(last->store, STORE_DAMAGED,
		                        "%s is damaged (entry %llu is missing in its index); "
		                        "nothing was written to it: put a copy in its place, or "
		                        "move it away to begin a new one",
		                        last->store->path, (unsigned long long)entry->seq);
	} else if (result != SQLITE_ROW) {
		last->error = store_fail(last->store, result, "read its index");
	}
	return last->error == STORE_OK;
}

static enum store_error look_at_last_entries(struct store *store) {
	struct last last = {.store = store};
	struct store_meta meta;
	enum store_error error = store_meta(store, &meta);
	if (error != STORE_OK) {
		return error;
	}
	last.seq = meta.seq;
	last.time_us = meta.time_us;
	int result = sqlite3_prepare_v2(store->db,
	                                "SELECT 1 FROM entries INDEXED BY entries_by_room "
	                                "WHERE room = ?1 AND seq = ?2",
	                                -1, &last.index, NULL);
	if (result != SQLITE_OK) {
		return store_fail(store, result, "read its index");
	}
	error = store_backward(store, 0, INT64_MAX, LAST_ENTRIES_LOOKED_AT, look_at_entry, &last);
	sqlite3_finalize(last.index);
	return error != STORE_OK ? error : last.error;
}

/* ---- entering ---- */

static enum store_error become_writer(struct store *store) {
	enum store_error error = store_schema_enter(store);
	if (error == STORE_OK) {
		error = prepare_to_write(store);
	}
	if (error == STORE_OK && store->is_new) {
		error = store_schema_create(store);
	}
	return error;
}

/*
 * All that is looked at is of one moment: beside a scribe that makes the file
 * just now, or stores another entry, it would contradict itself.
 */
static enum store_error look_at_it(struct store *store) {
	enum store_error error = store_execute(store, "BEGIN", "read it");
	if (error != STORE_OK) {
		return error;
	}
	store->is_in_transaction = true;
	if (store->use != STORE_WRITE) {
		error = store_schema_enter(store);
	}
	if (error == STORE_OK) {
		error = store_schema_check(store);
	}
	if (error == STORE_OK) {
		error = look_at_last_entries(store);
	}
	store_release(store);
	return error;
}

static enum store_error enter(struct store *store) {
	enum store_error error = look_at_files(store);
	if (error == STORE_OK) {
		error = open_for_use(store);
	}
	if (error == STORE_OK && store->use == STORE_WRITE) {
		error = become_writer(store);
	}
	return error == STORE_OK ? look_at_it(store) : error;
}

enum store_error store_open(struct store **out, const char *folder, enum store_use use,
                            char why[static STORE_WHY_BYTES]) {
	*out = NULL;
	struct store *store = calloc(1, sizeof(*store));
	if (store == NULL) {
		snprintf(why, STORE_WHY_BYTES, "%s", store_strerror(STORE_NO_MEMORY));
		return STORE_NO_MEMORY;
	}
	store->use = use;
	int wrote = snprintf(store->path, sizeof(store->path), "%s/log.db", folder);
	enum store_error error = STORE_REFUSED;
	if (wrote > 0 && (size_t)wrote < sizeof(store->path)) {
		error = enter(store);
	} else {
		store_say(store, error, "the path of the data folder is too long");
	}
	if (error != STORE_OK) {
		memcpy(why, store->why, STORE_WHY_BYTES);
		close_db(store);
		free(store);
		return error;
	}
	atomic_fetch_add(&stores_open, 1);
	*out = store;
	return STORE_OK;
}

void store_close(struct store *store) {
	if (store == NULL) {
		return;
	}
	close_db(store);
	atomic_fetch_sub(&stores_open, 1);
	free(store->erasures);
	free(store);
}

bool store_is_new(const struct store *store) {
	return store->is_new;
}

unsigned store_migrated_from(const struct store *store) {
	return store->migrated_from;
}

/* ---- the WAL ---- */

uint64_t store_wal_bytes(const struct store *store) {
	return file_bytes(store->path, "-wal");
}

void store_give_back(struct store *store) {
	(void)sqlite3_db_release_memory(store->db);
	(void)malloc_trim(0);
}

enum store_error store_checkpoint(struct store *store, bool is_truncating) {
	int result =
		sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (result == SQLITE_OK && is_truncating) {
		/* Little is left to move now, so the writer waits for little. Who reads is not
		 * waited for: another time, then. */
		sqlite3_busy_timeout(store->db, 0);
		result = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
		                                   NULL, NULL);
		sqlite3_busy_timeout(store->db, BUSY_MS_MAX);
	}
	return result == SQLITE_OK ? STORE_OK : store_fail(store, result, "move its WAL");
}
