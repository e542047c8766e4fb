#include "child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "mp_errors.h"

#define PAUSE_US_MIN (50 * 1000)
#define PAUSE_US_MAX (5 * 1000 * 1000)

/* Who lived that long was healthy: its death is a first one. */
#define HEALTHY_US (10 * 1000 * 1000)

static const char *const state_names[] = {
	[CHILD_DOWN] = "down",       [CHILD_STARTING] = "starting", [CHILD_UP] = "up",
	[CHILD_LEAVING] = "leaving", [CHILD_GONE] = "gone",
};

/* What may follow what; anything else is a mistake of ours. */
static const bool may_follow[][CHILD_GONE + 1] = {
	[CHILD_DOWN] = {[CHILD_DOWN] = true, [CHILD_STARTING] = true, [CHILD_GONE] = true},
	[CHILD_STARTING] = {[CHILD_DOWN] = true, [CHILD_UP] = true, [CHILD_LEAVING] = true},
	[CHILD_UP] = {[CHILD_DOWN] = true, [CHILD_LEAVING] = true},
	[CHILD_LEAVING] = {[CHILD_GONE] = true},
	[CHILD_GONE] = {[CHILD_GONE] = true},
};

static void change_state(struct child *child, enum child_state to) {
	assert(state_names[child->state] != NULL && state_names[to] != NULL);
	assert(may_follow[child->state][to]);
	child->state = to;
}

uint64_t child_pause_us(unsigned deaths) {
	if (deaths <= 1) {
		return 0;
	}
	unsigned doublings = deaths - 2;
	uint64_t pause = doublings < 7 ? (uint64_t)PAUSE_US_MIN << doublings : PAUSE_US_MAX;
	return pause < PAUSE_US_MAX ? pause : PAUSE_US_MAX;
}

const char *child_end(const struct child *child, char out[CHILD_END_BYTES_MAX]) {
	if (child->end.exited) {
		snprintf(out, CHILD_END_BYTES_MAX, "ended with code %d", child->end.code);
	} else {
		snprintf(out, CHILD_END_BYTES_MAX, "was killed by signal %d (%s)",
		         child->end.signal, strsignal(child->end.signal));
	}
	return out;
}

void child_init(struct child *child, unsigned index, struct loop *loop, const struct estate *estate,
                void (*ended)(void *context, struct child *child), void *context) {
	*child = (struct child){
		.index = index,
		.loop = loop,
		.estate = estate,
		.ready = -1,
		.ended = ended,
		.context = context,
	};
	process_name(index, child->name);
}

/* ---- What is heard of it ---- */

static void close_ready(struct child *child) {
	if (child->ready >= 0) {
		loop_forget(child->loop, &child->watch_ready);
		close(child->ready);
		child->ready = -1;
	}
}

static void on_ready(void *context, uint32_t events) {
	struct child *child = context;
	char byte;
	ssize_t size = read(child->ready, &byte, 1);
	if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	close_ready(child);
	/* End of file without a byte: it is about to end, or will never be ready. Its end tells. */
	if (size == 1 && child->state == CHILD_STARTING) {
		change_state(child, CHILD_UP);
		if (child->was_ready) {
			diag("%s is back", child->name);
		}
		child->was_ready = true;
	}
}

/* Waits for its next start: the first death in a row costs no time. */
static void schedule(struct child *child) {
	uint64_t now = clock_steady_us();
	if (now - child->start_us >= HEALTHY_US) {
		child->deaths = 0;
	}
	child->deaths += child->deaths < UINT16_MAX;
	uint64_t pause = child_pause_us(child->deaths);
	if (child->end.exited && child->end.code == EXIT_FIX_ME) {
		pause = PAUSE_US_MAX; /* trying again soon is no use */
	}
	child->restart_us = now + pause;
}

static void say_end(const struct child *child) {
	char why[CHILD_END_BYTES_MAX];
	child_end(child, why);
	uint64_t now = clock_steady_us();
	unsigned long long pause_ms =
		child->restart_us > now ? (child->restart_us - now + 999) / 1000 : 0;
	if (pause_ms == 0) {
		diag("%s %s; starting it again", child->name, why);
	} else {
		diag("%s %s; starting it again in %llu ms", child->name, why, pause_ms);
	}
}

