/*
 * import_enlist.h - accounts and rooms of another server become this one's.
 *
 * That a room was made, and its topic, are entries with their times among all others; the rest (accounts, founders,
 * offices, modes, lists) is as it was at the end, so it follows everything.
 */
#ifndef IMPORT_ENLIST_H
#define IMPORT_ENLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "import_log.h"
#include "import_registry.h"

#define IMPORT_REGISTRIES_MAX 16

struct import_listed {
	const char *path;
	struct import_registry registry;
};

struct import_enlisting; /* what there is to do */

/* Of these; what there cannot be here is told and left out. NULL: no memory is left. */
struct import_enlisting *import_enlist_create(struct import_listed *listed, size_t count,
                                              struct import_tally *tally);
void import_enlist_destroy(struct import_enlisting *enlisting);

/* What was before that time. False: it failed. */
bool import_enlist_until(struct import_enlisting *enlisting, struct import_log *log,
                         uint64_t time_us);
/* All the rest, at the latest `now_us`. */
bool import_enlist_end(struct import_enlisting *enlisting, struct import_log *log, uint64_t now_us);

/*
 * The accounts into accounts.db of the folder. Who is there already stays as it is, and so this can be done again.
 * Whose password could not be carried is told. False, and said, if it failed.
 */
bool import_accounts_add(struct import_enlisting *enlisting, const char *folder, uint64_t now_us);

#endif
