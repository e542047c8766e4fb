/*
 * author.h - whose an entry is, of an account: what its person did, under whatever name; and what
 * was done under its name by who was signed in, since there is this account. So what an earlier holder
 * of the name said, with an account of that name or without one, is not its own.
 */
#ifndef AUTHOR_H
#define AUTHOR_H

#include <stdbool.h>
#include <stdint.h>

#include "name.h"
#include "record.h"

struct author {
	uint64_t account; /* its id */
	uint64_t person;  /* 0: it has none */
	struct name_key key;
	/* The last name that was compared, mostly the next one's as well. */
	char last[NAME_BYTES_MAX];
	size_t last_size;
	bool is_last_its;
};

/* False: nobody can be called so. */
bool author_init(struct author *author, uint64_t account, uint64_t person, struct slice name);
bool author_made(struct author *author, const struct record *entry);

/* Of the account that an ENTRY_ERASED is about. */
void author_init_erased(struct author *author, const struct record *erased);
/* Is it a text, or tags, that it said? What the others are is part of what follows from the log. */
bool author_said(struct author *author, const struct record *entry);

#endif
