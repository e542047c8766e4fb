/* The lines of others' logs, and the names of their files. */
#include "unit.h"

#include <string.h>

#include "import.h"
#include "import_registry.h"

struct row {
	const char *line;
	enum import_kind kind;
	const char *time, *name, *other_name, *text;
};

static void assert_slice(struct slice slice, const char *wanted, const char *line) {
	if (!slice_equal(slice, slice_from_string(wanted))) {
		fail_msg("%s: '%.*s', not '%s'", line, (int)slice.size, slice.bytes, wanted);
	}
}

static void assert_rows(enum import_kind (*parse)(struct slice, char *, struct import_line *),
                        const struct row *rows, size_t count) {
	for (size_t i = 0; i < count; i++) {
		char scratch[512];
		struct import_line line;
		struct slice bytes = slice_from_string(rows[i].line);
		if (parse(bytes, scratch, &line) != rows[i].kind || line.kind != rows[i].kind) {
			fail_msg("%s: %d, not %d", rows[i].line, line.kind, rows[i].kind);
		}
		if (line.kind != IMPORT_NONE && line.kind != IMPORT_PASSED) {
			assert_slice(line.time, rows[i].time, rows[i].line);
			assert_slice(line.name, rows[i].name, rows[i].line);
			assert_slice(line.other_name, rows[i].other_name, rows[i].line);
			assert_slice(line.text, rows[i].text, rows[i].line);
		}
	}
}

#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

/* ---- ZNC ---- */

#define Z "[20:15:00] "
#define AT "20:15:00"

static void lines_of_znc_are_understood(void **unused) {
	static const struct row rows[] = {
		{Z "<小明> hi > there", IMPORT_SAID, AT, "小明", "", "hi > there"},
		{Z "<@小明> hi", IMPORT_SAID, AT, "小明", "", "hi"},
		{Z "<小明> ", IMPORT_SAID, AT, "小明", "", ""},
		{Z "<小明> *** Joins: x (a@b)", IMPORT_SAID, AT, "小明", "", "*** Joins: x (a@b)"},
		{Z "* 小明 waves at all", IMPORT_ACTION, AT, "小明", "", "waves at all"},
		{Z "-a-b- note - this", IMPORT_NOTICE, AT, "a-b", "", "note - this"},
		{Z "*** Joins: 小明 (~u@h)", IMPORT_JOINED, AT, "小明", "", ""},
		{Z "*** Parts: 小明 (~u@h) (why (not))", IMPORT_PARTED, AT, "小明", "",
	         "why (not)"},
		{Z "*** Parts: 小明 (~u@h) ()", IMPORT_PARTED, AT, "小明", "", ""},
		{Z "*** Parts: 小明 (~u@h)", IMPORT_PARTED, AT, "小明", "", ""},
		{Z "*** Quits: 小明 (~u@h) (Ping) (timeout)", IMPORT_PARTED, AT, "小明", "",
	         "Ping) (timeout"},
		{Z "*** 小明 is now known as 小红", IMPORT_RENAMED, AT, "小明", "小红", ""},
		{Z "*** 小明 changes topic to 'it's 'this''", IMPORT_TOPIC, AT, "小明", "",
	         "it's 'this'"},
		{Z "*** 小明 changes topic to ''", IMPORT_TOPIC, AT, "小明", "", ""},
		{Z "*** 小明 sets mode: +o 小红", IMPORT_PASSED, "", "", "", ""},
		{Z "*** 小明 was kicked by 小红 (why)", IMPORT_PASSED, "", "", "", ""},
		{Z "Connected to IRC (irc.example +6697)", IMPORT_PASSED, "", "", "", ""},
		{Z "Disconnected from IRC (irc.example +6697)", IMPORT_PASSED, "", "", "", ""},
		{Z "Broadcast: all", IMPORT_PASSED, "", "", "", ""},
	};
	assert_rows(znc_line, ROWS(rows));
}

