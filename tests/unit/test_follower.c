/* The ring into log.db, and whether the two belong together. */
#include "folder_help.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "follower.h"
#include "ringfile.h"
#include "store_read.h"
#include "store_write.h"

static struct options options;
static struct house house;
static struct follower follower;
static struct store *store;
static struct ring *writer;

/* As the scribe does at its start. */
static void begin(unsigned megabytes) {
	char why[STORE_WHY_BYTES];
	options.ring_megabytes = megabytes;
	house = (struct house){.options = &options};
	house.ring_file = open(in_folder("ring"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(house.ring_file >= 0);
	assert_int_equal(store_open(&store, options.data, STORE_WRITE, why), STORE_OK);
	assert_int_equal(follower_load(&follower, store), STORE_OK);
	ringfile_enter(&house, &follower);
	assert_int_equal(house.ring_file, -1);
	int fd = open(in_folder("ring"), O_RDWR | O_CLOEXEC);
	writer = ring_open(fd, true);
	assert_non_null(writer);
	close(fd);
}

static void end(void) {
	ring_close(writer);
	ring_close(house.ring);
	follower_finish(&follower);
	store_close(store);
}

static int set_up(void **unused) {
	assert_int_equal(make_folder(NULL), 0);
	snprintf(options.data, sizeof(options.data), "%s", folder);
	begin(1);
	return 0;
}

static int tear_down(void **unused) {
	end();
	return drop_folder(NULL);
}

static void again(void) {
	end();
	begin(1);
}

/* ---- the hub's side ---- */

static void publish(const struct record *record) {
	_Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	ring_append(writer, bytes, record_encode(record, bytes, sizeof(bytes)));
	ring_publish(writer);
}

static void enter(uint64_t seq) {
	char name[24];
	snprintf(name, sizeof(name), "m%llu", (unsigned long long)seq);
	publish(&(struct record){.kind = ENTRY_ENTERED,
	                         .seq = seq,
	                         .time_us = seq,
	                         .person = seq,
	                         .session = seq,
	                         .room = ROOM_LOBBY,
	                         .face = FACE_PLAIN,
	                         .name = slice_from_string(name)});
}

static void answer(uint16_t kind, uint64_t number) {
	publish(&(struct record){.kind = kind, .number = number});
}

static void follow(void) {
	while (follower_has_more(&follower)) {
		assert_int_equal(follower_batch(&follower, 10), STORE_OK);
	}
}

static bool count_one(void *context, const struct record *entry) {
	(*(size_t *)context)++;
	return true;
}

static size_t entries(void) {
	size_t count = 0;
	assert_int_equal(store_forward(store, 0, UINT64_MAX, SIZE_MAX, count_one, &count),
	                 STORE_OK);
	return count;
}

/* ---- tests ---- */

static void a_new_folder_begins_at_one(void **unused) {
	assert_int_equal(ring_seq_first(house.ring), 1);
	assert_int_equal(follower.meta.reserve, SEQ_RESERVE);
	assert_true(follower.meta.ring == ring_id(house.ring));
}

static void what_is_published_is_stored_once(void **unused) {
	for (uint64_t seq = 1; seq <= 35; seq++) {
		enter(seq);
		answer(ANSWER_OK, 0);
	}
	follow();
	assert_int_equal(follower.meta.seq, 35);
	assert_int_equal(follower.entries, 35);
	assert_int_equal(follower.answers, 35);
	assert_int_equal(entries(), 35);
	/* The last answer stands behind the last commit: it is passed again, without harm. */
	again();
	follow();
	assert_int_equal(entries(), 35);
	assert_int_equal(state_people_count(follower.state), 35);
}

static void it_goes_on_after_a_death_anywhere(void **unused) {
	for (uint64_t seq = 1; seq <= 60; seq++) {
		enter(seq);
		if (seq % 7 == 0) {
			assert_int_equal(follower_batch(&follower, 3), STORE_OK);
			again();
		}
	}
	follow();
	assert_int_equal(entries(), 60);
	assert_int_equal(follower.meta.seq, 60);
	uint64_t digest = follower_digest(&follower);
	assert_true(digest == state_digest(follower.state));
}

static void a_failure_leaves_nothing_and_is_made_good(void **unused) {
	enter(1);
	follow();
	for (uint64_t seq = 2; seq <= 9; seq++) {
		enter(seq);
	}
	/* Somebody else's transaction: busy, as a full disk would be. */
	struct store_meta meta = follower.meta;
	assert_int_equal(store_begin(store), STORE_OK);
	struct record entry = {.kind = ENTRY_SAID, .seq = 5, .time_us = 5, .room = ROOM_LOBBY};
	assert_int_equal(store_put_entry(store, &entry), STORE_OK);
	assert_int_equal(store_commit(store, &meta), STORE_OK);
	assert_int_not_equal(follower_batch(&follower, 100), STORE_OK);
	assert_int_equal(entries(), 2);
	assert_int_equal(follower_batch(&follower, 0), STORE_OK);
	assert_int_equal(follower_reload(&follower), STORE_OK);
	assert_int_equal(state_people_count(follower.state), 1);
	assert_int_equal(follower.meta.seq, 1);
}

static void answers_alone_move_the_position_in_time(void **unused) {
	uint64_t stored = follower.meta.ring_position;
	for (int i = 0; i < 100; i++) {
		answer(ANSWER_OK, 0);
	}
	follow();
	assert_true(follower.meta.ring_position == stored);
	for (int i = 0; i < 100000; i++) {
		answer(ANSWER_OK, 0);
		if (i % 100 == 0) {
			follow();
			assert_true(ring_head(writer) - follower.meta.ring_position <
			            ring_capacity(writer) / 8);
		}
	}
	again();
	follow();
}

static void a_check_ends_a_batch(void **unused) {
	enter(1);
	answer(ANSWER_CHECK, 77);
	enter(2);
	assert_int_equal(follower_batch(&follower, 100), STORE_OK);
	assert_int_equal(follower.check_number, 77);
	assert_int_equal(follower.meta.seq, 1);
	assert_true(follower_digest(&follower) == state_digest(follower.state));
	assert_int_equal(follower_batch(&follower, 100), STORE_OK);
	assert_int_equal(follower.check_number, 0);
	assert_int_equal(follower.meta.seq, 2);
}

/* Its row changes with each of its messages, and is written once. */
static void a_row_is_written_once_a_batch(void **unused) {
	struct record entry = {.kind = ENTRY_ENTERED,
	                       .seq = 1,
	                       .time_us = 1,
	                       .person = 1,
	                       .session = 1,
	                       .room = ROOM_LOBBY,
	                       .face = FACE_SESSION,
	                       .nonce = 5,
	                       .name = slice_from_string("ann")};
	publish(&entry);
	for (uint64_t seq = 2; seq <= 101; seq++) {
		publish(&(struct record){.kind = seq % 10 == 0 ? ENTRY_REFUSED : ENTRY_SAID,
		                         .seq = seq,
		                         .time_us = seq,
		                         .person = 1,
		                         .session = 1,
		                         .client_number = seq - 1,
		                         .room = seq % 10 == 0 ? 0 : ROOM_LOBBY,
		                         .text = slice_from_string("x")});
	}
	assert_int_equal(follower_batch(&follower, 1000), STORE_OK);
	assert_int_equal(follower.rows, 3); /* the person, its membership, its session */
	assert_int_equal(entries(), 91);
	assert_true(follower_digest(&follower) == state_digest(follower.state));
	again();
	const struct session *session = state_session(follower.state, 1);
	assert_int_equal(session_client_number(follower.state, session), 100);
	/* One that comes and goes within a batch leaves nothing. */
	entry.seq = entry.time_us = entry.person = entry.session = 102;
	entry.name = slice_from_string("bob");
	entry.nonce = 6;
	publish(&entry);
	publish(&(struct record){.kind = ENTRY_KICKED, .seq = 103, .time_us = 103, .person = 102});
	assert_int_equal(follower_batch(&follower, 1000), STORE_OK);
	assert_true(follower_digest(&follower) == state_digest(follower.state));
}

/* More sessions than it notes at once: all leave with one entry. */
static void many_rows_change_at_once(void **unused) {
	enum { SESSIONS = DIRTY_MAX + 500 };
	char name[24];
	for (uint64_t seq = 1; seq <= SESSIONS; seq++) {
		snprintf(name, sizeof(name), "n%llu", (unsigned long long)seq);
		publish(&(struct record){.kind = ENTRY_ENTERED,
		                         .seq = seq,
		                         .time_us = seq,
		                         .person = seq,
		                         .session = seq,
		                         .room = ROOM_LOBBY,
		                         .face = FACE_SESSION,
		                         .nonce = seq,
		                         .name = slice_from_string(name)});
		if (seq % 1000 == 0) {
			assert_int_equal(follower_batch(&follower, 100000), STORE_OK);
		}
	}
	publish(&(struct record){
		.kind = ENTRY_CLOSED, .seq = SESSIONS + 1, .time_us = SESSIONS + 1});
	assert_int_equal(follower_batch(&follower, 100000), STORE_OK);
	assert_int_equal(state_dormant_count(follower.state), SESSIONS);
	assert_true(follower_digest(&follower) == state_digest(follower.state));
}

static void the_reserve_is_moved_ahead(void **unused) {
	enter(1);
	follow();
	assert_false(follower.is_reserve_new);
	enter(SEQ_RESERVE / 2 + 10);
	follow();
	assert_true(follower.is_reserve_new);
	assert_int_equal(follower.meta.reserve, SEQ_RESERVE / 2 + 10 + SEQ_RESERVE);
}

static void after_a_power_loss_numbers_go_on_behind_the_reserve(void **unused) {
	for (uint64_t seq = 1; seq <= 5; seq++) {
		enter(seq);
	}
	follow();
	for (uint64_t seq = 6; seq <= 9; seq++) {
		enter(seq);
	}
	end();
	unlink(in_folder("ring"));
	begin(1);
	assert_int_equal(ring_seq_first(house.ring), SEQ_RESERVE + 1);
	assert_int_equal(follower.meta.reserve, 2 * SEQ_RESERVE);
	enter(SEQ_RESERVE + 1);
	follow();
	assert_int_equal(entries(), 6);
	end();
	unlink(in_folder("ring"));
	begin(1);
	assert_int_equal(ring_seq_first(house.ring), 2 * SEQ_RESERVE + 1);
}

static void another_size_is_taken_when_all_is_stored(void **unused) {
	for (uint64_t seq = 1; seq <= 5; seq++) {
		enter(seq);
	}
	end();
	begin(2);
	assert_int_equal(ring_capacity(house.ring), 1024 * 1024);
	follow();
	end();
	begin(2);
	assert_int_equal(ring_capacity(house.ring), 2 * 1024 * 1024);
	assert_int_equal(ring_seq_first(house.ring), 6);
	enter(6);
	follow();
	assert_int_equal(entries(), 6);
}

static void a_copy(const char *from, const char *to) {
	char command[9000], first[4200];
	snprintf(first, sizeof(first), "%s", in_folder(from));
	snprintf(command, sizeof(command), "cp %s %s", first, in_folder(to));
	assert_int_equal(system(command), 0);
}

static void the_ring_of_another_log_is_kept_beside(void **unused) {
	enter(1);
	follow();
	store_checkpoint(store, true);
	end();
	a_copy("log.db", "copy");
	begin(1);
	uint64_t log = follower.meta.log;
	/* So much that the place where the copy ends is no longer in the ring. */
	for (uint64_t seq = 2; seq <= 20000; seq++) {
		answer(ANSWER_OK, 0);
		enter(seq);
		if (seq % 100 == 0) {
			follow();
		}
	}
	end();
	a_copy("copy", "log.db");
	begin(1);
	assert_int_equal(access(in_folder("ring.other"), F_OK), 0);
	assert_int_equal(ring_seq_first(house.ring), SEQ_RESERVE + 1);
	assert_true(follower.meta.log != log);
	assert_int_equal(entries(), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_new_folder_begins_at_one),
		TEST(what_is_published_is_stored_once),
		TEST(it_goes_on_after_a_death_anywhere),
		TEST(a_failure_leaves_nothing_and_is_made_good),
		TEST(answers_alone_move_the_position_in_time),
		TEST(a_check_ends_a_batch),
		TEST(a_row_is_written_once_a_batch),
		TEST(many_rows_change_at_once),
		TEST(the_reserve_is_moved_ahead),
		TEST(after_a_power_loss_numbers_go_on_behind_the_reserve),
		TEST(another_size_is_taken_when_all_is_stored),
		TEST(the_ring_of_another_log_is_kept_beside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
