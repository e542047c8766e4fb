/*
 * The parts of the stream face that know of no socket: bytes into lines wherever
 * they are cut, the first bytes, answers with their places, renderings, and
 * whom entries concern.
 */
#include "log_help.h"

#include <stdio.h>
#include <string.h>

#include "answers.h"
#include "cutter.h"
#include "dialect.h"
#include "lane.h"
#include "sniff.h"
#include "stream_log.h"

/* ---- lines ---- */

struct cut {
	char kept[64 * 1024];
	size_t kept_size;
	bool is_skipping;
	char out[256 * 1024]; /* lines in brackets, '!' for each that is too long */
	size_t out_size, most;
};

static void feed(struct cut *cut, const char *bytes, size_t size) {
	memcpy(cut->kept + cut->kept_size, bytes, size);
	struct slice rest = slice_of(cut->kept, cut->kept_size + size), line;
	enum cutter_result result;
	while ((result = cutter_next(&rest, &cut->is_skipping, &line)) != CUTTER_NONE) {
		if (result == CUTTER_TOO_LONG) {
			cut->out[cut->out_size++] = '!';
			continue;
		}
		cut->out[cut->out_size++] = '[';
		memcpy(cut->out + cut->out_size, line.bytes, line.size);
		cut->out_size += line.size;
		cut->out[cut->out_size++] = ']';
	}
	memmove(cut->kept, rest.bytes, rest.size);
	cut->kept_size = rest.size;
	cut->most = rest.size > cut->most ? rest.size : cut->most;
}

static void is_cut_into(const char *bytes, const char *expected) {
	static struct cut cut;
	size_t size = strlen(bytes);
	for (size_t i = 0; i <= size; i++) {
		for (size_t j = i; j <= size; j++) {
			cut = (struct cut){0};
			feed(&cut, bytes, i);
			feed(&cut, bytes + i, j - i);
			feed(&cut, bytes + j, size - j);
			assert_int_equal(cut.out_size, strlen(expected));
			assert_memory_equal(cut.out, expected, cut.out_size);
		}
	}
}

static void test_lines_are_cut_anywhere(void **state) {
	static const char bytes[] = "NICK a\r\n\r\nUSER b\n:x\ry\0z\r\n\n\nlast";
	/* The NUL is a byte of a line like others. */
	static struct cut cut;
	is_cut_into("NICK a\r\n\r\nUSER b\n:x\ry\r\n\n\nlast", "[NICK a][USER b][:x][y]");
	feed(&cut, bytes, sizeof(bytes) - 1);
	assert_int_equal(cut.out_size, strlen("[NICK a][USER b][:x][y?z]"));
	assert_int_equal(cut.kept_size, 4);
}

/* `tags` bytes of tags, '@' and blank included, and a line with its end. */
static size_t make_line(char *out, size_t tags, size_t line) {
	size_t size = 0;
	if (tags > 0) {
		memset(out, 't', tags);
		out[0] = '@';
		out[tags - 1] = ' ';
		size = tags;
	}
	memset(out + size, 'x', line - 2);
	memcpy(out + size + line - 2, "\r\n", 2);
	return size + line;
}

static unsigned refusals(size_t tags, size_t line) {
	static struct cut cut;
	static char bytes[32 * 1024];
	size_t size = make_line(bytes, tags, line);
	cut = (struct cut){0};
	for (size_t at = 0; at < size; at += 100) {
		feed(&cut, bytes + at, size - at < 100 ? size - at : 100);
	}
	feed(&cut, "next\n", 5);
	assert_true(cut.out_size >= 6);
	assert_memory_equal(cut.out + cut.out_size - 6, "[next]", 6);
	return cut.out[0] == '!';
}

static void test_a_line_has_a_longest_size(void **state) {
	assert_int_equal(refusals(0, STREAM_LINE_BYTES_MAX), 0);
	assert_int_equal(refusals(0, STREAM_LINE_BYTES_MAX + 1), 1);
	assert_int_equal(refusals(STREAM_TAGS_BYTES_MAX, STREAM_LINE_BYTES_MAX), 0);
	assert_int_equal(refusals(STREAM_TAGS_BYTES_MAX + 1, STREAM_LINE_BYTES_MAX), 1);
	assert_int_equal(refusals(STREAM_TAGS_BYTES_MAX, STREAM_LINE_BYTES_MAX + 1), 1);
	assert_int_equal(refusals(10, STREAM_LINE_BYTES_MAX + 1), 1);
}

