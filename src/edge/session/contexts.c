/* contexts.c - the connections that are served here. */
#include <stdlib.h>
#include <string.h>

#include "sessions_inside.h"

uint32_t context_find(const struct sessions *sessions, uint64_t session) {
	uint32_t handle = table_first(&sessions->by_session, hash_number(session));
	while (handle != 0 && context_at(sessions, handle)->session != session) {
		handle = table_next(&sessions->by_session, handle);
	}
	return handle;
}

/* ---- coming and going ---- */

static void need_window(struct sessions *sessions) {
	if (!sessions->has_window) {
		stretch_init(&sessions->window, WINDOW_BYTES, WINDOW_ENTRIES,
		             sessions->edge->walk.seq);
		sessions->has_window = true;
	} else if (sessions->contexts.count == 0) {
		/* What passed meanwhile was not rendered for nobody. */
		stretch_restart(&sessions->window, sessions->edge->walk.seq);
	}
}

static uint8_t local_of(struct sessions *sessions, const uint8_t local[16]) {
	for (unsigned i = 0; i <= sessions->locals_count; i++) {
		if (memcmp(sessions->locals[i], local, 16) == 0) {
			return (uint8_t)i;
		}
	}
	if (sessions->locals_count == LOCALS_MAX - 1) {
		return 0;
	}
	memcpy(sessions->locals[++sessions->locals_count], local, 16);
	return (uint8_t)sessions->locals_count;
}

uint32_t context_create(struct sessions *sessions, const struct wire_greeting *welcome,
                        const struct route *route, unsigned outlet, const struct key *key) {
	uint32_t handle = context_find(sessions, welcome->session);
	if (handle != 0) {
		context_drop(sessions, handle);
	}
	need_window(sessions);
	handle = pool_take(&sessions->contexts);
	struct context *context = context_at(sessions, handle);
	context->connection = welcome->connection;
	context->session = welcome->session;
	context->person = welcome->person;
	context->looked = welcome->seq;
	context->forwarded = context->kept = welcome->number;
	context->key = *key;
	context->peer = route->peer;
	context->local = local_of(sessions, route->local);
	context->outlet = (uint8_t)outlet;
	context->heard = (uint32_t)(sessions_now_us(sessions) >> HEARD_SHIFT);
	sending_init(&context->sending, welcome->seq);
	moves_learn(sessions, handle);
	table_add(&sessions->by_session, handle);
	context_ready(sessions, handle);
	lost_watch(sessions);
	return handle;
}

void context_drop(struct sessions *sessions, uint32_t handle) {
	struct context *context = context_at(sessions, handle);
	inbox_drop(&context->inbox, &sessions->budget, UINT64_MAX);
	free(context->memberships);
	sending_finish(&context->sending, &sessions->flights);
	wheel_set(&sessions->wheel, handle, UINT64_MAX);
	table_remove(&sessions->by_session, handle);
	/* In the list of the ready it stays as nobody; the list gives it back. */
	bool is_ready = context->is_ready;
	uint32_t link = context->link_ready;
	memset(context, 0, sizeof(*context));
	context->is_ready = is_ready;
	context->link_ready = link;
	if (!is_ready) {
		pool_give(&sessions->contexts, handle);
	}
}

/* ---- the ready: a list, first come first served ---- */

void context_ready(struct sessions *sessions, uint32_t handle) {
	struct context *context = context_at(sessions, handle);
	if (context->is_ready) {
		return;
	}
	context->is_ready = true;
	context->link_ready = 0;
	if (sessions->ready_first == 0) {
		sessions->ready_first = handle;
	} else {
		context_at(sessions, sessions->ready_last)->link_ready = handle;
	}
	sessions->ready_last = handle;
}

uint32_t context_next_ready(struct sessions *sessions) {
	while (sessions->ready_first != 0) {
		uint32_t handle = sessions->ready_first;
		struct context *context = context_at(sessions, handle);
		sessions->ready_first = context->link_ready;
		context->is_ready = false;
		if (context->session != 0) {
			return handle;
		}
		pool_give(&sessions->contexts, handle);
	}
	return 0;
}

struct route context_route(const struct sessions *sessions, const struct context *context) {
	const struct outlet *outlet = &sessions->datagrams->outlets[context->outlet];
	struct route route = {.peer = context->peer, .listener = outlet->listener};
	memcpy(route.local, sessions->locals[context->local], sizeof(route.local));
	return route;
}

struct post_to context_post_to(const struct sessions *sessions, uint32_t handle) {
	const struct context *context = context_at(sessions, handle);
	const struct outlet *outlet = &sessions->datagrams->outlets[context->outlet];
	struct post_to to = {.who = handle, .outlet = context->outlet, .key = &context->key};
	struct route route = context_route(sessions, context);
	(void)outlet_aim(outlet, &route, &to.target);
	return to;
}
