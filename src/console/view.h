/*
 * view.h - the room as it happens: a cursor over the ring, whose entries are
 * shown as lines. It waits for the screen and nobody waits for it; if the ring
 * overtakes it, it says so and goes on at the head.
 */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stdint.h>

struct console;

struct view {
	uint64_t position;
};

void view_open(struct console *console, uint64_t position);
/* Shows a bounded number of entries. */
void view_turn(struct console *console);
bool view_has_work(const struct console *console);

#endif
