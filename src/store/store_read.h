/*
 * store_read.h - reading the log and the state.
 *
 * Each call sees log.db as it was at one moment; between store_snapshot() and
 * store_release() all calls see the same one. A snapshot that is held keeps
 * the WAL from shrinking, so none is held while somebody else is waited for.
 *
 * Records that are handed to a callback are valid until it returns; it says
 * false to stop. Entries come as the hub published them but for what
 * store.h's `more` leaves out, and routes and homes.
 */
#ifndef STORE_READ_H
#define STORE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"
#include "store.h"

typedef bool store_each(void *context, const struct record *record);

enum store_error store_snapshot(struct store *store);
void store_release(struct store *store);

/* The state's rows, ROW_META first, in an order that state_load_row() takes. */
enum store_error store_rows(struct store *store, store_each *each, void *context);

/* Is it two people's conversation, as far as log.db knows? */
enum store_error store_is_thread(struct store *store, uint64_t room, bool *is_thread);
/*
 * The last `count` entries with seq <= `seq` that are shown in a room, oldest first; of a thread,
 * which is asked for by its id: its direct messages, and nothing else.
 */
enum store_error store_last(struct store *store, uint64_t room, uint64_t seq, size_t count,
                            store_each *each, void *context);
/* The first `count` with seq > `seq`, likewise. */
enum store_error store_next(struct store *store, uint64_t room, uint64_t seq, size_t count,
                            store_each *each, void *context);
/* Both, with events (record_is_event()) among them. */
enum store_error store_last_events(struct store *store, uint64_t room, uint64_t seq, size_t count,
                                   store_each *each, void *context);
enum store_error store_next_events(struct store *store, uint64_t room, uint64_t seq, size_t count,
                                   store_each *each, void *context);
/* The last `count` with seq <= `seq` that were said in a room, or a thread, oldest first. */
enum store_error store_messages(struct store *store, uint64_t room, uint64_t seq, size_t count,
                                store_each *each, void *context);
/* The first `count` with seq > `seq`, likewise. */
enum store_error store_messages_after(struct store *store, uint64_t room, uint64_t seq,
                                      size_t count, store_each *each, void *context);
/* Those with which somebody left, was put out, or took another name: newest first. */
enum store_error store_goings(struct store *store, uint64_t from, uint64_t to, size_t count,
                              store_each *each, void *context);
/* Is this what a room's members are shown? What store_last() gives, for entries from elsewhere (a thread is for the caller to know). */
bool store_is_shown(const struct record *entry, uint64_t room);

/* The first `count` entries with seq > `seq` with which the person entered or left a room, oldest first. */
enum store_error store_moves(struct store *store, uint64_t person, uint64_t seq, size_t count,
                             store_each *each, void *context);

/* The first `count` acts with seq > `seq`, at or after that time. */
enum store_error store_acts(struct store *store, uint64_t since_us, uint64_t seq, size_t count,
                            store_each *each, void *context);

/* Up to `count` entries with from <= seq <= to, oldest first; or newest first. */
enum store_error store_forward(struct store *store, uint64_t from, uint64_t to, size_t count,
                               store_each *each, void *context);
enum store_error store_backward(struct store *store, uint64_t from, uint64_t to, size_t count,
                                store_each *each, void *context);

/* The first entry at or after that time (UINT64_MAX if there is none): times rise with seq. */
enum store_error store_seq_since(struct store *store, uint64_t time_us, uint64_t *seq);
/* The oldest entry that is still there; UINT64_MAX if there is none. */
enum store_error store_seq_oldest(struct store *store, uint64_t *seq);

#endif
