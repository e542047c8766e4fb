#include "log_window.h"

#include <assert.h>
#include <string.h>

#include "wire.h"

/* An item's kind and its size. */
#define ITEM_HEAD_BYTES_MAX 4

/* ---- whom it concerns ---- */

static int whom_of(const struct record *entry) {
	if ((entry->bits & SAID_IS_REDACTED) != 0) {
		return -1;
	}
	switch (entry->kind) {
	case ENTRY_ENTERED:
	case ENTRY_LEFT:
	case ENTRY_SAID:
	case ENTRY_RENAMED:
	case ENTRY_KICKED:
	case ENTRY_JOINED:
	case ENTRY_PARTED:
	case ENTRY_TOPIC:
	case ENTRY_MODE:
	case ENTRY_ROOM_RENAMED:
	case ENTRY_PUT_OUT: return STRETCH_ROOMS;
	case ENTRY_SHOUTED:
	case ENTRY_CLOSED: return STRETCH_ALL;
	case ENTRY_REDACTED: return record_is_direct(entry) ? STRETCH_PEOPLE : STRETCH_ROOMS;
	case ENTRY_DIRECT: return STRETCH_PEOPLE;
	case ENTRY_REFUSED: return STRETCH_SESSION;
	default: return -1;
	}
}

static int8_t move_of(uint16_t kind) {
	switch (kind) {
	case ENTRY_JOINED: return 1;
	case ENTRY_PARTED:
	case ENTRY_PUT_OUT: return -1;
	default: return 0;
	}
}

static void note_whom(struct stretch_entry *it, const struct record *entry, int whom) {
	it->whom = (uint8_t)whom;
	it->person = entry->person;
	it->has_own = true;
	it->move = move_of(entry->kind);
	switch (it->whom) {
	case STRETCH_ROOMS: it->ids[0] = entry->room; break;
	case STRETCH_PEOPLE:
		it->ids[0] = entry->person;
		it->ids[1] = entry->target;
		break;
	case STRETCH_SESSION: it->ids[0] = entry->session; break;
	default: break;
	}
}

/* ---- rendering ---- */

static struct slice other_name(const struct record *entry, struct slice room_name) {
	switch (entry->kind) {
	case ENTRY_ENTERED: return record_rooms_count(entry) == 1 ? room_name : slice_of(NULL, 0);
	case ENTRY_KICKED:
	case ENTRY_REDACTED:
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
		.target = entry->kind == ENTRY_REDACTED ? entry->number : entry->target,
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

/* ---- coming, and going ---- */

void log_window_withdraw(struct stretch *window, uint64_t seq) {
	uint64_t number = window->bytes == NULL ? 0 : stretch_after(window, seq - 1);
	if (number < window->end && stretch_entry(window, number)->seq == seq &&
	    stretch_entry(window, number)->size <= WIRE_LOG_BODY_BYTES_MAX) {
		stretch_withdraw(window, seq);
	}
}

static bool is_said_by(void *context, const struct stretch *window,
                       const struct stretch_entry *entry) {
	const uint64_t *person = context;
	struct wire_entry said;
	const char *bytes = (const char *)stretch_at(window, entry->at);
	return entry->person == *person && entry->size <= WIRE_LOG_BODY_BYTES_MAX &&
	       wire_read_entry(slice_of(bytes + entry->head_bytes, entry->size - entry->head_bytes),
	                       &said) &&
	       (said.kind == ENTRY_SAID || said.kind == ENTRY_DIRECT || said.kind == ENTRY_TOPIC);
}

void log_window_erase(struct stretch *window, const struct record *erased) {
	uint64_t person = erased->person;
	if (person != 0) {
		stretch_withdraw_those(window, is_said_by, &person);
	}
}

void log_window_add(struct stretch *window, const struct record *entry, struct slice room_name) {
	uint8_t bytes[STRETCH_ENTRY_BYTES_MAX]; /* rooms may take a little more here */
	uint8_t head[ITEM_HEAD_BYTES_MAX];
	int whom = whom_of(entry);
	if (whom < 0) {
		stretch_pass(window, entry->seq);
		return;
	}
	size_t size = render(entry, room_name, bytes, sizeof(bytes));
	struct wire_out item = wire_out_at(head, sizeof(head));
	wire_put_u8(&item, ITEM_ENTRY);
	wire_put_varint(&item, size);
	struct slice rooms = slice_first(entry->more_rooms, entry->more_rooms.size & ~(size_t)7);
	struct stretch_entry *it = stretch_add(window, entry->seq, item.size + size, rooms);
	note_whom(it, entry, whom);
	it->head_bytes = (uint8_t)item.size;
	memcpy(stretch_at(window, it->at), head, item.size);
	memcpy(stretch_at(window, it->at) + item.size, bytes, size);
}
