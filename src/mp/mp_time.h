/*
 * Deadlines, for the inside of the kit: a timeout is turned into a point of the monotonic clock once,
 * at the beginning of a call, so that interrupted waits do not add up.
 */
#ifndef MP_TIME_H
#define MP_TIME_H

#include <stdint.h>
#include <time.h>

#define MP_NEVER INT64_MAX

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t mp_now(void);

/* The point timeout_ms from now; MP_NEVER when it is negative (MP_FOREVER). */
int64_t mp_deadline(int timeout_ms);

/* What is left until then as poll() wants it: rounded up, 0 when it is over, -1 for MP_NEVER. */
int mp_left_ms(int64_t deadline);

struct timespec mp_timespec(int64_t nanoseconds);

#endif
