/* Records whose every byte follows from their number, so that a reader can tell a whole one. Checked
 * with assert, which also works in threads and children. */
#ifndef RING_HELP_H
#define RING_HELP_H

#include "log_help.h"

#include <assert.h>
#include <string.h>

#include "limits.h"
#include "record.h"
#include "ring.h"

/* The smallest ring that there can be: readers are overtaken soon. */
#define SMALL_RING ((size_t)4 * RECORD_BYTES_MAX)

/* The record `number`: a text of `size` bytes, and what the caller wants known about its batch. */
static inline size_t make_record(uint64_t number, uint64_t batch, uint64_t left_in_batch,
                                 size_t size, void *out) {
	static _Thread_local uint64_t text[RECORD_BYTES_MAX / 8];
	assert(size <= RECORD_BYTES_MAX - 128);
	/* Cheap, so that the time goes into the ring. */
	for (size_t i = 0; i < size / 8 + 1; i++) {
		text[i] = (number + i) * UINT64_C(0x9E3779B97F4A7C15);
	}
	struct record record = {.kind = ENTRY_SAID,
	                        .seq = number,
	                        .time_us = number * 1000,
	                        .request = batch,
	                        .number = left_in_batch,
	                        .text = slice_of((const char *)text, size)};
	size_t encoded = record_encode(&record, out, RECORD_BYTES_MAX);
	assert(encoded > 0);
	return encoded;
}

/* Is it whole, to its last byte? Returns its number. */
static inline uint64_t check_record(const void *bytes, struct record *record) {
	static _Thread_local _Alignas(8) uint8_t again[RECORD_BYTES_MAX];
	size_t size = record_decode(record, bytes, RECORD_BYTES_MAX);
	assert(size > 0);
	size_t made =
		make_record(record->seq, record->request, record->number, record->text.size, again);
	assert(made == size && memcmp(again, bytes, size) == 0);
	return record->seq;
}

static inline int make_ring(size_t capacity, uint64_t seq_next) {
	int fd = make_memory();
	assert_int_equal(ring_format(fd, capacity, seq_next), 0);
	return fd;
}

#endif
