#include "plain.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "plain_inside.h"

/* ---- who is a member here ---- */

struct plain_member *plain_find(const struct plain *plain, uint64_t session, unsigned *outlet) {
	for (unsigned i = 0; i < plain->outlets_count; i++) {
		struct plain_member *member = roster_find(&plain->rosters[i], session);
		if (member != NULL) {
			*outlet = i;
			return member;
		}
	}
	return NULL;
}

/* Where a session is to be served by this edge; -1 if it is not. */
static int place_of(const struct plain *plain, const struct session *session,
                    struct target *target) {
	struct route route;
	if (session_face(session) != FACE_PLAIN ||
	    !edge_is_home(plain->edge, session_home(session)) ||
	    !session_route(plain->edge->state, session, &route)) {
		return -1;
	}
	return datagrams_aim(plain->datagrams, &route, target);
}

bool plain_take_in(struct plain *plain, struct roster rosters[], const struct session *session) {
	struct target target = {0};
	unsigned there;
	int outlet = place_of(plain, session, &target);
	uint64_t id = session_id(session);
	if (outlet < 0 || plain_find(plain, id, &there) != NULL ||
	    roster_find(&rosters[outlet], id) != NULL) {
		return false;
	}
	struct plain_member *member = roster_insert(&rosters[outlet], id);
	if (member == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory for another member");
	}
	member->target = target;
	presence_took_in(plain, member);
	return true;
}

static void take_out(struct plain *plain, uint64_t session) {
	for (unsigned i = 0; i < plain->outlets_count; i++) {
		if (roster_remove(&plain->rosters[i], session)) {
			return;
		}
	}
}

/* Its address or its home is another one, as the state has it. */
static void move(struct plain *plain, uint64_t id) {
	const struct session *session = state_session(plain->edge->state, id);
	struct target target = {0};
	unsigned from;
	struct plain_member *member = plain_find(plain, id, &from);
	int to = session != NULL ? place_of(plain, session, &target) : -1;
	if (member != NULL && to == (int)from) {
		member->target = target;
		return;
	}
	if (member != NULL) {
		take_out(plain, id);
	}
	if (session != NULL && !hold_has(plain, id)) {
		plain_take_in(plain, plain->rosters, session);
	}
}

/* An answer to a session names its connection too. */
bool plain_is_ours(const struct plain *plain, const struct record *answer) {
	return answer->queue == plain->edge->house.edge && answer->has_route &&
	       answer->connection.generation == 0;
}

/* ---- what each record means to plain members ---- */

static void say_now(struct plain *plain, unsigned outlet, const struct plain_member *target,
                    struct slice words) {
	(void)datagrams_say(plain->datagrams, outlet, &target->target, words);
}

static void on_word(struct plain *plain, const struct record *answer, const char *word) {
	if (!hold_answer(plain, answer)) {
		parts_add(&plain->parts, slice_from_string(word));
		deliver_by_route(plain, &answer->route);
	}
}

static void on_refused(struct plain *plain, const struct record *answer) {
	board_count_refusal(plain->edge->house.own, answer->reason);
	if (!input_may_refuse(plain, &answer->route.peer)) {
		return;
	}
	parts_add_refusal(&plain->parts, plain->language, answer);
	deliver_by_route(plain, &answer->route);
}

static void on_who(struct plain *plain, const struct record *answer) {
	parts_add_who(&plain->parts, plain->language, plain->edge->state, ROOM_LOBBY);
	deliver_by_route(plain, &answer->route);
}

static void on_answer(struct plain *plain, const struct record *answer) {
	if (answer->kind == ANSWER_PROBE) {
		presence_probe(plain, answer); /* the holder's edge, not the asker's */
		return;
	}
	if (!plain_is_ours(plain, answer)) {
		return;
	}
	board_count(plain->edge->house.own, COUNT_ANSWERS, 1);
	switch (answer->kind) {
	case ANSWER_OK: on_word(plain, answer, "OK"); break;
	case ANSWER_EXIT: on_word(plain, answer, "EXIT"); break;
	case ANSWER_REFUSED: on_refused(plain, answer); break;
	case ANSWER_WHO: on_who(plain, answer); break;
	case ANSWER_HISTORY: history_add(plain, answer); break;
	default: break;
	}
}

/* What happened, to all but its author. */
static void tell_all(struct plain *plain, const struct record *entry) {
	size_t count = 0;
	for (unsigned i = 0; i < plain->outlets_count; i++) {
		count += plain->rosters[i].count;
	}
	if (count == 0) {
		return;
	}
	unsigned part = plain->parts.count;
	parts_add_entry(&plain->parts, plain->language, entry, slice_of(NULL, 0));
	if (plain->parts.count > part) {
		deliver_to_all(plain, TO_ALL, entry, part, plain->parts.count - part);
	}
}

