/* What a terminal sends becomes keys, however it is cut into pieces. */
#include "unit.h"

#include <string.h>

#include "screen_keys.h"

static struct keys keys;

static void feed(const char *bytes) {
	keys_feed(&keys, slice_from_string(bytes));
}

static struct press next(void) {
	struct press press;
	assert_true(keys_next(&keys, &press));
	return press;
}

static void assert_nothing(void) {
	struct press press;
	assert_false(keys_next(&keys, &press));
}

static void assert_key(const char *bytes, enum press_kind kind) {
	feed(bytes);
	assert_int_equal(next().kind, kind);
	assert_nothing();
}

static void assert_point(struct press press, int32_t point) {
	assert_int_equal(press.kind, PRESS_POINT);
	assert_int_equal(press.point, point);
}

static void test_characters(void **state) {
	feed("a中😀");
	assert_point(next(), 'a');
	assert_point(next(), 0x4E2D);
	assert_point(next(), 0x1F600);
	assert_nothing();
}

static void test_a_character_in_pieces(void **state) {
	feed("\xE4\xB8");
	assert_nothing();
	assert_int_equal(keys_patience_ms(&keys), 50);
	feed("\xAD");
	assert_point(next(), 0x4E2D);
	assert_int_equal(keys_patience_ms(&keys), -1);
}

static void test_what_is_not_utf8(void **state) {
	feed("\xFF\xE4"
	     "a\x80z");
	assert_int_equal(next().kind, PRESS_UNKNOWN);
	assert_int_equal(next().kind, PRESS_UNKNOWN);
	assert_point(next(), 'a');
	assert_int_equal(next().kind, PRESS_UNKNOWN);
	assert_point(next(), 'z');
	assert_nothing();
}

static void test_named_keys(void **state) {
	assert_key("\r", PRESS_ENTER);
	assert_key("\t", PRESS_TAB);
	assert_key("\x7F", PRESS_BACKSPACE);
	assert_key("\b", PRESS_BACKSPACE);
	assert_key("\033[A", PRESS_UP);
	assert_key("\033OB", PRESS_DOWN);
	assert_key("\033[5~", PRESS_PAGE_UP);
	assert_key("\033[6~", PRESS_PAGE_DOWN);
	assert_key("\033[1~", PRESS_HOME);
	assert_key("\033[H", PRESS_HOME);
	assert_key("\033OF", PRESS_END);
	assert_key("\033[3~", PRESS_DELETE);
	assert_key("\033[Z", PRESS_BACK_TAB);
	assert_key("\033[[A", PRESS_UNKNOWN);
	assert_key("\033[15~", PRESS_UNKNOWN);
	assert_key("\033[<0;1;2M", PRESS_UNKNOWN);
}

static void test_modifiers(void **state) {
	feed("\033[1;5C\033[1;3D\033[1;2A\033Od");
	struct press press = next();
	assert_int_equal(press.kind, PRESS_RIGHT);
	assert_true(press.is_ctrl);
	assert_false(press.is_alt);
	press = next();
	assert_int_equal(press.kind, PRESS_LEFT);
	assert_true(press.is_alt);
	assert_false(press.is_ctrl);
	assert_true(next().is_shift);
	press = next();
	assert_int_equal(press.kind, PRESS_LEFT);
	assert_true(press.is_ctrl);
}

static void test_control_and_alt(void **state) {
	feed("\x01\x1A\033b\033"
	     "1\033\x7F\033\r");
	struct press press = next();
	assert_int_equal(press.kind, PRESS_CONTROL);
	assert_int_equal(press.point, 'A');
	assert_int_equal(next().point, 'Z');
	press = next();
	assert_point(press, 'b');
	assert_true(press.is_alt);
	assert_point(next(), '1');
	press = next();
	assert_int_equal(press.kind, PRESS_BACKSPACE);
	assert_true(press.is_alt);
	press = next();
	assert_int_equal(press.kind, PRESS_ENTER);
	assert_true(press.is_alt);
}

