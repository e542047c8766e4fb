/* Where sessions are: found by address and by id, of whatever kind these are. */
#include "state_world.h"

static struct route route_to(const char *address) {
	struct route route = {.listener = 1};
	bool is_any;
	assert_true(address_parse(slice_from_string(address), &route.peer, &is_any));
	return route;
}

static struct record entering(uint8_t face, const char *address) {
	static char name[24];
	snprintf(name, sizeof(name), "n%llu", (unsigned long long)seq);
	return (struct record){.kind = ENTRY_ENTERED,
	                       .person = seq + 1,
	                       .session = seq + 1,
	                       .name = slice_from_string(name),
	                       .room = ROOM_LOBBY,
	                       .face = face,
	                       .nonce = face == FACE_SESSION ? seq + 1000 : 0,
	                       .has_route = true,
	                       .route = route_to(address)};
}

static uint64_t enter(uint8_t face, const char *address) {
	return apply(entering(face, address));
}

static uint64_t move(uint64_t id, const char *address) {
	return apply((struct record){
		.kind = ENTRY_MOVED, .session = id, .has_route = true, .route = route_to(address)});
}

static uint64_t leave(uint64_t id) {
	return apply((struct record){.kind = ENTRY_LEFT, .person = id, .session = id});
}

/* 0: nobody is there. */
static uint64_t who_is_at(const char *address) {
	struct route route = route_to(address);
	const struct session *session = state_session_at(state, &route.peer);
	return session == NULL ? 0 : session_id(session);
}

static void assert_is_at(uint64_t id, const char *address) {
	struct route route, wanted = route_to(address);
	assert_true(session_route(state, state_session(state, id), &route));
	assert_true(address_equal(&route.peer, &wanted.peer));
	assert_memory_equal(route.local, wanted.local, 16);
	assert_int_equal(route.listener, wanted.listener);
}

/* ---- addresses ---- */

static void of_both_families(void **unused) {
	uint64_t four = enter(FACE_PLAIN, "10.0.0.1:7");
	uint64_t six = enter(FACE_PLAIN, "[2001:db8::1]:7");
	/* It ends with the same bytes as the first, and its prefix is another. */
	uint64_t alike = enter(FACE_PLAIN, "[2001:db8::a00:1]:7");
	uint64_t other_port = enter(FACE_PLAIN, "[2001:db8::1]:8");
	assert_int_equal(who_is_at("10.0.0.1:7"), four);
	assert_int_equal(who_is_at("[2001:db8::1]:7"), six);
	assert_int_equal(who_is_at("[2001:db8::a00:1]:7"), alike);
	assert_int_equal(who_is_at("[2001:db8::1]:8"), other_port);
	assert_int_equal(who_is_at("[2001:db8::1]:9"), 0);
	assert_int_equal(who_is_at("[2001:db8::2]:7"), 0);
	assert_int_equal(who_is_at("10.0.0.2:7"), 0);
	assert_is_at(four, "10.0.0.1:7");
	assert_is_at(six, "[2001:db8::1]:7");
	assert_is_at(other_port, "[2001:db8::1]:8");
	/* Who shares an address leaves it to the others. */
	leave(six);
	assert_int_equal(who_is_at("[2001:db8::1]:7"), 0);
	assert_int_equal(who_is_at("[2001:db8::1]:8"), other_port);
	leave(other_port);
	assert_int_equal(who_is_at("[2001:db8::1]:8"), 0);
	assert_int_equal(who_is_at("[2001:db8::a00:1]:7"), alike);
}

static void moves_between_families(void **unused) {
	uint64_t id = enter(FACE_PLAIN, "10.0.0.1:7");
	const char *const ways[] = {"[2001:db8::1]:7", "[2001:db8::1]:8", "10.0.0.2:7",
	                            "[2001:db8::2]:7"};
	const char *before = "10.0.0.1:7";
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		move(id, ways[i]);
		assert_int_equal(who_is_at(before), 0);
		assert_int_equal(who_is_at(ways[i]), id);
		assert_is_at(id, ways[i]);
		before = ways[i];
	}
}

