/*
 * The keeper with a house of stand-ins. This program executes itself: as
 * `serve` it is the server, as "qun: hub" and so on it is a process that says
 * "ready" and waits. FAKE_NAME=CODE in the environment makes the process of
 * that name end with the code instead, as soon as it is started.
 */
#include "folder_help.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"
#include "child.h"
#include "clock.h"
#include "diag.h"
#include "filesystem.h"
#include "greeting.h"
#include "house.h"
#include "keeper.h"
#include "ring.h"
#include "serve.h"

/* ---- Stand-ins ---- */

static bool has_no_work(void *context) {
	return false;
}

static uint64_t stand_in_turn(void *context) {
	struct house *house = context;
	if (house->is_leaving) {
		loop_stop(house->loop);
	}
	return house_sleep(house, has_no_work, NULL, LOOP_FOREVER);
}

static void stand_in_for_format(struct house *house) {
	const char *why;
	if (house->ring_file >= 0 && !ring_is_trusted(house->ring_file, &why) &&
	    ring_format(house->ring_file, 1024 * 1024, 1) < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot format the ring");
	}
}

static int stand_in_main(const char *argv0) {
	static struct house house;
	house_enter(&house, argv0, stand_in_turn, &house);
	char variable[PROCESS_NAME_MAX + 8];
	snprintf(variable, sizeof variable, "FAKE_%.15s", house.name);
	const char *code = getenv(variable);
	if (code != NULL) {
		_exit((int)strtol(code, NULL, 10));
	}
	stand_in_for_format(&house);
	if (house.index != PROCESS_SCRIBE && house.ring == NULL) {
		diag_exit(EXIT_FIX_ME, "has no ring");
	}
	house_ready(&house);
	loop_run(house.loop);
	house_leave(&house);
	return 0;
}

/* ---- A server ---- */

#define OUTPUT_BYTES_MAX 65536

struct server {
	pid_t pid;
	int out, err;
	char out_text[OUTPUT_BYTES_MAX], err_text[OUTPUT_BYTES_MAX];
	uint64_t start_us;
};

/* Servers that a test has started and not yet seen the end of: it may have failed half-way. */
#define RUNNING_MAX 8
static pid_t running[RUNNING_MAX];

static void note(pid_t from, pid_t to) {
	size_t i = 0;
	while (running[i] != from) {
		i++;
		assert_true(i < RUNNING_MAX);
	}
	running[i] = to;
}

static void end_all(void) {
	for (size_t i = 0; i < RUNNING_MAX; i++) {
		if (running[i] > 0) {
			kill(running[i], SIGKILL); /* its children see that, and leave */
			waitpid(running[i], NULL, 0);
			running[i] = 0;
		}
	}
}

static int remove_folder(void **state) {
	end_all();
	return drop_folder(state);
}

