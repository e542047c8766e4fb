/* Names: who may be called what, and which two names are one. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "name.h"
#include "utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum name_error check(const char *name) {
	return name_check(slice_from_string(name));
}

struct verdict {
	const char *name;
	enum name_error error;
};

/* clang-format off */
static const struct verdict verdicts[] = {
	/* Who people are. */
	{"小明", NAME_OK},
	{"Alice", NAME_OK},
	{"9527", NAME_OK},
	{"007_bond", NAME_OK},
	{"Zoë", NAME_OK},
	{"Zoe\u0308", NAME_OK},
	{"محمد", NAME_OK},
	{"דוד", NAME_OK},
	{"สมชาย", NAME_OK},
	{"ශ්\u200Dරී", NAME_OK},
	{"क्\u200Cष", NAME_OK},
	{"각", NAME_OK},
	{"\u1112\u1161\u11AB", NAME_OK},
	{"😀", NAME_OK},
	{"❤\uFE0F", NAME_OK},
	{"☺\uFE0E", NAME_OK},
	{"👨\u200D👩\u200D👧\u200D👦", NAME_OK},
	{"👩🏽\u200D🚀", NAME_OK},
	{"🏳\uFE0F\u200D🌈", NAME_OK},
	{"🇨🇳", NAME_OK},
	{"1\uFE0F\u20E3", NAME_OK},
	{"a#b&c$d~e%f+g:h", NAME_OK},
	{"[x]^_`{|}\\-.'\"/;<=>()", NAME_OK},
	{"！＠", NAME_OK},
	{"\uFFFD", NAME_OK},

	{"", NAME_EMPTY},

	{"小 明", NAME_BLANK},
	{" a", NAME_BLANK},
	{"a ", NAME_BLANK},
	{"a\u00A0b", NAME_BLANK},
	{"小\u3000明", NAME_BLANK},
	{"a\u2003", NAME_BLANK},
	{"a\u1680b", NAME_BLANK},
	{"a\u202Fb", NAME_BLANK},
	{"a\u205Fb", NAME_BLANK},
	{"\u2800", NAME_BLANK},
	{"a\u200B b", NAME_BLANK},

	{"a\tb", NAME_CONTROL},
	{"a\n", NAME_CONTROL},
	{"\x1B[2J", NAME_CONTROL},
	{"a\x7F", NAME_CONTROL},
	{"a\xC2\x85", NAME_CONTROL},
	{"a\xC2\x9B" "1m", NAME_CONTROL},
	{"a\u2028", NAME_CONTROL},
	{"a\u2029", NAME_CONTROL},

	{"a\u202Eb", NAME_BIDI},
	{"\u200Fa", NAME_BIDI},
	{"a\u200E", NAME_BIDI},
	{"a\u061C", NAME_BIDI},
	{"a\u2066b\u2069", NAME_BIDI},
	{"a\u202A", NAME_BIDI},

	{"a!b", NAME_CHARACTER},
	{"a@b", NAME_CHARACTER},
	{"a,b", NAME_CHARACTER},
	{"*", NAME_CHARACTER},
	{"who?", NAME_CHARACTER},
	{":a", NAME_CHARACTER},
	{"#a", NAME_CHARACTER},
	{"&a", NAME_CHARACTER},
	{"$a", NAME_CHARACTER},
	{"~a", NAME_CHARACTER},
	{"%a", NAME_CHARACTER},
	{"+a", NAME_CHARACTER},

	{"\u0378", NAME_UNASSIGNED},
	{"a\uE000", NAME_UNASSIGNED},
	{"\U0010FFFD", NAME_UNASSIGNED},
	{"\uFFFF", NAME_UNASSIGNED},
	{"\uFDD0", NAME_UNASSIGNED},

	{"\u200B", NAME_INVISIBLE},
	{"\u3164", NAME_INVISIBLE},
	{"\u115F\u1160", NAME_INVISIBLE},
	{"\uFFA0", NAME_INVISIBLE},
	{"\u00AD", NAME_INVISIBLE},
	{"小\u200B明", NAME_INVISIBLE},
	{"a\u00ADb", NAME_INVISIBLE},
	{"a\uFEFF", NAME_INVISIBLE},
	{"a\u034Fb", NAME_INVISIBLE},
	{"a\u2060b", NAME_INVISIBLE},
	{"a\u200Db", NAME_INVISIBLE},
	{"می\u200Cخواهم", NAME_INVISIBLE},
	{"a\uFE0F", NAME_INVISIBLE},
	{"葛\U000E0100", NAME_INVISIBLE},
	{"👨\u200D", NAME_INVISIBLE},
	{"\u200D👨", NAME_INVISIBLE},
	{"👨\u200Da", NAME_INVISIBLE},
	{"a\U000E0041", NAME_INVISIBLE},
	{"🏴\U000E0067\U000E007F", NAME_INVISIBLE},
	{"a\u0600", NAME_INVISIBLE},
	{"a\U0001D159", NAME_INVISIBLE},
	{"\u0301", NAME_INVISIBLE},
	{"\u0301\u0302\u0303", NAME_INVISIBLE},
	{"\u0336a", NAME_INVISIBLE},
	{"\u20DDa", NAME_INVISIBLE},

	{"admin", NAME_RESERVED},
	{"ChanServ", NAME_RESERVED},
	{"NickServ", NAME_RESERVED},
	{"ADMIN", NAME_RESERVED},
	{"ＡＤＭＩＮ", NAME_RESERVED},
	{"ａdmIn", NAME_RESERVED},
	{"𝐚𝐝𝐦𝐢𝐧", NAME_RESERVED},
	{"a\u200Bdmin", NAME_RESERVED},
	{"admin\u00AD", NAME_RESERVED},
	{"\uFEFFadmin", NAME_RESERVED},
	{"ad\u034Fmin", NAME_RESERVED},
	{"ad\u3164min", NAME_RESERVED},
	{"a\uFE0Fdmin", NAME_RESERVED},
	{"Administrator", NAME_RESERVED},
	{"ſerver", NAME_RESERVED},
	{"SERVER", NAME_RESERVED},
	{"ſyſtem", NAME_RESERVED},
	{"System", NAME_RESERVED},
	{"管理员", NAME_RESERVED},
	{"管\u200B理员", NAME_RESERVED},
	{"管\u200D理\u2060员", NAME_RESERVED},
	{"管\u115F理员", NAME_RESERVED},
	{"管理员\uFE00", NAME_RESERVED},
	{"аdmin", NAME_RESERVED}, /* Cyrillic а */
	{"ADМIN", NAME_RESERVED}, /* Cyrillic М */
	{"adrnin", NAME_RESERVED},
	{"Administrat0r", NAME_RESERVED},
	{"ѕyѕtem", NAME_RESERVED},
	{"sеrver", NAME_RESERVED},
	{"NіckServ", NAME_RESERVED},
	{"NlCKSERV", NAME_RESERVED},
	{"СhanServ", NAME_RESERVED},
	{"⼀管理员", NAME_OK},
	{"admin1", NAME_OK},
	{"管理", NAME_OK},
	{"sysadmin", NAME_OK},

	{"\xFF", NAME_NOT_UTF8},
	{"a\xC0\x80", NAME_NOT_UTF8},
	{"\xED\xA0\x80", NAME_NOT_UTF8},
	{"小\xE6\x98", NAME_NOT_UTF8},
	{"\xB9\xDC\xC0\xED\xD4\xB1", NAME_NOT_UTF8}, /* 管理员 in GBK */
};
/* clang-format on */

