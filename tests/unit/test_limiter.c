/* Rates: the burst, then the rate; one key's turns are not another's; memory does not grow. */
#include "unit.h"

#include "limiter.h"

#define SECOND_US 1000000

static unsigned taken(const struct pace *pace, uint64_t *next, uint64_t now_us, unsigned tries) {
	unsigned count = 0;
	for (unsigned i = 0; i < tries; i++) {
		count += pace_take(pace, next, now_us);
	}
	return count;
}

static void burst_then_rate(void **state) {
	struct pace pace = pace_of(20, 200);
	uint64_t next = 0;
	uint64_t now = 77 * (uint64_t)SECOND_US;
	assert_int_equal(taken(&pace, &next, now, 1000), 200);
	assert_int_equal(taken(&pace, &next, now + SECOND_US / 2, 1000), 10);
	assert_int_equal(taken(&pace, &next, now + SECOND_US, 1000), 10);
	/* What was not used is there again, but never more than the burst. */
	assert_int_equal(taken(&pace, &next, now + 1000 * (uint64_t)SECOND_US, 1000), 200);
}

static void odd_paces(void **state) {
	uint64_t next = 0;
	struct pace none = pace_of(0, 10);
	assert_int_equal(taken(&none, &next, 0, 1000), 1000);
	struct pace one = pace_of(1, 0);
	next = 0;
	assert_int_equal(taken(&one, &next, 5 * SECOND_US, 10), 1);
	struct pace fast = pace_of(1e12, 1e12);
	next = 0;
	assert_true(taken(&fast, &next, SECOND_US, 1000) == 1000);
	struct pace slow = pace_of(1e-9, 1);
	next = 0;
	assert_int_equal(taken(&slow, &next, SECOND_US, 10), 1);
	assert_int_equal(taken(&slow, &next, 3600 * (uint64_t)SECOND_US, 10), 0);
}

static void each_key_has_its_own(void **state) {
	struct limiter limiter;
	assert_true(limiter_init(&limiter, pace_of(5, 5)));
	for (uint64_t key = 1; key <= 100; key++) {
		unsigned count = 0;
		for (unsigned i = 0; i < 20; i++) {
			count += limiter_take(&limiter, key, SECOND_US);
		}
		assert_int_equal(count, 5);
	}
	assert_false(limiter_take(&limiter, 50, SECOND_US));
	assert_true(limiter_take(&limiter, 50, 2 * SECOND_US));
	limiter_finish(&limiter);
}

/* However many keys come, a busy one is not forgotten: those go whose time is over, or nearly. */
static void busy_keys_stay(void **state) {
	struct limiter limiter;
	unsigned count = 0;
	assert_true(limiter_init(&limiter, pace_of(1, 100)));
	for (uint64_t key = 1; key <= 100000; key++) {
		uint64_t now = SECOND_US + key * 10;
		assert_true(limiter_take(&limiter, key * 0x9E3779B97F4A7C15, now));
		for (unsigned i = 0; i < 3; i++) {
			count += limiter_take(&limiter, 12345, now);
		}
	}
	/* The burst, and the one second that it took. */
	assert_in_range(count, 100, 101);
	limiter_finish(&limiter);
	limiter_finish(&limiter);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_then_rate),
		cmocka_unit_test(odd_paces),
		cmocka_unit_test(each_key_has_its_own),
		cmocka_unit_test(busy_keys_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
