#include "edge.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "datagrams.h"
#include "diag.h"
#include "edge_inside.h"
#include "plain.h"
#include "sessions.h"
#include "stream.h"

/* Datagrams, writes or records of one turn: a millisecond or two, then the sockets are looked at. */
#define TURN_BUDGET 512

/* SIGTERM: what is in the ring is delivered, but nobody waits longer for it. */
#define DRAIN_US (1000 * 1000)

/* A face is a row. */
static const struct edge_face *const faces[FACES_COUNT] = {&plain_face, &sessions_face,
                                                           &stream_face};

/* ---- what faces ask of the edge ---- */

bool edge_request(struct edge *edge, const struct record *request) {
	if (queue_put(edge->house.queues[edge->house.edge], request) == 0) {
		return false;
	}
	board_count(edge->house.own, COUNT_REQUESTS, 1);
	edge->must_ring_hub = true;
	return true;
}

bool edge_is_stalled(const struct edge *edge) {
	const struct board *hub = edge->house.boards[PROCESS_HUB];
	return atomic_load_explicit(&hub->is_stalled, memory_order_relaxed) != 0;
}

bool edge_is_home(const struct edge *edge, uint16_t home) {
	return home % edge->house.options->edges == edge->house.edge;
}

bool edge_is_kept(const struct edge *edge, uint64_t seq) {
	const struct board *scribe = edge->house.boards[PROCESS_SCRIBE];
	return !edge->house.options->is_fsync ||
	       atomic_load_explicit(&scribe->seq_durable, memory_order_acquire) >= seq;
}

uint64_t edge_forgotten(const struct edge *edge) {
	const struct board *scribe = edge->house.boards[PROCESS_SCRIBE];
	return atomic_load_explicit(&scribe->seq_forgotten, memory_order_acquire);
}

/* ---- the loop ---- */

static bool has_work(void *context) {
	struct edge *edge = context;
	for (unsigned i = 0; i < FACES_COUNT; i++) {
		if (!edge->walk.has_record && edge->faces[i]->has_work_between(edge->its[i])) {
			return true;
		}
	}
	return walk_has_work(&edge->walk);
}

/* Somebody has to wait for a descriptor or a time: no other work counts until then. */
static bool has_none(void *context) {
	return false;
}

static bool is_drained(struct edge *edge) {
	for (unsigned i = 0; i < FACES_COUNT; i++) {
		if (!edge->faces[i]->is_drained(edge->its[i])) {
			return false;
		}
	}
	return walk_is_past(&edge->walk, edge->drain_to);
}

static void begin_draining(struct edge *edge) {
	edge->is_draining = true;
	edge->drain_to = ring_head(edge->house.ring);
	edge->drain_until_us = loop_now_us(edge->house.loop) + DRAIN_US;
	datagrams_stop_reading(edge->datagrams);
}

/* True when there is nothing left to stay for. */
static bool drain(struct edge *edge) {
	if (!edge->house.is_leaving) {
		return false;
	}
	if (!edge->is_draining) {
		begin_draining(edge);
	}
	return edge->house.keeper_gone || is_drained(edge) ||
	       loop_now_us(edge->house.loop) >= edge->drain_until_us;
}

static uint64_t time_to_sleep(const struct edge *edge) {
	uint64_t now_us = loop_now_us(edge->house.loop);
	uint64_t due_us = datagrams_due_us(edge->datagrams);
	if (edge->is_draining && edge->drain_until_us < due_us) {
		due_us = edge->drain_until_us;
	}
	for (unsigned i = 0; i < FACES_COUNT; i++) {
		uint64_t its_us = edge->faces[i]->due_us(edge->its[i]);
		due_us = its_us < due_us ? its_us : due_us;
	}
	if (due_us == LOOP_FOREVER) {
		return LOOP_FOREVER;
	}
	return due_us > now_us ? due_us - now_us : 0;
}

static void ring_hub(struct edge *edge) {
	if (edge->must_ring_hub) {
		edge->must_ring_hub = false;
		house_ring(&edge->house, PROCESS_HUB);
	}
}

static uint64_t turn(void *context) {
	struct edge *edge = context;
	unsigned budget = TURN_BUDGET;
	ring_hub(edge);
	enum face_progress progress = walk_go_on(&edge->walk, &budget);
	for (unsigned i = 0; i < FACES_COUNT; i++) {
		edge->faces[i]->tick(edge->its[i], loop_now_us(edge->house.loop));
	}
	datagrams_settle(edge->datagrams);
	ring_hub(edge);
	if (drain(edge)) {
		loop_stop(edge->house.loop);
		return 0;
	}
	if (progress == FACE_MORE) {
		return 0;
	}
	return house_sleep(&edge->house, progress == FACE_WAITS ? has_none : has_work, edge,
	                   time_to_sleep(edge));
}

/* ---- the process ---- */

static void set_up(struct edge *edge) {
	struct house *house = &edge->house;
	if (house->ring == NULL || house->clerk < 0 || house->queues[house->edge] == NULL ||
	    house->boards[PROCESS_HUB] == NULL || house->boards[PROCESS_SCRIBE] == NULL) {
		diag_exit(EXIT_USAGE, "an edge was not handed down all that it needs");
	}
	edge->cursor = cursor_open(house->cursor);
	if (edge->cursor == NULL) {
		diag_exit_errno(EXIT_FIX_ME,
		                "the cursor's file in the data folder cannot be mapped");
	}
	queue_produce_as(house->queues[house->edge],
	                 atomic_load_explicit(&house->own->incarnation, memory_order_relaxed));
	if (!walk_begin(&edge->walk, edge)) {
		exit(EXIT_DONE);
	}
	asker_init(&edge->asker, house);
	asker_add(&edge->asker, &edge->walk.ask);
	edge->datagrams = datagrams_create(edge);
	edge->faces = faces;
	for (unsigned i = 0; i < FACES_COUNT; i++) {
		edge->its[i] = faces[i]->create(edge);
	}
	edge->has_faces = true;
}

static void leave(struct edge *edge) {
	for (unsigned i = 0; i < FACES_COUNT; i++) {
		edge->faces[i]->destroy(edge->its[i]);
	}
	datagrams_destroy(edge->datagrams);
	state_destroy(edge->state);
	house_leave(&edge->house);
}

int edge_main(const char *argv0) {
	static struct edge edge;
	house_enter(&edge.house, argv0, turn, &edge);
	set_up(&edge);
	house_ready(&edge.house);
	loop_run(edge.house.loop);
	leave(&edge);
	return EXIT_DONE;
}
