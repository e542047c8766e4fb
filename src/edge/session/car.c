/*
 * car.c - the catch-up car: stretches of the log that the window has no more,
 * for who is far behind.
 *
 * There is one, of bounded size, however many are behind. It goes to the place
 * of somebody who waits, takes along everybody who stands within its stretch,
 * and leaves when nobody is left there, or when others have waited long enough;
 * then it goes on to the next who stands behind it, and from the last to the
 * first. So everybody moves on, and a reader that does not costs nothing.
 */
#include <stdatomic.h>

#include "diag.h"
#include "sessions_inside.h"

#define CAR_BYTES (256 * 1024)
#define CAR_ENTRIES 1024
/* Entries asked for at once: some fill the car, most do not. */
#define CAR_ASKS 256
/* The longest item, in bytes of the window, with what may be left free at its end. */
#define CAR_ITEM_BYTES_MAX (2 * (RECORD_BYTES_MAX + 4096))

/* So long it stays for those who are slow, while others wait. */
#define STAY_US (50 * 1000)
#define AFTER_FAILURE_US (1000 * 1000)
#define LOOK_US 2000

const struct log_window *car_window(const struct sessions *sessions, uint64_t seq) {
	const struct car *car = &sessions->car;
	return car->is_here && seq >= car->window.low && seq < car->window.high ? &car->window
	                                                                        : NULL;
}

/* ---- who waits where ---- */

struct waiting {
	uint64_t next,
		first;  /* the lowest place behind the car's end, and of all; UINT64_MAX: none */
	bool is_inside; /* somebody is within the stretch that is here */
};

static struct waiting look_around(const struct sessions *sessions) {
	const struct car *car = &sessions->car;
	uint64_t end = car->is_here ? car->window.high : 0;
	struct waiting waiting = {.next = UINT64_MAX, .first = UINT64_MAX};
	for (uint32_t i = 1; i < sessions->contexts.used; i++) {
		const struct context *context = context_at(sessions, i);
		if (context->session == 0 || context->must_learn) {
			continue;
		}
		uint64_t at = serve_wants(sessions, context);
		if (at >= sessions->window.low) {
			continue;
		}
		if (car_window(sessions, at) != NULL) {
			waiting.is_inside = true;
		} else if (context->is_behind) {
			waiting.first = at < waiting.first ? at : waiting.first;
			waiting.next = at >= end && at < waiting.next ? at : waiting.next;
		}
	}
	return waiting;
}

static void set_off(struct sessions *sessions, uint64_t from) {
	struct car *car = &sessions->car;
	const struct board *scribe = sessions->edge->house.boards[PROCESS_SCRIBE];
	if (!car->has_window) {
		log_window_init(&car->window, CAR_BYTES, CAR_ENTRIES, from);
		car->has_window = true;
	}
	log_window_restart(&car->window, from);
	car->is_here = false;
	car->is_asked = true;
	car->from = from;
	/* Before the question: up to here the answer leaves nothing out. */
	car->stored = atomic_load_explicit(&scribe->seq_stored, memory_order_acquire);
	car->given = 0;
	car->is_full = false;
	asker_ask(&sessions->edge->asker, &car->ask, CLERK_ALL, 0, from, CAR_ASKS);
}

/* ---- the stretch ---- */

static bool has_room(const struct log_window *window) {
	if (window->first == window->end) {
		return true;
	}
	uint64_t used = window->at - log_window_entry(window, window->first)->at;
	return used + CAR_ITEM_BYTES_MAX <= window->bytes_room &&
	       window->end - window->first < window->entries_room;
}

static void take_entry(struct sessions *sessions, const struct record *entry) {
	struct car *car = &sessions->car;
	car->given++;
	/* After the clerk's death a message may come twice. */
	if (entry->seq <= car->window.high || car->is_full) {
		return;
	}
	if (!has_room(&car->window)) {
		car->is_full = true;
	} else if (log_window_is_hidden(entry)) {
		log_window_pass(&car->window, entry->seq);
	} else {
		log_window_add(&car->window, entry,
		               state_room_name(sessions->edge->state, entry->room));
	}
}

static void arrive(struct sessions *sessions) {
	struct car *car = &sessions->car;
	car->is_asked = false;
	if (!car->is_full && car->given < CAR_ASKS) {
		log_window_pass(&car->window, car->stored);
	}
	/*
	 * What is wanted may not be stored yet: a moment later it is. And what was forgotten while the clerk
	 * read may be lacking: who waits for it is told a gap first.
	 */
	bool may_lack = car->from < sessions_forgotten(sessions);
	car->is_here = car->window.high > car->from && !may_lack;
	car->waits_us = sessions_now_us(sessions) + STAY_US;
	car->must_look = !car->is_here;
	board_count(sessions->edge->house.own, COUNT_SLICES, 1);
	for (uint32_t i = 1; i < sessions->contexts.used; i++) {
		const struct context *context = context_at(sessions, i);
		if (context->session != 0 && context->is_behind) {
			context_ready(sessions, i);
		}
	}
}

static void on_slice(void *context, struct slice_in_hand slice) {
	struct sessions *sessions = context;
	while (slice.size > 0) {
		struct record entry;
		size_t size = record_decode(&entry, slice.bytes, slice.size);
		if (size == 0) {
			diag_exit(EXIT_TRY_AGAIN, "the clerk's slice is malformed");
		}
		slice.bytes += size;
		slice.size -= size;
		take_entry(sessions, &entry);
	}
	asker_release(&sessions->edge->asker);
	if (slice.is_last) {
		arrive(sessions);
	}
}

static void on_failure(void *context) {
	struct sessions *sessions = context;
	struct car *car = &sessions->car;
	car->is_asked = false;
	car->must_look = true;
	car->waits_us = sessions_now_us(sessions) + AFTER_FAILURE_US;
}

/* ---- time ---- */

void car_wanted(struct sessions *sessions) {
	sessions->car.must_look = true;
}

/*
 * It goes when somebody waits elsewhere, and nobody is inside or those who are
 * have had their time. After an answer with nothing in it that time is waited for as well.
 */
void car_tick(struct sessions *sessions, uint64_t now_us) {
	struct car *car = &sessions->car;
	if (now_us < car_due_us(sessions)) {
		return;
	}
	struct waiting waiting = look_around(sessions);
	car->must_look = false;
	car->looked_us = now_us;
	car->is_waited_for = waiting.first != UINT64_MAX;
	bool may_leave = car->is_here && !waiting.is_inside;
	if (car->is_waited_for && (may_leave || now_us >= car->waits_us)) {
		car->is_waited_for = false;
		set_off(sessions, waiting.next != UINT64_MAX ? waiting.next : waiting.first);
	}
}

uint64_t car_due_us(const struct sessions *sessions) {
	const struct car *car = &sessions->car;
	if (car->is_asked) {
		return UINT64_MAX;
	}
	if (car->must_look) {
		/* Looking is looking at everybody. */
		return car->looked_us + LOOK_US;
	}
	return car->is_waited_for ? car->waits_us : UINT64_MAX;
}

/* ---- beginning and ending ---- */

void car_begin(struct sessions *sessions) {
	struct car *car = &sessions->car;
	car->ask = (struct ask){.take = on_slice, .fail = on_failure, .context = sessions};
	asker_add(&sessions->edge->asker, &car->ask);
}

void car_finish(struct sessions *sessions) {
	if (sessions->car.has_window) {
		log_window_finish(&sessions->car.window);
	}
}
