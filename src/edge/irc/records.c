/* records.c - answers and entries: who is told of them, and whom they are for. */
#include <stdlib.h>

#include "irc_inside.h"
#include "irc_service.h"
#include "irc_view.h"

/* ---- answers and entries ---- */

static void end_asked(struct irc *irc, struct irc_asked *asked) {
	if (asked->label != NULL) {
		asked->label->is_ended = asked->label->holders == 1;
	}
	irc_flush(irc);
	irc_label_drop(asked->label);
	free(asked->target);
	irc->label = NULL;
}

/* What is as it was wished already. */
static void nothing_to_do(struct irc *irc, const struct irc_asked *asked) {
	struct slice target = slice_from_string(asked->target);
	switch (asked->kind) {
	case REQUEST_AWAY:
		irc_numeric(irc, target.size > 0 ? RPL_NOWAWAY : RPL_UNAWAY, irc_nothing(),
		            irc_nothing());
		break;
	case REQUEST_MARK: irc_say_mark(irc, target); break;
	case REQUEST_SET_METADATA: irc_say_unchanged_metadata(irc, target); break;
	default: break;
	}
}

void irc_on_answer(void *it, struct stream_connection *connection, const struct record *answer) {
	struct irc *irc = it;
	struct irc_asked asked;
	if (!irc_asked_take(irc, answer, &asked)) {
		return;
	}
	irc_talk_to(irc, connection);
	irc->label = asked.label;
	switch (answer->kind) {
	case ANSWER_WELCOME: irc_welcome(irc, answer); break;
	case ANSWER_REFUSED: irc_refusal(irc, &asked, answer); break;
	case ANSWER_KEPT: irc_say_kept(irc, &asked, answer); break;
	default:
		nothing_to_do(irc, &asked);
		irc_service_done(irc, &asked, answer);
		break;
	}
	end_asked(irc, &asked);
}

/* It asked for one room and is in another, to which the first has sent it. */
static void tell_sent_on(struct irc *irc, const struct irc_asked *asked,
                         const struct record *entry) {
	struct slice typed = slice_from_string(asked->target);
	if (asked->kind == REQUEST_JOIN && entry->kind == ENTRY_JOINED &&
	    state_room_named(irc->edge->state, typed) != entry->room) {
		irc_numeric(irc, ERR_LINKCHANNEL, typed,
		            view_room_name(irc->edge->state, entry->room));
	}
}

/* What its person does by one connection, its other connections are told as well. */
struct telling {
	struct irc *irc;
	const struct record *entry;
	const struct stream_connection *asker;
	struct irc_asked *asked; /* NULL: that is told */
};

static bool tell_doer(void *context, struct stream_connection *it) {
	struct telling *telling = context;
	struct irc *irc = telling->irc;
	bool is_asker = it == telling->asker && telling->asked != NULL;
	if (stream_own(it) == NULL) {
		return true;
	}
	irc_talk_to(irc, it);
	irc->label = is_asker ? telling->asked->label : NULL;
	if (is_asker) {
		tell_sent_on(irc, telling->asked, telling->entry);
	}
	irc_own_entry(irc, telling->entry);
	if (is_asker) {
		irc_service_done(irc, telling->asked, telling->entry);
		end_asked(irc, telling->asked);
		telling->asked = NULL;
	}
	irc_flush(irc);
	irc->label = NULL;
	return true;
}

static bool is_change(uint16_t kind) {
	return kind == ENTRY_AWAY || kind == ENTRY_PROFILE || kind == ENTRY_ATTACHED ||
	       kind == ENTRY_DETACHED;
}

/* Did it let somebody in, whoever had asked for that? */
static bool has_let_in(const struct irc_asked *asked, const struct record *entry) {
	return (asked->kind == REQUEST_REGISTER || asked->kind == REQUEST_RENAME) &&
	       entry->session != 0 &&
	       (entry->kind == ENTRY_ENTERED || entry->kind == ENTRY_ATTACHED ||
	        entry->kind == ENTRY_MOVED);
}

void irc_on_entry(void *it, const struct record *entry) {
	struct irc *irc = it;
	struct irc_asked asked;
	if (is_change(entry->kind)) {
		irc_note_change(irc, entry->person);
	}
	bool is_asked = irc_asked_take(irc, entry, &asked);
	struct stream_connection *asker =
		is_asked ? stream_find(irc->stream, asked.connection) : NULL;
	struct telling telling = {
		.irc = irc, .entry = entry, .asker = asker, .asked = is_asked ? &asked : NULL};
	uint64_t doer = entry->kind == ENTRY_PUT_OUT ? entry->target : entry->person;
	if (doer != 0) {
		stream_each_of_person(irc->stream, doer, tell_doer, &telling);
	}
	is_asked = is_asked && telling.asked != NULL;
	if (is_asked && asker != NULL && stream_own(asker) != NULL) {
		irc_talk_to(irc, asker);
		irc->label = asked.label;
		irc_service_done(irc, &asked, entry);
		end_asked(irc, &asked);
	} else if (is_asked) {
		if (has_let_in(&asked, entry)) {
			/* It was let in, and has gone before it knew. */
			stream_gone(irc->stream, entry->session, REASON_NONE,
			            slice_from_string("Connection closed"), 0);
		}
		irc_label_drop(asked.label);
		free(asked.target);
	}
	irc_others_entry(irc, entry);
	irc_monitor_entry(irc, entry);
}

