/*
 * How people come in by the session dialect, come back, and fall silent. What
 * they say and do is decide_message.c's.
 */
#include <string.h>

#include "decide_inner.h"
#include "name.h"

/* ---- coming in ---- */

bool is_of_edge(const struct deciding *d) {
	return d->request->queue < d->at->edges;
}

static void welcome(struct deciding *d, const struct session *session, struct slice name) {
	add_answer(d, (struct record){.kind = ANSWER_WELCOME,
	                              .session = session_id(session),
	                              .person = session_person(d->state, session),
	                              .name = name,
	                              .client_number = session_client_number(d->state, session)});
}

/* Is the session, as the state has it, where the request comes from? */
static bool is_there(const struct deciding *d, const struct session *session) {
	const struct route *now = &d->request->route;
	struct route known;
	return session_absent_since_us(d->state, session) == 0 &&
	       session_home(session) == d->request->queue &&
	       session_route(d->state, session, &known) && known.listener == now->listener &&
	       address_equal(&known.peer, &now->peer) &&
	       memcmp(known.local, now->local, sizeof(known.local)) == 0;
}

/* It is present: from now on it is here. */
static void go_on_here(struct deciding *d, const struct session *session) {
	const struct person *person = person_of(d, session);
	if (!is_there(d, session)) {
		add_entry(d, (struct record){.kind = ENTRY_MOVED,
		                             .session = session_id(session),
		                             .person = person_id(person),
		                             .home = d->request->queue,
		                             .has_route = true,
		                             .route = d->request->route});
	}
	welcome(d, session, person_name(person));
}

/*
 * The same OPEN once more. It may be a recorded one, so it moves nothing; who
 * has moved since it sent it goes on with RESUME.
 */
static void open_again(struct deciding *d, const struct session *session) {
	const struct person *person = person_of(d, session);
	if (person_is_present(person)) {
		welcome(d, session, person_name(person));
	} else {
		refuse(d, REASON_AWAY);
	}
}

static struct record entered(const struct deciding *d, uint64_t person, uint64_t session,
                             struct slice name) {
	return (struct record){.kind = ENTRY_ENTERED,
	                       .person = person,
	                       .session = session,
	                       .name = name,
	                       .face = FACE_SESSION,
	                       .home = d->request->queue,
	                       .has_route = true,
	                       .route = d->request->route};
}

void let_in(struct deciding *d, struct trouble trouble, struct record entered) {
	if (trouble.reason == REASON_NONE && !make_place(d)) {
		trouble.reason = REASON_FULL;
	}
	if (trouble.reason != REASON_NONE) {
		refuse_for(d, trouble);
		return;
	}
	/* The answer first, as for everybody who enters. */
	entered.person = entered.session = next_seq(d);
	add_answer(d, (struct record){.kind = ANSWER_WELCOME,
	                              .session = entered.session,
	                              .person = entered.person,
	                              .name = entered.name});
	add_entry(d, entered);
}

static struct candidate by_session(const struct deciding *d, struct slice name) {
	return (struct candidate){
		.name = name, .userhost = USERHOST_OF_SESSION, .peer = &d->request->route.peer};
}

void decide_open(struct deciding *d) {
	if (!d->request->has_route || !is_of_edge(d) || d->request->nonce == 0) {
		refuse(d, REASON_BAD_ARGUMENT);
		return;
	}
	const struct session *session = state_session_of_nonce(d->state, d->request->nonce);
	if (session != NULL) {
		open_again(d, session);
		return;
	}
	struct slice name = d->request->name;
	struct trouble trouble = check_name(d, NULL, name);
	if (trouble.reason == REASON_NONE) {
		trouble = check_banned(d, by_session(d, name));
	}
	if (trouble.reason == REASON_NONE) {
		trouble = check_open(d, false);
	}
	struct record entry = entered(d, 0, 0, name);
	entry.room = ROOM_LOBBY;
	entry.nonce = d->request->nonce;
	let_in(d, trouble, entry);
}

/* Who had left enters again, into the rooms that it kept. */
static void enter_again(struct deciding *d, const struct session *session, struct slice name) {
	struct rooms rooms;
	const struct person *person = person_of(d, session);
	struct record entry = entered(d, person_id(person), session_id(session), name);
	put_rooms(d, person, &rooms, &entry);
	if (record_rooms_count(&entry) == 1 && entry.room != ROOM_LOBBY) {
		entry.other_name = state_room_name(d->state, entry.room);
	}
	welcome(d, session, name);
	add_entry(d, entry);
}

void decide_resume(struct deciding *d) {
	const struct session *session = state_session(d->state, d->request->session);
	if (!d->request->has_route || !is_of_edge(d)) {
		refuse(d, REASON_BAD_ARGUMENT);
		return;
	}
	if (session == NULL || session_face(session) != FACE_SESSION) {
		refuse(d, REASON_NO_SUCH_SESSION);
		return;
	}
	const struct person *person = person_of(d, session);
	bool is_present = person_is_present(person);
	struct slice name = person_name(person);
	struct trouble trouble = {0};
	if (!is_present) {
		name = d->request->name.size > 0 ? d->request->name : name;
		trouble = check_name(d, NULL, name);
	}
	if (trouble.reason == REASON_NONE) {
		trouble = check_banned(d, by_session(d, name));
	}
	if (trouble.reason == REASON_NONE && !is_present) {
		trouble = check_open(d, false);
	}
	if (trouble.reason != REASON_NONE) {
		refuse_for(d, trouble);
	} else if (is_present) {
		go_on_here(d, session);
	} else {
		enter_again(d, session, name);
	}
}

/* Only the edge that serves it knows that nobody is there: it may have moved meanwhile. */
void decide_absent(struct deciding *d) {
	const struct session *session = state_session(d->state, d->request->session);
	if (session != NULL && session_face(session) == FACE_SESSION &&
	    session_home(session) % d->at->edges == d->request->queue &&
	    session_absent_since_us(d->state, session) == 0) {
		add_entry(d, (struct record){.kind = ENTRY_ABSENT,
		                             .session = session_id(session),
		                             .person = session_person(d->state, session)});
	}
}
