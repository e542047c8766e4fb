#include "sessions.h"

#include <stdlib.h>

#include "diag.h"
#include "sessions_inside.h"

/* Questions of one address. */
#define ASKS_PER_S 20
#define ASKS_BURST 40
/* Of all: walks through so many members (who.c), four million a second. */
#define WALKS_PER_S 4096
#define WALKS_BURST 4096

static struct context *context_of(const struct sessions *sessions, uint64_t session) {
	uint32_t handle = session == 0 ? 0 : context_find(sessions, session);
	return handle == 0 ? NULL : context_at(sessions, handle);
}

/* ---- what each entry means to the sessions served here ---- */

static void render(struct sessions *sessions, const struct record *entry) {
	struct stretch *window = &sessions->window;
	if (sessions->contexts.count == 0 || sessions->is_blind || entry->seq <= window->high) {
		return;
	}
	log_window_add(window, entry, state_room_name(sessions->edge->state, entry->room));
}

static void on_entered(struct sessions *sessions, const struct record *entry) {
	struct context *context = context_of(sessions, entry->session);
	if (context == NULL && entry->face == FACE_SESSION &&
	    edge_is_home(sessions->edge, entry->home)) {
		lost_expect(sessions, entry->session);
	}
}

/* Elsewhere, or here by another connection, whose WELCOME is behind this entry. */
static void on_moved(struct sessions *sessions, const struct record *entry) {
	uint32_t handle = context_find(sessions, entry->session);
	if (handle != 0) {
		context_drop(sessions, handle);
	}
	const struct session *session = state_session(sessions->edge->state, entry->session);
	if (session != NULL && session_face(session) == FACE_SESSION &&
	    edge_is_home(sessions->edge, entry->home)) {
		lost_expect(sessions, entry->session);
	}
}

static void on_joined(struct sessions *sessions, const struct record *entry) {
	struct context *context = context_of(sessions, entry->session);
	if (context != NULL) {
		memberships_join(&context->memberships, entry->room, entry->seq);
	}
}

static void on_parted(struct sessions *sessions, const struct record *entry) {
	struct context *context = context_of(sessions, entry->session);
	if (context != NULL) {
		memberships_part(&context->memberships, entry->room, entry->seq);
	}
}

/* Its person is in no room any more, whichever it may have kept. */
static void end_memberships(struct context *context, uint64_t seq) {
	context->has_left = true;
	memberships_end(&context->memberships, seq);
}

static void on_left(struct sessions *sessions, const struct record *entry) {
	struct context *context = context_of(sessions, entry->session);
	if (context != NULL) {
		end_memberships(context, entry->seq);
	}
}

static void on_closed(struct sessions *sessions, const struct record *entry) {
	for (uint32_t i = 1; i < sessions->contexts.used; i++) {
		struct context *context = context_at(sessions, i);
		if (context->session != 0) {
			end_memberships(context, entry->seq);
		}
	}
}

/* The end of a session: what it has not heard yet, then END; and again whenever it says something. */
static void on_ended(struct sessions *sessions, const struct record *entry) {
	uint32_t handle = context_find(sessions, entry->session);
	if (handle == 0) {
		return;
	}
	struct context *context = context_at(sessions, handle);
	end_memberships(context, entry->seq);
	context->is_ending = true;
	context->end_reason = entry->kind == ENTRY_FORGOTTEN ? REASON_FORGOTTEN : entry->reason;
	serve_at_once(sessions, handle);
	talk_say_end(sessions, handle, context->end_reason, entry->text);
}

static void on_absent(struct sessions *sessions, const struct record *entry) {
	uint32_t handle = context_find(sessions, entry->session);
	if (handle != 0) {
		context_drop(sessions, handle);
	}
}

static void on_entry(struct sessions *sessions, const struct record *entry) {
	if (entry->kind == ENTRY_REDACTED) {
		/* Whoever has not got it yet, or comes back, does not get it. */
		log_window_withdraw(&sessions->window, entry->number);
		log_window_withdraw(&sessions->car_window, entry->number);
	}
	if (entry->kind == ENTRY_ERASED) {
		log_window_erase(&sessions->window, entry);
		log_window_erase(&sessions->car_window, entry);
	}
	render(sessions, entry);
	if (entry->client_number != 0) {
		forward_kept(sessions, entry);
	}
	switch (entry->kind) {
	case ENTRY_ENTERED: on_entered(sessions, entry); break;
	case ENTRY_MOVED: on_moved(sessions, entry); break;
	case ENTRY_JOINED: on_joined(sessions, entry); break;
	case ENTRY_PUT_OUT:
	case ENTRY_PARTED: on_parted(sessions, entry); break;
	case ENTRY_LEFT: on_left(sessions, entry); break;
	case ENTRY_CLOSED: on_closed(sessions, entry); break;
	case ENTRY_KICKED:
	case ENTRY_FORGOTTEN: on_ended(sessions, entry); break;
	case ENTRY_ABSENT: on_absent(sessions, entry); break;
	default: break;
	}
}

