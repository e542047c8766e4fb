/*
 * plain_render.h - what goes out, rendered once for all who get it: one or
 * more datagrams of at most 1,024 bytes each.
 */
#ifndef PLAIN_RENDER_H
#define PLAIN_RENDER_H

#include <stddef.h>
#include <sys/uio.h>

#include "limits.h"
#include "options.h"
#include "record.h"
#include "slice.h"
#include "state.h"

/*
 * A text of 4,096 bytes is at most three times as long when its controls are
 * shown. A part holds 1,024 bytes less its prefix, at least 900; and of two
 * neighbours at least one is more than half full, whatever their clusters are.
 */
#define PLAIN_PARTS_MAX (2 * 3 * TEXT_BYTES_MAX / 900 + 4)

struct plain_parts {
	unsigned count;
	size_t size; /* of all parts together */
	struct iovec parts[PLAIN_PARTS_MAX];
	char bytes[PLAIN_PARTS_MAX * PLAIN_DATAGRAM_BYTES_MAX];
};

/* Each adds what it renders behind what is there; parts_clear() begins anew. */
void parts_clear(struct plain_parts *parts);
void parts_add(struct plain_parts *parts, struct slice datagram);

/*
 * An entry, for those who are not its author; nothing for entries that plain
 * members are not told of. Long texts go in several parts, each with its
 * author, cut between characters. `before` precedes each ("[09:41] ").
 */
void parts_add_entry(struct plain_parts *parts, enum language language, const struct record *entry,
                     struct slice before);

/* Who is here: names until the datagram is full, then how many more there are. */
void parts_add_who(struct plain_parts *parts, enum language language, const struct state *state,
                   uint64_t room);

/* Refusals, the reasons of ends, probes: nothing if the record has no such words. */
void parts_add_refusal(struct plain_parts *parts, enum language language,
                       const struct record *answer);
void parts_add_ended(struct plain_parts *parts, enum language language, const struct record *entry);
void parts_add_probe(struct plain_parts *parts, enum language language,
                     const struct record *answer);

#endif
