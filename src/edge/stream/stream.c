#include "stream.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "diag.h"
#include "dialects.h"
#include "http_input.h"
#include "stream_inside.h"

#define SECOND_US UINT64_C(1000000)

/* Everybody is looked at so often, at most: for silence and stalls. */
#define SWEEP_US_MAX (5 * SECOND_US)
#define SWEEP_US_MIN (SECOND_US / 20)

/* ---- what dialects ask of a connection ---- */

void *stream_own(const struct stream_connection *it) {
	return it->own;
}

void stream_set_own(struct stream_connection *it, void *own) {
	it->own = own;
}

const struct address *stream_peer(const struct stream_connection *it) {
	return &it->peer;
}

struct route stream_route(const struct stream_connection *it) {
	struct route route = {.peer = it->peer, .listener = it->listener};
	struct sockaddr_storage name;
	struct address local;
	socklen_t size = sizeof(name);
	if (getsockname(it->watch.fd, (struct sockaddr *)&name, &size) == 0 &&
	    address_from_sockaddr(&local, (const struct sockaddr *)&name, size)) {
		memcpy(route.local, local.ip, sizeof(route.local));
	}
	return route;
}

uint64_t stream_session(const struct stream_connection *it) {
	return it->session;
}

uint64_t stream_person(const struct stream_connection *it) {
	return it->session == 0 ? 0 : it->person;
}

void stream_set_key(struct stream_connection *it, uint32_t key) {
	it->key = key;
}

void stream_set_echo(struct stream_connection *it, bool wants_echo) {
	it->wants_echo = wants_echo;
}

size_t stream_count(const struct stream *stream) {
	return stream->connections.count;
}

void stream_each(struct stream *stream, bool (*each)(void *context, struct stream_connection *it),
                 void *context) {
	for (uint32_t i = 1; i < stream->connections.used; i++) {
		struct stream_connection *it = connection_at(stream, i);
		if (it->is_open && it->is_opened && !each(context, it)) {
			return;
		}
	}
}

bool stream_request(struct stream *stream, struct stream_connection *it, struct record *request) {
	request->connection = stream_name(stream, it);
	if (!edge_request(stream->edge, request)) {
		return false;
	}
	it->request = queue_number_put(stream->edge->house.queues[stream->edge->house.edge]);
	it->requests++;
	return true;
}

uint64_t stream_written(const struct stream *stream, const struct stream_connection *it,
                        bool *is_received) {
	int unread = 0;
	*is_received = it->answers == NULL && it->rest == NULL &&
	               ioctl(it->watch.fd, SIOCOUTQ, &unread) == 0 && unread == 0;
	if (!it->is_reading) {
		return stream->passed;
	}
	/* Of the entry at the cursor a part may be left. */
	return it->rest != NULL && it->cursor > 0 ? it->cursor - 1 : it->cursor;
}

/* ---- each record ---- */

/* One that a request of ours, in this life, has led to. */
static bool is_ours(const struct stream *stream, const struct record *record) {
	const struct house *house = &stream->edge->house;
	return record->queue == house->edge && record->request != 0 &&
	       record->incarnation ==
	               atomic_load_explicit(&house->own->incarnation, memory_order_relaxed);
}

static void on_entry(struct stream *stream, const struct record *entry) {
	stream->passed = entry->seq > stream->passed ? entry->seq : stream->passed;
	if (entry->kind == ENTRY_REDACTED) {
		/* Who has not read it yet does not. */
		stretch_withdraw(&stream->log.stretch, entry->number);
		stretch_withdraw(&stream->car_log.stretch, entry->number);
	}
	if (entry->kind == ENTRY_ERASED) {
		stream_log_erase(&stream->log, entry);
		stream_log_erase(&stream->car_log, entry);
	}
	if (stream->connections.count == 0 || stream->dialect == NULL) {
		if (stream->has_log) {
			stretch_restart(&stream->log.stretch, stream->passed);
		}
	} else {
		stream_show(stream, entry);
		stream_follow(stream, entry);
	}
	/* Though nobody is here: it may be about one who has just gone. */
	if (stream->dialect != NULL) {
		stream->dialect->entry(stream->its, entry);
	}
}

