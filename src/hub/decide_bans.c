/*
 * Who may not come in, by name, account, mask or network; and how far the server
 * is open at all. It is decided by the administrator, and by the server's
 * operators, whose name the entry bears; and it holds for every face: who comes
 * by datagrams is held against masks as in rooms (decide_room.c).
 */
#include <string.h>

#include "decide_inner.h"
#include "irc_mask.h"
#include "name.h"
#include "utf8.h"

_Static_assert(MASK_FOLDED_BYTES_MAX == IRC_MASK_BYTES_MAX, "a mask is kept as it is folded");

/* ---- whom a ban meets ---- */

static bool fits(const struct restriction *ban, const struct identity *identity) {
	return identity->size > 0 &&
	       irc_mask_matches(ban->folded, slice_of(identity->bytes, identity->size));
}

static const struct restriction *mask_of(const struct deciding *d, const struct candidate *who) {
	struct identity identity = {.size = 0}, shown = {.size = 0};
	for (size_t i = 0; i < state_restrictions_count(d->state); i++) {
		const struct restriction *ban = state_restriction(d->state, i);
		if ((ban->bits & BAN_IS_MASK) == 0 || !restriction_holds(ban, d->at->now_us)) {
			continue;
		}
		if (identity.size == 0) {
			identify_as(who->name, who->userhost, &identity);
			identify_as_shown(who->name, who->userhost, &shown);
		}
		if (fits(ban, &identity) || fits(ban, &shown)) {
			return ban;
		}
	}
	return NULL;
}

/* By what it is, whatever it is called, or wherever it comes from. */
static const struct restriction *ban_as(const struct deciding *d, const struct candidate *who) {
	const struct restriction *ban =
		who->has_account ? state_ban_of_account(d->state, who->name, d->at->now_us) : NULL;
	return ban != NULL ? ban : mask_of(d, who);
}

static const struct restriction *ban_on(const struct deciding *d, const struct candidate *who) {
	const struct restriction *ban = state_ban_of(d->state, who->name, who->peer, d->at->now_us);
	return ban != NULL ? ban : ban_as(d, who);
}

struct trouble check_banned(const struct deciding *d, struct candidate who) {
	const struct restriction *ban = ban_on(d, &who);
	if (ban == NULL) {
		return (struct trouble){0};
	}
	return (struct trouble){
		.reason = REASON_BANNED, .text = ban->why, .until_us = ban->until_us};
}

struct candidate candidate_of(const struct deciding *d, const struct person *person) {
	return (struct candidate){
		.name = person_name(person),
		.userhost = userhost_of(d, person),
		.has_account = (person_bits(d->state, person) & PERSON_HAS_ACCOUNT) != 0};
}

/* Its addresses one by one; who has none is met by name all the same. */
static const struct restriction *ban_of_person(const struct deciding *d,
                                               const struct person *person) {
	const struct session *session = NULL;
	struct candidate who = candidate_of(d, person);
	const struct restriction *ban = ban_on(d, &who);
	while (ban == NULL && (session = person_session_next(d->state, person, session)) != NULL) {
		struct route route;
		if (session_route(d->state, session, &route)) {
			ban = state_ban_of(d->state, who.name, &route.peer, d->at->now_us);
		}
	}
	return ban;
}

/* Out it goes, by whoever banned it. */
static void end_banned(struct deciding *d, const struct person *person,
                       const struct restriction *ban) {
	struct rooms rooms;
	const struct session *session = person_session_next(d->state, person, NULL);
	struct record entry = {.kind = ENTRY_KICKED,
	                       .person = person_id(person),
	                       .session = session == NULL ? 0 : session_id(session),
	                       .name = person_name(person),
	                       .reason = REASON_BANNED,
	                       .text = ban->why,
	                       .by = ban->by,
	                       .userhost = person_userhost(d->state, person),
	                       .bits = person_bits(d->state, person)};
	put_rooms(d, person, &rooms, &entry);
	add_entry(d, entry);
}

bool is_ended_as(struct deciding *d, const struct person *person, struct candidate who) {
	const struct restriction *ban = ban_as(d, &who);
	if (ban != NULL) {
		end_banned(d, person, ban);
	}
	return ban != NULL;
}

static bool sweep_one(void *context, const struct session *session) {
	struct deciding *d = context;
	const struct person *person = person_of(d, session);
	/* Each person once, with its first session; dormant ones when they come back. */
	if (person_is_present(person) && person_session_next(d->state, person, NULL) == session) {
		const struct restriction *ban = ban_of_person(d, person);
		if (ban != NULL) {
			end_banned(d, person, ban);
		}
	}
	return d->out->entries < DECIDE_SWEEP_MAX;
}

/* Whom no session leads to. */
static bool sweep_account(void *context, uint64_t account) {
	struct deciding *d = context;
	const struct person *person =
		state_person(d->state, state_account_person(d->state, account));
	if (person != NULL && person_is_present(person) &&
	    person_session_next(d->state, person, NULL) == NULL) {
		const struct restriction *ban = ban_of_person(d, person);
		if (ban != NULL) {
			end_banned(d, person, ban);
		}
	}
	return d->out->entries < DECIDE_SWEEP_MAX;
}

void decide_sweep(struct deciding *d) {
	state_sessions_each(d->state, sweep_one, d);
	if (d->out->entries < DECIDE_SWEEP_MAX) {
		state_accounts_each(d->state, sweep_account, d);
	}
}

