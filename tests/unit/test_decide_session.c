/* What the hub decides for those who come by the session dialect. */
#include "decide_world.h"

/* ---- requests ---- */

/* From a port, by an edge, to a connection. */
static struct record from(uint16_t port, uint16_t queue, uint16_t kind) {
	return (struct record){.kind = kind,
	                       .queue = queue,
	                       .has_route = true,
	                       .route = route_of(HOST, port),
	                       .connection = {port, 1}};
}

static struct record opening(const char *name, uint64_t nonce, uint16_t port, uint16_t queue) {
	struct record request = from(port, queue, REQUEST_OPEN);
	request.name = text(name);
	request.nonce = nonce;
	return request;
}

/* Somebody new; its session. Nonce and port are the next ones. */
static uint64_t open_as(const char *name) {
	static uint64_t next = 1000;
	char expected[100];
	snprintf(expected, sizeof(expected), "welcome entered(%s)", name);
	next++;
	ask(expected, opening(name, next, (uint16_t)next, 0));
	return record_of(ENTRY_ENTERED).session;
}

static struct record resuming(uint64_t session, const char *name, uint16_t port, uint16_t queue) {
	struct record request = from(port, queue, REQUEST_RESUME);
	request.session = session;
	request.name = text(name);
	return request;
}

/* The next message of a session. */
static struct record by(uint64_t session, uint16_t kind) {
	uint64_t last = session_client_number(world->state, state_session(world->state, session));
	return (struct record){.kind = kind, .session = session, .client_number = last + 1};
}

static struct record saying(uint64_t session, uint64_t room, const char *words) {
	struct record request = by(session, REQUEST_SAY);
	request.room = room;
	request.text = text(words);
	return request;
}

static struct record with_name(uint64_t session, uint16_t kind, const char *name,
                               const char *words) {
	struct record request = by(session, kind);
	request.name = text(name);
	request.text = text(words);
	return request;
}

static struct record parting(uint64_t session, uint64_t room, const char *why) {
	struct record request = by(session, REQUEST_PART);
	request.room = room;
	request.text = text(why);
	return request;
}

static struct record silent(uint64_t session, uint16_t queue) {
	return (struct record){.kind = REQUEST_ABSENT, .queue = queue, .session = session};
}

static struct record own(uint16_t kind, uint64_t forgotten) {
	return (struct record){.kind = kind, .queue = QUEUE_OF_HUB, .seq = forgotten};
}

static struct record admin(uint16_t kind, const char *name) {
	return (struct record){.kind = kind, .queue = CONSOLE_QUEUE, .name = text(name)};
}

static struct record plain(uint16_t port, uint16_t kind, const char *name, const char *words) {
	return (struct record){.kind = kind,
	                       .has_route = true,
	                       .route = route_of(HOST, port),
	                       .name = text(name),
	                       .text = text(words)};
}

static const struct session *session_of(uint64_t id) {
	const struct session *session = state_session(world->state, id);
	assert_non_null(session);
	return session;
}

static const struct person *person_of(uint64_t session) {
	return state_person(world->state, session_person(world->state, session_of(session)));
}

/* ---- coming in ---- */

static void opening_a_session(void **unused) {
	ask("welcome entered(ann)", opening("ann", 7, 501, 1));
	struct record welcome = record_of(ANSWER_WELCOME);
	struct record entered = record_of(ENTRY_ENTERED);
	assert_int_equal(welcome.session, entered.seq);
	assert_int_equal(welcome.person, entered.seq);
	assert_slice(welcome.name, "ann");
	assert_int_equal(welcome.client_number, 0);
	assert_int_equal(welcome.connection.slot, 501);
	assert_int_equal(entered.session, entered.seq);
	assert_int_equal(entered.person, entered.seq);
	assert_int_equal(entered.room, ROOM_LOBBY);
	assert_int_equal(entered.face, FACE_SESSION);
	assert_int_equal(entered.home, 1);
	assert_int_equal(entered.nonce, 7);
	/* The same once more: the WELCOME was lost, or somebody replays it. */
	ask("welcome", opening("ann", 7, 501, 1));
	assert_int_equal(record_of(ANSWER_WELCOME).session, entered.seq);
	/* It may be a recorded one: it moves nothing. */
	ask("welcome", opening("ann", 7, 502, 0));
	assert_int_equal(session_home(session_of(entered.seq)), 1);
	ask("welcome", opening("bob", 7, 502, 0));
	ask("renamed(bob<ann)", with_name(entered.seq, REQUEST_RENAME, "bob", NULL));
	ask("welcome", opening("ann", 7, 502, 0));
	assert_slice(record_of(ANSWER_WELCOME).name, "bob");
	assert_int_equal(record_of(ANSWER_WELCOME).client_number, 1);
	assert_int_equal(state_people_count(world->state), 1);
}

