/*
 * A lock between processes, or between threads: one holder at a time.
 *
 *	struct mp_lock *lock = mp_lock_create();   // before the children are started
 *	…
 *	MP_WITH_LOCK(lock) {
 *		…                                  // left by its end, break, continue, return or goto
 *	}
 *
 * Where it lives. mp_lock_create() gives it memory that the children started later share, a page for
 * each. mp_lock_init() makes one in any memory: in a mapping (mp_mapping.h) for processes, anywhere for
 * threads. It must not be moved or copied, and not unmapped while held.
 *
 * When the holder dies (kill -9 of a process, the end of a thread) the lock is handed to the next, whose
 * acquire answers MP_HOLDER_DIED instead of 0, once: the lock is held, and what it protects may be
 * half-changed; look at it, mend it, go on. In an MP_WITH_LOCK block mp_lock_holder_died() tells.
 *
 * Two departures from Python, on purpose. The lock has a holder, the thread that acquired it: a second
 * acquire by the holder is an error at once (Python waits for ever), and so is a release by anybody else
 * (Python allows it). After a fork the child is a stranger. What is wanted with a Python Lock across
 * strangers, an mp_semaphore of 1 does exactly.
 *
 * Functions answer 0 or an error of mp_errors.h.
 */
#ifndef MP_LOCK_H
#define MP_LOCK_H

#include <pthread.h>
#include <stdbool.h>

struct mp_lock {
	pthread_mutex_t mutex; /* robust, process-shared, error-checking */
	/* The present holder got it from a dead one. Written and read by the holder; atomic all the same, since
	 * ThreadSanitizer does not see the kernel hand on the lock of a thread that ended with it. */
	_Atomic bool has_holder_died;
};

/* Make one in memory of the caller's. Errors: MP_SYSTEM. */
int mp_lock_init(struct mp_lock *lock);

/* The last user; nobody holds it. */
void mp_lock_finish(struct mp_lock *lock);

/* Make one in memory of its own; NULL and errno when there is none. */
struct mp_lock *mp_lock_create(void);

/* Give back this process's hold on that memory; others that share it are not disturbed. NULL is fine. */
void mp_lock_destroy(struct mp_lock *lock);

/* Errors: MP_TIMEOUT, MP_HELD (by the caller), MP_SYSTEM. MP_HOLDER_DIED (positive): held, see above. */
int mp_lock_acquire(struct mp_lock *lock, int timeout_ms);

/* Errors: MP_NOT_HOLDER. */
int mp_lock_release(struct mp_lock *lock);

/* Asked by the holder: did the one before die with it? */
bool mp_lock_holder_died(const struct mp_lock *lock);

/*
 * Hold it for the block that follows, waiting for ever. A block that could never begin, since the caller
 * holds the lock already, aborts the program. The block is a loop of one turn: `break` and `continue`
 * leave the block, not a loop around it.
 */
#define MP_WITH_LOCK(lock) MP_LOCK_SCOPE(MP_SCOPE_NAME(mp_lock_scope_), mp_lock_scope_enter(lock))

/*
 * The same with a timeout. `result`, an int variable, gets what mp_lock_acquire() answers, and the block is
 * passed over when that is an error.
 */
#define MP_WITH_LOCK_WITHIN(lock, timeout_ms, result)                                              \
	MP_LOCK_SCOPE(MP_SCOPE_NAME(mp_lock_scope_), mp_lock_scope_try(lock, timeout_ms, &(result)))

/* ---- What the two are made of ---- */

struct mp_lock_scope {
	struct mp_lock *lock; /* NULL: not held */
	bool is_open;         /* the one turn is still to come */
};

struct mp_lock_scope mp_lock_scope_enter(struct mp_lock *lock);
struct mp_lock_scope mp_lock_scope_try(struct mp_lock *lock, int timeout_ms, int *result);
void mp_lock_scope_leave(struct mp_lock_scope *scope);

#define MP_SCOPE_PASTE(left, right) left##right
#define MP_SCOPE_PASTE_LINE(left, line) MP_SCOPE_PASTE(left, line)
#define MP_SCOPE_NAME(prefix) MP_SCOPE_PASTE_LINE(prefix, __LINE__)

#define MP_LOCK_SCOPE(name, entered)                                                               \
	for (struct mp_lock_scope name __attribute__((cleanup(mp_lock_scope_leave))) = entered;    \
	     name.is_open; name.is_open = false)

#endif