/* Those to our own questions; a predecessor's are nobody's. */
static void on_answer(struct sessions *sessions, const struct record *answer) {
	const struct house *house = &sessions->edge->house;
	if (answer->queue != house->edge || answer->connection.generation == 0 ||
	    answer->incarnation !=
	            atomic_load_explicit(&house->own->incarnation, memory_order_relaxed)) {
		return;
	}
	if (answer->kind == ANSWER_NOTHING) {
		forward_nothing(sessions, answer);
	} else {
		greet_answer(sessions, answer);
	}
}

static void begin_record(void *it, const struct record *record) {
	struct sessions *sessions = it;
	if (walk_answers_are_lost(&sessions->edge->walk)) {
		sessions->is_blind = true;
	}
	if (record_is_entry(record)) {
		on_entry(sessions, record);
	} else {
		on_answer(sessions, record);
	}
}

static enum face_progress go_on(void *it, unsigned *budget) {
	return FACE_DONE;
}

static enum face_progress between(void *it, unsigned *budget) {
	forward_release(it);
	return FACE_DONE;
}

static bool has_work_between(void *it) {
	return forward_has_work(it);
}

/* ---- overtaken ---- */

/* The state is newer than what has passed: what it says of the connections holds. */
static void refresh(struct sessions *sessions, uint32_t handle) {
	const struct state *state = sessions->edge->state;
	struct context *context = context_at(sessions, handle);
	const struct session *session = state_session(state, context->session);
	if (session == NULL || !edge_is_home(sessions->edge, session_home(session)) ||
	    session_absent_since_us(state, session) != 0) {
		context_drop(sessions, handle);
		return;
	}
	struct record kept = {.seq = state_seq(state),
	                      .session = context->session,
	                      .client_number = session_client_number(state, session)};
	/* An answer that a message led to nothing may be among what was missed. */
	context->forwarded = kept.client_number;
	forward_kept(sessions, &kept);
}

static void reloaded(void *it) {
	struct sessions *sessions = it;
	sessions->is_blind = true;
	greet_forget(sessions);
	for (uint32_t i = 1; i < sessions->contexts.used; i++) {
		if (context_at(sessions, i)->session != 0) {
			refresh(sessions, i);
		}
	}
}

/* From here on the window is whole again; what is before comes by the car. */
static void caught_up(void *it) {
	struct sessions *sessions = it;
	sessions->is_blind = false;
	if (sessions->has_window && sessions->window.high != sessions->edge->walk.seq) {
		stretch_restart(&sessions->window, sessions->edge->walk.seq);
		/* What has passed unseen may have been moves. */
		for (uint32_t i = 1; i < sessions->contexts.used; i++) {
			if (context_at(sessions, i)->session != 0) {
				moves_learn(sessions, i);
			}
		}
	}
	serve_all(sessions);
	lost_look(sessions);
}

/* ---- input ---- */

static void take(void *it, const struct datagram *datagram) {
	if (wire_type_of(datagram->bytes) == WIRE_TALK) {
		talk_take(it, datagram);
	} else {
		greet_take(it, datagram);
	}
}

/* ---- time ---- */

static uint64_t due_us(void *it) {
	const struct sessions *sessions = it;
	if (serve_has_work(sessions)) {
		return 0;
	}
	uint64_t due = wheel_due_us(&sessions->wheel);
	uint64_t lost = lost_due_us(sessions), car = car_due_us(&sessions->car);
	uint64_t moves = moves_due_us(sessions);
	due = lost < due ? lost : due;
	due = moves < due ? moves : due;
	return car < due ? car : due;
}

static void tick(void *it, uint64_t now_us) {
	struct sessions *sessions = it;
	lost_tick(sessions, now_us);
	serve_turn(sessions, now_us);
	car_tick(&sessions->car, now_us);
	moves_tick(sessions, now_us);
}

static bool is_drained(void *it) {
	const struct sessions *sessions = it;
	return sessions->held_count == 0 && !serve_has_work(sessions);
}

/* ---- beginning and ending ---- */

static void *create(struct edge *edge) {
	struct sessions *sessions = calloc(1, sizeof(*sessions));
	if (sessions == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory for the session face");
	}
	sessions->edge = edge;
	sessions->datagrams = edge->datagrams;
	if (!limiter_init(&sessions->asks, pace_of(ASKS_PER_S, ASKS_BURST))) {
		diag_exit_errno(EXIT_TRY_AGAIN, "no memory for the limits of questions");
	}
	sessions->walks = pace_of(WALKS_PER_S, WALKS_BURST);
	serve_begin(sessions);
	greet_begin(sessions);
	forward_begin(sessions);
	sessions_car_begin(sessions);
	moves_begin(sessions);
	past_begin(sessions);
	lost_begin(sessions);
	edge->datagrams->session = sessions;
	edge->datagrams->take_session = take;
	return sessions;
}

static void destroy(void *it) {
	struct sessions *sessions = it;
	lost_finish(sessions);
	past_finish(sessions);
	stretch_finish(&sessions->car_window);
	free(sessions->moves.each);
	serve_finish(sessions);
	forward_finish(sessions);
	greet_finish(sessions);
	limiter_finish(&sessions->asks);
	free(sessions);
}

const struct edge_face sessions_face = {
	.word = "session",
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
