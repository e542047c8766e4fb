/*
 * greet.c - coming in.
 *
 *   HELLO         COOKIE at once; nothing is kept
 *   OPEN, RESUME  with a good cookie (and RESUME's tag): a place in a table of
 *                 bounded size, and a request to the hub
 *   the answer    WELCOME or REFUSED; the place stays until the client shows
 *                 that it has heard WELCOME, so that a repeated question gets the
 *                 same answer
 *
 * Before the cookie nothing is larger than what came. What stands in a place is
 * told by its nonce. A recorded RESUME that is sent again is told by its tag:
 * those of the last few thousand are remembered. (Not by its nonce: a client
 * that has moved asks with the nonce it had, a new cookie, and so another tag.)
 * A recorded OPEN moves nothing: it is answered, for its own client's key alone,
 * and a connection that is in use stays what it is.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diag.h"
#include "sessions_inside.h"

/* Datagrams of one address and port that are looked at, before it is in. */
#define GREETINGS_PER_S 20
#define GREETINGS_BURST 60
#define RESETS_PER_S 5
#define RESETS_BURST 5

/* A question that the hub has not answered for so long is put again when it comes again. */
#define ASK_AGAIN_US (2 * 1000 * 1000)
/* A place that nobody came back to may be given away. */
#define PLACE_US (10 * 1000 * 1000)

#define USED_MAX 4096

/* ---- saying ---- */

static void say(struct sessions *sessions, const struct route *route,
                const struct wire_greeting *greeting, const struct key *key) {
	uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX];
	struct target target;
	int outlet = datagrams_aim(sessions->datagrams, route, &target);
	size_t size = wire_write_greeting(greeting, key, bytes);
	if (outlet >= 0 && size > 0) {
		(void)datagrams_say(sessions->datagrams, (unsigned)outlet, &target,
		                    slice_of((const char *)bytes, size));
	}
}

static uint64_t wall_s(void) {
	return clock_wall_us() / 1000000;
}

static void say_cookie(struct sessions *sessions, const struct datagram *datagram,
                       const struct wire_greeting *asked) {
	struct wire_greeting cookie = {.type = WIRE_COOKIE, .version = WIRE_VERSION};
	memcpy(cookie.nonce, asked->nonce, NONCE_BYTES);
	keys_cookie(&sessions->greet.master, &datagram->route.peer, wall_s(), cookie.cookie);
	say(sessions, &datagram->route, &cookie, NULL);
}

static void refuse(struct sessions *sessions, const struct route *route,
                   const uint8_t nonce[NONCE_BYTES], uint16_t reason, uint64_t argument,
                   struct slice text) {
	struct wire_greeting refused = {.type = WIRE_REFUSED,
	                                .reason = (uint8_t)reason,
	                                .argument = argument,
	                                .text = text};
	memcpy(refused.nonce, nonce, NONCE_BYTES);
	board_count_refusal(sessions->edge->house.own, reason);
	say(sessions, route, &refused, NULL);
}

void greet_reset(struct sessions *sessions, const struct datagram *datagram,
                 const struct wire_head *head) {
	struct wire_greeting reset = {
		.type = WIRE_RESET, .session = head->session, .connection = head->connection};
	if (datagram->size < WIRE_CLIENT_BYTES_MIN ||
	    !datagrams_are_allowed(sessions->datagrams, &datagram->route.peer) ||
	    !limiter_take(&sessions->greet.resets, address_hash(&datagram->route.peer),
	                  sessions_now_us(sessions))) {
		return;
	}
	keys_cookie(&sessions->greet.master, &datagram->route.peer, wall_s(), reset.cookie);
	say(sessions, &datagram->route, &reset, NULL);
}

void greet_lost(struct sessions *sessions, uint64_t session, const struct route *route) {
	const struct state *state = sessions->edge->state;
	const struct session *known = state_session(state, session);
	struct wire_greeting lost = {.type = WIRE_LOST, .session = session};
	struct key key;
	if (known == NULL) {
		return;
	}
	keys_cookie(&sessions->greet.master, &route->peer, wall_s(), lost.cookie);
	keys_session(&sessions->greet.master, session, session_nonce(state, known), &key);
	say(sessions, route, &lost, &key);
}

/* ---- places ---- */

