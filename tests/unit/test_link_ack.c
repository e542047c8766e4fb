/* When a client acknowledges, and what. */
#include "unit.h"

#include <string.h>

#include "link_ack.h"

static void test_says_every_second_at_once(void **state) {
	struct ack_book book = {0};
	assert_int_equal(ack_deadline(&book), UINT64_MAX);
	assert_true(ack_note(&book, 0, 1000));
	assert_int_equal(ack_deadline(&book), 1000 + ACK_DELAY_US);
	assert_true(ack_note(&book, 1, 5000));
	assert_int_equal(ack_deadline(&book), 5000);
	ack_said(&book);
	assert_int_equal(ack_deadline(&book), UINT64_MAX);
	assert_true(ack_note(&book, 2, 9000));
	assert_int_equal(ack_deadline(&book), 9000 + ACK_DELAY_US);
}

static void test_says_holes_at_once(void **state) {
	struct ack_book book = {0};
	ack_note(&book, 0, 1000);
	ack_said(&book);
	/* One is missing. */
	ack_note(&book, 2, 2000);
	assert_int_equal(ack_deadline(&book), 2000);
	ack_said(&book);
	/* It still is: that is known by now. */
	ack_note(&book, 3, 3000);
	assert_int_equal(ack_deadline(&book), 3000 + ACK_DELAY_US);
	ack_said(&book);
	/* It comes. */
	ack_note(&book, 1, 4000);
	assert_int_equal(ack_deadline(&book), 4000);
	assert_int_equal(book.count, 1);
	ack_said(&book);
	/* What comes again was not heard to have come. */
	assert_false(ack_note(&book, 1, 5000));
	assert_int_equal(ack_deadline(&book), 5000);
}

static void test_keeps_the_newest_ranges(void **state) {
	struct ack_book book = {0};
	struct wire_ack ack;
	uint8_t bytes[400];
	assert_false(ack_make(&book, 7, 100, &ack));
	for (uint32_t packet = 0; packet < 200; packet += 2) {
		ack_note(&book, packet, 1000 + packet);
	}
	assert_true(ack_make(&book, 7, 2000, &ack));
	assert_int_equal(ack.seq, 7);
	assert_int_equal(ack.delay_us, 2000 - 1198);
	assert_int_equal(ack.count, WIRE_RANGES_MAX);
	assert_int_equal(ack.ranges[0].last, 198);
	assert_int_equal(ack.ranges[WIRE_RANGES_MAX - 1].first, 198 - 2 * (WIRE_RANGES_MAX - 1));
	/* As it goes over the wire. */
	struct wire_out out = wire_out_at(bytes, sizeof bytes);
	wire_put_ack(&out, &ack);
	struct wire_in in = wire_in_at(wire_out_slice(&out));
	struct wire_talk talk;
	assert_true(wire_next_frame(&in, &talk));
	assert_memory_equal(talk.ack.ranges, ack.ranges, sizeof ack.ranges);
	/* An old one that nobody asks for any more. */
	assert_false(ack_has(&book, 1));
	assert_false(ack_note(&book, 1, 3000));
	assert_true(ack_has(&book, 198));
	assert_false(ack_has(&book, 197));
	assert_int_equal(book.count, WIRE_RANGES_MAX);
	assert_int_equal(book.ranges[0].last, 198);
	/* All holes closed. */
	for (uint32_t packet = 199; packet > 130; packet--) {
		ack_note(&book, packet, 4000);
	}
	assert_int_equal(book.ranges[0].last, 199);
	assert_int_equal(book.count, 1);
}

/* Any order, with repeats: what is said to have come has, and all of the newest has been said. */
static void test_any_order(void **state) {
	uint64_t seed = 88172645463325252u;
	for (int round = 0; round < 200; round++) {
		struct ack_book book = {0};
		bool came[100] = {0};
		for (int i = 0; i < 60; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			uint32_t packet = (uint32_t)(seed >> 33) % 100;
			assert_int_equal(ack_note(&book, packet, 1), !came[packet]);
			came[packet] = true;
			for (size_t r = 0; r < book.count; r++) {
				assert_true(book.ranges[r].first <= book.ranges[r].last);
				assert_true(r == 0 ||
				            book.ranges[r].last + 1 < book.ranges[r - 1].first);
			}
		}
		size_t said = 0, all = 0;
		for (uint32_t packet = 0; packet < 100; packet++) {
			all += came[packet];
			for (size_t r = 0; r < book.count; r++) {
				said += packet >= book.ranges[r].first &&
				        packet <= book.ranges[r].last;
			}
		}
		assert_int_equal(said, all);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_every_second_at_once),
		cmocka_unit_test(test_says_holes_at_once),
		cmocka_unit_test(test_keeps_the_newest_ranges),
		cmocka_unit_test(test_any_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
