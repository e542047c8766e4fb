/* log.db: what is put in comes out byte for byte, in each of the ways in which it is asked for. */
#include "store_help.h"

static void a_new_one_is_empty(void **unused) {
	struct store *store = open_store(STORE_WRITE);
	struct store_meta meta;
	assert_true(store_is_new(store));
	assert_int_equal(store_meta(store, &meta), STORE_OK);
	assert_int_equal(meta.seq, 0);
	assert_int_equal(meta.reserve, 0);
	assert_true(meta.log != 0);
	uint64_t log = meta.log;
	store_close(store);
	store = open_store(STORE_WRITE);
	assert_false(store_is_new(store));
	assert_int_equal(store_meta(store, &meta), STORE_OK);
	assert_true(meta.log == log);
	store_close(store);
}

static void a_reader_finds_none(void **unused) {
	char why[STORE_WHY_BYTES];
	assert_int_equal(refusal(STORE_READ, why), STORE_NONE);
	assert_int_equal(refusal(STORE_BESIDE, why), STORE_NONE);
	assert_int_equal(access(in_folder("log.db"), F_OK), -1);
}

static void texts_survive_byte_for_byte(void **unused) {
	static const struct slice texts[] = {
		{"", 0},
		{"a\0b", 3},
		{"\0", 1},
		{"👩‍👩‍👧‍👦🏳️‍🌈",
	         sizeof("👩‍👩‍👧‍👦🏳️‍🌈") - 1},
		{"e\xcc\x81\xcc\x82", 5},
		{"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\x8f", 12},
		{"  two blanks \r\n", 15},
		{"\xff\xfe\x80 not UTF-8", 13},
		{"12345678901234567890", 20},
		{"1e3", 3},
		{"'; DROP TABLE entries; --", 25},
	};
	struct store *store = open_store(STORE_WRITE);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct record entry = said(i + 1, "");
		entry.text = texts[i];
		put(store, &entry);
		look(store, i + 1, i + 1);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.text_bytes, texts[i].size);
		assert_memory_equal(seen.text, texts[i].bytes, texts[i].size);
	}
	store_close(store);
}

static bool is_same(void *context, const struct record *record) {
	const struct record *wanted = context;
	_Alignas(8) static uint8_t a[RECORD_BYTES_MAX], b[RECORD_BYTES_MAX];
	struct record expected = *wanted;
	expected.request = 0;
	expected.incarnation = expected.queue = 0;
	size_t size = record_encode_public(&expected, a, sizeof(a));
	assert_int_equal(record_encode_public(record, b, sizeof(b)), size);
	assert_memory_equal(a, b, size);
	return true;
}

static void every_field_survives(void **unused) {
	uint64_t rooms[2] = {77, 99};
	struct record entry = {.kind = ENTRY_KICKED,
	                       .version = 3,
	                       .flags = 5,
	                       .seq = 41,
	                       .time_us = 1700000000000001,
	                       .request = 9,
	                       .incarnation = 8,
	                       .queue = 2,
	                       .person = 12,
	                       .session = 13,
	                       .target = 14,
	                       .number = 15,
	                       .until_us = 16,
	                       .since_us = 17,
	                       .room = ROOM_LOBBY,
	                       .more_rooms = slice_of((const char *)rooms, sizeof(rooms)),
	                       .reason = REASON_KICKED,
	                       .face = FACE_PLAIN,
	                       .name = slice_from_string("甲"),
	                       .other_name = slice_from_string("乙"),
	                       .text = slice_from_string("丙"),
	                       .by = slice_from_string("丁"),
	                       .has_net = true,
	                       .net = {.bits = 99}};
	struct store *store = open_store(STORE_WRITE);
	put(store, &entry);
	assert_int_equal(store_forward(store, 0, UINT64_MAX, 10, is_same, &entry), STORE_OK);
	assert_int_equal(store_last(store, 99, UINT64_MAX, 10, is_same, &entry), STORE_OK);
	store_close(store);
}

static void hidden_entries_leave_only_their_number(void **unused) {
	struct store *store = open_store(STORE_WRITE);
	struct record moved = {.kind = ENTRY_MOVED, .seq = 7, .time_us = 7, .session = 3};
	put(store, &moved);
	look(store, 0, UINT64_MAX);
	assert_int_equal(seen.count, 0);
	struct store_meta meta;
	store_meta(store, &meta);
	assert_int_equal(meta.seq, 7);
	store_close(store);
}

