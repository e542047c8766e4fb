/* Shared values and arrays. */
#include "mp_help.h"

#include "mp_array.h"
#include "mp_mapping.h"
#include "mp_pipe.h"
#include "mp_value.h"

#include <math.h>
#include <string.h>

/* ---- Values ---- */

static void every_type(void **state) {
	struct mp_value *value;
#define CHECK(type, name, first, second)                                                           \
	value = mp_value_create(type);                                                             \
	assert_non_null(value);                                                                    \
	assert_true(mp_value_get_##name(value) == 0);                                              \
	mp_value_set_##name(value, first);                                                         \
	assert_true(mp_value_get_##name(value) == (first));                                        \
	assert_true(mp_value_add_##name(value, second) == (first) + (second));                     \
	assert_true(mp_value_get_##name(value) == (first) + (second));                             \
	mp_value_destroy(value);
	CHECK(MP_CHAR, char, 'a', 2)
	CHECK(MP_INT16, int16, -30000, 7)
	CHECK(MP_INT32, int32, -2000000000, 7)
	CHECK(MP_INT64, int64, INT64_C(-9000000000000000000), 7)
	CHECK(MP_FLOAT, float, 1.5f, 0.25f)
	CHECK(MP_DOUBLE, double, 1.0e300, -1.0e299)
#undef CHECK
	mp_value_destroy(NULL);
}

static void sums_wrap(void **state) {
	struct mp_value value;
	assert_int_equal(mp_value_init(&value, MP_INT16), 0);
	mp_value_set_int16(&value, INT16_MAX);
	assert_int_equal(mp_value_add_int16(&value, 1), INT16_MIN);
	assert_int_equal(mp_value_init(&value, MP_INT32), 0);
	mp_value_set_int32(&value, INT32_MIN);
	assert_int_equal(mp_value_add_int32(&value, -1), INT32_MAX);
	assert_int_equal(mp_value_init(&value, MP_INT64), 0);
	mp_value_set_int64(&value, INT64_MAX);
	assert_true(mp_value_add_int64(&value, 1) == INT64_MIN);
	assert_int_equal(mp_value_init(&value, MP_DOUBLE), 0);
	mp_value_set_double(&value, (double)NAN); /* Not equal to itself, and yet exchanged. */
	assert_true(isnan(mp_value_add_double(&value, 1)));
	assert_int_equal(mp_value_init(&value, (enum mp_type)17), MP_RANGE);
}

static struct mp_value *shared_value;

static int add_up(void *argument) {
	for (int i = 0; i < *(int *)argument; i++) {
		mp_value_add_double(shared_value, 1);
	}
	return 0;
}

static void adding_is_atomic(void **state) {
	enum { WORKERS = 4 };
	struct mp_process workers[WORKERS];
	int times = sized(20000, 2000000);
	shared_value = mp_value_create(MP_DOUBLE);
	for (int i = 0; i < WORKERS; i++) {
		begin(&workers[i], add_up, &times);
	}
	for (int i = 0; i < WORKERS; i++) {
		assert_int_equal(end(&workers[i]), 0);
	}
	assert_true(mp_value_get_double(shared_value) == (double)WORKERS * times);
	mp_value_destroy(shared_value);
}

static int take_for_another_type(void *argument) {
	signal(SIGABRT, SIG_DFL);
	close(STDERR_FILENO);
	return mp_value_get_int16(argument);
}

static void another_type_is_our_mistake(void **state) {
	struct mp_process process;
	struct mp_status status;
	struct mp_value *value = mp_value_create(MP_INT32);
	begin(&process, take_for_another_type, value);
	assert_int_equal(mp_process_join(&process, MP_FOREVER, &status), 0);
	assert_int_equal(status.signal, SIGABRT);
	assert_int_equal(mp_process_finish(&process), 0);
	mp_value_destroy(value);
}

/* ---- Arrays ---- */

static void lengths_and_indices(void **state) {
	struct mp_array *array;
#define CHECK(type, name, ctype)                                                                   \
	array = mp_array_create(type, 5);                                                          \
	assert_non_null(array);                                                                    \
	assert_int_equal(mp_array_length(array), 5);                                               \
	assert_int_equal(mp_array_raw_bytes(array), 5 * sizeof(ctype));                            \
	for (size_t i = 0; i < 5; i++) {                                                           \
		ctype number = 1;                                                                  \
		assert_int_equal(mp_array_get_##name(array, i, &number), 0);                       \
		assert_true(number == 0);                                                          \
		assert_int_equal(mp_array_set_##name(array, i, (ctype)(i * 3)), 0);                \
		assert_int_equal(mp_array_get_##name(array, i, &number), 0);                       \
		assert_true(number == (ctype)(i * 3));                                             \
		assert_true(((ctype *)mp_array_raw(array))[i] == (ctype)(i * 3));                  \
	}                                                                                          \
	assert_int_equal(mp_array_get_##name(array, 5, &(ctype){0}), MP_RANGE);                    \
	assert_int_equal(mp_array_set_##name(array, SIZE_MAX, 0), MP_RANGE);                       \
	mp_array_destroy(array);
	CHECK(MP_CHAR, char, char)
	CHECK(MP_INT16, int16, int16_t)
	CHECK(MP_INT32, int32, int32_t)
	CHECK(MP_INT64, int64, int64_t)
	CHECK(MP_FLOAT, float, float)
	CHECK(MP_DOUBLE, double, double)
#undef CHECK
	mp_array_destroy(NULL);
	assert_null(mp_array_create(MP_INT32, 0));
	assert_null(mp_array_create(MP_INT64, SIZE_MAX / 8));
	assert_null(mp_array_create((enum mp_type)17, 1));
	assert_int_equal(mp_array_size(MP_CHAR, SIZE_MAX), 0);
}

static void slices(void **state) {
	const int16_t values[] = {10, 11, 12, 13, 14, 15};
	struct mp_array *array = mp_array_create_from(MP_INT16, values, 6);
	int16_t out[6] = {0};
	assert_int_equal(mp_array_read(array, 0, 6, out, 0), 0);
	assert_memory_equal(out, values, sizeof values);
	assert_int_equal(mp_array_write(array, 1, 2, (int16_t[]){21, 22}, MP_FOREVER), 0);
	assert_int_equal(mp_array_read(array, 0, 4, out, MP_FOREVER), 0);
	assert_memory_equal(out, ((int16_t[]){10, 21, 22, 13}), 8);
	assert_int_equal(mp_array_read(array, 6, 0, out, 0), 0);
	struct {
		size_t first, count;
	} bad[] = {{0, 7}, {6, 1}, {7, 0}, {1, SIZE_MAX}, {SIZE_MAX, 1}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(mp_array_read(array, bad[i].first, bad[i].count, out, 0),
		                 MP_RANGE);
		assert_int_equal(mp_array_write(array, bad[i].first, bad[i].count, out, 0),
		                 MP_RANGE);
	}
	/* Anybody's memory need not be aligned. */
	char unaligned[5];
	assert_int_equal(mp_array_read(array, 1, 2, unaligned + 1, 0), 0);
	assert_memory_equal(unaligned + 1, ((int16_t[]){21, 22}), 4);
	/* Within the array's lock slices use it. */
	MP_WITH_LOCK(mp_array_lock(array)) {
		assert_int_equal(mp_array_read(array, 0, 6, out, MP_FOREVER), 0);
		assert_int_equal(mp_array_write(array, 0, 6, out, MP_FOREVER), 0);
		assert_int_equal(mp_lock_acquire(mp_array_lock(array), 0), MP_HELD);
	}
	mp_array_destroy(array);
}

static void strings(void **state) {
	struct mp_array *array = mp_array_create_from(MP_CHAR, "hello", 5);
	char text[6];
	assert_int_equal(mp_array_get_string(array, text, sizeof text, 0), 0);
	assert_string_equal(text, "hello");
	assert_int_equal(mp_array_get_string(array, text, 5, 0), MP_TOO_LARGE);
	assert_int_equal(mp_array_set_string(array, "Ann", 0), 0);
	assert_memory_equal(mp_array_raw(array), "Ann\0o", 5);
	assert_int_equal(mp_array_get_string(array, text, 4, 0), 0);
	assert_string_equal(text, "Ann");
	assert_int_equal(mp_array_set_string(array, "world", 0), 0);
	assert_memory_equal(mp_array_raw(array), "world", 5);
	assert_int_equal(mp_array_set_string(array, "worlds", 0), MP_TOO_LARGE);
	assert_memory_equal(mp_array_raw(array), "world", 5);
	assert_int_equal(mp_array_set_string(array, "", 0), 0);
	assert_int_equal(mp_array_get_string(array, text, 1, 0), 0);
	assert_string_equal(text, "");
	mp_array_destroy(array);
}

static void in_a_mapping(void **state) {
	struct mp_mapping mapping;
	size_t size = mp_array_size(MP_DOUBLE, 10);
	assert_int_equal(mp_mapping_anonymous(&mapping, size), 0);
	memset(mapping.address, 0xee, size);
	struct mp_array *array = mapping.address;
	assert_int_equal(mp_array_init(array, MP_DOUBLE, 10), 0);
	double number = 1;
	assert_int_equal(mp_array_get_double(array, 9, &number), 0);
	assert_true(number == 0);
	assert_int_equal(mp_array_init(array, MP_DOUBLE, 0), MP_RANGE);
	mp_mapping_unmap(&mapping);
}

/* Slices of one number each: whoever reads one never sees two numbers in it. */
enum { CELLS = 64 };
static struct mp_array *shared_array;

static int write_slices(void *argument) {
	int64_t cells[CELLS];
	for (int64_t n = 0;; n++) {
		for (int i = 0; i < CELLS; i++) {
			cells[i] = n;
		}
		if (mp_array_write(shared_array, 0, CELLS, cells, MP_FOREVER) < 0) {
			return 1;
		}
	}
}

static void slices_are_whole(void **state) {
	struct mp_process writers[2];
	shared_array = mp_array_create(MP_INT64, CELLS);
	for (int i = 0; i < 2; i++) {
		begin(&writers[i], write_slices, NULL);
	}
	for (int round = 0; round < sized(5000, 1000000); round++) {
		int64_t cells[CELLS];
		assert_int_equal(mp_array_read(shared_array, 0, CELLS, cells, MP_FOREVER), 0);
		for (int i = 1; i < CELLS; i++) {
			assert_true(cells[i] == cells[0]);
		}
	}
	for (int i = 0; i < 2; i++) {
		kill_and_end(&writers[i]);
	}
	mp_array_destroy(shared_array);
}

static int die_with_the_lock(void *argument) {
	mp_lock_acquire(mp_array_lock(shared_array), MP_FOREVER);
	return 0;
}

static void a_slice_after_a_death_says_so(void **state) {
	struct mp_process process;
	int64_t cell = 0;
	shared_array = mp_array_create(MP_INT64, 1);
	begin(&process, die_with_the_lock, NULL);
	assert_int_equal(end(&process), 0);
	assert_int_equal(mp_array_read(shared_array, 0, 1, &cell, 0), MP_HOLDER_DIED);
	assert_int_equal(mp_array_read(shared_array, 0, 1, &cell, 0), 0);
	mp_array_destroy(shared_array);
}

static int hold_the_lock(void *argument) {
	struct mp_pipe *ends = argument;
	mp_lock_acquire(mp_array_lock(shared_array), MP_FOREVER);
	mp_pipe_send(&ends[1], "", 0, MP_FOREVER);
	return pause();
}

static void a_slice_waits_for_a_time(void **state) {
	struct mp_process process;
	struct mp_pipe ends[2];
	char cell = 'x';
	size_t length;
	shared_array = mp_array_create(MP_CHAR, 1);
	assert_int_equal(mp_pipe_create(ends, false), 0);
	begin(&process, hold_the_lock, ends);
	assert_int_equal(mp_pipe_receive(&ends[0], NULL, 0, &length, MP_FOREVER), 0);
	assert_int_equal(mp_array_read(shared_array, 0, 1, &cell, 0), MP_TIMEOUT);
	assert_int_equal(mp_array_write(shared_array, 0, 1, &cell, 10), MP_TIMEOUT);
	assert_int_equal(mp_array_get_string(shared_array, &cell, 1, 10), MP_TIMEOUT);
	assert_int_equal(mp_array_set_string(shared_array, "", 10), MP_TIMEOUT);
	assert_int_equal(cell, 'x');
	assert_int_equal(mp_array_set_char(shared_array, 0, 'y'), 0); /* A cell needs no lock. */
	kill_and_end(&process);
	mp_pipe_drop(&ends[0]);
	mp_pipe_drop(&ends[1]);
	mp_array_destroy(shared_array);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type),
		cmocka_unit_test(sums_wrap),
		cmocka_unit_test(adding_is_atomic),
		cmocka_unit_test(another_type_is_our_mistake),
		cmocka_unit_test(lengths_and_indices),
		cmocka_unit_test(slices),
		cmocka_unit_test(strings),
		cmocka_unit_test(in_a_mapping),
		cmocka_unit_test(slices_are_whole),
		cmocka_unit_test(a_slice_after_a_death_says_so),
		cmocka_unit_test(a_slice_waits_for_a_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
