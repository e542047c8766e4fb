/*
 * plain_deliver.c - the datagrams of the record in hand, on their way: at most
 * two steps (somebody who is ended; all others), each resumable. The walk
 * waits for them, so no queue is needed.
 */
#include <assert.h>
#include <stdatomic.h>

#include "plain_inside.h"

void deliver_nothing(struct plain *plain) {
	plain->steps.count = plain->steps.at = 0;
	plain->steps.is_begun = false;
	parts_clear(&plain->parts);
}

static struct plain_step *add_step(struct plain *plain, unsigned part, unsigned parts_count) {
	assert(plain->steps.count < STEPS_MAX && part + parts_count <= plain->parts.count);
	struct plain_step *step = &plain->steps.steps[plain->steps.count++];
	*step = (struct plain_step){.part = part, .parts_count = parts_count};
	return step;
}

void deliver_to_one(struct plain *plain, unsigned outlet, const struct plain_member *target,
                    unsigned part, unsigned parts_count) {
	struct plain_step *step = add_step(plain, part, parts_count);
	step->whom = TO_ONE;
	step->outlet = outlet;
	step->one = *target;
}

void deliver_by_route(struct plain *plain, const struct route *route) {
	struct plain_member target = {0};
	int outlet = datagrams_aim(plain->datagrams, route, &target.target);
	if (outlet >= 0 && plain->parts.count > 0) {
		deliver_to_one(plain, (unsigned)outlet, &target, 0, plain->parts.count);
	}
}

void deliver_to_all(struct plain *plain, enum plain_whom whom, const struct record *entry,
                    unsigned part, unsigned parts_count) {
	struct plain_step *step = add_step(plain, part, parts_count);
	step->whom = whom;
	step->seq = entry->seq;
	step->author = entry->session;
}

/* ---- going on ---- */

/* Where it is stands on the board; and where a predecessor was, it goes on. */
static void begin_main_fanout(struct plain *plain, const struct plain_step *step) {
	struct cursor *cursor = plain->edge->cursor;
	if (plain->resume_seq != 0 && plain->resume_seq == step->seq) {
		fanout_resume(&plain->fanout, plain->resume_to);
	} else {
		/* In this order: a place that is not this entry's is never taken for one. */
		atomic_store_explicit(&cursor->fanned_out_seq, 0, memory_order_release);
		atomic_store_explicit(&cursor->fanned_out_to, 0, memory_order_release);
		atomic_store_explicit(&cursor->fanned_out_seq, step->seq, memory_order_release);
	}
	fanout_keep_progress(&plain->fanout, &cursor->fanned_out_to);
}

static void begin_step(struct plain *plain, const struct plain_step *step) {
	const struct iovec *parts = &plain->parts.parts[step->part];
	switch (step->whom) {
	case TO_ONE:
		fanout_to_one(&plain->fanout, parts, step->parts_count, step->outlet, &step->one);
		break;
	case TO_ALL:
		fanout_to_all(&plain->fanout, parts, step->parts_count, plain->rosters,
		              step->author, step->seq);
		begin_main_fanout(plain, step);
		break;
	case TO_CATCHING:
		fanout_to_all(&plain->fanout, parts, step->parts_count, plain->hold.catching,
		              step->author, step->seq);
		break;
	}
}

static void count_sent(struct plain *plain, const struct plain_step *step) {
	struct board *own = plain->edge->house.own;
	uint64_t delivered = plain->fanout.delivered - plain->delivered;
	uint64_t unsent = plain->fanout.unsent - plain->unsent;
	plain->delivered += delivered;
	plain->unsent += unsent;
	board_count(own, COUNT_DATAGRAMS_OUT, delivered);
	board_count(own, COUNT_DATAGRAMS_UNSENT, unsent);
	if (step->whom != TO_ONE) {
		board_count(own, COUNT_DELIVERIES, delivered);
	}
}

static bool is_waiting(struct plain *plain) {
	if (plain->waits_for >= 0 &&
	    !datagrams_is_blocked(plain->datagrams, (unsigned)plain->waits_for)) {
		plain->waits_for = -1;
	}
	return plain->waits_for >= 0 || datagrams_is_paused(plain->datagrams);
}

static void wait_for(struct plain *plain, unsigned outlet) {
	plain->waits_for = (int)outlet;
	datagrams_block(plain->datagrams, outlet);
}

static enum face_progress step_go_on(struct plain *plain, struct plain_step *step,
                                     unsigned *budget) {
	if (!plain->steps.is_begun) {
		plain->steps.is_begun = true;
		begin_step(plain, step);
	}
	enum fanout_result result = fanout_go_on(&plain->fanout, budget);
	count_sent(plain, step);
	switch (result) {
	case FANOUT_DONE: return FACE_DONE;
	case FANOUT_MORE: return FACE_MORE;
	case FANOUT_BLOCKED: wait_for(plain, fanout_outlet(&plain->fanout)); break;
	case FANOUT_PAUSED: datagrams_pause(plain->datagrams); break;
	}
	return FACE_WAITS;
}

enum face_progress deliver_go_on(struct plain *plain, unsigned *budget) {
	struct plain_steps *steps = &plain->steps;
	while (steps->at < steps->count) {
		if (is_waiting(plain)) {
			return FACE_WAITS;
		}
		enum face_progress progress = step_go_on(plain, &steps->steps[steps->at], budget);
		if (progress != FACE_DONE) {
			return progress;
		}
		steps->at++;
		steps->is_begun = false;
	}
	return FACE_DONE;
}
