/*
 * A name is taken back by whoever's account it is: the other sessions of its person end, or whoever
 * else is called that, since before it was registered.
 */
#include "decide_inner.h"

/* The sender's own stays, so the person does. */
static void end_other_sessions(struct deciding *d, const struct message *message) {
	const struct session *session = NULL;
	while (d->out->entries < DECIDE_SWEEP_MAX &&
	       (session = person_session_next(d->state, message->person, session)) != NULL) {
		if (session != message->session) {
			let_session_go(d, session, REASON_KICKED,
			               slice_from_string("Ended by its owner"), 0);
		}
	}
}

void decide_ghost(struct deciding *d) {
	struct message message;
	if (!take_stream(d, &message)) {
		return;
	}
	uint64_t account = state_account_named(d->state, d->request->name);
	const struct person *holder = state_person_named(d->state, d->request->name);
	bool is_its = account != 0 && (person_account(d->state, message.person) == account ||
	                               (d->request->bits & PERSON_HAS_ACCOUNT) != 0);
	if (!is_its) {
		refuse_with(d, &message, REASON_NEEDS_ACCOUNT);
	} else if (holder == NULL) {
		refuse_with(d, &message, REASON_NO_SUCH_NAME);
	} else if (holder == message.person) {
		end_other_sessions(d, &message);
	} else if (person_account(d->state, holder) != account) {
		let_go(d, ENTRY_LEFT, holder, REASON_KICKED,
		       slice_from_string("名字是注册过的 / the name is registered"));
	} else {
		/* Its own person, which it becomes by taking the name: nobody is in the way. */
		refuse_with(d, &message, REASON_NAME_TAKEN);
	}
}
