/* The plain dialect's requests, byte for byte. */
#include "unit.h"

#include <string.h>

#include "plain_parse.h"

#define TEXT(string)                                                                               \
	{ (string), sizeof(string) - 1 }

struct row {
	struct slice datagram;
	uint16_t kind, reason;
	const char *argument; /* name or text */
	uint64_t number;
};

static void run(const struct row *rows, size_t count) {
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		struct plain_request got = plain_parse(row->datagram, false);
		struct slice argument = got.name.size > 0 ? got.name : got.text;
		struct slice expected = slice_from_string(row->argument ? row->argument : "");
		if (got.kind != row->kind || got.reason != row->reason ||
		    got.number != row->number || !slice_equal(argument, expected)) {
			fail_msg("row %zu \"%.*s\": kind %u reason %u number %u argument \"%.*s\"",
			         i, (int)row->datagram.size, row->datagram.bytes, got.kind,
			         got.reason, (unsigned)got.number, (int)argument.size,
			         argument.bytes);
		}
	}
}

#define RUN(rows) run(rows, sizeof(rows) / sizeof(rows[0]))

static void letters(void **state) {
	static const struct row rows[] = {
		{TEXT("L 小明"), REQUEST_ENTER, 0, "小明", 0},
		{TEXT("L"), REQUEST_ENTER, 0, "", 0},
		{TEXT("L "), REQUEST_ENTER, 0, "", 0},
		{TEXT("L a b"), REQUEST_ENTER, 0, "a b", 0},
		{TEXT("L  a"), REQUEST_ENTER, 0, " a", 0},
		{TEXT("C 小明 你好"), REQUEST_SAY, 0, "小明 你好", 0},
		{TEXT("C"), REQUEST_SAY, 0, "", 0},
		{TEXT("C  x "), REQUEST_SAY, 0, " x ", 0},
		{TEXT("C a\0b"), REQUEST_SAY, 0, NULL, 0},
		{TEXT("Q"), REQUEST_LEAVE, 0, "", 0},
		{TEXT("Q 小明"), REQUEST_LEAVE, 0, "小明", 0},
		{TEXT("W"), REQUEST_WHO, 0, "", 0},
		{TEXT("W x"), 0, REASON_BAD_ARGUMENT, "", 0},
		{TEXT("H"), REQUEST_HISTORY, 0, "", HISTORY_LINES_DEFAULT},
		{TEXT("H 7"), REQUEST_HISTORY, 0, "", 7},
		{TEXT("H 50"), REQUEST_HISTORY, 0, "", 50},
		{TEXT("H 51"), REQUEST_HISTORY, 0, "", 50},
		{TEXT("H 99999999999999999999999"), REQUEST_HISTORY, 0, "", 50},
		{TEXT("H 0"), 0, REASON_BAD_ARGUMENT, "", 0},
		{TEXT("H -1"), 0, REASON_BAD_ARGUMENT, "", 0},
		{TEXT("H 7x"), 0, REASON_BAD_ARGUMENT, "", 0},
		{TEXT("X"), 0, REASON_UNKNOWN_LETTER, "", 0},
		{TEXT("X hello"), 0, REASON_UNKNOWN_LETTER, "", 0},
		{TEXT("Login"), 0, REASON_UNKNOWN_LETTER, "", 0},
		{TEXT("L\tx"), 0, REASON_UNKNOWN_LETTER, "", 0},
		{TEXT("L小明"), 0, REASON_UNKNOWN_LETTER, "", 0},
		{TEXT("l x"), 0, REASON_UNKNOWN_LETTER, "", 0},
		{TEXT(" L x"), 0, REASON_UNKNOWN_LETTER, "", 0},
		{TEXT(""), 0, REASON_UNKNOWN_LETTER, "", 0},
		{TEXT("你好"), 0, REASON_UNKNOWN_LETTER, "", 0},
		{TEXT("\xff"), 0, REASON_NOT_UTF8, "", 0},
		{TEXT("L \xff"), 0, REASON_NOT_UTF8, "", 0},
		{TEXT("C \xed\xa0\x80"), 0, REASON_NOT_UTF8, "", 0},
		{TEXT("C \xe4\xbd"), 0, REASON_NOT_UTF8, "", 0},
	};
	struct row all[sizeof(rows) / sizeof(rows[0])];
	memcpy(all, rows, sizeof(rows));
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].argument == NULL) {
			/* A NUL is text like any other byte. */
			struct plain_request got = plain_parse(all[i].datagram, false);
			assert_int_equal(got.text.size, 3);
			all[i] = all[0];
		}
	}
	RUN(all);
}

