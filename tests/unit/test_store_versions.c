/* log.db as older versions have made it, and as newer ones will have. */
#include "store_help.h"

#include "store_schema.h"

static void set_version(int version) {
	char sql[64];
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version);
	execute(sql);
}

static void a_newer_version_is_refused(void **unused) {
	char why[STORE_WHY_BYTES];
	fill(10);
	set_version(STORE_VERSION + 6);
	uint64_t before = fingerprint("log.db");
	assert_int_equal(refusal(STORE_WRITE, why), STORE_NEWER);
	assert_non_null(strstr(why, "newer version"));
	assert_non_null(strstr(why, "--data"));
	assert_int_equal(refusal(STORE_READ, why), STORE_NEWER);
	assert_true(fingerprint("log.db") == before);
}

/* As version 0.1.0 has made it: schema 1. */
static void make_schema_1(const char *more) {
	static const char sql[] =
		"CREATE TABLE meta (log INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT "
		"NULL, ring INTEGER NOT NULL, position INTEGER NOT NULL, reserve INTEGER NOT NULL);"
		"CREATE TABLE entries (seq INTEGER PRIMARY KEY, room INTEGER, time INTEGER NOT "
		"NULL, kind INTEGER NOT NULL, person INTEGER, name TEXT, text TEXT, more BLOB);"
		"CREATE UNIQUE INDEX entries_by_room ON entries (room, seq) WHERE room IS NOT "
		"NULL;"
		"CREATE TABLE entry_rooms (room INTEGER NOT NULL, seq INTEGER NOT NULL, "
		"PRIMARY KEY (room, seq)) WITHOUT ROWID;"
		"CREATE INDEX entry_rooms_by_seq ON entry_rooms (seq);"
		"CREATE TABLE rows (kind INTEGER NOT NULL, id INTEGER NOT NULL, other INTEGER NOT "
		"NULL, record BLOB NOT NULL, PRIMARY KEY (kind, id, other)) WITHOUT ROWID;"
		"PRAGMA application_id = 0x71756e31; PRAGMA user_version = 1;";
	execute(sql);
	execute(more);
}

static void schema_1_is_brought_up(void **unused) {
	char why[STORE_WHY_BYTES];
	struct store_meta meta;
	make_schema_1("INSERT INTO meta VALUES (77, 9, 900, 5, 6, 1000);"
	              "INSERT INTO entries VALUES (4, 1, 400, 3, 2, 'ann', 'hello', NULL);"
	              "INSERT INTO entries VALUES (9, 1, 900, 3, 2, 'ann', 'bye', NULL)");
	assert_int_equal(refusal(STORE_READ, why), STORE_OLDER);
	struct store *store = open_store(STORE_WRITE);
	assert_int_equal(store_migrated_from(store), 1);
	assert_int_equal(store_meta(store, &meta), STORE_OK);
	assert_int_equal(meta.log, 77);
	assert_int_equal(meta.seq, 9);
	assert_int_equal(meta.reserve, 1000);
	assert_int_equal(meta.forgotten, 3); /* what is older than the oldest is gone */
	look(store, 0, UINT64_MAX);
	assert_int_equal(seen.count, 2);
	assert_int_equal(problems_of(store), 0);
	store_close(store);
	store = open_store(STORE_READ);
	store_close(store);
	assert_int_equal(access(in_folder("log.db.v1"), F_OK), 0);
}

/* From a version with one entry, of a kind. */
static void assert_brought_up(unsigned version, const char *moves, int kind) {
	char sql[512], copy[16];
	snprintf(sql, sizeof(sql),
	         "ALTER TABLE meta ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;"
	         "CREATE INDEX moves_by_person ON entries (person, seq) WHERE kind IN (%s);"
	         "INSERT INTO meta VALUES (77, 9, 900, 5, 6, 1000, 0);"
	         "INSERT INTO entries VALUES (4, 1, 400, %d, 2, 'ann', 'hello', NULL);"
	         "PRAGMA user_version = %u",
	         moves, kind, version);
	make_schema_1(sql);
	struct store *store = open_store(STORE_WRITE);
	assert_int_equal(store_migrated_from(store), version);
	look(store, 0, UINT64_MAX);
	assert_int_equal(seen.count, 1);
	assert_int_equal(problems_of(store), 0);
	store_close(store);
	snprintf(copy, sizeof(copy), "log.db.v%u", version);
	assert_int_equal(access(in_folder(copy), F_OK), 0);
}

/* Schema 2: whoever is put out of a room did not count among the moves. */
static void schema_2_is_brought_up(void **unused) {
	assert_brought_up(2, "14, 15", 14);
}

/* Schema 3: messages of a room were found by going through all of it. */
static void schema_3_is_brought_up(void **unused) {
	assert_brought_up(3, "14, 15, 23", 3);
}

static void a_new_folder_of_schema_1_has_forgotten_nothing(void **unused) {
	struct store_meta meta;
	make_schema_1("INSERT INTO meta VALUES (77, 0, 0, 0, 0, 1000)");
	struct store *store = open_store(STORE_WRITE);
	assert_int_equal(store_meta(store, &meta), STORE_OK);
	assert_int_equal(meta.forgotten, 0);
	store_close(store);
}

static void an_older_version_is_migrated_after_a_copy(void **unused) {
	static const struct store_migration steps[] = {
		[STORE_VERSION - 1] = {"ALTER TABLE meta ADD COLUMN colour TEXT"},
		[STORE_VERSION] = {"UPDATE meta SET colour = 'green'"},
	};
	fill(10);
	struct store *store = open_store(STORE_WRITE);
	assert_int_equal(store_schema_bring_up(store, steps, STORE_VERSION + 2), STORE_OK);
	assert_int_equal(store_migrated_from(store), STORE_VERSION);
	int64_t count;
	assert_int_equal(
		store_pragma(store, "SELECT count(*) FROM meta WHERE colour = 'green'", &count),
		STORE_OK);
	assert_int_equal(count, 1);
	assert_int_equal(store_pragma(store, "PRAGMA user_version", &count), STORE_OK);
	assert_int_equal(count, STORE_VERSION + 2);
	store_close(store);
	/* The copy is the old file: put back, it opens. */
	char copy[128];
	snprintf(copy, sizeof(copy), "%s/log.db.v%d", folder, STORE_VERSION);
	assert_int_equal(rename(copy, in_folder("log.db")), 0);
	store = open_store(STORE_WRITE);
	look(store, 0, UINT64_MAX);
	assert_int_equal(seen.count, 10);
	store_close(store);
}

static void a_migration_that_fails_changes_nothing(void **unused) {
	static const struct store_migration steps[] = {
		[STORE_VERSION - 1] = {"DELETE FROM entries; UPDATE nothing SET x = 1"},
	};
	fill(10);
	struct store *store = open_store(STORE_WRITE);
	assert_int_not_equal(store_schema_bring_up(store, steps, STORE_VERSION + 1), STORE_OK);
	store_close(store);
	store = open_store(STORE_WRITE);
	look(store, 0, UINT64_MAX);
	assert_int_equal(seen.count, 10);
	store_close(store);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(a_newer_version_is_refused),
		IN_A_FOLDER(schema_1_is_brought_up),
		IN_A_FOLDER(schema_2_is_brought_up),
		IN_A_FOLDER(schema_3_is_brought_up),
		IN_A_FOLDER(a_new_folder_of_schema_1_has_forgotten_nothing),
		IN_A_FOLDER(an_older_version_is_migrated_after_a_copy),
		IN_A_FOLDER(a_migration_that_fails_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
