/*
 * One number that parent and child both see; an ordinary variable each has for itself.
 *
 *     Python                     the kit
 *     v = Value("i", 1)          mp_value_create(MP_INT32), mp_value_set_int32(v, 1)
 *     v.value                    mp_value_get_int32(v)
 *     v.value = 2                mp_value_set_int32(v, 2)
 *     "c", "h", "i", "q"         MP_CHAR, MP_INT16, MP_INT32, MP_INT64: 1, 2, 4, 8 bytes
 *     "f", "d"                   MP_FLOAT, MP_DOUBLE
 *     with v.get_lock():         MP_WITH_LOCK(mp_value_lock(v)) { … }
 */
#include "claim.h"
#include "mp_process.h"
#include "mp_value.h"

static int ordinary = 1;

static struct mp_value *letter, *small, *number, *large, *tenth, *precise;

static int change_all(void *argument) {
	ordinary = 100;
	mp_value_set_char(letter, 'z');
	mp_value_set_int16(small, -2);
	mp_value_set_int32(number, 100);
	mp_value_set_int64(large, INT64_C(1) << 40);
	mp_value_set_float(tenth, 0.5F);
	mp_value_set_double(precise, 0.1);
	MP_WITH_LOCK(mp_value_lock(number)) { /* Read and written: two steps, so under the lock. */
		mp_value_set_int32(number, mp_value_get_int32(number) + 1);
	}
	return 0;
}

int main(void) {
	letter = mp_value_create(MP_CHAR);
	small = mp_value_create(MP_INT16);
	number = mp_value_create(MP_INT32);
	large = mp_value_create(MP_INT64);
	tenth = mp_value_create(MP_FLOAT);
	precise = mp_value_create(MP_DOUBLE);
	mp_value_set_int32(number, 1);

	struct mp_process child;
	mp_process_init(&child, change_all, NULL);
	MUST(mp_process_start(&child));
	MUST(mp_process_join(&child, MP_FOREVER, NULL));
	MUST(mp_process_finish(&child));

	claim(ordinary == 1, "the child changed an ordinary variable; here it is still %d",
	      ordinary);
	claim(mp_value_get_int32(number) == 101, "and a shared one; here it is %d, too",
	      mp_value_get_int32(number));
	claim(mp_value_get_char(letter) == 'z', "1 byte: %c", mp_value_get_char(letter));
	claim(mp_value_get_int16(small) == -2, "2 bytes: %d", mp_value_get_int16(small));
	claim(mp_value_get_int64(large) == INT64_C(1) << 40, "8 bytes: 2 to the power of 40");
	claim(mp_value_get_float(tenth) == 0.5F, "float: %g", (double)mp_value_get_float(tenth));
	claim(mp_value_get_double(precise) == 0.1, "double: %g", mp_value_get_double(precise));

	struct mp_value *all[] = {letter, small, number, large, tenth, precise};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		mp_value_destroy(all[i]);
	}
	return 0;
}