static void on_answer(struct stream *stream, const struct record *answer) {
	struct stream_connection *it = stream_find(stream, answer->connection);
	if (it != NULL && it->is_opened) {
		it->dialect->answer(it->its, it, answer);
	}
}

static void begin_record(void *it, const struct record *record) {
	struct stream *stream = it;
	if (walk_answers_are_lost(&stream->edge->walk)) {
		stream->is_blind = true;
	}
	bool is_own = is_ours(stream, record);
	if (record_is_entry(record)) {
		on_entry(stream, record);
	} else if (is_own) {
		on_answer(stream, record);
	}
	if (is_own && record->request > stream->answered) {
		stream->answered = record->request;
	}
}

static enum face_progress go_on(void *it, unsigned *budget) {
	return FACE_DONE;
}

static bool has_work_between(void *it) {
	return false;
}

/* ---- overtaken ---- */

static void reloaded(void *it) {
	struct stream *stream = it;
	stream->is_blind = true;
	/* What was answered in the part that is missing will not be answered again. */
	uint64_t done = queue_number_done(stream->edge->house.queues[stream->edge->house.edge]);
	stream->answered = done > stream->answered ? done : stream->answered;
	if (stream->dialect != NULL) {
		stream->dialect->reloaded(stream->its);
	}
}

static bool end_the_lost(void *context, struct stream_connection *it) {
	struct stream *stream = context;
	if (it->session != 0 && state_session(stream->edge->state, it->session) == NULL) {
		connection_end(stream, it, STREAM_END_OURS, slice_from_string("Session ended"));
	}
	return true;
}

static void caught_up(void *it) {
	struct stream *stream = it;
	stream->is_blind = false;
	stream->passed =
		stream->edge->walk.seq > stream->passed ? stream->edge->walk.seq : stream->passed;
	if (stream->has_log) {
		stretch_pass(&stream->log.stretch, stream->passed);
	}
	stream_each(stream, end_the_lost, stream);
	if (stream->dialect != NULL) {
		stream->dialect->caught_up(stream->its);
	}
}

/* ---- the hub is told who has gone ---- */

static bool say_gone(struct stream *stream, uint64_t session, uint16_t reason, struct slice text,
                     uint64_t read_up_to) {
	const struct record request = {.kind = REQUEST_GONE,
	                               .session = session,
	                               .reason = reason,
	                               .text = text,
	                               .number = read_up_to};
	return edge_request(stream->edge, &request);
}

/* At once, if it can be: a client that has seen the end may come again, under the same name. */
void stream_gone(struct stream *stream, uint64_t session, uint16_t reason, struct slice text,
                 uint64_t read_up_to) {
	text = text.size < WHY_BYTES_MAX ? text : slice_first(text, WHY_BYTES_MAX);
	if (stream->gone_count == 0 && say_gone(stream, session, reason, text, read_up_to)) {
		return;
	}
	if (stream->gone_count == stream->gone_room) {
		stream->gone_room = stream->gone_room == 0 ? 16 : 2 * stream->gone_room;
		stream->gone =
			allocate_again(stream->gone, stream->gone_room * sizeof(*stream->gone));
	}
	struct stream_gone *gone = &stream->gone[stream->gone_count++];
	gone->session = session;
	gone->read_up_to = read_up_to;
	gone->reason = reason;
	gone->size = (uint16_t)text.size;
	if (gone->size > 0) {
		memcpy(gone->text, text.bytes, gone->size);
	}
}

static bool say_it_gone(struct stream *stream, const struct stream_gone *gone) {
	return say_gone(stream, gone->session, gone->reason, slice_of(gone->text, gone->size),
	                gone->read_up_to);
}

static void say_all_gone(struct stream *stream) {
	uint32_t said = 0;
	while (said < stream->gone_count && say_it_gone(stream, &stream->gone[said])) {
		said++;
	}
	if (said > 0) {
		stream->gone_count -= said;
		memmove(stream->gone, stream->gone + said,
		        stream->gone_count * sizeof(*stream->gone));
	}
	if (stream->gone_count == 0) {
		free(stream->gone);
		stream->gone = NULL;
		stream->gone_room = 0;
	}
}

