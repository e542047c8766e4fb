/*
 * admin.c - says a command to the console process and prints what it says
 * (adminwire.h). The command is parsed here first, so that a slip is a matter
 * of usage and needs no server.
 */
#include "admin.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "adminwire.h"
#include "command.h"
#include "datapath.h"
#include "diag.h"
#include "export.h"
#include "hash.h"
#include "offline.h"
#include "offline_accounts.h"
#include "secret.h"
#include "speech.h"
#include "tongue.h"
#include "width.h"

/* A server is there and its console is not: it is being started anew. */
#define CONNECT_TRIES_MAX 250
#define CONNECT_PAUSE_MS 20

struct asking {
	enum language language;
	char data[DATA_PATH_BYTES_MAX];
	bool is_json;
	char line[COMMAND_BYTES_MAX]; /* "/kick 小明 why" */
	struct command command;
	bool is_password_stdin;
	bool is_hash; /* `qun admin password`: asks no server */
	bool has_password;
	char password[SECRET_BYTES_MAX];
};

/* ---- help ---- */

/* "  kick NAME [why]      show somebody out", the second column in line; or in a line of its own. */
static void print_row(FILE *out, enum language language, const struct command_row *row) {
	char words[160];
	const char *arguments = row->arguments[language];
	snprintf(words, sizeof(words), "%s%s%s", row->name, arguments[0] != '\0' ? " " : "",
	         arguments);
	size_t width = width_of(slice_from_string(words));
	if (width < 30) {
		fprintf(out, "  %s%*s%s\n", words, (int)(30 - width), "", row->help[language]);
	} else {
		fprintf(out, "  %s\n%32s%s\n", words, "", row->help[language]);
	}
}

static void print_help(FILE *out, enum language language) {
	fputs(either(language,
	             "用法: qun admin [--data 目录] [--json] 命令 [参数]...\n"
	             "管理正在运行的服务器。\n\n"
	             "  --data 目录    服务器的数据目录 (默认同 qun serve)\n"
	             "  --json         每行输出一个 JSON 对象\n"
	             "  --help         显示本帮助\n\n命令:\n",
	             "Usage: qun admin [--data DIR] [--json] COMMAND [ARGUMENT]...\n"
	             "Administer a running server.\n\n"
	             "  --data DIR     the server's data folder (default as for qun serve)\n"
	             "  --json         print JSON objects, one a line\n"
	             "  --help         this text\n\nCommands:\n"),
	      out);
	for (size_t i = 0; i < command_rows_count(); i++) {
		print_row(out, language, command_row(i));
	}
	static const struct command_row hash = {
		.name = "password",
		.arguments = {"", ""},
		.help = {"输出一个密码在 qun.conf 里的写法 (不需要服务器)",
	                 "print what stands for a password in qun.conf (needs no server)"}};
	print_row(out, language, &hash);
	fputs(either(language, "\n做成了退出码是 0，被拒绝是 1，用法不对是 2，没有服务器是 3。\n",
	             "\nExit code: 0 it worked, 1 refused, 2 wrong usage, 3 no server.\n"),
	      out);
}

/* ---- the command line ---- */

static int usage(enum language language, const char *what, const char *words) {
	fprintf(stderr, "qun admin: %s%s%s\n", what, what[0] != '\0' ? ": " : "", words);
	fprintf(stderr, "%s\n",
	        either(language, "详见 qun admin --help", "qun admin --help says more"));
	return EXIT_USAGE;
}

/* The words with a blank between, behind a slash. False if that is too long. */
static bool join(struct asking *asking, char **words, int count) {
	size_t size = 0;
	bool has_slash = words[0][0] == '/';
	for (int i = 0; i < count; i++) {
		int put = snprintf(asking->line + size, sizeof(asking->line) - size, "%s%s",
		                   i > 0 ? " " : (has_slash ? "" : "/"), words[i]);
		if (put < 0 || (size_t)put >= sizeof(asking->line) - size) {
			return false;
		}
		size += (size_t)put;
	}
	return true;
}

