/*
 * link_ack.h - which packets of a connection have come, and when to say so.
 *
 * An acknowledgement is due at once for every second packet, and for one that
 * leaves a hole in the numbers or closes one; else 25 ms after the first packet that
 * was not acknowledged yet. Bounded: the newest 32 ranges.
 */
#ifndef LINK_ACK_H
#define LINK_ACK_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

#define ACK_DELAY_US (UINT64_C(25) * 1000)

/* All zeros when a connection begins. */
struct ack_book {
	size_t count;
	struct wire_range ranges[WIRE_RANGES_MAX]; /* falling, not touching */
	uint64_t largest_us;                       /* when the largest came */
	unsigned unsaid;                           /* packets since the last acknowledgement */
	uint64_t due_us;                           /* 0: nothing to say */
};

/* Had it come before? */
bool ack_has(const struct ack_book *book, uint32_t packet);

/* A packet came. False if it had come before, or may have (then the sender hears so at once: its ACK was lost). */
bool ack_note(struct ack_book *book, uint32_t packet, uint64_t now_us);

/* When an acknowledgement has to leave; UINT64_MAX if there is nothing to say. */
uint64_t ack_deadline(const struct ack_book *book);

/* What to say, with the cursor; false if no packet has come yet. Whoever sends it calls ack_said(). */
bool ack_make(const struct ack_book *book, uint64_t cursor, uint64_t now_us, struct wire_ack *ack);
void ack_said(struct ack_book *book);

#endif