static void names_that_cannot_be_had(void **unused) {
	ask("ok entered(ann)", plain(9, REQUEST_ENTER, "ann", NULL));
	ask("refused:name-taken probe(ann)", opening("ANN", 1, 501, 0));
	assert_slice(record_of(ANSWER_REFUSED).name, "ANN");
	assert_int_equal(record_of(ANSWER_REFUSED).connection.slot, 501);
	ask("refused:name-empty", opening("", 1, 501, 0));
	ask("refused:name-invalid", opening("a b", 1, 501, 0));
	ask("refused:name-reserved", opening("admin", 1, 501, 0));
	open_as("bob");
	/* Nobody has to ask: the edge knows whether its sessions are there. */
	ask("refused:name-taken", opening("bob", 1, 501, 0));
	ask("refused:name-taken", plain(10, REQUEST_ENTER, "bob", NULL));
	ask("banned(eve) done", admin(REQUEST_BAN, "eve"));
	ask("refused:banned", opening("eve", 1, 501, 0));
	ask("refused:bad-argument", opening("carl", 0, 501, 0));
	struct record request = opening("carl", 1, 501, 0);
	request.has_route = false;
	request.route = (struct route){0};
	ask("refused:bad-argument", request);
	ask("refused:not-permitted", opening("carl", 1, 501, CONSOLE_QUEUE));
	ask("refused:not-permitted", opening("carl", 1, 501, QUEUE_OF_HUB));
}

static void going_on_elsewhere(void **unused) {
	uint64_t ann = open_as("ann");
	struct route route;
	ask("moved welcome", resuming(ann, "", 601, 0));
	ask("welcome", resuming(ann, "", 601, 0));
	ask("moved welcome", resuming(ann, "other", 601, 1));
	assert_slice(record_of(ANSWER_WELCOME).name, "ann"); /* it had not left */
	assert_int_equal(session_home(session_of(ann)), 1);
	assert_true(session_route(world->state, session_of(ann), &route));
	assert_int_equal(route.peer.port, 601);
	ask("refused:no-such-session", resuming(ann + 1000, "ann", 601, 0));
	ask("ok entered(bob)", plain(9, REQUEST_ENTER, "bob", NULL));
	ask("refused:no-such-session", resuming(record_of(ENTRY_ENTERED).session, "bob", 601, 0));
	struct record request = resuming(ann, "", 602, 0);
	request.has_route = false;
	request.route = (struct route){0};
	ask("refused:bad-argument", request);
	ask("refused:not-permitted", resuming(ann, "", 602, CONSOLE_QUEUE));
	struct record ban = admin(REQUEST_BAN, NULL);
	ban.has_net = true;
	assert_true(net_parse(text("10.0.0.0/24"), &ban.net));
	ask("banned done", ban);
	ask("refused:banned", resuming(ann, "", 602, 0));
}

/* Two may come from one address: a plain member, and sessions. */
static void addresses_are_not_sessions(void **unused) {
	ask("ok entered(ann)", plain(700, REQUEST_ENTER, "ann", NULL));
	ask("welcome entered(bob)", opening("bob", 1, 700, 0));
	ask("welcome entered(carl)", opening("carl", 2, 700, 0));
	uint64_t carl = record_of(ENTRY_ENTERED).session;
	ask("said(ann:hello)", plain(700, REQUEST_SAY, NULL, "hello"));
	ask("said(carl:hello)", saying(carl, ROOM_LOBBY, "hello"));
	ask("exit left(ann)", plain(700, REQUEST_LEAVE, NULL, NULL));
	ask("refused:not-entered", plain(700, REQUEST_SAY, NULL, "hello"));
	assert_int_equal(state_people_count(world->state), 2);
}

/* ---- absence ---- */

static void absent_and_back(void **unused) {
	uint64_t ann = open_as("ann");
	ask("nothing", silent(ann, 1)); /* another edge's word does not count */
	ask("nothing", silent(ann + 1000, 0));
	ask("absent", silent(ann, 0));
	ask("nothing", silent(ann, 0));
	assert_int_equal(session_absent_since_us(world->state, session_of(ann)), world->now_us);
	assert_true(person_is_absent(world->state, person_of(ann)));
	assert_int_equal(state_absent_count(world->state), 1);
	assert_int_equal(state_people_count(world->state), 1);
	/* It keeps its name and its rooms. */
	ask("refused:name-taken", opening("ann", 1, 501, 0));
	assert_true(state_is_member(world->state, ROOM_LOBBY, person_id(person_of(ann))));
	later(AWAY_S - 1);
	ask("nothing", own(REQUEST_FORGET, 0));
	ask("moved welcome", resuming(ann, "", 602, 0));
	assert_int_equal(session_absent_since_us(world->state, session_of(ann)), 0);
	assert_int_equal(state_absent_count(world->state), 0);
	later(AWAY_S);
	ask("nothing", own(REQUEST_FORGET, 0));
	struct circumstances at = world_now(world, QUEUE_OF_HUB);
	assert_int_equal(decide_forget_due_us(&at), UINT64_MAX);
}

