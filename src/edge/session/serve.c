/*
 * serve.c - the log to each connection.
 *
 * A connection is served when something has changed for it: an acknowledgement,
 * a timeout, a KEPT to be said; and all are, in a round, when the log has grown
 * or a socket is free again. It gets what its sending says is next, rendered
 * from the window, or, if it is far behind, from the car's; what concerns it
 * nowhere costs no datagram. Rounds that are under way meet what was added
 * meanwhile: the busier it is, the more goes together.
 */
#include <string.h>

#include "sessions_inside.h"

/* Datagrams of one turn, and of one visit: then the sockets, and the others, have theirs. */
#define TURN_DATAGRAMS 512
#define VISIT_DATAGRAMS 32

/* A flight that is not needed is kept for so long. */
#define REST_US (300 * 1000)
/* What waits for its pace is looked at so often. */
#define HELD_US (20 * 1000)

static uint64_t connection_hash(const void *thing) {
	return hash_number(((const struct context *)thing)->session);
}

/* ---- where it reads ---- */

/* Where the log ends for it: at its `covered` if there is nothing behind that. */
static uint64_t head_for(const struct sessions *sessions, const struct context *context) {
	uint64_t head = sessions->window.high;
	if (context->has_left) {
		uint64_t last = memberships_last(context->memberships);
		last = last > context->sending.covered ? last : context->sending.covered;
		head = head < last ? head : last;
	}
	return context->looked >= head && !context->must_show ? context->sending.covered : head;
}

static bool is_new(const struct span *span) {
	return !span->is_hole && !span->is_probe;
}

static uint64_t reads_at(const struct context *context, const struct span *span) {
	if (span->part != 0) {
		return span->to - 1;
	}
	return is_new(span) && context->looked > span->from ? context->looked : span->from;
}

uint64_t serve_wants(const struct sessions *sessions, const struct context *context) {
	struct span span;
	return sending_wants(&context->sending, &sessions->flights, head_for(sessions, context),
	                     &span)
	               ? reads_at(context, &span)
	               : UINT64_MAX;
}

static const struct stretch *window_at(const struct sessions *sessions, uint64_t seq) {
	if (seq >= sessions->window.low) {
		return &sessions->window;
	}
	return car_has(&sessions->car, seq) ? sessions->car.stretch : NULL;
}

/* ---- one packet ---- */

static void post_log(struct sessions *sessions, uint32_t handle, const struct span *span,
                     struct packet_sent *sent, const struct body *body) {
	struct context *context = context_at(sessions, handle);
	struct post_to to = context_post_to(sessions, handle);
	sent->bytes = (uint16_t)(WIRE_LOG_HEAD_BYTES + body->bytes.size + TAG_BYTES);
	const struct wire_head head = {
		.type = WIRE_LOG,
		.session = context->session,
		.connection = context->connection,
		.from = span->from,
		.to = sent->to,
		.packet = sending_sent(&context->sending, &sessions->flights, span, sent,
	                               sessions_now_us(sessions)),
	};
	bool is_whole = sent->part == 0 || sent->is_last_part;
	if (is_new(span) && is_whole && sent->to > context->looked) {
		context->looked = sent->to;
	}
	context->must_show = false;
	post_shared(&sessions->post, &to, &head, body->bytes, &body->hash);
}

static void post_gap(struct sessions *sessions, uint32_t handle, const struct span *span,
                     uint64_t forgotten) {
	struct packet_sent sent = {.to = forgotten < span->to ? forgotten : span->to};
	post_log(sessions, handle, span, &sent, &sessions->bodies.gap);
}

/* How far a window is read. Refusals are not kept: of what both have the car has less than our own. */
static uint64_t end_of(const struct sessions *sessions, const struct stretch *window) {
	uint64_t low = sessions->window.low;
	return window == &sessions->window || window->high < low ? window->high : low;
}

/* What there is of the span in the window. False: nothing of it concerns the reader, and it is passed over. */
static bool post_entries(struct sessions *sessions, uint32_t handle, const struct span *span,
                         const struct stretch *window, uint64_t from) {
	struct context *context = context_at(sessions, handle);
	const struct stretch_reader reader = {.session = context->session,
	                                      .person = context->person,
	                                      .rooms = context->memberships};
	struct packing packing;
	struct span here = *span;
	uint64_t end = end_of(sessions, window);
	here.to = here.to < end ? here.to : end;
	packing_fill(&packing, window, &reader, &here, from);
	bool is_at_end = packing.sent.to >= span->to;
	if (packing.is_empty && is_new(span) && !(context->must_show && is_at_end)) {
		context->looked = packing.sent.to;
		return false;
	}
	if (bodies_would_drop(&sessions->bodies, sessions->post.mark)) {
		post_flush(&sessions->post);
	}
	const struct body *body = bodies_get(&sessions->bodies, &packing, sessions->post.mark);
	board_count(sessions->edge->house.own, COUNT_DELIVERIES, packing.count);
	post_log(sessions, handle, span, &packing.sent, body);
	return true;
}

