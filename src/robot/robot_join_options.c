#include "robot_join_options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "slice.h"

#define NAME_DEFAULT "robot"

__attribute__((format(printf, 2, 3))) static bool refuse(char *trouble, const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(trouble, JOIN_TROUBLE_BYTES, format, arguments);
	va_end(arguments);
	return false;
}

static bool take_join(struct robot_join_options *options, const char *text, char *trouble) {
	return join_host_parse(text, options->host, &options->port) ||
	       refuse(trouble, "--join wants HOST, HOST:PORT or [ADDRESS]:PORT, not '%.80s'", text);
}

static bool take_name(struct robot_join_options *options, const char *text, char *trouble) {
	options->name = text;
	if (text[0] == '\0') {
		return refuse(trouble, "--name wants a name");
	}
	return join_name_check(text, trouble);
}

static bool take_room(struct robot_join_options *options, const char *text, char *trouble) {
	options->room = text;
	return text[0] == '#' ||
	       refuse(trouble, "--room wants a room, such as '#homework', not '%.64s'", text);
}

static bool take_exec(struct robot_join_options *options, const char *text, char *trouble) {
	options->command = text;
	return text[0] != '\0' || refuse(trouble, "--exec wants a command");
}

static bool take_new(struct robot_join_options *options, const char *text, char *trouble) {
	options->is_new = true;
	return true;
}

static bool take_help(struct robot_join_options *options, const char *text, char *trouble) {
	options->is_help = true;
	return true;
}

static const struct row {
	const char *name;
	enum { NO_VALUE, VALUE, VALUE_OR_NOT } value;
	bool (*take)(struct robot_join_options *options, const char *text, char *trouble);
} rows[] = {
	{"--join", VALUE_OR_NOT, take_join}, {"--name", VALUE, take_name},
	{"--room", VALUE, take_room},        {"--exec", VALUE, take_exec},
	{"--new", NO_VALUE, take_new},       {"--help", NO_VALUE, take_help},
	{"-h", NO_VALUE, take_help},
};

/* The row of "--name" or "--name=VALUE"; *value is what follows the sign, or NULL. */
static const struct row *row_of(const char *word, const char **value) {
	size_t size = strcspn(word, "=");
	*value = word[size] == '=' ? word + size + 1 : NULL;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (slice_equal(slice_of(word, size), slice_from_string(rows[i].name))) {
			return &rows[i];
		}
	}
	return NULL;
}

bool robot_join_options_parse(struct robot_join_options *options, int argc, char *const *argv,
                              char trouble[static JOIN_TROUBLE_BYTES]) {
	*options = (struct robot_join_options){.name = NAME_DEFAULT};
	join_host_parse("", options->host, &options->port);
	for (int i = 1; i < argc; i++) {
		const char *value;
		const struct row *row = row_of(argv[i], &value);
		if (row == NULL) {
			return refuse(
				trouble,
				"there is no option '%.64s' with --join; see qun robot --help",
				argv[i]);
		}
		if (row->value == NO_VALUE && value != NULL) {
			return refuse(trouble, "%s takes no value", row->name);
		}
		bool is_next = i + 1 < argc && (row->value == VALUE || argv[i + 1][0] != '-');
		if (row->value != NO_VALUE && value == NULL && is_next) {
			value = argv[++i];
		}
		if (row->value == VALUE && value == NULL) {
			return refuse(trouble, "%s wants a value", row->name);
		}
		if (!row->take(options, value == NULL ? "" : value, trouble)) {
			return false;
		}
	}
	return true;
}
