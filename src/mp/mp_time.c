#include "mp_time.h"

#include <limits.h>

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

int64_t mp_now(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t mp_deadline(int timeout_ms) {
	return timeout_ms < 0 ? MP_NEVER : mp_now() + timeout_ms * NS_PER_MS;
}

int mp_left_ms(int64_t deadline) {
	if (deadline == MP_NEVER) {
		return -1;
	}
	int64_t left = deadline - mp_now();
	if (left <= 0) {
		return 0;
	}
	int64_t ms = (left + NS_PER_MS - 1) / NS_PER_MS;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

struct timespec mp_timespec(int64_t nanoseconds) {
	return (struct timespec){.tv_sec = nanoseconds / NS_PER_S,
	                         .tv_nsec = nanoseconds % NS_PER_S};
}
