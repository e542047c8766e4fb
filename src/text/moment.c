#include "moment.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_US UINT64_C(1000000)

/* What is left of the text, and whether all of it made sense so far. */
struct reader {
	struct slice rest;
	bool is_good;
};

static bool next_is(struct reader *reader, const char *one_of) {
	if (reader->rest.size > 0 && reader->rest.bytes[0] != '\0' &&
	    strchr(one_of, reader->rest.bytes[0]) != NULL) {
		reader->rest = slice_from(reader->rest, 1);
		return true;
	}
	return false;
}

static void expect(struct reader *reader, const char *one_of) {
	reader->is_good = next_is(reader, one_of) && reader->is_good;
}

static bool is_digit(char byte) {
	return byte >= '0' && byte <= '9';
}

/* Exactly so many digits, making a number between the two. */
static int number(struct reader *reader, size_t digits, int least, int most) {
	int value = 0;
	if (reader->rest.size < digits) {
		reader->is_good = false;
		return 0;
	}
	for (size_t i = 0; i < digits; i++) {
		reader->is_good = reader->is_good && is_digit(reader->rest.bytes[i]);
		value = value * 10 + (reader->rest.bytes[i] - '0');
	}
	reader->rest = slice_from(reader->rest, digits);
	reader->is_good = reader->is_good && value >= least && value <= most;
	return reader->is_good ? value : 0;
}

/* ".123456789": what is beyond microseconds is cut off. */
static uint64_t fraction_us(struct reader *reader) {
	uint64_t value = 0;
	uint64_t unit = SECOND_US / 10;
	bool has_digits = false;
	while (reader->rest.size > 0 && is_digit(reader->rest.bytes[0])) {
		value += unit * (uint64_t)(reader->rest.bytes[0] - '0');
		unit /= 10;
		has_digits = true;
		reader->rest = slice_from(reader->rest, 1);
	}
	reader->is_good = reader->is_good && has_digits;
	return value;
}

static void read_date(struct reader *reader, struct tm *tm) {
	static const int days[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	tm->tm_year = number(reader, 4, 1970, 9999) - 1900;
	expect(reader, "-");
	tm->tm_mon = number(reader, 2, 1, 12) - 1;
	expect(reader, "-");
	tm->tm_mday = reader->is_good ? number(reader, 2, 1, days[tm->tm_mon]) : 0;
}

static uint64_t read_clock(struct reader *reader, struct tm *tm) {
	uint64_t part_us = 0;
	tm->tm_hour = number(reader, 2, 0, 23);
	expect(reader, ":");
	tm->tm_min = number(reader, 2, 0, 59);
	if (next_is(reader, ":")) {
		tm->tm_sec = number(reader, 2, 0, 60);
		part_us = next_is(reader, ".") ? fraction_us(reader) : 0;
	}
	return part_us;
}

/* "Z", "+08:00", or nothing: seconds east of Greenwich. False: there is none. */
static bool read_zone(struct reader *reader, long *east_s) {
	*east_s = 0;
	if (reader->rest.size == 0) {
		return false;
	}
	if (next_is(reader, "Zz")) {
		return true;
	}
	bool is_west = reader->rest.bytes[0] == '-';
	expect(reader, "+-");
	*east_s = number(reader, 2, 0, 23) * 3600L;
	expect(reader, ":");
	*east_s += number(reader, 2, 0, 59) * 60L;
	*east_s = is_west ? -*east_s : *east_s;
	return true;
}

static bool parse_date(struct slice text, uint64_t *out_us) {
	struct reader reader = {.rest = text, .is_good = true};
	struct tm tm = {.tm_isdst = -1};
	uint64_t part_us = 0;
	long east_s = 0;
	bool has_zone = false;
	read_date(&reader, &tm);
	if (reader.is_good && reader.rest.size > 0) {
		expect(&reader, "Tt ");
		part_us = read_clock(&reader, &tm);
		has_zone = read_zone(&reader, &east_s);
	}
	if (!reader.is_good || reader.rest.size > 0) {
		return false;
	}
	time_t seconds = has_zone ? timegm(&tm) - east_s : mktime(&tm);
	if (seconds < 0) {
		return false;
	}
	*out_us = (uint64_t)seconds * SECOND_US + part_us;
	return true;
}

static uint64_t unit_us(char unit) {
	switch (unit) {
	case 's': return SECOND_US;
	case 'm': return 60 * SECOND_US;
	case 'h': return 3600 * SECOND_US;
	case 'd': return 86400 * SECOND_US;
	default: return 0;
	}
}

static bool parse_ago(struct slice text, uint64_t now_us, uint64_t *out_us) {
	uint64_t count = 0;
	if (text.size < 2 || text.size > 10) {
		return false;
	}
	uint64_t unit = unit_us(text.bytes[text.size - 1]);
	for (size_t i = 0; i + 1 < text.size; i++) {
		if (!is_digit(text.bytes[i])) {
			return false;
		}
		count = count * 10 + (uint64_t)(text.bytes[i] - '0');
	}
	if (unit == 0) {
		return false;
	}
	/* Before there was time: everything. */
	*out_us = count < now_us / unit ? now_us - count * unit : 0;
	return true;
}

bool moment_parse(struct slice text, uint64_t now_us, uint64_t *out_us) {
	return parse_ago(text, now_us, out_us) || parse_date(text, out_us);
}

/* ---- writing ---- */

size_t moment_format_utc(uint64_t time_us, char out[static MOMENT_BYTES]) {
	time_t seconds = (time_t)(time_us / SECOND_US);
	struct tm tm = {0};
	gmtime_r(&seconds, &tm);
	int size = snprintf(out, MOMENT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d.%06uZ",
	                    (tm.tm_year + 1900) % 10000, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	                    tm.tm_min, tm.tm_sec, (unsigned)(time_us % SECOND_US));
	return size > 0 && size < MOMENT_BYTES ? (size_t)size : 0;
}

size_t moment_format_local(uint64_t time_us, char out[static MOMENT_BYTES]) {
	time_t seconds = (time_t)(time_us / SECOND_US);
	struct tm tm = {0};
	localtime_r(&seconds, &tm);
	return strftime(out, MOMENT_BYTES, "%Y-%m-%d %H:%M:%S", &tm);
}
