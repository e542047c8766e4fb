/* The state of read markers and metadata: whose they are, what bounds them, with whom they end. And that
 * the rows are all of it. */
#include "state_world.h"

#include <stdio.h>

#include "limits.h"

static uint64_t enter(const char *name) {
	return apply((struct record){.kind = ENTRY_ENTERED,
	                             .person = seq + 1,
	                             .session = seq + 1,
	                             .name = text(name),
	                             .face = FACE_IRC,
	                             .has_route = true,
	                             .route = route_of(HOST, 6667)});
}

static void leave(uint64_t person) {
	apply((struct record){.kind = ENTRY_LEFT, .person = person, .session = person});
}

static uint64_t make_room(const char *name) {
	return apply((struct record){.kind = ENTRY_ROOM_MADE, .name = text(name)});
}

/* `since` in seconds; of `room` and `other` one is 0. */
static struct record mark(uint64_t person, uint64_t room, uint64_t other, uint64_t since) {
	return (struct record){.kind = ENTRY_MARKED,
	                       .person = person,
	                       .room = room,
	                       .target = other,
	                       .since_us = since * 1000000};
}

static struct record datum(uint64_t room, uint64_t person, const char *key, const char *value) {
	return (struct record){.kind = ENTRY_METADATA,
	                       .room = room,
	                       .target = person,
	                       .other_name = text(key),
	                       .text = text(value)};
}

#define assert_mark(person, room, other, since)                                                    \
	assert_int_equal(state_mark_us(state, person, room, other), (since)*UINT64_C(1000000))
#define assert_value(room, person, key, value)                                                     \
	assert_slice(state_metadata(state, room, person, text(key)), value)

/* ---- marks ---- */

static void marks_go_forward(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob"), tea = make_room("#tea");
	assert_mark(ann, tea, 0, 0);
	apply(mark(ann, tea, 0, 3));
	apply(mark(ann, 0, bob, 4));
	apply(mark(ann, ROOM_LOBBY, 0, 5));
	apply(mark(bob, tea, 0, 6));
	assert_mark(ann, tea, 0, 3);
	assert_mark(ann, 0, bob, 4);
	assert_mark(ann, ROOM_LOBBY, 0, 5);
	assert_mark(bob, tea, 0, 6);
	assert_mark(bob, 0, ann, 0);
	assert_impossible(mark(ann, tea, 0, 3));
	assert_impossible(mark(ann, tea, 0, 2));
	apply(mark(ann, tea, 0, 7));
	assert_mark(ann, tea, 0, 7);
	assert_int_equal(state_marks_count(state), 4);
}

static void no_marks(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob");
	assert_impossible(mark(99, ROOM_LOBBY, 0, 1));
	assert_impossible(mark(ann, 99, 0, 1));
	assert_impossible(mark(ann, 0, 99, 1));
	assert_impossible(mark(ann, 0, 0, 1));
	assert_impossible(mark(ann, ROOM_LOBBY, bob, 1));
	assert_impossible(mark(ann, ROOM_LOBBY, 0, 0));
	/* Nobody has read what is not yet said. */
	assert_impossible(mark(ann, ROOM_LOBBY, 0, seq + 2));
	struct record bad[] = {
		{.kind = ROW_MARK, .person = 99, .room = ROOM_LOBBY, .since_us = 1},
		{.kind = ROW_MARK, .person = ann, .room = 99, .since_us = 1},
		{.kind = ROW_MARK, .person = ann, .room = ROOM_LOBBY},
		{.kind = ROW_MARK, .person = ann, .since_us = 1},
		{.kind = ROW_METADATA, .person = ann, .other_name = text("a"), .text = text("b")},
		{.kind = ROW_METADATA, .target = 1, .other_name = text("a"), .text = text("b")},
		{.kind = ROW_METADATA, .target = 1, .person = ann, .text = text("b")},
		{.kind = ROW_METADATA, .target = 1, .person = ann, .other_name = text("a")},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(state_load_row(state, &bad[i]), STATE_IMPOSSIBLE);
	}
}

static void marks_end(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob"), carl = enter("carl");
	uint64_t tea = make_room("#tea");
	apply(mark(ann, tea, 0, 1));
	apply(mark(bob, tea, 0, 1));
	apply(mark(carl, tea, 0, 1));
	apply(mark(ann, 0, bob, 1));
	apply(mark(bob, 0, ann, 1));
	apply(mark(bob, 0, bob, 1)); /* notes to oneself */
	apply(mark(carl, 0, bob, 1));
	assert_rows_are_the_state();
	leave(bob);
	assert_rows_are_the_state();
	assert_int_equal(state_marks_count(state), 2);
	assert_mark(ann, tea, 0, 1);
	assert_mark(carl, tea, 0, 1);
	apply((struct record){.kind = ENTRY_ROOM_ENDED, .room = tea});
	assert_int_equal(state_marks_count(state), 0);
	/* Nobody inherits them with a name. */
	bob = enter("bob");
	assert_mark(bob, 0, ann, 0);
	assert_mark(ann, 0, bob, 0);
}

static bool note_mark(void *context, uint64_t room, uint64_t other, uint64_t since_us) {
	uint64_t *sum = context;
	*sum += room * 1000 + other * 10 + since_us / 1000000;
	return true;
}

