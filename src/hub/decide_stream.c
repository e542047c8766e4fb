/*
 * How people come in by a stream and go, what they say of themselves, what the
 * server's operators among them may. Accounts are decide_accounts.c's.
 */
#include <string.h>

#include "decide_inner.h"
#include "name.h"
#include "utf8.h"

/* ---- coming in ---- */

/* May who asks have that orphan back? From the same address, unless that can show better; or signed in. */
static bool is_own_orphan(const struct deciding *d, const struct session *session) {
	struct route known;
	if (session_face(session) != FACE_IRC || session_absent_since_us(d->state, session) == 0) {
		return false;
	}
	bool is_signed_in = (d->request->bits & PERSON_HAS_ACCOUNT) != 0;
	bool is_from_there =
		!session_is_resumable(d->state, session) &&
		session_route(d->state, session, &known) &&
		memcmp(known.peer.ip, d->request->route.peer.ip, sizeof(known.peer.ip)) == 0;
	bool is_registered = state_account_named(d->state, d->request->name) != 0;
	return is_signed_in || (is_from_there && !is_registered);
}

/* The orphan of that name, if who asks may have it back. */
static const struct session *own_orphan(const struct deciding *d) {
	const struct person *holder = state_person_named(d->state, d->request->name);
	const struct session *session = NULL, *first = NULL;
	while (holder != NULL &&
	       (session = person_session_next(d->state, holder, session)) != NULL) {
		if (is_own_orphan(d, session) &&
		    (first == NULL || session_id(session) < session_id(first))) {
			first = session;
		}
	}
	return first;
}

void renew_profile(struct deciding *d, uint64_t session, const struct person *person,
                   uint64_t bits) {
	struct record profile = {.kind = ENTRY_PROFILE,
	                         .person = person_id(person),
	                         .session = session,
	                         .name = person_name(person),
	                         .userhost = d->request->userhost,
	                         .text = d->request->text,
	                         .bits = bits};
	profile.number =
		(slice_equal(profile.userhost, person_userhost(d->state, person))
	                 ? 0
	                 : PROFILE_USERHOST) |
		(slice_equal(profile.text, person_realname(d->state, person)) ? 0
	                                                                      : PROFILE_REALNAME) |
		(profile.bits == person_bits(d->state, person) ? 0
	                                                       : PROFILE_ACCOUNT | PROFILE_MODES);
	if ((profile.number & PROFILE_USERHOST) != 0) {
		profile.other_name = person_userhost(d->state, person);
	}
	if (profile.number != 0) {
		add_entry(d, profile);
	}
}

void take_over(struct deciding *d, const struct session *session) {
	const struct person *person = person_of(d, session);
	add_entry(d, (struct record){.kind = ENTRY_MOVED,
	                             .session = session_id(session),
	                             .person = person_id(person),
	                             .home = d->request->queue,
	                             .has_route = true,
	                             .route = d->request->route});
	if (is_alone(d, person, session)) {
		renew_profile(d, session_id(session), person, d->request->bits & PERSON_BITS);
	}
	add_answer(d, (struct record){.kind = ANSWER_WELCOME,
	                              .session = session_id(session),
	                              .person = person_id(person),
	                              .name = person_name(person),
	                              .number = 1});
}

static bool is_register_good(const struct deciding *d) {
	const struct record *request = d->request;
	return request->has_route && is_of_edge(d) &&
	       request->userhost.size <= USERHOST_BYTES_MAX && utf8_is_valid(request->userhost) &&
	       request->text.size <= REALNAME_BYTES_MAX && utf8_is_valid(request->text) &&
	       request->other_name.size <= DEVICE_BYTES_MAX && utf8_is_valid(request->other_name);
}

void decide_register(struct deciding *d) {
	struct slice name = d->request->name;
	if (!is_register_good(d)) {
		refuse(d, REASON_BAD_ARGUMENT);
		return;
	}
	bool has_account = (d->request->bits & PERSON_HAS_ACCOUNT) != 0;
	struct trouble trouble =
		check_banned(d, (struct candidate){.name = name,
	                                           .userhost = d->request->userhost,
	                                           .has_account = has_account,
	                                           .peer = &d->request->route.peer});
	if (trouble.reason == REASON_NONE && (go_on_with(d) || come_to_account(d))) {
		return;
	}
	const struct session *orphan = trouble.reason == REASON_NONE ? own_orphan(d) : NULL;
	if (orphan != NULL) {
		take_over(d, orphan);
		return;
	}
	if (trouble.reason == REASON_NONE) {
		trouble = check_open(d, has_account);
	}
	if (trouble.reason == REASON_NONE) {
		trouble = check_name(d, NULL, name);
	}
	let_in(d, trouble,
	       (struct record){.kind = ENTRY_ENTERED,
	                       .name = name,
	                       .face = FACE_IRC,
	                       .home = d->request->queue,
	                       .userhost = d->request->userhost,
	                       .text = d->request->text,
	                       .bits = d->request->bits & PERSON_BITS,
	                       .secret = d->request->other_name,
	                       .nonce = d->request->nonce,
	                       .has_route = true,
	                       .route = d->request->route});
}

