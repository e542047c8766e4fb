/* Cutting: what readers take for one character is never torn, and nothing is lost or endless. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "cut.h"
#include "utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define FAMILY "👨\u200D👩\u200D👧\u200D👦"
#define FLAG "🇨🇳"
#define ENGLAND "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F"

/* clang-format off */
/* Each is one cluster. */
static const char *const clusters[] = {
	"a", "中", "é", "e\u0301", "a\u0300\u0301\u0302", "😀", "👍🏽", FAMILY, "👩🏽\u200D🚀",
	"🏳\uFE0F\u200D🌈", FLAG, ENGLAND, "1\uFE0F\u20E3", "❤\uFE0F", "\u1112\u1161\u11AB",
	"각\u11A8",
	"か\u3099", "ｶﾞ", "נּ", "สำ", "कि", "\r\n", "\n", "مَّ",
};
/* clang-format on */

static void a_cluster_is_measured_whole(void **state) {
	for (size_t i = 0; i < COUNT(clusters); i++) {
		char text[100];
		size_t size = strlen(clusters[i]);
		memcpy(text, clusters[i], size);
		memcpy(text + size, "中", 3);
		size_t found = cut_cluster(slice_of(text, size + 3), 100);
		if (found != size) {
			fail_msg("\"%s\" (row %zu) is cut at %zu, not %zu", clusters[i], i, found,
			         size);
		}
		assert_int_equal(cut_cluster(slice_of(text, size), 100), size);
	}
}

static void a_cut_is_before_the_cluster_that_does_not_fit(void **state) {
	for (size_t i = 0; i < COUNT(clusters); i++) {
		char text[100] = "中";
		size_t size = strlen(clusters[i]);
		memcpy(text + 3, clusters[i], size);
		struct slice slice = slice_of(text, 3 + size);
		for (size_t room = 3; room < slice.size; room++) {
			assert_int_equal(cut_before(slice, room), 3);
		}
		assert_int_equal(cut_before(slice, slice.size), slice.size);
		assert_int_equal(cut_before(slice, slice.size + 1), slice.size);
	}
}

static void flags_are_cut_in_pairs(void **state) {
	struct slice flags = slice_from_string("🇨🇳🇩🇪🇫🇷🇬");
	assert_int_equal(cut_before(flags, 8), 8);
	assert_int_equal(cut_before(flags, 15), 8);
	assert_int_equal(cut_before(flags, 16), 16);
	assert_int_equal(cut_before(flags, 27), 24);
	assert_int_equal(cut_cluster(slice_from(flags, 24), 99), 4);
}

static void a_cluster_too_large_is_cut_between_code_points(void **state) {
	struct slice family = slice_from_string(FAMILY);
	assert_int_equal(family.size, 25);
	assert_int_equal(cut_before(family, 24), 21);
	assert_int_equal(cut_before(family, 20), 18);
	assert_int_equal(cut_before(family, 4), 4);
	assert_int_equal(cut_cluster(family, 6), 4);
	assert_int_equal(cut_cluster(family, 7), 7);
}

static void where_no_code_point_fits_nothing_is_cut_off(void **state) {
	assert_int_equal(cut_before(slice_from_string("😀😀"), 3), 0);
	assert_int_equal(cut_before(slice_from_string("中"), 2), 0);
	assert_int_equal(cut_before(slice_from_string("a"), 0), 0);
	assert_int_equal(cut_before(slice_of(NULL, 0), 0), 0);
	assert_int_equal(cut_cluster(slice_of(NULL, 0), 10), 0);
}

static void what_is_not_utf8_is_cut_between_its_pieces(void **state) {
	struct slice broken = slice_from_string("\xFF\xFF\xE4\xB8\xFF\u0301");
	assert_int_equal(cut_before(broken, 1), 1);
	assert_int_equal(cut_before(broken, 2), 2);
	assert_int_equal(cut_before(broken, 3), 2);
	assert_int_equal(cut_before(broken, 4), 4);
	assert_int_equal(cut_before(broken, 5), 5);
	assert_int_equal(cut_before(broken, 6), 5);
}

/* ---- Compared with utf8proc over whole texts --------------------------------------------- */

#define TEXT_POINTS 60
#define TEXT_BYTES (TEXT_POINTS * UTF8_POINT_BYTES_MAX)

/* One or more of each class that the rules of UAX #29 speak of, and of their neighbours. */
static const int32_t awkward[] = {
	'a',     'b',     ' ',    '\r',    '\n',    0x00,    0x85,    0xAD,    0x300,   0x301,
	0x34F,   0x600,   0x70F,  0x903,   0x915,   0x93F,   0x94D,   0xE33,   0x1100,  0x1161,
	0x11A8,  0xAC00,  0xAC01, 0x200B,  0x200D,  0x200D,  0x200E,  0x20E3,  0x2028,  0x2764,
	0x3099,  0x4E2D,  0x6587, 0xFE0F,  0xFF9E,  0x1F1E8, 0x1F1F3, 0x1F468, 0x1F469, 0x1F3FD,
	0x1F3F4, 0x1F600, 0xA9,   0xE0067, 0xE007F, 0x110BD,
};

static uint32_t random_state;

