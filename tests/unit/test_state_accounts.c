/* The state of accounts: their people, sessions and devices; and that the rows are all of it. */
#include "state_world.h"

#include "limits.h"

static uint64_t make_account(const char *name) {
	return apply((struct record){.kind = ENTRY_ACCOUNT_MADE, .name = text(name)});
}

static struct record entering(const char *name, const char *device) {
	return (struct record){.kind = ENTRY_ENTERED,
	                       .person = seq + 1,
	                       .session = seq + 1,
	                       .name = text(name),
	                       .face = FACE_IRC,
	                       .secret = slice_from_string(device),
	                       .userhost = text("~ming@3f9a.qun"),
	                       .bits = PERSON_HAS_ACCOUNT,
	                       .has_route = true,
	                       .route = route_of(HOST, 6667)};
}

static struct record attaching(uint64_t person, const char *device, uint16_t home) {
	struct record entry = entering("", device);
	entry.kind = ENTRY_ATTACHED;
	entry.person = person;
	entry.home = home;
	return entry;
}

static struct record detaching(uint64_t session, uint64_t read_up_to) {
	return (struct record){.kind = ENTRY_DETACHED, .session = session, .number = read_up_to};
}

static const struct person *of(uint64_t id) {
	return state_person(state, id);
}

static void sessions(void **unused) {
	uint64_t account = make_account("ming");
	uint64_t ming = apply(entering("ming", "phone"));
	assert_int_equal(state_account_person(state, account), ming);
	assert_slice(session_device(state, state_session(state, ming)), "phone");
	apply((struct record){.kind = ENTRY_JOINED, .person = ming, .room = ROOM_LOBBY});
	uint64_t desk = apply(attaching(ming, "desk", 3));
	assert_int_equal(session_person(state, state_session(state, desk)), ming);
	assert_int_equal(state_room_homes(state, ROOM_LOBBY), 1 | 1 << 3);
	assert_rows_are_the_state();
	/* The first ends; the second goes on, an orphan at times. */
	apply(detaching(ming, 0));
	assert_null(state_session(state, ming));
	assert_int_equal(state_room_homes(state, ROOM_LOBBY), 1 << 3);
	apply((struct record){.kind = ENTRY_ORPHANED, .number = 1, .target = 2});
	assert_true(person_is_absent(state, of(ming)));
	assert_int_equal(state_room_absent_count(state, ROOM_LOBBY), 1);
	uint64_t tablet = apply(attaching(ming, "", 0));
	assert_false(person_is_absent(state, of(ming)));
	assert_int_equal(state_room_absent_count(state, ROOM_LOBBY), 0);
	apply(detaching(tablet, 0));
	apply(detaching(desk, 0));
	assert_true(person_is_absent(state, of(ming)));
	assert_int_equal(state_absent_count(state), 1);
	assert_int_equal(state_room_homes(state, ROOM_LOBBY), 0);
	assert_rows_are_the_state();
	assert_impossible(detaching(desk, 0));
	assert_impossible(attaching(99, "", 0));
	struct record plain = attaching(ming, "", 0);
	plain.face = FACE_PLAIN;
	assert_impossible(plain);
	uint64_t left = apply((struct record){.kind = ENTRY_LEFT, .person = ming});
	assert_int_equal(state_dormant_count(state), 1);
	assert_int_equal(state_member_since(state, ROOM_LOBBY, ming), 0);
	assert_impossible(attaching(ming, "", 0));
	/* Again, under the name that nobody else had meanwhile. */
	struct record again = entering("Ming", "");
	again.person = ming;
	uint64_t session = apply(again);
	assert_int_equal(session_person(state, state_session(state, session)), ming);
	assert_int_equal(person_since_us(of(ming)), state_time_us(state));
	assert_slice(person_name(of(ming)), "Ming");
	assert_int_equal(session, left + 1);
}

static void devices(void **unused) {
	uint64_t account = make_account("ming");
	uint64_t ming = apply(entering("ming", "phone"));
	/* It begins with its first coming, and never goes back. */
	assert_int_equal(state_device_read_up_to(state, account, text("phone")), ming);
	assert_int_equal(state_device_read_up_to(state, account, text("desk")), 0);
	uint64_t other = apply(attaching(ming, "phone", 0));
	assert_int_equal(state_device_read_up_to(state, account, text("phone")), ming);
	apply(detaching(other, other));
	assert_int_equal(state_device_read_up_to(state, account, text("phone")), other);
	apply(detaching(ming, ming));
	assert_int_equal(state_device_read_up_to(state, account, text("phone")), other);
	/* Those that have not said who they are, are one. */
	uint64_t nameless = apply(attaching(ming, "", 0));
	assert_int_equal(state_device_read_up_to(state, account, text("")), nameless);
	for (int i = 0; i < DEVICES_PER_ACCOUNT_MAX; i++) {
		char name[16];
		snprintf(name, sizeof(name), "d%d", i);
		apply(detaching(apply(attaching(ming, name, 0)), 0));
	}
	assert_int_equal(state_device_read_up_to(state, account, text("phone")), 0);
	assert_int_equal(state_device_read_up_to(state, account, text("")), 0);
	assert_int_not_equal(state_device_read_up_to(state, account, text("d0")), 0);
	assert_rows_are_the_state();
	apply((struct record){.kind = ENTRY_ACCOUNT_ENDED, .target = account});
	assert_int_equal(state_device_read_up_to(state, account, text("d0")), 0);
	static const char many[DEVICE_BYTES_MAX + 1];
	struct record long_name = attaching(ming, "", 0);
	long_name.secret = slice_of(many, sizeof(many));
	assert_impossible(long_name);
}

