/* One state with the rows that follow it, entry after entry, and that the rows are all of it. */
#ifndef STATE_WORLD_H
#define STATE_WORLD_H

#include "state_help.h"

static struct state *state;
static struct rows rows; /* follow the state */
static uint64_t seq;

/* The order in which two states let absences, sessions and rooms run out. */
static inline void assert_same_lines(const struct state *a, const struct state *b) {
	const struct session *in_a = NULL, *in_b = NULL;
	do {
		in_a = state_absent_next(a, in_a);
		in_b = state_absent_next(b, in_b);
		assert_int_equal(in_a == NULL, in_b == NULL);
	} while (in_a != NULL &&
	         session_absent_since_us(a, in_a) == session_absent_since_us(b, in_b));
	assert_null(in_a);
	do {
		in_a = state_dormant_next(a, in_a);
		in_b = state_dormant_next(b, in_b);
		assert_int_equal(in_a == NULL, in_b == NULL);
	} while (in_a != NULL &&
	         session_absent_since_us(a, in_a) == session_absent_since_us(b, in_b));
	assert_null(in_a);
	for (int has_history = 0; has_history <= 1; has_history++) {
		uint64_t room_a = 0, room_b = 0;
		do {
			room_a = state_empty_room_next(a, has_history, room_a);
			room_b = state_empty_room_next(b, has_history, room_b);
			assert_int_equal(state_room_empty_seq(a, room_a),
			                 state_room_empty_seq(b, room_b));
		} while (room_a != 0);
	}
}

/* The rows that were told are all of the state; saved and loaded it is the same. */
static inline void assert_rows_are_the_state(void) {
	struct record meta = {
		.kind = ROW_META, .seq = state_seq(state), .time_us = state_time_us(state)};
	rows_put(&rows, &meta);
	struct rows saved = rows_of(state);
	assert_int_equal(saved.count, rows.count);
	for (size_t turn = 0; turn < 4; turn++) {
		struct state *loaded = rows_load(turn == 0 ? &rows : &saved, turn);
		assert_int_equal(state_digest(loaded), state_digest(state));
		assert_int_equal(state_seq(loaded), state_seq(state));
		assert_int_equal(state_people_count(loaded), state_people_count(state));
		assert_int_equal(state_absent_count(loaded), state_absent_count(state));
		assert_int_equal(state_dormant_count(loaded), state_dormant_count(state));
		assert_int_equal(state_threads_count(loaded), state_threads_count(state));
		assert_int_equal(state_room_homes(loaded, ROOM_LOBBY),
		                 state_room_homes(state, ROOM_LOBBY));
		assert_int_equal(state_room_absent_count(loaded, ROOM_LOBBY),
		                 state_room_absent_count(state, ROOM_LOBBY));
		assert_same_lines(loaded, state);
		state_destroy(loaded);
	}
	rows_finish(&saved);
}

static inline int begin(void **unused) {
	state = state_create();
	seq = 10; /* 1 is the lobby's id: a room cannot be the first of all entries */
	return 0;
}

static inline int end(void **unused) {
	assert_rows_are_the_state();
	rows_finish(&rows);
	state_destroy(state);
	return 0;
}

static inline struct slice text(const char *string) {
	return slice_from_string(string);
}

/* Applies an entry as the next one; a second apart. Returns its seq. */
static inline uint64_t apply(struct record entry) {
	entry.seq = ++seq;
	entry.time_us = seq * 1000000;
	assert_int_equal(state_apply(state, &entry, rows_follow, &rows), STATE_OK);
	assert_int_equal(state_seq(state), seq);
	assert_int_equal(state_time_us(state), seq * 1000000);
	return seq;
}

/* As the next one, or with a seq and a time of its own. */
static inline void assert_impossible(struct record entry) {
	uint64_t digest = state_digest(state);
	if (entry.seq == 0) {
		entry.seq = seq + 1;
	}
	if (entry.time_us == 0) {
		entry.time_us = entry.seq * 1000000;
	}
	assert_int_equal(state_apply(state, &entry, rows_follow, &rows), STATE_IMPOSSIBLE);
	assert_int_equal(state_digest(state), digest);
	assert_rows_are_the_state();
}

#endif
