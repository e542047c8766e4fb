/* What people read: the lines as the plain dialect has them, and that none is longer than promised. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "utf8.h"
#include "words.h"

static struct slice text_of(const char *string) {
	return slice_from_string(string);
}

static void expect(const char *expected, const char *out, size_t size) {
	if (strlen(expected) != size || memcmp(expected, out, size) != 0) {
		fail_msg("expected \"%s\", got \"%.*s\"", expected, (int)size, out);
	}
}

static void entries_read_as_specified(void **state) {
	const struct row {
		struct record entry;
		const char *zh, *en;
	} rows[] = {
		{{.kind = ENTRY_ENTERED}, "小明 进入了聊天室", "小明 entered the room"},
		{{.kind = ENTRY_LEFT}, "小明 退出了聊天室", "小明 left the room"},
		{{.kind = ENTRY_SAID, .text = text_of("你好")}, "小明说: 你好", "小明: 你好"},
		{{.kind = ENTRY_RENAMED, .other_name = text_of("小红")},
	         "小红 改名为 小明",
	         "小红 is now 小明"},
		{{.kind = ENTRY_KICKED, .text = text_of("吵")},
	         "小明 被请出了聊天室",
	         "小明 was shown out of the room"},
		{{.kind = ENTRY_SHOUTED, .text = text_of("下课")}, "管理员: 下课", "admin: 下课"},
		{{.kind = ENTRY_MOVED}, "", ""},
		{{.kind = ENTRY_REFUSED, .text = text_of("x")}, "", ""},
		{{.kind = ENTRY_JOINED, .room = 7, .other_name = text_of("#水果")},
	         "小明 进入了 #水果",
	         "小明 entered #水果"},
		{{.kind = ENTRY_PARTED, .room = 7, .other_name = text_of("#水果")},
	         "小明 离开了 #水果",
	         "小明 left #水果"},
		{{.kind = ENTRY_JOINED, .room = 1, .other_name = text_of("#lobby")},
	         "小明 进入了聊天室",
	         "小明 entered the room"},
		{{.kind = ENTRY_PARTED, .room = 1, .other_name = text_of("#lobby")},
	         "小明 退出了聊天室",
	         "小明 left the room"},
		{{.kind = ENTRY_DIRECT, .text = text_of("在吗")},
	         "小明悄悄说: 在吗",
	         "小明 whispers: 在吗"},
	};
	char out[200];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record entry = rows[i].entry;
		entry.name = text_of("小明");
		expect(rows[i].zh, out, words_entry(LANGUAGE_ZH, &entry, out, sizeof(out)));
		expect(rows[i].en, out, words_entry(LANGUAGE_EN, &entry, out, sizeof(out)));
	}
}

static void prefixes(void **state) {
	struct record entry = {.kind = ENTRY_SAID, .name = text_of("Ann"), .text = text_of("hi")};
	char out[200];
	expect("Ann说: ", out, words_said_prefix(LANGUAGE_ZH, &entry, out, sizeof(out)));
	entry.kind = ENTRY_SHOUTED;
	expect("管理员: ", out, words_said_prefix(LANGUAGE_ZH, &entry, out, sizeof(out)));
	entry.kind = ENTRY_DIRECT;
	expect("Ann悄悄说: ", out, words_said_prefix(LANGUAGE_ZH, &entry, out, sizeof(out)));
	entry.kind = ENTRY_LEFT;
	expect("", out, words_said_prefix(LANGUAGE_ZH, &entry, out, sizeof(out)));
}

static void controls_are_shown_as_replaced(void **state) {
	struct record entry = {
		.kind = ENTRY_SAID, .name = text_of("Ann"), .text = slice_of("a\x1b[2J\0\tb\n", 9)};
	char out[200];
	expect("Ann说: a\uFFFD[2J\uFFFD\tb\n", out,
	       words_entry(LANGUAGE_ZH, &entry, out, sizeof(out)));
}

static void long_texts_are_cut_between_characters(void **state) {
	char text[3 * 400];
	for (size_t i = 0; i < sizeof(text); i += 3) {
		memcpy(text + i, "好", 3);
	}
	struct record entry = {
		.kind = ENTRY_SAID, .name = text_of("Ann"), .text = slice_of(text, sizeof(text))};
	char out[sizeof(text) + 100];
	for (size_t room = 0; room < 40; room++) {
		size_t size = words_entry(LANGUAGE_ZH, &entry, out, room);
		assert_true(size <= room);
		assert_true(utf8_is_valid(slice_of(out, size)));
	}
}

static void every_refusal_is_short_and_known_again(void **state) {
	static const char long_name[] =
		"一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二";
	static char long_text[WHY_BYTES_MAX];
	memset(long_text, 'x', sizeof(long_text));
	assert_int_equal(strlen(long_name), NAME_BYTES_MAX);
	for (unsigned language = LANGUAGE_ZH; language <= LANGUAGE_EN; language++) {
		for (unsigned reason = 0; reason <= REASON_COUNT; reason++) {
			struct record answer = {.kind = ANSWER_REFUSED,
			                        .reason = (uint16_t)reason,
			                        .name = slice_from_string(long_name),
			                        .text = slice_of(long_text, sizeof(long_text)),
			                        .number = UINT64_MAX,
			                        .time_us = 1,
			                        .until_us = UINT64_MAX};
			char out[1000];
			size_t size = words_refusal(language, &answer, out, sizeof(out));
			assert_in_range(size, 10, WORDS_REFUSAL_BYTES_MAX);
			assert_true(utf8_is_valid(slice_of(out, size)));
			assert_true(words_are_a_servers(slice_of(out, size)));
			assert_null(memchr(out, '{', size));
		}
	}
}

static void what_rooms_hear_of_their_operators(void **state) {
	char out[200];
	struct record entry = {.kind = ENTRY_TOPIC,
	                       .name = text_of("小明"),
	                       .by = text_of("ann"),
	                       .text = text_of("茶")};
	expect("小明 把话题改为: 茶", out, words_entry(LANGUAGE_ZH, &entry, out, sizeof(out)));
	expect("小明 changed the topic: 茶", out,
	       words_entry(LANGUAGE_EN, &entry, out, sizeof(out)));
	entry.kind = ENTRY_PUT_OUT;
	expect("小明 被 ann 请出了房间: 茶", out,
	       words_entry(LANGUAGE_ZH, &entry, out, sizeof(out)));
	entry.text = text_of("");
	expect("小明 was put out of the room by ann", out,
	       words_entry(LANGUAGE_EN, &entry, out, sizeof(out)));
	entry.kind = ENTRY_TOPIC;
	expect("小明 took the topic away", out, words_entry(LANGUAGE_EN, &entry, out, sizeof(out)));
	entry.kind = ENTRY_MODE;
	entry.text = text_of("+o ann");
	expect("小明 改了房间的设置: +o ann", out,
	       words_entry(LANGUAGE_ZH, &entry, out, sizeof(out)));
}

static void rooms_have_other_names(void **state) {
	char out[200];
	struct record entry = {.kind = ENTRY_ROOM_RENAMED,
	                       .name = text_of("小明"),
	                       .by = text_of("#tea"),
	                       .other_name = text_of("#茶")};
	expect("小明 把房间 #tea 改名为 #茶", out,
	       words_entry(LANGUAGE_ZH, &entry, out, sizeof(out)));
	entry.text = text_of("so");
	expect("小明 renamed #tea to #茶: so", out,
	       words_entry(LANGUAGE_EN, &entry, out, sizeof(out)));
	entry.by = entry.other_name;
	expect("小明 renamed the room to #茶: so", out,
	       words_entry(LANGUAGE_EN, &entry, out, sizeof(out)));
	entry.text = text_of("");
	expect("小明 把房间改名为 #茶", out, words_entry(LANGUAGE_ZH, &entry, out, sizeof(out)));
}

static void refusals_name_their_numbers(void **state) {
	char out[200];
	struct record answer = {.kind = ANSWER_REFUSED, .reason = REASON_TEXT_TOO_LONG};
	expect("抱歉，太长了，最多 4096 字节", out,
	       words_refusal(LANGUAGE_ZH, &answer, out, sizeof(out)));
	answer = (struct record){.kind = ANSWER_REFUSED,
	                         .reason = REASON_MUTED,
	                         .since_us = 1000000,
	                         .until_us = 62000000};
	expect("抱歉，你被禁言了，还有 2 分钟", out,
	       words_refusal(LANGUAGE_ZH, &answer, out, sizeof(out)));
	answer = (struct record){
		.kind = ANSWER_REFUSED, .reason = REASON_NAME_TAKEN, .name = text_of("小明")};
	expect("抱歉，“小明”已经有人用了", out,
	       words_refusal(LANGUAGE_ZH, &answer, out, sizeof(out)));
	answer = (struct record){
		.kind = ANSWER_REFUSED, .reason = REASON_TOO_MANY_ROOMS, .number = 256};
	expect("抱歉，最多只能同时在 256 个房间里", out,
	       words_refusal(LANGUAGE_ZH, &answer, out, sizeof(out)));
}

/* What closes the server is said, and the way out. */
static void levels_say_what_they_mean(void **state) {
	char out[200];
	struct record answer = {
		.kind = ANSWER_REFUSED, .reason = REASON_ACCESS_CLOSED, .text = text_of("flood")};
	expect("抱歉，要有账号或密码才能进，请用 IRC 客户端", out,
	       words_refusal(LANGUAGE_ZH, &answer, out, sizeof(out)));
	answer.number = LEVEL_ACCOUNTS;
	expect("抱歉，现在只有有账号的人能进，请用 IRC 客户端登录：flood", out,
	       words_refusal(LANGUAGE_ZH, &answer, out, sizeof(out)));
	answer.number = LEVEL_SHUT;
	expect("Sorry, nobody new comes in now, try again later: flood", out,
	       words_refusal(LANGUAGE_EN, &answer, out, sizeof(out)));
	answer = (struct record){.kind = ANSWER_REFUSED, .reason = REASON_CANNOT_SEND_TO_ROOM};
	expect("抱歉，你现在不能在这个房间发言", out,
	       words_refusal(LANGUAGE_ZH, &answer, out, sizeof(out)));
	answer.number = LEVEL_QUIET;
	expect("抱歉，现在只有管理者能发言，请过些时候再说", out,
	       words_refusal(LANGUAGE_ZH, &answer, out, sizeof(out)));
}