/* Of a nonce or a tag. */
static uint64_t mark_of(const uint8_t bytes[NONCE_BYTES]) {
	_Static_assert(TAG_BYTES == NONCE_BYTES, "a mark is made of either");
	uint64_t mark;
	memcpy(&mark, bytes, sizeof(mark));
	return mark | 1;
}

static struct greeting *place_of(struct greet *greet, const struct wire_greeting *asked,
                                 const struct route *route) {
	uint64_t mark = mark_of(asked->nonce);
	for (uint32_t i = 0; i < GREETINGS_MAX; i++) {
		struct greeting *place = &greet->each[i];
		if (greet->marks[i] == mark && place->type == asked->type &&
		    memcmp(place->welcome.nonce, asked->nonce, NONCE_BYTES) == 0 &&
		    address_equal(&place->route.peer, &route->peer)) {
			return place;
		}
	}
	return NULL;
}

static void free_place(struct greet *greet, struct greeting *place) {
	place->phase = GREETING_FREE;
	greet->marks[place - greet->each] = 0;
}

/* The first free one, so that few are touched; or one that nobody came back to. NULL: all are in use. */
static struct greeting *new_place(struct greet *greet, uint64_t now_us) {
	struct greeting *oldest = NULL;
	for (uint32_t i = 0; i < GREETINGS_MAX; i++) {
		if (greet->marks[i] == 0) {
			return &greet->each[i];
		}
		struct greeting *place = &greet->each[i];
		if (now_us - place->since_us > PLACE_US && place->phase != GREETING_HELD &&
		    (oldest == NULL || place->since_us < oldest->since_us)) {
			oldest = place;
		}
	}
	return oldest;
}

static bool was_used(const struct greet *greet, const uint8_t tag[TAG_BYTES]) {
	uint64_t mark = mark_of(tag);
	for (uint32_t i = 0; i < USED_MAX; i++) {
		if (greet->used[i] == mark) {
			return true;
		}
	}
	return false;
}

/* ---- asking the hub ---- */

/*
 * Who reads along knows the nonce of an OPEN, but cannot have its client's key
 * for his own: so what the hub knows the OPEN by is made of both.
 */
static uint64_t nonce_of_hub(const struct wire_greeting *open) {
	uint64_t nonce = 0;
	struct body_hash hash;
	char both[NONCE_BYTES + KEY_BYTES];
	memcpy(both, open->nonce, NONCE_BYTES);
	memcpy(both + NONCE_BYTES, open->open_key, KEY_BYTES);
	keys_hash_body(slice_of(both, sizeof(both)), &hash);
	memcpy(&nonce, hash.bytes, sizeof(nonce));
	return nonce != 0 ? nonce : 1;
}

/* By which OPEN the session was made, or is. The session of a RESUME is known. */
static uint64_t opening_of(const struct sessions *sessions, const struct wire_greeting *asked) {
	const struct state *state = sessions->edge->state;
	return asked->type == WIRE_OPEN
	               ? nonce_of_hub(asked)
	               : session_nonce(state, state_session(state, asked->session));
}

/* False: not now; the client will ask again. */
static bool ask_hub(struct sessions *sessions, const struct greeting *place, struct slice name) {
	struct greet *greet = &sessions->greet;
	bool is_open = place->type == WIRE_OPEN;
	const struct record request = {
		.kind = is_open ? REQUEST_OPEN : REQUEST_RESUME,
		.face = FACE_SESSION,
		.connection = {.slot = (uint32_t)(place - greet->each),
	                       .generation = place->generation},
		.session = is_open ? 0 : place->welcome.session,
		.nonce = is_open ? place->opening : 0,
		.name = name,
		.has_route = true,
		.route = place->route,
	};
	return !edge_is_stalled(sessions->edge) && edge_request(sessions->edge, &request);
}

