/*
 * limiter.h - how often something may be: so many a second, with a burst, for
 * each of very many keys in memory that does not grow.
 *
 * For each key it keeps one moment, the one at which its next turn would come
 * if it kept exactly to its rate (GCRA). A key whose moment has passed is as
 * good as unknown; so when a place is needed, the key whose moment is earliest
 * goes, and mostly nothing is forgotten by it.
 */
#ifndef LIMITER_H
#define LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A rate. interval 0: there is no limit. */
struct pace {
	uint64_t interval_ns;
	uint64_t burst_ns; /* how far ahead of its rate a key may be */
};

/* `per_s` times a second, `burst` (at least 1) at once. per_s <= 0: no limit. */
struct pace pace_of(double per_s, double burst);

/* For a single key: `*next_ns` is its moment, 0 at first. False: not now. */
bool pace_take(const struct pace *pace, uint64_t *next_ns, uint64_t now_us);

/* Sets of four places. 2048 sets: 8,192 keys, 128 KB where all are used. */
#define LIMITER_SETS 2048
#define LIMITER_WAYS 4

struct limiter {
	struct pace pace;
	uint64_t secret;
	struct limiter_place {
		uint64_t key;
		uint64_t next_ns; /* 0: nobody's */
	} (*sets)[LIMITER_WAYS];
};

/* False with errno if there is no memory. */
bool limiter_init(struct limiter *limiter, struct pace pace);
void limiter_finish(struct limiter *limiter);

/* May the key (a hash) have its turn now? If so, it has had it. */
bool limiter_take(struct limiter *limiter, uint64_t key, uint64_t now_us);

#endif
