/*
 * plain_input.c - datagrams that come: into requests, or refused.
 *
 * Refused here is what needs no state: what is not text, too long, no letter
 * of ours, too fast, from networks that are not allowed, or just now too much.
 * Few refusals go out, whatever comes in (see input_may_refuse()), and none to
 * what a server says: or two servers would talk to each other for ever.
 */
#include "diag.h"
#include "plain_inside.h"
#include "words.h"

/* Refusals: five a second to each address and port, a thousand a second in all. */
#define REFUSALS_PER_S 5
#define REFUSALS_BURST 5
#define REFUSALS_ALL_PER_S 1000
#define REFUSALS_ALL_BURST 200

_Static_assert(PLAIN_REQUEST_BYTES_MAX <= DATAGRAM_BYTES_MAX, "requests are taken whole");

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
	struct target target = {0};
	char words[WORDS_REFUSAL_BYTES_MAX];
	struct record refusal = {.kind = ANSWER_REFUSED, .reason = (uint16_t)reason};
	size_t size = words_refusal(plain->language, &refusal, words, sizeof(words));
	int outlet = datagrams_aim(plain->datagrams, route, &target);
	/* Counted by reason whether or not it is said: somebody may wonder why nobody gets in. */
	board_count_refusal(plain->edge->house.own, (uint16_t)reason);
	if (size > size_max || outlet < 0) {
		board_count(plain->edge->house.own, COUNT_REFUSALS_HELD_BACK, 1);
		return;
	}
	if (!input_may_refuse(plain, &route->peer)) {
		return;
	}
	(void)datagrams_say(plain->datagrams, (unsigned)outlet, &target, slice_of(words, size));
}

void input_refuse(struct plain *plain, const struct route *route, enum reason reason) {
	say_refusal(plain, route, reason, WORDS_REFUSAL_BYTES_MAX);
}

static void refuse(struct plain *plain, const struct datagram *datagram,
                   const struct plain_request *request, enum reason reason) {
	/* Only what would be no request anyway: people may say what a server says. */
	if (request->reason == REASON_UNKNOWN_LETTER && words_are_a_servers(datagram->bytes)) {
		board_count(plain->edge->house.own, COUNT_REFUSALS_HELD_BACK, 1);
		return;
	}
	/* An address outside may be forged: it never gets more than was sent in its name. */
	bool is_allowed = datagrams_are_allowed(plain->datagrams, &datagram->route.peer);
	say_refusal(plain, &datagram->route, reason,
	            is_allowed ? WORDS_REFUSAL_BYTES_MAX : datagram->size);
}

/* ---- taking in ---- */

static void pass_on(struct plain *plain, const struct datagram *datagram,
                    const struct plain_request *asked) {
	struct record request = {.kind = asked->kind,
	                         .face = FACE_PLAIN,
	                         .name = asked->name,
	                         .text = asked->text,
	                         .number = asked->number,
	                         .has_route = true,
	                         .route = datagram->route};
	if (edge_is_stalled(plain->edge) || !edge_request(plain->edge, &request)) {
		refuse(plain, datagram, asked, REASON_BUSY);
	}
}

void input_take(void *context, const struct datagram *datagram) {
	struct plain *plain = context;
	uint64_t now_us = plain_now_us(plain);
	const struct address *peer = &datagram->route.peer;
	const struct session *session = state_session_at(plain->edge->state, peer);
	if (session != NULL) {
		presence_heard(plain, session);
	}
	struct plain_request request =
		plain_parse(datagram->bytes, datagram->size > datagram->bytes.size);
	if (!datagrams_are_allowed(plain->datagrams, peer)) {
		refuse(plain, datagram, &request, REASON_NOT_ALLOWED_FROM_HERE);
	} else if (!limiter_take(&plain->rate, address_hash(peer), now_us)) {
		refuse(plain, datagram, &request, REASON_TOO_FAST);
	} else if (request.kind == RECORD_NONE) {
		refuse(plain, datagram, &request, request.reason);
	} else if (session == NULL && plain->edge->house.config->access != ACCESS_OPEN) {
		/* Who is in stays in. */
		refuse(plain, datagram, &request, REASON_ACCESS_CLOSED);
	} else {
		pass_on(plain, datagram, &request);
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
	plain->datagrams->take_plain = input_take;
	plain->datagrams->plain = plain;
	plain->datagrams->on_error = presence_on_error;
	plain->datagrams->on_error_context = plain;
}

void input_finish(struct plain *plain) {
	limiter_finish(&plain->rate);
	limiter_finish(&plain->refusals);
}
