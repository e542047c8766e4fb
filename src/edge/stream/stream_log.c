#include "stream_log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "pool.h"

#define ENTRY_BYTES_MAX (RECORD_BYTES_MAX + 8 * ROOMS_PER_PERSON_MAX)

void stream_log_init(struct stream_log *log, size_t bytes_room, size_t entries_room,
                     size_t lane_room, uint64_t seq) {
	*log = (struct stream_log){
		.bytes_room = bytes_room, .entries_room = entries_room, .lane_room = lane_room};
	assert(ENTRY_BYTES_MAX <= bytes_room / 2);
	log->bytes = allocate(bytes_room);
	log->entries = allocate(entries_room * sizeof(*log->entries));
	stream_log_restart(log, seq);
}

void stream_log_finish(struct stream_log *log) {
	for (unsigned i = 0; i < log->lanes_count; i++) {
		lane_finish(&log->lanes[i]);
	}
	free(log->bytes);
	free(log->entries);
	*log = (struct stream_log){0};
}

void stream_log_restart(struct stream_log *log, uint64_t seq) {
	/* Numbers go on, so that no lane takes an entry for another. */
	log->first = log->end;
	log->low = log->high = seq;
}

/* ---- coming and going ---- */

static void drop_first(struct stream_log *log) {
	log->low = stream_log_entry(log, log->first)->seq;
	log->first++;
}

/* Room for so many bytes in one piece, and for an entry. */
static uint8_t *make_room(struct stream_log *log, size_t size) {
	size_t at = log->at & (log->bytes_room - 1);
	if (at + size > log->bytes_room) {
		log->at += log->bytes_room - at;
	}
	while (log->first < log->end &&
	       (log->end - log->first == log->entries_room ||
	        log->at + size - stream_log_entry(log, log->first)->at > log->bytes_room)) {
		drop_first(log);
	}
	return &log->bytes[log->at & (log->bytes_room - 1)];
}

bool stream_log_has_room(const struct stream_log *log) {
	if (log->first == log->end) {
		return true;
	}
	uint64_t used = log->at - stream_log_entry(log, log->first)->at;
	/* What may be left free at the buffer's end is as much as an entry. */
	return used + 2 * ENTRY_BYTES_MAX <= log->bytes_room &&
	       log->end - log->first < log->entries_room;
}

void stream_log_add(struct stream_log *log, const struct record *entry,
                    const struct stream_whom *whom) {
	assert(entry->seq > log->high);
	size_t more =
		whom->kind == STREAM_ROOMS && whom->rooms_count > 1 ? whom->rooms_count - 1 : 0;
	size_t size = record_size(entry);
	uint8_t *out = make_room(log, size + 8 * more);
	size = record_encode(entry, out, size);
	assert(size > 0);
	if (more > 0) {
		memcpy(out + size, &whom->rooms[1], 8 * more);
	}
	struct stream_entry *it = &log->entries[log->end & (log->entries_room - 1)];
	*it = (struct stream_entry){
		.seq = entry->seq,
		.person = entry->person,
		.at = log->at,
		.size = (uint32_t)size,
		.more_rooms = (uint16_t)more,
		.kind = (uint8_t)whom->kind,
		.skips_own = whom->skips_own,
		.must_ask = whom->must_ask,
	};
	if (whom->kind == STREAM_ROOMS) {
		it->room = whom->rooms_count > 0 ? whom->rooms[0] : 0;
	} else {
		memcpy(it->people, whom->people, sizeof(it->people));
	}
	log->end++;
	log->at += size + 8 * more;
	log->high = entry->seq;
}

void stream_log_pass(struct stream_log *log, uint64_t seq) {
	log->high = seq > log->high ? seq : log->high;
}

/* ---- reading ---- */

uint64_t stream_log_after(const struct stream_log *log, uint64_t seq) {
	uint64_t low = log->first, high = log->end, step = 1;
	/* Most readers are near the end: backwards from there in growing steps, then by halves. */
	while (high - low > step && stream_log_entry(log, high - step)->seq > seq) {
		high -= step;
		step *= 2;
	}
	if (high - low > step) {
		low = high - step;
	}
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (stream_log_entry(log, middle)->seq > seq) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return low;
}

void stream_log_record(const struct stream_log *log, const struct stream_entry *entry,
                       struct record *record) {
	const uint8_t *bytes = &log->bytes[entry->at & (log->bytes_room - 1)];
	size_t size = record_decode(record, bytes, entry->size);
	assert(size == entry->size);
}

static bool concerns_rooms(const struct stream_log *log, const struct stream_entry *entry,
                           const struct stream_reader *reader) {
	if (memberships_hold(reader->rooms, entry->room, entry->seq)) {
		return true;
	}
	const uint8_t *rooms = &log->bytes[entry->at & (log->bytes_room - 1)] + entry->size;
	for (unsigned i = 0; i < entry->more_rooms; i++) {
		uint64_t room;
		memcpy(&room, rooms + 8 * i, sizeof(room));
		if (memberships_hold(reader->rooms, room, entry->seq)) {
			return true;
		}
	}
	return false;
}

bool stream_log_concerns(const struct stream_log *log, const struct stream_entry *entry,
                         const struct stream_reader *reader) {
	if (entry->skips_own && entry->person == reader->person && !reader->wants_echo) {
		return false;
	}
	switch (entry->kind) {
	case STREAM_ALL: return true;
	case STREAM_ROOMS: return concerns_rooms(log, entry, reader);
	case STREAM_PEOPLE:
		return entry->people[0] == reader->person || entry->people[1] == reader->person;
	default: return false;
	}
}

/* ---- lanes ---- */

static struct lane *oldest(struct stream_log *log) {
	struct lane *lane = &log->lanes[0];
	for (unsigned i = 1; i < STREAM_LANES_MAX; i++) {
		lane = log->lanes[i].used < lane->used ? &log->lanes[i] : lane;
	}
	return lane;
}

struct lane *stream_log_lane(struct stream_log *log, uint32_t key) {
	struct lane *lane = NULL;
	for (unsigned i = 0; i < log->lanes_count && lane == NULL; i++) {
		lane = log->lanes[i].key == key ? &log->lanes[i] : NULL;
	}
	if (lane == NULL && log->lanes_count < STREAM_LANES_MAX) {
		lane = &log->lanes[log->lanes_count++];
		lane_init(lane, log->lane_room, log->entries_room);
		lane->key = key;
	} else if (lane == NULL) {
		lane = oldest(log);
		lane_restart(lane, key);
	}
	lane->used = ++log->lanes_clock;
	return lane;
}
