/*
 * robot_waits.h - who has waited longest, for forms that serve many with one thread.
 *
 * All waits of a list are equally long, so a list in the order of their beginnings is in the order of
 * their ends, too: the first one is the only one to look at, and beginning anew means going to the end.
 */
#ifndef ROBOT_WAITS_H
#define ROBOT_WAITS_H

#include <stdbool.h>
#include <stdint.h>

/* Embedded in who waits. All zeroes: in no list. */
struct wait {
	struct wait *previous, *next;
	uint64_t until_us;
};

struct waits {
	struct wait ends; /* ends.next: the first; ends.previous: the last */
	uint64_t length_us;
};

void waits_init(struct waits *waits, uint64_t length_us);

/* Begins (anew) now. */
void waits_begin(struct waits *waits, struct wait *wait, uint64_t now_us);

/* Waits no more. Who did not wait is fine. */
void waits_leave(struct wait *wait);

/* One whose time has come, or NULL. It stays in the list until it begins anew or leaves. */
struct wait *waits_over(struct waits *waits, uint64_t now_us);

/* The earlier of `until_us` and the end of the first wait. */
uint64_t waits_next_us(const struct waits *waits, uint64_t until_us);

#define WAITS_NEVER UINT64_MAX

#endif
