/*
 * decide_redact.c - what was said is taken back: one message, by who had said it, by the
 * operators of its room and of the server; or all that an account ever said.
 *
 * The log is not the hub's to look through: who said it, and when, the edge has found out.
 */
#include "decide_inner.h"
#include "name.h"

/* ---- one message ---- */

/*
 * The person itself. Or one who has signed in to the account under which it was said: not one that
 * had this name before.
 */
static bool is_author(const struct deciding *d, const struct message *message) {
	const struct record *request = d->request;
	uint64_t account = state_account_named(d->state, request->by);
	if (request->target == person_id(message->person)) {
		return true;
	}
	return (request->bits & PERSON_HAS_ACCOUNT) != 0 && account != 0 &&
	       account < request->number &&
	       (person_bits(d->state, message->person) & PERSON_HAS_ACCOUNT) != 0 &&
	       name_equal(request->by, person_name(message->person));
}

/* Where it was said: a room, or the conversation with somebody. False: refused. */
static bool find_place(struct deciding *d, const struct message *message, struct record *entry) {
	if (d->request->name.size == 0) {
		entry->room = room_of_message(d);
		entry->other_name = state_room_name(d->state, entry->room);
		bool is_seen =
			state_room_exists(d->state, entry->room) && is_server_operator(d, message);
		return is_seen || is_in_room(d, message);
	}
	const struct person *other = state_person_named(d->state, d->request->name);
	uint64_t thread =
		other == NULL ? 0 : state_thread(d->state, entry->person, person_id(other));
	if (thread == 0 || thread != d->request->room) {
		refuse_with(d, message, REASON_NO_SUCH_NAME);
		return false;
	}
	entry->room = thread;
	entry->target = person_id(other);
	entry->other_name = person_name(other);
	return true;
}

static bool may_redact(const struct deciding *d, const struct message *message,
                       const struct record *entry) {
	uint64_t office = state_member_bits(d->state, entry->room, entry->person);
	return is_author(d, message) || is_server_operator(d, message) ||
	       (entry->target == 0 && (office & MEMBER_IS_OPERATOR) != 0);
}

/* Whoever may not speak there may take back, but gives no reason. */
static bool may_say_why(const struct deciding *d, const struct message *message,
                        const struct record *entry) {
	bool is_speech = entry->target == 0 && !is_server_operator(d, message);
	return check_muted(d, entry->name).reason == REASON_NONE &&
	       (!is_speech || check_speech(d, message->person, entry->room).reason == REASON_NONE);
}

void decide_redact(struct deciding *d) {
	struct message message;
	const struct record *request = d->request;
	if (!take_stream(d, &message)) {
		return;
	}
	struct record entry = entry_of(d, ENTRY_REDACTED, &message);
	if (!find_place(d, &message, &entry) || is_refused(d, &message, check_why(request->text))) {
		return;
	}
	if (request->number == 0 || request->number >= d->at->seq_next || request->target == 0 ||
	    request->by.size > NAME_BYTES_MAX) {
		refuse_with(d, &message, REASON_NO_SUCH_MESSAGE);
		return;
	}
	if (!may_redact(d, &message, &entry)) {
		refuse_with(d, &message, REASON_NOT_PERMITTED);
		return;
	}
	entry.number = request->number;
	entry.by = request->by;
	entry.since_us = request->since_us;
	entry.text = may_say_why(d, &message, &entry) ? request->text : slice_of(NULL, 0);
	add_entry(d, entry);
}

/* ---- all that an account said ---- */

/* Its person goes, whoever is connected as it; then what it did, and the account itself. */
void decide_erase(struct deciding *d) {
	uint64_t account = state_account_named(d->state, d->request->name);
	if (account == 0) {
		refuse_name(d, REASON_NO_SUCH_NAME);
		return;
	}
	struct slice name = state_account_name(d->state, account);
	const struct person *person = person_of_account(d, account);
	if (person != NULL && person_is_present(person)) {
		bool is_here = person_session_next(d->state, person, NULL) != NULL;
		let_go(d, is_here ? ENTRY_KICKED : ENTRY_LEFT, person,
		       is_here ? REASON_KICKED : REASON_NONE,
		       is_here ? slice_from_string("The account was erased") : slice_of(NULL, 0));
	}
	add_entry(d, (struct record){.kind = ENTRY_ERASED,
	                             .target = account,
	                             .person = person == NULL ? 0 : person_id(person),
	                             .name = name,
	                             .since_us = d->request->since_us});
	add_entry(d, (struct record){.kind = ENTRY_ACCOUNT_ENDED, .target = account, .name = name});
	done(d, 1);
}
