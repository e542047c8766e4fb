/* Locks between processes: held by one, handed on when that one dies. */
#include "mp_help.h"

#include "mp_lock.h"
#include "mp_pipe.h"
#include "mp_value.h"

#include <sched.h>
#include <string.h>

/* A lock, and a pipe by which the test and a child tell each other "now": the child has ends[1]. */
struct shared {
	struct mp_lock *lock;
	struct mp_value *value;
	struct mp_pipe ends[2];
};

static struct shared shared;

static int set_up(void **state) {
	shared.lock = mp_lock_create();
	shared.value = mp_value_create(MP_INT32);
	assert_non_null(shared.lock);
	return mp_pipe_create(shared.ends, true);
}

static int tear_down(void **state) {
	mp_lock_destroy(shared.lock);
	mp_value_destroy(shared.value);
	mp_pipe_drop(&shared.ends[0]);
	mp_pipe_drop(&shared.ends[1]);
	return 0;
}

static void tell(int end) {
	assert_int_equal(mp_pipe_send(&shared.ends[end], "", 0, MP_FOREVER), 0);
}

static void hear(int end) {
	size_t length;
	assert_int_equal(mp_pipe_receive(&shared.ends[end], NULL, 0, &length, MP_FOREVER), 0);
}

/* Acquire, tell, and release when told. Exits with what acquire answered. */
static int hold(void *argument) {
	int result = mp_lock_acquire(shared.lock, MP_FOREVER);
	tell(1);
	hear(1);
	mp_lock_release(shared.lock);
	return result;
}

/* Acquire and release; the exit code is what acquire answered. */
static int pass_through(void *argument) {
	tell(1);
	int result = mp_lock_acquire(shared.lock, MP_FOREVER);
	return mp_lock_release(shared.lock) == 0 ? result : 99;
}

/* ---- Tests ---- */

static void acquire_and_release(void **state) {
	struct mp_process holder;
	assert_int_equal(mp_lock_acquire(shared.lock, MP_FOREVER), 0);
	assert_int_equal(mp_lock_release(shared.lock), 0);
	begin(&holder, hold, NULL);
	hear(0);
	assert_int_equal(mp_lock_acquire(shared.lock, 0), MP_TIMEOUT);
	double before = now_ms();
	assert_int_equal(mp_lock_acquire(shared.lock, 20), MP_TIMEOUT);
	assert_true(now_ms() - before >= 20);
	signals_begin();
	assert_int_equal(mp_lock_acquire(shared.lock, 20), MP_TIMEOUT);
	signals_end();
	assert_true(now_ms() - before >= 40);
	tell(0);
	assert_int_equal(mp_lock_acquire(shared.lock, MP_FOREVER), 0);
	assert_false(mp_lock_holder_died(shared.lock));
	assert_int_equal(mp_lock_release(shared.lock), 0);
	assert_int_equal(end(&holder), 0);
}

static void again_by_the_holder_is_an_error(void **state) {
	assert_int_equal(mp_lock_acquire(shared.lock, 0), 0);
	assert_int_equal(mp_lock_acquire(shared.lock, 0), MP_HELD);
	assert_int_equal(mp_lock_acquire(shared.lock, 10), MP_HELD);
	assert_int_equal(mp_lock_acquire(shared.lock, MP_FOREVER), MP_HELD);
	assert_int_equal(mp_lock_release(shared.lock), 0);
	assert_int_equal(mp_lock_release(shared.lock), MP_NOT_HOLDER);
}

static void *release_it(void *argument) {
	return mp_lock_release(shared.lock) == MP_NOT_HOLDER ? argument : NULL;
}

/* A child is a stranger to what its parent held at the fork; so is another thread. */
static int be_stranger(void *argument) {
	bool is_good = mp_lock_release(shared.lock) == MP_NOT_HOLDER &&
	               mp_lock_acquire(shared.lock, 0) == MP_TIMEOUT;
	tell(1);
	return is_good ? pass_through(NULL) : 98;
}

