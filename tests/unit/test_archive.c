/* What the clerk gives of rooms, of conversations of two, and of everything; from log.db and from the
 * ring behind it, wherever the border between the two is. */
#include "folder_help.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "follower.h"
#include "ring.h"
#include "state.h"
#include "store.h"

#define ANN 1
#define BOB 2
#define CARL 3
#define TEA 4

static struct ring *ring;
static struct store *store;
static struct follower follower;
static struct archive archive;
static struct search *search;

/* ---- what happened ---- */

static void publish(struct record entry) {
	_Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	entry.time_us = 1000 + entry.seq;
	ring_append(ring, bytes, record_encode(&entry, bytes, sizeof(bytes)));
	ring_publish(ring);
}

static void enter(uint64_t seq, const char *name) {
	publish((struct record){.kind = ENTRY_ENTERED,
	                        .seq = seq,
	                        .person = seq,
	                        .session = seq,
	                        .face = FACE_SESSION,
	                        .room = ROOM_LOBBY,
	                        .name = slice_from_string(name)});
}

static void said(uint64_t seq, uint64_t room, const char *text) {
	publish((struct record){.kind = ENTRY_SAID,
	                        .seq = seq,
	                        .person = ANN,
	                        .room = room,
	                        .text = slice_from_string(text)});
}

static void direct(uint64_t seq, uint64_t thread, uint64_t from, uint64_t to, const char *text) {
	publish((struct record){.kind = ENTRY_DIRECT,
	                        .seq = seq,
	                        .person = from,
	                        .target = to,
	                        .room = thread,
	                        .text = slice_from_string(text)});
}

/* Sixteen entries. */
static void live(void) {
	enter(ANN, "ann");
	enter(BOB, "bob");
	enter(CARL, "carl");
	publish((struct record){
		.kind = ENTRY_ROOM_MADE, .seq = TEA, .name = slice_from_string("#tea")});
	publish((struct record){
		.kind = ENTRY_JOINED, .seq = 5, .person = ANN, .session = ANN, .room = TEA});
	said(6, ROOM_LOBBY, "hotpot in the lobby");
	publish((struct record){
		.kind = ENTRY_SHOUTED, .seq = 7, .text = slice_from_string("hotpot for all")});
	direct(8, 8, ANN, BOB, "hotpot for two");
	said(9, TEA, "hotpot with tea");
	direct(10, 10, ANN, CARL, "hotpot, carl?");
	publish((struct record){
		.kind = ENTRY_SHOUTED, .seq = 11, .text = slice_from_string("no hotpot")});
	direct(12, 8, BOB, ANN, "yes");
	publish((struct record){.kind = ENTRY_ABSENT, .seq = 13, .session = CARL});
	direct(14, 8, ANN, BOB, "hotpot at eight");
	said(15, ROOM_LOBBY, "bye");
	publish((struct record){.kind = ENTRY_MUTED, .seq = 16, .name = slice_from_string("x")});
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
	live();
	archive = (struct archive){.store = store, .ring = ring};
	search = NULL;
	return 0;
}

static int tear_down(void **unused) {
	search_close(search);
	follower_finish(&follower);
	store_close(store);
	ring_close(ring);
	return drop_folder(NULL);
}

/* The next entry goes from the ring into log.db, and into the index. */
static bool move_border(void) {
	char why[STORE_WHY_BYTES];
	size_t count;
	if (follower.meta.seq == 16) {
		return false;
	}
	assert_int_equal(follower_batch(&follower, 1), STORE_OK);
	if (search == NULL) {
		assert_int_equal(search_open(&search, folder, STORE_WRITE, store, why), STORE_OK);
		archive.search = search;
	}
	assert_int_equal(search_feed(search, store, 100, &count), STORE_OK);
	return true;
}

/* ---- what is given ---- */

static const char *seqs_of(const struct slices *slices) {
	static char words[400];
	size_t used = 0;
	words[0] = '\0';
	for (size_t i = 0; i < slices->count; i++) {
		struct record entry;
		const struct slices_item *item = slices_at(slices, i);
		assert_int_equal(record_decode(&entry, item->bytes, item->size), item->size);
		used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%llu",
		                         used > 0 ? " " : "", (unsigned long long)entry.seq);
	}
	return words;
}

typedef enum store_error reading(struct archive *archive, uint64_t room, uint64_t seq,
                                 struct slices *out);

static void assert_slices(reading *read, uint64_t room, uint64_t seq, size_t most,
                          const char *expected) {
	struct slices slices;
	assert_true(slices_init(&slices, most));
	assert_int_equal(read(&archive, room, seq, &slices), STORE_OK);
	assert_string_equal(seqs_of(&slices), expected);
	slices_finish(&slices);
}

