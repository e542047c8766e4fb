/*
 * What people who have a session say and do: in the session dialect, and by
 * streams. A request names its session, and is believed: its edge has checked
 * that.
 *
 * Messages of the session dialect count 1, 2, 3; only the next one is taken, and
 * whatever it leads to bears its number; a refusal is an entry, so that the
 * number is used up. Those of streams come in order, and a refusal is an answer
 * to the connection.
 */
#include "decide_inner.h"
#include "name.h"
#include "utf8.h"

static struct slice first_of(struct slice text, size_t most) {
	return text.size <= most && utf8_is_valid(text) ? text : slice_of(NULL, 0);
}

/* The room's name as it is, or as it was asked for. */
static struct slice room_name_asked(const struct deciding *d) {
	struct slice known = state_room_name(d->state, room_of_message(d));
	return known.size > 0 ? known : first_of(d->request->other_name, NAME_BYTES_MAX);
}

/* ---- whose message it is ---- */

bool is_of_stream(const struct deciding *d) {
	const struct session *session = state_session(d->state, d->request->session);
	return d->request->client_number == 0 && session != NULL &&
	       session_face(session) == FACE_IRC;
}

/* The session of a message that is the next; NULL if it is none, or was decided already. */
static const struct session *session_of_message(const struct deciding *d) {
	const struct session *session = state_session(d->state, d->request->session);
	if (is_of_stream(d)) {
		bool is_here = session_home(session) % d->at->edges == d->request->queue &&
		               session_absent_since_us(d->state, session) == 0;
		return is_here ? session : NULL;
	}
	bool is_next = session != NULL && session_face(session) == FACE_SESSION && is_of_edge(d) &&
	               d->request->client_number == session_client_number(d->state, session) + 1;
	return is_next ? session : NULL;
}

/* The entry of a message, without what it says. */
struct record entry_of(const struct deciding *d, enum record_kind kind,
                       const struct message *message) {
	return (struct record){.kind = kind,
	                       .person = person_id(message->person),
	                       .session = session_id(message->session),
	                       .client_number = d->request->client_number,
	                       .nonce = d->request->nonce,
	                       .name = person_name(message->person),
	                       .userhost = person_userhost(d->state, message->person),
	                       .bits = person_bits(d->state, message->person)};
}

/* To the connection that asked; which command it was, it hears as well. */
static void refuse_stream(struct deciding *d, enum reason reason, uint64_t argument,
                          struct slice text) {
	const struct record *request = d->request;
	add_answer(d, (struct record){.kind = ANSWER_REFUSED,
	                              .reason = reason,
	                              .session = request->session,
	                              .target = request->kind,
	                              .number = argument,
	                              .name = first_of(request->name, NAME_BYTES_MAX),
	                              .other_name = room_name_asked(d),
	                              .text = text});
}

/* Refused in the log, so that its number is used up; the argument is the protocol's. */
void refuse_message(struct deciding *d, const struct message *message, enum reason reason,
                    uint64_t argument, struct slice text) {
	if (message->session == NULL || is_of_stream(d)) {
		refuse_stream(d, reason, argument, text);
		return;
	}
	struct record entry = entry_of(d, ENTRY_REFUSED, message);
	entry.name = entry.userhost = slice_of(NULL, 0);
	entry.bits = 0;
	entry.reason = reason;
	entry.target = argument;
	entry.text = text;
	add_entry(d, entry);
}

void refuse_with(struct deciding *d, const struct message *message, enum reason reason) {
	refuse_message(d, message, reason, 0, slice_of(NULL, 0));
}