static void away_and_back(void **unused) {
	uint64_t ann = open_as("ann");
	uint64_t person = person_id(person_of(ann));
	ask("said(ann:1)", saying(ann, ROOM_LOBBY, "1"));
	ask("made(#fruit) joined(ann<#fruit)", with_name(ann, REQUEST_JOIN, "#fruit", NULL));
	uint64_t room = record_of(ENTRY_JOINED).room;
	ask("absent", silent(ann, 0));
	struct circumstances at = world_now(world, QUEUE_OF_HUB);
	assert_int_equal(decide_forget_due_us(&at), world->now_us + AWAY_S * 1000000);
	later(AWAY_S);
	ask("left:away(ann)", own(REQUEST_FORGET, 0));
	struct record left = record_of(ENTRY_LEFT);
	assert_true(record_concerns_room(&left, ROOM_LOBBY) && record_concerns_room(&left, room));
	assert_int_equal(state_people_count(world->state), 0);
	assert_int_equal(state_room_members_count(world->state, room), 0);
	assert_false(state_is_member(world->state, room, person));
	/* The room is kept for it. */
	ask("nothing", own(REQUEST_END_ROOMS, UINT64_MAX));
	ask("nothing", silent(ann, 0));
	/* Its name is free. */
	ask("ok entered(ann)", plain(9, REQUEST_ENTER, "ann", NULL));
	ask("refused:name-taken probe(ann)", resuming(ann, "", 602, 1));
	ask("refused:name-invalid", resuming(ann, "a!", 602, 1));
	ask("welcome entered(bob)", resuming(ann, "bob", 602, 1));
	struct record entered = record_of(ENTRY_ENTERED);
	assert_int_equal(record_of(ANSWER_WELCOME).client_number, 2);
	assert_slice(record_of(ANSWER_WELCOME).name, "bob");
	assert_int_equal(entered.person, person);
	assert_int_equal(entered.session, ann);
	assert_true(record_concerns_room(&entered, room));
	assert_true(record_concerns_room(&entered, ROOM_LOBBY));
	assert_true(state_is_member(world->state, room, person));
	ask("nothing", own(REQUEST_FORGET, 0));
	ask("said(bob<#fruit:2)", saying(ann, room, "2"));
	assert_int_equal(record_of(ENTRY_SAID).client_number, 3);
}

static void forgotten(void **unused) {
	uint64_t ann = open_as("ann"), bob = open_as("bob");
	ask("left(ann:bye)", with_name(ann, REQUEST_LEAVE, NULL, "bye"));
	later(1);
	ask("left(bob)", with_name(bob, REQUEST_LEAVE, NULL, NULL));
	later(FORGET_S - 1);
	struct circumstances at = world_now(world, QUEUE_OF_HUB);
	assert_int_equal(decide_forget_due_us(&at), world->now_us);
	ask("forgotten:forgotten", own(REQUEST_FORGET, 0));
	assert_int_equal(record_of(ENTRY_FORGOTTEN).session, ann);
	ask("refused:no-such-session", resuming(ann, "", 601, 0));
	ask("welcome entered(bob)", resuming(bob, "", 601, 0));
	ask("left(bob)", with_name(bob, REQUEST_LEAVE, NULL, NULL));
	later(FORGET_S);
	ask("forgotten:forgotten", own(REQUEST_FORGET, 0));
	assert_int_equal(state_dormant_count(world->state), 0);
	ask("nothing", own(REQUEST_FORGET, 0));
}

/* Both, and more than one decision holds. */
static void many_run_out_at_once(void **unused) {
	uint64_t sessions[3 * DECIDE_SWEEP_MAX];
	char name[8];
	for (size_t i = 0; i < 3 * DECIDE_SWEEP_MAX; i++) {
		snprintf(name, sizeof(name), "n%zu", i);
		sessions[i] = open_as(name);
	}
	for (size_t i = 0; i < 3 * DECIDE_SWEEP_MAX; i++) {
		ask("absent", silent(sessions[i], 0));
	}
	later(AWAY_S);
	unsigned left = 0, forgotten = 0;
	do {
		world_ask(world, own(REQUEST_FORGET, 0), NULL, NULL);
		left += world->decision.entries;
	} while (world->decision.entries > 0);
	assert_int_equal(left, 3 * DECIDE_SWEEP_MAX);
	assert_int_equal(state_dormant_count(world->state), 3 * DECIDE_SWEEP_MAX);
	later(FORGET_S);
	do {
		world_ask(world, own(REQUEST_FORGET, 0), NULL, NULL);
		forgotten += world->decision.entries;
	} while (world->decision.entries > 0);
	assert_int_equal(forgotten, 3 * DECIDE_SWEEP_MAX);
}

/* ---- messages and their numbers ---- */

