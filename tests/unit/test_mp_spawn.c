/*
 * Spawned children: this program executes itself, and the child answers by its exit code or on a pipe.
 */
#include "unit.h"

#include "mp_errors.h"
#include "mp_pipe.h"
#include "mp_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF "/proc/self/exe"

/* ---- What the children do ---- */

/* Exit with the number of open descriptors. */
static int child_count(void) {
	int open_fds = 0;
	for (int fd = 0; fd < 1024; fd++) {
		open_fds += fcntl(fd, F_GETFD) >= 0;
	}
	return open_fds;
}

/* Send what each name's file holds, then whether a name that was not given is unknown. */
static int child_read(void) {
	struct mp_pipe answer;
	mp_pipe_adopt(&answer, mp_inherited("answer"), MP_PIPE_BOTH);
	for (int i = 0; i < 3; i++) {
		char name[] = {'f', (char)('0' + i), '\0'};
		char text[64];
		int fd = mp_inherited(name);
		ssize_t bytes = pread(fd, text, sizeof text, 0);
		if (bytes < 0 || fcntl(fd, F_GETFD) != FD_CLOEXEC) {
			return 1;
		}
		mp_pipe_send(&answer, text, (size_t)bytes, MP_FOREVER);
	}
	return mp_inherited("f") == MP_UNKNOWN && mp_inherited("") == MP_UNKNOWN ? 0 : 1;
}

static int child_stdio(void) {
	char line[64];
	if (!fgets(line, sizeof line, stdin)) {
		return 1;
	}
	printf("got %s", line);
	fflush(stdout);
	struct stat null, error_output;
	stat("/dev/null", &null);
	fstat(STDERR_FILENO, &error_output);
	return error_output.st_rdev == null.st_rdev ? 0 : 2;
}

/* Say hello, then exit with 7 when the environment is as it was made. */
static int child_environment(void) {
	const char *color = getenv("COLOR");
	const char *fds = getenv("MP_FDS");
	bool is_good = color && strcmp(color, "blue") == 0 && fds && strcmp(fds, "") == 0 &&
	               !getenv("PATH") && strtol(getenv("MP_PARENT"), NULL, 10) == getppid();
	return is_good ? 7 : 1;
}

static int child_signals(void) {
	sigset_t mask;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int signal = 1; signal < NSIG; signal++) {
		if (sigismember(&mask, signal) == 1) {
			return 1;
		}
	}
	struct sigaction on_pipe, on_hangup, on_usr1;
	sigaction(SIGPIPE, NULL, &on_pipe);
	sigaction(SIGHUP, NULL, &on_hangup);
	sigaction(SIGUSR1, NULL, &on_usr1);
	return on_pipe.sa_handler == SIG_DFL && on_hangup.sa_handler == SIG_IGN &&
	                       on_usr1.sa_handler == SIG_DFL
	               ? 0
	               : 2;
}

/* Ready, then wait for ever: the pipe's other end hears when this one dies. */
static int child_wait(void) {
	struct mp_pipe answer;
	mp_pipe_adopt(&answer, mp_inherited("answer"), MP_PIPE_BOTH);
	if (mp_die_with_parent(SIGKILL) == MP_PEER_GONE) {
		return 0;
	}
	char byte;
	size_t length;
	mp_pipe_send(&answer, "ready", 5, MP_FOREVER);
	return mp_pipe_receive(&answer, &byte, 1, &length, MP_FOREVER);
}

/* Spawn child_wait as a daemon with the pipe that was handed down, and be killed. */
static int child_parent(void) {
	struct mp_process daemon;
	int answer = mp_inherited("answer");
	mp_process_init(&daemon, NULL, NULL);
	mp_process_set_daemon(&daemon, true);
	mp_process_spawn(&daemon, &(struct mp_spawn){
					  .path = SELF,
					  .argv = (const char *[]){"test", "wait", NULL},
					  .fds = (struct mp_named_fd[]){{"answer", answer}},
					  .fd_count = 1,
				  });
	mp_process_join(&daemon, MP_FOREVER, NULL);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} children[] = {
	{"count", child_count},     {"read", child_read},
	{"stdio", child_stdio},     {"environment", child_environment},
	{"signals", child_signals}, {"wait", child_wait},
	{"parent", child_parent},
};

