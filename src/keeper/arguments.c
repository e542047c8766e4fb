/*
 * arguments.c - an option is a row: its name, whether a value follows, and who
 * takes it (option_words.h).
 */
#include "arguments.h"

#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "slice.h"

#define PORT_DEFAULT 8888
#define EDGES_DEFAULT_MAX 4
#define KEEP_DAYS_MAX 36500
#define RATE_MAX 1e6
#define BURST_MAX 1000000
#define BURST_PER_RATE 10 /* when --rate gives none */
#define SECONDS_MAX 1e9

struct reading {
	struct options *options;
	const char *name; /* of the option that is being read */
	char *trouble;
	bool has_listener;
	bool has_plain_nets;
	bool is_help;
	bool is_check;
};

/* ---- Numbers ---- */

/* The first place of a byte, or text.size. */
static size_t find(struct slice text, char byte) {
	size_t i = 0;
	while (i < text.size && text.bytes[i] != byte) {
		i++;
	}
	return i;
}

static bool read_digits(struct slice text, uint64_t *value) {
	if (text.size == 0 || text.size > 12) {
		return false;
	}
	*value = 0;
	for (size_t i = 0; i < text.size; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9') {
			return false;
		}
		*value = *value * 10 + (uint64_t)(text.bytes[i] - '0');
	}
	return true;
}

static bool read_count(struct slice text, uint64_t min, uint64_t max, uint64_t *value) {
	return read_digits(text, value) && *value >= min && *value <= max;
}

/* "20", "0.5": a point whatever the locale says, no sign, no exponent. */
static bool read_decimal(struct slice text, double max, double *value) {
	size_t point = find(text, '.');
	uint64_t whole;
	if (!read_digits(slice_first(text, point), &whole)) {
		return false;
	}
	*value = (double)whole;
	if (point < text.size) {
		struct slice digits = slice_from(text, point + 1);
		uint64_t fraction;
		if (!read_digits(digits, &fraction)) {
			return false;
		}
		double scale = 1;
		for (size_t i = 0; i < digits.size; i++) {
			scale *= 10;
		}
		*value += (double)fraction / scale;
	}
	return *value <= max;
}

static bool take_count(struct reading *reading, const char *text, uint64_t min, uint64_t max,
                       uint64_t *value) {
	if (read_count(slice_from_string(text), min, max, value)) {
		return true;
	}
	return option_refuse(reading->trouble, "%s wants a number from %llu to %llu, not '%.64s'",
	                     reading->name, (unsigned long long)min, (unsigned long long)max, text);
}

/* ---- Options ---- */

static bool take_listen(struct reading *reading, const char *text) {
	struct options *options = reading->options;
	if (!reading->has_listener) {
		reading->has_listener = true;
		options->listeners_count = 0;
	}
	if (options->listeners_count == LISTENERS_MAX) {
		return option_refuse(reading->trouble, "--listen is given more than %d times",
		                     LISTENERS_MAX);
	}
	struct listener listener = {0};
	if (!address_parse(slice_from_string(text), &listener.address, &listener.is_any)) {
		return option_refuse(reading->trouble,
		                     "--listen wants ADDR:PORT, [ADDR]:PORT or :PORT, not '%.80s'",
		                     text);
	}
	listener.is_v4_only = !listener.is_any && address_is_v4(&listener.address);
	options->listeners[options->listeners_count++] = listener;
	return true;
}

static bool take_data(struct reading *reading, const char *text) {
	struct options *options = reading->options;
	size_t size = strlen(text);
	if (size == 0 || size >= sizeof options->data) {
		return option_refuse(reading->trouble, "--data wants the path of a folder");
	}
	memcpy(options->data, text, size + 1);
	return true;
}

static bool take_config(struct reading *reading, const char *text) {
	struct options *options = reading->options;
	size_t size = strlen(text);
	if (size == 0 || size >= sizeof options->config) {
		return option_refuse(reading->trouble, "%s wants the path of a file",
		                     reading->name);
	}
	memcpy(options->config, text, size + 1);
	return true;
}

static bool take_check(struct reading *reading, const char *text) {
	reading->is_check = true;
	return take_config(reading, text);
}

