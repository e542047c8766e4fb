/*
 * store_redact.h - what was said and is taken back goes out of log.db: its row, and the bytes of it
 * (SQLite's secure_delete puts zeros in their place; what the WAL still has goes with the next
 * store_checkpoint() that empties it).
 *
 * One message goes in the transaction that keeps the ENTRY_REDACTED. All that an account said is
 * too much for that: ENTRY_ERASED notes it (a row of `erasures`), and store_erase_some() does it in
 * steps, of which each says how far it is. So it goes on where it was, whatever dies.
 */
#ifndef STORE_REDACT_H
#define STORE_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"
#include "store.h"

/* In a transaction: what the entry takes back (ENTRY_REDACTED), or is to be erased (ENTRY_ERASED). */
enum store_error store_take_back(struct store *store, const struct record *entry);

/*
 * Goes through up to `most` entries for the account that was to be erased first, in a transaction of its
 * own: what it did goes, and in what others did its name becomes STORE_NOBODY. *is_done: nothing
 * is to be erased any more. Until then it is in the file, but whoever reads (store_read.h) is given
 * it as taken back: with SAID_IS_REDACTED, and without text and tags.
 */
#define STORE_NOBODY "*"
enum store_error store_erase_some(struct store *store, size_t most, bool *is_done);

#endif
