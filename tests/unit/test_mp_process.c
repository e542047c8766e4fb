/* Started children: what they answer, how they end, and that none is forgotten. */
#include "mp_help.h"

#include "mp_errors.h"
#include "mp_pipe.h"
#include "mp_process.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* ---- What the children do ---- */

static int give_back(void *argument) {
	return *(int *)argument;
}

static int die_by(void *argument) {
	signal(*(int *)argument, SIG_DFL); /* The test program has handlers for some. */
	raise(*(int *)argument);
	return 0;
}

static int wait_for_ever(void *argument) {
	while (pause() < 0) {
	}
	return 0;
}

/* Lives until the pipe says otherwise; `ends[1]` is the child's. */
static int wait_for_word(void *argument) {
	struct mp_pipe *ends = argument;
	char byte;
	size_t length;
	mp_pipe_drop(&ends[0]);
	return mp_pipe_receive(&ends[1], &byte, 1, &length, MP_FOREVER) == MP_EOF ? 0 : 1;
}

static int say_own_name(void *argument) {
	return strcmp(mp_process_own_name(), argument) == 0 ? 0 : 1;
}

static void begin_waiting(struct mp_process *process, struct mp_pipe ends[2]) {
	assert_int_equal(mp_pipe_create(ends, true), 0);
	begin(process, wait_for_word, ends);
	mp_pipe_drop(&ends[1]);
}

static bool is_there(pid_t pid) {
	return kill(pid, 0) == 0;
}

/* ---- Tests ---- */

static void two_steps(void **state) {
	struct mp_process process;
	struct mp_status status;
	int code = 300; /* An exit code has eight bits. */
	mp_process_init(&process, give_back, &code);
	assert_int_equal(mp_process_pid(&process), 0);
	assert_false(mp_process_is_alive(&process));
	assert_int_equal(mp_process_join(&process, 0, NULL), MP_NOT_STARTED);
	assert_int_equal(mp_process_kill(&process), MP_NOT_STARTED);
	assert_int_equal(mp_process_fd(&process), MP_NOT_STARTED);
	assert_int_equal(mp_process_start(&process), 0);
	assert_int_equal(mp_process_start(&process), MP_STARTED);
	assert_int_equal(mp_process_set_name(&process, "late"), MP_STARTED);
	assert_int_equal(mp_process_set_daemon(&process, true), MP_STARTED);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(mp_process_join(&process, MP_FOREVER, &status), 0);
		assert_true(status.exited);
		assert_int_equal(status.code, 300 & 255);
		assert_int_equal(status.signal, 0);
	}
	assert_int_equal(mp_process_kill(&process), MP_ENDED);
	assert_int_equal(mp_process_finish(&process), 0);
	assert_int_equal(mp_process_finish(&process), 0);
	assert_int_equal(mp_process_finish(&(struct mp_process){0}), 0);
	mp_process_init(&process, NULL, NULL);
	assert_int_equal(mp_process_start(&process), MP_RANGE);
}

static void names(void **state) {
	struct mp_process first, second;
	mp_process_init(&first, give_back, NULL);
	mp_process_init(&second, give_back, NULL);
	int number = 0;
	char expected[MP_NAME_BYTES];
	assert_int_equal(sscanf(mp_process_name(&first), "Process-%d", &number), 1);
	snprintf(expected, sizeof expected, "Process-%d", number + 1);
	assert_string_equal(mp_process_name(&second), expected);
	assert_int_equal(mp_process_set_name(&first, "worker"), 0);
	assert_string_equal(mp_process_name(&first), "worker");
	/* 21 characters of three bytes are 63 bytes; the 22nd does not fit. 名 is never cut in two. */
	char text[3 * 30 + 1] = "x";
	for (int i = 0; i < 29; i++) {
		memcpy(text + 1 + 3 * i, "\xe5\x90\x8d", 4);
	}
	assert_int_equal(mp_process_set_name(&first, text), 0);
	assert_int_equal(strlen(mp_process_name(&first)), 1 + 3 * 20);

	assert_string_equal(mp_process_own_name(), "MainProcess");
	struct mp_process process;
	mp_process_init(&process, say_own_name, (void *)(uintptr_t) "Ann");
	mp_process_set_name(&process, "Ann");
	assert_int_equal(mp_process_start(&process), 0);
	assert_int_equal(end(&process), 0);
}

