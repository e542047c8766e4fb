/* clock.h - the two clocks. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* Microseconds since 1970-01-01T00:00Z: what entries bear. */
uint64_t clock_wall_us(void);

/* Microseconds of a clock that never goes back: for deadlines and rates. */
uint64_t clock_steady_us(void);

#endif
