/*
 * output.c - what connections are told: their answers and the log, in one order,
 * with one system call for all that waits.
 *
 * Nothing is queued. When a connection's turn comes, a plan is made of parts that
 * lie where they are: the rest of an entry, answers, renderings in a lane, one
 * behind the other as often as not. What the socket did not take is planned
 * anew later; only an entry that was cut has its other half kept.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "stream_inside.h"

/* One visit: enough for a reader that catches up, not so much that others wait for it. */
#define PARTS_MAX 64
/* People who speak in what many readers get alike; of more, each reader's plan is its own. */
#define COMMON_PEOPLE_MAX 8
#define STEPS_MAX 1024
#define VISIT_BYTES_MAX (256u * 1024)
/* Visits of one turn: a millisecond or two. */
#define VISITS_MAX 512
/*
 * Where entries come faster than they are written, so that a round of visits had several for each
 * reader, the next round waits a moment for more: a system call costs what dozens of entries cost.
 */
#define GATHER_MIN 4
#define GATHER_MAX 64
#define GATHER_US 2000
/* Answers are asked for while fewer bytes of them wait. */
#define MORE_BYTES (16u * 1024)

_Static_assert(VISIT_BYTES_MAX + STREAM_RENDERING_BYTES_MAX * 2 <= STREAM_LANE_BYTES / 2,
               "no rendering is overwritten by a later one of the same plan");
_Static_assert(STREAM_RENDERING_BYTES_MAX <= STREAM_LANE_BYTES / 4, "a rendering fits a lane");

struct rest {
	size_t size, at;
	char bytes[];
};

enum step_kind { STEP_REST, STEP_ANSWER, STEP_ENTRY };

struct plan {
	struct iovec parts[PARTS_MAX];
	unsigned parts_count;
	size_t bytes;
	struct step {
		enum step_kind kind;
		uint64_t seq; /* STEP_ENTRY */
		struct slice bytes;
	} steps[STEPS_MAX];
	unsigned steps_count, entries_count;
	uint64_t to;    /* the cursor, when all of it is written */
	bool is_all;    /* there is no more than that */
	bool is_behind; /* what comes next is not here */
	bool is_old;    /* some of it was brought by the car */
	/* All that is behind `from`, entries of one room; so it is for others who read there, too. */
	bool is_common;
	uint64_t from, end; /* a seq; the number of the first entry that is not in it */
	uint64_t room, first, last;
	uint64_t people
		[COMMON_PEOPLE_MAX]; /* whose entries they are, people or sessions: not for these */
	unsigned people_count;
	uint32_t key;
	const struct lane *lane;
	uint64_t lane_at;
};

/* ---- who is to be served ---- */

static void line_up(struct stream *stream, struct stream_connection *it) {
	if (!it->is_ready) {
		it->is_ready = true;
		line_up_add(&stream->ready, stream_name(stream, it));
	}
}

void output_ready(struct stream *stream, struct stream_connection *it) {
	stream->is_urgent = true;
	line_up(stream, it);
}

void output_wake(struct stream *stream, struct stream_connection *it, uint64_t seq) {
	if (!it->is_reading) {
		it->is_reading = true;
		it->cursor = seq - 1;
		if (output_is_done(it)) {
			it->moved = stream_time(stream);
		}
	}
	if (!it->is_blocked && !it->is_behind) {
		line_up(stream, it);
	}
}

static bool is_held(const struct stream *stream) {
	return stream->round_left == 0 && !stream->is_urgent && stream->gathered < GATHER_MAX &&
	       stream_now_us(stream) < stream->hold_us && !stream->edge->is_draining;
}

bool output_has_work(const struct stream *stream) {
	return stream->ready.count > 0 && !is_held(stream);
}

uint64_t output_due_us(const struct stream *stream) {
	if (stream->ready.count == 0) {
		return LOOP_FOREVER;
	}
	return is_held(stream) ? stream->hold_us : 0;
}

/* A round is of those who are ready now; who becomes so meanwhile is visited in the next one. */
static void begin_round(struct stream *stream) {
	stream->round_left = stream->ready.count;
	stream->is_busy = stream->gathered >= GATHER_MIN;
	stream->gathered = 0;
	stream->is_urgent = false;
}

