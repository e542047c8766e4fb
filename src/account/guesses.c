#include "guesses.h"

#include <stddef.h>

#define SECOND_US (UINT64_C(1000) * 1000)

/* 2^6 seconds are more than the longest wait. */
#define DOUBLINGS_MAX 6

static size_t place_of(uint64_t what) {
	return (size_t)(what % GUESSES_PLACES);
}

static struct guess *find(struct guesses *guesses, uint64_t what) {
	struct guess *place = guesses->places[place_of(what)];
	for (size_t i = 0; i < GUESSES_IN_A_PLACE; i++) {
		if (place[i].what == what) {
			return &place[i];
		}
	}
	return NULL;
}

static uint64_t wait_us(uint32_t mistakes, uint32_t free_mistakes) {
	if (mistakes <= free_mistakes) {
		return 0;
	}
	uint32_t doublings = mistakes - free_mistakes - 1;
	uint64_t seconds = UINT64_C(1) << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
	return (seconds < GUESSES_WAIT_S_MAX ? seconds : GUESSES_WAIT_S_MAX) * SECOND_US;
}

uint32_t guesses_wait_s(const struct guesses *guesses, uint64_t what, uint32_t free_mistakes,
                        uint64_t now_us) {
	const struct guess *guess = find((struct guesses *)(uintptr_t)guesses, what);
	if (guess == NULL || now_us - guess->last_us >= GUESSES_FORGIVEN_US) {
		return 0;
	}
	uint64_t until_us = guess->last_us + wait_us(guess->mistakes, free_mistakes);
	return until_us > now_us ? (uint32_t)((until_us - now_us + SECOND_US - 1) / SECOND_US) : 0;
}

void guesses_missed(struct guesses *guesses, uint64_t what, uint64_t now_us) {
	struct guess *guess = find(guesses, what);
	if (guess == NULL) {
		struct guess *place = guesses->places[place_of(what)];
		guess = &place[0];
		for (size_t i = 0; i < GUESSES_IN_A_PLACE; i++) {
			if (place[i].what == 0) {
				guess = &place[i];
				break;
			}
			if (place[i].last_us < guess->last_us) {
				guess = &place[i];
			}
		}
		*guess = (struct guess){.what = what};
	}
	if (now_us - guess->last_us >= GUESSES_FORGIVEN_US) {
		guess->mistakes = 0;
	}
	guess->mistakes++;
	guess->last_us = now_us;
}

void guesses_forgive(struct guesses *guesses, uint64_t what) {
	struct guess *guess = find(guesses, what);
	if (guess != NULL) {
		*guess = (struct guess){0};
	}
}
