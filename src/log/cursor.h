/*
 * cursor.h - where an edge stands in the log: a page of a file in the data
 * folder, written by that edge alone, which outlives every process. So a new
 * edge, after the death of one or of all, goes on exactly where the old one was.
 *
 * It belongs to one ring and one number of edges; for any other it is void.
 */
#ifndef CURSOR_H
#define CURSOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CURSOR_BYTES 4096

struct cursor {
	_Atomic uint64_t ring;  /* the ring's id, written last when it begins; 0: void */
	_Atomic uint64_t edges; /* how many there were */
	_Atomic uint64_t position;
	_Atomic uint64_t seq;
	/*
	 * How far the fan-out of the entry `fanned_out_seq` is: socket (upper 8 bits) and the
	 * session up to which it is done. A new incarnation that comes to this entry goes on there.
	 */
	_Atomic uint64_t fanned_out_seq;
	_Atomic uint64_t fanned_out_to;
	/* With --fsync: OK and EXIT are held back from this ring position + 1 on; 0: none is. */
	_Atomic uint64_t held_from;
};
_Static_assert(sizeof(struct cursor) <= CURSOR_BYTES, "a cursor is a page");

/* Maps the file, which is made a page long. NULL with errno. */
struct cursor *cursor_open(int fd);
void cursor_close(struct cursor *cursor);

/* Is it about this ring and so many edges? If not it is made void, to be begun anew. */
bool cursor_is_of(struct cursor *cursor, uint64_t ring, uint64_t edges);
/* From now on it is; the position has been stored before. */
void cursor_begin(struct cursor *cursor, uint64_t ring, uint64_t edges);

#endif
