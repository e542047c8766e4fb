/*
 * A deadlock: each of two threads holds the lock that the other waits for. A timeout finds it; a fixed order,
 * in which all take their locks, avoids it.
 *
 *     Python                          the kit
 *     a.acquire(); b.acquire()        mp_lock_acquire(a, …), mp_lock_acquire(b, …)
 *     b.acquire(timeout=0.1)          mp_lock_acquire(b, 100): MP_TIMEOUT
 *     with a: with b:                 MP_WITH_LOCK(a) { MP_WITH_LOCK(b) { … } }
 */
#include <stdatomic.h>

#include "claim.h"
#include "mp_event.h"
#include "mp_lock.h"
#include "mp_thread.h"

#define ROUNDS 1000

struct person {
	struct mp_lock *first, *second;
	int result;
};

static struct mp_lock fork_lock, knife_lock;
static struct mp_event both_hold_one, may_let_go;
static atomic_int holding, given_up;
static int meals;

/* Takes the one, waits until the other person has one as well, and tries the second. */
static void eat_carelessly(void *argument) {
	struct person *person = argument;
	MP_WITH_LOCK(person->first) {
		if (atomic_fetch_add(&holding, 1) + 1 == 2) {
			mp_event_set(&both_hold_one);
		}
		mp_event_wait(&both_hold_one, MP_FOREVER);
		person->result = mp_lock_acquire(person->second, 50);
		if (atomic_fetch_add(&given_up, 1) + 1 == 2) {
			mp_event_set(&may_let_go);
		}
		mp_event_wait(&may_let_go, MP_FOREVER);
	}
}

/* The fork before the knife, whoever eats: who has the fork finds the knife free, or soon to be. */
static void eat_in_order(void *argument) {
	for (int round = 0; round < ROUNDS; round++) {
		MP_WITH_LOCK(&fork_lock) {
			MP_WITH_LOCK(&knife_lock) {
				meals++;
			}
		}
	}
}

static void run_two(void (*eat)(void *), struct person people[2]) {
	struct mp_thread threads[2];
	for (int i = 0; i < 2; i++) {
		mp_thread_init(&threads[i], eat, &people[i]);
		MUST(mp_thread_start(&threads[i]));
	}
	for (int i = 0; i < 2; i++) {
		MUST(mp_thread_join(&threads[i], MP_FOREVER));
	}
}

int main(void) {
	MUST(mp_lock_init(&fork_lock));
	MUST(mp_lock_init(&knife_lock));
	mp_event_init(&both_hold_one);
	mp_event_init(&may_let_go);
	struct person people[2] = {{.first = &fork_lock, .second = &knife_lock},
	                           {.first = &knife_lock, .second = &fork_lock}};

	run_two(eat_carelessly, people);
	claim(people[0].result == MP_TIMEOUT, "one has the fork, and waits for the knife in vain");
	claim(people[1].result == MP_TIMEOUT, "one has the knife, and waits for the fork in vain");

	run_two(eat_in_order, people);
	claim(meals == 2 * ROUNDS, "the fork first, then the knife: %d meals and no deadlock",
	      meals);

	MUST(mp_lock_acquire(&fork_lock, MP_FOREVER));
	claim(mp_lock_acquire(&fork_lock, MP_FOREVER) == MP_HELD,
	      "waiting for oneself: told at once");
	MUST(mp_lock_release(&fork_lock));
	mp_lock_finish(&fork_lock);
	mp_lock_finish(&knife_lock);
	return 0;
}
