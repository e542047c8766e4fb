/* The screen of `qun join` without its terminal: what is seen after what was told and typed. */
#include "unit.h"

#include "screen_help.h"

/* ---- lines ---- */

static void test_what_is_said(void **state) {
	enter(LANGUAGE_EN);
	tell_said(LOBBY, "小明", "你好");
	assert_seen("22:13 小明: 你好\n");
	assert_seen("── 2023-11-14 ──");
	assert_seen("1:#lobby · 12 online\n");
	assert_seen("● · 192.168.1.23:8888 · 3 ms · not encrypted\n");
	assert_seen("#lobby>");
}

static void test_chinese(void **state) {
	enter(LANGUAGE_ZH);
	tell_traffic("小明", true);
	tell_traffic("小红", true);
	assert_seen("1:#lobby 大厅 · 12 人在线\n");
	assert_seen("22:13 - 小明和小红 进入了聊天室\n");
	assert_seen("● · 192.168.1.23:8888 · 3 毫秒 · 未加密\n");
}

static void test_coming_and_going_in_a_row(void **state) {
	enter(LANGUAGE_EN);
	char name[16];
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof name, "p%d", i);
		tell_traffic(name, true);
	}
	assert_seen("p0, p1 and 3 others entered\n");
	tell_said(LOBBY, "p0", "hi");
	tell_traffic("p1", false);
	assert_seen("- p1 left\n");
	assert_int_equal(ui.model.rooms[0]->lines.count, 3);
}

static void test_notices(void **state) {
	enter(LANGUAGE_EN);
	tell_entry_in(LOBBY, (struct tell){.entry_kind = ENTRY_RENAMED,
	                                   .name = text_of("new"),
	                                   .other = text_of("old")});
	tell_entry_in(LOBBY, (struct tell){.entry_kind = ENTRY_KICKED,
	                                   .name = text_of("spam"),
	                                   .other = text_of("admin"),
	                                   .text = text_of("ads")});
	tell_entry_in(0, (struct tell){.entry_kind = ENTRY_SHOUTED, .text = text_of("lunch!")});
	tell_entry_in(LOBBY, (struct tell){.entry_kind = ENTRY_ROOM_RENAMED,
	                                   .name = text_of("ann"),
	                                   .other = text_of("#cup")});
	assert_seen("- ann renamed the room to #cup\n");
	assert_seen("- old is now new\n");
	assert_seen("- spam was shown out of the room: ads\n");
	assert_seen("admin: lunch!\n");
}

static void test_controls_never_reach_the_terminal(void **state) {
	enter(LANGUAGE_EN);
	tell_said(LOBBY, "ev\033[2Jil",
	          "\033]0;title\a\x9B"
	          "31m\u202Eabc");
	tell_of_room(9, "#r\033[H", TELL_IS_IN);
	tell_of_person(50, "pe\arson", 0);
	resize(24, 100);
	for (const char *byte = screen(); *byte != '\0'; byte++) {
		assert_true((unsigned char)*byte >= 0x20 || *byte == '\n');
	}
	assert_seen("ev�[2Jil: �]0;title��31mabc");
}

static void test_a_gap_is_told_exactly(void **state) {
	enter(LANGUAGE_EN);
	tell((struct tell){.kind = TELL_GAP, .from = 1000, .seq = 2345});
	assert_seen("the server no longer keeps what was said from 1001\n      to 2345\n");
}

/* ---- one's own messages ---- */

static struct wish say(const char *text) {
	press_keys(text);
	press_keys("\r");
	return wished(WISH_SAY);
}

static void tell_message(uint64_t tag, enum message_state message, unsigned reason) {
	tell((struct tell){
		.kind = TELL_MESSAGE, .tag = tag, .state = message, .reason = (uint16_t)reason});
}

static void tell_own(uint64_t tag, const char *text) {
	tell_entry_in(LOBBY, (struct tell){.entry_kind = ENTRY_SAID,
	                                   .flags = TELL_IS_OWN,
	                                   .tag = tag,
	                                   .person = SELF,
	                                   .name = text_of("me"),
	                                   .text = text_of(text)});
}

