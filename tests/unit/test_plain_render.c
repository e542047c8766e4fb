/* What goes out: never more than 1,024 bytes a datagram, cut between characters, nothing lost. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plain_render.h"
#include "utf8.h"

static struct plain_parts parts;
static char text[TEXT_BYTES_MAX];

static struct record said(size_t size) {
	return (struct record){.kind = ENTRY_SAID,
	                       .room = ROOM_LOBBY,
	                       .name = slice_from_string("小明"),
	                       .text = slice_of(text, size)};
}

/* The parts put together again, without what precedes each. */
static size_t joined(char *out, const char *prefix) {
	size_t size = 0;
	for (unsigned i = 0; i < parts.count; i++) {
		struct slice part = slice_of(parts.parts[i].iov_base, parts.parts[i].iov_len);
		assert_in_range(part.size, 1, PLAIN_DATAGRAM_BYTES_MAX);
		assert_true(utf8_is_valid(part));
		assert_true(slice_starts_with(part, slice_from_string(prefix)));
		part = slice_from(part, strlen(prefix));
		memcpy(out + size, part.bytes, part.size);
		size += part.size;
	}
	return size;
}

static void render(const struct record *entry) {
	parts_clear(&parts);
	parts_add_entry(&parts, LANGUAGE_ZH, entry, slice_of(NULL, 0));
}

static void long_texts_lose_nothing(void **state) {
	static const char *const fillings[] = {
		"x",       "好",
		"e\u0301", "👩‍👩‍👧‍👦",
		"🇨🇳",      "a\u0300\u0301\u0302\u0303\u0304\u0305",
	};
	static char out[3 * TEXT_BYTES_MAX];
	for (size_t filling = 0; filling < sizeof(fillings) / sizeof(fillings[0]); filling++) {
		size_t step = strlen(fillings[filling]);
		for (size_t i = 0; i + step <= sizeof(text); i += step) {
			memcpy(text + i, fillings[filling], step);
		}
		size_t whole = sizeof(text) / step * step;
		for (size_t size = step; size <= whole; size += step * (size < 1200 ? 1 : 97)) {
			struct record entry = said(size);
			render(&entry);
			assert_int_equal(joined(out, "小明说: "), size);
			assert_memory_equal(out, text, size);
			/* Each part but the last is full: no cluster more would have fitted. */
			for (unsigned i = 0; i + 1 < parts.count; i++) {
				size_t used = parts.parts[i].iov_len;
				assert_true(used + step > PLAIN_DATAGRAM_BYTES_MAX);
				assert_int_equal((used - strlen("小明说: ")) % step, 0);
			}
		}
	}
}

static void exactly_full_is_one_datagram(void **state) {
	memset(text, 'x', sizeof(text));
	struct record entry = said(PLAIN_DATAGRAM_BYTES_MAX - strlen("小明说: "));
	render(&entry);
	assert_int_equal(parts.count, 1);
	assert_int_equal(parts.parts[0].iov_len, PLAIN_DATAGRAM_BYTES_MAX);
	entry.text.size++;
	render(&entry);
	assert_int_equal(parts.count, 2);
}

static void the_worst_texts_fit(void **state) {
	/* Controls grow to three bytes; a single cluster of 4,096 bytes has to be cut somewhere. */
	memset(text, 1, sizeof(text));
	struct record entry = said(sizeof(text));
	static char name[NAME_BYTES_MAX];
	memset(name, 'n', sizeof(name));
	entry.name = slice_of(name, sizeof(name));
	render(&entry);
	assert_in_range(parts.count, 2, PLAIN_PARTS_MAX);
	for (size_t i = 0; i + 2 <= sizeof(text); i += 2) {
		memcpy(text + i, i == 0 ? "ab" : "\u0301", 2);
	}
	entry = said(sizeof(text));
	render(&entry);
	assert_in_range(parts.count, 5, 6);
	/* Clusters of somewhat more than half a datagram: the most parts. */
	for (size_t i = 0; i + 2 <= sizeof(text); i += 2) {
		memcpy(text + i, i % 470 == 0 ? "ab" : "\u0301", 2);
	}
	entry = said(sizeof(text));
	entry.name = slice_of(name, sizeof(name));
	render(&entry);
	assert_in_range(parts.count, 5, PLAIN_PARTS_MAX);
}

static void expect_whole(const char *whole) {
	assert_int_equal(parts.count, 1);
	assert_int_equal(parts.parts[0].iov_len, strlen(whole));
	assert_memory_equal(parts.parts[0].iov_base, whole, strlen(whole));
}

