/*
 * roll.h - who is here, on demand. The console holds no table of people: when
 * a list is asked for, the clerk gives the state as it is on disk, the ring's
 * newer entries are applied, every list that waits is made from it (and the ledger's), and it is
 * dropped.
 */
#ifndef ROLL_H
#define ROLL_H

#include <stdbool.h>
#include <stdint.h>

struct console;
struct clerk_answer;

struct roll {
	uint64_t question; /* the clerk is to answer it; 0: nothing was asked */
	bool must_ask;
};

/* Asks unless it was asked already. */
void roll_want(struct console *console);
/* Tries again what the clerk had no ear for. */
void roll_turn(struct console *console);
void roll_on_hello(struct console *console);
/* Is it the answer that was waited for? Takes over `fd` then. */
bool roll_on_answer(struct console *console, const struct clerk_answer *answer, int fd);

#endif