static void test_a_message_on_its_way_and_kept(void **state) {
	enter(LANGUAGE_EN);
	struct wish wish = say("hello");
	assert_int_equal(wish.room, LOBBY);
	assert_memory_equal(wish.text.bytes, "hello", 5);
	assert_seen("me: hello …\n");
	tell_message(wish.tag, MESSAGE_ON_ITS_WAY, 0);
	assert_seen("me: hello …\n");
	/* What comes before it in the log stands before it. */
	tell_said(LOBBY, "小明", "first");
	assert_true(row_of("first") < row_of("hello"));
	tell_own(wish.tag, "hello");
	tell_message(wish.tag, MESSAGE_KEPT, 0);
	assert_seen("me: hello ✓\n");
	tell_said(LOBBY, "小明", "last");
	assert_true(row_of("hello") < row_of("last"));
	assert_int_equal(ui.model.rooms[0]->waiting.count, 0);
}

static void test_a_message_that_is_refused(void **state) {
	enter(LANGUAGE_EN);
	struct wish wish = say("hello");
	tell_message(wish.tag, MESSAGE_REFUSED, REASON_TOO_FAST);
	assert_seen("me: hello ✗ that was too fast, please slow down\n");
	tell_said(LOBBY, "小明", "last");
	assert_true(row_of("hello") < row_of("last"));
}

static void test_a_message_that_is_too_long(void **state) {
	enter(LANGUAGE_EN);
	for (int i = 0; i < 82; i++) {
		press_keys("01234567890123456789012345678901234567890123456789");
	}
	press_keys("\r");
	struct wish wish;
	assert_false(take_wish(WISH_SAY, &wish));
	assert_seen("too long: a message has at most 4096 bytes");
	assert_int_equal(ui.edit.size, 4100);
}

static void test_earlier_lines_come_back(void **state) {
	enter(LANGUAGE_EN);
	say("one");
	say("two");
	press_keys("\033[A\033[A");
	assert_seen("#lobby> one\n");
}

/* ---- rooms ---- */

static void test_rooms(void **state) {
	enter(LANGUAGE_EN);
	press_keys("/join #b\r");
	struct wish wish = wished(WISH_JOIN);
	assert_memory_equal(wish.name.bytes, "#b", 2);
	tell_of_room(5, "#b", TELL_IS_IN);
	assert_seen("2:#b · 12 online\n");
	tell_said(LOBBY, "小明", "in the lobby");
	assert_not_seen("in the lobby");
	assert_seen("· 1:#lobby(1)\n");
	tell_said(LOBBY, "小明", "hey me!");
	assert_seen("· 1:#lobby(2!)\n");
	press_keys("\0331");
	assert_seen("1:#lobby · 12 online\n");
	assert_seen("in the lobby\n");
	assert_true(row_of("─ unread ─") == row_of("in the lobby") - 1);
	assert_not_seen("(2!)");
	press_keys("\x0E");
	assert_seen("2:#b");
	press_keys("\x10");
	assert_seen("1:#lobby");
	assert_not_seen("unread");
	press_keys("\0332/leave\r");
	assert_int_equal(wished(WISH_PART).room, 5);
	tell_of_room(5, "#b", 0);
	assert_seen("1:#lobby");
	assert_int_equal(ui.model.rooms_count, 1);
}

static void test_a_room_that_cannot_be_entered(void **state) {
	enter(LANGUAGE_EN);
	press_keys("/join nothash\r");
	struct wish wish = wished(WISH_JOIN);
	tell_message(wish.tag, MESSAGE_REFUSED, REASON_ROOM_NAME_INVALID);
	assert_seen("/join nothash: a room's name begins with #");
	press_keys("/nosuch\r");
	assert_seen("there is no such command");
	/* What may be mended stays. */
	assert_seen("#lobby> /nosuch\n");
}