/* Is something wrong? Then the message is refused for it. */
bool is_refused(struct deciding *d, const struct message *message, struct trouble trouble) {
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

/* It was sent before: so is it said. */
static bool was_kept(struct deciding *d) {
	struct record kept = {.kind = ANSWER_KEPT};
	kept.number = state_kept(d->state, d->request->nonce, &kept.since_us);
	if (kept.number == 0) {
		return false;
	}
	kept.name = first_of(d->request->name, NAME_BYTES_MAX);
	kept.other_name = room_name_asked(d);
	add_answer(d, kept);
	return true;
}

/* False: there is nothing (more) to do. */
bool take_message(struct deciding *d, struct message *message) {
	message->session = session_of_message(d);
	if (message->session == NULL) {
		/* A stream's number of its own is none; whose connection has moved on hears nothing. */
		answer(d, ANSWER_NOTHING);
		return false;
	}
	message->person = person_of(d, message->session);
	if (!person_is_present(message->person)) {
		refuse_with(d, message, REASON_NOT_ENTERED);
		return false;
	}
	return !was_kept(d);
}

uint64_t room_of_message(const struct deciding *d) {
	uint64_t room = d->request->room;
	if (room == 0 && d->request->other_name.size > 0) {
		room = state_room_named(d->state, d->request->other_name);
	}
	return room;
}

/* Is it in the room that the message names? */
bool is_in_room(struct deciding *d, const struct message *message) {
	uint64_t room = room_of_message(d);
	if (state_is_member(d->state, room, person_id(message->person))) {
		return true;
	}
	refuse_with(d, message,
	            state_room_exists(d->state, room) ? REASON_NOT_IN_ROOM : REASON_NO_SUCH_ROOM);
	return false;
}

/* ---- what people say ---- */

/* From outside of the room only a stream can speak, and only where that is allowed. */
static bool may_reach_room(struct deciding *d, const struct message *message) {
	uint64_t room = room_of_message(d);
	if (is_of_stream(d) && state_room_exists(d->state, room)) {
		return !is_refused(d, message, check_speech(d, message->person, room));
	}
	return is_in_room(d, message) &&
	       !is_refused(d, message, check_speech(d, message->person, room));
}

bool are_tags_good(struct deciding *d, const struct message *message) {
	struct slice tags = d->request->tags;
	if (tags.size <= TAGS_BYTES_MAX && utf8_is_valid(tags)) {
		return true;
	}
	refuse_with(d, message, REASON_BAD_ARGUMENT);
	return false;
}

void decide_said_by_session(struct deciding *d) {
	struct message message;
	if (!take_message(d, &message) || !may_reach_room(d, &message) ||
	    is_refused(d, &message, check_text(d->request->text)) ||
	    is_refused(d, &message, check_muted(d, person_name(message.person))) ||
	    !are_tags_good(d, &message)) {
		return;
	}
	uint64_t whom = d->request->number & MEMBER_BITS;
	/* Those above may be asked for help at any pace. */
	if (whom == 0 &&
	    is_refused(d, &message, check_pace(d, message.person, room_of_message(d)))) {
		return;
	}
	struct record entry = entry_of(d, whom != 0 ? ENTRY_SAID_TO : ENTRY_SAID, &message);
	entry.room = room_of_message(d);
	if (entry.room != ROOM_LOBBY || whom != 0) {
		/* So that who reads it later need not know what rooms there were. */
		entry.other_name = state_room_name(d->state, entry.room);
	}
	entry.text = d->request->text;
	entry.joints = d->request->joints;
	entry.tags = d->request->tags;
	entry.number = whom;
	entry.bits |= d->request->bits & SAID_IS_NOTICE;
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

/* Sessions name the room that they join `name`, streams as everywhere else. */
static struct slice name_of_room(const struct deciding *d) {
	return d->request->other_name.size > 0 ? d->request->other_name : d->request->name;
}

/* 0: it cannot be, which is said. */
static uint64_t make_named_room(struct deciding *d, const struct message *message) {
	if (!make_room(d)) {
		refuse_with(d, message, REASON_FULL);
		return 0;
	}
	struct record entry = entry_of(d, ENTRY_ROOM_MADE, message);
	bool has_account = (entry.bits & PERSON_HAS_ACCOUNT) != 0;
	entry.by = has_account ? entry.name : slice_of(NULL, 0);
	entry.name = name_of_room(d);
	entry.bits |= ROOM_BITS_AT_FIRST;
	return add_entry(d, entry);
}

/* Who has an office from the start has it without a word where nobody is who would hear it. */
static void add_joined(struct deciding *d, const struct message *message, uint64_t room) {
	uint64_t office = office_of_newcomer(d, message->person, room);
	bool is_told = state_room_members_count(d->state, room) > 0;
	struct slice known = state_room_name(d->state, room);
	struct record entry = entry_of(d, ENTRY_JOINED, message);
	entry.room = room;
	entry.other_name = known.size > 0 ? known : name_of_room(d);
	entry.bits |= is_told ? 0 : office;
	add_entry(d, entry);
	if (is_told) {
		struct record mode = {.kind = ENTRY_MODE,
		                      .session = entry.session,
		                      .client_number = entry.client_number,
		                      .room = room,
		                      .other_name = entry.other_name};
		add_office_change(d, &mode, message->person, 0, office);
	}
}

void decide_join(struct deciding *d) {
	struct message message;
	if (!take_message(d, &message)) {
		return;
	}
	struct slice name = name_of_room(d);
	if (room_name_check(name) != NAME_OK) {
		refuse_with(d, &message, REASON_ROOM_NAME_INVALID);
		return;
	}
	uint64_t room = state_room_named(d->state, name);
	if (room != 0 && state_is_member(d->state, room, person_id(message.person))) {
		/* It is in: nothing is to be done, and that is said with no reason. */
		if (is_of_stream(d)) {
			answer(d, ANSWER_NOTHING);
		} else {
			refuse_message(d, &message, REASON_NONE, room, slice_of(NULL, 0));
		}
		return;
	}
	if (person_rooms(d->state, message.person, NULL, 0) >= ROOMS_PER_PERSON_MAX) {
		refuse_message(d, &message, REASON_TOO_MANY_ROOMS, ROOMS_PER_PERSON_MAX,
		               slice_of(NULL, 0));
		return;
	}
	if (room != 0) {
		struct trouble trouble = check_joining(d, message.person, room, d->request->text);
		uint64_t other = room_instead(d, message.person, room, trouble);
		if (other == 0 && is_refused(d, &message, trouble)) {
			return;
		}
		room = other != 0 ? other : room;
	} else {
		room = make_named_room(d, &message);
	}
	if (room != 0) {
		add_joined(d, &message, room);
	}
}

void decide_part(struct deciding *d) {
	struct message message;
	if (!take_message(d, &message) || !is_in_room(d, &message) ||
	    is_refused(d, &message, check_why(d->request->text))) {
		return;
	}
	struct record entry = entry_of(d, ENTRY_PARTED, &message);
	entry.room = room_of_message(d);
	entry.other_name = state_room_name(d->state, entry.room);
	if (check_muted(d, entry.name).reason == REASON_NONE &&
	    check_speech(d, message.person, entry.room).reason == REASON_NONE) {
		entry.text = d->request->text; /* It is speech as well. */
	}
	add_entry(d, entry);
}

void decide_direct(struct deciding *d) {
	struct message message;
	if (!take_message(d, &message) || !are_tags_good(d, &message)) {
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
	entry.joints = d->request->joints;
	entry.tags = d->request->tags;
	entry.bits |= d->request->bits & SAID_IS_NOTICE;
	add_entry(d, entry);
}

/* To whom: a room's members, or one person. */
static bool address_tagged(struct deciding *d, const struct message *message,
                           struct record *entry) {
	if (d->request->name.size == 0) {
		entry->room = room_of_message(d);
		entry->other_name = state_room_name(d->state, entry->room);
		return may_reach_room(d, message);
	}
	const struct person *receiver = state_person_named(d->state, d->request->name);
	if (receiver == NULL) {
		refuse_with(d, message, REASON_NO_SUCH_NAME);
		return false;
	}
	entry->target = person_id(receiver);
	entry->other_name = person_name(receiver);
	entry->room = state_thread(d->state, entry->person, entry->target);
	return true;
}

void decide_tagmsg(struct deciding *d) {
	struct message message;
	if (!take_stream(d, &message)) {
		return;
	}
	struct record entry = entry_of(d, ENTRY_TAGGED, &message);
	if (!address_tagged(d, &message, &entry) || !are_tags_good(d, &message) ||
	    is_refused(d, &message, check_muted(d, person_name(message.person)))) {
		return;
	}
	entry.tags = d->request->tags;
	add_entry(d, entry);
}

void decide_rename(struct deciding *d) {
	struct message message;
	struct rooms rooms;
	struct slice name = d->request->name;
	if (!take_message(d, &message) || move_to_account(d, &message) ||
	    is_refused(d, &message, check_name(d, message.person, name))) {
		return;
	}
	struct candidate who = candidate_of(d, message.person);
	who.has_account = account_bit_of(d, message.person, name) != 0;
	who.name = name;
	if (is_refused(d, &message, check_banned(d, who)) ||
	    is_refused(d, &message, check_account(d, message.person, name, who.has_account))) {
		return;
	}
	if (slice_equal(name, person_name(message.person))) {
		if (is_of_stream(d)) {
			answer(d, ANSWER_NOTHING);
		} else {
			refuse_with(d, &message, REASON_NONE);
		}
		return;
	}
	struct record entry = entry_of(d, ENTRY_RENAMED, &message);
	entry.name = name;
	entry.other_name = person_name(message.person);
	put_rooms(d, message.person, &rooms, &entry);
	uint64_t signed_in = account_bit_of(d, message.person, name);
	bool is_change = signed_in != (entry.bits & PERSON_HAS_ACCOUNT);
	entry.bits = (entry.bits & ~(uint64_t)PERSON_HAS_ACCOUNT) | signed_in;
	add_entry(d, entry);
	if (is_change) {
		/* The account is the name: with another name one is somebody else, or nobody. */
		struct record profile = entry_of(d, ENTRY_PROFILE, &message);
		profile.name = name;
		profile.bits = entry.bits;
		profile.number = PROFILE_ACCOUNT;
		add_entry(d, profile);
	}
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

bool take_stream(struct deciding *d, struct message *message) {
	if (!is_of_stream(d)) {
		refuse(d, REASON_NOT_PERMITTED);
		return false;
	}
	return take_message(d, message);
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
