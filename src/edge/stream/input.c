/*
 * input.c - what connections say: the first bytes, lines, and when to take them.
 *
 * Lines are taken as they come. What stops that is that its requests are
 * many, a line that waits to be settled, answers that it has not read, or its
 * pace; then what comes is held, up to STREAM_INPUT_BYTES_MAX, and beyond that
 * waits in the kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cutter.h"
#include "http_input.h"
#include "sniff.h"
#include "stream_inside.h"
#include "websocket_input.h"

/* A queue that was full is tried again. */
#define RETRY_US 1000

bool input_may_read(const struct stream_connection *it) {
	size_t most = it->wire == WIRE_HTTP     ? HTTP_REQUEST_BYTES_MAX
	              : stream_is_websocket(it) ? WEBSOCKET_INPUT_BYTES_MAX
	                                        : STREAM_TAGS_BYTES_MAX + STREAM_LINE_BYTES_MAX;
	return !it->is_at_end && (it->is_lingering || (!it->is_ending && it->input_size < most));
}

/* ---- may a line be taken? ---- */

static bool is_over_pace(const struct stream *stream, const struct stream_connection *it) {
	const struct pace *pace = &stream->limits.pace;
	return pace->interval_ns != 0 &&
	       it->next_ns > stream_now_us(stream) * 1000 + pace->burst_ns;
}

void stream_charge(struct stream *stream, struct stream_connection *it, unsigned cost) {
	uint64_t now_ns = stream_now_us(stream) * 1000;
	it->next_ns = it->next_ns > now_ns ? it->next_ns : now_ns;
	it->next_ns += cost * stream->limits.pace.interval_ns;
}

bool stream_is_outstanding(const struct stream *stream, const struct stream_connection *it) {
	return it->request > stream->answered;
}

static bool walk_is_at(const struct stream *stream, uint64_t position) {
	return walk_is_past(&stream->edge->walk, position) && !stream->is_blind;
}

/* All that it asked for has happened, and all that has happened has passed. */
static bool is_settled_now(const struct stream *stream, const struct stream_connection *it) {
	return !stream_is_outstanding(stream, it) && !stream_is_lagging(stream, it) &&
	       walk_is_at(stream, ring_head(stream->edge->house.ring));
}

/* Of a line that waits: goes on from one condition to the next. */
static bool settles(struct stream *stream, struct stream_connection *it) {
	/* Who lags is answered when it has returned: the answer would come behind all that in any case. */
	if (stream_is_outstanding(stream, it) || stream_is_lagging(stream, it)) {
		return false;
	}
	if (it->barrier == 0) {
		it->barrier = ring_head(stream->edge->house.ring) + 1;
	}
	return walk_is_at(stream, it->barrier - 1);
}

bool input_may_take(struct stream *stream, struct stream_connection *it) {
	if (!stream_is_outstanding(stream, it)) {
		it->requests = 0;
	}
	return !it->is_ending && !stream_is_unread(it) && !it->has_more &&
	       it->requests < STREAM_REQUESTS_MAX && !is_over_pace(stream, it) &&
	       (!it->is_unsettled || settles(stream, it));
}

/* ---- lines ---- */

static void know_wire(struct stream *stream, struct stream_connection *it, struct slice bytes) {
	enum sniff what = sniff(bytes);
	switch (what) {
	case SNIFF_MORE: return;
	case SNIFF_HTTP: it->wire = WIRE_HTTP; return;
	case SNIFF_TLS: stream_close(stream, it, sniff_refusal(what)); return;
	case SNIFF_IRC: break;
	}
	if (stream->dialect == NULL) {
		stream_close(stream, it, slice_of(NULL, 0));
		return;
	}
	input_open(stream, it, WIRE_LINES);
}

void input_open(struct stream *stream, struct stream_connection *it, enum stream_wire wire) {
	it->wire = (uint8_t)wire & 7u;
	it->dialect = stream->dialect;
	it->its = stream->its;
	it->is_opened = true;
	it->dialect->opened(it->its, it);
}

bool input_take_line(struct stream *stream, struct stream_connection *it, struct slice line) {
	bool is_settled = it->is_unsettled || is_settled_now(stream, it);
	it->is_unsettled = false;
	it->barrier = 0;
	if (it->dialect->line(it->its, it, line, is_settled) == STREAM_TAKEN) {
		stream_charge(stream, it, 1);
		return true;
	}
	it->is_unsettled = true;
	/* Settled as it was, it is the queue that is full: later. */
	it->barrier = is_settled ? ring_head(stream->edge->house.ring) + 1 : 0;
	return false;
}

/* Takes what may be taken off *bytes. True: what is left is no line yet. */
static bool take_lines(struct stream *stream, struct stream_connection *it, struct slice *bytes) {
	while (bytes->size > 0) {
		if (!input_may_take(stream, it)) {
			return false;
		}
		struct slice rest = *bytes, line = {0};
		bool is_skipping = it->is_skipping;
		enum cutter_result result = cutter_next(&rest, &is_skipping, &line);
		if (result == CUTTER_LINE && !input_take_line(stream, it, line)) {
			return false;
		}
		it->is_skipping = is_skipping;
		*bytes = rest;
		if (result == CUTTER_NONE) {
			return true;
		}
		if (result == CUTTER_TOO_LONG) {
			it->dialect->too_long(it->its, it);
			stream_charge(stream, it, 1);
		}
	}
	return true;
}

