/* moment.h - times as people and programs write them. */
#ifndef MOMENT_H
#define MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

/*
 * Reads a time into microseconds since 1970:
 *
 *   2026-11-23T20:15:00.5+08:00   RFC 3339; Z for +00:00, a blank for T; the
 *   2026-11-23 20:15              zone, the seconds and their fraction may be
 *                                 missing: without a zone it is local time
 *   2026-11-23                    that day's beginning, local time
 *   90s 90m 36h 7d                so long before now
 */
bool moment_parse(struct slice text, uint64_t now_us, uint64_t *out_us);

#define MOMENT_BYTES 40

/* "2026-11-23T12:15:00.500000Z". Terminated; returns the size. */
size_t moment_format_utc(uint64_t time_us, char out[static MOMENT_BYTES]);
/* "2026-11-23 20:15:00", local time. */
size_t moment_format_local(uint64_t time_us, char out[static MOMENT_BYTES]);

#endif
