/* connections.c - who is here, and in which rooms. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "diag.h"
#include "plan.h"
#include "stream_inside.h"

struct memberships stream_nowhere;

/* ---- lines of connections ---- */

void line_up_add(struct stream_line_up *line, struct connection who) {
	if (line->count == line->room) {
		uint32_t room = line->room == 0 ? 64 : 2 * line->room;
		struct connection *each = allocate(room * sizeof(*each));
		for (uint32_t i = 0; i < line->count; i++) {
			each[i] = line->each[(line->first + i) & (line->room - 1)];
		}
		free(line->each);
		*line = (struct stream_line_up){.each = each, .count = line->count, .room = room};
	}
	line->each[(line->first + line->count++) & (line->room - 1)] = who;
}

struct stream_connection *line_up_take(struct stream *stream, struct stream_line_up *line) {
	while (line->count > 0) {
		struct connection who = line->each[line->first];
		line->first = (line->first + 1) & (line->room - 1);
		line->count--;
		struct stream_connection *it = stream_find(stream, who);
		if (it != NULL) {
			return it;
		}
	}
	return NULL;
}

/* ---- finding ---- */

struct connection stream_name(const struct stream *stream, const struct stream_connection *it) {
	return (struct connection){.slot = it->slot, .generation = it->generation};
}

struct stream_connection *stream_find(const struct stream *stream, struct connection name) {
	if (name.slot == 0 || name.slot >= stream->connections.used) {
		return NULL;
	}
	struct stream_connection *it = connection_at(stream, name.slot);
	return it->is_open && it->generation == name.generation ? it : NULL;
}

static uint64_t hash_of_person(const void *thing) {
	return hash_number(((const struct stream_connection *)thing)->person);
}

static uint64_t hash_of_room(const void *thing) {
	return hash_number(((const struct stream_room *)thing)->room);
}

struct stream_connection *stream_next_of_person(const struct stream *stream, uint64_t person,
                                                const struct stream_connection *after) {
	uint32_t slot = after == NULL ? table_first(&stream->by_person, hash_number(person))
	                              : table_next(&stream->by_person, after->slot);
	while (slot != 0 && connection_at(stream, slot)->person != person) {
		slot = table_next(&stream->by_person, slot);
	}
	return slot == 0 ? NULL : connection_at(stream, slot);
}

struct stream_connection *stream_of_person(const struct stream *stream, uint64_t person) {
	return stream_next_of_person(stream, person, NULL);
}

void stream_each_of_person(const struct stream *stream, uint64_t person,
                           bool (*each)(void *context, struct stream_connection *it),
                           void *context) {
	struct stream_connection *it = stream_next_of_person(stream, person, NULL);
	while (it != NULL) {
		struct stream_connection *next = stream_next_of_person(stream, person, it);
		if (!each(context, it)) {
			return;
		}
		it = next;
	}
}

bool stream_has_other(const struct stream *stream, uint64_t person, uint64_t session) {
	const struct stream_connection *it = stream_next_of_person(stream, person, NULL);
	while (it != NULL && it->session == session) {
		it = stream_next_of_person(stream, person, it);
	}
	return it != NULL;
}

struct stream_connection *stream_of_session(const struct stream *stream, uint64_t person,
                                            uint64_t session) {
	struct stream_connection *it = stream_next_of_person(stream, person, NULL);
	while (it != NULL && it->session != session) {
		it = stream_next_of_person(stream, person, it);
	}
	return it;
}

/* ---- rooms ---- */

static uint32_t find_room(const struct stream *stream, uint64_t room) {
	uint32_t handle = table_first(&stream->by_room, hash_number(room));
	while (handle != 0 &&
	       ((const struct stream_room *)pool_at(&stream->rooms, handle))->room != room) {
		handle = table_next(&stream->by_room, handle);
	}
	return handle;
}

struct stream_room *stream_room_of(const struct stream *stream, uint64_t room) {
	uint32_t handle = find_room(stream, room);
	return handle == 0 ? NULL : pool_at(&stream->rooms, handle);
}

static struct stream_room *need_room(struct stream *stream, uint64_t room) {
	struct stream_room *it = stream_room_of(stream, room);
	if (it == NULL) {
		uint32_t handle = pool_take(&stream->rooms);
		it = pool_at(&stream->rooms, handle);
		it->room = room;
		table_add(&stream->by_room, handle);
	}
	return it;
}

