/* What others have written, made fit for a terminal; in rows; with colours that can be read. */
#include "unit.h"

#include <string.h>

#include "screen_colour.h"
#include "screen_line.h"
#include "screen_mention.h"
#include "screen_text.h"
#include "screen_wrap.h"
#include "width.h"

static void assert_shown(const char *text, const char *wanted) {
	char out[SCREEN_TEXT_BYTES_MAX(256)];
	size_t size = screen_text(slice_from_string(text), SCREEN_TEXT_LINES, out);
	out[size] = '\0';
	assert_string_equal(out, wanted);
}

static void test_controls_become_visible(void **state) {
	assert_shown("a\033[31mb\a\x7F", "a�[31mb��");
	assert_shown("\xC2\x9B"
	             "31m",
	             "�31m");
	assert_shown("\xFF\xC0z", "��z");
	assert_shown("a\tb\r\nc\nd\re", "a    b\nc\nd�e");
	assert_shown("x\u2028y\u2029z", "x�y�z");
}

static void test_what_turns_or_hides_is_dropped(void **state) {
	assert_shown("a\u202Eb\u2066c\u200Fd\u061Ce", "abcde");
	assert_shown("a\u200Bb\uFEFFc\u00ADd", "abcd");
	assert_shown("❤\uFE0F☂\uFE0E", "❤☂");
	assert_shown("👨‍👩‍👧👍🏽", "👨👩👧👍");
	/* A joiner that spelling needs stays. */
	assert_shown("क्\u200Dष", "क्\u200Dष");
}

static void test_one_line(void **state) {
	char out[64];
	size_t size = screen_text(slice_from_string("a\nb"), SCREEN_TEXT_ONE_LINE, out);
	assert_memory_equal(out, "a⏎b", size);
}

static void test_what_is_pasted(void **state) {
	char out[64];
	size_t size = screen_text_pasted(slice_from_string("a\r\nb\rc\033[Ad\t\x7F\xFF中"), out);
	assert_int_equal(size, strlen("a\nb\nc[Ad\t中"));
	assert_memory_equal(out, "a\nb\nc[Ad\t中", size);
}

/* ---- rows ---- */

static void assert_rows(const char *text, size_t first, size_t next, const char *wanted) {
	char seen[1024] = "";
	size_t size = 0, begin, row;
	struct wrap wrap;
	wrap_init(&wrap, slice_from_string(text), first, next);
	while (wrap_next(&wrap, &begin, &row)) {
		assert_true(size + row + 2 < sizeof seen);
		memcpy(seen + size, text + begin, row);
		size += row;
		seen[size++] = '|';
	}
	seen[size] = '\0';
	assert_string_equal(seen, wanted);
}

static void test_words_are_not_cut(void **state) {
	assert_rows("one two three", 20, 20, "one two three|");
	assert_rows("one two three", 7, 7, "one two|three|");
	assert_rows("one two three", 8, 8, "one two|three|");
	assert_rows("one two three", 6, 9, "one|two three|");
	assert_rows("one  two", 3, 3, "one|two|");
	assert_rows("", 5, 5, "|");
	assert_rows("abcdefghij", 4, 4, "abcd|efgh|ij|");
	assert_rows("a abcdefghij", 4, 4, "a|abcd|efgh|ij|");
}

static void test_wide_characters(void **state) {
	assert_rows("你好世界", 4, 4, "你好|世界|");
	assert_rows("你好世界", 5, 5, "你好|世界|");
	assert_rows("a你b好", 2, 2, "a|你|b|好|");
	assert_rows("你好，世界", 4, 4, "你|好，|世界|");
	assert_rows("你（好）了", 4, 4, "你|（好|）了|");
	assert_rows("你好@小明", 5, 5, "你好|@小明|");
	assert_rows("你", 1, 1, "你|");
	assert_rows("我们用English聊天", 10, 10, "我们用|English聊|天|");
	assert_rows("e\u0301e\u0301e\u0301", 2, 2, "e\u0301e\u0301|e\u0301|");
}

static void test_line_ends(void **state) {
	assert_rows("a\nb\n", 5, 5, "a|b||");
	assert_rows("\n\n", 5, 5, "|||");
	assert_rows("  indented\n  more", 20, 20, "  indented|  more|");
}

static void test_no_row_is_too_wide(void **state) {
	static const char *const pieces[] = {"a",       " ",  "中",        "，", "😀",
	                                     "e\u0301", "\n", "long-word", "（"};
	unsigned seed = 7;
	for (int round = 0; round < 3000; round++) {
		char text[400] = "";
		size_t size = 0, begin, row, last = 0;
		for (int i = 0; i < 30; i++) {
			seed = seed * 1103515245u + 12345u;
			const char *piece = pieces[(seed >> 16) % 9];
			memcpy(text + size, piece, strlen(piece));
			size += strlen(piece);
		}
		size_t columns = 2 + (seed >> 8) % 20;
		struct wrap wrap;
		wrap_init(&wrap, slice_of(text, size), columns, columns);
		while (wrap_next(&wrap, &begin, &row)) {
			assert_true(width_of(slice_of(text + begin, row)) <= columns);
			/* Nothing but blanks and line ends is left out. */
			for (size_t i = last; i < begin; i++) {
				assert_true(text[i] == ' ' || text[i] == '\n');
			}
			last = begin + row;
		}
		assert_true(last >= size || text[size - 1] == ' ' || text[size - 1] == '\n');
	}
}