static void test_direct_messages(void **state) {
	enter(LANGUAGE_EN);
	press_keys("/msg 小红 psst\r");
	struct wish wish = wished(WISH_DIRECT);
	assert_memory_equal(wish.name.bytes, "小红", wish.name.size);
	assert_seen("2:@小红 · direct messages\n");
	assert_seen("me: psst …\n");
	tell_of_room(77, "小红", TELL_IS_DIRECT);
	assert_int_equal(ui.model.rooms_count, 2);
	tell_entry_in(77, (struct tell){.entry_kind = ENTRY_DIRECT,
	                                .flags = TELL_IS_OWN,
	                                .tag = wish.tag,
	                                .person = SELF,
	                                .name = text_of("me"),
	                                .other = text_of("小红"),
	                                .text = text_of("psst")});
	assert_seen("me: psst ✓\n");
	press_keys("\0331");
	tell_entry_in(77, (struct tell){.entry_kind = ENTRY_DIRECT,
	                                .person = 100,
	                                .name = text_of("小红"),
	                                .other = text_of("me"),
	                                .text = text_of("yes?")});
	assert_not_seen("yes?");
	assert_seen("2:@小红(1!)\n");
	press_keys("\033a");
	assert_seen("小红: yes?\n");
	press_keys("reply\r");
	assert_memory_equal(wished(WISH_DIRECT).text.bytes, "reply", 5);
}

static void test_people(void **state) {
	enter(LANGUAGE_EN);
	tell_of_person(3, "Carla", 0);
	tell_of_person(2, "Ben", TELL_IS_ABSENT);
	tell_of_person(1, "Anna", 0);
	assert_not_seen("Carla");
	resize(24, 100);
	assert_seen("│ Anna\n");
	assert_true(row_of("Carla") < row_of("Ben"));
	tell_of_person(3, "Carla", TELL_IS_GONE);
	assert_not_seen("Carla");
	press_keys("An\t");
	assert_seen("#lobby> Anna:");
}

static void test_who_is_absent_is_asked_for(void **state) {
	struct wish wish;
	enter(LANGUAGE_EN);
	ui.model.now_ms = TIME_MS;
	uint64_t pause_ms = model_refresh_people(&ui.model);
	assert_false(take_wish(WISH_WHO, &wish));
	assert_in_range(pause_ms, 30000, 31000);
	ui.model.now_ms += pause_ms;
	model_refresh_people(&ui.model);
	wish = wished(WISH_WHO);
	assert_int_equal(wish.room, LOBBY);
	assert_int_equal(wish.question, 0);
	model_refresh_people(&ui.model);
	assert_false(take_wish(WISH_WHO, &wish));
	ui.model.now_ms += pause_ms;
	model_go_away(&ui.model);
	model_refresh_people(&ui.model);
	assert_false(take_wish(WISH_WHO, &wish));
}

static void test_who_and_rooms(void **state) {
	enter(LANGUAGE_EN);
	press_keys("/who\r");
	struct wish wish = wished(WISH_WHO);
	for (int i = 0; i < 2; i++) {
		tell((struct tell){.kind = TELL_PERSON,
		                   .question = wish.question,
		                   .name = text_of(i == 0 ? "Anna" : "Ben"),
		                   .flags = i == 0 ? 0 : TELL_IS_ABSENT});
	}
	tell((struct tell){
		.kind = TELL_ANSWERED, .question = wish.question, .connected = 1, .absent = 1});
	assert_seen("* 1 online, 1 away: Anna, Ben (away)\n");
	press_keys("/rooms\r");
	wish = wished(WISH_ROOMS);
	tell((struct tell){.kind = TELL_LISTED,
	                   .question = wish.question,
	                   .name = text_of("#lobby"),
	                   .connected = 12});
	tell((struct tell){.kind = TELL_ANSWERED, .question = wish.question});
	assert_seen("* 1 rooms: #lobby (12)\n");
}

/* ---- history ---- */

/* Answers every question for older lines: entries "line N" for seq N from 1 on. */
static unsigned answer_older(void) {
	struct wish wish;
	unsigned answers = 0;
	while (take_wish(WISH_BEFORE, &wish)) {
		char text[32];
		uint64_t first = wish.seq > wish.lines ? wish.seq - wish.lines : 1;
		for (uint64_t seq = first; seq < wish.seq; seq++) {
			snprintf(text, sizeof text, "line %llu", (unsigned long long)seq);
			tell_entry_in(LOBBY, (struct tell){.entry_kind = ENTRY_SAID,
			                                   .question = wish.question,
			                                   .seq = seq,
			                                   .person = 100,
			                                   .name = text_of("x"),
			                                   .text = text_of(text)});
		}
		tell((struct tell){.kind = TELL_ANSWERED,
		                   .question = wish.question,
		                   .flags = first > 1 ? TELL_HAS_MORE : 0});
		ui_settle(&ui);
		answers++;
	}
	return answers;
}

