/* log.db: what is damaged is said and left alone. */
#include "store_help.h"

#include <sys/stat.h>

static void scribble(const char *name, off_t at, size_t size) {
	char noise[4096];
	memset(noise, 0xA5, sizeof(noise));
	int fd = open(in_folder(name), O_RDWR);
	assert_true(fd >= 0);
	if (at < 0) {
		at += lseek(fd, 0, SEEK_END);
	}
	assert_int_equal(pwrite(fd, noise, size, at), size);
	close(fd);
}

/* A writer refuses it in a sentence that names it, and changes nothing. */
static void assert_damaged(void) {
	char why[STORE_WHY_BYTES];
	uint64_t before = fingerprint("log.db");
	assert_int_equal(refusal(STORE_WRITE, why), STORE_DAMAGED);
	assert_non_null(strstr(why, "log.db"));
	assert_non_null(strstr(why, "damaged"));
	assert_true(fingerprint("log.db") == before);
}

static void a_damaged_header_is_said(void **unused) {
	fill(1000);
	scribble("log.db", 0, 100);
	assert_damaged();
}

static void a_damaged_header_is_said_beside_a_wal(void **unused) {
	/* The WAL has a good first page. */
	fill_and_die(100);
	assert_int_equal(access(in_folder("log.db-wal"), F_OK), 0);
	scribble("log.db", 0, 16);
	assert_damaged();
}

static void a_damaged_schema_is_said(void **unused) {
	fill(1000);
	execute("ALTER TABLE entries ADD COLUMN x");
	assert_damaged();
}

static void damaged_last_rows_are_said(void **unused) {
	fill(1000);
	struct stat status;
	assert_int_equal(stat(in_folder("log.db"), &status), 0);
	/* The last pages hold the last entries and their places in the index. */
	for (off_t at = status.st_size - 8 * 4096; at < status.st_size; at += 4096) {
		scribble("log.db", at, 4096);
	}
	assert_damaged();
}

static void a_cut_file_is_said(void **unused) {
	fill(1000);
	struct stat status;
	assert_int_equal(stat(in_folder("log.db"), &status), 0);
	assert_int_equal(truncate(in_folder("log.db"), status.st_size / 2), 0);
	assert_damaged();
}

static void a_missing_file_beside_its_wal_is_said(void **unused) {
	fill_and_die(100);
	char why[STORE_WHY_BYTES];
	unlink(in_folder("log.db"));
	assert_int_equal(refusal(STORE_WRITE, why), STORE_DAMAGED);
	assert_int_equal(access(in_folder("log.db"), F_OK), -1);
	assert_int_equal(access(in_folder("log.db-wal"), F_OK), 0);
}

static void damage_in_the_middle_is_found_by_the_check(void **unused) {
	fill(4000);
	struct store *store = open_store(STORE_READ);
	assert_int_equal(problems_of(store), 0);
	store_close(store);
	scribble("log.db", 20 * 4096, 4096);
	store = open_store(STORE_READ);
	assert_true(problems_of(store) > 0);
	store_close(store);
}

static void an_index_that_lacks_or_invents_is_found(void **unused) {
	static const struct {
		const char *sql;
		size_t problems;
	} rows[] = {
		{"PRAGMA writable_schema = 1; DELETE FROM entry_rooms WHERE seq = 3", 1},
		{"INSERT INTO entry_rooms VALUES (9, 4711)", 1},
		{"UPDATE entries SET time = 0 WHERE seq = 5", 1},
		{"UPDATE entries SET more = x'0102' WHERE seq = 5", 1},
		{"UPDATE entries SET kind = 7 WHERE seq = 5", 1},
		{"INSERT INTO rows VALUES (769, 1, 0, x'00')", 1},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct store *store = open_store(STORE_WRITE);
		uint64_t more = 9;
		put_said(store, 1, 2);
		struct record entry = said(3, "in two rooms");
		entry.more_rooms = slice_of((const char *)&more, 8);
		put(store, &entry);
		put_said(store, 4, 9);
		assert_int_equal(problems_of(store), 0);
		execute(rows[i].sql);
		assert_int_equal(problems_of(store), rows[i].problems);
		store_close(store);
		drop_folder(NULL);
		make_folder(NULL);
	}
}

static void another_programs_file_is_refused(void **unused) {
	execute("CREATE TABLE dogs (name)");
	char why[STORE_WHY_BYTES];
	uint64_t before = fingerprint("log.db");
	assert_int_equal(refusal(STORE_WRITE, why), STORE_FOREIGN);
	assert_true(fingerprint("log.db") == before);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(a_damaged_header_is_said),
		IN_A_FOLDER(a_damaged_header_is_said_beside_a_wal),
		IN_A_FOLDER(a_damaged_schema_is_said),
		IN_A_FOLDER(damaged_last_rows_are_said),
		IN_A_FOLDER(a_cut_file_is_said),
		IN_A_FOLDER(a_missing_file_beside_its_wal_is_said),
		IN_A_FOLDER(damage_in_the_middle_is_found_by_the_check),
		IN_A_FOLDER(an_index_that_lacks_or_invents_is_found),
		IN_A_FOLDER(another_programs_file_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
