#include "irc_time.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

/* ---- time ---- */

static void put_digits(struct irc_line *line, unsigned value, unsigned digits) {
	char text[10];
	for (unsigned i = digits; i > 0; i--) {
		text[i - 1] = (char)('0' + value % 10);
		value /= 10;
	}
	irc_put(line, slice_of(text, digits));
}

void irc_put_time(struct irc_line *line, uint64_t time_us) {
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm utc;
	gmtime_r(&seconds, &utc);
	put_digits(line, (unsigned)utc.tm_year + 1900, 4);
	irc_put_text(line, "-");
	put_digits(line, (unsigned)utc.tm_mon + 1, 2);
	irc_put_text(line, "-");
	put_digits(line, (unsigned)utc.tm_mday, 2);
	irc_put_text(line, "T");
	put_digits(line, (unsigned)utc.tm_hour, 2);
	irc_put_text(line, ":");
	put_digits(line, (unsigned)utc.tm_min, 2);
	irc_put_text(line, ":");
	put_digits(line, (unsigned)utc.tm_sec, 2);
	irc_put_text(line, ".");
	put_digits(line, (unsigned)(time_us / 1000 % 1000), 3);
	irc_put_text(line, "Z");
}

static bool take_number(struct slice *rest, unsigned digits, char behind, int *value) {
	if (rest->size < digits + 1 || rest->bytes[digits] != behind) {
		return false;
	}
	*value = 0;
	for (unsigned i = 0; i < digits; i++) {
		if (rest->bytes[i] < '0' || rest->bytes[i] > '9') {
			return false;
		}
		*value = *value * 10 + rest->bytes[i] - '0';
	}
	*rest = slice_from(*rest, digits + 1);
	return true;
}

/* ".123Z": the point has been taken with the seconds. */
static bool take_fraction(struct slice rest, uint64_t *us) {
	uint64_t unit = 100000;
	*us = 0;
	if (rest.size < 2 || rest.size > 7 || rest.bytes[rest.size - 1] != 'Z') {
		return false;
	}
	for (size_t i = 0; i + 1 < rest.size; i++, unit /= 10) {
		if (rest.bytes[i] < '0' || rest.bytes[i] > '9') {
			return false;
		}
		*us += (uint64_t)(rest.bytes[i] - '0') * unit;
	}
	return true;
}

static bool is_calendar(const struct tm *utc) {
	struct tm copy = *utc;
	time_t seconds = timegm(&copy);
	return seconds >= 0 && copy.tm_year == utc->tm_year && copy.tm_mon == utc->tm_mon &&
	       copy.tm_mday == utc->tm_mday && copy.tm_hour == utc->tm_hour &&
	       copy.tm_min == utc->tm_min && copy.tm_sec == utc->tm_sec;
}

bool irc_read_time(struct slice text, uint64_t *time_us) {
	struct tm utc = {.tm_isdst = 0};
	struct slice rest = text;
	uint64_t us = 0;
	if (!take_number(&rest, 4, '-', &utc.tm_year) || !take_number(&rest, 2, '-', &utc.tm_mon) ||
	    !take_number(&rest, 2, 'T', &utc.tm_mday) ||
	    !take_number(&rest, 2, ':', &utc.tm_hour) || !take_number(&rest, 2, ':', &utc.tm_min)) {
		return false;
	}
	if (take_number(&rest, 2, 'Z', &utc.tm_sec)) {
		if (rest.size > 0) {
			return false;
		}
	} else if (!take_number(&rest, 2, '.', &utc.tm_sec) || !take_fraction(rest, &us)) {
		return false;
	}
	utc.tm_year -= 1900;
	utc.tm_mon -= 1;
	if (!is_calendar(&utc)) {
		return false;
	}
	*time_us = (uint64_t)timegm(&utc) * 1000000 + us;
	return true;
}

/* ---- msgid ---- */

static const char base32[] = "0123456789abcdefghjkmnpqrstvwxyz";
#define LOG_DIGITS 13

static void put_base32(struct irc_line *line, uint64_t value, unsigned digits_min) {
	char text[LOG_DIGITS];
	size_t at = sizeof(text);
	do {
		text[--at] = base32[value & 31];
		value >>= 5;
	} while (value > 0 || sizeof(text) - at < digits_min);
	irc_put(line, slice_of(text + at, sizeof(text) - at));
}

static bool read_base32(struct slice text, uint64_t *value) {
	*value = 0;
	if (text.size == 0 || text.size > LOG_DIGITS) {
		return false;
	}
	for (size_t i = 0; i < text.size; i++) {
		const char *digit = memchr(base32, text.bytes[i], sizeof(base32) - 1);
		if (digit == NULL || *value >> 59 != 0) {
			return false;
		}
		*value = *value << 5 | (uint64_t)(digit - base32);
	}
	return true;
}

