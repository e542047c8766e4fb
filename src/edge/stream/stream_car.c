/*
 * stream_car.c - the catch-up car of those who come by TCP: it goes about as the
 * session face's does (car.h tells how), with records instead of items in it.
 *
 * There is one, of bounded size, however many are behind. What it brings is what
 * the history keeps: entries that are shown nowhere but live are not in it.
 */
#include <stdatomic.h>

#include "diag.h"
#include "stream_inside.h"

#define CAR_BYTES (256u * 1024)
#define CAR_ENTRIES 1024u
/* Entries asked for at once: some fill the car, most do not. */
#define CAR_ASKS 256

/* So long it stays for those who are slow, while others wait. */
#define STAY_US (50 * 1000)
#define AFTER_FAILURE_US (1000 * 1000)
#define LOOK_US 2000

struct stream_log *stream_car_log(struct stream *stream, uint64_t seq) {
	struct stream_car *car = &stream->car;
	return car->is_here && seq >= car->log.low && seq < car->log.high ? &car->log : NULL;
}

/* ---- who waits where ---- */

struct waiting {
	uint64_t next, first; /* the lowest place behind the car's end, and of all */
	bool is_inside;       /* somebody is within the stretch that is here */
};

static struct waiting look_around(struct stream *stream) {
	const struct stream_car *car = &stream->car;
	uint64_t end = car->is_here ? car->log.high : 0;
	struct waiting waiting = {.next = UINT64_MAX, .first = UINT64_MAX};
	for (uint32_t i = 1; i < stream->connections.used; i++) {
		const struct stream_connection *it = connection_at(stream, i);
		if (!it->is_open || !it->is_reading || it->cursor >= stream->log.low) {
			continue;
		}
		uint64_t at = it->cursor;
		if (stream_car_log(stream, at) != NULL) {
			waiting.is_inside = true;
		} else if (it->is_behind) {
			waiting.first = at < waiting.first ? at : waiting.first;
			waiting.next = at >= end && at < waiting.next ? at : waiting.next;
		}
	}
	return waiting;
}

static void set_off(struct stream *stream, uint64_t from) {
	struct stream_car *car = &stream->car;
	const struct board *scribe = stream->edge->house.boards[PROCESS_SCRIBE];
	if (!car->has_log) {
		stream_log_init(&car->log, CAR_BYTES, CAR_ENTRIES, STREAM_LANE_BYTES, from);
		car->has_log = true;
	}
	stream_log_restart(&car->log, from);
	car->is_here = false;
	car->is_asked = true;
	car->from = from;
	/* Before the question: up to here the answer leaves nothing out. */
	car->stored = atomic_load_explicit(&scribe->seq_stored, memory_order_acquire);
	car->given = 0;
	car->is_full = false;
	asker_ask(&stream->edge->asker, &car->ask, CLERK_ALL, 0, from, CAR_ASKS);
}

/* ---- the stretch ---- */

static void take_entry(struct stream *stream, const struct record *entry) {
	struct stream_car *car = &stream->car;
	car->given++;
	/* After the clerk's death a message may come twice. */
	if (entry->seq <= car->log.high || car->is_full) {
		return;
	}
	if (!stream_log_has_room(&car->log)) {
		car->is_full = true;
		return;
	}
	stream_whom_of(stream, entry);
	if (stream->whom.kind == STREAM_NOBODY) {
		stream_log_pass(&car->log, entry->seq);
	} else {
		stream_log_add(&car->log, entry, &stream->whom);
	}
}

static void arrive(struct stream *stream) {
	struct stream_car *car = &stream->car;
	car->is_asked = false;
	if (!car->is_full && car->given < CAR_ASKS) {
		stream_log_pass(&car->log, car->stored);
	}
	/* What is wanted may not be stored yet: a moment later it is. */
	car->is_here = car->log.high > car->from;
	car->waits_us = stream_now_us(stream) + STAY_US;
	car->must_look = !car->is_here;
	board_count(stream->edge->house.own, COUNT_SLICES, 1);
	for (uint32_t i = 1; i < stream->connections.used; i++) {
		struct stream_connection *it = connection_at(stream, i);
		if (it->is_open && it->is_behind) {
			output_ready(stream, it);
		}
	}
}

static void on_slice(void *context, struct slice_in_hand slice) {
	struct stream *stream = context;
	while (slice.size > 0) {
		struct record entry;
		size_t size = record_decode(&entry, slice.bytes, slice.size);
		if (size == 0) {
			diag_exit(EXIT_TRY_AGAIN, "the clerk's slice is malformed");
		}
		slice.bytes += size;
		slice.size -= size;
		take_entry(stream, &entry);
	}
	asker_release(&stream->edge->asker);
	if (slice.is_last) {
		arrive(stream);
	}
}

static void on_failure(void *context) {
	struct stream *stream = context;
	struct stream_car *car = &stream->car;
	car->is_asked = false;
	car->must_look = true;
	car->waits_us = stream_now_us(stream) + AFTER_FAILURE_US;
}

/* ---- time ---- */

void stream_car_wanted(struct stream *stream) {
	stream->car.must_look = true;
}

void stream_car_tick(struct stream *stream, uint64_t now_us) {
	struct stream_car *car = &stream->car;
	if (now_us < stream_car_due_us(stream)) {
		return;
	}
	struct waiting waiting = look_around(stream);
	car->must_look = false;
	car->looked_us = now_us;
	car->is_waited_for = waiting.first != UINT64_MAX;
	bool may_leave = car->is_here && !waiting.is_inside;
	if (car->is_waited_for && (may_leave || now_us >= car->waits_us)) {
		car->is_waited_for = false;
		set_off(stream, waiting.next != UINT64_MAX ? waiting.next : waiting.first);
	}
}

uint64_t stream_car_due_us(const struct stream *stream) {
	const struct stream_car *car = &stream->car;
	if (car->is_asked) {
		return LOOP_FOREVER;
	}
	if (car->must_look) {
		/* Looking is looking at everybody. */
		return car->looked_us + LOOK_US;
	}
	return car->is_waited_for ? car->waits_us : LOOP_FOREVER;
}

/* ---- beginning and ending ---- */

void stream_car_begin(struct stream *stream) {
	struct stream_car *car = &stream->car;
	car->ask = (struct ask){.take = on_slice, .fail = on_failure, .context = stream};
	asker_add(&stream->edge->asker, &car->ask);
}

void stream_car_finish(struct stream *stream) {
	if (stream->car.has_log) {
		stream_log_finish(&stream->car.log);
	}
}
