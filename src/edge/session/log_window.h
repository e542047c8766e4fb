/*
 * log_window.h - what the session face puts in a stretch of the log: entries as the
 * items that stand in a LOG, rendered once for all who read them.
 */
#ifndef LOG_WINDOW_H
#define LOG_WINDOW_H

#include "record.h"
#include "slice.h"
#include "stretch.h"

/*
 * The next entry of the log; `room_name`: where the record has none. It is passed over if it
 * is of no concern to anybody who speaks the session dialect.
 */
/* Takes it out again, if it is here and goes into one datagram: of a longer one, parts may be on their way. */
void log_window_withdraw(struct stretch *window, uint64_t seq);
/* What an account's person said, likewise: an ENTRY_ERASED has come. */
void log_window_erase(struct stretch *window, const struct record *erased);
void log_window_add(struct stretch *window, const struct record *entry, struct slice room_name);

#endif
