/* Commands: what an administrator types is taken for what it means, and a slip is told the way out. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "limits.h"
#include "record.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum command_error parse(const char *line, struct command *command) {
	return command_parse(slice_from_string(line), command);
}

static bool is(struct slice found, const char *wanted) {
	return slice_equal(found, slice_from_string(wanted));
}

static void a_line_without_a_slash_is_a_shout(void **state) {
	static const char *const lines[] = {"hi",     "下课了", "  indented", "who",
	                                    "a /who", "\t.",    "\\who"};
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct command command;
		assert_int_equal(parse(lines[i], &command), COMMAND_OK);
		assert_int_equal(command.row->request, REQUEST_SHOUT);
		assert_true(is(command.text, lines[i]));
	}
}

static void one_line_end_is_no_part_of_it(void **state) {
	struct command command;
	assert_int_equal(parse("hi\n", &command), COMMAND_OK);
	assert_true(is(command.text, "hi"));
	assert_int_equal(parse("hi\r\n", &command), COMMAND_OK);
	assert_true(is(command.text, "hi"));
	assert_int_equal(parse("hi\n\n", &command), COMMAND_OK);
	assert_true(is(command.text, "hi\n"));
}

static void nothing_is_nothing(void **state) {
	static const char *const lines[] = {"", " ", "\n", "\r\n", "\t \u3000\n"};
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct command command;
		assert_int_equal(parse(lines[i], &command), COMMAND_EMPTY);
	}
}

static void every_row_is_found_by_its_name(void **state) {
	for (size_t i = 0; i < command_rows_count(); i++) {
		const struct command_row *row = command_row(i);
		struct command command;
		char line[64];
		snprintf(line, sizeof(line), "/%s", row->name);
		parse(line, &command);
		assert_ptr_equal(command.row, row);
		assert_non_null(row->run);
		assert_true(row->help[LANGUAGE_ZH][0] != '\0' && row->help[LANGUAGE_EN][0] != '\0');
	}
}

static void what_is_no_command_is_told_so(void **state) {
	static const char *const lines[] = {"/",  "/ who", "/WHO",    "/whom",
	                                    "/w", "//who", "/who\x01"};
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct command command;
		char words[COMMAND_WORDS_MAX];
		assert_int_equal(parse(lines[i], &command), COMMAND_UNKNOWN);
		assert_null(command.row);
		command_words(COMMAND_UNKNOWN, &command, LANGUAGE_ZH, "/", words);
		assert_non_null(strstr(words, "/help"));
		command_words(COMMAND_UNKNOWN, &command, LANGUAGE_EN, "qun admin ", words);
		assert_non_null(strstr(words, "qun admin help"));
	}
}

static void blanks_of_any_keyboard_part_words(void **state) {
	static const char *const lines[] = {
		"/kick 小明 太吵 了",     "  /kick   小明   太吵 了",
		"/kick\t小明\t太吵 了",   "／kick\u3000小明\u3000太吵 了",
		"/kick 小明 太吵 了\r\n",
	};
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct command command;
		assert_int_equal(parse(lines[i], &command), COMMAND_OK);
		assert_int_equal(command.row->request, REQUEST_KICK);
		assert_true(is(command.name, "小明"));
		assert_true(is(command.text, "太吵 了"));
		assert_false(command.has_net);
	}
}

static void a_mute_has_minutes_or_not(void **state) {
	struct command command;
	assert_int_equal(parse("/mute bob", &command), COMMAND_OK);
	assert_int_equal(command.number, 0);
	assert_int_equal(parse("/mute bob 90", &command), COMMAND_OK);
	assert_int_equal(command.number, 90);
	assert_int_equal(parse("/mute bob 5 too loud", &command), COMMAND_OK);
	assert_int_equal(command.number, 5);
	assert_true(is(command.text, "too loud"));
	static const char *const wrong[] = {"/mute bob 0",
	                                    "/mute bob -1",
	                                    "/mute bob 5m",
	                                    "/mute bob 1.5",
	                                    "/mute bob 99999999999999999999",
	                                    "/mute bob ５"};
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(parse(wrong[i], &command), COMMAND_BAD_NUMBER);
	}
}

static void a_ban_is_of_a_name_or_of_a_network(void **state) {
	struct command command;
	assert_int_equal(parse("/ban bob", &command), COMMAND_OK);
	assert_false(command.has_net);
	assert_true(is(command.name, "bob"));
	static const char *const nets[] = {"/ban 10.0.0.0/8 why", "/ban 1.2.3.4 why",
	                                   "/ban fe80::/10 why", "/ban ::1 why"};
	for (size_t i = 0; i < COUNT(nets); i++) {
		assert_int_equal(parse(nets[i], &command), COMMAND_OK);
		assert_true(command.has_net);
		assert_int_equal(command.name.size, 0);
		assert_true(is(command.text, "why"));
	}
	assert_int_equal(parse("/unban 10.0.0.0/8", &command), COMMAND_OK);
	assert_true(command.has_net && command.net.bits == 96 + 8);
	/* Whom one kicks or mutes has a name, whatever it looks like. */
	assert_int_equal(parse("/kick 1.2.3.4", &command), COMMAND_OK);
	assert_false(command.has_net);
	assert_true(is(command.name, "1.2.3.4"));
}

