/*
 * plain_input.c - datagrams that come: into requests, or refused.
 *
 * Refused here is what needs no state: what is not text, too long, no letter
 * of ours, too fast, from networks that are not allowed, or just now too much.
 * Few refusals go out, whatever comes in (see input_may_refuse()), and none to
 * what a server says: or two servers would talk to each other for ever.
 */
#include <errno.h>
#include <string.h>

#include "diag.h"
#include "plain_inside.h"
#include "words.h"

/* System calls of one turn: the rest of the input waits in the kernel meanwhile. */
#define READS_PER_TURN 2

/* Refusals: five a second to each address and port, a thousand a second in all. */
#define REFUSALS_PER_S 5
#define REFUSALS_BURST 5
#define REFUSALS_ALL_PER_S 1000
#define REFUSALS_ALL_BURST 200

/* A datagram that came. */
struct incoming {
	struct route route;
	struct slice bytes; /* what is here of it */
	size_t size;        /* what there was of it */
	bool is_allowed;    /* by --plain-from */
	struct plain_request request;
};

/* ---- refusing ---- */

bool input_may_refuse(struct plain *plain, const struct address *peer) {
	uint64_t now_us = plain_now_us(plain);
	if (limiter_take(&plain->refusals, address_hash(peer), now_us) &&
	    pace_take(&plain->refusals_pace, &plain->refusals_next_ns, now_us)) {
		return true;
	}
	board_count(plain->edge->house.own, COUNT_REFUSALS_HELD_BACK, 1);
	return false;
}

static void say_refusal(struct plain *plain, const struct route *route, enum reason reason,
                        size_t size_max) {
	struct board *own = plain->edge->house.own;
	struct plain_member target = {0};
	char words[WORDS_REFUSAL_BYTES_MAX];
	struct record refusal = {.kind = ANSWER_REFUSED, .reason = (uint16_t)reason};
	size_t size = words_refusal(plain->language, &refusal, words, sizeof(words));
	int outlet = plain_aim(plain, route, &target);
	if (size > size_max || outlet < 0 || !input_may_refuse(plain, &route->peer)) {
		return;
	}
	board_count_refusal(own, (uint16_t)reason);
	bool is_sent = outlet_send(&plain->outlets[outlet], &target, slice_of(words, size),
	                           presence_on_error, plain);
	board_count(own, is_sent ? COUNT_DATAGRAMS_OUT : COUNT_DATAGRAMS_UNSENT, 1);
}

void input_refuse(struct plain *plain, const struct route *route, enum reason reason) {
	say_refusal(plain, route, reason, WORDS_REFUSAL_BYTES_MAX);
}

static void refuse(struct plain *plain, const struct incoming *incoming, enum reason reason) {
	/* Only what would be no request anyway: people may say what a server says. */
	if (incoming->request.reason == REASON_UNKNOWN_LETTER &&
	    words_are_a_servers(incoming->bytes)) {
		board_count(plain->edge->house.own, COUNT_REFUSALS_HELD_BACK, 1);
		return;
	}
	/* An address outside may be forged: it never gets more than was sent in its name. */
	say_refusal(plain, &incoming->route, reason,
	            incoming->is_allowed ? WORDS_REFUSAL_BYTES_MAX : incoming->size);
}

/* ---- taking in ---- */

static bool is_allowed(const struct plain *plain, const struct address *peer) {
	const struct options *options = plain->edge->house.options;
	if (options->plain_from_any) {
		return true;
	}
	for (unsigned i = 0; i < options->plain_nets_count; i++) {
		if (net_holds(&options->plain_nets[i], peer)) {
			return true;
		}
	}
	return false;
}

static void pass_on(struct plain *plain, const struct incoming *incoming) {
	struct record request = {.kind = incoming->request.kind,
	                         .face = FACE_PLAIN,
	                         .name = incoming->request.name,
	                         .text = incoming->request.text,
	                         .number = incoming->request.number,
	                         .has_route = true,
	                         .route = incoming->route};
	if (edge_is_stalled(plain->edge) || !edge_request(plain->edge, &request)) {
		refuse(plain, incoming, REASON_BUSY);
	}
}

