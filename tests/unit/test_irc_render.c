/* Entries of the log as lines of IRC: what each looks like, where long texts are cut, and the tags. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "cut.h"
#include "irc_render.h"
#include "utf8.h"

#define ROOM 11
#define SERVER "irc.example"
#define TIME_US UINT64_C(1700000000123456)
#define TIME "time=2023-11-14T22:13:20.123Z"
#define MSGID "msgid=000000000001e-17" /* of log 46 and seq 39, in base32 */
#define SOURCE ":ming!~ming@3f9a.qun"

static struct state *house;
static char out[64 * 1024];

static struct slice text(const char *string) {
	return slice_from_string(string);
}

static int begin(void **state) {
	const struct record made = {.kind = ENTRY_ROOM_MADE,
	                            .seq = ROOM,
	                            .time_us = TIME_US,
	                            .name = slice_from_string("#room")};
	house = state_create();
	assert_int_equal(state_apply(house, &made, NULL, NULL), STATE_OK);
	return 0;
}

static int end(void **state) {
	state_destroy(house);
	return 0;
}

/* Ming's, unless it says otherwise. */
static struct record entry_of(struct record entry) {
	entry.seq = 39;
	entry.time_us = TIME_US;
	entry.person = 5;
	entry.room = entry.room == 0 ? ROOM : entry.room;
	entry.name = entry.name.size == 0 ? text("ming") : entry.name;
	entry.userhost = text("~ming@3f9a.qun");
	return entry;
}

static struct irc_rendering form(uint32_t form) {
	return (struct irc_rendering){.server = SERVER, .log = 46, .state = house, .form = form};
}

static struct slice render(const struct irc_rendering *how, struct record entry) {
	entry = entry_of(entry);
	return slice_of(out, irc_render(how, &entry, out, sizeof(out)));
}

#define assert_lines(got, wanted)                                                                  \
	do {                                                                                       \
		struct slice got_ = (got);                                                         \
		out[got_.size] = '\0';                                                             \
		assert_string_equal(out, wanted);                                                  \
	} while (0)

/* Takes the next line off, without its end. */
static struct slice next_line(struct slice *lines) {
	const char *end = memchr(lines->bytes, '\n', lines->size);
	assert_non_null(end);
	size_t size = (size_t)(end - lines->bytes);
	struct slice line = slice_first(*lines, size - 1);
	assert_true(end[-1] == '\r');
	*lines = slice_from(*lines, size + 1);
	return line;
}

/* ---- each kind ---- */

