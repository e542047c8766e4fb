/*
 * lost.c - who ought to have a connection here, and has none.
 *
 * After a new start of this edge all who were connected are told so (LOST), in
 * their turn, and told again for some seconds: nobody has to find out by
 * silence. Whoever has said nothing for --silence, or has not come back for so
 * long, is absent: the hub is told.
 */
#include <stdlib.h>

#include "sessions_inside.h"

/* LOST goes out so many at a time; the rounds begin so long after the start. */
#define LOST_AT_ONCE 64
#define LOST_STEP_US (16 * 1000)
static const uint64_t rounds_us[] = {0, 500 * 1000, 1500 * 1000, 3500 * 1000, 7500 * 1000};
#define ROUNDS (sizeof(rounds_us) / sizeof(rounds_us[0]))

#define AGAIN_US (500 * 1000)
/* WELCOME is behind its entry, with --fsync as long as the disk needs. */
#define EXPECTED_US (10 * 1000 * 1000)

/* A session of the state that this edge serves: connected, as far as the hub knows. */
static const struct session *ours(const struct sessions *sessions, uint64_t id) {
	const struct state *state = sessions->edge->state;
	const struct session *session = state_session(state, id);
	bool is_ours = session != NULL && session_face(session) == FACE_SESSION &&
	               edge_is_home(sessions->edge, session_home(session)) &&
	               session_absent_since_us(state, session) == 0;
	return is_ours ? session : NULL;
}

/* ---- absent ---- */

static bool say_absent(struct sessions *sessions, uint64_t session) {
	const struct record request = {.kind = REQUEST_ABSENT, .session = session};
	return edge_request(sessions->edge, &request);
}

bool lost_absent(struct sessions *sessions, uint32_t handle) {
	uint64_t session = context_at(sessions, handle)->session;
	if (ours(sessions, session) != NULL && !say_absent(sessions, session)) {
		return false;
	}
	context_drop(sessions, handle);
	return true;
}

/* ---- expected ---- */

void lost_expect(struct sessions *sessions, uint64_t session) {
	struct lost *lost = &sessions->lost;
	uint64_t patience_us = lost->silence_us < EXPECTED_US ? lost->silence_us : EXPECTED_US;
	if (lost->expected_count == lost->room) {
		uint32_t room = lost->room == 0 ? 64 : 2 * lost->room;
		struct expected *all = allocate(room * sizeof(*all));
		for (uint32_t i = 0; i < lost->expected_count; i++) {
			all[i] = lost->expected[(lost->first + i) % lost->room];
		}
		free(lost->expected);
		lost->expected = all;
		lost->first = 0;
		lost->room = room;
	}
	uint32_t at = (lost->first + lost->expected_count++) % lost->room;
	lost->expected[at] = (struct expected){.session = session,
	                                       .until_us = sessions_now_us(sessions) + patience_us};
}

static void drop_first(struct lost *lost) {
	lost->first = (lost->first + 1) % lost->room;
	lost->expected_count--;
	if (lost->expected_count == 0) {
		free(lost->expected);
		lost->expected = NULL;
		lost->first = lost->room = 0;
	}
}

static void give_up_expected(struct sessions *sessions, uint64_t now_us) {
	struct lost *lost = &sessions->lost;
	while (lost->expected_count > 0 && lost->expected[lost->first].until_us <= now_us) {
		uint64_t session = lost->expected[lost->first].session;
		if (context_find(sessions, session) == 0 && ours(sessions, session) != NULL &&
		    !say_absent(sessions, session)) {
			lost->expected[lost->first].until_us = now_us + AGAIN_US;
			return;
		}
		drop_first(lost);
	}
}

/* ---- silence ---- */

void lost_watch(struct sessions *sessions) {
	struct lost *lost = &sessions->lost;
	while (lost->expected_count > 0 &&
	       context_find(sessions, lost->expected[lost->first].session) != 0) {
		drop_first(lost);
	}
	if (lost->sweep_us == UINT64_MAX) {
		lost->sweep_us = sessions_now_us(sessions) + lost->silence_us;
	}
}

