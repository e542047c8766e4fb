/* Bans of every kind, and how far the server is open, as the state has them; and that the rows are all
 * of it. */
#include "state_world.h"

#include "limits.h"

static struct record banned(const char *name, uint64_t bits, const char *folded) {
	return (struct record){.kind = ENTRY_BANNED,
	                       .name = text(name),
	                       .other_name = text(folded),
	                       .bits = bits,
	                       .by = text("root"),
	                       .text = text("why")};
}

static void kinds_of_bans(void **unused) {
	apply(banned("ann", BAN_IS_ACCOUNT, ""));
	apply(banned("Spam*!*@*", BAN_IS_MASK, "spam*!*@*"));
	struct record for_a_time = banned("bob", BAN_IS_ACCOUNT, "");
	for_a_time.until_us = 50000000;
	uint64_t id = apply(for_a_time);
	uint64_t now = state_time_us(state);
	assert_rows_are_the_state();
	/* Neither is a name's. */
	assert_null(state_ban_of(state, text("ann"), NULL, now));
	assert_null(state_ban_of_account(state, text("carl"), now));
	assert_slice(state_ban_of_account(state, text("ANN"), now)->by, "root");
	assert_int_equal(state_ban_of_account(state, text("bob"), now)->id, id);
	assert_null(state_ban_of_account(state, text("bob"), 50000000));
	assert_int_equal(state_next_expiry_us(state), 50000000);
	const struct restriction *mask = state_restriction(state, 1);
	assert_int_equal(mask->bits, BAN_IS_MASK);
	assert_slice(mask->name, "Spam*!*@*");
	assert_slice(mask->folded, "spam*!*@*");
	apply((struct record){.kind = ENTRY_UNBANNED, .target = id});
	assert_int_equal(state_restrictions_count(state), 2);
	assert_rows_are_the_state();
}

static void too_much_of_it(void **unused) {
	char long_mask[MASK_FOLDED_BYTES_MAX + 2];
	memset(long_mask, 'x', sizeof(long_mask));
	struct record entry = banned("", BAN_IS_MASK, "");
	entry.name = slice_of(long_mask, MASK_BYTES_MAX);
	entry.other_name = slice_of(long_mask, MASK_FOLDED_BYTES_MAX);
	apply(entry);
	assert_rows_are_the_state();
	entry.name.size++;
	assert_impossible(entry);
	entry.name.size--;
	entry.other_name.size++;
	assert_impossible(entry);
	assert_impossible(banned("ann", 0, "ann"));
	assert_impossible(banned("ann", 4, ""));
	entry = banned("", BAN_IS_ACCOUNT, "");
	entry.name = slice_of(long_mask, NAME_BYTES_MAX + 1);
	assert_impossible(entry);
}

static struct record set(uint64_t level, const char *by, const char *why) {
	return (struct record){
		.kind = ENTRY_SERVER_SET, .number = level, .by = text(by), .text = text(why)};
}

static void how_far_it_is_open(void **unused) {
	assert_int_equal(state_server(state).level, LEVEL_OPEN);
	assert_int_equal(state_server(state).since_us, 0);
	apply(set(LEVEL_OPEN, "", ""));
	assert_rows_are_the_state();
	apply(set(LEVEL_ACCOUNTS, "小明", "刷屏"));
	assert_rows_are_the_state();
	apply(set(LEVEL_SHUT, "root", ""));
	assert_rows_are_the_state();
	assert_int_equal(state_server(state).level, LEVEL_SHUT);
	assert_slice(state_server(state).by, "root");
	assert_slice(state_server(state).why, "");
	assert_int_equal(state_server(state).since_us, state_time_us(state));
	assert_impossible(set(0, "", ""));
	assert_impossible(set(6, "", ""));
	apply(set(LEVEL_OPEN, "", ""));
	assert_int_equal(state_server(state).level, LEVEL_OPEN);
	assert_rows_are_the_state();
}

static void bad_rows(void **unused) {
	const struct record bad[] = {
		{.kind = ROW_SERVER, .number = LEVEL_OPEN},
		{.kind = ROW_SERVER},
		{.kind = ROW_BAN, .target = 7, .bits = 8, .name = text("x")},
		{.kind = ROW_BAN, .target = 7, .name = text("x"), .other_name = text("x")},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(state_load_row(state, &bad[i]), STATE_IMPOSSIBLE);
	}
	/* What an older version kept has no bits. */
	const struct record old = {.kind = ROW_BAN, .target = 7, .name = text("x")};
	assert_int_equal(state_load_row(state, &old), STATE_OK);
	assert_non_null(state_ban_of(state, text("X"), NULL, 1));
	rows_put(&rows, &old);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kinds_of_bans, begin, end),
		cmocka_unit_test_setup_teardown(too_much_of_it, begin, end),
		cmocka_unit_test_setup_teardown(how_far_it_is_open, begin, end),
		cmocka_unit_test_setup_teardown(bad_rows, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