static void each_kind_has_its_line(void **state) {
	static const struct {
		uint32_t form;
		struct record entry;
		const char *lines;
	} rows[] = {
		{0, {.kind = ENTRY_SAID, .text = {"hi", 2}}, SOURCE " PRIVMSG #room :hi\r\n"},
		{0,
	         {.kind = ENTRY_SAID, .room = ROOM_LOBBY, .text = {"hi", 2}},
	         SOURCE " PRIVMSG #lobby :hi\r\n"},
		{0,
	         {.kind = ENTRY_SAID, .bits = SAID_IS_NOTICE, .text = {"hi", 2}},
	         SOURCE " NOTICE #room :hi\r\n"},
		{0,
	         {.kind = ENTRY_DIRECT, .target = 6, .other_name = {"ann", 3}, .text = {"hi", 2}},
	         SOURCE " PRIVMSG ann :hi\r\n"},
		{0,
	         {.kind = ENTRY_SAID_TO, .number = MEMBER_IS_OPERATOR, .text = {"hi", 2}},
	         SOURCE " PRIVMSG @#room :hi\r\n"},
		{FORM_RELAYED,
	         {.kind = ENTRY_SAID, .by = {"b;t", 3}, .text = {"hi", 2}},
	         "@draft/relaymsg=b\\:t " SOURCE " PRIVMSG #room :hi\r\n"},
		{FORM_RELAYED,
	         {.kind = ENTRY_SAID, .text = {"hi", 2}},
	         SOURCE " PRIVMSG #room :hi\r\n"},
		{0,
	         {.kind = ENTRY_SAID, .by = {"bot", 3}, .text = {"hi", 2}},
	         SOURCE " PRIVMSG #room :hi\r\n"},
		{0, {.kind = ENTRY_JOINED}, SOURCE " JOIN #room\r\n"},
		{FORM_EXTENDED_JOIN, {.kind = ENTRY_JOINED}, SOURCE " JOIN #room * :ming\r\n"},
		{FORM_EXTENDED_JOIN,
	         {.kind = ENTRY_JOINED, .bits = PERSON_HAS_ACCOUNT},
	         SOURCE " JOIN #room ming :ming\r\n"},
		{0, {.kind = ENTRY_PARTED}, SOURCE " PART #room\r\n"},
		{0,
	         {.kind = ENTRY_PARTED, .text = {"so long", 7}},
	         SOURCE " PART #room :so long\r\n"},
		{0, {.kind = ENTRY_LEFT, .text = {"bye", 3}}, SOURCE " QUIT :bye\r\n"},
		{0,
	         {.kind = ENTRY_LEFT, .reason = REASON_ORPHANED},
	         SOURCE " QUIT :Connection lost\r\n"},
		{0,
	         {.kind = ENTRY_KICKED, .text = {"spam", 4}},
	         SOURCE " QUIT :Killed (" SERVER " (spam))\r\n"},
		{0,
	         {.kind = ENTRY_RENAMED, .name = {"ann", 3}, .other_name = {"ming", 4}},
	         SOURCE " NICK :ann\r\n"},
		{0, {.kind = ENTRY_TOPIC, .text = {"a b", 3}}, SOURCE " TOPIC #room :a b\r\n"},
		{0, {.kind = ENTRY_TOPIC}, SOURCE " TOPIC #room :\r\n"},
		{FORM_CHANNEL_RENAME,
	         {.kind = ENTRY_ROOM_RENAMED,
	          .other_name = {"#room", 5},
	          .by = {"#old", 4},
	          .text = {"a b", 3}},
	         SOURCE " RENAME #old #room :a b\r\n"},
		{FORM_CHANNEL_RENAME,
	         {.kind = ENTRY_ROOM_RENAMED, .other_name = {"#room", 5}, .by = {"#old", 4}},
	         SOURCE " RENAME #old #room :\r\n"},
		/* Others part and join, each by itself; and the past is that of one room. */
		{0,
	         {.kind = ENTRY_ROOM_RENAMED, .other_name = {"#room", 5}, .by = {"#old", 4}},
	         ""},
		{FORM_CHANNEL_RENAME | FORM_PLAYBACK,
	         {.kind = ENTRY_ROOM_RENAMED, .other_name = {"#room", 5}, .by = {"#old", 4}},
	         ""},
		{0, {.kind = ENTRY_MODE, .text = {"+o ann", 6}}, SOURCE " MODE #room +o ann\r\n"},
		/* Members hear the key; who reads it later does not. */
		{0,
	         {.kind = ENTRY_MODE, .text = {"+ok ann *", 9}, .secret = {"pass", 4}},
	         SOURCE " MODE #room +ok ann pass\r\n"},
		{FORM_PLAYBACK,
	         {.kind = ENTRY_MODE, .text = {"+k *", 4}, .secret = {"pass", 4}},
	         SOURCE " MODE #room +k *\r\n"},
		{0,
	         {.kind = ENTRY_PUT_OUT, .name = {"ann", 3}, .by = {"ming", 4}, .target = 5},
	         SOURCE " KICK #room ann :ming\r\n"},
		{0, {.kind = ENTRY_INVITED, .by = {"ann", 3}}, SOURCE " INVITE ann :#room\r\n"},
		{0, {.kind = ENTRY_AWAY, .text = {"tea", 3}}, ""},
		{FORM_AWAY, {.kind = ENTRY_AWAY, .text = {"tea", 3}}, SOURCE " AWAY :tea\r\n"},
		{FORM_AWAY, {.kind = ENTRY_AWAY}, SOURCE " AWAY\r\n"},
		{FORM_ACCOUNT,
	         {.kind = ENTRY_PROFILE, .number = PROFILE_ACCOUNT, .bits = PERSON_HAS_ACCOUNT},
	         SOURCE " ACCOUNT ming\r\n"},
		{FORM_ACCOUNT | FORM_SETNAME,
	         {.kind = ENTRY_PROFILE,
	          .number = PROFILE_ACCOUNT | PROFILE_REALNAME,
	          .text = {"Xiao Ming", 9}},
	         SOURCE " SETNAME :Xiao Ming\r\n" SOURCE " ACCOUNT *\r\n"},
		{0, {.kind = ENTRY_PROFILE, .number = PROFILE_ACCOUNT | PROFILE_REALNAME}, ""},
		{0, {.kind = ENTRY_PROFILE, .number = PROFILE_USERHOST}, ""},
		{FORM_CHGHOST | FORM_SETNAME,
	         {.kind = ENTRY_PROFILE,
	          .number = PROFILE_USERHOST | PROFILE_REALNAME,
	          .other_name = {"~old@far.qun", 12},
	          .text = {"Xiao Ming", 9}},
	         ":ming!~old@far.qun CHGHOST ~ming 3f9a.qun\r\n" SOURCE " SETNAME :Xiao Ming\r\n"},
		{0,
	         {.kind = ENTRY_SHOUTED, .text = {"hi", 2}},
	         ":" SERVER " NOTICE #lobby :hi\r\n"},
		{0, {.kind = ENTRY_WALLOPS, .text = {"hi", 2}}, SOURCE " WALLOPS :hi\r\n"},
		{0, {.kind = ENTRY_TAGGED, .tags = {"+typing=done", 12}}, ""},
		{FORM_TAGS,
	         {.kind = ENTRY_TAGGED, .tags = {"+typing=done", 12}},
	         "@" MSGID ";+typing=done " SOURCE " TAGMSG #room\r\n"},
		{0, {.kind = ENTRY_MOVED}, ""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct irc_rendering how = form(rows[i].form);
		assert_lines(render(&how, rows[i].entry), rows[i].lines);
	}
}

static void who_came_by_datagram_has_a_user_and_a_host(void **state) {
	struct irc_rendering how = form(0);
	struct record entry = entry_of((struct record){.kind = ENTRY_SAID, .text = text("hi")});
	entry.userhost = slice_of(NULL, 0);
	assert_lines(slice_of(out, irc_render(&how, &entry, out, sizeof(out))),
	             ":ming!~qun@datagram.qun PRIVMSG #room :hi\r\n");
}

/* ---- long texts ---- */

static char filled[TEXT_BYTES_MAX];

static struct slice fill(const char *filling, size_t size) {
	size_t step = strlen(filling), count = size / step;
	for (size_t i = 0; i < count; i++) {
		memcpy(filled + i * step, filling, step);
	}
	return slice_of(filled, count * step);
}

/* Each piece begins as the first does, ends between characters, is full, and nothing is lost. */
static void assert_pieces(struct slice lines, struct slice said, const char *begins_with) {
	struct slice head = text(begins_with);
	while (lines.size > 0) {
		struct slice line = next_line(&lines);
		assert_true(line.size <= IRC_LINE_BYTES_MAX - 2);
		assert_true(slice_starts_with(line, head));
		struct slice piece = slice_from(line, head.size);
		assert_true(piece.size > 0 && utf8_is_valid(piece));
		assert_true(slice_starts_with(said, piece));
		said = slice_from(said, piece.size);
		size_t more = said.size == 0 ? 0 : cut_cluster(said, said.size);
		assert_true(said.size == 0 || line.size + more > IRC_LINE_BYTES_MAX - 2);
	}
	assert_int_equal(said.size, 0);
}

static void a_long_text_is_cut_between_characters(void **state) {
	static const char *const fillings[] = {
		"x", "好", "e\u0301", "👩‍👩‍👧‍👦", "🇨🇳", "a b",
	};
	struct irc_rendering how = form(0);
	const char *head = SOURCE " PRIVMSG #room :";
	for (size_t i = 0; i < sizeof(fillings) / sizeof(fillings[0]); i++) {
		size_t fits = IRC_LINE_BYTES_MAX - 2 - strlen(head);
		for (size_t size = fits - 30; size < fits + 30; size++) {
			struct slice said = fill(fillings[i], size);
			assert_pieces(
				render(&how, (struct record){.kind = ENTRY_SAID, .text = said}),
				said, head);
		}
		struct slice said = fill(fillings[i], TEXT_BYTES_MAX);
		assert_pieces(render(&how, (struct record){.kind = ENTRY_SAID, .text = said}), said,
		              head);
	}
}

/* Who is shown the past without time tags sees the time before each piece. */
static void what_precedes_a_text_precedes_each_piece(void **state) {
	struct irc_rendering how = form(FORM_PLAYBACK);
	struct slice said = fill("好", 1200);
	how.before_text = text("[12:30] ");
	assert_pieces(render(&how, (struct record){.kind = ENTRY_SAID, .text = said}), said,
	              SOURCE " PRIVMSG #room :[12:30] ");
}

/* Of what has one line alone the end is cut off, between characters too. */
static void what_has_one_line_is_cut_off(void **state) {
	static const uint16_t kinds[] = {ENTRY_TOPIC, ENTRY_LEFT, ENTRY_PARTED, ENTRY_PUT_OUT,
	                                 ENTRY_WALLOPS};
	struct irc_rendering how = form(0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct slice lines =
			render(&how, (struct record){.kind = kinds[i], .text = fill("好", 1200)});
		struct slice line = next_line(&lines);
		assert_int_equal(lines.size, 0);
		assert_true(utf8_is_valid(line));
		assert_in_range(line.size, IRC_LINE_BYTES_MAX - 2 - 2, IRC_LINE_BYTES_MAX - 2);
	}
}

static void lines_of_a_text_are_lines(void **state) {
	struct irc_rendering how = form(0);
	struct slice said = slice_of("one\n\ntwo\0\r\n", 11);
	assert_lines(render(&how, (struct record){.kind = ENTRY_SAID, .text = said}),
	             SOURCE " PRIVMSG #room :one\r\n" SOURCE " PRIVMSG #room :two\r\n");
	assert_lines(render(&how, (struct record){.kind = ENTRY_SAID, .text = text("\n\n")}), "");
	/* Nobody speaks for another by a topic with a line end in it. */
	said = text("a\r\n:ann QUIT");
	assert_lines(render(&how, (struct record){.kind = ENTRY_TOPIC, .text = said}),
	             SOURCE " TOPIC #room :a :ann QUIT\r\n");
}

/* Each is cut where its author cut it; what is no place to cut a text is passed over. */
static void lines_are_those_that_were_said(void **state) {
	const struct irc_rendering plain = form(0), lines = form(FORM_MULTILINE);
	struct record said = {
		.kind = ENTRY_SAID,
		.text = text("one two\n三四\n"),
		.joints = slice_of("\0\0\4\0\5\0\x8\0\x9\0\xb\0\xe\0\xf\0\xff\xff", 18)};
	assert_lines(render(&plain, said),
	             SOURCE " PRIVMSG #room :one \r\n" SOURCE " PRIVMSG #room :t\r\n" SOURCE
	                    " PRIVMSG #room :wo\r\n" SOURCE " PRIVMSG #room :三\r\n" SOURCE
	                    " PRIVMSG #room :四\r\n");
	said.text = text("one two");
	said.joints = slice_of("\4\0", 2);
	assert_lines(render(&lines, said),
	             SOURCE " BATCH +m39 draft/multiline #room\r\n"
	                    "@batch=m39 " SOURCE " PRIVMSG #room :one \r\n"
	                    "@batch=m39;draft/multiline-concat " SOURCE
	                    " PRIVMSG #room :two\r\n:" SERVER " BATCH -m39\r\n");
}

/* What has one line on IRC has one, whatever a text from elsewhere has in it. (MODE's words the
 * hub has looked at.) */
static void no_text_breaks_a_line(void **state) {
	static const uint16_t kinds[] = {
		ENTRY_JOINED,  ENTRY_PARTED,  ENTRY_LEFT,         ENTRY_KICKED, ENTRY_RENAMED,
		ENTRY_TOPIC,   ENTRY_PUT_OUT, ENTRY_REDACTED,     ENTRY_AWAY,   ENTRY_PROFILE,
		ENTRY_INVITED, ENTRY_WALLOPS, ENTRY_ROOM_RENAMED,
	};
	const struct slice sly = slice_of("a\r\nERROR :b\n\nQUIT\0c", 20);
	const struct irc_rendering how =
		form(FORM_TAGS | FORM_TIME | FORM_EXTENDED_JOIN | FORM_AWAY | FORM_REDACTION |
	             FORM_CHANNEL_RENAME | FORM_PLAYBACK);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct slice lines = render(&how, (struct record){.kind = kinds[i],
		                                                  .text = sly,
		                                                  .by = text("ann"),
		                                                  .number = 3});
		const char *first = lines.size == 0 ? NULL : memchr(lines.bytes, '\n', lines.size);
		assert_true(lines.size == 0 || first == lines.bytes + lines.size - 1);
		assert_true(lines.size == 0 || first[-1] == '\r');
		for (size_t j = 0; j + 2 < lines.size; j++) {
			assert_true(lines.bytes[j] != '\r' && lines.bytes[j] != '\0');
		}
	}
}

