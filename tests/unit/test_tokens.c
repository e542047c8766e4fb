/* What a text can be searched for. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "tokens.h"
#include "utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A text and its tokens, each after a letter for its kind, parted by blanks. */
struct sample {
	const char *text;
	const char *document;
	const char *query;
};

#define FAMILY "👨\u200D👩\u200D👧\u200D👦"

/* clang-format off */
static const struct sample samples[] = {
	{"", "", ""},
	{" ,.!\n", "", ""},
	{"hello", "w:hello", "w:hello"},
	{"Hello, WORLD 42", "w:hello w:world w:42", "w:hello w:world w:42"},
	{"v2.1", "w:v2 w:1", "w:v2 w:1"},
	{"中", "1:中", "1:中"},
	{"群聊", "2:群聊 1:聊", "2:群聊"},
	{"群聊室", "2:群聊 2:聊室 1:室", "2:群聊 2:聊室"},
	{"我爱C语言", "2:我爱 1:爱 w:c 2:语言 1:言", "2:我爱 w:c 2:语言"},
	{"你好，世界", "2:你好 1:好 2:世界 1:界", "2:你好 2:世界"},
	{"中 国", "1:中 1:国", "1:中 1:国"},
	{"3个", "w:3 1:个", "w:3 1:个"},
	{"カラオケ", "2:カラ 2:ラオ 2:オケ 1:ケ", "2:カラ 2:ラオ 2:オケ"},
	{"ｶﾞｽ", "2:ガス 1:ス", "2:ガス"},
	{"か\u3099す", "2:がす 1:す", "2:がす"},
	{"スーパー", "2:スー 2:ーパ 2:パー 1:ー", "2:スー 2:ーパ 2:パー"},
	{"한국어", "2:한국 2:국어 1:어", "2:한국 2:국어"},
	{"\u1112\u1161\u11ABa", "1:한 w:a", "1:한 w:a"},
	{"人々", "2:人々 1:々", "2:人々"},
	{"𠮷野家", "2:𠮷野 2:野家 1:家", "2:𠮷野 2:野家"},
	{"㍿", "2:株式 2:式会 2:会社 1:社", "2:株式 2:式会 2:会社"},
	{"ＡＤＭＩＮ", "w:admin", "w:admin"},
	{"Straße", "w:strasse", "w:strasse"},
	{"ZOE\u0308", "w:zoë", "w:zoë"},
	{"naïve", "w:naïve", "w:naïve"},
	{"soft\u00ADhyphen", "w:softhyphen", "w:softhyphen"},
	{"zero\u200Bwidth", "w:zerowidth", "w:zerowidth"},
	{"Привет, мир", "w:привет w:мир", "w:привет w:мир"},
	{"שלום עולם", "w:שלום w:עולם", "w:שלום w:עולם"},
	{"สวัสดี", "2:สวั 2:วัส 2:สดี 1:ดี", "2:สวั 2:วัส 2:สดี"},
	{"नमस्ते", "w:नमस्ते", "w:नमस्ते"},
	{"👍", "s:👍", "s:👍"},
	{"好👍🏽!", "1:好 s:👍🏽", "1:好 s:👍🏽"},
	{"👍👍", "s:👍 s:👍", "s:👍 s:👍"},
	{FAMILY, "s:👨👩👧👦", "s:👨👩👧👦"},
	{"🇨🇳🇩🇪", "s:🇨🇳 s:🇩🇪", "s:🇨🇳 s:🇩🇪"},
	{"❤\uFE0F", "s:❤", "s:❤"},
	{"1\uFE0F\u20E3#\uFE0F\u20E3", "s:1\u20E3 s:#\u20E3", "s:1\u20E3 s:#\u20E3"},
	{"c++", "w:c s:+ s:+", "w:c s:+ s:+"},
	{"€5", "s:€ w:5", "s:€ w:5"},
	{"a\xFFz 中\xE4\xB8文", "w:a w:z 1:中 1:文", "w:a w:z 1:中 1:文"},
	{"\u0301", "w:\u0301", "w:\u0301"},
	{"\U0001FAE9", "s:\U0001FAE9", "s:\U0001FAE9"}, /* not assigned in Unicode 15 */
};
/* clang-format on */

