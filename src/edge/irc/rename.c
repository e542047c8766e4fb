/*
 * rename.c - RENAME: a room is called something else. Whoever knows the command reads it as render.c
 * has it; all others part from the room as it was called, and join it as it is called now.
 */
#include <string.h>

#include "cut.h"
#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_view.h"
#include "name.h"

/* ---- the command ---- */

void irc_on_rename(struct irc *irc) {
	char text[IRC_LINE_BYTES_MAX];
	struct irc_line both = irc_line_at(text, sizeof(text));
	struct slice old = irc_parameter(&irc->message, 0);
	struct slice name = irc_parameter(&irc->message, 1);
	struct slice why = irc_parameter(&irc->message, 2);
	irc_put(&both, old);
	irc_put_parameter(&both, irc_as_middle(name));
	struct record request = {
		.kind = REQUEST_RENAME_ROOM,
		.room = state_room_named(irc->edge->state, old),
		.other_name = old,
		.name = name,
		.text = why.size <= WHY_BYTES_MAX
	                        ? why
	                        : slice_first(why, cut_before(why, WHY_BYTES_MAX))};
	irc_request(irc, &request, irc_line_slice(&both), false);
}

static const struct {
	uint16_t reason;
	const char *code, *text;
} refusals[] = {
	{REASON_ROOM_NAME_TAKEN, "CHANNEL_NAME_IN_USE", "There is a channel of that name"},
	{REASON_ROOM_NAME_INVALID, "CANNOT_RENAME", "No channel can have that name"},
	{REASON_NOT_PERMITTED, "CANNOT_RENAME", "This channel cannot be renamed"},
	{REASON_NAME_REGISTERED, "CANNOT_RENAME",
         "It is registered: only its founder may rename it"},
	{REASON_FULL, "CANNOT_RENAME",
         "So many are in it that only operators of the server may rename it"},
	{REASON_TOO_FAST, "CANNOT_RENAME", "This channel has been renamed a moment ago"},
};

bool irc_rename_refused(struct irc *irc, const struct irc_asked *asked,
                        const struct record *answer) {
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (refusals[i].reason == answer->reason) {
			irc_standard(irc, "FAIL", "RENAME", refusals[i].code,
			             slice_from_string(asked->target), refusals[i].text);
			return true;
		}
	}
	char *blank = strchr(asked->target, ' ');
	if (blank != NULL) {
		*blank = '\0'; /* It is the room that the others tell. */
	}
	return false;
}

/* ---- who knows no RENAME ---- */

/* Of another spelling such clients need not know: to them it is the same room. */
static void say_moved(struct irc *irc, uint64_t room, struct slice old, struct slice why) {
	const struct person *self = irc_self(irc);
	if (self == NULL || name_equal(old, view_room_name(irc->edge->state, room))) {
		return;
	}
	const struct record parted = {.kind = ENTRY_PARTED,
	                              .time_us = irc_now_us(irc),
	                              .person = person_id(self),
	                              .name = person_name(self),
	                              .userhost = view_userhost(irc->edge->state, self),
	                              .bits = person_bits(irc->edge->state, self),
	                              .room = room,
	                              .other_name = old,
	                              .text = why};
	irc_say_entry(irc, &parted);
	irc_say_joined(irc, room);
}

void irc_own_rename(struct irc *irc, const struct record *entry) {
	if (irc_can(irc, CAP_CHANNEL_RENAME)) {
		irc_say_entry(irc, entry);
	} else if (state_is_member(irc->edge->state, entry->room, stream_person(irc->to))) {
		say_moved(irc, entry->room, entry->by, entry->text);
	}
}

struct renaming {
	struct irc *irc;
	const struct record *entry;
};

static bool tell_renamed(void *context, struct stream_connection *it) {
	const struct renaming *renaming = context;
	struct irc *irc = renaming->irc;
	uint64_t self = stream_person(it), room = renaming->entry->room;
	if (self == 0 || stream_own(it) == NULL || self == renaming->entry->person ||
	    !state_is_member(irc->edge->state, room, self)) {
		return true;
	}
	irc_talk_to(irc, it);
	if (!irc_can(irc, CAP_CHANNEL_RENAME)) {
		say_moved(irc, room, renaming->entry->by, renaming->entry->text);
		irc_flush(irc);
	}
	return true;
}

void irc_others_rename(struct irc *irc, const struct record *entry) {
	struct renaming renaming = {.irc = irc, .entry = entry};
	stream_each(irc->stream, tell_renamed, &renaming);
}
