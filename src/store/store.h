/*
 * store.h - log.db: the log and the state that follows from it, on disk.
 *
 * This folder is the only one that speaks SQLite. One process writes log.db
 * (the scribe); any number read it beside (the clerk, `qun history`), in WAL
 * mode, none waiting for another.
 *
 * The tables:
 *
 *   meta      one row: the log's id, S (the last entry stored) and its time,
 *             the ring that goes on after S and the position where, the reserve,
 *             and up to where the entries are forgotten
 *   entries   seq, room, time, kind, person, name, text, more
 *   entry_rooms   room, seq: the rooms of an entry beyond its first
 *   acts      those of the entries that are acts (act.h), hidden ones too; as entries
 *   erasures  accounts of which all that they did is being deleted (store_redact.h)
 *   rows      the state after S: kind, id, other, record
 *
 * entries.room is the entry's first room, 0 for what everybody hears in every
 * room (a shout), NULL for what nobody hears (a ban). `more` is what is left
 * of the entry: record_encode_public() of it without seq, time, person, room,
 * name, text, and without which request it answers (that means something only
 * while the ring lives); NULL when nothing is left, as with everything said.
 * Hidden entries (record_is_hidden()) change rows and S and leave no entry, but for
 * events (record_is_event()), which only who asks for them is given. What was taken
 * back is deleted (store_redact.h). Acts go with the history they belong to: what is
 * forgotten, is. The room of a direct message is its thread: nobody but its two people is shown
 * it, so whatever is asked for a room, or for everything, is without them.
 *
 * Every function that can fail returns a store_error; store_why() then has a
 * sentence for people. What is damaged is said and never written to.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct store;

/* One list makes the enum and its words: number, name, words. */
#define STORE_ERRORS(X)                                                                            \
	X(0, STORE_OK, "done")                                                                     \
	X(-1, STORE_NONE, "there is none")                                                         \
	X(-2, STORE_DAMAGED, "it is damaged")                                                      \
	X(-3, STORE_NEWER, "a newer version wrote it")                                             \
	X(-4, STORE_OLDER, "an older version wrote it") /* and a reader does not migrate */        \
	X(-5, STORE_FOREIGN, "it is another program's")                                            \
	X(-6, STORE_REFUSED, "it is not permitted")                                                \
	X(-7, STORE_FULL, "the disk is full")                                                      \
	X(-8, STORE_IO, "the disk failed")                                                         \
	X(-9, STORE_BUSY, "somebody else holds it")                                                \
	X(-10, STORE_NO_MEMORY, "no memory is left")                                               \
	X(-11, STORE_FAILED, "SQLite refused")

#define STORE_ERROR_VALUE(number, name, words) name = (number),
enum store_error { STORE_ERRORS(STORE_ERROR_VALUE) };
#undef STORE_ERROR_VALUE

/* The words above; never NULL. */
const char *store_strerror(enum store_error error);

#define STORE_WHY_BYTES 512

/* What it is opened for. */
enum store_use {
	STORE_WRITE,  /* the scribe: made if there is none, migrated, checked */
	STORE_BESIDE, /* the clerk: reads, and moves the WAL into the file */
	STORE_READ,   /* anybody: touches nothing, also where nothing may be touched */
};

/* The one row of meta. */
struct store_meta {
	uint64_t log;           /* random: another log, or a restored backup, has another */
	uint64_t seq;           /* S: the last entry stored; 0: none yet */
	uint64_t time_us;       /* of S */
	uint64_t ring;          /* the id of the ring that goes on after S; 0: none */
	uint64_t ring_position; /* where in it */
	uint64_t reserve;       /* numbers up to this one may have been given */
	uint64_t forgotten; /* entries up to this one are no longer kept: store_forget() moves it */
};

/*
 * Opens log.db in a data folder. On success *out is the caller's, to be closed
 * with store_close(); on failure *out is NULL and `why` says what is wrong and
 * what to do about it, in one sentence without a full stop.
 *
 * Opening looks at the header, the schema, and the last entries and their
 * places in the index; store_check() looks at everything.
 */
enum store_error store_open(struct store **out, const char *folder, enum store_use use,
                            char why[static STORE_WHY_BYTES]);
void store_close(struct store *store);

/* The sentence of the last failure. Valid until the next call. */
const char *store_why(const struct store *store);

/* True when store_open() made the file just now. */
bool store_is_new(const struct store *store);
/* The schema version that a copy was kept of before it was migrated; 0: nothing was migrated. */
unsigned store_migrated_from(const struct store *store);

enum store_error store_meta(struct store *store, struct store_meta *meta);

/*
 * Moves the WAL's pages into log.db. What may be in use by a reader stays, and
 * nobody waits; with `is_truncating` the WAL is emptied, for which the writer
 * has to wait until it is done. STORE_BUSY if it could not be done now.
 */
enum store_error store_checkpoint(struct store *store, bool is_truncating);
/* Gives the memory of the page cache back: the pages are read again when they are wanted. */
void store_give_back(struct store *store);
/* Bytes of the WAL; 0 if there is none. */
uint64_t store_wal_bytes(const struct store *store);

/*
 * Reads everything: each entry and its places in the indices, each place and
 * its entry, each row of the state, and that the rows make a state. In steps
 * of some milliseconds (the rows are one step), so that a process can serve
 * others between; what others write meanwhile does no harm.
 *
 * `say` gets a sentence per problem, some 100 at most; it may be NULL.
 */
struct store_check;
struct store_check *store_check_create(struct store *store,
                                       void (*say)(void *context, const char *sentence),
                                       void *context);
/* False when everything has been read. */
bool store_check_step(struct store_check *check);
/* How many problems were found so far. */
size_t store_check_problems(const struct store_check *check);
void store_check_destroy(struct store_check *check);

#endif
