/*
 * Two processes add to one shared value without a lock. Adding is reading and then writing; who writes what
 * it read before the other wrote takes the other's addition away. Usually that happens now and then. Here
 * it happens each time: whoever has read goes on when the other has read as well.
 *
 *     Python                      the kit
 *     v = Value("i", lock=False)  mp_value_create(MP_INT32)
 *     v.value += 1                mp_value_get_int32(), mp_value_set_int32(): two steps
 *                                 mp_value_add_int32(): one step, nothing is lost
 */
#include <sched.h>

#include "claim.h"
#include "mp_process.h"
#include "mp_value.h"

#define ROUNDS 1000

static struct mp_value *sum, *reads, *sum_of_adds;

static int add(void *argument) {
	for (int round = 1; round <= ROUNDS; round++) {
		int32_t seen = mp_value_get_int32(sum);
		mp_value_add_int32(reads, 1);
		while (mp_value_get_int32(reads) < 2 * round) {
			sched_yield();
		}
		mp_value_set_int32(sum, seen + 1);
		mp_value_add_int32(sum_of_adds, 1);
	}
	return 0;
}

int main(void) {
	sum = mp_value_create(MP_INT32);
	reads = mp_value_create(MP_INT32);
	sum_of_adds = mp_value_create(MP_INT32);
	struct mp_process children[2];
	for (int i = 0; i < 2; i++) {
		mp_process_init(&children[i], add, NULL);
		MUST(mp_process_start(&children[i]));
	}
	for (int i = 0; i < 2; i++) {
		MUST(mp_process_join(&children[i], MP_FOREVER, NULL));
		MUST(mp_process_finish(&children[i]));
	}
	int32_t came = mp_value_get_int32(sum);
	claim(came < 2 * ROUNDS, "%d additions, and the sum is %d: %d were lost", 2 * ROUNDS, came,
	      2 * ROUNDS - came);
	claim(mp_value_get_int32(sum_of_adds) == 2 * ROUNDS,
	      "added in one step, by mp_value_add_int32(), they are %d", 2 * ROUNDS);
	mp_value_destroy(sum);
	mp_value_destroy(reads);
	mp_value_destroy(sum_of_adds);
	return 0;
}