/* ---- Help ---- */

static const char *const *argv_of(const char *child) {
	static const char *argv[3] = {"test"};
	argv[1] = child;
	return argv;
}

static int code_of(struct mp_process *process) {
	struct mp_status status;
	assert_int_equal(mp_process_join(process, MP_FOREVER, &status), 0);
	assert_int_equal(mp_process_finish(process), 0);
	assert_true(status.exited);
	return status.code;
}

static int spawn_code(const struct mp_spawn *how) {
	struct mp_process process;
	mp_process_init(&process, NULL, NULL);
	assert_int_equal(mp_process_spawn(&process, how), 0);
	return code_of(&process);
}

static int file_with(const char *text) {
	FILE *file = tmpfile();
	assert_non_null(file);
	fputs(text, file);
	fflush(file);
	int fd = dup(fileno(file));
	fclose(file);
	return fd;
}

static int open_count(void) {
	return child_count();
}

/* ---- Tests ---- */

static void nothing_else_is_open(void **state) {
	int extra[] = {dup(0), dup(0), fcntl(0, F_DUPFD, 100), fcntl(0, F_DUPFD, 900)};
	struct mp_named_fd fds[] = {{"a", 0}, {"b", 900}};
	struct mp_spawn how = {.path = SELF, .argv = argv_of("count"), .fds = fds};
	for (size_t count = 0; count <= 2; count++) {
		how.fd_count = count;
		assert_int_equal(spawn_code(&how), 3 + count);
	}
	for (size_t i = 0; i < 4; i++) {
		close(extra[i]);
	}
}

/* The files stand in the table in every order, at numbers that overlap the ones they go to. */
static void any_numbers_in_any_order(void **state) {
	static const int orders[6][3] = {{3, 4, 5}, {3, 5, 4}, {4, 3, 5},
	                                 {4, 5, 3}, {5, 3, 4}, {5, 4, 3}};
	static const char *texts[] = {"three", "four", "five"};
	struct mp_pipe ends[2];
	int kept[3];
	for (int i = 0; i < 3; i++) {
		kept[i] = fcntl(3 + i, F_DUPFD, 50); /* What the test program may have there. */
	}
	for (int i = 0; i < 3; i++) {
		int fd = file_with(texts[i]);
		int high = fcntl(fd, F_DUPFD, 70);
		close(fd);
		dup2(high, 3 + i);
		close(high);
	}
	for (size_t o = 0; o < 6; o++) {
		assert_int_equal(mp_pipe_create(ends, true), 0);
		const int *order = orders[o];
		struct mp_named_fd fds[] = {{"f0", order[0]},
		                            {"f1", order[1]},
		                            {"answer", ends[1].fd},
		                            {"f2", order[2]}};
		struct mp_spawn how = {
			.path = SELF, .argv = argv_of("read"), .fds = fds, .fd_count = 4};
		assert_int_equal(spawn_code(&how), 0);
		for (int i = 0; i < 3; i++) {
			char text[64];
			size_t length;
			assert_int_equal(mp_pipe_receive(&ends[0], text, sizeof text, &length, 0),
			                 0);
			assert_int_equal(length, strlen(texts[order[i] - 3]));
			assert_memory_equal(text, texts[order[i] - 3], length);
		}
		mp_pipe_drop(&ends[0]);
		mp_pipe_drop(&ends[1]);
	}
	for (int i = 0; i < 3; i++) {
		close(3 + i);
		if (kept[i] >= 0) {
			dup2(kept[i], 3 + i);
			close(kept[i]);
		}
	}
}