static void code_and_signal_are_told_apart(void **state) {
	int signals[] = {SIGKILL, SIGTERM, SIGSEGV, SIGABRT};
	for (size_t i = 0; i < 4; i++) {
		struct mp_process process;
		struct mp_status status;
		begin(&process, die_by, &signals[i]);
		assert_int_equal(mp_process_join(&process, MP_FOREVER, &status), 0);
		assert_false(status.exited);
		assert_int_equal(status.signal, signals[i]);
		assert_int_equal(mp_process_finish(&process), 0);
	}
}

static void terminate_and_kill(void **state) {
	struct mp_process process;
	struct mp_status status;
	begin(&process, wait_for_ever, NULL);
	assert_int_equal(mp_process_finish(&process), MP_ALIVE);
	assert_int_equal(mp_process_signal(&process, 0), 0);
	assert_int_equal(mp_process_signal(&process, 1000), MP_SYSTEM);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(mp_process_terminate(&process), 0);
	assert_int_equal(mp_process_join(&process, MP_FOREVER, &status), 0);
	assert_int_equal(status.signal, SIGTERM);
	assert_int_equal(mp_process_finish(&process), 0);
	begin(&process, wait_for_ever, NULL);
	kill_and_end(&process);
}

static void join_with_timeout(void **state) {
	struct mp_process process;
	struct mp_pipe ends[2];
	struct mp_status status = {.code = 99};
	begin_waiting(&process, ends);
	assert_int_equal(mp_process_join(&process, 0, &status), MP_TIMEOUT);
	double before = now_ms();
	assert_int_equal(mp_process_join(&process, 20, &status), MP_TIMEOUT);
	assert_true(now_ms() - before >= 20);
	assert_int_equal(status.code, 99);
	assert_true(mp_process_is_alive(&process));
	mp_pipe_close(&ends[0], 0);
	assert_int_equal(mp_process_join(&process, MP_FOREVER, &status), 0);
	assert_int_equal(status.code, 0);
	assert_false(mp_process_is_alive(&process));
	mp_process_finish(&process);
}

static void signals_do_not_disturb_a_join(void **state) {
	struct mp_process process;
	struct mp_pipe ends[2];
	begin_waiting(&process, ends);
	signals_begin();
	double before = now_ms();
	assert_int_equal(mp_process_join(&process, 30, NULL), MP_TIMEOUT);
	assert_true(now_ms() - before >= 30);
	signals_end();
	mp_pipe_close(&ends[0], 0);
	assert_int_equal(end(&process), 0);
}

static void the_descriptor_tells_of_the_end(void **state) {
	struct mp_process process;
	struct mp_pipe ends[2];
	begin_waiting(&process, ends);
	struct pollfd one = {.fd = mp_process_fd(&process), .events = POLLIN};
	struct pollfd all = {.fd = mp_process_reap_fd(), .events = POLLIN};
	assert_int_equal(poll(&one, 1, 0), 0);
	assert_int_equal(poll(&all, 1, 0), 0);
	mp_pipe_close(&ends[0], 0);
	assert_int_equal(poll(&one, 1, -1), 1);
	assert_int_equal(poll(&all, 1, -1), 1);
	assert_int_equal(mp_process_reap(), 1);
	assert_int_equal(mp_process_reap(), 0);
	/* The child's own stays readable until it is given back, the common one falls silent. */
	assert_int_equal(poll(&one, 1, 0), 1);
	assert_int_equal(poll(&all, 1, 0), 0);
	assert_int_equal(end(&process), 0);
}

/* Nobody asks for the first child; starting another one reaps it, and its status waits. */
static void reaped_without_being_asked_for(void **state) {
	struct mp_process first, second;
	int code = 5;
	mp_process_reap();
	begin(&first, give_back, &code);
	pid_t pid = mp_process_pid(&first);
	assert_int_equal(poll(&(struct pollfd){mp_process_fd(&first), POLLIN, 0}, 1, -1), 1);
	assert_true(is_there(pid));
	begin(&second, give_back, &code);
	assert_false(is_there(pid));
	assert_int_equal(mp_process_kill(&first), MP_ENDED);
	assert_int_equal(poll(&(struct pollfd){mp_process_fd(&second), POLLIN, 0}, 1, -1), 1);
	assert_int_equal(mp_process_reap(), 2); /* The start's one is told of as well. */
	assert_int_equal(mp_process_reap(), 0);
	assert_int_equal(end(&first), 5);
	assert_int_equal(end(&second), 5);
}

