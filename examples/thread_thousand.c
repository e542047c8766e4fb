/*
 * A thousand threads beside a thousand processes: started and joined, a hundred at a time. A thread is the
 * lighter one, since it needs no memory of its own but a stack; the ratio is printed.
 *
 *     Python                                   the kit
 *     ts = [Thread(target=f) for …]            struct mp_thread ts[…]; mp_thread_init(&ts[i], f, NULL)
 *     ps = [Process(target=f) for …]           struct mp_process ps[…]; mp_process_init(&ps[i], f, NULL)
 *     for t in ts: t.start()                   mp_thread_start(&ts[i])
 *     for p in ps: p.start()                   mp_process_start(&ps[i])
 */
#include <time.h>

#include "claim.h"
#include "mp_process.h"
#include "mp_thread.h"
#include "mp_value.h"

#define COUNT 1000
#define AT_ONCE 100

static struct mp_value *threads_ran, *processes_ran;

static void in_thread(void *argument) {
	mp_value_add_int32(threads_ran, 1);
}

static int in_process(void *argument) {
	mp_value_add_int32(processes_ran, 1);
	return 0;
}

static void start_threads(void) {
	static struct mp_thread threads[AT_ONCE];
	for (int i = 0; i < AT_ONCE; i++) {
		mp_thread_init(&threads[i], in_thread, NULL);
		MUST(mp_thread_start(&threads[i]));
	}
	for (int i = 0; i < AT_ONCE; i++) {
		MUST(mp_thread_join(&threads[i], MP_FOREVER));
	}
}

static void start_processes(void) {
	static struct mp_process processes[AT_ONCE];
	for (int i = 0; i < AT_ONCE; i++) {
		mp_process_init(&processes[i], in_process, NULL);
		MUST(mp_process_start(&processes[i]));
	}
	for (int i = 0; i < AT_ONCE; i++) {
		struct mp_status status;
		MUST(mp_process_join(&processes[i], MP_FOREVER, &status));
		MUST(mp_process_finish(&processes[i]));
	}
}

static double ms_of(void (*work)(void)) {
	struct timespec begin, end;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < COUNT; i += AT_ONCE) {
		work();
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(end.tv_sec - begin.tv_sec) * 1e3 +
	       (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
}

int main(void) {
	threads_ran = mp_value_create(MP_INT32);
	processes_ran = mp_value_create(MP_INT32);
	double threads_ms = ms_of(start_threads), processes_ms = ms_of(start_processes);
	claim(mp_value_get_int32(threads_ran) == COUNT, "%d threads ran and were joined", COUNT);
	claim(mp_value_get_int32(processes_ran) == COUNT, "%d processes ran and were joined",
	      COUNT);
	printf("     a process took %.1f times as long as a thread (%.0f µs, %.0f µs)\n",
	       processes_ms / threads_ms, processes_ms * 1e3 / COUNT, threads_ms * 1e3 / COUNT);
	mp_value_destroy(threads_ran);
	mp_value_destroy(processes_ran);
	return 0;
}
