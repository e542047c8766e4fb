/*
 * What the requests of the session dialect lead to. A request names its
 * session, and is believed: its edge has checked the tag. Messages count 1, 2,
 * 3; only the next one is taken, and whatever it leads to bears its number.
 */
#include <string.h>

#include "decide_inner.h"
#include "name.h"

/* ---- coming in ---- */

static bool is_of_edge(const struct deciding *d) {
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
		trouble = check_banned(d, name, &d->request->route.peer);
	}
	if (trouble.reason == REASON_NONE && !make_place(d)) {
		trouble.reason = REASON_FULL;
	}
	if (trouble.reason != REASON_NONE) {
		refuse_for(d, trouble);
		return;
	}
	/* The answer first, as for everybody who enters. */
	uint64_t seq = next_seq(d);
	add_answer(d, (struct record){
			      .kind = ANSWER_WELCOME, .session = seq, .person = seq, .name = name});
	struct record entry = entered(d, seq, seq, name);
	entry.room = ROOM_LOBBY;
	entry.nonce = d->request->nonce;
	add_entry(d, entry);
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
		trouble = check_banned(d, name, &d->request->route.peer);
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

/* ---- messages ---- */

struct message {
	const struct session *session;
	const struct person *person;
};

/* The session of a message that is the next; NULL if it is none, or was decided already. */
static const struct session *session_of_message(const struct deciding *d) {
	const struct session *session = state_session(d->state, d->request->session);
	bool is_next = session != NULL && session_face(session) == FACE_SESSION && is_of_edge(d) &&
	               d->request->client_number == session_client_number(d->state, session) + 1;
	return is_next ? session : NULL;
}

/* The entry of a message, without what it says. */
static struct record entry_of(const struct deciding *d, enum record_kind kind,
                              const struct message *message) {
	return (struct record){.kind = kind,
	                       .person = person_id(message->person),
	                       .session = session_id(message->session),
	                       .client_number = d->request->client_number,
	                       .name = person_name(message->person)};
}

/* Refused in the log, so that its number is used up; the argument is the protocol's. */
static void refuse_message(struct deciding *d, const struct message *message, enum reason reason,
                           uint64_t argument, struct slice text) {
	struct record entry = entry_of(d, ENTRY_REFUSED, message);
	entry.name = slice_of(NULL, 0);
	entry.reason = reason;
	entry.target = argument;
	entry.text = text;
	add_entry(d, entry);
}

static void refuse_with(struct deciding *d, const struct message *message, enum reason reason) {
	refuse_message(d, message, reason, 0, slice_of(NULL, 0));
}

/* Is something wrong? Then the message is refused for it. */
static bool is_refused(struct deciding *d, const struct message *message, struct trouble trouble) {
	if (trouble.reason == REASON_NONE) {
		return false;
	}
	bool is_for_a_time = trouble.reason == REASON_MUTED || trouble.reason == REASON_BANNED;
	refuse_message(d, message, trouble.reason,
	               is_for_a_time ? trouble.until_us / 1000 : trouble.number, trouble.text);
	if (trouble.reason == REASON_NAME_TAKEN) {
		probe_holder(d, trouble.name);
	}
	return true;
}

/* False: there is nothing (more) to do. */
static bool take_message(struct deciding *d, struct message *message) {
	message->session = session_of_message(d);
	if (message->session == NULL) {
		answer(d, ANSWER_NOTHING);
		return false;
	}
	message->person = person_of(d, message->session);
	if (!person_is_present(message->person)) {
		refuse_with(d, message, REASON_NOT_ENTERED);
		return false;
	}
	return true;
}

/* Is it in the room that the message names? */
static bool is_in_room(struct deciding *d, const struct message *message) {
	uint64_t room = d->request->room;
	if (state_is_member(d->state, room, person_id(message->person))) {
		return true;
	}
	refuse_with(d, message,
	            state_room_exists(d->state, room) ? REASON_NOT_IN_ROOM : REASON_NO_SUCH_ROOM);
	return false;
}

void decide_said_by_session(struct deciding *d) {
	struct message message;
	if (!take_message(d, &message) || !is_in_room(d, &message) ||
	    is_refused(d, &message, check_text(d->request->text)) ||
	    is_refused(d, &message, check_muted(d, person_name(message.person)))) {
		return;
	}
	struct record entry = entry_of(d, ENTRY_SAID, &message);
	entry.room = d->request->room;
	if (entry.room != ROOM_LOBBY) {
		/* So that who reads it later need not know what rooms there were. */
		entry.other_name = state_room_name(d->state, entry.room);
	}
	entry.text = d->request->text;
	add_entry(d, entry);
}

/* Room for one more room: the one that nobody has been in for longest goes. */
static bool make_room(struct deciding *d) {
	if (state_rooms_count(d->state) < ROOMS_MAX) {
		return true;
	}
	uint64_t oldest = state_empty_room_next(d->state, false, 0);
	oldest = oldest != 0 ? oldest : state_empty_room_next(d->state, true, 0);
	if (oldest != 0) {
		add_entry(d, (struct record){.kind = ENTRY_ROOM_ENDED, .room = oldest});
	}
	return oldest != 0;
}

