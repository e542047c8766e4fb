/* Semaphores and events between processes. */
#include "mp_help.h"

#include "mp_event.h"
#include "mp_pipe.h"
#include "mp_semaphore.h"
#include "mp_value.h"

#include <sched.h>
#include <stdatomic.h>

static struct {
	struct mp_semaphore *semaphore;
	struct mp_event *event;
	struct mp_value *inside, *most;
} shared;

static int set_up(void **state) {
	shared.semaphore = mp_semaphore_create();
	shared.event = mp_event_create();
	shared.inside = mp_value_create(MP_INT32);
	shared.most = mp_value_create(MP_INT32);
	return !shared.semaphore || !shared.event || !shared.inside || !shared.most;
}

static int tear_down(void **state) {
	mp_semaphore_destroy(shared.semaphore);
	mp_event_destroy(shared.event);
	mp_value_destroy(shared.inside);
	mp_value_destroy(shared.most);
	return 0;
}

/* Wait, with an answer and not a time, until that many sleep on the semaphore, or are about to. */
static void until_waiting(uint32_t count) {
	while (atomic_load(&shared.semaphore->waiters) != count) {
		sched_yield();
	}
}

static int acquire_it(void *argument) {
	return mp_semaphore_acquire(shared.semaphore, MP_FOREVER);
}

static int release_it(void *argument) {
	return mp_semaphore_release(shared.semaphore);
}

static int wait_for_event(void *argument) {
	return mp_event_wait(shared.event, MP_FOREVER);
}

static void until_someone_waits(void) {
	while (!(atomic_load(&shared.event->state) & 2)) {
		sched_yield();
	}
}

/* ---- Semaphore ---- */

static void starts_at_one(void **state) {
	assert_int_equal(mp_semaphore_value(shared.semaphore), 1);
	assert_int_equal(mp_semaphore_acquire(shared.semaphore, MP_FOREVER), 0);
	assert_int_equal(mp_semaphore_value(shared.semaphore), 0);
	assert_int_equal(mp_semaphore_acquire(shared.semaphore, 0), MP_TIMEOUT);
	double before = now_ms();
	assert_int_equal(mp_semaphore_acquire(shared.semaphore, 20), MP_TIMEOUT);
	assert_true(now_ms() - before >= 20);
	signals_begin();
	assert_int_equal(mp_semaphore_acquire(shared.semaphore, 20), MP_TIMEOUT);
	signals_end();
	assert_true(now_ms() - before >= 40);
	/* Unlike a lock, a stranger may release. */
	struct mp_process stranger;
	begin(&stranger, release_it, NULL);
	assert_int_equal(end(&stranger), 0);
	assert_int_equal(mp_semaphore_acquire(shared.semaphore, 0), 0);
}

static void values(void **state) {
	struct mp_semaphore semaphore;
	mp_semaphore_init_at(&semaphore, 0);
	assert_int_equal(mp_semaphore_acquire(&semaphore, 0), MP_TIMEOUT);
	mp_semaphore_release(&semaphore);
	mp_semaphore_release(&semaphore);
	assert_int_equal(mp_semaphore_value(&semaphore), 2);
	mp_semaphore_init(&semaphore);
	assert_int_equal(mp_semaphore_value(&semaphore), 1);
	mp_semaphore_init_at(&semaphore, UINT32_MAX);
	assert_int_equal(mp_semaphore_value(&semaphore), MP_SEMAPHORE_MAX);
	assert_int_equal(mp_semaphore_release(&semaphore), MP_RANGE);
	assert_int_equal(mp_semaphore_value(&semaphore), MP_SEMAPHORE_MAX);
	struct mp_semaphore *three = mp_semaphore_create_at(3);
	assert_int_equal(mp_semaphore_value(three), 3);
	mp_semaphore_destroy(three);
	mp_semaphore_destroy(NULL);
}

static int acquire_all(void *argument) {
	while (mp_semaphore_acquire(shared.semaphore, 0) == 0) {
	}
	return 0;
}

static void what_a_dead_one_took_stays_taken(void **state) {
	struct mp_process taker;
	mp_semaphore_release(shared.semaphore);
	begin(&taker, acquire_all, NULL);
	assert_int_equal(end(&taker), 0);
	assert_int_equal(mp_semaphore_acquire(shared.semaphore, 10), MP_TIMEOUT);
}

/*
 * The first of those who wait is stopped, so that it cannot take what it is waked for, and killed: what was
 * released reaches one that lives.
 */
static void killed_waiters_swallow_nothing(void **state) {
	enum { WAITERS = 3 };
	for (int round = 0; round < sized(20, 2000); round++) {
		struct mp_process waiters[WAITERS];
		mp_semaphore_init_at(shared.semaphore, 0);
		for (int i = 0; i < WAITERS; i++) {
			begin(&waiters[i], acquire_it, NULL);
			until_waiting((uint32_t)i + 1);
		}
		stop(&waiters[0]);
		mp_semaphore_release(shared.semaphore);
		kill_and_end(&waiters[0]);
		while (mp_semaphore_value(shared.semaphore) > 0) {
			sched_yield();
		}
		mp_semaphore_release(shared.semaphore);
		for (int i = 1; i < WAITERS; i++) {
			assert_int_equal(end(&waiters[i]), 0);
		}
		assert_int_equal(mp_semaphore_value(shared.semaphore), 0);
	}
}