/* Whatever room there is, whole lines are in it. */
static void no_line_is_half(void **state) {
	static char small[4096];
	struct irc_rendering how = form(FORM_TIME | FORM_TAGS);
	struct record entry =
		entry_of((struct record){.kind = ENTRY_SAID, .text = fill("好", 1200)});
	size_t whole = irc_render(&how, &entry, out, sizeof(out));
	for (size_t room = 0; room <= whole; room++) {
		memset(small, 'x', sizeof(small));
		size_t size = irc_render(&how, &entry, small, room);
		assert_true(size <= room && (room < whole) == (size < whole));
		assert_memory_equal(small, out, size);
		assert_true(size == 0 || small[size - 1] == '\n');
		assert_int_equal(small[room], 'x');
	}
}

/* ---- tags ---- */

#define ALL_TAGS (FORM_TIME | FORM_TAGS | FORM_ACCOUNT_TAG)

static void tags_have_their_order(void **state) {
	static const struct {
		uint32_t form;
		const char *tags;
	} rows[] = {
		{0, "@batch=7 "},
		{FORM_TIME, "@batch=7;" TIME " "},
		{FORM_ACCOUNT_TAG, "@batch=7;account=ming "},
		{FORM_TAGS, "@batch=7;" MSGID ";bot;+draft/reply=x\\:y "},
		{ALL_TAGS, "@batch=7;" TIME ";" MSGID ";account=ming;bot;+draft/reply=x\\:y "},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char wanted[512];
		struct irc_rendering how = form(rows[i].form);
		how.more_tags = text("batch=7");
		snprintf(wanted, sizeof(wanted), "%s" SOURCE " PRIVMSG #room :hi\r\n",
		         rows[i].tags);
		assert_lines(
			render(&how, (struct record){.kind = ENTRY_SAID,
		                                     .bits = PERSON_HAS_ACCOUNT | PERSON_IS_BOT,
		                                     .tags = text("+draft/reply=x\\:y"),
		                                     .text = text("hi")}),
			wanted);
	}
}

