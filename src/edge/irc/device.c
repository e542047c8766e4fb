/*
 * device.c - on which of its devices somebody is ("ming@phone", or "ming/phone", as user name or to
 * sign in), and how far that device has certainly been told: so it hears what it has missed when it
 * is back.
 *
 * Certain is what was written before a PING that it has answered; and all that was written, if it
 * says QUIT, or ends the connection in order with all of it received: who goes with bytes unread
 * ends it by a reset. A server that stops counts what has been received, too: its reader was there.
 */
#include <string.h>

#include "irc_inside.h"

#define NOTE_US (60 * UINT64_C(1000000))

struct slice irc_split_device(struct slice typed, struct slice *device) {
	size_t at = 0;
	while (at < typed.size && typed.bytes[at] != '@' && typed.bytes[at] != '/') {
		at++;
	}
	*device = at < typed.size ? slice_from(typed, at + 1) : irc_nothing();
	return slice_first(typed, at);
}

static bool is_good(struct slice device) {
	for (size_t i = 0; i < device.size; i++) {
		if ((unsigned char)device.bytes[i] <= ' ' || device.bytes[i] == 0x7F) {
			return false;
		}
	}
	return device.size > 0 && device.size <= DEVICE_BYTES_MAX;
}

struct slice irc_take_device(struct irc *irc, struct slice typed) {
	struct slice device;
	struct slice name = irc_split_device(typed, &device);
	struct irc_door *door = irc->user->door;
	if (door != NULL && is_good(device)) {
		memcpy(door->device, device.bytes, device.size);
		door->device_size = (uint8_t)device.size;
	}
	return name;
}

void irc_note_ping(struct irc *irc, struct stream_connection *to) {
	bool is_received;
	struct irc_user *user = stream_own(to);
	user->pinged = stream_written(irc->stream, to, &is_received);
}

void irc_note_pong(struct irc *irc) {
	irc->user->read_up_to = irc->user->pinged != 0 ? irc->user->pinged : irc->user->read_up_to;
	irc->user->pinged = 0;
}

void irc_note_received(struct irc *irc, struct stream_connection *to) {
	bool is_received;
	struct irc_user *user = stream_own(to);
	uint64_t written = stream_written(irc->stream, to, &is_received);
	if (is_received && written > user->read_up_to) {
		user->read_up_to = written;
	}
}

uint64_t irc_read_up_to(struct irc *irc, struct stream_connection *it, enum stream_end end) {
	bool is_received;
	const struct irc_user *user = stream_own(it);
	uint64_t written = stream_written(irc->stream, it, &is_received);
	bool is_certain = user->quit_size > 0 || (end == STREAM_END_CLOSED && is_received);
	return is_certain ? written : user->read_up_to;
}

/* ---- now and then, for the case that this process does not see the end ---- */

static void note(struct irc *irc, struct stream_connection *it) {
	bool is_received;
	struct irc_user *user = stream_own(it);
	const struct person *self = state_person(irc->edge->state, stream_person(it));
	if (user == NULL || self == NULL || user->door != NULL ||
	    irc_has(user->capabilities, CAP_CHATHISTORY) ||
	    person_account(irc->edge->state, self) == 0) {
		return;
	}
	uint64_t written = stream_written(irc->stream, it, &is_received);
	uint64_t read = is_received && written > user->read_up_to ? written : user->read_up_to;
	struct record request = {
		.kind = REQUEST_READ_UP_TO, .session = stream_session(it), .number = read};
	if (read > user->noted && edge_request(irc->edge, &request)) {
		user->noted = read;
	}
}

static bool note_one(void *context, struct stream_connection *it) {
	note(context, it);
	return true;
}

/* What has been received is read as long as its reader lives. */
void irc_device_tick(struct irc *irc, uint64_t now_us) {
	if (now_us >= irc->notes_us) {
		irc->notes_us = now_us + NOTE_US;
		stream_each(irc->stream, note_one, irc);
	}
}
