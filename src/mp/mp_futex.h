/*
 * Sleeping on a word of shared memory, for the inside of the kit.
 *
 * The word is compared and the sleep begins in one step in the kernel, so who changes the word and then
 * wakes is never missed. But a process can be killed between its change and its wake, or when it was the
 * one waked; somebody else would then sleep beside work that is there. So nobody sleeps longer than
 * MP_LOOK_AGAIN_MS at a time: deaths delay, they do not hang.
 */
#ifndef MP_FUTEX_H
#define MP_FUTEX_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define MP_LOOK_AGAIN_MS 250
#define MP_WAKE_ALL INT_MAX

/*
 * Sleep while the word is `expected`, until waked, interrupted, or told to look again; the caller does
 * so in any case. Answers false when the deadline (mp_time.h) has passed.
 */
bool mp_futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t deadline);

/* Wake at most that many. */
void mp_futex_wake(_Atomic uint32_t *word, int count);

#endif