/* A name may hold what a tag may not. */
static void tags_are_escaped(void **state) {
	struct irc_rendering how = form(FORM_ACCOUNT_TAG);
	assert_lines(render(&how, (struct record){.kind = ENTRY_SAID,
	                                          .name = text("a;b\\c"),
	                                          .bits = PERSON_HAS_ACCOUNT,
	                                          .text = text("hi")}),
	             "@account=a\\:b\\\\c :a;b\\c!~ming@3f9a.qun PRIVMSG #room :hi\r\n");
}

/* What names the entry, and what its sender gave with it, is said once. */
static void later_pieces_have_the_tags_of_all(void **state) {
	struct irc_rendering how = form(ALL_TAGS);
	struct slice lines =
		render(&how, (struct record){.kind = ENTRY_SAID,
	                                     .bits = PERSON_HAS_ACCOUNT | PERSON_IS_BOT,
	                                     .tags = text("+a=b"),
	                                     .text = fill("x", 1200)});
	assert_true(slice_starts_with(next_line(&lines),
	                              text("@" TIME ";" MSGID ";account=ming;bot;+a=b " SOURCE)));
	assert_true(lines.size > 0);
	while (lines.size > 0) {
		struct slice line = next_line(&lines);
		assert_true(slice_starts_with(line, text("@" TIME ";account=ming;bot " SOURCE)));
	}
}

