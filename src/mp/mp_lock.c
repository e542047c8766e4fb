#include "mp_lock.h"

#include "mp_errors.h"
#include "mp_shared.h"
#include "mp_time.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* Does ThreadSanitizer watch? It knows fewer calls than the libc has. */
#if defined(__SANITIZE_THREAD__)
#define IS_UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define IS_UNDER_TSAN 1
#endif
#endif
#ifndef IS_UNDER_TSAN
#define IS_UNDER_TSAN 0
#endif

int mp_lock_init(struct mp_lock *lock) {
	pthread_mutexattr_t kind;
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
	int reason = pthread_mutex_init(&lock->mutex, &kind);
	pthread_mutexattr_destroy(&kind);
	lock->has_holder_died = false;
	errno = reason;
	return reason == 0 ? 0 : MP_SYSTEM;
}

void mp_lock_finish(struct mp_lock *lock) {
	pthread_mutex_destroy(&lock->mutex);
}

struct mp_lock *mp_lock_create(void) {
	struct mp_lock *lock = mp_shared_make(sizeof *lock);
	if (lock && mp_lock_init(lock)) {
		mp_shared_give_back(lock, sizeof *lock);
		return NULL;
	}
	return lock;
}

void mp_lock_destroy(struct mp_lock *lock) {
	mp_shared_give_back(lock, sizeof *lock);
}

/*
 * For ThreadSanitizer, which does not know pthread_mutex_clocklock(), and of pthread_mutex_timedlock() not
 * that it can hand on the lock of a thread that ended with it.
 */
static int lock_by_trying(pthread_mutex_t *mutex, int64_t deadline) {
	int result;
	while ((result = pthread_mutex_trylock(mutex)) == EBUSY && mp_now() < deadline) {
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return result;
}

static int lock_mutex(pthread_mutex_t *mutex, int timeout_ms) {
	if (timeout_ms < 0) {
		return pthread_mutex_lock(mutex);
	}
	int result = pthread_mutex_trylock(mutex);
	if (result != EBUSY || timeout_ms == 0) {
		return result;
	}
	int64_t deadline = mp_deadline(timeout_ms);
	if (IS_UNDER_TSAN) {
		return lock_by_trying(mutex, deadline);
	}
	struct timespec until = mp_timespec(deadline);
	return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &until);
}

static void note_death(struct mp_lock *lock, bool has_holder_died) {
	atomic_store_explicit(&lock->has_holder_died, has_holder_died, memory_order_relaxed);
}

int mp_lock_acquire(struct mp_lock *lock, int timeout_ms) {
	int reason = lock_mutex(&lock->mutex, timeout_ms);
	switch (reason) {
	case 0: note_death(lock, false); return 0;
	case EOWNERDEAD:
		pthread_mutex_consistent(&lock->mutex);
		note_death(lock, true);
		return MP_HOLDER_DIED;
	case EBUSY:
	case ETIMEDOUT: return MP_TIMEOUT;
	case EDEADLK: return MP_HELD;
	default: errno = reason; return MP_SYSTEM;
	}
}

int mp_lock_release(struct mp_lock *lock) {
	return pthread_mutex_unlock(&lock->mutex) == 0 ? 0 : MP_NOT_HOLDER;
}

bool mp_lock_holder_died(const struct mp_lock *lock) {
	return atomic_load_explicit(&lock->has_holder_died, memory_order_relaxed);
}

struct mp_lock_scope mp_lock_scope_try(struct mp_lock *lock, int timeout_ms, int *result) {
	*result = mp_lock_acquire(lock, timeout_ms);
	bool is_held = *result >= 0;
	return (struct mp_lock_scope){.lock = is_held ? lock : NULL, .is_open = is_held};
}

struct mp_lock_scope mp_lock_scope_enter(struct mp_lock *lock) {
	int result;
	struct mp_lock_scope scope = mp_lock_scope_try(lock, MP_FOREVER, &result);
	if (result < 0) {
		fprintf(stderr, "MP_WITH_LOCK: %s\n", mp_strerror(result));
		abort();
	}
	return scope;
}

void mp_lock_scope_leave(struct mp_lock_scope *scope) {
	if (scope->lock) {
		mp_lock_release(scope->lock);
	}
}