static void test_a_million_bytes_are_one_refusal(void **state) {
	static struct cut cut;
	static char bytes[1000];
	for (char first = '@'; first <= 'A'; first++) {
		memset(bytes, 'A', sizeof(bytes));
		cut = (struct cut){0};
		bytes[0] = first;
		for (unsigned i = 0; i < 1000; i++) {
			feed(&cut, bytes, sizeof(bytes));
			bytes[0] = 'A';
		}
		assert_int_equal(cut.out_size, 1);
		assert_int_equal(cut.out[0], '!');
		assert_true(cut.most <= STREAM_TAGS_BYTES_MAX + STREAM_LINE_BYTES_MAX);
		feed(&cut, "\nok\n", 4);
		assert_memory_equal(cut.out, "![ok]", 5);
	}
}

/* ---- the first bytes ---- */

static void test_the_first_bytes_tell(void **state) {
	static const struct {
		const char *bytes;
		enum sniff what;
	} rows[] = {
		{"", SNIFF_MORE},        {"G", SNIFF_MORE},         {"GET", SNIFF_MORE},
		{"GET ", SNIFF_HTTP},    {"GET / H", SNIFF_HTTP},   {"POST /", SNIFF_HTTP},
		{"P", SNIFF_MORE},       {"PASS x", SNIFF_IRC},     {"PA", SNIFF_MORE},
		{"PRIVMSG", SNIFF_IRC},  {"NICK a\r\n", SNIFF_IRC}, {"OPER a b\r\n", SNIFF_IRC},
		{"\x16\x03", SNIFF_TLS}, {"\x16", SNIFF_TLS},       {"get / ", SNIFF_IRC},
		{"\r\n", SNIFF_IRC},     {"GET\r\n", SNIFF_IRC},    {"CAP LS 302\r\n", SNIFF_IRC},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(sniff(slice_from_string(rows[i].bytes)), rows[i].what);
	}
	/* TLS is told so in its own words, who is served nothing. */
	assert_memory_equal(sniff_refusal(SNIFF_TLS).bytes, "\x15\x03\x03\x00\x02\x02\x28", 7);
	assert_int_equal(sniff_refusal(SNIFF_TLS).size, 7);
	assert_int_equal(sniff_refusal(SNIFF_HTTP).size, 0);
}

/* ---- answers ---- */

static void test_answers_keep_their_order_and_places(void **state) {
	struct chance chance = {seed_or(11)};
	struct answers *answers = NULL;
	static char model[512 * 1024];
	static uint64_t places[sizeof(model)];
	size_t added = 0, taken = 0;
	uint64_t after = 0;
	while (added < sizeof(model) - 1000) {
		if (chance_once_in(&chance, 2)) {
			size_t size = chance_below(&chance, 900);
			after += chance_below(&chance, 2);
			for (size_t i = 0; i < size; i++) {
				model[added + i] = (char)chance_next(&chance);
				places[added + i] = after;
			}
			answers_add(&answers, after, slice_of(model + added, size));
			added += size;
		}
		size_t at = 0, offset = taken, first = 0;
		uint64_t place;
		struct slice bytes;
		while (answers_next(answers, &at, &place, &bytes)) {
			assert_memory_equal(bytes.bytes, model + offset, bytes.size);
			assert_int_equal(place, places[offset]);
			first = offset == taken ? bytes.size : first;
			offset += bytes.size;
		}
		assert_int_equal(offset, added);
		assert_int_equal(answers_size(answers), added - taken);
		if (first > 0) {
			size_t size = 1 + chance_below(&chance, first);
			answers_took(&answers, size);
			taken += size;
		}
		assert_true((answers == NULL) == (taken == added));
	}
	answers_drop(&answers);
}

/* ---- lanes ---- */