/* It may have been let in, though nobody has heard of it. */
static void end_ghost(struct irc *irc, struct slice name) {
	const struct state *state = irc->edge->state;
	const struct person *person = state_person_named(state, name);
	const struct session *session = NULL;
	while (person != NULL && (session = person_session_next(state, person, session)) != NULL) {
		if (session_face(session) == FACE_IRC &&
		    edge_is_home(irc->edge, session_home(session)) &&
		    session_absent_since_us(state, session) == 0 &&
		    stream_of_session(irc->stream, person_id(person), session_id(session)) ==
		            NULL) {
			stream_gone(irc->stream, session_id(session), REASON_NONE,
			            slice_from_string("Connection closed"), 0);
		}
	}
}

void irc_answer_lost(struct irc *irc, struct irc_asked *asked) {
	struct stream_connection *to = stream_find(irc->stream, asked->connection);
	if (to == NULL || stream_own(to) == NULL) {
		irc_label_drop(asked->label);
		free(asked->target);
		return;
	}
	irc_talk_to(irc, to);
	irc->label = asked->label;
	if (asked->kind == REQUEST_REGISTER && irc->user->door != NULL) {
		end_ghost(irc, slice_from_string(asked->target));
		irc_close(irc, irc_word("The server was too busy; try again"));
	} else if (asked->label != NULL) {
		irc_say_lost(irc, asked);
	}
	end_asked(irc, asked);
}

/* ---- whom an entry concerns ---- */

static void rooms_of_person(struct irc *irc, const struct record *entry, struct stream_whom *whom) {
	const struct person *person = state_person(irc->edge->state, entry->person);
	size_t count = person == NULL ? 0
	                              : person_rooms(irc->edge->state, person, whom->rooms,
	                                             ROOMS_PER_PERSON_MAX);
	whom->kind = STREAM_ROOMS;
	whom->skips_own = true;
	whom->rooms_count = count < ROOMS_PER_PERSON_MAX ? count : ROOMS_PER_PERSON_MAX;
}

/* Its person hears it by its other connections, as if another had said it. */
static void skip_session(const struct record *entry, struct stream_whom *whom) {
	whom->skips_own = true;
	whom->skips_session = entry->session != 0;
}

void irc_on_whom(void *it, const struct record *entry, struct stream_whom *whom) {
	const struct irc *irc = it;
	switch (entry->kind) {
	case ENTRY_SAID:
		whom->kind = STREAM_ROOMS;
		skip_session(entry, whom);
		break;
	case ENTRY_JOINED:
	case ENTRY_PARTED:
	case ENTRY_LEFT:
	case ENTRY_KICKED:
	case ENTRY_RENAMED:
	case ENTRY_ROOM_RENAMED:
	case ENTRY_TOPIC:
	case ENTRY_MODE:
		whom->kind = STREAM_ROOMS;
		whom->skips_own = true;
		break;
	case ENTRY_ENTERED:
		/* In several rooms at once, each reader hears of its own: own.c. */
		whom->kind = whom->rooms_count == 1 ? STREAM_ROOMS : STREAM_NOBODY;
		break;
	case ENTRY_PUT_OUT:
		whom->kind = STREAM_ROOMS;
		whom->must_ask = true;
		break;
	case ENTRY_SAID_TO:
		whom->kind = STREAM_ROOMS;
		whom->must_ask = true;
		skip_session(entry, whom);
		break;
	case ENTRY_TAGGED:
	case ENTRY_REDACTED:
	case ENTRY_DIRECT:
		whom->kind = STREAM_ROOMS;
		skip_session(entry, whom);
		if (entry->target != 0) {
			whom->kind = STREAM_PEOPLE;
			whom->people[0] = entry->target;
			if (stream_has_other(irc->stream, entry->person, entry->session)) {
				whom->people[1] = entry->person;
			}
		}
		break;
	case ENTRY_ATTACHED:
	case ENTRY_DETACHED:
		whom->kind = whom->rooms_count > 0 ? STREAM_ROOMS : STREAM_NOBODY;
		whom->skips_own = true;
		break;
	case ENTRY_INVITED:
		whom->kind = STREAM_PEOPLE;
		whom->people[0] = entry->target;
		break;
	case ENTRY_AWAY:
	case ENTRY_PROFILE: rooms_of_person(it, entry, whom); break;
	case ENTRY_SHOUTED:
		whom->kind = STREAM_ROOMS;
		whom->rooms[0] = ROOM_LOBBY;
		whom->rooms_count = 1;
		break;
	case ENTRY_WALLOPS:
		whom->kind = STREAM_ALL;
		whom->must_ask = true;
		break;
	default: break;
	}
}

bool irc_reads(void *it, const struct stream_connection *connection, const struct record *entry) {
	const struct irc *irc = it;
	const struct state *state = irc->edge->state;
	uint64_t self = stream_person(connection);
	const struct person *person;
	switch (entry->kind) {
	case ENTRY_PUT_OUT: return self != entry->target;
	case ENTRY_SAID_TO:
		return (state_member_bits(state, entry->room, self) & MEMBER_BITS) >= entry->number;
	case ENTRY_WALLOPS:
		person = state_person(state, self);
		return person != NULL && (person_bits(state, person) & PERSON_WANTS_WALLOPS) != 0;
	default: return true;
	}
}
