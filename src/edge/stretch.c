#include "stretch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

_Static_assert(sizeof(struct stretch_entry) == 48, "what fan-out looks through is small");
_Static_assert(8 * ROOMS_PER_PERSON_MAX <= 4096, "further rooms fit an entry");

void stretch_init(struct stretch *stretch, size_t bytes_room, size_t entries_room, uint64_t seq) {
	*stretch = (struct stretch){.bytes_room = bytes_room, .entries_room = entries_room};
	stretch->bytes = allocate(bytes_room);
	stretch->entries = allocate(entries_room * sizeof(*stretch->entries));
	stretch_restart(stretch, seq);
}

void stretch_finish(struct stretch *stretch) {
	free(stretch->bytes);
	free(stretch->entries);
	*stretch = (struct stretch){0};
}

void stretch_restart(struct stretch *stretch, uint64_t seq) {
	stretch->first = stretch->end;
	stretch->low = stretch->high = seq;
}

/* ---- coming and going ---- */

static void drop_first(struct stretch *stretch) {
	stretch->low = stretch_entry(stretch, stretch->first)->seq;
	stretch->first++;
}

/* Room for so many bytes in one piece, and for an entry. */
static void make_room(struct stretch *stretch, size_t size) {
	size_t at = stretch->at & (stretch->bytes_room - 1);
	assert(size <= stretch->bytes_room / 2);
	if (at + size > stretch->bytes_room) {
		stretch->at += stretch->bytes_room - at;
	}
	while (stretch->first < stretch->end &&
	       (stretch->end - stretch->first == stretch->entries_room ||
	        stretch->at + size - stretch_entry(stretch, stretch->first)->at >
	                stretch->bytes_room)) {
		drop_first(stretch);
	}
}

bool stretch_has_room(const struct stretch *stretch) {
	if (stretch->first == stretch->end) {
		return true;
	}
	uint64_t used = stretch->at - stretch_entry(stretch, stretch->first)->at;
	/* What may be left free at the buffer's end is as much as an entry. */
	return used + 2 * STRETCH_ENTRY_BYTES_MAX <= stretch->bytes_room &&
	       stretch->end - stretch->first < stretch->entries_room;
}

struct stretch_entry *stretch_add(struct stretch *stretch, uint64_t seq, size_t size,
                                  struct slice more_rooms) {
	assert(seq > stretch->high);
	make_room(stretch, size + more_rooms.size);
	struct stretch_entry *entry = stretch_entry(stretch, stretch->end++);
	*entry = (struct stretch_entry){
		.seq = seq,
		.at = stretch->at,
		.size = (uint32_t)size,
		.more_rooms = (uint16_t)(more_rooms.size / 8),
	};
	if (more_rooms.size > 0) {
		memcpy(stretch_at(stretch, entry->at) + size, more_rooms.bytes, more_rooms.size);
	}
	stretch->at += size + more_rooms.size;
	stretch->high = seq;
	return entry;
}

void stretch_pass(struct stretch *stretch, uint64_t seq) {
	stretch->high = seq > stretch->high ? seq : stretch->high;
}

void stretch_withdraw(struct stretch *stretch, uint64_t seq) {
	uint64_t number = stretch->bytes == NULL ? 0 : stretch_after(stretch, seq - 1);
	struct stretch_entry *entry = number < stretch->end ? stretch_entry(stretch, number) : NULL;
	if (entry != NULL && entry->seq == seq) {
		entry->whom = STRETCH_SESSION;
		entry->ids[0] = 0;
	}
}

void stretch_withdraw_those(struct stretch *stretch,
                            bool (*is_its)(void *context, const struct stretch *stretch,
                                           const struct stretch_entry *entry),
                            void *context) {
	for (uint64_t i = stretch->first; i < stretch->end; i++) {
		struct stretch_entry *entry = stretch_entry(stretch, i);
		if (is_its(context, stretch, entry)) {
			entry->whom = STRETCH_SESSION;
			entry->ids[0] = 0;
		}
	}
}

/* ---- reading ---- */

uint64_t stretch_after(const struct stretch *stretch, uint64_t seq) {
	uint64_t low = stretch->first, high = stretch->end, step = 1;
	/* Most readers are near the end: backwards from there in growing steps, then by halves. */
	while (high - low > step && stretch_entry(stretch, high - step)->seq > seq) {
		high -= step;
		step *= 2;
	}
	if (high - low > step) {
		low = high - step;
	}
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (stretch_entry(stretch, middle)->seq > seq) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return low;
}

static bool concerns_rooms(const struct stretch *stretch, const struct stretch_entry *entry,
                           const struct memberships *of) {
	if (memberships_hold(of, entry->ids[0], entry->seq)) {
		return true;
	}
	const uint8_t *rooms = stretch_at(stretch, entry->at) + entry->size;
	for (unsigned i = 0; i < entry->more_rooms; i++) {
		uint64_t room;
		memcpy(&room, rooms + 8 * i, sizeof(room));
		if (memberships_hold(of, room, entry->seq)) {
			return true;
		}
	}
	return false;
}

bool stretch_concerns(const struct stretch *stretch, const struct stretch_entry *entry,
                      const struct stretch_reader *reader) {
	bool is_own = entry->person == (entry->by_session ? reader->session : reader->person);
	if (is_own && entry->skips_own && !reader->wants_echo) {
		return false;
	}
	switch (entry->whom) {
	case STRETCH_ALL: return true;
	case STRETCH_ROOMS:
		return (is_own && entry->has_own) || concerns_rooms(stretch, entry, reader->rooms);
	case STRETCH_PEOPLE:
		return entry->ids[0] == reader->person || entry->ids[1] == reader->person;
	default: return entry->ids[0] == reader->session;
	}
}