static void put_question(struct sessions *sessions, const struct datagram *datagram,
                         const struct wire_greeting *asked, struct greeting *place) {
	struct greet *greet = &sessions->greet;
	uint32_t generation = place->generation + 1;
	/* 0 is nobody's: answers to the plain dialect have it. */
	*place = (struct greeting){.phase = GREETING_ASKED,
	                           .type = asked->type,
	                           .generation = generation != 0 ? generation : 1,
	                           .since_us = sessions_now_us(sessions),
	                           .cursor = asked->cursor,
	                           .tag_mark = asked->type == WIRE_RESUME ? mark_of(asked->tag) : 0,
	                           .route = datagram->route};
	place->welcome = (struct wire_greeting){
		.type = WIRE_WELCOME, .connection = asked->connection, .session = asked->session};
	memcpy(place->welcome.nonce, asked->nonce, NONCE_BYTES);
	memcpy(place->welcome.open_key, asked->open_key, KEY_BYTES);
	place->opening = opening_of(sessions, asked);
	greet->marks[place - greet->each] = mark_of(asked->nonce);
	if (!ask_hub(sessions, place, asked->name)) {
		free_place(greet, place);
	}
}

static void say_welcome(struct sessions *sessions, const struct greeting *place) {
	struct key session_key, key;
	keys_session(&sessions->greet.master, place->welcome.session, place->opening, &session_key);
	keys_connection(&session_key, place->welcome.nonce, place->welcome.server_nonce, &key);
	say(sessions, &place->route, &place->welcome, &key);
}

/*
 * Nothing in this dialect shows that one has an account, or knows a password: so whoever would
 * enter, or enter again, is not let in. Who is there, connected or absent, may come back.
 */
static bool is_shut_out(const struct sessions *sessions, const struct wire_greeting *asked) {
	const struct state *state = sessions->edge->state;
	if (sessions->edge->house.config->access == ACCESS_OPEN) {
		return false;
	}
	const struct session *session =
		asked->type == WIRE_RESUME ? state_session(state, asked->session) : NULL;
	const struct person *person =
		session != NULL ? state_person(state, session_person(state, session)) : NULL;
	return asked->type == WIRE_OPEN || (person != NULL && !person_is_present(person));
}

static void on_question(struct sessions *sessions, const struct datagram *datagram,
                        const struct wire_greeting *asked) {
	struct greet *greet = &sessions->greet;
	uint64_t now_us = sessions_now_us(sessions);
	struct greeting *place = place_of(greet, asked, &datagram->route);
	if (place == NULL) {
		if (asked->type == WIRE_RESUME && was_used(greet, asked->tag)) {
			return;
		}
		if (is_shut_out(sessions, asked)) {
			refuse(sessions, &datagram->route, asked->nonce, REASON_ACCESS_CLOSED, 0,
			       slice_of(NULL, 0));
			return;
		}
		place = new_place(greet, now_us);
		if (place != NULL) {
			put_question(sessions, datagram, asked, place);
		}
		return;
	}
	switch (place->phase) {
	case GREETING_ASKED:
		if (now_us - place->since_us > ASK_AGAIN_US) {
			put_question(sessions, datagram, asked, place);
		}
		break;
	case GREETING_WELCOMED: say_welcome(sessions, place); break;
	default: break;
	}
}

/* ---- datagrams ---- */

static bool has_good_tag(const struct sessions *sessions, const struct wire_greeting *resume) {
	struct key key;
	struct body_hash nothing;
	keys_session(&sessions->greet.master, resume->session, opening_of(sessions, resume), &key);
	keys_hash_body(slice_of(NULL, 0), &nothing);
	return keys_tag_is_good(&key, resume->head, &nothing, resume->tag);
}

/*
 * Who has another key has another's session: of a log before this one. A
 * session of which nothing is known may be newer than what we have read of the log.
 */
static void on_resume(struct sessions *sessions, const struct datagram *datagram,
                      const struct wire_greeting *resume) {
	const struct state *state = sessions->edge->state;
	const struct session *session = state_session(state, resume->session);
	bool is_known = session != NULL && session_face(session) == FACE_SESSION;
	if (is_known && has_good_tag(sessions, resume)) {
		on_question(sessions, datagram, resume);
	} else if (is_known || resume->session <= state_seq(state) ||
	           walk_behind(&sessions->edge->walk) == 0) {
		refuse(sessions, &datagram->route, resume->nonce, REASON_NO_SUCH_SESSION, 0,
		       slice_of(NULL, 0));
	}
}

