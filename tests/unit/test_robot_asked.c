/* What a robot in the room answers, and what it never says. */
#include "unit.h"

#include <string.h>

#include "robot_asked.h"

static const char *ask(const char *text, const char *name) {
	static char question[200];
	struct slice found;
	if (!robot_is_asked(slice_from_string(text), slice_from_string(name), &found)) {
		return NULL;
	}
	memcpy(question, found.bytes, found.size);
	question[found.size] = '\0';
	return question;
}

static void test_is_asked_by_its_name(void **state) {
	assert_string_equal(ask("@robot hello", "robot"), "hello");
	assert_string_equal(ask("@Robot  two words ", "robot"), "two words");
	assert_string_equal(ask("@ｒｏｂｏｔ\twide", "robot"), "wide");
	assert_string_equal(ask("@小明 你好", "小明"), "你好");
	assert_string_equal(ask("@小明，你好 吗", "小明，你好"), "吗");
	assert_string_equal(ask("@robot: hello", "robot"), "hello");
	assert_string_equal(ask("@小明： 你好", "小明"), "你好");
	assert_string_equal(ask("@robot\nline", "robot"), "line");
}

static void test_is_not_asked_otherwise(void **state) {
	assert_null(ask("", "robot"));
	assert_null(ask("@", "robot"));
	assert_null(ask("@robot", "robot"));
	assert_null(ask("@robot  ", "robot"));
	assert_null(ask(" @robot hello", "robot"));
	assert_null(ask("robot hello", "robot"));
	assert_null(ask("@robots hello", "robot"));
	assert_null(ask("@ robot hello", "robot"));
	assert_null(ask("====@robot hello====", "robot"));
}

/* Whatever comes out does not begin with @: so no robot answers another one. */
static void test_never_asks_itself(void **state) {
	static char out[TEXT_BYTES_MAX], long_text[3 * TEXT_BYTES_MAX];
	size_t size = robot_echo(slice_from_string("@dice 6"), out);
	assert_true(slice_equal(slice_of(out, size), slice_from_string("====@dice 6====")));
	size = robot_tame(slice_from_string("@robot hello"), out);
	assert_true(slice_equal(slice_of(out, size), slice_from_string(" @robot hello")));
	size = robot_tame(slice_from_string(" \t @robot hello \r"), out);
	assert_true(slice_equal(slice_of(out, size), slice_from_string(" @robot hello")));
	assert_int_equal(robot_tame(slice_from_string("  \r"), out), 0);
	assert_int_equal(robot_tame(slice_of("\xff\xfe", 2), out), 0);
	/* What is too long is cut between characters. */
	for (size_t i = 0; i + 3 <= sizeof long_text; i += 3) {
		memcpy(long_text + i, "字", 3);
	}
	size = robot_echo(slice_of(long_text, sizeof long_text), out);
	assert_true(size <= TEXT_BYTES_MAX && size > TEXT_BYTES_MAX - 8);
	assert_memory_equal(out + size - 4 - 3, "字====", 7);
	long_text[0] = '@';
	size = robot_tame(slice_of(long_text + 3, sizeof long_text - 3), out);
	assert_true(size <= TEXT_BYTES_MAX && size > TEXT_BYTES_MAX - 3);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_asked_by_its_name),
		cmocka_unit_test(test_is_not_asked_otherwise),
		cmocka_unit_test(test_never_asks_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