static void describe(const char *text, enum tokens_purpose purpose, char *out, size_t out_size) {
	struct tokens tokens;
	struct token token;
	size_t at = 0;
	out[0] = '\0';
	tokens_init(&tokens, slice_from_string(text), purpose);
	while (tokens_next(&tokens, &token)) {
		at += (size_t)snprintf(out + at, out_size - at, "%s%c:%.*s", at > 0 ? " " : "",
		                       "w21s"[token.kind], (int)token.folded.size,
		                       token.folded.bytes);
		assert_true(at < out_size);
	}
}

static void each_text_has_its_tokens(void **state) {
	for (size_t i = 0; i < COUNT(samples); i++) {
		char found[500];
		describe(samples[i].text, TOKENS_DOCUMENT, found, sizeof(found));
		assert_string_equal(found, samples[i].document);
		describe(samples[i].text, TOKENS_QUERY, found, sizeof(found));
		assert_string_equal(found, samples[i].query);
	}
}

static void a_token_knows_where_it_stands(void **state) {
	struct tokens tokens;
	struct token token;
	static const size_t places[][2] = {{1, 6},   {7, 13},  {10, 16}, {13, 16}, {17, 21},
	                                   {21, 24}, {21, 24}, {21, 24}, {21, 24}};
	tokens_init(&tokens, slice_from_string(" HELLO 群聊室 😀㍿"), TOKENS_DOCUMENT);
	for (size_t i = 0; i < COUNT(places); i++) {
		assert_true(tokens_next(&tokens, &token));
		assert_int_equal(token.begin, places[i][0]);
		assert_int_equal(token.end, places[i][1]);
	}
	assert_false(tokens_next(&tokens, &token));
	assert_false(tokens_next(&tokens, &token));
}

/* Does a document have a token that a query's token finds? */
static bool has_token(struct slice document, const struct token *wanted) {
	bool is_prefix = wanted->kind == TOKEN_SINGLE || wanted->kind == TOKEN_SYMBOL;
	struct tokens tokens;
	struct token token;
	tokens_init(&tokens, document, TOKENS_DOCUMENT);
	while (tokens_next(&tokens, &token)) {
		if (is_prefix ? slice_starts_with(token.folded, wanted->folded)
		              : slice_equal(token.folded, wanted->folded)) {
			return true;
		}
	}
	return false;
}

/* As the clerk does: the index narrows, the folded text decides. */
static bool finds(const char *document, const char *query) {
	struct slice text = slice_from_string(document);
	struct tokens tokens;
	struct token token;
	tokens_init(&tokens, slice_from_string(query), TOKENS_QUERY);
	while (tokens_next(&tokens, &token)) {
		if (!has_token(text, &token)) {
			return false;
		}
	}
	char folded[500];
	char folded_query[500];
	size_t size = tokens_fold(text, folded, sizeof(folded));
	size_t query_size =
		tokens_fold(slice_from_string(query), folded_query, sizeof(folded_query));
	assert_true(size <= sizeof(folded) && query_size <= sizeof(folded_query));
	return memmem(folded, size, folded_query, query_size) != NULL;
}

/* clang-format off */
static void what_is_there_is_found(void **state) {
	static const char *const found[][2] = {
		{"今天在群聊室里聊天", "群聊室"},
		{"今天在群聊室里聊天", "群"},
		{"今天在群聊室里聊天", "天"},
		{"今天在群聊室里聊天", "今"},
		{"在群聊室。", "室"},
		{"Hello, World", "hello world"},
		{"Hello, World", "ＷＯＲＬＤ"},
		{"我爱C语言", "爱c语"},
		{"很好👍🏽", "👍"},
		{"❤\uFE0F", "❤"},
		{"ｶﾞｽ", "ガス"},
		{"我们㍿的", "株式"},
	};
	for (size_t i = 0; i < COUNT(found); i++) {
		if (!finds(found[i][0], found[i][1])) {
			fail_msg("%s is not found in %s", found[i][1], found[i][0]);
		}
	}
}

static void what_is_not_there_is_not_found(void **state) {
	static const char *const not_found[][2] = {
		{"今天在群聊室里聊天", "聊群"},
		{"今天在群聊室里聊天", "天在室"},
		{"中国人民", "国民"},
		{"群聊 聊室", "群聊室"},
		{"Hello, World", "hell"},
		{"Hello, World", "world hello"},
		{"中国", "中 国"},
		{"好", "👍"},
	};
	for (size_t i = 0; i < COUNT(not_found); i++) {
		if (finds(not_found[i][0], not_found[i][1])) {
			fail_msg("%s is found in %s", not_found[i][1], not_found[i][0]);
		}
	}
}

