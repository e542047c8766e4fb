/*
 * export.h - `qun admin account export`: what is kept about an account, and all it said, as JSON,
 * an object a line. Read from the data folder, beside a running server or without one.
 */
#ifndef EXPORT_H
#define EXPORT_H

#include "options.h"
#include "slice.h"

/*
 * Writes it to the file of that path, which must not be there yet (mode 0600), or, if the path is empty, to
 * standard output. An exit code; what went wrong was said.
 */
int export_account(const char *data, struct slice name, struct slice path, enum language language);

#endif
