/*
 * link_outbox.h - the client's own messages, from the wish to what became of it.
 *
 *   waiting → on its way (numbered, repeated) → covered by KEPT → in the log, or refused
 *
 * Numbers are given when a message is sent for the first time, so that they have no
 * gaps. At most 16 are on their way, fewer after losses (additive increase,
 * multiplicative decrease). KEPT says that a message is decided and safe; what was
 * decided is read in the log, and until then it counts as on its way.
 */
#ifndef LINK_OUTBOX_H
#define LINK_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "limits.h"
#include "link_rtt.h"
#include "screenwire.h"
#include "wire.h"

/* The face's, and the one that takes leave. */
#define OUTBOX_MESSAGES_MAX (WISHES_OPEN_MAX + 1)
#define OUTBOX_FLIGHT_MAX 16
/* A direct message: the receiver's name, and the longest text. */
#define OUTBOX_MESSAGE_BYTES_MAX (TEXT_BYTES_MAX + NAME_BYTES_MAX + 32)

struct outgoing {
	uint8_t kind; /* enum wire_message */
	uint8_t state;
	bool has_news; /* its state changed and nobody was told */
	bool is_kept;  /* KEPT covers it */
	uint16_t reason;
	uint64_t argument;
	uint64_t tag;
	uint64_t number; /* 0: not sent yet */
	uint64_t seq;    /* while on its way: KEPT's; in the log: its own */
	uint64_t sent_us, repeat_us;
	unsigned times; /* sent */
	size_t size;
	bool is_in_round; /* pieces of it are leaving: up to `offset` they have */
	size_t offset;
	size_t why_size;
	char why[WHY_BYTES_MAX];
	uint8_t bytes[OUTBOX_MESSAGE_BYTES_MAX];
};

struct outbox;

struct outbox *outbox_create(void);
void outbox_destroy(struct outbox *outbox);

/* A message of `first` and behind it `then`. False if there are too many, or it is too long. */
bool outbox_put(struct outbox *outbox, uint8_t kind, uint64_t tag, struct slice first,
                struct slice then);
size_t outbox_count(const struct outbox *outbox); /* not decided, or not told */
bool outbox_is_full(const struct outbox *outbox);

/*
 * A connection begins, and the server says which number it kept last. What was on its way goes on with
 * its number in the same session; in another one nobody will ever know what became of it.
 */
void outbox_begin(struct outbox *outbox, uint64_t number, bool is_new_session);

/* Frames that have to leave now, as many as fit. False if there was none. */
bool outbox_fill(struct outbox *outbox, struct wire_out *out, uint64_t now_us,
                 const struct rtt *rtt);
uint64_t outbox_deadline(const struct outbox *outbox);
/* The number that was given last, and the last one that the server is known to have kept. */
uint64_t outbox_number(const struct outbox *outbox);
uint64_t outbox_kept_number(const struct outbox *outbox);
/* Is one on its way that KEPT does not cover? */
bool outbox_is_asking(const struct outbox *outbox);

/* KEPT. */
void outbox_kept(struct outbox *outbox, uint64_t number, uint64_t seq, uint64_t now_us,
                 struct rtt *rtt);
/* The log has it: returns its tag (0: it is none of ours any more). */
uint64_t outbox_logged(struct outbox *outbox, uint64_t number, uint64_t seq);
uint64_t outbox_refused(struct outbox *outbox, uint64_t number, uint64_t seq, uint16_t reason,
                        uint64_t argument, struct slice why);
/* The log was told up to seq: whatever should have been there by now was refused. */
void outbox_passed(struct outbox *outbox, uint64_t seq);

/* One whose state changed and nobody was told, or NULL; good until the next call. */
const struct outgoing *outbox_news(struct outbox *outbox);
/* All that is not decided is news again. */
void outbox_retell(struct outbox *outbox);

#endif