static void test_a_lane_gives_what_was_put_or_nothing(void **state) {
	struct chance chance = {seed_or(12)};
	struct lane lane;
	char bytes[256];
	lane_init(&lane, 4096, 16);
	for (uint64_t number = 0; number < 5000; number++) {
		struct slice rendering;
		size_t size = chance_below(&chance, sizeof(bytes));
		memset(bytes, (int)(number % 251), size);
		rendering = lane_add(&lane, number, slice_of(bytes, size));
		assert_memory_equal(rendering.bytes, bytes, size);
		for (uint64_t old = number > 40 ? number - 40 : 0; old <= number; old++) {
			if (lane_find(&lane, old, &rendering) && rendering.size > 0) {
				assert_int_equal((uint8_t)rendering.bytes[0], old % 251);
				assert_int_equal((uint8_t)rendering.bytes[rendering.size - 1],
				                 old % 251);
			}
		}
		assert_true(lane_find(&lane, number, &rendering));
	}
	lane_restart(&lane, 2);
	for (uint64_t number = 4900; number < 5000; number++) {
		struct slice rendering;
		assert_false(lane_find(&lane, number, &rendering));
	}
	lane_finish(&lane);
}

/* ---- whom it concerns ---- */

static void test_an_entry_concerns_whom_it_says(void **state) {
	static struct stream_log log;
	struct memberships *rooms = memberships_none();
	stream_log_init(&log, 64 * 1024, 16, 0);
	memberships_join(&rooms, 5, 3);
	const struct stretch_reader me = {.person = 9, .rooms = rooms};
	const struct stretch_reader echo = {.person = 9, .rooms = rooms, .wants_echo = true};
	const struct {
		struct stream_whom whom;
		uint64_t person;
		bool is_mine, with_echo;
	} rows[] = {
		{{.kind = STREAM_ROOMS, .rooms = {5}, .rooms_count = 1}, 1, false, false},
		{{.kind = STREAM_ROOMS, .rooms = {5}, .rooms_count = 1}, 1, false, false},
		/* From seq 3 on it is in the room. */
		{{.kind = STREAM_ROOMS, .rooms = {5}, .rooms_count = 1}, 1, true, true},
		{{.kind = STREAM_ROOMS, .rooms = {6}, .rooms_count = 1}, 1, false, false},
		{{.kind = STREAM_ROOMS, .rooms = {6, 7, 5}, .rooms_count = 3}, 1, true, true},
		{{.kind = STREAM_ROOMS, .skips_own = true, .rooms = {5}, .rooms_count = 1},
	         9,
	         false,
	         true},
		{{.kind = STREAM_ALL}, 1, true, true},
		{{.kind = STREAM_PEOPLE, .people = {1, 9}}, 1, true, true},
		{{.kind = STREAM_PEOPLE, .people = {9, 1}, .skips_own = true}, 9, false, true},
		{{.kind = STREAM_PEOPLE, .people = {1, 2}}, 1, false, false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct record entry = {
			.kind = ENTRY_SAID, .seq = i + 1, .person = rows[i].person};
		stream_log_add(&log, &entry, &rows[i].whom);
		const struct stretch_entry *added =
			stretch_entry(&log.stretch, log.stretch.end - 1);
		assert_int_equal(stretch_concerns(&log.stretch, added, &me), rows[i].is_mine);
		assert_int_equal(stretch_concerns(&log.stretch, added, &echo), rows[i].with_echo);
		struct record record;
		stream_log_record(&log.stretch, added, &record);
		assert_int_equal(record.seq, i + 1);
	}
	free(rooms);
	stream_log_finish(&log);
}

static void test_keys_beyond_the_lanes_take_turns(void **state) {
	static struct stream_log log;
	stream_log_init(&log, 64 * 1024, 16, 0);
	for (unsigned round = 0; round < 3; round++) {
		for (uint32_t key = 0; key < STREAM_LANES_MAX + 5; key++) {
			struct slice rendering;
			struct lane *lane = stream_log_lane(&log, key);
			assert_int_equal(lane->key, key);
			if (lane_find(lane, 0, &rendering)) {
				assert_memory_equal(rendering.bytes, &key, sizeof(key));
			}
			lane_add(lane, 0, slice_of((const char *)&key, sizeof(key)));
		}
	}
	stream_log_finish(&log);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_are_cut_anywhere),
		cmocka_unit_test(test_a_line_has_a_longest_size),
		cmocka_unit_test(test_a_million_bytes_are_one_refusal),
		cmocka_unit_test(test_the_first_bytes_tell),
		cmocka_unit_test(test_answers_keep_their_order_and_places),
		cmocka_unit_test(test_a_lane_gives_what_was_put_or_nothing),
		cmocka_unit_test(test_an_entry_concerns_whom_it_says),
		cmocka_unit_test(test_keys_beyond_the_lanes_take_turns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