static void what_is_no_line_of_znc_is_said_to_be_none(void **unused) {
	static const struct row rows[] = {
		{"", IMPORT_NONE, "", "", "", ""},
		{"20:15:00 <小明> hi", IMPORT_NONE, "", "", "", ""},
		{"[20:15] <小明> hi", IMPORT_NONE, "", "", "", ""},
		{"[20:15:00]", IMPORT_NONE, "", "", "", ""},
		{Z, IMPORT_NONE, "", "", "", ""},
		{Z "<小明>", IMPORT_NONE, "", "", "", ""},
		{Z "* 小明", IMPORT_NONE, "", "", "", ""},
		{Z "-小明-", IMPORT_NONE, "", "", "", ""},
		{Z "*** ", IMPORT_NONE, "", "", "", ""},
		{Z "*** Joins: ", IMPORT_NONE, "", "", "", ""},
		{Z "*** Parts: 小明", IMPORT_NONE, "", "", "", ""},
		{Z "*** 小明 changes topic to '", IMPORT_NONE, "", "", "", ""},
		{Z "*** 小明 dances", IMPORT_NONE, "", "", "", ""},
		{Z "what is this", IMPORT_NONE, "", "", "", ""},
	};
	assert_rows(znc_line, ROWS(rows));
}

/* ---- WeeChat ---- */

#define W "2024-03-01 20:15:00\t"
#define WHEN "2024-03-01 20:15:00"

static void lines_of_weechat_are_understood(void **unused) {
	static const struct row rows[] = {
		{W "小明\thi\tthere", IMPORT_SAID, WHEN, "小明", "", "hi\tthere"},
		{W "@小明\thi", IMPORT_SAID, WHEN, "小明", "", "hi"},
		{"2024-03-01T12:15:00.5Z\t+小明\thi", IMPORT_SAID, "2024-03-01T12:15:00.5Z", "小明",
	         "", "hi"},
		{W " *\t小明 waves at all", IMPORT_ACTION, WHEN, "小明", "", "waves at all"},
		{W "--\tNotice(小明): a: b", IMPORT_NOTICE, WHEN, "小明", "", "a: b"},
		{W "--\tNotice(小明) -> #room: a", IMPORT_NOTICE, WHEN, "小明", "", "a"},
		{W "-->\t小明 (~u@h) has joined #room", IMPORT_JOINED, WHEN, "小明", "", ""},
		{W "-->\t小明 [acc] (Real Name) (~u@h) has joined #room", IMPORT_JOINED, WHEN,
	         "小明", "", ""},
		{W "<--\t小明 (~u@h) has left #room", IMPORT_PARTED, WHEN, "小明", "", ""},
		{W "<--\t小明 (~u@h) has left #room (why (not))", IMPORT_PARTED, WHEN, "小明", "",
	         "why (not)"},
		{W "<--\t小明 (~u@h) has quit (Quit: bye)", IMPORT_PARTED, WHEN, "小明", "",
	         "Quit: bye"},
		{W "<--\t小明 (~u@h) has quit", IMPORT_PARTED, WHEN, "小明", "", ""},
		{W "--\t小明 is now known as 小红", IMPORT_RENAMED, WHEN, "小明", "小红", ""},
		{W "--\t小明 has changed topic for #room from \"a\" to \"b \"c\"\"", IMPORT_TOPIC,
	         WHEN, "小明", "", "b \"c\""},
		{W "--\t小明 has set topic for #room to \"b\"", IMPORT_TOPIC, WHEN, "小明", "",
	         "b"},
		{W "--\t小明 has unset topic for #room (old topic: \"b\")", IMPORT_TOPIC, WHEN,
	         "小明", "", ""},
		{W "****  Beginning of log  ****", IMPORT_PASSED, "", "", "", ""},
		{W "--\tMode #room [+o 小红] by 小明", IMPORT_PASSED, "", "", "", ""},
		{W "--\tYou are now known as 小红", IMPORT_PASSED, "", "", "", ""},
		{W "--\tirc: disconnected from server", IMPORT_PASSED, "", "", "", ""},
		{W "--\tx", IMPORT_PASSED, "", "", "", ""},
		{W "<--\t小明 has kicked 小红 (why)", IMPORT_PASSED, "", "", "", ""},
		{W "-->\twhatever", IMPORT_PASSED, "", "", "", ""},
		{W "=!=\tan error", IMPORT_PASSED, "", "", "", ""},
		{W "\tnobody's", IMPORT_PASSED, "", "", "", ""},
	};
	assert_rows(weechat_line, ROWS(rows));
}

