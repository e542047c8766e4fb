/* Queues between processes: bounded, closed, and whole whatever dies. */
#include "mp_help.h"

#include "mp_array.h"
#include "mp_pipe.h"
#include "mp_queue.h"
#include "mp_spawn.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static struct mp_queue queue;

static void make(size_t items_max, size_t item_bytes_max) {
	assert_int_equal(mp_queue_create(&queue, items_max, item_bytes_max), 0);
}

static int put_text(const char *text, int timeout_ms) {
	return mp_queue_put(&queue, text, strlen(text), timeout_ms);
}

static void assert_gets(const char *expected) {
	char text[64] = "";
	size_t length;
	assert_int_equal(mp_queue_get(&queue, text, sizeof text - 1, &length, MP_FOREVER), 0);
	assert_int_equal(length, strlen(expected));
	assert_string_equal(text, expected);
}

static int get_error(int timeout_ms) {
	char text[64];
	size_t length;
	return mp_queue_get(&queue, text, sizeof text, &length, timeout_ms);
}

/* ---- One process ---- */

static void first_in_first_out(void **state) {
	make(3, 20);
	assert_int_equal(mp_queue_items_max(&queue), 3);
	assert_int_equal(mp_queue_item_bytes_max(&queue), 20);
	for (int round = 0; round < 5; round++) { /* Across the end of the ring. */
		assert_int_equal(mp_queue_count(&queue), 0);
		assert_int_equal(put_text("one", 0), 0);
		assert_int_equal(put_text("", MP_FOREVER), 0);
		assert_int_equal(mp_queue_count(&queue), 2);
		assert_gets("one");
		assert_gets("");
	}
	mp_queue_finish(&queue);
	mp_queue_finish(&queue);
	mp_queue_finish(&(struct mp_queue){0});
	assert_int_equal(fcntl(0, F_GETFD) >= 0, 1); /* Zeroes are no descriptor. */
}

static void full_and_empty(void **state) {
	make(2, 8);
	double before = now_ms();
	assert_int_equal(get_error(0), MP_TIMEOUT);
	assert_int_equal(get_error(20), MP_TIMEOUT);
	assert_true(now_ms() - before >= 20);
	assert_int_equal(put_text("a", 0), 0);
	assert_int_equal(put_text("b", 0), 0);
	assert_int_equal(put_text("c", 0), MP_TIMEOUT);
	signals_begin();
	assert_int_equal(put_text("c", 20), MP_TIMEOUT);
	assert_gets("a");
	assert_gets("b");
	assert_int_equal(get_error(20), MP_TIMEOUT);
	signals_end();
	assert_true(now_ms() - before >= 60);
	mp_queue_finish(&queue);
}

static void sizes(void **state) {
	static char large[MP_QUEUE_ITEM_BYTES_MAX + 1];
	size_t length = 0;
	char small[4];
	make(2, 6);
	assert_int_equal(put_text("1234567", 0), MP_TOO_LARGE);
	assert_int_equal(put_text("123456", 0), 0);
	assert_int_equal(mp_queue_get(&queue, small, sizeof small, &length, 0), MP_TOO_LARGE);
	assert_int_equal(length, 6);
	assert_int_equal(mp_queue_count(&queue), 1);
	assert_gets("123456");
	mp_queue_finish(&queue);
	make(1, MP_QUEUE_ITEM_BYTES_MAX);
	memset(large, 'x', sizeof large);
	assert_int_equal(mp_queue_put(&queue, large, sizeof large, 0), MP_TOO_LARGE);
	assert_int_equal(mp_queue_put(&queue, large, MP_QUEUE_ITEM_BYTES_MAX, 0), 0);
	assert_int_equal(mp_queue_get(&queue, large, sizeof large, &length, 0), 0);
	assert_int_equal(length, MP_QUEUE_ITEM_BYTES_MAX);
	mp_queue_finish(&queue);
}