/* They all end at one stroke, when the last copy of the pipe's other end goes: SIGCHLD would merge. */
static int wait_for_stroke(void *argument) {
	struct mp_pipe *ends = ((struct mp_pipe **)argument)[0];
	char byte;
	size_t length;
	mp_pipe_drop(&ends[0]);
	mp_pipe_receive(&ends[1], &byte, 1, &length, MP_FOREVER);
	return *((int **)argument)[1];
}

static void many_end_at_once(void **state) {
	enum { MANY = 80 };
	struct mp_process children[MANY];
	struct mp_pipe ends[2];
	assert_int_equal(mp_pipe_create(ends, true), 0);
	for (int i = 0; i < MANY; i++) {
		begin(&children[i], wait_for_stroke, (void *[]){ends, &i});
	}
	mp_pipe_drop(&ends[1]);
	mp_pipe_drop(&ends[0]);
	size_t reaped = 0;
	while (reaped < MANY) {
		poll(&(struct pollfd){mp_process_reap_fd(), POLLIN, 0}, 1, -1);
		reaped += mp_process_reap();
	}
	assert_int_equal(reaped, MANY);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(end(&children[i]), i);
	}
}

/* After a fork, in the parent: wait until no child is left, when that is wanted. */
static bool is_slow_after_forks;

static void be_slow_after_fork(void) {
	if (is_slow_after_forks) {
		while (waitpid(-1, NULL, 0) >= 0 || errno == EINTR) {
		}
	}
}

static void gone_before_the_start_returned(void **state) {
	struct mp_process process;
	int code = 1;
	pthread_atfork(NULL, be_slow_after_fork, NULL);
	is_slow_after_forks = true;
	signal(SIGCHLD, SIG_IGN);
	begin(&process, give_back, &code);
	signal(SIGCHLD, SIG_DFL);
	is_slow_after_forks = false;
	assert_false(mp_process_is_alive(&process));
	struct pollfd one = {.fd = mp_process_fd(&process), .events = POLLIN};
	assert_int_equal(poll(&one, 1, 0), 1);
	assert_int_equal(mp_process_join(&process, MP_FOREVER, NULL), MP_STATUS_LOST);
	assert_int_equal(mp_process_kill(&process), MP_ENDED);
	assert_int_equal(mp_process_finish(&process), 0);
}

static void somebody_else_takes_the_status(void **state) {
	struct mp_process process;
	struct mp_status status = {.code = 9};
	int code = 1;
	begin(&process, give_back, &code);
	assert_int_equal(waitpid(-1, NULL, 0), mp_process_pid(&process));
	assert_int_equal(mp_process_join(&process, MP_FOREVER, &status), MP_STATUS_LOST);
	assert_false(status.exited);
	assert_int_equal(status.signal, 0);
	assert_int_equal(mp_process_join(&process, 0, NULL), MP_STATUS_LOST);
	assert_false(mp_process_is_alive(&process));
	assert_int_equal(mp_process_finish(&process), 0);

	signal(SIGCHLD, SIG_IGN);
	begin(&process, give_back, &code);
	assert_int_equal(mp_process_join(&process, MP_FOREVER, &status), MP_STATUS_LOST);
	assert_int_equal(mp_process_finish(&process), 0);
	signal(SIGCHLD, SIG_DFL);
}

/* A child of the program's own making is not the kit's to reap. */
static void others_are_left_alone(void **state) {
	pid_t pid = fork();
	if (pid == 0) {
		_exit(3);
	}
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	struct mp_process process;
	int code = 0;
	begin(&process, give_back, &code);
	assert_int_equal(end(&process), 0);
	mp_process_reap();
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 3);
}

static int siblings_fd;

