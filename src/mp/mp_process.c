#include "mp_process.h"

#include "mp_errors.h"
#include "mp_kin.h"
#include "mp_name.h"
#include "mp_time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_ORPHANED 1

static char own_name[MP_NAME_BYTES] = "MainProcess";

void mp_process_init(struct mp_process *process, int (*run)(void *argument), void *argument) {
	static atomic_uint made;
	*process = (struct mp_process){.run = run, .argument = argument, .pidfd = -1};
	mp_name_number(process->name, "Process", atomic_fetch_add(&made, 1) + 1);
}

int mp_process_set_name(struct mp_process *process, const char *name) {
	if (process->state != MP_PROCESS_MADE) {
		return MP_STARTED;
	}
	mp_name_copy(process->name, sizeof process->name, name);
	return 0;
}

const char *mp_process_name(const struct mp_process *process) {
	return process->name;
}

int mp_process_set_daemon(struct mp_process *process, bool is_daemon) {
	if (process->state != MP_PROCESS_MADE) {
		return MP_STARTED;
	}
	process->is_daemon = is_daemon;
	return 0;
}

/* What stdio holds back would otherwise be written by the parent and by the child. */
static void flush_standard_streams(void) {
	fflush(stdout);
	fflush(stderr);
}

static _Noreturn void run_and_exit(int (*run)(void *), void *argument) {
	int code = run(argument);
	flush_standard_streams();
	_exit(code & 0xff);
}

static _Noreturn void be_child(struct mp_process *process, pid_t parent) {
	if (process->is_daemon) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent) {
			_exit(EXIT_ORPHANED);
		}
	}
	mp_name_copy(own_name, sizeof own_name, process->name);
	run_and_exit(process->run, process->argument);
}

int mp_process_start(struct mp_process *process) {
	if (process->state != MP_PROCESS_MADE) {
		return MP_STARTED;
	}
	if (!process->run) {
		return MP_RANGE;
	}
	flush_standard_streams();
	pid_t parent = getpid();
	int held = mp_kin_hold();
	if (held < 0) {
		return MP_SYSTEM;
	}
	pid_t pid = mp_kin_fork();
	int reason = errno;
	close(held);
	if (pid == 0) {
		be_child(process, parent);
	}
	errno = reason;
	return pid < 0 ? MP_SYSTEM : mp_kin_add(process, pid);
}

pid_t mp_process_pid(const struct mp_process *process) {
	return process->pid;
}

const char *mp_process_own_name(void) {
	return own_name;
}

int mp_process_fd(const struct mp_process *process) {
	if (process->state == MP_PROCESS_MADE) {
		return MP_NOT_STARTED;
	}
	return process->parent == getpid() ? process->pidfd : MP_NOT_PARENT;
}

int mp_process_join(struct mp_process *process, int timeout_ms, struct mp_status *status) {
	struct mp_status ended = {0};
	int64_t deadline = mp_deadline(timeout_ms);
	int result;
	while ((result = mp_kin_collect(process, &ended)) == MP_TIMEOUT) {
		int left_ms = mp_left_ms(deadline);
		if (left_ms == 0) {
			break;
		}
		poll(&(struct pollfd){.fd = process->pidfd, .events = POLLIN}, 1, left_ms);
	}
	if (status && result != MP_TIMEOUT) {
		*status = ended;
	}
	return result;
}

bool mp_process_is_alive(struct mp_process *process) {
	struct mp_status ignored;
	return mp_kin_collect(process, &ignored) == MP_TIMEOUT;
}

int mp_process_terminate(struct mp_process *process) {
	return mp_kin_signal(process, SIGTERM);
}

int mp_process_kill(struct mp_process *process) {
	return mp_kin_signal(process, SIGKILL);
}

int mp_process_signal(struct mp_process *process, int signal) {
	return mp_kin_signal(process, signal);
}

int mp_process_finish(struct mp_process *process) {
	if (mp_process_is_alive(process)) {
		return MP_ALIVE;
	}
	/* One that seems to run is a parent's copy in a child: closed there when it was forked. */
	if (process->state == MP_PROCESS_ENDED && process->pidfd >= 0) {
		close(process->pidfd);
	}
	*process = (struct mp_process){.pidfd = -1};
	return 0;
}

size_t mp_process_reap(void) {
	return mp_kin_tell_reaped();
}

int mp_process_reap_fd(void) {
	return mp_kin_fd();
}

/* The child in the middle: it tells the grandchild's pid and is gone. */
static _Noreturn void be_middle(int (*run)(void *), void *argument, int tell) {
	pid_t pid = fork();
	if (pid == 0) {
		close(tell);
		run_and_exit(run, argument);
	}
	int reason = errno;
	bool is_told = write(tell, &pid, sizeof pid) == sizeof pid;
	_exit(pid > 0 && is_told ? 0 : reason & 0xff);
}

/* Wait for the child in the middle. Answers 0, or what its fork set errno to. */
static int join_middle(pid_t middle) {
	int status = 0;
	while (waitpid(middle, &status, 0) < 0) {
		if (errno != EINTR) {
			return 0; /* SIGCHLD is ignored: the pipe tells. */
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

int mp_process_start_detached(int (*run)(void *argument), void *argument, pid_t *pid) {
	int told[2];
	if (!run) {
		return MP_RANGE;
	}
	if (pipe2(told, O_CLOEXEC) < 0) {
		return MP_SYSTEM;
	}
	flush_standard_streams();
	pid_t middle = mp_kin_fork();
	if (middle == 0) {
		close(told[0]);
		be_middle(run, argument, told[1]);
	}
	int reason = middle < 0 ? errno : join_middle(middle);
	close(told[1]);
	pid_t grandchild = -1;
	if (reason == 0 && read(told[0], &grandchild, sizeof grandchild) != sizeof grandchild) {
		reason = ECHILD;
	}
	close(told[0]);
	if (reason != 0) {
		errno = reason;
		return MP_SYSTEM;
	}
	if (pid) {
		*pid = grandchild;
	}
	return 0;
}