static void take_in(struct plain *plain, struct incoming *incoming) {
	uint64_t now_us = plain_now_us(plain);
	const struct address *peer = &incoming->route.peer;
	const struct session *session = state_session_at(plain->edge->state, peer);
	if (session != NULL) {
		presence_heard(plain, session);
	}
	incoming->is_allowed = is_allowed(plain, peer);
	incoming->request = plain_parse(incoming->bytes, incoming->size > incoming->bytes.size);
	if (!incoming->is_allowed) {
		refuse(plain, incoming, REASON_NOT_ALLOWED_FROM_HERE);
	} else if (!limiter_take(&plain->rate, address_hash(peer), now_us)) {
		refuse(plain, incoming, REASON_TOO_FAST);
	} else if (incoming->request.kind == RECORD_NONE) {
		refuse(plain, incoming, incoming->request.reason);
	} else {
		pass_on(plain, incoming);
	}
}

static void on_datagram(struct plain *plain, unsigned outlet, unsigned slot) {
	struct mmsghdr *message = &plain->input[slot];
	struct incoming incoming = {
		.route.listener = plain->outlets[outlet].listener,
		.size = message->msg_len,
	};
	size_t here = message->msg_len < PLAIN_REQUEST_BYTES_MAX ? message->msg_len
	                                                         : PLAIN_REQUEST_BYTES_MAX;
	incoming.bytes = slice_of(plain->input_bytes[slot], here);
	board_count(plain->edge->house.own, COUNT_DATAGRAMS_IN, 1);
	if (plain->outlets[outlet].is_wildcard) {
		outlet_control_read(&message->msg_hdr, incoming.route.local);
	}
	if (!address_from_sockaddr(&incoming.route.peer,
	                           (const struct sockaddr *)&plain->input_names[slot],
	                           message->msg_hdr.msg_namelen) ||
	    incoming.route.peer.port == 0) {
		return;
	}
	if (own_ports_hold(&plain->own_ports, &incoming.route.peer, incoming.route.local,
	                   plain_now_us(plain))) {
		board_count(plain->edge->house.own, COUNT_REFUSALS_HELD_BACK, 1);
		return;
	}
	take_in(plain, &incoming);
}

/* ---- reading ---- */

static void prepare_input(struct plain *plain) {
	for (unsigned i = 0; i < INPUT_BATCH; i++) {
		plain->input_parts[i] = (struct iovec){.iov_base = plain->input_bytes[i],
		                                       .iov_len = PLAIN_REQUEST_BYTES_MAX};
		plain->input[i].msg_hdr = (struct msghdr){
			.msg_name = &plain->input_names[i],
			.msg_namelen = sizeof(plain->input_names[i]),
			.msg_iov = &plain->input_parts[i],
			.msg_iovlen = 1,
			.msg_control = &plain->input_controls[i],
			.msg_controllen = sizeof(plain->input_controls[i]),
		};
	}
}

/* False: nothing waits. */
static bool read_batch(struct plain *plain, unsigned outlet) {
	prepare_input(plain);
	/* MSG_TRUNC: a datagram's whole length is told, though not all of it is taken. */
	int count = recvmmsg(plain->outlets[outlet].fd, plain->input, INPUT_BATCH,
	                     MSG_DONTWAIT | MSG_TRUNC, NULL);
	if (count < 0) {
		if (errno == EAGAIN || errno == EINTR) {
			return false;
		}
		/* The error of an earlier datagram; with it taken, input can be read. */
		outlet_take_errors(&plain->outlets[outlet], INPUT_BATCH, presence_on_error, plain);
		return true;
	}
	for (unsigned i = 0; i < (unsigned)count; i++) {
		on_datagram(plain, outlet, i);
	}
	return count == INPUT_BATCH;
}

void input_read(struct plain *plain, unsigned outlet) {
	for (unsigned i = 0; i < READS_PER_TURN && read_batch(plain, outlet); i++) {
	}
}

/* ---- beginning and ending ---- */

void input_begin(struct plain *plain) {
	const struct options *options = plain->edge->house.options;
	/* Each edge has its share. */
	double share = 1.0 / options->edges;
	plain->refusals_pace = pace_of(REFUSALS_ALL_PER_S * share, REFUSALS_ALL_BURST * share);
	if (!limiter_init(&plain->rate, pace_of(options->rate_per_s, options->rate_burst)) ||
	    !limiter_init(&plain->refusals, pace_of(REFUSALS_PER_S, REFUSALS_BURST))) {
		diag_exit_errno(EXIT_TRY_AGAIN, "no memory for the limits of the input");
	}
	for (unsigned i = 0; i < plain->outlets_count; i++) {
		own_ports_add(&plain->own_ports, plain->outlets[i].fd);
	}
}

void input_finish(struct plain *plain) {
	limiter_finish(&plain->rate);
	limiter_finish(&plain->refusals);
}