static void the_oldest_mark_goes(void **unused) {
	uint64_t ann = enter("ann"), sum = 0;
	uint64_t first = make_room("#first");
	char name[32];
	apply(mark(ann, first, 0, 2));
	for (int i = 1; i < MARKS_PER_PERSON_MAX; i++) {
		snprintf(name, sizeof(name), "#room%d", i);
		apply(mark(ann, make_room(name), 0, 10));
	}
	assert_int_equal(state_marks_count(state), MARKS_PER_PERSON_MAX);
	apply(mark(ann, ROOM_LOBBY, 0, 1)); /* the oldest, once it is there */
	assert_mark(ann, first, 0, 0);
	assert_int_equal(state_marks_count(state), MARKS_PER_PERSON_MAX);
	apply(mark(ann, first, 0, 3));
	assert_mark(ann, ROOM_LOBBY, 0, 0);
	assert_mark(ann, first, 0, 3);
	state_marks_each(state, ann, note_mark, &sum);
	assert_true(sum > 0);
	leave(ann);
	assert_int_equal(state_marks_count(state), 0);
}

/* ---- metadata ---- */

static void what_is_said_of_oneself(void **unused) {
	uint64_t ann = enter("ann"), tea = make_room("#tea");
	struct metadata at = {0};
	apply(datum(0, ann, "status", "at tea"));
	apply(datum(0, ann, "display-name", "Ann 安"));
	apply(datum(tea, 0, "avatar", "https://tea.example/"));
	assert_value(0, ann, "status", "at tea");
	assert_value(0, ann, "avatar", "");
	assert_value(tea, 0, "avatar", "https://tea.example/");
	assert_value(ROOM_LOBBY, 0, "avatar", "");
	apply(datum(0, ann, "status", "back"));
	assert_value(0, ann, "status", "back");
	assert_int_equal(state_metadata_of(state, 0, ann), 2);
	assert_int_equal(state_metadata_count(state), 3);
	/* By key. */
	assert_true(state_metadata_next(state, 0, ann, &at));
	assert_slice(at.key, "display-name");
	assert_true(state_metadata_next(state, 0, ann, &at));
	assert_slice(at.key, "status");
	assert_slice(at.value, "back");
	assert_false(state_metadata_next(state, 0, ann, &at));
	/* Taken away: one, and all. */
	apply(datum(0, ann, "status", ""));
	assert_value(0, ann, "status", "");
	assert_impossible(datum(0, ann, "status", ""));
	apply(datum(0, ann, "", "display-name"));
	assert_impossible(datum(0, ann, "", ""));
	assert_int_equal(state_metadata_of(state, 0, ann), 0);
	assert_int_equal(state_metadata_count(state), 1);
}

static void metadata_ends(void **unused) {
	uint64_t ann = enter("ann"), bob = enter("bob"), tea = make_room("#tea");
	apply(datum(0, ann, "a", "1"));
	apply(datum(0, bob, "a", "1"));
	apply(datum(0, bob, "b", "2"));
	apply(datum(tea, 0, "a", "1"));
	apply(mark(ann, tea, 0, 1));
	assert_int_equal(state_metadata_count(state), 4);
	leave(bob);
	assert_rows_are_the_state();
	assert_int_equal(state_metadata_count(state), 2);
	apply((struct record){.kind = ENTRY_ROOM_ENDED, .room = tea});
	assert_value(0, ann, "a", "1");
	leave(ann);
	assert_int_equal(state_metadata_count(state), 0);
}

static void too_much_metadata(void **unused) {
	char key[METADATA_KEY_BYTES_MAX + 2], value[METADATA_VALUE_BYTES_MAX + 2];
	uint64_t ann = enter("ann");
	memset(key, 'k', sizeof(key));
	memset(value, 'v', sizeof(value));
	key[sizeof(key) - 1] = value[sizeof(value) - 1] = '\0';
	assert_impossible(datum(0, ann, key, "v"));
	assert_impossible(datum(0, ann, "k", value));
	key[sizeof(key) - 2] = value[sizeof(value) - 2] = '\0';
	apply(datum(0, ann, key, value));
	static const char *const bad[] = {"Key", "k y", ":k", "钥", "k$", "k*"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(state_is_metadata_key(text(bad[i])));
		assert_impossible(datum(0, ann, bad[i], "v"));
	}
	assert_true(state_is_metadata_key(text("draft/a_b.c-9")));
	for (int i = 1; i < METADATA_KEYS_MAX; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		apply(datum(0, ann, key, "v"));
	}
	assert_impossible(datum(0, ann, "more", "v"));
	apply(datum(0, ann, "k1", "other"));
	apply(datum(0, ann, "k2", ""));
	apply(datum(0, ann, "more", "v"));
	assert_impossible(datum(0, 99, "k", "v"));
	assert_impossible(datum(99, 0, "k", "v"));
	assert_impossible(datum(0, 0, "k", "v"));
	assert_impossible(datum(ROOM_LOBBY, ann, "k", "v"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(marks_go_forward, begin, end),
		cmocka_unit_test_setup_teardown(no_marks, begin, end),
		cmocka_unit_test_setup_teardown(marks_end, begin, end),
		cmocka_unit_test_setup_teardown(the_oldest_mark_goes, begin, end),
		cmocka_unit_test_setup_teardown(what_is_said_of_oneself, begin, end),
		cmocka_unit_test_setup_teardown(metadata_ends, begin, end),
		cmocka_unit_test_setup_teardown(too_much_metadata, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
