/* Columns of a terminal. */
#include "unit.h"

#include <string.h>

#include "width.h"

#define FAMILY "👨\u200D👩\u200D👧\u200D👦"

struct sample {
	const char *text;
	size_t columns;
};

/* clang-format off */
static const struct sample samples[] = {
	{"", 0},
	{"hello", 5},
	{"你好", 4},
	{"ＡＢ", 4},
	{"ｶﾅ", 2},
	{"a中b", 4},
	{"é", 1},
	{"e\u0301", 1},
	{"ae\u0301\u0302\u0303x", 3},
	{"か\u3099", 2},
	{"각", 2},
	{"\u1112\u1161\u11AB", 2},
	{"שלום", 4},
	{"مَّ", 1},
	{"😀", 2},
	{"👍🏽", 2},
	{FAMILY, 2},
	{"👩🏽\u200D🚀", 2},
	{"🇨🇳", 2},
	{"🇨🇳🇩🇪", 4},
	{"❤", 1},
	{"❤\uFE0F", 2},
	{"1\uFE0F\u20E3", 2},
	{"🏳\uFE0F\u200D🌈", 2},
	{"a\u200Bb", 2},
	{"a\a\n", 3},
	{"\xFF\xFE", 2},
	{"中\xE4\xB8", 3},
	{"\u0378", 1},
	{"\U0001F6D9", 2}, /* not assigned in Unicode 15 */
	{"“”", 2},
	{"1234567890\u0301", 10},
};
/* clang-format on */

static void each_text_has_its_width(void **state) {
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		size_t columns = width_of(slice_from_string(samples[i].text));
		if (columns != samples[i].columns) {
			fail_msg("\"%s\" (row %zu) takes %zu columns, not %zu", samples[i].text, i,
			         columns, samples[i].columns);
		}
	}
}

static void a_fit_takes_no_more_than_there_is_and_tears_nothing(void **state) {
	struct slice text = slice_from_string("a中e\u0301" FAMILY "z");
	static const size_t sizes[] = {0, 1, 1, 4, 7, 7, 32, 33, 33};
	for (size_t columns = 0; columns < sizeof(sizes) / sizeof(sizes[0]); columns++) {
		assert_int_equal(width_fit(text, columns), sizes[columns]);
	}
}

static void what_takes_no_column_stays_with_what_is_before_it(void **state) {
	assert_int_equal(width_fit(slice_from_string("a\u200B\u200Bb"), 1), 7);
}

static void the_whole_text_fits_in_its_own_width(void **state) {
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct slice text = slice_from_string(samples[i].text);
		assert_int_equal(width_fit(text, samples[i].columns), text.size);
		if (samples[i].columns > 0) {
			assert_in_range(width_fit(text, samples[i].columns - 1), 0, text.size - 1);
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_has_its_width),
		cmocka_unit_test(a_fit_takes_no_more_than_there_is_and_tears_nothing),
		cmocka_unit_test(what_takes_no_column_stays_with_what_is_before_it),
		cmocka_unit_test(the_whole_text_fits_in_its_own_width),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