/* As if a releaser had been killed after it gave the place back and before it waked anybody. */
static void a_wake_that_never_came(void **state) {
	struct mp_process waiter;
	mp_semaphore_init_at(shared.semaphore, 0);
	begin(&waiter, acquire_it, NULL);
	until_waiting(1);
	atomic_fetch_add(&shared.semaphore->value, 1);
	assert_int_equal(end(&waiter), 0);
	begin(&waiter, wait_for_event, NULL);
	until_someone_waits();
	atomic_fetch_or(&shared.event->state, 1);
	assert_int_equal(end(&waiter), 0);
}

static int go_in_and_out(void *argument) {
	for (int i = 0; i < *(int *)argument; i++) {
		MP_WITH_SEMAPHORE(shared.semaphore) {
			int now = mp_value_add_int32(shared.inside, 1);
			MP_WITH_LOCK(mp_value_lock(shared.most)) {
				if (now > mp_value_get_int32(shared.most)) {
					mp_value_set_int32(shared.most, now);
				}
			}
			mp_value_add_int32(shared.inside, -1);
		}
	}
	return 0;
}

static void three_at_a_time(void **state) {
	enum { WORKERS = 6 };
	struct mp_process workers[WORKERS];
	int times = sized(2000, 100000);
	mp_semaphore_init_at(shared.semaphore, 3);
	for (int i = 0; i < WORKERS; i++) {
		begin(&workers[i], go_in_and_out, &times);
	}
	for (int i = 0; i < WORKERS; i++) {
		assert_int_equal(end(&workers[i]), 0);
	}
	assert_in_range(mp_value_get_int32(shared.most), 1, 3);
	assert_int_equal(mp_value_get_int32(shared.inside), 0);
	assert_int_equal(mp_semaphore_value(shared.semaphore), 3);
}

static int return_from_within(void) {
	MP_WITH_SEMAPHORE(shared.semaphore) {
		return (int)mp_semaphore_value(shared.semaphore);
	}
	return 99;
}

static void scopes(void **state) {
	int result = 99;
	assert_int_equal(return_from_within(), 0);
	assert_int_equal(mp_semaphore_value(shared.semaphore), 1);
	MP_WITH_SEMAPHORE_WITHIN(shared.semaphore, 5, result) {
		assert_int_equal(result, 0);
		MP_WITH_SEMAPHORE_WITHIN(shared.semaphore, 5, result) {
			fail();
		}
		assert_int_equal(result, MP_TIMEOUT);
		break;
	}
	assert_int_equal(mp_semaphore_value(shared.semaphore), 1);
}

/* ---- Event ---- */

static void set_clear_is_set(void **state) {
	assert_false(mp_event_is_set(shared.event));
	assert_int_equal(mp_event_wait(shared.event, 0), MP_TIMEOUT);
	double before = now_ms();
	signals_begin();
	assert_int_equal(mp_event_wait(shared.event, 20), MP_TIMEOUT);
	signals_end();
	assert_true(now_ms() - before >= 20);
	mp_event_set(shared.event);
	mp_event_set(shared.event);
	assert_true(mp_event_is_set(shared.event));
	assert_int_equal(mp_event_wait(shared.event, 0), 0);
	assert_int_equal(mp_event_wait(shared.event, MP_FOREVER), 0);
	mp_event_clear(shared.event);
	mp_event_clear(shared.event);
	assert_false(mp_event_is_set(shared.event));
	assert_int_equal(mp_event_wait(shared.event, 0), MP_TIMEOUT);
	mp_event_destroy(NULL);
}

static void all_who_wait_pass(void **state) {
	enum { WAITERS = 4 };
	struct mp_process waiters[WAITERS];
	for (int i = 0; i < WAITERS; i++) {
		begin(&waiters[i], wait_for_event, NULL);
	}
	until_someone_waits();
	mp_event_set(shared.event);
	for (int i = 0; i < WAITERS; i++) {
		assert_int_equal(end(&waiters[i]), 0);
	}
}

/* Set and cleared while the one that waits is stopped: it passes all the same. */
static void a_set_is_never_missed(void **state) {
	struct mp_process waiter;
	begin(&waiter, wait_for_event, NULL);
	until_someone_waits();
	stop(&waiter);
	mp_event_set(shared.event);
	mp_event_clear(shared.event);
	mp_process_signal(&waiter, SIGCONT);
	assert_int_equal(end(&waiter), 0);
	assert_false(mp_event_is_set(shared.event));
}

static void a_killed_waiter_disturbs_nobody(void **state) {
	struct mp_process killed, waiter;
	begin(&killed, wait_for_event, NULL);
	until_someone_waits();
	kill_and_end(&killed);
	begin(&waiter, wait_for_event, NULL);
	mp_event_set(shared.event);
	assert_int_equal(end(&waiter), 0);
}

#define WITH_SHARED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
	const struct CMUnitTest tests[] = {
		WITH_SHARED(starts_at_one),
		cmocka_unit_test(values),
		WITH_SHARED(what_a_dead_one_took_stays_taken),
		WITH_SHARED(killed_waiters_swallow_nothing),
		WITH_SHARED(a_wake_that_never_came),
		WITH_SHARED(three_at_a_time),
		WITH_SHARED(scopes),
		WITH_SHARED(set_clear_is_set),
		WITH_SHARED(all_who_wait_pass),
		WITH_SHARED(a_set_is_never_missed),
		WITH_SHARED(a_killed_waiter_disturbs_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
