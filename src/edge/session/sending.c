#include "sending.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Probes that nothing came back from, and the window begins anew (a simple form of RFC 9002, 7.6). */
#define PROBES_TO_COLLAPSE 3
/* Packets that a timeout sends. */
#define PROBES 2

#define FEW 4
/* Packets taken for lost whose numbers are remembered: should they come after all. */
#define LOST_REMEMBERED 8

enum note_state { NOTE_ON_ITS_WAY, NOTE_DONE };

/* A packet on its way. */
struct note {
	uint64_t from;
	uint32_t span; /* to - from */
	uint32_t packet;
	uint32_t sent_us; /* the lower half of the clock */
	uint16_t bytes;
	uint8_t part;
	uint8_t state;
};
_Static_assert(sizeof(struct note) == 24, "a note is small");

struct flight {
	uint16_t first, count, room; /* of the notes, which are a ring */
	uint8_t probes;              /* packets that may go beside the window */
	uint8_t probes_run;          /* timeouts in a row */
	bool has_acked, is_recovering;
	uint32_t bytes; /* on their way */
	uint32_t largest_acked;
	uint32_t recovered_at; /* packets before this one do not count as new trouble */
	uint32_t latest_rtt_us;
	uint32_t measured_from; /* packets before this one were on their way in a long silence */
	uint32_t lost[LOST_REMEMBERED]; /* one more than a packet's number; 0: none */
	uint8_t lost_next;
	uint64_t loss_due_us; /* 0: no loss is waited for */
	uint64_t last_sent_us;
	uint64_t paced_us; /* the next packet's moment */
	struct note *notes;
	struct holes holes;
	struct note few[FEW];
};

void sending_pool_init(struct pool *flights) {
	pool_init(flights, sizeof(struct flight));
}

/* ---- flights ---- */

static struct flight *flight_of(const struct sending *sending, const struct pool *flights) {
	return sending->flight == 0 ? NULL : pool_at(flights, sending->flight);
}

static struct flight *flight_needed(struct sending *sending, struct pool *flights) {
	if (sending->flight == 0) {
		sending->flight = pool_take(flights);
		struct flight *flight = pool_at(flights, sending->flight);
		flight->notes = flight->few;
		flight->room = FEW;
	}
	return pool_at(flights, sending->flight);
}

static struct note *note_at(const struct flight *flight, unsigned index) {
	return &flight->notes[(flight->first + index) & (flight->room - 1u)];
}

static uint64_t note_to(const struct note *note) {
	return note->from + note->span;
}

static void grow(struct flight *flight) {
	uint16_t room = (uint16_t)(2 * flight->room);
	struct note *notes = allocate(room * sizeof(*notes));
	for (unsigned i = 0; i < flight->count; i++) {
		notes[i] = *note_at(flight, i);
	}
	if (flight->notes != flight->few) {
		free(flight->notes);
	}
	flight->notes = notes;
	flight->first = 0;
	flight->room = room;
}

static void drop_flight(struct sending *sending, struct pool *flights) {
	struct flight *flight = flight_of(sending, flights);
	if (flight == NULL) {
		return;
	}
	if (flight->notes != flight->few) {
		free(flight->notes);
	}
	holes_finish(&flight->holes);
	pool_give(flights, sending->flight);
	sending->flight = 0;
}

void sending_rest(struct sending *sending, struct pool *flights) {
	const struct flight *flight = flight_of(sending, flights);
	if (flight != NULL && flight->count == 0 && flight->holes.count == 0) {
		drop_flight(sending, flights);
	}
}

unsigned sending_count(const struct sending *sending, const struct pool *flights) {
	const struct flight *flight = flight_of(sending, flights);
	return flight == NULL ? 0 : flight->count;
}

void sending_prefetch(const struct sending *sending, const struct pool *flights) {
	if (sending->flight != 0) {
		const char *flight = pool_at(flights, sending->flight);
		for (size_t at = 0; at < sizeof(struct flight); at += 64) {
			__builtin_prefetch(flight + at, 1);
		}
	}
}

void sending_init(struct sending *sending, uint64_t cursor) {
	*sending = (struct sending){.covered = cursor, .acked = cursor};
	congestion_init(&sending->congestion);
}

void sending_finish(struct sending *sending, struct pool *flights) {
	drop_flight(sending, flights);
}

/* ---- notes ---- */

static void settle_front(struct flight *flight) {
	while (flight->count > 0 && note_at(flight, 0)->state == NOTE_DONE) {
		flight->first = (uint16_t)((flight->first + 1u) & (flight->room - 1u));
		flight->count--;
	}
}

