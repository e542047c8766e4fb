/* What the robot takes for a line, however it comes. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "robot_line.h"

/* A client of the cutter that writes down what it found: "text|", "(too long)|". */
struct hearer {
	struct line_cutter cutter;
	char left[2 * LINE_LEFT_MAX + LINE_BYTES_MAX];
	size_t left_bytes;
	char found[4 * LINE_BYTES_MAX];
	size_t found_bytes;
};

static void write_down(struct hearer *hearer, enum line_found found, struct slice text) {
	if (found == LINE_TOO_LONG) {
		text = slice_from_string("(too long)");
	}
	assert_true(hearer->found_bytes + text.size + 1 < sizeof hearer->found);
	memcpy(hearer->found + hearer->found_bytes, text.bytes, text.size);
	hearer->found_bytes += text.size;
	hearer->found[hearer->found_bytes++] = '|';
}

static void keep(struct hearer *hearer, struct slice left) {
	assert_true(left.size <= LINE_LEFT_MAX);
	memmove(hearer->left, left.bytes, left.size);
	hearer->left_bytes = left.size;
}

static void hear_bytes(struct hearer *hearer, const char *bytes, size_t size) {
	assert_true(hearer->left_bytes + size <= sizeof hearer->left);
	memcpy(hearer->left + hearer->left_bytes, bytes, size);
	struct slice left = slice_of(hearer->left, hearer->left_bytes + size);
	struct slice text;
	enum line_found found;
	while ((found = line_next(&hearer->cutter, &left, &text)) != LINE_NONE) {
		write_down(hearer, found, text);
	}
	keep(hearer, left);
}

static void hear(struct hearer *hearer, const char *string) {
	hear_bytes(hearer, string, strlen(string));
}

static void hear_many(struct hearer *hearer, const char *string, size_t times) {
	for (size_t i = 0; i < times; i++) {
		hear(hearer, string);
	}
}

/* Answers whether the rest meant anything. */
static bool rest(struct hearer *hearer) {
	struct slice left = slice_of(hearer->left, hearer->left_bytes);
	struct slice text;
	bool could = line_can_rest(&hearer->cutter, hearer->left_bytes);
	enum line_found found = line_rest(&hearer->cutter, &left, &text);
	if (found != LINE_NONE) {
		write_down(hearer, found, text);
	}
	keep(hearer, left);
	return could;
}

static void end(struct hearer *hearer) {
	struct slice left = slice_of(hearer->left, hearer->left_bytes);
	struct slice text;
	enum line_found found = line_end(&hearer->cutter, &left, &text);
	if (found != LINE_NONE) {
		write_down(hearer, found, text);
	}
	assert_int_equal(left.size, 0);
}

static void check_found(struct hearer *hearer, const char *expected) {
	hearer->found[hearer->found_bytes] = '\0';
	assert_string_equal(hearer->found, expected);
	hearer->found_bytes = 0;
}

static int set_up(void **state) {
	*state = calloc(1, sizeof(struct hearer));
	return *state == NULL;
}

static int tear_down(void **state) {
	free(*state);
	return 0;
}

static void both_line_ends_are_known(void **state) {
	struct hearer *hearer = *state;
	hear(hearer, "one\ntwo\r\n\n\r\nthree\r");
	check_found(hearer, "one|two|||");
	hear(hearer, "\nfour");
	check_found(hearer, "three|");
	end(hearer);
	check_found(hearer, "four|");
}

static void it_may_come_byte_by_byte(void **state) {
	struct hearer *hearer = *state;
	const char *bytes = "你好\r\na\rb\n";
	for (size_t i = 0; i < strlen(bytes); i++) {
		hear_bytes(hearer, bytes + i, 1);
	}
	check_found(hearer, "你好|a\rb|");
}

static void every_other_byte_is_text(void **state) {
	struct hearer *hearer = *state;
	hear_bytes(hearer, "\0\xff\x01\r\r\n", 6);
	assert_int_equal(hearer->found_bytes, 5);
	assert_memory_equal(hearer->found, "\0\xff\x01\r|", 5);
}

static void the_longest_line_fits(void **state) {
	struct hearer *hearer = *state;
	hear_many(hearer, "x", LINE_BYTES_MAX);
	hear(hearer, "\r");
	assert_int_equal(hearer->left_bytes, LINE_LEFT_MAX);
	hear(hearer, "\n");
	assert_int_equal(hearer->found_bytes, LINE_BYTES_MAX + 1);
}

