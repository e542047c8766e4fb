/* One world for the tests of a file: it is asked, and says in words what came of it. */
#ifndef DECIDE_WORLD_H
#define DECIDE_WORLD_H

#include "decide_help.h"

static struct world *world;

static inline int begin(void **unused) {
	world = world_create();
	return 0;
}

static inline int end(void **unused) {
	world_destroy(world);
	return 0;
}

static inline struct record record_of(uint16_t kind) {
	return world_record(world, kind);
}

/* The last record of a connection's request says so, and no other. */
static inline void check_last(const struct record *request) {
	struct record record;
	const void *bytes;
	size_t offset = 0, size;
	while (decision_next(&world->decision, &offset, &record, &bytes, &size)) {
		bool is_last = offset == world->decision.size;
		assert_int_equal(record.flags, is_last && request->connection.generation != 0
		                                       ? RECORD_IS_LAST
		                                       : 0);
	}
}

static inline const char *outcome_of(struct record request) {
	world_ask(world, request, NULL, NULL);
	check_last(&request);
	return world_words(world);
}

static inline void ask(const char *outcome, struct record request) {
	assert_string_equal(outcome_of(request), outcome);
}

static inline void later(uint64_t seconds) {
	world->now_us += seconds * 1000000;
}

#endif