static void on_entered(struct plain *plain, const struct record *entry) {
	const struct session *session = state_session(plain->edge->state, entry->session);
	unsigned outlet;
	tell_all(plain, entry);
	if (session == NULL || hold_has(plain, entry->session) ||
	    !plain_take_in(plain, plain->rosters, session)) {
		return;
	}
	if (walk_answers_are_lost(&plain->edge->walk)) {
		const struct plain_member *member = plain_find(plain, entry->session, &outlet);
		say_now(plain, outlet, member, slice_from_string("OK"));
	}
}

/* Somebody who is ended by another than itself gets the reason, and EXIT; then it is no member. */
static void on_ended(struct plain *plain, const struct record *entry) {
	unsigned outlet;
	const struct plain_member *member = plain_find(plain, entry->session, &outlet);
	if (member != NULL && entry->reason != REASON_UNREACHABLE) {
		parts_add_ended(&plain->parts, plain->language, entry);
		if (plain->parts.count > 0 || walk_answers_are_lost(&plain->edge->walk)) {
			parts_add(&plain->parts, slice_from_string("EXIT"));
		}
		bool was_told = plain->resume_seq != 0 && plain->resume_seq == entry->seq;
		if (plain->parts.count > 0 && !was_told) {
			deliver_to_one(plain, outlet, member, 0, plain->parts.count);
		}
	}
	take_out(plain, entry->session);
	tell_all(plain, entry);
}

static void on_closed(struct plain *plain, const struct record *entry) {
	plain->is_closing = true;
	parts_add_ended(&plain->parts, plain->language, entry);
	parts_add(&plain->parts, slice_from_string("EXIT"));
	deliver_to_all(plain, TO_ALL, entry, 0, plain->parts.count);
}

void plain_tell_one(struct plain *plain, struct roster rosters[], const struct record *entry) {
	const struct person *person = state_person(plain->edge->state, entry->target);
	const struct session *session = NULL;
	const struct plain_member *member = NULL;
	if (person != NULL) {
		session = person_session_next(plain->edge->state, person, NULL);
	}
	for (unsigned i = 0; i < plain->outlets_count && session != NULL && member == NULL; i++) {
		member = roster_find(&rosters[i], session_id(session));
		if (member != NULL) {
			parts_add_entry(&plain->parts, plain->language, entry, slice_of(NULL, 0));
			deliver_to_one(plain, i, member, 0, plain->parts.count);
		}
	}
}

static void on_entry(struct plain *plain, const struct record *entry) {
	switch (entry->kind) {
	case ENTRY_ENTERED: on_entered(plain, entry); break;
	case ENTRY_LEFT:
	case ENTRY_KICKED: on_ended(plain, entry); break;
	case ENTRY_SAID:
	case ENTRY_RENAMED:
	case ENTRY_JOINED:
	case ENTRY_PARTED:
	case ENTRY_TOPIC:
	case ENTRY_MODE:
	case ENTRY_PUT_OUT:
	case ENTRY_SHOUTED: tell_all(plain, entry); break;
	case ENTRY_REDACTED:
		if (!record_is_direct(entry)) {
			tell_all(plain, entry);
			break;
		}
		plain_tell_one(plain, plain->rosters, entry);
		break;
	case ENTRY_DIRECT: plain_tell_one(plain, plain->rosters, entry); break;
	case ENTRY_MOVED: move(plain, entry->session); break;
	case ENTRY_CLOSED: on_closed(plain, entry); break;
	default: break;
	}
}

static void begin_record(void *it, const struct record *record) {
	struct plain *plain = it;
	deliver_nothing(plain);
	if (record_is_entry(record)) {
		on_entry(plain, record);
	} else {
		on_answer(plain, record);
	}
}

static void forget_all(struct plain *plain) {
	for (unsigned i = 0; i < plain->outlets_count; i++) {
		roster_finish(&plain->rosters[i]);
	}
}

static enum face_progress go_on(void *it, unsigned *budget) {
	struct plain *plain = it;
	enum face_progress progress = deliver_go_on(plain, budget);
	if (progress == FACE_DONE && plain->is_closing) {
		plain->is_closing = false;
		forget_all(plain);
	}
	return progress;
}

static enum face_progress between(void *it, unsigned *budget) {
	return hold_go_on(it, budget);
}

