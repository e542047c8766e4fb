/* The state of those who came by a stream: what they bear, what rooms have besides a name, and whom an
 * edge's death leaves behind. And that the rows are all of it. */
#include "state_world.h"

#include "limits.h"

/* Somebody new by a stream; all from one address and port, as only streams can be. */
static struct record entering(const char *name, uint16_t home) {
	return (struct record){.kind = ENTRY_ENTERED,
	                       .person = seq + 1,
	                       .session = seq + 1,
	                       .name = text(name),
	                       .face = FACE_IRC,
	                       .home = home,
	                       .userhost = text("~ming@3f9a.qun"),
	                       .text = text("小明 Ming"),
	                       .has_route = true,
	                       .route = route_of(HOST, 6667)};
}

static uint64_t enter(const char *name) {
	return apply(entering(name, 0));
}

static uint64_t make_room(const char *name, uint64_t founder) {
	return apply((struct record){.kind = ENTRY_ROOM_MADE,
	                             .person = founder,
	                             .name = text(name),
	                             .bits = ROOM_BITS_AT_FIRST});
}

static void join(uint64_t room, uint64_t person, uint64_t bits) {
	apply((struct record){.kind = ENTRY_JOINED, .person = person, .room = room, .bits = bits});
}

static struct record mode(uint64_t room, const char *change) {
	return (struct record){
		.kind = ENTRY_MODE, .room = room, .name = text("ann"), .text = text(change)};
}

static const struct person *of(uint64_t id) {
	return state_person(state, id);
}

static void what_one_bears(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t bob = enter("bob");
	assert_slice(person_userhost(state, of(ann)), "~ming@3f9a.qun");
	assert_slice(person_realname(state, of(bob)), "小明 Ming");
	assert_int_equal(person_bits(state, of(ann)), 0);
	assert_int_equal(state_people_count(state), 2);
	/* Nobody finds a stream by its address. */
	struct route route = route_of(HOST, 6667);
	assert_null(state_session_at(state, &route.peer));
	apply((struct record){.kind = ENTRY_PROFILE,
	                      .person = ann,
	                      .number = PROFILE_REALNAME | PROFILE_MODES,
	                      .text = text("Ann"),
	                      .bits = PERSON_IS_BOT | SAID_IS_NOTICE});
	assert_slice(person_realname(state, of(ann)), "Ann");
	assert_slice(person_userhost(state, of(ann)), "~ming@3f9a.qun");
	assert_int_equal(person_bits(state, of(ann)), PERSON_IS_BOT);
	apply((struct record){.kind = ENTRY_AWAY, .person = ann, .text = text("吃饭")});
	assert_slice(person_away(state, of(ann)), "吃饭");
	assert_slice(person_realname(state, of(ann)), "Ann");
	assert_slice(person_realname(state, of(bob)), "小明 Ming");
	apply((struct record){.kind = ENTRY_AWAY, .person = ann});
	assert_slice(person_away(state, of(ann)), "");
	assert_impossible((struct record){.kind = ENTRY_AWAY, .person = 7});
	apply((struct record){.kind = ENTRY_LEFT, .person = ann, .session = ann});
	assert_null(of(ann));
	assert_slice(person_userhost(state, of(bob)), "~ming@3f9a.qun");
}

static void when_one_spoke(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t bob = enter("bob");
	assert_int_equal(person_spoke_us(of(ann)), 0);
	seq = 1000;
	apply((struct record){
		.kind = ENTRY_SAID, .person = ann, .room = ROOM_LOBBY, .text = text("hello")});
	assert_int_equal(person_spoke_us(of(ann)), state_time_us(state));
	assert_int_equal(person_spoke_us(of(bob)), 0);
	assert_rows_are_the_state();
	/* Not each message writes a row, but nobody who reads rows is wrong by more than a step. */
	for (int i = 0; i < 100; i++) {
		apply((struct record){.kind = ENTRY_DIRECT,
		                      .person = bob,
		                      .target = ann,
		                      .room = 1002,
		                      .text = text("hello")});
		struct rows now = rows_of(state);
		struct state *loaded = rows_load(&now, 0);
		uint64_t spoke_us = person_spoke_us(state_person(loaded, bob));
		assert_int_equal(person_spoke_us(of(bob)), state_time_us(state));
		assert_in_range(state_time_us(state) - spoke_us, 0, 63 * 1000000);
		state_destroy(loaded);
		rows_finish(&now);
	}
}

