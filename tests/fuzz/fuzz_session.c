/*
 * What comes from outside in the session dialect, through the face itself: any
 * datagrams; those that only a client with the key can make, with any frames in
 * them; and the log growing in between. Sent is nothing, for there is no socket.
 *
 * The input is a list: [what to do, 1][how many bytes follow, 2][bytes]
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "sessions.h"
#include "sessions_inside.h"

#define SESSION 1
#define STEPS_MAX 64

static struct edge edge;
static struct options options;
static struct config config;
static struct config_secrets secrets;
static struct board own, scribe, hub;
static struct sessions *sessions;
static struct route home;
static int clerk[2];
static uint32_t packet;
static uint64_t seq;

/* ---- a house with one edge in it, and a person whose session is served here ---- */

static void set_up_once(void) {
	if (edge.house.loop != NULL) {
		return;
	}
	int fd = memfd_create("queue", 0);
	assert(fd >= 0 && queue_format(fd) == 0);
	options = (struct options){.edges = 1,
	                           .silence_s = 45,
	                           .rate_per_s = 1e9,
	                           .rate_burst = 1000000000,
	                           .plain_from_any = true};
	edge.house.options = &options;
	config_defaults(&config, &secrets);
	edge.house.config = &config;
	edge.house.own = &own;
	edge.house.boards[PROCESS_SCRIBE] = &scribe;
	edge.house.boards[PROCESS_HUB] = &hub;
	edge.house.queues[0] = queue_open(fd);
	edge.house.loop = loop_create(NULL, NULL);
	assert(edge.house.queues[0] != NULL && edge.house.loop != NULL);
	assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, clerk) == 0);
	edge.house.clerk = clerk[0];
	asker_init(&edge.asker, &edge.house);
	edge.datagrams = calloc(1, sizeof(*edge.datagrams));
	assert(edge.datagrams != NULL);
	edge.datagrams->edge = &edge;
	edge.datagrams->outlets_count = 1;
	edge.datagrams->outlets[0] = (struct outlet){
		.fd = -1, .family = AF_INET, .name_bytes = sizeof(struct sockaddr_in)};
	memset(home.peer.ip + 10, 0xFF, 2);
	home.peer.ip[12] = 127;
	home.peer.port = 1000;
	edge.state = state_create();
	struct record entered = {.kind = ENTRY_ENTERED,
	                         .seq = SESSION,
	                         .time_us = 1,
	                         .person = SESSION,
	                         .session = SESSION,
	                         .name = slice_from_string("somebody"),
	                         .face = FACE_SESSION,
	                         .nonce = 1,
	                         .room = ROOM_LOBBY,
	                         .has_route = true,
	                         .route = home};
	assert(state_apply(edge.state, &entered, NULL, NULL) == STATE_OK);
}

/* ---- what a client sends ---- */

static void take(struct slice bytes, bool is_from_elsewhere) {
	struct datagram datagram = {.route = home, .bytes = bytes, .size = bytes.size};
	datagram.route.peer.port += is_from_elsewhere;
	edge.datagrams->take_session(edge.datagrams->session, &datagram);
}

static void hub_answers(void) {
	_Alignas(8) static uint8_t bytes[RECORD_BYTES_MAX];
	struct record request;
	while (queue_peek(edge.house.queues[0], &request, bytes) == 1) {
		bool is_greeting = request.kind == REQUEST_OPEN || request.kind == REQUEST_RESUME;
		struct record answer = {.kind = is_greeting ? ANSWER_WELCOME : ANSWER_NOTHING,
		                        .connection = request.connection,
		                        .seq = seq,
		                        .session = SESSION,
		                        .person = SESSION,
		                        .name = slice_from_string("somebody")};
		if (request.kind != REQUEST_ABSENT) {
			sessions_face.begin(sessions, &answer);
		}
	}
	queue_done(edge.house.queues[0]);
}

