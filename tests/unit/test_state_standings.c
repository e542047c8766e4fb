/* The state of rooms that are somebody's, and of rules that few rooms have; that it ends with its owner, is
 * bounded, and that the rows are all of it. */
#include "state_world.h"

#include "limits.h"

static uint64_t enter(const char *name) {
	return apply((struct record){.kind = ENTRY_ENTERED,
	                             .person = seq + 1,
	                             .session = seq + 1,
	                             .name = text(name),
	                             .face = FACE_IRC});
}

static uint64_t make_account(const char *name) {
	return apply((struct record){.kind = ENTRY_ACCOUNT_MADE, .name = text(name)});
}

static void end_account(uint64_t account, const char *name) {
	apply((struct record){.kind = ENTRY_ACCOUNT_ENDED, .target = account, .name = text(name)});
}

static uint64_t make_room(const char *name, uint64_t person, const char *account) {
	uint64_t room = apply((struct record){.kind = ENTRY_ROOM_MADE,
	                                      .person = person,
	                                      .by = text(account),
	                                      .name = text(name),
	                                      .bits = ROOM_BITS_AT_FIRST});
	return room;
}

static struct record mode(uint64_t room, const char *change) {
	return (struct record){
		.kind = ENTRY_MODE, .room = room, .name = text("ann"), .text = text(change)};
}

static struct record founder(uint64_t room, const char *account) {
	return (struct record){.kind = ENTRY_FOUNDER, .room = room, .name = text(account)};
}

static struct record standing(uint64_t room, const char *account, uint64_t bits) {
	return (struct record){
		.kind = ENTRY_STANDING, .room = room, .name = text(account), .bits = bits};
}

static void say(uint64_t room, uint64_t person) {
	apply((struct record){.kind = ENTRY_SAID, .room = room, .person = person});
}

static bool is_registered(uint64_t room) {
	return (state_room_charter(state, room).bits & ROOM_IS_REGISTERED) != 0;
}

static void a_room_that_is_registered_does_not_end(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t account = make_account("ann");
	uint64_t tea = make_room("#tea", ann, ""), cup = make_room("#cup", ann, "ann");
	assert_slice(state_room_charter(state, tea).founder_account, "");
	assert_slice(state_room_charter(state, cup).founder_account, "ann");
	assert_int_equal(state_rooms_of_account(state, account), 0);
	assert_int_equal(state_empty_room_next(state, false, 0), tea);
	apply(founder(tea, "ANN"));
	assert_slice(state_room_charter(state, tea).founder_account, "ann");
	assert_true(is_registered(tea));
	assert_int_equal(state_rooms_of_account(state, account), 1);
	assert_int_equal(state_registered_count(state), 1);
	assert_int_equal(state_empty_room_next(state, false, 0), cup);
	assert_int_equal(state_empty_room_next(state, false, cup), 0);
	assert_rows_are_the_state();
	apply(founder(tea, ""));
	assert_false(is_registered(tea));
	assert_int_equal(state_registered_count(state), 0);
	assert_int_equal(state_empty_room_next(state, false, 0), tea);
	assert_int_equal(state_empty_room_next(state, false, tea), cup);
	assert_impossible(founder(tea, "nobody"));
	assert_impossible(founder(99, "ann"));
	assert_rows_are_the_state();
}

