/*
 * A stretch of the log, rendered once: what a reader gets out of it is, whatever
 * the ranges and wherever they are cut, exactly what concerns it, once and in
 * order. And who reads which rooms, from where to where.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "log_window.h"
#include "memberships.h"
#include "packing.h"
#include "state.h"

#define ROOM_OTHER 77
#define ME 5
#define MY_SESSION 6
#define SHE 9

static struct stretch window;
static struct bodies bodies;
static unsigned seed;

static unsigned dice(unsigned sides) {
	return (unsigned)rand_r(&seed) % sides;
}

static struct stretch_reader reader(const struct memberships *memberships) {
	return (struct stretch_reader){.session = MY_SESSION, .person = ME, .rooms = memberships};
}

/* ---- entries ---- */

static void add(struct record entry) {
	entry.seq = window.high + 1;
	log_window_add(&window, &entry, slice_from_string("#room"));
}

static void add_said(uint64_t room, uint64_t person, size_t size) {
	static char text[TEXT_BYTES_MAX];
	memset(text, 'x', sizeof(text));
	add((struct record){.kind = ENTRY_SAID,
	                    .room = room,
	                    .person = person,
	                    .name = slice_from_string("name"),
	                    .text = slice_of(text, size)});
}

static bool concerns(struct record entry, const struct memberships *memberships) {
	struct stretch_reader me = reader(memberships);
	add(entry);
	return stretch_concerns(&window, stretch_entry(&window, window.end - 1), &me);
}

static void begin(size_t bytes, size_t entries, uint64_t seq) {
	stretch_init(&window, bytes, entries, seq);
	bodies_init(&bodies);
}

static void finish(void) {
	bodies_finish(&bodies);
	stretch_finish(&window);
}

/* ---- a reader that reads it all ---- */

static struct {
	uint64_t cursor;
	uint64_t seqs[4096];
	unsigned count;
	uint8_t whole[2 * RECORD_BYTES_MAX];
	size_t whole_size;
} got;

static void take_entry(struct slice bytes) {
	struct wire_entry entry;
	assert_true(wire_read_entry(bytes, &entry));
	assert_true(got.count < 4096);
	got.seqs[got.count++] = entry.seq;
}

static void take_body(const struct body *body, const struct packing *packing) {
	struct wire_in in = wire_in_at(body->bytes);
	struct wire_piece piece;
	unsigned items = 0;
	struct body_hash hash;
	keys_hash_body(body->bytes, &hash);
	assert_memory_equal(hash.bytes, body->hash.bytes, sizeof(hash.bytes));
	assert_true(body->bytes.size <= WIRE_LOG_BODY_BYTES_MAX);
	while (wire_next_item(&in, &piece)) {
		items++;
		if (piece.item == ITEM_ENTRY) {
			take_entry(piece.entry);
			continue;
		}
		assert_int_equal(piece.item, ITEM_PART);
		assert_int_equal(piece.seq, packing->sent.to);
		assert_int_equal(piece.offset, got.whole_size);
		memcpy(got.whole + got.whole_size, piece.part.bytes, piece.part.size);
		got.whole_size += piece.part.size;
		if (got.whole_size == piece.total) {
			assert_true(packing->sent.is_last_part);
			take_entry(slice_of((const char *)got.whole, got.whole_size));
			got.whole_size = 0;
		}
	}
	assert_false(in.is_bad);
	assert_true((items == 0) == packing->is_empty);
	assert_true(packing->sent.part == 0 || items == 1);
}

static void read_all(const struct stretch_reader *me, uint64_t from) {
	uint8_t part = 0;
	got.cursor = from;
	got.count = 0;
	got.whole_size = 0;
	while (got.cursor < window.high) {
		struct packing packing;
		struct span span = {.from = got.cursor, .to = window.high, .part_next = part};
		packing_fill(&packing, &window, me, &span, span.from);
		assert_true(packing.sent.to > got.cursor && packing.sent.to <= window.high);
		take_body(bodies_get(&bodies, &packing, 1), &packing);
		bool is_whole = packing.sent.part == 0 || packing.sent.is_last_part;
		part = is_whole ? 0 : packing.sent.part;
		got.cursor = is_whole ? packing.sent.to : got.cursor;
	}
	assert_int_equal(got.cursor, window.high);
}

