#include "robot_waits.h"

#include <stddef.h>

void waits_init(struct waits *waits, uint64_t length_us) {
	*waits = (struct waits){.length_us = length_us};
	waits->ends.previous = waits->ends.next = &waits->ends;
}

void waits_leave(struct wait *wait) {
	if (wait->next != NULL) {
		wait->previous->next = wait->next;
		wait->next->previous = wait->previous;
		wait->previous = wait->next = NULL;
	}
}

void waits_begin(struct waits *waits, struct wait *wait, uint64_t now_us) {
	waits_leave(wait);
	wait->until_us = now_us + waits->length_us;
	wait->previous = waits->ends.previous;
	wait->next = &waits->ends;
	wait->previous->next = wait->next->previous = wait;
}

struct wait *waits_over(struct waits *waits, uint64_t now_us) {
	struct wait *first = waits->ends.next;
	return first != &waits->ends && first->until_us <= now_us ? first : NULL;
}

uint64_t waits_next_us(const struct waits *waits, uint64_t until_us) {
	const struct wait *first = waits->ends.next;
	return first != &waits->ends && first->until_us < until_us ? first->until_us : until_us;
}