/* Those whose connections a predecessor had have a moment to come back. */
static void say_orphans(struct stream *stream) {
	const struct record request = {.kind = REQUEST_ORPHANS};
	if (stream->must_say_orphans && edge_request(stream->edge, &request)) {
		stream->must_say_orphans = false;
	}
}

/* ---- time ---- */

static bool is_stalled(struct stream *stream, struct stream_connection *it) {
	int unread = 0;
	if (!it->is_blocked) {
		return false;
	}
	/* A slow reader takes bytes long before its socket has room for more. */
	if (ioctl(it->watch.fd, SIOCOUTQ, &unread) == 0 && (uint32_t)unread < it->unread) {
		it->unread = (uint32_t)unread;
		it->moved = stream_time(stream);
	}
	return stream_age_us(stream, it->moved) >= stream->limits.stall_us;
}

static void end_silent(struct stream *stream, struct stream_connection *it, const char *why) {
	struct slice text = slice_from_string(why);
	if (it->is_opened && !it->is_blocked && it->dialect->farewell != NULL) {
		it->dialect->farewell(it->its, it, text);
		connection_end(stream, it, STREAM_END_SILENT, text);
	} else if (stream_is_websocket(it) && !it->is_blocked) {
		connection_end(stream, it, STREAM_END_SILENT, text);
	} else {
		connection_lose(stream, it, STREAM_END_SILENT, text);
	}
}

static void look_at(struct stream *stream, struct stream_connection *it) {
	const struct stream_limits *limits = &stream->limits;
	uint64_t silence_us = stream_age_us(stream, it->heard);
	if (it->is_lingering) {
		if (stream_age_us(stream, it->since) >= STREAM_LINGER_US) {
			connection_drop(stream, it);
		}
	} else if (is_stalled(stream, it)) {
		connection_lose(stream, it, STREAM_END_STALLED,
		                slice_from_string("Has not read for too long"));
	} else if (it->is_ending) {
		return;
	} else if (it->wire == WIRE_HTTP) {
		http_look_at(stream, it);
	} else if (it->session == 0 && stream_age_us(stream, it->since) >= limits->register_us) {
		end_silent(stream, it, "Registration timeout");
	} else if (it->is_asked && silence_us >= limits->ping_us + limits->timeout_us) {
		end_silent(stream, it, "Ping timeout");
	} else if (it->is_opened && !it->is_asked && it->session != 0 &&
	           silence_us >= limits->ping_us) {
		it->is_asked = true;
		it->dialect->quiet(it->its, it);
	}
}

static uint64_t smaller(uint64_t a, uint64_t b) {
	return a < b ? a : b;
}

static uint64_t sweep_every_us(const struct stream *stream) {
	const struct stream_limits *limits = &stream->limits;
	uint64_t least = smaller(smaller(limits->stall_us, limits->ping_us),
	                         smaller(limits->timeout_us, limits->register_us)) /
	                 4;
	least = smaller(least, SWEEP_US_MAX);
	return least > SWEEP_US_MIN ? least : SWEEP_US_MIN;
}

static void sweep(struct stream *stream, uint64_t now_us) {
	if (stream->connections.count == 0) {
		stream->sweep_us = LOOP_FOREVER;
		return;
	}
	if (stream->sweep_us == LOOP_FOREVER) {
		stream->sweep_us = now_us + sweep_every_us(stream);
	}
	if (now_us < stream->sweep_us) {
		return;
	}
	stream->sweep_us = now_us + sweep_every_us(stream);
	for (uint32_t i = 1; i < stream->connections.used; i++) {
		struct stream_connection *it = connection_at(stream, i);
		if (it->is_open) {
			look_at(stream, it);
		}
	}
}

static uint64_t due_us(void *it) {
	const struct stream *stream = it;
	uint64_t due = output_due_us(stream);
	if (due == 0) {
		return 0;
	}
	due = smaller(due, smaller(stream->sweep_us, stream->input_us));
	due = smaller(due, car_due_us(&stream->car));
	if (stream->gone_count > 0 || stream->must_say_orphans) {
		due = smaller(due, stream_now_us(stream) + 1000);
	}
	return stream->dialect == NULL ? due : smaller(due, stream->dialect->due_us(stream->its));
}