/* --password-stdin may stand anywhere behind these: it is ours, and no word of the command. */
static int take_password_option(struct asking *asking, char **words, int count) {
	bool may_be = strcmp(words[0], "account") == 0 || strcmp(words[0], "password") == 0;
	int kept = 0;
	for (int i = 0; i < count; i++) {
		if (may_be && strcmp(words[i], "--password-stdin") == 0) {
			asking->is_password_stdin = true;
		} else {
			words[kept++] = words[i];
		}
	}
	return kept;
}

/* As if --yes had been there. */
static int join_yes(struct asking *asking) {
	size_t size = strlen(asking->line);
	int put = snprintf(asking->line + size, sizeof(asking->line) - size, " --yes");
	bool fits = put > 0 && (size_t)put < sizeof(asking->line) - size;
	/* The words of the command lie in the line: they are where they were. */
	return fits ? 0 : usage(asking->language, "account erase", "");
}

static const struct option options[] = {
	{"data", required_argument, NULL, 'd'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* 0: go on; 1: that was all; EXIT_USAGE: the option makes no sense, which was said. */
static int take_option(struct asking *asking, int option, const char *given) {
	switch (option) {
	case 'j': asking->is_json = true; return 0;
	case 'h': print_help(stdout, asking->language); return 1;
	case 'd':
		if (!data_path_absolute(optarg, asking->data)) {
			return usage(asking->language, optarg,
			             either(asking->language, "这个路径用不了",
			                    "that path cannot be used"));
		}
		return 0;
	case ':':
		return usage(asking->language, given,
		             either(asking->language, "后面要有目录", "it needs a folder"));
	default:
		return usage(asking->language, given,
		             either(asking->language, "没有这个选项", "there is no such option"));
	}
}

/* `qun admin ban --help`: nobody is called that. */
static bool is_asking_for_help(char **words, int count) {
	bool is_alone = count == 2 || (count == 3 && strcmp(words[0], "account") == 0);
	return is_alone && strcmp(words[count - 1], "--help") == 0;
}

static int take_command(struct asking *asking, char **words, int count) {
	char sentence[COMMAND_WORDS_MAX];
	if (count == 0) {
		return usage(asking->language, "",
		             either(asking->language, "要做什么？例如 qun admin who",
		                    "what shall be done? For example: qun admin who"));
	}
	count = take_password_option(asking, words, count);
	if (count == 1 && strcmp(words[0], "password") == 0) {
		asking->is_hash = true;
		return 0;
	}
	enum command_error error = COMMAND_TOO_LONG;
	if (join(asking, words, count)) {
		error = command_parse(slice_from_string(asking->line), &asking->command);
	}
	if (error != COMMAND_OK) {
		command_words(error, &asking->command, asking->language, "qun admin ", sentence);
		return usage(asking->language, words[0], sentence);
	}
	return 0;
}

/* What needs a password is given one before anybody is asked anything. */
static int take_password(struct asking *asking) {
	enum command_deed deed = asking->command.deed;
	if (!asking->is_hash && deed != DEED_ADD && deed != DEED_PASSWORD) {
		return 0;
	}
	enum secret_error error = asking->is_password_stdin
	                                  ? secret_read(asking->password)
	                                  : secret_ask(asking->language, asking->password);
	if (error != SECRET_OK) {
		explicit_bzero(asking->password, sizeof(asking->password));
		return usage(asking->language, "", secret_sentence(asking->language, error));
	}
	asking->has_password = true;
	return 0;
}

/* The name typed once more, where somebody sits there; it goes on as --yes. */
static int take_confirmation(struct asking *asking) {
	struct command *command = &asking->command;
	char line[COMMAND_BYTES_MAX];
	if (command->deed != DEED_ERASE || command->number != 0) {
		return 0;
	}
	bool is_there = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	if (is_there) {
		fputs(either(asking->language,
		             "这会删掉这个名字和它说过的一切，不能恢复。再输入一次名字: ",
		             "This takes the name away and all that was said under it, for ever.\n"
		             "The name once more: "),
		      stderr);
	}
	if (!is_there || fgets(line, sizeof(line), stdin) == NULL ||
	    !slice_equal(slice_of(line, strcspn(line, "\n")), command->name)) {
		return usage(asking->language, "account erase",
		             is_there ? either(asking->language, "名字不一样，什么也没有删",
		                               "that is another name; nothing was erased")
		                      : either(asking->language, "要加上 --yes", "it needs --yes"));
	}
	command->number = 1;
	return join_yes(asking);
}

/* ---- finding the server ---- */

/* The keeper holds a lock while it lives (folderlock.h). */
static bool is_served(void) {
	int fd = open("lock", O_RDONLY | O_CLOEXEC);
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	bool is_held = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	if (fd >= 0) {
		close(fd);
	}
	return is_held;
}

static int try_to_connect(void) {
	const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = ADMIN_SOCKET_NAME};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof(name)) < 0) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/* A descriptor, or -1 with errno. The working directory is the data folder from here on. */
