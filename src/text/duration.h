/* duration.h - how long something lasts, as people write it. */
#ifndef DURATION_H
#define DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

/* A hundred years: who means longer means for ever. */
#define DURATION_S_MAX (UINT64_C(100) * 366 * 86400)

/*
 * "7d", "1h30m", "1y6mo2w3d4h5m6s": numbers, each with its unit, the longest first,
 * each once; a month has 30 days, a year 365. At least a second, at most DURATION_S_MAX.
 */
bool duration_parse(struct slice text, uint64_t *out_s);

#endif