static void too_much_of_it(void **unused) {
	static const char many[REALNAME_BYTES_MAX + 1];
	struct record entry = entering("ann", 0);
	entry.text = slice_of(many, sizeof(many));
	assert_impossible(entry);
	entry.text.size--;
	uint64_t ann = apply(entry);
	assert_impossible((struct record){.kind = ENTRY_PROFILE,
	                                  .person = ann,
	                                  .number = PROFILE_USERHOST,
	                                  .userhost = slice_of(many, USERHOST_BYTES_MAX + 1)});
}

static void a_room_and_its_charter(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t tea = make_room("#tea", ann);
	join(tea, ann, MEMBER_IS_OPERATOR);
	struct room_charter charter = state_room_charter(state, tea);
	assert_int_equal(charter.bits, ROOM_NO_EXTERNAL | ROOM_TOPIC_LOCKED);
	assert_int_equal(charter.founder, ann);
	assert_int_equal(state_room_made_us(state, tea), tea * 1000000);
	assert_int_equal(state_member_bits(state, tea, ann), MEMBER_IS_OPERATOR);
	uint64_t at = apply((struct record){
		.kind = ENTRY_TOPIC, .room = tea, .name = text("ann"), .text = text("茶")});
	charter = state_room_charter(state, tea);
	assert_slice(charter.topic, "茶");
	assert_slice(charter.topic_by, "ann");
	assert_int_equal(charter.topic_since_us, at * 1000000);
	/* An empty room keeps it, and its founder. */
	apply((struct record){.kind = ENTRY_PARTED, .person = ann, .room = tea});
	assert_slice(state_room_charter(state, tea).topic, "茶");
	assert_int_equal(state_member_bits(state, tea, ann), 0);
	assert_int_equal(state_empty_room_next(state, true, 0), tea);
	apply((struct record){.kind = ENTRY_ROOM_ENDED, .room = tea});
	assert_slice(state_room_charter(state, tea).topic, "");
	/* The lobby has one as soon as there is something in it. */
	assert_int_equal(state_room_charter(state, ROOM_LOBBY).bits, ROOM_BITS_AT_FIRST);
	apply((struct record){.kind = ENTRY_TOPIC, .room = ROOM_LOBBY, .text = text("欢迎")});
	assert_slice(state_room_charter(state, ROOM_LOBBY).topic, "欢迎");
	assert_impossible((struct record){.kind = ENTRY_TOPIC, .room = tea, .text = text("x")});
}

static void modes(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t ming = enter("小明");
	uint64_t tea = make_room("#tea", ann);
	join(tea, ann, MEMBER_IS_OPERATOR);
	join(tea, ming, 0);
	struct record change = mode(tea, "+mk-t+vl * 小明 12");
	assert_impossible(change); /* a key that is not told */
	change.secret = text("sesame");
	apply(change);
	struct room_charter charter = state_room_charter(state, tea);
	assert_int_equal(charter.bits, ROOM_NO_EXTERNAL | ROOM_IS_MODERATED);
	assert_slice(charter.key, "sesame");
	assert_int_equal(charter.limit, 12);
	assert_int_equal(state_member_bits(state, tea, ming), MEMBER_HAS_VOICE);
	apply(mode(tea, "+o-ovk 小明 ann 小明 *"));
	assert_int_equal(state_member_bits(state, tea, ming), MEMBER_IS_OPERATOR);
	assert_int_equal(state_member_bits(state, tea, ann), 0);
	assert_slice(state_room_charter(state, tea).key, "");
	apply(mode(tea, "-l"));
	assert_int_equal(state_room_charter(state, tea).limit, 0);
	assert_impossible(mode(tea, "+o bob"));
	assert_impossible(mode(tea, "+x"));
	assert_impossible(mode(tea, "+l many"));
	assert_impossible(mode(tea, "+b"));
	assert_impossible(mode(tea, "+"));
	assert_impossible(mode(99, "+i"));
	assert_impossible(mode(tea, "+iiiiiiiiiiiiiiiiiiiii"));
	/* Half of it possible: nothing of it is done. */
	assert_impossible(mode(tea, "+io bob"));
}

