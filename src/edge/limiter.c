#include "limiter.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

#define SECOND_NS 1e9

struct pace pace_of(double per_s, double burst) {
	if (!(per_s > 0)) {
		return (struct pace){0};
	}
	double interval_ns = SECOND_NS / per_s;
	interval_ns = interval_ns < 1 ? 1 : interval_ns;
	burst = burst > 1 ? burst : 1;
	/* A day ahead is for ever; and it keeps the sums far from where they would wrap. */
	double burst_ns = interval_ns * (burst - 1);
	double burst_ns_max = 86400 * SECOND_NS;
	return (struct pace){
		.interval_ns = (uint64_t)(interval_ns < burst_ns_max ? interval_ns : burst_ns_max),
		.burst_ns = (uint64_t)(burst_ns < burst_ns_max ? burst_ns : burst_ns_max),
	};
}

bool pace_take(const struct pace *pace, uint64_t *next_ns, uint64_t now_us) {
	uint64_t now_ns = now_us * 1000;
	if (pace->interval_ns == 0) {
		return true;
	}
	if (*next_ns > now_ns + pace->burst_ns) {
		return false;
	}
	*next_ns = (*next_ns > now_ns ? *next_ns : now_ns) + pace->interval_ns;
	return true;
}

bool limiter_init(struct limiter *limiter, struct pace pace) {
	*limiter = (struct limiter){.pace = pace};
	if (getrandom(&limiter->secret, sizeof(limiter->secret), 0) !=
	    (ssize_t)sizeof(limiter->secret)) {
		return false;
	}
	limiter->secret |= 1;
	limiter->sets = calloc(LIMITER_SETS, sizeof(*limiter->sets));
	return limiter->sets != NULL;
}

void limiter_finish(struct limiter *limiter) {
	free(limiter->sets);
	*limiter = (struct limiter){0};
}

bool limiter_take(struct limiter *limiter, uint64_t key, uint64_t now_us) {
	/* Nobody who does not know the secret can choose keys that push another one out. */
	key *= limiter->secret;
	key ^= key >> 29;
	struct limiter_place *set = limiter->sets[(key >> 32) % LIMITER_SETS];
	struct limiter_place *oldest = &set[0];
	for (unsigned i = 0; i < LIMITER_WAYS; i++) {
		if (set[i].next_ns != 0 && set[i].key == key) {
			return pace_take(&limiter->pace, &set[i].next_ns, now_us);
		}
		if (set[i].next_ns < oldest->next_ns) {
			oldest = &set[i];
		}
	}
	*oldest = (struct limiter_place){.key = key};
	bool is_taken = pace_take(&limiter->pace, &oldest->next_ns, now_us);
	assert(is_taken);
	return is_taken;
}