static void greet(uint8_t type, struct slice bytes) {
	uint8_t out[WIRE_DATAGRAM_BYTES_MAX];
	struct key key;
	struct wire_greeting greeting = {.type = type,
	                                 .version = WIRE_VERSION,
	                                 .session = SESSION,
	                                 .cursor = bytes.size > 1 ? (uint8_t)bytes.bytes[1] : 0,
	                                 .name = bytes};
	greeting.nonce[0] = bytes.size > 0 ? (uint8_t)bytes.bytes[0] : 0;
	greeting.open_key[0] = 9;
	keys_cookie(&sessions->greet.master, &home.peer, clock_wall_us() / 1000000,
	            greeting.cookie);
	keys_session(&sessions->greet.master, SESSION,
	             session_nonce(edge.state, state_session(edge.state, SESSION)), &key);
	size_t size = wire_write_greeting(&greeting, &key, out);
	take(slice_of((const char *)out, size), false);
	hub_answers();
}

/* Frames, as the client that has the key would send them. */
static void talk(struct slice frames) {
	uint8_t out[WIRE_DATAGRAM_BYTES_MAX];
	uint32_t handle = context_find(sessions, SESSION);
	if (handle == 0 || frames.size > WIRE_TALK_BODY_BYTES_MAX) {
		return;
	}
	const struct context *context = context_at(sessions, handle);
	const struct wire_head head = {.type = WIRE_TALK,
	                               .session = SESSION,
	                               .connection = context->connection,
	                               .packet = packet++};
	size_t size = wire_write_datagram(&head, frames, &context->key, out);
	take(slice_of((const char *)out, size), false);
	hub_answers();
}

static void log_grows(struct slice bytes) {
	uint8_t kind = bytes.size > 0 ? (uint8_t)bytes.bytes[0] % 22 : ENTRY_SAID;
	struct record entry = {.kind = kind,
	                       .seq = ++seq,
	                       .person = bytes.size > 1 ? (uint8_t)bytes.bytes[1] % 3 : 0,
	                       .session = bytes.size > 2 ? (uint8_t)bytes.bytes[2] % 3 : 0,
	                       .room = bytes.size > 3 ? (uint8_t)bytes.bytes[3] % 4 : 1,
	                       .client_number = bytes.size > 4 ? (uint8_t)bytes.bytes[4] : 0,
	                       .text = bytes};
	if (kind != 0) {
		sessions_face.begin(sessions, &entry);
	}
}

static void step(uint8_t what, struct slice bytes) {
	switch (what % 8) {
	case 0: take(bytes, false); break;
	case 1: take(bytes, true); break;
	case 2: greet(WIRE_OPEN, bytes); break;
	case 3: greet(WIRE_RESUME, bytes); break;
	case 4: log_grows(bytes); break;
	case 5: sessions_face.tick(sessions, loop_now_us(edge.house.loop)); break;
	default: talk(bytes); break;
	}
	assert(sessions->budget.bytes <= sessions->budget.bytes_max);
	/* One, and those of this turn that it took the place of. */
	assert(sessions->contexts.count <= STEPS_MAX + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	set_up_once();
	queue_skip_all(edge.house.queues[0]);
	memset(edge.asker.asks, 0, sizeof(edge.asker.asks));
	packet = 0;
	seq = edge.walk.seq = SESSION;
	sessions = sessions_face.create(&edge);
	for (unsigned i = 0; size >= 3 && i < STEPS_MAX; i++) {
		size_t here = (size_t)(bytes[1] | bytes[2] << 8);
		here = here < size - 3 ? here : size - 3;
		step(bytes[0], slice_of((const char *)bytes + 3, here));
		bytes += 3 + here;
		size -= 3 + here;
	}
	sessions_face.tick(sessions, loop_now_us(edge.house.loop));
	sessions_face.destroy(sessions);
	/* Nobody answers what the clerk was asked. */
	char question[CLERK_MESSAGE_BYTES_MAX];
	while (recv(clerk[1], question, sizeof(question), 0) > 0) {
	}
	return 0;
}