static void assert_last(uint64_t room, uint64_t seq, size_t most, const char *expected) {
	assert_slices(archive_last, room, seq, most, expected);
}

static void assert_next(uint64_t room, uint64_t seq, size_t most, const char *expected) {
	assert_slices(archive_next, room, seq, most, expected);
}

static void assert_all(uint64_t seq, size_t most, const char *expected) {
	struct slices slices;
	assert_true(slices_init(&slices, most));
	assert_int_equal(archive_all(&archive, seq, &slices), STORE_OK);
	assert_string_equal(seqs_of(&slices), expected);
	slices_finish(&slices);
}

static void assert_found(uint64_t room, uint64_t seq, size_t most, const char *text,
                         const char *expected) {
	struct slices slices;
	struct search_query *query = search_query_create(slice_from_string(text));
	assert_true(slices_init(&slices, most));
	assert_int_equal(archive_search(&archive, query, room, seq, &slices), STORE_OK);
	assert_string_equal(seqs_of(&slices), expected);
	search_query_destroy(query);
	slices_finish(&slices);
}

/* ---- tests ---- */

static void rooms_have_no_direct_messages(void **unused) {
	do {
		assert_last(ROOM_LOBBY, UINT64_MAX, 20, "1 2 3 6 7 11 15");
		assert_last(ROOM_LOBBY, 11, 2, "7 11");
		assert_last(TEA, UINT64_MAX, 20, "5 7 9 11");
		assert_next(TEA, 7, 20, "9 11");
		assert_next(ROOM_LOBBY, 3, 3, "6 7 11");
		/* All that is history; what the administrator alone sees as well. */
		assert_last(0, UINT64_MAX, 20, "1 2 3 4 5 6 7 9 11 15 16");
		assert_last(0, 12, 3, "7 9 11");
		assert_next(0, 6, 4, "7 9 11 15");
	} while (move_border());
}

static void assert_said(uint64_t room, uint64_t seq, size_t most, const char *expected) {
	assert_slices(archive_messages, room, seq, most, expected);
}

static void assert_said_after(uint64_t room, uint64_t seq, size_t most, const char *expected) {
	assert_slices(archive_messages_after, room, seq, most, expected);
}

static void what_was_said_alone(void **unused) {
	do {
		assert_said(ROOM_LOBBY, UINT64_MAX, 20, "6 15");
		assert_said(ROOM_LOBBY, 14, 20, "6");
		assert_said(ROOM_LOBBY, UINT64_MAX, 1, "15");
		assert_said(TEA, UINT64_MAX, 20, "9");
		assert_said(8, UINT64_MAX, 2, "12 14");
		assert_said(8, 11, 2, "8");
		assert_said_after(ROOM_LOBBY, 0, 20, "6 15");
		assert_said_after(ROOM_LOBBY, 0, 1, "6");
		assert_said_after(ROOM_LOBBY, 6, 20, "15");
		assert_said_after(TEA, 0, 20, "9");
		assert_said_after(8, 8, 1, "12");
		assert_said_after(8, 14, 20, "");
	} while (move_border());
}

static void assert_gone(const char *name, uint64_t seq, size_t most, const char *expected) {
	struct slices slices;
	assert_true(slices_init(&slices, most));
	assert_int_equal(archive_gone(&archive, slice_from_string(name), seq, &slices), STORE_OK);
	assert_string_equal(seqs_of(&slices), expected);
	slices_finish(&slices);
}

static void rename_from(uint64_t seq, uint64_t person, const char *from, const char *to) {
	publish((struct record){.kind = ENTRY_RENAMED,
	                        .seq = seq,
	                        .person = person,
	                        .name = slice_from_string(to),
	                        .other_name = slice_from_string(from)});
}

static void who_had_a_name(void **unused) {
	rename_from(17, ANN, "ann", "anna");
	rename_from(18, BOB, "bob", "ann");
	publish((struct record){.kind = ENTRY_LEFT,
	                        .seq = 19,
	                        .person = BOB,
	                        .session = BOB,
	                        .name = slice_from_string("ann")});
	rename_from(20, ANN, "anna", "Anna");
	publish((struct record){.kind = ENTRY_KICKED,
	                        .seq = 21,
	                        .person = ANN,
	                        .session = ANN,
	                        .name = slice_from_string("Anna")});
	do {
		assert_gone("ann", UINT64_MAX, 20, "17 19");
		assert_gone("ANN", UINT64_MAX, 1, "19");
		assert_gone("ann", 18, 20, "17");
		assert_gone("anna", UINT64_MAX, 20, "21");
		assert_gone("bob", UINT64_MAX, 20, "18");
		assert_gone("carl", UINT64_MAX, 20, "");
	} while (follower.meta.seq < 21 && follower_batch(&follower, 1) == STORE_OK);
}

