/*
 * A connection's sending over a network that loses, doubles, delays and
 * reorders, from a seed: a log, a client as PROTOCOL.md has it, and a clock
 * that jumps from event to event. Whatever the network does, the client gets
 * every entry once and in order; and where it does nothing, nothing is repeated.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sending.h"

#define ENTRIES_MAX 30000
#define EVENTS_MAX 65536
#define PACKETS_MAX 65536
#define PIECE_BYTES 1100
#define FITS 10
#define NEVER UINT64_MAX

/* ---- the world ---- */

struct network {
	unsigned loss_percent, double_percent;
	unsigned delay_us_min, delay_us_max;
	uint64_t outage_from_us, outage_to_us;
	uint64_t stopped_from_us, stopped_to_us; /* the client reads what comes only afterwards */
};

struct packet {
	uint64_t from, to;
	uint32_t number;
	uint8_t part, parts;
	uint16_t bytes;
};

struct event {
	uint64_t at_us;
	uint64_t order; /* of two at the same time the older is first */
	enum { PACKET, ACK, ACK_TIMER, ENTRY } what;
	union {
		struct packet packet;
		struct wire_ack ack;
	};
};

static struct world {
	unsigned seed;
	struct network network;
	uint64_t now_us;
	struct event *events[EVENTS_MAX];
	unsigned events_count;
	uint64_t order;

	/* The log: how many pieces an entry has; 0: it does not concern the client. */
	uint8_t parts[ENTRIES_MAX + 1];
	uint64_t head, last;

	struct sending sending;
	struct pool flights;
	unsigned packets, repeated_bytes, new_bytes, most_on_the_way;
	uint64_t sent_to;

	/* The client. */
	uint64_t cursor, delivered;
	struct packet held[PACKETS_MAX];
	unsigned held_count;
	uint8_t pieces[ENTRIES_MAX + 1]; /* a bit for each that is there */
	uint8_t has[PACKETS_MAX];        /* packet numbers */
	uint32_t largest;
	unsigned unacked;
	bool has_any, is_ack_timed;
	uint64_t largest_us;
} world;

static unsigned dice(unsigned sides) {
	return (unsigned)rand_r(&world.seed) % sides;
}

