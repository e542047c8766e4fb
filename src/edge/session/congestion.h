/*
 * congestion.h - how fast a connection may send: the round trip as measured,
 * NewReno's window (RFC 9002, 5 to 7) and the pace that follows from both. Pure.
 */
#ifndef CONGESTION_H
#define CONGESTION_H

#include <stdbool.h>
#include <stdint.h>

struct congestion {
	uint32_t srtt_us;   /* 0: not measured yet */
	uint32_t rttvar_us; /* its variation */
	uint32_t rtt_us_min;
	uint32_t window_bytes;
	uint8_t threshold_packets; /* of slow start */
	uint8_t reordering; /* eighths of a round trip by which packets overtake each other */
};

/* No window is larger: so much is on its way at the most. */
#define WINDOW_PACKETS_MAX 128

void congestion_init(struct congestion *congestion);
/* A packet was acknowledged `rtt_us` after it went; the client says that it waited so long with that. */
void congestion_measure(struct congestion *congestion, uint32_t rtt_us, uint64_t delay_us);
/* `before`: bytes that were on their way when the acknowledgement came. A window that is not used does not grow. */
void congestion_acked(struct congestion *congestion, uint32_t bytes, uint32_t before);
void congestion_lost(struct congestion *congestion);
/* Nothing came back for long: the window begins anew, and so does the measuring. */
void congestion_collapse(struct congestion *congestion);
/* How long after the last packet a probe is due, when `run` in a row were for nothing. */
uint64_t congestion_probe_us(const struct congestion *congestion, unsigned run);
/*
 * A packet that has not been acknowledged for so long is lost, if a later one has
 * been: 9/8 of a round trip (RFC 9002, 6.1.2), and more on a line that has been
 * seen to reorder that much (as RFC 8985 has it).
 */
uint32_t congestion_loss_us(const struct congestion *congestion, uint32_t latest_rtt_us);
/* A packet that was taken for lost has come after all. */
void congestion_was_wrong(struct congestion *congestion);
/* The next packet's moment, after one of `bytes`. */
uint64_t congestion_pace(const struct congestion *congestion, uint64_t paced_us, uint32_t bytes,
                         uint64_t now_us);

#endif
