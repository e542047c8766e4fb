/*
 * loop.h - the one event loop: epoll, one timer, one place that sleeps.
 *
 * Every process of the house runs exactly one. A turn is: ask `turn` for the
 * work that does not come through a descriptor (the ring, a queue); sleep for
 * as long as it says; call the watchers of the descriptors that are ready.
 * When nobody has anything to do, the process sleeps without a deadline and
 * makes no system call.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* A watcher's callback; `events` are EPOLLIN, EPOLLOUT, EPOLLERR, ... */
typedef void loop_ready(void *context, uint32_t events);

/* Embedded in, or owned by, whoever watches; must outlive loop_forget(). */
struct watch {
	int fd;
	loop_ready *ready;
	void *context;
};

/*
 * Does a bounded amount of the work that waits in shared memory.
 * Returns how many microseconds the loop may sleep: 0 if more work waits,
 * LOOP_FOREVER if only a descriptor can bring more.
 *
 * A turn that is about to return non-zero first raises the process's "asleep"
 * flag and looks once more for work (see bell.h), or a wake-up could be missed.
 */
typedef uint64_t loop_turn(void *context);

#define LOOP_FOREVER UINT64_MAX

/* NULL with errno on failure. */
struct loop *loop_create(loop_turn *turn, void *context);
void loop_destroy(struct loop *loop);

/* 0, or -1 with errno. `events` as for epoll (EPOLLIN | ...). */
int loop_watch(struct loop *loop, struct watch *watch, uint32_t events);
int loop_change(struct loop *loop, struct watch *watch, uint32_t events);
void loop_forget(struct loop *loop, struct watch *watch);

/* Runs until loop_stop(). Signals interrupt the sleep and nothing else. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* The steady clock as of this turn's beginning, in microseconds: no system call. */
uint64_t loop_now_us(const struct loop *loop);

#endif
