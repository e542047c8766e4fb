/*
 * A queue between several processes: bounded, first in, first out, each item to one of them.
 *
 *     Python                              the kit
 *     q = Queue(3)                        mp_queue_create(&q, 3, bytes); 0 is the kit's limit
 *     q.put(x)                            mp_queue_put(&q, x, size, MP_FOREVER)
 *     q.put(x, block=False), queue.Full   mp_queue_put(&q, x, size, 0), MP_TIMEOUT
 *     q.get(timeout=0.02), queue.Empty    mp_queue_get(&q, x, size, &length, 20), MP_TIMEOUT
 *     q.qsize()                           mp_queue_count(&q)
 *     q.close()                           mp_queue_close(&q): no more puts; what is in it can be got
 */
#include "claim.h"
#include "mp_process.h"
#include "mp_queue.h"
#include "mp_value.h"

#define ITEMS 1000
#define CONSUMERS 3

struct work {
	struct mp_queue queue;
	struct mp_value *sum, *got;
};

static int consume(void *argument) {
	struct work *work = argument;
	int32_t number;
	size_t length;
	int result;
	while ((result = mp_queue_get(&work->queue, &number, sizeof number, &length, MP_FOREVER)) ==
	       0) {
		mp_value_add_int64(work->sum, number);
		mp_value_add_int64(work->got, 1);
	}
	return result == MP_CLOSED ? 0 : 1;
}

static void show_limits(struct mp_queue *queue) {
	int32_t number = 0;
	size_t length;
	claim(mp_queue_get(queue, &number, sizeof number, &length, 20) == MP_TIMEOUT,
	      "20 ms were in vain: the queue is empty");
	for (number = 1; number <= 3; number++) {
		MUST(mp_queue_put(queue, &number, sizeof number, 0));
	}
	claim(mp_queue_count(queue) == 3, "three items are in it");
	claim(mp_queue_put(queue, &number, sizeof number, 0) == MP_TIMEOUT,
	      "it is full: not a fourth");
	for (int32_t expected = 1; expected <= 3; expected++) {
		MUST(mp_queue_get(queue, &number, sizeof number, &length, 0));
		claim(number == expected, "%d comes out as number %d", number, expected);
	}
}

int main(void) {
	struct work work = {.sum = mp_value_create(MP_INT64), .got = mp_value_create(MP_INT64)};
	MUST(mp_queue_create(&work.queue, 3, sizeof(int32_t)));
	show_limits(&work.queue);

	struct mp_process consumers[CONSUMERS];
	for (int i = 0; i < CONSUMERS; i++) {
		mp_process_init(&consumers[i], consume, &work);
		MUST(mp_process_start(&consumers[i]));
	}
	for (int32_t number = 1; number <= ITEMS; number++) {
		MUST(mp_queue_put(&work.queue, &number, sizeof number, MP_FOREVER));
	}
	mp_queue_close(&work.queue);
	int32_t late = 0;
	claim(mp_queue_put(&work.queue, &late, sizeof late, 0) == MP_CLOSED,
	      "closed: no more puts");
	for (int i = 0; i < CONSUMERS; i++) {
		struct mp_status status;
		MUST(mp_process_join(&consumers[i], MP_FOREVER, &status));
		claim(status.exited && status.code == 0,
		      "consumer %d got all that was left, then MP_CLOSED", i + 1);
		MUST(mp_process_finish(&consumers[i]));
	}
	claim(mp_value_get_int64(work.got) == ITEMS, "%d items put, %d got", ITEMS, ITEMS);
	claim(mp_value_get_int64(work.sum) == ITEMS * (ITEMS + 1) / 2, "none lost, none doubled");
	mp_queue_finish(&work.queue);
	mp_value_destroy(work.sum);
	mp_value_destroy(work.got);
	return 0;
}