static void test_the_whole_history(void **state) {
	enter(LANGUAGE_EN);
	/* At the beginning the screen fills by itself. */
	assert_true(answer_older() > 0);
	assert_seen("line 1000\n");
	tell_said(LOBBY, "小明", "now");
	int pages = 0;
	while (!is_seen("─ the beginning ─") && pages++ < 200) {
		press_keys("\033[5~");
		answer_older();
	}
	assert_seen("x: line 1\n");
	assert_in_range(pages, 40, 70);
	/* Every line is there once, in order. */
	const struct room *room = ui.model.rooms[0];
	assert_int_equal(room->lines.count, 1001);
	for (size_t i = 0; i < 1001; i++) {
		assert_int_equal(room->lines.at[i]->seq, i + 1);
	}
	while (room->is_looking_back && pages-- > -2) {
		press_keys("\033[6~");
	}
	assert_seen("小明: now\n");
	assert_false(room->is_looking_back);
}

static void test_the_place_is_kept(void **state) {
	enter(LANGUAGE_EN);
	answer_older();
	press_keys("\033[5~");
	answer_older();
	press_keys("\033[5~");
	answer_older();
	char first[32];
	const struct room *room = ui.model.rooms[0];
	snprintf(first, sizeof first, "line %llu",
	         (unsigned long long)room_line(room, room->top.id)->seq);
	int row = row_of(first);
	assert_int_equal(row, 1);
	tell_said(LOBBY, "小明", "something new");
	tell_traffic("小红", true);
	assert_int_equal(row_of(first), row);
	assert_not_seen("something new");
	assert_seen("↓ 1 new");
	resize(24, 40);
	assert_int_equal(row_of(first), row);
	resize(30, 200);
	assert_int_equal(row_of(first), row);
	press_keys("\033>");
	assert_seen("something new");
	assert_not_seen("↓ 1 new");
	assert_true(row_of("─ unread ─") == row_of("something new") - 1);
}

static void test_page_up_and_down_come_back(void **state) {
	enter(LANGUAGE_EN);
	answer_older();
	for (int i = 0; i < 4; i++) {
		press_keys("\033[5~");
		answer_older();
	}
	char before[SCREEN_BYTES_MAX];
	memcpy(before, screen(), sizeof before);
	press_keys("\033[5~\033[6~");
	assert_string_equal(screen(), before);
}

static void test_page_up_is_not_lost_while_lines_come(void **state) {
	enter(LANGUAGE_EN);
	tell_said(LOBBY, "x", "line 1001");
	press_keys("\033[5~\033[5~\033[5~");
	answer_older();
	ui_settle(&ui);
	/* 21 rows a page, of which one stays; the day stood above the one line there was. */
	assert_seen("line 942\n");
	assert_seen("line 922\n");
	/* Any other key, and one has thought better of it. */
	press_keys("\033>\033[5~\033>");
	answer_older();
	assert_seen("line 1001\n");
}

static void test_many_lines_are_let_go(void **state) {
	enter(LANGUAGE_EN);
	answer_older();
	for (int i = 0; i < 5 * ROOM_LINES_KEPT; i++) {
		tell_said(LOBBY, "x", "more");
	}
	const struct room *room = ui.model.rooms[0];
	assert_in_range(room->lines.count, ROOM_LINES_KEPT, 2 * ROOM_LINES_KEPT + 1);
	/* They are fetched again. */
	uint64_t first = room->lines.at[0]->seq;
	press_keys("\033<");
	ui_settle(&ui);
	struct wish wish = wished(WISH_BEFORE);
	assert_int_equal(wish.seq, first);
}

static void test_the_end_is_let_go_while_one_looks_back(void **state) {
	enter(LANGUAGE_EN);
	answer_older();
	press_keys("\033[5~");
	answer_older();
	int row = row_of("line 980\n");
	assert_true(row > 0);
	for (int i = 0; i < ROOM_LINES_BEHIND_MAX + 500; i++) {
		tell_said(LOBBY, "x", "more");
	}
	const struct room *room = ui.model.rooms[0];
	assert_true(room->is_torn);
	assert_true(room->lines.count < ROOM_LINES_BEHIND_MAX + 500);
	assert_int_equal(row_of("line 980\n"), row);
	press_keys("\033>");
	struct wish wish = wished(WISH_BEFORE);
	assert_int_equal(wish.seq, seq_next);
	assert_false(room->is_torn);
}