static void what_is_no_line_of_weechat_is_said_to_be_none(void **unused) {
	static const struct row rows[] = {
		{"", IMPORT_NONE, "", "", "", ""},
		{"2024-03-01 20:15:00 <小明> hi", IMPORT_NONE, "", "", "", ""},
		{W "小明", IMPORT_NONE, "", "", "", ""},
		{W " *\t小明", IMPORT_NONE, "", "", "", ""},
		{W "--\tNotice(小明", IMPORT_NONE, "", "", "", ""},
		{W "--\tNotice(小明)", IMPORT_NONE, "", "", "", ""},
		{W "--\t小明 has changed topic for #room from \"a\" to b", IMPORT_NONE, "", "", "",
	         ""},
		{W "--\t小明 has set topic for #room to \"", IMPORT_NONE, "", "", "", ""},
	};
	assert_rows(weechat_line, ROWS(rows));
}

/* ---- names of files ---- */

struct named {
	const char *path, *window, *day; /* window NULL: no log is named so */
};

static void assert_named(bool (*name)(struct slice, struct import_place *),
                         const struct named *rows, size_t count) {
	for (size_t i = 0; i < count; i++) {
		struct import_place place;
		bool is_log = name(slice_from_string(rows[i].path), &place);
		if (is_log != (rows[i].window != NULL)) {
			fail_msg("%s: %d", rows[i].path, is_log);
		}
		if (is_log) {
			assert_slice(place.window, rows[i].window, rows[i].path);
			assert_string_equal(place.day, rows[i].day);
		}
	}
}

static void files_say_of_what_room_they_are(void **unused) {
	static const struct named of_znc[] = {
		{"log/libera/#room/2024-03-01.log", "#room", "2024-03-01"},
		{"#room/2024-03-01.log", "#room", "2024-03-01"},
		{"/2024-03-01.log", "", "2024-03-01"},
		{"2024-03-01.log", "", "2024-03-01"},
		{"log/libera/小红/2024-03-01.log", "小红", "2024-03-01"},
		{"log/me_libera_#a_b_20240301.log", "#a_b", "2024-03-01"},
		{"log/me_libera_xiaohong_20240301.log", "xiaohong", "2024-03-01"},
		{"_20240301.log", NULL, ""},
		{"x_20240301.log", "x", "2024-03-01"},
		{"log/libera/#room/2024-3-1.log", NULL, ""},
		{"log/libera/#room/2024-03-01.log.gz", NULL, ""},
		{"", NULL, ""},
	};
	static const struct named of_weechat[] = {
		{"irc.libera.#room.weechatlog", "#room", ""},
		{"logs/2024/irc.libera.##a.b.weechatlog", "##a.b", ""},
		{"irc.libera.xiaohong.weechatlog", "xiaohong", ""},
		{"irc.server.libera.weechatlog", "libera", ""},
		{"irc.x.weechatlog", "x", ""},
		{"core.weechat.weechatlog", NULL, ""},
		{"irc.weechatlog", NULL, ""},
		{"irc.libera.#room.weechatlog.1", NULL, ""},
		{"", NULL, ""},
	};
	assert_named(znc_place, ROWS(of_znc));
	assert_named(weechat_place, ROWS(of_weechat));
}

/* ---- Ergo ---- */

#define ITEM(type, message)                                                                        \
	"{\"Type\":" type ",\"Nick\":\"小明!~u@h\",\"Message\":{" message                          \
	",\"Time\":\"2024-03-01T12:00:00.5Z\"},\"CfCorrespondent\":\"#c\"}"
#define MOMENT "2024-03-01T12:00:00.5Z"

