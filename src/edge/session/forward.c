/*
 * forward.c - messages to the hub, one after the other, and KEPT back.
 *
 * The hub's count is the truth: it takes the next number and no other. What is
 * noted here spares it most repeats, and keeps the order: a message goes when
 * the one before it has gone. Who sends faster than --rate is taken from more
 * slowly: the message waits here until its moment, and is not refused.
 *
 * KEPT follows from the entry that the message led to: when the walk passes it,
 * or with --fsync when it is durable.
 */
#include <stdlib.h>

#include "diag.h"
#include "sessions_inside.h"

/* Messages of the inboxes together. */
#define INBOXES_BYTES (8 * 1024 * 1024)

/* ---- to the hub ---- */

/* False: not now. */
static bool put(struct sessions *sessions, uint32_t handle, const struct message *message) {
	struct context *context = context_at(sessions, handle);
	struct record request;
	if (edge_is_stalled(sessions->edge) ||
	    !limiter_take(&sessions->rate, address_hash(&context->peer),
	                  sessions_now_us(sessions))) {
		return false;
	}
	message_request(message, &request);
	request.session = context->session;
	request.client_number = context->forwarded + 1;
	/* For an answer that there is nothing to do; not to be taken for a greeting's. */
	request.connection = (struct connection){.slot = GREETINGS_MAX + handle, .generation = 1};
	if (!edge_request(sessions->edge, &request)) {
		return false;
	}
	context->forwarded++;
	return true;
}

void forward_go_on(struct sessions *sessions, uint32_t handle) {
	struct context *context = context_at(sessions, handle);
	struct message message;
	context->is_held = false;
	while (inbox_has(context->inbox, context->forwarded + 1, &message)) {
		if (!put(sessions, handle, &message)) {
			context->is_held = true;
			return;
		}
		inbox_drop(&context->inbox, &sessions->budget, context->forwarded);
	}
}

void forward_message(struct sessions *sessions, uint32_t handle, const struct wire_talk *piece) {
	struct context *context = context_at(sessions, handle);
	struct message message;
	if (piece->number <= context->kept) {
		context->must_tell = true;
		return;
	}
	if (piece->number <= context->forwarded || piece->number - context->kept > INBOX_MESSAGES) {
		return;
	}
	bool is_next = piece->number == context->forwarded + 1;
	if (is_next && !context->is_held && inbox_is_whole(piece, &message) &&
	    put(sessions, handle, &message)) {
		inbox_drop(&context->inbox, &sessions->budget, context->forwarded);
	} else {
		inbox_take(&context->inbox, &sessions->budget, context->forwarded + 1, piece);
	}
	if (is_next && !context->is_held) {
		forward_go_on(sessions, handle);
	}
}

/* ---- and back ---- */

static void keep(struct sessions *sessions, uint64_t session, uint64_t number) {
	uint32_t handle = context_find(sessions, session);
	struct context *context = handle == 0 ? NULL : context_at(sessions, handle);
	if (context == NULL || number <= context->kept) {
		return;
	}
	context->kept = number;
	context->must_tell = true;
	context_ready(sessions, handle);
}

void forward_kept(struct sessions *sessions, const struct record *entry) {
	uint32_t handle = context_find(sessions, entry->session);
	if (handle == 0) {
		return;
	}
	struct context *context = context_at(sessions, handle);
	if (entry->client_number > context->forwarded) {
		context->forwarded = entry->client_number;
		inbox_drop(&context->inbox, &sessions->budget, context->forwarded);
	}
	if (sessions->held_count == 0 && edge_is_kept(sessions->edge, entry->seq)) {
		keep(sessions, entry->session, entry->client_number);
		return;
	}
	forward_hold(sessions, &(struct held){.seq = entry->seq,
	                                      .session = entry->session,
	                                      .number = entry->client_number});
}

void forward_nothing(struct sessions *sessions, const struct record *answer) {
	uint32_t handle = answer->connection.slot - GREETINGS_MAX;
	if (answer->connection.slot <= GREETINGS_MAX || handle >= sessions->contexts.used) {
		return;
	}
	struct context *context = context_at(sessions, handle);
	const struct session *session = state_session(sessions->edge->state, context->session);
	if (session != NULL) {
		/* It was not the next: what the hub has is what counts, and the client repeats the rest. */
		context->forwarded = session_client_number(sessions->edge->state, session);
	}
}

/* ---- with --fsync: a queue, in the order of the entries ---- */

void forward_hold(struct sessions *sessions, const struct held *held) {
	if (sessions->held_count == sessions->held_room) {
		uint32_t room = sessions->held_room == 0 ? 64 : 2 * sessions->held_room;
		struct held *all = allocate(room * sizeof(*all));
		for (uint32_t i = 0; i < sessions->held_count; i++) {
			all[i] = sessions->held[(sessions->held_first + i) % sessions->held_room];
		}
		free(sessions->held);
		sessions->held = all;
		sessions->held_first = 0;
		sessions->held_room = room;
	}
	uint32_t at = (sessions->held_first + sessions->held_count++) % sessions->held_room;
	sessions->held[at] = *held;
}

bool forward_has_work(const struct sessions *sessions) {
	return sessions->held_count > 0 &&
	       edge_is_kept(sessions->edge, sessions->held[sessions->held_first].seq);
}

void forward_release(struct sessions *sessions) {
	while (forward_has_work(sessions)) {
		struct held held = sessions->held[sessions->held_first];
		sessions->held_first = (sessions->held_first + 1) % sessions->held_room;
		sessions->held_count--;
		if (held.session != 0) {
			keep(sessions, held.session, held.number);
		} else {
			greet_release(sessions, held.greeting, held.generation);
		}
	}
}

void forward_begin(struct sessions *sessions) {
	const struct options *options = sessions->edge->house.options;
	sessions->budget = (struct inbox_budget){.bytes_max = INBOXES_BYTES};
	if (!limiter_init(&sessions->rate, pace_of(options->rate_per_s, options->rate_burst))) {
		diag_exit_errno(EXIT_TRY_AGAIN, "no memory for the limits of the sessions");
	}
}

void forward_finish(struct sessions *sessions) {
	limiter_finish(&sessions->rate);
	free(sessions->held);
}
