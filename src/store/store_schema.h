/*
 * store_schema.h - what log.db looks like, in which version, and how one
 * version becomes the next.
 *
 * The version is PRAGMA user_version. A migration is one SQL text that makes
 * version N+1 of N; the list is for ever, so that every older file can be
 * brought up. Before the first is run the file is copied to log.db.vN, once.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store_inner.h"

#define STORE_APPLICATION_ID 0x71756e31 /* "qun1" */
#define STORE_VERSION 5

/* The table of contents that a file of this version has, as one text that CREATEs it. */
extern const char store_schema_sql[];

/* Step i makes version i + 2 of version i + 1. */
struct store_migration {
	const char *sql;
};

/* Makes an empty file a log.db of this version, with a new log id. */
enum store_error store_schema_create(struct store *store);
/*
 * Says what file this is: ours, of which version. A writer migrates an older
 * one by the list given (a test has its own), which leads up to `version`.
 */
enum store_error store_schema_bring_up(struct store *store, const struct store_migration *list,
                                       unsigned version);
enum store_error store_schema_enter(struct store *store);
/* Compares tables and indices with those of this version. */
enum store_error store_schema_check(struct store *store);

#endif
