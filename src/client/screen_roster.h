/*
 * screen_roster.h - the people of one room, by id and in the order of their names:
 * first the connected, then the absent.
 */
#ifndef SCREEN_ROSTER_H
#define SCREEN_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "slice.h"

struct roster_person {
	uint64_t id;
	bool is_absent;
	uint8_t size;
	char name[NAME_BYTES_MAX]; /* as the server has it */
};

struct roster {
	size_t count, capacity;
	struct roster_person *people; /* by id, rising */
	uint32_t *order;              /* indices, as they are shown */
	bool is_ordered;
};

void screen_roster_finish(struct roster *roster); /* one that is all zeros is empty */
void screen_roster_put(struct roster *roster, uint64_t id, struct slice name, bool is_absent);
void screen_roster_drop(struct roster *roster, uint64_t id);
void screen_roster_clear(struct roster *roster);

/* NULL: nobody of that id. */
const struct roster_person *screen_roster_find(const struct roster *roster, uint64_t id);
/* The index-th as they are shown. */
const struct roster_person *screen_roster_at(struct roster *roster, size_t index);

static inline struct slice screen_roster_name(const struct roster_person *person) {
	return slice_of(person->name, person->size);
}

#endif