static bool has_slot(const struct stream_room *room, uint32_t slot, uint32_t *index) {
	for (uint32_t i = 0; i < room->count; i++) {
		if (room->slots[i] == slot) {
			*index = i;
			return true;
		}
	}
	return false;
}

/* No list at all is the lobby alone (memberships.h). */
static bool is_in(const struct stream_connection *it, uint64_t room) {
	if (it->rooms == NULL) {
		return it->session != 0 && room == ROOM_LOBBY;
	}
	for (size_t i = 0; i < it->rooms->count; i++) {
		if (it->rooms->each[i].in == room && it->rooms->each[i].to == UINT64_MAX) {
			return true;
		}
	}
	return false;
}

void connection_join(struct stream *stream, struct stream_connection *it, uint64_t room,
                     uint64_t seq) {
	if (is_in(it, room)) {
		return;
	}
	struct stream_room *its = need_room(stream, room);
	if (its->count == its->size) {
		its->size = its->size == 0 ? 4 : 2 * its->size;
		its->slots = allocate_again(its->slots, its->size * sizeof(*its->slots));
	}
	its->slots[its->count++] = it->slot;
	its->woken = UINT64_MAX;
	if (it->rooms == &stream_nowhere) {
		it->rooms = memberships_none();
	}
	/* Whoever joins does not read its own JOIN: the dialect answers it, with all that goes with it. */
	memberships_join(&it->rooms, room, seq + 1);
}

/* Out of the room's list. A room of many is searched through: a few microseconds for five thousand. */
static void take_out(struct stream *stream, const struct stream_connection *it, uint64_t room) {
	uint32_t handle = find_room(stream, room);
	uint32_t index;
	if (handle == 0) {
		return;
	}
	struct stream_room *its = pool_at(&stream->rooms, handle);
	if (has_slot(its, it->slot, &index)) {
		its->slots[index] = its->slots[--its->count];
	}
	if (its->count == 0) {
		table_remove(&stream->by_room, handle);
		free(its->slots);
		pool_give(&stream->rooms, handle);
	}
}

void connection_part(struct stream *stream, struct stream_connection *it, uint64_t room,
                     uint64_t seq) {
	if (is_in(it, room)) {
		take_out(stream, it, room);
		memberships_part(&it->rooms, room, seq);
	}
}

void connection_leave(struct stream *stream, struct stream_connection *it, uint64_t seq) {
	if (it->session == 0) {
		return;
	}
	if (it->rooms == NULL) {
		take_out(stream, it, ROOM_LOBBY);
	}
	for (size_t i = 0; it->rooms != NULL && i < it->rooms->count; i++) {
		if (it->rooms->each[i].to == UINT64_MAX) {
			take_out(stream, it, it->rooms->each[i].in);
		}
	}
	memberships_end(&it->rooms, seq);
}

void connection_forget_rooms(struct stream_connection *it) {
	memberships_forget(&it->rooms, it->cursor);
	if (it->rooms != NULL && it->rooms->count == 0) {
		connection_free_rooms(it);
		it->rooms = &stream_nowhere;
	}
}

void connection_free_rooms(struct stream_connection *it) {
	if (it->rooms != &stream_nowhere) {
		free(it->rooms);
	}
	it->rooms = NULL;
}

/* ---- coming ---- */

static void on_ready(void *context, uint32_t events) {
	struct stream_connection *it = context;
	struct stream *stream = it->stream;
	if ((events & EPOLLOUT) != 0) {
		it->is_blocked = false;
		output_ready(stream, it);
	}
	int error = 0;
	socklen_t size = sizeof(error);
	if ((events & (EPOLLERR | EPOLLHUP)) != 0 &&
	    getsockopt(it->watch.fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
	    (error != 0 || !input_may_read(it))) {
		connection_fail(stream, it, error == 0 ? ECONNRESET : error);
		return;
	}
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
		input_ready(stream, it);
		return;
	}
	connection_watch(stream, it);
}

