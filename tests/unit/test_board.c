/* Boards and bells: each process writes its own page, everybody reads it; and who sleeps is woken. */
#include "log_help.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>

#include "board.h"

static void a_page_each(void **state) {
	int fd = make_memory();
	assert_null(board_open(fd, true));
	assert_int_equal(ftruncate(fd, BOARD_BYTES), 0);
	errno = 0;
	assert_null(board_open(fd, true));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(board_format(fd), 0);
	struct board *own = board_open(fd, true);
	int fd_read_only = mp_mapping_reopen_read_only(fd);
	assert_null(board_open(fd_read_only, true));
	struct board *theirs = board_open(fd_read_only, false);
	assert_non_null(own);
	assert_non_null(theirs);
	atomic_store(&own->position, 123);
	assert_int_equal(atomic_load(&theirs->position), 123);
	board_close(own);
	board_close(theirs);
	board_close(NULL);
	/* It outlives its owner. */
	own = board_open(fd, true);
	assert_int_equal(atomic_load(&own->position), 123);
	board_close(own);
	close(fd_read_only);
	close(fd);
}

static void counters(void **state) {
	static struct board board;
	board_count(&board, COUNT_DELIVERIES, 5);
	board_count(&board, COUNT_DELIVERIES, 7);
	assert_int_equal(atomic_load(&board.counters[COUNT_DELIVERIES]), 12);
	board_count_refusal(&board, REASON_NAME_TAKEN);
	board_count_refusal(&board, REASON_COUNT);
	board_count_refusal(&board, 65535);
	assert_int_equal(atomic_load(&board.refusals[REASON_NAME_TAKEN]), 1);
	assert_int_equal(atomic_load(&board.refusals[REASON_NONE]), 2);
	for (int i = 0; i < COUNTER_COUNT; i++) {
		assert_string_not_equal(counter_word((enum counter)i), "unknown");
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(counter_word((enum counter)i),
			                        counter_word((enum counter)j));
		}
	}
	assert_string_equal(counter_word(COUNTER_COUNT), "unknown");
}

static void a_bell_rings_only_for_sleepers(void **state) {
	static struct board board;
	int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_false(bell_ring(bell, &board));
	board_fall_asleep(&board);
	assert_true(bell_ring(bell, &board));
	assert_true(bell_ring(bell, &board));
	struct pollfd ready = {.fd = bell, .events = POLLIN};
	assert_int_equal(poll(&ready, 1, 0), 1);
	bell_clear(bell);
	assert_int_equal(poll(&ready, 1, 0), 0);
	bell_clear(bell); /* Also when nobody rang. */
	board_wake_up(&board);
	assert_false(bell_ring(bell, &board));
	close(bell);
}

/*
 * Two sleepers throw a ball to each other: each sleeps until the other's
 * number is its own plus one. One lost wake-up, and both sleep for ever.
 */
struct player {
	struct board board;
	int bell;
	_Atomic uint64_t ball; /* what this one has thrown: published with release */
	struct player *other;
	uint64_t rounds, rung, slept;
	bool begins;
	struct chance chance;
};

static bool has_ball(const struct player *player, uint64_t wanted) {
	return atomic_load_explicit(&player->other->ball, memory_order_acquire) >= wanted;
}

/* Looks a while before it sleeps, so that it falls asleep just when the ball comes. */
static void wait_for_ball(struct player *player, uint64_t wanted) {
	for (uint64_t looks = chance_below(&player->chance, 8000); looks > 0; looks--) {
		if (has_ball(player, wanted)) {
			return;
		}
	}
	while (!has_ball(player, wanted)) {
		board_fall_asleep(&player->board);
		if (!has_ball(player, wanted)) {
			struct pollfd ready = {.fd = player->bell, .events = POLLIN};
			/* Who is not woken within a minute never is. */
			int count = poll(&ready, 1, 60000);
			assert(count == 1);
			player->slept++;
			bell_clear(player->bell);
		}
		board_wake_up(&player->board);
	}
}