static void two_people_have_theirs(void **unused) {
	do {
		assert_last(8, UINT64_MAX, 20, "8 12 14");
		assert_last(8, 13, 20, "8 12");
		assert_last(8, UINT64_MAX, 2, "12 14");
		assert_last(8, 7, 20, "");
		assert_next(8, 8, 20, "12 14");
		assert_next(8, 0, 1, "8");
		assert_last(10, UINT64_MAX, 20, "10");
		assert_next(10, 0, 20, "10");
	} while (move_border());
}

static void everything_has_them(void **unused) {
	do {
		assert_all(0, 20, "1 2 3 4 5 6 7 8 9 10 11 12 14 15 16");
		assert_all(7, 3, "8 9 10");
		assert_all(16, 3, "");
	} while (move_border());
}

static void assert_letters(uint64_t person, uint64_t seq, size_t most, const char *expected) {
	assert_slices(archive_letters, person, seq, most, expected);
}

static void what_was_written_to_one(void **unused) {
	do {
		assert_letters(BOB, 0, 20, "8 14");
		assert_letters(BOB, 8, 20, "14");
		assert_letters(BOB, 14, 20, "");
		assert_letters(BOB, 0, 1, "14");
		assert_letters(ANN, 0, 20, "12");
		assert_letters(CARL, 0, 20, "10");
		assert_letters(TEA, 0, 20, "");
	} while (move_border());
}

static void what_is_looked_for_is_found_where_it_may_be(void **unused) {
	do {
		assert_found(ROOM_LOBBY, UINT64_MAX, 20, "hotpot", "6 7 11");
		assert_found(TEA, UINT64_MAX, 20, "hotpot", "7 9 11");
		assert_found(0, UINT64_MAX, 20, "hotpot", "6 7 9 11");
		assert_found(0, UINT64_MAX, 2, "hotpot", "9 11");
		assert_found(0, UINT64_MAX, 20, "eight", "");
		assert_found(8, UINT64_MAX, 20, "hotpot", "8 14");
		assert_found(8, UINT64_MAX, 1, "hotpot", "14");
		assert_found(8, 13, 20, "hotpot", "8");
		assert_found(8, 7, 20, "hotpot", "");
		assert_found(8, UINT64_MAX, 20, "nothing", "");
		assert_found(10, UINT64_MAX, 20, "carl", "10");
		assert_found(10, UINT64_MAX, 20, "two", "");
	} while (move_border());
}

static void take_back(uint64_t seq, uint64_t which, uint64_t room, uint64_t target) {
	publish((struct record){.kind = ENTRY_REDACTED,
	                        .seq = seq,
	                        .number = which,
	                        .room = room,
	                        .target = target});
}

/* Though log.db and the index have it until they hear of that. */
static void what_was_taken_back_is_not_found(void **unused) {
	take_back(17, 9, TEA, 0);
	take_back(18, 14, 8, BOB);
	do {
		assert_found(TEA, UINT64_MAX, 20, "hotpot", "7 11");
		assert_found(0, UINT64_MAX, 20, "tea", "");
		assert_found(8, UINT64_MAX, 20, "hotpot", "8");
	} while (move_border());
	assert_int_equal(follower_batch(&follower, 2), STORE_OK);
	assert_found(TEA, UINT64_MAX, 20, "hotpot", "7 11");
	assert_found(8, UINT64_MAX, 20, "hotpot", "8");
}

/* More messages than are looked at in one step. */
static void long_conversations_are_searched_to_their_end(void **unused) {
	char text[32];
	for (uint64_t seq = 17; seq < 1500; seq++) {
		snprintf(text, sizeof(text), "word%llu", (unsigned long long)seq);
		direct(seq, 8, seq % 2 == 0 ? ANN : BOB, seq % 2 == 0 ? BOB : ANN, text);
	}
	assert_found(8, UINT64_MAX, 5, "two", "8");
	assert_found(8, UINT64_MAX, 5, "word17", "17");
	assert_int_equal(follower_batch(&follower, 1400), STORE_OK);
	assert_found(8, UINT64_MAX, 5, "two", "8");
	assert_found(8, UINT64_MAX, 5, "word1490", "1490");
	assert_found(8, UINT64_MAX, 5, "word17", "17");
	assert_found(8, UINT64_MAX, 5, "hotpot", "8 14");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(rooms_have_no_direct_messages),
		TEST(what_was_said_alone),
		TEST(who_had_a_name),
		TEST(two_people_have_theirs),
		TEST(everything_has_them),
		TEST(what_was_written_to_one),
		TEST(what_is_looked_for_is_found_where_it_may_be),
		TEST(what_was_taken_back_is_not_found),
		TEST(long_conversations_are_searched_to_their_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
