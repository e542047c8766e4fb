/*
 * Two threads run in any order: what holds is that both are done after the joins. Who wants an order says so,
 * with an event.
 *
 *     Python                        the kit
 *     a.start(); b.start()          mp_thread_start(&a), mp_thread_start(&b): in no order from here
 *     a.join(); b.join()            mp_thread_join(&a, …), mp_thread_join(&b, …): both are done
 *     e.set() in a, e.wait() in b   mp_event_set(&e), mp_event_wait(&e, MP_FOREVER): a before b
 */
#include <stdatomic.h>

#include "claim.h"
#include "mp_event.h"
#include "mp_thread.h"

#define ROUNDS 200

struct round {
	atomic_int arrivals;
	int place_of_a, place_of_b; /* 0: first */
	bool is_ordered;
	struct mp_event a_is_done;
};

static void run_a(void *argument) {
	struct round *round = argument;
	round->place_of_a = atomic_fetch_add(&round->arrivals, 1);
	mp_event_set(&round->a_is_done);
}

static void run_b(void *argument) {
	struct round *round = argument;
	if (round->is_ordered) {
		mp_event_wait(&round->a_is_done, MP_FOREVER);
	}
	round->place_of_b = atomic_fetch_add(&round->arrivals, 1);
}

static int came;

/* Start b before a, so that without an order b has the better chances. Answers whether a was first. */
static bool a_was_first(bool is_ordered) {
	struct round round = {.is_ordered = is_ordered};
	mp_event_init(&round.a_is_done);
	struct mp_thread a, b;
	mp_thread_init(&b, run_b, &round);
	mp_thread_init(&a, run_a, &round);
	MUST(mp_thread_start(&b));
	MUST(mp_thread_start(&a));
	MUST(mp_thread_join(&a, MP_FOREVER));
	MUST(mp_thread_join(&b, MP_FOREVER));
	came += atomic_load(&round.arrivals);
	return round.place_of_a == 0;
}

int main(void) {
	int freely = 0, in_order = 0;
	for (int i = 0; i < ROUNDS; i++) {
		freely += a_was_first(false);
		in_order += a_was_first(true);
	}
	claim(came == 2 * 2 * ROUNDS,
	      "without an order a was first %d times, b %d times; both always came", freely,
	      ROUNDS - freely);
	claim(in_order == ROUNDS, "with an event a was first all %d times", ROUNDS);
	return 0;
}
