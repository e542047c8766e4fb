/*
 * log_window.h - a stretch of the log, rendered once for all who read it: the
 * items as they stand in a LOG, one behind the other in a circular buffer, and
 * for each what one has to know to see whom it concerns.
 *
 *      low <                      seq                       ≤ high
 *   ┌──────────┬───────┬─────────────────────┬────────┬───────────┐
 *   │ item     │ item  │ item                │ item   │ item      │
 *   └──────────┴───────┴─────────────────────┴────────┴───────────┘
 *
 * The newest is added at the high end, and what there is no more room for goes
 * from the low end. Readers are cursors: whoever is below `low` reads from
 * another window, the car's (car.h).
 */
#ifndef LOG_WINDOW_H
#define LOG_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memberships.h"
#include "record.h"
#include "slice.h"

/* Whom an entry concerns. */
enum log_whom { WHOM_ALL, WHOM_ROOMS, WHOM_TWO, WHOM_SESSION };

struct log_entry {
	uint64_t seq;
	uint64_t person;     /* whom it is about: it always concerns this one */
	uint64_t other;      /* WHOM_TWO: the other person; WHOM_SESSION: the session */
	uint64_t room;       /* WHOM_ROOMS: the first */
	uint64_t at;         /* position of its item */
	uint32_t size;       /* of the item */
	uint16_t more_rooms; /* their ids lie behind the item, 8 bytes each */
	uint8_t whom;
	uint8_t head_bytes; /* of the item, before the entry itself */
	int8_t move;        /* 1: `person` enters the room, -1: leaves it */
};

struct log_window {
	uint8_t *bytes;
	size_t bytes_room, entries_room; /* powers of two */
	struct log_entry *entries;
	uint64_t at;         /* where the next item goes */
	uint64_t first, end; /* entries that are here, counted through */
	uint64_t low, high;
};

/* Memory is taken at once, and touched as it is used. Nothing is in it but that it ends with `seq`. */
void log_window_init(struct log_window *window, size_t bytes_room, size_t entries_room,
                     uint64_t seq);
void log_window_finish(struct log_window *window);
/* Empty again, at another place of the log. */
void log_window_restart(struct log_window *window, uint64_t seq);

/* Of no concern to anybody who speaks the session dialect. */
bool log_window_is_hidden(const struct record *entry);
/* The next entry of the log, higher than `high`; `other`: the name of the room, where the record has none. */
void log_window_add(struct log_window *window, const struct record *entry, struct slice other);
/* Up to this seq there is nothing else. */
void log_window_pass(struct log_window *window, uint64_t seq);

/* The number, counted through, of the first entry behind `seq`; window->end if there is none. */
uint64_t log_window_after(const struct log_window *window, uint64_t seq);
static inline const struct log_entry *log_window_entry(const struct log_window *window,
                                                       uint64_t number) {
	return &window->entries[number & (window->entries_room - 1)];
}
/* Bytes from one position to another; contiguous if they are of one item, or of items one behind the other. */
static inline const uint8_t *log_window_at(const struct log_window *window, uint64_t at) {
	return &window->bytes[at & (window->bytes_room - 1)];
}
/* Does the item of `next` lie right behind that of `entry`? */
static inline bool log_window_touch(const struct log_window *window, const struct log_entry *entry,
                                    const struct log_entry *next) {
	return next->at == entry->at + entry->size && (next->at & (window->bytes_room - 1)) != 0;
}

/* Who reads. */
struct log_reader {
	uint64_t session, person;
	const struct memberships *memberships;
};
bool log_window_concerns(const struct log_window *window, const struct log_entry *entry,
                         const struct log_reader *reader);

#endif
