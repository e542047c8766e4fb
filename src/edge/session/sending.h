/*
 * sending.h - a connection's sending: what of the log goes out next, what is
 * on its way, what was lost, and how fast. Pure: no socket, no clock, no log;
 * time is passed in, and ranges of seqs come and go.
 *
 *       acked ≤ ... ≤ covered                         the log's head
 *   ──────┤▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒├─────────────────────────────────┤
 *   has it  on its way, holes          not sent yet
 *
 * A packet covers a range (from, to]. Of each that is on its way a note is
 * kept, 24 bytes, not the packet. When it is taken for lost (overtaken by an
 * eighth of a round trip: RFC 9002, 6.1.2), its range becomes a hole, unless the
 * client's cursor has passed it meanwhile; holes go before what is new, and are
 * rendered from the log again. So nothing of a message is ever kept for a
 * connection, and an old packet's range need not come back as one packet.
 *
 * After a silence (the probe timeout, doubled each time up to two seconds) the
 * oldest range on its way is sent once more beside the window. The window is
 * NewReno's (RFC 9002, 7); pacing spreads it over a round trip.
 *
 * All that is transient is in a `flight`, from a pool, which exists while
 * something is on its way. An idle connection has none.
 */
#ifndef SENDING_H
#define SENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "congestion.h"
#include "holes.h"
#include "pool.h"
#include "wire.h"

/* Packets on their way: a bound to what a client can make us remember (3 KB). */
#define FLIGHT_PACKETS_MAX WINDOW_PACKETS_MAX

struct sending {
	uint64_t covered; /* all up to here has been sent, or is in a hole */
	uint64_t acked;   /* the client's cursor */
	uint32_t packet;  /* number of the next packet */
	uint32_t flight;  /* in the pool; 0: nothing is on its way */
	struct congestion congestion;
	uint8_t part_next; /* of a long entry behind `covered`: the piece that is next, from 0 */
};

/* A pool of flights. */
void sending_pool_init(struct pool *flights);

/* A connection of which the client has everything up to `cursor`. */
void sending_init(struct sending *sending, uint64_t cursor);
void sending_finish(struct sending *sending, struct pool *flights);

/* What is to go out. */
struct span {
	uint64_t from, to;
	uint8_t part; /* the piece (from 1) of the long entry `to`, and no other; 0: all of the range */
	uint8_t part_next; /* should it begin with a long entry: with this piece (from 0) of it */
	bool is_hole;      /* lost before */
	bool is_probe;
};

/* What is next, whether or not it may go now. False: nothing is. */
bool sending_wants(const struct sending *sending, const struct pool *flights, uint64_t head,
                   struct span *span);
/* What may go out now. False: nothing; sending_due_us() says when to look again. */
bool sending_next(struct sending *sending, struct pool *flights, uint64_t head, uint64_t now_us,
                  struct span *span);

/* A packet with the beginning of the span, up to `to`. */
struct packet_sent {
	uint64_t to;
	uint8_t part; /* it holds this piece (from 1) of the long entry `to`; 0: whole entries, or none */
	bool is_last_part;
	uint16_t bytes;
};
/* Returns the number of the packet. */
uint32_t sending_sent(struct sending *sending, struct pool *flights, const struct span *span,
                      const struct packet_sent *sent, uint64_t now_us);
/* Packet numbers are used once: so many are left alone, and the connection has to be another before. */
#define PACKETS_LEFT_MIN (1024 * 1024)
static inline bool sending_is_spent(const struct sending *sending) {
	return sending->packet > UINT32_MAX - PACKETS_LEFT_MIN;
}
/* The number of a packet that is not of the log, and not waited for. */
static inline uint32_t sending_number(struct sending *sending) {
	return sending->packet++;
}
/* The socket did not take the packet after all. */
void sending_unsent(struct sending *sending, struct pool *flights, uint32_t packet);

/*
 * What the client says that it has: perhaps more than was sent here, from a connection before this
 * one, but nothing behind the end of the log. False if that cannot be.
 */
bool sending_acked(struct sending *sending, struct pool *flights, uint64_t head,
                   const struct wire_ack *ack, uint64_t now_us);

/*
 * When time changes something: losses, a probe, a packet by its pace (not if
 * head is 0: nothing can be rendered just now). UINT64_MAX: never.
 */
uint64_t sending_due_us(const struct sending *sending, const struct pool *flights, uint64_t head);
void sending_tick(struct sending *sending, struct pool *flights, uint64_t now_us);

/* Gives the flight back if it is not needed any more. */
void sending_rest(struct sending *sending, struct pool *flights);
static inline bool sending_is_idle(const struct sending *sending) {
	return sending->flight == 0;
}
/* It will be looked at soon. */
void sending_prefetch(const struct sending *sending, const struct pool *flights);
/* Packets on their way. */
unsigned sending_count(const struct sending *sending, const struct pool *flights);

#endif