static void end_round(struct stream *stream) {
	stream->round_left = 0;
	stream->hold_us =
		stream->is_busy && stream->gathered > 0 ? stream_now_us(stream) + GATHER_US : 0;
}

void output_gather(struct stream *stream) {
	if (stream->gathered++ == 0 && stream->is_busy && stream->round_left == 0) {
		stream->hold_us = stream_now_us(stream) + GATHER_US;
	}
}

bool output_is_done(const struct stream_connection *it) {
	return it->rest == NULL && it->answers == NULL && !it->is_reading && !it->has_more;
}

void output_drop(struct stream_connection *it) {
	free(it->rest);
	it->rest = NULL;
}

/* ---- answers ---- */

void stream_answer(struct stream *stream, struct stream_connection *it, struct slice bytes) {
	if (it->is_ending || it->is_overrun || bytes.size == 0) {
		return;
	}
	if (output_is_done(it)) {
		it->moved = stream_time(stream);
	}
	if (answers_size(it->answers) + bytes.size > STREAM_ANSWERS_BYTES_MAX) {
		/* In the middle of a dialect's work; the end comes with the visit. */
		it->is_overrun = true;
		it->is_blocked = false;
	} else {
		answers_add(&it->answers, stream->passed, bytes);
	}
	if (!it->is_blocked) {
		output_ready(stream, it);
	}
}

bool stream_is_behind(const struct stream_connection *it) {
	return stream_is_unread(it);
}

void stream_continue(struct stream *stream, struct stream_connection *it) {
	if (!it->is_ending) {
		it->has_more = true;
		output_ready(stream, it);
	}
}

void stream_close(struct stream *stream, struct stream_connection *it, struct slice words) {
	if (it->is_ending) {
		return;
	}
	stream_answer(stream, it, words);
	connection_end(stream, it, STREAM_END_OURS, words);
}

/* ---- the plan ---- */

/* False: it is full. */
static bool add(struct plan *plan, enum step_kind kind, uint64_t seq, struct slice bytes) {
	if (plan->steps_count == STEPS_MAX || plan->bytes >= VISIT_BYTES_MAX) {
		return false;
	}
	struct iovec *last = plan->parts_count > 0 ? &plan->parts[plan->parts_count - 1] : NULL;
	if (last != NULL && (char *)last->iov_base + last->iov_len == bytes.bytes) {
		last->iov_len += bytes.size;
	} else if (plan->parts_count == PARTS_MAX) {
		return false;
	} else {
		plan->parts[plan->parts_count++] =
			(struct iovec){.iov_base = (char *)bytes.bytes, .iov_len = bytes.size};
	}
	plan->steps[plan->steps_count++] = (struct step){.kind = kind, .seq = seq, .bytes = bytes};
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
	return lane_add(lane, number, slice_of(stream->rendering, size));
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
		plan->is_common = plan->people_count < COMMON_PEOPLE_MAX;
		if (plan->is_common) {
			plan->people[plan->people_count++] = entry->person;
		}
	}
}

static void begin_common(struct plan *plan, const struct stream_connection *it) {
	plan->is_common = it->is_reading && it->rest == NULL && it->answers == NULL;
	plan->from = it->cursor;
	plan->key = it->key;
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
	       it->key == plan->key && it->rest == NULL && it->answers == NULL &&
	       plan->end == stream->log.stretch.end && plan->lane->key == plan->key &&
	       plan->lane->at == plan->lane_at && !is_of(plan, it) && has_all(it->rooms, plan);
}

/* ---- the log ---- */

