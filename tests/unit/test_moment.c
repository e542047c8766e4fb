/* Times as people write them. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "moment.h"

#define NOW UINT64_C(1800000000000000)

static void good_times_are_understood(void **unused) {
	static const struct {
		const char *text;
		uint64_t us;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-23T12:15:00Z", UINT64_C(1795436100000000)},
		{"2026-11-23T20:15:00+08:00", UINT64_C(1795436100000000)},
		{"2026-11-23T04:15:00-08:00", UINT64_C(1795436100000000)},
		{"2026-11-23t12:15:00.5z", UINT64_C(1795436100500000)},
		{"2026-11-23 12:15:00.123456789Z", UINT64_C(1795436100123456)},
		{"2026-11-23 12:15Z", UINT64_C(1795436100000000)},
		/* The tests run with TZ=EST-8: eight hours east. */
		{"2026-11-23 20:15", UINT64_C(1795436100000000)},
		{"2026-11-23", UINT64_C(1795363200000000)},
		{"2024-02-29T00:00:00Z", UINT64_C(1709164800000000)},
		{"90s", NOW - 90000000},
		{"15m", NOW - UINT64_C(900000000)},
		{"36h", NOW - UINT64_C(129600000000)},
		{"7d", NOW - UINT64_C(604800000000)},
		{"999999999d", 0},
		{"213503983d", 0}, /* A little more microseconds than 64 bits hold. */
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t us = 1;
		if (!moment_parse(slice_from_string(rows[i].text), NOW, &us) || us != rows[i].us) {
			fail_msg("%s: %llu", rows[i].text, (unsigned long long)us);
		}
	}
}

static void nonsense_is_refused(void **unused) {
	static const char *const texts[] = {
		"",
		"nonsense",
		"d",
		"-1d",
		"1y",
		"2026",
		"2026-13-01",
		"2026-00-01",
		"2026-11-32",
		"2026-11-23T",
		"2026-11-23T24:00Z",
		"2026-11-23T12:60Z",
		"2026-11-23T12:15:00.Z",
		"2026-11-23T12:15:00+8",
		"2026-11-23T12:15:00Zz",
		"2026-11-23 ",
		"1969-12-31T23:00:00Z",
		"99999999999d",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t us;
		if (moment_parse(slice_from_string(texts[i]), NOW, &us)) {
			fail_msg("%s was understood", texts[i]);
		}
	}
	uint64_t us;
	assert_false(moment_parse(slice_of("2026-11-23\0", 11), NOW, &us));
}

static void what_is_written_is_read(void **unused) {
	char text[MOMENT_BYTES];
	for (uint64_t us = 1; us < UINT64_C(200000000000000000); us = us * 3 + 7) {
		uint64_t again = 0;
		size_t size = moment_format_utc(us, text);
		assert_int_equal(size, strlen("2026-11-23T12:15:00.000000Z"));
		assert_true(moment_parse(slice_of(text, size), NOW, &again));
		assert_true(again == us);
		assert_int_equal(moment_format_local(us, text), strlen("2026-11-23 12:15:00"));
	}
}

int main(void) {
	setenv("TZ", "EST-8", 1);
	tzset();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_times_are_understood),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(what_is_written_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
