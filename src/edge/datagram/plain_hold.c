/*
 * plain_hold.c - with --fsync an OK or EXIT is said when the disk has what it
 * says. The answers wait where they are: in the ring. From the first that
 * waits on, all do, and who comes in meanwhile is in no roster yet, so that OK
 * is the first datagram that a newcomer gets.
 *
 * When the scribe says that more is durable, between two records of the walk:
 *
 *   answers    from the first that waited: each that may be given now is
 *              given, up to the one that has to wait on; newcomers are "catching"
 *   catching   from the first newcomer to where the walk is: what they missed
 *              is delivered to them alone; then they join the others
 *
 * The hub stops long before the ring goes over what the scribe has not stored,
 * so the answers are still there; if not (the edge itself was stopped), the
 * walk's own catching up sees to the newcomers.
 *
 * The first position is on the board: a new incarnation holds on from there.
 */
#include <stdatomic.h>
#include <string.h>

#include "plain_inside.h"

static void note_from(struct plain *plain, uint64_t from, uint64_t seq) {
	plain->hold.from = from;
	plain->hold.seq = seq;
	atomic_store_explicit(&plain->edge->cursor->held_from, from + 1, memory_order_release);
}

static bool is_answer(const struct record *record) {
	return record->kind == ANSWER_OK || record->kind == ANSWER_EXIT;
}

bool hold_answer(struct plain *plain, const struct record *answer) {
	struct plain_hold *hold = &plain->hold;
	if (walk_answers_are_lost(&plain->edge->walk)) {
		return false;
	}
	if (hold->from == HELD_NONE && edge_is_kept(plain->edge, answer->seq)) {
		return false;
	}
	if (hold->from == HELD_NONE) {
		note_from(plain, plain->edge->walk.position, answer->seq);
	}
	return true;
}

bool hold_has(const struct plain *plain, uint64_t session) {
	/* The session's number is that of its entry, and its OK bears the same. */
	return plain->hold.from != HELD_NONE && session >= plain->hold.seq;
}

bool hold_has_work(const struct plain *plain) {
	const struct plain_hold *hold = &plain->hold;
	return hold->phase != HOLD_IDLE ||
	       (hold->from != HELD_NONE && edge_is_kept(plain->edge, hold->seq));
}

/* ---- a release ---- */

static bool read_record(struct plain *plain) {
	struct plain_hold *hold = &plain->hold;
	return ring_read(plain->edge->house.ring, &hold->at, hold->bytes) == RING_OK &&
	       record_decode(&hold->record, hold->bytes, sizeof(hold->bytes)) > 0;
}

static bool is_at_end(const struct plain *plain) {
	return plain->hold.at >= plain->edge->walk.position;
}

/* The ring is over it: whoever waited is told now, so that OK still comes first. */
static void give_up(struct plain *plain) {
	hold_forget(plain);
	deliver_nothing(plain);
	plain_settle(plain);
}

static void join(struct plain *plain) {
	struct plain_hold *hold = &plain->hold;
	for (unsigned i = 0; i < plain->outlets_count; i++) {
		struct roster_cursor cursor = {0};
		const struct plain_member *member;
		while ((member = roster_next(&hold->catching[i], &cursor)) != NULL) {
			const struct session *session =
				state_session(plain->edge->state, member->session);
			if (session != NULL) {
				plain_take_in(plain, plain->rosters, session);
			}
		}
		roster_finish(&hold->catching[i]);
	}
}

static void end_release(struct plain *plain) {
	struct plain_hold *hold = &plain->hold;
	join(plain);
	hold->phase = HOLD_IDLE;
	note_from(plain, hold->next_from, hold->next_seq);
}

static void begin_release(struct plain *plain) {
	struct plain_hold *hold = &plain->hold;
	hold->phase = HOLD_ANSWERS;
	hold->at = hold->from;
	hold->catching_from = HELD_NONE;
	hold->next_from = HELD_NONE;
	hold->next_seq = 0;
}

static void begin_catching(struct plain *plain) {
	struct plain_hold *hold = &plain->hold;
	hold->phase = HOLD_CATCHING;
	hold->at = hold->catching_from;
}

