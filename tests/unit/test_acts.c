/* Which entries are acts, who did them and to whom; and whom a ban is of, as it is typed. */
#include "unit.h"

#include <string.h>

#include "act.h"
#include "whom.h"

static struct slice text(const char *string) {
	return slice_from_string(string);
}

/* ---- acts ---- */

#define KIND_ROW(number, name, word) number,
static const uint16_t kinds[] = {ENTRY_KINDS(KIND_ROW)};

static void powers_over_others_are_acts_and_nothing_else(void **unused) {
	static const uint16_t acts[] = {
		ENTRY_KICKED,     ENTRY_SHOUTED,       ENTRY_MUTED,    ENTRY_UNMUTED,
		ENTRY_BANNED,     ENTRY_UNBANNED,      ENTRY_CLOSED,   ENTRY_MODE,
		ENTRY_PUT_OUT,    ENTRY_ACCOUNT_ENDED, ENTRY_REDACTED, ENTRY_ROOM_RENAMED,
		ENTRY_SERVER_SET, ENTRY_FOUNDER,       ENTRY_STANDING, ENTRY_ERASED,
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct record entry = {.kind = kinds[i], .person = 5};
		bool is_act = false;
		for (size_t j = 0; j < sizeof(acts) / sizeof(acts[0]); j++) {
			is_act = is_act || acts[j] == kinds[i];
		}
		if (record_is_act(&entry) != is_act) {
			fail_msg("%s", record_kind_word(kinds[i]));
		}
	}
	assert_false(record_is_act(&(struct record){.kind = ENTRY_MODE}));
	assert_false(record_is_act(&(struct record){.kind = ANSWER_DONE}));
	assert_false(record_is_act(&(struct record){.kind = REQUEST_BAN}));
}

static void assert_by(const struct record *act, const char *by) {
	if (!slice_equal(act_by(act), text(by))) {
		fail_msg("%s: by \"%.*s\"", record_kind_word(act->kind), (int)act_by(act).size,
		         act_by(act).bytes);
	}
}

static void who_did_it(void **unused) {
	const struct record banned = {
		.kind = ENTRY_BANNED, .name = text("spam"), .by = text("小明"), .until_us = 9};
	assert_by(&banned, "小明");
	assert_true(act_is_by(&banned, text("小明")));
	assert_false(act_is_by(&banned, text("spam")));
	assert_false(act_is_by(&banned, text("admin")));
	assert_false(act_is_expiry(&banned));

	const struct record mode = {.kind = ENTRY_MODE,
	                            .person = 5,
	                            .name = text("Ann"),
	                            .other_name = text("#tea"),
	                            .text = text("+m")};
	assert_by(&mode, "Ann");
	assert_true(act_is_by(&mode, text("ann")));
	/* Of a room that has another name, and of what was taken back, `by` is somebody else. */
	assert_by(&(struct record){.kind = ENTRY_ROOM_RENAMED, .name = text("a"), .by = text("#b")},
	          "a");
	assert_by(&(struct record){.kind = ENTRY_REDACTED, .name = text("a"), .by = text("b")},
	          "a");
	/* Its owner; or the administrator. */
	assert_by(&(struct record){.kind = ENTRY_ACCOUNT_ENDED, .name = text("a"), .by = text("a")},
	          "a");
	assert_by(&(struct record){.kind = ENTRY_ACCOUNT_ENDED, .name = text("a")}, "");
}

static void the_administrator_and_time(void **unused) {
	const struct record lifted = {.kind = ENTRY_UNBANNED, .name = text("spam")};
	assert_by(&lifted, "");
	assert_false(act_is_expiry(&lifted));
	assert_true(act_is_by(&lifted, text("admin")));
	assert_true(act_is_by(&lifted, text("管理员")));
	assert_false(act_is_by(&lifted, text("spam")));
	assert_false(act_is_by(&lifted, text("")));
	const struct record ran_out = {.kind = ENTRY_UNMUTED, .name = text("spam"), .until_us = 7};
	assert_true(act_is_expiry(&ran_out));
	assert_false(act_is_by(&ran_out, text("admin")));
	/* What holds for a time has an end as well, and is none. */
	assert_false(act_is_expiry(&(struct record){.kind = ENTRY_MUTED, .until_us = 7}));
}

