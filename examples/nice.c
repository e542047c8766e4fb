/*
 * Priority: two children compute as hard as they can on one processor; the nicer one gets less of it.
 *
 *     Python                     C                            the kit
 *     os.nice(19)                nice(19)
 *     os.sched_setaffinity()     sched_setaffinity()
 *     multiprocessing.Event()                                 mp_event_create()
 *     multiprocessing.Value()                                 mp_value_create()
 */
#include <sched.h>
#include <time.h>

#include "claim.h"
#include "mp_event.h"
#include "mp_process.h"
#include "mp_value.h"

#define ENOUGH_MS 300

struct work {
	int nice;
	struct mp_event *go,
		*enough; /* enough: one of the two has had ENOUGH_MS of the processor */
	struct mp_value *cpu_ms;
};

static int64_t own_cpu_ms(void) {
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int compute(void *argument) {
	struct work *work = argument;
	MUST_SYSTEM(nice(work->nice));
	mp_event_wait(work->go, MP_FOREVER);
	int64_t spent_ms;
	while ((spent_ms = own_cpu_ms()) < ENOUGH_MS && !mp_event_is_set(work->enough)) {
	}
	mp_event_set(work->enough);
	mp_value_set_int64(work->cpu_ms, spent_ms);
	return 0;
}

static void share_one_processor(void) {
	cpu_set_t allowed, one;
	MUST_SYSTEM(sched_getaffinity(0, sizeof allowed, &allowed));
	int cpu = 0;
	while (!CPU_ISSET(cpu, &allowed)) {
		cpu++;
	}
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	MUST_SYSTEM(sched_setaffinity(0, sizeof one, &one)); /* Children inherit it. */
}

int main(void) {
	share_one_processor();
	struct mp_event *go = mp_event_create(), *enough = mp_event_create();
	struct work works[] = {{.nice = 0}, {.nice = 19}};
	struct mp_process children[2];
	for (int i = 0; i < 2; i++) {
		works[i].go = go;
		works[i].enough = enough;
		works[i].cpu_ms = mp_value_create(MP_INT64);
		mp_process_init(&children[i], compute, &works[i]);
		MUST(mp_process_start(&children[i]));
	}
	mp_event_set(go);
	for (int i = 0; i < 2; i++) {
		struct mp_status status;
		MUST(mp_process_join(&children[i], MP_FOREVER, &status));
		claim(status.exited && status.code == 0, "nice %d had %d ms of the processor",
		      works[i].nice, (int)mp_value_get_int64(works[i].cpu_ms));
		MUST(mp_process_finish(&children[i]));
	}
	claim(mp_value_get_int64(works[0].cpu_ms) > mp_value_get_int64(works[1].cpu_ms),
	      "the nicer one had less");
	return 0;
}
