/*
 * An edge with nothing but the stream face, a ring that the test writes, a queue
 * that it reads, a clerk that it plays, and a dialect of a few words:
 *
 *   ENTER P         from now on it is person P
 *   ECHO TEXT       answers TEXT
 *   WAIT TEXT       the same, settled
 *   ASK TEXT        a request, answered by whoever plays the hub
 *   BIG N           an answer of N bytes
 *   MORE N          N lines, bit by bit
 *   KEY N           the form in which it reads
 *   BYE             last words
 *
 * Entries are "KEY SEQ TEXT"; ENTRY_SAID goes to a room but for its author,
 * ENTRY_DIRECT to its two, ENTRY_SHOUTED to all.
 */
#ifndef STREAM_HELP_H
#define STREAM_HELP_H

#include "log_help.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "clerkwire.h"
#include "clock.h"
#include "dialects.h"
#include "edge_inside.h"
#include "stream_inside.h"

struct client {
	int fd;
	struct connection name;
	char *heard; /* NUL-terminated */
	size_t size, room;
	bool is_at_end;
};

/* What the dialect has seen. */
struct seen {
	unsigned opened, closed, too_long, quiet, answers, lines;
	enum stream_end end;
	char text[128];
	char line[16 * 1024];
};

struct world {
	struct edge edge;
	struct options options;
	struct config config;
	struct config_secrets secrets;
	struct stream *stream;
	struct ring *ring;
	struct board *scribe;
	int clerk; /* our end */
	uint64_t seq;
	unsigned turns;
	struct seen seen;
	unsigned more;
	/* All entries, for the clerk. */
	struct told {
		uint64_t seq, at;
		size_t size;
	} * told;
	size_t told_count;
	uint8_t *told_bytes;
	size_t told_size;
	unsigned slices;
};

static struct world world;

/* ---- the dialect ---- */

static void *dialect_create(struct stream *stream, struct edge *edge) {
	return &world;
}

static void dialect_nothing(void *it) {
}

static void dialect_opened(void *it, struct stream_connection *connection) {
	world.seen.opened++;
}

static void say(struct stream_connection *connection, const char *text, size_t size) {
	stream_answer(world.stream, connection, slice_of(text, size));
	stream_answer(world.stream, connection, slice_from_string("\n"));
}

static void say_big(struct stream_connection *connection, size_t size) {
	char bytes[STREAM_ANSWER_BYTES_MAX];
	memset(bytes, 'b', sizeof(bytes));
	for (; size > 0; size -= size < sizeof(bytes) ? size : sizeof(bytes)) {
		stream_answer(world.stream, connection,
		              slice_of(bytes, size < sizeof(bytes) ? size : sizeof(bytes)));
	}
	stream_answer(world.stream, connection, slice_from_string("\n"));
}

static bool ask(struct stream_connection *connection, struct slice text) {
	struct record request = {.kind = REQUEST_WHO, .text = text};
	return stream_request(world.stream, connection, &request);
}

static enum stream_verdict dialect_line(void *it, struct stream_connection *connection,
                                        struct slice line, bool is_settled) {
	char word[16] = {0}, *at = memchr(line.bytes, ' ', line.size);
	size_t size = at == NULL ? line.size : (size_t)(at - line.bytes);
	memcpy(word, line.bytes, size < sizeof(word) ? size : sizeof(word) - 1);
	struct slice rest =
		at == NULL ? slice_of(NULL, 0) : slice_from(line, (size_t)(at - line.bytes) + 1);
	char text[64] = {0};
	memcpy(text, rest.bytes != NULL ? rest.bytes : "", rest.size < 63 ? rest.size : 63);
	uint64_t number = strtoull(text, NULL, 10);
	if (strcmp(word, "WAIT") == 0 && !is_settled) {
		return STREAM_WAIT;
	}
	if (strcmp(word, "ASK") == 0 && !ask(connection, rest)) {
		return STREAM_WAIT;
	}
	world.seen.lines++;
	memcpy(world.seen.line, line.bytes, line.size);
	world.seen.line[line.size] = '\0';
	if (strcmp(word, "ENTER") == 0) {
		stream_enter(world.stream, connection, number, number);
	} else if (strcmp(word, "ECHO") == 0 || strcmp(word, "WAIT") == 0) {
		say(connection, rest.bytes, rest.size);
	} else if (strcmp(word, "BIG") == 0) {
		say_big(connection, number);
	} else if (strcmp(word, "MORE") == 0) {
		world.more = (unsigned)number;
		stream_continue(world.stream, connection);
	} else if (strcmp(word, "KEY") == 0) {
		stream_set_key(connection, (uint32_t)number);
	} else if (strcmp(word, "BYE") == 0) {
		stream_close(world.stream, connection, slice_from_string("bye\n"));
	}
	return STREAM_TAKEN;
}