/* ---- what is held ---- */

static void hold(struct stream_connection *it, struct slice bytes) {
	if (bytes.size == 0 || it->is_ending) {
		free(it->input);
		it->input = NULL;
		it->input_size = 0;
		return;
	}
	if (it->input == NULL || it->input_size != bytes.size) {
		it->input = allocate_again(it->input, bytes.size);
	}
	memcpy(it->input, bytes.bytes, bytes.size);
	it->input_size = (uint16_t)bytes.size;
}

static void wait_for_it(struct stream *stream, struct stream_connection *it) {
	/* For answers to be read, and for who lags, output.c comes back. */
	bool comes_back = stream_is_unread(it) || it->has_more ||
	                  (it->is_unsettled && stream_is_lagging(stream, it));
	if (!it->is_waiting && !it->is_ending && !comes_back) {
		it->is_waiting = true;
		line_up_add(&stream->waiting, stream_name(stream, it));
	}
}

/* All input has come and been taken. */
static void end(struct stream *stream, struct stream_connection *it) {
	if (it->wire == WIRE_HTTP && !it->is_ending && !output_is_done(it)) {
		/* Who says no more still hears what it has asked for. */
		connection_end(stream, it, STREAM_END_CLOSED, slice_of(NULL, 0));
	} else if (it->is_lingering || !it->is_ending) {
		connection_lose(stream, it, STREAM_END_CLOSED,
		                slice_from_string("Connection closed"));
	}
}

/* True: what is left of *bytes is not to be taken yet, for want of more. */
static bool take(struct stream *stream, struct stream_connection *it, struct slice *bytes) {
	if (it->wire == WIRE_UNKNOWN && bytes->size > 0) {
		know_wire(stream, it, *bytes);
	}
	if (it->is_ending) {
		return true;
	}
	switch ((enum stream_wire)it->wire) {
	case WIRE_LINES: return take_lines(stream, it, bytes);
	case WIRE_HTTP:
		return http_input(stream, it, bytes) &&
		       (!stream_is_websocket(it) || websocket_input(stream, it, bytes));
	case WIRE_TEXT:
	case WIRE_BINARY: return websocket_input(stream, it, bytes);
	case WIRE_UNKNOWN: break;
	}
	return true;
}

/* `size` bytes are in stream->input: those held, and those that have just come. */
static void run(struct stream *stream, struct stream_connection *it, size_t size) {
	struct slice bytes = slice_of(stream->input, size);
	bool is_taken = take(stream, it, &bytes);
	hold(it, bytes);
	if (!is_taken) {
		wait_for_it(stream, it);
	} else if (it->is_at_end) {
		end(stream, it);
		return;
	}
	connection_watch(stream, it);
}

static size_t bring_held(struct stream *stream, const struct stream_connection *it) {
	if (it->input_size > 0) {
		memcpy(stream->input, it->input, it->input_size);
	}
	return it->input_size;
}

void input_ready(struct stream *stream, struct stream_connection *it) {
	size_t held = bring_held(stream, it);
	ssize_t came = recv(it->watch.fd, stream->input + held, sizeof(stream->input) - held, 0);
	if (came < 0) {
		if (errno != EAGAIN && errno != EINTR) {
			connection_fail(stream, it, errno);
		}
		return;
	}
	it->is_at_end = came == 0;
	if (came > 0) {
		it->heard = stream_time(stream);
		it->is_asked = false;
	}
	run(stream, it, held + (size_t)came);
}

void input_go_on(struct stream *stream, struct stream_connection *it) {
	if (it->is_ending || (it->input_size == 0 && it->websocket == NULL && !it->is_at_end)) {
		return;
	}
	if ((it->input_size > 0 || it->websocket != NULL) && it->wire != WIRE_HTTP &&
	    it->dialect != NULL && !input_may_take(stream, it)) {
		wait_for_it(stream, it);
		return;
	}
	run(stream, it, bring_held(stream, it));
}

/* ---- those who wait ---- */

static uint64_t due_us(const struct stream *stream, const struct stream_connection *it) {
	if (is_over_pace(stream, it)) {
		return (it->next_ns - stream->limits.pace.burst_ns) / 1000 + 1;
	}
	/* The ring's records, and their walk, wake us for all else but room in the queue. */
	return it->is_unsettled && it->barrier != 0 ? stream_now_us(stream) + RETRY_US
	                                            : LOOP_FOREVER;
}

uint64_t input_tick(struct stream *stream, uint64_t now_us) {
	uint64_t first_us = LOOP_FOREVER;
	for (uint32_t left = stream->waiting.count; left > 0 && stream->waiting.count > 0; left--) {
		struct stream_connection *it = line_up_take(stream, &stream->waiting);
		if (it == NULL) {
			break;
		}
		struct connection name = stream_name(stream, it);
		it->is_waiting = false;
		input_go_on(stream, it);
		it = stream_find(stream, name);
		if (it != NULL && it->is_waiting) {
			uint64_t its_us = due_us(stream, it);
			first_us = its_us < first_us ? its_us : first_us;
		}
	}
	return first_us;
}
