/* log.db in a folder of its own for each test: putting in, taking out, and looking at the file. */
#ifndef STORE_HELP_H
#define STORE_HELP_H

#include "folder_help.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "limits.h"
#include "record.h"
#include "state.h"
#include "store.h"
#include "store_read.h"
#include "store_write.h"

/* ---- a store, and what is put in ---- */

static inline struct store *open_store(enum store_use use) {
	struct store *store;
	char why[STORE_WHY_BYTES] = "";
	enum store_error error = store_open(&store, folder, use, why);
	if (error != STORE_OK) {
		print_error("%s\n", why);
	}
	assert_int_equal(error, STORE_OK);
	return store;
}

static inline enum store_error refusal(enum store_use use, char why[static STORE_WHY_BYTES]) {
	struct store *store;
	enum store_error error = store_open(&store, folder, use, why);
	if (error == STORE_OK) {
		store_close(store);
		why[0] = '\0';
	} else {
		assert_null(store);
		assert_true(strlen(why) > 10);
	}
	return error;
}

static inline struct record said(uint64_t seq, const char *text) {
	return (struct record){.kind = ENTRY_SAID,
	                       .seq = seq,
	                       .time_us = 1700000000000000 + seq * 1000000,
	                       .person = 5,
	                       .room = ROOM_LOBBY,
	                       .name = slice_from_string("小明"),
	                       .text = slice_from_string(text)};
}

static inline void commit(struct store *store, uint64_t seq, uint64_t time_us) {
	struct store_meta meta;
	assert_int_equal(store_meta(store, &meta), STORE_OK);
	meta.seq = seq;
	meta.time_us = time_us;
	assert_int_equal(store_commit(store, &meta), STORE_OK);
}

static inline void put(struct store *store, const struct record *entry) {
	assert_int_equal(store_begin(store), STORE_OK);
	assert_int_equal(store_put_entry(store, entry), STORE_OK);
	commit(store, entry->seq, entry->time_us);
}

static inline void put_said(struct store *store, uint64_t from, uint64_t to) {
	assert_int_equal(store_begin(store), STORE_OK);
	uint64_t time_us = 0;
	for (uint64_t seq = from; seq <= to; seq++) {
		char text[32];
		snprintf(text, sizeof(text), "第 %llu 句", (unsigned long long)seq);
		struct record entry = said(seq, text);
		time_us = entry.time_us;
		assert_int_equal(store_put_entry(store, &entry), STORE_OK);
	}
	commit(store, to, time_us);
}

/* What came out. */
struct seen {
	size_t count;
	uint64_t seqs[4096];
	struct record last;
	char text[8192];
	size_t text_bytes;
};

static inline bool see(void *context, const struct record *record) {
	struct seen *seen = context;
	seen->seqs[seen->count++] = record->seq;
	seen->last = *record;
	seen->text_bytes = record->text.size;
	memcpy(seen->text, record->text.size == 0 ? "" : record->text.bytes, record->text.size);
	return seen->count < 4096;
}

static struct seen seen;

static inline void look(struct store *store, uint64_t from, uint64_t to) {
	seen.count = 0;
	assert_int_equal(store_forward(store, from, to, 4096, see, &seen), STORE_OK);
}

/* How many problems a whole reading finds. */
static inline size_t problems_of(struct store *store) {
	struct store_check *check = store_check_create(store, NULL, NULL);
	assert_non_null(check);
	while (store_check_step(check)) {
	}
	size_t problems = store_check_problems(check);
	store_check_destroy(check);
	return problems;
}

/* ---- the file ---- */

static inline void fill(uint64_t entries) {
	struct store *store = open_store(STORE_WRITE);
	put_said(store, 1, entries);
	store_checkpoint(store, true);
	store_close(store);
}

/* Killed: the WAL is still there. */
static inline void fill_and_die(uint64_t entries) {
	pid_t child = fork();
	if (child == 0) {
		struct store *store = open_store(STORE_WRITE);
		put_said(store, 1, entries);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

/* Past the store. */
static inline void execute(const char *sql) {
	sqlite3 *db;
	assert_int_equal(sqlite3_open(in_folder("log.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static inline uint64_t fingerprint(const char *name) {
	uint64_t sum = 14695981039346656037u;
	unsigned char buffer[65536];
	int fd = open(in_folder(name), O_RDONLY);
	assert_true(fd >= 0);
	ssize_t got;
	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t i = 0; i < got; i++) {
			sum = (sum ^ buffer[i]) * 1099511628211u;
		}
	}
	close(fd);
	return sum;
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

#endif