static bool has_work_between(void *it) {
	return hold_has_work(it);
}

/* ---- overtaken ---- */

static bool refresh(void *context, const struct session *session) {
	struct plain *plain = context;
	unsigned outlet;
	if (plain_find(plain, session_id(session), &outlet) != NULL) {
		move(plain, session_id(session));
	}
	return true;
}

/* Who is still a member is where the new state says; who is none any more is told as the entries pass. */
static void reloaded(void *it) {
	struct plain *plain = it;
	hold_forget(plain);
	state_sessions_each(plain->edge->state, refresh, plain);
}

static bool take_in_with_ok(void *context, const struct session *session) {
	struct plain *plain = context;
	unsigned outlet;
	if (plain_take_in(plain, plain->rosters, session)) {
		const struct plain_member *member = plain_find(plain, session_id(session), &outlet);
		say_now(plain, outlet, member, slice_from_string("OK"));
	}
	return true;
}

/* The first member of the roster that the state does not know; NULL if it knows them all. */
static const struct plain_member *stranger_in(const struct plain *plain,
                                              const struct roster *roster) {
	struct roster_cursor cursor = {0};
	const struct plain_member *member;
	while ((member = roster_next(roster, &cursor)) != NULL) {
		const struct session *session = state_session(plain->edge->state, member->session);
		if (session == NULL || !edge_is_home(plain->edge, session_home(session))) {
			return member;
		}
	}
	return NULL;
}

static void take_out_strangers(struct plain *plain, unsigned outlet) {
	const struct plain_member *member;
	while ((member = stranger_in(plain, &plain->rosters[outlet])) != NULL) {
		if (state_session(plain->edge->state, member->session) == NULL) {
			say_now(plain, outlet, member, slice_from_string("EXIT"));
		}
		roster_remove(&plain->rosters[outlet], member->session);
	}
}

void plain_settle(struct plain *plain) {
	for (unsigned i = 0; i < plain->outlets_count; i++) {
		take_out_strangers(plain, i);
	}
	state_sessions_each(plain->edge->state, take_in_with_ok, plain);
}

/* What passed was entries, but not all answers: who has not been told is told now. */
static void caught_up(void *it) {
	struct plain *plain = it;
	if (plain->hold.from == HELD_NONE) {
		plain_settle(plain);
	}
}

/* ---- time ---- */

static uint64_t due_us(void *it) {
	const struct plain *plain = it;
	uint64_t due = presence_due_us(plain);
	uint64_t history = history_due_us(plain);
	return history < due ? history : due;
}

static void tick(void *it, uint64_t now_us) {
	struct plain *plain = it;
	presence_tick(plain, now_us);
	history_tick(plain, now_us);
}

static bool is_drained(void *it) {
	const struct plain *plain = it;
	return plain->hold.from == HELD_NONE;
}

/* ---- beginning and ending ---- */

static bool take_in_if_passed(void *context, const struct session *session) {
	struct plain *plain = context;
	/* Behind the state, those who came later come when their entries pass. */
	if (session_id(session) <= plain->edge->walk.seq) {
		plain_take_in(plain, plain->rosters, session);
	}
	return true;
}

static void *create(struct edge *edge) {
	struct plain *plain = calloc(1, sizeof(*plain));
	if (plain == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory for the plain face");
	}
	plain->edge = edge;
	plain->language = edge->house.options->language;
	plain->waits_for = -1;
	plain->resume_seq = atomic_load(&edge->cursor->fanned_out_seq);
	plain->resume_to = atomic_load(&edge->cursor->fanned_out_to);
	plain->datagrams = edge->datagrams;
	plain->outlets_count = edge->datagrams->outlets_count;
	const struct fanout_way way = {
		.send = sendmmsg, .on_error = presence_on_error, .context = plain};
	fanout_init(&plain->fanout, edge->datagrams->outlets, plain->outlets_count, &way);
	input_begin(plain);
	presence_begin(plain);
	history_begin(plain);
	state_sessions_each(edge->state, take_in_if_passed, plain);
	hold_begin(plain);
	return plain;
}

static void destroy(void *it) {
	struct plain *plain = it;
	forget_all(plain);
	hold_finish(plain);
	input_finish(plain);
	free(plain);
}

const struct edge_face plain_face = {
	.word = "plain",
	.create = create,
	.destroy = destroy,
	.begin = begin_record,
	.go_on = go_on,
	.between = between,
	.has_work_between = has_work_between,
	.reloaded = reloaded,
	.caught_up = caught_up,
	.due_us = due_us,
	.tick = tick,
	.is_drained = is_drained,
};
