/* search.db: what is said is found, by words of any length, and nothing else. */
#include "folder_help.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "search.h"
#include "state.h"
#include "store.h"
#include "store_read.h"
#include "store_redact.h"
#include "store_write.h"

static struct store *store;

static int set_up(void **unused) {
	char why[STORE_WHY_BYTES];
	assert_int_equal(make_folder(NULL), 0);
	assert_int_equal(store_open(&store, folder, STORE_WRITE, why), STORE_OK);
	return 0;
}

static int tear_down(void **unused) {
	store_close(store);
	return drop_folder(NULL);
}

/* ---- tools ---- */

static void put_as(uint16_t kind, uint64_t seq, const char *text) {
	struct store_meta meta;
	struct record entry = {.kind = kind,
	                       .seq = seq,
	                       .time_us = 1000 + seq,
	                       .room = ROOM_LOBBY,
	                       .text = slice_from_string(text)};
	assert_int_equal(store_begin(store), STORE_OK);
	assert_int_equal(store_put_entry(store, &entry), STORE_OK);
	assert_int_equal(store_meta(store, &meta), STORE_OK);
	meta.seq = seq;
	meta.time_us = entry.time_us;
	assert_int_equal(store_commit(store, &meta), STORE_OK);
}

static void put(uint64_t seq, const char *text) {
	put_as(ENTRY_SAID, seq, text);
}

static struct search *open_search(enum store_use use) {
	struct search *search;
	char why[STORE_WHY_BYTES] = "";
	enum store_error error = search_open(&search, folder, use, store, why);
	if (error != STORE_OK) {
		print_error("%s\n", why);
	}
	assert_int_equal(error, STORE_OK);
	return search;
}

static void feed_all(struct search *search) {
	size_t count;
	do {
		assert_int_equal(search_feed(search, store, 7, &count), STORE_OK);
	} while (count > 0);
	bool is_tidy = false;
	for (int i = 0; i < 1000 && !is_tidy; i++) {
		assert_int_equal(search_tidy(search, &is_tidy), STORE_OK);
	}
	assert_true(is_tidy);
}

static bool matches(const char *query, const char *text) {
	struct search_query *made = search_query_create(slice_from_string(query));
	assert_non_null(made);
	bool is_match = search_query_matches(made, slice_from_string(text));
	search_query_destroy(made);
	return is_match;
}

struct found {
	size_t count, most;
	uint64_t seqs[64];
};

static bool note(void *context, uint64_t seq) {
	struct found *found = context;
	found->seqs[found->count++] = seq;
	return found->count < found->most;
}

static struct found find(struct search *search, const char *text, uint64_t from, uint64_t to,
                         size_t most) {
	struct found found = {.most = most};
	struct search_query *query = search_query_create(slice_from_string(text));
	assert_non_null(query);
	assert_int_equal(search_find(search, query, from, to, note, &found), STORE_OK);
	search_query_destroy(query);
	return found;
}

/* ---- the rule ---- */

static void words_of_any_length_match(void **unused) {
	static const char text[] = "我们的群聊室今天开张了";
	assert_true(matches("群聊", text));
	assert_true(matches("群", text));
	assert_true(matches("室", text));
	assert_true(matches("了", text));
	assert_true(matches("我", text));
	assert_true(matches("群聊室今天", text));
	assert_true(matches(text, text));
	assert_false(matches("聊群", text));
	assert_false(matches("群室", text));
	assert_false(matches("明天", text));
	assert_false(matches("群聊 今天", text));
}

static void latin_words_match_whole_and_without_case(void **unused) {
	assert_true(matches("hello", "Well, HELLO there"));
	assert_true(matches("Hello There", "well hello there!"));
	assert_false(matches("Hello There", "well hello, there!"));
	assert_true(matches("100%", "sure, 100%!"));
	assert_false(matches("100%", "100 percent"));
	assert_false(matches("NOT -", "or not"));
	assert_false(matches("hell", "hello"));
	assert_false(matches("there hello", "hello there"));
	assert_true(matches("ＡＢＣ", "abc"));
	assert_true(matches("strasse", "Straße"));
	assert_true(matches("2024", "在2024年"));
}

static void emoji_match(void **unused) {
	assert_true(matches("👍", "好👍🏽"));
	assert_true(matches("👩‍👩‍👧‍👦", "家👩‍👩‍👧‍👦"));
	assert_false(matches("👍", "好"));
}

