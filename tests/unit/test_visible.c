/* What plain readers see: no control reaches them, and all else does, byte for byte. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"
#include "visible.h"

static void assert_renders(const char *text, size_t text_size, const char *expected) {
	char out[200];
	size_t size = visible_render(slice_of(text, text_size), out, sizeof(out));
	assert_int_equal(size, strlen(expected));
	assert_memory_equal(out, expected, size);
	bool is_same = size == text_size && memcmp(text, expected, size) == 0;
	assert_int_equal(visible_is_same(slice_of(text, text_size)), is_same);
}

static void assert_string_renders(const char *text, const char *expected) {
	assert_renders(text, strlen(text), expected);
}

static void what_people_write_stays_byte_for_byte(void **state) {
	static const char *const texts[] = {
		"",
		"hello",
		"你好，世界",
		"e\u0301",
		"👨\u200D👩\u200D👧",
		"שלום \u202Eעולם\u202C",
		"a\tb\nc",
		"\u00A0\u200B\uFEFF\uFFFD\uFFFF",
		"\u2028",
		"~ 0123456789 ~ 0123456789",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_string_renders(texts[i], texts[i]);
	}
}

static void controls_become_replacement_characters(void **state) {
	assert_string_renders("\x1B[2Jhi\a\r", "\uFFFD[2Jhi\uFFFD\uFFFD");
	assert_string_renders("a\x7F", "a\uFFFD");
	assert_renders("a\0b", 3, "a\uFFFDb");
	assert_string_renders("\xC2\x9B"
	                      "31m",
	                      "\uFFFD31m");
}

static void all_controls_but_two_are_replaced_and_nothing_else(void **state) {
	for (int32_t point = 0; point <= 0x200; point++) {
		char bytes[UTF8_POINT_BYTES_MAX + 1] = {0};
		size_t size = utf8_encode(point, bytes);
		bool is_control = point < 0x20 || (point >= 0x7F && point <= 0x9F);
		bool is_replaced = is_control && point != '\t' && point != '\n';
		assert_renders(bytes, size, is_replaced ? "\uFFFD" : bytes);
	}
}

static void what_is_not_utf8_becomes_a_replacement_character_a_piece(void **state) {
	assert_string_renders("\xFF\xFE", "\uFFFD\uFFFD");
	assert_string_renders("中\xE4\xB8", "中\uFFFD");
	assert_string_renders("\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD");
	/* As long as what it stands for, but not the same. */
	assert_string_renders("\xF0\x9F\x98", "\uFFFD");
	assert_string_renders("\xC4\xE3\xBA\xC3",
	                      "\uFFFD\uFFFD\uFFFD"); /* 你好 in GBK; E3 BA begins 㺀 */
}

static void a_rendering_is_at_most_three_times_the_text(void **state) {
	char text[64];
	char out[VISIBLE_BYTES_MAX(sizeof(text))];
	memset(text, '\a', sizeof(text));
	assert_int_equal(visible_render(slice_of(text, sizeof(text)), out, sizeof(out)),
	                 sizeof(out));
}

static void what_does_not_fit_is_counted_and_not_written(void **state) {
	struct slice text = slice_from_string("ab\acd\xFFgh");
	static const char whole[] = "ab\uFFFDcd\uFFFDgh";
	const size_t whole_size = sizeof(whole) - 1;
	assert_int_equal(visible_render(text, NULL, 0), whole_size);
	for (size_t room = 0; room <= whole_size; room++) {
		char out[sizeof(whole)];
		memset(out, '#', sizeof(out));
		assert_int_equal(visible_render(text, out, room), whole_size);
		assert_memory_equal(out, whole, room);
		assert_int_equal(out[room], '#');
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_write_stays_byte_for_byte),
		cmocka_unit_test(controls_become_replacement_characters),
		cmocka_unit_test(all_controls_but_two_are_replaced_and_nothing_else),
		cmocka_unit_test(what_is_not_utf8_becomes_a_replacement_character_a_piece),
		cmocka_unit_test(a_rendering_is_at_most_three_times_the_text),
		cmocka_unit_test(what_does_not_fit_is_counted_and_not_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
