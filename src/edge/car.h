/*
 * car.h - a face's catch-up car: stretches of the log that it has no more, brought
 * by the clerk for who is far behind.
 *
 * There is one, of bounded size, however many are behind. It goes to the place
 * of somebody who waits, takes along everybody who stands within its stretch,
 * and leaves when nobody is left there, or when others have waited long enough;
 * then it goes on to the next who stands behind it, and from the last to the
 * first. So everybody moves on, and a reader that does not costs nothing.
 *
 * What it brings is what the history keeps: entries that are shown nowhere but
 * live are not in it.
 */
#ifndef CAR_H
#define CAR_H

#include <stdbool.h>
#include <stdint.h>

#include "asker.h"
#include "stretch.h"

struct edge;

/* What a face does for its car. */
struct car_face {
	/* Says of each of its readers, by car_note(), where it is. */
	void (*look)(void *it);
	/* Puts the entry at the car's end: stretch_add(), or stretch_pass() if it concerns nobody. */
	void (*take)(void *it, const struct record *entry);
	/* An answer is here: whoever is behind looks again. */
	void (*arrived)(void *it);
};

struct car {
	struct edge *edge;
	const struct car_face *face;
	void *it;
	const struct stretch *live; /* the face's own: whoever is in it has no need of the car */
	struct stretch *stretch;
	struct ask ask;
	bool is_asked, is_here, is_full;
	bool must_look;        /* somebody may wait */
	bool is_waited_for;    /* somebody does, elsewhere than it is */
	uint64_t from, stored; /* asked for what is behind `from`, when so much was stored */
	unsigned given;        /* entries of the answer */
	uint64_t looked_us, waits_us;
	/* Who waits where: the lowest place behind its end, and of all; UINT64_MAX: none. */
	uint64_t next, first;
	bool is_inside; /* somebody is within the stretch that is here */
};

/* `stretch` is the face's, to finish as well; all zeroes, it gets its memory with the first journey. */
void car_begin(struct car *car, struct edge *edge, const struct car_face *face, void *it,
               struct stretch *stretch, const struct stretch *live);

/* Is what is behind `seq` in its stretch? If not, a reader there has to wait. */
static inline bool car_has(const struct car *car, uint64_t seq) {
	return car->is_here && seq >= car->stretch->low && seq < car->stretch->high;
}
/* Somebody has just found that it has to wait. */
void car_wanted(struct car *car);
/* From look(): a reader's place, and whether it waits. */
void car_note(struct car *car, uint64_t at, bool is_behind);

void car_tick(struct car *car, uint64_t now_us);
uint64_t car_due_us(const struct car *car);

#endif
