/*
 * store_inner.h - how a store lies in memory, and SQLite's errors as ours. For
 * the files of this folder alone.
 */
#ifndef STORE_INNER_H
#define STORE_INNER_H

#include <sqlite3.h>

#include "author.h"
#include "limits.h"
#include "store.h"

/* A path with its final NUL: that of the data folder (options.h) and a name. */
#define STORE_PATH_BYTES (4096 + 64)

/* Statements that are kept prepared: name, SQL. */
#define STORE_STATEMENTS(X)                                                                        \
	X(STATEMENT_BEGIN, "BEGIN IMMEDIATE")                                                      \
	X(STATEMENT_SNAPSHOT, "BEGIN")                                                             \
	X(STATEMENT_COMMIT, "COMMIT")                                                              \
	X(STATEMENT_META, "SELECT log, seq, time, ring, position, reserve, forgotten FROM meta")   \
	X(STATEMENT_META_SET,                                                                      \
	  "UPDATE meta SET log = ?1, seq = ?2, time = ?3, ring = ?4, position = ?5, reserve = ?6") \
	X(STATEMENT_ENTRY_PUT, "INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")      \
	X(STATEMENT_ACT_PUT, "INSERT INTO acts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")           \
	X(STATEMENT_ENTRY_ROOM_PUT, "INSERT INTO entry_rooms VALUES (?1, ?2)")                     \
	X(STATEMENT_ROW_PUT, "INSERT INTO rows VALUES (?1, ?2, ?3, ?4) "                           \
	                     "ON CONFLICT DO UPDATE SET record = ?4")                              \
	X(STATEMENT_ROW_DROP, "DELETE FROM rows WHERE kind = ?1 AND id = ?2 AND other = ?3")       \
	X(STATEMENT_ROWS, "SELECT kind, record FROM rows ORDER BY kind, id, other")                \
	X(STATEMENT_FORWARD, "SELECT * FROM entries WHERE seq BETWEEN ?1 AND ?2 "                  \
	                     "ORDER BY seq LIMIT ?3")                                              \
	X(STATEMENT_BACKWARD, "SELECT * FROM entries WHERE seq BETWEEN ?1 AND ?2 "                 \
	                      "ORDER BY seq DESC LIMIT ?3")                                        \
	X(STATEMENT_MOVES, "SELECT * FROM entries WHERE person = ?1 AND kind IN (14, 15, 23) "     \
	                   "AND seq > ?2 ORDER BY seq LIMIT ?3")                                   \
	X(STATEMENT_GOINGS, "SELECT * FROM entries WHERE seq BETWEEN ?1 AND ?2 "                   \
	                    "AND kind IN (2, 4, 5) ORDER BY seq DESC LIMIT ?3")                    \
	X(STATEMENT_MESSAGES, "SELECT * FROM (SELECT * FROM entries WHERE room = ?1 "              \
	                      "AND seq <= ?2 AND kind IN (3, 16) ORDER BY seq DESC LIMIT ?3) "     \
	                      "ORDER BY seq")                                                      \
	X(STATEMENT_MESSAGES_AFTER, "SELECT * FROM entries WHERE room = ?1 AND seq > ?2 "          \
	                            "AND kind IN (3, 16) ORDER BY seq LIMIT ?3")                   \
	X(STATEMENT_NEXT,                                                                          \
	  "SELECT * FROM entries WHERE seq IN ("                                                   \
	  "SELECT seq FROM (SELECT seq FROM entries WHERE room = ?1 AND seq > ?2 "                 \
	  "AND (kind <> 27 OR ?5) ORDER BY seq LIMIT ?3) UNION ALL "                               \
	  "SELECT seq FROM (SELECT seq FROM entries WHERE room = 0 AND seq > max(?1, ?2) "         \
	  "AND NOT ?4 ORDER BY seq LIMIT ?3) UNION ALL "                                           \
	  "SELECT seq FROM (SELECT seq FROM entry_rooms WHERE room = ?1 AND seq > ?2 "             \
	  "ORDER BY seq LIMIT ?3)) ORDER BY seq LIMIT ?3")                                         \
	X(STATEMENT_LAST,                                                                          \
	  "SELECT * FROM (SELECT * FROM entries WHERE seq IN ("                                    \
	  "SELECT seq FROM (SELECT seq FROM entries WHERE room = ?1 AND seq <= ?2 "                \
	  "AND (kind <> 27 OR ?5) ORDER BY seq DESC LIMIT ?3) UNION ALL "                          \
	  "SELECT seq FROM (SELECT seq FROM entries WHERE room = 0 AND seq BETWEEN ?1 AND ?2 "     \
	  "AND NOT ?4 ORDER BY seq DESC LIMIT ?3) UNION ALL "                                      \
	  "SELECT seq FROM (SELECT seq FROM entry_rooms WHERE room = ?1 AND seq <= ?2 "            \
	  "ORDER BY seq DESC LIMIT ?3)) ORDER BY seq DESC LIMIT ?3) ORDER BY seq")                 \
	X(STATEMENT_IS_THREAD, "SELECT 1 FROM rows WHERE kind = ?2 AND id = ?1 AND other = 0 "     \
	                       "UNION ALL SELECT kind = ?3 FROM (SELECT kind FROM entries "        \
	                       "WHERE room = ?1 AND kind IN (3, 16) ORDER BY seq LIMIT 1)")        \
	X(STATEMENT_AT_OR_AFTER, "SELECT seq, time FROM entries WHERE seq >= ?1 "                  \
	                         "ORDER BY seq LIMIT 1")                                           \
	X(STATEMENT_FORGET_UP_TO, "SELECT seq FROM entries ORDER BY seq LIMIT 1 OFFSET ?1")        \
	X(STATEMENT_ACTS, "SELECT * FROM acts WHERE seq > ?1 AND time >= ?2 "                      \
	                  "ORDER BY seq LIMIT ?3")                                                 \
	X(STATEMENT_FORGET_ACTS, "DELETE FROM acts WHERE seq <= ?1")                               \
	X(STATEMENT_FORGET_ROOMS, "DELETE FROM entry_rooms WHERE seq <= ?1")                       \
	X(STATEMENT_FORGOTTEN, "UPDATE meta SET forgotten = max(forgotten, min(seq, ?1))")         \
	X(STATEMENT_REDACT,                                                                        \
	  "DELETE FROM entries WHERE seq = ?1 AND room = ?2 AND kind IN (3, 16, 27)")              \
	X(STATEMENT_ERASURE_PUT, "INSERT INTO erasures VALUES (?1, ?2, ?3, ?4, ?5)")               \
	X(STATEMENT_ERASURES, "SELECT seq, account, person, name, cursor FROM erasures "           \
	                      "ORDER BY seq LIMIT 1 OFFSET ?1")                                    \
	X(STATEMENT_ERASURE_STEP, "UPDATE erasures SET cursor = ?2 WHERE seq = ?1")                \
	X(STATEMENT_ERASURE_END, "DELETE FROM erasures WHERE seq = ?1")                            \
	X(STATEMENT_ERASE, "DELETE FROM entries WHERE seq = ?1")                                   \
	X(STATEMENT_ERASE_ROOMS, "DELETE FROM entry_rooms WHERE seq = ?1")                         \
	X(STATEMENT_ERASE_NAME, "UPDATE entries SET more = ?2 WHERE seq = ?1")                     \
	X(STATEMENT_FORGET, "DELETE FROM entries WHERE seq <= ?1")