/* ---- who came and went ---- */

static struct line *traffic(const char *name, bool has_come, const char *why) {
	struct line head = {.kind = LINE_TRAFFIC, .came = has_come, .went = !has_come};
	return line_create_traffic(&head, slice_from_string(name), slice_from_string(why));
}

static void assert_sentence(const struct line *line, enum language language, const char *wanted) {
	char out[LINE_TRAFFIC_BYTES_MAX];
	size_t size = line_traffic_sentence(line, language, out, sizeof out - 1);
	out[size] = '\0';
	assert_string_equal(out, wanted);
}

static void test_coming_and_going_is_summed_up(void **state) {
	struct line *line = traffic("甲", true, "");
	assert_sentence(line, LANGUAGE_EN, "甲 entered");
	assert_sentence(line, LANGUAGE_ZH, "甲 进入了聊天室");
	line = line_join_traffic(line, traffic("乙", true, ""));
	assert_sentence(line, LANGUAGE_EN, "甲 and 乙 entered");
	line = line_join_traffic(line, traffic("丙", true, ""));
	assert_sentence(line, LANGUAGE_EN, "甲, 乙 and 丙 entered");
	assert_sentence(line, LANGUAGE_ZH, "甲、乙和丙 进入了聊天室");
	line = line_join_traffic(line, traffic("丁", true, ""));
	line = line_join_traffic(line, traffic("甲", false, "home"));
	line = line_join_traffic(line, traffic("戊", true, ""));
	assert_sentence(line, LANGUAGE_EN, "甲, 乙 and 3 others entered; 甲 left");
	assert_sentence(line, LANGUAGE_ZH, "甲、乙和另外 3 人 进入了聊天室；甲 退出了聊天室");
	free(line);
	line = traffic("a\nb\033", false, "gone\nhome");
	assert_sentence(line, LANGUAGE_EN, "a⏎b� left (gone⏎home)");
	free(line);
}

/* ---- names in texts ---- */

static bool is_mentioned(const char *text, const char *name) {
	size_t at;
	return mention_find(slice_from_string(text), slice_from_string(name), true, 0, &at);
}

static void test_mentions(void **state) {
	assert_true(is_mentioned("hello Bob!", "bob"));
	assert_true(is_mentioned("bob", "BOB"));
	assert_false(is_mentioned("bobby", "bob"));
	assert_false(is_mentioned("abob", "bob"));
	assert_true(is_mentioned("你好小明啊", "小明"));
	assert_true(is_mentioned("bobby and bob", "bob"));
	assert_false(is_mentioned("", "bob"));
	assert_false(is_mentioned("bob", ""));
}

/* ---- colours ---- */

/* WCAG's relative luminance of a colour of xterm's cube. */
static double luminance(short number) {
	/* 0, 95, 135, 175, 215, 255: made linear. */
	static const double levels[] = {0, 0.1144, 0.2423, 0.4287, 0.6795, 1};
	assert_in_range(number, 16, 231);
	int cube = number - 16;
	return 0.2126 * levels[cube / 36] + 0.7152 * levels[cube / 6 % 6] +
	       0.0722 * levels[cube % 6];
}

static void test_colours_can_be_read_on_black_and_on_white(void **state) {
	for (unsigned colour = COLOUR_ALARM; colour < COLOUR_COUNT; colour++) {
		double own = luminance(colour_of_256(colour));
		assert_true((own + 0.05) / 0.05 >= 3.5);
		assert_true(1.05 / (own + 0.05) >= 3.5);
		short eight = colour_of_8(colour);
		assert_true(eight != 0 && eight != 7 && eight != 3);
	}
}

static void test_colours_of_names(void **state) {
	bool is_used[COLOUR_COUNT] = {false};
	unsigned used = 0;
	for (int i = 0; i < 200; i++) {
		char name[16];
		snprintf(name, sizeof name, "人%d", i);
		unsigned colour = colour_of_name(slice_from_string(name));
		assert_int_equal(colour, colour_of_name(slice_from_string(name)));
		assert_in_range(colour, COLOUR_NAMES, COLOUR_COUNT - 1);
		used += !is_used[colour];
		is_used[colour] = true;
	}
	assert_int_equal(used, COLOUR_NAMES_COUNT);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_controls_become_visible),
		cmocka_unit_test(test_what_turns_or_hides_is_dropped),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_what_is_pasted),
		cmocka_unit_test(test_words_are_not_cut),
		cmocka_unit_test(test_wide_characters),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_no_row_is_too_wide),
		cmocka_unit_test(test_coming_and_going_is_summed_up),
		cmocka_unit_test(test_mentions),
		cmocka_unit_test(test_colours_can_be_read_on_black_and_on_white),
		cmocka_unit_test(test_colours_of_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
