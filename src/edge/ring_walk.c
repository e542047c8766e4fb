#include "ring_walk.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "diag.h"
#include "edge_inside.h"

/* Entries that the clerk is asked for at once: their numbers have no gaps, so that so many seqs hold no more. */
#define SLICE_ENTRIES 64

/* ---- where we stand: our cursor, and on the board for others to see ---- */

static void note_where(const struct ring_walk *walk) {
	struct board *own = walk->edge->house.own;
	struct cursor *cursor = walk->edge->cursor;
	atomic_store_explicit(&cursor->seq, walk->seq, memory_order_relaxed);
	atomic_store_explicit(&cursor->position, walk->position, memory_order_release);
	atomic_store_explicit(&own->seq, walk->seq, memory_order_relaxed);
	atomic_store_explicit(&own->position, walk->position, memory_order_release);
}

/* ---- the state ---- */

static bool load_state(struct ring_walk *walk) {
	struct edge *edge = walk->edge;
	struct house *house = &edge->house;
	state_destroy(edge->state);
	edge->state = state_create();
	if (edge->state == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory for the state");
	}
	return clerk_load_state(
		house->clerk, atomic_load_explicit(&house->own->incarnation, memory_order_relaxed),
		house->life, edge->state, &walk->position_live);
}

static void apply(struct ring_walk *walk) {
	if (!record_is_entry(&walk->record)) {
		return;
	}
	if (state_apply(walk->edge->state, &walk->record, NULL, NULL) != STATE_OK) {
		diag_exit(EXIT_TRY_AGAIN, "entry %llu (%s) cannot follow the state before it",
		          (unsigned long long)walk->record.seq,
		          record_kind_word(walk->record.kind));
	}
}

/* Everyone notes what state they have here, for who compares. */
static void note_digest(struct ring_walk *walk) {
	struct edge *edge = walk->edge;
	struct board *own = edge->house.own;
	if (walk->record.kind != ANSWER_CHECK) {
		return;
	}
	atomic_store_explicit(&own->check_seq, state_seq(edge->state), memory_order_relaxed);
	atomic_store_explicit(&own->check_digest, state_digest(edge->state), memory_order_relaxed);
	atomic_store_explicit(&own->check_number, walk->record.number, memory_order_release);
	house_ring(&edge->house, PROCESS_CONSOLE);
}

/* ---- beginning ---- */

/* Applies what a predecessor has delivered already. RING_LAPPED: it took too long. */
static enum ring_result apply_up_to(struct ring_walk *walk, uint64_t position) {
	uint64_t at = walk->position_live;
	while (at < position) {
		enum ring_result result = ring_read(walk->edge->house.ring, &at, walk->bytes);
		if (result != RING_OK) {
			return result;
		}
		if (record_decode(&walk->record, walk->bytes, sizeof(walk->bytes)) == 0) {
			return RING_BAD;
		}
		apply(walk);
	}
	walk->position_live = at;
	return at == position ? RING_OK : RING_BAD;
}

static void stand_live(struct ring_walk *walk) {
	walk->way = WALK_LIVE;
	walk->position = walk->position_live;
	walk->seq = state_seq(walk->edge->state);
}

static void on_slice(void *context, struct slice_in_hand slice);
static void on_no_slice(void *context);

bool walk_begin(struct ring_walk *walk, struct edge *edge) {
	*walk = (struct ring_walk){.edge = edge};
	walk->ask = (struct ask){.take = on_slice, .fail = on_no_slice, .context = walk};
	struct cursor *cursor = edge->cursor;
	uint64_t ring = ring_id(edge->house.ring);
	uint64_t edges = edge->house.options->edges;
	uint64_t position = atomic_load(&cursor->position);
	bool is_successor =
		cursor_is_of(cursor, ring, edges) && position <= ring_head(edge->house.ring);
	do {
		if (!load_state(walk)) {
			return false;
		}
		if (!is_successor) {
			stand_live(walk);
		} else if (position < walk->position_live) {
			walk->way = WALK_RING;
			walk->position = position;
			walk->seq = atomic_load(&cursor->seq);
		} else {
			enum ring_result result = apply_up_to(walk, position);
			if (result == RING_LAPPED) {
				continue;
			}
			if (result != RING_OK) {
				diag_exit(EXIT_FIX_ME, "the ring is damaged before %llu",
				          (unsigned long long)position);
			}
			stand_live(walk);
		}
	} while (walk->way == WALK_LIVE && walk->position != walk->position_live);
	note_where(walk);
	cursor_begin(cursor, ring, edges);
	return true;
}

