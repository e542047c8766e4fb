/* Names that look like other names, and alphabets that nobody mixes. */
#include "unit.h"

#include <string.h>

#include "alike.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct slice of(const char *text) {
	return slice_from_string(text);
}

/* ---- skeletons ---- */

/* clang-format off */
static const struct {
	const char *a, *b; /* have one skeleton */
} same[] = {
	/* The examples of UTS 39, sections 4 and 4.1, and of Unicode's confusables page. */
	{"paypal", "pаypаl"},      /* Cyrillic а */
	{"scope", "ѕсоре"},        /* all Cyrillic */
	{"ѕᴄаɴ", "ѕсаɴ"},
	{"so\u0337s", "søs"},      /* o with a solidus on it */
	{"Æ", "Æ"},
	{"toys", "toуѕ"},
	{"1l", "lI"},
	{"O0", "00"},
	{"rn", "m"},
	{"ΑΒΕ", "ABE"},            /* Greek */
	{"ǉ", "lj"},
	{"ſoo", "foo"},
	{"工藤", "エ藤"},          /* Katakana */
	{"口口", "ロロ"},
	{"ー", "一"},
	{"é", "e\u0301"},
	{"a\u00ADb", "ab"},        /* what is ignored is left out */
};

static const struct {
	const char *a, *b; /* have not */
} different[] = {
	{"paypal", "paypa1s"},
	{"Lan", "Ian"},
	{"b", "d"},
	{"小明", "小红"},
	{"é", "e"},
};
/* clang-format on */

static void test_skeletons(void **unused) {
	struct skeleton a, b;
	for (size_t i = 0; i < COUNT(same); i++) {
		assert_true(skeleton_of(of(same[i].a), &a) && skeleton_of(of(same[i].b), &b));
		if (!skeleton_equal(&a, &b)) {
			fail_msg("%s and %s: %.*s, %.*s", same[i].a, same[i].b, a.size, a.bytes,
			         b.size, b.bytes);
		}
	}
	for (size_t i = 0; i < COUNT(different); i++) {
		assert_true(skeleton_of(of(different[i].a), &a) &&
		            skeleton_of(of(different[i].b), &b));
		if (skeleton_equal(&a, &b)) {
			fail_msg("%s and %s: %.*s", different[i].a, different[i].b, a.size,
			         a.bytes);
		}
	}
}

static void test_no_skeleton(void **unused) {
	struct skeleton skeleton;
	assert_false(skeleton_of(of("\xFF"), &skeleton));
	assert_int_equal(skeleton.size, 0);
	char longest[3 * NAME_CODE_POINTS_MAX];
	for (size_t i = 0; i < NAME_CODE_POINTS_MAX; i++) {
		memcpy(longest + 3 * i, "\uFDFA", 3);
	}
	assert_true(skeleton_of(slice_of(longest, sizeof(longest)), &skeleton));
	assert_true(skeleton.size > 0);
}

/* ---- names ---- */

static const struct {
	const char *name, *other;
	bool looks_like;
} looks[] = {
	/* Another spelling of the name itself is that name. */
	{"Alice", "alice", false},
	{"ＡＬＩＣＥ", "alice", false},
	{"alice", "alice", false},
	/* Other letters. */
	{"аlice", "alice", true},
	{"Аlice", "alice", true},
	{"ALIСE", "alice", true},
	{"al1ce", "ALICE", false},
	{"AL1CE", "alice", true},
	{"a1ice", "ALICE", true},
	{"aIice", "alice", true},
	{"ａ１ｉｃｅ", "alice", true},
	{"b0b", "bob", true},
	{"B0B", "bob", true},
	{"bob", "B0B", true},
	{"ВОВ", "bob", true},
	{"ΒΟΒ", "bob", true},
	{"іvan", "Ivan", true},
	{"Іvan", "ivan", true},
	{"torn", "tom", true},
	{"管理貝", "管理员", false},
	{"エ藤", "工藤", true},
	{"ロ口", "口ロ", true},
	/* As it is typed, and as the other may be. */
	{"lan", "Ian", true},
	{"lan", "ian", false},
	{"Lan", "Ian", false},
	{"LAN", "Ian", false},
	{"Ian", "lan", true},
	{"all", "ali", false},
	{"ALl", "ali", true},
	{"bill", "biil", false},
	{"alicе2", "alice", false},
	{"小明", "小红", false},
	/* No names. */
	{"\xFF", "alice", false},
	{"alice", "\xFF", false},
	{"", "", false},
};

static bool have_one(const uint64_t *a, size_t a_count, const uint64_t *b, size_t b_count) {
	for (size_t i = 0; i < a_count; i++) {
		for (size_t j = 0; j < b_count; j++) {
			if (a[i] == b[j]) {
				return true;
			}
		}
	}
	return false;
}

static void test_names(void **unused) {
	static const uint8_t seed[NAME_SEED_BYTES] = {7};
	for (size_t i = 0; i < COUNT(looks); i++) {
		struct slice name = of(looks[i].name), other = of(looks[i].other);
		uint64_t asked[ALIKE_HASHES_MAX], filed[ALIKE_HASHES_MAX];
		if (name_looks_like(name, other) != looks[i].looks_like) {
			fail_msg("%s and %s", looks[i].name, looks[i].other);
		}
		size_t asked_count = alike_asked(name, seed, asked);
		size_t filed_count = alike_filed(other, seed, filed);
		assert_true(asked_count <= ALIKE_HASHES_MAX && filed_count <= ALIKE_HASHES_MAX);
		if (looks[i].looks_like) {
			assert_true(have_one(asked, asked_count, filed, filed_count));
		} else if (!name_equal(name, other)) {
			assert_false(have_one(asked, asked_count, filed, filed_count));
		}
	}
}

/* Who has a name that is written without capitals is filed once. */
static void test_few_hashes(void **unused) {
	static const uint8_t seed[NAME_SEED_BYTES] = {7};
	uint64_t hashes[ALIKE_HASHES_MAX];
	assert_int_equal(alike_filed(of("小明"), seed, hashes), 1);
	assert_int_equal(alike_filed(of("alice"), seed, hashes), 2);
	assert_int_equal(alike_filed(of("Ian"), seed, hashes), 3);
	assert_int_equal(alike_filed(of("\xFF"), seed, hashes), 0);
}

/* ---- scripts ---- */

static const struct {
	const char *name;
	bool mixes;
} scripts[] = {
	{"alice", false},
	{"小明", false},
	{"小明2号_bot", false},
	{"田中さんX", false},
	{"カタカナひらがな漢字", false},
	{"ㄅㄆ漢abc", false},
	{"김철수Kim金", false},
	{"иван", false},
	{"иван_2", false},
	{"محمد", false},
	{"สมชาย1", false},
	{"😀😀", false},
	{"alice😀", false},
	{"naïve", false},
	{"nai\u0308ve", false},
	{"一ー", false},
	{"", false},
	{"pаypal", true}, /* Cyrillic а */
	{"αlice", true},
	{"Ωmega", true},
	{"小明иван", true},
	{"ひ김", true},
	{"ㄅひ", true},
	{"ㄅ김", true},
	{"αи", true},
	{"小明α", true},
};

static void test_scripts(void **unused) {
	for (size_t i = 0; i < COUNT(scripts); i++) {
		if (name_mixes_scripts(of(scripts[i].name)) != scripts[i].mixes) {
			fail_msg("%s", scripts[i].name);
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_skeletons), cmocka_unit_test(test_no_skeleton),
		cmocka_unit_test(test_names),     cmocka_unit_test(test_few_hashes),
		cmocka_unit_test(test_scripts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