static int connect_to(const struct asking *asking) {
	if (chdir(asking->data) < 0) {
		return -1;
	}
	int fd = try_to_connect();
	for (int i = 0; i < CONNECT_TRIES_MAX && fd < 0 &&
	                (errno == ENOENT || errno == ECONNREFUSED) && is_served();
	     i++) {
		poll(NULL, 0, CONNECT_PAUSE_MS);
		fd = try_to_connect();
	}
	return fd;
}

static int say_no_server(const struct asking *asking) {
	if (errno == EACCES || errno == EPERM) {
		fprintf(stderr,
		        either(asking->language,
		               "qun admin: 没有权限管理 %s 的服务器；请以它的用户或 root 运行\n",
		               "qun admin: you may not administer the server of %s; run this as "
		               "its "
		               "user or as root\n"),
		        asking->data);
	} else {
		fprintf(stderr,
		        either(asking->language,
		               "qun admin: 没有服务器在用 %s；请先运行 qun serve，或用 --data "
		               "指出它的目录\n",
		               "qun admin: no server runs on %s; start one with qun serve, or name "
		               "its "
		               "folder with --data\n"),
		        asking->data);
	}
	return ADMIN_NO_SERVER;
}

/* ---- asking ---- */

static bool send_all(int fd, const char *bytes, size_t size) {
	while (size > 0) {
		ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR) {
			return false;
		}
		if (sent > 0) {
			bytes += sent;
			size -= (size_t)sent;
		}
	}
	return true;
}

static bool send_request(int fd, const struct asking *asking) {
	json_t *request = json_pack("{s:s,s:s}", "line", asking->line, "language",
	                            either(asking->language, "zh", "en"));
	if (asking->has_password) {
		json_object_set_new(request, "password",
		                    speech_string(slice_from_string(asking->password)));
	}
	char *text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (text == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory is left");
	}
	bool is_sent = send_all(fd, text, strlen(text)) && send_all(fd, "\n", 1);
	free(text);
	return is_sent;
}

static void print_words(json_t *object, FILE *out) {
	const char *words = json_string_value(json_object_get(object, "line"));
	if (words != NULL) {
		fprintf(out, "%s\n", words);
	}
}

static void print_object(json_t *object) {
	json_object_del(object, "line");
	if (json_object_size(object) > 0) {
		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
	}
}

/* Prints one line of the answer. True when it was the last, with the exit code in *code. */
static bool print_answer(const struct asking *asking, json_t *object, int *code) {
	json_t *ok = json_object_get(object, "ok");
	bool is_last = ok != NULL;
	*code = json_is_true(ok) ? EXIT_DONE : ADMIN_REFUSED;
	if (asking->is_json) {
		print_object(object);
	} else {
		print_words(object, is_last && *code != EXIT_DONE ? stderr : stdout);
	}
	return is_last;
}