/* False: nothing (more) can be done for it now. */
static bool serve_packet(struct sessions *sessions, uint32_t handle) {
	struct context *context = context_at(sessions, handle);
	struct span span;
	if (!sending_next(&context->sending, &sessions->flights, head_for(sessions, context),
	                  sessions_now_us(sessions), &span)) {
		return false;
	}
	if (span.to - span.from > UINT32_MAX) {
		span.to = span.from + UINT32_MAX;
	}
	uint64_t from = reads_at(context, &span);
	const struct stretch *window = window_at(sessions, from);
	if (window == &sessions->window) {
		post_entries(sessions, handle, &span, window, from);
		return true;
	}
	uint64_t forgotten = edge_forgotten(sessions->edge);
	if (from < forgotten) {
		post_gap(sessions, handle, &span, forgotten);
		return true;
	}
	if (window == NULL) {
		context->is_behind = true;
		car_wanted(&sessions->car);
		return false;
	}
	post_entries(sessions, handle, &span, window, from);
	return true;
}

/* ---- one connection ---- */

static void tell_kept(struct sessions *sessions, uint32_t handle) {
	struct context *context = context_at(sessions, handle);
	const struct wire_talk kept = {.frame = FRAME_KEPT,
	                               .number = context->kept,
	                               .seq = state_seq(sessions->edge->state)};
	context->must_tell = false;
	talk_say(sessions, handle, &kept);
}

/* When something is to be done for it though nothing comes. UINT64_MAX: never. */
static uint64_t timer_us(const struct sessions *sessions, const struct context *context,
                         bool can_send) {
	uint64_t now_us = sessions_now_us(sessions);
	uint64_t due_us = sending_due_us(&context->sending, &sessions->flights,
	                                 can_send ? head_for(sessions, context) : 0);
	if (due_us == UINT64_MAX && !sending_is_idle(&context->sending)) {
		due_us = now_us + REST_US;
	}
	if (context->is_held && now_us + HELD_US < due_us) {
		due_us = now_us + HELD_US;
	}
	return due_us > now_us ? due_us : now_us + 1;
}

static bool is_shut(const struct sessions *sessions, const struct context *context) {
	return datagrams_is_blocked(sessions->datagrams, context->outlet) ||
	       datagrams_is_paused(sessions->datagrams);
}

static void set_timer(struct sessions *sessions, uint32_t handle) {
	const struct context *context = context_at(sessions, handle);
	bool can_send = !context->is_behind && !context->must_learn && !is_shut(sessions, context);
	wheel_set(&sessions->wheel, handle, timer_us(sessions, context, can_send));
}

static void serve(struct sessions *sessions, uint32_t handle, unsigned *budget) {
	struct context *context = context_at(sessions, handle);
	unsigned visit = *budget < VISIT_DATAGRAMS ? *budget : VISIT_DATAGRAMS;
	unsigned left = visit;
	context->is_behind = false;
	if (context->must_tell && !is_shut(sessions, context)) {
		tell_kept(sessions, handle);
	}
	while (left > 0 && !context->must_learn && !is_shut(sessions, context) &&
	       serve_packet(sessions, handle)) {
		left--;
	}
	*budget -= visit - left;
	if (left == 0) {
		context_ready(sessions, handle);
	}
	set_timer(sessions, handle);
}

/* Its packets have no more numbers: the client is told to come back as it would to a new edge. */
static void begin_anew(struct sessions *sessions, uint32_t handle) {
	const struct context *context = context_at(sessions, handle);
	struct route route = context_route(sessions, context);
	uint64_t session = context->session;
	context_drop(sessions, handle);
	lost_expect(sessions, session);
	greet_lost(sessions, session, &route);
}

static void visit(struct sessions *sessions, uint32_t handle, unsigned *budget) {
	if (sending_is_spent(&context_at(sessions, handle)->sending)) {
		begin_anew(sessions, handle);
	} else {
		serve(sessions, handle, budget);
	}
}

void serve_at_once(struct sessions *sessions, uint32_t handle) {
	unsigned budget = VISIT_DATAGRAMS;
	serve(sessions, handle, &budget);
	/* The window may change before the turn's end. */
	post_flush(&sessions->post);
}

void serve_show(struct sessions *sessions, uint32_t handle) {
	struct context *context = context_at(sessions, handle);
	context->must_show = sending_count(&context->sending, &sessions->flights) == 0 &&
	                     context->sending.covered < sessions->window.high;
}

/* ---- all of them ---- */

void serve_all(struct sessions *sessions) {
	/* A round that is under way does not do: some have been looked at. */
	sessions->round_high = UINT64_MAX;
}