static bool take_edges(struct reading *reading, const char *text) {
	uint64_t value;
	if (!take_count(reading, text, 1, EDGES_MAX, &value)) {
		return false;
	}
	reading->options->edges = (uint16_t)value;
	return true;
}

static bool take_console(struct reading *reading, const char *text) {
	reading->options->has_keyboard = true;
	return true;
}

static bool take_fsync(struct reading *reading, const char *text) {
	reading->options->is_fsync = true;
	return true;
}

static bool take_language(struct reading *reading, const char *text) {
	if (strcmp(text, "zh") == 0) {
		reading->options->language = LANGUAGE_ZH;
		return true;
	}
	if (strcmp(text, "en") == 0) {
		reading->options->language = LANGUAGE_EN;
		return true;
	}
	return option_refuse(reading->trouble, "--language is zh or en, not '%.64s'", text);
}

static bool take_keep(struct reading *reading, const char *text) {
	uint64_t value;
	if (!take_count(reading, text, 0, KEEP_DAYS_MAX, &value)) {
		return false;
	}
	reading->options->keep_days = (uint32_t)value;
	return true;
}

static bool take_ring(struct reading *reading, const char *text) {
	uint64_t value;
	if (!take_count(reading, text, RING_MEGABYTES_MIN, RING_MEGABYTES_MAX, &value)) {
		return false;
	}
	reading->options->ring_megabytes = (uint32_t)value;
	return true;
}

static bool take_rate(struct reading *reading, const char *text) {
	struct slice all = slice_from_string(text);
	size_t colon = find(all, ':');
	double rate;
	uint64_t burst;
	bool is_good = read_decimal(slice_first(all, colon), RATE_MAX, &rate) && rate > 0;
	if (is_good && colon < all.size) {
		is_good = read_count(slice_from(all, colon + 1), 1, BURST_MAX, &burst);
	} else if (is_good) {
		double many = rate * BURST_PER_RATE;
		burst = many < 1 ? 1 : many > BURST_MAX ? BURST_MAX : (uint64_t)many;
	}
	if (!is_good) {
		return option_refuse(reading->trouble,
		                     "--rate wants MSG/S or MSG/S:BURST, as 20:200, not '%.64s'",
		                     text);
	}
	reading->options->rate_per_s = rate;
	reading->options->rate_burst = (uint32_t)burst;
	return true;
}

static bool take_idle(struct reading *reading, const char *text) {
	if (!read_decimal(slice_from_string(text), SECONDS_MAX, &reading->options->idle_s)) {
		return option_refuse(reading->trouble,
		                     "--idle wants seconds (0: never), not '%.64s'", text);
	}
	return true;
}

static bool take_silence(struct reading *reading, const char *text) {
	double seconds;
	if (!read_decimal(slice_from_string(text), SECONDS_MAX, &seconds) || seconds <= 0) {
		return option_refuse(reading->trouble,
		                     "--silence wants seconds, more than 0, not '%.64s'", text);
	}
	reading->options->silence_s = seconds;
	return true;
}

static bool take_stall(struct reading *reading, const char *text) {
	double seconds;
	if (!read_decimal(slice_from_string(text), SECONDS_MAX, &seconds) || seconds <= 0) {
		return option_refuse(reading->trouble,
		                     "--stall wants seconds, more than 0, not '%.64s'", text);
	}
	reading->options->stall_s = seconds;
	return true;
}

static bool take_away(struct reading *reading, const char *text) {
	if (!read_decimal(slice_from_string(text), SECONDS_MAX, &reading->options->away_s)) {
		return option_refuse(reading->trouble, "--away wants seconds, not '%.64s'", text);
	}
	return true;
}

static bool take_forget(struct reading *reading, const char *text) {
	if (!read_decimal(slice_from_string(text), SECONDS_MAX, &reading->options->forget_s)) {
		return option_refuse(reading->trouble, "--forget wants seconds, not '%.64s'", text);
	}
	return true;
}

static bool add_plain_net(struct reading *reading, struct slice text) {
	struct options *options = reading->options;
	if (options->plain_nets_count == PLAIN_NETS_MAX) {
		return option_refuse(reading->trouble, "--plain-from takes at most %d networks",
		                     PLAIN_NETS_MAX);
	}
	if (!net_parse(text, &options->plain_nets[options->plain_nets_count])) {
		return option_refuse(reading->trouble,
		                     "--plain-from wants networks as 10.0.0.0/8, not '%.*s'",
		                     (int)(text.size < 64 ? text.size : 64), text.bytes);
	}
	options->plain_nets_count++;
	return true;
}