static int say_interrupted(const struct asking *asking) {
	fprintf(stderr, "qun admin: %s\n",
	        either(asking->language, "服务器没有答完就断开了，可能已经做了",
	               "the server broke off before its answer was complete; it may well be done"));
	return ADMIN_NO_SERVER;
}

static int read_answers(int fd, const struct asking *asking) {
	FILE *in = fdopen(fd, "r");
	char *line = NULL;
	size_t capacity = 0;
	ssize_t size;
	int code = EXIT_DONE;
	bool is_complete = false;
	while (!is_complete && in != NULL && (size = getline(&line, &capacity, in)) > 0) {
		json_t *object = json_loadb(line, (size_t)size, 0, NULL);
		if (object == NULL) {
			break;
		}
		is_complete = print_answer(asking, object, &code);
		json_decref(object);
	}
	free(line);
	if (in != NULL) {
		fclose(in);
	}
	return is_complete ? code : say_interrupted(asking);
}

/* What can be done without a server; -1: nothing. */
static int do_offline(const struct asking *asking) {
	const char *name = asking->command.row->name;
	bool is_done;
	if (errno == EACCES || !offline_is_possible(asking->data)) {
		return -1;
	}
	if (strcmp(name, "check") == 0) {
		is_done = offline_check(asking->data, asking->language, asking->is_json);
	} else if (strcmp(name, "audit") == 0) {
		is_done = offline_audit(asking->data, &asking->command, asking->language,
		                        asking->is_json);
	} else if (strcmp(name, "account") == 0 && !is_served()) {
		is_done = offline_account(asking->data, &asking->command,
		                          asking->has_password ? asking->password : NULL,
		                          asking->language, asking->is_json);
	} else {
		return -1;
	}
	return is_done ? EXIT_DONE : ADMIN_REFUSED;
}

static int ask(const struct asking *asking) {
	int fd = connect_to(asking);
	if (fd < 0) {
		int error = errno;
		int code = do_offline(asking);
		errno = error;
		return code >= 0 ? code : say_no_server(asking);
	}
	if (!send_request(fd, asking)) {
		close(fd);
		return say_interrupted(asking);
	}
	return read_answers(fd, asking);
}

int admin_main(int argc, char **argv) {
	static struct asking asking;
	int option;
	asking.language = tongue();
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:h", options, NULL)) >= 0) {
		int code = take_option(&asking, option, argv[optind - 1]);
		if (code != 0) {
			return code == EXIT_USAGE ? EXIT_USAGE : EXIT_DONE;
		}
	}
	if (is_asking_for_help(argv + optind, argc - optind)) {
		print_help(stdout, asking.language);
		return EXIT_DONE;
	}
	int code = take_command(&asking, argv + optind, argc - optind);
	if (code != 0) {
		return code;
	}
	if (asking.is_hash) {
		code = take_password(&asking);
		code = code == 0 ? hash_print(asking.language, asking.password) : code;
		explicit_bzero(asking.password, sizeof(asking.password));
		return code;
	}
	if (strcmp(asking.command.row->name, "help") == 0) {
		print_help(stdout, asking.language);
		return EXIT_DONE;
	}
	if (asking.data[0] == '\0' && !data_path_default(asking.data)) {
		return usage(
			asking.language, "",
			either(asking.language, "没有主目录；请用 --data 指出数据目录",
		               "there is no home directory; name the data folder with --data"));
	}
	if (asking.command.deed == DEED_EXPORT) {
		return export_account(asking.data, asking.command.name, asking.command.text,
		                      asking.language);
	}
	code = take_confirmation(&asking);
	code = code == 0 ? take_password(&asking) : code;
	if (code == 0) {
		code = ask(&asking);
	}
	explicit_bzero(asking.password, sizeof(asking.password));
	return code;
}