/* Each of those that a session can meet has a sentence of its own. */
static void every_reason_has_its_words(void **state) {
	char any[200], out[200];
	for (unsigned language = LANGUAGE_ZH; language <= LANGUAGE_EN; language++) {
		struct record answer = {.kind = ANSWER_REFUSED};
		size_t any_size = words_refusal(language, &answer, any, sizeof(any));
		for (unsigned reason = REASON_NO_SUCH_SESSION; reason < REASON_COUNT; reason++) {
			answer.reason = (uint16_t)reason;
			size_t size = words_refusal(language, &answer, out, sizeof(out));
			assert_false(size == any_size && memcmp(any, out, size) == 0);
		}
	}
}

static void who_is_ended_learns_why(void **state) {
	char out[1024];
	struct record entry = {.kind = ENTRY_LEFT, .name = text_of("小明")};
	expect("", out, words_ended(LANGUAGE_ZH, &entry, out, sizeof(out)));
	entry.reason = REASON_IDLE;
	assert_true(words_ended(LANGUAGE_ZH, &entry, out, sizeof(out)) > 0);
	entry = (struct record){
		.kind = ENTRY_KICKED, .reason = REASON_KICKED, .text = text_of("太吵")};
	expect("你被请出了聊天室: 太吵", out, words_ended(LANGUAGE_ZH, &entry, out, sizeof(out)));
	entry = (struct record){.kind = ENTRY_CLOSED};
	expect("聊天室关闭了", out, words_ended(LANGUAGE_ZH, &entry, out, sizeof(out)));
}