static void test_history_that_cannot_be_had(void **state) {
	enter(LANGUAGE_EN);
	tell_said(LOBBY, "x", "hello");
	struct wish wish = wished(WISH_BEFORE);
	assert_seen("fetching what is older…");
	tell((struct tell){
		.kind = TELL_ANSWERED, .question = wish.question, .reason = REASON_UNAVAILABLE});
	assert_seen("what is older is not available just now");
	assert_false(take_wish(WISH_BEFORE, &wish));
	press_keys("\033[5~");
	wished(WISH_BEFORE);
}

static void test_searching(void **state) {
	enter(LANGUAGE_ZH);
	tell_said(LOBBY, "小明", "今天吃火锅");
	press_keys("\x06火锅\r");
	struct wish wish = wished(WISH_SEARCH);
	assert_int_equal(wish.room, LOBBY);
	assert_memory_equal(wish.text.bytes, "火锅", wish.text.size);
	assert_seen("找“火锅”");
	tell_entry_in(LOBBY, (struct tell){.entry_kind = ENTRY_SAID,
	                                   .question = wish.question,
	                                   .seq = 3,
	                                   .name = text_of("小红"),
	                                   .text = text_of("火锅好吃")});
	tell((struct tell){.kind = TELL_ANSWERED, .question = wish.question});
	assert_seen("11-14 22:13 小红: 火锅好吃\n");
	assert_not_seen("今天吃");
	press_keys("\033");
	assert_seen("今天吃火锅\n");
	press_keys("\x06没有\r");
	wish = wished(WISH_SEARCH);
	tell((struct tell){.kind = TELL_ANSWERED, .question = wish.question});
	assert_seen("什么也没找到");
}

/* ---- being away ---- */

static void test_what_came_before_the_first_key_is_unread(void **state) {
	begin(LANGUAGE_EN);
	tell_standing(STANDING_IN, 0);
	tell_of_room(LOBBY, "#lobby", TELL_IS_IN);
	tell_said(LOBBY, "小明", "while you slept");
	assert_true(row_of("─ unread ─") == row_of("while you slept") - 1);
	model_report_shown(&ui.model);
	struct wish wish;
	assert_false(take_wish(WISH_SHOWN, &wish));
	press_keys("x");
	model_report_shown(&ui.model);
	assert_int_equal(wished(WISH_SHOWN).seq, seq_next - 1);
	tell_of_room(5, "#b", TELL_IS_IN);
	tell_said(5, "小明", "not seen");
	tell_said(LOBBY, "小明", "seen");
	model_report_shown(&ui.model);
	/* Up to before what is unread in another room. */
	assert_false(take_wish(WISH_SHOWN, &wish));
	press_keys("\0332");
	model_report_shown(&ui.model);
	assert_int_equal(wished(WISH_SHOWN).seq, seq_next - 1);
}

/* ---- questions ---- */

static void tell_name_wanted(unsigned reason) {
	tell((struct tell){
		.kind = TELL_STANDING, .state = STANDING_NAME_WANTED, .reason = (uint16_t)reason});
}

static void test_the_name_is_asked_for(void **state) {
	begin(LANGUAGE_ZH);
	tell_standing(STANDING_SEEKING, 0);
	assert_seen("正在连接");
	tell_name_wanted(0);
	assert_seen("请输入姓名:");
	press_keys(" 小明 \r");
	struct wish wish = wished(WISH_NAME);
	assert_int_equal(wish.name.size, strlen("小明"));
	tell_name_wanted(REASON_NAME_TAKEN);
	assert_seen("“小明”已经有人用了。请输入姓名:\n");
	press_keys("小红\r");
	assert_memory_equal(wished(WISH_NAME).name.bytes, "小红", 6);
	tell_standing(STANDING_IN, TELL_IS_NEW);
	tell_of_room(LOBBY, "#lobby", TELL_IS_IN);
	assert_seen("#lobby>");
}

