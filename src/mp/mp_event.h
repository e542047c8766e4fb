/*
 * A flag that processes or threads wait for: false at first, until somebody sets it.
 *
 * Setting wakes all who wait, and all who come later pass at once, until it is cleared. Who was waiting
 * when it was set passes even if it is cleared again before they run: a set is never missed.
 *
 * It lives where an mp_lock does (mp_lock.h). Waits look again every 250 ms on their own account, in case
 * that who set it was killed before waking them.
 */
#ifndef MP_EVENT_H
#define MP_EVENT_H

#include <stdbool.h>
#include <stdint.h>

struct mp_event {
	_Atomic uint32_t
		state; /* how often it was set, times 4; plus 1: is set; plus 2: somebody waits */
};

void mp_event_init(struct mp_event *event);

/* One in memory of its own; NULL and errno when there is none. Destroying NULL is fine. */
struct mp_event *mp_event_create(void);
void mp_event_destroy(struct mp_event *event);

void mp_event_set(struct mp_event *event);
void mp_event_clear(struct mp_event *event);
bool mp_event_is_set(const struct mp_event *event);

/* Wait until it is set. Answers 0, or MP_TIMEOUT. */
int mp_event_wait(struct mp_event *event, int timeout_ms);

#endif
