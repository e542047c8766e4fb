#include "plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(PLAN_BYTES_MAX + STREAM_FRAMED_BYTES_MAX <= STREAM_LANE_BYTES / 2,
               "no rendering is overwritten by a later one of the same plan");
_Static_assert(STREAM_FRAMED_BYTES_MAX <= STREAM_LANE_BYTES / 4, "a rendering fits a lane");

struct rest {
	size_t size, at;
	char bytes[];
};

void plan_drop(struct stream_connection *it) {
	free(it->rest);
	it->rest = NULL;
}

/* ---- the plan ---- */

/* False: it is full. */
static bool add(struct plan *plan, enum plan_step_kind kind, uint64_t seq, struct slice bytes) {
	if (plan->steps_count == PLAN_STEPS_MAX || plan->bytes >= PLAN_BYTES_MAX) {
		return false;
	}
	struct iovec *last = plan->parts_count > 0 ? &plan->parts[plan->parts_count - 1] : NULL;
	if (last != NULL && (char *)last->iov_base + last->iov_len == bytes.bytes) {
		last->iov_len += bytes.size;
	} else if (plan->parts_count == PLAN_PARTS_MAX) {
		return false;
	} else {
		plan->parts[plan->parts_count++] =
			(struct iovec){.iov_base = (char *)bytes.bytes, .iov_len = bytes.size};
	}
	plan->steps[plan->steps_count++] =
		(struct plan_step){.kind = kind, .seq = seq, .bytes = bytes};
	plan->bytes += bytes.size;
	plan->entries_count += kind == STEP_ENTRY;
	return true;
}

static bool is_for(const struct stream_log *log, const struct stretch_entry *entry,
                   const struct stream_connection *it) {
	const struct stretch_reader reader = {.session = it->session,
	                                      .person = it->person,
	                                      .rooms = it->rooms,
	                                      .wants_echo = it->wants_echo};
	if (!stretch_concerns(&log->stretch, entry, &reader)) {
		return false;
	}
	if (!entry->must_ask) {
		return true;
	}
	struct record record;
	stream_log_record(&log->stretch, entry, &record);
	return it->dialect->reads(it->its, it, &record);
}

static struct slice render(struct stream *stream, const struct stream_connection *it,
                           const struct stream_log *log, struct lane *lane, uint64_t number) {
	struct slice rendering;
	if (lane_find(lane, number, &rendering)) {
		return rendering;
	}
	struct record record;
	stream_log_record(&log->stretch, stretch_entry(&log->stretch, number), &record);
	size_t size = it->dialect->render(it->its, &record, it->key, stream->rendering,
	                                  sizeof(stream->rendering));
	assert(size <= sizeof(stream->rendering));
	return lane_add(lane, number, stream_wired(stream, it, slice_of(stream->rendering, size)));
}

/* ---- a plan for many ---- */

static bool has_person(const struct plan *plan, uint64_t id) {
	for (unsigned i = 0; i < plan->people_count; i++) {
		if (plan->people[i] == id) {
			return true;
		}
	}
	return false;
}

/* Some of it may be its own; ids are never a person's and another one's session's. */
static bool is_of(const struct plan *plan, const struct stream_connection *it) {
	return has_person(plan, it->person) ||
	       (it->session != it->person && has_person(plan, it->session));
}

/* In the room for all of it. */
static bool has_all(const struct memberships *rooms, const struct plan *plan) {
	return memberships_hold_all(rooms, plan->room, plan->first, plan->last);
}

/* The next entry, which is in the plan if `is_in`. */
static void note_common(struct plan *plan, const struct stretch_entry *entry, bool is_in) {
	if (plan->first == 0) {
		plan->first = entry->seq;
		plan->room = entry->ids[0];
	}
	plan->last = entry->seq;
	plan->is_common = is_in && entry->whom == STRETCH_ROOMS && entry->more_rooms == 0 &&
	                  entry->ids[0] == plan->room && !entry->must_ask;
	if (plan->is_common && !has_person(plan, entry->person)) {
		plan->is_common = plan->people_count < PLAN_PEOPLE_MAX;
		if (plan->is_common) {
			plan->people[plan->people_count++] = entry->person;
		}
	}
}

static void begin_common(struct plan *plan, const struct stream_connection *it) {
	plan->is_common = it->is_reading && it->rest == NULL && it->answers == NULL;
	plan->from = it->cursor;
	plan->key = stream_lane_key(it);
	plan->first = plan->last = 0;
	plan->people_count = 0;
	plan->lane = NULL;
}

static void end_common(const struct stream *stream, const struct stream_connection *it,
                       struct plan *plan) {
	plan->end = stream->log.stretch.end;
	plan->is_common = plan->is_common && plan->is_all && plan->lane != NULL &&
	                  plan->first != 0 && !is_of(plan, it) && has_all(it->rooms, plan);
	plan->lane_at = plan->is_common ? plan->lane->at : 0;
}