static void all_of_it_ends_with_the_account(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t anns = make_account("ann"), bobs = make_account("bob");
	uint64_t tea = make_room("#tea", ann, "ann"), cup = make_room("#cup", ann, "ann");
	apply(founder(tea, "ann"));
	apply(standing(tea, "bob", MEMBER_IS_OPERATOR | MEMBER_HAS_VOICE));
	apply(standing(tea, "ann", MEMBER_HAS_VOICE));
	apply(standing(cup, "bob", MEMBER_HAS_VOICE));
	assert_int_equal(state_standing(state, tea, bobs), MEMBER_IS_OPERATOR | MEMBER_HAS_VOICE);
	assert_int_equal(state_standings_count(state, tea), 2);
	struct room_standing first = {0};
	assert_true(state_standing_next(state, tea, &first));
	assert_slice(first.name, "ann");
	assert_true(state_standing_next(state, tea, &first));
	assert_slice(first.name, "bob");
	assert_false(state_standing_next(state, tea, &first));
	assert_rows_are_the_state();
	apply(standing(tea, "ann", 0));
	assert_slice(state_room_charter(state, tea).founder_account, "ann");
	/* Given away: what the first one had besides is left. */
	apply(standing(tea, "ann", MEMBER_HAS_VOICE));
	apply(founder(tea, "bob"));
	assert_int_equal(state_standing(state, tea, anns), MEMBER_HAS_VOICE);
	apply(founder(tea, "ann"));
	end_account(bobs, "bob");
	assert_int_equal(state_standings_count(state, tea) + state_standings_count(state, cup), 1);
	assert_true(is_registered(tea));
	end_account(anns, "ann");
	assert_false(is_registered(tea));
	assert_slice(state_room_charter(state, tea).founder_account, "");
	assert_slice(state_room_charter(state, cup).founder_account, "");
	assert_int_equal(state_standings_count(state, tea), 0);
	assert_rows_are_the_state();
	/* Nobody inherits it. */
	assert_int_equal(state_standing(state, tea, make_account("bob")), 0);
	assert_impossible(standing(tea, "nobody", MEMBER_HAS_VOICE));
}

static void there_are_only_so_many(void **unused) {
	char name[16];
	uint64_t tea = make_room("#tea", enter("ann"), "");
	for (unsigned i = 0; i <= STANDINGS_PER_ROOM_MAX; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		make_account(name);
		if (i < STANDINGS_PER_ROOM_MAX) {
			apply(standing(tea, name, MEMBER_HAS_VOICE));
		}
	}
	assert_impossible(standing(tea, name, MEMBER_HAS_VOICE));
	apply(standing(tea, "n0", MEMBER_IS_OPERATOR));
	assert_int_equal(state_standings_count(state, tea), STANDINGS_PER_ROOM_MAX);
	apply((struct record){.kind = ENTRY_ROOM_ENDED, .room = tea});
	assert_rows_are_the_state();
}

static struct record renaming(uint64_t room, const char *name) {
	return (struct record){.kind = ENTRY_ROOM_RENAMED, .room = room, .other_name = text(name)};
}

static void a_room_that_is_renamed_is_the_room_it_was(void **unused) {
	char long_name[ROOM_NAME_BYTES_MAX + 2] = "#";
	memset(long_name + 1, 'x', ROOM_NAME_BYTES_MAX);
	uint64_t ann = enter("ann"), bob = enter("bob");
	make_account("ann");
	uint64_t tea = make_room("#tea", ann, "ann"), hall = make_room("#hall", ann, "");
	uint64_t attic = make_room("#attic", ann, "");
	apply((struct record){.kind = ENTRY_JOINED, .room = tea, .person = bob});
	apply(founder(tea, "ann"));
	apply(mode(tea, "+b x!*@*"));
	apply(mode(hall, "+f #TEA"));
	apply(mode(attic, "+Wf 10 #hall"));
	assert_int_equal(state_room_renamed_us(state, tea), 0);
	apply(renaming(tea, "#cup"));
	assert_int_equal(state_room_named(state, text("#cup")), tea);
	assert_int_equal(state_room_named(state, text("#tea")), 0);
	assert_slice(state_room_name(state, tea), "#cup");
	assert_int_equal(state_room_renamed_us(state, tea), state_time_us(state));
	assert_true(is_registered(tea) && state_is_member(state, tea, bob));
	assert_int_equal(state_masks_count(state, tea, 'b'), 1);
	assert_slice(state_room_charter(state, hall).forward, "#cup");
	assert_slice(state_room_charter(state, attic).forward, "#hall");
	assert_rows_are_the_state();
	/* Another spelling; the old name is another's. */
	apply(renaming(tea, "#CUP"));
	assert_slice(state_room_charter(state, hall).forward, "#CUP");
	uint64_t other = make_room("#tea", ann, "");
	assert_impossible(renaming(tea, "#tea"));
	assert_impossible(renaming(other, "#cup"));
	assert_impossible(renaming(other, ""));
	assert_impossible(renaming(other, long_name));
	assert_impossible(renaming(ROOM_LOBBY, "#mug"));
	assert_impossible(renaming(99, "#mug"));
	/* They change names, by a third one. */
	apply(renaming(tea, "#mug"));
	apply(renaming(other, "#cup"));
	apply(renaming(tea, "#tea"));
	assert_rows_are_the_state();
}

