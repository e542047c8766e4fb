/* pile.h - encoded records one behind the other: a list that waits to be shown. */
#ifndef PILE_H
#define PILE_H

#include <stdbool.h>
#include <stddef.h>

#include "record.h"

struct pile {
	char *bytes;
	size_t size, capacity;
	size_t count; /* records */
};

void pile_finish(struct pile *pile);
void pile_add(struct pile *pile, const struct record *record);
/* The record at *offset, which moves behind it; false at the end. */
bool pile_next(const struct pile *pile, size_t *offset, struct record *record);

#endif