/* What is in `log` up to `limit`. False: the plan is full. */
static bool plan_stretch(struct stream *stream, const struct stream_connection *it,
                         struct plan *plan, struct stream_log *log, uint64_t limit) {
	struct lane *lane = stream_log_lane(log, it->key);
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

static void make_plan(struct stream *stream, const struct stream_connection *it,
                      struct plan *plan) {
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
static void take_step(struct stream_connection *it, const struct step *step, size_t size) {
	switch (step->kind) {
	case STEP_REST:
		it->rest->at += size;
		if (it->rest->at == it->rest->size) {
			output_drop(it);
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

/* False: not all of the plan was written. */
static bool commit(struct stream_connection *it, const struct plan *plan, size_t written) {
	if (plan->is_common && written == plan->bytes) {
		it->cursor = plan->to;
		return true;
	}
	for (unsigned i = 0; i < plan->steps_count; i++) {
		const struct step *step = &plan->steps[i];
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

static void block(struct stream *stream, struct stream_connection *it) {
	int unread = 0;
	it->is_blocked = true;
	(void)ioctl(it->watch.fd, SIOCOUTQ, &unread);
	it->unread = (uint32_t)unread;
}

/* ---- a visit ---- */

/* All is written, and the connection is to end. */
static void say_goodbye(struct stream *stream, struct stream_connection *it) {
	if (it->is_at_end || shutdown(it->watch.fd, SHUT_WR) < 0) {
		connection_drop(stream, it);
		return;
	}
	/* Closing now, with input unread, would take the last words back (RFC 1122, 4.2.2.13). */
	it->is_lingering = true;
	it->since = stream_time(stream);
	connection_watch(stream, it);
}

static void after_visit(struct stream *stream, struct stream_connection *it) {
	if (it->is_ending && output_is_done(it)) {
		if (!it->is_lingering) {
			say_goodbye(stream, it);
		}
		return;
	}
	connection_watch(stream, it);
	if (!stream_is_unread(it) && !it->has_more) {
		input_go_on(stream, it);
	}
}

static void note_end(struct stream *stream, struct stream_connection *it, const struct plan *plan) {
	if (plan->is_behind) {
		it->is_behind = true;
		car_wanted(&stream->car);
	} else if (!plan->is_all || it->has_more) {
		output_ready(stream, it);
	}
	if (plan->is_all) {
		it->is_reading = false;
		if (it->session != 0) {
			connection_forget_rooms(it);
		}
	}
	if (plan->is_all && it->is_lagging) {
		it->is_lagging = false;
		if (it->is_opened && it->dialect->returned != NULL) {
			it->dialect->returned(it->its, it);
		}
	}
}

/* As writev(), but past what is done for files alone: a twelfth of the system call. */
static ssize_t send_parts(int fd, struct plan *plan) {
	const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	if (plan->parts_count == 1) {
		return send(fd, plan->parts[0].iov_base, plan->parts[0].iov_len, flags);
	}
	const struct msghdr message = {.msg_iov = plan->parts, .msg_iovlen = plan->parts_count};
	return sendmsg(fd, &message, flags);
}

static struct plan plan;

static void visit(struct stream *stream, struct stream_connection *it) {
	it->is_behind = false;
	stream->served++;
	if (it->is_overrun) {
		connection_lose(stream, it, STREAM_END_OVERRUN,
		                slice_from_string("Too many answers not read"));
		return;
	}
	if (it->has_more && answers_size(it->answers) < MORE_BYTES) {
		it->has_more = it->dialect->more(it->its, it);
	}
	make_plan(stream, it, &plan);
	it->is_lagging = it->is_lagging || plan.is_old;
	ssize_t written = 0;
	if (plan.parts_count > 0) {
		written = send_parts(it->watch.fd, &plan);
		if (written < 0 && errno != EAGAIN && errno != EINTR) {
			connection_fail(stream, it, errno);
			return;
		}
		written = written < 0 ? 0 : written;
	}
	bool is_whole = commit(it, &plan, (size_t)written);
	if (written > 0) {
		it->moved = stream_time(stream);
	}
	if (is_whole) {
		board_count(stream->edge->house.own, COUNT_DELIVERIES, plan.entries_count);
		note_end(stream, it, &plan);
	} else {
		block(stream, it);
	}
	after_visit(stream, it);
}

void output_turn(struct stream *stream) {
	if (!output_has_work(stream)) {
		return;
	}
	plan.is_common = false; /* It may have been another's, of which nothing is left. */
	if (stream->round_left == 0) {
		begin_round(stream);
	}
	for (unsigned visits = 0; visits < VISITS_MAX && stream->round_left > 0; visits++) {
		struct stream_connection *it = line_up_take(stream, &stream->ready);
		if (it == NULL) {
			stream->round_left = 0;
			break;
		}
		stream->round_left--;
		it->is_ready = false;
		if (!it->is_blocked) {
			visit(stream, it);
		}
	}
	if (stream->round_left == 0) {
		end_round(stream);
	}
}
