/*
 * A row of numbers (or characters) that processes or threads share; its length never changes.
 *
 *	struct mp_array *counts = mp_array_create(MP_INT32, 4);
 *	struct mp_array *word = mp_array_create_from(MP_CHAR, "hello", 5);
 *	mp_array_set_int32(counts, 2, 7);
 *	int32_t two[2];
 *	mp_array_read(counts, 1, 2, two, MP_FOREVER);   // [1:3]
 *
 * A single cell is read and written atomically, without the lock. A slice (and a string) goes in or out
 * under the array's lock, so that slices are whole beside each other; single cells may still change in
 * between, unless who writes them holds the lock too. Inside MP_WITH_LOCK(mp_array_lock(array)) slices
 * use the lock that is held already.
 *
 * It lives where an mp_lock does (mp_lock.h): create() for children started later, init() in any shared
 * memory of mp_array_size() bytes, aligned for a double. Asking for another type than the array has is a
 * mistake in the program, and aborts it; an index is data: MP_RANGE.
 *
 * Functions answer 0 or an error of mp_errors.h. Those with a timeout answer MP_HOLDER_DIED (positive)
 * when they did what they should after a holder of the lock had died: an earlier slice may be half-written.
 */
#ifndef MP_ARRAY_H
#define MP_ARRAY_H

#include "mp_lock.h"
#include "mp_type.h"

#define MP_ARRAY_BYTES_MAX                                                                         \
	(UINT64_C(1) << 40) /* of all cells; memory is taken only as it is touched */

struct mp_array {
	struct mp_lock lock;
	uint32_t type;   /* enum mp_type */
	uint64_t length; /* cells */
	_Alignas(8) unsigned char cells[];
};

/* The memory that an array takes; 0 when there can be none such (no cell, too many, no such type). */
size_t mp_array_size(enum mp_type type, size_t length);

/* Make one of zeroes in memory of the caller's. Errors: MP_RANGE, MP_SYSTEM. */
int mp_array_init(struct mp_array *array, enum mp_type type, size_t length);

/*
 * The same in memory of its own; NULL and errno when there is none. create_from() fills it with `length`
 * values of its type. Destroying NULL is fine.
 */
struct mp_array *mp_array_create(enum mp_type type, size_t length);
struct mp_array *mp_array_create_from(enum mp_type type, const void *values, size_t length);
void mp_array_destroy(struct mp_array *array);

struct mp_lock *mp_array_lock(struct mp_array *array);
size_t mp_array_length(const struct mp_array *array);

/* All cells as they lie in memory, for who knows that nobody else is there or holds the lock. */
void *mp_array_raw(struct mp_array *array);
size_t mp_array_raw_bytes(const struct mp_array *array);

/*
 * For each type NAME of mp_type.h (char, int16, int32, int64, float, double):
 *
 *	int mp_array_get_NAME(const struct mp_array *array, size_t index, TYPE *number);
 *	int mp_array_set_NAME(struct mp_array *array, size_t index, TYPE number);
 *
 * Errors: MP_RANGE.
 */
#define MP_ROW(type, name, ctype)                                                                  \
	int mp_array_get_##name(const struct mp_array *array, size_t index, ctype *number);        \
	int mp_array_set_##name(struct mp_array *array, size_t index, ctype number);
MP_TYPES(MP_ROW)
#undef MP_ROW

/*
 * Copy `count` cells from `first` on out to `values`, or in from there. All of them or none. Errors:
 * MP_RANGE, MP_TIMEOUT (the lock was held all the time).
 */
int mp_array_read(struct mp_array *array, size_t first, size_t count, void *values, int timeout_ms);
int mp_array_write(struct mp_array *array, size_t first, size_t count, const void *values,
                   int timeout_ms);

/*
 * A char array as a string: what stands before its first NUL, or all of it. get: with a NUL behind it
 * into `size` bytes; MP_TOO_LARGE when they are too few. set: the string, and a NUL if there is room;
 * MP_TOO_LARGE when it is longer than the array. Errors also: MP_TIMEOUT.
 */
int mp_array_get_string(struct mp_array *array, char *string, size_t size, int timeout_ms);
int mp_array_set_string(struct mp_array *array, const char *string, int timeout_ms);

#endif
