#include "log_window.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "pool.h"
#include "wire.h"

/* An item's kind and its size. */
#define ITEM_HEAD_BYTES_MAX 4

void log_window_init(struct log_window *window, size_t bytes_room, size_t entries_room,
                     uint64_t seq) {
	*window = (struct log_window){.bytes_room = bytes_room, .entries_room = entries_room};
	window->bytes = allocate(bytes_room);
	window->entries = allocate(entries_room * sizeof(*window->entries));
	log_window_restart(window, seq);
}

void log_window_finish(struct log_window *window) {
	free(window->bytes);
	free(window->entries);
	*window = (struct log_window){0};
}

void log_window_restart(struct log_window *window, uint64_t seq) {
	window->first = window->end;
	window->low = window->high = seq;
}

/* ---- whom it concerns ---- */

static int whom_of(uint16_t kind) {
	switch (kind) {
	case ENTRY_ENTERED:
	case ENTRY_LEFT:
	case ENTRY_SAID:
	case ENTRY_RENAMED:
	case ENTRY_KICKED:
	case ENTRY_JOINED:
	case ENTRY_PARTED:
	case ENTRY_TOPIC:
	case ENTRY_MODE:
	case ENTRY_PUT_OUT: return WHOM_ROOMS;
	case ENTRY_SHOUTED:
	case ENTRY_CLOSED: return WHOM_ALL;
	case ENTRY_DIRECT: return WHOM_TWO;
	case ENTRY_REFUSED: return WHOM_SESSION;
	default: return -1;
	}
}

bool log_window_is_hidden(const struct record *entry) {
	return whom_of(entry->kind) < 0;
}

static int8_t move_of(uint16_t kind) {
	switch (kind) {
	case ENTRY_JOINED: return 1;
	case ENTRY_PARTED:
	case ENTRY_PUT_OUT: return -1;
	default: return 0;
	}
}

static uint64_t other_of(const struct record *entry) {
	switch (entry->kind) {
	case ENTRY_DIRECT: return entry->target;
	case ENTRY_REFUSED: return entry->session;
	default: return 0;
	}
}

/* ---- rendering ---- */

static struct slice other_name(const struct record *entry, struct slice room_name) {
	switch (entry->kind) {
	case ENTRY_ENTERED: return record_rooms_count(entry) == 1 ? room_name : slice_of(NULL, 0);
	case ENTRY_KICKED:
	case ENTRY_PUT_OUT: return entry->by;
	case ENTRY_JOINED:
	case ENTRY_TOPIC:
	case ENTRY_MODE:
	case ENTRY_PARTED: return entry->other_name.size > 0 ? entry->other_name : room_name;
	default: return entry->other_name;
	}
}

static size_t render(const struct record *entry, struct slice room_name, uint8_t *out,
                     size_t room) {
	struct wire_out to = wire_out_at(out, room);
	const struct wire_entry rendered = {
		.kind = entry->kind,
		.seq = entry->seq,
		.time_ms = entry->time_us / 1000,
		.person = entry->person,
		.number = entry->client_number,
		.target = entry->target,
		.reason = entry->reason,
		.rooms_count = record_rooms_count(entry),
		.room = entry->room,
		.rooms = entry->more_rooms,
		.name = entry->name,
		.other = other_name(entry, room_name),
		.text = entry->text,
	};
	wire_put_entry(&to, &rendered);
	assert(!to.is_full);
	return to.size;
}

/* ---- coming and going ---- */

static void drop_first(struct log_window *window) {
	window->low = log_window_entry(window, window->first)->seq;
	window->first++;
}

/* Room for so many bytes in one piece, and for an entry. */
static uint8_t *make_room(struct log_window *window, size_t size) {
	size_t at = window->at & (window->bytes_room - 1);
	assert(size <= window->bytes_room / 2);
	if (at + size > window->bytes_room) {
		window->at += window->bytes_room - at;
	}
	while (window->first < window->end &&
	       (window->end - window->first == window->entries_room ||
	        window->at + size - log_window_entry(window, window->first)->at >
	                window->bytes_room)) {
		drop_first(window);
	}
	return &window->bytes[window->at & (window->bytes_room - 1)];
}

void log_window_add(struct log_window *window, const struct record *entry, struct slice room_name) {
	uint8_t bytes[RECORD_BYTES_MAX + 4096]; /* rooms may take a little more here */
	uint8_t head[ITEM_HEAD_BYTES_MAX];
	int whom = whom_of(entry->kind);
	assert(whom >= 0 && entry->seq > window->high);
	size_t size = render(entry, room_name, bytes, sizeof(bytes));
	struct wire_out item = wire_out_at(head, sizeof(head));
	wire_put_u8(&item, ITEM_ENTRY);
	wire_put_varint(&item, size);
	size_t rooms_size = entry->more_rooms.size & ~(size_t)7;
	uint8_t *out = make_room(window, item.size + size + rooms_size);
	memcpy(out, head, item.size);
	memcpy(out + item.size, bytes, size);
	if (rooms_size > 0) {
		memcpy(out + item.size + size, entry->more_rooms.bytes, rooms_size);
	}
	window->entries[window->end & (window->entries_room - 1)] = (struct log_entry){
		.seq = entry->seq,
		.person = entry->person,
		.other = other_of(entry),
		.room = entry->room,
		.at = window->at,
		.size = (uint32_t)(item.size + size),
		.more_rooms = (uint16_t)(rooms_size / 8),
		.whom = (uint8_t)whom,
		.head_bytes = (uint8_t)item.size,
		.move = move_of(entry->kind),
	};
	window->end++;
	window->at += item.size + size + rooms_size;
	window->high = entry->seq;
}

void log_window_pass(struct log_window *window, uint64_t seq) {
	window->high = seq > window->high ? seq : window->high;
}

/* ---- reading ---- */

uint64_t log_window_after(const struct log_window *window, uint64_t seq) {
	uint64_t low = window->first, high = window->end, step = 1;
	/* Most readers are near the end: backwards from there in growing steps, then by halves. */
	while (high - low > step && log_window_entry(window, high - step)->seq > seq) {
		high -= step;
		step *= 2;
	}
	if (high - low > step) {
		low = high - step;
	}
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (log_window_entry(window, middle)->seq > seq) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return low;
}

static bool concerns_rooms(const struct log_window *window, const struct log_entry *entry,
                           const struct log_reader *reader) {
	if (memberships_hold(reader->memberships, entry->room, entry->seq)) {
		return true;
	}
	const uint8_t *rooms = log_window_at(window, entry->at) + entry->size;
	for (unsigned i = 0; i < entry->more_rooms; i++) {
		uint64_t room;
		memcpy(&room, rooms + 8 * i, sizeof(room));
		if (memberships_hold(reader->memberships, room, entry->seq)) {
			return true;
		}
	}
	return false;
}

bool log_window_concerns(const struct log_window *window, const struct log_entry *entry,
                         const struct log_reader *reader) {
	switch (entry->whom) {
	case WHOM_ALL: return true;
	case WHOM_ROOMS:
		return entry->person == reader->person || concerns_rooms(window, entry, reader);
	case WHOM_TWO: return entry->person == reader->person || entry->other == reader->person;
	default: return entry->other == reader->session;
	}
}