static void limits(void **state) {
	make(0, 8);
	assert_int_equal(mp_queue_items_max(&queue), MP_QUEUE_ITEMS_MAX);
	for (int i = 0; i < MP_QUEUE_ITEMS_MAX; i++) {
		assert_int_equal(mp_queue_put(&queue, &i, sizeof i, 0), 0);
	}
	assert_int_equal(put_text("", 0), MP_TIMEOUT);
	assert_int_equal(mp_queue_count(&queue), MP_QUEUE_ITEMS_MAX);
	mp_queue_finish(&queue);
	make(0, MP_QUEUE_ITEM_BYTES_MAX);
	assert_int_equal(mp_queue_items_max(&queue),
	                 MP_QUEUE_BYTES_MAX / (MP_QUEUE_ITEM_BYTES_MAX + 8));
	mp_queue_finish(&queue);
	assert_int_equal(mp_queue_create(&queue, MP_QUEUE_ITEMS_MAX + 1, 8), MP_RANGE);
	assert_int_equal(mp_queue_create(&queue, 20000, MP_QUEUE_ITEM_BYTES_MAX), MP_RANGE);
	assert_int_equal(mp_queue_create(&queue, 1, MP_QUEUE_ITEM_BYTES_MAX + 1), MP_RANGE);
	assert_int_equal(mp_queue_create(&queue, 1, 0), MP_RANGE);
	assert_int_equal(mp_queue_create(&queue, SIZE_MAX, SIZE_MAX), MP_RANGE);
}

static void closed(void **state) {
	make(2, 8);
	assert_int_equal(put_text("left", 0), 0);
	assert_false(mp_queue_is_closed(&queue));
	mp_queue_close(&queue);
	mp_queue_close(&queue);
	assert_true(mp_queue_is_closed(&queue));
	assert_int_equal(put_text("late", MP_FOREVER), MP_CLOSED);
	assert_gets("left");
	assert_int_equal(get_error(0), MP_CLOSED);
	assert_int_equal(get_error(MP_FOREVER), MP_CLOSED);
	mp_queue_finish(&queue);
}

static void what_is_no_queue(void **state) {
	struct mp_queue other;
	int before = count_fds();
	assert_int_equal(mp_queue_attach(&other, 777), MP_SYSTEM);
	assert_int_equal(errno, EBADF);
	int fd = mp_mapping_create("small", 10);
	assert_int_equal(mp_queue_attach(&other, fd), MP_FOREIGN);
	close(fd);
	fd = mp_mapping_create("zeroes", 100000);
	assert_int_equal(mp_queue_attach(&other, fd), MP_FOREIGN);
	mp_queue_finish(&other);
	close(fd);
	make(2, 8);
	fd = dup(mp_queue_fd(&queue));
	assert_int_equal(ftruncate(fd, 4096), 0); /* Not what it says of itself. */
	assert_int_equal(mp_queue_attach(&other, fd), MP_FOREIGN);
	close(fd);
	mp_queue_finish(&queue);
	assert_int_equal(count_fds(), before);
}

/* ---- Several processes ---- */

static int get_one(void *argument) {
	return -get_error(MP_FOREVER);
}

static int put_one(void *argument) {
	return -put_text("x", MP_FOREVER);
}

/* Until it waits, as its state in /proc says: no time is long enough on a busy machine. */
static void until_asleep(struct mp_process *process) {
	char path[64], text[512] = "";
	snprintf(path, sizeof path, "/proc/%d/stat", (int)mp_process_pid(process));
	while (!strstr(text, ") S ")) {
		FILE *file = fopen(path, "r");
		assert_non_null(file);
		assert_non_null(fgets(text, sizeof text, file));
		fclose(file);
	}
}