/* ---- tests ---- */

static void each_entry_concerns_whom_it_should(void **state) {
	uint64_t rooms[2] = {3, ROOM_OTHER};
	struct memberships *both = memberships_none();
	memberships_join(&both, ROOM_LOBBY, 0);
	memberships_join(&both, ROOM_OTHER, 1);
	begin(1 << 16, 64, 0);
	assert_true(concerns((struct record){.kind = ENTRY_SAID, .room = ROOM_LOBBY}, NULL));
	assert_false(concerns((struct record){.kind = ENTRY_SAID, .room = ROOM_OTHER}, NULL));
	assert_true(concerns((struct record){.kind = ENTRY_SAID, .room = ROOM_OTHER}, both));
	struct record left = {.kind = ENTRY_LEFT,
	                      .room = 2,
	                      .more_rooms = slice_of((const char *)rooms, sizeof(rooms))};
	assert_false(concerns(left, NULL));
	assert_true(concerns(left, both));
	left.person = ME;
	assert_true(concerns(left, NULL));
	assert_true(concerns((struct record){.kind = ENTRY_SHOUTED}, NULL));
	assert_true(concerns((struct record){.kind = ENTRY_CLOSED}, NULL));
	struct record direct = {.kind = ENTRY_DIRECT, .room = 12, .person = SHE, .target = 8};
	assert_false(concerns(direct, both));
	direct.target = ME;
	assert_true(concerns(direct, NULL));
	direct = (struct record){.kind = ENTRY_DIRECT, .room = 12, .person = ME, .target = SHE};
	assert_true(concerns(direct, NULL));
	struct record refused = {.kind = ENTRY_REFUSED, .person = ME, .session = 60};
	assert_false(concerns(refused, both));
	refused.session = MY_SESSION;
	assert_true(concerns(refused, NULL));
	for (unsigned kind = 0; kind < 256; kind++) {
		struct record entry = {.kind = (uint16_t)kind};
		bool is_for_nobody = kind == ENTRY_MOVED || kind == ENTRY_ABSENT ||
		                     kind == ENTRY_FORGOTTEN || kind == ENTRY_ROOM_ENDED ||
		                     kind == ENTRY_MUTED || kind == ENTRY_BANNED;
		if (is_for_nobody) {
			uint64_t end = window.end;
			add(entry);
			assert_int_equal(window.end, end);
		}
	}
	free(both);
	finish();
}

static void a_reader_gets_what_concerns_it(void **state) {
	struct stretch_reader me = reader(NULL);
	for (seed = 1; seed <= 30; seed++) {
		uint64_t expected[2000];
		unsigned count = 0;
		begin(1 << 20, 4096, 100);
		for (unsigned i = 0; i < 2000; i++) {
			unsigned roll = dice(20);
			if (roll < 4) {
				add_said(ROOM_OTHER, SHE, 1 + dice(200));
				continue;
			}
			if (roll == 4) {
				stretch_pass(&window, window.high + dice(3));
				continue;
			}
			/* Around the sizes that just fit, and those that do not. */
			size_t size = roll == 5   ? 1080 + dice(120)
			              : roll == 6 ? 1 + dice(TEXT_BYTES_MAX)
			                          : 1 + dice(100);
			add_said(ROOM_LOBBY, SHE, size);
			expected[count++] = window.high;
		}
		/* What the window has dropped, the reader does not begin with. */
		uint64_t from = window.low + dice(50);
		unsigned first = 0;
		while (first < count && expected[first] <= from) {
			first++;
		}
		read_all(&me, from);
		assert_int_equal(got.count, count - first);
		assert_memory_equal(got.seqs, expected + first, (count - first) * sizeof(uint64_t));
		finish();
	}
}

/* The low end goes as the high end comes, and what is said to be there is there. */
static void a_window_slides(void **state) {
	struct stretch_reader me = reader(NULL);
	seed = 7;
	begin(1 << 14, 32, 0);
	for (unsigned i = 0; i < 3000; i++) {
		add_said(ROOM_LOBBY, SHE, dice(30) == 0 ? 4096 : 1 + dice(300));
		assert_true(window.end - window.first <= 32);
		read_all(&me, window.low);
		assert_int_equal(got.count, window.high - window.low);
	}
	finish();
}

