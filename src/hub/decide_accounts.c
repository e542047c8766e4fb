/*
 * Accounts: how they are made and ended; and their people, who have any number of sessions and may
 * stay while they have none.
 */
#include "decide_inner.h"
#include "name.h"

/* ---- their people ---- */

const struct person *person_of_account(const struct deciding *d, uint64_t account) {
	const struct person *person =
		state_person(d->state, state_account_person(d->state, account));
	const struct person *holder =
		state_person_named(d->state, state_account_name(d->state, account));
	if (person == NULL && holder != NULL &&
	    (person_bits(d->state, holder) & PERSON_HAS_ACCOUNT) != 0) {
		/* Of a version in which accounts had no people. */
		person = holder;
	}
	return person;
}

bool is_alone(const struct deciding *d, const struct person *person,
              const struct session *but_for) {
	const struct session *session = person_session_next(d->state, person, NULL);
	while (session != NULL &&
	       (session == but_for || session_absent_since_us(d->state, session) != 0)) {
		session = person_session_next(d->state, person, session);
	}
	return session == NULL;
}

static size_t count_sessions(const struct deciding *d, const struct person *person) {
	size_t count = 0;
	const struct session *session = NULL;
	while ((session = person_session_next(d->state, person, session)) != NULL) {
		count++;
	}
	return count;
}

static bool stays(const struct deciding *d, const struct person *person) {
	uint64_t account = person_account(d->state, person);
	uint64_t bits = state_account_bits(d->state, account);
	bool is_wished = d->at->accounts_stay || (bits & ACCOUNT_STAYS) != 0;
	return account != 0 && is_wished && (bits & ACCOUNT_STAYS_NOT) == 0;
}

/* ---- coming ---- */

/* The orphan that its own device left behind: of several the one that came first. */
static const struct session *orphan_of_device(const struct deciding *d,
                                              const struct person *person) {
	const struct session *session = NULL, *first = NULL;
	while ((session = person_session_next(d->state, person, session)) != NULL) {
		bool is_its =
			session_absent_since_us(d->state, session) != 0 &&
			slice_equal(session_device(d->state, session), d->request->other_name);
		if (is_its && (first == NULL || session_id(session) < session_id(first))) {
			first = session;
		}
	}
	return first;
}

/*
 * One more session of hers; 0: there are too many. `coming` is a REGISTER, or as one: who goes on as
 * a guest signs in to nothing by that, whatever account has the name by now.
 */
static uint64_t attach(struct deciding *coming, const struct person *person) {
	struct rooms rooms;
	size_t count = count_sessions(coming, person);
	if (count >= SESSIONS_PER_PERSON_MAX) {
		return 0;
	}
	struct record entry = {.kind = ENTRY_ATTACHED,
	                       .person = person_id(person),
	                       .session = next_seq(coming),
	                       .name = person_name(person),
	                       .face = FACE_IRC,
	                       .home = coming->request->queue,
	                       .secret = coming->request->other_name,
	                       .nonce = coming->request->nonce,
	                       .userhost = person_userhost(coming->state, person),
	                       .bits = person_bits(coming->state, person) |
	                               (coming->request->bits & PERSON_HAS_ACCOUNT),
	                       .has_route = true,
	                       .route = coming->request->route};
	if (count == 0 && person_away(coming->state, person).size == 0) {
		put_rooms(coming, person, &rooms, &entry);
	}
	add_entry(coming, entry);
	if (is_alone(coming, person, NULL)) {
		renew_profile(coming, entry.session, person, entry.bits);
	}
	return entry.session;
}

/* Who had left is there again, as the same. */
static uint64_t enter_again(struct deciding *coming, const struct person *person) {
	const struct record *request = coming->request;
	return add_entry(coming, (struct record){.kind = ENTRY_ENTERED,
	                                         .person = person_id(person),
	                                         .session = next_seq(coming),
	                                         .name = request->name,
	                                         .face = FACE_IRC,
	                                         .home = request->queue,
	                                         .userhost = request->userhost,
	                                         .text = request->text,
	                                         .secret = request->other_name,
	                                         .nonce = request->nonce,
	                                         .bits = request->bits & PERSON_BITS,
	                                         .has_route = true,
	                                         .route = request->route});
}

