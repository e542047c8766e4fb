/*
 * holes.h - ranges of the log that were lost on their way to a client, in
 * order: at most eight, of which neighbours become one when there are more. A
 * hole is rendered from the log like any other range. Pure.
 */
#ifndef HOLES_H
#define HOLES_H

#include <stdint.h>

#define HOLES_MAX 8

struct hole {
	uint64_t from, to;
	uint8_t part;      /* only this piece (from 1) of the entry `to`; 0: the range */
	uint8_t part_next; /* the range begins with a long entry whose next piece is this one (from 0) */
};

/* All zero is none. */
struct holes {
	uint32_t count;
	struct hole *each; /* HOLES_MAX, from the first on */
};

void holes_finish(struct holes *holes);
void holes_add(struct holes *holes, struct hole hole);
void holes_remove(struct holes *holes, unsigned index);
/* What the client's cursor has passed need not be sent again. */
void holes_trim(struct holes *holes, uint64_t cursor);

#endif
