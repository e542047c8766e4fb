/* Whom an entry concerns, who is woken for it; and who is in which rooms, as entries have it. */
#include "stream_inside.h"

/* ---- whom an entry concerns ---- */

void stream_whom_of(struct stream *stream, const struct record *entry) {
	struct stream_whom *whom = &stream->whom;
	whom->kind = STREAM_NOBODY;
	whom->skips_own = whom->skips_session = whom->must_ask = false;
	whom->people[0] = whom->people[1] = 0;
	whom->rooms_count = record_rooms_count(entry);
	whom->rooms_count =
		whom->rooms_count < ROOMS_PER_PERSON_MAX ? whom->rooms_count : ROOMS_PER_PERSON_MAX;
	for (size_t i = 0; i < whom->rooms_count; i++) {
		whom->rooms[i] = record_room(entry, i);
	}
	if (stream->dialect != NULL) {
		stream->dialect->whom(stream->its, entry, whom);
	}
}

static bool wake_room(struct stream *stream, uint64_t room, uint64_t seq) {
	struct stream_room *it = stream_room_of(stream, room);
	if (it == NULL || it->count == 0) {
		return false;
	}
	/* Nobody has been served since all of them were woken: they still are awake. */
	if (it->woken != stream->served) {
		for (uint32_t i = 0; i < it->count; i++) {
			output_wake(stream, connection_at(stream, it->slots[i]), seq);
		}
		it->woken = stream->served;
	}
	return true;
}

static bool wake_all(struct stream *stream, uint64_t seq) {
	bool is_anybody = false;
	for (uint32_t i = 1; i < stream->connections.used; i++) {
		struct stream_connection *it = connection_at(stream, i);
		if (it->is_open && it->session != 0) {
			output_wake(stream, it, seq);
			is_anybody = true;
		}
	}
	return is_anybody;
}

static bool wake_person(struct stream *stream, uint64_t person, uint64_t seq) {
	struct stream_connection *first = person == 0 ? NULL : stream_of_person(stream, person);
	for (struct stream_connection *it = first; it != NULL;
	     it = stream_next_of_person(stream, person, it)) {
		output_wake(stream, it, seq);
	}
	return first != NULL;
}

/* False: it concerns nobody who is here. */
static bool wake(struct stream *stream, uint64_t seq) {
	const struct stream_whom *whom = &stream->whom;
	bool is_anybody = false;
	switch (whom->kind) {
	case STREAM_NOBODY: break;
	case STREAM_ALL: return wake_all(stream, seq);
	case STREAM_ROOMS:
		for (size_t i = 0; i < whom->rooms_count; i++) {
			is_anybody |= wake_room(stream, whom->rooms[i], seq);
		}
		break;
	case STREAM_PEOPLE:
		for (size_t i = 0; i < STREAM_WHOM_PEOPLE_MAX; i++) {
			is_anybody |= wake_person(stream, whom->people[i], seq);
		}
		break;
	}
	return is_anybody;
}

static void need_log(struct stream *stream) {
	if (!stream->has_log) {
		stream_log_init(&stream->log, STREAM_LOG_BYTES, STREAM_LOG_ENTRIES,
		                stream->edge->walk.seq);
		stream->has_log = true;
	}
}

void stream_show(struct stream *stream, const struct record *entry) {
	stream_whom_of(stream, entry);
	if ((entry->bits & SAID_IS_REDACTED) != 0) {
		stream->whom.kind = STREAM_NOBODY;
	}
	need_log(stream);
	if (entry->seq <= stream->log.stretch.high) {
		return;
	}
	if (wake(stream, entry->seq)) {
		stream_log_add(&stream->log, entry, &stream->whom);
		output_gather(stream);
	} else {
		stretch_pass(&stream->log.stretch, entry->seq);
	}
}

/* ---- rooms, as entries have it ---- */

static bool is_of_rooms(uint16_t kind) {
	return kind == ENTRY_JOINED || kind == ENTRY_PARTED || kind == ENTRY_PUT_OUT ||
	       kind == ENTRY_LEFT || kind == ENTRY_KICKED;
}

void stream_follow(struct stream *stream, const struct record *entry) {
	struct stream_connection *it = NULL;
	if (!is_of_rooms(entry->kind)) {
		return;
	}
	while ((it = stream_next_of_person(stream, entry->person, it)) != NULL) {
		switch (entry->kind) {
		case ENTRY_JOINED: connection_join(stream, it, entry->room, entry->seq); break;
		case ENTRY_LEFT:
		case ENTRY_KICKED: connection_leave(stream, it, entry->seq); break;
		default: connection_part(stream, it, entry->room, entry->seq); break;
		}
	}
}

/* Whose it is now; in the rooms in which the state has that one. */
static void seat(struct stream *stream, struct stream_connection *it, uint64_t session,
                 uint64_t person) {
	uint64_t rooms[ROOMS_PER_PERSON_MAX];
	const struct state *state = stream->edge->state;
	it->session = session;
	it->person = person;
	table_add(&stream->by_person, it->slot);
	const struct person *who = state_person(state, person);
	size_t count = who == NULL ? 0 : person_rooms(state, who, rooms, ROOMS_PER_PERSON_MAX);
	for (size_t i = 0; i < count && i < ROOMS_PER_PERSON_MAX; i++) {
		connection_join(stream, it, rooms[i], stream->passed);
	}
}

void stream_enter(struct stream *stream, struct stream_connection *it, uint64_t session,
                  uint64_t person) {
	if (it->is_ending || it->session != 0) {
		return;
	}
	need_log(stream);
	struct stream_connection *before = stream_of_session(stream, person, session);
	if (before != NULL) {
		connection_end(stream, before, STREAM_END_OURS,
		               slice_from_string("Connected from elsewhere"));
	}
	it->cursor = stream->passed;
	it->rooms = &stream_nowhere;
	seat(stream, it, session, person);
}

void stream_move(struct stream *stream, struct stream_connection *it, uint64_t session,
                 uint64_t person) {
	if (!it->is_ending && it->session != 0) {
		connection_leave(stream, it, stream->passed);
		table_remove(&stream->by_person, it->slot);
		seat(stream, it, session, person);
	}
}