static void each_name_has_its_verdict(void **state) {
	for (size_t i = 0; i < COUNT(verdicts); i++) {
		enum name_error error = check(verdicts[i].name);
		if (error != verdicts[i].error) {
			fail_msg("\"%s\" (row %zu) is %s, not %s", verdicts[i].name, i,
			         name_strerror(error), name_strerror(verdicts[i].error));
		}
	}
}

static void a_nul_is_a_control(void **state) {
	assert_int_equal(name_check(slice_of("a\0b", 3)), NAME_CONTROL);
	assert_int_equal(name_check(slice_of("\0", 1)), NAME_CONTROL);
}

/* A name of count copies. */
static struct slice repeat(const char *character, size_t count, char *out) {
	size_t size = strlen(character);
	for (size_t i = 0; i < count; i++) {
		memcpy(out + i * size, character, size);
	}
	return slice_of(out, count * size);
}

static void the_length_is_bounded_in_code_points_and_bytes(void **state) {
	char name[200];
	struct name_key key;
	assert_int_equal(name_check(repeat("a", 32, name)), NAME_OK);
	assert_int_equal(name_check(repeat("a", 33, name)), NAME_TOO_LONG);
	assert_int_equal(name_check(repeat("中", 32, name)), NAME_OK);
	assert_int_equal(name_check(repeat("中", 33, name)), NAME_TOO_LONG);
	assert_int_equal(name_check(repeat("😀", 24, name)), NAME_OK);
	assert_int_equal(name_check(repeat("😀", 25, name)), NAME_TOO_LONG);
	assert_int_equal(name_key(repeat("a", 96, name), &key), NAME_OK);
	assert_int_equal(name_key(repeat("a", 97, name), &key), NAME_TOO_LONG);
	assert_int_equal(key.size, 0);
}