static void a_room_has_its_own_last_lines(void **unused) {
	struct store *store = open_store(STORE_WRITE);
	uint64_t more = 2;
	struct record entries[] = {
		said(1, "in the lobby"),
		{.kind = ENTRY_ROOM_MADE,
	         .seq = 2,
	         .time_us = UINT64_C(1800000000000000),
	         .name = slice_from_string("#other")},
		{.kind = ENTRY_SAID,
	         .seq = 3,
	         .time_us = UINT64_C(1800000000000000),
	         .room = 2,
	         .text = slice_from_string("elsewhere")},
		{.kind = ENTRY_SHOUTED,
	         .seq = 4,
	         .time_us = UINT64_C(1800000000000000),
	         .text = slice_from_string("to all")},
		{.kind = ENTRY_BANNED,
	         .seq = 5,
	         .time_us = UINT64_C(1800000000000000),
	         .name = slice_from_string("坏人")},
		{.kind = ENTRY_RENAMED,
	         .seq = 6,
	         .time_us = UINT64_C(1800000000000000),
	         .room = 1,
	         .more_rooms = slice_of((const char *)&more, 8),
	         .name = slice_from_string("新")},
		{.kind = ENTRY_MOVED, .seq = 7, .time_us = UINT64_C(1800000000000000)},
	};
	for (size_t i = 0; i < 7; i++) {
		put(store, &entries[i]);
	}
	static const struct {
		uint64_t room, seq;
		size_t count;
		size_t expected;
		uint64_t seqs[4];
	} rows[] = {
		{1, UINT64_MAX, 10, 3, {1, 4, 6}},
		{2, UINT64_MAX, 10, 3, {3, 4, 6}},
		{2, UINT64_MAX, 2, 2, {4, 6}},
		{1, 5, 10, 2, {1, 4}},
		{1, 3, 1, 1, {1}},
		{3, UINT64_MAX, 10, 1, {4}},
		{5, UINT64_MAX, 10, 0, {0}}, /* nothing was shown in it before it was made */
		{1, UINT64_MAX, 0, 0, {0}},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		seen.count = 0;
		assert_int_equal(
			store_last(store, rows[i].room, rows[i].seq, rows[i].count, see, &seen),
			STORE_OK);
		assert_int_equal(seen.count, rows[i].expected);
		assert_memory_equal(seen.seqs, rows[i].seqs, rows[i].expected * 8);
		/* What the tail of a ring is chosen by chooses the same. */
		size_t shown = 0;
		for (size_t j = 0; j < 7; j++) {
			shown += entries[j].seq <= rows[i].seq &&
			         store_is_shown(&entries[j], rows[i].room);
		}
		assert_true(shown >= rows[i].expected);
		assert_true(shown == rows[i].expected || rows[i].count == rows[i].expected ||
		            rows[i].room > 4);
	}
	store_close(store);
}

static struct record direct(uint64_t seq, uint64_t thread) {
	return (struct record){.kind = ENTRY_DIRECT,
	                       .seq = seq,
	                       .time_us = UINT64_C(1800000000000000) + seq,
	                       .person = 5,
	                       .target = 6,
	                       .room = thread,
	                       .client_number = seq,
	                       .name = slice_from_string("小明"),
	                       .other_name = slice_from_string("ann"),
	                       .text = slice_from_string("psst")};
}

static void last_of(struct store *store, uint64_t room) {
	seen.count = 0;
	assert_int_equal(store_last(store, room, UINT64_MAX, 10, see, &seen), STORE_OK);
}

