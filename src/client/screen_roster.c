#include "screen_roster.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void screen_roster_finish(struct roster *roster) {
	free(roster->people);
	free(roster->order);
	*roster = (struct roster){0};
}

void screen_roster_clear(struct roster *roster) {
	roster->count = 0;
	roster->is_ordered = false;
}

/* The index of the first whose id is not below. */
static size_t place_of(const struct roster *roster, uint64_t id) {
	size_t low = 0, high = roster->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (roster->people[middle].id < id) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

const struct roster_person *screen_roster_find(const struct roster *roster, uint64_t id) {
	size_t place = place_of(roster, id);
	return place < roster->count && roster->people[place].id == id ? &roster->people[place]
	                                                               : NULL;
}

static void grow(struct roster *roster) {
	roster->capacity = roster->capacity == 0 ? 16 : 2 * roster->capacity;
	roster->people = realloc(roster->people, roster->capacity * sizeof roster->people[0]);
	roster->order = realloc(roster->order, roster->capacity * sizeof roster->order[0]);
	assert(roster->people != NULL && roster->order != NULL);
}

void screen_roster_put(struct roster *roster, uint64_t id, struct slice name, bool is_absent) {
	assert(name.size <= NAME_BYTES_MAX);
	size_t place = place_of(roster, id);
	if (place == roster->count || roster->people[place].id != id) {
		if (roster->count == roster->capacity) {
			grow(roster);
		}
		memmove(&roster->people[place + 1], &roster->people[place],
		        (roster->count - place) * sizeof roster->people[0]);
		roster->count++;
	}
	struct roster_person *person = &roster->people[place];
	*person = (struct roster_person){
		.id = id, .is_absent = is_absent, .size = (uint8_t)name.size};
	if (name.size > 0) {
		memcpy(person->name, name.bytes, name.size);
	}
	roster->is_ordered = false;
}

void screen_roster_drop(struct roster *roster, uint64_t id) {
	size_t place = place_of(roster, id);
	if (place < roster->count && roster->people[place].id == id) {
		roster->count--;
		memmove(&roster->people[place], &roster->people[place + 1],
		        (roster->count - place) * sizeof roster->people[0]);
		roster->is_ordered = false;
	}
}

static int compare(const void *a, const void *b, void *context) {
	const struct roster *roster = context;
	const struct roster_person *left = &roster->people[*(const uint32_t *)a];
	const struct roster_person *right = &roster->people[*(const uint32_t *)b];
	if (left->is_absent != right->is_absent) {
		return left->is_absent ? 1 : -1;
	}
	size_t size = left->size < right->size ? left->size : right->size;
	int order = memcmp(left->name, right->name, size);
	return order != 0 ? order : (int)left->size - (int)right->size;
}

const struct roster_person *screen_roster_at(struct roster *roster, size_t index) {
	assert(index < roster->count);
	if (!roster->is_ordered) {
		for (size_t i = 0; i < roster->count; i++) {
			roster->order[i] = (uint32_t)i;
		}
		qsort_r(roster->order, roster->count, sizeof roster->order[0], compare, roster);
		roster->is_ordered = true;
	}
	return &roster->people[roster->order[index]];
}