static void test_escape_alone(void **state) {
	struct press press;
	feed("\033");
	assert_nothing();
	assert_int_equal(keys_patience_ms(&keys), 50);
	assert_true(keys_give_up(&keys, &press));
	assert_int_equal(press.kind, PRESS_ESCAPE);
	assert_false(keys_give_up(&keys, &press));
	feed("\033[");
	assert_nothing();
	assert_true(keys_give_up(&keys, &press));
	assert_point(press, '[');
	assert_true(press.is_alt);
}

static void test_a_sequence_that_ends_wrongly(void **state) {
	feed("\033[12\x03");
	assert_int_equal(next().kind, PRESS_UNKNOWN);
	struct press press = next();
	assert_int_equal(press.kind, PRESS_CONTROL);
	assert_int_equal(press.point, 'C');
	assert_nothing();
}

static void assert_paste(const char *text) {
	struct press press = next();
	assert_int_equal(press.kind, PRESS_PASTE);
	assert_int_equal(press.text.size, strlen(text));
	assert_memory_equal(press.text.bytes, text, press.text.size);
}

static void test_a_paste(void **state) {
	feed("x\033[200~eins\rzwei\003\033[A\033[201~y");
	assert_point(next(), 'x');
	assert_paste("eins\rzwei\003\033[A");
	assert_point(next(), 'y');
	assert_nothing();
}

static void test_a_paste_byte_by_byte(void **state) {
	static const char bytes[] = "\033[200~a\033[201\033[20中\033[201~";
	for (size_t i = 0; i + 1 < sizeof bytes; i++) {
		assert_nothing();
		keys_feed(&keys, slice_of(bytes + i, 1));
	}
	assert_paste("a\033[201\033[20中");
	assert_nothing();
}

static void test_an_empty_paste(void **state) {
	feed("\033[200~\033[201~\033[200~b\033[201~");
	assert_paste("");
	assert_paste("b");
}

static void test_a_paste_without_end(void **state) {
	struct press press;
	feed("\033[200~abc\033[20");
	assert_nothing();
	assert_true(keys_patience_ms(&keys) > 1000);
	assert_true(keys_give_up(&keys, &press));
	assert_int_equal(press.text.size, 7);
	feed("z");
	assert_point(next(), 'z');
}

static void test_a_paste_that_is_too_long(void **state) {
	char block[4000];
	memset(block, 'a', sizeof block);
	feed("\033[200~");
	for (int i = 0; i < 20; i++) {
		assert_nothing();
		keys_feed(&keys, slice_of(block, sizeof block));
	}
	assert_nothing();
	feed("\033[201~");
	struct press press = next();
	assert_int_equal(press.text.size, KEYS_PASTE_BYTES_MAX);
	assert_true(press.is_cut);
}

static int tear_down(void **state) {
	keys_finish(&keys);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_characters, tear_down),
		cmocka_unit_test_teardown(test_a_character_in_pieces, tear_down),
		cmocka_unit_test_teardown(test_what_is_not_utf8, tear_down),
		cmocka_unit_test_teardown(test_named_keys, tear_down),
		cmocka_unit_test_teardown(test_modifiers, tear_down),
		cmocka_unit_test_teardown(test_control_and_alt, tear_down),
		cmocka_unit_test_teardown(test_escape_alone, tear_down),
		cmocka_unit_test_teardown(test_a_sequence_that_ends_wrongly, tear_down),
		cmocka_unit_test_teardown(test_a_paste, tear_down),
		cmocka_unit_test_teardown(test_a_paste_byte_by_byte, tear_down),
		cmocka_unit_test_teardown(test_an_empty_paste, tear_down),
		cmocka_unit_test_teardown(test_a_paste_without_end, tear_down),
		cmocka_unit_test_teardown(test_a_paste_that_is_too_long, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