/* It is that person now, and is told when it is. */
static void come_as(struct deciding *d, struct deciding *coming, const struct person *person) {
	bool is_present = person_is_present(person);
	uint64_t session = is_present ? attach(coming, person) : enter_again(coming, person);
	if (session == 0) {
		refuse_for(d, (struct trouble){.reason = REASON_FULL,
		                               .number = SESSIONS_PER_PERSON_MAX});
		return;
	}
	add_answer(d,
	           (struct record){.kind = ANSWER_WELCOME,
	                           .session = session,
	                           .person = person_id(person),
	                           .name = is_present ? person_name(person) : coming->request->name,
	                           .number = 1});
}

bool come_to_account(struct deciding *d) {
	bool is_signed_in = (d->request->bits & PERSON_HAS_ACCOUNT) != 0;
	uint64_t account = is_signed_in ? state_account_named(d->state, d->request->name) : 0;
	const struct person *person = account == 0 ? NULL : person_of_account(d, account);
	if (person == NULL) {
		return false;
	}
	const struct session *orphan = orphan_of_device(d, person);
	bool returns = person_is_present(person) && orphan != NULL;
	struct trouble trouble = returns ? (struct trouble){0} : check_open(d, true);
	if (trouble.reason == REASON_NONE && !person_is_present(person)) {
		trouble = check_name(d, NULL, d->request->name);
	}
	if (trouble.reason != REASON_NONE) {
		refuse_for(d, trouble);
	} else if (returns) {
		take_over(d, orphan);
	} else {
		come_as(d, d, person);
	}
	return true;
}

/* Who asks to be called so has shown that the account is its own, and the account has its person. */
static const struct person *person_wished(const struct deciding *d, const struct message *message) {
	bool is_signed_in = (d->request->bits & PERSON_HAS_ACCOUNT) != 0;
	uint64_t account = is_signed_in ? state_account_named(d->state, d->request->name) : 0;
	const struct person *person = account == 0 ? NULL : person_of_account(d, account);
	bool is_other = person != message->person &&
	                person_account(d->state, message->person) == 0 &&
	                (person_bits(d->state, message->person) & PERSON_HAS_ACCOUNT) == 0;
	return is_other ? person : NULL;
}

bool move_to_account(struct deciding *d, const struct message *message) {
	const struct person *person = person_wished(d, message);
	struct slice name = d->request->name;
	struct record request = *d->request;
	struct deciding coming = *d;
	if (person == NULL || !session_route(d->state, message->session, &request.route)) {
		return false;
	}
	struct trouble trouble = check_banned(
		d, (struct candidate){.name = name,
	                              .userhost = person_userhost(d->state, message->person),
	                              .has_account = true,
	                              .peer = &request.route.peer});
	if (trouble.reason == REASON_NONE && !person_is_present(person)) {
		trouble = check_name(d, message->person, name);
	}
	if (trouble.reason == REASON_NONE && count_sessions(d, person) >= SESSIONS_PER_PERSON_MAX) {
		trouble.reason = REASON_FULL;
	}
	if (is_refused(d, message, trouble)) {
		return true;
	}
	request.userhost = person_userhost(d->state, message->person);
	request.text = person_realname(d->state, message->person);
	request.other_name = session_device(d->state, message->session);
	request.bits = PERSON_HAS_ACCOUNT;
	coming.request = &request;
	let_session_go(d, message->session, REASON_SAME_NAME_ELSEWHERE,
	               slice_from_string("Signed in"), 0);
	come_as(d, &coming, person);
	return true;
}

/* ---- going ---- */

/* An operator's rights are the connection's that asked for them: nobody finds them lying about. */
static void lay_down_rights(struct deciding *d, const struct person *person) {
	uint64_t bits = person_bits(d->state, person);
	if ((bits & PERSON_IS_OPERATOR) != 0) {
		add_entry(d, (struct record){.kind = ENTRY_PROFILE,
		                             .person = person_id(person),
		                             .name = person_name(person),
		                             .number = PROFILE_MODES,
		                             .userhost = person_userhost(d->state, person),
		                             .text = person_realname(d->state, person),
		                             .bits = bits & ~(uint64_t)PERSON_IS_OPERATOR});
	}
}

/* `is_last`: its person is there without it, and hears of nothing. */
static void detach(struct deciding *d, const struct session *session, bool is_last,
                   enum reason reason, struct slice why, uint64_t read_up_to) {
	struct rooms rooms;
	const struct person *person = person_of(d, session);
	struct record entry = {.kind = ENTRY_DETACHED,
	                       .person = person_id(person),
	                       .session = session_id(session),
	                       .name = person_name(person),
	                       .number = read_up_to <= state_seq(d->state) ? read_up_to : 0,
	                       .reason = reason,
	                       .text = why,
	                       .userhost = person_userhost(d->state, person),
	                       .bits = person_bits(d->state, person)};
	if (is_last && person_away(d->state, person).size == 0) {
		put_rooms(d, person, &rooms, &entry);
	}
	add_entry(d, entry);
}