static uint32_t random_below(uint32_t bound) {
	random_state = random_state * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)random_state * bound) >> 32);
}

struct sample {
	char bytes[TEXT_BYTES];
	size_t size;
	bool is_point[TEXT_BYTES + 1];   /* does a code point begin (or the text end) here? */
	bool is_cluster[TEXT_BYTES + 1]; /* and a cluster, as utf8proc has it in one walk? */
};

static void make_sample(struct sample *sample) {
	*sample = (struct sample){0};
	utf8proc_int32_t memory = 0;
	int32_t before = 0;
	size_t count = random_below(TEXT_POINTS + 1);
	for (size_t i = 0; i < count; i++) {
		int32_t point = awkward[random_below(COUNT(awkward))];
		sample->is_point[sample->size] = true;
		sample->is_cluster[sample->size] =
			i == 0 || utf8proc_grapheme_break_stateful(before, point, &memory);
		sample->size += utf8_encode(point, sample->bytes + sample->size);
		before = point;
	}
	sample->is_point[sample->size] = true;
	sample->is_cluster[sample->size] = true;
}

/* By the definition, looked up in what utf8proc said. */
static size_t expected_cut(const struct sample *sample, size_t from, size_t size_max) {
	size_t limit = sample->size - from < size_max ? sample->size : from + size_max;
	for (size_t at = limit; at > from; at--) {
		if (sample->is_cluster[at]) {
			return at - from;
		}
	}
	for (size_t at = limit; at > from; at--) {
		if (sample->is_point[at]) {
			return at - from;
		}
	}
	return 0;
}

static void cuts_are_where_utf8proc_has_boundaries(void **state) {
	for (uint32_t seed = 1; seed <= 3000; seed++) {
		random_state = seed;
		struct sample sample;
		make_sample(&sample);
		struct slice text = slice_of(sample.bytes, sample.size);
		for (size_t room = 0; room <= sample.size + 1; room++) {
			size_t size = cut_before(text, room);
			if (size != expected_cut(&sample, 0, room)) {
				fail_msg("seed %u, room %zu: cut at %zu, not %zu", seed, room, size,
				         expected_cut(&sample, 0, room));
			}
		}
	}
}

static void a_text_cut_in_a_loop_is_cut_at_the_same_places(void **state) {
	for (uint32_t seed = 1; seed <= 3000; seed++) {
		random_state = seed;
		struct sample sample;
		make_sample(&sample);
		size_t room = UTF8_POINT_BYTES_MAX + random_below(40);
		size_t at = 0;
		while (at < sample.size) {
			size_t size =
				cut_before(slice_of(sample.bytes + at, sample.size - at), room);
			if (size == 0 || size > room || !sample.is_point[at + size]) {
				fail_msg("seed %u: %zu bytes at %zu", seed, size, at);
			}
			if (sample.is_cluster[at] && size != expected_cut(&sample, at, room)) {
				fail_msg("seed %u: cut %zu after %zu", seed, size, at);
			}
			at += size;
		}
	}
}

static void clusters_one_by_one_are_those_of_utf8proc(void **state) {
	for (uint32_t seed = 1; seed <= 3000; seed++) {
		random_state = seed;
		struct sample sample;
		make_sample(&sample);
		for (size_t at = 0; at < sample.size;) {
			size_t size = cut_cluster(slice_of(sample.bytes + at, sample.size - at),
			                          sample.size);
			for (size_t inside = at + 1; inside < at + size; inside++) {
				assert_false(sample.is_cluster[inside]);
			}
			at += size;
			if (!sample.is_cluster[at]) {
				fail_msg("seed %u: no boundary at %zu", seed, at);
			}
		}
	}
}

/* One cluster of a megabyte: were each cut to look at all of it, this would take hours. */
static void an_endless_cluster_is_cut_in_linear_time(void **state) {
	size_t size = 1024 * 1024;
	char *bytes = malloc(size);
	assert_non_null(bytes);
	bytes[0] = 'a';
	for (size_t at = 1; at + 1 < size; at += 2) {
		memcpy(bytes + at, "\u0301", 2);
	}
	bytes[size - 1] = 'b';
	size_t cuts = 0;
	for (struct slice rest = slice_of(bytes, size); rest.size > 0; cuts++) {
		rest = slice_from(rest, cut_before(rest, 4));
	}
	assert_in_range(cuts, size / 4, size / 3);
	free(bytes);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cluster_is_measured_whole),
		cmocka_unit_test(a_cut_is_before_the_cluster_that_does_not_fit),
		cmocka_unit_test(flags_are_cut_in_pairs),
		cmocka_unit_test(a_cluster_too_large_is_cut_between_code_points),
		cmocka_unit_test(where_no_code_point_fits_nothing_is_cut_off),
		cmocka_unit_test(what_is_not_utf8_is_cut_between_its_pieces),
		cmocka_unit_test(cuts_are_where_utf8proc_has_boundaries),
		cmocka_unit_test(a_text_cut_in_a_loop_is_cut_at_the_same_places),
		cmocka_unit_test(clusters_one_by_one_are_those_of_utf8proc),
		cmocka_unit_test(an_endless_cluster_is_cut_in_linear_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
