/*
 * Six processes and three places: at most three are inside at a time.
 *
 *     Python (semaphore.py)     the kit
 *     sem = Semaphore(3)        mp_semaphore_create_at(3)
 *     sem.acquire()             mp_semaphore_acquire(sem, MP_FOREVER)
 *     sem.acquire(timeout=…)    mp_semaphore_acquire(sem, milliseconds): MP_TIMEOUT
 *     sem.release()             mp_semaphore_release(sem)
 *     sem.get_value()           mp_semaphore_value(sem)
 */
#include "claim.h"
#include "mp_event.h"
#include "mp_process.h"
#include "mp_semaphore.h"
#include "mp_value.h"

#define PROCESSES 6
#define PLACES 3

static struct mp_semaphore *places;
static struct mp_value *inside, *most, *entered;
static struct mp_event *are_full, *may_leave;

static int visit(void *argument) {
	MUST(mp_semaphore_acquire(places, MP_FOREVER));
	int32_t now = mp_value_add_int32(inside, 1);
	MP_WITH_LOCK(mp_value_lock(most)) {
		if (mp_value_get_int32(most) < now) {
			mp_value_set_int32(most, now);
		}
	}
	if (mp_value_add_int32(entered, 1) == PLACES) {
		mp_event_set(are_full);
	}
	mp_event_wait(may_leave, MP_FOREVER);
	mp_value_add_int32(inside, -1);
	return mp_semaphore_release(places);
}

int main(void) {
	places = mp_semaphore_create_at(PLACES);
	inside = mp_value_create(MP_INT32);
	most = mp_value_create(MP_INT32);
	entered = mp_value_create(MP_INT32);
	are_full = mp_event_create();
	may_leave = mp_event_create();
	claim(mp_semaphore_value(places) == PLACES, "%d places", PLACES);

	struct mp_process children[PROCESSES];
	for (int i = 0; i < PROCESSES; i++) {
		mp_process_init(&children[i], visit, NULL);
		MUST(mp_process_start(&children[i]));
	}
	mp_event_wait(are_full, MP_FOREVER);
	claim(mp_semaphore_value(places) == 0, "%d are inside: the value is 0", PLACES);
	claim(mp_semaphore_acquire(places, 20) == MP_TIMEOUT, "nobody else comes in within 20 ms");
	claim(mp_value_get_int32(entered) == PLACES, "the other %d wait", PROCESSES - PLACES);

	mp_event_set(may_leave);
	for (int i = 0; i < PROCESSES; i++) {
		struct mp_status status;
		MUST(mp_process_join(&children[i], MP_FOREVER, &status));
		claim(status.exited && status.code == 0, "%s was inside",
		      mp_process_name(&children[i]));
		MUST(mp_process_finish(&children[i]));
	}
	claim(mp_value_get_int32(entered) == PROCESSES, "all %d have been in", PROCESSES);
	claim(mp_value_get_int32(most) == PLACES, "never more than %d at once", PLACES);
	claim(mp_semaphore_value(places) == PLACES, "and all places are free again");
	return 0;
}