/* A thousand at one place have one body, and where filters differ the bytes are right as well. */
static void bodies_are_shared(void **state) {
	struct memberships *both = memberships_none();
	memberships_join(&both, ROOM_LOBBY, 0);
	memberships_join(&both, ROOM_OTHER, 3);
	begin(1 << 16, 64, 0);
	add_said(ROOM_LOBBY, SHE, 20);
	add_said(ROOM_OTHER, SHE, 20);
	add_said(ROOM_OTHER, SHE, 20);
	add_said(ROOM_LOBBY, SHE, 20);
	struct span span = {.from = 0, .to = 4};
	struct stretch_reader me = reader(NULL), her = reader(both);
	struct packing mine, hers;
	packing_fill(&mine, &window, &me, &span, 0);
	packing_fill(&hers, &window, &her, &span, 0);
	const struct body *body = bodies_get(&bodies, &mine, 1);
	assert_ptr_equal(body, bodies_get(&bodies, &mine, 1));
	assert_ptr_not_equal(body, bodies_get(&bodies, &hers, 1));
	assert_int_equal(mine.count, 2);
	assert_int_equal(mine.runs_count, 2);
	/* The second entry was before her time; the third and the fourth lie side by side. */
	assert_int_equal(hers.count, 3);
	assert_int_equal(hers.runs_count, 2);
	/* A single run lies where it was rendered. */
	span.from = 3;
	packing_fill(&mine, &window, &me, &span, 3);
	body = bodies_get(&bodies, &mine, 1);
	assert_ptr_equal(body->bytes.bytes, stretch_at(&window, mine.runs[0].at));
	for (unsigned i = 0; i < BODIES_MAX; i++) {
		add_said(ROOM_LOBBY, SHE, 20);
		span.from = window.high - 1;
		span.to = window.high;
		packing_fill(&mine, &window, &me, &span, span.from);
		bodies_get(&bodies, &mine, 2);
	}
	assert_true(bodies_would_drop(&bodies, 2));
	assert_false(bodies_would_drop(&bodies, 3));
	free(both);
	finish();
}

static void memberships_are_intervals(void **state) {
	struct memberships *all = NULL;
	assert_true(memberships_hold(all, ROOM_LOBBY, 1));
	assert_false(memberships_hold(all, ROOM_OTHER, 1));
	memberships_join(&all, ROOM_LOBBY, 7);
	memberships_part(&all, ROOM_OTHER, 7);
	assert_null(all);
	memberships_join(&all, ROOM_OTHER, 10);
	memberships_join(&all, ROOM_OTHER, 12);
	assert_int_equal(all->count, 2);
	assert_false(memberships_hold(all, ROOM_OTHER, 9));
	assert_true(memberships_hold(all, ROOM_OTHER, 10));
	memberships_part(&all, ROOM_OTHER, 20);
	memberships_join(&all, ROOM_OTHER, 30);
	assert_true(memberships_hold(all, ROOM_OTHER, 20));
	assert_false(memberships_hold(all, ROOM_OTHER, 21));
	assert_false(memberships_hold(all, ROOM_OTHER, 29));
	assert_true(memberships_hold(all, ROOM_OTHER, 31));
	assert_true(memberships_hold(all, ROOM_LOBBY, 31));
	memberships_forget(&all, 19);
	assert_int_equal(all->count, 3);
	memberships_forget(&all, 20);
	assert_int_equal(all->count, 2);
	assert_true(memberships_hold(all, ROOM_OTHER, 31));
	memberships_part(&all, ROOM_OTHER, 40);
	memberships_forget(&all, 40);
	assert_null(all);
	/* Many rooms. */
	for (uint64_t room = 100; room < 400; room++) {
		memberships_join(&all, room, room);
	}
	assert_true(memberships_hold(all, 399, 399));
	free(all);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_entry_concerns_whom_it_should),
		cmocka_unit_test(a_reader_gets_what_concerns_it),
		cmocka_unit_test(a_window_slides),
		cmocka_unit_test(bodies_are_shared),
		cmocka_unit_test(memberships_are_intervals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
