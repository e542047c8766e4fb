#include "mp_spawn.h"

#include "mp_errors.h"
#include "mp_kin.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_EXECUTED 127
#define FDS_VARIABLE "MP_FDS="
#define PARENT_VARIABLE "MP_PARENT="

/*
 * What the child needs, made before the vfork: after it nothing may be allocated. The child runs in its
 * parent's memory, while the calling thread stands still, until it has executed the program: so it can
 * leave its reason here, and no other fork can hold a report back, as it could with a pipe.
 */
struct plan {
	const struct mp_spawn *how;
	volatile int reason; /* why there is no program: an errno, written by the child */
	const char **environment;
	char fds_text[sizeof FDS_VARIABLE + MP_SPAWN_FDS_MAX * (MP_SPAWN_FD_NAME_BYTES_MAX + 1)];
	char parent_text[sizeof PARENT_VARIABLE + sizeof "-2147483648"];
	pid_t parent;
	bool is_daemon;
};

static bool is_name_good(const char *name) {
	size_t bytes = name ? strnlen(name, MP_SPAWN_FD_NAME_BYTES_MAX + 1) : 0;
	return bytes > 0 && bytes <= MP_SPAWN_FD_NAME_BYTES_MAX && !strchr(name, ',');
}

static bool is_how_good(const struct mp_spawn *how) {
	if (!how->path || !how->argv || !how->argv[0] || how->fd_count > MP_SPAWN_FDS_MAX) {
		return false;
	}
	for (size_t i = 0; i < how->fd_count; i++) {
		if (!is_name_good(how->fds[i].name)) {
			return false;
		}
		for (size_t j = 0; j < i; j++) {
			if (strcmp(how->fds[i].name, how->fds[j].name) == 0) {
				return false;
			}
		}
	}
	return true;
}

static bool has_prefix(const char *text, const char *prefix) {
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void write_texts(struct plan *plan) {
	size_t used = strlen(FDS_VARIABLE);
	memcpy(plan->fds_text, FDS_VARIABLE, used + 1);
	for (size_t i = 0; i < plan->how->fd_count; i++) {
		const char *name = plan->how->fds[i].name;
		size_t bytes = strlen(name);
		if (i > 0) {
			plan->fds_text[used++] = ',';
		}
		memcpy(plan->fds_text + used, name, bytes + 1);
		used += bytes;
	}
	snprintf(plan->parent_text, sizeof plan->parent_text, PARENT_VARIABLE "%d",
	         (int)plan->parent);
}

static int make_environment(struct plan *plan) {
	const char *const *from = plan->how->environment;
	if (!from) {
		from = (const char *const *)environ;
	}
	size_t count = 0;
	while (from && from[count]) {
		count++;
	}
	plan->environment = calloc(count + 3, sizeof *plan->environment);
	if (!plan->environment) {
		return MP_SYSTEM;
	}
	write_texts(plan);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (!has_prefix(from[i], FDS_VARIABLE) && !has_prefix(from[i], PARENT_VARIABLE)) {
			plan->environment[kept++] = from[i];
		}
	}
	plan->environment[kept++] = plan->fds_text;
	plan->environment[kept] = plan->parent_text;
	return 0;
}

/* ---- In the child, between vfork and exec: only what a signal handler may do ---- */

/* Copy a descriptor to a number above all that will be laid out. */
static int lift(int fd, int above) {
	return fcntl(fd, F_DUPFD_CLOEXEC, above);
}

static int lift_stdio(int wanted, int above) {
	if (wanted != MP_STDIO_NULL) {
		return lift(wanted, above);
	}
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0) {
		return -1;
	}
	int lifted = lift(null, above);
	close(null);
	return lifted;
}

/* Where the child's descriptor `target` comes from, lifted; -1 and an errno of 0: it stays as it is. */
static int lift_source(const struct mp_spawn *how, int target, int above) {
	errno = 0;
	if (target >= MP_SPAWN_FDS_FIRST) {
		return lift(how->fds[target - MP_SPAWN_FDS_FIRST].fd, above);
	}
	if (!how->stdio || how->stdio[target] == MP_STDIO_SAME) {
		return -1;
	}
	return lift_stdio(how->stdio[target], above);
}

