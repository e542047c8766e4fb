/*
 * ledger.h - accounts.db and the state agree about who is registered.
 *
 * The clerk makes accounts, the hub is told of them by a request, and whoever
 * asked for one tells it. Who asked may die in between; the whole house may. So
 * the console compares: when it starts, and when the clerk does, it takes the accounts
 * of the state, then those of accounts.db, and tells the hub what it does not know
 * (ACCOUNT_MADE) and what is no more (ACCOUNT_ENDED). And it passes on what the
 * clerk tells it of changes that others asked for. To be told twice is nothing to the hub.
 *
 *   idle → state (roll.h) → list (the clerk, page by page) → idle
 *
 * What is to be told waits in a pile for room in the queue.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "name.h"
#include "pile.h"

struct console;
struct clerk_answer;
struct state;

enum ledger_phase { LEDGER_IDLE, LEDGER_STATE, LEDGER_LIST };

/* An account that the state knows. */
struct ledger_line {
	uint64_t hash; /* of its name's key */
	uint64_t id;
	bool is_kept; /* accounts.db knows it too */
	uint8_t name_size;
	char name[NAME_BYTES_MAX];
};

struct ledger {
	enum ledger_phase phase;
	uint64_t question; /* the clerk is to answer it; 0: none */
	uint64_t after;    /* the list goes on behind this id */
	bool must_ask;
	uint64_t again_us;         /* steady: when to begin again; 0: not due */
	struct ledger_line *lines; /* sorted by hash */
	size_t count, capacity;
	uint8_t seed[NAME_SEED_BYTES];
	struct pile requests;
	size_t told; /* offset into it */
};

/* Compares, from the beginning. */
void ledger_begin(struct console *console);
/* The state has come, or (NULL) cannot be had. */
void ledger_on_state(struct console *console, const struct state *state);
bool ledger_wants_state(const struct console *console);
/* Is it the clerk's answer to the ledger, or its word of a change? `bytes`: what follows the head. */
bool ledger_on_clerk(struct console *console, const struct clerk_answer *answer, const char *bytes,
                     size_t size);
/* Asks and tells what could not be asked or told. */
void ledger_turn(struct console *console, uint64_t now_us);
/* When to come back, in microseconds from now. */
uint64_t ledger_sleep(const struct console *console, uint64_t now_us);
void ledger_finish(struct console *console);

#endif
