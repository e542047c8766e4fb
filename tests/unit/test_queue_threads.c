/* A queue's two ends as threads, for ThreadSanitizer: every request arrives once, whole, in order. */
#include "log_help.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "limits.h"
#include "queue.h"
#include "record.h"

struct run {
	int fd;
	uint64_t requests;
	uint64_t full; /* producer: how often there was no room */
};

static size_t size_of(uint64_t number) {
	return number % 7 == 0 ? TEXT_BYTES_MAX : number % 300;
}

static void *produce(void *argument) {
	struct run *run = argument;
	static char text[TEXT_BYTES_MAX];
	struct queue *queue = queue_open(run->fd);
	assert(queue != NULL);
	queue_produce_as(queue, 3);
	for (uint64_t number = 1; number <= run->requests; number++) {
		memset(text, (char)number, size_of(number));
		struct record request = {.kind = REQUEST_SAY,
		                         .person = number,
		                         .text = slice_of(text, size_of(number))};
		uint64_t got;
		while ((got = queue_put(queue, &request)) == 0) {
			run->full++;
			sched_yield();
		}
		assert(got == number);
	}
	queue_close(queue);
	return NULL;
}

static void *consume(void *argument) {
	struct run *run = argument;
	static _Alignas(8) uint8_t out[RECORD_BYTES_MAX];
	static char text[TEXT_BYTES_MAX];
	struct queue *queue = queue_open(run->fd);
	assert(queue != NULL);
	uint64_t number = 0;
	while (number < run->requests) {
		struct record request;
		int batch = 0;
		while (batch < 64 && queue_peek(queue, &request, out) == 1) {
			number++;
			batch++;
			memset(text, (char)number, size_of(number));
			assert(request.request == number && request.person == number);
			assert(request.incarnation == 3);
			assert(slice_equal(request.text, slice_of(text, size_of(number))));
		}
		if (batch > 0) {
			queue_done(queue);
		} else {
			sched_yield();
		}
	}
	assert(queue_is_empty(queue));
	queue_close(queue);
	return NULL;
}

static void both_ends(void **state) {
	struct run run = {.fd = make_memory(), .requests = (uint64_t)sized(200000, 5000000)};
	assert_int_equal(queue_format(run.fd), 0);
	pthread_t producer, consumer;
	assert_int_equal(pthread_create(&consumer, NULL, consume, &run), 0);
	assert_int_equal(pthread_create(&producer, NULL, produce, &run), 0);
	pthread_join(producer, NULL);
	pthread_join(consumer, NULL);
	printf("full %llu times\n", (unsigned long long)run.full);
	close(run.fd);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
