/*
 * stream_log.h - a stretch of the log: records, whom each concerns, and, in
 * lanes, what each looks like for the keys that read here.
 *
 *      low <                      seq                       ≤ high
 *   ┌──────────┬───────┬─────────────────────┬────────┬───────────┐
 *   │ record   │ record│ record              │ record │ record    │
 *   └──────────┴───────┴─────────────────────┴────────┴───────────┘
 *
 * Only what concerns somebody need be added. An entry is rendered when the first
 * reader of a key comes to it, and then is there for all with this key. Whoever
 * is below `low` reads from another stretch, the car's.
 */
#ifndef STREAM_LOG_H
#define STREAM_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialect.h"
#include "lane.h"
#include "memberships.h"
#include "record.h"
#include "slice.h"

/* Keys that are rendered side by side; one that nobody has wanted for longest makes room. */
#define STREAM_LANES_MAX 32

struct stream_entry {
	uint64_t seq;
	uint64_t person; /* who caused it, or whom it is about */
	union {
		uint64_t room; /* STREAM_ROOMS: the first */
		uint64_t people[STREAM_WHOM_PEOPLE_MAX];
	};
	uint64_t at;         /* of its record; behind that, further rooms */
	uint32_t size;       /* of its record */
	uint16_t more_rooms; /* 8 bytes each */
	uint8_t kind;        /* enum stream_whom_kind */
	bool skips_own : 1;
	bool must_ask : 1;
};

struct stream_log {
	uint8_t *bytes;
	size_t bytes_room, entries_room, lane_room; /* powers of two */
	struct stream_entry *entries;
	uint64_t at;
	uint64_t first, end; /* entries that are here, counted through */
	uint64_t low, high;
	unsigned lanes_count;
	uint64_t lanes_clock;
	struct lane lanes[STREAM_LANES_MAX];
};

/* Memory is taken at once, and touched as it is used. */
void stream_log_init(struct stream_log *log, size_t bytes_room, size_t entries_room,
                     size_t lane_room, uint64_t seq);
void stream_log_finish(struct stream_log *log);
/* Empty again, at another place of the log. */
void stream_log_restart(struct stream_log *log, uint64_t seq);

/* The next entry, higher than `high`. */
void stream_log_add(struct stream_log *log, const struct record *entry,
                    const struct stream_whom *whom);
/* Up to this seq there is nothing else. */
void stream_log_pass(struct stream_log *log, uint64_t seq);
/* Has it room for one more of any size, without letting go of one? */
bool stream_log_has_room(const struct stream_log *log);

/* The number, counted through, of the first entry behind `seq`; log->end if there is none. */
uint64_t stream_log_after(const struct stream_log *log, uint64_t seq);
static inline const struct stream_entry *stream_log_entry(const struct stream_log *log,
                                                          uint64_t number) {
	return &log->entries[number & (log->entries_room - 1)];
}
/* Taken apart; slices point into the log's own memory. */
void stream_log_record(const struct stream_log *log, const struct stream_entry *entry,
                       struct record *record);

/* Who reads. */
struct stream_reader {
	uint64_t person;
	const struct memberships *rooms;
	bool wants_echo;
};
/* Without must_ask, which is the dialect's. */
bool stream_log_concerns(const struct stream_log *log, const struct stream_entry *entry,
                         const struct stream_reader *reader);

/* The lane of a key. Pointers into other lanes stay good. */
struct lane *stream_log_lane(struct stream_log *log, uint32_t key);

#endif
