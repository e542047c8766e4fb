/*
 * What an example claims, printed as it is checked. A claim that does not hold ends the program with 1, so the
 * tests run them all and see it.
 *
 * MUST() is for calls of the kit, MUST_SYSTEM() for system calls: one that fails ends the program as well.
 */
#ifndef CLAIM_H
#define CLAIM_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mp_errors.h"

/* Written out at once, so that a fork finds nothing in the buffer that it would double. */
__attribute__((format(printf, 2, 3))) static inline void claim(bool holds, const char *format,
                                                               ...) {
	flockfile(stdout);
	fputs(holds ? "yes: " : "NO:  ", stdout);
	va_list arguments;
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
	funlockfile(stdout);
	if (!holds) {
		_exit(1);
	}
}

#define MUST(call) must((call), #call)
#define MUST_SYSTEM(call) must_system((call), #call)

static inline int must(int result, const char *call) {
	if (result < 0) {
		const char *why = result == MP_SYSTEM ? strerror(errno) : mp_strerror(result);
		fprintf(stderr, "%s: %s\n", call, why);
		_exit(1);
	}
	return result;
}

static inline int must_system(long result, const char *call) {
	if (result < 0) {
		fprintf(stderr, "%s: %s\n", call, strerror(errno));
		_exit(1);
	}
	return (int)result;
}

#endif
