/*
 * post.h - datagrams of the session dialect on their way to the socket: up to
 * 64 with one sendmmsg, each [head][body][tag]. Long bodies are shared and stay
 * where they are; heads, tags and addresses are the slot's own.
 *
 * What the socket does not take is given back through `unsent`: nothing waits
 * here from one turn to the next.
 */
#ifndef POST_H
#define POST_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "datagrams.h"
#include "keys.h"
#include "outlet.h"
#include "wire.h"

#define POST_SLOTS 64
/* Up to this a body is copied into the slot: that costs less than to have the kernel collect three pieces. */
#define POST_SMALL_BYTES 256

/* Of a datagram that was not sent: who posted it, and what. */
typedef void post_unsent(void *context, uint32_t who, const struct wire_head *head);

struct post {
	struct datagrams *datagrams;
	post_unsent *unsent;
	void *context;
	uint64_t mark; /* of the bodies that are in slots: another one after each flush */
	unsigned outlet, count;
	struct mmsghdr slots[POST_SLOTS];
	struct post_slot {
		uint32_t who;
		struct wire_head head;
		struct iovec parts[3];
		struct target target;
		struct outlet_control control;
		uint8_t bytes[WIRE_LOG_HEAD_BYTES + POST_SMALL_BYTES + TAG_BYTES];
	} each[POST_SLOTS];
};

/* Who it goes to. */
struct post_to {
	uint32_t who;
	unsigned outlet;
	struct target target;
	const struct key *key;
};

void post_init(struct post *post, struct datagrams *datagrams, post_unsent *unsent, void *context);
/* A body that stays until post_flush(), with its hash. */
void post_shared(struct post *post, const struct post_to *to, const struct wire_head *head,
                 struct slice body, const struct body_hash *hash);
/* At most POST_SMALL_BYTES, copied. */
void post_small(struct post *post, const struct post_to *to, const struct wire_head *head,
                struct slice body);
void post_flush(struct post *post);

#endif