static void to_whom_it_was_done(void **unused) {
	const struct record out = {.kind = ENTRY_PUT_OUT,
	                           .name = text("Bob"),
	                           .other_name = text("#tea"),
	                           .by = text("ann")};
	assert_true(act_is_about(&out, text("bob")));
	assert_true(act_is_about(&out, text("#TEA")));
	assert_false(act_is_about(&out, text("ann")));
	assert_false(act_is_about(&out, text("")));

	const struct record mask = {.kind = ENTRY_BANNED,
	                            .bits = BAN_IS_MASK,
	                            .name = text("Spam*!*@*"),
	                            .other_name = text("spam*!*@*")};
	assert_true(act_is_about(&mask, text("Spam*!*@*")));
	/* In any case, as it is banned. */
	assert_true(act_is_about(&mask, text("spam*!*@*")));
	assert_false(act_is_about(&mask, text("spam")));

	struct record net = {.kind = ENTRY_BANNED, .has_net = true};
	assert_true(net_parse(text("10.9.8.7/16"), &net.net));
	assert_true(act_is_about(&net, text("10.9.0.0/16")));
	assert_false(act_is_about(&net, text("10.9.8.7")));

	const struct record renamed = {.kind = ENTRY_ROOM_RENAMED,
	                               .name = text("ann"),
	                               .other_name = text("#new"),
	                               .by = text("#old")};
	assert_true(act_is_about(&renamed, text("#old")) && act_is_about(&renamed, text("#NEW")));
	assert_false(act_is_about(&renamed, text("ann")));
	assert_true(slice_equal(act_about(&renamed), text("#new")));
	assert_int_equal(act_about(&(struct record){.kind = ENTRY_SERVER_SET}).size, 0);
}

/* ---- whom ---- */

static void nets_accounts_masks_and_names(void **unused) {
	static const struct {
		const char *typed, *name, *net;
		uint64_t bits;
	} rows[] = {
		{"小明", "小明", NULL, 0},
		{"ann", "ann", NULL, 0},
		{"10.0.0.0/8", "", "10.0.0.0/8", 0},
		{"1.2.3.4", "", "1.2.3.4", 0},
		{"fe80::/10", "", "fe80::/10", 0},
		{"::1", "", "::1", 0},
		{"1.2.3.4/33", "1.2.3.4/33", NULL, 0},
		{"1.2.3", "1.2.3", NULL, 0},
		{"1.2.3.*", "1.2.3.*", NULL, BAN_IS_MASK},
		{"account:ann", "ann", NULL, BAN_IS_ACCOUNT},
		{"account:a*", "a*", NULL, BAN_IS_ACCOUNT},
		{"account:", "", NULL, BAN_IS_ACCOUNT},
		{"Account:ann", "Account:ann", NULL, 0},
		{"spam*", "spam*", NULL, BAN_IS_MASK},
		{"a?c", "a?c", NULL, BAN_IS_MASK},
		{"*!*@10.0.0.0/8", "*!*@10.0.0.0/8", NULL, BAN_IS_MASK},
		{"user@host", "user@host", NULL, BAN_IS_MASK},
		{"a!b", "a!b", NULL, BAN_IS_MASK},
		{"", "", NULL, 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char net[ADDRESS_TEXT_MAX];
		const struct whom whom = whom_parse(text(rows[i].typed));
		bool is_right =
			whom.bits == rows[i].bits && slice_equal(whom.name, text(rows[i].name)) &&
			whom.has_net == (rows[i].net != NULL) &&
			(!whom.has_net || strcmp(net_format(&whom.net, net), rows[i].net) == 0);
		if (!is_right) {
			fail_msg("%s", rows[i].typed);
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(powers_over_others_are_acts_and_nothing_else),
		cmocka_unit_test(who_did_it),
		cmocka_unit_test(the_administrator_and_time),
		cmocka_unit_test(to_whom_it_was_done),
		cmocka_unit_test(nets_accounts_masks_and_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
