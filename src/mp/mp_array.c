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
 * Copy so that a cell that somebody sets meanwhile is the old one or the new one: a word at a time where one
 * can, since cells do not cross words, else a cell. One side is the array, the other anybody's memory, which
 * need not be aligned.
 */
#define WORD_BYTES sizeof(uint64_t)

#define LOAD(width)                                                                                \
	{                                                                                          \
		uint##width##_t piece =                                                            \
			__atomic_load_n((const uint##width##_t *)from, __ATOMIC_RELAXED);          \
		memcpy(to, &piece, sizeof piece);                                                  \
		return;                                                                            \
	}
#define STORE(width)                                                                               \
	{                                                                                          \
		uint##width##_t piece;                                                             \
		memcpy(&piece, from, sizeof piece);                                                \
		__atomic_store_n((uint##width##_t *)to, piece, __ATOMIC_RELAXED);                  \
		return;                                                                            \
	}

static void load_piece(void *to, const void *from, size_t bytes) {
	switch (bytes) {
	case 1: LOAD(8)
	case 2: LOAD(16)
	case 4: LOAD(32)
	default: LOAD(64)
	}
}

static void store_piece(void *to, const void *from, size_t bytes) {
	switch (bytes) {
	case 1: STORE(8)
	case 2: STORE(16)
	case 4: STORE(32)
	default: STORE(64)
	}
}

static size_t piece_at(const void *cell, size_t left, size_t cell_bytes) {
	return (uintptr_t)cell % WORD_BYTES == 0 && left >= WORD_BYTES ? WORD_BYTES : cell_bytes;
}

static void copy_out(void *to, const void *from, size_t count, size_t cell_bytes) {
	char *out = to;
	const char *cell = from;
	for (size_t left = count * cell_bytes, bytes; left > 0; left -= bytes) {
		bytes = piece_at(cell, left, cell_bytes);
		load_piece(out, cell, bytes);
		out += bytes;
		cell += bytes;
	}
}

static void copy_in(void *to, const void *from, size_t count, size_t cell_bytes) {
	char *cell = to;
	const char *in = from;
	for (size_t left = count * cell_bytes, bytes; left > 0; left -= bytes) {
		bytes = piece_at(cell, left, cell_bytes);
		store_piece(cell, in, bytes);
		in += bytes;
		cell += bytes;
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
