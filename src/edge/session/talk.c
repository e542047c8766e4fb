/* talk.c - the datagrams of connections: whose they are, and frame by frame. */
#include <string.h>

#include "sessions_inside.h"

/* ---- saying ---- */

void talk_say(struct sessions *sessions, uint32_t handle, const struct wire_talk *frame) {
	struct context *context = context_at(sessions, handle);
	uint8_t body[WIRE_TALK_BODY_BYTES_MAX], datagram[WIRE_DATAGRAM_BYTES_MAX];
	struct wire_out out = wire_out_at(body, sizeof(body));
	struct post_to to = context_post_to(sessions, handle);
	wire_put_frame(&out, frame);
	if (out.is_full) {
		return;
	}
	const struct wire_head head = {.type = WIRE_TALK,
	                               .session = context->session,
	                               .connection = context->connection,
	                               .packet = sending_number(&context->sending)};
	if (out.size <= POST_SMALL_BYTES) {
		post_small(&sessions->post, &to, &head, wire_out_slice(&out));
		return;
	}
	size_t size = wire_write_datagram(&head, wire_out_slice(&out), to.key, datagram);
	(void)datagrams_say(sessions->datagrams, to.outlet, &to.target,
	                    slice_of((const char *)datagram, size));
}

void talk_say_end(struct sessions *sessions, uint32_t handle, uint16_t reason, struct slice text) {
	const struct wire_talk end = {.frame = FRAME_END, .reason = (uint8_t)reason, .bytes = text};
	talk_say(sessions, handle, &end);
}

/* ---- frames ---- */

static void on_ack(struct sessions *sessions, struct context *context, const struct wire_ack *ack) {
	bool is_good = sending_acked(&context->sending, &sessions->flights, sessions->window.high,
	                             ack, sessions_now_us(sessions));
	if (is_good && context->memberships != NULL) {
		memberships_forget(&context->memberships, context->sending.acked);
	}
}

/* False: the connection is over. */
static bool on_frame(struct sessions *sessions, uint32_t handle, const struct wire_talk *frame) {
	struct context *context = context_at(sessions, handle);
	/* A session that has ended asks for nothing any more; what it has not heard yet it may hear. */
	if (context->is_ending && frame->frame != FRAME_ACK) {
		return true;
	}
	switch (frame->frame) {
	case FRAME_ACK: on_ack(sessions, context, &frame->ack); break;
	case FRAME_MESSAGE: forward_message(sessions, handle, frame); break;
	case FRAME_ASK: who_take(sessions, handle, frame); break;
	case FRAME_DETACH: return !lost_absent(sessions, handle);
	default: break;
	}
	return true;
}

/* Whatever is malformed is so as a whole; and a datagram asks for one PONG at the most. */
static bool are_good(struct slice body, struct wire_talk *ping) {
	struct wire_in in = wire_in_at(body);
	struct wire_talk frame;
	*ping = (struct wire_talk){0};
	while (wire_next_frame(&in, &frame)) {
		if (frame.frame >= FRAME_KEPT) {
			return false; /* A server's. */
		}
		if (frame.frame == FRAME_PING) {
			*ping = frame;
		}
	}
	return !in.is_bad;
}

static void take_frames(struct sessions *sessions, uint32_t handle, struct slice body,
                        struct wire_talk *ping) {
	struct wire_in in = wire_in_at(body);
	struct wire_talk frame;
	/* Mostly it is an acknowledgement and nothing else: then once is enough. */
	if (wire_next_frame(&in, &frame) && frame.frame == FRAME_ACK && in.rest.size == 0) {
		on_ack(sessions, context_at(sessions, handle), &frame.ack);
		context_ready(sessions, handle);
		return;
	}
	in = wire_in_at(body);
	while (wire_next_frame(&in, &frame)) {
		if (!on_frame(sessions, handle, &frame)) {
			return;
		}
	}
	if (ping->frame == FRAME_PING) {
		ping->frame = FRAME_PONG;
		talk_say(sessions, handle, ping);
		serve_show(sessions, handle);
	}
	context_ready(sessions, handle);
}

/* ---- datagrams ---- */

/* Recorded ones, and those that were late, do not show that anybody is there. */
static void note_heard(struct sessions *sessions, struct context *context, uint32_t packet) {
	if (packet < context->seen_next) {
		return;
	}
	context->seen_next = packet + 1;
	context->heard = (uint32_t)(sessions_now_us(sessions) >> HEARD_SHIFT);
	if (context->greeting != 0) {
		greet_confirmed(sessions, context);
		context->greeting = 0;
	}
}

void talk_take(struct sessions *sessions, const struct datagram *datagram) {
	struct wire_head head;
	struct wire_talk ping;
	struct slice body;
	if (datagram->size < WIRE_CLIENT_BYTES_MIN || datagram->size > datagram->bytes.size ||
	    !wire_read_head(datagram->bytes, &head, &body) || head.type != WIRE_TALK ||
	    head.packet == UINT32_MAX) {
		return;
	}
	uint32_t handle = context_find(sessions, head.session);
	struct context *context = handle == 0 ? NULL : context_at(sessions, handle);
	if (context == NULL || context->connection != head.connection) {
		greet_reset(sessions, datagram, &head);
		return;
	}
	if (!wire_tag_is_good(datagram->bytes, &context->key)) {
		return;
	}
	if (!address_equal(&context->peer, &datagram->route.peer)) {
		greet_reset(sessions, datagram, &head);
		return;
	}
	/* One of our own that is sent back to us has a good tag, too, and shows nothing. */
	if (!are_good(body, &ping)) {
		return;
	}
	note_heard(sessions, context, head.packet);
	if (context->is_ending) {
		talk_say_end(sessions, handle, context->end_reason, slice_of(NULL, 0));
	}
	take_frames(sessions, handle, body, &ping);
}