static void each_number_once(void **unused) {
	uint64_t ann = open_as("ann");
	struct record first = saying(ann, ROOM_LOBBY, "1");
	struct record later_one = first;
	later_one.client_number = 2;
	ask("nothing", later_one);
	ask("said(ann:1)", first);
	assert_int_equal(record_of(ENTRY_SAID).client_number, 1);
	assert_int_equal(record_of(ENTRY_SAID).session, ann);
	ask("nothing", first);
	ask("said(ann:1)", later_one);
	ask("nothing", first);
	ask("nothing", later_one);
	/* A refusal uses its number up. */
	ask("refused-message:text-empty", saying(ann, ROOM_LOBBY, ""));
	assert_int_equal(record_of(ENTRY_REFUSED).client_number, 3);
	first.client_number = 3;
	ask("nothing", first);
	first.client_number = 4;
	ask("said(ann:1)", first);
	first.session = ann + 1000;
	first.client_number = 1;
	ask("nothing", first);
	ask("ok entered(bob)", plain(9, REQUEST_ENTER, "bob", NULL));
	first.session = record_of(ENTRY_ENTERED).session;
	ask("nothing", first); /* a plain member's has no messages */
	/* Another edge's queue is as good: a message may be under way when its session moves. */
	first = saying(ann, ROOM_LOBBY, "5");
	first.queue = 1;
	ask("said(ann:5)", first);
	first.client_number++;
	first.queue = CONSOLE_QUEUE;
	ask("refused:not-permitted", first);
}

static void texts_and_their_bounds(void **unused) {
	static char longest[TEXT_BYTES_MAX + 2];
	uint64_t ann = open_as("ann");
	memset(longest, 'x', TEXT_BYTES_MAX);
	ask("said(ann:...)", saying(ann, ROOM_LOBBY, longest));
	longest[TEXT_BYTES_MAX] = 'x';
	ask("refused-message:text-too-long", saying(ann, ROOM_LOBBY, longest));
	assert_int_equal(record_of(ENTRY_REFUSED).target, TEXT_BYTES_MAX);
	ask("refused-message:not-utf8", saying(ann, ROOM_LOBBY, "\xFF"));
	/* Nothing is taken off: no name precedes what a session says. */
	ask("said(ann:ann hello)", saying(ann, ROOM_LOBBY, "ann hello"));
	longest[WHY_BYTES_MAX + 1] = '\0';
	ask("refused-message:text-too-long", parting(ann, ROOM_LOBBY, longest));
	assert_int_equal(record_of(ENTRY_REFUSED).target, WHY_BYTES_MAX);
	ask("refused-message:not-utf8", with_name(ann, REQUEST_LEAVE, NULL, "\xFF"));
}

static void muted(void **unused) {
	uint64_t ann = open_as("ann");
	open_as("bob");
	struct record mute = admin(REQUEST_MUTE, "ann");
	mute.number = 5;
	ask("muted(ann) done", mute);
	ask("refused-message:muted", saying(ann, ROOM_LOBBY, "x"));
	assert_int_equal(record_of(ENTRY_REFUSED).target,
	                 world->now_us / 1000 + UINT64_C(5) * 60 * 1000);
	ask("refused-message:muted", with_name(ann, REQUEST_DIRECT, "bob", "x"));
	later(UINT64_C(5) * 60);
	ask("said(ann:x)", saying(ann, ROOM_LOBBY, "x"));
}

/* A mute stays with who was muted, but not when somebody else has the name by now. */
static void muted_under_another_name(void **unused) {
	uint64_t ann = open_as("ann");
	ask("muted(ann) done", admin(REQUEST_MUTE, "ann"));
	ask("left(ann)", with_name(ann, REQUEST_LEAVE, NULL, NULL));
	ask("welcome entered(bob)", resuming(ann, "bob", 601, 0));
	ask("refused-message:muted", saying(ann, ROOM_LOBBY, "x"));
	ask("left(bob)", with_name(ann, REQUEST_LEAVE, NULL, NULL));
	uint64_t other = open_as("bob");
	ask("refused-message:muted", saying(other, ROOM_LOBBY, "x"));
	ask("welcome entered(carl)", resuming(ann, "carl", 601, 0));
	ask("said(carl:x)", saying(ann, ROOM_LOBBY, "x"));
	ask("refused-message:muted", saying(other, ROOM_LOBBY, "x"));
}

static void what_the_edge_refuses(void **unused) {
	uint64_t ann = open_as("ann");
	struct record unfit = by(ann, REQUEST_UNFIT);
	unfit.reason = REASON_TOO_FAST;
	unfit.number = 77;
	ask("refused-message:too-fast", unfit);
	assert_int_equal(record_of(ENTRY_REFUSED).target, 77);
	ask("nothing", unfit);
	ask("said(ann:x)", saying(ann, ROOM_LOBBY, "x"));
}

