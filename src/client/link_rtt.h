/*
 * link_rtt.h - how long a round trip takes, and how long to wait before something is
 * said again (RFC 6298 as PROTOCOL.md has it: at least 100 ms, a second as long as
 * nothing was measured). Measured is only what was sent once and answered.
 */
#ifndef LINK_RTT_H
#define LINK_RTT_H

#include <stdint.h>

#define REPEAT_US_MIN (UINT64_C(100) * 1000)
#define REPEAT_US_MAX (UINT64_C(2000) * 1000)
#define REPEAT_US_UNKNOWN (UINT64_C(1000) * 1000)

struct rtt {
	uint64_t smooth_us; /* 0: not measured yet */
	uint64_t varies_us;
	uint64_t latest_us;
};

static inline void rtt_note(struct rtt *rtt, uint64_t sample_us) {
	sample_us = sample_us == 0 ? 1 : sample_us;
	rtt->latest_us = sample_us;
	if (rtt->smooth_us == 0) {
		rtt->smooth_us = sample_us;
		rtt->varies_us = sample_us / 2;
		return;
	}
	uint64_t off_us = rtt->smooth_us > sample_us ? rtt->smooth_us - sample_us
	                                             : sample_us - rtt->smooth_us;
	rtt->varies_us = (3 * rtt->varies_us + off_us) / 4;
	rtt->smooth_us = (7 * rtt->smooth_us + sample_us) / 8;
}

static inline uint64_t rtt_clamp(uint64_t us) {
	us = us < REPEAT_US_MIN ? REPEAT_US_MIN : us;
	return us > REPEAT_US_MAX ? REPEAT_US_MAX : us;
}

/* The first wait for an answer, and the one after a wait in vain. */
static inline uint64_t rtt_repeat(const struct rtt *rtt) {
	return rtt->smooth_us == 0 ? REPEAT_US_UNKNOWN
	                           : rtt_clamp(rtt->smooth_us + 4 * rtt->varies_us);
}
static inline uint64_t rtt_again(uint64_t waited_us) {
	return rtt_clamp(2 * waited_us);
}

#endif
