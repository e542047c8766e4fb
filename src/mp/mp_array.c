#include "mp_array.h"

#include "mp_errors.h"
#include "mp_shared.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

size_t mp_array_size(enum mp_type type, size_t length) {
	size_t bytes = mp_type_bytes(type);
	if (bytes == 0 || length == 0 || length > MP_ARRAY_BYTES_MAX / bytes) {
		return 0;
	}
	return sizeof(struct mp_array) + length * bytes;
}

int mp_array_init(struct mp_array *array, enum mp_type type, size_t length) {
	if (mp_array_size(type, length) == 0) {
		return MP_RANGE;
	}
	array->type = type;
	array->length = length;
	memset(array->cells, 0, mp_array_raw_bytes(array));
	return mp_lock_init(&array->lock);
}

/* The memory is fresh: its zeroes need not be touched. */
struct mp_array *mp_array_create(enum mp_type type, size_t length) {
	size_t size = mp_array_size(type, length);
	if (size == 0) {
		errno = EINVAL;
		return NULL;
	}
	struct mp_array *array = mp_shared_make(size);
	if (!array) {
		return NULL;
	}
	array->type = type;
	array->length = length;
	if (mp_lock_init(&array->lock)) {
		mp_shared_give_back(array, size);
		return NULL;
	}
	return array;
}

struct mp_array *mp_array_create_from(enum mp_type type, const void *values, size_t length) {
	struct mp_array *array = mp_array_create(type, length);
	if (array) {
		memcpy(array->cells, values, mp_array_raw_bytes(array));
	}
	return array;
}

void mp_array_destroy(struct mp_array *array) {
	if (array) {
		mp_shared_give_back(array, mp_array_size(array->type, array->length));
	}
}

struct mp_lock *mp_array_lock(struct mp_array *array) {
	return &array->lock;
}

size_t mp_array_length(const struct mp_array *array) {
	return array->length;
}

void *mp_array_raw(struct mp_array *array) {
	return array->cells;
}

size_t mp_array_raw_bytes(const struct mp_array *array) {
	return array->length * mp_type_bytes(array->type);
}

/* The cells are memory without a type of its own; they lie at multiples of their size. */
#define MP_ROW(code, name, ctype)                                                                  \
	int mp_array_get_##name(const struct mp_array *array, size_t index, ctype *number) {       \
		assert(array->type == (code));                                                     \
		if (index >= array->length) {                                                      \
			return MP_RANGE;                                                           \
		}                                                                                  \
		__atomic_load((const ctype *)(const void *)array->cells + index, number,           \
		              __ATOMIC_SEQ_CST);                                                   \
		return 0;                                                                          \
	}                                                                                          \
	int mp_array_set_##name(struct mp_array *array, size_t index, ctype number) {              \
		assert(array->type == (code));                                                     \
		if (index >= array->length) {                                                      \
			return MP_RANGE;                                                           \
		}                                                                                  \
		__atomic_store((ctype *)(void *)array->cells + index, &number, __ATOMIC_SEQ_CST);  \
		return 0;                                                                          \
	}
MP_TYPES(MP_ROW)
#undef MP_ROW

/*
 * Copy cell by cell, so that a cell that somebody sets meanwhile is the old one or the new one. One side
 * is the array, the other anybody's memory, which need not be aligned.
 */
#define COPY_OUT(width)                                                                            \
	for (size_t i = 0; i < count; i++) {                                                       \
		uint##width##_t cell =                                                             \
			__atomic_load_n((const uint##width##_t *)from + i, __ATOMIC_RELAXED);      \
		memcpy((char *)to + i * sizeof cell, &cell, sizeof cell);                          \
	}
#define COPY_IN(width)                                                                             \
	for (size_t i = 0; i < count; i++) {                                                       \
		uint##width##_t cell;                                                              \
		memcpy(&cell, (const char *)from + i * sizeof cell, sizeof cell);                  \
		__atomic_store_n((uint##width##_t *)to + i, cell, __ATOMIC_RELAXED);               \
	}

static void copy_out(void *to, const void *from, size_t count, size_t cell_bytes) {
	switch (cell_bytes) {
	case 1: COPY_OUT(8); break;
	case 2: COPY_OUT(16); break;
	case 4: COPY_OUT(32); break;
	default: COPY_OUT(64); break;
	}
}

static void copy_in(void *to, const void *from, size_t count, size_t cell_bytes) {
	switch (cell_bytes) {
	case 1: COPY_IN(8); break;
	case 2: COPY_IN(16); break;
	case 4: COPY_IN(32); break;
	default: COPY_IN(64); break;
	}
}

static bool is_inside(const struct mp_array *array, size_t first, size_t count) {
	return first <= array->length && count <= array->length - first;
}

static unsigned char *cell_at(struct mp_array *array, size_t index) {
	return array->cells + index * mp_type_bytes(array->type);
}

/* For a slice: MP_HELD says that it lies within the caller's own hold on the lock, and that is fine. */
static bool is_refused(int entered) {
	return entered < 0 && entered != MP_HELD;
}

static int leave(struct mp_array *array, int entered, int result) {
	if (entered != MP_HELD) {
		mp_lock_release(&array->lock);
	}
	return result == 0 && entered == MP_HOLDER_DIED ? MP_HOLDER_DIED : result;
}

int mp_array_read(struct mp_array *array, size_t first, size_t count, void *values,
                  int timeout_ms) {
	if (!is_inside(array, first, count)) {
		return MP_RANGE;
	}
	int entered = mp_lock_acquire(&array->lock, timeout_ms);
	if (is_refused(entered)) {
		return entered;
	}
	copy_out(values, cell_at(array, first), count, mp_type_bytes(array->type));
	return leave(array, entered, 0);
}

int mp_array_write(struct mp_array *array, size_t first, size_t count, const void *values,
                   int timeout_ms) {
	if (!is_inside(array, first, count)) {
		return MP_RANGE;
	}
	int entered = mp_lock_acquire(&array->lock, timeout_ms);
	if (is_refused(entered)) {
		return entered;
	}
	copy_in(cell_at(array, first), values, count, mp_type_bytes(array->type));
	return leave(array, entered, 0);
}

/* Copy until a NUL, which is copied too, or the end of the cells. Answers whether there was room. */
static bool copy_string_out(const struct mp_array *array, char *string, size_t size) {
	for (size_t i = 0; i < size; i++) {
		string[i] = '\0';
		if (i < array->length) {
			copy_out(&string[i], &array->cells[i], 1, 1);
		}
		if (string[i] == '\0') {
			return true;
		}
	}
	return false;
}

int mp_array_get_string(struct mp_array *array, char *string, size_t size, int timeout_ms) {
	assert(array->type == MP_CHAR);
	int entered = mp_lock_acquire(&array->lock, timeout_ms);
	if (is_refused(entered)) {
		return entered;
	}
	bool is_whole = copy_string_out(array, string, size);
	return leave(array, entered, is_whole ? 0 : MP_TOO_LARGE);
}

int mp_array_set_string(struct mp_array *array, const char *string, int timeout_ms) {
	assert(array->type == MP_CHAR);
	size_t bytes = strlen(string);
	if (bytes > array->length) {
		return MP_TOO_LARGE;
	}
	size_t with_nul = bytes < array->length ? bytes + 1 : bytes;
	return mp_array_write(array, 0, with_nul, string, timeout_ms);
}