static void poisoned(void **unused) {
	uint64_t ann = open_as("ann");
	struct record request = saying(ann, ROOM_LOBBY, "x");
	struct circumstances at = world_now(world, 0);
	request.request = 5;
	decide_poisoned(&at, &request, &world->decision);
	assert_string_equal(world_words(world), "refused-message:poisoned");
	assert_int_equal(record_of(ENTRY_REFUSED).client_number, 1);
	/* One that would not have been taken anyway. */
	request.client_number = 2;
	decide_poisoned(&at, &request, &world->decision);
	assert_string_equal(world_words(world), "refused:poisoned");
}

/* ---- rooms ---- */

static void rooms_are_made_by_entering(void **unused) {
	uint64_t ann = open_as("ann"), bob = open_as("bob");
	ask("made(#水果) joined(ann<#水果)", with_name(ann, REQUEST_JOIN, "#水果", NULL));
	struct record made = record_of(ENTRY_ROOM_MADE), joined = record_of(ENTRY_JOINED);
	assert_int_equal(joined.room, made.seq);
	assert_int_equal(made.client_number, 1);
	assert_int_equal(joined.client_number, 1);
	uint64_t room = made.seq;
	ask("said(ann<#水果:x)", saying(ann, room, "x"));
	assert_int_equal(record_of(ENTRY_SAID).room, room);
	ask("refused-message:not-in-room", saying(bob, room, "x"));
	ask("refused-message:no-such-room", saying(bob, room + 1000, "x"));
	ask("refused-message:no-such-room", saying(bob, 0, "x"));
	ask("joined(bob<#水果)", with_name(bob, REQUEST_JOIN, "#水果", NULL));
	assert_int_equal(state_member_since(world->state, room, person_id(person_of(bob))),
	                 record_of(ENTRY_JOINED).seq);
	ask("said(bob<#水果:x)", saying(bob, room, "x"));
	/* One is in it, or in the lobby, already: nothing is to be done. */
	ask("refused-message", with_name(bob, REQUEST_JOIN, "#水果", NULL));
	assert_int_equal(record_of(ENTRY_REFUSED).target, room);
	ask("refused-message", with_name(bob, REQUEST_JOIN, "#大厅", NULL));
	assert_int_equal(record_of(ENTRY_REFUSED).target, ROOM_LOBBY);
	ask("parted(bob<#水果:enough)", parting(bob, room, "enough"));
	ask("refused-message:not-in-room", parting(bob, room, NULL));
	ask("refused-message:not-in-room", saying(bob, room, "x"));
	ask("parted(bob<#lobby)", parting(bob, ROOM_LOBBY, NULL));
	ask("refused-message:not-in-room", saying(bob, ROOM_LOBBY, "x"));
	ask("joined(bob<#lobby)", with_name(bob, REQUEST_JOIN, "#LOBBY", NULL));
	static const char *const bad[] = {"", "#", "fruit", "#a b", "#a,b", "#a:b", "#\x01"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ask("refused-message:room-name-invalid",
		    with_name(bob, REQUEST_JOIN, bad[i], NULL));
	}
}

static void no_more_rooms_for_one(void **unused) {
	uint64_t ann = open_as("ann");
	char name[16], expected[64];
	for (int i = 1; i < ROOMS_PER_PERSON_MAX; i++) {
		snprintf(name, sizeof(name), "#r%d", i);
		snprintf(expected, sizeof(expected), "made(%s) joined(ann<%s)", name, name);
		ask(expected, with_name(ann, REQUEST_JOIN, name, NULL));
	}
	ask("refused-message:too-many-rooms", with_name(ann, REQUEST_JOIN, "#more", NULL));
	assert_int_equal(record_of(ENTRY_REFUSED).target, ROOMS_PER_PERSON_MAX);
	/* An entry about somebody in so many rooms names them all. */
	ask("renamed(bob<ann)", with_name(ann, REQUEST_RENAME, "bob", NULL));
	struct record renamed = record_of(ENTRY_RENAMED);
	assert_int_equal(record_rooms_count(&renamed), ROOMS_PER_PERSON_MAX);
	ask("left(bob)", with_name(ann, REQUEST_LEAVE, NULL, NULL));
	ask("welcome entered(bob)", resuming(ann, "", 601, 0));
}