/* ---- who decides ---- */

/* The administrator; or an operator, whose entry it is. False: neither, which was said. */
static bool take_decider(struct deciding *d, struct record *entry) {
	struct message message;
	if (d->at->is_administrator) {
		return true;
	}
	if (!take_operator(d, &message)) {
		return false;
	}
	entry->person = person_id(message.person);
	entry->session = session_id(message.session);
	entry->by = person_name(message.person);
	return true;
}

static void decided(struct deciding *d, uint64_t number) {
	if (d->at->is_administrator) {
		done(d, number);
	}
}

/* ---- bans ---- */

void lift(struct deciding *d, const struct restriction *restriction, struct record by) {
	by.kind = restriction->is_mute ? ENTRY_UNMUTED : ENTRY_UNBANNED;
	by.target = restriction->id;
	by.name = restriction->name;
	by.has_net = restriction->has_net;
	by.net = restriction->net;
	by.bits = restriction->bits;
	add_entry(d, by);
}

/* A mask as it is shown, and as it is compared. */
struct written_mask {
	char whole[IRC_MASK_BYTES_MAX], folded[IRC_MASK_BYTES_MAX];
	size_t whole_size, folded_size;
};

static bool write_mask(struct slice typed, struct written_mask *mask) {
	if (typed.size > MASK_BYTES_MAX || !utf8_is_valid(typed)) {
		return false;
	}
	mask->whole_size = irc_mask_complete(typed, mask->whole, sizeof(mask->whole));
	if (mask->whole_size == 0 || mask->whole_size > MASK_BYTES_MAX) {
		return false;
	}
	mask->folded_size = irc_mask_fold(slice_of(mask->whole, mask->whole_size), mask->folded,
	                                  sizeof(mask->folded));
	return mask->folded_size > 0;
}

/* Fills in whom the request means. False: that is no mask, which is said. */
static bool take_whom(struct deciding *d, struct written_mask *mask, struct record *entry) {
	const struct record *request = d->request;
	entry->has_net = request->has_net;
	entry->net = request->net;
	if (request->has_net) {
		return true;
	}
	if ((request->bits & BAN_IS_MASK) == 0) {
		entry->name = request->name;
		entry->bits = request->bits & BAN_IS_ACCOUNT;
		return true;
	}
	if (!write_mask(request->name, mask)) {
		refuse_name(d, REASON_NAME_INVALID);
		return false;
	}
	entry->bits = BAN_IS_MASK;
	entry->name = slice_of(mask->whole, mask->whole_size);
	entry->other_name = slice_of(mask->folded, mask->folded_size);
	return true;
}

void decide_ban(struct deciding *d) {
	struct written_mask mask;
	struct record entry = {.kind = ENTRY_BANNED, .text = d->request->text};
	if (!take_decider(d, &entry) || !take_whom(d, &mask, &entry) ||
	    (!entry.has_net && entry.bits != BAN_IS_MASK && !is_restrictable(d)) ||
	    !may_restrict(d, d->request->number, BANS_MAX)) {
		return;
	}
	/* Who is present and banned now is ended by the hub's next sweeps. */
	entry.until_us = until(d, d->request->number);
	add_entry(d, entry);
	decided(d, 1);
}

static bool is_same_ban(const struct restriction *ban, const struct record *whom) {
	if (ban->is_mute || ban->has_net != whom->has_net || ban->bits != whom->bits) {
		return false;
	}
	if (ban->has_net) {
		return ban->net.bits == whom->net.bits &&
		       memcmp(ban->net.ip, whom->net.ip, 16) == 0;
	}
	return (ban->bits & BAN_IS_MASK) != 0 ? slice_equal(ban->folded, whom->other_name)
	                                      : name_equal(ban->name, whom->name);
}

void decide_unban(struct deciding *d) {
	struct written_mask mask;
	struct record whom = {0}, by = {0};
	unsigned lifted = 0;
	if (!take_decider(d, &by) || !take_whom(d, &mask, &whom)) {
		return;
	}
	for (size_t i = 0; i < state_restrictions_count(d->state) && lifted < DECIDE_SWEEP_MAX;
	     i++) {
		const struct restriction *ban = state_restriction(d->state, i);
		if (is_same_ban(ban, &whom)) {
			lift(d, ban, by);
			lifted++;
		}
	}
	if (lifted == 0) {
		refuse_name(d, REASON_NO_SUCH_BAN);
		return;
	}
	decided(d, lifted);
}

/* ---- how far the server is open ---- */

struct trouble check_open(const struct deciding *d, bool has_account) {
	const struct server_state server = state_server(d->state);
	bool is_closed =
		server.level <= LEVEL_SHUT || (server.level <= LEVEL_ACCOUNTS && !has_account);
	if (!is_closed) {
		return (struct trouble){0};
	}
	return (struct trouble){
		.reason = REASON_ACCESS_CLOSED, .number = server.level, .text = server.why};
}

void decide_server_set(struct deciding *d) {
	struct record entry = {
		.kind = ENTRY_SERVER_SET, .number = d->request->number, .text = d->request->text};
	if (!take_decider(d, &entry)) {
		return;
	}
	if (d->request->number < LEVEL_QUIET || d->request->number > LEVEL_OPEN) {
		refuse(d, REASON_BAD_ARGUMENT);
	} else if (is_good(d, check_why(d->request->text))) {
		add_entry(d, entry);
		decided(d, 1);
	}
}