static void test_a_paste_of_several_lines(void **state) {
	struct wish wish;
	enter(LANGUAGE_EN);
	press_keys("code: \033[200~one\r\ntwo\rthree\r\n\033[201~");
	assert_seen("Send 3 lines as one message?");
	assert_false(take_wish(WISH_SAY, &wish));
	press_keys("\r");
	wish = wished(WISH_SAY);
	assert_int_equal(wish.text.size, strlen("code: one\ntwo\nthree"));
	assert_memory_equal(wish.text.bytes, "code: one\ntwo\nthree", wish.text.size);
	assert_false(take_wish(WISH_SAY, &wish));
	assert_seen("me: code: one\n");
	assert_seen("      two\n");
	press_keys("\033[200~x\ny\033[201~");
	assert_seen("Send 2 lines");
	press_keys("\033");
	assert_not_seen("Send 2 lines");
	assert_false(take_wish(WISH_SAY, &wish));
	press_keys("\033[200~/quit\n\033[201~");
	assert_seen("#lobby> /quit\n");
}

static void test_a_key_that_changed(void **state) {
	begin(LANGUAGE_EN);
	tell((struct tell){.kind = TELL_STANDING, .state = STANDING_TRUST_WANTED});
	assert_seen("The server's key is not the one it had");
	press_keys("x");
	struct wish wish;
	assert_false(take_wish(WISH_TRUST, &wish));
	press_keys("y");
	wished(WISH_TRUST);
}

static void test_without_a_room(void **state) {
	enter(LANGUAGE_EN);
	tell_of_room(LOBBY, "#lobby", 0);
	assert_int_equal(ui.model.rooms_count, 0);
	press_keys("/join x\r");
	struct wish wish = wished(WISH_JOIN);
	tell_message(wish.tag, MESSAGE_REFUSED, REASON_ROOM_NAME_INVALID);
	assert_seen("/join x: a room's name begins with #");
	press_keys("/who\r\x0E\x10\x06\033[5~\033<\033a/leave\r");
	assert_seen("> /who/leave\n");
}

static void test_what_is_typed_too_early_stays(void **state) {
	begin(LANGUAGE_EN);
	tell_standing(STANDING_SEEKING, 0);
	press_keys("hello\r");
	assert_seen("(not in a room yet) > hello\n");
	tell_standing(STANDING_IN, TELL_IS_NEW);
	tell_of_room(LOBBY, "#lobby", TELL_IS_IN);
	press_keys("\r");
	assert_memory_equal(wished(WISH_SAY).text.bytes, "hello", 5);
}

static void test_leaving(void **state) {
	struct wish wish;
	enter(LANGUAGE_EN);
	press_keys("draft\x03");
	assert_seen("(Ctrl-C once more leaves) #lobby>");
	press_keys("x\x03");
	assert_false(take_wish(WISH_QUIT, &wish));
	press_keys("\x03");
	assert_int_equal(wished(WISH_QUIT).flags, 0);
	assert_seen("leaving…");
	press_keys("\x03");
	assert_int_equal(wished(WISH_QUIT).flags, WISH_AT_ONCE);
}

/* ---- sizes ---- */

static void test_every_size(void **state) {
	enter(LANGUAGE_ZH);
	tell_of_person(3, "一个名字很长的人一个名字很长的人", 0);
	answer_older();
	for (int i = 0; i < 30; i++) {
		tell_said(LOBBY, "一个名字很长的人",
		          "中文 and English 混排，😀 e\u0301 一行放不下的很长的内容");
		tell_said(LOBBY, "小明", "几行：\n\n  第二行比较长，放不下\nend\n");
		tell_traffic("小明", i % 2);
	}
	press_keys("写了很多很多字的一行，还没有发出去，看看光标在哪里");
	press_keys("\033\r第二行\033\r\033\rend");
	for (size_t columns = 1; columns <= 210; columns += columns < 60 ? 1 : 15) {
		for (size_t rows = 1; rows <= 30; rows += 1 + rows / 4) {
			resize(rows, columns);
			screen();
			const struct page *page = &ui.page;
			assert_true(page->cursor_row < rows);
			assert_true(page->cursor_column < columns || columns < 2);
			press_keys("\033[5~");
			screen();
			press_keys("\033[6~");
		}
	}
}

