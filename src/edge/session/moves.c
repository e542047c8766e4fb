/*
 * moves.c - in which rooms somebody was, for who reads the log later than it was written.
 *
 * The state says who is in a room now. Who comes back with an old cursor has
 * perhaps entered rooms and left them since: it hears what was said there
 * meanwhile, no more and no less, so that it hears the same as if it had been
 * there all the time. Its own moves say it: those in the window, and before
 * that those that the clerk finds in the log. Nothing goes out until they are known.
 *
 * A move out of a room that is not preceded by one into it means that one was in
 * it at the cursor. What the state says of now closes the list. Of those who have
 * moved more than a thousand times since their cursor, the first thousand count.
 */
#include <stdlib.h>

#include "sessions_inside.h"

#define AFTER_FAILURE_US (1000 * 1000)

/* ---- putting together ---- */

static void note_move(struct context *context, const struct move *move) {
	if (move->is_in) {
		memberships_join(&context->memberships, move->room, move->seq);
		return;
	}
	/* In it before the cursor, unless it is known since when. */
	memberships_join(&context->memberships, move->room, 0);
	memberships_part(&context->memberships, move->room, move->seq);
}

/* Those behind `seq`. */
static void note_moves_in_window(const struct sessions *sessions, struct context *context,
                                 uint64_t seq) {
	const struct stretch *window = &sessions->window;
	for (uint64_t at = stretch_after(window, seq); at < window->end; at++) {
		const struct stretch_entry *entry = stretch_entry(window, at);
		if (entry->move != 0 && entry->person == context->person) {
			note_move(context, &(struct move){.room = entry->ids[0],
			                                  .seq = entry->seq,
			                                  .is_in = entry->move > 0});
		}
	}
}

static void note_now(const struct sessions *sessions, struct context *context,
                     const struct person *person) {
	const struct state *state = sessions->edge->state;
	uint64_t rooms[ROOMS_PER_PERSON_MAX];
	size_t count = person_rooms(state, person, rooms, ROOMS_PER_PERSON_MAX);
	for (size_t i = 0; i < count && i < ROOMS_PER_PERSON_MAX; i++) {
		memberships_join(&context->memberships, rooms[i],
		                 state_member_since(state, rooms[i], context->person));
	}
}

static void note_all(struct sessions *sessions, struct context *context, const struct move *moves,
                     size_t count) {
	const struct state *state = sessions->edge->state;
	const struct person *person = state_person(state, context->person);
	uint64_t seq = context->sending.acked;
	if (person == NULL) {
		return; /* It is just coming in: the lobby. */
	}
	context->memberships = memberships_none();
	/* What the clerk knows already, and we do not, comes by itself. */
	for (size_t i = 0; i < count && moves[i].seq <= state_seq(state); i++) {
		note_move(context, &moves[i]);
		seq = moves[i].seq;
	}
	note_moves_in_window(sessions, context, seq);
	note_now(sessions, context, person);
}

/* `moves` are those behind its cursor as far as the clerk knew them. */
static void learn(struct sessions *sessions, uint32_t handle, const struct move *moves,
                  size_t count) {
	struct context *context = context_at(sessions, handle);
	uint64_t end = context->has_left ? memberships_last(context->memberships) : UINT64_MAX;
	free(context->memberships);
	context->memberships = NULL;
	note_all(sessions, context, moves, count);
	if (context->has_left) {
		memberships_end(&context->memberships, end);
	}
	memberships_forget(&context->memberships, context->sending.acked);
	context->must_learn = false;
	context_ready(sessions, handle);
}

/* ---- asking ---- */

void moves_learn(struct sessions *sessions, uint32_t handle) {
	struct moves *moves = &sessions->moves;
	struct context *context = context_at(sessions, handle);
	if (context->sending.acked >= sessions->window.low) {
		learn(sessions, handle, NULL, 0);
		return;
	}
	context->must_learn = true;
	moves->must_look = true;
	moves->is_stale = moves->is_stale || (moves->is_asked && moves->handle == handle);
}

/* The one that is asked for, if it is still the same; 0: not any more. */
static uint32_t asked_for(const struct sessions *sessions) {
	const struct moves *moves = &sessions->moves;
	const struct context *context = context_at(sessions, moves->handle);
	bool is_same = context->session == moves->session &&
	               context->connection == moves->connection && context->must_learn;
	return is_same ? moves->handle : 0;
}

static void ask_for(struct sessions *sessions, uint32_t handle) {
	struct moves *moves = &sessions->moves;
	const struct context *context = context_at(sessions, handle);
	if (moves->each == NULL) {
		moves->each = allocate(MOVES_MAX * sizeof(*moves->each));
	}
	moves->is_asked = true;
	moves->is_stale = false;
	moves->handle = handle;
	moves->session = context->session;
	moves->connection = context->connection;
	moves->count = 0;
	asker_ask(&sessions->edge->asker, &moves->ask, CLERK_MOVES, context->person,
	          context->sending.acked, MOVES_MAX);
}

/* ---- the answer ---- */

static void take_move(struct moves *moves, const struct record *entry) {
	uint64_t last = moves->count == 0 ? 0 : moves->each[moves->count - 1].seq;
	/* After the clerk's death a message may come twice. */
	if (entry->seq > last && moves->count < MOVES_MAX) {
		moves->each[moves->count++] = (struct move){.room = entry->room,
		                                            .seq = entry->seq,
		                                            .is_in = entry->kind == ENTRY_JOINED};
	}
}

static void arrive(struct sessions *sessions) {
	struct moves *moves = &sessions->moves;
	uint32_t handle = asked_for(sessions);
	moves->is_asked = false;
	moves->must_look = true;
	if (handle != 0 && !moves->is_stale) {
		learn(sessions, handle, moves->each, moves->count);
	}
}

static void on_slice(void *context, struct slice_in_hand slice) {
	struct sessions *sessions = context;
	struct record entry;
	while (slice_next(&slice, &entry)) {
		take_move(&sessions->moves, &entry);
	}
	asker_release(&sessions->edge->asker);
	if (slice.is_last) {
		arrive(sessions);
	}
}

static void on_failure(void *context) {
	struct sessions *sessions = context;
	struct moves *moves = &sessions->moves;
	moves->is_asked = false;
	moves->must_look = true;
	moves->due_us = sessions_now_us(sessions) + AFTER_FAILURE_US;
}

/* ---- time ---- */

void moves_tick(struct sessions *sessions, uint64_t now_us) {
	struct moves *moves = &sessions->moves;
	if (now_us < moves_due_us(sessions)) {
		return;
	}
	moves->must_look = false;
	/* The next one behind the last, so that all have their turn. */
	uint32_t used = sessions->contexts.used;
	for (uint32_t i = 1; i < used; i++) {
		uint32_t handle = 1 + (moves->handle + i - 1) % (used - 1);
		if (context_at(sessions, handle)->must_learn) {
			ask_for(sessions, handle);
			return;
		}
	}
}

uint64_t moves_due_us(const struct sessions *sessions) {
	const struct moves *moves = &sessions->moves;
	return moves->must_look && !moves->is_asked ? moves->due_us : UINT64_MAX;
}

void moves_begin(struct sessions *sessions) {
	struct moves *moves = &sessions->moves;
	moves->ask = (struct ask){.take = on_slice, .fail = on_failure, .context = sessions};
	asker_add(&sessions->edge->asker, &moves->ask);
}