static void dialect_too_long(void *it, struct stream_connection *connection) {
	world.seen.too_long++;
	stream_answer(world.stream, connection, slice_from_string("too long\n"));
}

static void dialect_quiet(void *it, struct stream_connection *connection) {
	world.seen.quiet++;
}

static bool dialect_more(void *it, struct stream_connection *connection) {
	for (unsigned i = 0; i < 100 && world.more > 0; i++) {
		char text[32];
		int size = snprintf(text, sizeof(text), "more %u\n", --world.more);
		stream_answer(world.stream, connection, slice_of(text, (size_t)size));
	}
	return world.more > 0;
}

static void dialect_closed(void *it, struct stream_connection *connection, enum stream_end end,
                           struct slice text) {
	world.seen.closed++;
	world.seen.end = end;
	snprintf(world.seen.text, sizeof(world.seen.text), "%.*s", (int)text.size, text.bytes);
	if (stream_session(connection) != 0) {
		stream_gone(world.stream, stream_session(connection), REASON_NONE, text, 0);
	}
}

static void dialect_answer(void *it, struct stream_connection *connection,
                           const struct record *answer) {
	world.seen.answers++;
	say(connection, answer->text.bytes, answer->text.size);
}

static void dialect_entry(void *it, const struct record *entry) {
}

static void dialect_whom(void *it, const struct record *entry, struct stream_whom *whom) {
	switch (entry->kind) {
	case ENTRY_SHOUTED: whom->kind = STREAM_ALL; break;
	case ENTRY_JOINED:
	case ENTRY_PARTED: whom->kind = STREAM_ROOMS; break;
	case ENTRY_SAID:
		whom->kind = STREAM_ROOMS;
		whom->skips_own = true;
		break;
	case ENTRY_DIRECT:
		whom->kind = STREAM_PEOPLE;
		whom->people[0] = entry->person;
		whom->people[1] = entry->target;
		whom->skips_own = true;
		break;
	default: break;
	}
}

static bool dialect_reads(void *it, const struct stream_connection *connection,
                          const struct record *entry) {
	return true;
}

/* Some entries are nothing for some keys. */
static size_t rendering(const struct record *entry, uint32_t key, char *out, size_t room) {
	if (key != 0 && entry->seq % 7 == key % 7) {
		return 0;
	}
	return (size_t)snprintf(out, room, "%u %llu %.*s\n", key, (unsigned long long)entry->seq,
	                        (int)entry->text.size, entry->text.bytes);
}

static size_t dialect_render(void *it, const struct record *entry, uint32_t key, char *out,
                             size_t room) {
	return rendering(entry, key, out, room);
}

static uint64_t dialect_due(void *it) {
	return LOOP_FOREVER;
}

static void dialect_tick(void *it, uint64_t now_us) {
}

static const struct stream_dialect dialect = {
	.word = "test",
	.create = dialect_create,
	.destroy = dialect_nothing,
	.opened = dialect_opened,
	.line = dialect_line,
	.too_long = dialect_too_long,
	.quiet = dialect_quiet,
	.more = dialect_more,
	.closed = dialect_closed,
	.answer = dialect_answer,
	.entry = dialect_entry,
	.whom = dialect_whom,
	.reads = dialect_reads,
	.render = dialect_render,
	.reloaded = dialect_nothing,
	.caught_up = dialect_nothing,
	.due_us = dialect_due,
	.tick = dialect_tick,
};

const struct stream_dialect *stream_dialect_irc(void) {
	return &dialect;
}

/* ---- the other faces: nothing ---- */

static void no_record(void *it, const struct record *record) {
}

static enum face_progress no_progress(void *it, unsigned *budget) {
	return FACE_DONE;
}

static bool no_work(void *it) {
	return false;
}

static const struct edge_face no_face = {
	.begin = no_record,
	.go_on = no_progress,
	.between = no_progress,
	.has_work_between = no_work,
	.reloaded = dialect_nothing,
	.caught_up = dialect_nothing,
};
static const struct edge_face *const faces[FACES_COUNT] = {&stream_face, &no_face, &no_face};