/* A line of a text begins a row, wherever the last one was folded. */
static void test_lines_of_a_text_on_few_columns(void **state) {
	enter(LANGUAGE_ZH);
	resize(16, 10);
	tell_said(LOBBY, "ann", "one two\n\n三四五六七八\nend");
	int first = row_of("ann:"), end = row_of("end");
	assert_true(first >= 0 && end > first + 3);
	for (size_t columns = 9; columns >= 4; columns--) {
		resize(16, columns);
		const char *at = strstr(screen(), "end");
		/* Nothing else is in its row, and the row before it ends the other line. */
		assert_non_null(at);
		assert_true(at[3] == '\n');
		while (at > seen && at[-1] == ' ') {
			at--;
		}
		assert_true(at > seen && at[-1] == '\n');
	}
	resize(24, 60);
	assert_seen("22:13 ann: one two\n");
	assert_seen("三四五六七八\n");
}

static void test_forty_columns(void **state) {
	enter(LANGUAGE_ZH);
	resize(10, 40);
	tell_said(LOBBY, "小明", "这一行很长，要在四十列的终端里折成几行，每行都不超过宽度。");
	assert_seen("22:13 小明: 这一行很长，要在四十列的终端\n"
	            "      里折成几行，每行都不超过宽度。\n");
	assert_seen("● · 3 毫秒 · 未加密\n");
	resize(10, 200);
	assert_seen("22:13 小明: 这一行很长，要在四十列的终端里折成几行，每行都不超过宽度。");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_what_is_said, leave),
		cmocka_unit_test_teardown(test_chinese, leave),
		cmocka_unit_test_teardown(test_coming_and_going_in_a_row, leave),
		cmocka_unit_test_teardown(test_notices, leave),
		cmocka_unit_test_teardown(test_controls_never_reach_the_terminal, leave),
		cmocka_unit_test_teardown(test_a_gap_is_told_exactly, leave),
		cmocka_unit_test_teardown(test_a_message_on_its_way_and_kept, leave),
		cmocka_unit_test_teardown(test_a_message_that_is_refused, leave),
		cmocka_unit_test_teardown(test_a_message_that_is_too_long, leave),
		cmocka_unit_test_teardown(test_earlier_lines_come_back, leave),
		cmocka_unit_test_teardown(test_rooms, leave),
		cmocka_unit_test_teardown(test_a_room_that_cannot_be_entered, leave),
		cmocka_unit_test_teardown(test_direct_messages, leave),
		cmocka_unit_test_teardown(test_people, leave),
		cmocka_unit_test_teardown(test_who_is_absent_is_asked_for, leave),
		cmocka_unit_test_teardown(test_who_and_rooms, leave),
		cmocka_unit_test_teardown(test_the_whole_history, leave),
		cmocka_unit_test_teardown(test_the_place_is_kept, leave),
		cmocka_unit_test_teardown(test_page_up_and_down_come_back, leave),
		cmocka_unit_test_teardown(test_page_up_is_not_lost_while_lines_come, leave),
		cmocka_unit_test_teardown(test_many_lines_are_let_go, leave),
		cmocka_unit_test_teardown(test_the_end_is_let_go_while_one_looks_back, leave),
		cmocka_unit_test_teardown(test_history_that_cannot_be_had, leave),
		cmocka_unit_test_teardown(test_searching, leave),
		cmocka_unit_test_teardown(test_what_came_before_the_first_key_is_unread, leave),
		cmocka_unit_test_teardown(test_the_name_is_asked_for, leave),
		cmocka_unit_test_teardown(test_a_paste_of_several_lines, leave),
		cmocka_unit_test_teardown(test_a_key_that_changed, leave),
		cmocka_unit_test_teardown(test_without_a_room, leave),
		cmocka_unit_test_teardown(test_what_is_typed_too_early_stays, leave),
		cmocka_unit_test_teardown(test_leaving, leave),
		cmocka_unit_test_teardown(test_every_size, leave),
		cmocka_unit_test_teardown(test_lines_of_a_text_on_few_columns, leave),
		cmocka_unit_test_teardown(test_forty_columns, leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
