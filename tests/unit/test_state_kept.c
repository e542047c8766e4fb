/* The state of what is sent again: which messages were kept, and whose sessions are gone on with. */
#include "state_world.h"

#include "limits.h"

#define SECOND UINT64_C(1000000)

static struct record entering(const char *name, uint64_t nonce) {
	return (struct record){.kind = ENTRY_ENTERED,
	                       .person = seq + 1,
	                       .session = seq + 1,
	                       .name = text(name),
	                       .face = FACE_IRC,
	                       .nonce = nonce,
	                       .has_route = true,
	                       .route = route_of(HOST, 6667)};
}

static uint64_t say(uint64_t person, uint64_t key) {
	return apply((struct record){.kind = ENTRY_SAID,
	                             .person = person,
	                             .session = person,
	                             .room = ROOM_LOBBY,
	                             .nonce = key});
}

static uint64_t kept(uint64_t key) {
	uint64_t since_us = 0, at = state_kept(state, key, &since_us);
	assert_int_equal(since_us, at * SECOND);
	return at;
}

static void keys(void **unused) {
	uint64_t ming = apply(entering("ming", 0));
	assert_int_equal(kept(7), 0);
	say(ming, 0);
	assert_int_equal(kept(0), 0);
	uint64_t first = say(ming, 7), second = say(ming, UINT64_MAX);
	assert_int_equal(kept(7), first);
	assert_int_equal(kept(UINT64_MAX), second);
	/* What no message bears is no key of one. */
	uint64_t bob = apply(entering("bob", 8));
	assert_int_equal(kept(8), 0);
	/* The first one is the one. */
	say(ming, 7);
	assert_int_equal(kept(7), first);
	uint64_t direct = apply((struct record){
		.kind = ENTRY_DIRECT, .person = ming, .target = bob, .room = seq + 1, .nonce = 9});
	assert_int_equal(kept(9), direct);
	uint64_t tagged = apply((struct record){
		.kind = ENTRY_TAGGED, .person = ming, .room = ROOM_LOBBY, .nonce = 10});
	assert_int_equal(kept(10), tagged);
}

static void keys_are_forgotten(void **unused) {
	uint64_t ming = apply(entering("ming", 0));
	say(ming, 7);
	seq += KEPT_SECONDS - 2;
	uint64_t second = say(ming, 8);
	assert_int_equal(kept(7), second + 1 - KEPT_SECONDS);
	say(ming, 9);
	assert_int_equal(kept(7), 0);
	assert_int_equal(kept(8), second);
	/* There are no more than so many. */
	for (uint64_t i = 0; i < KEPT_MAX; i++) {
		struct record row = {
			.kind = ROW_KEPT, .nonce = 100 + i, .number = i + 1, .since_us = SECOND};
		enum state_error error = state_load_row(state, &row);
		assert_int_equal(error, i < KEPT_MAX - 2 ? STATE_OK : STATE_IMPOSSIBLE);
	}
	/* Those rows were not told: they are taken for granted. */
	rows_finish(&rows);
	rows = rows_of(state);
	say(ming, 10);
	assert_int_equal(state_kept(state, 100, &(uint64_t){0}), 0);
	assert_int_equal(kept(10), seq);
}

static void seats(void **unused) {
	uint64_t ming = apply(entering("ming", 7));
	assert_null(state_stream_of_nonce(state, 0));
	assert_null(state_stream_of_nonce(state, 8));
	assert_null(state_session_of_nonce(state, 7));
	const struct session *session = state_stream_of_nonce(state, 7);
	assert_int_equal(session_id(session), ming);
	assert_true(session_is_resumable(state, session));
	struct record attached = entering("", 7);
	attached.kind = ENTRY_ATTACHED;
	attached.person = ming;
	uint64_t newer = apply(attached);
	assert_int_equal(session_id(state_stream_of_nonce(state, 7)), newer);
	apply((struct record){.kind = ENTRY_DETACHED, .session = ming});
	assert_int_equal(session_id(state_stream_of_nonce(state, 7)), newer);
	assert_rows_are_the_state();
	/* Cut, and back. */
	apply((struct record){.kind = ENTRY_ABSENT, .session = newer, .person = ming});
	assert_true(person_is_absent(state, state_person(state, ming)));
	assert_int_equal(session_id(state_orphan_next(state, NULL)), newer);
	assert_impossible((struct record){.kind = ENTRY_ABSENT, .session = newer});
	assert_rows_are_the_state();
	apply((struct record){.kind = ENTRY_MOVED,
	                      .session = newer,
	                      .has_route = true,
	                      .route = route_of(HOST, 6668)});
	assert_false(person_is_absent(state, state_person(state, ming)));
	apply((struct record){.kind = ENTRY_LEFT, .person = ming, .session = newer});
	assert_null(state_stream_of_nonce(state, 7));
}

static void bad_rows(void **unused) {
	uint64_t ming = apply(entering("ming", 7));
	uint64_t said = say(ming, 8);
	struct record bad[] = {
		{.kind = ROW_SEAT, .session = ming, .nonce = 9},
		{.kind = ROW_SEAT, .session = 99, .nonce = 9},
		{.kind = ROW_KEPT, .nonce = 0, .number = 1},
		{.kind = ROW_KEPT, .nonce = 9, .number = 0},
		{.kind = ROW_KEPT, .nonce = 8, .number = said},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(state_load_row(state, &bad[i]), STATE_IMPOSSIBLE);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(keys),
		TEST(keys_are_forgotten),
		TEST(seats),
		TEST(bad_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
