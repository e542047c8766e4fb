/*
 * Threads, and what they share: the same locks, semaphores, events, queues, values and arrays that stand
 * between processes, here under the eyes of ThreadSanitizer, which cannot see across processes.
 */
#include "mp_help.h"

#include "mp_array.h"
#include "mp_event.h"
#include "mp_lock.h"
#include "mp_queue.h"
#include "mp_semaphore.h"
#include "mp_thread.h"
#include "mp_value.h"

#include <malloc.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { WORKERS = 4 };

static struct mp_thread workers[WORKERS];

static void begin_all(void (*function)(void *), void *argument) {
	for (int i = 0; i < WORKERS; i++) {
		mp_thread_init(&workers[i], function, argument);
		assert_int_equal(mp_thread_start(&workers[i]), 0);
	}
}

static void join_all(void) {
	for (int i = 0; i < WORKERS; i++) {
		assert_int_equal(mp_thread_join(&workers[i], MP_FOREVER), 0);
	}
}

/* ---- The thread itself ---- */

static void write_seven(void *argument) {
	*(int *)argument = 7;
}

static void wait_for(void *argument) {
	mp_event_wait(argument, MP_FOREVER);
}

static void two_steps(void **state) {
	struct mp_thread thread;
	int number = 0;
	mp_thread_init(&thread, write_seven, &number);
	assert_false(mp_thread_is_alive(&thread));
	assert_int_equal(mp_thread_join(&thread, 0), MP_NOT_STARTED);
	assert_int_equal(mp_thread_start(&thread), 0);
	assert_int_equal(mp_thread_start(&thread), MP_STARTED);
	assert_int_equal(mp_thread_join(&thread, MP_FOREVER), 0);
	assert_int_equal(number, 7);
	assert_false(mp_thread_is_alive(&thread));
	assert_int_equal(mp_thread_join(&thread, 0), 0);
	assert_int_equal(mp_thread_start(&thread), MP_STARTED);
	mp_thread_init(&thread, NULL, NULL);
	assert_int_equal(mp_thread_start(&thread), MP_RANGE);
}

static void join_with_timeout(void **state) {
	struct mp_thread thread;
	struct mp_event event;
	mp_event_init(&event);
	mp_thread_init(&thread, wait_for, &event);
	assert_int_equal(mp_thread_start(&thread), 0);
	assert_int_equal(mp_thread_join(&thread, 0), MP_TIMEOUT);
	double before = now_ms();
	assert_int_equal(mp_thread_join(&thread, 20), MP_TIMEOUT);
	signals_begin();
	assert_int_equal(mp_thread_join(&thread, 20), MP_TIMEOUT);
	signals_end();
	assert_true(now_ms() - before >= 40);
	assert_true(mp_thread_is_alive(&thread));
	mp_event_set(&event);
	assert_int_equal(mp_thread_join(&thread, MP_FOREVER), 0);
}

static void check_name(void *argument) {
	char name[MP_NAME_BYTES];
	char shown[16];
	mp_thread_get_name(mp_thread_current(), name, sizeof name);
	pthread_getname_np(pthread_self(), shown, sizeof shown);
	mp_thread_set_name(argument, strncmp(name, shown, 15) == 0 ? "good" : "bad");
}

static void names(void **state) {
	struct mp_thread first, second;
	char name[MP_NAME_BYTES], expected[MP_NAME_BYTES];
	int number = 0;
	mp_thread_init(&first, check_name, &first);
	mp_thread_init(&second, check_name, &second);
	mp_thread_get_name(&first, name, sizeof name);
	assert_int_equal(sscanf(name, "Thread-%d", &number), 1);
	snprintf(expected, sizeof expected, "Thread-%d", number + 1);
	mp_thread_get_name(&second, name, sizeof name);
	assert_string_equal(name, expected);
	mp_thread_set_name(&first, "a name longer than fifteen");
	assert_null(mp_thread_current());
	assert_int_equal(mp_thread_start(&first), 0);
	assert_int_equal(mp_thread_join(&first, MP_FOREVER), 0);
	mp_thread_get_name(&first, name, sizeof name);
	assert_string_equal(name, "good");
	mp_thread_get_name(&first, name, 3);
	assert_string_equal(name, "go");
}

struct adder {
	struct mp_thread thread;
	int a, b, sum;
};

static void add(struct mp_thread *thread) {
	struct adder *adder = (struct adder *)thread;
	adder->sum = adder->a + adder->b;
}

