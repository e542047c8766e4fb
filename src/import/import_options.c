#include "import_options.h"

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "name.h"

static const struct import_form forms[] = {
	{.word = "znc", .place = znc_place, .line = znc_line},
	{.word = "weechat", .place = weechat_place, .line = weechat_line},
	{.word = "ergo",
         .place = ergo_place,
         .line = ergo_line,
         .has_scratch = true,
         .has_windows = true,
         .is_registry = ergo_is_registry},
};

struct parsing {
	struct import_options *options;
	const struct import_form *form;
	const char *room;
	char *trouble;
};

static bool take_data(struct parsing *parsing, const char *value) {
	return data_path_absolute(value, parsing->options->data) ||
	       option_refuse(parsing->trouble, "'%.100s' is no folder's path", value);
}

static bool take_from(struct parsing *parsing, const char *value) {
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(forms[i].word, value) == 0) {
			parsing->form = &forms[i];
			return true;
		}
	}
	return option_refuse(parsing->trouble, "--from wants znc, weechat or ergo, not '%.64s'",
	                     value);
}

static bool take_room(struct parsing *parsing, const char *value) {
	parsing->room = value;
	return room_name_check(slice_from_string(value)) == NAME_OK ||
	       option_refuse(parsing->trouble,
	                     "--room wants a room's name, such as '#homework', not '%.64s'", value);
}

/* "+08:00", as TZ has it: there what is east is less. */
static bool is_offset(const char *value) {
	static const char shape[] = "+00:00";
	for (size_t i = 0; i < sizeof(shape); i++) {
		bool fits = shape[i] == '0'   ? value[i] >= '0' && value[i] <= '9'
		            : shape[i] == '+' ? value[i] == '+' || value[i] == '-'
		                              : value[i] == shape[i];
		if (!fits) {
			return false;
		}
	}
	return true;
}

/* A zone that nobody knows would be taken for UTC without a word. */
static bool is_known_zone(const char *value) {
	char path[128];
	int size = snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", value);
	return strcmp(value, "UTC") == 0 ||
	       (size < (int)sizeof(path) && value[0] != '/' && value[0] != '\0' &&
	        strstr(value, "..") == NULL && access(path, R_OK) == 0);
}

static bool take_timezone(struct parsing *parsing, const char *value) {
	char *zone = parsing->options->timezone;
	size_t room = sizeof(parsing->options->timezone);
	if (is_offset(value)) {
		snprintf(zone, room, "UTC%c%s", value[0] == '+' ? '-' : '+', value + 1);
		return true;
	}
	if (!is_known_zone(value)) {
		return option_refuse(parsing->trouble,
		                     "--timezone wants a name such as Asia/Shanghai (of "
		                     "/usr/share/zoneinfo), UTC, or +08:00, not '%.64s'",
		                     value);
	}
	return snprintf(zone, room, "%s", value) < (int)room;
}

static bool take_charset(struct parsing *parsing, const char *value) {
	iconv_t converter = iconv_open("UTF-8", value);
	if (converter == (iconv_t)-1) {
		return option_refuse(parsing->trouble,
		                     "--charset wants a character set that `iconv -l` lists, such "
		                     "as GB18030 or ISO-8859-1, not '%.64s'",
		                     value);
	}
	iconv_close(converter);
	parsing->options->charset = value;
	return true;
}

static bool take_dry_run(struct parsing *parsing, const char *value) {
	return parsing->options->is_dry_run = true;
}

static bool take_help(struct parsing *parsing, const char *value) {
	return parsing->options->is_help = true;
}

static const struct import_option {
	struct option_name name;
	bool (*take)(struct parsing *parsing, const char *value);
} rows[] = {
	{{"--data", OPTION_VALUE}, take_data},       {{"--from", OPTION_VALUE}, take_from},
	{{"--room", OPTION_VALUE}, take_room},       {{"--timezone", OPTION_VALUE}, take_timezone},
	{{"--charset", OPTION_VALUE}, take_charset}, {{"--dry-run", OPTION_ALONE}, take_dry_run},
	{{"--help", OPTION_ALONE}, take_help},
};

static bool take_path(struct parsing *parsing, const char *path) {
	struct import_options *options = parsing->options;
	if (parsing->form == NULL) {
		return option_refuse(
			parsing->trouble,
			"--from says what '%.100s' is, before it: znc, weechat or ergo", path);
	}
	options->words[options->words_count++] =
		(struct import_word){path, parsing->form, parsing->room};
	return true;
}

static bool check(struct import_options *options, char *trouble) {
	if (options->is_help) {
		return true;
	}
	if (options->words_count == 0) {
		return option_refuse(trouble, "there is no FILE or FOLDER to import");
	}
	return options->data[0] != '\0' || data_path_default(options->data) ||
	       option_refuse(trouble, "there is no place for the data; say one with --data");
}

bool import_options_parse(struct import_options *options, int argc, char *const *argv,
                          char trouble[static OPTION_TROUBLE_BYTES]) {
	struct option_words words = {.argv = argv, .argc = argc, .see = ""};
	struct parsing parsing = {.options = options, .trouble = trouble};
	*options = (struct import_options){0};
	options->words = calloc((size_t)argc + 1, sizeof(*options->words));
	if (options->words == NULL) {
		return option_refuse(trouble, "no memory is left");
	}
	while (words.at < argc) {
		const char *value;
		if (argv[words.at][0] != '-') {
			if (!take_path(&parsing, argv[words.at++])) {
				return false;
			}
			continue;
		}
		const struct import_option *row =
			option_next(&words, rows, sizeof(rows) / sizeof(rows[0]), sizeof(rows[0]),
		                    &value, trouble);
		if (row == NULL || !row->take(&parsing, value)) {
			return false;
		}
	}
	return check(options, trouble);
}