static void strangers_and_forks(void **state) {
	struct mp_process stranger;
	pthread_t thread;
	void *answer;
	assert_int_equal(mp_lock_acquire(shared.lock, 0), 0);
	pthread_create(&thread, NULL, release_it, &shared);
	pthread_join(thread, &answer);
	assert_ptr_equal(answer, &shared);
	begin(&stranger, be_stranger, NULL);
	hear(0);
	hear(0);
	assert_int_equal(mp_lock_release(shared.lock), 0);
	assert_int_equal(end(&stranger), 0);
	/* One that ends by itself with its parent's lock held takes nothing along. */
	assert_int_equal(mp_lock_acquire(shared.lock, 0), 0);
	begin(&stranger, be_stranger, NULL);
	hear(0);
	kill_and_end(&stranger);
	assert_int_equal(mp_lock_acquire(shared.lock, 0), MP_HELD);
	assert_int_equal(mp_lock_release(shared.lock), 0);
}

static void a_dead_holders_lock_is_handed_on(void **state) {
	struct mp_process holder, waiter;
	begin(&holder, hold, NULL);
	hear(0);
	kill_and_end(&holder);
	assert_int_equal(mp_lock_acquire(shared.lock, MP_FOREVER), MP_HOLDER_DIED);
	assert_true(mp_lock_holder_died(shared.lock));
	assert_int_equal(mp_lock_release(shared.lock), 0);
	assert_int_equal(mp_lock_acquire(shared.lock, 0), 0);
	assert_false(mp_lock_holder_died(shared.lock));
	assert_int_equal(mp_lock_release(shared.lock), 0);
	/* The same to one that waits already, or is about to. */
	begin(&holder, hold, NULL);
	hear(0);
	begin(&waiter, pass_through, NULL);
	hear(0);
	kill_and_end(&holder);
	assert_int_equal(end(&waiter), MP_HOLDER_DIED);
	assert_int_equal(mp_lock_acquire(shared.lock, 0), 0);
	assert_int_equal(mp_lock_release(shared.lock), 0);
}

static void a_chain_of_deaths(void **state) {
	for (int i = 0; i < sized(20, 2000); i++) {
		struct mp_process holder;
		begin(&holder, hold, NULL);
		hear(0);
		kill_and_end(&holder);
	}
	assert_int_equal(mp_lock_acquire(shared.lock, 0), MP_HOLDER_DIED);
	assert_int_equal(mp_lock_release(shared.lock), 0);
}

static void *end_with_it(void *argument) {
	return mp_lock_acquire(shared.lock, 0) == 0 ? argument : NULL;
}

static void a_thread_that_ended_with_it(void **state) {
	pthread_t thread;
	void *answer;
	pthread_create(&thread, NULL, end_with_it, &shared);
	pthread_join(thread, &answer);
	assert_ptr_equal(answer, &shared);
	assert_int_equal(mp_lock_acquire(shared.lock, MP_FOREVER), MP_HOLDER_DIED);
	assert_int_equal(mp_lock_release(shared.lock), 0);
}

static bool is_free(void) {
	if (mp_lock_acquire(shared.lock, 0)) {
		return false;
	}
	mp_lock_release(shared.lock);
	return true;
}

static int return_from_within(void) {
	MP_WITH_LOCK(shared.lock) {
		return mp_lock_acquire(shared.lock, 0);
	}
	return 1;
}

static void scopes_let_go(void **state) {
	int turns = 0;
	MP_WITH_LOCK(shared.lock) {
		turns++;
		assert_int_equal(mp_lock_acquire(shared.lock, 0), MP_HELD);
	}
	assert_true(is_free());
	MP_WITH_LOCK(shared.lock) {
		turns++;
		if (turns) {
			break;
		}
		turns = 1000;
	}
	assert_true(is_free());
	MP_WITH_LOCK(shared.lock) {
		turns++;
		if (turns) {
			continue;
		}
		turns = 1000;
	}
	assert_true(is_free());
	assert_int_equal(turns, 3);
	assert_int_equal(return_from_within(), MP_HELD);
	assert_true(is_free());
	MP_WITH_LOCK(shared.lock) {
		goto out;
	}
out:
	assert_true(is_free());
	MP_WITH_LOCK(shared.lock) {
		MP_WITH_LOCK(mp_value_lock(shared.value)) {
			turns++;
		}
	}
	assert_int_equal(turns, 4);
	assert_true(is_free());
}

