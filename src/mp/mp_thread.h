/*
 * A thread, made and started in two steps.
 *
 *	struct mp_thread thread;
 *	mp_thread_init(&thread, work, &argument);    // void work(void *argument)
 *	mp_thread_start(&thread);
 *	mp_thread_join(&thread, MP_FOREVER);
 *
 * An own kind of thread embeds the struct as its first member and has a run function of its own, which
 * finds the rest of itself by a cast:
 *
 *	struct adder { struct mp_thread thread; int a, b, sum; };
 *	static void add(struct mp_thread *thread) {
 *		struct adder *adder = (struct adder *)thread;
 *		adder->sum = adder->a + adder->b;
 *	}
 *	struct adder adder = {.a = 1, .b = 2};
 *	mp_thread_init(&adder.thread, NULL, NULL);
 *	adder.thread.run = add;
 *
 * Who owns what: the struct is the caller's and must stay where it is until the thread was joined (a
 * join that answered 0); each started thread is to be joined once. There is nothing to finish. The end of
 * main() ends all threads, joined or not.
 *
 * Functions answer 0 or an error of mp_errors.h.
 */
#ifndef MP_THREAD_H
#define MP_THREAD_H

#include "mp_event.h"
#include "mp_process.h" /* MP_NAME_BYTES */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Set `run` between init and start if at all; the rest is kept by the kit. */
struct mp_thread {
	void (*run)(struct mp_thread
	                    *thread); /* what it does; at first: call the function given to init */
	void (*function)(void *argument);
	void *argument;
	char name[MP_NAME_BYTES]; /* under the kit's lock */
	pthread_t handle;
	struct mp_event ended;
	_Atomic int state; /* made, started, joined */
};

/* Make it. Its name is Thread-1, Thread-2 … in the order they are made. */
void mp_thread_init(struct mp_thread *thread, void (*function)(void *argument), void *argument);

/* Start it. Errors: MP_STARTED; MP_RANGE without a function; MP_SYSTEM. */
int mp_thread_start(struct mp_thread *thread);

/*
 * Wait until it has ended. Again after that is fine, and so is from several threads. Errors: MP_TIMEOUT,
 * MP_NOT_STARTED, MP_HELD (it would wait for itself).
 */
int mp_thread_join(struct mp_thread *thread, int timeout_ms);

/* Started, and its function has not returned. */
bool mp_thread_is_alive(const struct mp_thread *thread);

/*
 * Its name, at any time and from any thread; get copies it out, cut to `size` bytes. At the start its
 * first 15 bytes become what ps and top show.
 */
void mp_thread_set_name(struct mp_thread *thread, const char *name);
void mp_thread_get_name(const struct mp_thread *thread, char *name, size_t size);

/* The one that calls; NULL in main's thread and in those that the kit did not start. */
struct mp_thread *mp_thread_current(void);

#endif