static void note_done(struct flight *flight, struct note *note) {
	note->state = NOTE_DONE;
	flight->bytes -= note->bytes;
}

static void lose(struct sending *sending, struct flight *flight, struct note *note) {
	uint64_t to = note_to(note);
	note_done(flight, note);
	if (to > sending->acked) {
		uint64_t from = note->from;
		if (note->part == 0 && from < sending->acked) {
			from = sending->acked;
		}
		holes_add(&flight->holes,
		          (struct hole){.from = from, .to = to, .part = note->part});
	}
}

/* ---- trouble ---- */

/* Of what was sent before the last trouble nothing more is concluded (RFC 9002, 7.3.2). */
static bool is_old(const struct flight *flight, const struct note *note) {
	return flight->is_recovering && (int32_t)(note->packet - flight->recovered_at) < 0;
}

static void on_trouble(struct sending *sending, struct flight *flight, const struct note *note) {
	if (!is_old(flight, note)) {
		congestion_lost(&sending->congestion);
		flight->is_recovering = true;
		flight->recovered_at = sending->packet;
	}
}

/* ---- what is next ---- */

static bool next_hole(const struct flight *flight, struct span *span) {
	if (flight == NULL || flight->holes.count == 0) {
		return false;
	}
	const struct hole *hole = &flight->holes.each[0];
	*span = (struct span){.from = hole->from,
	                      .to = hole->to,
	                      .part = hole->part,
	                      .part_next = hole->part_next,
	                      .is_hole = true};
	return true;
}

/* The oldest on its way; for the second probe the one after it, if there is one. */
static const struct note *note_to_probe(const struct flight *flight) {
	const struct note *oldest = note_at(flight, 0);
	for (unsigned i = 1; i < flight->count && flight->probes < PROBES; i++) {
		const struct note *note = note_at(flight, i);
		if (note->state == NOTE_ON_ITS_WAY) {
			return note;
		}
	}
	return oldest;
}

static void probe(const struct flight *flight, struct span *span) {
	const struct note *note = note_to_probe(flight);
	*span = (struct span){
		.from = note->from, .to = note_to(note), .part = note->part, .is_probe = true};
}

static bool next_probe(struct sending *sending, struct flight *flight, struct span *span) {
	if (flight->count == FLIGHT_PACKETS_MAX) {
		/* No room for another note: the oldest is given up. */
		lose(sending, flight, note_at(flight, 0));
		settle_front(flight);
	}
	if (next_hole(flight, span)) {
		span->is_probe = true;
		return true;
	}
	if (flight->count == 0) {
		flight->probes = 0;
		return false;
	}
	probe(flight, span);
	return true;
}

static bool next_new(const struct sending *sending, uint64_t head, struct span *span) {
	*span = (struct span){
		.from = sending->covered, .to = head, .part_next = sending->part_next};
	return sending->covered < head;
}

bool sending_wants(const struct sending *sending, const struct pool *flights, uint64_t head,
                   struct span *span) {
	const struct flight *flight = flight_of(sending, flights);
	if (next_hole(flight, span)) {
		return true;
	}
	if (flight != NULL && flight->probes > 0 && flight->count > 0) {
		probe(flight, span);
		return true;
	}
	return next_new(sending, head, span);
}

static bool may_send(const struct sending *sending, const struct flight *flight, uint64_t now_us) {
	if (flight == NULL) {
		return true;
	}
	return flight->count < FLIGHT_PACKETS_MAX &&
	       flight->bytes + WIRE_DATAGRAM_BYTES_MAX <= sending->congestion.window_bytes &&
	       flight->paced_us <= now_us;
}

bool sending_next(struct sending *sending, struct pool *flights, uint64_t head, uint64_t now_us,
                  struct span *span) {
	struct flight *flight = flight_of(sending, flights);
	if (flight != NULL && flight->probes > 0 && next_probe(sending, flight, span)) {
		return true;
	}
	if (!may_send(sending, flight, now_us)) {
		return false;
	}
	return next_hole(flight, span) || next_new(sending, head, span);
}

/* ---- sent ---- */

/*
 * The hole that the span was of. Packets may have come back from the socket since,
 * and their holes stand before it; one that became part of another goes again.
 */
