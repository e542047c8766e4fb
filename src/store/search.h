/*
 * search.h - search.db: which entries have which tokens.
 *
 * It can be thrown away at any time: everything in it follows from log.db, and
 * what is not (or not yet) in it is searched entry by entry. The clerk feeds
 * it, in transactions of its own and a little at a time; whoever looks for
 * something reads it beside.
 *
 * Direct messages are not in it.
 *
 * The index is in parts of SEARCH_PART seqs, an FTS5 table each, without texts
 * and without positions. So merging stays short however long the log is, the
 * newest is looked at first, and what retention has forgotten goes by the part.
 *
 * A search.db of another version, of another log, or that is damaged is deleted
 * and begun anew by who writes it, and not used by who reads it.
 */
#ifndef SEARCH_H
#define SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "search_query.h"
#include "store.h"

#define SEARCH_PART_BITS 18
#define SEARCH_PART (UINT64_C(1) << SEARCH_PART_BITS)

struct search;

/* Opens it beside an open log.db. `use`: STORE_WRITE or STORE_READ. On failure *out is NULL. */
enum store_error search_open(struct search **out, const char *folder, enum store_use use,
                             struct store *store, char why[static STORE_WHY_BYTES]);
void search_close(struct search *search);
/*
 * Was an account erased (store_redact.h) since the index was begun? FTS5 keeps words of what is deleted, so
 * its writer discards it then, and begins a new one.
 */
bool search_has_erased(struct search *search, struct store *store);
/* Closes it and deletes the files: the next search_open() begins a new one. For its writer. */
void search_discard(struct search *search);
const char *search_why(const struct search *search);

/* Entries up to this one are in it. */
enum store_error search_seq(struct search *search, uint64_t *seq);

/*
 * Takes up to `most` further entries of the log in, as one transaction. *count
 * says how many; fewer when there are no more. On failure nothing was taken in;
 * if it is STORE_DAMAGED, discard it.
 */
enum store_error search_feed(struct search *search, struct store *store, size_t most,
                             size_t *count);
/* Gives the memory of the page cache back, as store_give_back() does. */
void search_give_back(struct search *search);
/* Tidies the present part for some milliseconds. *is_tidy: nothing is left to do. */
enum store_error search_tidy(struct search *search, bool *is_tidy);
/*
 * FTS5 keeps words of what is deleted, so the parts that have something that was taken back since it was
 * indexed (the feeding sees the ENTRY_REDACTED, and notes them in the file) are made anew: up to `most` entries a call,
 * as a transaction of its own, beside what is searched meanwhile. It goes on where it was, whatever
 * dies. STORE_BUSY: somebody reads; later, then. *is_done: there is no such part.
 */
enum store_error search_renew(struct search *search, struct store *store, size_t most,
                              bool *is_done);
/* Drops the parts that hold only what is older than that entry; one part a call. */
enum store_error search_forget(struct search *search, uint64_t oldest);

/* Entries from <= seq <= to that may have what is looked for, newest first. False stops. */
typedef bool search_each(void *context, uint64_t seq);
enum store_error search_find(struct search *search, const struct search_query *query, uint64_t from,
                             uint64_t to, search_each *each, void *context);

#endif
