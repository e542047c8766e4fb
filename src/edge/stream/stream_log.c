#include "stream_log.h"

#include <assert.h>

#include "author.h"

void stream_log_init(struct stream_log *log, size_t bytes_room, size_t entries_room, uint64_t seq) {
	*log = (struct stream_log){0};
	stretch_init(&log->stretch, bytes_room, entries_room, seq);
}

void stream_log_finish(struct stream_log *log) {
	for (unsigned i = 0; i < log->lanes_count; i++) {
		lane_finish(&log->lanes[i]);
	}
	stretch_finish(&log->stretch);
	*log = (struct stream_log){0};
}

/* ---- records ---- */

static void note_whom(struct stretch_entry *it, const struct stream_whom *whom) {
	it->skips_own = whom->skips_own;
	it->by_session = whom->skips_session;
	it->must_ask = whom->must_ask;
	switch (whom->kind) {
	case STREAM_ROOMS:
		it->whom = STRETCH_ROOMS;
		it->ids[0] = whom->rooms_count > 0 ? whom->rooms[0] : 0;
		break;
	case STREAM_PEOPLE:
		it->whom = STRETCH_PEOPLE;
		it->ids[0] = whom->people[0];
		it->ids[1] = whom->people[1];
		break;
	default: it->whom = STRETCH_ALL; break;
	}
}

void stream_log_add(struct stream_log *log, const struct record *entry,
                    const struct stream_whom *whom) {
	if (whom->kind == STREAM_NOBODY) {
		stretch_pass(&log->stretch, entry->seq);
		return;
	}
	size_t more =
		whom->kind == STREAM_ROOMS && whom->rooms_count > 1 ? whom->rooms_count - 1 : 0;
	size_t size = record_size(entry);
	struct stretch_entry *it = stretch_add(&log->stretch, entry->seq, size,
	                                       slice_of((const char *)&whom->rooms[1], 8 * more));
	it->person = whom->skips_session ? entry->session : entry->person;
	note_whom(it, whom);
	size_t encoded = record_encode(entry, stretch_at(&log->stretch, it->at), size);
	assert(encoded == size);
}

void stream_log_record(const struct stretch *stretch, const struct stretch_entry *entry,
                       struct record *record) {
	size_t size = record_decode(record, stretch_at(stretch, entry->at), entry->size);
	assert(size == entry->size);
}

static bool is_its(void *context, const struct stretch *stretch,
                   const struct stretch_entry *entry) {
	struct record record;
	stream_log_record(stretch, entry, &record);
	return author_said(context, &record);
}

void stream_log_erase(struct stream_log *log, const struct record *erased) {
	struct author author;
	author_init_erased(&author, erased);
	stretch_withdraw_those(&log->stretch, is_its, &author);
}

/* ---- lanes ---- */

static struct lane *oldest(struct stream_log *log) {
	struct lane *lane = &log->lanes[0];
	for (unsigned i = 1; i < STREAM_LANES_MAX; i++) {
		lane = log->lanes[i].used < lane->used ? &log->lanes[i] : lane;
	}
	return lane;
}

struct lane *stream_log_lane(struct stream_log *log, uint64_t key) {
	struct lane *lane = NULL;
	for (unsigned i = 0; i < log->lanes_count && lane == NULL; i++) {
		lane = log->lanes[i].key == key ? &log->lanes[i] : NULL;
	}
	if (lane == NULL && log->lanes_count < STREAM_LANES_MAX) {
		lane = &log->lanes[log->lanes_count++];
		lane_init(lane, STREAM_LANE_BYTES, log->stretch.entries_room);
		lane->key = key;
	} else if (lane == NULL) {
		lane = oldest(log);
		lane_restart(lane, key);
	}
	lane->used = ++log->lanes_clock;
	return lane;
}