static void advance_hole(struct flight *flight, const struct span *span,
                         const struct packet_sent *sent) {
	unsigned i = 0;
	while (i < flight->holes.count &&
	       (flight->holes.each[i].from != span->from || flight->holes.each[i].to < sent->to ||
	        flight->holes.each[i].part != span->part)) {
		i++;
	}
	if (i == flight->holes.count) {
		return;
	}
	struct hole *hole = &flight->holes.each[i];
	if (hole->part != 0) {
		holes_remove(&flight->holes, i);
	} else if (sent->part != 0 && !sent->is_last_part) {
		hole->part_next = sent->part;
	} else {
		hole->from = sent->to;
		hole->part_next = 0;
		if (hole->from >= hole->to) {
			holes_remove(&flight->holes, i);
		}
	}
}

uint32_t sending_sent(struct sending *sending, struct pool *flights, const struct span *span,
                      const struct packet_sent *sent, uint64_t now_us) {
	struct flight *flight = flight_needed(sending, flights);
	uint64_t length = sent->to - span->from;
	assert(sent->to >= span->from && sent->to <= span->to && length <= UINT32_MAX);
	assert(flight->count < FLIGHT_PACKETS_MAX);
	if (flight->count == flight->room) {
		grow(flight);
	}
	uint32_t packet = sending->packet++;
	*note_at(flight, flight->count++) = (struct note){.from = span->from,
	                                                  .span = (uint32_t)length,
	                                                  .packet = packet,
	                                                  .sent_us = (uint32_t)now_us,
	                                                  .bytes = sent->bytes,
	                                                  .part = sent->part};
	flight->bytes += sent->bytes;
	flight->last_sent_us = now_us;
	flight->paced_us =
		congestion_pace(&sending->congestion, flight->paced_us, sent->bytes, now_us);
	if (span->is_probe && flight->probes > 0) {
		flight->probes--;
	}
	bool is_whole = sent->part == 0 || sent->is_last_part;
	if (span->is_hole) {
		advance_hole(flight, span, sent);
	} else if (!span->is_probe && !is_whole) {
		sending->part_next = sent->part;
	}
	/* A long entry that is begun and has a hole may become whole by the hole. */
	if (is_whole && span->part == 0 && sent->to > sending->covered) {
		sending->covered = sent->to;
		sending->part_next = 0;
	}
	return packet;
}

void sending_unsent(struct sending *sending, struct pool *flights, uint32_t packet) {
	struct flight *flight = flight_of(sending, flights);
	for (unsigned i = flight == NULL ? 0 : flight->count; i-- > 0;) {
		struct note *note = note_at(flight, i);
		if (note->packet == packet && note->state == NOTE_ON_ITS_WAY) {
			lose(sending, flight, note);
			settle_front(flight);
			return;
		}
	}
}

/* ---- lost ---- */

/*
 * Lost is what a later packet has overtaken by an eighth of a round trip: the time
 * threshold of RFC 9002, 6.1.2, longer where it was wrong before. Its packet
 * threshold would say so an eighth earlier at best, and takes reordering for loss:
 * on a line whose delay varies by a millisecond it made one packet in thirty a repeat.
 */
static void find_losses(struct sending *sending, struct flight *flight, uint64_t now_us) {
	uint32_t delay = congestion_loss_us(&sending->congestion, flight->latest_rtt_us);
	flight->loss_due_us = 0;
	if (!flight->has_acked) {
		return;
	}
	for (unsigned i = 0; i < flight->count; i++) {
		struct note *note = note_at(flight, i);
		if ((int32_t)(flight->largest_acked - note->packet) <= 0) {
			break;
		}
		if (note->state != NOTE_ON_ITS_WAY) {
			continue;
		}
		uint32_t age = (uint32_t)now_us - note->sent_us;
		if (age >= delay) {
			on_trouble(sending, flight, note);
			flight->lost[flight->lost_next++ % LOST_REMEMBERED] = note->packet + 1;
			lose(sending, flight, note);
		} else if (flight->loss_due_us == 0) {
			flight->loss_due_us = now_us + (delay - age);
		}
	}
	settle_front(flight);
}

/* ---- acknowledged ---- */

/* Marks what the ranges name. Returns the newest note among them, or NULL. */
static const struct note *take_ranges(struct sending *sending, struct flight *flight,
                                      const struct wire_ack *ack) {
	const struct note *newest = NULL;
	uint32_t before = flight->bytes;
	size_t range = 0;
	for (unsigned i = flight->count; i-- > 0;) {
		struct note *note = note_at(flight, i);
		while (range < ack->count && note->packet < ack->ranges[range].first) {
			range++;
		}
		if (range == ack->count) {
			break;
		}
		if (note->packet > ack->ranges[range].last || note->state != NOTE_ON_ITS_WAY) {
			continue;
		}
		newest = newest == NULL ? note : newest;
		note_done(flight, note);
		if (!is_old(flight, note)) {
			congestion_acked(&sending->congestion, note->bytes, before);
		}
	}
	return newest;
}