static void closing_wakes_who_waits(void **state) {
	struct mp_process waiters[3];
	make(1, 8);
	for (int i = 0; i < 3; i++) {
		begin(&waiters[i], get_one, NULL);
		until_asleep(&waiters[i]);
	}
	mp_queue_close(&queue);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(end(&waiters[i]), -MP_CLOSED);
	}
	mp_queue_finish(&queue);
	make(1, 8);
	assert_int_equal(put_text("full", 0), 0);
	for (int i = 0; i < 3; i++) {
		begin(&waiters[i], put_one, NULL);
		until_asleep(&waiters[i]);
	}
	mp_queue_close(&queue);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(end(&waiters[i]), -MP_CLOSED);
	}
	assert_gets("full");
	mp_queue_finish(&queue);
}

static void waits_end_when_there_is_something(void **state) {
	struct mp_process waiters[2];
	make(1, 8);
	begin(&waiters[0], get_one, NULL);
	until_asleep(&waiters[0]);
	assert_int_equal(put_text("a", 0), 0);
	assert_int_equal(end(&waiters[0]), 0);
	assert_int_equal(put_text("b", 0), 0);
	begin(&waiters[1], put_one, NULL);
	until_asleep(&waiters[1]);
	assert_gets("b");
	assert_int_equal(end(&waiters[1]), 0);
	assert_gets("x");
	mp_queue_finish(&queue);
}

/* In the spawned program: send back what comes. */
static int spawned(void) {
	struct mp_queue back;
	if (mp_queue_attach(&queue, mp_inherited("there")) ||
	    mp_queue_attach(&back, mp_inherited("back"))) {
		return 1;
	}
	char text[8];
	size_t length;
	int error;
	while (!(error = mp_queue_get(&queue, text, sizeof text, &length, MP_FOREVER))) {
		if (mp_queue_put(&back, text, length, MP_FOREVER)) {
			return 2;
		}
	}
	mp_queue_close(&back);
	return error == MP_CLOSED ? 0 : 3;
}

static void a_spawned_child_attaches(void **state) {
	struct mp_process child;
	struct mp_queue there;
	assert_int_equal(mp_queue_create(&there, 2, 8), 0);
	make(2, 8);
	mp_process_init(&child, NULL, NULL);
	struct mp_spawn how = {
		.path = "/proc/self/exe",
		.argv = (const char *[]){"test", "child", NULL},
		.fds = (struct mp_named_fd[]){{"back", mp_queue_fd(&queue)},
	                                      {"there", mp_queue_fd(&there)}},
		.fd_count = 2,
	};
	assert_int_equal(mp_process_spawn(&child, &how), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(mp_queue_put(&there, "ping", 4, MP_FOREVER), 0);
		assert_gets("ping");
	}
	mp_queue_close(&there);
	assert_int_equal(get_error(MP_FOREVER), MP_CLOSED);
	assert_int_equal(end(&child), 0);
	mp_queue_finish(&queue);
	mp_queue_finish(&there);
}

/* ---- Death half-way ---- */

/*
 * The item lies on a page that cannot be touched: the copy within the put or the get faults half-way, with
 * the lock held. The handler tells the test and waits to be killed.
 */
static struct mp_pipe told[2];

static void on_fault(int signal) {
	mp_pipe_send(&told[1], "", 0, MP_FOREVER);
	while (pause() < 0) {
	}
}

static void *trap(void) {
	struct sigaction action = {.sa_handler = on_fault};
	sigaction(SIGSEGV, &action, NULL);
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(pages + 4096, 4096, PROT_NONE);
	return pages + 4096 - 8; /* Eight bytes go well. */
}

static int get_into_trap(void *argument) {
	size_t length;
	return mp_queue_get(&queue, trap(), 4000, &length, MP_FOREVER);
}

static int put_from_trap(void *argument) {
	return mp_queue_put(&queue, trap(), 4000, MP_FOREVER);
}

static void begin_and_trap(struct mp_process *process, int (*run)(void *)) {
	size_t length;
	assert_int_equal(mp_pipe_create(told, false), 0);
	begin(process, run, NULL);
	assert_int_equal(mp_pipe_receive(&told[0], NULL, 0, &length, MP_FOREVER), 0);
	mp_pipe_drop(&told[0]);
	mp_pipe_drop(&told[1]);
}

