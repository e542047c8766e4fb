/*
 * A number that processes or threads share.
 *
 *	struct mp_value *online = mp_value_create(MP_INT32);
 *	mp_value_add_int32(online, 1);
 *	MP_WITH_LOCK(mp_value_lock(online)) {
 *		mp_value_set_int32(online, 2 * mp_value_get_int32(online));
 *	}
 *
 * Each access is atomic by itself, without the lock; what is seen before a set or an add by the one is
 * seen after the get by the other. Two accesses are two: between a get and a set others may come, unless
 * all of them hold the value's lock. (Python's value += 1 is such a pair.)
 *
 * It lives where an mp_lock does (mp_lock.h): create() for children started later, init() in any shared
 * memory. Asking for another type than the value has is a mistake in the program, and aborts it.
 */
#ifndef MP_VALUE_H
#define MP_VALUE_H

#include "mp_lock.h"
#include "mp_type.h"

struct mp_value {
	struct mp_lock lock;
	uint32_t type; /* enum mp_type */
	union {
		char as_char;
		int16_t as_int16;
		int32_t as_int32;
		int64_t as_int64;
		float as_float;
		double as_double;
	} cell; /* written and read by all, atomically */
};

/* Make one, 0 at first. Errors: MP_RANGE, MP_SYSTEM. */
int mp_value_init(struct mp_value *value, enum mp_type type);

/* The same in memory of its own; NULL and errno when there is none. Destroying NULL is fine. */
struct mp_value *mp_value_create(enum mp_type type);
void mp_value_destroy(struct mp_value *value);

/* The lock that belongs to it. */
struct mp_lock *mp_value_lock(struct mp_value *value);

/*
 * For each type NAME of mp_type.h (char, int16, int32, int64, float, double):
 *
 *	TYPE mp_value_get_NAME(const struct mp_value *value);
 *	void mp_value_set_NAME(struct mp_value *value, TYPE number);
 *	TYPE mp_value_add_NAME(struct mp_value *value, TYPE number);
 *
 * Adding answers the sum; sums of integers wrap around.
 */
#define MP_ROW(type, name, ctype)                                                                  \
	ctype mp_value_get_##name(const struct mp_value *value);                                   \
	void mp_value_set_##name(struct mp_value *value, ctype number);                            \
	ctype mp_value_add_##name(struct mp_value *value, ctype number);
MP_TYPES(MP_ROW)
#undef MP_ROW

#endif
