#include "mp_kin.h"

#include "mp_errors.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define REAPED_AT_ONCE 64

/* All fields of the living, and of `kin`, are read and written under the lock. */
static struct {
	pthread_mutex_t lock;
	struct mp_process *first;
	int epoll;     /* -1: not made yet */
	size_t untold; /* reaped, and not told of yet */
} kin = {.lock = PTHREAD_MUTEX_INITIALIZER, .epoll = -1};

static pthread_once_t forks_are_watched = PTHREAD_ONCE_INIT;

static void lock_kin(void) {
	pthread_mutex_lock(&kin.lock);
}

static void unlock_kin(void) {
	pthread_mutex_unlock(&kin.lock);
}

/* Descriptors whose numbers follow each other are closed with one call. */
struct run {
	int first, last; /* first > last: empty */
};

static void close_run(struct run *run) {
	if (run->first <= run->last) {
		close_range((unsigned)run->first, (unsigned)run->last, 0);
	}
}

static void close_with_run(struct run *run, int fd) {
	if (fd == run->first - 1) {
		run->first = fd;
	} else if (fd == run->last + 1) {
		run->last = fd;
	} else {
		close_run(run);
		*run = (struct run){fd, fd};
	}
}

/*
 * In the child: the descriptors are closed, not taken out of the epoll instance, which is the parent's
 * too and goes on working there. The siblings are read only: a page that a child writes is a page of
 * memory, and with a thousand siblings each child would have many.
 */
static void forget_kin(void) {
	struct run run = {0, -1};
	for (const struct mp_process *sibling = kin.first; sibling; sibling = sibling->next) {
		close_with_run(&run, sibling->pidfd);
	}
	close_run(&run);
	kin.first = NULL;
	if (kin.epoll >= 0) {
		close(kin.epoll);
		kin.epoll = -1;
	}
	kin.untold = 0;
	unlock_kin();
}

static void watch_forks(void) {
	pthread_atfork(lock_kin, unlock_kin, forget_kin);
}

static int make_epoll(void) {
	if (kin.epoll < 0) {
		kin.epoll = epoll_create1(EPOLL_CLOEXEC);
	}
	return kin.epoll < 0 ? MP_SYSTEM : kin.epoll;
}

static void unlink_process(struct mp_process *process) {
	if (process->previous) {
		process->previous->next = process->next;
	} else {
		kin.first = process->next;
	}
	if (process->next) {
		process->next->previous = process->previous;
	}
	process->previous = process->next = NULL;
}

static void link_process(struct mp_process *process) {
	process->previous = NULL;
	process->next = kin.first;
	if (kin.first) {
		kin.first->previous = process;
	}
	kin.first = process;
}

static struct mp_status status_of(const siginfo_t *info) {
	if (info->si_code == CLD_EXITED) {
		return (struct mp_status){.exited = true, .code = info->si_status};
	}
	return (struct mp_status){.signal = info->si_status};
}

/* Take the status of one that runs, if it is there. Answers whether it has ended. */
static bool take_status(struct mp_process *process) {
	siginfo_t info = {0};
	int result;
	do {
		result = waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED | WNOHANG);
	} while (result < 0 && errno == EINTR);
	if (result == 0 && info.si_pid == 0) {
		return false;
	}
	/* ECHILD: somebody else took it. */
	process->is_status_lost = result < 0;
	process->status = result < 0 ? (struct mp_status){0} : status_of(&info);
	process->state = MP_PROCESS_ENDED;
	epoll_ctl(kin.epoll, EPOLL_CTL_DEL, process->pidfd, NULL);
	unlink_process(process);
	return true;
}

static void reap_locked(void) {
	struct epoll_event ended[REAPED_AT_ONCE];
	int count;
	do {
		count = kin.epoll < 0 ? 0 : epoll_wait(kin.epoll, ended, REAPED_AT_ONCE, 0);
		for (int i = 0; i < count; i++) {
			kin.untold += take_status(ended[i].data.ptr);
		}
	} while (count == REAPED_AT_ONCE);
}

void mp_kin_reap(void) {
	lock_kin();
	reap_locked();
	unlock_kin();
}

pid_t mp_kin_fork(void) {
	pthread_once(&forks_are_watched, watch_forks);
	mp_kin_reap();
	return fork();
}

int mp_kin_hold(void) {
	lock_kin();
	int error = make_epoll();
	unlock_kin();
	return error < 0 ? -1 : eventfd(0, EFD_CLOEXEC);
}

/*
 * It ended and is gone already, without a trace, because SIGCHLD is ignored. Its descriptor is one that is
 * readable, as that of an ended child has to be.
 */
static int add_gone(struct mp_process *process, pid_t pid) {
	int readable = eventfd(1, EFD_CLOEXEC);
	if (readable < 0) {
		return MP_SYSTEM;
	}
	process->pidfd = readable;
	process->pid = pid;
	process->parent = getpid();
	process->is_status_lost = true;
	process->state = MP_PROCESS_ENDED;
	return 0;
}

static int add_locked(struct mp_process *process, int pidfd, pid_t pid) {
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = process};
	if (pidfd < 0 || make_epoll() < 0 ||
	    epoll_ctl(kin.epoll, EPOLL_CTL_ADD, pidfd, &event) < 0) {
		return MP_SYSTEM;
	}
	process->pidfd = pidfd;
	process->pid = pid;
	process->parent = getpid();
	process->state = MP_PROCESS_RUNS;
	link_process(process);
	return 0;
}

int mp_kin_add(struct mp_process *process, pid_t pid) {
	int pidfd = pidfd_open(pid, 0);
	if (pidfd < 0 && errno == ESRCH) {
		return add_gone(process, pid);
	}
	lock_kin();
	int error = add_locked(process, pidfd, pid);
	unlock_kin();
	if (error) {
		int reason = errno;
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
		}
		if (pidfd >= 0) {
			close(pidfd);
		}
		errno = reason;
	}
	return error;
}

size_t mp_kin_tell_reaped(void) {
	lock_kin();
	reap_locked();
	size_t reaped = kin.untold;
	kin.untold = 0;
	unlock_kin();
	return reaped;
}

static int check_is_ours(const struct mp_process *process) {
	if (process->state == MP_PROCESS_MADE) {
		return MP_NOT_STARTED;
	}
	return process->parent == getpid() ? 0 : MP_NOT_PARENT;
}

static int collect_locked(struct mp_process *process, struct mp_status *status) {
	int error = check_is_ours(process);
	if (error) {
		return error;
	}
	if (process->state == MP_PROCESS_RUNS && !take_status(process)) {
		return MP_TIMEOUT;
	}
	*status = process->status;
	return process->is_status_lost ? MP_STATUS_LOST : 0;
}

int mp_kin_collect(struct mp_process *process, struct mp_status *status) {
	lock_kin();
	int result = collect_locked(process, status);
	unlock_kin();
	return result;
}

static int signal_locked(struct mp_process *process, int signal) {
	int error = check_is_ours(process);
	if (error) {
		return error;
	}
	if (process->state == MP_PROCESS_ENDED) {
		return MP_ENDED;
	}
	return pidfd_send_signal(process->pidfd, signal, NULL, 0) < 0 ? MP_SYSTEM : 0;
}

int mp_kin_signal(struct mp_process *process, int signal) {
	lock_kin();
	int result = signal_locked(process, signal);
	unlock_kin();
	return result;
}

int mp_kin_fd(void) {
	pthread_once(&forks_are_watched, watch_forks);
	lock_kin();
	int fd = make_epoll();
	unlock_kin();
	return fd;
}