static void rooms_end_when_nothing_is_left(void **unused) {
	uint64_t ann = open_as("ann");
	ask("made(#a) joined(ann<#a)", with_name(ann, REQUEST_JOIN, "#a", NULL));
	uint64_t quiet = record_of(ENTRY_JOINED).room;
	ask("made(#b) joined(ann<#b)", with_name(ann, REQUEST_JOIN, "#b", NULL));
	uint64_t talked = record_of(ENTRY_JOINED).room;
	ask("said(ann<#b:x)", saying(ann, talked, "x"));
	assert_false(decide_has_rooms_to_end(world->state, UINT64_MAX));
	ask("parted(ann<#b)", parting(ann, talked, NULL));
	uint64_t last = record_of(ENTRY_PARTED).seq;
	assert_false(decide_has_rooms_to_end(world->state, last - 1));
	assert_true(decide_has_rooms_to_end(world->state, last));
	ask("parted(ann<#a)", parting(ann, quiet, NULL));
	/* Where nothing was said nothing is kept. */
	assert_true(decide_has_rooms_to_end(world->state, 0));
	ask("room-ended", own(REQUEST_END_ROOMS, last - 1));
	assert_int_equal(record_of(ENTRY_ROOM_ENDED).room, quiet);
	ask("nothing", own(REQUEST_END_ROOMS, last - 1));
	/* Somebody came back in time. */
	ask("joined(ann<#b)", with_name(ann, REQUEST_JOIN, "#B", NULL));
	ask("nothing", own(REQUEST_END_ROOMS, UINT64_MAX));
	ask("parted(ann<#b)", parting(ann, talked, NULL));
	uint64_t last_again = record_of(ENTRY_PARTED).seq;
	ask("nothing", own(REQUEST_END_ROOMS, last));
	ask("room-ended", own(REQUEST_END_ROOMS, last_again));
	assert_false(state_room_exists(world->state, talked));
	ask("refused:not-permitted",
	    (struct record){.kind = REQUEST_END_ROOMS, .queue = CONSOLE_QUEUE});
}

static void the_emptiest_room_makes_place(void **unused) {
	uint64_t ann = open_as("ann");
	char name[16];
	while (state_rooms_count(world->state) < ROOMS_MAX) {
		snprintf(name, sizeof(name), "#%llu", (unsigned long long)world->seq_next);
		struct record made = {.kind = ENTRY_ROOM_MADE,
		                      .seq = world->seq_next++,
		                      .time_us = world->now_us,
		                      .name = text(name)};
		assert_int_equal(state_apply(world->state, &made, NULL, NULL), STATE_OK);
	}
	uint64_t first = ann + 1;
	assert_true(state_room_exists(world->state, first));
	ask("room-ended made(#more) joined(ann<#more)",
	    with_name(ann, REQUEST_JOIN, "#more", NULL));
	assert_int_equal(record_of(ENTRY_ROOM_ENDED).room, first);
}

/* ---- direct messages ---- */

static void two_people_talk(void **unused) {
	uint64_t ann = open_as("ann"), bob = open_as("bob"), carl = open_as("carl");
	uint64_t people[2];
	ask("direct(ann<bob:psst)", with_name(ann, REQUEST_DIRECT, "Bob", "psst"));
	struct record direct = record_of(ENTRY_DIRECT);
	assert_int_equal(direct.room, direct.seq);
	assert_int_equal(direct.person, person_id(person_of(ann)));
	assert_int_equal(direct.target, person_id(person_of(bob)));
	assert_int_equal(direct.client_number, 1);
	uint64_t thread = direct.room;
	ask("direct(bob<ann:what)", with_name(bob, REQUEST_DIRECT, "ann", "what"));
	assert_int_equal(record_of(ENTRY_DIRECT).room, thread);
	ask("direct(ann<carl:hey)", with_name(ann, REQUEST_DIRECT, "carl", "hey"));
	assert_int_not_equal(record_of(ENTRY_DIRECT).room, thread);
	assert_true(state_thread_people(world->state, thread, people));
	assert_int_equal(people[0], ann);
	assert_int_equal(people[1], bob);
	assert_int_equal(state_thread(world->state, bob, ann), thread);
	assert_int_equal(state_thread(world->state, bob, carl), 0);
	ask("refused-message:cannot-receive", with_name(ann, REQUEST_DIRECT, "ANN", "me"));
	ask("refused-message:no-such-name", with_name(ann, REQUEST_DIRECT, "dora", "x"));
	ask("refused-message:text-empty", with_name(ann, REQUEST_DIRECT, "bob", NULL));
	ask("refused-message:not-utf8", with_name(ann, REQUEST_DIRECT, "bob", "\xC0"));
	/* Nobody speaks in a conversation as in a room. */
	ask("refused-message:no-such-room", saying(ann, thread, "x"));
	/* By person, not by name: who takes a freed name inherits nothing. */
	ask("renamed(bert<bob)", with_name(bob, REQUEST_RENAME, "bert", NULL));
	open_as("bob");
	ask("direct(ann<bob:new)", with_name(ann, REQUEST_DIRECT, "bob", "new"));
	assert_int_not_equal(record_of(ENTRY_DIRECT).room, thread);
	ask("direct(ann<bert:old)", with_name(ann, REQUEST_DIRECT, "bert", "old"));
	assert_int_equal(record_of(ENTRY_DIRECT).room, thread);
}