static void scopes_with_a_timeout(void **state) {
	struct mp_process holder;
	int result = 99;
	MP_WITH_LOCK_WITHIN(shared.lock, 0, result) {
		assert_false(is_free());
	}
	assert_int_equal(result, 0);
	assert_true(is_free());
	begin(&holder, hold, NULL);
	hear(0);
	MP_WITH_LOCK_WITHIN(shared.lock, 5, result) {
		fail();
	}
	assert_int_equal(result, MP_TIMEOUT);
	kill_and_end(&holder);
	int turns = 0;
	MP_WITH_LOCK_WITHIN(shared.lock, MP_FOREVER, result) {
		assert_true(mp_lock_holder_died(shared.lock));
		turns++;
	}
	assert_int_equal(turns, 1);
	assert_int_equal(result, MP_HOLDER_DIED);
	assert_true(is_free());
}

static int enter_twice(void *argument) {
	signal(SIGABRT, SIG_DFL);
	close(STDERR_FILENO); /* It says why. */
	MP_WITH_LOCK(shared.lock) {
		MP_WITH_LOCK(shared.lock) {
			return 1;
		}
	}
	return 2;
}

static void a_scope_within_itself_aborts(void **state) {
	struct mp_process process;
	struct mp_status status;
	begin(&process, enter_twice, NULL);
	assert_int_equal(mp_process_join(&process, MP_FOREVER, &status), 0);
	assert_int_equal(status.signal, SIGABRT);
	assert_int_equal(mp_process_finish(&process), 0);
}

/* Read, then write: lost updates if two were ever inside. */
static int count_up(void *argument) {
	for (int i = 0; i < *(int *)argument; i++) {
		MP_WITH_LOCK(shared.lock) {
			mp_value_set_int32(shared.value, mp_value_get_int32(shared.value) + 1);
		}
	}
	return 0;
}

static void one_at_a_time(void **state) {
	enum { WORKERS = 4 };
	struct mp_process workers[WORKERS];
	int times = sized(5000, 500000);
	for (int i = 0; i < WORKERS; i++) {
		begin(&workers[i], count_up, &times);
	}
	for (int i = 0; i < WORKERS; i++) {
		assert_int_equal(end(&workers[i]), 0);
	}
	assert_int_equal(mp_value_get_int32(shared.value), WORKERS * times);
}

/* Workers are killed wherever they are; the others, and the test, always get the lock. */
static int count_for_ever(void *argument) {
	int times = INT32_MAX;
	return count_up(&times);
}

static void workers_are_killed_anywhere(void **state) {
	enum { WORKERS = 3 };
	struct mp_process workers[WORKERS];
	for (int i = 0; i < WORKERS; i++) {
		begin(&workers[i], count_for_ever, NULL);
	}
	for (int i = 0; i < sized(60, 5000); i++) {
		int before = mp_value_get_int32(shared.value);
		kill_and_end(&workers[i % WORKERS]);
		assert_true(mp_lock_acquire(shared.lock, 10000) >= 0);
		assert_int_equal(mp_lock_release(shared.lock), 0);
		begin(&workers[i % WORKERS], count_for_ever, NULL);
		while (mp_value_get_int32(shared.value) == before) {
			sched_yield();
		}
	}
	for (int i = 0; i < WORKERS; i++) {
		kill_and_end(&workers[i]);
	}
}

static void in_anybodys_memory(void **state) {
	struct mp_lock lock;
	memset(&lock, 0xee, sizeof lock);
	assert_int_equal(mp_lock_init(&lock), 0);
	MP_WITH_LOCK(&lock) {
		assert_int_equal(mp_lock_acquire(&lock, 0), MP_HELD);
	}
	mp_lock_finish(&lock);
	mp_lock_destroy(NULL);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(acquire_and_release, set_up, tear_down),
		cmocka_unit_test_setup_teardown(again_by_the_holder_is_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(strangers_and_forks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_dead_holders_lock_is_handed_on, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(a_chain_of_deaths, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_thread_that_ended_with_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(scopes_let_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(scopes_with_a_timeout, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_scope_within_itself_aborts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_at_a_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(workers_are_killed_anywhere, set_up, tear_down),
		cmocka_unit_test(in_anybodys_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