static void a_consumer_killed_half_way_through_a_get(void **state) {
	static char item[4000], got[4000];
	struct mp_process consumer;
	size_t length;
	make(4, 4000);
	memset(item, 'i', sizeof item);
	assert_int_equal(mp_queue_put(&queue, item, sizeof item, 0), 0);
	assert_int_equal(put_text("second", 0), 0);
	begin_and_trap(&consumer, get_into_trap);
	assert_int_equal(put_text("third", 0), 0); /* Putting is not hindered. */
	kill_and_end(&consumer);
	assert_int_equal(mp_queue_count(&queue), 3);
	assert_int_equal(mp_queue_get(&queue, got, sizeof got, &length, 0), 0);
	assert_int_equal(length, sizeof item);
	assert_memory_equal(got, item, sizeof item);
	assert_gets("second");
	assert_gets("third");
	mp_queue_finish(&queue);
}

static void a_producer_killed_half_way_through_a_put(void **state) {
	struct mp_process producer;
	make(2, 4000);
	assert_int_equal(put_text("first", 0), 0);
	begin_and_trap(&producer, put_from_trap);
	assert_gets("first"); /* Getting is not hindered. */
	assert_int_equal(get_error(0), MP_TIMEOUT);
	kill_and_end(&producer);
	assert_int_equal(mp_queue_count(&queue), 0);
	assert_int_equal(put_text("second", 0), 0);
	assert_gets("second");
	mp_queue_finish(&queue);
}

/* A stopped process is not a dead one: who waits for a time gets the time. */
static void a_consumer_stopped_half_way(void **state) {
	static char item[4000];
	struct mp_process consumer;
	make(2, 4000);
	assert_int_equal(mp_queue_put(&queue, item, sizeof item, 0), 0);
	begin_and_trap(&consumer, get_into_trap);
	double before = now_ms();
	assert_int_equal(get_error(10), MP_TIMEOUT);
	assert_true(now_ms() - before >= 10);
	kill_and_end(&consumer);
	mp_queue_finish(&queue);
}

/* ---- Many ---- */

/*
 * Producer p puts the numbers p, p + PRODUCERS, … in this order. Each consumer sees those of one producer
 * rise, and counts every number in a cell of its own: in the end each is 1.
 */
enum { PRODUCERS = 4, CONSUMERS = 4 };

static struct mp_array *seen;
static int numbers;

static int produce(void *argument) {
	for (int n = *(int *)argument; n < numbers; n += PRODUCERS) {
		if (mp_queue_put(&queue, &n, sizeof n, MP_FOREVER)) {
			return 1;
		}
	}
	return 0;
}

static int consume(void *argument) {
	int last[PRODUCERS] = {-1, -1, -1, -1};
	char *cells = mp_array_raw(seen);
	for (;;) {
		int n;
		size_t length;
		int error = mp_queue_get(&queue, &n, sizeof n, &length, MP_FOREVER);
		if (error == MP_CLOSED) {
			return 0;
		}
		if (error || length != sizeof n || n <= last[n % PRODUCERS]) {
			return 1;
		}
		last[n % PRODUCERS] = n;
		__atomic_fetch_add(&cells[n], 1, __ATOMIC_RELAXED);
	}
}

static void prepare_numbers(int count, size_t items_max) {
	numbers = count;
	seen = mp_array_create(MP_CHAR, (size_t)count);
	assert_non_null(seen);
	make(items_max, 64);
}

static int count_seen(int times) {
	const char *cells = mp_array_raw(seen);
	int count = 0;
	for (int n = 0; n < numbers; n++) {
		count += cells[n] == times;
	}
	return count;
}

