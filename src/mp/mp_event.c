#include "mp_event.h"

#include "mp_errors.h"
#include "mp_futex.h"
#include "mp_shared.h"
#include "mp_time.h"

#define IS_SET 1u
#define HAS_WAITERS 2u
#define ONE_SETTING 4u

void mp_event_init(struct mp_event *event) {
	atomic_init(&event->state, 0);
}

struct mp_event *mp_event_create(void) {
	return mp_shared_make(sizeof(struct mp_event)); /* Zeroes are an event that is not set. */
}

void mp_event_destroy(struct mp_event *event) {
	mp_shared_give_back(event, sizeof *event);
}

void mp_event_set(struct mp_event *event) {
	uint32_t state = atomic_load(&event->state);
	uint32_t set;
	do {
		if (state & IS_SET) {
			return;
		}
		set = (state / ONE_SETTING + 1) * ONE_SETTING | IS_SET;
	} while (!atomic_compare_exchange_weak(&event->state, &state, set));
	if (state & HAS_WAITERS) {
		mp_futex_wake(&event->state, MP_WAKE_ALL);
	}
}

void mp_event_clear(struct mp_event *event) {
	atomic_fetch_and(&event->state, ~IS_SET);
}

bool mp_event_is_set(const struct mp_event *event) {
	return atomic_load(&event->state) & IS_SET;
}

int mp_event_wait(struct mp_event *event, int timeout_ms) {
	int64_t deadline = mp_deadline(timeout_ms);
	uint32_t state = atomic_load(&event->state);
	uint32_t settings = state / ONE_SETTING;
	bool has_time = timeout_ms != 0;
	for (;;) {
		if (state & IS_SET || state / ONE_SETTING != settings) {
			return 0;
		}
		if (!has_time) {
			return MP_TIMEOUT;
		}
		uint32_t awaited = state | HAS_WAITERS;
		if (state == awaited ||
		    atomic_compare_exchange_strong(&event->state, &state, awaited)) {
			has_time = mp_futex_wait(&event->state, awaited, deadline);
			state = atomic_load(&event->state);
		}
	}
}