static bool is_before(const struct event *a, const struct event *b) {
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void add_event(uint64_t at_us, const struct event *event) {
	assert_true(world.events_count < EVENTS_MAX);
	struct event *copy = malloc(sizeof(*copy));
	*copy = *event;
	copy->at_us = at_us;
	copy->order = ++world.order;
	unsigned i = world.events_count++;
	while (i > 0 && is_before(copy, world.events[(i - 1) / 2])) {
		world.events[i] = world.events[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	world.events[i] = copy;
}

static struct event *take_event(void) {
	struct event *first = world.events[0];
	struct event *last = world.events[--world.events_count];
	unsigned i = 0;
	while (2 * i + 1 < world.events_count) {
		unsigned child = 2 * i + 1;
		if (child + 1 < world.events_count &&
		    is_before(world.events[child + 1], world.events[child])) {
			child++;
		}
		if (is_before(last, world.events[child])) {
			break;
		}
		world.events[i] = world.events[child];
		i = child;
	}
	world.events[i] = last;
	return first;
}

static void pass_on(const struct event *event) {
	const struct network *network = &world.network;
	unsigned copies = dice(100) < network->double_percent ? 2 : 1;
	bool is_out =
		world.now_us >= network->outage_from_us && world.now_us < network->outage_to_us;
	for (unsigned i = 0; i < copies; i++) {
		unsigned span = network->delay_us_max - network->delay_us_min;
		uint64_t delay = network->delay_us_min + (span > 0 ? dice(span) : 0);
		uint64_t at_us = world.now_us + delay;
		if (event->what == PACKET && at_us >= network->stopped_from_us &&
		    at_us < network->stopped_to_us) {
			at_us = network->stopped_to_us;
		}
		if (!is_out && dice(100) >= network->loss_percent) {
			add_event(at_us, event);
		}
	}
}

/* ---- the client ---- */

static void acknowledge(void) {
	struct event event = {
		.what = ACK,
		.ack = {.seq = world.cursor, .delay_us = world.now_us - world.largest_us}};
	struct wire_ack *ack = &event.ack;
	uint32_t number = world.largest + 1;
	while (number-- > 0 && ack->count < WIRE_RANGES_MAX) {
		if (!world.has[number]) {
			continue;
		}
		struct wire_range *range = &ack->ranges[ack->count++];
		range->last = number;
		while (number > 0 && world.has[number - 1]) {
			number--;
		}
		range->first = number;
		if (number == 0) {
			break;
		}
	}
	world.unacked = 0;
	pass_on(&event);
}

/* Every entry of the range that concerns us: the next one, and no other. */
static void deliver(uint64_t from, uint64_t to) {
	for (uint64_t seq = from + 1; seq <= to; seq++) {
		if (world.parts[seq] != 0) {
			assert_true(seq > world.delivered);
			world.delivered = seq;
		}
	}
}

static bool take_held(const struct packet *packet) {
	if (packet->from > world.cursor) {
		return false;
	}
	if (packet->to <= world.cursor) {
		return true;
	}
	if (packet->part != 0 && world.pieces[packet->to] != (1u << packet->parts) - 1) {
		return false;
	}
	/* What a range says is there is there: no entry of several pieces comes without them. */
	for (uint64_t seq = world.cursor + 1; seq <= packet->to && packet->part == 0; seq++) {
		assert_true(world.parts[seq] <= 1);
	}
	deliver(world.cursor, packet->to);
	world.cursor = packet->to;
	return true;
}

static void on_packet(const struct packet *packet) {
	bool is_in_order =
		world.has_any ? packet->number == world.largest + 1 : packet->number == 0;
	world.has[packet->number] = 1;
	if (!world.has_any || packet->number > world.largest) {
		world.largest = packet->number;
		world.largest_us = world.now_us;
		world.has_any = true;
	}
	if (packet->part != 0) {
		world.pieces[packet->to] |= (uint8_t)(1u << (packet->part - 1));
	}
	assert_true(world.held_count < PACKETS_MAX);
	world.held[world.held_count++] = *packet;
	bool has_moved;
	do {
		has_moved = false;
		for (unsigned i = 0; i < world.held_count; i++) {
			if (take_held(&world.held[i])) {
				world.held[i] = world.held[--world.held_count];
				has_moved = true;
				i--;
			}
		}
	} while (has_moved);
	if (++world.unacked >= 2 || !is_in_order) {
		acknowledge();
	} else if (!world.is_ack_timed) {
		world.is_ack_timed = true;
		add_event(world.now_us + 25000, &(struct event){.what = ACK_TIMER});
	}
}

/* ---- the server ---- */

/* The entry's pieces, or as many short entries as fit. */
static struct packet_sent render(const struct span *span, unsigned *parts) {
	struct packet_sent sent = {.to = span->from};
	unsigned fits = FITS;
	*parts = 0;
	if (span->part != 0) {
		sent.to = span->to;
		sent.part = span->part;
		*parts = world.parts[span->to];
		sent.is_last_part = sent.part == *parts;
		sent.bytes = PIECE_BYTES;
		return sent;
	}
	sent.bytes = 66;
	while (sent.to < span->to) {
		unsigned pieces = world.parts[sent.to + 1];
		if (pieces > 1 && fits < FITS) {
			break;
		}
		if (pieces > 1) {
			sent.to++;
			sent.part = (uint8_t)(span->part_next + 1);
			*parts = pieces;
			sent.is_last_part = sent.part == pieces;
			sent.bytes = PIECE_BYTES;
			return sent;
		}
		if (pieces == 1 && fits-- == 0) {
			break;
		}
		sent.to++;
		sent.bytes = (uint16_t)(sent.bytes + (pieces == 1 ? 100 : 0));
	}
	return sent;
}

static void serve(void) {
	struct span span;
	while (sending_next(&world.sending, &world.flights, world.head, world.now_us, &span)) {
		unsigned parts;
		struct packet_sent sent = render(&span, &parts);
		assert_true(span.from <= span.to && span.to <= world.head);
		uint32_t number =
			sending_sent(&world.sending, &world.flights, &span, &sent, world.now_us);
		struct event event = {.what = PACKET,
		                      .packet = {.from = span.from,
		                                 .to = sent.to,
		                                 .number = number,
		                                 .part = sent.part,
		                                 .parts = (uint8_t)parts,
		                                 .bytes = sent.bytes}};
		bool is_new = !span.is_hole && !span.is_probe;
		world.packets++;
		*(is_new ? &world.new_bytes : &world.repeated_bytes) += sent.bytes;
		unsigned count = sending_count(&world.sending, &world.flights);
		world.most_on_the_way =
			count > world.most_on_the_way ? count : world.most_on_the_way;
		pass_on(&event);
	}
}

static void on_event(const struct event *event) {
	switch (event->what) {
	case PACKET: on_packet(&event->packet); break;
	case ACK:
		assert_true(sending_acked(&world.sending, &world.flights, world.head, &event->ack,
		                          world.now_us));
		break;
	case ACK_TIMER:
		world.is_ack_timed = false;
		if (world.unacked > 0) {
			acknowledge();
		}
		break;
	case ENTRY: world.head++; break;
	}
}

/* Until the client has everything. Returns when that was. */
static uint64_t run(uint64_t give_up_us) {
	unsigned in_vain = 0;
	while (world.cursor < world.last || world.sending.acked < world.last ||
	       sending_count(&world.sending, &world.flights) > 0) {
		serve();
		uint64_t due = sending_due_us(&world.sending, &world.flights, world.head);
		uint64_t next = world.events_count > 0 ? world.events[0]->at_us : NEVER;
		assert_true(due != NEVER || next != NEVER);
		/* What is due has happened after the tick; or the server would spin. */
		in_vain = due > world.now_us || next <= due ? 0 : in_vain + 1;
		assert_true(in_vain < 2);
		world.now_us = due < next ? due : next;
		assert_true(world.now_us < give_up_us);
		if (next <= due) {
			struct event *event = take_event();
			on_event(event);
			free(event);
		} else {
			sending_tick(&world.sending, &world.flights, world.now_us);
		}
	}
	return world.now_us;
}

static void end(void) {
	while (world.events_count > 0) {
		free(take_event());
	}
	for (uint64_t seq = 1; seq <= world.last; seq++) {
		world.delivered =
			world.parts[seq] != 0 && seq > world.delivered ? 0 : world.delivered;
	}
	assert_true(world.last == 0 || world.delivered > 0);
	sending_rest(&world.sending, &world.flights);
	assert_true(sending_is_idle(&world.sending));
	sending_finish(&world.sending, &world.flights);
	pool_finish(&world.flights);
}

/* `entries` in the log, `rate_us` apart (0: all at once), of which some are long and some are others'. */
static void begin(unsigned seed, struct network network, unsigned entries, unsigned rate_us,
                  bool is_mixed) {
	memset(&world, 0, sizeof(world));
	world.seed = seed;
	world.network = network;
	world.now_us = 1000000;
	world.last = entries;
	sending_pool_init(&world.flights);
	sending_init(&world.sending, 0);
	for (unsigned i = 1; i <= entries; i++) {
		world.parts[i] = 1;
		if (is_mixed) {
			unsigned roll = dice(20);
			world.parts[i] = (uint8_t)(roll == 0 ? 2 + dice(5) : roll < 8 ? 0 : 1);
		}
		if (rate_us > 0) {
			add_event(world.now_us + i * (uint64_t)rate_us,
			          &(struct event){.what = ENTRY});
		}
	}
	world.head = rate_us > 0 ? 0 : entries;
}

/* QUN_LONG=1 asks for more seeds. */
static bool is_long(void) {
	const char *word = getenv("QUN_LONG");
	return word != NULL && *word == '1';
}

#define SECONDS(n) ((uint64_t)(n)*1000000)

/* ---- tests ---- */

static void nothing_is_repeated_where_nothing_is_lost(void **state) {
	static const unsigned delays[] = {50, 1000, 20000, 150000};
	for (unsigned i = 0; i < 4; i++) {
		for (unsigned rate = 0; rate < 3; rate++) {
			static const unsigned rates[] = {0, 100, 20000};
			struct network network = {.delay_us_min = delays[i],
			                          .delay_us_max = delays[i]};
			begin(i + 1, network, rates[rate] == 20000 ? 500 : 5000, rates[rate], true);
			run(SECONDS(200));
			assert_true(world.repeated_bytes * 100 < world.new_bytes);
			end();
		}
	}
}

/* Packets that overtake each other are not lost; how far they do is learnt soon. */
static void reordering_is_not_loss(void **state) {
	static const struct network networks[] = {
		{.delay_us_min = 5000, .delay_us_max = 6000},
		{.delay_us_min = 5000, .delay_us_max = 9000},
		{.delay_us_min = 20000, .delay_us_max = 35000},
	};
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned rate_us = 100; rate_us <= 3000; rate_us += 2900) {
			begin(i + 1, networks[i], 5000, rate_us, true);
			run(SECONDS(200));
			assert_true(world.repeated_bytes * 100 < world.new_bytes);
			end();
		}
	}
}

static void everything_arrives_whatever_is_lost(void **state) {
	static const struct network networks[] = {
		{.loss_percent = 1, .delay_us_min = 1000, .delay_us_max = 1000},
		{.loss_percent = 10, .delay_us_min = 5000, .delay_us_max = 80000},
		{.loss_percent = 30,
	         .double_percent = 5,
	         .delay_us_min = 5000,
	         .delay_us_max = 80000},
		{.loss_percent = 60,
	         .double_percent = 20,
	         .delay_us_min = 100,
	         .delay_us_max = 300000},
		{.double_percent = 50, .delay_us_min = 0, .delay_us_max = 20000},
	};
	for (unsigned seed = 1; seed <= (is_long() ? 200u : 4u); seed++) {
		for (unsigned i = 0; i < 5; i++) {
			unsigned entries = i == 3 ? 300 : 2000;
			begin(seed, networks[i], entries, seed % 2 ? 0 : 2000, true);
			run(SECONDS(3600));
			end();
		}
	}
}

static void an_outage_ends(void **state) {
	for (unsigned seed = 1; seed <= (is_long() ? 200u : 5u); seed++) {
		struct network network = {.loss_percent = 5,
		                          .delay_us_min = 5000,
		                          .delay_us_max = 40000,
		                          .outage_from_us = SECONDS(2),
		                          .outage_to_us = SECONDS(32)};
		begin(seed, network, 3000, 5000, true);
		uint64_t sent = world.packets;
		uint64_t until = run(SECONDS(300));
		/* The probes never wait longer than two seconds. */
		assert_true(until < SECONDS(32 + 30));
		assert_true(world.packets > sent);
		end();
	}
}

/* Who was stopped and goes on is soon where all others are: its silence was no round trip. */
static void who_was_stopped_catches_up(void **state) {
	for (unsigned seed = 1; seed <= 5; seed++) {
		struct network network = {.loss_percent = seed - 1,
		                          .delay_us_min = 500,
		                          .delay_us_max = 600,
		                          .stopped_from_us = SECONDS(2),
		                          .stopped_to_us = SECONDS(40)};
		begin(seed, network, 20000, 1000, true);
		uint64_t until = run(SECONDS(300));
		assert_true(until < SECONDS(40 + 3));
		end();
	}
}

/* Who does not answer is sent little, and nothing is kept for it beyond the bound. */
static void silence_is_met_with_probes(void **state) {
	struct network network = {.loss_percent = 100};
	struct span span;
	begin(1, network, 20000, 0, false);
	uint64_t until = world.now_us + SECONDS(60);
	while (world.now_us < until) {
		serve();
		uint64_t due = sending_due_us(&world.sending, &world.flights, world.head);
		assert_true(due > world.now_us && due < world.now_us + SECONDS(2) + 1);
		world.now_us = due;
		sending_tick(&world.sending, &world.flights, world.now_us);
	}
	/* The first window, then two datagrams every two seconds. */
	assert_in_range(world.packets, 40, 90);
	assert_true(world.most_on_the_way <= FLIGHT_PACKETS_MAX);
	/* What a long silence has collected is one thing: to go back. */
	assert_true(sending_wants(&world.sending, &world.flights, world.head, &span));
	assert_true(span.from == 0);
	sending_finish(&world.sending, &world.flights);
	pool_finish(&world.flights);
}

static void what_the_socket_refuses_goes_again(void **state) {
	struct span span;
	struct network network = {0};
	begin(1, network, 100, 0, false);
	assert_true(sending_next(&world.sending, &world.flights, 100, world.now_us, &span));
	struct packet_sent sent = {.to = 10, .bytes = 1000};
	uint32_t one = sending_sent(&world.sending, &world.flights, &span, &sent, world.now_us);
	assert_true(sending_next(&world.sending, &world.flights, 100, world.now_us, &span));
	sent.to = 20;
	uint32_t other = sending_sent(&world.sending, &world.flights, &span, &sent, world.now_us);
	assert_int_equal(other, one + 1);
	sending_unsent(&world.sending, &world.flights, one);
	sending_unsent(&world.sending, &world.flights, other);
	assert_int_equal(sending_count(&world.sending, &world.flights), 0);
	assert_true(sending_next(&world.sending, &world.flights, 100, world.now_us, &span));
	assert_int_equal(span.from, 0);
	assert_int_equal(span.to, 20);
	sending_finish(&world.sending, &world.flights);
	pool_finish(&world.flights);
}

/* What comes back from the socket while a hole is being filled takes nothing from it. */
static void a_refusal_leaves_other_holes_alone(void **state) {
	struct span span;
	struct network network = {0};
	uint32_t numbers[3];
	begin(1, network, 30, 0, false);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(sending_next(&world.sending, &world.flights, 30, world.now_us, &span));
		struct packet_sent sent = {.to = 10 * (i + 1), .bytes = 1000};
		numbers[i] =
			sending_sent(&world.sending, &world.flights, &span, &sent, world.now_us);
	}
	sending_unsent(&world.sending, &world.flights, numbers[1]);
	assert_true(sending_next(&world.sending, &world.flights, 30, world.now_us, &span));
	assert_int_equal(span.from, 10);
	sending_unsent(&world.sending, &world.flights, numbers[0]);
	struct packet_sent sent = {.to = 20, .bytes = 1000};
	sending_sent(&world.sending, &world.flights, &span, &sent, world.now_us);
	assert_true(sending_next(&world.sending, &world.flights, 30, world.now_us, &span));
	assert_int_equal(span.from, 0);
	assert_int_equal(span.to, 10);
	sending_finish(&world.sending, &world.flights);
	pool_finish(&world.flights);
}