static void start_with(struct server *server, char *const *argv) {
	int out[2];
	int err[2];
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	*server = (struct server){.out = out[0], .err = err[0], .start_us = clock_steady_us()};
	server->pid = fork();
	if (server->pid == 0) {
		int null = open("/dev/null", O_RDONLY);
		dup2(null, STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		execv("/proc/self/exe", argv);
		_exit(127);
	}
	close(out[1]);
	close(err[1]);
	note(0, server->pid);
}

static void start(struct server *server, const char *listen) {
	char argv0[] = "qun";
	char serve[] = "serve";
	char data[] = "--data";
	char edges[] = "--edges=2";
	char listen_word[64];
	snprintf(listen_word, sizeof listen_word, "--listen=%s", listen);
	char *const argv[] = {argv0, serve, data, folder, edges, listen_word, NULL};
	start_with(server, argv);
}

/* Adds what comes to `text`; false at the end of file. */
static bool take(int fd, char *text) {
	size_t size = strlen(text);
	assert_true(size < OUTPUT_BYTES_MAX - 1);
	ssize_t count = read(fd, text + size, OUTPUT_BYTES_MAX - 1 - size);
	if (count > 0) {
		text[size + (size_t)count] = '\0';
	}
	return count > 0;
}

/* Reads both until `text` holds `wanted`; fails at the end of that file. */
static void wait_for(struct server *server, char *text, const char *wanted) {
	while (strstr(text, wanted) == NULL) {
		struct pollfd fds[] = {{.fd = server->out, .events = POLLIN},
		                       {.fd = server->err, .events = POLLIN}};
		assert_true(poll(fds, 2, 20000) > 0);
		bool is_more = true;
		if (fds[0].revents != 0) {
			is_more = take(server->out, server->out_text);
		}
		if (fds[1].revents != 0) {
			is_more = take(server->err, server->err_text) && is_more;
		}
		if (!is_more && strstr(text, wanted) == NULL) {
			fail_msg("no '%s' in:\n%s%s", wanted, server->out_text, server->err_text);
		}
	}
}

static unsigned wait_until_ready(struct server *server) {
	wait_for(server, server->out_text, "\n");
	unsigned port = 0;
	const char *colon = strstr(server->out_text, "udp=");
	assert_non_null(colon);
	colon = strrchr(server->out_text, ':');
	assert_int_equal(sscanf(colon, ":%u data=", &port), 1);
	return port;
}

/* Reads to the end, and returns the exit code. */
static int finish(struct server *server) {
	while (take(server->out, server->out_text)) {
	}
	while (take(server->err, server->err_text)) {
	}
	close(server->out);
	close(server->err);
	int status;
	assert_int_equal(waitpid(server->pid, &status, 0), server->pid);
	note(server->pid, 0);
	assert_true(WIFEXITED(status) || WIFSIGNALED(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int stop(struct server *server) {
	uint64_t before = clock_steady_us();
	kill(server->pid, SIGTERM);
	int code = finish(server);
	assert_true(clock_steady_us() - before < 2 * 1000 * 1000);
	return code;
}

/* The argv[0] of a process. */
static void name_of(pid_t pid, char out[64]) {
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	FILE *file = fopen(path, "re");
	size_t size = file != NULL ? fread(out, 1, 63, file) : 0;
	out[size] = '\0';
	if (file != NULL) {
		fclose(file);
	}
}

static size_t children_of(pid_t parent, pid_t out[32]) {
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
	FILE *file = fopen(path, "re");
	size_t count = 0;
	int pid;
	while (file != NULL && count < 32 && fscanf(file, "%d", &pid) == 1) {
		out[count++] = pid;
	}
	if (file != NULL) {
		fclose(file);
	}
	return count;
}

static pid_t find_child(const struct server *server, const char *name) {
	pid_t children[32];
	size_t count = children_of(server->pid, children);
	for (size_t i = 0; i < count; i++) {
		char own[64];
		name_of(children[i], own);
		if (strcmp(own, name) == 0) {
			return children[i];
		}
	}
	return 0;
}

/* ---- What must hold ---- */

static void it_starts_and_stops(void **state) {
	struct server server;
	start(&server, "127.0.0.1:0");
	unsigned port = wait_until_ready(&server);
	uint64_t taken_us = clock_steady_us() - server.start_us;
	printf("ready after %llu us\n", (unsigned long long)taken_us);
	char expected[128];
	snprintf(expected, sizeof expected,
	         "qun: ready udp=127.0.0.1:%u tcp=127.0.0.1:%u data=%s\n", port, port, folder);
	assert_string_equal(server.out_text, expected);
	char name[64];
	name_of(server.pid, name);
	assert_string_equal(name, "qun: keeper");
	pid_t children[32];
	assert_int_equal(children_of(server.pid, children), 6);
	assert_true(find_child(&server, "qun: hub") != 0);
	assert_true(find_child(&server, "qun: edge 1") != 0);
	assert_int_equal(stop(&server), 0);
	assert_string_equal(server.err_text, "");
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(kill(children[i], 0), -1);
	}
}

static void who_dies_is_started_again(void **state) {
	struct server server;
	start(&server, "127.0.0.1:0");
	wait_until_ready(&server);
	const char *names[] = {"hub", "scribe", "clerk", "console", "edge 0", "edge 1"};
	for (size_t i = 0; i < 6; i++) {
		char argv0[32];
		char back[64];
		snprintf(argv0, sizeof argv0, "qun: %s", names[i]);
		snprintf(back, sizeof back, "keeper: %s is back", names[i]);
		pid_t pid = find_child(&server, argv0);
		assert_true(pid > 0);
		assert_int_equal(kill(pid, SIGKILL), 0);
		wait_for(&server, server.err_text, back);
		pid_t again = find_child(&server, argv0);
		assert_true(again > 0);
		assert_int_not_equal(again, pid);
	}
	assert_non_null(strstr(server.err_text, "hub was killed by signal 9 (Killed)"));
	assert_int_equal(stop(&server), 0);
}

/* A process that does not hear SIGTERM is ended; the rest leaves in order. */
static void who_does_not_leave_is_ended(void **state) {
	struct server server;
	start(&server, "127.0.0.1:0");
	wait_until_ready(&server);
	assert_int_equal(kill(find_child(&server, "qun: hub"), SIGSTOP), 0);
	assert_int_equal(kill(find_child(&server, "qun: edge 0"), SIGSTOP), 0);
	assert_int_equal(stop(&server), 0);
	assert_non_null(strstr(server.err_text, "hub does not leave"));
	assert_null(strstr(server.err_text, "scribe"));
}

static void a_second_server_is_refused(void **state) {
	struct server server;
	struct server second;
	start(&server, "127.0.0.1:0");
	wait_until_ready(&server);
	start(&second, "127.0.0.1:0");
	assert_int_equal(finish(&second), EXIT_FIX_ME);
	char expected[64];
	snprintf(expected, sizeof expected, "another qun (process %d)", (int)server.pid);
	assert_non_null(strstr(second.err_text, expected));
	assert_string_equal(second.out_text, "");
	assert_int_equal(stop(&server), 0);
}

/* The new server waits until the children of the old keeper are gone. */
static void a_killed_keeper_is_followed(void **state) {
	struct server server;
	struct server second;
	start(&server, "127.0.0.1:0");
	unsigned port = wait_until_ready(&server);
	pid_t hub = find_child(&server, "qun: hub");
	assert_int_equal(kill(hub, SIGSTOP), 0);
	assert_int_equal(kill(server.pid, SIGKILL), 0);
	int status;
	assert_int_equal(waitpid(server.pid, &status, 0), server.pid);
	note(server.pid, 0);
	char listen[32];
	snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
	start(&second, "127.0.0.1:0");
	wait_for(&second, second.err_text, "waiting for the processes of an earlier server");
	assert_int_equal(kill(hub, SIGCONT), 0);
	wait_until_ready(&second);
	while (take(server.err, server.err_text)) {
	}
	close(server.out);
	close(server.err);
	assert_int_equal(stop(&second), 0);
	start(&second, listen);
	wait_until_ready(&second);
	assert_int_equal(stop(&second), 0);
}

static void a_taken_port_is_answered_with_the_way_out(void **state) {
	struct server server;
	struct server second;
	char other[64];
	snprintf(other, sizeof other, "%s", folder);
	start(&server, ":0");
	unsigned port = wait_until_ready(&server);
	char listen[32];
	char expected[64];
	assert_int_equal(make_folder(state), 0);
	snprintf(listen, sizeof listen, ":%u", port);
	snprintf(expected, sizeof expected, "%u is in use; try --listen :", port);
	start(&second, listen);
	assert_int_equal(finish(&second), EXIT_FIX_ME);
	assert_non_null(strstr(second.err_text, expected));
	snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
	snprintf(expected, sizeof expected,
	         "127.0.0.1:%u is in use; try --listen 127.0.0.1:", port);
	start(&second, listen);
	assert_int_equal(finish(&second), EXIT_FIX_ME);
	assert_non_null(strstr(second.err_text, expected));
	assert_int_equal(stop(&server), 0);
	assert_int_equal(remove_folder(state), 0);
	snprintf(folder, sizeof folder, "%s", other);
}

static void run_with(const char *variable, const char *value, struct server *server) {
	assert_int_equal(setenv(variable, value, 1), 0);
	start(server, "127.0.0.1:0");
	assert_int_equal(unsetenv(variable), 0);
}

static void what_a_person_must_mend_ends_it(void **state) {
	struct server server;
	run_with("FAKE_scribe", "100", &server);
	assert_int_equal(finish(&server), EXIT_FIX_ME);
	assert_string_equal(server.out_text, "");
	run_with("FAKE_edge 1", "100", &server);
	assert_int_equal(finish(&server), EXIT_FIX_ME);
	assert_string_equal(server.out_text, "");
}

/* Reads the file `key`; its size. */
static size_t read_key(uint8_t out[MASTER_BYTES + 1]) {
	char path[128];
	snprintf(path, sizeof path, "%s/key", folder);
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	struct stat status;
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	ssize_t size = read(fd, out, MASTER_BYTES + 1);
	close(fd);
	assert_true(size >= 0);
	return (size_t)size;
}

static void assert_key_is_refused(const char *expected) {
	struct server server;
	start(&server, "127.0.0.1:0");
	assert_int_equal(finish(&server), EXIT_FIX_ME);
	assert_non_null(strstr(server.err_text, expected));
	assert_string_equal(server.out_text, "");
}

static void the_key_is_made_once_and_kept(void **state) {
	struct server server;
	uint8_t first[MASTER_BYTES + 1], second[MASTER_BYTES + 1];
	static const uint8_t zeros[MASTER_BYTES];
	char path[128];
	snprintf(path, sizeof path, "%s/key", folder);
	start(&server, "127.0.0.1:0");
	wait_until_ready(&server);
	assert_int_equal(read_key(first), MASTER_BYTES);
	assert_memory_not_equal(first, zeros, MASTER_BYTES);
	assert_int_equal(stop(&server), 0);
	start(&server, "127.0.0.1:0");
	wait_until_ready(&server);
	assert_int_equal(read_key(second), MASTER_BYTES);
	assert_memory_equal(first, second, MASTER_BYTES);
	assert_int_equal(stop(&server), 0);

	assert_int_equal(chmod(path, 0640), 0);
	assert_key_is_refused("chmod 600");
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, MASTER_BYTES - 1), 0);
	assert_key_is_refused("not 32 bytes long");
	assert_int_equal(read_key(second), MASTER_BYTES - 1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_key_is_refused("cannot open `key`");
}

static void the_administrator_closes_it(void **state) {
	struct server server;
	run_with("FAKE_console", "90", &server);
	assert_int_equal(finish(&server), 0);
}

/* It waits longer each time, and the server stops all the same. */
static void who_keeps_dying_is_paced(void **state) {
	struct server server;
	run_with("FAKE_clerk", "111", &server);
	wait_for(&server, server.err_text, "starting it again in 200 ms");
	assert_non_null(strstr(server.err_text, "clerk ended with code 111; starting it again\n"));
	assert_non_null(strstr(server.err_text, "starting it again in 50 ms"));
	assert_string_equal(server.out_text, "");
	assert_int_equal(stop(&server), 0);
}

static void pauses_grow_to_a_bound(void **state) {
	assert_int_equal(child_pause_us(1), 0);
	assert_int_equal(child_pause_us(2), 50000);
	assert_int_equal(child_pause_us(3), 100000);
	assert_int_equal(child_pause_us(8), 3200000);
	assert_int_equal(child_pause_us(9), 5000000);
	assert_int_equal(child_pause_us(65535), 5000000);
}

/* A child has what it needs and nothing else: count what lies in /proc. */
static void a_child_has_no_other_descriptors(void **state) {
	struct server server;
	start(&server, "127.0.0.1:0");
	wait_until_ready(&server);
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/fd", (int)find_child(&server, "qun: edge 0"));
	DIR *directory = opendir(path);
	assert_non_null(directory);
	size_t sockets = 0;
	size_t rings = 0;
	const struct dirent *entry;
	while ((entry = readdir(directory)) != NULL) {
		char target[256] = "";
		(void)!readlinkat(dirfd(directory), entry->d_name, target, sizeof target - 1);
		sockets += strncmp(target, "socket:", 7) == 0;
		rings += strstr(target, "/ring") != NULL;
	}
	closedir(directory);
	assert_int_equal(sockets, 3); /* UDP, TCP, the clerk */
	assert_int_equal(rings, 0);   /* mapped, and closed */
	assert_int_equal(stop(&server), 0);
}

/* As root: the data folder is handed over, and nobody but the keeper is root. */
static void root_is_given_up(void **state) {
	struct server server;
	struct stat status;
	if (geteuid() != 0) {
		return;
	}
	start(&server, "127.0.0.1:0");
	wait_until_ready(&server);
	if (strstr(server.err_text, "cannot give up root") == NULL) {
		assert_int_equal(stat(folder, &status), 0);
		assert_int_not_equal(status.st_uid, 0);
		uid_t house = status.st_uid;
		char path[64];
		snprintf(path, sizeof path, "/proc/%d/status",
		         (int)find_child(&server, "qun: hub"));
		FILE *file = fopen(path, "re");
		assert_non_null(file);
		char line[256];
		unsigned uid = 0;
		while (fgets(line, sizeof line, file) != NULL) {
			(void)sscanf(line, "Uid: %u", &uid);
		}
		fclose(file);
		assert_int_equal(uid, house);
	}
	assert_int_equal(stop(&server), 0);
}

/* Full, and somebody else's: left alone. */
static void a_full_folder_of_another_is_refused(void **state) {
	struct server server;
	char path[128];
	if (geteuid() != 0) {
		return;
	}
	snprintf(path, sizeof path, "%s/thesis.tex", folder);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(chown(folder, 12345, 12345), 0);
	start(&server, "127.0.0.1:0");
	assert_int_equal(finish(&server), EXIT_FIX_ME);
	assert_non_null(strstr(server.err_text, "belongs to user 12345"));
	struct stat status;
	assert_int_equal(stat(folder, &status), 0);
	assert_int_equal(status.st_uid, 12345);
}

static void a_network_file_system_is_known(void **state) {
	int fd = open("/proc", O_RDONLY | O_CLOEXEC);
	assert_null(filesystem_is_network(fd));
	close(fd);
}

static void the_greeting_names_everything(void **state) {
	struct options options;
	char text[4096];
	arguments_defaults(&options);
	snprintf(options.data, sizeof options.data, "/srv/qun");
	size_t size = greeting_ready_line(&options, text, sizeof text - 1);
	text[size] = '\0';
	assert_string_equal(text, "qun: ready udp=[::]:8888 tcp=[::]:8888 data=/srv/qun\n");
	for (int language = LANGUAGE_ZH; language <= LANGUAGE_EN; language++) {
		size = greeting_for_people(&options, (enum language)language, text,
		                           sizeof text - 1);
		text[size] = '\0';
		size_t lines = 0;
		for (size_t i = 0; i < size; i++) {
			lines += text[i] == '\n';
		}
		assert_int_equal(lines, 5);
		assert_non_null(strstr(text, "nc -u "));
		assert_non_null(strstr(text, " 8888"));
		assert_non_null(strstr(text, "8888/udp"));
		assert_non_null(strstr(text, "/srv/qun"));
		assert_non_null(strstr(text, "Ctrl-C"));
	}
}

/* What the greeting says to type works where it is typed. */
static void the_greeting_invites_only_who_may_join(void **state) {
	static const struct {
		const char *listen, *plain_from, *join;
		bool is_private;
	} rows[] = {
		{"192.168.1.23:8888", NULL, "nc -u 192.168.1.23 8888", false},
		{"203.0.113.5:8888", NULL, "nc -u 203.0.113.5 8888", true},
		{"203.0.113.5:8888", "203.0.113.0/24", "nc -u 203.0.113.5 8888", false},
		{"203.0.113.5:8888", "any", "nc -u 203.0.113.5 8888", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct options options;
		char text[4096], trouble[OPTION_TROUBLE_BYTES];
		const char *words[] = {"--listen", rows[i].listen, "--plain-from",
		                       rows[i].plain_from};
		int count = rows[i].plain_from != NULL ? 4 : 2;
		arguments_defaults(&options);
		assert_int_equal(arguments_parse(&options, count, (char *const *)words, trouble),
		                 ARGUMENTS_OK);
		text[greeting_for_people(&options, LANGUAGE_EN, text, sizeof text - 1)] = '\0';
		assert_non_null(strstr(text, rows[i].join));
		assert_int_equal(strstr(text, "--plain-from") != NULL, rows[i].is_private);
	}
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(int argc, char **argv) {
	int index = process_index_from(argv[0]);
	if (index == PROCESS_KEEPER) {
		return keeper_main(argv[0]);
	}
	if (index > PROCESS_KEEPER) {
		return stand_in_main(argv[0]);
	}
	if (argc > 1 && strcmp(argv[1], "serve") == 0) {
		return serve_main(argc - 1, argv + 1);
	}
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(the_key_is_made_once_and_kept),
		cmocka_unit_test(pauses_grow_to_a_bound),
		cmocka_unit_test(a_network_file_system_is_known),
		cmocka_unit_test(the_greeting_names_everything),
		cmocka_unit_test(the_greeting_invites_only_who_may_join),
		IN_A_FOLDER(it_starts_and_stops),
		IN_A_FOLDER(who_dies_is_started_again),
		IN_A_FOLDER(who_does_not_leave_is_ended),
		IN_A_FOLDER(a_second_server_is_refused),
		IN_A_FOLDER(a_killed_keeper_is_followed),
		IN_A_FOLDER(a_taken_port_is_answered_with_the_way_out),
		IN_A_FOLDER(what_a_person_must_mend_ends_it),
		IN_A_FOLDER(the_administrator_closes_it),
		IN_A_FOLDER(who_keeps_dying_is_paced),
		IN_A_FOLDER(a_child_has_no_other_descriptors),
		IN_A_FOLDER(root_is_given_up),
		IN_A_FOLDER(a_full_folder_of_another_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
