/* The line that is being typed: every key that edits, and Tab. */
#include "unit.h"

#include <string.h>

#include "screen_complete.h"
#include "screen_edit.h"

static struct edit edit;
static struct complete complete;

static void type(const char *text) {
	assert_true(edit_insert(&edit, slice_from_string(text)));
}

static void press(enum press_kind kind) {
	assert_int_equal(edit_press(&edit, &(struct press){.kind = kind}), EDIT_DONE);
}

static void press_alt(enum press_kind kind) {
	assert_int_equal(edit_press(&edit, &(struct press){.kind = kind, .is_alt = true}),
	                 EDIT_DONE);
}

static void control(char letter) {
	struct press one = {.kind = PRESS_CONTROL, .point = letter};
	assert_int_equal(edit_press(&edit, &one), EDIT_DONE);
}

static void alt(char letter) {
	struct press one = {.kind = PRESS_POINT, .is_alt = true, .point = letter};
	assert_int_equal(edit_press(&edit, &one), EDIT_DONE);
}

/* The text, with | where the cursor is. */
static void assert_edit(const char *wanted) {
	char seen[EDIT_BYTES_MAX + 2];
	memcpy(seen, edit.bytes, edit.cursor);
	seen[edit.cursor] = '|';
	memcpy(seen + edit.cursor + 1, edit.bytes + edit.cursor, edit.size - edit.cursor);
	seen[edit.size + 1] = '\0';
	assert_string_equal(seen, wanted);
}

static void test_typing_and_moving(void **state) {
	type("你好ab");
	press(PRESS_LEFT);
	press(PRESS_LEFT);
	control('B');
	assert_edit("你|好ab");
	type("们");
	assert_edit("你们|好ab");
	control('A');
	assert_edit("|你们好ab");
	press(PRESS_LEFT);
	press(PRESS_RIGHT);
	assert_edit("你|们好ab");
	control('E');
	assert_edit("你们好ab|");
	press(PRESS_HOME);
	press(PRESS_END);
	assert_edit("你们好ab|");
}

static void test_clusters_are_one_character(void **state) {
	type("ae\u0301👨‍👩‍👧🇨🇳");
	press(PRESS_LEFT);
	assert_edit("ae\u0301👨‍👩‍👧|🇨🇳");
	press(PRESS_BACKSPACE);
	assert_edit("ae\u0301|🇨🇳");
	press(PRESS_BACKSPACE);
	assert_edit("a|🇨🇳");
	press(PRESS_DELETE);
	assert_edit("a|");
	type("\u0308");
	assert_edit("a\u0308|");
}

static void test_a_mark_joins_what_is_before_it(void **state) {
	type("ab\u0301");
	press(PRESS_LEFT);
	assert_edit("a|b\u0301");
	press(PRESS_DELETE);
	type("x");
	press(PRESS_LEFT);
	type("\u0301");
	/* The mark belongs to the a, and the cursor does not stand between. */
	assert_edit("a\u0301|x");
}

static void test_words(void **state) {
	type("hello, 世界 again");
	alt('b');
	assert_edit("hello, 世界 |again");
	press_alt(PRESS_LEFT);
	assert_edit("hello, |世界 again");
	alt('b');
	assert_edit("|hello, 世界 again");
	alt('f');
	assert_edit("hello|, 世界 again");
	assert_int_equal(edit_press(&edit, &(struct press){.kind = PRESS_RIGHT, .is_ctrl = true}),
	                 EDIT_DONE);
	assert_edit("hello, 世界| again");
	alt('f');
	alt('f');
	assert_edit("hello, 世界 again|");
}

static void test_cutting_and_bringing_back(void **state) {
	type("one two-three four");
	control('W');
	assert_edit("one two-three |");
	control('W');
	assert_edit("one |");
	control('Y');
	assert_edit("one two-three four|");
	press_alt(PRESS_BACKSPACE);
	assert_edit("one two-three |");
	press(PRESS_HOME);
	alt('d');
	assert_edit("| two-three ");
	control('Y');
	assert_edit("one| two-three ");
	control('K');
	assert_edit("one|");
	control('Y');
	assert_edit("one two-three |");
	control('U');
	assert_edit("|");
	control('Y');
	assert_edit("one two-three |");
}

static void test_swapping(void **state) {
	type("a中b");
	control('T');
	assert_edit("ab中|");
	press(PRESS_LEFT);
	control('T');
	assert_edit("a中b|");
	control('A');
	control('T');
	assert_edit("|a中b");
}