/* ---- the clerk ---- */

static void answer_as_clerk(void) {
	struct clerk_question question;
	static uint8_t message[CLERK_MESSAGE_BYTES_MAX];
	while (recv(world.clerk, &question, sizeof(question), MSG_DONTWAIT) ==
	       (ssize_t)sizeof(question)) {
		size_t size = sizeof(struct clerk_answer);
		uint32_t count = 0;
		for (size_t i = 0; i < world.told_count && count < question.count; i++) {
			const struct told *told = &world.told[i];
			if (told->seq > question.seq && size + told->size <= sizeof(message)) {
				memcpy(message + size, world.told_bytes + told->at, told->size);
				size += told->size;
				count++;
			}
		}
		const struct clerk_answer answer = {.what = question.what,
		                                    .incarnation = question.incarnation,
		                                    .number = question.number,
		                                    .count = count,
		                                    .is_last = 1};
		memcpy(message, &answer, sizeof(answer));
		assert_int_equal(send(world.clerk, message, size, 0), size);
		world.slices++;
	}
}

/* ---- turns ---- */

static uint64_t one_turn(void *context) {
	unsigned budget = 1000;
	if (world.turns-- == 0) {
		loop_stop(world.edge.house.loop);
		return 0;
	}
	answer_as_clerk();
	walk_go_on(&world.edge.walk, &budget);
	stream_face.tick(world.stream, loop_now_us(world.edge.house.loop));
	return 0;
}

static void turn(unsigned turns) {
	world.turns = turns;
	loop_run(world.edge.house.loop);
}

static void world_begin(void) {
	struct house *house = &world.edge.house;
	int pair[2];
	world = (struct world){.options = {.edges = 1, .stall_s = 300},
	                       .seq = 10}; /* 1 is the lobby */
	signal(SIGPIPE, SIG_IGN);          /* as house_enter() does */
	house->options = &world.options;
	config_defaults(&world.config, &world.secrets);
	house->config = &world.config;
	memset(house->tcp, -1, sizeof(house->tcp));
	house->loop = loop_create(one_turn, NULL);
	int fd = make_memory();
	assert_int_equal(ring_format(fd, 4 * 1024 * 1024, 1), 0);
	world.ring = house->ring = ring_open(fd, true);
	close(fd);
	fd = make_memory();
	assert_int_equal(queue_format(fd), 0);
	house->queues[0] = queue_open(fd);
	close(fd);
	for (unsigned i = 0; i < 2; i++) {
		fd = make_memory();
		assert_int_equal(board_format(fd), 0);
		struct board *board = board_open(fd, true);
		close(fd);
		if (i == 0) {
			house->own = board;
			house->boards[PROCESS_EDGE_0] = board;
		} else {
			world.scribe = house->boards[PROCESS_SCRIBE] = board;
		}
	}
	fd = make_memory();
	world.edge.cursor = cursor_open(fd);
	close(fd);
	atomic_store(&house->own->incarnation, 1);
	queue_produce_as(house->queues[0], 1);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	house->clerk = pair[0];
	world.clerk = pair[1];
	world.edge.state = state_create();
	world.edge.walk = (struct ring_walk){.edge = &world.edge};
	asker_init(&world.edge.asker, house);
	world.edge.faces = faces;
	world.stream = world.edge.its[0] = stream_face.create(&world.edge);
	world.edge.has_faces = true;
}

static void world_end(void) {
	struct house *house = &world.edge.house;
	stream_face.destroy(world.stream);
	state_destroy(world.edge.state);
	loop_destroy(house->loop);
	ring_close(world.ring);
	queue_close(house->queues[0]);
	board_close(house->own);
	board_close(world.scribe);
	cursor_close(world.edge.cursor);
	close(house->clerk);
	close(world.clerk);
	free(world.told);
	free(world.told_bytes);
}

/* ---- the hub ---- */

static void publish(struct record *record) {
	_Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	size_t size = record_encode(record, bytes, sizeof(bytes));
	assert_true(size > 0);
	ring_append(world.ring, bytes, size);
	ring_publish(world.ring);
	if (!record_is_entry(record)) {
		return;
	}
	world.told = realloc(world.told, (world.told_count + 1) * sizeof(*world.told));
	world.told[world.told_count++] =
		(struct told){.seq = record->seq, .at = world.told_size, .size = size};
	world.told_bytes = realloc(world.told_bytes, world.told_size + size);
	memcpy(world.told_bytes + world.told_size, bytes, size);
	world.told_size += size;
	atomic_store(&world.scribe->seq_stored, record->seq);
}

