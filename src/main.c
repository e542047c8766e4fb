/*
 * main.c - the table of contents: what people type behind `qun`, and the
 * processes of the house, which the keeper starts under their own names
 * (argv[0] is then "qun: hub" and so on).
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "clerk.h"
#include "console.h"
#include "diag.h"
#include "edge.h"
#include "history.h"
#include "house.h"
#include "hub.h"
#include "import_main.h"
#include "join.h"
#include "keeper.h"
#include "robot.h"
#include "scribe.h"
#include "serve.h"
#include "tongue.h"

static int help_main(int argc, char **argv);
static int version_main(int argc, char **argv);

static const struct command {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *in_english;
	const char *in_chinese;
} commands[] = {
	{"serve", serve_main, "run a chat room", "开一间聊天室"},
	{"join", join_main, "join a chat room", "加入聊天室"},
	{"history", history_main, "show what was said", "查看聊天记录"},
	{"import", import_main, "bring in the history of others", "导入别处的聊天记录"},
	{"admin", admin_main, "administer a running server", "管理正在运行的服务器"},
	{"robot", robot_main, "answer every line, in four forms", "自动应答机器人，四种写法"},
	{"help", help_main, "show this text", "显示本帮助"},
	{"version", version_main, "show the version", "显示版本"},
};

static const struct role {
	unsigned first, last; /* process indices */
	int (*main)(const char *argv0);
} roles[] = {
	{PROCESS_KEEPER, PROCESS_KEEPER, keeper_main},
	{PROCESS_HUB, PROCESS_HUB, hub_main},
	{PROCESS_SCRIBE, PROCESS_SCRIBE, scribe_main},
	{PROCESS_CLERK, PROCESS_CLERK, clerk_main},
	{PROCESS_CONSOLE, PROCESS_CONSOLE, console_main},
	{PROCESS_EDGE_0, PROCESSES_MAX - 1, edge_main},
};

static void print_commands(FILE *out) {
	enum language language = tongue();
	fputs(language == LANGUAGE_ZH ? "用法: qun 命令 [选项]...\n\n"
	                              : "Usage: qun COMMAND [OPTION]...\n\n",
	      out);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		const struct command *command = &commands[i];
		fprintf(out, "  %-8s  %s\n", command->name,
		        language == LANGUAGE_ZH ? command->in_chinese : command->in_english);
	}
	fputs(language == LANGUAGE_ZH ? "\n各命令的选项: qun 命令 --help\n"
	                              : "\nOptions of a command: qun COMMAND --help\n",
	      out);
}

static int help_main(int argc, char **argv) {
	print_commands(stdout);
	return EXIT_DONE;
}

static int version_main(int argc, char **argv) {
	puts("qun " QUN_VERSION);
	return EXIT_DONE;
}

static const struct command *find_command(const char *word) {
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		word = "help";
	} else if (strcmp(word, "--version") == 0) {
		word = "version";
	}
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(commands[i].name, word) == 0) {
			return &commands[i];
		}
	}
	return NULL;
}

static const struct role *find_role(const char *argv0) {
	int index = process_index_from(argv0);
	for (size_t i = 0; index >= 0 && i < sizeof roles / sizeof roles[0]; i++) {
		if ((unsigned)index >= roles[i].first && (unsigned)index <= roles[i].last) {
			return &roles[i];
		}
	}
	return NULL;
}

int main(int argc, char **argv) {
	const struct role *role = argc == 1 ? find_role(argv[0]) : NULL;
	if (role != NULL) {
		return role->main(argv[0]);
	}
	if (argc < 2) {
		print_commands(stderr);
		return EXIT_USAGE;
	}
	const struct command *command = find_command(argv[1]);
	if (command == NULL) {
		diag_exit(EXIT_USAGE, "there is no command '%.64s'; see qun --help", argv[1]);
	}
	return command->main(argc - 1, argv + 1);
}
