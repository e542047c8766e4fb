#include "store_schema.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

const char store_schema_sql[] =
	"CREATE TABLE meta (log INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, "
	"ring INTEGER NOT NULL, position INTEGER NOT NULL, reserve INTEGER NOT NULL, "
	"forgotten INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE entries (seq INTEGER PRIMARY KEY, room INTEGER, time INTEGER NOT NULL, "
	"kind INTEGER NOT NULL, person INTEGER, name TEXT, text TEXT, more BLOB);"
	"CREATE UNIQUE INDEX entries_by_room ON entries (room, seq) WHERE room IS NOT NULL;"
	"CREATE INDEX moves_by_person ON entries (person, seq) WHERE kind IN (14, 15, 23);"
	"CREATE INDEX said_by_room ON entries (room, seq) WHERE kind IN (3, 16);"
	"CREATE TABLE entry_rooms (room INTEGER NOT NULL, seq INTEGER NOT NULL, "
	"PRIMARY KEY (room, seq)) WITHOUT ROWID;"
	"CREATE INDEX entry_rooms_by_seq ON entry_rooms (seq);"
	"CREATE TABLE acts (seq INTEGER PRIMARY KEY, room INTEGER, time INTEGER NOT NULL, "
	"kind INTEGER NOT NULL, person INTEGER, name TEXT, text TEXT, more BLOB);"
	"CREATE TABLE erasures (seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, "
	"person INTEGER NOT NULL, name TEXT NOT NULL, cursor INTEGER NOT NULL);"
	"CREATE TABLE rows (kind INTEGER NOT NULL, id INTEGER NOT NULL, other INTEGER NOT NULL, "
	"record BLOB NOT NULL, PRIMARY KEY (kind, id, other)) WITHOUT ROWID;";

/*
 * From the first day on. Step i makes version i + 2.
 *
 * 2: what is forgotten is noted; and with it came direct messages, which an
 *    older version would show to everybody; and rooms to enter and to leave.
 * 3: one can be put out of a room, which is a move as well; and there are rows
 *    (profiles, charters, masks, ...) that an older version does not know.
 * 4: messages are found without going through all who came and went between.
 * 5: there are rows and kinds of entries that an older version does not know; and
 *    acts have a place of their own: of those before, what is history is there; and
 *    accounts are erased in steps.
 */
static const struct store_migration migrations[] = {
	{"ALTER TABLE meta ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;"
         "UPDATE meta SET forgotten = coalesce((SELECT min(seq) - 1 FROM entries), seq);"
         "CREATE INDEX moves_by_person ON entries (person, seq) WHERE kind IN (14, 15);"},
	{"DROP INDEX moves_by_person;"
         "CREATE INDEX moves_by_person ON entries (person, seq) WHERE kind IN (14, 15, 23);"},
	{"CREATE INDEX said_by_room ON entries (room, seq) WHERE kind IN (3, 16);"},
	{"CREATE TABLE acts (seq INTEGER PRIMARY KEY, room INTEGER, time INTEGER NOT NULL, "
         "kind INTEGER NOT NULL, person INTEGER, name TEXT, text TEXT, more BLOB);"
         "INSERT INTO acts SELECT * FROM entries WHERE kind IN (5, 6, 8, 9, 10, 11, 12, 23) "
         "OR (kind = 22 AND person IS NOT NULL);"
         "CREATE TABLE erasures (seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, "
         "person INTEGER NOT NULL, name TEXT NOT NULL, cursor INTEGER NOT NULL);"},
};

/* ---- making one ---- */

enum store_error store_schema_create(struct store *store) {
	char sql[sizeof(store_schema_sql) + 256];
	int64_t log;
	if (getrandom(&log, sizeof(log), 0) != sizeof(log)) {
		return store_say(store, STORE_FAILED, "no random numbers to be had");
	}
	int wrote = snprintf(sql, sizeof(sql),
	                     "BEGIN IMMEDIATE;%sINSERT INTO meta VALUES (%lld, 0, 0, 0, 0, 0, 0);"
	                     "PRAGMA application_id = %d;PRAGMA user_version = %d;COMMIT",
	                     store_schema_sql, (long long)log, STORE_APPLICATION_ID, STORE_VERSION);
	assert(wrote > 0 && (size_t)wrote < sizeof(sql));
	return store_execute(store, sql, "make it");
}

/* ---- knowing one ---- */

static enum store_error is_blank(struct store *store, bool *blank) {
	int64_t objects;
	enum store_error error =
		store_pragma(store, "SELECT count(*) FROM sqlite_schema", &objects);
	*blank = objects == 0;
	return error;
}

/* The folder of the file: to sync it, so that a new name in it survives a power loss. */
static enum store_error sync_folder(struct store *store) {
	char folder[STORE_PATH_BYTES];
	memcpy(folder, store->path, sizeof(folder));
	char *slash = strrchr(folder, '/');
	assert(slash != NULL);
	*slash = '\0';
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = fd >= 0 ? fsync(fd) : -1;
	int saved = errno;
	if (fd >= 0) {
		close(fd);
	}
	if (result != 0) {
		return store_say(store, STORE_IO, "sync %s: %s", folder, strerror(saved));
	}
	return STORE_OK;
}