static void no_line_passes_for_another_persons(void **state) {
	struct record entry = said(0);
	entry.text = slice_from_string("hi\n小红说: no\n\n");
	render(&entry);
	expect_whole("小明说: hi\n  小红说: no\n  \n  ");
	entry.kind = ENTRY_TOPIC;
	entry.by = entry.name;
	render(&entry);
	assert_int_equal(parts.count, 1);
	assert_non_null(memmem(parts.parts[0].iov_base, parts.parts[0].iov_len, "\n  小红说: no",
	                       strlen("\n  小红说: no")));
	entry = (struct record){.kind = ENTRY_KICKED,
	                        .reason = REASON_KICKED,
	                        .text = slice_from_string("go\n小红说: no")};
	parts_clear(&parts);
	parts_add_ended(&parts, LANGUAGE_ZH, &entry);
	assert_int_equal(parts.count, 1);
	assert_non_null(memmem(parts.parts[0].iov_base, parts.parts[0].iov_len, "\n  小红说: no",
	                       strlen("\n  小红说: no")));
	/* Long ones: each line begins with who said it, or is indented. */
	for (size_t size = 1; size <= sizeof(text); size += size < 1200 ? 1 : 97) {
		memset(text, size % 2 == 0 ? '\n' : 'x', sizeof(text));
		for (size_t i = 7; i < sizeof(text); i += 8) {
			text[i] = '\n';
		}
		entry = said(size);
		render(&entry);
		assert_in_range(parts.count, 1, PLAIN_PARTS_MAX);
		for (unsigned i = 0; i < parts.count; i++) {
			struct slice part =
				slice_of(parts.parts[i].iov_base, parts.parts[i].iov_len);
			assert_in_range(part.size, 1, PLAIN_DATAGRAM_BYTES_MAX);
			assert_true(slice_starts_with(part, slice_from_string("小明说: ")));
			for (size_t at = 0; at + 1 < part.size; at++) {
				assert_true(part.bytes[at] != '\n' || part.bytes[at + 1] == ' ');
			}
		}
	}
}

static void what_is_not_told(void **state) {
	struct record entry = {.kind = ENTRY_MUTED, .name = slice_from_string("小明")};
	render(&entry);
	assert_int_equal(parts.count, 0);
	entry.kind = ENTRY_MOVED;
	render(&entry);
	assert_int_equal(parts.count, 0);
	/* What happens in other rooms. */
	static const uint16_t kinds[] = {ENTRY_ENTERED, ENTRY_LEFT,   ENTRY_SAID,  ENTRY_RENAMED,
	                                 ENTRY_KICKED,  ENTRY_JOINED, ENTRY_PARTED};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		entry = said(3);
		entry.kind = kinds[i];
		entry.room = 7;
		render(&entry);
		assert_int_equal(parts.count, 0);
		uint64_t lobby = ROOM_LOBBY;
		entry.more_rooms = slice_of((const char *)&lobby, sizeof(lobby));
		render(&entry);
		assert_int_equal(parts.count, 1);
	}
}

static void what_is_for_one_alone(void **state) {
	static char out[2 * TEXT_BYTES_MAX];
	memset(text, 'x', sizeof(text));
	struct record entry = said(3000);
	entry.kind = ENTRY_DIRECT;
	entry.room = 7;
	render(&entry);
	assert_int_equal(joined(out, "小明悄悄说: "), 3000);
	assert_memory_equal(out, text, 3000);
}

static void before_each_part(void **state) {
	static char out[2 * TEXT_BYTES_MAX];
	memset(text, 'x', sizeof(text));
	struct record entry = said(3000);
	parts_clear(&parts);
	parts_add_entry(&parts, LANGUAGE_ZH, &entry, slice_from_string("[09:41] "));
	assert_int_equal(joined(out, "[09:41] 小明说: "), 3000);
	entry = (struct record){
		.kind = ENTRY_LEFT, .room = ROOM_LOBBY, .name = slice_from_string("小明")};
	parts_clear(&parts);
	parts_add_entry(&parts, LANGUAGE_ZH, &entry, slice_from_string("[09:41] "));
	assert_int_equal(parts.count, 1);
	assert_memory_equal(parts.parts[0].iov_base, "[09:41] 小明 退出了聊天室",
	                    parts.parts[0].iov_len);
}

static void enter(struct state *people, uint64_t id, const char *name) {
	struct record entry = {.kind = ENTRY_ENTERED,
	                       .seq = id,
	                       .time_us = id,
	                       .person = id,
	                       .session = id,
	                       .room = ROOM_LOBBY,
	                       .face = FACE_PLAIN,
	                       .has_route = true,
	                       .name = slice_from_string(name)};
	entry.route.peer.port = (uint16_t)id;
	entry.route.peer.ip[15] = (uint8_t)(id >> 16);
	assert_int_equal(state_apply(people, &entry, NULL, NULL), STATE_OK);
}

