/* offline.h - `qun admin check` and `audit` where no server runs: log.db is read here and now. */
#ifndef OFFLINE_H
#define OFFLINE_H

#include <stdbool.h>

#include "options.h"

struct command;

/* Is there a log in that folder at all? */
bool offline_is_possible(const char *data);
/* Says what it finds as the console's check does. True if the log is whole. */
bool offline_check(const char *data, enum language language, bool is_json);
/* The acts, as the console's audit says them. True if they could be read. */
bool offline_audit(const char *data, const struct command *command, enum language language,
                   bool is_json);

#endif
