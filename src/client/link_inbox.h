/*
 * link_inbox.h - what the server has told of the log, put in order.
 *
 * LOGs come in any order, repeated and overlapping; entries leave in the order of the
 * log, once. Between the two stand three numbers:
 *
 *   told  ≤  cursor  ≤  whatever was held back
 *
 * `cursor` is what is acknowledged: everything up to it is here or was told. `told`
 * is how far the reader has come. A LOG is kept as the bytes it came in, in one of
 * SLOTS places; one that finds no place is not acknowledged either, so that the
 * server sends it again: a reader that stops stops the sender, and nothing grows.
 * An entry in parts is put together in one place of its own, which is free again
 * when the reader has gone past it.
 */
#ifndef LINK_INBOX_H
#define LINK_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

/* The largest entry is some 8 KiB (limits.h: a text, names, 256 rooms); a larger one is passed over. */
#define INBOX_ENTRY_BYTES_MAX 16384

struct inbox;

/* NULL if there is no memory. */
struct inbox *link_inbox_create(void);
void link_inbox_destroy(struct inbox *inbox);

/* The log goes on behind `cursor`: what is held is dropped, `told` is there too. */
void link_inbox_begin(struct inbox *inbox, uint64_t cursor);

uint64_t link_inbox_cursor(const struct inbox *inbox);
uint64_t link_inbox_told(const struct inbox *inbox);

enum inbox_taken {
	INBOX_TAKEN,     /* or had before: acknowledge it */
	INBOX_NO_ROOM,   /* do as if it had not come */
	INBOX_MALFORMED, /* likewise */
};

/* A LOG whose tag is good. */
enum inbox_taken link_inbox_take(struct inbox *inbox, uint64_t from, uint64_t to,
                                 struct slice body);

enum inbox_found {
	INBOX_NOTHING,
	INBOX_ENTRY, /* `entry` */
	INBOX_GAP,   /* the history of from < seq <= to is gone */
};
struct inbox_piece {
	enum inbox_found found;
	struct wire_entry entry;
	uint64_t from, to;
};

/* The next one; its slices are good until the next call. */
enum inbox_found link_inbox_next(struct inbox *inbox, struct inbox_piece *piece);

/* Is there anything to be had? */
bool link_inbox_is_empty(const struct inbox *inbox);

#endif
