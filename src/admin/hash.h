/* hash.h - `qun admin password`: the line that stands for a password in a configuration file. */
#ifndef HASH_H
#define HASH_H

#include "options.h"

/* Prints it. Needs no server and no data folder. 0, or ADMIN_REFUSED when that was said. */
int hash_print(enum language language, const char *password);

#endif
