/*
 * stream_log.h - what the stream face puts in a stretch of the log: records; and, in
 * lanes, what each looks like for the keys that read here.
 *
 * An entry is rendered when the first reader of a key comes to it, and then is
 * there for all with this key.
 */
#ifndef STREAM_LOG_H
#define STREAM_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "dialect.h"
#include "lane.h"
#include "record.h"
#include "stretch.h"

/* Keys that are rendered side by side; one that nobody has wanted for longest makes room. */
#define STREAM_LANES_MAX 32
#define STREAM_LANE_BYTES (1024u * 1024)

/* All zeroes: nothing is in it, and it has no memory yet. */
struct stream_log {
	struct stretch stretch;
	unsigned lanes_count;
	uint64_t lanes_clock;
	struct lane lanes[STREAM_LANES_MAX];
};

/* As stretch_init(). */
void stream_log_init(struct stream_log *log, size_t bytes_room, size_t entries_room, uint64_t seq);
void stream_log_finish(struct stream_log *log);

/* The next entry of the log, passed over if it concerns nobody. */
void stream_log_add(struct stream_log *log, const struct record *entry,
                    const struct stream_whom *whom);
/* What an account said concerns nobody any more: an ENTRY_ERASED has come. */
void stream_log_erase(struct stream_log *log, const struct record *erased);
/* Taken apart; slices point into the log's own memory. */
void stream_log_record(const struct stretch *stretch, const struct stretch_entry *entry,
                       struct record *record);

/* The lane of a key. Pointers into other lanes stay good. */
struct lane *stream_log_lane(struct stream_log *log, uint64_t key);

#endif
