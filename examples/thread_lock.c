/*
 * The same additions as in thread_no_lock.c under a lock: between reading and writing nobody else comes,
 * though each invites the other to (sched_yield). So the number may be an ordinary one.
 *
 *     Python (thread_lock.py)              the kit
 *     lock = Lock()                        mp_lock_init(&lock)
 *     lock.acquire(), lock.release()       mp_lock_acquire(&lock, MP_FOREVER), mp_lock_release(&lock)
 *     with lock:                           MP_WITH_LOCK(&lock) { … }
 *     lock.acquire(timeout=0.02)           mp_lock_acquire(&lock, 20): MP_TIMEOUT
 *     a second acquire: for ever           MP_HELD, at once (a semaphore of 1 waits, as Python does)
 *     release by another thread: works     MP_NOT_HOLDER
 */
#include <sched.h>

#include "claim.h"
#include "mp_lock.h"
#include "mp_thread.h"

#define ROUNDS 1000

static struct mp_lock lock;
static int sum;

static void add(void *argument) {
	for (int round = 0; round < ROUNDS; round++) {
		MUST(mp_lock_acquire(&lock, MP_FOREVER));
		int seen = sum;
		sched_yield();
		sum = seen + 1;
		MUST(mp_lock_release(&lock));
	}
}

static void add_in_a_scope(void *argument) {
	for (int round = 0; round < ROUNDS; round++) {
		MP_WITH_LOCK(&lock) { /* Released at its end, and by return or break. */
			int seen = sum;
			sched_yield();
			sum = seen + 1;
		}
	}
}

static void meddle(void *argument) {
	claim(mp_lock_acquire(&lock, 20) == MP_TIMEOUT, "main holds it: 20 ms in vain");
	claim(mp_lock_release(&lock) == MP_NOT_HOLDER, "another thread cannot release it");
}

int main(void) {
	MUST(mp_lock_init(&lock));
	struct mp_thread threads[2], meddler;
	mp_thread_init(&threads[0], add, NULL);
	mp_thread_init(&threads[1], add_in_a_scope, NULL);
	for (int i = 0; i < 2; i++) {
		MUST(mp_thread_start(&threads[i]));
	}
	for (int i = 0; i < 2; i++) {
		MUST(mp_thread_join(&threads[i], MP_FOREVER));
	}
	claim(sum == 2 * ROUNDS, "%d additions, and the sum is %d", 2 * ROUNDS, sum);

	MP_WITH_LOCK(&lock) {
		mp_thread_init(&meddler, meddle, NULL);
		MUST(mp_thread_start(&meddler));
		MUST(mp_thread_join(&meddler, MP_FOREVER));
		claim(mp_lock_acquire(&lock, MP_FOREVER) == MP_HELD, "a second acquire: MP_HELD");
	}
	claim(mp_lock_acquire(&lock, 0) == 0, "the scope has released it");
	MUST(mp_lock_release(&lock));
	mp_lock_finish(&lock);
	return 0;
}
