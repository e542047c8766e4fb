/*
 * index - what the search index costs a message: read from log.db, cut into
 * tokens, into search.db in the clerk's small transactions, merged. Beside it
 * the floor: the same tokens, cut beforehand and parted by blanks, into the
 * same kind of table in one transaction, with FTS5's own tokenizer and merging.
 *
 *     index MESSAGES PAIRS
 *
 * prints a JSON object a pair: `us` and `floor_us` a message, CPU time of the
 * process alone, kernel included, and the `megabytes` of the index.
 */
#include <assert.h>
#include <sqlite3.h>

#include "history.h"
#include "search.h"
#include "tokens.h"

#define FEED_MAX 500 /* as the clerk feeds */

static void fill(struct store *store, uint64_t messages) {
	char text[128];
	struct store_meta meta;
	must(store, store_meta(store, &meta));
	must(store, store_begin(store));
	for (uint64_t seq = 1; seq <= messages; seq++) {
		struct record entry = message(seq, text);
		must(store, store_put_entry(store, &entry));
		meta.seq = seq;
		meta.time_us = entry.time_us;
	}
	must(store, store_commit(store, &meta));
}

/* µs of CPU a message. */
static double run_index(uint64_t messages, double *megabytes) {
	char folder[64], why[STORE_WHY_BYTES], path[96];
	struct search *search;
	make_folder(folder);
	struct store *store = open_store(folder);
	fill(store, messages);
	if (search_open(&search, folder, STORE_WRITE, store, why) != STORE_OK) {
		diag_exit(EXIT_FIX_ME, "%s", why);
	}
	size_t count;
	bool is_tidy;
	double begin = cpu_us();
	do {
		enum store_error error = search_feed(search, store, FEED_MAX, &count);
		assert(error == STORE_OK);
		error = search_tidy(search, &is_tidy);
		assert(error == STORE_OK);
	} while (count > 0 || !is_tidy);
	search_close(search);
	double end = cpu_us();
	struct stat status = {0};
	snprintf(path, sizeof(path), "%s/search.db", folder);
	stat(path, &status);
	*megabytes = (double)status.st_size / 1e6;
	store_close(store);
	drop_folder(folder);
	return (end - begin) / (double)messages;
}

/* The tokens of a message with blanks between. */
static size_t cut(const struct record *entry, char out[1024]) {
	struct tokens tokens;
	struct token token;
	size_t size = 0;
	tokens_init(&tokens, entry->text, TOKENS_DOCUMENT);
	while (tokens_next(&tokens, &token)) {
		assert(size + token.folded.size + 1 < 1024);
		memcpy(out + size, token.folded.bytes, token.folded.size);
		size += token.folded.size;
		out[size++] = ' ';
	}
	return size;
}

static double run_floor(uint64_t messages) {
	char folder[64], path[96], text[128];
	char(*texts)[1024] = malloc(messages * sizeof(*texts));
	size_t *sizes = malloc(messages * sizeof(*sizes));
	assert(texts != NULL && sizes != NULL);
	for (uint64_t i = 0; i < messages; i++) {
		struct record entry = message(i + 1, text);
		sizes[i] = cut(&entry, texts[i]);
	}
	make_folder(folder);
	sqlite3 *db;
	sqlite3_stmt *put;
	snprintf(path, sizeof(path), "%s/floor.db", folder);
	int result = sqlite3_open(path, &db);
	assert(result == SQLITE_OK);
	result = sqlite3_exec(db,
	                      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
	                      "CREATE VIRTUAL TABLE words USING fts5(text, content='', "
	                      "columnsize=0, detail=none, tokenize='ascii')",
	                      NULL, NULL, NULL);
	assert(result == SQLITE_OK);
	double begin = cpu_us();
	sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
	sqlite3_prepare_v2(db, "INSERT INTO words (rowid, text) VALUES (?1, ?2)", -1, &put, NULL);
	for (uint64_t i = 0; i < messages; i++) {
		sqlite3_bind_int64(put, 1, (sqlite3_int64)i + 1);
		sqlite3_bind_text(put, 2, texts[i], (int)sizes[i], SQLITE_STATIC);
		result = sqlite3_step(put);
		assert(result == SQLITE_DONE);
		sqlite3_reset(put);
	}
	sqlite3_finalize(put);
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(db);
	double end = cpu_us();
	drop_folder(folder);
	free(texts);
	free(sizes);
	return (end - begin) / (double)messages;
}

int main(int argc, char **argv) {
	diag_name("bench/index");
	if (argc != 3) {
		diag_exit(EXIT_USAGE, "usage: index MESSAGES PAIRS");
	}
	uint64_t messages = strtoull(argv[1], NULL, 10);
	size_t pairs = strtoul(argv[2], NULL, 10);
	if (messages == 0) {
		diag_exit(EXIT_USAGE, "nothing to do");
	}
	for (size_t i = 0; i < pairs; i++) {
		double megabytes = 0;
		double ours = run_index(messages, &megabytes);
		printf("{\"us\": %.4f, \"floor_us\": %.4f, \"megabytes\": %.2f}\n", ours,
		       run_floor(messages), megabytes);
		fflush(stdout);
	}
	return EXIT_DONE;
}