static void who_can_receive(void **unused) {
	uint64_t ann = open_as("ann"), bob = open_as("bob");
	ask("ok entered(carl)", plain(9, REQUEST_ENTER, "carl", NULL));
	ask("direct(ann<carl:hi)", with_name(ann, REQUEST_DIRECT, "carl", "hi"));
	uint64_t thread = record_of(ENTRY_DIRECT).room;
	ask("exit left(carl)", plain(9, REQUEST_LEAVE, NULL, NULL));
	uint64_t people[2];
	assert_false(state_thread_people(world->state, thread, people));
	/* It waits in the log for who is absent; who has left has no name to write to. */
	ask("direct(ann<bob:1)", with_name(ann, REQUEST_DIRECT, "bob", "1"));
	thread = record_of(ENTRY_DIRECT).room;
	ask("absent", silent(bob, 0));
	ask("direct(ann<bob:2)", with_name(ann, REQUEST_DIRECT, "bob", "2"));
	later(AWAY_S);
	ask("left:away(bob)", own(REQUEST_FORGET, 0));
	ask("refused-message:no-such-name", with_name(ann, REQUEST_DIRECT, "bob", "3"));
	ask("welcome entered(bob)", resuming(bob, "", 601, 0));
	ask("direct(bob<ann:4)", with_name(bob, REQUEST_DIRECT, "ann", "4"));
	assert_int_equal(record_of(ENTRY_DIRECT).room, thread);
}

static void nobody_begins_too_many(void **unused) {
	uint64_t ann = open_as("ann"), bob = open_as("bob");
	char name[16], expected[64];
	for (unsigned i = 0; i < THREADS_BEGUN_MAX; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		open_as(name);
		snprintf(expected, sizeof(expected), "direct(ann<%s:x)", name);
		ask(expected, with_name(ann, REQUEST_DIRECT, name, "x"));
	}
	assert_int_equal(state_threads_begun(world->state, ann), THREADS_BEGUN_MAX);
	ask("refused-message:full", with_name(ann, REQUEST_DIRECT, "bob", "x"));
	ask("direct(ann<n0:y)", with_name(ann, REQUEST_DIRECT, "n0", "y"));
	ask("direct(bob<ann:x)", with_name(bob, REQUEST_DIRECT, "ann", "x"));
	ask("direct(ann<bob:x)", with_name(ann, REQUEST_DIRECT, "bob", "x"));
}

/* ---- names, and leaving ---- */

static void another_name(void **unused) {
	uint64_t ann = open_as("ann");
	ask("ok entered(bob)", plain(9, REQUEST_ENTER, "bob", NULL));
	ask("refused-message:name-taken probe(bob)", with_name(ann, REQUEST_RENAME, "BOB", NULL));
	ask("refused-message:name-reserved", with_name(ann, REQUEST_RENAME, "admin", NULL));
	ask("refused-message:name-empty", with_name(ann, REQUEST_RENAME, "", NULL));
	ask("renamed(Ann<ann)", with_name(ann, REQUEST_RENAME, "Ann", NULL));
	ask("refused-message", with_name(ann, REQUEST_RENAME, "Ann", NULL));
	ask("banned(eve) done", admin(REQUEST_BAN, "eve"));
	ask("refused-message:banned", with_name(ann, REQUEST_RENAME, "eve", NULL));
	ask("renamed(carl<Ann)", with_name(ann, REQUEST_RENAME, "carl", NULL));
	assert_int_equal(record_of(ENTRY_RENAMED).client_number, 7);
}

static void leaving(void **unused) {
	uint64_t ann = open_as("ann");
	ask("left(ann:good night)", with_name(ann, REQUEST_LEAVE, NULL, "good night"));
	assert_int_equal(record_of(ENTRY_LEFT).client_number, 1);
	assert_false(person_is_present(person_of(ann)));
	/* What was sent behind it is used up. */
	ask("refused-message:not-entered", saying(ann, ROOM_LOBBY, "x"));
	ask("refused-message:not-entered", with_name(ann, REQUEST_LEAVE, NULL, NULL));
	ask("nothing", silent(ann, 0));
	ask("welcome entered(ann)", resuming(ann, "", 601, 0));
	assert_int_equal(record_of(ANSWER_WELCOME).client_number, 3);
	ask("said(ann:x)", saying(ann, ROOM_LOBBY, "x"));
	/* A replay of the OPEN does not bring it back. */
	struct record open = opening("ann", session_nonce(world->state, session_of(ann)), 601, 0);
	ask("left(ann)", with_name(ann, REQUEST_LEAVE, NULL, NULL));
	ask("refused:away", open);
}

static void shown_out(void **unused) {
	uint64_t ann = open_as("ann"), bob = open_as("bob"), carl = open_as("carl");
	ask("kicked:kicked(ann) done", admin(REQUEST_KICK, "ann"));
	ask("refused:no-such-session", resuming(ann, "", 601, 0));
	ask("nothing", (struct record){.kind = REQUEST_SAY, .session = ann, .client_number = 1});
	ask("left(carl)", with_name(carl, REQUEST_LEAVE, NULL, NULL));
	ask("refused:no-such-name", admin(REQUEST_KICK, "carl"));
	ask("banned(bob) done", admin(REQUEST_BAN, "bob"));
	ask("kicked:banned(bob)", own(REQUEST_SWEEP, 0));
	ask("nothing", own(REQUEST_SWEEP, 0));
	/* Who has left is met by a ban when it comes back, under whatever name. */
	ask("banned(carl) done", admin(REQUEST_BAN, "carl"));
	ask("nothing", own(REQUEST_SWEEP, 0));
	ask("refused:banned", resuming(carl, "", 601, 0));
	ask("welcome entered(dora)", resuming(carl, "dora", 601, 0));
	assert_null(state_session(world->state, bob));
}