struct stream_connection *connection_open(struct stream *stream, int fd, const struct address *peer,
                                          unsigned listener) {
	uint32_t slot = pool_take(&stream->connections);
	struct stream_connection *it = connection_at(stream, slot);
	it->stream = stream;
	it->slot = slot;
	it->generation = ++stream->generation == 0 ? ++stream->generation : stream->generation;
	it->peer = *peer;
	it->listener = (uint8_t)listener;
	it->since = it->heard = it->moved = stream_time(stream);
	it->watch = (struct watch){.fd = fd, .ready = on_ready, .context = it};
	it->events = EPOLLIN;
	if (loop_watch(stream->edge->house.loop, &it->watch, EPOLLIN) < 0) {
		diag_errno("cannot watch a connection");
		close(fd);
		pool_give(&stream->connections, slot);
		return NULL;
	}
	it->is_open = true;
	return it;
}

void connection_watch(struct stream *stream, struct stream_connection *it) {
	uint32_t events = (input_may_read(it) ? (uint32_t)EPOLLIN : 0) |
	                  (it->is_blocked ? (uint32_t)EPOLLOUT : 0);
	if (events != it->events &&
	    loop_change(stream->edge->house.loop, &it->watch, events) == 0) {
		it->events = events;
	}
}

/* ---- going ---- */

void connection_say_why(struct stream *stream, struct stream_connection *it, enum stream_end end) {
	struct websocket_reply reply;
	bool is_told = end == STREAM_END_SILENT || end == STREAM_END_OURS || end == STREAM_END_EDGE;
	if (!it->is_ending && stream_is_websocket(it) && is_told && !it->is_closed) {
		websocket_close(&reply,
		                end == STREAM_END_EDGE ? WEBSOCKET_GOING_AWAY : WEBSOCKET_NORMAL);
		output_say(stream, it, slice_of(reply.bytes, reply.size));
		it->is_closed = true;
	}
}

void connection_end(struct stream *stream, struct stream_connection *it, enum stream_end end,
                    struct slice text) {
	if (it->is_opened) {
		it->is_opened = false;
		it->dialect->closed(it->its, it, end, text);
	}
	connection_say_why(stream, it, end);
	it->is_ending = true;
	it->has_more = false;
	free(it->input);
	it->input = NULL;
	it->input_size = 0;
	websocket_drop(&it->websocket);
	/* What has passed up to here it may still read. */
	connection_leave(stream, it, stream->passed);
	if (it->session != 0) {
		table_remove(&stream->by_person, it->slot);
		it->session = 0;
	}
	output_ready(stream, it);
}

void connection_drop(struct stream *stream, struct stream_connection *it) {
	uint32_t slot = it->slot;
	loop_forget(stream->edge->house.loop, &it->watch);
	close(it->watch.fd);
	answers_drop(&it->answers);
	plan_drop(it);
	websocket_drop(&it->websocket);
	connection_free_rooms(it);
	free(it->input);
	memset(it, 0, sizeof(*it));
	pool_give(&stream->connections, slot);
	accept_go_on(stream);
}

void connection_lose(struct stream *stream, struct stream_connection *it, enum stream_end end,
                     struct slice text) {
	connection_end(stream, it, end, text);
	connection_drop(stream, it);
}

void connection_fail(struct stream *stream, struct stream_connection *it, int how) {
	const char *why = strerrordesc_np(how);
	connection_lose(stream, it, STREAM_END_RESET,
	                slice_from_string(why != NULL ? why : "Connection error"));
}

/* ---- beginning and ending ---- */

void connections_begin(struct stream *stream) {
	pool_init(&stream->connections, sizeof(struct stream_connection));
	pool_init(&stream->rooms, sizeof(struct stream_room));
	table_init(&stream->by_person, &stream->connections,
	           offsetof(struct stream_connection, link_person), hash_of_person);
	table_init(&stream->by_room, &stream->rooms, offsetof(struct stream_room, link),
	           hash_of_room);
}

void connections_finish(struct stream *stream) {
	for (uint32_t i = 1; i < stream->connections.used; i++) {
		struct stream_connection *it = connection_at(stream, i);
		if (it->is_open) {
			connection_lose(stream, it, STREAM_END_EDGE, slice_from_string(LEAVING));
		}
	}
	table_finish(&stream->by_person);
	table_finish(&stream->by_room);
	pool_finish(&stream->connections);
	pool_finish(&stream->rooms);
	free(stream->ready.each);
	free(stream->waiting.each);
}