static void set_limits(struct stream *stream) {
	const struct options *options = stream->edge->house.options;
	const struct config *config = stream->edge->house.config;
	stream->config_version = config->version;
	stream->limits = (struct stream_limits){
		.stall_us = (uint64_t)(options->stall_s * (double)SECOND_US),
		.ping_us = config->ping_s * SECOND_US,
		.timeout_us = config->ping_timeout_s * SECOND_US,
		.register_us = config->register_s * SECOND_US,
		.connections_max = UINT32_MAX,
		.per_net_max = config->connections_per_network,
		.pace = pace_of(options->rate_per_s, options->rate_burst),
	};
}

/* For those who are here, too, from now on. */
static void follow_config(struct stream *stream, uint64_t now_us) {
	if (stream->config_version != stream->edge->house.config->version) {
		set_limits(stream);
		stream->sweep_us = now_us;
	}
}

static void tick(void *it, uint64_t now_us) {
	struct stream *stream = it;
	follow_config(stream, now_us);
	say_orphans(stream);
	stream->input_us = input_tick(stream, now_us);
	if (stream->dialect != NULL) {
		stream->dialect->tick(stream->its, now_us);
	}
	output_turn(stream);
	sweep(stream, now_us);
	car_tick(&stream->car, now_us);
	say_all_gone(stream);
	if (stream->edge->is_draining) {
		accept_stop(stream);
	}
}

static bool is_drained(void *it) {
	const struct stream *stream = it;
	return !output_has_work(stream) && stream->gone_count == 0;
}

/* ---- beginning and ending ---- */

static bool is_stream_session(void *context, const struct session *session) {
	struct stream *stream = context;
	stream->must_say_orphans = session_face(session) == FACE_IRC &&
	                           edge_is_home(stream->edge, session_home(session));
	return !stream->must_say_orphans;
}

/* What the predecessor let in just before it died may not be in this state yet. */
static void look_for_orphans(struct stream *stream) {
	const struct edge *edge = stream->edge;
	state_sessions_each(edge->state, is_stream_session, stream);
	if (stream->dialect != NULL &&
	    atomic_load_explicit(&edge->house.own->incarnation, memory_order_relaxed) > 1) {
		stream->must_say_orphans = true;
	}
}

static void *create(struct edge *edge) {
	struct stream *stream = calloc(1, sizeof(*stream));
	if (stream == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory for the stream face");
	}
	stream->edge = edge;
	stream->served = 1;
	stream->passed = edge->walk.seq;
	stream->sweep_us = stream->input_us = LOOP_FOREVER;
	set_limits(stream);
	connections_begin(stream);
	stream_car_begin(stream);
	accept_begin(stream);
	stream->dialect = stream_dialect_irc();
	if (stream->dialect != NULL) {
		stream->its = stream->dialect->create(stream, edge);
	}
	look_for_orphans(stream);
	return stream;
}

static bool say_farewell(void *context, struct stream_connection *it) {
	struct stream *stream = context;
	if (!it->is_blocked && it->dialect->farewell != NULL) {
		it->dialect->farewell(it->its, it, slice_from_string(LEAVING));
		connection_say_why(stream, it, STREAM_END_EDGE);
	}
	return true;
}

/* The last words, to those who read; as many visits as there are connections, and some, not more. */
static void say_farewells(struct stream *stream) {
	stream_each(stream, say_farewell, stream);
	for (size_t turns = stream->connections.count / 256 + 1;
	     turns > 0 && output_has_work(stream); turns--) {
		output_turn(stream);
	}
}

static void destroy(void *it) {
	struct stream *stream = it;
	accept_finish(stream);
	say_farewells(stream);
	connections_finish(stream);
	if (stream->dialect != NULL) {
		stream->dialect->destroy(stream->its);
	}
	stream_log_finish(&stream->car_log);
	stream_log_finish(&stream->log);
	free(stream->gone);
	free(stream);
}

const struct edge_face stream_face = {
	.word = "stream",
	.create = create,
	.destroy = destroy,
	.begin = begin_record,
	.go_on = go_on,
	.between = go_on,
	.has_work_between = has_work_between,
	.reloaded = reloaded,
	.caught_up = caught_up,
	.due_us = due_us,
	.tick = tick,
	.is_drained = is_drained,
};
