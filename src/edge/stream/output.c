/*
 * output.c - what connections are told: their answers and the log, in one order,
 * with one system call for all that waits (plan.h); whose turn it is, and when.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "plan.h"
#include "stream_inside.h"

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

/* ---- answers ---- */

void output_say(struct stream *stream, struct stream_connection *it, struct slice bytes) {
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

void output_last(struct stream *stream, struct stream_connection *it, struct slice bytes) {
	answers_add(&it->answers, stream->passed, bytes);
	if (!it->is_blocked) {
		output_ready(stream, it);
	}
}

void stream_answer(struct stream *stream, struct stream_connection *it, struct slice bytes) {
	output_say(stream, it, stream_wired(stream, it, bytes));
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
/* ---- a visit ---- */

static void block(struct stream *stream, struct stream_connection *it) {
	int unread = 0;
	it->is_blocked = true;
	(void)ioctl(it->watch.fd, SIOCOUTQ, &unread);
	it->unread = (uint32_t)unread;
}
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
	plan_make(stream, it, &plan);
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
	bool is_whole = plan_commit(it, &plan, (size_t)written);
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