static uint64_t happens(struct record entry) {
	entry.seq = ++world.seq;
	publish(&entry);
	return entry.seq;
}

static uint64_t make_person(const char *name) {
	uint64_t seq = world.seq + 1;
	return happens((struct record){.kind = ENTRY_ENTERED,
	                               .person = seq,
	                               .session = seq,
	                               .face = FACE_IRC,
	                               .name = slice_from_string(name)});
}

static uint64_t make_room(const char *name) {
	return happens((struct record){.kind = ENTRY_ROOM_MADE, .name = slice_from_string(name)});
}

static uint64_t joins(uint64_t person, uint64_t room) {
	return happens((struct record){
		.kind = ENTRY_JOINED, .person = person, .session = person, .room = room});
}

static uint64_t parts(uint64_t person, uint64_t room) {
	return happens((struct record){
		.kind = ENTRY_PARTED, .person = person, .session = person, .room = room});
}

static uint64_t says(uint64_t person, uint64_t room, const char *text) {
	return happens((struct record){.kind = ENTRY_SAID,
	                               .person = person,
	                               .room = room,
	                               .text = slice_from_string(text)});
}

/* Takes the oldest request; false: there is none. */
static bool take_request(struct record *request) {
	static _Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	if (queue_peek(world.edge.house.queues[0], request, bytes) != 1) {
		return false;
	}
	return true;
}

static void answers(const struct record *request, const char *text) {
	struct record answer = {.kind = ANSWER_OK,
	                        .seq = world.seq,
	                        .request = request->request,
	                        .incarnation = request->incarnation,
	                        .connection = request->connection,
	                        .text = slice_from_string(text)};
	publish(&answer);
	queue_done(world.edge.house.queues[0]);
}

/* ---- clients ---- */

static struct client connects(int buffer_bytes) {
	int pair[2];
	static const struct address nowhere;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
	                 0);
	if (buffer_bytes > 0) {
		setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof(buffer_bytes));
	}
	struct stream_connection *it = connection_open(world.stream, pair[0], &nowhere, 0);
	assert_non_null(it);
	return (struct client){.fd = pair[1], .name = stream_name(world.stream, it)};
}

static void client_says(struct client *client, const char *text) {
	assert_int_equal(send(client->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads at most so many bytes of what is there. */
static size_t client_reads(struct client *client, size_t most) {
	if (client->room < client->size + most + 1) {
		client->room = 2 * client->room + most + 1;
		client->heard = realloc(client->heard, client->room);
	}
	ssize_t size = recv(client->fd, client->heard + client->size, most, MSG_DONTWAIT);
	client->is_at_end = size == 0 || (size < 0 && errno == ECONNRESET);
	client->size += size > 0 ? (size_t)size : 0;
	client->heard[client->size] = '\0';
	return size > 0 ? (size_t)size : 0;
}

/* All that comes until nothing does for some turns. */
static const char *client_hears(struct client *client) {
	for (unsigned idle = 0; idle < 8; idle++) {
		turn(2);
		if (client_reads(client, 65536) > 0) {
			idle = 0;
		}
	}
	return client->heard;
}

static void client_forgets(struct client *client) {
	client->size = 0;
	if (client->heard != NULL) {
		client->heard[0] = '\0';
	}
}

/* From now on it speaks over a WebSocket. */
static void client_upgrades(struct client *client, const char *protocol) {
	char text[300];
	snprintf(text, sizeof(text),
	         "GET /irc HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	         "Sec-WebSocket-Protocol: %s\r\n\r\n",
	         protocol);
	client_says(client, text);
	assert_true(strncmp(client_hears(client), "HTTP/1.1 101 ", 13) == 0);
	assert_non_null(strstr(client->heard, protocol));
	client_forgets(client);
}

/* A message of at most 125 bytes, with a mask of zeroes. */
static void client_says_message(struct client *client, unsigned first, const char *text) {
	char bytes[6 + 125] = {(char)first, (char)(0x80 | strlen(text))};
	memcpy(bytes + 6, text, strlen(text));
	assert_int_equal(send(client->fd, bytes, 6 + strlen(text), MSG_NOSIGNAL), 6 + strlen(text));
}

static void client_ends(struct client *client) {
	if (client->fd >= 0) {
		close(client->fd);
	}
	free(client->heard);
	*client = (struct client){.fd = -1};
}

#endif