static void arguments_are_counted(void **state) {
	static const char *const missing[] = {"/kick",  "/mute",   "/unmute", "/ban",
	                                      "/unban", "/kick  ", "/shout",  "/shout "};
	static const char *const surplus[] = {"/who now", "/unmute a b", "/unban a b",
	                                      "/bans x",  "/stats x",    "/check x",
	                                      "/help me", "/history 5 6"};
	struct command command;
	for (size_t i = 0; i < COUNT(missing); i++) {
		assert_int_equal(parse(missing[i], &command), COMMAND_MISSING);
	}
	for (size_t i = 0; i < COUNT(surplus); i++) {
		char words[COMMAND_WORDS_MAX];
		assert_int_equal(parse(surplus[i], &command), COMMAND_SURPLUS);
		command_words(COMMAND_SURPLUS, &command, LANGUAGE_EN, "/", words);
		assert_non_null(strstr(words, command.row->name));
	}
	assert_int_equal(parse("/close", &command), COMMAND_OK);
	assert_int_equal(parse("/close good night", &command), COMMAND_OK);
	assert_true(is(command.text, "good night"));
}

static void history_has_a_bound(void **state) {
	struct command command;
	assert_int_equal(parse("/history", &command), COMMAND_OK);
	assert_int_equal(command.number, 0);
	assert_int_equal(parse("/history 1000", &command), COMMAND_OK);
	assert_int_equal(command.number, COMMAND_HISTORY_MAX);
	assert_int_equal(parse("/history 1001", &command), COMMAND_BAD_NUMBER);
	assert_int_equal(parse("/history all", &command), COMMAND_BAD_NUMBER);
}

static void texts_have_the_rooms_bounds(void **state) {
	struct command command;
	char *line = malloc(TEXT_BYTES_MAX + 8);
	assert_non_null(line);
	memset(line, 'x', TEXT_BYTES_MAX + 8);
	assert_int_equal(command_parse(slice_of(line, TEXT_BYTES_MAX), &command), COMMAND_OK);
	assert_int_equal(command_parse(slice_of(line, TEXT_BYTES_MAX + 1), &command),
	                 COMMAND_TOO_LONG);
	memcpy(line, "/shout ", 7);
	assert_int_equal(command_parse(slice_of(line, TEXT_BYTES_MAX + 7), &command), COMMAND_OK);
	assert_int_equal(command_parse(slice_of(line, TEXT_BYTES_MAX + 8), &command),
	                 COMMAND_TOO_LONG);
	free(line);
}

static void what_is_not_utf8_is_refused(void **state) {
	struct command command;
	assert_int_equal(parse("caf\xE9", &command), COMMAND_NOT_UTF8);
	assert_int_equal(parse("/kick caf\xE9", &command), COMMAND_NOT_UTF8);
	assert_int_equal(parse("\xFF", &command), COMMAND_NOT_UTF8);
}

static void accounts_have_deeds(void **state) {
	static const struct {
		const char *line, *name;
		enum command_deed deed;
		enum command_error error;
	} rows[] = {
		{"/account list", "", DEED_LIST, COMMAND_OK},
		{"/account add 小明", "小明", DEED_ADD, COMMAND_OK},
		{"／account　password　小明", "小明", DEED_PASSWORD, COMMAND_OK},
		{"/account  drop  1.2.3.4 ", "1.2.3.4", DEED_DROP, COMMAND_OK},
		{"/account show 小明", "小明", DEED_SHOW, COMMAND_OK},
		{"/account set 小明 stay on", "小明", DEED_SET, COMMAND_OK},
		{"/account set 小明 stay default", "小明", DEED_SET, COMMAND_OK},
		{"/account set 小明 stay", "小明", DEED_SET, COMMAND_MISSING},
		{"/account set 小明", "小明", DEED_SET, COMMAND_MISSING},
		{"/account set 小明 stay maybe", "小明", DEED_SET, COMMAND_BAD_DEED},
		{"/account set 小明 stay on now", "小明", DEED_SET, COMMAND_SURPLUS},
		{"/account show", "", DEED_SHOW, COMMAND_MISSING},
		{"/account", "", DEED_NONE, COMMAND_MISSING},
		{"/account add", "", DEED_ADD, COMMAND_MISSING},
		{"/account drop ", "", DEED_DROP, COMMAND_MISSING},
		{"/account list all", "", DEED_LIST, COMMAND_SURPLUS},
		{"/account add a b", "a", DEED_ADD, COMMAND_SURPLUS},
		{"/account make a", "", DEED_NONE, COMMAND_BAD_DEED},
		{"/account LIST", "", DEED_NONE, COMMAND_BAD_DEED},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct command command;
		char words[COMMAND_WORDS_MAX];
		assert_int_equal(parse(rows[i].line, &command), rows[i].error);
		assert_int_equal(command.deed, rows[i].deed);
		assert_true(is(command.name, rows[i].name));
		if (rows[i].error != COMMAND_OK) {
			command_words(rows[i].error, &command, LANGUAGE_EN, "/", words);
			assert_non_null(strstr(words, "add|password|drop|show|export|erase NAME"));
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_without_a_slash_is_a_shout),
		cmocka_unit_test(one_line_end_is_no_part_of_it),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(every_row_is_found_by_its_name),
		cmocka_unit_test(what_is_no_command_is_told_so),
		cmocka_unit_test(blanks_of_any_keyboard_part_words),
		cmocka_unit_test(a_mute_has_minutes_or_not),
		cmocka_unit_test(a_ban_is_of_a_name_or_of_a_network),
		cmocka_unit_test(arguments_are_counted),
		cmocka_unit_test(accounts_have_deeds),
		cmocka_unit_test(history_has_a_bound),
		cmocka_unit_test(texts_have_the_rooms_bounds),
		cmocka_unit_test(what_is_not_utf8_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
