/*
 * Reading beside a scribe that never rests: between any two statements of a
 * reader it stores another entry, and the hub has published two more.
 */
#include "folder_help.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "follower.h"
#include "past.h"
#include "ring.h"
#include "store.h"
#include "store_read.h"

static struct ring *ring;
static struct store *store;
static struct follower follower;
static uint64_t seq_published;
static bool is_restless, is_working;

/* ---- the server's side ---- */

static void publish(void) {
	_Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	char text[32];
	seq_published++;
	snprintf(text, sizeof(text), "第 %llu 句", (unsigned long long)seq_published);
	struct record entry = {.kind = ENTRY_SAID,
	                       .seq = seq_published,
	                       .time_us = 1700000000000000 + seq_published * 1000,
	                       .room = ROOM_LOBBY,
	                       .name = slice_from_string("小明"),
	                       .text = slice_from_string(text)};
	ring_append(ring, bytes, record_encode(&entry, bytes, sizeof(bytes)));
	ring_publish(ring);
}

static void go_on(void) {
	if (!is_restless || is_working) {
		return;
	}
	is_working = true;
	publish();
	publish();
	assert_int_equal(follower_batch(&follower, 1), STORE_OK);
	is_working = false;
}

/* A statement of a reader is about to run. */
static int on_statement(unsigned event, void *context, void *statement, void *sql) {
	go_on();
	return 0;
}

/* For each database that is opened from now on. */
static int watch(sqlite3 *db, char **error, const struct sqlite3_api_routines *unused) {
	return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_statement, NULL);
}

static int set_up(void **unused) {
	char why[STORE_WHY_BYTES];
	assert_int_equal(make_folder(NULL), 0);
	int fd = open(in_folder("ring"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ring_format(fd, 1 << 20, 1), 0);
	ring = ring_open(fd, true);
	assert_non_null(ring);
	close(fd);
	assert_int_equal(store_open(&store, folder, STORE_WRITE, why), STORE_OK);
	assert_int_equal(follower_load(&follower, store), STORE_OK);
	struct store_meta meta = follower.meta;
	meta.ring = ring_id(ring);
	assert_int_equal(follower_store_meta(&follower, &meta), STORE_OK);
	follower.ring = ring;
	seq_published = 0;
	for (int i = 0; i < 30; i++) {
		publish();
	}
	assert_int_equal(follower_batch(&follower, 20), STORE_OK);
	sqlite3_auto_extension((void (*)(void))watch);
	is_restless = true;
	return 0;
}

static int tear_down(void **unused) {
	is_restless = false;
	sqlite3_reset_auto_extension();
	follower_finish(&follower);
	store_close(store);
	ring_close(ring);
	return drop_folder(NULL);
}

static struct store *open_beside(enum store_use use) {
	struct store *reader;
	char why[STORE_WHY_BYTES] = "";
	uint64_t before = follower.meta.seq;
	if (store_open(&reader, folder, use, why) != STORE_OK) {
		fail_msg("%s", why);
	}
	assert_true(follower.meta.seq > before);
	return reader;
}

/* ---- what is read ---- */

struct seen {
	uint64_t first, last;
	bool has_gap;
};

static bool see(void *context, const struct record *entry) {
	struct seen *seen = context;
	seen->first = seen->first == 0 ? entry->seq : seen->first;
	seen->has_gap = seen->has_gap || (seen->last != 0 && entry->seq != seen->last + 1);
	seen->last = entry->seq;
	return true;
}

static struct seen see_slices(const struct slices *slices) {
	struct seen seen = {0};
	for (size_t i = 0; i < slices->count; i++) {
		struct record entry;
		const struct slices_item *item = slices_at(slices, i);
		assert_int_equal(record_decode(&entry, item->bytes, item->size), item->size);
		see(&seen, &entry);
	}
	return seen;
}

static void opening_finds_nothing_wrong(void **unused) {
	store_close(open_beside(STORE_READ));
	store_close(open_beside(STORE_BESIDE));
}

static void say(void *context, const char *sentence) {
	fail_msg("%s", sentence);
}

static void the_check_finds_nothing_wrong(void **unused) {
	struct store *reader = open_beside(STORE_READ);
	struct store_check *check = store_check_create(reader, say, NULL);
	while (store_check_step(check)) {
	}
	assert_int_equal(store_check_problems(check), 0);
	store_check_destroy(check);
	store_close(reader);
}

static bool rest(void *context) {
	return true;
}

static struct seen see_past(const struct wanted_entries *wanted, uint64_t *published) {
	struct past past;
	struct seen seen = {0};
	*published = seq_published;
	if (!past_open(&past, folder) || !past_walk(&past, wanted, see, rest, &seen)) {
		fail_msg("%s", past.why);
	}
	assert_null(past.tail_trouble);
	past_close(&past);
	assert_false(seen.has_gap);
	assert_true(seen.last >= *published);
	return seen;
}

static void history_has_neither_gap_nor_double(void **unused) {
	uint64_t published;
	struct seen seen = see_past(&(struct wanted_entries){0}, &published);
	assert_int_equal(seen.first, 1);
	seen = see_past(&(struct wanted_entries){.room = ROOM_LOBBY}, &published);
	assert_int_equal(seen.first, 1);
	seen = see_past(&(struct wanted_entries){.has_last = true, .last = 25}, &published);
	assert_int_equal(seen.last - seen.first + 1, 25);
	struct search_query *query = search_query_create(slice_from_string("句"));
	seen = see_past(&(struct wanted_entries){.search = query}, &published);
	assert_int_equal(seen.first, 1);
	search_query_destroy(query);
}

static void the_clerk_sees_neither_gap_nor_double(void **unused) {
	struct archive archive = {.ring = ring};
	struct slices slices;
	assert_true(slices_init(&slices, 25));
	archive.store = open_beside(STORE_BESIDE);
	uint64_t published = seq_published;
	assert_int_equal(archive_last(&archive, ROOM_LOBBY, UINT64_MAX, &slices), STORE_OK);
	struct seen seen = see_slices(&slices);
	assert_true(!seen.has_gap && slices.count == 25 && seen.last >= published);
	assert_int_equal(archive_next(&archive, 0, 3, &slices), STORE_OK);
	seen = see_slices(&slices);
	assert_true(!seen.has_gap && slices.count == 25 && seen.first == 4);
	struct search_query *query = search_query_create(slice_from_string("句"));
	assert_int_equal(archive_search(&archive, query, ROOM_LOBBY, UINT64_MAX, &slices),
	                 STORE_OK);
	seen = see_slices(&slices);
	assert_true(!seen.has_gap && slices.count == 25);
	search_query_destroy(query);
	slices_finish(&slices);
	store_close(archive.store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(opening_finds_nothing_wrong),
		TEST(the_check_finds_nothing_wrong),
		TEST(history_has_neither_gap_nor_double),
		TEST(the_clerk_sees_neither_gap_nor_double),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
