/*
 * loop.c - epoll_pwait2 (microseconds) where the kernel has it, epoll_wait
 * (milliseconds, rounded up) where it has not.
 */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

/* Descriptors served in one turn: more wait for the next, and are not forgotten. */
#define EVENTS_MAX 64

struct loop {
	int epoll;
	loop_turn *turn;
	void *context;
	bool is_stopped;
	bool lacks_pwait2;
	uint64_t now_us;
	/* What this turn still has to serve: a watcher may be forgotten by one before it. */
	struct epoll_event events[EVENTS_MAX];
	int events_count;
	int events_next;
};

struct loop *loop_create(loop_turn *turn, void *context) {
	struct loop *loop = calloc(1, sizeof *loop);
	if (loop == NULL) {
		return NULL;
	}
	loop->turn = turn;
	loop->context = context;
	loop->now_us = clock_steady_us();
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		int saved = errno;
		free(loop);
		errno = saved;
		return NULL;
	}
	return loop;
}

void loop_destroy(struct loop *loop) {
	if (loop == NULL) {
		return;
	}
	close(loop->epoll);
	free(loop);
}

static int control(struct loop *loop, int operation, struct watch *watch, uint32_t events) {
	struct epoll_event event = {.events = events, .data.ptr = watch};
	return epoll_ctl(loop->epoll, operation, watch->fd, &event);
}

int loop_watch(struct loop *loop, struct watch *watch, uint32_t events) {
	assert(watch->ready != NULL);
	return control(loop, EPOLL_CTL_ADD, watch, events);
}

int loop_change(struct loop *loop, struct watch *watch, uint32_t events) {
	return control(loop, EPOLL_CTL_MOD, watch, events);
}

void loop_forget(struct loop *loop, struct watch *watch) {
	/* An error here means that it was not watched; that is what was wanted. */
	int saved = errno;
	(void)control(loop, EPOLL_CTL_DEL, watch, 0);
	errno = saved;
	for (int i = loop->events_next; i < loop->events_count; i++) {
		if (loop->events[i].data.ptr == watch) {
			loop->events[i].data.ptr = NULL;
		}
	}
}

static int wait_ms(struct loop *loop, uint64_t sleep_us) {
	int timeout_ms = -1;
	if (sleep_us != LOOP_FOREVER) {
		uint64_t ms = sleep_us / 1000 + (sleep_us % 1000 != 0);
		timeout_ms = ms < INT_MAX ? (int)ms : INT_MAX;
	}
	return epoll_wait(loop->epoll, loop->events, EVENTS_MAX, timeout_ms);
}

static int wait_us(struct loop *loop, uint64_t sleep_us) {
	if (loop->lacks_pwait2 || sleep_us == LOOP_FOREVER || sleep_us == 0) {
		return wait_ms(loop, sleep_us);
	}
	struct timespec timeout = {
		.tv_sec = (time_t)(sleep_us / 1000000),
		.tv_nsec = (long)(sleep_us % 1000000) * 1000,
	};
	int count = epoll_pwait2(loop->epoll, loop->events, EVENTS_MAX, &timeout, NULL);
	if (count < 0 && (errno == ENOSYS || errno == EPERM)) {
		loop->lacks_pwait2 = true;
		return wait_ms(loop, sleep_us);
	}
	return count;
}

static void serve(struct loop *loop) {
	for (loop->events_next = 0; loop->events_next < loop->events_count;) {
		struct epoll_event event = loop->events[loop->events_next++];
		struct watch *watch = event.data.ptr;
		if (watch != NULL) {
			watch->ready(watch->context, event.events);
		}
	}
	loop->events_count = 0;
}

void loop_run(struct loop *loop) {
	loop->is_stopped = false;
	while (true) {
		loop->now_us = clock_steady_us();
		uint64_t sleep_us = loop->turn != NULL ? loop->turn(loop->context) : LOOP_FOREVER;
		if (loop->is_stopped) {
			return;
		}
		int count = wait_us(loop, sleep_us);
		assert(count >= 0 || errno == EINTR);
		loop->now_us = clock_steady_us();
		loop->events_count = count > 0 ? count : 0;
		serve(loop);
		if (loop->is_stopped) {
			return;
		}
	}
}

void loop_stop(struct loop *loop) {
	loop->is_stopped = true;
}

uint64_t loop_now_us(const struct loop *loop) {
	return loop->now_us;
}
