/*
 * Read markers and metadata: what people note for themselves, and what they say of
 * themselves, or of the rooms whose operators they are.
 */
#include <string.h>

#include "decide_inner.h"
#include "utf8.h"

/* What a request is about: a room, or a person by name. */
struct about {
	uint64_t room;
	const struct person *person;
};

static bool find_about(const struct deciding *d, struct about *about) {
	*about = (struct about){0};
	if (d->request->name.size > 0) {
		/* What one has read of somebody stays, though she be away. */
		about->person = d->request->kind == REQUEST_MARK
		                        ? state_person_known(d->state, d->request->name)
		                        : state_person_named(d->state, d->request->name);
		return about->person != NULL;
	}
	about->room = room_of_message(d);
	return state_room_exists(d->state, about->room);
}

/* ---- read markers ---- */

/* In a room in which one is not, nothing is read; nor is anybody told that there is one. */
static bool find_marked(struct deciding *d, const struct message *message, struct about *about) {
	bool is_there = find_about(d, about);
	if (d->request->name.size > 0 && !is_there) {
		refuse_with(d, message, REASON_NO_SUCH_NAME);
		return false;
	}
	return about->person != NULL || is_in_room(d, message);
}

/* Forward only: what is not later than what is known is none. Nobody has read what is not yet said. */
void decide_mark(struct deciding *d) {
	struct message message;
	struct about about;
	if (!take_stream(d, &message) || !find_marked(d, &message, &about)) {
		return;
	}
	uint64_t self = person_id(message.person);
	uint64_t other = about.person == NULL ? 0 : person_id(about.person);
	uint64_t known_us = state_mark_us(d->state, self, about.room, other);
	uint64_t since_us =
		d->request->since_us < d->at->now_us ? d->request->since_us : d->at->now_us;
	if (since_us <= known_us) {
		answer(d, ANSWER_NOTHING);
		return;
	}
	if (known_us == 0 && state_marks_count(d->state) >= MARKS_MAX) {
		refuse_message(d, &message, REASON_FULL, MARKS_MAX, slice_of(NULL, 0));
		return;
	}
	struct record entry = entry_of(d, ENTRY_MARKED, &message);
	entry.room = about.room;
	entry.target = other;
	entry.other_name = about.person != NULL ? person_name(about.person)
	                                        : state_room_name(d->state, about.room);
	entry.since_us = since_us;
	add_entry(d, entry);
}

/* ---- metadata ---- */

/* One's own, that of a room whose operator one is; and everything, as an operator of the server. */
static bool may_set(const struct deciding *d, const struct message *message,
                    const struct about *about) {
	if ((person_bits(d->state, message->person) & PERSON_IS_OPERATOR) != 0) {
		return true;
	}
	return about->person != NULL ? about->person == message->person
	                             : is_room_operator(d, message, about->room);
}

/* The entry, without key and value. */
static struct record entry_about(const struct deciding *d, const struct message *message,
                                 const struct about *about) {
	struct record entry = entry_of(d, ENTRY_METADATA, message);
	entry.by = entry.name;
	entry.room = about->room;
	entry.target = about->person == NULL ? 0 : person_id(about->person);
	entry.name = about->person != NULL ? person_name(about->person)
	                                   : state_room_name(d->state, about->room);
	return entry;
}

/* All of it; the text of the entry says which keys these were. */
static void clear(struct deciding *d, struct record entry) {
	char keys[METADATA_KEYS_MAX * (METADATA_KEY_BYTES_MAX + 1)];
	struct metadata at = {0};
	size_t size = 0;
	while (state_metadata_next(d->state, entry.room, entry.target, &at)) {
		if (size > 0) {
			keys[size++] = ' ';
		}
		memcpy(keys + size, at.key.bytes, at.key.size);
		size += at.key.size;
	}
	if (size == 0) {
		answer(d, ANSWER_NOTHING);
		return;
	}
	entry.text = slice_of(keys, size);
	add_entry(d, entry);
}

static enum reason check_value(struct slice value) {
	if (value.size > METADATA_VALUE_BYTES_MAX) {
		return REASON_TEXT_TOO_LONG;
	}
	return utf8_is_valid(value) ? REASON_NONE : REASON_NOT_UTF8;
}

/* What it has already is no change, and nothing to refuse. */
static void set(struct deciding *d, const struct message *message, struct record entry) {
	struct slice key = d->request->by, value = d->request->text;
	struct slice known = state_metadata(d->state, entry.room, entry.target, key);
	if (slice_equal(known, value)) {
		answer(d, ANSWER_NOTHING);
		return;
	}
	if (value.size > 0 &&
	    is_refused(d, message, check_muted(d, person_name(message->person)))) {
		return;
	}
	bool is_new = known.size == 0;
	if (is_new && state_metadata_of(d->state, entry.room, entry.target) >= METADATA_KEYS_MAX) {
		refuse_message(d, message, REASON_LIMIT, METADATA_KEYS_MAX, slice_of(NULL, 0));
		return;
	}
	if (is_new && state_metadata_count(d->state) >= METADATA_MAX) {
		refuse_message(d, message, REASON_FULL, METADATA_MAX, slice_of(NULL, 0));
		return;
	}
	entry.other_name = key;
	entry.text = value;
	add_entry(d, entry);
}

void decide_set_metadata(struct deciding *d) {
	struct message message;
	struct about about;
	if (!take_stream(d, &message)) {
		return;
	}
	bool is_clear = d->request->by.size == 0;
	enum reason fault = check_value(d->request->text);
	if (!find_about(d, &about)) {
		refuse_with(d, &message,
		            d->request->name.size > 0 ? REASON_NO_SUCH_NAME : REASON_NO_SUCH_ROOM);
	} else if (!may_set(d, &message, &about)) {
		refuse_with(d, &message, REASON_NOT_PERMITTED);
	} else if (!is_clear && !state_is_metadata_key(d->request->by)) {
		refuse_with(d, &message, REASON_BAD_ARGUMENT);
	} else if (fault != REASON_NONE) {
		refuse_message(d, &message, fault, METADATA_VALUE_BYTES_MAX, slice_of(NULL, 0));
	} else if (is_clear) {
		clear(d, entry_about(d, &message, &about));
	} else {
		set(d, &message, entry_about(d, &message, &about));
	}
}