static void what_servers_say_is_known(void **state) {
	const char *const theirs[] = {"OK",
	                              "EXIT",
	                              "小明 进入了聊天室",
	                              "Ann left the room",
	                              "管理员: hello",
	                              "抱歉，随便",
	                              "Sorry, whatever"};
	const char *const ours[] = {"",    "hello",    "C 你好", "进入聊天室",
	                            "OK?", "EXIT now", "sorry"};
	for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++) {
		assert_true(words_are_a_servers(text_of(theirs[i])));
	}
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		assert_false(words_are_a_servers(text_of(ours[i])));
	}
	char out[200];
	for (unsigned language = LANGUAGE_ZH; language <= LANGUAGE_EN; language++) {
		size_t size = words_letters(language, out, sizeof(out));
		assert_in_range(size, 1, WORDS_REFUSAL_BYTES_MAX);
		assert_null(memchr(out, '\n', size));
		assert_true(words_are_a_servers(slice_of(out, size)));
		/* What is sent back as it came is no request. */
		assert_true(out[1] != ' ');
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_read_as_specified),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(controls_are_shown_as_replaced),
		cmocka_unit_test(long_texts_are_cut_between_characters),
		cmocka_unit_test(every_refusal_is_short_and_known_again),
		cmocka_unit_test(what_rooms_hear_of_their_operators),
		cmocka_unit_test(rooms_have_other_names),
		cmocka_unit_test(refusals_name_their_numbers),
		cmocka_unit_test(levels_say_what_they_mean),
		cmocka_unit_test(every_reason_has_its_words),
		cmocka_unit_test(who_is_ended_learns_why),
		cmocka_unit_test(what_servers_say_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
