#include "mp_futex.h"

#include "mp_time.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

bool mp_futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t deadline) {
	int64_t until = mp_deadline(MP_LOOK_AGAIN_MS);
	if (deadline < until) {
		until = deadline;
	}
	struct timespec at = mp_timespec(until);
	/* Of the waits, this one takes a point in time, so that interruptions do not lengthen it. */
	syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, &at, NULL, FUTEX_BITSET_MATCH_ANY);
	return deadline == MP_NEVER || mp_now() < deadline;
}

void mp_futex_wake(_Atomic uint32_t *word, int count) {
	syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}