static void punctuation_alone_is_compared_as_it_is(void **unused) {
	assert_true(matches("!?", "what!?"));
	assert_false(matches("!?", "what?!"));
	assert_true(matches(" ", "a b"));
}

static void queries_have_bounds(void **unused) {
	assert_null(search_query_create(slice_from_string("")));
	char *large = malloc(5000);
	memset(large, 'x', 5000);
	assert_null(search_query_create(slice_of(large, 5000)));
	for (size_t i = 0; i < 4096; i++) {
		memcpy(large + i, i % 4 == 3 ? " " : &"abcdefgh"[i / 4 % 5], 1);
	}
	struct search_query *query = search_query_create(slice_of(large, 4096));
	assert_non_null(query);
	assert_true(search_query_matches(query, slice_of(large, 4096)));
	search_query_destroy(query);
	free(large);
}

/* ---- the index ---- */

static const char *const texts[] = {
	"大家好", "今天天气好", "Hello world", "群聊",     "聊群",
	"",       "the WORLD",  "好",          "👍🏽", "a\"b'c*",
};

#define TEXTS_COUNT (sizeof(texts) / sizeof(texts[0]))

static void put_texts(void) {
	for (size_t i = 0; i < TEXTS_COUNT; i++) {
		put(i + 1, texts[i]);
	}
}

static void the_index_finds_what_the_rule_finds(void **unused) {
	static const char *const queries[] = {"好",   "大家", "天",      "world",     "HELLO world",
	                                      "群聊", "群",   "聊",      "👍",         "c",
	                                      "a b",  "家",   "nothing", "今天天气好"};
	put_texts();
	struct search *search = open_search(STORE_WRITE);
	feed_all(search);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct search_query *query = search_query_create(slice_from_string(queries[i]));
		struct found found = find(search, queries[i], 0, UINT64_MAX, 64);
		for (size_t j = 0; j < TEXTS_COUNT; j++) {
			bool is_candidate = false;
			for (size_t k = 0; k < found.count; k++) {
				is_candidate = is_candidate || found.seqs[k] == j + 1;
			}
			if (search_query_matches(query, slice_from_string(texts[j]))) {
				assert_true(is_candidate);
			}
		}
		for (size_t k = 1; k < found.count; k++) {
			assert_true(found.seqs[k] < found.seqs[k - 1]);
		}
		search_query_destroy(query);
	}
	search_close(search);
}

static void a_search_has_bounds(void **unused) {
	for (uint64_t seq = 1; seq <= 50; seq++) {
		put(seq, "好");
	}
	struct search *search = open_search(STORE_WRITE);
	feed_all(search);
	struct found found = find(search, "好", 10, 20, 5);
	assert_int_equal(found.count, 5);
	assert_int_equal(found.seqs[0], 20);
	assert_int_equal(found.seqs[4], 16);
	search_close(search);
}

static void parts_follow_each_other_and_are_dropped(void **unused) {
	for (uint64_t part = 0; part < 4; part++) {
		put(part * SEARCH_PART + 5, "同一句话");
		put(part * SEARCH_PART + 9, "同一句话");
	}
	struct search *search = open_search(STORE_WRITE);
	feed_all(search);
	assert_int_equal(find(search, "一句", 0, UINT64_MAX, 64).count, 8);
	assert_int_equal(find(search, "一句", SEARCH_PART, 3 * SEARCH_PART, 64).count, 4);
	assert_int_equal(search_forget(search, 2 * SEARCH_PART), STORE_OK);
	assert_int_equal(find(search, "一句", 0, UINT64_MAX, 64).count, 6);
	assert_int_equal(search_forget(search, 2 * SEARCH_PART), STORE_OK);
	assert_int_equal(find(search, "一句", 0, UINT64_MAX, 64).count, 4);
	assert_int_equal(search_forget(search, 2 * SEARCH_PART), STORE_OK);
	assert_int_equal(find(search, "一句", 0, UINT64_MAX, 64).count, 4);
	search_close(search);
}