/* A probe that cannot go (a socket that is full, a log that has to be fetched) is not waited for with a spin. */
static void what_cannot_be_sent_is_not_polled(void **state) {
	struct network network = {.loss_percent = 100};
	begin(1, network, 1000, 0, false);
	serve();
	uint64_t until = world.now_us + SECONDS(60);
	unsigned ticks = 0;
	for (; world.now_us < until; ticks++) {
		uint64_t due = sending_due_us(&world.sending, &world.flights, 0);
		assert_true(due > world.now_us);
		world.now_us = due;
		sending_tick(&world.sending, &world.flights, world.now_us);
	}
	assert_in_range(ticks, 30, 40);
	sending_finish(&world.sending, &world.flights);
	pool_finish(&world.flights);
}

/* An acknowledgement of what was never sent is none. */
static void lies_are_seen(void **state) {
	struct network network = {0};
	struct span span;
	begin(1, network, 100, 0, false);
	struct wire_ack ack = {.count = 1, .ranges = {{.first = 0, .last = 0}}};
	assert_false(sending_acked(&world.sending, &world.flights, 10, &ack, world.now_us));
	assert_true(sending_next(&world.sending, &world.flights, 100, world.now_us, &span));
	struct packet_sent sent = {.to = 10, .bytes = 1000};
	sending_sent(&world.sending, &world.flights, &span, &sent, world.now_us);
	ack.seq = 11;
	assert_false(sending_acked(&world.sending, &world.flights, 10, &ack, world.now_us));
	ack.seq = 10;
	ack.ranges[0].last = 1;
	assert_false(sending_acked(&world.sending, &world.flights, 10, &ack, world.now_us));
	ack.ranges[0].last = 0;
	assert_true(sending_acked(&world.sending, &world.flights, 10, &ack, world.now_us));
	sending_rest(&world.sending, &world.flights);
	assert_true(sending_is_idle(&world.sending));
	sending_finish(&world.sending, &world.flights);
	pool_finish(&world.flights);
}