static void a_name_whose_key_does_not_fit_is_too_long(void **state) {
	char name[200];
	struct name_key key;
	assert_int_equal(name_check(repeat("\uFDFA", 11, name)), NAME_OK);
	assert_int_equal(name_key(repeat("\uFDFA", 11, name), &key), NAME_OK);
	assert_int_equal(key.size, 11 * 33);
	assert_int_equal(name_check(repeat("\uFDFA", 12, name)), NAME_TOO_LONG);
	assert_int_equal(name_key(repeat("\uFDFA", 32, name), &key), NAME_TOO_LONG);
	assert_int_equal(key.size, 0);
}

/* clang-format off */
static const char *const same[][2] = {
	{"Alice", "aLICE"},
	{"Alice", "Ａｌｉｃｅ"},
	{"Zoë", "Zoe\u0308"},
	{"ZOË", "zoe\u0308"},
	{"\u1E9B\u0323", "\u1E69"},
	{"각", "\u1100\u1161\u11A8"},
	{"ｶﾞ", "ガ"},
	{"か\u3099", "が"},
	{"㍿", "株式会社"},
	{"ﬁn", "FIN"},
	{"№1", "no1"},
	{"①", "1"},
	{"Ⅳ", "iv"},
	{"ΣΑΣ", "σας"},
	{"straße", "STRASSE"},
	{"ẞ", "ss"},
	{"K", "\u212A"},
	{"Å", "\u212B"},
	{"⼀", "一"},
	{"豈", "\uF900"},
	{"❤", "❤\uFE0F"},
	{"a b", "a\u3000\u00A0b"},
	{"a", " a "},
	{"a\u200Bb", "ab"},
	{"Ꭰ", "ꭰ"},
};

static const char *const different[][2] = {
	{"Alice", "Alicе"}, /* the last is Cyrillic */
	{"Zoe", "Zoë"},
	{"小明", "小名"},
	{"管理員", "管理员"},
	{"a", "aa"},
	{"ı", "i"},
	{"カ", "ガ"},
	{"か", "カ"},
	{"👍", "👍🏽"},
	{"a_b", "ab"},
};
/* clang-format on */

