/*
 * link_people.h - the people of one room, by their numbers, and what of it the face
 * has not been told yet. Who went is kept, marked, until that was told.
 */
#ifndef LINK_PEOPLE_H
#define LINK_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "slice.h"

enum person_mark {
	PERSON_NEWS = 1, /* not told */
	PERSON_GONE = 2,
	PERSON_ABSENT = 4,
	PERSON_STALE = 8, /* people_doubt() */
};

struct person {
	uint64_t id;
	uint8_t marks;
	uint8_t name_size;
	char name[NAME_BYTES_MAX];
};

/* All zeros: nobody. */
struct people {
	size_t count, room_for; /* those who went among them */
	struct person *all;     /* by id, ascending */
	size_t connected, absent;
	bool has_news;
	size_t scan; /* where to look for the next news */
};

void people_finish(struct people *people);

/*
 * Somebody is there. False if there is no memory. `keeps` the absence that is known, for entries do
 * not tell of it.
 */
bool people_put(struct people *people, uint64_t id, struct slice name, bool is_absent, bool keeps);
void people_remove(struct people *people, uint64_t id);
/* Only if that person is there. */
void people_rename(struct people *people, uint64_t id, struct slice name);

/* Everybody above `after` is in doubt until put again; whoever still is, up to `last`, goes. */
void people_doubt(struct people *people, uint64_t after);
void people_settle(struct people *people, uint64_t last);

/* The next one who is news; false: none. Who went is forgotten thereby. */
bool people_news(struct people *people, struct person *person);
/* All are news; those who went are forgotten. */
void people_retell(struct people *people);

#endif
