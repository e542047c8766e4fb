#include "mp_semaphore.h"

#include "mp_errors.h"
#include "mp_futex.h"
#include "mp_shared.h"
#include "mp_time.h"

void mp_semaphore_init(struct mp_semaphore *semaphore) {
	mp_semaphore_init_at(semaphore, 1);
}

void mp_semaphore_init_at(struct mp_semaphore *semaphore, uint32_t value) {
	atomic_init(&semaphore->value, value > MP_SEMAPHORE_MAX ? MP_SEMAPHORE_MAX : value);
	atomic_init(&semaphore->waiters, 0);
}

struct mp_semaphore *mp_semaphore_create(void) {
	return mp_semaphore_create_at(1);
}

struct mp_semaphore *mp_semaphore_create_at(uint32_t value) {
	struct mp_semaphore *semaphore = mp_shared_make(sizeof *semaphore);
	if (semaphore) {
		mp_semaphore_init_at(semaphore, value);
	}
	return semaphore;
}

void mp_semaphore_destroy(struct mp_semaphore *semaphore) {
	mp_shared_give_back(semaphore, sizeof *semaphore);
}

static bool take(struct mp_semaphore *semaphore) {
	uint32_t value = atomic_load_explicit(&semaphore->value, memory_order_relaxed);
	while (value > 0) {
		if (atomic_compare_exchange_weak_explicit(&semaphore->value, &value, value - 1,
		                                          memory_order_seq_cst,
		                                          memory_order_relaxed)) {
			return true;
		}
	}
	return false;
}

/*
 * The waiter counts itself, then looks at the value; who releases raises the value, then looks at the
 * count. All four are sequentially consistent, so at least one of them sees the other.
 */
static int wait_and_take(struct mp_semaphore *semaphore, int timeout_ms) {
	int64_t deadline = mp_deadline(timeout_ms);
	int result = 0;
	atomic_fetch_add(&semaphore->waiters, 1);
	while (!take(semaphore)) {
		if (!mp_futex_wait(&semaphore->value, 0, deadline)) {
			result = take(semaphore) ? 0 : MP_TIMEOUT;
			break;
		}
	}
	atomic_fetch_sub(&semaphore->waiters, 1);
	return result;
}

int mp_semaphore_acquire(struct mp_semaphore *semaphore, int timeout_ms) {
	if (take(semaphore)) {
		return 0;
	}
	return timeout_ms == 0 ? MP_TIMEOUT : wait_and_take(semaphore, timeout_ms);
}

int mp_semaphore_release(struct mp_semaphore *semaphore) {
	uint32_t value = atomic_load_explicit(&semaphore->value, memory_order_relaxed);
	do {
		if (value == MP_SEMAPHORE_MAX) {
			return MP_RANGE;
		}
	} while (!atomic_compare_exchange_weak_explicit(
		&semaphore->value, &value, value + 1, memory_order_seq_cst, memory_order_relaxed));
	if (atomic_load(&semaphore->waiters) > 0) {
		mp_futex_wake(&semaphore->value, 1);
	}
	return 0;
}

uint32_t mp_semaphore_value(const struct mp_semaphore *semaphore) {
	return atomic_load(&semaphore->value);
}

struct mp_semaphore_scope mp_semaphore_scope_try(struct mp_semaphore *semaphore, int timeout_ms,
                                                 int *result) {
	*result = mp_semaphore_acquire(semaphore, timeout_ms);
	bool is_held = *result >= 0;
	return (struct mp_semaphore_scope){
		.semaphore = is_held ? semaphore : NULL,
		.is_open = is_held,
	};
}

void mp_semaphore_scope_leave(struct mp_semaphore_scope *scope) {
	if (scope->semaphore) {
		mp_semaphore_release(scope->semaphore);
	}
}
