/* The members: always in order, whoever comes and goes. Compared with a plain array. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "plain_roster.h"

#define SESSIONS 3000

static bool model[SESSIONS + 1];

static void compare(const struct roster *roster) {
	struct roster_cursor cursor = {0};
	size_t count = 0;
	for (uint64_t session = 1; session <= SESSIONS; session++) {
		const struct plain_member *found = roster_find(roster, session);
		assert_int_equal(found != NULL, model[session]);
		if (model[session]) {
			const struct plain_member *next = roster_next(roster, &cursor);
			assert_ptr_equal(next, found);
			assert_int_equal(next->session, session);
			assert_int_equal(next->heard, (uint32_t)session * 7);
			count++;
		}
	}
	assert_null(roster_next(roster, &cursor));
	assert_int_equal(roster->count, count);
}

static void put(struct roster *roster, uint64_t session) {
	struct plain_member *member = roster_insert(roster, session);
	assert_non_null(member);
	assert_int_equal(member->session, session);
	assert_int_equal(member->unreachable, 0);
	member->heard = (uint32_t)session * 7;
	model[session] = true;
}

static void take(struct roster *roster, uint64_t session) {
	assert_int_equal(roster_remove(roster, session), model[session]);
	model[session] = false;
}

static void newcomers_go_to_the_end(void **state) {
	struct roster roster = {0};
	memset(model, 0, sizeof(model));
	compare(&roster);
	for (uint64_t session = 1; session <= SESSIONS; session += 2) {
		put(&roster, session);
	}
	compare(&roster);
	/* Chunks are full: 64 bytes a member and little more. */
	assert_true(roster.chunks_count <= roster.count / ROSTER_CHUNK_MEMBERS + 1);
	roster_finish(&roster);
	roster_finish(&roster);
}

static void anybody_comes_and_goes(void **state) {
	unsigned seed = 20240601;
	struct roster roster = {0};
	memset(model, 0, sizeof(model));
	for (unsigned step = 0; step < 60000; step++) {
		uint64_t session = (uint64_t)rand_r(&seed) % SESSIONS + 1;
		/* More come at first, more go later, all are gone in the end. */
		if (!model[session] && (unsigned)rand_r(&seed) % 60000 > step) {
			put(&roster, session);
		} else {
			take(&roster, session);
		}
		if (step % 1000 == 0) {
			compare(&roster);
		}
	}
	for (uint64_t session = 1; session <= SESSIONS; session++) {
		take(&roster, session);
	}
	compare(&roster);
	assert_int_equal(roster.chunks_count, 0);
	roster_finish(&roster);
}

static void after_any_session(void **state) {
	struct roster roster = {0};
	memset(model, 0, sizeof(model));
	struct roster_cursor none = roster_after(&roster, 5);
	assert_null(roster_next(&roster, &none));
	for (uint64_t session = 10; session <= SESSIONS; session += 10) {
		put(&roster, session);
	}
	for (uint64_t session = 0; session <= SESSIONS; session++) {
		struct roster_cursor cursor = roster_after(&roster, session);
		const struct plain_member *next = roster_next(&roster, &cursor);
		uint64_t expected = session / 10 * 10 + 10;
		if (expected > SESSIONS) {
			assert_null(next);
		} else {
			assert_int_equal(next->session, expected);
		}
	}
	roster_finish(&roster);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newcomers_go_to_the_end),
		cmocka_unit_test(anybody_comes_and_goes),
		cmocka_unit_test(after_any_session),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
