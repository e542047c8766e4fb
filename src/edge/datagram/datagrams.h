/*
 * datagrams.h - the ground under the dialects that share the UDP port: an
 * edge's sockets, what comes in by them and which dialect it is for, and what
 * keeps a sender waiting.
 *
 * A datagram is told by its first byte: 0xF8 is the session dialect's, all
 * else the plain one's. It is handed on with where it came from; what comes
 * from one of our own ports is not. A turn takes a bounded number; input also
 * waits in the kernel while the walk is far behind the ring's head.
 *
 * Senders try; a socket that is full (datagrams_blocked()) is watched until it
 * is not, a machine without buffers (datagrams_pause()) left alone for a
 * millisecond. ICMP errors, which come with the next send or read, go to the
 * dialect that asks for them.
 */
#ifndef DATAGRAMS_H
#define DATAGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "limits.h"
#include "loop.h"
#include "outlet.h"
#include "own_ports.h"
#include "slice.h"

struct edge;

/* Datagrams taken in with one system call. */
#define INPUT_BATCH 32
/* The longest that is a request: of what is longer, so much is taken. */
#define DATAGRAM_BYTES_MAX (NAME_BYTES_MAX + TEXT_BYTES_MAX + 7)

/* One that came. */
struct datagram {
	struct route route;
	unsigned outlet;
	struct slice bytes; /* what is here of it */
	size_t size;        /* what there was of it */
};

typedef void datagrams_take(void *context, const struct datagram *datagram);

/* An outlet's watcher. */
struct door {
	struct datagrams *datagrams;
	unsigned outlet;
	struct watch watch;
	uint32_t events;
};

struct datagrams {
	struct edge *edge;
	unsigned outlets_count;
	struct outlet outlets[LISTENERS_MAX];
	struct door doors[LISTENERS_MAX];
	struct own_ports own_ports;
	uint64_t blocked; /* a bit for each outlet that is full */
	uint64_t paused_until_us;
	bool is_stopped;
	bool is_behind; /* too far: input waits in the kernel */
	uint64_t behind_max;

	/* The dialects; set before the loop runs. */
	datagrams_take *take_plain, *take_session;
	void *plain, *session;
	outlet_on_error *on_error;
	void *on_error_context;

	struct mmsghdr input[INPUT_BATCH];
	struct iovec input_parts[INPUT_BATCH];
	struct sockaddr_storage input_names[INPUT_BATCH];
	struct outlet_control input_controls[INPUT_BATCH][2];
	char input_bytes[INPUT_BATCH][DATAGRAM_BYTES_MAX];
};
_Static_assert(LISTENERS_MAX <= 64, "an outlet is a bit");

/* Exits with a sentence if the sockets cannot be used. */
struct datagrams *datagrams_create(struct edge *edge);
void datagrams_destroy(struct datagrams *datagrams);

/* The outlet for a route, and where to send by it; -1 if no socket here can reach it. */
int datagrams_aim(const struct datagrams *datagrams, const struct route *route,
                  struct target *target);
/* By --plain-from. */
bool datagrams_are_allowed(const struct datagrams *datagrams, const struct address *peer);
/* Says it outside the ring's order, now or never, and counts it. False: never. */
bool datagrams_say(struct datagrams *datagrams, unsigned outlet, const struct target *target,
                   struct slice bytes);
/* Takes errors off an outlet's queue. Returns how many there were. */
unsigned datagrams_take_errors(struct datagrams *datagrams, unsigned outlet);

/* A send said that the socket is full; and whether it still is. */
void datagrams_block(struct datagrams *datagrams, unsigned outlet);
static inline bool datagrams_is_blocked(const struct datagrams *datagrams, unsigned outlet) {
	return (datagrams->blocked & UINT64_C(1) << outlet) != 0;
}
/* A send said that the machine has no buffers. */
void datagrams_pause(struct datagrams *datagrams);
bool datagrams_is_paused(const struct datagrams *datagrams);

/* At each turn's end; and when it has to come at the latest. */
void datagrams_settle(struct datagrams *datagrams);
uint64_t datagrams_due_us(const struct datagrams *datagrams);
/* The edge is leaving: nothing is taken in any more. */
void datagrams_stop_reading(struct datagrams *datagrams);

#endif
