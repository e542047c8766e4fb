/* Whom the hub wakes when a batch is published: whom something in it concerns, and nobody else. */
#include "ring_help.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "bells.h"

#define EDGES 3

static struct house house;
static struct options options;
static struct state *people;
static struct bells bells;
static struct board boards[PROCESSES_MAX];

static int begin(void **unused) {
	int fd = make_ring(SMALL_RING, 1);
	people = state_create();
	options.edges = EDGES;
	house = (struct house){.options = &options, .ring = ring_open(fd, true)};
	close(fd);
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		bool is_there =
			i <= PROCESS_CONSOLE || (i >= PROCESS_EDGE_0 && i < PROCESS_EDGE_0 + EDGES);
		memset(&boards[i], 0, sizeof(boards[i]));
		atomic_store(&boards[i].asleep, 1);
		house.boards[i] = is_there ? &boards[i] : NULL;
		house.bells[i] = is_there ? eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) : -1;
	}
	house.own = &boards[PROCESS_HUB];
	bells_begin(&bells, &house, people);
	return 0;
}

static int end(void **unused) {
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		if (house.bells[i] >= 0) {
			close(house.bells[i]);
		}
	}
	ring_close(house.ring);
	state_destroy(people);
	return 0;
}

/* Bit i: edge i was rung. */
static unsigned rung_edges(void) {
	unsigned rung = 0;
	bells_ring(&bells);
	for (unsigned i = 0; i < EDGES; i++) {
		uint64_t rings;
		ssize_t got = read(house.bells[PROCESS_EDGE_0 + i], &rings, sizeof(rings));
		rung |= (unsigned)(got > 0) << i;
	}
	return rung;
}

/* As append_decision() does: before it is applied and after. */
static void happens(const struct record *entry) {
	bells_note(&bells, entry);
	assert_int_equal(state_apply(people, entry, NULL, NULL), STATE_OK);
	bells_note(&bells, entry);
}

static void enters(uint64_t seq, const char *name, uint16_t home) {
	const struct record entry = {.kind = ENTRY_ENTERED,
	                             .seq = seq,
	                             .time_us = seq,
	                             .person = seq,
	                             .session = seq,
	                             .name = slice_from_string(name),
	                             .face = FACE_IRC,
	                             .home = home,
	                             .userhost = slice_from_string("someone@here")};
	happens(&entry);
}

static void watchers_are_woken_by_people(void **unused) {
	enters(10, "ann", 0);
	assert_int_equal(rung_edges(), 1);
	/* Nobody watches: only where they are. */
	enters(11, "bob", 1);
	assert_int_equal(rung_edges(), 2);
	/* Said as late as between the decision and the bells. */
	enters(12, "eva", 0);
	atomic_store(&boards[PROCESS_EDGE_0 + 2].watches, 1);
	assert_int_equal(rung_edges(), 1 | 4);
	atomic_store(&boards[PROCESS_EDGE_0 + 2].watches, 0);
	enters(13, "kim", 0);
	assert_int_equal(rung_edges(), 1);
	assert_int_equal(rung_edges(), 0);
}

static void by_whatever_becomes_of_them(void **unused) {
	static const uint16_t kinds[] = {ENTRY_ENTERED, ENTRY_LEFT,     ENTRY_KICKED,
	                                 ENTRY_RENAMED, ENTRY_ATTACHED, ENTRY_DETACHED,
	                                 ENTRY_AWAY,    ENTRY_PROFILE,  ENTRY_ACCOUNT_ENDED};
	atomic_store(&boards[PROCESS_EDGE_0 + 1].watches, 5);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct record entry = {.kind = kinds[i], .seq = 10, .person = 10};
		bells_note(&bells, &entry);
		assert_int_equal(rung_edges(), 2);
	}
	/* And by nothing that is said or set: a batch wakes them once, or not at all. */
	for (uint16_t kind = 1; kind < 256; kind++) {
		const struct record entry = {.kind = kind, .seq = 10, .person = 10};
		bool is_of_people = false;
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			is_of_people |= kind == kinds[i];
		}
		bells_note(&bells, &entry);
		unsigned rung = rung_edges();
		assert_true(rung == 7 || rung == (is_of_people ? 2 : 0));
	}
}

/* Who is away, or has another real name, is seen in its rooms: those are in no such entry. */
static void who_sees_them_hears_what_they_are(void **unused) {
	enters(10, "ann", 0);
	enters(11, "bob", 1);
	enters(12, "eva", 2);
	const struct record made = {.kind = ENTRY_ROOM_MADE,
	                            .seq = 13,
	                            .time_us = 13,
	                            .name = slice_from_string("#tea")};
	happens(&made);
	for (uint64_t person = 10; person <= 11; person++) {
		const struct record joined = {.kind = ENTRY_JOINED,
		                              .seq = person + 4,
		                              .time_us = person + 4,
		                              .person = person,
		                              .session = person,
		                              .room = 13};
		happens(&joined);
	}
	rung_edges();
	struct record away = {.kind = ENTRY_AWAY,
	                      .seq = 16,
	                      .time_us = 16,
	                      .person = 10,
	                      .session = 10,
	                      .name = slice_from_string("ann"),
	                      .text = slice_from_string("out")};
	happens(&away);
	assert_int_equal(rung_edges(), 1 | 2);
	away.kind = ENTRY_PROFILE;
	away.number = PROFILE_REALNAME;
	away.seq = away.time_us = 17;
	happens(&away);
	assert_int_equal(rung_edges(), 1 | 2);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(watchers_are_woken_by_people, begin, end),
		cmocka_unit_test_setup_teardown(by_whatever_becomes_of_them, begin, end),
		cmocka_unit_test_setup_teardown(who_sees_them_hears_what_they_are, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
