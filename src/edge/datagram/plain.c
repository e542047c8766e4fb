#include "plain.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "diag.h"
#include "plain_inside.h"

/*
 * How far the walk may be behind the ring's head before no more input is
 * taken: what is sent then waits in the kernel, which forgets what it has no
 * room for. Or else a few senders could have everybody read minutes late.
 */
#define BEHIND_BYTES_MAX (1024 * 1024)

/* ---- who is a member here ---- */

int plain_aim(const struct plain *plain, const struct route *route, struct plain_member *target) {
	/* Mostly it is the socket that it came by; after a restart with other listeners, any that can. */
	for (unsigned i = 0; i < plain->outlets_count; i++) {
		if (plain->outlets[i].listener == route->listener &&
		    outlet_aim(&plain->outlets[i], route, target)) {
			return (int)i;
		}
	}
	for (unsigned i = 0; i < plain->outlets_count; i++) {
		if (outlet_aim(&plain->outlets[i], route, target)) {
			return (int)i;
		}
	}
	return -1;
}

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
                    struct plain_member *target) {
	struct route route;
	if (session_face(session) != FACE_PLAIN ||
	    !edge_is_home(plain->edge, session_home(session)) ||
	    !session_route(plain->edge->state, session, &route)) {
		return -1;
	}
	return plain_aim(plain, &route, target);
}

bool plain_take_in(struct plain *plain, struct roster rosters[], const struct session *session) {
	struct plain_member target = {0};
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
	member->to = target.to;
	memcpy(member->local, target.local, sizeof(member->local));
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
	struct plain_member target = {0};
	unsigned from;
	struct plain_member *member = plain_find(plain, id, &from);
	int to = session != NULL ? place_of(plain, session, &target) : -1;
	if (member != NULL && to == (int)from) {
		member->to = target.to;
		memcpy(member->local, target.local, sizeof(member->local));
		return;
	}
	if (member != NULL) {
		take_out(plain, id);
	}
	if (session != NULL && !hold_has(plain, id)) {
		plain_take_in(plain, plain->rosters, session);
	}
}

bool plain_is_ours(const struct plain *plain, const struct record *answer) {
	return answer->queue == plain->edge->house.edge && answer->has_route;
}

/* ---- what each record means to plain members ---- */

static void say_now(struct plain *plain, unsigned outlet, const struct plain_member *target,
                    struct slice words) {
	bool is_sent =
		outlet_send(&plain->outlets[outlet], target, words, presence_on_error, plain);
	board_count(plain->edge->house.own, is_sent ? COUNT_DATAGRAMS_OUT : COUNT_DATAGRAMS_UNSENT,
	            1);
}

static void on_word(struct plain *plain, const struct record *answer, const char *word) {
	if (!hold_answer(plain, answer)) {
		parts_add(&plain->parts, slice_from_string(word));
		deliver_by_route(plain, &answer->route);
	}
}

static void on_refused(struct plain *plain, const struct record *answer) {
	if (!input_may_refuse(plain, &answer->route.peer)) {
		return;
	}
	board_count_refusal(plain->edge->house.own, answer->reason);
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

static void on_entry(struct plain *plain, const struct record *entry) {
	switch (entry->kind) {
	case ENTRY_ENTERED: on_entered(plain, entry); break;
	case ENTRY_LEFT:
	case ENTRY_KICKED: on_ended(plain, entry); break;
	case ENTRY_SAID:
	case ENTRY_RENAMED:
	case ENTRY_SHOUTED: tell_all(plain, entry); break;
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

/* ---- doors ---- */

static void settle_door(struct plain *plain, unsigned i) {
	struct plain_door *door = &plain->doors[i];
	uint32_t events = plain->is_stopped || plain->is_behind ? 0 : EPOLLIN;
	events |= plain->blocked == (int)i ? EPOLLOUT : 0;
	if (events == door->events) {
		return;
	}
	door->events = events;
	if (loop_change(plain->edge->house.loop, &door->watch, events) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot watch a socket");
	}
}

static void on_door(void *context, uint32_t events) {
	struct plain_door *door = context;
	struct plain *plain = door->plain;
	if (events & EPOLLERR) {
		outlet_take_errors(&plain->outlets[door->outlet], INPUT_BATCH, presence_on_error,
		                   plain);
	}
	if ((events & EPOLLOUT) && plain->blocked == (int)door->outlet) {
		plain->blocked = -1;
	}
	if (door->events & EPOLLIN & events) {
		input_read(plain, door->outlet);
	}
}

static void open_door(struct plain *plain, unsigned listener) {
	struct edge *edge = plain->edge;
	unsigned i = plain->outlets_count++;
	int fd = edge->house.sockets[listener];
	if (outlet_init(&plain->outlets[i], fd, (uint16_t)listener) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot set up the socket of listener %u",
		                listener);
	}
	struct plain_door *door = &plain->doors[i];
	*door = (struct plain_door){.plain = plain, .outlet = i, .events = EPOLLIN};
	door->watch = (struct watch){.fd = fd, .ready = on_door, .context = door};
	if (loop_watch(edge->house.loop, &door->watch, door->events) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot watch the socket of listener %u", listener);
	}
}

static void open_doors(struct plain *plain) {
	const struct house *house = &plain->edge->house;
	for (unsigned i = 0; i < house->options->listeners_count; i++) {
		if (house->sockets[i] < 0) {
			diag_exit(EXIT_USAGE, "the socket of listener %u was not handed down", i);
		}
		open_door(plain, i);
	}
}

/* ---- time ---- */

static uint64_t due_us(void *it) {
	const struct plain *plain = it;
	uint64_t due = presence_due_us(plain);
	uint64_t history = history_due_us(plain);
	due = history < due ? history : due;
	if (plain->paused_until_us != 0 && plain->paused_until_us < due) {
		due = plain->paused_until_us;
	}
	return due;
}

static void tick(void *it, uint64_t now_us) {
	struct plain *plain = it;
	uint64_t behind = walk_behind(&plain->edge->walk);
	/* Half, so that it does not go back and forth with every record. */
	plain->is_behind = behind > (plain->is_behind ? plain->behind_max / 2 : plain->behind_max);
	presence_tick(plain, now_us);
	history_tick(plain, now_us);
	for (unsigned i = 0; i < plain->outlets_count; i++) {
		settle_door(plain, i);
	}
}

static void stop_reading(void *it) {
	struct plain *plain = it;
	plain->is_stopped = true;
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
	plain->blocked = -1;
	plain->resume_seq = atomic_load(&edge->cursor->fanned_out_seq);
	plain->resume_to = atomic_load(&edge->cursor->fanned_out_to);
	uint64_t eighth = ring_capacity(edge->house.ring) / 8;
	plain->behind_max = eighth < BEHIND_BYTES_MAX ? eighth : BEHIND_BYTES_MAX;
	open_doors(plain);
	const struct fanout_way way = {
		.send = sendmmsg, .on_error = presence_on_error, .context = plain};
	fanout_init(&plain->fanout, plain->outlets, plain->outlets_count, &way);
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
	.stop_reading = stop_reading,
	.is_drained = is_drained,
};