static bool ranges_hold(const struct wire_ack *ack, uint32_t packet) {
	for (size_t i = 0; i < ack->count; i++) {
		if (packet >= ack->ranges[i].first) {
			return packet <= ack->ranges[i].last;
		}
	}
	return false;
}

static void look_for_the_lost(struct sending *sending, struct flight *flight,
                              const struct wire_ack *ack) {
	for (unsigned i = 0; i < LOST_REMEMBERED; i++) {
		if (flight->lost[i] != 0 && ranges_hold(ack, flight->lost[i] - 1)) {
			flight->lost[i] = 0;
			congestion_was_wrong(&sending->congestion);
		}
	}
}

static void take_ack(struct sending *sending, struct flight *flight, const struct wire_ack *ack,
                     uint64_t now_us) {
	uint32_t largest = ack->ranges[0].last;
	if (!flight->has_acked || (int32_t)(largest - flight->largest_acked) > 0) {
		flight->has_acked = true;
		flight->largest_acked = largest;
	}
	const struct note *newest = take_ranges(sending, flight, ack);
	if (newest != NULL) {
		if (flight->probes_run >= PROBES_TO_COLLAPSE) {
			/* A client that was stopped now reads what waited for it: that is no round trip. */
			flight->measured_from = sending->packet;
		}
		flight->probes = flight->probes_run = 0;
		if (newest->packet == largest &&
		    (int32_t)(newest->packet - flight->measured_from) >= 0) {
			flight->latest_rtt_us = (uint32_t)now_us - newest->sent_us;
			congestion_measure(&sending->congestion, flight->latest_rtt_us,
			                   ack->delay_us);
		}
	}
	settle_front(flight);
	look_for_the_lost(sending, flight, ack);
	find_losses(sending, flight, now_us);
	holes_trim(&flight->holes, sending->acked);
}

bool sending_acked(struct sending *sending, struct pool *flights, uint64_t head,
                   const struct wire_ack *ack, uint64_t now_us) {
	if (ack->count == 0 || ack->ranges[0].last >= sending->packet ||
	    (ack->seq > sending->covered && ack->seq > head)) {
		return false;
	}
	if (ack->seq > sending->covered) {
		/* What came early on the connection before this one, and fits now. */
		sending->covered = ack->seq;
		sending->part_next = 0;
	}
	sending->acked = ack->seq > sending->acked ? ack->seq : sending->acked;
	struct flight *flight = flight_of(sending, flights);
	if (flight != NULL) {
		take_ack(sending, flight, ack, now_us);
	}
	return true;
}

/* ---- time ---- */

static uint64_t probe_due_us(const struct sending *sending, const struct flight *flight) {
	return flight->count == 0 ? UINT64_MAX
	                          : flight->last_sent_us + congestion_probe_us(&sending->congestion,
	                                                                       flight->probes_run);
}

uint64_t sending_due_us(const struct sending *sending, const struct pool *flights, uint64_t head) {
	const struct flight *flight = flight_of(sending, flights);
	if (flight == NULL) {
		return UINT64_MAX;
	}
	uint64_t due =
		flight->loss_due_us != 0 ? flight->loss_due_us : probe_due_us(sending, flight);
	bool has_more = head != 0 && (flight->holes.count > 0 || sending->covered < head);
	if (has_more && flight->paced_us < due && may_send(sending, flight, flight->paced_us)) {
		due = flight->paced_us;
	}
	return due;
}

void sending_tick(struct sending *sending, struct pool *flights, uint64_t now_us) {
	struct flight *flight = flight_of(sending, flights);
	if (flight == NULL) {
		return;
	}
	if (flight->loss_due_us != 0) {
		if (flight->loss_due_us <= now_us) {
			find_losses(sending, flight, now_us);
		}
		return;
	}
	if (probe_due_us(sending, flight) > now_us) {
		return;
	}
	/* The next one is that much later, whether or not there was a way to send this one. */
	flight->last_sent_us = now_us;
	flight->probes_run += flight->probes_run < UINT8_MAX;
	flight->probes = flight->count > 1 ? PROBES : 1;
	if (flight->probes_run == PROBES_TO_COLLAPSE) {
		congestion_collapse(&sending->congestion);
		flight->latest_rtt_us = 0;
	}
}