static void one_descriptor_under_two_names(void **state) {
	struct mp_pipe ends[2];
	assert_int_equal(mp_pipe_create(ends, true), 0);
	int file = file_with("same");
	struct mp_named_fd fds[] = {
		{"answer", ends[1].fd}, {"f0", file}, {"f1", file}, {"f2", file}};
	struct mp_spawn how = {.path = SELF, .argv = argv_of("read"), .fds = fds, .fd_count = 4};
	assert_int_equal(spawn_code(&how), 0);
	close(file);
	mp_pipe_drop(&ends[0]);
	mp_pipe_drop(&ends[1]);
}

static void stdio_as_given(void **state) {
	int input = file_with("words\n");
	int output = file_with("");
	lseek(input, 0, SEEK_SET);
	/* Crosswise on purpose: stdin comes from the number of nothing in particular. */
	struct mp_spawn how = {.path = SELF,
	                       .argv = argv_of("stdio"),
	                       .stdio = (int[]){input, output, MP_STDIO_NULL}};
	assert_int_equal(spawn_code(&how), 0);
	char text[64] = "";
	assert_int_equal(pread(output, text, sizeof text - 1, 0), strlen("got words\n"));
	assert_string_equal(text, "got words\n");
	close(input);
	close(output);
}

static void environment_as_given(void **state) {
	struct mp_spawn how = {
		.path = SELF,
		.argv = argv_of("environment"),
		.environment =
			(const char *[]){"COLOR=blue", "MP_FDS=old,names", "MP_PARENT=1", NULL},
	};
	assert_int_equal(spawn_code(&how), 7);
}

static void on_signal(int signal) {
}

static void signals_are_fresh(void **state) {
	sigset_t all, before;
	sigfillset(&all);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, on_signal);
	sigprocmask(SIG_BLOCK, &all, &before);
	struct mp_spawn how = {.path = SELF, .argv = argv_of("signals")};
	assert_int_equal(spawn_code(&how), 0);
	sigset_t after;
	sigprocmask(SIG_SETMASK, &before, &after);
	assert_true(sigismember(&after, SIGUSR1));
	struct sigaction kept;
	sigaction(SIGUSR1, NULL, &kept);
	assert_ptr_equal(kept.sa_handler, on_signal);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
}