static void test_earlier_lines(void **state) {
	edit_remember(&edit, slice_from_string("first"));
	edit_remember(&edit, slice_from_string("second"));
	edit_remember(&edit, slice_from_string("second"));
	edit_remember(&edit, slice_from_string(""));
	type("draft");
	press(PRESS_UP);
	assert_edit("second|");
	press(PRESS_UP);
	assert_edit("first|");
	press(PRESS_UP);
	assert_edit("first|");
	press(PRESS_DOWN);
	press(PRESS_DOWN);
	assert_edit("draft|");
	press(PRESS_DOWN);
	assert_edit("draft|");
}

static void test_many_earlier_lines(void **state) {
	for (int i = 0; i < EDIT_LINES_KEPT + 50; i++) {
		char line[16];
		snprintf(line, sizeof line, "line %d", i);
		edit_remember(&edit, slice_from_string(line));
	}
	for (int i = 0; i < EDIT_LINES_KEPT + 50; i++) {
		press(PRESS_UP);
	}
	assert_edit("line 50|");
}

static void test_it_is_full(void **state) {
	char block[EDIT_BYTES_MAX];
	memset(block, 'a', sizeof block);
	assert_true(edit_insert(&edit, slice_of(block, sizeof block - 2)));
	assert_int_equal(edit_press(&edit, &(struct press){.kind = PRESS_POINT, .point = 0x4E2D}),
	                 EDIT_FULL);
	assert_int_equal(edit_press(&edit, &(struct press){.kind = PRESS_POINT, .point = 'b'}),
	                 EDIT_DONE);
	assert_int_equal(edit.size, EDIT_BYTES_MAX - 1);
	assert_false(edit_insert(&edit, slice_of("cd", 2)));
	assert_int_equal(edit.size, EDIT_BYTES_MAX - 1);
}

static void test_a_line_end_inside(void **state) {
	type("a");
	press_alt(PRESS_ENTER);
	type("b");
	assert_edit("a\nb|");
	assert_int_equal(edit_press(&edit, &(struct press){.kind = PRESS_ENTER}), EDIT_NOT_MINE);
}

/* ---- Tab ---- */

static void offer_names(void *context, struct slice word, bool is_first,
                        struct complete_offer *offer) {
	static const char *const names[] = {"小明", "小红", "Anna", "ＡＢＣ"};
	for (size_t i = 0; i < 4; i++) {
		if (complete_fits(word, slice_from_string(names[i]))) {
			char text[64];
			snprintf(text, sizeof text, "%s%s", names[i], is_first ? ": " : " ");
			offer->offer(offer, slice_from_string(text));
		}
	}
}

static bool tab(void) {
	return complete_press(&complete, &edit, offer_names, NULL);
}

static void test_completing(void **state) {
	type("小");
	assert_true(tab());
	assert_edit("小明: |");
	assert_true(tab());
	assert_edit("小红: |");
	assert_true(tab());
	assert_edit("小明: |");
	complete_stop(&complete);
	type("an");
	assert_true(tab());
	assert_edit("小明: Anna |");
	assert_true(tab());
	assert_edit("小明: Anna |");
	complete_stop(&complete);
	type("abc");
	assert_true(tab());
	assert_edit("小明: Anna ＡＢＣ |");
}

static void test_nothing_to_complete(void **state) {
	assert_false(tab());
	type("zzz");
	assert_false(tab());
	assert_edit("zzz|");
	type(" ");
	assert_false(tab());
}

static void test_completing_in_the_middle(void **state) {
	type("hi ann!");
	press(PRESS_LEFT);
	assert_true(tab());
	assert_edit("hi Anna |!");
}

static int tear_down(void **state) {
	edit_finish(&edit);
	complete = (struct complete){0};
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_typing_and_moving, tear_down),
		cmocka_unit_test_teardown(test_clusters_are_one_character, tear_down),
		cmocka_unit_test_teardown(test_a_mark_joins_what_is_before_it, tear_down),
		cmocka_unit_test_teardown(test_words, tear_down),
		cmocka_unit_test_teardown(test_cutting_and_bringing_back, tear_down),
		cmocka_unit_test_teardown(test_swapping, tear_down),
		cmocka_unit_test_teardown(test_earlier_lines, tear_down),
		cmocka_unit_test_teardown(test_many_earlier_lines, tear_down),
		cmocka_unit_test_teardown(test_it_is_full, tear_down),
		cmocka_unit_test_teardown(test_a_line_end_inside, tear_down),
		cmocka_unit_test_teardown(test_completing, tear_down),
		cmocka_unit_test_teardown(test_nothing_to_complete, tear_down),
		cmocka_unit_test_teardown(test_completing_in_the_middle, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
