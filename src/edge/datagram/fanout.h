/*
 * fanout.h - the same datagrams to many members: sendmmsg in batches, in the
 * order of the outlets and, within each, of the sessions.
 *
 * Nothing is copied and nothing allocated for a member: a batch points to the
 * shared bytes and to the addresses in the roster. When a socket is full it
 * stops, and goes on where it was; fanout_progress() is that place, as a
 * number that outlives the process on its board.
 */
#ifndef FANOUT_H
#define FANOUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "outlet.h"
#include "plain_render.h"
#include "plain_roster.h"

/* More would spare nothing measurable (a system call is under a tenth of one delivery), and this
 * is how many may get a datagram twice when the process is killed in the middle of a call. */
#define FANOUT_BATCH 64

enum fanout_result {
	FANOUT_DONE,
	FANOUT_MORE,    /* the budget is used up */
	FANOUT_BLOCKED, /* the outlet's socket is full: fanout_outlet() says which */
	FANOUT_PAUSED,  /* the machine has no buffers: try again in a millisecond */
};

/* Where datagrams go, and how it is told; the tests have their own. */
struct fanout_way {
	int (*send)(int fd, struct mmsghdr *messages, unsigned count, int flags);
	outlet_on_error *on_error;
	void *context;
};

struct fanout {
	struct fanout_way way;
	const struct outlet *outlets;
	unsigned outlets_count;

	/* What goes to whom. */
	const struct iovec *parts;
	unsigned parts_count;
	const struct roster *rosters;      /* one per outlet; or */
	const struct plain_member *single; /* this one, at `outlet` */
	uint64_t author;                   /* does not get it; 0: everybody does */
	uint64_t below;                    /* only sessions below this one */
	_Atomic uint64_t *progress;        /* kept up to date with fanout_progress(), unless NULL */

	/* How far it is. */
	unsigned outlet;
	uint64_t done_to; /* sessions of the outlet up to this one have got all parts */
	struct roster_cursor cursor;
	bool is_at_end; /* of the outlet */

	/* The batch: slots [sent, filled) wait. */
	unsigned filled, sent, tries;
	int prepared_for;           /* the outlet that the slots are made for, -1: none */
	uint64_t delivered, unsent; /* since fanout_init() */
	struct mmsghdr slots[FANOUT_BATCH];
	uint64_t sessions[FANOUT_BATCH];
	struct outlet_control controls[FANOUT_BATCH];
	/* A member's parts that did not fit into the batch: the next one begins with them. */
	const struct plain_member *split;
	unsigned split_part;
};

void fanout_init(struct fanout *fanout, const struct outlet *outlets, unsigned outlets_count,
                 const struct fanout_way *way);

/* The parts, and the rosters, stay as they are until it is done. */
void fanout_to_all(struct fanout *fanout, const struct iovec *parts, unsigned parts_count,
                   const struct roster *rosters, uint64_t author, uint64_t below);
void fanout_to_one(struct fanout *fanout, const struct iovec *parts, unsigned parts_count,
                   unsigned outlet, const struct plain_member *member);

/* Goes on for up to *budget datagrams, and takes from it what it has sent. */
enum fanout_result fanout_go_on(struct fanout *fanout, unsigned *budget);
static inline unsigned fanout_outlet(const struct fanout *fanout) {
	return fanout->outlet;
}

/*
 * How far it is, which from now on is stored at `kept` after each batch; and,
 * right after fanout_to_all(), going on from where a predecessor was.
 */
uint64_t fanout_progress(const struct fanout *fanout);
void fanout_keep_progress(struct fanout *fanout, _Atomic uint64_t *kept);
void fanout_resume(struct fanout *fanout, uint64_t progress);

#endif
