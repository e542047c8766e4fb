/*
 * The same additions as in process_no_lock.c, under a lock: between reading and writing nobody else comes,
 * though each invites the other to (sched_yield). And what becomes of a lock whose holder is killed.
 *
 *     Python                           the kit
 *     lock = Lock()                    mp_lock_create()
 *     with lock:                       MP_WITH_LOCK(lock) { … }
 *     lock.acquire(), lock.release()   mp_lock_acquire(lock, MP_FOREVER), mp_lock_release(lock)
 *     acquire by the holder: for ever  MP_HELD, at once
 *     the holder was killed: for ever  MP_HOLDER_DIED: yours, and look at what it left
 */
#include <sched.h>

#include "claim.h"
#include "mp_event.h"
#include "mp_lock.h"
#include "mp_process.h"
#include "mp_value.h"

#define ROUNDS 1000

static struct mp_lock *lock;
static struct mp_value *sum;
static struct mp_event *is_held;

static int add(void *argument) {
	for (int round = 1; round <= ROUNDS; round++) {
		MP_WITH_LOCK(lock) {
			int32_t seen = mp_value_get_int32(sum);
			sched_yield();
			mp_value_set_int32(sum, seen + 1);
		}
	}
	return 0;
}

static int hold(void *argument) {
	MUST(mp_lock_acquire(lock, MP_FOREVER));
	mp_event_set(is_held);
	pause();
	return 0;
}

int main(void) {
	lock = mp_lock_create();
	sum = mp_value_create(MP_INT32);
	is_held = mp_event_create();
	struct mp_process children[2], holder;
	for (int i = 0; i < 2; i++) {
		mp_process_init(&children[i], add, NULL);
		MUST(mp_process_start(&children[i]));
	}
	for (int i = 0; i < 2; i++) {
		MUST(mp_process_join(&children[i], MP_FOREVER, NULL));
		MUST(mp_process_finish(&children[i]));
	}
	claim(mp_value_get_int32(sum) == 2 * ROUNDS, "%d additions, and the sum is %d", 2 * ROUNDS,
	      mp_value_get_int32(sum));

	mp_process_init(&holder, hold, NULL);
	MUST(mp_process_start(&holder));
	mp_event_wait(is_held, MP_FOREVER);
	claim(mp_lock_acquire(lock, 20) == MP_TIMEOUT, "another process holds it: 20 ms in vain");
	claim(mp_lock_release(lock) == MP_NOT_HOLDER, "only the holder can release it");
	MUST(mp_process_kill(&holder));
	MUST(mp_process_join(&holder, MP_FOREVER, NULL));
	MUST(mp_process_finish(&holder));
	claim(mp_lock_acquire(lock, MP_FOREVER) == MP_HOLDER_DIED,
	      "killed with it: handed on, and said");
	claim(mp_lock_acquire(lock, MP_FOREVER) == MP_HELD,
	      "a second time: MP_HELD, not a wait for ever");
	MUST(mp_lock_release(lock));
	mp_lock_destroy(lock);
	mp_value_destroy(sum);
	mp_event_destroy(is_held);
	return 0;
}
