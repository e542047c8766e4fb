/*
 * console_inner.h - the console process, as its own files know it.
 *
 * Two cursors walk the ring. `position` always goes to the head: it finds the
 * answers to what was asked, and the entry that closes the house. The view
 * (view.h) has its own, which waits when the screen does. The board says the
 * older of the two; a restarted console goes on there.
 */
#ifndef CONSOLE_INNER_H
#define CONSOLE_INNER_H

#include <stdbool.h>
#include <stdint.h>

#include "clients.h"
#include "house.h"
#include "keyboard.h"
#include "ledger.h"
#include "roll.h"
#include "screen.h"
#include "task.h"
#include "view.h"

struct console {
	struct house house;
	uint64_t position;
	struct task tasks[TASKS_MAX];
	uint32_t generation; /* of the last task */
	uint64_t questions;  /* asked of the clerk so far */
	uint64_t checks;     /* asked of all so far */
	struct roll roll;
	struct ledger ledger;
	struct clients clients;
	bool has_screen; /* somebody sees the room here; else the next three are idle */
	struct screen screen;
	struct view view;
	struct keyboard keyboard;
	unsigned prompt_rings; /* of the house's: seen to */
	struct watch watch_clerk;
	uint64_t curtain_us; /* the screen stays still until then; 0: it is up */
	bool is_closed;      /* the entry that ends the house has passed */
	uint64_t closed_until_us;
	_Alignas(8) uint8_t record[RECORD_BYTES_MAX];
};

/* In the middle of a turn's work: a clerk's question number, unique in this life. */
static inline uint64_t console_next_question(struct console *console) {
	return ++console->questions;
}

#endif
