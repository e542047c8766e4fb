#include "join_options.h"

#include <string.h>

#include "limits.h"
#include "option_words.h"
#include "slice.h"

#define HOST_DEFAULT "127.0.0.1"
#define PORT_DEFAULT "8888"

static bool is_port(const char *text) {
	unsigned long number = 0;
	for (const char *digit = text; *digit != '\0'; digit++) {
		if (*digit < '0' || *digit > '9' || digit - text >= 5) {
			return false;
		}
		number = number * 10 + (unsigned long)(*digit - '0');
	}
	return number >= 1 && number <= 65535;
}

bool join_name_check(const char *text, char trouble[static OPTION_TROUBLE_BYTES]) {
	_Static_assert(NAME_BYTES_MAX == 96 && NAME_CODE_POINTS_MAX == 32, "as it is written");
	if (text[0] == '\0') {
		return option_refuse(trouble, "--name wants a name");
	}
	return strlen(text) <= NAME_BYTES_MAX ||
	       option_refuse(trouble,
	                     "--name wants a shorter name: at most 32 characters, 96 bytes; "
	                     "this one has %zu bytes",
	                     strlen(text));
}

bool join_room_check(const char *text, char trouble[static OPTION_TROUBLE_BYTES]) {
	return text[0] == '#' ||
	       option_refuse(trouble, "--room wants a room, such as '#homework', not '%.64s'",
	                     text);
}

bool join_host_parse(const char *text, char host[static JOIN_HOST_BYTES], const char **port) {
	struct slice name = slice_from_string(text);
	const char *colon = strrchr(text, ':');
	*port = PORT_DEFAULT;
	if (text[0] == '[') {
		const char *end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':')) {
			return false;
		}
		name = slice_of(text + 1, (size_t)(end - text) - 1);
		*port = end[1] == ':' ? end + 2 : *port;
	} else if (colon != NULL && strchr(text, ':') == colon) {
		name = slice_of(text, (size_t)(colon - text));
		*port = colon + 1;
	}
	if (name.size == 0) {
		name = slice_from_string(HOST_DEFAULT);
	}
	if (name.size >= JOIN_HOST_BYTES || !is_port(*port)) {
		return false;
	}
	memcpy(host, name.bytes, name.size);
	host[name.size] = '\0';
	return true;
}

static bool take_name(struct join_options *options, const char *text, char *trouble) {
	options->name = text;
	return join_name_check(text, trouble);
}

static bool take_room(struct join_options *options, const char *text, char *trouble) {
	options->room = text;
	return join_room_check(text, trouble);
}

static bool take_lines(struct join_options *options, const char *text, char *trouble) {
	options->is_lines = true;
	return true;
}

static bool take_new(struct join_options *options, const char *text, char *trouble) {
	options->is_new = true;
	return true;
}

static bool take_help(struct join_options *options, const char *text, char *trouble) {
	options->is_help = true;
	return true;
}

static const struct row {
	struct option_name option;
	bool (*take)(struct join_options *options, const char *text, char *trouble);
} rows[] = {
	{{"--name", OPTION_VALUE}, take_name},   {{"--room", OPTION_VALUE}, take_room},
	{{"--lines", OPTION_ALONE}, take_lines}, {{"--new", OPTION_ALONE}, take_new},
	{{"--help", OPTION_ALONE}, take_help},   {{"-h", OPTION_ALONE}, take_help},
};

bool join_options_parse(struct join_options *options, int argc, char *const *argv,
                        char host[static JOIN_HOST_BYTES],
                        char trouble[static OPTION_TROUBLE_BYTES]) {
	struct option_words words = {
		.argv = argv, .argc = argc, .at = 1, .see = "; see qun join --help"};
	const char *where = NULL;
	*options = (struct join_options){0};
	while (words.at < argc) {
		const char *word = argv[words.at], *value;
		if (word[0] != '-' && where != NULL) {
			return option_refuse(trouble, "one host is enough: '%.64s' or '%.64s'?",
			                     where, word);
		}
		if (word[0] != '-') {
			where = word;
			words.at++;
			continue;
		}
		const struct row *row = option_next(&words, rows, sizeof rows / sizeof rows[0],
		                                    sizeof rows[0], &value, trouble);
		if (row == NULL || !row->take(options, value, trouble)) {
			return false;
		}
	}
	options->host = host;
	if (!join_host_parse(where == NULL ? "" : where, host, &options->port)) {
		return option_refuse(trouble,
		                     "a host is HOST, HOST:PORT or [ADDRESS]:PORT, not '%.80s'",
		                     where == NULL ? "" : where);
	}
	return true;
}

static const char in_english[] =
	"Usage: qun join [HOST[:PORT]] [OPTION]...\n"
	"Join a chat room (default 127.0.0.1:8888). Nothing that is said gets lost, whatever\n"
	"the network does; it is not encrypted.\n"
	"\n"
	"  --name NAME   the name to enter with; without it the one from last time,\n"
	"                or you are asked for one\n"
	"  --room ROOM   enter this room as well, such as '#homework'\n"
	"  --lines       plain lines in, plain lines out, as with TERM=dumb, or when\n"
	"                standard input or output is not a terminal; at the end of input it\n"
	"                leaves when everything has arrived\n"
	"  --new         begin anew: forget who you were there, and the key of that server\n"
	"  --help        this text\n"
	"\n"
	"In the room: /join ROOM, /leave, /rooms, /who, /msg NAME TEXT, /name NAME, /quit.\n"
	"More: man qun-join\n";

static const char in_chinese[] =
	"用法: qun join [主机[:端口]] [选项]...\n"
	"加入聊天室 (默认 127.0.0.1:8888)。网络再差，说过的话也不会丢；没有加密。\n"
	"\n"
	"  --name 名字   进入时用的名字；不写就用上次的，没有上次就会问\n"
	"  --room 房间   同时进入这个房间，例如 '#作业'\n"
	"  --lines       一行一行地输入和输出；TERM=dumb，或者标准输入、输出不是终端时\n"
	"                也是这样；输入结束后，等全部送到就离开\n"
	"  --new         从头开始: 忘掉上次在那里的身份和那台服务器的密钥\n"
	"  --help        显示本帮助\n"
	"\n"
	"在聊天室里: /join 房间、/leave、/rooms、/who、/msg 名字 话、/name 名字、/quit。\n"
	"详见 man qun-join\n";

const char *join_help(enum language language) {
	return language == LANGUAGE_ZH ? in_chinese : in_english;
}