/* The last plan is this one's, too: nothing of it has changed, nor been overwritten. */
static bool is_common_with(const struct stream *stream, const struct stream_connection *it,
                           const struct plan *plan) {
	return plan->is_common && it->is_reading && it->cursor == plan->from &&
	       stream_lane_key(it) == plan->key && it->rest == NULL && it->answers == NULL &&
	       plan->end == stream->log.stretch.end && plan->lane->key == plan->key &&
	       plan->lane->at == plan->lane_at && !is_of(plan, it) && has_all(it->rooms, plan);
}

/* ---- the log ---- */

/* What is in `log` up to `limit`. False: the plan is full. */
static bool plan_stretch(struct stream *stream, const struct stream_connection *it,
                         struct plan *plan, struct stream_log *log, uint64_t limit) {
	struct lane *lane = stream_log_lane(log, stream_lane_key(it));
	plan->is_common = plan->is_common && log == &stream->log;
	plan->lane = lane;
	for (uint64_t number = stretch_after(&log->stretch, plan->to); number < log->stretch.end;
	     number++) {
		const struct stretch_entry *entry = stretch_entry(&log->stretch, number);
		if (entry->seq > limit) {
			break;
		}
		bool is_in = is_for(log, entry, it);
		if (plan->is_common) {
			note_common(plan, entry, is_in);
		}
		if (is_in) {
			struct slice bytes = render(stream, it, log, lane, number);
			if (bytes.size > 0 && !add(plan, STEP_ENTRY, entry->seq, bytes)) {
				return false;
			}
		}
		plan->to = entry->seq;
	}
	uint64_t end = log->stretch.high < limit ? log->stretch.high : limit;
	plan->to = plan->to > end ? plan->to : end;
	return true;
}

/* Entries behind the plan's end, up to `limit`. False: the plan ends here. */
static bool plan_log(struct stream *stream, const struct stream_connection *it, struct plan *plan,
                     uint64_t limit) {
	while (it->is_reading && plan->to < limit && plan->to < stream->log.stretch.high) {
		struct stream_log *log = &stream->log;
		if (plan->to < log->stretch.low) {
			uint64_t forgotten = edge_forgotten(stream->edge);
			if (plan->to < forgotten) {
				plan->to =
					forgotten < log->stretch.low ? forgotten : log->stretch.low;
				continue;
			}
			log = car_has(&stream->car, plan->to) ? &stream->car_log : NULL;
			plan->is_old = true;
		}
		if (log == NULL) {
			plan->is_behind = true;
			return false;
		}
		if (!plan_stretch(stream, it, plan, log, limit)) {
			return false;
		}
	}
	return true;
}

void plan_make(struct stream *stream, const struct stream_connection *it, struct plan *plan) {
	uint64_t after;
	struct slice bytes;
	size_t at = 0;
	if (is_common_with(stream, it, plan)) {
		return;
	}
	begin_common(plan, it);
	plan->parts_count = plan->steps_count = plan->entries_count = 0;
	plan->bytes = 0;
	plan->to = it->cursor;
	plan->is_all = plan->is_behind = plan->is_old = false;
	if (it->rest != NULL) {
		(void)add(plan, STEP_REST, 0,
		          slice_of(it->rest->bytes + it->rest->at, it->rest->size - it->rest->at));
	}
	while (answers_next(it->answers, &at, &after, &bytes)) {
		if (!plan_log(stream, it, plan, after) || !add(plan, STEP_ANSWER, 0, bytes)) {
			plan->is_common = false;
			return;
		}
	}
	plan->is_all = plan_log(stream, it, plan, UINT64_MAX);
	end_common(stream, it, plan);
}

/* ---- what was written of it ---- */

static void keep_rest(struct stream_connection *it, struct slice bytes) {
	assert(it->rest == NULL);
	it->rest = allocate(sizeof(*it->rest) + bytes.size);
	*it->rest = (struct rest){.size = bytes.size};
	memcpy(it->rest->bytes, bytes.bytes, bytes.size);
}

/* `size` bytes of a step, at least one. */
static void take_step(struct stream_connection *it, const struct plan_step *step, size_t size) {
	switch (step->kind) {
	case STEP_REST:
		it->rest->at += size;
		if (it->rest->at == it->rest->size) {
			plan_drop(it);
		}
		break;
	case STEP_ANSWER: answers_took(&it->answers, size); break;
	case STEP_ENTRY:
		it->cursor = step->seq;
		if (size < step->bytes.size) {
			keep_rest(it, slice_from(step->bytes, size));
		}
		break;
	}
}

bool plan_commit(struct stream_connection *it, const struct plan *plan, size_t written) {
	if (plan->is_common && written == plan->bytes) {
		it->cursor = plan->to;
		return true;
	}
	for (unsigned i = 0; i < plan->steps_count; i++) {
		const struct plan_step *step = &plan->steps[i];
		size_t size = step->bytes.size < written ? step->bytes.size : written;
		if (size > 0) {
			take_step(it, step, size);
		}
		if (size < step->bytes.size) {
			return false;
		}
		written -= size;
	}
	it->cursor = plan->to;
	return true;
}
