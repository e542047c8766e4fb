/*
 * Two processes change one account. A semaphore of 1 lets one in at a time: with 1 it is a lock.
 *
 *     Python (shm_value_semaphore.py)   the kit
 *     v = Value("i", 5000)              mp_value_create(MP_INT32), mp_value_set_int32(v, 5000)
 *     sem = Semaphore()                 mp_semaphore_create(): it starts at 1
 *     with sem:                         MP_WITH_SEMAPHORE(sem) { … }
 *     v.value += 1                      mp_value_set_int32(v, mp_value_get_int32(v) + 1)
 */
#include <sched.h>

#include "claim.h"
#include "mp_process.h"
#include "mp_semaphore.h"
#include "mp_value.h"

#define START 5000
#define ROUNDS 1000

struct work {
	struct mp_semaphore *semaphore;
	struct mp_value *account;
	int32_t amount;
};

/* ROUNDS times: read, let others run, write; once by return in the midst of it. */
static int change(void *argument) {
	struct work *work = argument;
	for (int round = 1;; round++) {
		MP_WITH_SEMAPHORE(work->semaphore) {
			int32_t seen = mp_value_get_int32(work->account);
			sched_yield();
			mp_value_set_int32(work->account, seen + work->amount);
			if (round == ROUNDS) {
				return 0; /* Its place is given back here as well. */
			}
		}
	}
}

int main(void) {
	struct mp_semaphore *semaphore = mp_semaphore_create();
	struct mp_value *account = mp_value_create(MP_INT32);
	mp_value_set_int32(account, START);
	claim(mp_semaphore_value(semaphore) == 1, "the semaphore starts at 1");

	struct work saver = {.semaphore = semaphore, .account = account, .amount = +3};
	struct work spender = {.semaphore = semaphore, .account = account, .amount = -2};
	struct mp_process children[2];
	mp_process_init(&children[0], change, &saver);
	mp_process_init(&children[1], change, &spender);
	for (int i = 0; i < 2; i++) {
		MUST(mp_process_start(&children[i]));
	}
	for (int i = 0; i < 2; i++) {
		MUST(mp_process_join(&children[i], MP_FOREVER, NULL));
		MUST(mp_process_finish(&children[i]));
	}
	claim(mp_value_get_int32(account) == START + ROUNDS, "%d + %d × 3 − %d × 2 = %d", START,
	      ROUNDS, ROUNDS, mp_value_get_int32(account));
	claim(mp_semaphore_value(semaphore) == 1, "and the semaphore is 1 again");
	mp_semaphore_destroy(semaphore);
	mp_value_destroy(account);
	return 0;
}
