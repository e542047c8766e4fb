/*
 * What the requests of the plain dialect lead to: who asks is whose address it is.
 */
#include <string.h>

#include "decide_inner.h"
#include "name.h"

static const struct session *sender(const struct deciding *d) {
	return d->request->has_route ? state_session_at(d->state, &d->request->route.peer) : NULL;
}

/* A member's datagram came by another edge than it used to: its home moves there. */
static void follow_home(struct deciding *d, const struct session *session) {
	struct route known;
	if (d->request->queue >= d->at->edges) {
		return;
	}
	bool is_same = session_route(d->state, session, &known) &&
	               known.listener == d->request->route.listener &&
	               memcmp(known.local, d->request->route.local, sizeof(known.local)) == 0;
	if (session_home(session) % d->at->edges == d->request->queue && is_same) {
		return;
	}
	add_entry(d, (struct record){.kind = ENTRY_MOVED,
	                             .session = session_id(session),
	                             .person = session_person(d->state, session),
	                             .home = d->request->queue,
	                             .has_route = true,
	                             .route = d->request->route});
}

/* Whether the request's name may be had by `person` (NULL: somebody new). If not, refuses. */
static bool may_be_called(struct deciding *d, const struct person *person) {
	struct trouble trouble = check_name(d, person, d->request->name);
	if (trouble.reason == REASON_NONE) {
		trouble = check_banned(d, (struct candidate){.name = d->request->name,
		                                             .userhost = USERHOST_OF_PLAIN,
		                                             .peer = &d->request->route.peer});
	}
	if (trouble.reason == REASON_NONE && person == NULL) {
		trouble = check_open(d, false);
	}
	if (trouble.reason != REASON_NONE) {
		refuse_for(d, trouble);
	}
	return trouble.reason == REASON_NONE;
}

static void rename_sender(struct deciding *d, const struct session *session) {
	struct rooms rooms;
	const struct person *person = person_of(d, session);
	if (!may_be_called(d, person)) {
		return;
	}
	follow_home(d, session);
	answer(d, ANSWER_OK);
	struct record entry = {.kind = ENTRY_RENAMED,
	                       .person = person_id(person),
	                       .session = session_id(session),
	                       .name = d->request->name,
	                       .other_name = person_name(person)};
	put_rooms(d, person, &rooms, &entry);
	add_entry(d, entry);
}

void decide_enter(struct deciding *d) {
	const struct session *session = sender(d);
	if (!d->request->has_route) {
		refuse(d, REASON_BAD_ARGUMENT);
		return;
	}
	if (session != NULL) {
		if (name_equal(person_name(person_of(d, session)), d->request->name)) {
			/* A repeated datagram must not hurt. */
			follow_home(d, session);
			answer(d, ANSWER_OK);
		} else {
			rename_sender(d, session);
		}
		return;
	}
	if (!may_be_called(d, NULL)) {
		return;
	}
	if (!make_place(d)) {
		refuse(d, REASON_FULL);
		return;
	}
	/* The answer first: it is the first datagram that the newcomer gets. */
	answer(d, ANSWER_OK);
	uint64_t seq = next_seq(d);
	add_entry(d, (struct record){.kind = ENTRY_ENTERED,
	                             .person = seq,
	                             .session = seq,
	                             .name = d->request->name,
	                             .room = ROOM_LOBBY,
	                             .face = FACE_PLAIN,
	                             .home = d->request->queue,
	                             .has_route = true,
	                             .route = d->request->route});
}

/* `C name text`: the first word is a name only if it is the sender's own. */
static struct slice without_own_name(struct slice text, struct slice own) {
	const char *blank = memchr(text.bytes, ' ', text.size);
	size_t word = blank == NULL ? text.size : (size_t)(blank - text.bytes);
	if (word == 0 || word > NAME_BYTES_MAX || !name_equal(slice_first(text, word), own)) {
		return text;
	}
	return slice_from(text, word == text.size ? word : word + 1);
}

void decide_say(struct deciding *d) {
	if (d->request->client_number != 0 || is_of_stream(d)) {
		decide_said_by_session(d);
		return;
	}
	const struct session *session = sender(d);
	if (session == NULL) {
		refuse(d, REASON_NOT_ENTERED);
		return;
	}
	const struct person *person = person_of(d, session);
	struct slice text = d->request->text;
	text = text.size == 0 ? text : without_own_name(text, person_name(person));
	struct trouble trouble = check_text(text);
	if (trouble.reason == REASON_NONE) {
		trouble = check_muted(d, person_name(person));
	}
	if (trouble.reason == REASON_NONE) {
		trouble = check_speech(d, person, ROOM_LOBBY);
	}
	if (trouble.reason == REASON_NONE) {
		trouble = check_pace(d, person, ROOM_LOBBY);
	}
	if (trouble.reason != REASON_NONE) {
		refuse_for(d, trouble);
		return;
	}
	follow_home(d, session);
	add_entry(d, (struct record){.kind = ENTRY_SAID,
	                             .person = person_id(person),
	                             .session = session_id(session),
	                             .name = person_name(person),
	                             .room = ROOM_LOBBY,
	                             .text = text});
}

void decide_leave(struct deciding *d) {
	if (d->request->client_number != 0) {
		decide_left_by_session(d);
		return;
	}
	const struct session *session = sender(d);
	struct slice name = d->request->name;
	if (session == NULL) {
		/* A repeated Q must not hurt either; but nobody leaves for another. */
		if (name.size > 0 && state_person_named(d->state, name) != NULL) {
			refuse(d, REASON_NOT_YOUR_NAME);
		} else {
			answer(d, ANSWER_EXIT);
		}
		return;
	}
	if (name.size > 0 && !name_equal(name, person_name(person_of(d, session)))) {
		refuse(d, REASON_NOT_YOUR_NAME);
		return;
	}
	answer(d, ANSWER_EXIT);
	let_go(d, ENTRY_LEFT, person_of(d, session), REASON_NONE, slice_of(NULL, 0));
}

/* Its own edge says that nobody is there any more. */
void decide_gone(struct deciding *d) {
	const struct session *session = state_session(d->state, d->request->session);
	if (session == NULL || session_face(session) == FACE_SESSION ||
	    session_home(session) % d->at->edges != d->request->queue) {
		answer(d, ANSWER_NOTHING);
		return;
	}
	if (is_cut(d, session)) {
		/* For a while, as after the death of an edge. */
		add_entry(d, (struct record){.kind = ENTRY_ABSENT,
		                             .session = session_id(session),
		                             .person = session_person(d->state, session)});
		return;
	}
	bool is_said = check_why(d->request->text).reason == REASON_NONE;
	let_session_go(d, session, d->request->reason,
	               is_said ? d->request->text : slice_of(NULL, 0), d->request->number);
}

static void on_question(struct deciding *d, enum record_kind kind) {
	const struct session *session = sender(d);
	if (session == NULL) {
		refuse(d, REASON_NOT_ENTERED);
		return;
	}
	follow_home(d, session);
	uint64_t number = d->request->number == 0 ? HISTORY_LINES_DEFAULT : d->request->number;
	number = number < HISTORY_LINES_MAX ? number : HISTORY_LINES_MAX;
	add_answer(d, (struct record){.kind = kind,
	                              .number = number,
	                              .room = ROOM_LOBBY,
	                              .session = session_id(session),
	                              .person = session_person(d->state, session)});
}

void decide_who(struct deciding *d) {
	on_question(d, ANSWER_WHO);
}

void decide_history(struct deciding *d) {
	on_question(d, ANSWER_HISTORY);
}