static int ask_about_a_sibling(void *argument) {
	struct mp_process *sibling = argument;
	int before = count_fds();
	bool is_good = fcntl(siblings_fd, F_GETFD) < 0 &&
	               mp_process_join(sibling, 0, NULL) == MP_NOT_PARENT &&
	               mp_process_kill(sibling) == MP_NOT_PARENT &&
	               mp_process_fd(sibling) == MP_NOT_PARENT && !mp_process_is_alive(sibling) &&
	               mp_process_reap() == 0 && mp_process_finish(sibling) == 0;
	/* It has children of its own, and is not disturbed by the parent's. */
	struct mp_process child;
	int code = 4;
	begin(&child, give_back, &code);
	is_good = is_good && end(&child) == 4;
	return is_good && count_fds() == before + 1 ? 0 : 1;
}

static void siblings_are_not_children(void **state) {
	struct mp_process sibling, asking;
	struct mp_pipe ends[2];
	begin_waiting(&sibling, ends);
	siblings_fd = mp_process_fd(&sibling);
	begin(&asking, ask_about_a_sibling, &sibling);
	assert_int_equal(end(&asking), 0);
	assert_true(mp_process_is_alive(&sibling));
	mp_pipe_close(&ends[0], 0);
	assert_int_equal(end(&sibling), 0);
}

/* The daemon alone holds told[1] in the end: when that goes, it is dead. */
static int tell_pid_and_wait(void *argument) {
	struct mp_pipe *told = argument;
	pid_t pid = getpid();
	mp_pipe_send(&told[1], &pid, sizeof pid, MP_FOREVER);
	return wait_for_ever(NULL);
}

static int start_and_wait(void *argument) {
	struct mp_process daemon;
	mp_process_init(&daemon, tell_pid_and_wait, argument);
	mp_process_set_daemon(&daemon, true);
	mp_process_start(&daemon);
	mp_pipe_drop(&((struct mp_pipe *)argument)[1]);
	return wait_for_ever(NULL);
}

static void a_daemon_dies_with_its_parent(void **state) {
	struct mp_process parent;
	struct mp_pipe told[2];
	pid_t daemon;
	size_t length;
	assert_int_equal(mp_pipe_create(told, false), 0);
	begin(&parent, start_and_wait, told);
	mp_pipe_drop(&told[1]);
	assert_int_equal(mp_pipe_receive(&told[0], &daemon, sizeof daemon, &length, MP_FOREVER), 0);
	assert_true(is_there(daemon));
	kill_and_end(&parent);
	assert_int_equal(mp_pipe_receive(&told[0], &daemon, sizeof daemon, &length, MP_FOREVER),
	                 MP_PEER_GONE);
	mp_pipe_drop(&told[0]);
}

/* A grandchild that tells its pid and its parent's, when asked. */
static int tell_whose(void *argument) {
	struct mp_pipe *ends = argument;
	char byte;
	size_t length;
	mp_pipe_receive(&ends[1], &byte, 1, &length, MP_FOREVER);
	pid_t pids[] = {getpid(), getppid()};
	return mp_pipe_send(&ends[1], pids, sizeof pids, MP_FOREVER);
}

static void nobody_waits_for_a_detached_one(void **state) {
	struct mp_pipe ends[2];
	pid_t pid, pids[2];
	size_t length;
	assert_int_equal(mp_pipe_create(ends, true), 0);
	int before = count_fds();
	assert_int_equal(mp_process_start_detached(tell_whose, ends, &pid), 0);
	assert_int_equal(count_fds(), before);
	mp_pipe_drop(&ends[1]);
	assert_int_equal(mp_pipe_send(&ends[0], "?", 1, 0), 0);
	assert_int_equal(mp_pipe_receive(&ends[0], pids, sizeof pids, &length, MP_FOREVER), 0);
	assert_int_equal(pids[0], pid);
	assert_int_not_equal(pids[1], getpid());
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	mp_pipe_drop(&ends[0]);
	assert_int_equal(mp_process_start_detached(NULL, NULL, NULL), MP_RANGE);
}

/* In a child whose standard output is a file and buffered: each word is there once. */
static int print_word(void *argument) {
	printf("%s", (const char *)argument);
	return 0;
}

static int print_around_a_fork(void *argument) {
	int file = *(int *)argument;
	dup2(file, STDOUT_FILENO);
	static char buffer[4096];
	setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
	struct mp_process child;
	printf("one ");
	begin(&child, print_word, (void *)(uintptr_t) "two ");
	end(&child);
	printf("three");
	return 0;
}