/* ---- overtaken ---- */

static void for_faces(struct ring_walk *walk,
                      void (*call)(const struct edge_face *face, void *it)) {
	struct edge *edge = walk->edge;
	for (unsigned i = 0; edge->has_faces && i < FACES_COUNT; i++) {
		call(edge->faces[i], edge->its[i]);
	}
}

static void call_reloaded(const struct edge_face *face, void *it) {
	face->reloaded(it);
}

static void call_caught_up(const struct edge_face *face, void *it) {
	face->caught_up(it);
}

static void ask_for_slice(struct ring_walk *walk) {
	walk->slice_after = walk->seq;
	asker_ask(&walk->edge->asker, &walk->ask, CLERK_ALL, 0, walk->seq, SLICE_ENTRIES);
}

static void on_slice(void *context, struct slice_in_hand slice) {
	struct ring_walk *walk = context;
	walk->slice = slice;
	walk->has_slice = true;
}

/* Waiting is all that can be done: a clerk that cannot read the history says why by itself. */
static void on_no_slice(void *context) {
	struct ring_walk *walk = context;
	uint64_t end = state_seq(walk->edge->state);
	diag("the clerk has no entries after %llu; going on without them",
	     (unsigned long long)walk->seq);
	walk->seq = walk->seq + SLICE_ENTRIES < end ? walk->seq + SLICE_ENTRIES : end;
}

static void go_by_slices(struct ring_walk *walk) {
	board_count(walk->edge->house.own, COUNT_LAPPED, 1);
	diag("overtaken by the ring after entry %llu; reading the rest from the history",
	     (unsigned long long)walk->seq);
	walk->way = WALK_SLICES;
}

/* False: told to leave meanwhile. */
static bool reload(struct ring_walk *walk) {
	struct edge *edge = walk->edge;
	edge->state_before = edge->state;
	edge->state = NULL;
	bool is_loaded = load_state(walk);
	if (is_loaded) {
		asker_ask_again(&edge->asker);
		go_by_slices(walk);
		for_faces(walk, call_reloaded);
	} else {
		edge->house.is_leaving = true;
		edge->house.keeper_gone = true;
	}
	state_destroy(edge->state_before);
	edge->state_before = NULL;
	return is_loaded;
}

static void catch_up(struct ring_walk *walk) {
	stand_live(walk);
	note_where(walk);
	for_faces(walk, call_caught_up);
}

/* ---- the next record ---- */

/* Reads the ring at walk->position; true if there is a record in hand. */
static bool read_ring(struct ring_walk *walk, enum ring_result *result) {
	walk->position_next = walk->position;
	*result = ring_read(walk->edge->house.ring, &walk->position_next, walk->bytes);
	if (*result == RING_BAD ||
	    (*result == RING_OK &&
	     record_decode(&walk->record, walk->bytes, sizeof(walk->bytes)) == 0)) {
		diag_exit(EXIT_FIX_ME, "the ring is damaged at %llu",
		          (unsigned long long)walk->position);
	}
	return *result == RING_OK;
}

static bool next_live(struct ring_walk *walk) {
	enum ring_result result;
	if (read_ring(walk, &result)) {
		apply(walk);
		note_digest(walk);
		return true;
	}
	if (result == RING_LAPPED) {
		reload(walk);
	}
	return false;
}

static bool next_in_ring(struct ring_walk *walk) {
	enum ring_result result;
	if (walk->position >= walk->position_live) {
		catch_up(walk);
		return false;
	}
	if (read_ring(walk, &result)) {
		return true;
	}
	go_by_slices(walk);
	return false;
}

