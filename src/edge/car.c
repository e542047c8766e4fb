#include "car.h"

#include <stdatomic.h>

#include "edge_inside.h"

#define CAR_BYTES (256 * 1024)
#define CAR_ENTRIES 1024
/* Entries asked for at once: some fill the car, most do not. */
#define CAR_ASKS 256

/* So long it stays for those who are slow, while others wait. */
#define STAY_US (50 * 1000)
#define AFTER_FAILURE_US (1000 * 1000)
#define LOOK_US 2000

/* ---- who waits where ---- */

void car_note(struct car *car, uint64_t at, bool is_behind) {
	uint64_t end = car->is_here ? car->stretch->high : 0;
	if (at >= car->live->low) {
		return;
	}
	if (car_has(car, at)) {
		car->is_inside = true;
	} else if (is_behind) {
		car->first = at < car->first ? at : car->first;
		car->next = at >= end && at < car->next ? at : car->next;
	}
}

static void look_around(struct car *car) {
	car->next = car->first = UINT64_MAX;
	car->is_inside = false;
	car->face->look(car->it);
}

static void set_off(struct car *car, uint64_t from) {
	const struct board *scribe = car->edge->house.boards[PROCESS_SCRIBE];
	if (car->stretch->bytes == NULL) {
		stretch_init(car->stretch, CAR_BYTES, CAR_ENTRIES, from);
	}
	stretch_restart(car->stretch, from);
	car->is_here = false;
	car->is_asked = true;
	car->from = from;
	/* Before the question: up to here the answer leaves nothing out. */
	car->stored = atomic_load_explicit(&scribe->seq_stored, memory_order_acquire);
	car->given = 0;
	car->is_full = false;
	asker_ask(&car->edge->asker, &car->ask, CLERK_ALL, 0, from, CAR_ASKS);
}

/* ---- the stretch ---- */

static void take_entry(struct car *car, const struct record *entry) {
	car->given++;
	/* After the clerk's death a message may come twice. */
	if (entry->seq <= car->stretch->high || car->is_full) {
		return;
	}
	if (!stretch_has_room(car->stretch)) {
		car->is_full = true;
		return;
	}
	car->face->take(car->it, entry);
}

static void arrive(struct car *car) {
	car->is_asked = false;
	if (!car->is_full && car->given < CAR_ASKS) {
		stretch_pass(car->stretch, car->stored);
	}
	/*
	 * What is wanted may not be stored yet: a moment later it is. And what was forgotten while the clerk
	 * read may be lacking: who waits for it passes over the gap first.
	 */
	bool may_lack = car->from < edge_forgotten(car->edge);
	car->is_here = car->stretch->high > car->from && !may_lack;
	car->waits_us = loop_now_us(car->edge->house.loop) + STAY_US;
	car->must_look = !car->is_here;
	board_count(car->edge->house.own, COUNT_SLICES, 1);
	car->face->arrived(car->it);
}

static void on_slice(void *context, struct slice_in_hand slice) {
	struct car *car = context;
	struct record entry;
	while (slice_next(&slice, &entry)) {
		take_entry(car, &entry);
	}
	asker_release(&car->edge->asker);
	if (slice.is_last) {
		arrive(car);
	}
}

static void on_failure(void *context) {
	struct car *car = context;
	car->is_asked = false;
	car->must_look = true;
	car->waits_us = loop_now_us(car->edge->house.loop) + AFTER_FAILURE_US;
}

/* ---- time ---- */

void car_wanted(struct car *car) {
	car->must_look = true;
}

/*
 * It goes when somebody waits elsewhere, and nobody is inside or those who are
 * have had their time. After an answer with nothing in it that time is waited for as well.
 */
void car_tick(struct car *car, uint64_t now_us) {
	if (now_us < car_due_us(car)) {
		return;
	}
	look_around(car);
	car->must_look = false;
	car->looked_us = now_us;
	car->is_waited_for = car->first != UINT64_MAX;
	bool may_leave = car->is_here && !car->is_inside;
	if (car->is_waited_for && (may_leave || now_us >= car->waits_us)) {
		car->is_waited_for = false;
		set_off(car, car->next != UINT64_MAX ? car->next : car->first);
	}
}

uint64_t car_due_us(const struct car *car) {
	if (car->is_asked) {
		return LOOP_FOREVER;
	}
	if (car->must_look) {
		/* Looking is looking at everybody. */
		return car->looked_us + LOOK_US;
	}
	return car->is_waited_for ? car->waits_us : LOOP_FOREVER;
}

void car_begin(struct car *car, struct edge *edge, const struct car_face *face, void *it,
               struct stretch *stretch, const struct stretch *live) {
	*car = (struct car){.edge = edge, .face = face, .it = it, .stretch = stretch, .live = live};
	car->ask = (struct ask){.take = on_slice, .fail = on_failure, .context = car};
	asker_add(&edge->asker, &car->ask);
}
