/*
 * ring.h - the log ring: the newest records in one order, in a file that
 * outlives every process.
 *
 * One writer (the hub), any number of readers that it never waits for.
 * Positions are bytes since the ring was made, 64 bits, never wrapping; the
 * bytes of position p lie at p modulo the capacity, and the file is mapped
 * twice, one behind the other, so that a record never wraps either.
 *
 * Who writes what, and who reads it:
 *
 *   head  written by the writer (release) after the records before it are
 *         complete; readers load it (acquire). One store makes all records of
 *         a batch visible.
 *   low   the oldest position whose bytes are still whole. The writer moves
 *         it forward (relaxed store, then a release fence) before it
 *         overwrites; a reader copies a record with relaxed word loads, then
 *         (acquire fence) loads low: if its position is below, it was
 *         overtaken and what it copied is void.
 *
 * kill -9 of the writer leaves at worst bytes beyond head, which nobody
 * reads; the next writer goes on at head.
 *
 * What was said may be taken back while it is here: the writer first marks the
 * record (RECORD_IS_BLANK, a relaxed store and a release fence) and then puts
 * zeros in place of its text and tags. A reader that has copied any of these
 * sees the mark when it looks at the record's first word once more.
 *
 * So that a record can be found, the writer keeps *marks* in the first page: of
 * each 256th of the ring, where a record begins.
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct ring;

enum ring_result {
	RING_OK = 0,
	RING_EMPTY = 1,   /* the position is the head: nothing there yet */
	RING_LAPPED = -1, /* the position is older than what the ring still has */
	RING_BAD = -2,    /* the position is beyond the head, or no record starts there */
};

/*
 * Makes an empty ring in `fd` (a file of the caller's, opened read-write;
 * preallocates it: ENOSPC is said here and never later). `capacity` in bytes
 * is rounded up to whole pages. `seq_next` is the first number the log will
 * give. 0, or -1 with errno.
 */
int ring_format(int fd, size_t capacity, uint64_t seq_next);

/*
 * Whether `fd` holds a ring that this machine made since it last booted, and
 * whose file is whole. If not, *why says so in a few words ("from before the
 * last boot", "not a ring").
 */
bool ring_is_trusted(int fd, const char **why);

/* Maps a ring. NULL with errno. The descriptor may be closed afterwards. */
struct ring *ring_open(int fd, bool is_writer);
void ring_close(struct ring *ring);

uint64_t ring_id(const struct ring *ring);        /* random, given when it was made */
size_t ring_capacity(const struct ring *ring);    /* bytes */
uint64_t ring_seq_first(const struct ring *ring); /* seq_next of ring_format() */
uint64_t ring_head(const struct ring *ring);
uint64_t ring_low(const struct ring *ring);

/*
 * Copies the record at `position` into `out` (RECORD_BYTES_MAX bytes, 8-byte
 * aligned) and moves *position behind it. Safe beside the writer.
 */
enum ring_result ring_read(const struct ring *ring, uint64_t *position, void *out);

/* The writer's side. Appends behind what is not yet published; `size` as record_encode() returned it. */
void ring_append(struct ring *ring, const void *record, size_t size);
/* Makes all that was appended visible. */
void ring_publish(struct ring *ring);
/* Where the next record will be appended. */
uint64_t ring_end(const struct ring *ring);

/* Where the published entry `seq` lies. False: it is not here any more, or not to be found. */
bool ring_find(const struct ring *ring, uint64_t seq, uint64_t *position);
/* Takes text and tags out of the record that begins there, in place. Once more does no harm. */
void ring_blank(struct ring *ring, uint64_t position);
/*
 * Up to where all that was to be blanked has been: a position of the writer's, kept in the file, so
 * that the next one goes on there. 0 if that is not known.
 */
uint64_t ring_blanked(const struct ring *ring);
void ring_set_blanked(struct ring *ring, uint64_t position);

#endif