static void an_own_kind(void **state) {
	struct adder adder = {.a = 40, .b = 2};
	mp_thread_init(&adder.thread, NULL, NULL);
	adder.thread.run = add;
	assert_int_equal(mp_thread_start(&adder.thread), 0);
	assert_int_equal(mp_thread_join(&adder.thread, MP_FOREVER), 0);
	assert_int_equal(adder.sum, 42);
}

static void join_itself(void *argument) {
	*(int *)argument = mp_thread_join(mp_thread_current(), MP_FOREVER);
}

static void joining_itself_is_an_error(void **state) {
	struct mp_thread thread;
	int result = 0;
	mp_thread_init(&thread, join_itself, &result);
	assert_int_equal(mp_thread_start(&thread), 0);
	assert_int_equal(mp_thread_join(&thread, MP_FOREVER), 0);
	assert_int_equal(result, MP_HELD);
}

static void join_other(void *argument) {
	if (mp_thread_join(argument, MP_FOREVER)) {
		abort();
	}
}

static void many_join_one(void **state) {
	struct mp_thread thread;
	struct mp_event event;
	mp_event_init(&event);
	mp_thread_init(&thread, wait_for, &event);
	assert_int_equal(mp_thread_start(&thread), 0);
	begin_all(join_other, &thread);
	mp_event_set(&event);
	join_all();
	assert_int_equal(mp_thread_join(&thread, 0), 0);
}

static void many_starts_leak_nothing(void **state) {
	int before = 0;
	size_t memory = 0;
	for (int i = -1; i < sized(1000, 100000); i++) {
		struct mp_thread thread;
		int number = 0;
		mp_thread_init(&thread, write_seven, &number);
		assert_int_equal(mp_thread_start(&thread), 0);
		assert_int_equal(mp_thread_join(&thread, MP_FOREVER), 0);
		assert_int_equal(number, 7);
		if (i < 0) {
			before = count_fds();
			memory = mallinfo2().uordblks;
		}
	}
	assert_int_equal(count_fds(), before);
	assert_int_equal(mallinfo2().uordblks, memory);
}

/* ---- What threads share ---- */

static int plain; /* Guarded by nothing but what is tested. */
static struct mp_lock lock;
static struct mp_semaphore semaphore;
static struct mp_event event;
static struct mp_value value;
static struct mp_queue queue;

static int times(void) {
	return sized(3000, 300000);
}

static void count_under_lock(void *argument) {
	for (int i = 0; i < times(); i++) {
		int result = 0;
		MP_WITH_LOCK_WITHIN(&lock, i % 2 ? MP_FOREVER : 60000, result) {
			plain++;
		}
		if (result) {
			abort();
		}
	}
}

static void under_a_lock(void **state) {
	plain = 0;
	assert_int_equal(mp_lock_init(&lock), 0);
	begin_all(count_under_lock, NULL);
	join_all();
	assert_int_equal(plain, WORKERS * times());
	mp_lock_finish(&lock);
}

static void acquire_and_end(void *argument) {
	plain = -1;
	if (mp_lock_acquire(&lock, MP_FOREVER) < 0) {
		abort();
	}
}

static void a_lock_whose_holder_ended(void **state) {
	struct mp_thread thread;
	assert_int_equal(mp_lock_init(&lock), 0);
	mp_thread_init(&thread, acquire_and_end, NULL);
	assert_int_equal(mp_thread_start(&thread), 0);
	int result;
	while ((result = mp_lock_acquire(&lock, 0)) ==
	       0) { /* until the thread is, or was, inside */
		assert_int_equal(mp_lock_release(&lock), 0);
		sched_yield();
	}
	if (result == MP_TIMEOUT) {
		result = mp_lock_acquire(&lock, 60000);
	}
	assert_int_equal(result, MP_HOLDER_DIED);
	assert_int_equal(mp_lock_release(&lock), 0);
	assert_int_equal(mp_thread_join(&thread, MP_FOREVER), 0);
	assert_true(mp_lock_acquire(&lock, 60000) >= 0);
	assert_int_equal(mp_lock_release(&lock), 0);
	mp_lock_finish(&lock);
}

static void count_under_semaphore(void *argument) {
	for (int i = 0; i < times(); i++) {
		MP_WITH_SEMAPHORE(&semaphore) {
			plain++;
		}
	}
}