static void nothing_is_written_twice(void **state) {
	FILE *file = tmpfile();
	assert_non_null(file);
	int fd = fileno(file);
	struct mp_process process;
	begin(&process, print_around_a_fork, &fd);
	assert_int_equal(end(&process), 0);
	char text[64] = "";
	assert_true(pread(fd, text, sizeof text - 1, 0) > 0);
	assert_string_equal(text, "one two three");
	fclose(file);
}

static void *join_it(void *argument) {
	struct mp_status status;
	int error = mp_process_join(argument, MP_FOREVER, &status);
	return error == 0 && status.code == 6 ? argument : NULL;
}

static void two_threads_join_one_child(void **state) {
	struct mp_process process;
	struct mp_pipe ends[2];
	assert_int_equal(mp_pipe_create(ends, true), 0);
	int code = 6;
	begin(&process, wait_for_stroke, (void *[]){ends, &code});
	mp_pipe_drop(&ends[1]);
	pthread_t threads[2];
	void *answers[2];
	for (int i = 0; i < 2; i++) {
		pthread_create(&threads[i], NULL, join_it, &process);
	}
	mp_pipe_drop(&ends[0]);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], &answers[i]);
		assert_ptr_equal(answers[i], &process);
	}
	assert_int_equal(mp_process_finish(&process), 0);
}

/* Half of the children end by themselves; the other half is killed. Everybody reaps everybody's. */
static void *start_and_join_for_a_while(void *argument) {
	for (int i = 0; i < sized(25, 2500); i++) {
		struct mp_process process;
		struct mp_status status;
		int code = i & 127;
		mp_process_init(&process, i % 2 ? give_back : wait_for_ever, &code);
		if (mp_process_start(&process) || (i % 2 == 0 && mp_process_kill(&process))) {
			return NULL;
		}
		mp_process_reap();
		if (mp_process_join(&process, MP_FOREVER, &status) ||
		    (i % 2 ? status.code != code : status.signal != SIGKILL) ||
		    mp_process_finish(&process)) {
			return NULL;
		}
	}
	return argument;
}

static void threads_share_the_kit(void **state) {
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	int before = count_fds();
	for (int i = 0; i < THREADS; i++) {
		pthread_create(&threads[i], NULL, start_and_join_for_a_while, state);
	}
	for (int i = 0; i < THREADS; i++) {
		void *answer;
		pthread_join(threads[i], &answer);
		assert_ptr_equal(answer, state);
	}
	assert_true(count_fds() <= before + 1); /* the kit's own */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void many_starts_leak_nothing(void **state) {
	int before = 0;
	size_t memory = 0;
	for (int i = -1; i < sized(300, 100000); i++) {
		struct mp_process process;
		int code = i & 127;
		begin(&process, give_back, &code);
		assert_int_equal(end(&process), code);
		if (i < 0) { /* The first one makes what the kit keeps. */
			before = count_fds();
			memory = mallinfo2().uordblks;
		}
	}
	assert_int_equal(count_fds(), before);
	assert_int_equal(mallinfo2().uordblks, memory);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_steps),
		cmocka_unit_test(names),
		cmocka_unit_test(code_and_signal_are_told_apart),
		cmocka_unit_test(terminate_and_kill),
		cmocka_unit_test(join_with_timeout),
		cmocka_unit_test(signals_do_not_disturb_a_join),
		cmocka_unit_test(the_descriptor_tells_of_the_end),
		cmocka_unit_test(reaped_without_being_asked_for),
		cmocka_unit_test(many_end_at_once),
		cmocka_unit_test(somebody_else_takes_the_status),
		cmocka_unit_test(gone_before_the_start_returned),
		cmocka_unit_test(others_are_left_alone),
		cmocka_unit_test(siblings_are_not_children),
		cmocka_unit_test(a_daemon_dies_with_its_parent),
		cmocka_unit_test(nobody_waits_for_a_detached_one),
		cmocka_unit_test(nothing_is_written_twice),
		cmocka_unit_test(two_threads_join_one_child),
		cmocka_unit_test(threads_share_the_kit),
		cmocka_unit_test(many_starts_leak_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
