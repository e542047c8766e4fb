/*
 * What the administrator's requests lead to.
 */
#include <string.h>

#include "decide_inner.h"
#include "name.h"
#include "utf8.h"

static void done(struct deciding *d, uint64_t number) {
	add_answer(d, (struct record){.kind = ANSWER_DONE, .number = number});
}

static bool is_good(struct deciding *d, struct trouble trouble) {
	if (trouble.reason != REASON_NONE) {
		refuse_for(d, trouble);
	}
	return trouble.reason == REASON_NONE;
}

void decide_shout(struct deciding *d) {
	if (!d->at->is_administrator) {
		decide_shout_by_operator(d);
		return;
	}
	if (is_good(d, check_text(d->request->text))) {
		add_entry(d, (struct record){.kind = ENTRY_SHOUTED, .text = d->request->text});
		done(d, state_people_count(d->state));
	}
}

static void refuse_name(struct deciding *d, enum reason reason) {
	struct slice name = d->request->name;
	name = name.size > NAME_BYTES_MAX || !utf8_is_valid(name) ? slice_of(NULL, 0) : name;
	add_answer(d, (struct record){.kind = ANSWER_REFUSED, .reason = reason, .name = name});
}

void decide_kick(struct deciding *d) {
	const struct person *person = state_person_named(d->state, d->request->name);
	if (person == NULL) {
		refuse_name(d, REASON_NO_SUCH_NAME);
		return;
	}
	if (!is_good(d, check_why(d->request->text))) {
		return;
	}
	let_go(d, ENTRY_KICKED, person, REASON_KICKED, d->request->text);
	done(d, 1);
}

/* A name that can be restricted, whether or not somebody bears it now. */
static bool is_restrictable(struct deciding *d) {
	struct name_key key;
	if (d->request->name.size > NAME_BYTES_MAX || name_key(d->request->name, &key) != NAME_OK) {
		refuse_name(d, REASON_NAME_INVALID);
		return false;
	}
	return true;
}

/* A hundred years. */
#define MINUTES_MAX (100 * 366 * 24 * 60)

/* What mutes and bans have in common: for how long, why, and whether there is room for one more. */
static bool may_restrict(struct deciding *d, size_t most) {
	if (d->request->number > MINUTES_MAX) {
		refuse(d, REASON_BAD_ARGUMENT);
		return false;
	}
	if (!is_good(d, check_why(d->request->text))) {
		return false;
	}
	if (state_restrictions_count(d->state) >= most) {
		refuse(d, REASON_FULL);
		return false;
	}
	return true;
}

static uint64_t until(const struct deciding *d) {
	return d->request->number == 0
	               ? 0
	               : d->at->now_us + d->request->number * 60 * (uint64_t)1000000;
}

void decide_mute(struct deciding *d) {
	if (!is_restrictable(d) || !may_restrict(d, MUTES_MAX)) {
		return;
	}
	add_entry(d, (struct record){.kind = ENTRY_MUTED,
	                             .name = d->request->name,
	                             .until_us = until(d),
	                             .text = d->request->text});
	done(d, 1);
}

void lift(struct deciding *d, const struct restriction *restriction) {
	add_entry(d, (struct record){.kind = restriction->is_mute ? ENTRY_UNMUTED : ENTRY_UNBANNED,
	                             .target = restriction->id,
	                             .name = restriction->name,
	                             .has_net = restriction->has_net,
	                             .net = restriction->net});
}

void decide_unmute(struct deciding *d) {
	const struct restriction *mute = state_mute_of(d->state, d->request->name, d->at->now_us);
	if (mute == NULL) {
		refuse_name(d, REASON_NO_SUCH_NAME);
		return;
	}
	lift(d, mute);
	done(d, 1);
}

void decide_ban(struct deciding *d) {
	bool has_net = d->request->has_net;
	if ((!has_net && !is_restrictable(d)) || !may_restrict(d, BANS_MAX)) {
		return;
	}
	/* Who is present and banned now is ended by the hub's next sweeps. */
	add_entry(d, (struct record){.kind = ENTRY_BANNED,
	                             .until_us = until(d),
	                             .text = d->request->text,
	                             .name = has_net ? slice_of(NULL, 0) : d->request->name,
	                             .has_net = has_net,
	                             .net = d->request->net});
	done(d, 1);
}

static bool is_same_ban(const struct restriction *ban, const struct record *request) {
	if (ban->is_mute || ban->has_net != request->has_net) {
		return false;
	}
	if (!ban->has_net) {
		return name_equal(ban->name, request->name);
	}
	return ban->net.bits == request->net.bits && memcmp(ban->net.ip, request->net.ip, 16) == 0;
}

void decide_unban(struct deciding *d) {
	unsigned lifted = 0;
	for (size_t i = 0; i < state_restrictions_count(d->state) && lifted < DECIDE_SWEEP_MAX;
	     i++) {
		const struct restriction *ban = state_restriction(d->state, i);
		if (is_same_ban(ban, d->request)) {
			lift(d, ban);
			lifted++;
		}
	}
	if (lifted == 0) {
		refuse_name(d, REASON_NO_SUCH_BAN);
		return;
	}
	done(d, lifted);
}

void decide_close(struct deciding *d) {
	if (is_good(d, check_why(d->request->text))) {
		add_entry(d, (struct record){.kind = ENTRY_CLOSED,
		                             .reason = REASON_CLOSED,
		                             .text = d->request->text});
		done(d, state_people_count(d->state));
	}
}

void decide_check(struct deciding *d) {
	add_answer(d, (struct record){.kind = ANSWER_CHECK, .number = d->request->number});
}
