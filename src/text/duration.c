#include "duration.h"

#include <string.h>

static const struct unit {
	const char *word;
	uint64_t seconds;
} units[] = {
	{"y", 365 * 86400}, {"mo", 30 * 86400}, {"w", 7 * 86400}, {"d", 86400},
	{"h", 3600},        {"m", 60},          {"s", 1},
};
#define UNITS_COUNT (sizeof(units) / sizeof(units[0]))

static bool is_digit(char byte) {
	return byte >= '0' && byte <= '9';
}

/* Nine digits at most: no unit needs more. */
static bool take_number(struct slice *rest, uint64_t *number) {
	size_t digits = 0;
	*number = 0;
	while (digits < rest->size && digits < 10 && is_digit(rest->bytes[digits])) {
		*number = *number * 10 + (uint64_t)(rest->bytes[digits] - '0');
		digits++;
	}
	*rest = slice_from(*rest, digits);
	return digits > 0 && digits < 10;
}

/* The unit that stands there, none before `at`; UNITS_COUNT if there is none. "mo" is no "m" and an "o". */
static size_t take_unit(struct slice *rest, size_t at) {
	size_t size = 0;
	while (size < rest->size && !is_digit(rest->bytes[size])) {
		size++;
	}
	struct slice word = slice_first(*rest, size);
	while (at < UNITS_COUNT && !slice_equal(word, slice_from_string(units[at].word))) {
		at++;
	}
	*rest = slice_from(*rest, size);
	return at;
}

bool duration_parse(struct slice text, uint64_t *out_s) {
	uint64_t sum = 0;
	size_t next = 0;
	while (text.size > 0) {
		uint64_t number;
		if (!take_number(&text, &number)) {
			return false;
		}
		size_t unit = take_unit(&text, next);
		if (unit == UNITS_COUNT || number > DURATION_S_MAX / units[unit].seconds) {
			return false;
		}
		sum += number * units[unit].seconds;
		next = unit + 1;
	}
	*out_s = sum;
	return sum > 0 && sum <= DURATION_S_MAX;
}