static void whose_account_it_is(void **unused) {
	/* Signed in before the state knows of the account; or later. */
	uint64_t ming = apply(entering("ming", "phone"));
	uint64_t account = make_account("ming");
	assert_int_equal(state_account_person(state, account), ming);
	assert_int_equal(state_device_read_up_to(state, account, text("phone")), account);
	struct record guest = entering("ann", "");
	guest.bits = 0;
	uint64_t ann = apply(guest);
	uint64_t hers = make_account("ann");
	assert_int_equal(state_account_person(state, hers), 0);
	apply((struct record){.kind = ENTRY_PROFILE,
	                      .person = ann,
	                      .number = PROFILE_ACCOUNT,
	                      .bits = PERSON_HAS_ACCOUNT});
	assert_int_equal(state_account_person(state, hers), ann);
	assert_int_equal(person_account(state, of(ann)), hers);
	apply((struct record){.kind = ENTRY_ACCOUNT_SET, .target = hers, .bits = ACCOUNT_STAYS});
	assert_int_equal(state_account_bits(state, hers), ACCOUNT_STAYS);
	assert_slice(state_account_name(state, hers), "ann");
	assert_impossible((struct record){.kind = ENTRY_ACCOUNT_SET, .target = 99});
	assert_rows_are_the_state();
	/* An account's end: whoever is connected remains, whoever is not is over. */
	apply((struct record){.kind = ENTRY_ACCOUNT_ENDED, .target = hers});
	assert_non_null(of(ann));
	assert_int_equal(person_account(state, of(ann)), 0);
	apply((struct record){.kind = ENTRY_LEFT, .person = ann});
	assert_null(of(ann));
	apply((struct record){.kind = ENTRY_KICKED, .person = ming});
	assert_non_null(of(ming));
	assert_int_equal(state_people_count(state), 0);
	apply((struct record){.kind = ENTRY_ACCOUNT_ENDED, .target = account});
	assert_null(of(ming));
}

/* Several sessions become an account's at once: whatever order they hang in, each device is there once. */
static void many_become_its_own(void **unused) {
	uint64_t ming = apply(entering("ming", "phone"));
	apply(attaching(ming, "phone", 0));
	uint64_t desk = apply(attaching(ming, "desk", 0));
	struct rows now = rows_of(state);
	const struct record made = {.kind = ENTRY_ACCOUNT_MADE,
	                            .seq = seq + 1,
	                            .time_us = (seq + 1) * 1000000,
	                            .name = text("ming")};
	struct state *loaded[2] = {rows_load(&now, 0), rows_load(&now, now.count - 2)};
	uint64_t account = make_account("ming");
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(state_apply(loaded[i], &made, NULL, NULL), STATE_OK);
		assert_int_equal(state_digest(loaded[i]), state_digest(state));
		state_destroy(loaded[i]);
	}
	rows_finish(&now);
	assert_int_equal(state_device_read_up_to(state, account, text("phone")), account);
	assert_int_equal(state_device_read_up_to(state, account, text("desk")), account);
	assert_int_not_equal(desk, ming);
}

/* What is kept of a person in other tables, while it is dormant: conversations, and no more. */
static void what_is_left(void **unused) {
	make_account("ming");
	uint64_t ming = apply(entering("ming", "phone"));
	uint64_t bob = apply(entering("bob", ""));
	apply((struct record){
		.kind = ENTRY_DIRECT, .person = bob, .target = ming, .room = seq + 1});
	apply((struct record){.kind = ENTRY_AWAY, .person = ming, .text = text("lunch")});
	apply((struct record){.kind = ENTRY_INVITED, .target = ming, .room = ROOM_LOBBY});
	apply((struct record){.kind = ENTRY_CLOSED});
	assert_int_equal(state_dormant_count(state), 1);
	/* Bob has no account: he is over, and what the two wrote with him. */
	assert_int_equal(state_threads_count(state), 0);
	assert_false(state_is_invited(state, ROOM_LOBBY, ming));
	assert_slice(person_away(state, of(ming)), "");
	assert_null(person_session_next(state, of(ming), NULL));
}

static void bad_rows(void **unused) {
	uint64_t account = make_account("ming");
	uint64_t ming = apply(entering("ming", "phone"));
	struct record bad[] = {
		{.kind = ROW_ACCOUNT, .target = 99, .name = text("x"), .person = 98},
		{.kind = ROW_ACCOUNT, .target = 99, .name = text("x"), .person = ming},
		{.kind = ROW_DEVICE, .target = 99, .session = 1, .name = text("x")},
		{.kind = ROW_DEVICE, .target = account, .name = text("x")},
		{.kind = ROW_DEVICE, .target = account, .session = 1, .name = text("phone")},
		{.kind = ROW_SEAT, .session = 99, .name = text("x")},
		{.kind = ROW_SEAT, .session = ming, .name = text("x")},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(state_load_row(state, &bad[i]), STATE_IMPOSSIBLE);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(sessions),     TEST(devices),  TEST(whose_account_it_is),
		TEST(what_is_left), TEST(bad_rows), TEST(many_become_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