/* They do not count for the 512 bytes of a line. */
static void tags_take_nothing_from_a_text(void **state) {
	struct irc_rendering bare = form(0), tagged = form(ALL_TAGS);
	struct record said = {.kind = ENTRY_SAID, .text = fill("好", 1200)};
	struct slice lines = render(&bare, said);
	size_t pieces = 0, tagged_pieces = 0;
	for (; lines.size > 0; pieces++) {
		next_line(&lines);
	}
	lines = render(&tagged, said);
	for (; lines.size > 0; tagged_pieces++) {
		struct slice line = next_line(&lines);
		size_t head =
			(size_t)((const char *)memchr(line.bytes, ' ', line.size) - line.bytes);
		assert_true(line.size - head - 1 <= IRC_LINE_BYTES_MAX - 2);
	}
	assert_int_equal(tagged_pieces, pieces);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_line),
		cmocka_unit_test(who_came_by_datagram_has_a_user_and_a_host),
		cmocka_unit_test(a_long_text_is_cut_between_characters),
		cmocka_unit_test(what_precedes_a_text_precedes_each_piece),
		cmocka_unit_test(what_has_one_line_is_cut_off),
		cmocka_unit_test(lines_of_a_text_are_lines),
		cmocka_unit_test(lines_are_those_that_were_said),
		cmocka_unit_test(no_text_breaks_a_line),
		cmocka_unit_test(no_line_is_half),
		cmocka_unit_test(tags_have_their_order),
		cmocka_unit_test(tags_are_escaped),
		cmocka_unit_test(later_pieces_have_the_tags_of_all),
		cmocka_unit_test(tags_take_nothing_from_a_text),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