static void on_open_or_resume(struct sessions *sessions, const struct datagram *datagram,
                              const struct wire_greeting *asked) {
	if (asked->version != WIRE_VERSION ||
	    !keys_cookie_is_good(&sessions->greet.master, &datagram->route.peer, wall_s(),
	                         asked->cookie)) {
		say_cookie(sessions, datagram, asked);
	} else if (asked->name.size > NAME_BYTES_MAX) {
		refuse(sessions, &datagram->route, asked->nonce, REASON_NAME_TOO_LONG, 0,
		       slice_of(NULL, 0));
	} else if (asked->type == WIRE_RESUME) {
		on_resume(sessions, datagram, asked);
	} else {
		on_question(sessions, datagram, asked);
	}
}

void greet_take(struct sessions *sessions, const struct datagram *datagram) {
	struct wire_greeting asked;
	if (datagram->size > datagram->bytes.size || !wire_read_greeting(datagram->bytes, &asked) ||
	    !limiter_take(&sessions->greet.limiter, address_hash(&datagram->route.peer),
	                  sessions_now_us(sessions))) {
		return;
	}
	switch (asked.type) {
	case WIRE_HELLO:
	case WIRE_OPEN:
	case WIRE_RESUME: break;
	default: return;
	}
	if (!datagrams_are_allowed(sessions->datagrams, &datagram->route.peer)) {
		/* 21 bytes: less than any of them. */
		refuse(sessions, &datagram->route, asked.nonce, REASON_NOT_ALLOWED_FROM_HERE, 0,
		       slice_of(NULL, 0));
	} else if (asked.type == WIRE_HELLO) {
		say_cookie(sessions, datagram, &asked);
	} else {
		on_open_or_resume(sessions, datagram, &asked);
	}
}

/* ---- the hub's answers ---- */

/*
 * Whether the connection begins with this WELCOME. An OPEN that came again may be
 * a recorded one, and must not disturb a connection that is in use, or move one.
 */
static bool begins_connection(const struct sessions *sessions, const struct greeting *place) {
	const struct state *state = sessions->edge->state;
	const struct session *session = state_session(state, place->welcome.session);
	struct route route;
	if (state_seq(state) < place->seq) {
		return true; /* Its entry follows: somebody new, or who had left. */
	}
	/* With --fsync something may have happened to it since. */
	if (session == NULL || !edge_is_home(sessions->edge, session_home(session)) ||
	    !person_is_present(state_person(state, place->welcome.person))) {
		return false;
	}
	if (place->type == WIRE_RESUME) {
		return true;
	}
	uint32_t handle = context_find(sessions, place->welcome.session);
	return (handle == 0 || context_at(sessions, handle)->seen_next == 0) &&
	       session_absent_since_us(state, session) == 0 &&
	       session_route(state, session, &route) &&
	       address_equal(&route.peer, &place->route.peer);
}

static void welcome(struct sessions *sessions, struct greeting *place) {
	struct greet *greet = &sessions->greet;
	struct wire_greeting *welcome = &place->welcome;
	struct key session_key, key;
	struct target target;
	int outlet = datagrams_aim(sessions->datagrams, &place->route, &target);
	keys_session(&greet->master, welcome->session, place->opening, &session_key);
	randombytes_buf(welcome->server_nonce, NONCE_BYTES);
	keys_connection(&session_key, welcome->nonce, welcome->server_nonce, &key);
	if (place->type == WIRE_OPEN) {
		if (!keys_seal(&greet->pair, welcome->open_key, welcome->session, &session_key,
		               welcome->sealed)) {
			free_place(greet, place);
			return;
		}
		memcpy(welcome->open_key, greet->pair.open, KEY_BYTES);
	} else {
		greet->used[greet->used_next++ % USED_MAX] = place->tag_mark;
	}
	place->phase = GREETING_WELCOMED;
	place->since_us = sessions_now_us(sessions);
	say_welcome(sessions, place);
	if (outlet >= 0 && begins_connection(sessions, place)) {
		uint32_t handle =
			context_create(sessions, welcome, &place->route, (unsigned)outlet, &key);
		context_at(sessions, handle)->greeting = (uint16_t)(place - greet->each + 1);
	}
}

