/* The loop: what wakes it, how long it sleeps, and watchers that go while others wait. */
#include "unit.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "loop.h"

struct bench {
	struct loop *loop;
	struct watch first, second;
	int turns;
	int turns_max;
	int calls;
	uint64_t sleep_us;
};

static uint64_t on_turn(void *context) {
	struct bench *bench = context;
	if (++bench->turns >= bench->turns_max) {
		loop_stop(bench->loop);
	}
	return bench->sleep_us;
}

static void drain_and_count(void *context, uint32_t events) {
	struct bench *bench = context;
	uint64_t value;
	assert_true(events & EPOLLIN);
	assert_int_equal(read(bench->first.fd, &value, sizeof value), sizeof value);
	bench->calls++;
}

static void a_descriptor_wakes_it(void **state) {
	struct bench bench = {.turns_max = 2, .sleep_us = LOOP_FOREVER};
	bench.loop = loop_create(on_turn, &bench);
	assert_non_null(bench.loop);
	bench.first = (struct watch){
		.fd = eventfd(1, EFD_NONBLOCK), .ready = drain_and_count, .context = &bench};
	assert_int_equal(loop_watch(bench.loop, &bench.first, EPOLLIN), 0);
	loop_run(bench.loop);
	assert_int_equal(bench.calls, 1);
	assert_int_equal(bench.turns, 2);
	loop_forget(bench.loop, &bench.first);
	loop_forget(bench.loop, &bench.first);
	close(bench.first.fd);
	loop_destroy(bench.loop);
}

static void it_sleeps_as_long_as_it_is_told(void **state) {
	struct bench bench = {.turns_max = 2, .sleep_us = 20 * 1000};
	bench.loop = loop_create(on_turn, &bench);
	uint64_t before = clock_steady_us();
	loop_run(bench.loop);
	assert_true(clock_steady_us() - before >= 20 * 1000);
	assert_true(loop_now_us(bench.loop) - before >= 20 * 1000);
	loop_destroy(bench.loop);
}

static void more_work_means_no_sleep(void **state) {
	struct bench bench = {.turns_max = 1000, .sleep_us = 0};
	bench.loop = loop_create(on_turn, &bench);
	loop_run(bench.loop);
	assert_int_equal(bench.turns, 1000);
	loop_destroy(bench.loop);
}

static void forget_both(void *context, uint32_t events) {
	struct bench *bench = context;
	bench->calls++;
	loop_forget(bench->loop, &bench->first);
	loop_forget(bench->loop, &bench->second);
	loop_stop(bench->loop);
}

/* Both are ready in one turn; the one served first sends the other away. */
static void who_is_forgotten_is_not_called(void **state) {
	struct bench bench = {.turns_max = 10, .sleep_us = LOOP_FOREVER};
	bench.loop = loop_create(on_turn, &bench);
	bench.first = (struct watch){
		.fd = eventfd(1, EFD_NONBLOCK), .ready = forget_both, .context = &bench};
	bench.second = (struct watch){
		.fd = eventfd(1, EFD_NONBLOCK), .ready = forget_both, .context = &bench};
	assert_int_equal(loop_watch(bench.loop, &bench.first, EPOLLIN), 0);
	assert_int_equal(loop_watch(bench.loop, &bench.second, EPOLLIN), 0);
	loop_run(bench.loop);
	assert_int_equal(bench.calls, 1);
	close(bench.first.fd);
	close(bench.second.fd);
	loop_destroy(bench.loop);
}

static void on_alarm(int signal) {
}

static void a_signal_only_interrupts_the_sleep(void **state) {
	struct bench bench = {.turns_max = 2, .sleep_us = LOOP_FOREVER};
	bench.loop = loop_create(on_turn, &bench);
	const struct sigaction action = {.sa_handler = on_alarm};
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	const struct itimerval soon = {.it_value.tv_usec = 10 * 1000};
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	loop_run(bench.loop);
	assert_int_equal(bench.turns, 2);
	loop_destroy(bench.loop);
}

static void a_loop_without_turns_only_serves(void **state) {
	struct bench bench = {0};
	bench.loop = loop_create(NULL, NULL);
	bench.first = (struct watch){
		.fd = eventfd(1, EFD_NONBLOCK), .ready = forget_both, .context = &bench};
	bench.second.fd = -1;
	assert_int_equal(loop_watch(bench.loop, &bench.first, EPOLLIN), 0);
	assert_int_equal(loop_change(bench.loop, &bench.first, EPOLLIN | EPOLLOUT), 0);
	loop_run(bench.loop);
	assert_int_equal(bench.calls, 1);
	close(bench.first.fd);
	loop_destroy(bench.loop);
	loop_destroy(NULL);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_descriptor_wakes_it),
		cmocka_unit_test(it_sleeps_as_long_as_it_is_told),
		cmocka_unit_test(more_work_means_no_sleep),
		cmocka_unit_test(who_is_forgotten_is_not_called),
		cmocka_unit_test(a_signal_only_interrupts_the_sleep),
		cmocka_unit_test(a_loop_without_turns_only_serves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
