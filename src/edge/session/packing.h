/*
 * packing.h - which entries go into a LOG, and its body: bytes and their hash,
 * made once for all who get the same.
 *
 * Pure: a window of the log, a reader, a range to be covered; out comes how far
 * one datagram reaches and what is in it. A thousand readers at one place with
 * the same filter have the same runs of items, so the same body: found again,
 * it costs neither a copy nor a hash. A body of a single run lies in the
 * window; others (several runs, a piece of a long entry) are put together once.
 */
#ifndef PACKING_H
#define PACKING_H

#include <stdbool.h>
#include <stdint.h>

#include "log_window.h"
#include "sending.h"
#include "wire.h"

/* Further pieces of the window wait for the next datagram. */
#define RUNS_MAX 16

struct packing {
	const struct stretch *window;
	struct packet_sent sent; /* `to` and the piece; bytes are the body's */
	bool is_empty;           /* nothing concerns the reader */
	uint8_t count;           /* of entries that are whole */
	uint8_t runs_count;
	struct packing_run {
		uint64_t at;
		uint32_t size;
	} runs[RUNS_MAX];
	/* A piece of a long entry. */
	uint64_t part_seq, part_total, part_offset;
};

/* Fills in what goes next of the span, looking at what is behind `from` (the span's, or later if it is known that there is nothing before). */
void packing_fill(struct packing *packing, const struct stretch *window,
                  const struct stretch_reader *reader, const struct span *span, uint64_t from);

#define BODIES_MAX 128

struct body {
	struct slice bytes;
	struct body_hash hash;
	uint64_t used; /* the user's mark: see bodies_get() */
	struct packing key;
	uint8_t storage[WIRE_LOG_BODY_BYTES_MAX];
};
struct bodies {
	unsigned next, count;
	struct body empty, gap;
	struct body *each; /* BODIES_MAX, when there is a first */
};
void bodies_init(struct bodies *bodies);
void bodies_finish(struct bodies *bodies);
/* After windows have been restarted or given away. */
void bodies_forget(struct bodies *bodies);
/*
 * The body. It stays as long as the window does not overwrite its items and no
 * BODIES_MAX further ones are asked for; whoever holds bodies for longer lets go
 * (sends) first when bodies_would_drop() says that one with its mark is next to go.
 */
struct body *bodies_get(struct bodies *bodies, const struct packing *packing, uint64_t mark);
bool bodies_would_drop(const struct bodies *bodies, uint64_t mark);

#endif
