/*
 * archive.h - all that was ever said, wherever it lies: log.db up to S, the
 * ring behind it, search.db for what is in it.
 */
#ifndef ARCHIVE_H
#define ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "ring.h"
#include "search.h"
#include "slices.h"
#include "store.h"

/* Everything is the caller's; search may be NULL. */
struct archive {
	struct store *store;
	struct search *search;
	struct ring *ring;
};

/*
 * The rows of the state, encoded, in a sealed memfd that is the caller's, with
 * the seq they are at and the ring's position behind it; the ring still has
 * what follows. -1 with the reason in `why`.
 */
int archive_state(struct archive *archive, uint64_t *seq, uint64_t *position,
                  char why[static STORE_WHY_BYTES]);

/*
 * The last entries with seq <= `seq` that are shown in the room, oldest first. Room 0: all there are,
 * but for direct messages; a thread's id: its direct messages, and nothing else.
 */
enum store_error archive_last(struct archive *archive, uint64_t room, uint64_t seq,
                              struct slices *out);
/* The first entries with seq > `seq`, likewise. */
enum store_error archive_next(struct archive *archive, uint64_t room, uint64_t seq,
                              struct slices *out);
/* The first entries with seq > `seq` of all that anybody may be shown, direct messages too. */
enum store_error archive_all(struct archive *archive, uint64_t seq, struct slices *out);
/* The first entries with seq > `seq` with which the person entered or left a room. */
enum store_error archive_moves(struct archive *archive, uint64_t person, uint64_t seq,
                               struct slices *out);
/* As archive_last(), of what was said alone. */
enum store_error archive_messages(struct archive *archive, uint64_t room, uint64_t seq,
                                  struct slices *out);
/* As archive_next(), of what was said alone. */
enum store_error archive_messages_after(struct archive *archive, uint64_t room, uint64_t seq,
                                        struct slices *out);
/* Both, with events (record_is_event()) among them. */
enum store_error archive_events(struct archive *archive, uint64_t room, uint64_t seq,
                                struct slices *out);
enum store_error archive_events_after(struct archive *archive, uint64_t room, uint64_t seq,
                                      struct slices *out);
/* What was said in the room, or the thread, with just this seq, or the event; if it is there. */
enum store_error archive_entry(struct archive *archive, uint64_t room, uint64_t seq,
                               struct slices *out);
/*
 * The last direct messages to the person with seq > `seq`, oldest first, whoever wrote them. Only so
 * many entries are looked at (ARCHIVE_LETTERS_MAX).
 */
#define ARCHIVE_LETTERS_MAX 100000
enum store_error archive_letters(struct archive *archive, uint64_t person, uint64_t seq,
                                 struct slices *out);
/* The first acts (act.h) with seq > `seq`, at or after that time. */
enum store_error archive_acts(struct archive *archive, uint64_t since_us, uint64_t seq,
                              struct slices *out);
/*
 * The last entries with seq <= `seq` with which somebody gave up the name: left, was put out, is
 * called something else now. Only so many entries are looked at (ARCHIVE_GONE_MAX).
 */
#define ARCHIVE_GONE_MAX 20000
enum store_error archive_gone(struct archive *archive, struct slice name, uint64_t seq,
                              struct slices *out);
/* As archive_last(), of those that hold the text. Gives up after a bounded time with what it has. */
enum store_error archive_search(struct archive *archive, struct search_query *query, uint64_t room,
                                uint64_t seq, struct slices *out);

#endif