#define STATEMENT_ENUM(name, sql) name,
enum store_statement { STORE_STATEMENTS(STATEMENT_ENUM) STATEMENT_COUNT };
#undef STATEMENT_ENUM

/* A row of `erasures`. */
struct erasure {
	uint64_t seq;    /* of the ENTRY_ERASED: what is newer is not its own */
	uint64_t cursor; /* up to here it is done */
	struct author author;
	size_t name_size;
	char name[NAME_BYTES_MAX];
};

struct store {
	sqlite3 *db;
	enum store_use use;
	bool is_new;
	bool is_in_transaction;
	unsigned migrated_from;
	sqlite3_stmt *statements[STATEMENT_COUNT]; /* prepared when first asked for */
	char path[STORE_PATH_BYTES];               /* of log.db */
	char why[STORE_WHY_BYTES];
	/* Accounts that are being erased, as they were when reading last began: store_redact.h. */
	struct erasure *erasures;
	size_t erasures_count, erasures_room;
	/* What records are encoded into and rooms put together in. */
	_Alignas(8) uint8_t scratch[RECORD_BYTES_MAX];
};

/* Notes the sentence and returns the error. */
enum store_error store_say(struct store *store, enum store_error error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* What SQLite's last failure on this store means; the deed is in the infinitive ("store entry 7"). */
enum store_error store_fail(struct store *store, int result, const char *deed);
/* The error of a result code of SQLite. */
enum store_error store_error_of(int result);

/* Prepared on first use, reset, without bindings of before that matter. NULL on failure, said. */
sqlite3_stmt *store_statement(struct store *store, enum store_statement which);
/* Steps a statement that returns no rows, and resets it. */
enum store_error store_run(struct store *store, sqlite3_stmt *statement, const char *deed);
/* store_write.c: the same in a transaction, which a failure ends. */
sqlite3_stmt *store_statement_within(struct store *store, enum store_statement which);
enum store_error store_run_within(struct store *store, sqlite3_stmt *statement, const char *deed);
/* One SQL text that returns no rows we want. */
enum store_error store_execute(struct store *store, const char *sql, const char *deed);
/* A pragma's number. */
enum store_error store_pragma(struct store *store, const char *sql, int64_t *value);

/* store_write.c: what an entry has that the columns do not, as `entries.more`. */
void store_bind_more(sqlite3_stmt *statement, int index, const struct record *entry,
                     uint8_t *scratch);

/* store_redact.c: reads which accounts are being erased; and is it of one of them, and not to be shown? */
enum store_error store_know_erasures(struct store *store);
bool store_is_erased(struct store *store, const struct record *entry);

/* The entry in the present row of `SELECT * FROM entries`; false if it is damaged. */
bool store_entry_of(sqlite3_stmt *statement, struct record *entry);

#endif
