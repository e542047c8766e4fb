/*
 * What a client's messages go through: pieces in any order are one message,
 * with bounds whatever comes; bytes are requests or unfit; and the wheel that
 * wakes connections.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "inbox.h"
#include "message.h"
#include "wheel.h"

static unsigned seed;

static unsigned dice(unsigned sides) {
	return (unsigned)rand_r(&seed) % sides;
}

static struct wire_talk piece_of(uint64_t number, const char *bytes, size_t total, size_t offset,
                                 size_t size) {
	return (struct wire_talk){.frame = FRAME_MESSAGE,
	                          .number = number,
	                          .kind = MESSAGE_SAY,
	                          .total = total,
	                          .offset = offset,
	                          .bytes = slice_of(bytes + offset, size)};
}

static void pieces_become_messages(void **state) {
	static char bytes[INBOX_MESSAGES][MESSAGE_BYTES_MAX];
	for (seed = 1; seed < 50; seed++) {
		struct inbox *inbox = NULL;
		struct inbox_budget budget = {.bytes_max = 1 << 20};
		size_t totals[INBOX_MESSAGES];
		struct message message;
		for (unsigned i = 0; i < INBOX_MESSAGES; i++) {
			totals[i] = dice(MESSAGE_BYTES_MAX + 1);
			for (size_t at = 0; at < totals[i]; at++) {
				bytes[i][at] = (char)dice(256);
			}
		}
		unsigned next = 0;
		while (next < INBOX_MESSAGES) {
			unsigned i = next + dice(INBOX_MESSAGES - next);
			size_t offset = totals[i] > 0 ? dice((unsigned)totals[i]) : 0;
			size_t size = totals[i] - offset < 1100 ? totals[i] - offset : 1100;
			struct wire_talk piece = piece_of(i + 1, bytes[i], totals[i], offset, size);
			inbox_take(&inbox, &budget, next + 1, &piece);
			while (next < INBOX_MESSAGES && inbox_has(inbox, next + 1, &message)) {
				assert_int_equal(message.bytes.size, totals[next]);
				assert_memory_equal(message.bytes.bytes, bytes[next], totals[next]);
				inbox_drop(&inbox, &budget, next + 1);
				next++;
			}
		}
		assert_null(inbox);
		assert_int_equal(budget.bytes, 0);
	}
}

static void nothing_grows_beyond_its_bound(void **state) {
	static char bytes[MESSAGE_BYTES_MAX];
	struct inbox *inboxes[100] = {0};
	struct inbox_budget budget = {.bytes_max = 50000};
	struct message message;
	seed = 3;
	for (unsigned i = 0; i < 20000; i++) {
		unsigned which = dice(100);
		size_t total = dice(2 * MESSAGE_BYTES_MAX);
		uint64_t number = 1 + dice(INBOX_MESSAGES);
		struct wire_talk piece = piece_of(number, bytes, total, 0, total < 10 ? total : 10);
		piece.kind = (uint8_t)dice(3);
		inbox_take(&inboxes[which], &budget, 1, &piece);
		assert_true(budget.bytes <= budget.bytes_max);
	}
	/* A longer one than may be is known as such, and holds nothing. */
	for (unsigned i = 0; i < 100; i++) {
		inbox_drop(&inboxes[i], &budget, UINT64_MAX);
		assert_null(inboxes[i]);
	}
	assert_int_equal(budget.bytes, 0);
	struct wire_talk piece = piece_of(1, bytes, UINT64_MAX, 0, 10);
	assert_true(inbox_is_whole(&piece, &message));
	assert_true(message.is_too_long && message.bytes.size == 0);
	inbox_take(&inboxes[0], &budget, 1, &piece);
	assert_true(inbox_has(inboxes[0], 1, &message) && message.is_too_long);
	inbox_drop(&inboxes[0], &budget, 1);
}

static struct record request_of(uint8_t kind, const char *bytes, size_t size) {
	struct message message = {.kind = kind, .bytes = slice_of(bytes, size)};
	struct record request;
	message_request(&message, &request);
	return request;
}

static void messages_become_requests(void **state) {
	struct record request = request_of(MESSAGE_SAY, "\x80\x01hello", 7);
	assert_int_equal(request.kind, REQUEST_SAY);
	assert_int_equal(request.room, 128);
	assert_true(slice_equal(request.text, slice_from_string("hello")));
	request = request_of(MESSAGE_DIRECT,
	                     "\x03"
	                     "bobpsst",
	                     8);
	assert_int_equal(request.kind, REQUEST_DIRECT);
	assert_true(slice_equal(request.name, slice_from_string("bob")));
	assert_true(slice_equal(request.text, slice_from_string("psst")));
	assert_int_equal(request_of(MESSAGE_JOIN, "#a", 2).kind, REQUEST_JOIN);
	assert_int_equal(request_of(MESSAGE_PART, "\x05why", 4).kind, REQUEST_PART);
	assert_int_equal(request_of(MESSAGE_RENAME, "n", 1).kind, REQUEST_RENAME);
	assert_int_equal(request_of(MESSAGE_LEAVE, "", 0).kind, REQUEST_LEAVE);
}