static void it_goes_on_where_it_was(void **unused) {
	put_texts();
	struct search *search = open_search(STORE_WRITE);
	size_t count;
	uint64_t seq;
	assert_int_equal(search_feed(search, store, 4, &count), STORE_OK);
	assert_int_equal(count, 4);
	search_close(search);
	search = open_search(STORE_WRITE);
	assert_int_equal(search_seq(search, &seq), STORE_OK);
	assert_int_equal(seq, 4);
	feed_all(search);
	assert_int_equal(search_seq(search, &seq), STORE_OK);
	assert_int_equal(seq, TEXTS_COUNT);
	struct search *reader = open_search(STORE_READ);
	assert_int_equal(find(reader, "好", 0, UINT64_MAX, 64).count, 3);
	search_close(reader);
	search_close(search);
}

static void direct_messages_are_not_in_it(void **unused) {
	put_as(ENTRY_SAID, 1, "hotpot");
	put_as(ENTRY_DIRECT, 2, "hotpot");
	put_as(ENTRY_DIRECT, 3, "hotpot");
	struct search *search = open_search(STORE_WRITE);
	uint64_t seq;
	feed_all(search);
	assert_int_equal(search_seq(search, &seq), STORE_OK);
	assert_int_equal(seq, 3);
	struct found found = find(search, "hotpot", 0, UINT64_MAX, 64);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.seqs[0], 1);
	search_close(search);
}

/* It is begun anew, and a reader does not use it. */
static void assert_made_anew(void) {
	char why[STORE_WHY_BYTES];
	struct search *search;
	uint64_t seq;
	assert_int_not_equal(search_open(&search, folder, STORE_READ, store, why), STORE_OK);
	assert_null(search);
	search = open_search(STORE_WRITE);
	assert_int_equal(search_seq(search, &seq), STORE_OK);
	assert_int_equal(seq, 0);
	feed_all(search);
	assert_int_equal(find(search, "好", 0, UINT64_MAX, 64).count, 3);
	search_close(search);
}

static void make_index(void) {
	put_texts();
	struct search *search = open_search(STORE_WRITE);
	feed_all(search);
	search_close(search);
}

static void a_damaged_one_is_made_anew(void **unused) {
	make_index();
	int fd = open(in_folder("search.db"), O_WRONLY);
	assert_int_equal(pwrite(fd, "damage damage damage", 20, 0), 20);
	close(fd);
	assert_made_anew();
}

static void a_missing_one_is_made_anew(void **unused) {
	make_index();
	unlink(in_folder("search.db"));
	assert_made_anew();
}