/* The room of that name, which is made if there is none; 0: it cannot be, which is said. */
static uint64_t take_room(struct deciding *d, const struct message *message) {
	uint64_t room = state_room_named(d->state, d->request->name);
	if (room != 0) {
		return room;
	}
	if (!make_room(d)) {
		refuse_with(d, message, REASON_FULL);
		return 0;
	}
	struct record entry = entry_of(d, ENTRY_ROOM_MADE, message);
	entry.name = d->request->name;
	return add_entry(d, entry);
}

void decide_join(struct deciding *d) {
	struct message message;
	if (!take_message(d, &message)) {
		return;
	}
	if (room_name_check(d->request->name) != NAME_OK) {
		refuse_with(d, &message, REASON_ROOM_NAME_INVALID);
		return;
	}
	uint64_t room = state_room_named(d->state, d->request->name);
	if (room != 0 && state_is_member(d->state, room, person_id(message.person))) {
		/* It is in: nothing is to be done, and that is said with no reason. */
		refuse_message(d, &message, REASON_NONE, room, slice_of(NULL, 0));
		return;
	}
	if (person_rooms(d->state, message.person, NULL, 0) >= ROOMS_PER_PERSON_MAX) {
		refuse_message(d, &message, REASON_TOO_MANY_ROOMS, ROOMS_PER_PERSON_MAX,
		               slice_of(NULL, 0));
		return;
	}
	room = take_room(d, &message);
	if (room != 0) {
		struct slice known = state_room_name(d->state, room);
		struct record entry = entry_of(d, ENTRY_JOINED, &message);
		entry.room = room;
		entry.other_name = known.size > 0 ? known : d->request->name;
		add_entry(d, entry);
	}
}

void decide_part(struct deciding *d) {
	struct message message;
	if (!take_message(d, &message) || !is_in_room(d, &message) ||
	    is_refused(d, &message, check_why(d->request->text))) {
		return;
	}
	struct record entry = entry_of(d, ENTRY_PARTED, &message);
	entry.room = d->request->room;
	entry.other_name = state_room_name(d->state, d->request->room);
	entry.text = d->request->text;
	add_entry(d, entry);
}

void decide_direct(struct deciding *d) {
	struct message message;
	if (!take_message(d, &message)) {
		return;
	}
	const struct person *receiver = state_person_named(d->state, d->request->name);
	if (receiver == NULL || receiver == message.person) {
		refuse_with(d, &message,
		            receiver == NULL ? REASON_NO_SUCH_NAME : REASON_CANNOT_RECEIVE);
		return;
	}
	if (is_refused(d, &message, check_text(d->request->text)) ||
	    is_refused(d, &message, check_muted(d, person_name(message.person)))) {
		return;
	}
	uint64_t person = person_id(message.person);
	uint64_t thread = state_thread(d->state, person, person_id(receiver));
	if (thread == 0 && (state_threads_count(d->state) >= THREADS_MAX ||
	                    state_threads_begun(d->state, person) >= THREADS_BEGUN_MAX)) {
		refuse_with(d, &message, REASON_FULL);
		return;
	}
	struct record entry = entry_of(d, ENTRY_DIRECT, &message);
	entry.target = person_id(receiver);
	entry.other_name = person_name(receiver);
	entry.room = thread != 0 ? thread : next_seq(d);
	entry.text = d->request->text;
	add_entry(d, entry);
}

void decide_rename(struct deciding *d) {
	struct message message;
	struct rooms rooms;
	struct slice name = d->request->name;
	if (!take_message(d, &message) ||
	    is_refused(d, &message, check_name(d, message.person, name)) ||
	    is_refused(d, &message, check_banned(d, name, NULL))) {
		return;
	}
	if (slice_equal(name, person_name(message.person))) {
		refuse_with(d, &message, REASON_NONE);
		return;
	}
	struct record entry = entry_of(d, ENTRY_RENAMED, &message);
	entry.name = name;
	entry.other_name = person_name(message.person);
	put_rooms(d, message.person, &rooms, &entry);
	add_entry(d, entry);
}

void decide_left_by_session(struct deciding *d) {
	struct message message;
	if (!take_message(d, &message) || is_refused(d, &message, check_why(d->request->text))) {
		return;
	}
	let_go(d, ENTRY_LEFT, message.person, REASON_NONE, d->request->text);
}

void decide_unfit(struct deciding *d) {
	struct message message;
	if (take_message(d, &message)) {
		refuse_message(d, &message, d->request->reason, d->request->number,
		               slice_of(NULL, 0));
	}
}

bool decide_poisoned_message(struct deciding *d) {
	struct message message = {.session = session_of_message(d)};
	if (message.session == NULL) {
		return false;
	}
	message.person = person_of(d, message.session);
	refuse_with(d, &message, REASON_POISONED);
	return true;
}
