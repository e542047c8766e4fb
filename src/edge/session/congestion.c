#include "congestion.h"

#include "wire.h"

_Static_assert(WINDOW_PACKETS_MAX < UINT8_MAX, "a threshold is a byte");

/* RFC 9002, 7.2. */
#define WINDOW_INITIAL_BYTES (10 * WIRE_DATAGRAM_BYTES_MAX)
#define WINDOW_BYTES_MIN (2 * WIRE_DATAGRAM_BYTES_MAX)
#define WINDOW_BYTES_MAX (WINDOW_PACKETS_MAX * WIRE_DATAGRAM_BYTES_MAX)

/* So long a client may wait before it acknowledges, as PROTOCOL.md has it. */
#define ACK_DELAY_US_MAX (25 * 1000)
/* Before the first measurement. */
#define RTT_INITIAL_US (100 * 1000)
/* A probe too early is a repeat for nothing: a busy client is given a little more than it is due. */
#define PROBE_US_MIN (100 * 1000)
#define PROBE_US_MAX (2 * 1000 * 1000)
#define GRANULARITY_US 1000
#define REORDERING_MAX 8

/* Round trips below this are not worth a timer. */
#define PACED_US_MIN (4 * 1000)
#define PACED_BURST_BYTES WINDOW_INITIAL_BYTES

void congestion_init(struct congestion *congestion) {
	*congestion = (struct congestion){.window_bytes = WINDOW_INITIAL_BYTES,
	                                  .threshold_packets = UINT8_MAX,
	                                  .reordering = 1};
}

/* ---- the round trip ---- */

void congestion_measure(struct congestion *congestion, uint32_t rtt_us, uint64_t delay_us) {
	if (congestion->srtt_us == 0) {
		congestion->rtt_us_min = rtt_us;
		congestion->srtt_us = rtt_us > 0 ? rtt_us : 1;
		congestion->rttvar_us = rtt_us / 2;
		return;
	}
	if (rtt_us < congestion->rtt_us_min) {
		congestion->rtt_us_min = rtt_us;
	}
	uint32_t delay = delay_us < ACK_DELAY_US_MAX ? (uint32_t)delay_us : ACK_DELAY_US_MAX;
	uint32_t adjusted = rtt_us >= congestion->rtt_us_min + delay ? rtt_us - delay : rtt_us;
	uint32_t srtt = congestion->srtt_us;
	uint32_t off = srtt > adjusted ? srtt - adjusted : adjusted - srtt;
	congestion->rttvar_us = (uint32_t)((3 * (uint64_t)congestion->rttvar_us + off) / 4);
	srtt = (uint32_t)((7 * (uint64_t)srtt + adjusted) / 8);
	congestion->srtt_us = srtt > 0 ? srtt : 1;
}

uint64_t congestion_probe_us(const struct congestion *congestion, unsigned run) {
	uint64_t srtt = congestion->srtt_us, variation = 4 * (uint64_t)congestion->rttvar_us;
	if (srtt == 0) {
		srtt = RTT_INITIAL_US;
		variation = 2 * RTT_INITIAL_US;
	}
	variation = variation > GRANULARITY_US ? variation : GRANULARITY_US;
	uint64_t timeout = srtt + variation + ACK_DELAY_US_MAX;
	timeout = timeout > PROBE_US_MIN ? timeout : PROBE_US_MIN;
	timeout <<= run < 16 ? run : 16;
	return timeout < PROBE_US_MAX ? timeout : PROBE_US_MAX;
}

uint32_t congestion_loss_us(const struct congestion *congestion, uint32_t latest_rtt_us) {
	uint32_t rtt = congestion->srtt_us > latest_rtt_us ? congestion->srtt_us : latest_rtt_us;
	if (congestion->srtt_us == 0) {
		rtt = RTT_INITIAL_US;
	}
	uint32_t delay = rtt + rtt / 8 * congestion->reordering;
	return delay > GRANULARITY_US ? delay : GRANULARITY_US;
}

void congestion_was_wrong(struct congestion *congestion) {
	congestion->reordering += congestion->reordering < REORDERING_MAX;
}

/* ---- the window ---- */

void congestion_acked(struct congestion *congestion, uint32_t bytes, uint32_t before) {
	if (before < congestion->window_bytes / 2) {
		return;
	}
	if (congestion->window_bytes <
	    congestion->threshold_packets * (uint32_t)WIRE_DATAGRAM_BYTES_MAX) {
		congestion->window_bytes += bytes;
	} else {
		congestion->window_bytes +=
			WIRE_DATAGRAM_BYTES_MAX * bytes / congestion->window_bytes;
	}
	if (congestion->window_bytes > WINDOW_BYTES_MAX) {
		congestion->window_bytes = WINDOW_BYTES_MAX;
	}
}

void congestion_lost(struct congestion *congestion) {
	uint32_t half = congestion->window_bytes / 2;
	congestion->threshold_packets = (uint8_t)(half / WIRE_DATAGRAM_BYTES_MAX);
	congestion->window_bytes = half > WINDOW_BYTES_MIN ? half : WINDOW_BYTES_MIN;
}

void congestion_collapse(struct congestion *congestion) {
	congestion->window_bytes = WINDOW_BYTES_MIN;
	congestion->srtt_us = congestion->rttvar_us = 0;
}

/* ---- the pace ---- */

/* What so many bytes take: a little faster than the window a round trip. */
static uint64_t time_of(const struct congestion *congestion, uint64_t bytes) {
	if (congestion->srtt_us < PACED_US_MIN) {
		return 0;
	}
	return congestion->srtt_us * bytes * 4 / (5 * (uint64_t)congestion->window_bytes);
}

uint64_t congestion_pace(const struct congestion *congestion, uint64_t paced_us, uint32_t bytes,
                         uint64_t now_us) {
	uint64_t burst_us = time_of(congestion, PACED_BURST_BYTES);
	uint64_t earliest = now_us > burst_us ? now_us - burst_us : 0;
	return (paced_us > earliest ? paced_us : earliest) + time_of(congestion, bytes);
}
