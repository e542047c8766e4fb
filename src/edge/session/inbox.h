/*
 * inbox.h - a connection's messages that came in pieces, or before their turn:
 * put together here until the one before them has gone to the hub.
 *
 * Pure, and bounded three ways: sixteen numbers ahead, the size of a message,
 * and the bytes of all inboxes of an edge together. What there is no room for
 * is not taken; the client sends it again.
 */
#ifndef INBOX_H
#define INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "slice.h"
#include "wire.h"

/* Messages on the way at once, as PROTOCOL.md has it. */
#define INBOX_MESSAGES 16
/* A name, a text, and what is before them. */
#define MESSAGE_BYTES_MAX (TEXT_BYTES_MAX + NAME_BYTES_MAX + 24)

/* A message that is whole. One that was longer than any may be has no bytes. */
struct message {
	uint8_t kind; /* enum wire_message, or what the client made up */
	bool is_too_long;
	struct slice bytes;
};

/* All inboxes of an edge: what they hold, and may. */
struct inbox_budget {
	size_t bytes, bytes_max;
};

struct inbox;

/* Takes a piece of a message whose number is in [next, next + 16). */
void inbox_take(struct inbox **inbox, struct inbox_budget *budget, uint64_t next,
                const struct wire_talk *piece);
/* Is the message whole in itself? Then it need not be put into an inbox. */
bool inbox_is_whole(const struct wire_talk *piece, struct message *message);
/* The message `number`, if it is here and whole; it stays until inbox_drop(). */
bool inbox_has(const struct inbox *inbox, uint64_t number, struct message *message);
/* Forgets all up to `number`; an inbox with nothing in it is given back (NULL). */
void inbox_drop(struct inbox **inbox, struct inbox_budget *budget, uint64_t number);

#endif