static void *play(void *argument) {
	struct player *player = argument;
	for (uint64_t round = 1; round <= player->rounds; round++) {
		if (!player->begins) {
			wait_for_ball(player, round);
		}
		atomic_store_explicit(&player->ball, round, memory_order_release);
		player->rung += bell_ring(player->other->bell, &player->other->board);
		if (player->begins) {
			wait_for_ball(player, round);
		}
	}
	return NULL;
}

/* On one CPU nothing is ever at the same time. Where there is only one, so be it. */
static void run_on_cpu(pthread_t thread, int index) {
	cpu_set_t may, one;
	CPU_ZERO(&one);
	pthread_getaffinity_np(thread, sizeof(may), &may);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &may) && index-- == 0) {
			CPU_SET(cpu, &one);
			pthread_setaffinity_np(thread, sizeof(one), &one);
		}
	}
}

static void no_wake_up_is_lost(void **state) {
	static struct player players[2];
	pthread_t threads[2];
	for (int i = 0; i < 2; i++) {
		players[i].bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		players[i].other = &players[1 - i];
		players[i].rounds = (uint64_t)sized(100000, 3000000);
		players[i].begins = i == 0;
		players[i].chance.state = seed_or(1) + (uint64_t)i;
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, play, &players[i]), 0);
		run_on_cpu(threads[i], i);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		close(players[i].bell);
	}
	printf("rung %llu times, slept %llu times\n",
	       (unsigned long long)(players[0].rung + players[1].rung),
	       (unsigned long long)(players[0].slept + players[1].slept));
	assert_true(players[0].slept + players[1].slept > 0);
}

/* One who works and naps, and three who have something for it, now and then. */
#define WAKERS 3

struct office {
	struct board board;
	int bell;
	_Atomic uint64_t put[WAKERS];
	uint64_t each;
	uint64_t slept;
};

struct waker {
	struct office *office;
	size_t index;
	pthread_t thread;
};

static uint64_t put_by_all(struct office *office) {
	uint64_t sum = 0;
	for (size_t i = 0; i < WAKERS; i++) {
		sum += atomic_load_explicit(&office->put[i], memory_order_acquire);
	}
	return sum;
}

static void *sleep_and_work(void *argument) {
	struct office *office = argument;
	uint64_t done = 0;
	while (done < office->each * WAKERS) {
		if (put_by_all(office) > done) {
			done = put_by_all(office);
			continue;
		}
		board_fall_asleep(&office->board);
		if (put_by_all(office) == done) {
			struct pollfd ready = {.fd = office->bell, .events = POLLIN};
			int count = poll(&ready, 1, 60000);
			assert(count == 1);
			office->slept++;
			bell_clear(office->bell);
		}
		board_wake_up(&office->board);
	}
	return NULL;
}

static void *put_and_ring(void *argument) {
	struct waker *waker = argument;
	struct chance chance = {seed_or(1) + waker->index};
	for (uint64_t i = 1; i <= waker->office->each; i++) {
		atomic_store_explicit(&waker->office->put[waker->index], i, memory_order_release);
		bell_ring(waker->office->bell, &waker->office->board);
		for (volatile uint64_t idle = chance_below(&chance, 2000); idle > 0;) {
			idle = idle - 1;
		}
	}
	return NULL;
}

static void many_wake_one(void **state) {
	static struct office office;
	struct waker wakers[WAKERS];
	pthread_t sleeper;
	office.bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	office.each = (uint64_t)sized(100000, 3000000) / WAKERS;
	assert_int_equal(pthread_create(&sleeper, NULL, sleep_and_work, &office), 0);
	for (size_t i = 0; i < WAKERS; i++) {
		wakers[i] = (struct waker){.office = &office, .index = i};
		assert_int_equal(pthread_create(&wakers[i].thread, NULL, put_and_ring, &wakers[i]),
		                 0);
	}
	for (size_t i = 0; i < WAKERS; i++) {
		pthread_join(wakers[i].thread, NULL);
	}
	pthread_join(sleeper, NULL);
	printf("slept %llu times\n", (unsigned long long)office.slept);
	close(office.bell);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_each),
		cmocka_unit_test(counters),
		cmocka_unit_test(a_bell_rings_only_for_sleepers),
		cmocka_unit_test(no_wake_up_is_lost),
		cmocka_unit_test(many_wake_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
