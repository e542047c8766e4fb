/* Whose an entry is, of an account: by person, and by name where that was signed in. */
#include "unit.h"

#include "author.h"

static struct record said(uint64_t seq, uint64_t person, const char *name, uint64_t bits) {
	return (struct record){.kind = ENTRY_SAID,
	                       .seq = seq,
	                       .person = person,
	                       .name = slice_from_string(name),
	                       .bits = bits};
}

static void whose_it_is(void **unused) {
	static struct author author;
	assert_false(author_init(&author, 10, 5, slice_from_string("")));
	assert_true(author_init(&author, 10, 5, slice_from_string("Ming")));
	const struct {
		struct record entry;
		bool is_its;
	} cases[] = {
		{said(20, 5, "Ming", PERSON_HAS_ACCOUNT), true},
		/* Its person, whatever it was called, and before. */
		{said(7, 5, "other", 0), true},
		/* Another person that was signed in to it. */
		{said(20, 6, "ｍｉｎｇ", PERSON_HAS_ACCOUNT), true},
		/* Who only had the name; an earlier account of that name; another name. */
		{said(20, 6, "Ming", 0), false},
		{said(9, 6, "Ming", PERSON_HAS_ACCOUNT), false},
		{said(20, 6, "bob", PERSON_HAS_ACCOUNT), false},
		{said(20, 0, "Ming", PERSON_HAS_ACCOUNT), false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(author_made(&author, &cases[i].entry), cases[i].is_its);
	}
	/* Somebody else, put out by who is signed in: the bits are not his. */
	struct record out = said(20, 6, "Ming", PERSON_HAS_ACCOUNT);
	out.kind = ENTRY_PUT_OUT;
	assert_false(author_made(&author, &out));
	out.kind = ANSWER_OK;
	out.person = 5;
	assert_false(author_made(&author, &out));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
