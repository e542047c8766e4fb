/* Requests of those who come by a stream, in the world of decide_world.h. */
#ifndef DECIDE_STREAMS_H
#define DECIDE_STREAMS_H

#include "decide_world.h"

#include "limits.h"

/* ---- requests ---- */

static inline struct record registering(const char *name, uint16_t port, uint16_t queue) {
	return (struct record){.kind = REQUEST_REGISTER,
	                       .queue = queue,
	                       .has_route = true,
	                       .route = route_of(HOST, port),
	                       .connection = {port, 1},
	                       .name = text(name),
	                       .userhost = text("~u@cloak.qun"),
	                       .text = text("Real Name")};
}

/* Somebody new; its session. */
static inline uint64_t enter(const char *name) {
	static uint16_t port = 5000;
	char expected[100];
	snprintf(expected, sizeof(expected), "welcome entered(%s:Real Name)", name);
	ask(expected, registering(name, ++port, 0));
	assert_int_equal(record_of(ANSWER_WELCOME).session, record_of(ENTRY_ENTERED).session);
	return record_of(ENTRY_ENTERED).session;
}

static inline uint64_t enter_by_session(const char *name) {
	static uint64_t nonce = 1;
	nonce++;
	world_ask(world,
	          (struct record){.kind = REQUEST_OPEN,
	                          .has_route = true,
	                          .route = route_of(HOST, (uint16_t)(9000 + nonce)),
	                          .connection = {(uint32_t)nonce, 1},
	                          .name = text(name),
	                          .nonce = nonce},
	          NULL, NULL);
	return record_of(ENTRY_ENTERED).session;
}

/* A session's next message. */
static inline struct record message_of(uint64_t session, uint16_t kind) {
	uint64_t last = session_client_number(world->state, state_session(world->state, session));
	return (struct record){.kind = kind, .session = session, .client_number = last + 1};
}

static inline struct record by(uint64_t session, uint16_t kind, const char *room, const char *name,
                               const char *words) {
	return (struct record){.kind = kind,
	                       .session = session,
	                       .connection = {7, 1},
	                       .other_name = text(room),
	                       .name = text(name),
	                       .text = text(words)};
}

static inline void join(uint64_t session, const char *room) {
	world_ask(world, by(session, REQUEST_JOIN, room, NULL, NULL), NULL, NULL);
	(void)record_of(ENTRY_JOINED);
}

static inline void mode(const char *outcome, uint64_t session, const char *change) {
	ask(outcome, by(session, REQUEST_MODE, "#tea", NULL, change));
}

static inline void say(const char *outcome, uint64_t session, const char *words) {
	ask(outcome, by(session, REQUEST_SAY, "#tea", NULL, words));
}

static inline uint64_t tea(void) {
	return state_room_named(world->state, text("#tea"));
}

static inline void make_operator(uint64_t session) {
	struct record request = by(session, REQUEST_PROFILE, NULL, NULL, NULL);
	request.number = PROFILE_MODES;
	request.bits = PERSON_IS_OPERATOR;
	world_ask(world, request, NULL, NULL);
	assert_int_equal(record_of(ENTRY_PROFILE).bits, PERSON_IS_OPERATOR);
}

#endif
