/*
 * Doing things in an agreed order: who is early waits for an event, who has done its part sets it.
 *
 *     Python               the kit
 *     e = Event()          mp_event_init(&e): not set at first
 *     e.wait()             mp_event_wait(&e, MP_FOREVER)
 *     e.wait(0.02)         mp_event_wait(&e, 20): MP_TIMEOUT
 *     e.set(), e.clear()   mp_event_set(&e), mp_event_clear(&e)
 *     e.is_set()           mp_event_is_set(&e)
 */
#include "claim.h"
#include "mp_event.h"
#include "mp_thread.h"

static struct mp_event is_cooked, is_eaten;
static const char *dish; /* Written before an event is set, read after it was waited for. */

static void cook(void *argument) {
	dish = "火锅";
	puts("     the cook: it is ready");
	mp_event_set(&is_cooked);
}

static void eat(void *argument) {
	MUST(mp_event_wait(&is_cooked, MP_FOREVER));
	printf("     the guest: %s!\n", dish);
	dish = NULL;
	mp_event_set(&is_eaten);
}

int main(void) {
	mp_event_init(&is_cooked);
	mp_event_init(&is_eaten);
	claim(!mp_event_is_set(&is_cooked), "an event is not set at first");
	claim(mp_event_wait(&is_cooked, 20) == MP_TIMEOUT, "waited 20 ms in vain");

	struct mp_thread guest, chef;
	mp_thread_init(&guest, eat, NULL);
	mp_thread_init(&chef, cook, NULL);
	MUST(mp_thread_start(&guest)); /* The guest comes first, and waits all the same. */
	MUST(mp_thread_start(&chef));
	MUST(mp_event_wait(&is_eaten, MP_FOREVER));
	claim(dish == NULL, "cooked first, eaten then");
	claim(mp_event_is_set(&is_cooked), "the event stays set: who comes later passes at once");
	claim(mp_event_wait(&is_cooked, MP_FOREVER) == 0, "like this");
	mp_event_clear(&is_cooked);
	claim(!mp_event_is_set(&is_cooked), "until it is cleared");

	MUST(mp_thread_join(&guest, MP_FOREVER));
	MUST(mp_thread_join(&chef, MP_FOREVER));
	return 0;
}
