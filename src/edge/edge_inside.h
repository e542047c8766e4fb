/* edge_inside.h - what the parts of an edge share. For the folder alone; edge.h is for others. */
#ifndef EDGE_INSIDE_H
#define EDGE_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "asker.h"
#include "cursor.h"
#include "face.h"
#include "house.h"
#include "ring_walk.h"
#include "state.h"

/* The rows of edge.c's table. */
#define FACES_COUNT 3

struct datagrams;

struct edge {
	struct house house;
	struct cursor *cursor;      /* where we stand: outlives us */
	struct state *state;        /* as the walk has it */
	struct state *state_before; /* while faces hear reloaded(): what it was; else NULL */
	struct ring_walk walk;
	struct asker asker;
	struct datagrams *datagrams;
	const struct edge_face *const *faces;
	void *its[FACES_COUNT];
	bool has_faces;
	bool must_ring_hub; /* requests were put since the last turn */

	bool is_draining;
	uint64_t drain_to;
	uint64_t drain_until_us;
};

/* Passes a request to the hub; the bell rings at the turn's end. False: the queue is full. */
bool edge_request(struct edge *edge, const struct record *request);
/* Should plain requests be answered "busy" rather than wait? */
bool edge_is_stalled(const struct edge *edge);
/* Is a session's home here? */
bool edge_is_home(const struct edge *edge, uint16_t home);
/* Everything up to this seq is kept (which matters with --fsync). */
bool edge_is_kept(const struct edge *edge, uint64_t seq);
/* Entries up to this one are no longer kept; told before they go. */
uint64_t edge_forgotten(const struct edge *edge);

#endif