static void where_one_is_sent_and_who_spoke(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob"), tea = make_room("#tea", ann, "");
	say(tea, bob);
	assert_int_equal(state_room_spoken_us(state, tea, bob), 0);
	apply(mode(tea, "+Wf 100 #cup"));
	assert_int_equal(state_room_charter(state, tea).slow_s, 100);
	assert_slice(state_room_charter(state, tea).forward, "#cup");
	say(tea, bob);
	assert_int_equal(state_room_spoken_us(state, tea, bob), state_time_us(state));
	assert_rows_are_the_state();
	/* Who has an office is not remembered, in another room nobody is. */
	apply((struct record){
		.kind = ENTRY_JOINED, .person = ann, .room = tea, .bits = MEMBER_HAS_VOICE});
	say(tea, ann);
	say(ROOM_LOBBY, bob);
	assert_int_equal(state_room_spoken_us(state, tea, ann), 0);
	assert_int_equal(state_room_spoken_us(state, ROOM_LOBBY, bob), 0);
	/* It ends with the person, with the mode, and when it does not matter any more. */
	uint64_t cat = enter("cat");
	say(tea, cat);
	apply((struct record){.kind = ENTRY_LEFT, .person = bob, .session = bob});
	assert_int_equal(state_room_spoken_us(state, tea, bob), 0);
	assert_rows_are_the_state();
	apply(mode(tea, "-W"));
	assert_int_equal(state_room_spoken_us(state, tea, cat), 0);
	apply(mode(tea, "+W 1"));
	say(tea, cat);
	seq += 10;
	say(tea, ann);
	assert_int_equal(state_room_spoken_us(state, tea, cat), 0);
	apply(mode(tea, "-Wf"));
	assert_impossible(mode(tea, "+W 21601"));
	assert_impossible(mode(tea, "+W 0"));
	assert_impossible(mode(tea, "+f"));
	assert_rows_are_the_state();
}

static void a_crowd_in_a_slow_room(void **unused) {
	char name[16];
	uint64_t tea = make_room("#tea", enter("ann"), ""), first = 0, last = 0;
	apply(mode(tea, "+W 21600"));
	for (unsigned i = 0; i <= SPOKEN_PER_ROOM_MAX; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		last = enter(name);
		first = i == 0 ? last : first;
		say(tea, last);
	}
	assert_int_equal(state_room_spoken_us(state, tea, first), 0);
	assert_int_equal(state_room_spoken_us(state, tea, last), state_time_us(state));
}

static void bad_rows(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t account = make_account("ann");
	apply(mode(ROOM_LOBBY, "+f #cup"));
	struct record bad[] = {
		{.kind = ROW_RULES, .room = 99, .number = 1},
		{.kind = ROW_RULES, .room = 1, .number = 1},
		{.kind = ROW_SPOKEN, .room = 1, .person = ann, .since_us = 1},
		{.kind = ROW_SPOKEN, .room = 99, .person = ann, .since_us = 1},
		{.kind = ROW_STANDING, .room = 1, .target = account},
		{.kind = ROW_STANDING, .room = 1, .target = 99, .bits = MEMBER_HAS_VOICE},
		{.kind = ROW_STANDING, .room = 99, .target = account, .bits = MEMBER_HAS_VOICE},
		{.kind = ROW_STANDING, .room = 1, .target = account, .bits = 1},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(state_load_row(state, &bad[i]), STATE_IMPOSSIBLE);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_room_that_is_registered_does_not_end, begin, end),
		cmocka_unit_test_setup_teardown(all_of_it_ends_with_the_account, begin, end),
		cmocka_unit_test_setup_teardown(there_are_only_so_many, begin, end),
		cmocka_unit_test_setup_teardown(a_room_that_is_renamed_is_the_room_it_was, begin,
	                                        end),
		cmocka_unit_test_setup_teardown(where_one_is_sent_and_who_spoke, begin, end),
		cmocka_unit_test_setup_teardown(a_crowd_in_a_slow_room, begin, end),
		cmocka_unit_test_setup_teardown(bad_rows, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
