/* The ring's two ends as threads, for ThreadSanitizer, which cannot see across processes: a writer
 * that waits for nobody, and readers that it overtakes all the time; what it has just written it
 * also blanks, while they copy it. */
#include "ring_help.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define READERS 2

struct run {
	int fd;
	uint64_t records;
	uint64_t seed;
	_Atomic bool is_over; /* the writer has published its last */
};

struct reader {
	struct run *run;
	uint64_t seed;
	pthread_t thread;
	uint64_t read, lapped, blank;
};

static void *write_all(void *argument) {
	struct run *run = argument;
	static _Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	struct ring *ring = ring_open(run->fd, true);
	assert(ring != NULL);
	struct chance chance = {run->seed};
	uint64_t number = 1, before = 0;
	while (number <= run->records) {
		uint64_t begin = ring_end(ring);
		for (uint64_t count = 1 + chance_below(&chance, 8); count > 0; count--) {
			size_t text =
				chance_once_in(&chance, 50) ? 9000 : chance_below(&chance, 400);
			ring_append(ring, bytes, make_record(number++, 0, 0, text, bytes));
		}
		ring_publish(ring);
		/* The first of this batch, or of the one before, if that is there still. */
		if (chance_once_in(&chance, 4)) {
			ring_blank(ring, chance_once_in(&chance, 2) ? begin : before);
		}
		before = begin;
		/* Now and then the readers come near. */
		for (uint64_t pause = chance_below(&chance, 64); pause > 60; pause--) {
			sched_yield();
		}
	}
	ring_close(ring);
	atomic_store_explicit(&run->is_over, true, memory_order_release);
	return NULL;
}

/* Now and then, falls behind by nearly a ring: what it reads then is just being written over. */
static void fall_behind(const struct reader *reader, const struct ring *ring, uint64_t position,
                        struct chance *chance) {
	uint64_t lag = SMALL_RING - chance_below(chance, SMALL_RING / 4);
	while (ring_head(ring) - position < lag &&
	       !atomic_load_explicit(&reader->run->is_over, memory_order_acquire)) {
	}
}

/* Whole, or marked as blank: never without its text and without the mark. */
static uint64_t check(struct reader *reader, const void *bytes) {
	struct record record;
	size_t size = record_decode(&record, bytes, RECORD_BYTES_MAX);
	assert(size > 0);
	if ((record.bits & SAID_IS_REDACTED) == 0) {
		return check_record(bytes, &record);
	}
	assert(record.text.size == 0 && record.time_us == record.seq * 1000);
	reader->blank++;
	return record.seq;
}

static void *read_all(void *argument) {
	struct reader *reader = argument;
	static _Thread_local _Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	struct ring *ring = ring_open(reader->run->fd, false);
	assert(ring != NULL);
	struct chance chance = {reader->seed};
	uint64_t position = 0, last = 0;
	bool is_behind = false; /* it was overtaken, so some may be missing */
	for (;;) {
		bool is_over = atomic_load_explicit(&reader->run->is_over, memory_order_acquire);
		enum ring_result result = ring_read(ring, &position, bytes);
		if (result == RING_OK) {
			uint64_t number = check(reader, bytes);
			assert(is_behind ? number > last : number == last + 1);
			last = number;
			is_behind = false;
			reader->read++;
		} else if (result == RING_LAPPED) {
			assert(ring_low(ring) > position);
			position = ring_head(ring);
			is_behind = true;
			reader->lapped++;
		} else {
			assert(result == RING_EMPTY);
			if (is_over) {
				break;
			}
			if (chance_once_in(&chance, 3)) {
				fall_behind(reader, ring, position, &chance);
			}
		}
	}
	assert(is_behind || last >= reader->run->records);
	ring_close(ring);
	return NULL;
}

struct sum {
	uint64_t read, lapped, blank;
};

static struct sum race(uint64_t seed) {
	struct run run = {.fd = make_ring(SMALL_RING, 1),
	                  .records = (uint64_t)sized(60000, 1000000),
	                  .seed = seed};
	struct reader readers[READERS];
	struct sum sum = {0};
	pthread_t writer;
	for (uint64_t i = 0; i < READERS; i++) {
		readers[i] = (struct reader){.run = &run, .seed = seed + 1 + i};
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_all, &readers[i]),
		                 0);
	}
	assert_int_equal(pthread_create(&writer, NULL, write_all, &run), 0);
	pthread_join(writer, NULL);
	for (size_t i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		sum.lapped += readers[i].lapped;
		sum.read += readers[i].read;
		sum.blank += readers[i].blank;
	}
	close(run.fd);
	return sum;
}

static void readers_are_overtaken(void **state) {
	struct sum all = {0};
	for (uint64_t round = 0; round < 8; round++) {
		struct sum sum = race(seed_or(11) + round);
		all.read += sum.read;
		all.lapped += sum.lapped;
		all.blank += sum.blank;
	}
	printf("%llu read, %llu of them blank, %llu times overtaken\n",
	       (unsigned long long)all.read, (unsigned long long)all.blank,
	       (unsigned long long)all.lapped);
	/* Else it was no test. */
	assert_true(all.lapped > 20);
	assert_true(all.read > 1000);
	assert_true(all.blank > 100);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_are_overtaken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
