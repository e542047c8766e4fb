#include "link_people.h"

#include <stdlib.h>

/* The first whose id is not smaller. */
static size_t place_of(const struct people *people, uint64_t id) {
	size_t low = 0, high = people->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (people->all[middle].id < id) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static struct person *find(const struct people *people, uint64_t id) {
	size_t place = place_of(people, id);
	return place < people->count && people->all[place].id == id ? &people->all[place] : NULL;
}

void people_finish(struct people *people) {
	free(people->all);
	*people = (struct people){0};
}

/* Takes one out of the numbers, or puts one in. */
static void count(struct people *people, const struct person *person, size_t one) {
	if ((person->marks & PERSON_GONE) != 0) {
		return;
	}
	if ((person->marks & PERSON_ABSENT) != 0) {
		people->absent += one;
	} else {
		people->connected += one;
	}
}

static void note_news(struct people *people, struct person *person) {
	person->marks |= PERSON_NEWS;
	people->has_news = true;
}

static struct person *insert(struct people *people, uint64_t id) {
	if (people->count == people->room_for) {
		size_t room_for = people->room_for == 0 ? 16 : 2 * people->room_for;
		struct person *all = realloc(people->all, room_for * sizeof *all);
		if (all == NULL) {
			return NULL;
		}
		people->all = all;
		people->room_for = room_for;
	}
	size_t place = place_of(people, id);
	struct person *person = &people->all[place];
	memmove(person + 1, person, (people->count++ - place) * sizeof *person);
	*person = (struct person){.id = id, .marks = PERSON_GONE};
	return person;
}

static bool set_name(struct person *person, struct slice name) {
	name = name.size > NAME_BYTES_MAX ? slice_first(name, NAME_BYTES_MAX) : name;
	if (slice_equal(slice_of(person->name, person->name_size), name)) {
		return false;
	}
	person->name_size = (uint8_t)name.size;
	if (name.size > 0) {
		memcpy(person->name, name.bytes, name.size);
	}
	return true;
}

bool people_put(struct people *people, uint64_t id, struct slice name, bool is_absent, bool keeps) {
	struct person *person = find(people, id);
	if (person == NULL) {
		person = insert(people, id);
	}
	if (person == NULL) {
		return false;
	}
	uint8_t before = person->marks;
	count(people, person, (size_t)-1);
	person->marks &= (uint8_t) ~(PERSON_GONE | PERSON_STALE);
	if (!keeps || (before & PERSON_GONE) != 0) {
		person->marks &= (uint8_t)~PERSON_ABSENT;
		person->marks |= is_absent ? PERSON_ABSENT : 0;
	}
	count(people, person, 1);
	uint8_t shown = PERSON_GONE | PERSON_ABSENT;
	if (set_name(person, name) || (before & shown) != (person->marks & shown)) {
		note_news(people, person);
	}
	return true;
}

static void remove_person(struct people *people, struct person *person) {
	if ((person->marks & PERSON_GONE) == 0) {
		count(people, person, (size_t)-1);
		person->marks |= PERSON_GONE;
		note_news(people, person);
	}
}

void people_remove(struct people *people, uint64_t id) {
	struct person *person = find(people, id);
	if (person != NULL) {
		remove_person(people, person);
	}
}

void people_rename(struct people *people, uint64_t id, struct slice name) {
	struct person *person = find(people, id);
	if (person != NULL && set_name(person, name)) {
		note_news(people, person);
	}
}

void people_doubt(struct people *people, uint64_t after) {
	for (size_t i = place_of(people, after); i < people->count; i++) {
		people->all[i].marks |= people->all[i].id > after ? PERSON_STALE : 0;
	}
}

void people_settle(struct people *people, uint64_t last) {
	for (size_t i = 0; i < people->count && people->all[i].id <= last; i++) {
		struct person *person = &people->all[i];
		if ((person->marks & PERSON_STALE) != 0) {
			person->marks &= (uint8_t)~PERSON_STALE;
			remove_person(people, person);
		}
	}
}

static void forget(struct people *people, size_t place) {
	people->count--;
	memmove(&people->all[place], &people->all[place + 1],
	        (people->count - place) * sizeof people->all[0]);
}

bool people_news(struct people *people, struct person *person) {
	size_t looked_at = 0;
	while (people->has_news && looked_at <= people->count) {
		if (people->scan >= people->count) {
			people->scan = 0;
		}
		if (people->count == 0) {
			break;
		}
		struct person *next = &people->all[people->scan];
		if ((next->marks & PERSON_NEWS) != 0) {
			next->marks &= (uint8_t)~PERSON_NEWS;
			*person = *next;
			if ((next->marks & PERSON_GONE) != 0) {
				forget(people, people->scan);
			} else {
				people->scan++;
			}
			return true;
		}
		people->scan++;
		looked_at++;
	}
	people->has_news = false;
	return false;
}

void people_retell(struct people *people) {
	size_t kept = 0;
	for (size_t i = 0; i < people->count; i++) {
		if ((people->all[i].marks & PERSON_GONE) == 0) {
			people->all[kept] = people->all[i];
			people->all[kept++].marks |= PERSON_NEWS;
		}
	}
	people->count = kept;
	people->has_news = kept > 0;
	people->scan = 0;
}