static void under_a_semaphore(void **state) {
	plain = 0;
	mp_semaphore_init(&semaphore);
	begin_all(count_under_semaphore, NULL);
	join_all();
	assert_int_equal(plain, WORKERS * times());
	assert_int_equal(mp_semaphore_value(&semaphore), 1);
}

static void read_after_event(void *argument) {
	mp_event_wait(&event, MP_FOREVER);
	if (plain != 5) {
		abort();
	}
}

static void after_an_event(void **state) {
	for (int round = 0; round < sized(100, 10000); round++) {
		plain = 0;
		mp_event_init(&event);
		begin_all(read_after_event, NULL);
		plain = 5;
		mp_event_set(&event);
		join_all();
	}
}

/* What the queue carries is where the number lies: its receiver reads what its sender wrote. */
static void send_numbers(void *argument) {
	int *numbers = argument;
	for (int i = 0; i < times(); i++) {
		int *number = &numbers[i];
		*number = i;
		if (mp_queue_put(&queue, &number, sizeof number, MP_FOREVER)) {
			abort();
		}
	}
}

static void sum_numbers(void *argument) {
	int *number;
	size_t length;
	while (mp_queue_get(&queue, &number, sizeof number, &length, MP_FOREVER) == 0) {
		mp_value_add_int64(&value, *number);
	}
}

static void through_a_queue(void **state) {
	struct mp_thread senders[2];
	int *numbers[2];
	int64_t count = times();
	assert_int_equal(mp_queue_create(&queue, 8, sizeof(int *)), 0);
	assert_int_equal(mp_value_init(&value, MP_INT64), 0);
	begin_all(sum_numbers, NULL);
	for (int i = 0; i < 2; i++) {
		numbers[i] = calloc((size_t)count, sizeof(int));
		mp_thread_init(&senders[i], send_numbers, numbers[i]);
		assert_int_equal(mp_thread_start(&senders[i]), 0);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(mp_thread_join(&senders[i], MP_FOREVER), 0);
	}
	mp_queue_close(&queue);
	join_all();
	assert_true(mp_value_get_int64(&value) == count * (count - 1));
	mp_queue_finish(&queue);
	free(numbers[0]);
	free(numbers[1]);
}

/* Who sees the flag in the value sees what was written before it. */
static void raise_flag(void *argument) {
	plain = 9;
	mp_value_set_double(&value, 0.5);
}

static void behind_a_value(void **state) {
	struct mp_thread thread;
	plain = 0;
	assert_int_equal(mp_value_init(&value, MP_DOUBLE), 0);
	mp_thread_init(&thread, raise_flag, NULL);
	assert_int_equal(mp_thread_start(&thread), 0);
	while (mp_value_get_double(&value) == 0) {
		sched_yield();
	}
	assert_int_equal(plain, 9);
	assert_int_equal(mp_thread_join(&thread, MP_FOREVER), 0);
}

/* Slices and single cells at once. */
static void write_array(void *argument) {
	struct mp_array *array = argument;
	int32_t cells[8];
	for (int i = 0; i < times(); i++) {
		mp_array_read(array, 0, 8, cells, MP_FOREVER);
		mp_array_write(array, 0, 8, cells, MP_FOREVER);
		mp_array_set_int32(array, (size_t)i % 8, i);
	}
}

static void in_an_array(void **state) {
	struct mp_array *array = mp_array_create(MP_INT32, 8);
	assert_non_null(array);
	begin_all(write_array, array);
	join_all();
	mp_array_destroy(array);
}

static void rename_for_a_while(void *argument) {
	char name[MP_NAME_BYTES];
	for (int i = 0; i < times(); i++) {
		mp_thread_set_name(argument, i % 2 ? "odd" : "even");
		mp_thread_get_name(argument, name, sizeof name);
	}
}

static void by_name(void **state) {
	begin_all(rename_for_a_while, &workers[0]);
	join_all();
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_steps),
		cmocka_unit_test(join_with_timeout),
		cmocka_unit_test(names),
		cmocka_unit_test(an_own_kind),
		cmocka_unit_test(joining_itself_is_an_error),
		cmocka_unit_test(many_join_one),
		cmocka_unit_test(many_starts_leak_nothing),
		cmocka_unit_test(under_a_lock),
		cmocka_unit_test(a_lock_whose_holder_ended),
		cmocka_unit_test(under_a_semaphore),
		cmocka_unit_test(after_an_event),
		cmocka_unit_test(through_a_queue),
		cmocka_unit_test(behind_a_value),
		cmocka_unit_test(in_an_array),
		cmocka_unit_test(by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