static void one_line_end_each_way(void **state) {
	static const struct row rows[] = {
		{TEXT("C a\n"), REQUEST_SAY, 0, "a", 0},
		{TEXT("C a\r\n"), REQUEST_SAY, 0, "a", 0},
		{TEXT("\nC a"), REQUEST_SAY, 0, "a", 0},
		{TEXT("\r\nC a\r\n"), REQUEST_SAY, 0, "a", 0},
		{TEXT("C a\n\n"), REQUEST_SAY, 0, "a\n", 0},
		{TEXT("C a\r"), REQUEST_SAY, 0, "a\r", 0},
		{TEXT("C \n"), REQUEST_SAY, 0, "", 0},
		{TEXT("C \nb"), REQUEST_SAY, 0, "\nb", 0},
		{TEXT("C\n"), REQUEST_SAY, 0, "", 0},
		{TEXT("L x\n"), REQUEST_ENTER, 0, "x", 0},
		{TEXT("W\n"), REQUEST_WHO, 0, "", 0},
		{TEXT("H 3\n"), REQUEST_HISTORY, 0, "", 3},
		{TEXT("\n\nC a"), 0, REASON_UNKNOWN_LETTER, "", 0},
		{TEXT("\rC a"), 0, REASON_UNKNOWN_LETTER, "", 0},
		{TEXT("\n"), 0, REASON_UNKNOWN_LETTER, "", 0},
		{TEXT("\r\n"), 0, REASON_UNKNOWN_LETTER, "", 0},
	};
	RUN(rows);
}

/* "LETTER " and so many x. */
static struct plain_request long_request(char letter, size_t size, bool is_cut) {
	static char bytes[PLAIN_REQUEST_BYTES_MAX + 10];
	memset(bytes, 'x', sizeof(bytes));
	bytes[0] = letter;
	bytes[1] = ' ';
	assert_true(size + 2 <= sizeof(bytes));
	return plain_parse(slice_of(bytes, size + 2), is_cut);
}

static void bounds(void **state) {
	assert_int_equal(long_request('L', NAME_BYTES_MAX, false).kind, REQUEST_ENTER);
	assert_int_equal(long_request('L', NAME_BYTES_MAX + 1, false).reason, REASON_NAME_TOO_LONG);
	assert_int_equal(long_request('Q', NAME_BYTES_MAX + 1, false).reason, REASON_NAME_TOO_LONG);
	assert_int_equal(long_request('C', PLAIN_ARGUMENT_BYTES_MAX, false).kind, REQUEST_SAY);
	assert_int_equal(long_request('C', PLAIN_ARGUMENT_BYTES_MAX + 1, false).reason,
	                 REASON_TEXT_TOO_LONG);
	assert_int_equal(long_request('C', PLAIN_REQUEST_BYTES_MAX - 2, true).reason,
	                 REASON_TEXT_TOO_LONG);
	assert_int_equal(long_request('X', PLAIN_REQUEST_BYTES_MAX - 2, true).reason,
	                 REASON_UNKNOWN_LETTER);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters),
		cmocka_unit_test(one_line_end_each_way),
		cmocka_unit_test(bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