static void masks(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t tea = make_room("#tea", ann);
	join(tea, ann, MEMBER_IS_OPERATOR);
	uint64_t at = apply(mode(tea, "+bbe a!*@* b!*@* c!*@*"));
	apply(mode(tea, "+bb a!*@* d!*@*"));
	struct room_mask mask = {0};
	assert_int_equal(state_masks_count(state, tea, 'b'), 3);
	assert_int_equal(state_masks_count(state, tea, 'e'), 1);
	assert_int_equal(state_masks_count(state, tea, 'I'), 0);
	static const char *const all[] = {"a!*@*", "b!*@*", "d!*@*"};
	for (size_t i = 0; i < 3; i++) {
		assert_true(state_mask_next(state, tea, 'b', &mask));
		assert_slice(mask.mask, all[i]);
		assert_slice(mask.by, "ann");
	}
	assert_false(state_mask_next(state, tea, 'b', &mask));
	mask = (struct room_mask){0};
	assert_true(state_mask_next(state, tea, 'e', &mask));
	assert_int_equal(mask.since_us, at * 1000000);
	apply(mode(tea, "-b b!*@*"));
	assert_int_equal(state_masks_count(state, tea, 'b'), 2);
	for (int i = 0; i < MASKS_PER_LIST_MAX; i++) {
		char change[32];
		snprintf(change, sizeof(change), "+b x%d!*@*", i);
		apply(mode(tea, change));
	}
	assert_int_equal(state_masks_count(state, tea, 'b'), MASKS_PER_LIST_MAX);
	apply((struct record){.kind = ENTRY_LEFT, .person = ann, .session = ann});
	assert_int_equal(state_masks_count(state, tea, 'b'), MASKS_PER_LIST_MAX);
	apply((struct record){.kind = ENTRY_ROOM_ENDED, .room = tea});
}

static void invitations(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t bob = enter("bob");
	uint64_t cat = enter("cat");
	uint64_t tea = make_room("#tea", ann);
	join(tea, ann, MEMBER_IS_OPERATOR);
	for (int again = 0; again < 2; again++) {
		apply((struct record){
			.kind = ENTRY_INVITED, .person = ann, .target = bob, .room = tea});
		apply((struct record){
			.kind = ENTRY_INVITED, .person = ann, .target = cat, .room = tea});
	}
	assert_true(state_is_invited(state, tea, bob));
	assert_false(state_is_invited(state, tea, ann));
	assert_false(state_is_invited(state, ROOM_LOBBY, bob));
	assert_rows_are_the_state();
	/* It is used up by coming, and ends with who was invited. */
	join(tea, bob, 0);
	assert_false(state_is_invited(state, tea, bob));
	apply((struct record){.kind = ENTRY_LEFT, .person = cat, .session = cat});
	assert_impossible((struct record){.kind = ENTRY_INVITED, .target = cat, .room = tea});
	for (size_t i = 0; i < INVITATIONS_PER_ROOM_MAX; i++) {
		char name[16];
		snprintf(name, sizeof(name), "many%zu", i);
		uint64_t one = enter(name);
		apply((struct record){.kind = ENTRY_INVITED, .target = one, .room = tea});
	}
	uint64_t last = enter("last");
	assert_impossible((struct record){.kind = ENTRY_INVITED, .target = last, .room = tea});
}

static void put_out(void **unused) {
	uint64_t ann = enter("ann");
	uint64_t bob = enter("bob");
	uint64_t tea = make_room("#tea", ann);
	join(tea, ann, MEMBER_IS_OPERATOR);
	join(tea, bob, MEMBER_HAS_VOICE);
	struct record out = {.kind = ENTRY_PUT_OUT, .person = bob, .room = tea, .target = ann};
	apply(out);
	assert_false(state_is_member(state, tea, bob));
	assert_impossible(out);
	join(tea, bob, 0);
	assert_int_equal(state_member_bits(state, tea, bob), 0);
}

static void accounts(void **unused) {
	uint64_t ming = apply((struct record){.kind = ENTRY_ACCOUNT_MADE, .name = text("Ming")});
	assert_int_equal(state_account_named(state, text("ming")), ming);
	assert_int_equal(state_account_named(state, text("ｍｉｎｇ")), ming);
	assert_int_equal(state_account_named(state, text("小明")), 0);
	assert_impossible((struct record){.kind = ENTRY_ACCOUNT_MADE, .name = text("MING")});
	assert_impossible((struct record){.kind = ENTRY_ACCOUNT_MADE});
	apply((struct record){.kind = ENTRY_ACCOUNT_MADE, .name = text("小明")});
	assert_int_equal(state_accounts_count(state), 2);
	assert_true(slice_equal(state_account_like(state, text("mіng")), text("Ming")));
	assert_int_equal(state_account_like(state, text("ming")).size, 0);
	assert_int_equal(state_account_like(state, text("mango")).size, 0);
	/* What looks like another may have been registered before that was looked at: it stays. */
	uint64_t like = apply((struct record){.kind = ENTRY_ACCOUNT_MADE, .name = text("mіng")});
	assert_int_equal(state_account_like(state, text("mіng")).size, 0);
	assert_rows_are_the_state();
	apply((struct record){.kind = ENTRY_ACCOUNT_ENDED, .target = like});
	assert_true(slice_equal(state_account_like(state, text("mіng")), text("Ming")));
	apply((struct record){.kind = ENTRY_ACCOUNT_ENDED, .target = ming});
	assert_int_equal(state_account_like(state, text("mіng")).size, 0);
	assert_int_equal(state_account_named(state, text("ming")), 0);
	assert_impossible((struct record){.kind = ENTRY_ACCOUNT_ENDED, .target = ming});
}