static void a_folded_text_has_one_blank_for_a_gap(void **state) {
	static const char *const folded[][2] = {
		{"", ""},
		{" .. ", ""},
		{"  Hello,   WORLD! ", "hello world"},
		{"Ａ你好，ｂ", "a你好 b"},
		{"\xFFx\xFF\xFFy\xFF", "x y"},
		{"x \u20E3y", "x y"},
	};
	for (size_t i = 0; i < COUNT(folded); i++) {
		char out[100] = {0};
		size_t size = tokens_fold(slice_from_string(folded[i][0]), out, sizeof(out) - 1);
		assert_int_equal(size, strlen(folded[i][1]));
		assert_string_equal(out, folded[i][1]);
	}
}
/* clang-format on */

static void a_folding_that_does_not_fit_is_counted_and_not_written(void **state) {
	struct slice text = slice_from_string("A, 你 b");
	static const char whole[] = "a 你 b";
	assert_int_equal(tokens_fold(text, NULL, 0), sizeof(whole) - 1);
	for (size_t room = 0; room < sizeof(whole); room++) {
		char out[sizeof(whole)];
		memset(out, '#', sizeof(out));
		assert_int_equal(tokens_fold(text, out, room), sizeof(whole) - 1);
		assert_memory_equal(out, whole,
		                    room < sizeof(whole) - 1 ? room : sizeof(whole) - 1);
		assert_int_equal(out[room < sizeof(whole) - 1 ? room : sizeof(whole) - 1], '#');
	}
}

static void a_long_word_goes_as_several_tokens(void **state) {
	char text[300];
	memset(text, 'x', sizeof(text));
	struct tokens tokens;
	struct token token;
	tokens_init(&tokens, slice_of(text, sizeof(text)), TOKENS_DOCUMENT);
	static const size_t sizes[] = {TOKEN_BYTES_MAX, TOKEN_BYTES_MAX, 300 - 2 * TOKEN_BYTES_MAX};
	for (size_t i = 0; i < COUNT(sizes); i++) {
		assert_true(tokens_next(&tokens, &token));
		assert_int_equal(token.kind, TOKEN_WORD);
		assert_int_equal(token.folded.size, sizes[i]);
		assert_int_equal(token.begin, i * TOKEN_BYTES_MAX);
	}
	assert_false(tokens_next(&tokens, &token));
}

static void try_many_of(int32_t point) {
	/* More than one piece holds, of the longest and of the shortest. */
	char text[2 * TOKENS_PIECE_BYTES_MAX];
	size_t size = 0;
	while (size + UTF8_POINT_BYTES_MAX <= sizeof(text)) {
		size += utf8_encode(point, text + size);
	}
	struct tokens tokens;
	struct token token;
	tokens_init(&tokens, slice_of(text, size), TOKENS_DOCUMENT);
	while (tokens_next(&tokens, &token)) {
		if (!utf8_is_valid(token.folded) || slice_is_empty(token.folded) ||
		    token.folded.size > TOKEN_BYTES_MAX) {
			fail_msg("U+%04X", (unsigned)point);
		}
	}
	if (tokens_fold(slice_of(text, size), NULL, 0) > TOKENS_FOLD_BYTES_MAX(size)) {
		fail_msg("U+%04X folds to too much", (unsigned)point);
	}
}

/* Each code point many times over: every bound holds (an assert says so if not), and what comes out
 * is UTF-8. Those of Han and Hangul, which are as their neighbours are, one in 64. */
static void no_code_point_breaks_a_bound(void **state) {
	for (int32_t point = 0; point <= 0x10FFFF; point++) {
		bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
		bool is_one_of_many = (point >= 0x3400 && point <= 0xD7FF) || point >= 0x20000;
		if (!is_surrogate && (!is_one_of_many || point % 64 == 0)) {
			try_many_of(point);
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_has_its_tokens),
		cmocka_unit_test(a_token_knows_where_it_stands),
		cmocka_unit_test(what_is_there_is_found),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(a_folded_text_has_one_blank_for_a_gap),
		cmocka_unit_test(a_folding_that_does_not_fit_is_counted_and_not_written),
		cmocka_unit_test(a_long_word_goes_as_several_tokens),
		cmocka_unit_test(no_code_point_breaks_a_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