/* Neither in rooms, nor are shouts in it. */
static void two_people_have_their_own_lines(void **unused) {
	struct store *store = open_store(STORE_WRITE);
	struct record shouted = {.kind = ENTRY_SHOUTED,
	                         .seq = 12,
	                         .time_us = UINT64_C(1800000000000012),
	                         .text = slice_from_string("to all")};
	struct record first = direct(10, 10), second = direct(11, 11), third = direct(13, 10);
	bool is_thread;
	put_said(store, 1, 3);
	put(store, &first);
	put(store, &second);
	put(store, &shouted);
	put(store, &third);
	last_of(store, ROOM_LOBBY);
	assert_int_equal(seen.count, 4);
	assert_int_equal(seen.seqs[3], 12);
	last_of(store, 10);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.seqs[0], 10);
	assert_int_equal(seen.seqs[1], 13);
	look(store, 13, 13);
	assert_int_equal(seen.last.client_number, 13);
	assert_int_equal(seen.last.target, 6);
	assert_true(slice_equal(seen.last.other_name, slice_from_string("ann")));
	assert_false(store_is_shown(&first, ROOM_LOBBY));
	assert_false(store_is_shown(&first, 11));
	assert_true(store_is_shown(&third, 10));
	/* Known by its row, too, when its messages are forgotten. */
	struct record row = {.kind = ROW_THREAD, .room = 20, .person = 5, .target = 6};
	assert_int_equal(store_begin(store), STORE_OK);
	assert_int_equal(store_put_row(store, &row, false), STORE_OK);
	commit(store, 20, UINT64_C(1800000000000020));
	static const struct {
		uint64_t room;
		bool is_thread;
	} rows[] = {{10, true},          {11, true}, {20, true},
	            {ROOM_LOBBY, false}, {0, false}, {12, false}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(store_is_thread(store, rows[i].room, &is_thread), STORE_OK);
		assert_int_equal(is_thread, rows[i].is_thread);
	}
	last_of(store, 20);
	assert_int_equal(seen.count, 0);
	store_close(store);
}

static void slices_go_both_ways(void **unused) {
	struct store *store = open_store(STORE_WRITE);
	put_said(store, 10, 20);
	seen.count = 0;
	store_forward(store, 12, UINT64_MAX, 3, see, &seen);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.seqs[0], 12);
	assert_int_equal(seen.seqs[2], 14);
	seen.count = 0;
	store_backward(store, 0, 15, 3, see, &seen);
	assert_int_equal(seen.seqs[0], 15);
	assert_int_equal(seen.seqs[2], 13);
	store_close(store);
}

static void moves_are_found_by_person(void **unused) {
	struct store *store = open_store(STORE_WRITE);
	for (uint64_t seq = 1; seq <= 40; seq++) {
		struct record entry = said(seq, "");
		entry.person = 5 + seq % 2;
		entry.kind = seq % 3 == 0 ? ENTRY_SAID : seq % 3 == 1 ? ENTRY_JOINED : ENTRY_PARTED;
		put(store, &entry);
	}
	seen.count = 0;
	assert_int_equal(store_moves(store, 5, 4, 3, see, &seen), STORE_OK);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.seqs[0], 8);
	assert_int_equal(seen.seqs[1], 10);
	assert_int_equal(seen.seqs[2], 14);
	seen.count = 0;
	assert_int_equal(store_moves(store, 7, 0, 3, see, &seen), STORE_OK);
	assert_int_equal(seen.count, 0);
	store_close(store);
}

static void the_first_entry_of_a_time_is_found(void **unused) {
	struct store *store = open_store(STORE_WRITE);
	uint64_t seq;
	assert_int_equal(store_seq_since(store, 0, &seq), STORE_OK);
	assert_true(seq == UINT64_MAX);
	put_said(store, 1, 9);
	put_said(store, 1000000, 1000100);
	for (uint64_t wanted = 1; wanted <= 9; wanted++) {
		assert_int_equal(store_seq_since(store, said(wanted, "").time_us, &seq), STORE_OK);
		assert_int_equal(seq, wanted);
	}
	assert_int_equal(store_seq_since(store, said(9, "").time_us + 1, &seq), STORE_OK);
	assert_int_equal(seq, 1000000);
	assert_int_equal(store_seq_since(store, UINT64_MAX, &seq), STORE_OK);
	assert_true(seq == UINT64_MAX);
	assert_int_equal(store_seq_since(store, 0, &seq), STORE_OK);
	assert_int_equal(seq, 1);
	store_close(store);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(a_new_one_is_empty),
		IN_A_FOLDER(a_reader_finds_none),
		IN_A_FOLDER(texts_survive_byte_for_byte),
		IN_A_FOLDER(every_field_survives),
		IN_A_FOLDER(hidden_entries_leave_only_their_number),
		IN_A_FOLDER(a_room_has_its_own_last_lines),
		IN_A_FOLDER(two_people_have_their_own_lines),
		IN_A_FOLDER(slices_go_both_ways),
		IN_A_FOLDER(moves_are_found_by_person),
		IN_A_FOLDER(the_first_entry_of_a_time_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
