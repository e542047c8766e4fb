/* Every answer of the kit has a sentence, and no two the same. */
#include "unit.h"

#include "mp_errors.h"

#include <string.h>

static void every_number_has_its_sentence(void **state) {
	static const int numbers[] = {MP_OK, MP_HOLDER_DIED,
#define MP_ROW(number, name, sentence) name,
	                              MP_ERRORS(MP_ROW)
#undef MP_ROW
	};
	size_t count = sizeof numbers / sizeof *numbers;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			assert_int_not_equal(numbers[i], numbers[j]);
			assert_string_not_equal(mp_strerror(numbers[i]), mp_strerror(numbers[j]));
		}
		assert_string_not_equal(mp_strerror(numbers[i]), mp_strerror(-9999));
	}
	assert_string_equal(mp_strerror(MP_TIMEOUT), "the time ran out");
	assert_non_null(mp_strerror(9999));
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_number_has_its_sentence)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
