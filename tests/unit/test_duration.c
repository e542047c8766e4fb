/* How long something lasts, as people write it. */
#include "unit.h"

#include <string.h>

#include "duration.h"

#define DAY UINT64_C(86400)

static void good_ones_are_understood(void **unused) {
	static const struct {
		const char *text;
		uint64_t seconds;
	} rows[] = {
		{"1s", 1},
		{"90s", 90},
		{"10m", 600},
		{"36h", 36 * 3600},
		{"7d", 7 * DAY},
		{"2w", 14 * DAY},
		{"3mo", 90 * DAY},
		{"1y", 365 * DAY},
		{"1h30m", 5400},
		{"1mo1m", 30 * DAY + 60},
		{"0d1s", 1},
		{"007d", 7 * DAY},
		{"1y6mo2w3d4h5m6s",
	         365 * DAY + 180 * DAY + 14 * DAY + 3 * DAY + 4 * 3600 + 5 * 60 + 6},
		{"100y", 36500 * DAY},
		{"36600d", DURATION_S_MAX},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t seconds = 0;
		if (!duration_parse(slice_from_string(rows[i].text), &seconds) ||
		    seconds != rows[i].seconds) {
			fail_msg("%s: %llu", rows[i].text, (unsigned long long)seconds);
		}
	}
}

static void all_else_is_refused(void **unused) {
	static const char *const texts[] = {
		"",
		"s",
		"7",
		"7 d",
		" 7d",
		"7d ",
		"d7",
		"7dd",
		"7D",
		"-7d",
		"+7d",
		"1.5h",
		"0s",
		"0y0mo0d",
		"1m1h",
		"1s1s",
		"1m1mo",
		"1mon",
		"1min",
		"7天",
		"七d",
		"1h30",
		"soon",
		"1y2",
		"101y",
		"36601d",
		"36600d1s",
		"9999999999s",
		"18446744073709551617s",
		"1d\t",
		"%",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t seconds = 0;
		if (duration_parse(slice_from_string(texts[i]), &seconds)) {
			fail_msg("%s: %llu", texts[i], (unsigned long long)seconds);
		}
	}
	uint64_t seconds;
	assert_false(duration_parse(slice_of("7\0d", 3), &seconds));
	assert_false(duration_parse(slice_of("7d\0", 3), &seconds));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_are_understood),
		cmocka_unit_test(all_else_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
