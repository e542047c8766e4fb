/*
 * CPython's threads share one lock, held while computing and given up while waiting. The same computing and
 * the same waiting by one thread, four threads, four processes, and four threads under such a lock.
 *
 *     Python (thread_GIL.py)              the kit
 *     the interpreter's own lock          gil, a semaphore of 1; handed on after each piece of work
 *     Thread(target=work) × 4             mp_thread_init(&t[i], …)
 *     Process(target=work) × 4            mp_process_init(&p[i], …)
 */
#include <stdatomic.h>
#include <time.h>

#include "claim.h"
#include "mp_event.h"
#include "mp_mapping.h"
#include "mp_process.h"
#include "mp_semaphore.h"
#include "mp_thread.h"

#define WORKERS 4
#define PIECES 32 /* of work, all workers together */

static struct shared {   /* Seen by threads and processes alike. */
	bool is_waiting; /* the work is waiting, not computing */
	int workers;
	struct mp_semaphore gil; /* so many places that nobody waits for it, or one */
	struct mp_event all_wait, never;
	atomic_int at_it, most_at_it, done; /* the most: exact under one lock */
} * shared;

static void compute(void) {
	for (volatile int turn = 0; turn < 8000000; turn++) {
	}
}

/* Gives the lock up. The first waits end when all workers wait, at once. */
static void wait_for_something(int now) {
	mp_semaphore_release(&shared->gil);
	if (now == shared->workers) {
		mp_event_set(&shared->all_wait);
	}
	mp_event_wait(&shared->all_wait, MP_FOREVER);
	mp_event_wait(&shared->never, 5);
	mp_semaphore_acquire(&shared->gil, MP_FOREVER);
}

static int work(void *argument) {
	for (int i = 0; i < PIECES / shared->workers; i++) {
		MP_WITH_SEMAPHORE(&shared->gil) {
			int now = ++shared->at_it;
			shared->most_at_it = now > shared->most_at_it ? now : shared->most_at_it;
			shared->is_waiting ? wait_for_something(now) : compute();
			shared->at_it--;
			shared->done++;
		}
	}
	return 0;
}

static void work_in_thread(void *argument) {
	work(argument);
}

static double run(int workers, bool are_processes) {
	struct timespec begin, end;
	struct mp_thread t[WORKERS];
	struct mp_process p[WORKERS];
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < workers; i++) {
		mp_thread_init(&t[i], work_in_thread, NULL);
		mp_process_init(&p[i], work, NULL);
		MUST(are_processes ? mp_process_start(&p[i]) : mp_thread_start(&t[i]));
	}
	for (int i = 0; i < workers; i++) {
		MUST(are_processes ? mp_process_join(&p[i], -1, NULL) : mp_thread_join(&t[i], -1));
		MUST(mp_process_finish(&p[i]));
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

int main(void) {
	static const char *who[] = {"1 thread", "4 threads", "4 processes", "4 threads, 1 lock"};
	struct mp_mapping mapping;
	MUST(mp_mapping_anonymous(&mapping, sizeof *shared));
	shared = mapping.address;
	double alone = 1;
	for (int i = 0; i < 8; i++) {
		bool is_alone = i % 4 == 0, has_gil = i % 4 == 3, is_waiting = i >= 4;
		*shared = (struct shared){.is_waiting = is_waiting,
		                          .workers = is_alone ? 1 : WORKERS};
		mp_semaphore_init_at(&shared->gil, has_gil ? 1 : WORKERS);
		double took = run(shared->workers, i % 4 == 2);
		alone = is_alone ? took : alone;
		claim(shared->done == PIECES && (!has_gil || is_waiting || shared->most_at_it == 1),
		      "%s, %s: %.2f of the time", who[i % 4], is_waiting ? "waiting" : "computing",
		      took / alone);
	}
	return 0;
}