static void one_of_another_version_is_made_anew(void **unused) {
	make_index();
	sqlite3 *db;
	assert_int_equal(sqlite3_open(in_folder("search.db"), &db), SQLITE_OK);
	sqlite3_exec(db, "PRAGMA user_version = 4711", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_made_anew();
}

static void one_of_another_log_is_made_anew(void **unused) {
	make_index();
	struct store_meta meta;
	store_meta(store, &meta);
	meta.log++;
	assert_int_equal(store_begin(store), STORE_OK);
	assert_int_equal(store_commit(store, &meta), STORE_OK);
	assert_made_anew();
}

static void one_that_is_ahead_of_the_log_is_made_anew(void **unused) {
	make_index();
	sqlite3 *db;
	assert_int_equal(sqlite3_open(in_folder("search.db"), &db), SQLITE_OK);
	sqlite3_exec(db, "UPDATE meta SET seq = 1000", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_made_anew();
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

static bool has_word(const char *word) {
	static const char *const names[] = {"search.db", "search.db-wal"};
	static char bytes[1 << 20];
	bool is_found = false;
	for (size_t i = 0; i < 2; i++) {
		char path[4096];
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		FILE *file = fopen(path, "r");
		size_t size = file == NULL ? 0 : fread(bytes, 1, sizeof(bytes), file);
		assert_true(size < sizeof(bytes));
		is_found = is_found || memmem(bytes, size, word, strlen(word)) != NULL;
		if (file != NULL) {
			fclose(file);
		}
	}
	return is_found;
}

/* Its words leave the file with the index; while it is erased, and of any other, nothing is begun anew. */
static void an_erased_account_leaves_no_words(void **unused) {
	bool is_done = false;
	put(1, "tellingword said");
	put(2, "staying");
	struct search *search = open_search(STORE_WRITE);
	feed_all(search);
	assert_true(has_word("tellingword"));
	assert_false(search_has_erased(search, store));
	struct record erased = {.kind = ENTRY_ERASED,
	                        .seq = 3,
	                        .time_us = 1003,
	                        .target = 1,
	                        .name = slice_from_string("ming")};
	assert_int_equal(store_begin(store), STORE_OK);
	assert_int_equal(store_put_entry(store, &erased), STORE_OK);
	assert_int_equal(store_take_back(store, &erased), STORE_OK);
	/* As a step would. */
	struct record said = {.kind = ENTRY_REDACTED, .seq = 3, .number = 1, .room = ROOM_LOBBY};
	assert_int_equal(store_take_back(store, &said), STORE_OK);
	struct store_meta meta;
	assert_int_equal(store_meta(store, &meta), STORE_OK);
	meta.seq = 3;
	meta.time_us = 1003;
	assert_int_equal(store_commit(store, &meta), STORE_OK);
	assert_false(search_has_erased(search, store));
	while (!is_done) {
		assert_int_equal(store_erase_some(store, 10, &is_done), STORE_OK);
	}
	assert_true(search_has_erased(search, store));
	search_discard(search);
	search = open_search(STORE_WRITE);
	feed_all(search);
	assert_false(search_has_erased(search, store));
	assert_true(has_word("staying"));
	assert_false(has_word("tellingword"));
	search_close(search);
}

/* ---- what was taken back ---- */

static void redact(uint64_t seq, uint64_t which) {
	struct store_meta meta;
	struct record entry = {.kind = ENTRY_REDACTED,
	                       .seq = seq,
	                       .time_us = 1000 + seq,
	                       .room = ROOM_LOBBY,
	                       .number = which,
	                       .text = slice_from_string("why")};
	assert_int_equal(store_begin(store), STORE_OK);
	assert_int_equal(store_put_entry(store, &entry), STORE_OK);
	assert_int_equal(store_take_back(store, &entry), STORE_OK);
	assert_int_equal(store_meta(store, &meta), STORE_OK);
	meta.seq = seq;
	meta.time_us = entry.time_us;
	assert_int_equal(store_commit(store, &meta), STORE_OK);
}

static bool renew_some(struct search *search, size_t most) {
	bool is_done;
	assert_int_equal(search_renew(search, store, most, &is_done), STORE_OK);
	return is_done;
}

static void renew_all(struct search *search) {
	int steps = 0;
	while (!renew_some(search, 100)) {
		assert_true(++steps < 100);
	}
}

static size_t count_found(struct search *search, const char *text) {
	return find(search, text, 0, UINT64_MAX, 64).count;
}

/* The writer's and another reader's. */
static void assert_finds(struct search *search, const char *text, size_t count) {
	struct search *reader = open_search(STORE_READ);
	assert_int_equal(count_found(search, text), count);
	assert_int_equal(count_found(reader, text), count);
	search_close(reader);
}

/* In an older part, and in the present one, which goes on; its process dies at each step, or lives. */
static void leaves_no_words(bool is_dying) {
	const uint64_t present = SEARCH_PART;
	for (uint64_t seq = 1; seq <= 20; seq++) {
		put(seq, seq == 4 ? "tellingword staying" : "staying");
	}
	for (uint64_t seq = 1; seq <= 20; seq++) {
		put(present + seq, seq == 5 ? "quotedthing" : "present");
	}
	struct search *search = open_search(STORE_WRITE);
	feed_all(search);
	assert_true(renew_some(search, 3));
	redact(present + 21, 4);
	redact(present + 22, present + 5);
	feed_all(search);
	assert_true(has_word("tellingword") && has_word("quotedthing"));
	uint64_t seq = present + 22;
	size_t steps = 0;
	while (!renew_some(search, 3)) {
		/* Candidates that log.db has no more are the caller's to see. */
		assert_true(count_found(search, "staying") >= 19);
		assert_int_equal(count_found(search, "present"), 19 + steps);
		put(++seq, "present");
		if (is_dying) {
			search_close(search);
			search = open_search(STORE_WRITE);
		}
		feed_all(search);
		steps++;
		assert_true(steps < 40);
	}
	assert_true(steps > 10);
	assert_finds(search, "staying", 19);
	assert_finds(search, "present", 19 + steps);
	assert_finds(search, "why", 2);
	assert_finds(search, "tellingword", 0);
	assert_true(has_word("staying") && has_word("present"));
	assert_false(has_word("tellingword") || has_word("quotedthing"));
	search_close(search);
}

static void what_was_taken_back_leaves_no_words(void **unused) {
	leaves_no_words(false);
}

static void what_was_taken_back_leaves_no_words_whatever_dies(void **unused) {
	leaves_no_words(true);
}

/* What the new table has already is taken back as well; and what it has not yet. */
static void what_is_taken_back_meanwhile_goes_as_well(void **unused) {
	for (uint64_t seq = 1; seq <= 20; seq++) {
		put(seq, seq == 2    ? "quotedthing"
		         : seq == 4  ? "tellingword"
		         : seq == 15 ? "nextthing"
		                     : "staying");
	}
	struct search *search = open_search(STORE_WRITE);
	feed_all(search);
	redact(21, 4);
	feed_all(search);
	assert_false(renew_some(search, 10));
	redact(22, 2);
	redact(23, 15);
	feed_all(search);
	renew_all(search);
	assert_finds(search, "staying", 17);
	assert_false(has_word("tellingword") || has_word("quotedthing") || has_word("nextthing"));
	search_close(search);
}

/* What was never in the index, or has been forgotten, needs nothing. */
static void what_is_not_in_it_is_not_renewed(void **unused) {
	put_texts();
	redact(TEXTS_COUNT + 1, 3);
	struct search *search = open_search(STORE_WRITE);
	feed_all(search);
	assert_true(renew_some(search, 3));
	put(TEXTS_COUNT + 2, "tellingword");
	redact(TEXTS_COUNT + 3, TEXTS_COUNT + 2);
	put(SEARCH_PART + 1, "present");
	feed_all(search);
	assert_true(renew_some(search, 3));
	assert_false(has_word("tellingword"));
	redact(SEARCH_PART + 2, 1);
	feed_all(search);
	assert_false(renew_some(search, 3));
	assert_int_equal(search_forget(search, SEARCH_PART), STORE_OK);
	assert_true(renew_some(search, 3));
	assert_finds(search, "大家", 0);
	assert_finds(search, "present", 1);
	search_close(search);
}

static bool renew_while_reading(void *context, uint64_t seq) {
	struct search *search = context;
	bool is_done = false;
	enum store_error error = STORE_OK;
	for (int i = 0; i < 10 && error == STORE_OK && !is_done; i++) {
		error = search_renew(search, store, 100, &is_done);
	}
	assert_int_equal(error, STORE_BUSY);
	return false;
}

/* The WAL has the words until nobody reads an older state. */
static void who_reads_is_not_waited_for(void **unused) {
	put(1, "tellingword");
	put(2, "staying");
	struct search *search = open_search(STORE_WRITE);
	feed_all(search);
	redact(3, 1);
	feed_all(search);
	struct search *reader = open_search(STORE_READ);
	struct search_query *query = search_query_create(slice_from_string("staying"));
	assert_int_equal(search_find(reader, query, 0, UINT64_MAX, renew_while_reading, search),
	                 STORE_OK);
	search_query_destroy(query);
	assert_finds(search, "staying", 1);
	assert_true(has_word("tellingword"));
	renew_all(search);
	assert_false(has_word("tellingword"));
	assert_int_equal(count_found(reader, "staying"), 1);
	search_close(reader);
	search_close(search);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_any_length_match),
		cmocka_unit_test(latin_words_match_whole_and_without_case),
		cmocka_unit_test(emoji_match),
		cmocka_unit_test(punctuation_alone_is_compared_as_it_is),
		cmocka_unit_test(queries_have_bounds),
		TEST(the_index_finds_what_the_rule_finds),
		TEST(a_search_has_bounds),
		TEST(parts_follow_each_other_and_are_dropped),
		TEST(it_goes_on_where_it_was),
		TEST(direct_messages_are_not_in_it),
		TEST(a_damaged_one_is_made_anew),
		TEST(a_missing_one_is_made_anew),
		TEST(one_of_another_version_is_made_anew),
		TEST(one_of_another_log_is_made_anew),
		TEST(one_that_is_ahead_of_the_log_is_made_anew),
		TEST(an_erased_account_leaves_no_words),
		TEST(what_was_taken_back_leaves_no_words),
		TEST(what_was_taken_back_leaves_no_words_whatever_dies),
		TEST(what_is_taken_back_meanwhile_goes_as_well),
		TEST(what_is_not_in_it_is_not_renewed),
		TEST(who_reads_is_not_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