static void one_byte_more_is_said_once_and_skipped(void **state) {
	struct hearer *hearer = *state;
	hear_many(hearer, "x", LINE_BYTES_MAX + 1);
	check_found(hearer, "(too long)|");
	hear_many(hearer, "y", 3 * LINE_BYTES_MAX);
	assert_true(hearer->left_bytes < 4);
	hear(hearer, "\r\nnext\n");
	check_found(hearer, "next|");
}

static void a_return_at_the_limit_is_text_without_its_newline(void **state) {
	struct hearer *hearer = *state;
	hear_many(hearer, "x", LINE_BYTES_MAX);
	hear(hearer, "\ry\nnext\n");
	check_found(hearer, "(too long)|next|");
}

static void what_is_too_long_and_never_ends_is_said_once(void **state) {
	struct hearer *hearer = *state;
	hear(hearer, "\n");
	hear_many(hearer, "x", 2 * LINE_BYTES_MAX);
	end(hearer);
	check_found(hearer, "|(too long)|");
}

static void until_the_first_line_end_a_rest_ends_a_line(void **state) {
	struct hearer *hearer = *state;
	assert_false(rest(hearer));
	hear(hearer, "hel");
	hear(hearer, "lo");
	assert_true(rest(hearer));
	check_found(hearer, "hello|");
	hear(hearer, "again");
	assert_true(rest(hearer));
	check_found(hearer, "again|");
	assert_false(rest(hearer));
	hear(hearer, "a\nb");
	assert_false(rest(hearer));
	check_found(hearer, "a|");
}

static void a_rest_never_cuts_a_character(void **state) {
	static const char *const characters[] = {"é", "你", "👍"};
	for (size_t i = 0; i < sizeof characters / sizeof characters[0]; i++) {
		struct hearer hearer = {0};
		hear(&hearer, "你");
		size_t size = strlen(characters[i]);
		for (size_t at = 0; at < size; at++) {
			hear_bytes(&hearer, characters[i] + at, 1);
			assert_true(rest(&hearer));
			/* Until more comes there is nothing to wait for. */
			assert_false(rest(&hearer));
		}
		char expected[16];
		snprintf(expected, sizeof expected, "你%s|", characters[i]);
		check_found(&hearer, expected);
	}
}

static void other_encodings_have_no_characters_to_cut(void **state) {
	struct hearer *hearer = *state;
	hear(hearer, "\xC4\xE3"); /* 你 in GBK: its second byte could begin a character. */
	assert_true(rest(hearer));
	check_found(hearer, "\xC4\xE3|");
	hear(hearer, "\xFF\xE4\xBD");
	assert_true(rest(hearer));
	check_found(hearer, "\xFF\xE4\xBD|");
}

static void a_rest_between_return_and_newline_is_inside_one_end(void **state) {
	struct hearer *hearer = *state;
	hear(hearer, "one\r");
	assert_true(rest(hearer));
	check_found(hearer, "one|");
	hear(hearer, "\ntwo");
	check_found(hearer, "");
	assert_false(rest(hearer));
	hear(hearer, "\n");
	check_found(hearer, "two|");
}

static void a_rest_ends_what_is_too_long(void **state) {
	struct hearer *hearer = *state;
	hear_many(hearer, "你", 2000);
	hear(hearer, "\xE4\xBD");
	assert_true(rest(hearer));
	hear(hearer, "\xA0");
	assert_true(rest(hearer));
	assert_false(rest(hearer));
	check_found(hearer, "(too long)|");
	hear(hearer, "next");
	assert_true(rest(hearer));
	check_found(hearer, "next|");
}

static void the_last_line_is_what_it_is(void **state) {
	struct hearer *hearer = *state;
	hear(hearer, "one\n\xE4\xBD");
	end(hearer);
	check_found(hearer, "one|\xE4\xBD|");
	struct hearer *silent = calloc(1, sizeof *silent);
	assert_non_null(silent);
	end(silent);
	assert_int_equal(silent->found_bytes, 0);
	free(silent);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_line_ends_are_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_may_come_byte_by_byte, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_other_byte_is_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_longest_line_fits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_byte_more_is_said_once_and_skipped, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(a_return_at_the_limit_is_text_without_its_newline,
	                                        set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_too_long_and_never_ends_is_said_once,
	                                        set_up, tear_down),
		cmocka_unit_test_setup_teardown(until_the_first_line_end_a_rest_ends_a_line, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(a_rest_never_cuts_a_character, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_encodings_have_no_characters_to_cut, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(a_rest_between_return_and_newline_is_inside_one_end,
	                                        set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_rest_ends_what_is_too_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_last_line_is_what_it_is, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