static bool take_from_slice(struct ring_walk *walk) {
	while (slice_next(&walk->slice, &walk->record)) {
		/* After a clerk's death it may come twice; and what the state does not know comes by the ring. */
		if (walk->record.seq > walk->seq &&
		    walk->record.seq <= state_seq(walk->edge->state)) {
			return true;
		}
	}
	return false;
}

static bool next_in_slices(struct ring_walk *walk) {
	if (!walk->has_slice) {
		if (walk->seq >= state_seq(walk->edge->state)) {
			catch_up(walk);
		} else if (walk->ask.number == 0) {
			ask_for_slice(walk);
		}
		return false;
	}
	if (take_from_slice(walk)) {
		return true;
	}
	walk->has_slice = false;
	if (walk->slice.is_last && walk->seq == walk->slice_after) {
		walk->seq = state_seq(walk->edge->state); /* There are no more. */
	}
	asker_release(&walk->edge->asker);
	return false;
}

/* Puts a record into hand. False: none, for now; the way may have changed. */
static bool next_record(struct ring_walk *walk) {
	bool has = false;
	switch (walk->way) {
	case WALK_LIVE: has = next_live(walk); break;
	case WALK_RING: has = next_in_ring(walk); break;
	case WALK_SLICES: has = next_in_slices(walk); break;
	}
	if (!has) {
		return false;
	}
	struct edge *edge = walk->edge;
	walk->has_record = true;
	walk->face = 0;
	for (unsigned i = 0; i < FACES_COUNT; i++) {
		edge->faces[i]->begin(edge->its[i], &walk->record);
	}
	return true;
}

/* The record in hand is done with. */
static void pass(struct ring_walk *walk) {
	walk->has_record = false;
	if (record_is_entry(&walk->record)) {
		walk->seq = walk->record.seq;
	}
	if (walk->way != WALK_SLICES) {
		walk->position = walk->position_next;
	}
	note_where(walk);
}

/* ---- going on ---- */

static enum face_progress go_on_with_record(struct ring_walk *walk, unsigned *budget) {
	struct edge *edge = walk->edge;
	for (; walk->face < FACES_COUNT; walk->face++) {
		enum face_progress progress =
			edge->faces[walk->face]->go_on(edge->its[walk->face], budget);
		if (progress != FACE_DONE) {
			return progress;
		}
	}
	pass(walk);
	return FACE_DONE;
}

static enum face_progress go_on_between(struct ring_walk *walk, unsigned *budget) {
	struct edge *edge = walk->edge;
	for (unsigned i = 0; i < FACES_COUNT; i++) {
		enum face_progress progress = edge->faces[i]->between(edge->its[i], budget);
		if (progress != FACE_DONE) {
			return progress;
		}
	}
	return FACE_DONE;
}

enum face_progress walk_go_on(struct ring_walk *walk, unsigned *budget) {
	while (*budget > 0) {
		if (!walk->has_record) {
			enum face_progress progress = go_on_between(walk, budget);
			if (progress != FACE_DONE) {
				return progress;
			}
			if (!next_record(walk) && !walk_has_work(walk)) {
				return FACE_DONE;
			}
		}
		if (walk->has_record) {
			enum face_progress progress = go_on_with_record(walk, budget);
			if (progress != FACE_DONE) {
				return progress;
			}
		}
		/* A record costs something as well, be it nobody's. */
		*budget -= *budget > 0;
	}
	return FACE_MORE;
}

bool walk_has_work(const struct ring_walk *walk) {
	if (walk->has_record) {
		return true;
	}
	switch (walk->way) {
	case WALK_LIVE: return ring_head(walk->edge->house.ring) != walk->position;
	case WALK_RING: return true;
	case WALK_SLICES: return walk->has_slice || walk->ask.number == 0;
	}
	return true;
}

bool walk_is_past(const struct ring_walk *walk, uint64_t position) {
	return walk->way == WALK_LIVE && !walk->has_record && walk->position >= position;
}

uint64_t walk_behind(const struct ring_walk *walk) {
	uint64_t head = ring_head(walk->edge->house.ring);
	return head > walk->position ? head - walk->position : 0;
}