void let_session_go(struct deciding *d, const struct session *session, enum reason reason,
                    struct slice why, uint64_t read_up_to) {
	const struct person *person = person_of(d, session);
	bool is_last = count_sessions(d, person) == 1;
	if (is_last && !stays(d, person)) {
		let_go(d, ENTRY_LEFT, person, reason, why);
		return;
	}
	detach(d, session, is_last, reason, why, read_up_to);
	if (is_last) {
		lay_down_rights(d, person);
	}
}

/* ---- going on with a session that was cut ---- */

/* The session that who registers has shown to be its own. */
static const struct session *session_gone_on_with(const struct deciding *d) {
	const struct session *session = state_stream_of_nonce(d->state, d->request->nonce);
	const struct person *person = session == NULL ? NULL : person_of(d, session);
	if (person == NULL || !name_equal(d->request->name, person_name(person))) {
		return NULL;
	}
	uint64_t signed_in = d->request->bits & PERSON_HAS_ACCOUNT;
	bool is_as_before = signed_in == (person_bits(d->state, person) & PERSON_HAS_ACCOUNT);
	return is_as_before ? session : NULL;
}

bool go_on_with(struct deciding *d) {
	const struct session *session = session_gone_on_with(d);
	if (session == NULL) {
		return false;
	}
	if (session_absent_since_us(d->state, session) != 0) {
		take_over(d, session);
		return true;
	}
	/* Its old connection may not know yet that it is none. */
	const struct person *person = person_of(d, session);
	come_as(d, d, person);
	if (count_sessions(d, person) < SESSIONS_PER_PERSON_MAX) {
		detach(d, session, false, REASON_NONE, slice_from_string("Gone on with elsewhere"),
		       0);
	}
	return true;
}

bool is_cut(const struct deciding *d, const struct session *session) {
	return session_is_resumable(d->state, session) &&
	       session_absent_since_us(d->state, session) == 0 &&
	       d->request->reason == REASON_UNREACHABLE;
}

/* ---- accounts ---- */

uint64_t account_bit_of(const struct deciding *d, const struct person *person, struct slice name) {
	if ((d->request->bits & PERSON_HAS_ACCOUNT) != 0) {
		return state_account_named(d->state, name) != 0 ? PERSON_HAS_ACCOUNT : 0;
	}
	return name_equal(name, person_name(person))
	               ? person_bits(d->state, person) & PERSON_HAS_ACCOUNT
	               : 0;
}

struct trouble check_account(const struct deciding *d, const struct person *person,
                             struct slice name, bool is_signed_in) {
	uint64_t own = person_account(d->state, person);
	if (own != 0) {
		/* The account is the name, and this is its person. */
		bool is_its = is_signed_in && name_equal(name, state_account_name(d->state, own));
		return (struct trouble){.reason = is_its ? REASON_NONE : REASON_NOT_YOUR_NAME,
		                        .name = state_account_name(d->state, own)};
	}
	uint64_t account = is_signed_in ? state_account_named(d->state, name) : 0;
	if (account != 0 && state_account_person(d->state, account) != 0) {
		return (struct trouble){.reason = REASON_NAME_REGISTERED, .name = name};
	}
	return (struct trouble){0};
}

static void account_done(struct deciding *d) {
	if (d->at->is_administrator) {
		add_answer(d, (struct record){.kind = ANSWER_DONE, .number = 1});
	}
}

void decide_account_made(struct deciding *d) {
	struct slice name = d->request->name;
	struct name_key key;
	if (name.size > NAME_BYTES_MAX || name_key(name, &key) != NAME_OK) {
		refuse(d, REASON_NAME_INVALID);
		return;
	}
	if (state_account_named(d->state, name) == 0) {
		if (state_accounts_count(d->state) >= ACCOUNTS_MAX) {
			refuse(d, REASON_FULL);
			return;
		}
		add_entry(d, (struct record){.kind = ENTRY_ACCOUNT_MADE, .name = name});
	}
	account_done(d);
}

