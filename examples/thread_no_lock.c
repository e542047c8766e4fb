/*
 * Two threads add to one number without a lock. a += 1 reads, adds and writes; who writes what it read before
 * the other wrote takes the other's addition away. By chance that is rare, and so found late. Here it
 * happens each time: whoever has read goes on when the other has read as well.
 *
 *     Python (thread_no_lock.py)     C, and the kit
 *     a += 1                         atomic_load(), atomic_store(): two steps
 *                                    atomic_fetch_add(): one step, nothing is lost
 *     Thread(target=add)             mp_thread_init(&t, add, NULL)
 */
#include <sched.h>
#include <stdatomic.h>

#include "claim.h"
#include "mp_thread.h"

#define ROUNDS 1000

static atomic_int sum, reads, sum_of_adds;

static void add(void *argument) {
	for (int round = 1; round <= ROUNDS; round++) {
		int seen = atomic_load(&sum);
		atomic_fetch_add(&reads, 1);
		while (atomic_load(&reads) < 2 * round) {
			sched_yield();
		}
		atomic_store(&sum, seen + 1);
		atomic_fetch_add(&sum_of_adds, 1);
	}
}

int main(void) {
	struct mp_thread threads[2];
	for (int i = 0; i < 2; i++) {
		mp_thread_init(&threads[i], add, NULL);
		MUST(mp_thread_start(&threads[i]));
	}
	for (int i = 0; i < 2; i++) {
		MUST(mp_thread_join(&threads[i], MP_FOREVER));
	}
	int came = atomic_load(&sum);
	claim(came < 2 * ROUNDS, "%d additions, and the sum is %d: %d were lost", 2 * ROUNDS, came,
	      2 * ROUNDS - came);
	claim(atomic_load(&sum_of_adds) == 2 * ROUNDS,
	      "added in one step, by atomic_fetch_add(), they are %d", 2 * ROUNDS);
	return 0;
}
