/*
 * A row of numbers, or of characters, that parent and child share.
 *
 *     Python                     the kit
 *     a = Array("i", 5)          mp_array_create(MP_INT32, 5)
 *     a = Array("i", [1, 2])     mp_array_create_from(MP_INT32, (int32_t[]){1, 2}, 2)
 *     len(a)                     mp_array_length(a)
 *     a[2], a[2] = 7             mp_array_get_int32(a, 2, &x), mp_array_set_int32(a, 2, 7)
 *     a[1:3], a[1:3] = [8, 9]    mp_array_read(a, 1, 2, x, …), mp_array_write(a, 1, 2, x, …)
 *     a.raw                      mp_array_raw(a), mp_array_raw_bytes(a)
 *     a.value (of "c")           mp_array_get_string(a, …), mp_array_set_string(a, …)
 */
#include "claim.h"
#include "mp_array.h"
#include "mp_process.h"

static struct mp_array *zeroes, *numbers, *word;

static int change(void *argument) {
	MUST(mp_array_set_int32(zeroes, 4, 40));
	MUST(mp_array_write(numbers, 1, 2, (int32_t[]){8, 9}, MP_FOREVER));
	MUST(mp_array_set_string(word, "hey", MP_FOREVER));
	return 0;
}

int main(void) {
	zeroes = mp_array_create(MP_INT32, 5);
	numbers = mp_array_create_from(MP_INT32, (int32_t[]){1, 2, 3, 4}, 4);
	word = mp_array_create_from(MP_CHAR, "hello", 5);
	claim(mp_array_length(zeroes) == 5, "an array from a length: %zu cells",
	      mp_array_length(zeroes));
	claim(mp_array_length(numbers) == 4, "one from 4 values");

	struct mp_process child;
	mp_process_init(&child, change, NULL);
	MUST(mp_process_start(&child));
	MUST(mp_process_join(&child, MP_FOREVER, NULL));
	MUST(mp_process_finish(&child));

	int32_t number, slice[3];
	MUST(mp_array_get_int32(zeroes, 0, &number));
	claim(number == 0, "zeroes[0] is %d", number);
	MUST(mp_array_get_int32(zeroes, 4, &number));
	claim(number == 40, "zeroes[4] is %d: the child set it", number);
	claim(mp_array_get_int32(zeroes, 5, &number) == MP_RANGE,
	      "zeroes[5] there is not: MP_RANGE");

	MUST(mp_array_read(numbers, 1, 3, slice, MP_FOREVER));
	claim(slice[0] == 8 && slice[1] == 9 && slice[2] == 4,
	      "numbers[1:4] is %d, %d, %d: the child wrote [1:3]", slice[0], slice[1], slice[2]);
	claim(mp_array_write(numbers, 3, 2, slice, MP_FOREVER) == MP_RANGE,
	      "numbers[3:5] is too far");

	char string[8];
	MUST(mp_array_get_string(word, string, sizeof string, MP_FOREVER));
	claim(strcmp(string, "hey") == 0, "the word is \"%s\" now, a string in 5 cells", string);
	claim(mp_array_set_string(word, "hello!", MP_FOREVER) == MP_TOO_LARGE, "six would not fit");
	claim(mp_array_raw_bytes(word) == 5 && memcmp(mp_array_raw(word), "hey\0o", 5) == 0,
	      "as it lies in memory: h e y \\0 o");

	mp_array_destroy(zeroes);
	mp_array_destroy(numbers);
	mp_array_destroy(word);
	return 0;
}