static void nothing_lost_or_doubled(void **state) {
	struct mp_process producers[PRODUCERS], consumers[CONSUMERS];
	size_t rooms[] = {1, 100, 0};
	for (size_t r = 0; r < 3; r++) {
		prepare_numbers(rooms[r] == 1 ? sized(4000, 100000) : sized(40000, 10000000),
		                rooms[r]);
		for (int i = 0; i < CONSUMERS; i++) {
			begin(&consumers[i], consume, NULL);
		}
		for (int i = 0; i < PRODUCERS; i++) {
			begin(&producers[i], produce, &i);
		}
		for (int i = 0; i < PRODUCERS; i++) {
			assert_int_equal(end(&producers[i]), 0);
		}
		mp_queue_close(&queue);
		for (int i = 0; i < CONSUMERS; i++) {
			assert_int_equal(end(&consumers[i]), 0);
		}
		assert_int_equal(count_seen(1), numbers);
		mp_queue_finish(&queue);
		mp_array_destroy(seen);
	}
}

/*
 * Consumers are killed anywhere and replaced while the numbers flow. None comes twice; a killed one may
 * take along the one that it had got and not yet counted.
 */
static void consumers_are_killed_anywhere(void **state) {
	struct mp_process producers[PRODUCERS], consumers[CONSUMERS];
	int kills = sized(40, 2000);
	prepare_numbers(kills * 1000, 16);
	for (int i = 0; i < CONSUMERS; i++) {
		begin(&consumers[i], consume, NULL);
	}
	for (int i = 0; i < PRODUCERS; i++) {
		begin(&producers[i], produce, &i);
	}
	int killed = 0;
	for (int i = 0; i < kills; i++) {
		kill_and_end(&consumers[i % CONSUMERS]);
		killed++;
		begin(&consumers[i % CONSUMERS], consume, NULL);
		sched_yield();
	}
	for (int i = 0; i < PRODUCERS; i++) {
		assert_int_equal(end(&producers[i]), 0);
	}
	mp_queue_close(&queue);
	for (int i = 0; i < CONSUMERS; i++) {
		assert_int_equal(end(&consumers[i]), 0);
	}
	int lost = count_seen(0);
	assert_int_equal(count_seen(1) + lost, numbers);
	assert_in_range(lost, 0, killed);
	mp_queue_finish(&queue);
	mp_array_destroy(seen);
}

/* Producers are killed too: what they put is there whole, and in order, and what follows is put. */
static void producers_are_killed_anywhere(void **state) {
	struct mp_process producers[PRODUCERS], consumer;
	prepare_numbers(20000000,
	                16); /* More than they will ever put; the cells are touched as needed. */
	begin(&consumer, consume, NULL);
	for (int i = 0; i < PRODUCERS; i++) {
		begin(&producers[i], produce, &i);
	}
	for (int i = 0; i < PRODUCERS; i++) {
		while (((volatile char *)mp_array_raw(seen))[i + 20 * PRODUCERS] == 0) {
			sched_yield();
		}
		kill_and_end(&producers[i]);
	}
	int last = numbers - 1;
	assert_int_equal(mp_queue_put(&queue, &last, sizeof last, 10000), 0);
	mp_queue_close(&queue);
	assert_int_equal(end(&consumer), 0);
	assert_int_equal(((char *)mp_array_raw(seen))[last], 1);
	mp_queue_finish(&queue);
	mp_array_destroy(seen);
}

int main(int argc, char **argv) {
	if (argc > 1 && strcmp(argv[1], "child") == 0) {
		return spawned();
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_in_first_out),
		cmocka_unit_test(full_and_empty),
		cmocka_unit_test(sizes),
		cmocka_unit_test(limits),
		cmocka_unit_test(closed),
		cmocka_unit_test(what_is_no_queue),
		cmocka_unit_test(closing_wakes_who_waits),
		cmocka_unit_test(waits_end_when_there_is_something),
		cmocka_unit_test(a_spawned_child_attaches),
		cmocka_unit_test(a_consumer_killed_half_way_through_a_get),
		cmocka_unit_test(a_producer_killed_half_way_through_a_put),
		cmocka_unit_test(a_consumer_stopped_half_way),
		cmocka_unit_test(nothing_lost_or_doubled),
		cmocka_unit_test(consumers_are_killed_anywhere),
		cmocka_unit_test(producers_are_killed_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
