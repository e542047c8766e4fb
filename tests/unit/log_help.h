/* What several tests of the log and the hub need: chance that can be repeated, and sizes. */
#ifndef LOG_HELP_H
#define LOG_HELP_H

#include "unit.h"

#include "mp_mapping.h"
#include "slice.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* QUN_LONG=1 asks for the sizes that the issue names; the daily ones are small. */
static inline int sized(int daily, int full) {
	const char *is_long = getenv("QUN_LONG");
	return is_long && *is_long == '1' ? full : daily;
}

static inline bool is_long_run(void) {
	return sized(0, 1) == 1;
}

/* SplitMix64: the same seed gives the same numbers on every machine. */
struct chance {
	uint64_t state;
};

static inline uint64_t chance_next(struct chance *chance) {
	uint64_t x = chance->state += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

/* 0 to below-1. */
static inline uint64_t chance_below(struct chance *chance, uint64_t below) {
	return chance_next(chance) % below;
}

static inline bool chance_once_in(struct chance *chance, uint64_t times) {
	return chance_below(chance, times) == 0;
}

static inline void chance_fill(struct chance *chance, void *out, size_t size) {
	uint8_t *bytes = out;
	for (size_t i = 0; i < size; i++) {
		bytes[i] = (uint8_t)chance_next(chance);
	}
}

/* QUN_SEED if it is set, so that what failed can be seen again; else `otherwise`. */
static inline uint64_t seed_or(uint64_t otherwise) {
	const char *seed = getenv("QUN_SEED");
	return seed != NULL && *seed != '\0' ? strtoull(seed, NULL, 0) : otherwise;
}

static inline bool seed_is_given(void) {
	const char *seed = getenv("QUN_SEED");
	return seed != NULL && *seed != '\0';
}

static inline double steady_seconds(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A nameless file of one byte: what is formatted in it takes the size it wants. */
static inline int make_memory(void) {
	int fd = mp_mapping_create("test", 1);
	assert_true(fd >= 0);
	return fd;
}

#define assert_slice(got, wanted)                                                                  \
	do {                                                                                       \
		struct slice got_ = (got);                                                         \
		assert_int_equal(got_.size, strlen(wanted));                                       \
		assert_true(slice_equal(got_, slice_from_string(wanted)));                         \
	} while (0)

#endif
