/*
 * search_inner.h - how a search lies in memory, and what is done to one of FTS5's tables: for
 * search*.c alone. What returns an int returns SQLite's results.
 */
#ifndef SEARCH_INNER_H
#define SEARCH_INNER_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "record.h"
#include "search.h"
#include "store_inner.h"

#define SEARCH_BUSY_MS_MAX 1000

struct search {
	sqlite3 *db;
	bool is_writer;
	uint64_t log;
	uint64_t seq;     /* writer: as in meta */
	uint64_t time_us; /* of the last entry that was taken in */
	int64_t part;     /* writer: the part that `insert` is for; -1: none */
	sqlite3_stmt *insert;
	char path[STORE_PATH_BYTES];
	char why[STORE_WHY_BYTES];
};

/* The name of a part's table, or of the one that is to take its place. */
#define SEARCH_TABLE_BYTES 40
void search_name_table(char name[static SEARCH_TABLE_BYTES], int64_t part, bool is_new);

enum store_error search_fail(struct search *search, int result);
__attribute__((format(printf, 2, 3))) int search_execute(struct search *search, const char *format,
                                                         ...);
/* Rolls back; the feeding's statement goes as well, as its table may. Returns the error. */
enum store_error search_give_up(struct search *search, enum store_error error);
/* No feeding's statement is held any more. */
void search_leave_part(struct search *search);

/* Is what it says in the index? */
bool search_is_indexed(const struct record *entry);
int search_make_table(struct search *search, const char *name);
int search_prepare_insert(struct search *search, const char *name, sqlite3_stmt **insert);
int search_insert(sqlite3_stmt *insert, const struct record *entry);
/* Merges for some milliseconds. *is_merged: nothing is left to do. */
int search_merge(struct search *search, const char *name, bool *is_merged);

/* search_renew.c: an entry that the feeding takes in; what is in the index was read up to `indexed`. */
int search_note_redaction(struct search *search, const struct record *entry, uint64_t indexed);

#endif
