#include "robot_join_options.h"

#define NAME_DEFAULT "robot"

static bool take_join(struct robot_join_options *options, const char *text, char *trouble) {
	return join_host_parse(text, options->host, &options->port) ||
	       option_refuse(trouble, "--join wants HOST, HOST:PORT or [ADDRESS]:PORT, not '%.80s'",
	                     text);
}

static bool take_name(struct robot_join_options *options, const char *text, char *trouble) {
	options->name = text;
	return join_name_check(text, trouble);
}

static bool take_room(struct robot_join_options *options, const char *text, char *trouble) {
	options->room = text;
	return join_room_check(text, trouble);
}

static bool take_exec(struct robot_join_options *options, const char *text, char *trouble) {
	options->command = text;
	return text[0] != '\0' || option_refuse(trouble, "--exec wants a command");
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
	struct option_name option;
	bool (*take)(struct robot_join_options *options, const char *text, char *trouble);
} rows[] = {
	{{"--join", OPTION_VALUE_OR_NOT}, take_join},
	{{"--name", OPTION_VALUE}, take_name},
	{{"--room", OPTION_VALUE}, take_room},
	{{"--exec", OPTION_VALUE}, take_exec},
	{{"--new", OPTION_ALONE}, take_new},
	{{"--help", OPTION_ALONE}, take_help},
	{{"-h", OPTION_ALONE}, take_help},
};

bool robot_join_options_parse(struct robot_join_options *options, int argc, char *const *argv,
                              char trouble[static OPTION_TROUBLE_BYTES]) {
	struct option_words words = {
		.argv = argv, .argc = argc, .at = 1, .see = " with --join; see qun robot --help"};
	*options = (struct robot_join_options){.name = NAME_DEFAULT};
	join_host_parse("", options->host, &options->port);
	while (words.at < argc) {
		const char *value;
		const struct row *row = option_next(&words, rows, sizeof rows / sizeof rows[0],
		                                    sizeof rows[0], &value, trouble);
		if (row == NULL || !row->take(options, value, trouble)) {
			return false;
		}
	}
	return true;
}
