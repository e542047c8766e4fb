/* Names of processes and threads, for the inside of the kit. */
#ifndef MP_NAME_H
#define MP_NAME_H

#include "mp_process.h"

/* Copy a name into `size` bytes (at least 1), cut before the character that does not fit any more. */
void mp_name_copy(char *name, size_t size, const char *from);

/* "Process" and 1 make Process-1. */
void mp_name_number(char name[MP_NAME_BYTES], const char *kind, unsigned number);

#endif