static void who_is_here(void **state) {
	struct state *people = state_create();
	enter(people, 1, "小明");
	parts_clear(&parts);
	parts_add_who(&parts, LANGUAGE_ZH, people, ROOM_LOBBY);
	assert_int_equal(parts.count, 1);
	assert_memory_equal(parts.parts[0].iov_base, "1 人在聊天室: 小明", parts.parts[0].iov_len);
	for (uint64_t id = 2; id <= 2000; id++) {
		char name[40];
		snprintf(name, sizeof(name), "很长的名字%u", (unsigned)id);
		enter(people, id, name);
		parts_clear(&parts);
		parts_add_who(&parts, LANGUAGE_ZH, people, ROOM_LOBBY);
		assert_int_equal(parts.count, 1);
		assert_in_range(parts.parts[0].iov_len, 10, PLAIN_DATAGRAM_BYTES_MAX);
		assert_true(
			utf8_is_valid(slice_of(parts.parts[0].iov_base, parts.parts[0].iov_len)));
	}
	/* The names that are there and the number of the others are all. */
	char line[PLAIN_DATAGRAM_BYTES_MAX + 1] = {0};
	memcpy(line, parts.parts[0].iov_base, parts.parts[0].iov_len);
	unsigned named = 0;
	for (const char *at = line; (at = strstr(at, "名字")) != NULL; at++) {
		named++;
	}
	named += strstr(line, "小明") != NULL;
	const char *others = strstr(line, "…另有 ");
	assert_non_null(others);
	assert_int_equal(named + strtoul(others + strlen("…另有 "), NULL, 10), 2000);
	assert_true(parts.parts[0].iov_len > PLAIN_DATAGRAM_BYTES_MAX - 40);
	state_destroy(people);
}

static void enter_by_session(struct state *people, uint64_t id, const char *name, bool is_absent) {
	struct record entry = {.kind = ENTRY_ENTERED,
	                       .seq = id,
	                       .time_us = id,
	                       .person = id,
	                       .session = id,
	                       .room = ROOM_LOBBY,
	                       .face = FACE_SESSION,
	                       .name = slice_from_string(name)};
	assert_int_equal(state_apply(people, &entry, NULL, NULL), STATE_OK);
	if (is_absent) {
		entry = (struct record){
			.kind = ENTRY_ABSENT, .seq = id + 1, .time_us = id, .session = id};
		assert_int_equal(state_apply(people, &entry, NULL, NULL), STATE_OK);
	}
}

/* What all together are, and that the datagram ends as it should. */
static void assert_who(const struct state *people, const char *expected) {
	parts_clear(&parts);
	parts_add_who(&parts, LANGUAGE_ZH, people, ROOM_LOBBY);
	assert_int_equal(parts.count, 1);
	assert_int_equal(parts.parts[0].iov_len, strlen(expected));
	assert_memory_equal(parts.parts[0].iov_base, expected, strlen(expected));
}

static void who_is_absent_stands_apart(void **state) {
	struct state *people = state_create();
	enter_by_session(people, 10, "甲", true);
	assert_who(people, "0 人在聊天室: ；1 人暂离: 甲");
	enter(people, 20, "乙");
	enter_by_session(people, 30, "丙", false);
	enter_by_session(people, 40, "丁", true);
	assert_who(people, "2 人在聊天室: 乙 丙；2 人暂离: 甲 丁");
	for (uint64_t id = 50; id < 1000; id += 10) {
		char name[40];
		snprintf(name, sizeof(name), "很长的名字%u", (unsigned)id);
		enter_by_session(people, id, name, true);
		parts_clear(&parts);
		parts_add_who(&parts, LANGUAGE_ZH, people, ROOM_LOBBY);
		assert_int_equal(parts.count, 1);
		assert_in_range(parts.parts[0].iov_len, 10, PLAIN_DATAGRAM_BYTES_MAX);
	}
	char line[PLAIN_DATAGRAM_BYTES_MAX + 1] = {0};
	memcpy(line, parts.parts[0].iov_base, parts.parts[0].iov_len);
	assert_non_null(strstr(line, "2 人在聊天室: 乙 丙；97 人暂离: "));
	unsigned named = 4;
	for (const char *at = line; (at = strstr(at, "名字")) != NULL; at++) {
		named++;
	}
	const char *others = strstr(line, "…另有 ");
	assert_non_null(others);
	assert_int_equal(named + strtoul(others + strlen("…另有 "), NULL, 10), 99);
	state_destroy(people);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_for_one_alone),
		cmocka_unit_test(who_is_absent_stands_apart),
		cmocka_unit_test(long_texts_lose_nothing),
		cmocka_unit_test(exactly_full_is_one_datagram),
		cmocka_unit_test(the_worst_texts_fit),
		cmocka_unit_test(no_line_passes_for_another_persons),
		cmocka_unit_test(what_is_not_told),
		cmocka_unit_test(before_each_part),
		cmocka_unit_test(who_is_here),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