static void on_end(void *context, uint32_t events) {
	struct child *child = context;
	int error = mp_process_join(&child->process, 0, &child->end);
	if (error == MP_TIMEOUT) {
		return;
	}
	/* It may have said "ready" and died before that was heard. */
	if (child->ready >= 0) {
		on_ready(child, EPOLLIN);
	}
	close_ready(child);
	loop_forget(child->loop, &child->watch_end);
	error = mp_process_finish(&child->process);
	assert(error == MP_OK);
	(void)error;
	if (child->state == CHILD_LEAVING) {
		change_state(child, CHILD_GONE);
	} else {
		change_state(child, CHILD_DOWN);
		schedule(child);
	}
	child->ended(child->context, child);
	if (child->state == CHILD_DOWN) {
		say_end(child);
	}
}

/* ---- What is done to it ---- */

/* 0, or -1 with errno. The write end is the child's alone: closed here in any case. */
static int spawn(struct child *child, int ready_writer) {
	static struct handout handout;
	handout_fill(&handout, child->estate, child->index, ready_writer);
	char argv0[PROCESS_NAME_MAX + 8];
	snprintf(argv0, sizeof argv0, "qun: %s", child->name);
	const char *const argv[] = {argv0, NULL};
	const struct mp_spawn how = {
		.path = "/proc/self/exe",
		.argv = argv,
		.fds = handout.fds,
		.fd_count = handout.count,
		.stdio = handout.stdio,
	};
	mp_process_init(&child->process, NULL, NULL);
	(void)mp_process_set_name(&child->process, child->name);
	int error = mp_process_spawn(&child->process, &how);
	assert(error == MP_OK || error == MP_SYSTEM);
	return error == MP_OK ? 0 : -1;
}

static int watch_it(struct child *child) {
	child->watch_ready =
		(struct watch){.fd = child->ready, .ready = on_ready, .context = child};
	child->watch_end = (struct watch){
		.fd = mp_process_fd(&child->process), .ready = on_end, .context = child};
	return loop_watch(child->loop, &child->watch_ready, EPOLLIN) < 0 ||
	                       loop_watch(child->loop, &child->watch_end, EPOLLIN) < 0
	               ? -1
	               : 0;
}

static void start_failed(struct child *child, const char *deed) {
	int saved = errno;
	if (child->ready >= 0) { /* not yet watched */
		close(child->ready);
		child->ready = -1;
	}
	schedule(child);
	/* Not at once, even the first time: what was missing will not be there so soon. */
	if (child->deaths == 1) {
		child->restart_us += PAUSE_US_MIN;
	}
	errno = saved;
	diag_errno("cannot %s %s; trying again", deed, child->name);
}

void child_start(struct child *child) {
	child->start_us = clock_steady_us();
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0) {
		start_failed(child, "make a pipe for");
		return;
	}
	/* Our end alone: the child may write when it likes. */
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	child->ready = ends[0];
	int spawned = spawn(child, ends[1]);
	int saved = errno;
	close(ends[1]);
	errno = saved;
	if (spawned < 0) {
		start_failed(child, "start");
		return;
	}
	change_state(child, CHILD_STARTING);
	if (watch_it(child) < 0) {
		/* Without memory for a watch it would live unseen: rather end now, all together. */
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot watch %s", child->name);
	}
}

void child_leave(struct child *child) {
	switch (child->state) {
	case CHILD_DOWN: change_state(child, CHILD_GONE); break;
	case CHILD_STARTING:
	case CHILD_UP:
		(void)mp_process_terminate(&child->process);
		change_state(child, CHILD_LEAVING);
		break;
	case CHILD_LEAVING:
	case CHILD_GONE: break;
	}
}

void child_kill(struct child *child) {
	if (child->state == CHILD_LEAVING) {
		(void)mp_process_kill(&child->process);
	}
}
