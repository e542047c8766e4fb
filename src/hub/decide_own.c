/*
 * What the hub's own loop asks for: all that happens because time has passed.
 */
#include "decide_inner.h"

void decide_expire(struct deciding *d) {
	unsigned lifted = 0;
	for (size_t i = 0; i < state_restrictions_count(d->state) && lifted < DECIDE_SWEEP_MAX;
	     i++) {
		const struct restriction *restriction = state_restriction(d->state, i);
		if (restriction->until_us != 0 && restriction->until_us <= d->at->now_us) {
			lift(d, restriction, (struct record){.until_us = restriction->until_us});
			lifted++;
		}
	}
}

/* ---- who does not come back ---- */

#define ORPHAN_US (ORPHAN_SECONDS * UINT64_C(1000000))

static uint64_t due_us(const struct state *state, const struct session *session,
                       uint64_t after_us) {
	return session == NULL ? UINT64_MAX : session_absent_since_us(state, session) + after_us;
}

uint64_t decide_forget_due_us(const struct circumstances *at) {
	uint64_t away = due_us(at->state, state_absent_next(at->state, NULL), at->away_us);
	uint64_t forget = due_us(at->state, state_dormant_next(at->state, NULL), at->forget_us);
	uint64_t first = away < forget ? away : forget;
	uint64_t orphan = due_us(at->state, state_orphan_next(at->state, NULL), ORPHAN_US);
	return first < orphan ? first : orphan;
}

/*
 * Each person's first, so that its last one is known for it: the state is as it was before this decision.
 */
static bool is_first_orphan(const struct deciding *d, const struct session *session) {
	const struct session *before = NULL;
	while ((before = state_orphan_next(d->state, before)) != session) {
		if (session_person(d->state, before) == session_person(d->state, session)) {
			return false;
		}
	}
	return true;
}

static void forget_orphans(struct deciding *d) {
	const struct session *session = NULL;
	while (d->out->entries < DECIDE_SWEEP_MAX &&
	       (session = state_orphan_next(d->state, session)) != NULL &&
	       due_us(d->state, session, ORPHAN_US) <= d->at->now_us) {
		if (is_first_orphan(d, session)) {
			let_session_go(d, session, REASON_ORPHANED, slice_of(NULL, 0), 0);
		}
	}
}

void decide_forget(struct deciding *d) {
	const struct session *session = NULL;
	while (d->out->entries < DECIDE_SWEEP_MAX &&
	       (session = state_absent_next(d->state, session)) != NULL &&
	       due_us(d->state, session, d->at->away_us) <= d->at->now_us) {
		let_go(d, ENTRY_LEFT, person_of(d, session), REASON_AWAY, slice_of(NULL, 0));
	}
	forget_orphans(d);
	session = NULL;
	while (d->out->entries < DECIDE_SWEEP_MAX &&
	       (session = state_dormant_next(d->state, session)) != NULL &&
	       due_us(d->state, session, d->at->forget_us) <= d->at->now_us) {
		add_entry(d, (struct record){.kind = ENTRY_FORGOTTEN,
		                             .session = session_id(session),
		                             .person = session_person(d->state, session),
		                             .reason = REASON_FORGOTTEN});
	}
}

/* ---- rooms in which nobody is ---- */

/* May it end? Where nothing was said, at once; else when that is forgotten. */
static bool is_over(const struct state *state, uint64_t room, bool has_history,
                    uint64_t seq_forgotten) {
	return room != 0 && (!has_history || state_room_empty_seq(state, room) <= seq_forgotten);
}

bool decide_has_rooms_to_end(const struct state *state, uint64_t seq_forgotten) {
	return is_over(state, state_empty_room_next(state, false, 0), false, seq_forgotten) ||
	       is_over(state, state_empty_room_next(state, true, 0), true, seq_forgotten);
}

void decide_end_rooms(struct deciding *d) {
	for (int has_history = 0; has_history <= 1; has_history++) {
		uint64_t room = state_empty_room_next(d->state, has_history, 0);
		while (d->out->entries < DECIDE_SWEEP_MAX &&
		       is_over(d->state, room, has_history, d->request->seq)) {
			add_entry(d, (struct record){.kind = ENTRY_ROOM_ENDED, .room = room});
			room = state_empty_room_next(d->state, has_history, room);
		}
	}
}
