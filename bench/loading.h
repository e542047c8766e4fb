/* loading.h - what the programs that load a server share: the clock, delays, and how they give up. */
#ifndef LOADING_H
#define LOADING_H

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline uint64_t now_us(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static inline void die(const char *what) {
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1);
}

static inline void die_waiting(const char *what, uint64_t count, uint64_t goal) {
	fprintf(stderr, "%s: %s: %" PRIu64 " of %" PRIu64 ", and nothing more comes\n",
	        program_invocation_short_name, what, count, goal);
	exit(1);
}

/* From saying to hearing, in microseconds. All zero: none. */
struct delays {
	uint32_t *each;
	size_t count, room;
};

static inline void delays_note(struct delays *delays, uint64_t delay_us) {
	if (delays->count == delays->room) {
		delays->room = delays->room == 0 ? 65536 : delays->room * 2;
		delays->each = realloc(delays->each, delays->room * sizeof(uint32_t));
		assert(delays->each != NULL);
	}
	delays->each[delays->count++] = (uint32_t)delay_us;
}

static inline int delays_order(const void *a, const void *b) {
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static inline void delays_sort(struct delays *delays) {
	if (delays->count > 0) {
		qsort(delays->each, delays->count, sizeof(uint32_t), delays_order);
	}
}

/* Of sorted ones; 0 if there are none. */
static inline uint32_t delays_percentile(const struct delays *delays, double share) {
	if (delays->count == 0) {
		return 0;
	}
	return delays->each[(size_t)((double)(delays->count - 1) * share)];
}

#endif
