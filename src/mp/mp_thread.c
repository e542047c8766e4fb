#include "mp_thread.h"

#include "mp_errors.h"
#include "mp_name.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#define KERNEL_NAME_BYTES 16

enum { MADE, STARTED, JOINED };

static pthread_mutex_t names = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t forks_are_watched = PTHREAD_ONCE_INIT;
static _Thread_local struct mp_thread *current;

static void lock_names(void) {
	pthread_mutex_lock(&names);
}

static void unlock_names(void) {
	pthread_mutex_unlock(&names);
}

/* A child must not find them locked by a thread that it does not have. */
static void watch_forks(void) {
	pthread_atfork(lock_names, unlock_names, unlock_names);
}

static void run_function(struct mp_thread *thread) {
	thread->function(thread->argument);
}

void mp_thread_init(struct mp_thread *thread, void (*function)(void *argument), void *argument) {
	static atomic_uint made;
	pthread_once(&forks_are_watched, watch_forks);
	thread->run = function ? run_function : NULL;
	thread->function = function;
	thread->argument = argument;
	mp_name_number(thread->name, "Thread", atomic_fetch_add(&made, 1) + 1);
	mp_event_init(&thread->ended);
	atomic_init(&thread->state, MADE);
}

static void show_name(const struct mp_thread *thread) {
	char shown[KERNEL_NAME_BYTES];
	mp_thread_get_name(thread, shown, sizeof shown);
	pthread_setname_np(pthread_self(), shown);
}

static void *begin(void *argument) {
	struct mp_thread *thread = argument;
	current = thread;
	show_name(thread);
	thread->run(thread);
	mp_event_set(&thread->ended);
	return NULL;
}

int mp_thread_start(struct mp_thread *thread) {
	int made = MADE;
	if (!thread->run) {
		return MP_RANGE;
	}
	if (!atomic_compare_exchange_strong(&thread->state, &made, STARTED)) {
		return MP_STARTED;
	}
	int reason = pthread_create(&thread->handle, NULL, begin, thread);
	if (reason) {
		atomic_store(&thread->state, MADE);
		errno = reason;
		return MP_SYSTEM;
	}
	return 0;
}

/*
 * The wait is for the event, so that any number can wait, and with a timeout; the first to hear it
 * collects the thread, which has nothing left to do.
 */
int mp_thread_join(struct mp_thread *thread, int timeout_ms) {
	if (atomic_load(&thread->state) == MADE) {
		return MP_NOT_STARTED;
	}
	if (current == thread) {
		return MP_HELD;
	}
	int error = mp_event_wait(&thread->ended, timeout_ms);
	int started = STARTED;
	if (error == 0 && atomic_compare_exchange_strong(&thread->state, &started, JOINED)) {
		pthread_join(thread->handle, NULL);
	}
	return error;
}

bool mp_thread_is_alive(const struct mp_thread *thread) {
	return atomic_load(&thread->state) != MADE && !mp_event_is_set(&thread->ended);
}

void mp_thread_set_name(struct mp_thread *thread, const char *name) {
	lock_names();
	mp_name_copy(thread->name, sizeof thread->name, name);
	unlock_names();
}

void mp_thread_get_name(const struct mp_thread *thread, char *name, size_t size) {
	lock_names();
	mp_name_copy(name, size, thread->name);
	unlock_names();
}

struct mp_thread *mp_thread_current(void) {
	return current;
}
