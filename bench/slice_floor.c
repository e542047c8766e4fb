/*
 * slice_floor - what SQLite alone needs for the last messages of a room: the floor of
 * `script/bench irc` for CHATHISTORY.
 *
 *     slice_floor LOG.DB ROOM MESSAGES TIMES
 *
 * asks so often, reads every column of what comes, and prints the CPU time of one time.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double cpu_us(void) {
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void die(sqlite3 *db, const char *what) {
	fprintf(stderr, "slice_floor: %s: %s\n", what, sqlite3_errmsg(db));
	exit(1);
}

/* The bytes of all columns, so that none is left unread. */
static size_t read_rows(sqlite3_stmt *statement, long *rows) {
	size_t bytes = 0;
	while (sqlite3_step(statement) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(statement); i++) {
			const void *blob = sqlite3_column_blob(statement, i);
			bytes += blob == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, i);
		}
		++*rows;
	}
	sqlite3_reset(statement);
	return bytes;
}

int main(int argc, char **argv) {
	static const char words[] =
		"SELECT * FROM entries WHERE room = ? ORDER BY seq DESC LIMIT ?";
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	long times = argc == 5 ? strtol(argv[4], NULL, 10) : 0, rows = 0;
	size_t bytes = 0;
	if (times < 1) {
		fprintf(stderr, "usage: slice_floor LOG.DB ROOM MESSAGES TIMES\n");
		return 2;
	}
	if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
		die(db, argv[1]);
	}
	if (sqlite3_prepare_v2(db, words, -1, &statement, NULL) != SQLITE_OK) {
		die(db, words);
	}
	sqlite3_bind_int64(statement, 1, strtoll(argv[2], NULL, 10));
	sqlite3_bind_int64(statement, 2, strtoll(argv[3], NULL, 10));
	double before = cpu_us();
	for (long i = 0; i < times; i++) {
		bytes += read_rows(statement, &rows);
	}
	printf("{\"us\": %.3f, \"rows\": %ld, \"bytes\": %zu}\n",
	       (cpu_us() - before) / (double)times, rows / times, bytes / (size_t)times);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return 0;
}