/* The next record of the first phase. */
static void look_at_answer(struct plain *plain, uint64_t position) {
	struct plain_hold *hold = &plain->hold;
	const struct record *record = &hold->record;
	if (is_answer(record) && plain_is_ours(plain, record)) {
		if (!edge_is_kept(plain->edge, record->seq)) {
			hold->next_from = position;
			hold->next_seq = record->seq;
			begin_catching(plain);
			return;
		}
		parts_add(&plain->parts,
		          slice_from_string(record->kind == ANSWER_OK ? "OK" : "EXIT"));
		deliver_by_route(plain, &record->route);
	} else if (record->kind == ENTRY_ENTERED) {
		const struct session *session = state_session(plain->edge->state, record->session);
		if (session != NULL && plain_take_in(plain, hold->catching, session) &&
		    hold->catching_from == HELD_NONE) {
			hold->catching_from = position;
		}
	}
}

/* The next record of the second phase. */
static void deliver_missed(struct plain *plain) {
	const struct record *record = &plain->hold.record;
	if (!record_is_entry(record)) {
		return;
	}
	if (record_is_direct(record)) {
		plain_tell_one(plain, plain->hold.catching, record);
		return;
	}
	parts_add_entry(&plain->parts, plain->language, record, slice_of(NULL, 0));
	if (plain->parts.count > 0) {
		deliver_to_all(plain, TO_CATCHING, record, 0, plain->parts.count);
	}
}

/* False: the release is over. */
static bool next_of_release(struct plain *plain) {
	struct plain_hold *hold = &plain->hold;
	deliver_nothing(plain);
	if (is_at_end(plain) && hold->phase == HOLD_ANSWERS) {
		begin_catching(plain);
	}
	if (is_at_end(plain)) {
		end_release(plain);
		return false;
	}
	uint64_t position = hold->at;
	if (!read_record(plain)) {
		give_up(plain);
		return false;
	}
	if (hold->phase == HOLD_ANSWERS) {
		look_at_answer(plain, position);
	} else {
		deliver_missed(plain);
	}
	return true;
}

enum face_progress hold_go_on(struct plain *plain, unsigned *budget) {
	if (!hold_has_work(plain)) {
		return FACE_DONE;
	}
	if (plain->hold.phase == HOLD_IDLE) {
		begin_release(plain);
		deliver_nothing(plain);
	}
	do {
		enum face_progress progress = deliver_go_on(plain, budget);
		if (progress != FACE_DONE) {
			return progress;
		}
		if (*budget == 0) {
			return FACE_MORE;
		}
		*budget -= 1;
	} while (next_of_release(plain));
	return FACE_DONE;
}

/* ---- beginning and ending ---- */

/* Who came in behind the first answer that a predecessor held back has not been told yet. */
static bool take_out_the_held(struct plain *plain, uint64_t from) {
	struct plain_hold *hold = &plain->hold;
	bool is_first = true;
	hold->at = from;
	while (!is_at_end(plain)) {
		if (!read_record(plain)) {
			return false;
		}
		if (is_first) {
			note_from(plain, from, hold->record.seq);
			is_first = false;
		}
		if (hold->record.kind == ENTRY_ENTERED) {
			for (unsigned i = 0; i < plain->outlets_count; i++) {
				roster_remove(&plain->rosters[i], hold->record.session);
			}
		}
	}
	return true;
}

void hold_begin(struct plain *plain) {
	uint64_t before = atomic_load(&plain->edge->cursor->held_from);
	plain->hold.from = HELD_NONE;
	if (before != 0 && !take_out_the_held(plain, before - 1)) {
		give_up(plain);
	}
}

void hold_forget(struct plain *plain) {
	struct plain_hold *hold = &plain->hold;
	hold->phase = HOLD_IDLE;
	for (unsigned i = 0; i < LISTENERS_MAX; i++) {
		roster_finish(&hold->catching[i]);
	}
	note_from(plain, HELD_NONE, 0);
}

void hold_finish(struct plain *plain) {
	for (unsigned i = 0; i < LISTENERS_MAX; i++) {
		roster_finish(&plain->hold.catching[i]);
	}
}
