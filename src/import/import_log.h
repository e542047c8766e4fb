/*
 * import_log.h - a log that is made of what others have kept.
 *
 * It is a log.db like any other, with no ring behind it: entries with rising numbers and times, and the
 * rows of the state that follows: rooms in which nobody is, with their topics. Whoever spoke was
 * nobody's person here: each entry has one of its own, with the entry's number, that is gone with it; so
 * nobody who comes later, whatever the name, is taken for who said it.
 */
#ifndef IMPORT_LOG_H
#define IMPORT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "import_source.h"
#include "record.h"
#include "state.h"
#include "store.h"

struct import_log;

/* Makes one in an empty folder. NULL, and said with diag, if it cannot. */
struct import_log *import_log_create(const char *folder, struct import_tally *tally);
/* Writes one down. False, and said, if it cannot. */
bool import_log_put(struct import_log *log, const struct import_heard *heard);
/*
 * What a registry says (import_enlist.h): that a room is there (0: it failed, which was said); an entry of the
 * state, of nobody. Their times are not before the last one's. False: it failed.
 */
uint64_t import_log_room(struct import_log *log, struct slice name, uint64_t time_us);
bool import_log_add(struct import_log *log, struct record *entry, uint64_t time_us,
                    bool *is_possible);
uint64_t import_log_time_us(const struct import_log *log);
const struct state *import_log_state(const struct import_log *log);

/* The rest; and all of it is on the disk, in log.db alone, when this returns true. */
bool import_log_end(struct import_log *log);
/* NULL is fine. What was not ended is of no use. */
void import_log_destroy(struct import_log *log);

#endif