/* ---- an edge died ---- */

struct looking {
	const struct deciding *d;
	bool has_found;
};

static bool look_for_stream(void *context, const struct session *session) {
	struct looking *looking = context;
	const struct deciding *d = looking->d;
	looking->has_found = session_face(session) == FACE_IRC &&
	                     session_home(session) % d->at->edges == d->request->queue &&
	                     session_absent_since_us(d->state, session) == 0;
	return !looking->has_found;
}

void decide_orphans(struct deciding *d) {
	struct looking looking = {.d = d};
	if (!is_of_edge(d)) {
		refuse(d, REASON_NOT_PERMITTED);
		return;
	}
	state_sessions_each(d->state, look_for_stream, &looking);
	if (looking.has_found) {
		add_entry(d, (struct record){.kind = ENTRY_ORPHANED,
		                             .number = d->request->queue,
		                             .target = d->at->edges});
	}
}

/* ---- what one says of oneself ---- */

void decide_away(struct deciding *d) {
	struct message message;
	if (!take_stream(d, &message) || is_refused(d, &message, check_why(d->request->text))) {
		return;
	}
	if (d->request->text.size > AWAY_BYTES_MAX) {
		refuse_message(d, &message, REASON_TEXT_TOO_LONG, AWAY_BYTES_MAX,
		               slice_of(NULL, 0));
		return;
	}
	if (!slice_equal(d->request->text, person_away(d->state, message.person))) {
		struct record entry = entry_of(d, ENTRY_AWAY, &message);
		entry.text = d->request->text;
		add_entry(d, entry);
	}
}

void decide_profile(struct deciding *d) {
	struct message message;
	const struct record *request = d->request;
	uint64_t number = request->number;
	if (!take_stream(d, &message)) {
		return;
	}
	if (request->text.size > REALNAME_BYTES_MAX || !utf8_is_valid(request->text) ||
	    request->userhost.size > USERHOST_BYTES_MAX || !utf8_is_valid(request->userhost)) {
		refuse_with(d, &message, REASON_BAD_ARGUMENT);
		return;
	}
	struct record entry = entry_of(d, ENTRY_PROFILE, &message);
	uint64_t changed = (number & PROFILE_ACCOUNT ? PERSON_HAS_ACCOUNT : 0) |
	                   (number & PROFILE_MODES ? PERSON_BITS & ~PERSON_HAS_ACCOUNT : 0);
	entry.number = number;
	entry.bits = (entry.bits & ~changed) | (request->bits & changed);
	if ((number & PROFILE_ACCOUNT) != 0 &&
	    is_refused(d, &message,
	               check_account(d, message.person, entry.name,
	                             (entry.bits & PERSON_HAS_ACCOUNT) != 0))) {
		return;
	}
	if ((number & PROFILE_USERHOST) != 0) {
		entry.other_name = entry.userhost;
		entry.userhost = request->userhost;
	}
	entry.text = number & PROFILE_REALNAME ? request->text
	                                       : person_realname(d->state, message.person);
	struct candidate who = {.name = entry.name,
	                        .userhost = entry.userhost,
	                        .has_account = (entry.bits & PERSON_HAS_ACCOUNT) != 0};
	if ((number & (PROFILE_ACCOUNT | PROFILE_USERHOST)) != 0 &&
	    is_ended_as(d, message.person, who)) {
		return;
	}
	if (entry.bits != person_bits(d->state, message.person) ||
	    !slice_equal(entry.userhost, person_userhost(d->state, message.person)) ||
	    !slice_equal(entry.text, person_realname(d->state, message.person))) {
		add_entry(d, entry);
	}
}

/* ---- what the server's operators may ---- */

bool take_operator(struct deciding *d, struct message *message) {
	if (!take_stream(d, message)) {
		return false;
	}
	if ((person_bits(d->state, message->person) & PERSON_IS_OPERATOR) == 0) {
		refuse_with(d, message, REASON_NOT_PERMITTED);
		return false;
	}
	return true;
}

void decide_kill(struct deciding *d) {
	struct message message;
	if (!take_operator(d, &message) || is_refused(d, &message, check_why(d->request->text))) {
		return;
	}
	const struct person *who = state_person_named(d->state, d->request->name);
	if (who == NULL) {
		refuse_with(d, &message, REASON_NO_SUCH_NAME);
		return;
	}
	let_go_by(d, ENTRY_KICKED, who, REASON_KICKED, d->request->text, message.person);
}

void decide_wallops(struct deciding *d) {
	struct message message;
	if (take_operator(d, &message) && !is_refused(d, &message, check_text(d->request->text))) {
		struct record entry = entry_of(d, ENTRY_WALLOPS, &message);
		entry.text = d->request->text;
		add_entry(d, entry);
	}
}

void decide_shout_by_operator(struct deciding *d) {
	struct message message;
	if (take_operator(d, &message) && !is_refused(d, &message, check_text(d->request->text))) {
		add_entry(d, (struct record){.kind = ENTRY_SHOUTED,
		                             .by = person_name(message.person),
		                             .text = d->request->text});
	}
}
