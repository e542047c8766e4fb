/* UTF-8: every code point there and back, every kind of malformed sequence, and the walk over
 * it. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

static bool is_surrogate(int32_t point) {
	return point >= 0xD800 && point <= 0xDFFF;
}

static void every_code_point_there_and_back(void **state) {
	for (int32_t point = 0; point <= 0x10FFFF; point++) {
		if (is_surrogate(point)) {
			continue;
		}
		char bytes[UTF8_POINT_BYTES_MAX];
		size_t size = utf8_encode(point, bytes);
		int32_t back;
		if (utf8_decode(slice_of(bytes, size), &back) != size || back != point) {
			fail_msg("U+%04X came back as %d", (unsigned)point, (int)back);
		}
	}
}

/* The bytes, the sizes of the pieces that they are walked over in, and which of them are UTF-8. */
struct walk {
	const char *bytes;
	const char *sizes;
	const char *valid;
};

/* Most are from the Unicode standard, chapter 3, tables 3-8 to 3-11. */
static const struct walk walks[] = {
	{"a", "1", "y"},
	{"\x7F", "1", "y"},
	{"é中😀", "234", "yyy"},
	{"\xEF\xBF\xBF", "3", "y"},
	{"\xF4\x8F\xBF\xBF", "4", "y"},
	{"\xF4\x90\x80\x80", "1111", "nnnn"},             /* above U+10FFFF */
	{"\xED\x9F\xBF\xEE\x80\x80", "33", "yy"},         /* on both sides of the surrogates */
	{"\xED\xA0\x80\xED\xBF\xBF", "111111", "nnnnnn"}, /* surrogates */
	{"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", "111111111", "nnnnnnnny"}, /* overlong */
	{"\xC1\xBF\xE0\x9F\xBF\xF0\x8F\xBF\xBF", "111111111", "nnnnnnnnn"}, /* the last overlong */
	{"\xC2\x80\xE0\xA0\x80\xF0\x90\x80\x80", "234", "yyy"},     /* the first that are not */
	{"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", "21321", "nnnny"}, /* cut short */
	{"\xC2\x41\x80", "111", "nyn"},
	{"\xE4\xB8", "2", "n"},
	{"\xF5\xF8\xFC\xFE\xFF", "11111", "nnnnn"},
	{"\xF0\x9F\x98", "3", "n"},
	{"\xE4\xB8\xAD\xE4\xB8", "32", "yn"},
};

static void malformed_bytes_are_walked_over_in_maximal_pieces(void **state) {
	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		struct slice rest = slice_from_string(walks[i].bytes);
		size_t count = strlen(walks[i].sizes);
		assert_int_equal(utf8_count(rest), count);
		assert_int_equal(utf8_is_valid(rest), strchr(walks[i].valid, 'n') == NULL);
		for (size_t at = 0; at < count; at++) {
			int32_t point;
			size_t size = utf8_decode(rest, &point);
			assert_int_equal(size, walks[i].sizes[at] - '0');
			assert_int_equal(point != UTF8_INVALID, walks[i].valid[at] == 'y');
			rest = slice_from(rest, size);
		}
		assert_true(slice_is_empty(rest));
	}
}

/* The bytes after the end, though they would complete the sequence, are not the text's. */
static void a_sequence_ends_with_its_text(void **state) {
	int32_t point;
	assert_int_equal(utf8_decode(slice_of("中", 2), &point), 2);
	assert_int_equal(point, UTF8_INVALID);
	assert_int_equal(utf8_decode(slice_of("😀", 1), &point), 1);
	assert_int_equal(point, UTF8_INVALID);
	assert_false(utf8_is_valid(slice_of("é", 1)));
}

static void the_empty_text_is_valid_and_has_no_code_points(void **state) {
	struct slice nothing = slice_of(NULL, 0);
	int32_t point = 'a';
	assert_int_equal(utf8_decode(nothing, &point), 0);
	assert_int_equal(point, UTF8_INVALID);
	assert_true(utf8_is_valid(nothing));
	assert_int_equal(utf8_count(nothing), 0);
	assert_int_equal(utf8_ascii_run(nothing), 0);
}

static void a_nul_is_a_code_point(void **state) {
	struct slice text = slice_of("a\0b", 3);
	assert_true(utf8_is_valid(text));
	assert_int_equal(utf8_count(text), 3);
}

/* Each byte at each place among printable ones: whichever path of the run finds it. */
static void an_ascii_run_ends_at_the_first_other_byte(void **state) {
	for (int byte = 0; byte <= 0xFF; byte++) {
		for (size_t place = 0; place < 20; place++) {
			char text[20];
			memset(text, '~', sizeof(text));
			text[place] = (char)byte;
			bool is_printable = byte >= 0x20 && byte <= 0x7E;
			assert_int_equal(utf8_ascii_run(slice_of(text, sizeof(text))),
			                 is_printable ? sizeof(text) : place);
		}
	}
}

/* Neighbours of the byte in question, of all values, must not hide it or put it there. */
static void an_ascii_run_is_what_a_plain_loop_finds(void **state) {
	unsigned random = 1;
	for (int turn = 0; turn < 100000; turn++) {
		char text[12];
		for (size_t at = 0; at < sizeof(text); at++) {
			static const char edges[] = "\x1F\x20\x7E\x7F\x80\xFF\x00"
						    "aaaaaaaaa";
			random = random * 1664525 + 1013904223;
			text[at] = edges[random >> 28];
		}
		size_t expected = 0;
		while (expected < sizeof(text) && (unsigned char)text[expected] >= 0x20 &&
		       (unsigned char)text[expected] <= 0x7E) {
			expected++;
		}
		assert_int_equal(utf8_ascii_run(slice_of(text, sizeof(text))), expected);
	}
}

static void validity_is_seen_wherever_the_fault_is(void **state) {
	for (size_t place = 0; place < 24; place++) {
		char text[25];
		memset(text, 'a', sizeof(text));
		text[place] = '\xC3';
		assert_false(utf8_is_valid(slice_of(text, sizeof(text))));
		text[place + 1] = '\xA9';
		assert_true(utf8_is_valid(slice_of(text, sizeof(text))));
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_there_and_back),
		cmocka_unit_test(malformed_bytes_are_walked_over_in_maximal_pieces),
		cmocka_unit_test(a_sequence_ends_with_its_text),
		cmocka_unit_test(the_empty_text_is_valid_and_has_no_code_points),
		cmocka_unit_test(a_nul_is_a_code_point),
		cmocka_unit_test(an_ascii_run_ends_at_the_first_other_byte),
		cmocka_unit_test(an_ascii_run_is_what_a_plain_loop_finds),
		cmocka_unit_test(validity_is_seen_wherever_the_fault_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
