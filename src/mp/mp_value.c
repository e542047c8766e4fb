#include "mp_value.h"

#include "mp_errors.h"
#include "mp_shared.h"

#include <assert.h>

size_t mp_type_bytes(enum mp_type type) {
	switch (type) {
#define MP_ROW(type, name, ctype)                                                                  \
	case type: return sizeof(ctype);
		MP_TYPES(MP_ROW)
#undef MP_ROW
	default: return 0;
	}
}

int mp_value_init(struct mp_value *value, enum mp_type type) {
	if (mp_type_bytes(type) == 0) {
		return MP_RANGE;
	}
	*value = (struct mp_value){.type = type};
	return mp_lock_init(&value->lock);
}

struct mp_value *mp_value_create(enum mp_type type) {
	struct mp_value *value = mp_shared_make(sizeof *value);
	if (value && mp_value_init(value, type)) {
		mp_shared_give_back(value, sizeof *value);
		return NULL;
	}
	return value;
}

void mp_value_destroy(struct mp_value *value) {
	mp_shared_give_back(value, sizeof *value);
}

struct mp_lock *mp_value_lock(struct mp_value *value) {
	return &value->lock;
}

/* A sum is made of what was there and put in its place if that is still there; floats know no other way. */
#define MP_ROW(code, name, ctype)                                                                  \
	ctype mp_value_get_##name(const struct mp_value *value) {                                  \
		assert(value->type == (code));                                                     \
		ctype number;                                                                      \
		__atomic_load(&value->cell.as_##name, &number, __ATOMIC_SEQ_CST);                  \
		return number;                                                                     \
	}                                                                                          \
	void mp_value_set_##name(struct mp_value *value, ctype number) {                           \
		assert(value->type == (code));                                                     \
		__atomic_store(&value->cell.as_##name, &number, __ATOMIC_SEQ_CST);                 \
	}                                                                                          \
	ctype mp_value_add_##name(struct mp_value *value, ctype number) {                          \
		ctype before = mp_value_get_##name(value);                                         \
		ctype sum;                                                                         \
		do {                                                                               \
			sum = ADD_##name(before, number);                                          \
		} while (!__atomic_compare_exchange(&value->cell.as_##name, &before, &sum, true,   \
		                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));          \
		return sum;                                                                        \
	}

/* Signed sums must not overflow in C; unsigned ones wrap, and come back as they were. */
#define ADD_char(a, b) ((char)((unsigned char)(a) + (unsigned char)(b)))
#define ADD_int16(a, b) ((int16_t)((uint16_t)(a) + (uint16_t)(b)))
#define ADD_int32(a, b) ((int32_t)((uint32_t)(a) + (uint32_t)(b)))
#define ADD_int64(a, b) ((int64_t)((uint64_t)(a) + (uint64_t)(b)))
#define ADD_float(a, b) ((a) + (b))
#define ADD_double(a, b) ((a) + (b))

MP_TYPES(MP_ROW)
#undef MP_ROW