uint64_t irc_log_id(const uint8_t *master, size_t size) {
	static const char purpose[] = "qun irc msgid";
	uint8_t hash[crypto_generichash_BYTES_MIN];
	uint64_t id;
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)purpose, sizeof(purpose) - 1,
	                   master, size);
	memcpy(&id, hash, sizeof(id));
	return id;
}

void irc_put_msgid(struct irc_line *line, uint64_t log, uint64_t seq) {
	put_base32(line, log, LOG_DIGITS);
	irc_put_text(line, "-");
	put_base32(line, seq, 1);
}

bool irc_read_msgid(struct slice text, uint64_t *log, uint64_t *seq) {
	return text.size > LOG_DIGITS + 1 && text.bytes[LOG_DIGITS] == '-' &&
	       read_base32(slice_first(text, LOG_DIGITS), log) &&
	       read_base32(slice_from(text, LOG_DIGITS + 1), seq);
}

/* ---- CHATHISTORY ---- */

static bool take_prefix(struct slice *text, const char *prefix) {
	struct slice wanted = slice_from_string(prefix);
	if (!slice_starts_with(*text, wanted)) {
		return false;
	}
	*text = slice_from(*text, wanted.size);
	return true;
}

struct irc_selector irc_read_selector(struct slice text) {
	struct irc_selector selector = {.kind = SELECTOR_NONE};
	if (slice_equal(text, slice_from_string("*"))) {
		selector.kind = SELECTOR_LATEST;
	} else if (take_prefix(&text, "timestamp=")) {
		selector.kind =
			irc_read_time(text, &selector.time_us) ? SELECTOR_TIME : SELECTOR_NONE;
	} else if (take_prefix(&text, "msgid=")) {
		selector.kind = irc_read_msgid(text, &selector.log, &selector.seq) ? SELECTOR_MSGID
		                                                                   : SELECTOR_NONE;
	}
	return selector;
}

/* A verb, whether it has a target, and how many selectors. */
static const struct verb {
	const char *word;
	enum irc_history_verb verb;
	bool has_target;
	unsigned selectors;
} verbs[] = {
	{"LATEST", HISTORY_LATEST, true, 1},   {"BEFORE", HISTORY_BEFORE, true, 1},
	{"AFTER", HISTORY_AFTER, true, 1},     {"AROUND", HISTORY_AROUND, true, 1},
	{"BETWEEN", HISTORY_BETWEEN, true, 2}, {"TARGETS", HISTORY_TARGETS, false, 2},
};

static bool read_limit(struct slice text, unsigned *limit) {
	*limit = 0;
	for (size_t i = 0; i < text.size; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9' || *limit > 1000000) {
			return false;
		}
		*limit = *limit * 10 + (unsigned)(text.bytes[i] - '0');
	}
	return *limit > 0;
}

/* Which selectors a verb takes: "*" is LATEST's alone, TARGETS knows only times. */
static bool is_selector_good(const struct verb *verb, const struct irc_selector *selector) {
	switch (selector->kind) {
	case SELECTOR_NONE: return false;
	case SELECTOR_LATEST: return verb->verb == HISTORY_LATEST;
	case SELECTOR_TIME: return true;
	case SELECTOR_MSGID: return verb->verb != HISTORY_TARGETS;
	}
	return false;
}

static void read_parameters(const struct irc_message *message, const struct verb *verb,
                            struct irc_history *history) {
	size_t at = 1;
	history->verb = verb->verb;
	if (message->count < 1 + (size_t)verb->has_target + verb->selectors + 1) {
		history->fault = HISTORY_NEED_MORE_PARAMS;
		return;
	}
	if (verb->has_target) {
		history->target = message->parameters[at++];
	}
	history->first = irc_read_selector(message->parameters[at++]);
	bool is_good = is_selector_good(verb, &history->first);
	if (verb->selectors == 2) {
		history->second = irc_read_selector(message->parameters[at++]);
		is_good = is_good && is_selector_good(verb, &history->second);
	}
	if (!read_limit(message->parameters[at], &history->limit) || !is_good) {
		history->fault = HISTORY_INVALID_PARAMS;
	}
}

struct irc_history irc_read_history(const struct irc_message *message) {
	struct irc_history history = {.verb = HISTORY_UNKNOWN};
	if (message->count == 0) {
		history.fault = HISTORY_NEED_MORE_PARAMS;
		return history;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (irc_equal(message->parameters[0], verbs[i].word)) {
			read_parameters(message, &verbs[i], &history);
			return history;
		}
	}
	history.fault = HISTORY_INVALID_PARAMS;
	return history;
}
