#include "accounts.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_inner.h"

#define ACCOUNTS_APPLICATION_ID 0x71756e33 /* "qun3" */
#define ACCOUNTS_VERSION 2

#define BUSY_MS_MAX 5000
#define DEEDS_KEPT_US (UINT64_C(24) * 3600 * 1000 * 1000)

#define ACCOUNT_COLUMNS "id, key, name, hash, iterations, salt, stored, server, created, flags "

#define DEEDS_HAVE_ORIGINS                                                                         \
	"ALTER TABLE deeds ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;"                          \
	"CREATE INDEX deeds_by_origin ON deeds (origin, at) WHERE origin <> 0;"

static const char schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE accounts (id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, "
	"name TEXT NOT NULL, hash TEXT NOT NULL, iterations INTEGER NOT NULL, salt BLOB NOT NULL, "
	"stored BLOB NOT NULL, server BLOB NOT NULL, created INTEGER NOT NULL, "
	"flags INTEGER NOT NULL);"
	"CREATE TABLE deeds (nonce INTEGER PRIMARY KEY, at INTEGER NOT NULL);"
	"CREATE INDEX deeds_by_time ON deeds (at);" DEEDS_HAVE_ORIGINS;

struct accounts {
	sqlite3 *db;
	char path[STORE_PATH_BYTES];
	char why[STORE_WHY_BYTES];
};

const char *accounts_why(const struct accounts *accounts) {
	return accounts->why;
}

__attribute__((format(printf, 3, 4))) static enum store_error say(struct accounts *accounts,
                                                                  enum store_error error,
                                                                  const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(accounts->why, sizeof(accounts->why), format, arguments);
	va_end(arguments);
	return error;
}

static enum store_error fail(struct accounts *accounts, int result, const char *deed) {
	enum store_error error = store_error_of(result);
	int number = sqlite3_system_errno(accounts->db);
	if ((error == STORE_IO || error == STORE_REFUSED) && number == ENOSPC) {
		error = STORE_FULL;
	}
	return say(accounts, error, "%s: cannot %s: %s (%s)", accounts->path, deed,
	           store_strerror(error), sqlite3_errmsg(accounts->db));
}

/* ---- the file ---- */

/* Root makes files for whoever the folder belongs to. */
static bool hand_over(int fd, const char *folder) {
	struct stat status;
	return geteuid() != 0 ||
	       (stat(folder, &status) == 0 && fchown(fd, status.st_uid, status.st_gid) == 0);
}

/* SQLite gives the files beside it, -wal and -shm, the mode and the owner of this one. */
static enum store_error look_at_file(struct accounts *accounts, const char *folder,
                                     bool is_to_make) {
	struct stat status;
	int fd = open(accounts->path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && !is_to_make) {
		return STORE_NONE;
	}
	if (fd < 0 && errno == ENOENT) {
		fd = open(accounts->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 && !hand_over(fd, folder)) {
			close(fd);
			fd = -1;
		}
	}
	if (fd < 0 || fstat(fd, &status) < 0) {
		bool is_full = errno == ENOSPC || errno == EDQUOT;
		return say(accounts, is_full ? STORE_FULL : STORE_REFUSED,
		           "%s cannot be opened: %s", accounts->path, strerror(errno));
	}
	close(fd);
	if (!S_ISREG(status.st_mode) || status.st_nlink != 1) {
		return say(accounts, STORE_REFUSED, "%s is not a file of its own", accounts->path);
	}
	if (status.st_mode & 0077) {
		return say(accounts, STORE_REFUSED, "others can read or write %s: chmod 600 it",
		           accounts->path);
	}
	return STORE_OK;
}

static int64_t number_of(struct accounts *accounts, const char *sql) {
	sqlite3_stmt *statement;
	int64_t value = -1;
	if (sqlite3_prepare_v2(accounts->db, sql, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW) {
		value = sqlite3_column_int64(statement, 0);
	}
	sqlite3_finalize(statement);
	return value;
}

static enum store_error execute(struct accounts *accounts, const char *sql, const char *deed) {
	int result = sqlite3_exec(accounts->db, sql, NULL, NULL, NULL);
	if (result == SQLITE_OK) {
		return STORE_OK;
	}
	enum store_error error = fail(accounts, result, deed);
	sqlite3_exec(accounts->db, "ROLLBACK", NULL, NULL, NULL);
	return error;
}

/* Nothing is in it yet: a first start, or one that was killed before the schema was there. */
static enum store_error make_schema(struct accounts *accounts) {
	char sql[sizeof(schema) + 128];
	int wrote = snprintf(sql, sizeof(sql),
	                     "%sPRAGMA application_id = %d;PRAGMA user_version = %d;COMMIT", schema,
	                     ACCOUNTS_APPLICATION_ID, ACCOUNTS_VERSION);
	assert(wrote > 0 && (size_t)wrote < sizeof(sql));
	return execute(accounts, sql, "make it");
}

static enum store_error know_it(struct accounts *accounts) {
	if (number_of(accounts, "SELECT count(*) FROM sqlite_schema") == 0 &&
	    number_of(accounts, "PRAGMA application_id") == 0) {
		return make_schema(accounts);
	}
	int64_t application = number_of(accounts, "PRAGMA application_id");
	if (application < 0) {
		return fail(accounts, sqlite3_errcode(accounts->db), "read it");
	}
	if (application != ACCOUNTS_APPLICATION_ID) {
		return say(accounts, STORE_FOREIGN, "%s is a database of another program",
		           accounts->path);
	}
	int64_t version = number_of(accounts, "PRAGMA user_version");
	if (version > ACCOUNTS_VERSION) {
		return say(accounts, STORE_NEWER,
		           "%s was written by a newer version of qun: use that version",
		           accounts->path);
	}
	return version == 1 ? execute(accounts,
	                              "BEGIN IMMEDIATE;" DEEDS_HAVE_ORIGINS
	                              "PRAGMA user_version = 2;COMMIT",
	                              "bring it up to date")
	                    : STORE_OK;
}

static enum store_error open_db(struct accounts *accounts) {
	int result = sqlite3_open_v2(accounts->path, &accounts->db,
	                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
	                                     SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW,
	                             NULL);
	if (result != SQLITE_OK) {
		return fail(accounts, result, "open it");
	}
	sqlite3_extended_result_codes(accounts->db, 1);
	sqlite3_busy_timeout(accounts->db, BUSY_MS_MAX);
	enum store_error error = execute(accounts,
	                                 "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
	                                 "PRAGMA secure_delete = ON; PRAGMA cache_size = -1024",
	                                 "prepare it");
	return error == STORE_OK ? know_it(accounts) : error;
}

enum store_error accounts_open(struct accounts **out, const char *folder, bool is_to_make,
                               char why[static STORE_WHY_BYTES]) {
	*out = NULL;
	struct accounts *accounts = calloc(1, sizeof(*accounts));
	if (accounts == NULL) {
		snprintf(why, STORE_WHY_BYTES, "%s", store_strerror(STORE_NO_MEMORY));
		return STORE_NO_MEMORY;
	}
	int wrote = snprintf(accounts->path, sizeof(accounts->path), "%s/" ACCOUNTS_FILE, folder);
	enum store_error error = STORE_REFUSED;
	if (wrote > 0 && (size_t)wrote < sizeof(accounts->path)) {
		error = look_at_file(accounts, folder, is_to_make);
	}
	if (error == STORE_OK) {
		error = open_db(accounts);
	}
	if (error != STORE_OK) {
		memcpy(why, accounts->why, STORE_WHY_BYTES);
		accounts_close(accounts);
		return error;
	}
	*out = accounts;
	return STORE_OK;
}

void accounts_close(struct accounts *accounts) {
	if (accounts != NULL) {
		sqlite3_close(accounts->db);
		free(accounts);
	}
}

/* ---- reading ---- */

static bool take_bytes(sqlite3_stmt *statement, int column, void *out, size_t size) {
	const void *bytes = sqlite3_column_blob(statement, column);
	if (bytes == NULL || (size_t)sqlite3_column_bytes(statement, column) != size) {
		return false;
	}
	memcpy(out, bytes, size);
	return true;
}

static bool take_account(sqlite3_stmt *statement, struct account *account) {
	size_t key_size = (size_t)sqlite3_column_bytes(statement, 1);
	size_t name_size = (size_t)sqlite3_column_bytes(statement, 2);
	size_t hash_size = (size_t)sqlite3_column_bytes(statement, 3);
	*account = (struct account){
		.id = (uint64_t)sqlite3_column_int64(statement, 0),
		.name_size = name_size,
		.iterations = (uint32_t)sqlite3_column_int64(statement, 4),
		.created_us = (uint64_t)sqlite3_column_int64(statement, 8),
		.flags = (uint32_t)sqlite3_column_int64(statement, 9),
	};
	if (key_size > NAME_KEY_BYTES_MAX || name_size > NAME_BYTES_MAX ||
	    hash_size >= ACCOUNTS_HASH_BYTES) {
		return false;
	}
	account->key.size = (uint16_t)key_size;
	return take_bytes(statement, 1, account->key.bytes, key_size) &&
	       take_bytes(statement, 2, account->name, name_size) &&
	       take_bytes(statement, 3, account->hash, hash_size) &&
	       take_bytes(statement, 5, account->salt, sizeof(account->salt)) &&
	       take_bytes(statement, 6, account->stored, sizeof(account->stored)) &&
	       take_bytes(statement, 7, account->server, sizeof(account->server));
}

static sqlite3_stmt *prepare(struct accounts *accounts, const char *sql) {
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(accounts->db, sql, -1, &statement, NULL);
	if (result != SQLITE_OK) {
		fail(accounts, result, "look at it");
	}
	return statement;
}

/* Steps and finalizes a statement that gives an account, or none. */
static enum store_error read_account(struct accounts *accounts, sqlite3_stmt *statement,
                                     struct account *account) {
	enum store_error error = STORE_OK;
	int result = sqlite3_step(statement);
	if (result == SQLITE_DONE) {
		error = STORE_NONE;
	} else if (result != SQLITE_ROW) {
		error = fail(accounts, result, "read it");
	} else if (!take_account(statement, account)) {
		error = say(accounts, STORE_DAMAGED, "%s is damaged (account %llu)", accounts->path,
		            (unsigned long long)account->id);
	}
	sqlite3_finalize(statement);
	return error;
}

enum store_error accounts_find(struct accounts *accounts, const struct name_key *key,
                               struct account *account) {
	sqlite3_stmt *statement =
		prepare(accounts, "SELECT " ACCOUNT_COLUMNS "FROM accounts WHERE key = ?1");
	if (statement == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_blob(statement, 1, key->bytes, key->size, SQLITE_STATIC);
	return read_account(accounts, statement, account);
}

enum store_error accounts_next(struct accounts *accounts, uint64_t after, struct account *account) {
	if (after > INT64_MAX) {
		return STORE_NONE;
	}
	sqlite3_stmt *statement =
		prepare(accounts, "SELECT " ACCOUNT_COLUMNS
	                          "FROM accounts WHERE id > ?1 ORDER BY id LIMIT 1");
	if (statement == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(statement, 1, (int64_t)after);
	return read_account(accounts, statement, account);
}

enum store_error accounts_last(struct accounts *accounts, uint64_t *id) {
	int64_t found = number_of(accounts, "SELECT coalesce(max(id), 0) FROM accounts");
	*id = found < 0 ? 0 : (uint64_t)found;
	return found < 0 ? fail(accounts, sqlite3_errcode(accounts->db), "read it") : STORE_OK;
}

enum store_error accounts_count(struct accounts *accounts, uint64_t *count) {
	int64_t found = number_of(accounts, "SELECT count(*) FROM accounts");
	*count = found < 0 ? 0 : (uint64_t)found;
	return found < 0 ? fail(accounts, sqlite3_errcode(accounts->db), "count") : STORE_OK;
}

enum store_error accounts_added_from(struct accounts *accounts, uint64_t origin, uint64_t since_us,
                                     uint64_t *count, uint64_t *first_us) {
	sqlite3_stmt *statement = prepare(accounts, "SELECT count(*), min(at) FROM deeds WHERE "
	                                            "origin = ?1 AND origin <> 0 AND at > ?2");
	if (statement == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(statement, 1, (int64_t)origin);
	sqlite3_bind_int64(statement, 2, (int64_t)since_us);
	int result = sqlite3_step(statement);
	enum store_error error = result == SQLITE_ROW ? STORE_OK : fail(accounts, result, "count");
	*count = (uint64_t)sqlite3_column_int64(statement, 0);
	*first_us = (uint64_t)sqlite3_column_int64(statement, 1);
	sqlite3_finalize(statement);
	return error;
}

enum store_error accounts_is_done(struct accounts *accounts, uint64_t nonce, bool *is_done) {
	sqlite3_stmt *statement = prepare(accounts, "SELECT 1 FROM deeds WHERE nonce = ?1");
	if (statement == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(statement, 1, (int64_t)nonce);
	int result = sqlite3_step(statement);
	*is_done = result == SQLITE_ROW;
	enum store_error error = STORE_OK;
	if (result != SQLITE_ROW && result != SQLITE_DONE) {
		error = fail(accounts, result, "read it");
	}
	sqlite3_finalize(statement);
	return error;
}

/* ---- changing ---- */

static enum store_error run(struct accounts *accounts, sqlite3_stmt *statement) {
	int result = sqlite3_step(statement);
	enum store_error error =
		result == SQLITE_DONE ? STORE_OK : fail(accounts, result, "change it");
	sqlite3_finalize(statement);
	return error;
}

/* What was done: who repeats it asks for its nonce, and an origin's are counted. */
struct deed {
	uint64_t nonce, now_us, origin;
};

static enum store_error note_deed(struct accounts *accounts, const struct deed *deed) {
	sqlite3_stmt *statement = prepare(accounts, "DELETE FROM deeds WHERE at < ?1");
	if (statement == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(statement, 1,
	                   deed->now_us > DEEDS_KEPT_US ? (int64_t)(deed->now_us - DEEDS_KEPT_US)
	                                                : 0);
	enum store_error error = run(accounts, statement);
	if (error != STORE_OK) {
		return error;
	}
	statement = prepare(accounts, "INSERT INTO deeds (nonce, at, origin) VALUES (?1, ?2, ?3)");
	if (statement == NULL) {
		return STORE_FAILED;
	}
	sqlite3_bind_int64(statement, 1, (int64_t)deed->nonce);
	sqlite3_bind_int64(statement, 2, (int64_t)deed->now_us);
	sqlite3_bind_int64(statement, 3, (int64_t)deed->origin);
	return run(accounts, statement);
}

/* The statement, which it finalizes, and the deed in one transaction. */
static enum store_error change(struct accounts *accounts, sqlite3_stmt *statement,
                               const struct deed *deed, uint64_t *id) {
	if (statement == NULL) {
		return STORE_FAILED;
	}
	enum store_error error = execute(accounts, "BEGIN IMMEDIATE", "change it");
	if (error != STORE_OK) {
		sqlite3_finalize(statement);
		return error;
	}
	error = run(accounts, statement);
	if (error == STORE_OK && id != NULL) {
		*id = (uint64_t)sqlite3_last_insert_rowid(accounts->db);
	}
	if (error == STORE_OK) {
		error = note_deed(accounts, deed);
	}
	if (error != STORE_OK) {
		sqlite3_exec(accounts->db, "ROLLBACK", NULL, NULL, NULL);
		return error;
	}
	return execute(accounts, "COMMIT", "change it");
}

static void bind_password(sqlite3_stmt *statement, const struct account *account) {
	sqlite3_bind_text(statement, 3, account->hash, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 4, account->iterations);
	sqlite3_bind_blob(statement, 5, account->salt, sizeof(account->salt), SQLITE_STATIC);
	sqlite3_bind_blob(statement, 6, account->stored, sizeof(account->stored), SQLITE_STATIC);
	sqlite3_bind_blob(statement, 7, account->server, sizeof(account->server), SQLITE_STATIC);
}

enum store_error accounts_add(struct accounts *accounts, struct account *account, uint64_t nonce,
                              uint64_t now_us, uint64_t origin) {
	const struct deed deed = {.nonce = nonce, .now_us = now_us, .origin = origin};
	sqlite3_stmt *statement = prepare(
		accounts, "INSERT INTO accounts (key, name, hash, iterations, salt, stored, "
			  "server, created, flags) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
	if (statement != NULL) {
		account->created_us = now_us;
		sqlite3_bind_blob(statement, 1, account->key.bytes, account->key.size,
		                  SQLITE_STATIC);
		sqlite3_bind_text(statement, 2, account->name, (int)account->name_size,
		                  SQLITE_STATIC);
		bind_password(statement, account);
		sqlite3_bind_int64(statement, 8, (int64_t)account->created_us);
		sqlite3_bind_int64(statement, 9, account->flags);
	}
	return change(accounts, statement, &deed, &account->id);
}

enum store_error accounts_set_password(struct accounts *accounts, const struct account *account,
                                       uint64_t nonce, uint64_t now_us) {
	const struct deed deed = {.nonce = nonce, .now_us = now_us};
	sqlite3_stmt *statement =
		prepare(accounts, "UPDATE accounts SET hash = ?3, iterations = ?4, salt = ?5, "
	                          "stored = ?6, server = ?7 WHERE id = ?1");
	if (statement != NULL) {
		sqlite3_bind_int64(statement, 1, (int64_t)account->id);
		bind_password(statement, account);
	}
	return change(accounts, statement, &deed, NULL);
}

enum store_error accounts_drop(struct accounts *accounts, uint64_t id, uint64_t nonce,
                               uint64_t now_us) {
	const struct deed deed = {.nonce = nonce, .now_us = now_us};
	sqlite3_stmt *statement = prepare(accounts, "DELETE FROM accounts WHERE id = ?1");
	if (statement != NULL) {
		sqlite3_bind_int64(statement, 1, (int64_t)id);
	}
	return change(accounts, statement, &deed, NULL);
}
