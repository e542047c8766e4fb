/*
 * guesses.h - who has guessed wrong, and how long until the next guess.
 *
 * A thing that is guessed at (a name from an origin, a name from anywhere) is a
 * number. After some free mistakes the next guess waits a second, then two,
 * four, up to a minute; a quarter of an hour without a mistake forgives all. In
 * memory only, of a fixed size: when it is full, whose last mistake is oldest is
 * forgotten first, among the few that share a place. All zero is empty.
 */
#ifndef GUESSES_H
#define GUESSES_H

#include <stdint.h>

#define GUESSES_PLACES 512
#define GUESSES_IN_A_PLACE 8

#define GUESSES_WAIT_S_MAX 60
#define GUESSES_FORGIVEN_US (UINT64_C(15) * 60 * 1000 * 1000)

struct guess {
	uint64_t what; /* 0: free */
	uint64_t last_us;
	uint32_t mistakes;
};

struct guesses {
	struct guess places[GUESSES_PLACES][GUESSES_IN_A_PLACE];
};

/* Seconds until `what` may be guessed again, rounded up; 0: now. */
uint32_t guesses_wait_s(const struct guesses *guesses, uint64_t what, uint32_t free_mistakes,
                        uint64_t now_us);
void guesses_missed(struct guesses *guesses, uint64_t what, uint64_t now_us);
void guesses_forgive(struct guesses *guesses, uint64_t what);

#endif