/*
 * First every source is copied above the highest target, then the copies are laid down: so no target
 * overwrites a source that is still needed, whatever numbers the caller has. Then all above is closed.
 */
static bool lay_out(const struct mp_spawn *how) {
	int end = MP_SPAWN_FDS_FIRST + (int)how->fd_count;
	int lifted[MP_SPAWN_FDS_FIRST + MP_SPAWN_FDS_MAX];
	for (int target = 0; target < end; target++) {
		lifted[target] = lift_source(how, target, end);
		if (lifted[target] < 0 && errno != 0) {
			return false;
		}
	}
	for (int target = 0; target < end; target++) {
		if (lifted[target] >= 0 && dup2(lifted[target], target) < 0) {
			return false;
		}
	}
	return close_range((unsigned)end, ~0U, 0) == 0;
}

/*
 * A handler of the parent's must never run here, in its memory: all go before the mask does. (Exec
 * would reset them, a moment too late.)
 */
static void reset_signals(void) {
	const struct sigaction plain = {.sa_handler = SIG_DFL};
	for (int signal = 1; signal < NSIG; signal++) {
		struct sigaction now;
		bool is_ignored = sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
		if (!is_ignored || signal == SIGPIPE || signal == SIGCHLD) {
			sigaction(signal, &plain, NULL);
		}
	}
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool follow_parent(const struct plan *plan) {
	if (!plan->is_daemon) {
		return true;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		return false;
	}
	errno = ESRCH;
	return getppid() == plan->parent;
}

/* Not to be laid into the frame of vfork's caller, which the parent goes on with. */
static _Noreturn __attribute__((noinline)) void become_program(struct plan *plan) {
	if (follow_parent(plan) && lay_out(plan->how)) {
		reset_signals();
		/* execve() changes neither; its type is older than const. */
		execve(plan->how->path, (char *const *)(uintptr_t)plan->how->argv,
		       (char *const *)(uintptr_t)plan->environment);
	}
	plan->reason = errno;
	_exit(EXIT_NOT_EXECUTED);
}

/* ---- In the parent ---- */

static pid_t fork_and_exec(struct plan *plan) {
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = vfork();
	if (pid == 0) {
		become_program(plan);
	}
	if (pid < 0) {
		plan->reason = errno;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static int spawn_planned(struct mp_process *process, struct plan *plan) {
	mp_kin_reap();
	pid_t pid = fork_and_exec(plan);
	if (plan->reason == 0) {
		return mp_kin_add(process, pid);
	}
	if (pid > 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	errno = plan->reason;
	return MP_SYSTEM;
}

int mp_process_spawn(struct mp_process *process, const struct mp_spawn *how) {
	if (process->state != MP_PROCESS_MADE) {
		return MP_STARTED;
	}
	if (!is_how_good(how)) {
		return MP_RANGE;
	}
	struct plan plan = {.how = how, .parent = getpid(), .is_daemon = process->is_daemon};
	int error = make_environment(&plan);
	if (error) {
		return error;
	}
	error = spawn_planned(process, &plan);
	int reason = errno;
	free(plan.environment);
	errno = reason;
	return error;
}

/* ---- In the spawned program ---- */

/* The place of a name among names with commas between, or -1. */
static int index_of(const char *names, const char *name) {
	size_t bytes = strlen(name);
	for (int i = 0; *names; i++) {
		size_t length = strcspn(names, ",");
		if (length == bytes && memcmp(names, name, bytes) == 0) {
			return i;
		}
		names += length + (names[length] == ',');
	}
	return -1;
}

int mp_inherited(const char *name) {
	const char *names = getenv("MP_FDS");
	int index = names ? index_of(names, name) : -1;
	int fd = MP_SPAWN_FDS_FIRST + index;
	if (index < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		return MP_UNKNOWN;
	}
	return fd;
}

int mp_die_with_parent(int signal) {
	const char *parent = getenv("MP_PARENT");
	if (!parent) {
		return MP_UNKNOWN;
	}
	if (prctl(PR_SET_PDEATHSIG, signal) < 0) {
		return MP_SYSTEM;
	}
	return getppid() == (pid_t)strtol(parent, NULL, 10) ? 0 : MP_PEER_GONE;
}
