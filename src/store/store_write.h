/*
 * store_write.h - the scribe's side of log.db.
 *
 * Between store_begin() and store_commit() everything is one transaction. If
 * any call in it fails the transaction is gone (store_rollback() is called for
 * the caller): nothing of it is in the file, and it can be done again.
 *
 * A commit survives the death of every process at once. A power loss takes what
 * store_sync() has not been called after, unless the store is `synchronous`.
 */
#ifndef STORE_WRITE_H
#define STORE_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"
#include "store.h"

/* Every commit is also synced (--fsync). Before the first store_begin(). */
enum store_error store_set_synchronous(struct store *store, bool is_synchronous);

enum store_error store_begin(struct store *store);
/* Keeps an entry; a hidden one leaves nothing. Numbers must rise. */
enum store_error store_put_entry(struct store *store, const struct record *entry);
/* Keeps a row of the state, or forgets it: what state_apply() reports. */
enum store_error store_put_row(struct store *store, const struct record *row, bool is_gone);
enum store_error store_commit(struct store *store, const struct store_meta *meta);
void store_rollback(struct store *store);

/* Waits until everything committed is on the disk. */
enum store_error store_sync(struct store *store);

/*
 * What to forget next: up to *seq stand the oldest entries, `most` at the most, that are older than that
 * time; 0: there are none. Who reads is told before they go (board.h: seq_forgotten).
 */
enum store_error store_forgettable(struct store *store, uint64_t before_us, size_t most,
                                   uint64_t *seq);

/*
 * Forgets the entries up to seq, in a transaction of its own. *count: how many. The state is not
 * touched.
 */
enum store_error store_forget(struct store *store, uint64_t seq, size_t *count);

#endif