static void closed(void **unused) {
	uint64_t ann = open_as("ann"), bob = open_as("bob"), carl = open_as("carl");
	ask("ok entered(dora)", plain(9, REQUEST_ENTER, "dora", NULL));
	ask("absent", silent(bob, 0));
	ask("left(carl)", with_name(carl, REQUEST_LEAVE, NULL, NULL));
	ask("closed:closed done", admin(REQUEST_CLOSE, NULL));
	assert_int_equal(state_people_count(world->state), 0);
	assert_int_equal(state_absent_count(world->state), 0);
	assert_int_equal(state_dormant_count(world->state), 3);
	ask("welcome entered(ann)", resuming(ann, "", 601, 0));
	ask("welcome entered(bob)", resuming(bob, "", 602, 0));
	ask("welcome entered(carl)", resuming(carl, "", 603, 0));
	ask("refused:not-entered", plain(9, REQUEST_SAY, NULL, "x"));
}

/* The edge's word that a plain member is gone is not about sessions. */
static void not_gone(void **unused) {
	uint64_t ann = open_as("ann");
	ask("nothing",
	    (struct record){.kind = REQUEST_GONE, .session = ann, .reason = REASON_UNREACHABLE});
	assert_true(person_is_present(person_of(ann)));
}

static void who_left_longest_ago_makes_place(void **unused) {
	if (!is_long_run()) {
		return; /* A million people take a moment. */
	}
	uint64_t ann = open_as("ann"), bob = open_as("bob");
	ask("left(bob)", with_name(bob, REQUEST_LEAVE, NULL, NULL));
	ask("left(ann)", with_name(ann, REQUEST_LEAVE, NULL, NULL));
	char name[16];
	for (uint64_t seq = world->seq_next; seq <= PERSONS_MAX + 2; seq++) {
		snprintf(name, sizeof(name), "n%llu", (unsigned long long)seq);
		struct record entered = {.kind = ENTRY_ENTERED,
		                         .seq = seq,
		                         .time_us = world->now_us,
		                         .person = seq,
		                         .session = seq,
		                         .face = FACE_PLAIN,
		                         .name = text(name),
		                         .has_route = true,
		                         .room = ROOM_LOBBY,
		                         .route = route_of(HOST + (uint32_t)seq, 1)};
		assert_int_equal(state_apply(world->state, &entered, NULL, NULL), STATE_OK);
		world->seq_next = seq + 1;
	}
	struct record open = opening("one-more", 1, 5, 0);
	struct circumstances at = world_now(world, 0);
	struct record record;
	const void *bytes;
	size_t offset = 0, size;
	for (int i = 0; i < 2; i++) {
		open.nonce = 1 + (uint64_t)i;
		open.name = text(i == 0 ? "one-more" : "two-more");
		at.seq_next = world->seq_next;
		decide(&at, &open, &world->decision);
		assert_int_equal(record_of(ENTRY_FORGOTTEN).session, i == 0 ? bob : ann);
		offset = 0;
		while (decision_next(&world->decision, &offset, &record, &bytes, &size)) {
			assert_int_equal(state_apply(world->state, &record, NULL, NULL), STATE_OK);
		}
		world->seq_next = state_seq(world->state) + 1;
	}
	at.seq_next = world->seq_next;
	open.nonce = 3;
	open.name = text("three-more");
	decide(&at, &open, &world->decision);
	assert_string_equal(world_words(world), "refused:full");
}

int main(void) {
#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(opening_a_session),
		ROW(names_that_cannot_be_had),
		ROW(going_on_elsewhere),
		ROW(addresses_are_not_sessions),
		ROW(absent_and_back),
		ROW(away_and_back),
		ROW(forgotten),
		ROW(many_run_out_at_once),
		ROW(each_number_once),
		ROW(texts_and_their_bounds),
		ROW(muted),
		ROW(muted_under_another_name),
		ROW(what_the_edge_refuses),
		ROW(poisoned),
		ROW(rooms_are_made_by_entering),
		ROW(no_more_rooms_for_one),
		ROW(rooms_end_when_nothing_is_left),
		ROW(the_emptiest_room_makes_place),
		ROW(two_people_talk),
		ROW(who_can_receive),
		ROW(nobody_begins_too_many),
		ROW(another_name),
		ROW(leaving),
		ROW(shown_out),
		ROW(closed),
		ROW(not_gone),
		ROW(who_left_longest_ago_makes_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