/* Who is connected, signed in under it, is so no more. */
static void sign_out(struct deciding *d, const struct person *person) {
	if ((person_bits(d->state, person) & PERSON_HAS_ACCOUNT) != 0) {
		add_entry(d, (struct record){.kind = ENTRY_PROFILE,
		                             .person = person_id(person),
		                             .name = person_name(person),
		                             .number = PROFILE_ACCOUNT,
		                             .userhost = person_userhost(d->state, person),
		                             .text = person_realname(d->state, person),
		                             .bits = person_bits(d->state, person) &
		                                     ~PERSON_HAS_ACCOUNT});
	}
}

void decide_account_ended(struct deciding *d) {
	struct slice name = d->request->name;
	uint64_t account = state_account_named(d->state, name);
	if (account == 0) {
		refuse(d, REASON_NO_SUCH_NAME);
		return;
	}
	const struct person *person = state_person_named(d->state, name);
	bool is_gone = person == NULL || person_session_next(d->state, person, NULL) == NULL;
	if (person != NULL && is_gone) {
		let_go(d, ENTRY_LEFT, person, REASON_NONE, slice_of(NULL, 0));
	}
	/* Who has it may drop it: then the console, which may hear of it first, says so. */
	struct slice by = d->at->is_administrator ? d->request->by : name;
	add_entry(d,
	          (struct record){.kind = ENTRY_ACCOUNT_ENDED,
	                          .target = account,
	                          .name = name,
	                          .by = slice_first(by, by.size <= NAME_BYTES_MAX ? by.size : 0)});
	if (!is_gone) {
		sign_out(d, person);
	}
	account_done(d);
}

/* ---- what their owners set ---- */

#define ACCOUNT_BITS (ACCOUNT_STAYS | ACCOUNT_STAYS_NOT | ACCOUNT_NO_PLAYBACK)

/* Whose it is: the sender's own, or, if the administrator asks, that of the name. */
static uint64_t account_asked(struct deciding *d, struct message *message) {
	uint64_t account = 0;
	if (d->at->is_administrator) {
		account = state_account_named(d->state, d->request->name);
		if (account == 0) {
			refuse_for(d, (struct trouble){.reason = REASON_NO_SUCH_NAME,
			                               .name = d->request->name});
		}
	} else if (take_stream(d, message)) {
		account = person_account(d->state, message->person);
		if (account == 0) {
			refuse_with(d, message, REASON_NEEDS_ACCOUNT);
		}
	}
	return account;
}

/* The last word of the two counts. */
static uint64_t bits_after(uint64_t before, uint64_t number, uint64_t bits) {
	uint64_t given = bits & number & ACCOUNT_BITS;
	uint64_t after = (before & ~number) | given;
	if ((given & ACCOUNT_STAYS) != 0) {
		after &= ~(uint64_t)ACCOUNT_STAYS_NOT;
	} else if ((given & ACCOUNT_STAYS_NOT) != 0) {
		after &= ~(uint64_t)ACCOUNT_STAYS;
	}
	return after;
}

void decide_account_set(struct deciding *d) {
	struct message message = {0};
	uint64_t account = account_asked(d, &message);
	if (account == 0) {
		return;
	}
	uint64_t before = state_account_bits(d->state, account);
	uint64_t after = bits_after(before, d->request->number, d->request->bits);
	if (after != before) {
		add_entry(d, (struct record){.kind = ENTRY_ACCOUNT_SET,
		                             .person = state_account_person(d->state, account),
		                             .session = message.session == NULL
		                                                ? 0
		                                                : session_id(message.session),
		                             .target = account,
		                             .name = state_account_name(d->state, account),
		                             .number = d->request->number,
		                             .bits = after});
	}
	account_done(d);
}

/* Its own edge says how far one of its connections has certainly read: nobody goes back. */
void decide_read_up_to(struct deciding *d) {
	const struct session *session = state_session(d->state, d->request->session);
	if (session == NULL || session_face(session) != FACE_IRC ||
	    session_home(session) % d->at->edges != d->request->queue) {
		return;
	}
	const struct person *person = person_of(d, session);
	uint64_t account = person_account(d->state, person), number = d->request->number;
	uint64_t known =
		state_device_read_up_to(d->state, account, session_device(d->state, session));
	if (account != 0 && number > known && number <= state_seq(d->state)) {
		add_entry(d, (struct record){.kind = ENTRY_READ,
		                             .person = person_id(person),
		                             .session = session_id(session),
		                             .number = number});
	}
}
