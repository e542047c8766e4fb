/*
 * A semaphore between processes or threads: a number of places, taken one by one and given back by
 * anybody.
 *
 * It starts at 1 unless told otherwise, and with 1 it is Python's Lock exactly: no
 * holder, so who did not acquire may release, and a second acquire waits.
 *
 * What a dead process took stays taken, for the same reason: nobody knows whose it was. Where that must
 * not be, use an mp_lock.
 *
 * It lives where an mp_lock does (mp_lock.h): create() for children started later, init() in any shared
 * memory. Waits look again every 250 ms on their own account, in case that who should have waked them
 * was killed on the way; otherwise they sleep until waked. The order of those who wait is not kept.
 *
 * Functions answer 0 or an error of mp_errors.h.
 */
#ifndef MP_SEMAPHORE_H
#define MP_SEMAPHORE_H

#include "mp_lock.h"

#include <stdint.h>

#define MP_SEMAPHORE_MAX INT32_MAX

struct mp_semaphore {
	_Atomic uint32_t value;   /* places left; the word that waiters sleep on */
	_Atomic uint32_t waiters; /* at least as many as sleep: one that was killed stays counted */
};

/* Make one of value 1, or of another value (at most MP_SEMAPHORE_MAX; more is cut to it). */
void mp_semaphore_init(struct mp_semaphore *semaphore);
void mp_semaphore_init_at(struct mp_semaphore *semaphore, uint32_t value);

/* The same in memory of its own; NULL and errno when there is none. Destroying NULL is fine. */
struct mp_semaphore *mp_semaphore_create(void);
struct mp_semaphore *mp_semaphore_create_at(uint32_t value);
void mp_semaphore_destroy(struct mp_semaphore *semaphore);

/* Take a place, or wait for one. Errors: MP_TIMEOUT. */
int mp_semaphore_acquire(struct mp_semaphore *semaphore, int timeout_ms);

/* Give one back, and wake one who waits. Errors: MP_RANGE at MP_SEMAPHORE_MAX. */
int mp_semaphore_release(struct mp_semaphore *semaphore);

/* How many places are left, at this moment. */
uint32_t mp_semaphore_value(const struct mp_semaphore *semaphore);

/*
 * Hold a place for the block that follows; rules as for MP_WITH_LOCK and MP_WITH_LOCK_WITHIN.
 */
#define MP_WITH_SEMAPHORE(semaphore)                                                               \
	MP_SEMAPHORE_SCOPE(MP_SCOPE_NAME(mp_semaphore_scope_),                                     \
	                   mp_semaphore_scope_try(semaphore, -1, &(int){0}))
#define MP_WITH_SEMAPHORE_WITHIN(semaphore, timeout_ms, result)                                    \
	MP_SEMAPHORE_SCOPE(MP_SCOPE_NAME(mp_semaphore_scope_),                                     \
	                   mp_semaphore_scope_try(semaphore, timeout_ms, &(result)))

/* ---- What the two are made of ---- */

struct mp_semaphore_scope {
	struct mp_semaphore *semaphore; /* NULL: no place held */
	bool is_open;
};

struct mp_semaphore_scope mp_semaphore_scope_try(struct mp_semaphore *semaphore, int timeout_ms,
                                                 int *result);
void mp_semaphore_scope_leave(struct mp_semaphore_scope *scope);

#define MP_SEMAPHORE_SCOPE(name, entered)                                                          \
	for (struct mp_semaphore_scope name                                                        \
	     __attribute__((cleanup(mp_semaphore_scope_leave))) = entered;                         \
	     name.is_open; name.is_open = false)

#endif