static void failures_are_the_calls(void **state) {
	int before = open_count();
	struct mp_process process;
	mp_process_init(&process, NULL, NULL);
	struct mp_spawn how = {.path = "/nowhere/at/all", .argv = argv_of("count")};
	assert_int_equal(mp_process_spawn(&process, &how), MP_SYSTEM);
	assert_int_equal(errno, ENOENT);
	how.path = "/";
	assert_int_equal(mp_process_spawn(&process, &how), MP_SYSTEM);
	assert_int_equal(errno, EACCES);
	how.path = SELF;
	how.fds = (struct mp_named_fd[]){{"closed", 777}};
	how.fd_count = 1;
	assert_int_equal(mp_process_spawn(&process, &how), MP_SYSTEM);
	assert_int_equal(errno, EBADF);
	/* Nothing is left: no zombie, no descriptor, and the same struct can still be used. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(open_count(), before);
	how.fd_count = 0;
	assert_int_equal(mp_process_spawn(&process, &how), 0);
	assert_int_equal(mp_process_spawn(&process, &how), MP_STARTED);
	assert_int_equal(code_of(&process), 3);
}

static void tables_are_checked(void **state) {
	struct mp_process process;
	mp_process_init(&process, NULL, NULL);
	struct mp_spawn how = {.path = SELF, .argv = argv_of("count"), .fd_count = 1};
	const char *bad[] = {"", "a,b", "a-name-of-thirty-three-characters", NULL};
	for (size_t i = 0; i < 4; i++) {
		how.fds = (struct mp_named_fd[]){{bad[i], 0}};
		assert_int_equal(mp_process_spawn(&process, &how), MP_RANGE);
	}
	how.fds = (struct mp_named_fd[]){{"same", 0}, {"same", 1}};
	how.fd_count = 2;
	assert_int_equal(mp_process_spawn(&process, &how), MP_RANGE);
	how.fd_count = MP_SPAWN_FDS_MAX + 1;
	assert_int_equal(mp_process_spawn(&process, &how), MP_RANGE);
	assert_int_equal(mp_process_spawn(&process, &(struct mp_spawn){.path = SELF}), MP_RANGE);
}

static void a_full_table(void **state) {
	struct mp_named_fd fds[MP_SPAWN_FDS_MAX];
	char names[MP_SPAWN_FDS_MAX][MP_SPAWN_FD_NAME_BYTES_MAX + 1];
	for (size_t i = 0; i < MP_SPAWN_FDS_MAX; i++) {
		memset(names[i], 'x', MP_SPAWN_FD_NAME_BYTES_MAX);
		names[i][0] = (char)('0' + i / 10);
		names[i][1] = (char)('0' + i % 10);
		names[i][MP_SPAWN_FD_NAME_BYTES_MAX] = '\0';
		fds[i] = (struct mp_named_fd){names[i], (int)i % 3};
	}
	struct mp_spawn how = {
		.path = SELF, .argv = argv_of("count"), .fds = fds, .fd_count = MP_SPAWN_FDS_MAX};
	assert_int_equal(spawn_code(&how), 3 + MP_SPAWN_FDS_MAX);
}

/* The pipe tells of the daemon's death: nobody else holds its other end then. */
static void a_daemon_dies_with_its_parent(void **state) {
	struct mp_pipe ends[2];
	assert_int_equal(mp_pipe_create(ends, true), 0);
	struct mp_process parent;
	mp_process_init(&parent, NULL, NULL);
	struct mp_spawn how = {.path = SELF,
	                       .argv = argv_of("parent"),
	                       .fds = (struct mp_named_fd[]){{"answer", ends[1].fd}},
	                       .fd_count = 1};
	assert_int_equal(mp_process_spawn(&parent, &how), 0);
	mp_pipe_drop(&ends[1]);
	char text[8];
	size_t length;
	assert_int_equal(mp_pipe_receive(&ends[0], text, sizeof text, &length, MP_FOREVER), 0);
	assert_int_equal(mp_process_kill(&parent), 0);
	assert_int_equal(mp_pipe_receive(&ends[0], text, sizeof text, &length, MP_FOREVER),
	                 MP_PEER_GONE);
	struct mp_status status;
	assert_int_equal(mp_process_join(&parent, MP_FOREVER, &status), 0);
	assert_false(status.exited);
	assert_int_equal(status.signal, SIGKILL);
	mp_process_finish(&parent);
	mp_pipe_drop(&ends[0]);
}

static void not_spawned(void **state) {
	unsetenv("MP_FDS");
	unsetenv("MP_PARENT");
	assert_int_equal(mp_inherited("ring"), MP_UNKNOWN);
	assert_int_equal(mp_die_with_parent(SIGKILL), MP_UNKNOWN);
	setenv("MP_FDS", "a,closed", 1);
	int kept = fcntl(4, F_DUPFD_CLOEXEC, 20);
	close(4);
	assert_int_equal(mp_inherited("closed"), MP_UNKNOWN);
	if (kept >= 0) {
		dup2(kept, 4);
		close(kept);
	}
	unsetenv("MP_FDS");
}

int main(int argc, char **argv) {
	for (size_t i = 0; argc > 1 && i < sizeof children / sizeof *children; i++) {
		if (strcmp(argv[1], children[i].name) == 0) {
			return children[i].run();
		}
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_else_is_open),
		cmocka_unit_test(any_numbers_in_any_order),
		cmocka_unit_test(one_descriptor_under_two_names),
		cmocka_unit_test(stdio_as_given),
		cmocka_unit_test(environment_as_given),
		cmocka_unit_test(signals_are_fresh),
		cmocka_unit_test(failures_are_the_calls),
		cmocka_unit_test(tables_are_checked),
		cmocka_unit_test(a_full_table),
		cmocka_unit_test(a_daemon_dies_with_its_parent),
		cmocka_unit_test(not_spawned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
