/*
 * secret.h - a password from whoever runs the program: typed at the terminal
 * without being shown, or from standard input.
 */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"

/* Longer than any password may be, so that one that is too long is refused and not cut. */
#define SECRET_BYTES_MAX 1024

enum secret_error {
	SECRET_OK,
	SECRET_NO_TERMINAL, /* nobody can be asked */
	SECRET_DIFFERENT,   /* typed twice, and not the same */
	SECRET_NONE,        /* nothing was given */
	SECRET_TOO_LONG,
};

/* Asks twice at the controlling terminal. The caller wipes `out`, which ends with a NUL. */
enum secret_error secret_ask(enum language language, char out[static SECRET_BYTES_MAX]);
/* The first line of standard input, without its line end. Likewise. */
enum secret_error secret_read(char out[static SECRET_BYTES_MAX]);

/* In words. */
const char *secret_sentence(enum language language, enum secret_error error);

#endif