static void unfit_ones_are_said_to_be_unfit(void **state) {
	static const struct {
		uint8_t kind;
		const char *bytes;
		size_t size;
		enum reason reason;
	} cases[] = {
		{MESSAGE_SAY, "", 0, REASON_BAD_ARGUMENT},
		{MESSAGE_SAY, "\x80", 1, REASON_BAD_ARGUMENT},
		{MESSAGE_SAY, "\x01\xFF", 2, REASON_NOT_UTF8},
		{MESSAGE_DIRECT,
	         "\x7F"
	         "bob",
	         4, REASON_BAD_ARGUMENT},
		{MESSAGE_DIRECT, "\x01\xFFx", 3, REASON_NOT_UTF8},
		{MESSAGE_RENAME, "\xC3", 1, REASON_NOT_UTF8},
		{MESSAGE_JOIN, "#\xC3", 2, REASON_ROOM_NAME_INVALID},
		{0, "x", 1, REASON_BAD_ARGUMENT},
		{7, "x", 1, REASON_BAD_ARGUMENT},
		{255, "x", 1, REASON_BAD_ARGUMENT},
	};
	char text[TEXT_BYTES_MAX + 2];
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct record request = request_of(cases[i].kind, cases[i].bytes, cases[i].size);
		assert_int_equal(request.kind, REQUEST_UNFIT);
		assert_int_equal(request.reason, cases[i].reason);
		assert_int_equal(request.text.size, 0);
	}
	text[0] = 1;
	assert_int_equal(request_of(MESSAGE_SAY, text, TEXT_BYTES_MAX + 1).kind, REQUEST_SAY);
	struct record request = request_of(MESSAGE_SAY, text, TEXT_BYTES_MAX + 2);
	assert_int_equal(request.kind, REQUEST_UNFIT);
	assert_int_equal(request.reason, REASON_TEXT_TOO_LONG);
	assert_int_equal(request.number, TEXT_BYTES_MAX);
	assert_int_equal(request_of(MESSAGE_LEAVE, text, WHY_BYTES_MAX + 1).reason,
	                 REASON_TEXT_TOO_LONG);
	assert_int_equal(request_of(MESSAGE_RENAME, text, NAME_BYTES_MAX + 1).reason,
	                 REASON_NAME_TOO_LONG);
}

/* ---- the wheel ---- */

struct thing {
	uint32_t unused;
	struct wheel_link link;
	uint64_t due_us; /* 0: not set */
};

static void the_wheel_comes_up_in_time(void **state) {
	struct pool pool;
	struct wheel wheel;
	uint64_t now_us = 123456789;
	seed = 9;
	pool_init(&pool, sizeof(struct thing));
	wheel_init(&wheel, &pool, offsetof(struct thing, link), now_us);
	for (unsigned i = 0; i < 200; i++) {
		pool_take(&pool);
	}
	for (unsigned turn = 0; turn < 20000; turn++) {
		uint32_t handle = 1 + dice(200);
		struct thing *thing = pool_at(&pool, handle);
		bool is_off = dice(4) == 0;
		thing->due_us = is_off ? 0 : now_us + 1 + dice(4000000);
		wheel_set(&wheel, handle, is_off ? UINT64_MAX : thing->due_us);
		now_us += dice(30000);
		while ((handle = wheel_take(&wheel, now_us)) != 0) {
			thing = pool_at(&pool, handle);
			assert_true(thing->due_us != 0);
			/* Early is only what lies further ahead than once around. */
			if (thing->due_us > now_us) {
				wheel_set(&wheel, handle, thing->due_us);
				continue;
			}
			assert_true(now_us - thing->due_us < 30000 + 2 * WHEEL_SLOT_US);
			thing->due_us = 0;
		}
		uint64_t due_us = wheel_due_us(&wheel);
		for (handle = 1; handle <= 200; handle++) {
			thing = pool_at(&pool, handle);
			assert_true(thing->due_us == 0 || due_us <= thing->due_us + WHEEL_SLOT_US);
		}
		assert_true(due_us > now_us);
	}
	pool_finish(&pool);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_become_messages),
		cmocka_unit_test(nothing_grows_beyond_its_bound),
		cmocka_unit_test(messages_become_requests),
		cmocka_unit_test(unfit_ones_are_said_to_be_unfit),
		cmocka_unit_test(the_wheel_comes_up_in_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