static void orphans(void **unused) {
	uint64_t ann = apply(entering("ann", 0));
	uint64_t bob = apply(entering("bob", 1));
	uint64_t cat = apply(entering("cat", 2));
	join(ROOM_LOBBY, ann, 0);
	join(ROOM_LOBBY, bob, 0);
	struct record moved = {.kind = ENTRY_MOVED,
	                       .session = ann,
	                       .person = ann,
	                       .home = 1,
	                       .has_route = true,
	                       .route = route_of(HOST, 7000)};
	/* Of two edges: homes 0 and 2 are those of the first. */
	uint64_t at = apply((struct record){.kind = ENTRY_ORPHANED, .number = 0, .target = 2});
	assert_true(person_is_absent(state, of(ann)));
	assert_false(person_is_absent(state, of(bob)));
	assert_true(person_is_absent(state, of(cat)));
	assert_int_equal(state_absent_count(state), 2);
	assert_int_equal(state_room_absent_count(state, ROOM_LOBBY), 1);
	assert_int_equal(state_room_homes(state, ROOM_LOBBY), 2);
	assert_null(state_absent_next(state, NULL));
	size_t count = 0;
	for (const struct session *orphan = NULL;
	     (orphan = state_orphan_next(state, orphan)) != NULL; count++) {
		assert_int_equal(session_absent_since_us(state, orphan), at * 1000000);
		assert_int_equal(session_client_number(state, orphan), 0);
	}
	assert_int_equal(count, 2);
	assert_rows_are_the_state();
	/* One returns, one does not. */
	apply(moved);
	assert_false(person_is_absent(state, of(ann)));
	assert_true(state_is_member(state, ROOM_LOBBY, ann));
	assert_int_equal(state_room_members_at(state, ROOM_LOBBY, 1), 2);
	apply((struct record){.kind = ENTRY_LEFT, .person = cat, .session = cat});
	assert_null(of(cat));
	assert_null(state_orphan_next(state, NULL));
	/* And again, and everybody goes. */
	apply((struct record){.kind = ENTRY_ORPHANED, .number = 1, .target = 2});
	assert_int_equal(state_room_absent_count(state, ROOM_LOBBY), 2);
	apply((struct record){.kind = ENTRY_CLOSED});
	assert_int_equal(state_people_count(state), 0);
	assert_int_equal(state_absent_count(state), 0);
}

static void bad_rows(void **unused) {
	uint64_t ann = enter("ann");
	struct record bad[] = {
		{.kind = ROW_PROFILE, .person = ann, .text = text("twice")},
		{.kind = ROW_PROFILE, .person = 99, .text = text("nobody's")},
		{.kind = ROW_CHARTER, .room = 99},
		{.kind = ROW_MASK, .room = 99, .target = 1, .number = 'b', .name = text("x")},
		{.kind = ROW_MASK, .room = 1, .target = 1, .number = 'z', .name = text("x")},
		{.kind = ROW_MASK, .room = 1, .number = 'b', .name = text("x")},
		{.kind = ROW_INVITATION, .room = 1, .person = 99},
		{.kind = ROW_ACCOUNT, .name = text("x")},
		{.kind = ROW_ACCOUNT, .target = 3},
		{.kind = ROW_OFFICE, .room = 1, .person = ann, .bits = MEMBER_IS_OPERATOR},
		{.kind = 799},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(state_load_row(state, &bad[i]), STATE_IMPOSSIBLE);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_one_bears, begin, end),
		cmocka_unit_test_setup_teardown(when_one_spoke, begin, end),
		cmocka_unit_test_setup_teardown(too_much_of_it, begin, end),
		cmocka_unit_test_setup_teardown(a_room_and_its_charter, begin, end),
		cmocka_unit_test_setup_teardown(modes, begin, end),
		cmocka_unit_test_setup_teardown(masks, begin, end),
		cmocka_unit_test_setup_teardown(invitations, begin, end),
		cmocka_unit_test_setup_teardown(put_out, begin, end),
		cmocka_unit_test_setup_teardown(accounts, begin, end),
		cmocka_unit_test_setup_teardown(orphans, begin, end),
		cmocka_unit_test_setup_teardown(bad_rows, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