static void lines_of_ergo_are_understood(void **unused) {
	static const struct row rows[] = {
		{ITEM("1", "\"Message\":\"a \\u4f60\""), IMPORT_SAID, MOMENT, "小明", "", "a 你"},
		{ITEM("2", "\"Message\":\"a\""), IMPORT_NOTICE, MOMENT, "小明", "", "a"},
		{ITEM("1", "\"Message\":\"\\u0001ACTION a\\u0001\""), IMPORT_ACTION, MOMENT, "小明",
	         "", "a"},
		{ITEM("1", "\"Split\":[{\"Message\":\"a\"},{\"Message\":\"b\",\"Concat\":true},"
	                   "{\"Message\":\"c\"}]"),
	         IMPORT_SAID, MOMENT, "小明", "", "ab\nc"},
		{ITEM("3", "\"Message\":\"\""), IMPORT_PASSED, "", "", "", ""},
		{ITEM("12", "\"Message\":\"\""), IMPORT_NONE, "", "", "", ""},
		{"{\"Type\":1}", IMPORT_NONE, "", "", "", ""},
		{"[1]", IMPORT_NONE, "", "", "", ""},
		{"{", IMPORT_NONE, "", "", "", ""},
		{"", IMPORT_NONE, "", "", "", ""},
	};
	assert_rows(ergo_line, ROWS(rows));
}

#define SET(key_size, key, value_size, value)                                                      \
	"*3\r\n$3\r\nset\r\n$" key_size "\r\n" key "\r\n$" value_size "\r\n" value "\r\n"

static void what_holds_at_the_end_of_a_store_is_taken(void **unused) {
	static const char bytes[] = SET("20", "account.verified ann", "1",
	                                "1") SET("16", "account.name ann", "3", "Ann")
		SET("20", "account.verified bob", "1",
	            "1") "*2\r\n$3\r\ndel\r\n$20\r\naccount.verified "
			 "bob\r\n" SET("17", "channel.exists #c", "1", "1")
				 SET("18", "channel.founder #c", "3", "ann")
					 SET("16", "channel.modes #c", "3", "nts") "*3\r\n$3\r\nse";
	struct import_registry registry;
	assert_true(ergo_registry(slice_from_string(bytes), &registry));
	assert_int_equal(registry.accounts_count, 1);
	assert_slice(registry.accounts[0].name, "Ann", "store");
	assert_false(registry.accounts[0].has_keys);
	assert_int_equal(registry.channels_count, 1);
	assert_slice(registry.channels[0].name, "#c", "store");
	assert_slice(registry.channels[0].founder, "ann", "store");
	assert_string_equal(registry.channels[0].modes, "nts");
	import_registry_finish(&registry);
	assert_false(ergo_registry(slice_from_string("{\"a\":1}"), &registry));
	import_registry_finish(&registry);
	assert_false(ergo_registry(slice_from_string("*"), &registry));
	import_registry_finish(&registry);
}

static void what_importdb_takes_is_taken(void **unused) {
	struct import_registry registry;
	assert_true(ergo_registry(
		slice_from_string("{\"version\":1,\"users\":{\"ann\":{\"name\":\"Ann\","
	                          "\"registeredAt\":1580000000}},\"channels\":{\"#c\":{"
	                          "\"founder\":\"ann\",\"topic\":\"t\",\"topicSetAt\":1580000001,"
	                          "\"amode\":{\"bob\":\"v\"},\"modes\":\"mnt\",\"limit\":3}}}"),
		&registry));
	assert_int_equal(registry.accounts[0].created_us, UINT64_C(1580000000000000));
	const struct import_channel *channel = &registry.channels[0];
	assert_slice(channel->name, "#c", "importdb");
	assert_int_equal(channel->topic_us, UINT64_C(1580000001000000));
	assert_int_equal(channel->limit, 3);
	assert_int_equal(import_letter(json_object_get(channel->offices, "bob")), 'v');
	import_registry_finish(&registry);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_znc_are_understood),
		cmocka_unit_test(what_is_no_line_of_znc_is_said_to_be_none),
		cmocka_unit_test(lines_of_weechat_are_understood),
		cmocka_unit_test(what_is_no_line_of_weechat_is_said_to_be_none),
		cmocka_unit_test(files_say_of_what_room_they_are),
		cmocka_unit_test(lines_of_ergo_are_understood),
		cmocka_unit_test(what_holds_at_the_end_of_a_store_is_taken),
		cmocka_unit_test(what_importdb_takes_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
