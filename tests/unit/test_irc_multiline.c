/* The lines of one message, put together: what the text is, and which lines are not taken. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "irc_multiline.h"

static struct irc_multiline *it;

static int begin(void **state) {
	it = calloc(1, sizeof(*it));
	return it == NULL;
}

static int end(void **state) {
	free(it);
	return 0;
}

static void add(const char *line, bool is_concat, enum multiline_error wanted) {
	assert_int_equal(multiline_add(it, slice_from_string(line), is_concat), wanted);
}

static void assert_text(const char *wanted) {
	assert_int_equal(it->size, strlen(wanted));
	assert_memory_equal(it->text, wanted, it->size);
}

static void lines_are_joined(void **state) {
	add("hello", false, MULTILINE_GOOD);
	add("how is ", false, MULTILINE_GOOD);
	add("everyone?", true, MULTILINE_GOOD);
	assert_text("hello\nhow is everyone?");
	assert_int_equal(it->lines, 3);
	assert_true(multiline_is_whole(it));
}

/* Where a line goes on, and there is something before it. */
static void joints_are_noted(void **state) {
	add("ab", true, MULTILINE_GOOD);
	assert_int_equal(it->joints_size, 0);
	add("c", true, MULTILINE_GOOD);
	add("d", false, MULTILINE_GOOD);
	add("e", true, MULTILINE_GOOD);
	assert_text("abc\nde");
	assert_int_equal(it->joints_size, 4);
	assert_memory_equal(it->joints, "\2\0\5\0", 4);
}

/* Wherever they stand; at the beginning and at the end too. */
static void blank_lines_stay(void **state) {
	add("", false, MULTILINE_GOOD);
	assert_false(multiline_is_whole(it));
	add("", false, MULTILINE_GOOD);
	add("龙井", false, MULTILINE_GOOD);
	assert_true(multiline_is_whole(it));
	add("", false, MULTILINE_GOOD);
	assert_text("\n\n龙井\n");
}

/* There is nothing that it could go on. */
static void the_first_line_may_say_that_it_is_joined(void **state) {
	add("a", true, MULTILINE_GOOD);
	add("b", true, MULTILINE_GOOD);
	assert_text("ab");
}

static void nothing_but_blank_lines_is_no_message(void **state) {
	assert_false(multiline_is_whole(it));
	for (int i = 0; i < MULTILINE_LINES_MAX; i++) {
		add("", false, MULTILINE_GOOD);
	}
	assert_false(multiline_is_whole(it));
}

/* And what came before stands as it was. */
static void a_blank_line_is_not_joined(void **state) {
	add("", true, MULTILINE_INVALID);
	assert_int_equal(it->lines, 0);
	add("a", false, MULTILINE_GOOD);
	add("", true, MULTILINE_INVALID);
	add("b", false, MULTILINE_GOOD);
	assert_text("a\nb");
}

static void a_hundred_lines(void **state) {
	for (int i = 0; i < MULTILINE_LINES_MAX; i++) {
		add("x", i % 2 == 1, MULTILINE_GOOD);
	}
	size_t size = it->size;
	assert_int_equal(size, 100 + 49);
	add("x", false, MULTILINE_MAX_LINES);
	add("x", true, MULTILINE_MAX_LINES);
	add("", false, MULTILINE_MAX_LINES);
	assert_int_equal(it->size, size);
	assert_int_equal(it->lines, MULTILINE_LINES_MAX);
}

/* Line feeds count; to the very last byte. */
static void as_many_bytes(void **state) {
	char line[TEXT_BYTES_MAX + 1];
	memset(line, 'y', sizeof(line));
	assert_int_equal(multiline_add(it, slice_of(line, TEXT_BYTES_MAX + 1), false),
	                 MULTILINE_MAX_BYTES);
	assert_int_equal(it->lines, 0);
	assert_int_equal(multiline_add(it, slice_of(line, TEXT_BYTES_MAX - 2), false),
	                 MULTILINE_GOOD);
	add("ab", false, MULTILINE_MAX_BYTES);
	add("abc", true, MULTILINE_MAX_BYTES);
	add("a", false, MULTILINE_GOOD);
	assert_int_equal(it->size, TEXT_BYTES_MAX);
	add("", false, MULTILINE_MAX_BYTES);
	add("a", true, MULTILINE_MAX_BYTES);
	assert_int_equal(it->size, TEXT_BYTES_MAX);
	assert_int_equal(it->lines, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(lines_are_joined),
		TEST(joints_are_noted),
		TEST(blank_lines_stay),
		TEST(the_first_line_may_say_that_it_is_joined),
		TEST(nothing_but_blank_lines_is_no_message),
		TEST(a_blank_line_is_not_joined),
		TEST(a_hundred_lines),
		TEST(as_many_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