static void names_that_differ_in_case_width_or_composition_are_one(void **state) {
	for (size_t i = 0; i < COUNT(same); i++) {
		if (!name_equal(slice_from_string(same[i][0]), slice_from_string(same[i][1]))) {
			fail_msg("%s and %s are not the same", same[i][0], same[i][1]);
		}
	}
}

static void other_names_are_different(void **state) {
	for (size_t i = 0; i < COUNT(different); i++) {
		if (name_equal(slice_from_string(different[i][0]),
		               slice_from_string(different[i][1]))) {
			fail_msg("%s and %s are the same", different[i][0], different[i][1]);
		}
	}
}

static void what_has_no_key_equals_nothing(void **state) {
	struct slice broken = slice_from_string("\xFF");
	struct slice unseen = slice_from_string("\u200B");
	struct slice nothing = slice_of(NULL, 0);
	struct name_key key;
	assert_int_equal(name_key(broken, &key), NAME_NOT_UTF8);
	assert_int_equal(name_key(unseen, &key), NAME_EMPTY);
	assert_int_equal(name_key(slice_from_string("  "), &key), NAME_EMPTY);
	assert_int_equal(name_key(nothing, &key), NAME_EMPTY);
	assert_false(name_equal(broken, broken));
	assert_false(name_equal(unseen, unseen));
	assert_false(name_equal(nothing, nothing));
}

static void key_of_point(int32_t point, struct name_key *key) {
	char bytes[UTF8_POINT_BYTES_MAX];
	size_t size = utf8_encode(point, bytes);
	enum name_error error = name_key(slice_of(bytes, size), key);
	if (error != NAME_OK && error != NAME_EMPTY) {
		fail_msg("U+%04X has no key: %s", (unsigned)point, name_strerror(error));
	}
}

/* RFC 8266 compares by toLowerCase(); folding must join whatever that joins. */
static void whatever_lowers_to_the_same_is_the_same(void **state) {
	for (int32_t point = 1; point <= 0x10FFFF; point++) {
		int32_t lower = utf8proc_tolower(point);
		if (lower == point) {
			continue;
		}
		struct name_key key;
		struct name_key lower_key;
		key_of_point(point, &key);
		key_of_point(lower, &lower_key);
		/* U+0130 alone: its full lowering has a dot of its own, utf8proc's has not. */
		if (point != 0x130 && !name_key_equal(&key, &lower_key)) {
			fail_msg("U+%04X and U+%04X differ", (unsigned)point, (unsigned)lower);
		}
	}
}

static void the_key_of_a_key_is_itself(void **state) {
	for (int32_t point = 1; point <= 0x10FFFF; point++) {
		if (point == 0xD800) {
			point = 0xE000;
		}
		struct name_key key;
		struct name_key again;
		key_of_point(point, &key);
		if (key.size > 0 && key.size <= NAME_BYTES_MAX) {
			assert_int_equal(name_key(slice_of(key.bytes, key.size), &again), NAME_OK);
			assert_true(name_key_equal(&key, &again));
		}
	}
}

/* The short path of ASCII must say what the long one says: a character that folds to nothing, put
 * at the end, forces the long one. */
static void the_short_path_agrees_with_the_long_one(void **state) {
	for (int byte = 0x21; byte < 0x7F; byte++) {
		char name[] = {'x', (char)byte, 'Y', '\xE2', '\x80', '\x8B'};
		struct name_key short_key;
		struct name_key long_key;
		assert_int_equal(name_key(slice_of(name, 3), &short_key), NAME_OK);
		assert_int_equal(name_key(slice_of(name, 6), &long_key), NAME_OK);
		assert_true(name_key_equal(&short_key, &long_key));
	}
}

static uint64_t hash_of(const char *name, uint8_t seed_byte) {
	uint8_t seed[NAME_SEED_BYTES] = {seed_byte};
	struct name_key key;
	assert_int_equal(name_key(slice_from_string(name), &key), NAME_OK);
	return name_key_hash(&key, seed);
}