static enum store_error copy_into(struct store *store, const char *path) {
	sqlite3 *copy = NULL;
	int result = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	if (result == SQLITE_OK) {
		sqlite3_backup *backup = sqlite3_backup_init(copy, "main", store->db, "main");
		if (backup != NULL) {
			sqlite3_backup_step(backup, -1);
			sqlite3_backup_finish(backup);
		}
		result = sqlite3_errcode(copy);
	}
	enum store_error error = store_error_of(result);
	if (error != STORE_OK) {
		store_say(store, error, "copy %s to %s before its migration: %s", store->path, path,
		          sqlite3_errmsg(copy));
	}
	sqlite3_close(copy);
	return error;
}

/* log.db.v1, whole or not at all. One that is there already is from a migration that did not end. */
static enum store_error keep_copy(struct store *store, unsigned version) {
	char path[STORE_PATH_BYTES + 32], part[STORE_PATH_BYTES + 40];
	struct stat status;
	snprintf(path, sizeof(path), "%s.v%u", store->path, version);
	snprintf(part, sizeof(part), "%s.part", path);
	if (stat(path, &status) == 0) {
		return STORE_OK;
	}
	unlink(part);
	enum store_error error = copy_into(store, part);
	if (error != STORE_OK) {
		unlink(part);
		return error;
	}
	if (rename(part, path) != 0) {
		return store_say(store, STORE_IO, "rename %s: %s", part, strerror(errno));
	}
	return sync_folder(store);
}

static enum store_error migrate(struct store *store, const struct store_migration *list,
                                unsigned from, unsigned version) {
	char end[64];
	enum store_error error = keep_copy(store, from);
	if (error == STORE_OK) {
		error = store_execute(store, "BEGIN IMMEDIATE", "migrate it");
	}
	for (unsigned at = from; at < version && error == STORE_OK; at++) {
		error = store_execute(store, list[at - 1].sql, "migrate it");
	}
	snprintf(end, sizeof(end), "PRAGMA user_version = %u; COMMIT", version);
	if (error == STORE_OK) {
		error = store_execute(store, end, "migrate it");
	}
	if (error != STORE_OK) {
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
		return error;
	}
	store->migrated_from = from;
	return STORE_OK;
}

enum store_error store_schema_bring_up(struct store *store, const struct store_migration *list,
                                       unsigned version) {
	int64_t application, found;
	bool blank;
	enum store_error error = store_pragma(store, "PRAGMA application_id", &application);
	if (error == STORE_OK) {
		error = store_pragma(store, "PRAGMA user_version", &found);
	}
	if (error == STORE_OK) {
		error = is_blank(store, &blank);
	}
	if (error != STORE_OK) {
		return error;
	}
	if (blank && application == 0 && found == 0) {
		store->is_new = true;
		return store->use == STORE_WRITE
		               ? STORE_OK
		               : store_say(store, STORE_NONE, "%s is empty", store->path);
	}
	if (application != STORE_APPLICATION_ID || found < 1) {
		return store_say(store, STORE_FOREIGN,
		                 "%s is a database of another program: choose another folder "
		                 "with --data",
		                 store->path);
	}
	if (found > version) {
		return store_say(store, STORE_NEWER,
		                 "%s was written by a newer version of qun (it has schema %lld, "
		                 "this one knows %u): use that version, or another --data",
		                 store->path, (long long)found, version);
	}
	if (found == version) {
		return STORE_OK;
	}
	if (store->use != STORE_WRITE) {
		return store_say(store, STORE_OLDER,
		                 "%s was written by an older version of qun: start `qun serve` on "
		                 "it once",
		                 store->path);
	}
	return migrate(store, list, (unsigned)found, version);
}

enum store_error store_schema_enter(struct store *store) {
	return store_schema_bring_up(store, migrations, STORE_VERSION);
}

/* ---- comparing with what it should be ---- */

/* The text that CREATEs a thing, as it stands in the schema above: up to its semicolon. */
static bool schema_has(const char *sql) {
	size_t size = strlen(sql);
	const char *found = strstr(store_schema_sql, sql);
	return found != NULL && found[size] == ';';
}

enum store_error store_schema_check(struct store *store) {
	sqlite3_stmt *statement;
	unsigned things = 0, wanted = 0;
	for (const char *at = store_schema_sql; *at != '\0'; at++) {
		wanted += *at == ';';
	}
	/* Indices that SQLite makes for itself have no text; what a person added is theirs. */
	int result =
		sqlite3_prepare_v2(store->db, "SELECT sql FROM sqlite_schema WHERE sql NOT NULL",
	                           -1, &statement, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *sql = (const char *)sqlite3_column_text(statement, 0);
		things += sql != NULL && schema_has(sql);
		result = SQLITE_OK;
	}
	enum store_error error = STORE_OK;
	if (result != SQLITE_DONE) {
		error = store_fail(store, result, "read its schema");
	} else if (things != wanted) {
		error = store_say(store, STORE_DAMAGED,
		                  "%s is damaged (its tables are not those of schema %d); nothing "
		                  "was written to it: put a copy in its place, or move it away to "
		                  "begin a new one",
		                  store->path, STORE_VERSION);
	}
	sqlite3_finalize(statement);
	return error;
}