/* What came early on an earlier connection fits when the gap before it is closed: it is not sent again. */
static void what_an_earlier_connection_brought_counts(void **state) {
	struct network network = {0};
	struct span span;
	begin(1, network, 100, 0, false);
	assert_true(sending_next(&world.sending, &world.flights, 100, world.now_us, &span));
	struct packet_sent sent = {.to = 10, .bytes = 1000, .part = 1};
	sending_sent(&world.sending, &world.flights, &span, &sent, world.now_us);
	struct wire_ack ack = {.seq = 60, .count = 1, .ranges = {{.first = 0, .last = 0}}};
	assert_true(sending_acked(&world.sending, &world.flights, 60, &ack, world.now_us));
	assert_true(sending_next(&world.sending, &world.flights, 100, world.now_us, &span));
	assert_int_equal(span.from, 60);
	assert_int_equal(span.part_next, 0);
	assert_false(sending_next(&world.sending, &world.flights, 60, world.now_us, &span));
	sending_finish(&world.sending, &world.flights);
	pool_finish(&world.flights);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_repeated_where_nothing_is_lost),
		cmocka_unit_test(reordering_is_not_loss),
		cmocka_unit_test(everything_arrives_whatever_is_lost),
		cmocka_unit_test(an_outage_ends),
		cmocka_unit_test(who_was_stopped_catches_up),
		cmocka_unit_test(silence_is_met_with_probes),
		cmocka_unit_test(what_the_socket_refuses_goes_again),
		cmocka_unit_test(a_refusal_leaves_other_holes_alone),
		cmocka_unit_test(what_cannot_be_sent_is_not_polled),
		cmocka_unit_test(lies_are_seen),
		cmocka_unit_test(what_an_earlier_connection_brought_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