static bool take_plain_from(struct reading *reading, const char *text) {
	struct options *options = reading->options;
	if (!reading->has_plain_nets) {
		reading->has_plain_nets = true;
		options->plain_nets_count = 0;
	}
	if (strcmp(text, "any") == 0) {
		options->plain_from_any = true;
		return true;
	}
	struct slice rest = slice_from_string(text);
	while (true) {
		size_t comma = find(rest, ',');
		if (!add_plain_net(reading, slice_first(rest, comma))) {
			return false;
		}
		if (comma == rest.size) {
			return true;
		}
		rest = slice_from(rest, comma + 1);
	}
}

static bool take_help(struct reading *reading, const char *text) {
	reading->is_help = true;
	return true;
}

static const struct row {
	struct option_name option;
	bool (*take)(struct reading *reading, const char *text);
} rows[] = {
	{{"--listen", OPTION_VALUE}, take_listen},
	{{"--data", OPTION_VALUE}, take_data},
	{{"--config", OPTION_VALUE}, take_config},
	{{"--check-config", OPTION_VALUE}, take_check},
	{{"--edges", OPTION_VALUE}, take_edges},
	{{"--console", OPTION_ALONE}, take_console},
	{{"--fsync", OPTION_ALONE}, take_fsync},
	{{"--language", OPTION_VALUE}, take_language},
	{{"--keep", OPTION_VALUE}, take_keep},
	{{"--ring", OPTION_VALUE}, take_ring},
	{{"--rate", OPTION_VALUE}, take_rate},
	{{"--idle", OPTION_VALUE}, take_idle},
	{{"--silence", OPTION_VALUE}, take_silence},
	{{"--stall", OPTION_VALUE}, take_stall},
	{{"--away", OPTION_VALUE}, take_away},
	{{"--forget", OPTION_VALUE}, take_forget},
	{{"--plain-from", OPTION_VALUE}, take_plain_from},
	{{"--help", OPTION_ALONE}, take_help},
	{{"-h", OPTION_ALONE}, take_help},
};

/* ---- All of them ---- */

static uint16_t cpus(void) {
	cpu_set_t allowed;
	int count = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
	if (count < 1) {
		return 1;
	}
	return (uint16_t)(count < EDGES_DEFAULT_MAX ? count : EDGES_DEFAULT_MAX);
}

void arguments_defaults(struct options *options) {
	*options = (struct options){
		.size = sizeof *options,
		.edges = cpus(),
		.listeners_count = 1,
		.listeners[0] = {.address.port = PORT_DEFAULT, .is_any = true},
		.language = LANGUAGE_ZH,
		.ring_megabytes = RING_MEGABYTES_DEFAULT,
		.rate_per_s = 20,
		.rate_burst = 200,
		.idle_s = 86400,
		.silence_s = 45,
		.stall_s = 300,
		.away_s = 600,
		.forget_s = 30 * 86400,
	};
	for (size_t i = 0; i < ADDRESS_PRIVATE_NETS; i++) {
		struct net *net = &options->plain_nets[options->plain_nets_count++];
		bool is_read = net_parse(slice_from_string(address_private_nets[i]), net);
		assert(is_read);
		(void)is_read;
	}
}

enum arguments_result arguments_parse(struct options *options, int count, char *const *argv,
                                      char trouble[OPTION_TROUBLE_BYTES]) {
	struct option_words words = {.argv = argv, .argc = count, .see = "; see qun serve --help"};
	struct reading reading = {.options = options, .trouble = trouble};
	trouble[0] = '\0';
	while (words.at < count) {
		const char *value;
		const struct row *row = option_next(&words, rows, sizeof rows / sizeof rows[0],
		                                    sizeof rows[0], &value, trouble);
		reading.name = row == NULL ? NULL : row->option.name;
		if (row == NULL || !row->take(&reading, value)) {
			return ARGUMENTS_BAD;
		}
	}
	return reading.is_help ? ARGUMENTS_HELP : reading.is_check ? ARGUMENTS_CHECK : ARGUMENTS_OK;
}
