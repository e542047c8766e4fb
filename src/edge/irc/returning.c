/*
 * returning.c - those who come back faster than the edge that they were on.
 *
 * When an edge dies its people are orphans as soon as the next one has said so; some of them come
 * back before that, to another edge, and find their names held by themselves. So a name that
 * somebody from the same address holds elsewhere is asked for again for a moment.
 */
#include <string.h>

#include "irc_inside.h"

#define AGAIN_US (20 * 1000)
/* An edge is there again within a tenth of it, unless the machine is very busy. */
#define PATIENCE_US (1500 * 1000)

static bool is_from_here(const struct irc *irc, const struct session *session) {
	struct route route;
	return session_face(session) == FACE_IRC &&
	       !edge_is_home(irc->edge, session_home(session)) &&
	       session_route(irc->edge->state, session, &route) &&
	       memcmp(route.peer.ip, stream_peer(irc->to)->ip, sizeof(route.peer.ip)) == 0;
}

/* By a connection from where this one comes from, to another edge. */
static bool is_held_from_here(const struct irc *irc, const struct irc_door *door) {
	const struct state *state = irc->edge->state;
	const struct person *holder =
		state_person_named(state, slice_of(door->nick, door->nick_size));
	const struct session *session =
		holder == NULL ? NULL : person_session_next(state, holder, NULL);
	while (session != NULL && !is_from_here(irc, session)) {
		session = person_session_next(state, holder, session);
	}
	return session != NULL;
}

bool irc_returns(struct irc *irc) {
	struct irc_door *door = irc->user->door;
	if (!is_held_from_here(irc, door)) {
		door->returns_until_us = 0;
		return false;
	}
	uint64_t now_us = loop_now_us(irc->edge->house.loop);
	if (door->returns_until_us == 0) {
		door->returns_until_us = now_us + PATIENCE_US;
	}
	if (now_us >= door->returns_until_us) {
		door->returns_until_us = 0;
		return false;
	}
	door->is_returning = true;
	if (irc->returns_us == LOOP_FOREVER) {
		irc->returns_us = now_us + AGAIN_US;
	}
	return true;
}

static bool ask_again(void *context, struct stream_connection *it) {
	struct irc *irc = context;
	struct irc_user *user = stream_own(it);
	if (user != NULL && user->door != NULL && user->door->is_returning) {
		user->door->is_returning = false;
		irc_talk_to(irc, it);
		if (!irc_enters_now(irc)) {
			/* The queue is full. */
			user->door->is_returning = true;
			irc->returns_us = loop_now_us(irc->edge->house.loop) + AGAIN_US;
		}
		irc_flush(irc);
	}
	return true;
}

void irc_returning_tick(struct irc *irc) {
	if (irc->returns_us != LOOP_FOREVER &&
	    loop_now_us(irc->edge->house.loop) >= irc->returns_us) {
		irc->returns_us = LOOP_FOREVER;
		stream_each(irc->stream, ask_again, irc);
	}
}
