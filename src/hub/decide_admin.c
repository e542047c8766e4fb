/*
 * What the administrator's requests lead to.
 */
#include <string.h>

#include "decide_inner.h"
#include "name.h"
#include "utf8.h"

void done(struct deciding *d, uint64_t number) {
	add_answer(d, (struct record){.kind = ANSWER_DONE, .number = number});
}

bool is_good(struct deciding *d, struct trouble trouble) {
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

void refuse_name(struct deciding *d, enum reason reason) {
	struct slice name = d->request->name;
	name = name.size > MASK_BYTES_MAX || !utf8_is_valid(name) ? slice_of(NULL, 0) : name;
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
bool is_restrictable(struct deciding *d) {
	struct name_key key;
	if (d->request->name.size > NAME_BYTES_MAX || name_key(d->request->name, &key) != NAME_OK) {
		refuse_name(d, REASON_NAME_INVALID);
		return false;
	}
	return true;
}

/* A hundred years. */
#define SECONDS_MAX (UINT64_C(100) * 366 * 24 * 60 * 60)

bool may_restrict(struct deciding *d, uint64_t seconds, size_t most) {
	if (seconds > SECONDS_MAX) {
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

uint64_t until(const struct deciding *d, uint64_t seconds) {
	return seconds == 0 ? 0 : d->at->now_us + seconds * 1000000;
}

void decide_mute(struct deciding *d) {
	/* More minutes than seconds may be are too many, however they multiply. */
	uint64_t minutes = d->request->number;
	uint64_t seconds = minutes < UINT64_MAX / 60 ? minutes * 60 : UINT64_MAX;
	if (!is_restrictable(d) || !may_restrict(d, seconds, MUTES_MAX)) {
		return;
	}
	add_entry(d, (struct record){.kind = ENTRY_MUTED,
	                             .name = d->request->name,
	                             .until_us = until(d, seconds),
	                             .text = d->request->text});
	done(d, 1);
}

void decide_unmute(struct deciding *d) {
	const struct restriction *mute = state_mute_of(d->state, d->request->name, d->at->now_us);
	if (mute == NULL) {
		refuse_name(d, REASON_NO_SUCH_NAME);
		return;
	}
	lift(d, mute, (struct record){0});
	done(d, 1);
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