/* What the next visits will look at is on its way to the cache meanwhile. */
static void look_ahead(const struct sessions *sessions, uint32_t handle) {
	if (handle + 4 < sessions->contexts.used) {
		const char *context = (const char *)context_at(sessions, handle + 4);
		for (size_t at = 0; at < sizeof(struct context); at += 64) {
			__builtin_prefetch(context + at, 1);
		}
	}
	if (handle + 2 < sessions->contexts.used) {
		sending_prefetch(&context_at(sessions, handle + 2)->sending, &sessions->flights);
	}
}

static void go_round(struct sessions *sessions, unsigned *budget) {
	if (sessions->round_at == 0) {
		if (sessions->round_high == sessions->window.high) {
			return;
		}
		sessions->round_at = 1;
		sessions->round_high = sessions->window.high;
	}
	while (*budget > 0 && sessions->round_at < sessions->contexts.used) {
		uint32_t handle = sessions->round_at++;
		look_ahead(sessions, handle);
		if (context_at(sessions, handle)->session != 0) {
			visit(sessions, handle, budget);
		}
	}
	if (sessions->round_at >= sessions->contexts.used) {
		sessions->round_at = 0;
	}
}

static void expire(struct sessions *sessions, uint64_t now_us) {
	uint32_t handle;
	while ((handle = wheel_take(&sessions->wheel, now_us)) != 0) {
		struct context *context = context_at(sessions, handle);
		bool is_due = context->is_held ||
		              sending_due_us(&context->sending, &sessions->flights, 0) <= now_us;
		sending_tick(&context->sending, &sessions->flights, now_us);
		sending_rest(&context->sending, &sessions->flights);
		if (context->is_held) {
			forward_go_on(sessions, handle);
		}
		if (is_due) {
			context_ready(sessions, handle);
		} else {
			/* The wheel is early where the moment has moved on meanwhile. */
			set_timer(sessions, handle);
		}
	}
}

/* Sockets that were full, or a machine without buffers: everybody may have waited for them. */
static void note_free(struct sessions *sessions) {
	uint64_t blocked = sessions->datagrams->blocked;
	if (datagrams_is_paused(sessions->datagrams)) {
		blocked = UINT64_MAX;
	}
	if ((sessions->waits_for & ~blocked) != 0) {
		serve_all(sessions);
	}
	sessions->waits_for = blocked;
}

static void go_through_ready(struct sessions *sessions, unsigned *budget) {
	uint32_t handle;
	while (*budget > 0 && (handle = context_next_ready(sessions)) != 0) {
		visit(sessions, handle, budget);
	}
}

void serve_turn(struct sessions *sessions, uint64_t now_us) {
	/* Those who catch up are always ready: half is the round's, or nobody else would hear what is new. */
	unsigned budget = TURN_DATAGRAMS / 2;
	expire(sessions, now_us);
	note_free(sessions);
	go_through_ready(sessions, &budget);
	budget += TURN_DATAGRAMS - TURN_DATAGRAMS / 2;
	go_round(sessions, &budget);
	go_through_ready(sessions, &budget);
	post_flush(&sessions->post);
	/* What this turn has blocked is waited for from here on. */
	sessions->waits_for |= sessions->datagrams->blocked;
	if (datagrams_is_paused(sessions->datagrams)) {
		sessions->waits_for = UINT64_MAX;
	}
}

bool serve_has_work(const struct sessions *sessions) {
	return sessions->ready_first != 0 || sessions->round_at != 0 ||
	       (sessions->contexts.count > 0 && sessions->round_high != sessions->window.high);
}

static void unsent(void *context, uint32_t who, const struct wire_head *head) {
	struct sessions *sessions = context;
	struct context *its = context_at(sessions, who);
	if (its->session != head->session || its->connection != head->connection) {
		return;
	}
	if (head->type == WIRE_LOG) {
		sending_unsent(&its->sending, &sessions->flights, head->packet);
	} else {
		its->must_tell = its->kept > 0;
	}
}

void serve_begin(struct sessions *sessions) {
	pool_init(&sessions->contexts, sizeof(struct context));
	sending_pool_init(&sessions->flights);
	table_init(&sessions->by_session, &sessions->contexts,
	           offsetof(struct context, link_session), connection_hash);
	wheel_init(&sessions->wheel, &sessions->contexts, offsetof(struct context, link_wheel),
	           sessions_now_us(sessions));
	bodies_init(&sessions->bodies);
	post_init(&sessions->post, sessions->datagrams, unsent, sessions);
}

void serve_finish(struct sessions *sessions) {
	for (uint32_t i = 1; i < sessions->contexts.used; i++) {
		if (context_at(sessions, i)->session != 0) {
			context_drop(sessions, i);
		}
	}
	table_finish(&sessions->by_session);
	pool_finish(&sessions->contexts);
	pool_finish(&sessions->flights);
	bodies_finish(&sessions->bodies);
	stretch_finish(&sessions->window);
}
