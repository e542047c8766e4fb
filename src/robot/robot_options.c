#include "robot_options.h"

#define CLIENTS_DEFAULT 1000
#define IDLE_SECONDS_MAX 1000000000u

/* Digits at the beginning of *text, which is moved behind them; false without any, or beyond max. */
static bool read_digits(const char **text, uint64_t max, uint64_t *number) {
	const char *first = *text;
	for (*number = 0; **text >= '0' && **text <= '9'; (*text)++) {
		*number = *number * 10 + (uint64_t)(**text - '0');
		if (*number > max) {
			return false;
		}
	}
	return *text > first;
}

static bool take_model(struct robot_options *options, const char *text, char *trouble) {
	options->model = text;
	return true;
}

static bool take_listen(struct robot_options *options, const char *text, char *trouble) {
	struct listener *listener = &options->listener;
	if (!address_parse(slice_from_string(text), &listener->address, &listener->is_any)) {
		return option_refuse(trouble,
		                     "--listen wants ADDR:PORT, [ADDR]:PORT or :PORT, not '%.80s'",
		                     text);
	}
	listener->is_v4_only = !listener->is_any && address_is_v4(&listener->address);
	return true;
}

static bool take_max(struct robot_options *options, const char *text, char *trouble) {
	const char *rest = text;
	uint64_t number;
	if (!read_digits(&rest, ROBOT_CLIENTS_MAX, &number) || *rest != '\0' || number == 0) {
		return option_refuse(trouble, "--max wants a number from 1 to %d, not '%.64s'",
		                     ROBOT_CLIENTS_MAX, text);
	}
	options->clients_max = (uint32_t)number;
	return true;
}

/* "10", "0.25": a point whatever the locale says. */
static bool read_seconds(const char *text, uint64_t *us) {
	uint64_t whole;
	if (!read_digits(&text, IDLE_SECONDS_MAX, &whole)) {
		return false;
	}
	*us = whole * 1000000;
	if (*text != '.') {
		return *text == '\0';
	}
	uint64_t unit_us = 100000;
	for (text++; *text >= '0' && *text <= '9' && unit_us > 0; text++, unit_us /= 10) {
		*us += (uint64_t)(*text - '0') * unit_us;
	}
	return *text == '\0';
}

static bool take_idle(struct robot_options *options, const char *text, char *trouble) {
	if (!read_seconds(text, &options->idle_us)) {
		return option_refuse(trouble, "--idle wants seconds (0: no limit), not '%.64s'",
		                     text);
	}
	return true;
}

static bool take_help(struct robot_options *options, const char *text, char *trouble) {
	options->is_help = true;
	return true;
}

static const struct row {
	struct option_name option;
	bool (*take)(struct robot_options *options, const char *text, char *trouble);
} rows[] = {
	{{"--model", OPTION_VALUE}, take_model}, {{"--listen", OPTION_VALUE}, take_listen},
	{{"--max", OPTION_VALUE}, take_max},     {{"--idle", OPTION_VALUE}, take_idle},
	{{"--help", OPTION_ALONE}, take_help},   {{"-h", OPTION_ALONE}, take_help},
};

bool robot_options_parse(struct robot_options *options, int argc, char *const *argv,
                         char trouble[static OPTION_TROUBLE_BYTES]) {
	struct option_words words = {
		.argv = argv, .argc = argc, .at = 1, .see = "; see qun robot --help"};
	*options = (struct robot_options){.model = "select", .clients_max = CLIENTS_DEFAULT};
	take_listen(options, "127.0.0.1:9999", trouble);
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

static const char in_english[] =
	"Usage: qun robot [OPTION]...\n"
	"Answer every line of text with ====text====, and show how many are online.\n"
	"Talk to it with `nc 127.0.0.1 9999`.\n"
	"\n"
	"  --model select|process|thread|epoll\n"
	"                       how it serves many at once: one process that looks who has\n"
	"                       said something (select, epoll), a process for each, or a\n"
	"                       thread for each (default select)\n"
	"  --listen ADDR:PORT   where to listen, on TCP: ADDR:PORT, [ADDR]:PORT, or :PORT for\n"
	"                       all addresses; port 0 takes a free one\n"
	"                       (default 127.0.0.1:9999)\n"
	"  --max N              clients at once, more are told that it is full\n"
	"                       (default 1000)\n"
	"  --idle SECONDS       silence that ends a connection (default 0: no limit)\n"
	"  --help               this text\n"
	"\n"
	"SIGUSR1 shows who is online; stop it with Ctrl-C or SIGTERM.\n"
	"\n"
	"       qun robot --join [HOST[:PORT]] [--room ROOM] [--name NAME] [--exec COMMAND]\n"
	"As a member of a chat room (default 127.0.0.1:8888), answer `@NAME text`.\n"
	"\n"
	"  --room ROOM          enter this room as well, such as '#homework'\n"
	"  --name NAME          its name (default robot)\n"
	"  --exec COMMAND       answer with what COMMAND says: a line in, a line out\n"
	"  --new                forget who it was there, and the key of that server\n"
	"\n"
	"More: man qun-robot\n";

static const char in_chinese[] =
	"用法: qun robot [选项]...\n"
	"每收到一行 text，就回答 ====text====，并显示在线人数。\n"
	"用 `nc 127.0.0.1 9999` 和它说话。\n"
	"\n"
	"  --model select|process|thread|epoll\n"
	"                       怎样同时服务很多人: 一个进程看谁说了话 (select、epoll)，\n"
	"                       每人一个进程，或每人一个线程 (默认 select)\n"
	"  --listen 地址:端口   TCP 监听处: 地址:端口、[地址]:端口，或 :端口 表示所有地址；\n"
	"                       端口 0 表示任取一个空闲的 (默认 127.0.0.1:9999)\n"
	"  --max N              最多同时多少人，再来的会被告知已满 (默认 1000)\n"
	"  --idle 秒数          沉默多久就断开 (默认 0: 不限)\n"
	"  --help               显示本帮助\n"
	"\n"
	"SIGUSR1 显示谁在线；用 Ctrl-C 或 SIGTERM 停止。\n"
	"\n"
	"      qun robot --join [主机[:端口]] [--room 房间] [--name 名字] [--exec 命令]\n"
	"作为聊天室的一员 (默认 127.0.0.1:8888)，回答 `@名字 text`。\n"
	"\n"
	"  --room 房间          同时进入这个房间，例如 '#作业'\n"
	"  --name 名字          它的名字 (默认 robot)\n"
	"  --exec 命令          用命令说的话来回答: 进一行，出一行\n"
	"  --new                忘掉上次在那里的身份和那台服务器的密钥\n"
	"\n"
	"详见 man qun-robot\n";

const char *robot_help(enum language language) {
	return language == LANGUAGE_ZH ? in_chinese : in_english;
}
