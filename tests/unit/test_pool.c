/* Pools give each thing a place of its own; tables find each, however many there are. */
#include "unit.h"

#include "pool.h"

struct thing {
	uint64_t number;
	uint32_t link;
};

static struct pool pool;
static struct table table;

static uint64_t spread(const void *thing) {
	return hash_number(((const struct thing *)thing)->number);
}

/* The worst that can be: all in one chain. */
static uint64_t together(const void *thing) {
	(void)thing;
	return 5;
}

static struct thing *at(uint32_t handle) {
	return pool_at(&pool, handle);
}

static void begin(uint64_t (*hash)(const void *thing)) {
	pool_init(&pool, sizeof(struct thing));
	table_init(&table, &pool, offsetof(struct thing, link), hash);
}

static void end(void) {
	table_finish(&table);
	pool_finish(&pool);
}

static void add(uint64_t number) {
	uint32_t handle = pool_take(&pool);
	at(handle)->number = number;
	table_add(&table, handle);
}

static uint32_t find(uint64_t number) {
	struct thing wanted = {.number = number};
	uint32_t handle = table_first(&table, table.hash(&wanted));
	while (handle != 0 && at(handle)->number != number) {
		handle = table_next(&table, handle);
	}
	return handle;
}

static void drop(uint64_t number) {
	uint32_t handle = find(number);
	table_remove(&table, handle);
	pool_give(&pool, handle);
}

/* A walk through all buckets comes to each thing once. */
static uint64_t sum_of_all(void) {
	uint64_t sum = 0;
	for (uint32_t i = 0; i < table.size; i++) {
		uint32_t handle = *table_bucket(&table, i);
		for (; handle != 0; handle = table_next(&table, handle)) {
			sum += at(handle)->number;
		}
	}
	return sum;
}

/* Each is found after each addition, on both sides of where a part of the buckets begins. */
static void few_are_found(void **state) {
	begin(spread);
	for (uint64_t number = 1; number <= 300; number++) {
		add(number);
		for (uint64_t other = 1; other <= number; other++) {
			assert_int_equal(at(find(other))->number, other);
		}
		assert_int_equal(find(number + 1), 0);
		assert_int_equal(sum_of_all(), number * (number + 1) / 2);
	}
	end();
}

static void many_are_found(void **state) {
	const uint64_t count = 100000;
	begin(spread);
	for (uint64_t number = 1; number <= count; number++) {
		add(number);
	}
	/* Neither long chains, nor empty buckets that cost memory for nothing. */
	assert_in_range(table.size, count / 3, count);
	for (uint64_t number = 2; number <= count; number += 2) {
		drop(number);
	}
	for (uint64_t number = 1; number <= count; number++) {
		uint32_t handle = find(number);
		assert_true(number % 2 == 0 ? handle == 0 : at(handle)->number == number);
	}
	assert_int_equal(table.count, count / 2);
	assert_int_equal(sum_of_all(), count / 2 * (count / 2));
	end();
}

static void all_in_one_chain(void **state) {
	begin(together);
	for (uint64_t number = 1; number <= 500; number++) {
		add(number);
	}
	for (uint64_t number = 500; number > 0; number--) {
		assert_int_equal(at(find(number))->number, number);
		drop(number);
		assert_int_equal(find(number), 0);
	}
	assert_int_equal(table.count, 0);
	end();
}

/* What is given back is given out again, and is zero. */
static void places_are_used_again(void **state) {
	begin(spread);
	uint32_t first = pool_take(&pool);
	uint32_t second = pool_take(&pool);
	assert_int_not_equal(first, 0);
	assert_int_not_equal(first, second);
	at(first)->number = 7;
	pool_give(&pool, first);
	assert_int_equal(pool_take(&pool), first);
	assert_int_equal(at(first)->number, 0);
	assert_int_equal(pool.count, 2);
	end();
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_are_found),
		cmocka_unit_test(many_are_found),
		cmocka_unit_test(all_in_one_chain),
		cmocka_unit_test(places_are_used_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
