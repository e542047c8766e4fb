/* What several tests of the kit need. */
#ifndef MP_HELP_H
#define MP_HELP_H

#include "unit.h"

#include "mp_errors.h"
#include "mp_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* QUN_LONG=1 asks for the sizes that the issue names; the daily ones are small. */
static inline int sized(int daily, int full) {
	const char *is_long = getenv("QUN_LONG");
	return is_long && *is_long == '1' ? full : daily;
}

static inline int count_fds(void) {
	int count = 0;
	DIR *fds = opendir("/proc/self/fd");
	assert_non_null(fds);
	while (readdir(fds)) {
		count++;
	}
	closedir(fds);
	return count;
}

static inline double now_ms(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Interrupt whatever waits, every millisecond, until signals_end(). */
static atomic_int signals_seen; /* in whichever thread */

static inline void on_alarm(int signal) {
	signals_seen++;
}

static inline void signals_begin(void) {
	struct sigaction action = {.sa_handler = on_alarm};
	sigaction(SIGALRM, &action, NULL);
	struct itimerval every_ms = {.it_interval = {.tv_usec = 1000},
	                             .it_value = {.tv_usec = 1000}};
	signals_seen = 0;
	setitimer(ITIMER_REAL, &every_ms, NULL);
}

static inline void signals_end(void) {
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	signal(SIGALRM, SIG_DFL);
	assert_true(signals_seen > 3);
}

/* Start a child on that function. */
static inline void begin(struct mp_process *process, int (*run)(void *), void *argument) {
	mp_process_init(process, run, argument);
	assert_int_equal(mp_process_start(process), 0);
}

/* Join, check that it exited by itself, finish, and answer its code. */
static inline int end(struct mp_process *process) {
	struct mp_status status;
	assert_int_equal(mp_process_join(process, MP_FOREVER, &status), 0);
	assert_true(status.exited);
	assert_int_equal(mp_process_finish(process), 0);
	return status.code;
}

/* Stop it (SIGSTOP), and come back when it stands still. */
static inline void stop(struct mp_process *process) {
	siginfo_t info;
	assert_int_equal(mp_process_signal(process, SIGSTOP), 0);
	assert_int_equal(waitid(P_PID, (id_t)mp_process_pid(process), &info, WSTOPPED | WNOWAIT),
	                 0);
}

/* Kill it in the midst of what it does, join, finish. */
static inline void kill_and_end(struct mp_process *process) {
	struct mp_status status;
	assert_int_equal(mp_process_kill(process), 0);
	assert_int_equal(mp_process_join(process, MP_FOREVER, &status), 0);
	assert_int_equal(status.signal, SIGKILL);
	assert_int_equal(mp_process_finish(process), 0);
}

#endif