static void the_hash_is_of_the_key_and_the_seed(void **state) {
	assert_true(hash_of("Alice", 1) == hash_of("ＡＬＩＣＥ", 1));
	assert_true(hash_of("Alice", 1) != hash_of("Alicf", 1));
	assert_true(hash_of("Alice", 1) != hash_of("Alice", 2));
}

static void rooms_have_names_of_their_own(void **state) {
	static const struct {
		const char *name;
		enum name_error error;
	} rows[] = {
		{"#lobby", NAME_OK},
		{"#大厅", NAME_OK},
		{"##", NAME_OK},
		{"#1", NAME_OK},
		{"#admin", NAME_OK},
		{"#a&b", NAME_OK},
		{"", NAME_EMPTY},
		{"#", NAME_EMPTY},
		{"lobby", NAME_CHARACTER},
		{"＃lobby", NAME_CHARACTER},
		{"#a b", NAME_BLANK},
		{"#a\u3000b", NAME_BLANK},
		{"#a,b", NAME_CHARACTER},
		{"#a:b", NAME_CHARACTER},
		{"#:", NAME_CHARACTER},
		{"#a@b", NAME_CHARACTER},
		{"#a\nb", NAME_CONTROL},
		{"#a\u202Eb", NAME_BIDI},
		{"#\u0301", NAME_INVISIBLE},
		{"#\u200D", NAME_INVISIBLE},
		{"#a\xFF", NAME_NOT_UTF8},
		{"#一二三四五六七八九十一二三四五六七八九十一", NAME_OK},
		{"#一二三四五六七八九十一二三四五六七八九十一二", NAME_TOO_LONG},
		{"#abcdefghijabcdefghijabcdefghija", NAME_OK},
		{"#abcdefghijabcdefghijabcdefghijab", NAME_TOO_LONG},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum name_error error = room_name_check(slice_from_string(rows[i].name));
		if (error != rows[i].error) {
			fail_msg("'%s' is %s, not %s", rows[i].name, name_strerror(error),
			         name_strerror(rows[i].error));
		}
	}
}

static void what_separates_is_found_however_it_is_drawn(void **state) {
	static const char *const with[] = {"a/b", "/", "a／b", "a⁄b", "小明∕x"};
	static const char *const without[] = {"", "ab", "a\\b", "ノ", "丿", "a|b", "\xff/"};
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
		assert_true(name_has_separator(slice_from_string(with[i])));
	}
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		assert_false(name_has_separator(slice_from_string(without[i])));
	}
}

static void each_error_has_a_word_of_its_own(void **state) {
	for (int a = NAME_RESERVED; a <= NAME_OK; a++) {
		for (int b = NAME_RESERVED; b < a; b++) {
			assert_string_not_equal(name_strerror((enum name_error)a),
			                        name_strerror((enum name_error)b));
		}
	}
	assert_string_equal(name_strerror(NAME_TOO_LONG), "too-long");
	assert_string_equal(name_strerror((enum name_error)99), "unknown");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_has_its_verdict),
		cmocka_unit_test(a_nul_is_a_control),
		cmocka_unit_test(the_length_is_bounded_in_code_points_and_bytes),
		cmocka_unit_test(a_name_whose_key_does_not_fit_is_too_long),
		cmocka_unit_test(names_that_differ_in_case_width_or_composition_are_one),
		cmocka_unit_test(other_names_are_different),
		cmocka_unit_test(what_has_no_key_equals_nothing),
		cmocka_unit_test(whatever_lowers_to_the_same_is_the_same),
		cmocka_unit_test(the_key_of_a_key_is_itself),
		cmocka_unit_test(the_short_path_agrees_with_the_long_one),
		cmocka_unit_test(the_hash_is_of_the_key_and_the_seed),
		cmocka_unit_test(rooms_have_names_of_their_own),
		cmocka_unit_test(what_separates_is_found_however_it_is_drawn),
		cmocka_unit_test(each_error_has_a_word_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
