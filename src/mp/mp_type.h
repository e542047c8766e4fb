/* The types of shared values and arrays. */
#ifndef MP_TYPE_H
#define MP_TYPE_H

#include <stddef.h>
#include <stdint.h>

/* Enum, name in function names, C type; Python's codes are c, h, i, q, f, d. */
#define MP_TYPES(ROW)                                                                              \
	ROW(MP_CHAR, char, char)                                                                   \
	ROW(MP_INT16, int16, int16_t)                                                              \
	ROW(MP_INT32, int32, int32_t)                                                              \
	ROW(MP_INT64, int64, int64_t)                                                              \
	ROW(MP_FLOAT, float, float)                                                                \
	ROW(MP_DOUBLE, double, double)

enum mp_type {
#define MP_ROW(type, name, ctype) type,
	MP_TYPES(MP_ROW)
#undef MP_ROW
};

/* Bytes of one cell: 1, 2, 4 or 8. */
size_t mp_type_bytes(enum mp_type type);

#endif