/* Ends the silent ones; the next sweep is when the first of the others would be one. */
static void sweep(struct sessions *sessions, uint64_t now_us) {
	struct lost *lost = &sessions->lost;
	uint32_t now = (uint32_t)(now_us >> HEARD_SHIFT);
	uint32_t most = (uint32_t)(lost->silence_us >> HEARD_SHIFT) + 1, longest = 0;
	for (uint32_t i = 1; i < sessions->contexts.used; i++) {
		const struct context *context = context_at(sessions, i);
		uint32_t silence = now - context->heard;
		if (context->session != 0 && (silence < most || !lost_absent(sessions, i))) {
			longest = silence > longest ? silence : longest;
		}
	}
	uint64_t left_us = longest < most ? (uint64_t)(most - longest) << HEARD_SHIFT : 0;
	left_us = left_us > AGAIN_US ? left_us : AGAIN_US;
	lost->sweep_us = sessions->contexts.count == 0 ? UINT64_MAX : now_us + left_us;
}

/* ---- LOST ---- */

static void tell(struct sessions *sessions, uint64_t id) {
	const struct session *session = ours(sessions, id);
	struct route route;
	if (session != NULL && context_find(sessions, id) == 0 &&
	    session_route(sessions->edge->state, session, &route)) {
		greet_lost(sessions, id, &route);
	}
}

/* False: not now. */
static bool give_up(struct sessions *sessions, uint64_t id) {
	return context_find(sessions, id) != 0 || ours(sessions, id) == NULL ||
	       say_absent(sessions, id);
}

/* The next few of a round; the last round gives up who has not come back. */
static void go_on_round(struct sessions *sessions) {
	struct lost *lost = &sessions->lost;
	for (unsigned i = 0; i < LOST_AT_ONCE && lost->at < lost->count; i++) {
		uint64_t id = lost->sessions[lost->at];
		if (lost->round < ROUNDS) {
			tell(sessions, id);
		} else if (!give_up(sessions, id)) {
			return;
		}
		lost->at++;
	}
}

static void tell_some(struct sessions *sessions, uint64_t now_us) {
	struct lost *lost = &sessions->lost;
	go_on_round(sessions);
	lost->due_us = now_us + LOST_STEP_US;
	if (lost->at < lost->count) {
		return;
	}
	lost->at = 0;
	lost->round++;
	if (lost->round <= ROUNDS) {
		uint64_t after_us =
			lost->round < ROUNDS ? rounds_us[lost->round] : lost->silence_us;
		uint64_t next_us = lost->began_us + after_us;
		lost->due_us = next_us > lost->due_us ? next_us : lost->due_us;
		return;
	}
	free(lost->sessions);
	lost->sessions = NULL;
	lost->count = 0;
	lost->due_us = UINT64_MAX;
}

static bool note_session(void *context, const struct session *session) {
	struct sessions *sessions = context;
	struct lost *lost = &sessions->lost;
	uint64_t id = session_id(session);
	if (ours(sessions, id) == NULL || context_find(sessions, id) != 0) {
		return true;
	}
	if ((lost->count & (lost->count - 1)) == 0) {
		size_t room = lost->count == 0 ? 1 : 2 * (size_t)lost->count;
		lost->sessions = allocate_again(lost->sessions, room * sizeof(*lost->sessions));
	}
	lost->sessions[lost->count++] = id;
	return true;
}

void lost_look(struct sessions *sessions) {
	struct lost *lost = &sessions->lost;
	lost->count = lost->at = lost->round = 0;
	state_sessions_each(sessions->edge->state, note_session, sessions);
	lost->began_us = sessions_now_us(sessions);
	lost->due_us = lost->count == 0 ? UINT64_MAX : lost->began_us;
}

/* ---- time ---- */

void lost_tick(struct sessions *sessions, uint64_t now_us) {
	struct lost *lost = &sessions->lost;
	if (now_us >= lost->due_us) {
		tell_some(sessions, now_us);
	}
	if (now_us >= lost->sweep_us) {
		sweep(sessions, now_us);
	}
	give_up_expected(sessions, now_us);
}

uint64_t lost_due_us(const struct sessions *sessions) {
	const struct lost *lost = &sessions->lost;
	uint64_t due_us = lost->due_us < lost->sweep_us ? lost->due_us : lost->sweep_us;
	if (lost->expected_count > 0 && lost->expected[lost->first].until_us < due_us) {
		due_us = lost->expected[lost->first].until_us;
	}
	return due_us;
}

void lost_begin(struct sessions *sessions) {
	struct lost *lost = &sessions->lost;
	lost->silence_us = (uint64_t)(sessions->edge->house.options->silence_s * 1e6);
	lost->due_us = lost->sweep_us = UINT64_MAX;
	lost_look(sessions);
}

void lost_finish(struct sessions *sessions) {
	free(sessions->lost.sessions);
	free(sessions->lost.expected);
}