static void on_welcome(struct sessions *sessions, struct greeting *place,
                       const struct record *answer) {
	struct wire_greeting *to = &place->welcome;
	size_t size = answer->name.size < NAME_BYTES_MAX ? answer->name.size : NAME_BYTES_MAX;
	if (size > 0) {
		memcpy(place->name, answer->name.bytes, size);
	}
	to->name = slice_of((const char *)place->name, size);
	place->seq = answer->seq;
	to->session = answer->session;
	to->person = answer->person;
	to->number = answer->client_number;
	/* A session's number is that of the entry that made it: its log begins with that. */
	to->seq = answer->session - 1;
	if (place->type == WIRE_RESUME) {
		to->seq = place->cursor < answer->seq ? place->cursor : answer->seq;
	}
	if (edge_is_kept(sessions->edge, answer->seq)) {
		welcome(sessions, place);
		return;
	}
	place->phase = GREETING_HELD;
	forward_hold(sessions, &(struct held){.seq = answer->seq,
	                                      .greeting = (uint32_t)(place - sessions->greet.each),
	                                      .generation = place->generation});
}

static uint64_t argument_of(const struct record *answer) {
	switch (answer->reason) {
	case REASON_MUTED:
	case REASON_BANNED: return answer->until_us / 1000;
	default: return answer->number;
	}
}

void greet_answer(struct sessions *sessions, const struct record *answer) {
	struct greet *greet = &sessions->greet;
	uint32_t slot = answer->connection.slot;
	if (slot >= GREETINGS_MAX || greet->marks[slot] == 0) {
		return;
	}
	struct greeting *place = &greet->each[slot];
	if (place->generation != answer->connection.generation || place->phase != GREETING_ASKED) {
		return;
	}
	board_count(sessions->edge->house.own, COUNT_ANSWERS, 1);
	if (answer->kind == ANSWER_WELCOME) {
		on_welcome(sessions, place, answer);
		return;
	}
	if (answer->kind == ANSWER_REFUSED) {
		refuse(sessions, &place->route, place->welcome.nonce, answer->reason,
		       argument_of(answer), answer->text);
	}
	free_place(greet, place);
}

void greet_release(struct sessions *sessions, uint32_t greeting, uint32_t generation) {
	struct greeting *place = &sessions->greet.each[greeting];
	if (place->generation == generation && place->phase == GREETING_HELD) {
		welcome(sessions, place);
	}
}

void greet_confirmed(struct sessions *sessions, const struct context *context) {
	struct greet *greet = &sessions->greet;
	struct greeting *place = &greet->each[context->greeting - 1];
	if (place->phase == GREETING_WELCOMED && place->welcome.session == context->session &&
	    place->welcome.connection == context->connection) {
		free_place(greet, place);
	}
}

void greet_forget(struct sessions *sessions) {
	struct greet *greet = &sessions->greet;
	for (uint32_t i = 0; i < GREETINGS_MAX; i++) {
		if (greet->marks[i] != 0 && greet->each[i].phase == GREETING_ASKED) {
			free_place(greet, &greet->each[i]);
		}
	}
}

/* ---- beginning and ending ---- */

void greet_begin(struct sessions *sessions) {
	struct greet *greet = &sessions->greet;
	const struct options *options = sessions->edge->house.options;
	_Static_assert(sizeof(options->master) == KEY_BYTES, "the master is a key");
	if (sodium_init() < 0) {
		diag_exit(EXIT_FIX_ME, "libsodium cannot be used");
	}
	memcpy(greet->master.bytes, options->master, KEY_BYTES);
	keys_server_pair(&greet->master, &greet->pair);
	greet->marks = calloc(GREETINGS_MAX, sizeof(*greet->marks));
	greet->each = calloc(GREETINGS_MAX, sizeof(*greet->each));
	greet->used = calloc(USED_MAX, sizeof(*greet->used));
	if (greet->marks == NULL || greet->each == NULL || greet->used == NULL ||
	    !limiter_init(&greet->limiter, pace_of(GREETINGS_PER_S, GREETINGS_BURST)) ||
	    !limiter_init(&greet->resets, pace_of(RESETS_PER_S, RESETS_BURST))) {
		diag_exit(EXIT_TRY_AGAIN, "no memory for those who come in");
	}
}

void greet_finish(struct sessions *sessions) {
	struct greet *greet = &sessions->greet;
	limiter_finish(&greet->limiter);
	limiter_finish(&greet->resets);
	free(greet->marks);
	free(greet->each);
	free(greet->used);
}