static void sessions_that_last(void **unused) {
	uint64_t id = enter(FACE_SESSION, "[2001:db8::1]:7");
	uint64_t plain = enter(FACE_PLAIN, "[2001:db8::1]:7");
	/* By its address only the plain one is found. */
	assert_int_equal(who_is_at("[2001:db8::1]:7"), plain);
	assert_is_at(id, "[2001:db8::1]:7");
	leave(plain);
	assert_int_equal(who_is_at("[2001:db8::1]:7"), 0);
	assert_is_at(id, "[2001:db8::1]:7");
	leave(id);
	struct route route;
	assert_false(session_route(state, state_session(state, id), &route));
	struct record entry = entering(FACE_SESSION, "10.0.0.1:9");
	entry.person = entry.session = id;
	entry.nonce = 0;
	apply(entry);
	assert_is_at(id, "10.0.0.1:9");
}

/* Addresses come and go for ever; a state that kept one of each would grow. */
static void coming_and_going(void **unused) {
	for (uint32_t i = 0; i < 20000; i++) {
		struct record entry = entering(FACE_PLAIN, "[2001:db8::1]:7");
		memcpy(entry.route.peer.ip + 8, &i, sizeof(i));
		uint64_t id = apply(entry);
		assert_ptr_equal(state_session_at(state, &entry.route.peer),
		                 state_session(state, id));
		leave(id);
	}
	assert_int_equal(who_is_at("[2001:db8::1]:7"), 0);
}

/* ---- ids ---- */

static void ids_of_their_own(void **unused) {
	for (uint8_t face = FACE_PLAIN; face <= FACE_SESSION; face++) {
		struct record entry = entering(face, "10.0.0.1:7");
		entry.session = 7000 + face;
		uint64_t person = apply(entry);
		const struct session *session = state_session(state, entry.session);
		assert_non_null(session);
		assert_int_equal(session_id(session), entry.session);
		assert_int_equal(session_person(state, session), person);
		assert_ptr_equal(person_session_next(state, state_person(state, person), NULL),
		                 session);
		/* The person's id is no session's. */
		assert_null(state_session(state, person));
		apply((struct record){.kind = ENTRY_KICKED, .person = person});
		assert_null(state_session(state, entry.session));
	}
}

/* A row gives a person one more, which has the id of somebody else. */
static void sessions_of_one_person(void **unused) {
	uint64_t a = enter(FACE_PLAIN, "10.0.0.1:1");
	uint64_t b = enter(FACE_PLAIN, "10.0.0.1:2");
	leave(b);
	b = enter(FACE_SESSION, "10.0.0.1:2");
	struct record row = {.kind = ROW_SESSION,
	                     .session = a + 5000,
	                     .person = a,
	                     .face = FACE_PLAIN,
	                     .has_route = true,
	                     .route = route_to("10.0.0.1:3")};
	assert_int_equal(state_load_row(state, &row), STATE_OK);
	rows_put(&rows, &row);
	assert_int_equal(who_is_at("10.0.0.1:3"), a + 5000);
	assert_int_equal(session_person(state, state_session(state, a + 5000)), a);
	assert_int_equal(session_person(state, state_session(state, a)), a);
	assert_int_equal(session_person(state, state_session(state, b)), b);
	/* An id that is taken, wherever it is found, is not given again. */
	assert_int_equal(state_load_row(state, &row), STATE_IMPOSSIBLE);
	row.person = b;
	assert_int_equal(state_load_row(state, &row), STATE_IMPOSSIBLE);
	row.session = a;
	assert_int_equal(state_load_row(state, &row), STATE_IMPOSSIBLE);
	leave(a);
	assert_null(state_session(state, a));
	assert_null(state_session(state, a + 5000));
	assert_int_equal(who_is_at("10.0.0.1:3"), 0);
}

int main(void) {
#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(of_both_families), ROW(moves_between_families), ROW(sessions_that_last),
		ROW(coming_and_going), ROW(ids_of_their_own),       ROW(sessions_of_one_person),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
