/* log.db: what is put in comes out byte for byte; what is damaged is said and left alone. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record.h"
#include "state.h"
#include "store.h"
#include "store_read.h"
#include "store_schema.h"
#include "store_write.h"

/* ---- a folder for each test ---- */

static char folder[64];

static int drop(const char *path, const struct stat *status, int type, struct FTW *walk) {
	return remove(path);
}

static int make_folder(void **unused) {
	snprintf(folder, sizeof(folder), "/tmp/qun-store-XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int drop_folder(void **unused) {
	return nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *in_folder(const char *name) {
	static char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* ---- a store, and what is put in ---- */

static struct store *open_store(enum store_use use) {
	struct store *store;
	char why[STORE_WHY_BYTES] = "";
	enum store_error error = store_open(&store, folder, use, why);
	if (error != STORE_OK) {
		print_error("%s\n", why);
	}
	assert_int_equal(error, STORE_OK);
	return store;
}

static enum store_error refusal(enum store_use use, char why[static STORE_WHY_BYTES]) {
	struct store *store;
	enum store_error error = store_open(&store, folder, use, why);
	if (error == STORE_OK) {
		store_close(store);
		why[0] = '\0';
	} else {
		assert_null(store);
		assert_true(strlen(why) > 10);
	}
	return error;
}

static struct record said(uint64_t seq, const char *text) {
	return (struct record){.kind = ENTRY_SAID,
	                       .seq = seq,
	                       .time_us = 1700000000000000 + seq * 1000000,
	                       .person = 5,
	                       .room = ROOM_LOBBY,
	                       .name = slice_from_string("小明"),
	                       .text = slice_from_string(text)};
}

static void commit(struct store *store, uint64_t seq, uint64_t time_us) {
	struct store_meta meta;
	assert_int_equal(store_meta(store, &meta), STORE_OK);
	meta.seq = seq;
	meta.time_us = time_us;
	assert_int_equal(store_commit(store, &meta), STORE_OK);
}

static void put(struct store *store, const struct record *entry) {
	assert_int_equal(store_begin(store), STORE_OK);
	assert_int_equal(store_put_entry(store, entry), STORE_OK);
	commit(store, entry->seq, entry->time_us);
}

static void put_said(struct store *store, uint64_t from, uint64_t to) {
	assert_int_equal(store_begin(store), STORE_OK);
	uint64_t time_us = 0;
	for (uint64_t seq = from; seq <= to; seq++) {
		char text[32];
		snprintf(text, sizeof(text), "第 %llu 句", (unsigned long long)seq);
		struct record entry = said(seq, text);
		time_us = entry.time_us;
		assert_int_equal(store_put_entry(store, &entry), STORE_OK);
	}
	commit(store, to, time_us);
}

/* What came out. */
struct seen {
	size_t count;
	uint64_t seqs[4096];
	struct record last;
	char text[8192];
	size_t text_bytes;
};

static bool see(void *context, const struct record *record) {
	struct seen *seen = context;
	seen->seqs[seen->count++] = record->seq;
	seen->last = *record;
	seen->text_bytes = record->text.size;
	memcpy(seen->text, record->text.size == 0 ? "" : record->text.bytes, record->text.size);
	return seen->count < 4096;
}

static struct seen seen;

static void look(struct store *store, uint64_t from, uint64_t to) {
	seen.count = 0;
	assert_int_equal(store_forward(store, from, to, 4096, see, &seen), STORE_OK);
}

/* How many problems a whole reading finds. */
static size_t problems_of(struct store *store) {
	struct store_check *check = store_check_create(store, NULL, NULL);
	assert_non_null(check);
	while (store_check_step(check)) {
	}
	size_t problems = store_check_problems(check);
	store_check_destroy(check);
	return problems;
}

/* ---- tests ---- */

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

/* What is to be forgotten is known before it goes; *seq: up to where, 0: there is nothing. */
static size_t forget(struct store *store, uint64_t before_us, size_t most, uint64_t *seq) {
	size_t count = 0;
	struct store_meta before, between;
	store_meta(store, &before);
	assert_int_equal(store_forgettable(store, before_us, most, seq), STORE_OK);
	store_meta(store, &between);
	assert_int_equal(between.forgotten, before.forgotten);
	if (*seq != 0) {
		assert_int_equal(store_forget(store, *seq, &count), STORE_OK);
		store_meta(store, &between);
		assert_int_equal(between.forgotten, *seq);
	}
	return count;
}

static void what_is_old_is_forgotten_a_little_at_a_time(void **unused) {
	struct store *store = open_store(STORE_WRITE);
	uint64_t seq;
	struct store_meta meta;
	assert_int_equal(forget(store, UINT64_MAX, 10, &seq), 0);
	assert_int_equal(seq, 0);
	put_said(store, 1, 100);
	assert_int_equal(forget(store, said(51, "").time_us, 30, &seq), 30);
	assert_int_equal(seq, 30);
	assert_int_equal(forget(store, said(51, "").time_us, 30, &seq), 20);
	assert_int_equal(seq, 50);
	store_meta(store, &meta);
	/* It is not what a commit says. */
	meta.forgotten = 7;
	assert_int_equal(store_begin(store), STORE_OK);
	assert_int_equal(store_commit(store, &meta), STORE_OK);
	assert_int_equal(forget(store, said(51, "").time_us, 30, &seq), 0);
	assert_int_equal(seq, 0);
	look(store, 0, UINT64_MAX);
	assert_int_equal(seen.count, 50);
	assert_int_equal(seen.seqs[0], 51);
	assert_int_equal(forget(store, UINT64_MAX, 1000, &seq), 50);
	assert_int_equal(seq, 100);
	store_close(store);
}

static void what_is_rolled_back_was_never_there(void **unused) {
	struct store *store = open_store(STORE_WRITE);
	put_said(store, 1, 3);
	struct record entry = said(4, "gone");
	assert_int_equal(store_begin(store), STORE_OK);
	assert_int_equal(store_put_entry(store, &entry), STORE_OK);
	store_rollback(store);
	look(store, 0, UINT64_MAX);
	assert_int_equal(seen.count, 3);
	/* The same number once more is refused, and the transaction with it. */
	entry.seq = 3;
	assert_int_equal(store_begin(store), STORE_OK);
	assert_int_not_equal(store_put_entry(store, &entry), STORE_OK);
	put_said(store, 4, 4);
	store_close(store);
}

/* ---- rows ---- */

static void keep_row(void *context, const struct record *row, bool is_gone) {
	assert_int_equal(store_put_row(context, row, is_gone), STORE_OK);
}

static bool load_row(void *context, const struct record *row) {
	assert_int_equal(state_load_row(context, row), STATE_OK);
	return true;
}

static void the_state_comes_back(void **unused) {
	struct store *store = open_store(STORE_WRITE);
	struct state *state = state_create();
	struct record entries[] = {
		{.kind = ENTRY_ENTERED,
	         .person = 1,
	         .session = 1,
	         .room = ROOM_LOBBY,
	         .name = slice_from_string("甲"),
	         .face = FACE_PLAIN,
	         .has_route = true,
	         .home = 3,
	         .route = {.peer = {.ip = {1}, .port = 5}, .local = {2}, .listener = 1}},
		{.kind = ENTRY_ENTERED,
	         .person = 2,
	         .session = 2,
	         .room = ROOM_LOBBY,
	         .name = slice_from_string("乙")},
		{.kind = ENTRY_ROOM_MADE, .name = slice_from_string("#three")},
		{.kind = ENTRY_RENAMED,
	         .person = 2,
	         .name = slice_from_string("丙"),
	         .other_name = slice_from_string("乙"),
	         .room = ROOM_LOBBY},
		{.kind = ENTRY_MUTED, .name = slice_from_string("甲"), .until_us = 12345},
		{.kind = ENTRY_BANNED, .has_net = true, .net = {.bits = 8}},
		{.kind = ENTRY_MOVED,
	         .person = 1,
	         .session = 1,
	         .has_route = true,
	         .home = 2,
	         .route = {.peer = {.ip = {1}, .port = 6}}},
		{.kind = ENTRY_LEFT, .person = 2, .session = 2, .room = ROOM_LOBBY},
		{.kind = ENTRY_RENAMED,
	         .person = 1,
	         .name = slice_from_string("丁"),
	         .other_name = slice_from_string("甲"),
	         .room = ROOM_LOBBY},
	};
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		entries[i].seq = i + 1;
		entries[i].time_us = 1000 + i;
		assert_int_equal(store_begin(store), STORE_OK);
		assert_int_equal(state_apply(state, &entries[i], keep_row, store), STATE_OK);
		assert_int_equal(store_put_entry(store, &entries[i]), STORE_OK);
		commit(store, entries[i].seq, entries[i].time_us);

		struct state *again = state_create();
		assert_int_equal(store_rows(store, load_row, again), STORE_OK);
		assert_int_equal(state_seq(again), i + 1);
		assert_true(state_digest(again) == state_digest(state));
		state_destroy(again);
	}
	assert_int_equal(problems_of(store), 0);
	state_destroy(state);
	store_close(store);
}

/* ---- readers ---- */

static void a_reader_sees_one_moment(void **unused) {
	struct store *writer = open_store(STORE_WRITE);
	put_said(writer, 1, 10);
	struct store *reader = open_store(STORE_READ);
	assert_int_equal(store_snapshot(reader), STORE_OK);
	put_said(writer, 11, 20);
	look(reader, 0, UINT64_MAX);
	assert_int_equal(seen.count, 10);
	/* Nor is the WAL taken away from under it, nor anybody kept waiting. */
	assert_int_equal(store_checkpoint(writer, true), STORE_BUSY);
	store_release(reader);
	look(reader, 0, UINT64_MAX);
	assert_int_equal(seen.count, 20);
	assert_int_equal(store_checkpoint(writer, true), STORE_OK);
	assert_int_equal(store_wal_bytes(writer), 0);
	store_close(reader);
	store_close(writer);
}

/* In a child under another user: can it read what this one left? */
static int read_as_nobody(void) {
	pid_t child = fork();
	if (child == 0) {
		char why[STORE_WHY_BYTES] = "";
		struct store *store;
		if (setgid(65534) != 0 || setuid(65534) != 0) {
			_exit(3);
		}
		if (store_open(&store, folder, STORE_READ, why) != STORE_OK) {
			dprintf(2, "%s\n", why);
			_exit(4);
		}
		seen.count = 0;
		store_forward(store, 0, UINT64_MAX, 4096, see, &seen);
		_exit(seen.count == 10 ? 0 : 5);
	}
	int status = -1;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void another_user_reads_it(void **unused) {
	if (geteuid() != 0) {
		return;
	}
	chmod(folder, 0755);
	struct store *store = open_store(STORE_WRITE);
	put_said(store, 1, 10);
	chmod(in_folder("log.db"), 0644);
	assert_int_equal(read_as_nobody(), 0); /* beside the writer */
	store_checkpoint(store, true);
	store_close(store);
	assert_int_equal(access(in_folder("log.db-wal"), F_OK), -1);
	assert_int_equal(read_as_nobody(), 0); /* after a clean end */
}

/* ---- damage ---- */

static void fill(uint64_t entries) {
	struct store *store = open_store(STORE_WRITE);
	put_said(store, 1, entries);
	store_checkpoint(store, true);
	store_close(store);
}

static void scribble(const char *name, off_t at, size_t size) {
	char noise[4096];
	memset(noise, 0xA5, sizeof(noise));
	int fd = open(in_folder(name), O_RDWR);
	assert_true(fd >= 0);
	if (at < 0) {
		at += lseek(fd, 0, SEEK_END);
	}
	assert_int_equal(pwrite(fd, noise, size, at), size);
	close(fd);
}

static uint64_t fingerprint(const char *name) {
	uint64_t sum = 14695981039346656037u;
	unsigned char buffer[65536];
	int fd = open(in_folder(name), O_RDONLY);
	assert_true(fd >= 0);
	ssize_t got;
	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t i = 0; i < got; i++) {
			sum = (sum ^ buffer[i]) * 1099511628211u;
		}
	}
	close(fd);
	return sum;
}

/* A writer refuses it in a sentence that names it, and changes nothing. */
static void assert_damaged(void) {
	char why[STORE_WHY_BYTES];
	uint64_t before = fingerprint("log.db");
	assert_int_equal(refusal(STORE_WRITE, why), STORE_DAMAGED);
	assert_non_null(strstr(why, "log.db"));
	assert_non_null(strstr(why, "damaged"));
	assert_true(fingerprint("log.db") == before);
}

static void a_damaged_header_is_said(void **unused) {
	fill(1000);
	scribble("log.db", 0, 100);
	assert_damaged();
}

static void a_damaged_header_is_said_beside_a_wal(void **unused) {
	/* Killed: the WAL is still there, with a good first page in it. */
	pid_t child = fork();
	if (child == 0) {
		struct store *store = open_store(STORE_WRITE);
		put_said(store, 1, 100);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	assert_int_equal(access(in_folder("log.db-wal"), F_OK), 0);
	scribble("log.db", 0, 16);
	assert_damaged();
}

static void a_damaged_schema_is_said(void **unused) {
	fill(1000);
	sqlite3 *db;
	assert_int_equal(sqlite3_open(in_folder("log.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "ALTER TABLE entries ADD COLUMN x", NULL, NULL, NULL),
	                 SQLITE_OK);
	sqlite3_close(db);
	assert_damaged();
}

static void damaged_last_rows_are_said(void **unused) {
	fill(1000);
	struct stat status;
	assert_int_equal(stat(in_folder("log.db"), &status), 0);
	/* The last pages hold the last entries and their places in the index. */
	for (off_t at = status.st_size - 8 * 4096; at < status.st_size; at += 4096) {
		scribble("log.db", at, 4096);
	}
	assert_damaged();
}

static void a_cut_file_is_said(void **unused) {
	fill(1000);
	struct stat status;
	assert_int_equal(stat(in_folder("log.db"), &status), 0);
	assert_int_equal(truncate(in_folder("log.db"), status.st_size / 2), 0);
	assert_damaged();
}

static void a_missing_file_beside_its_wal_is_said(void **unused) {
	pid_t child = fork();
	if (child == 0) {
		struct store *store = open_store(STORE_WRITE);
		put_said(store, 1, 100);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	char why[STORE_WHY_BYTES];
	unlink(in_folder("log.db"));
	assert_int_equal(refusal(STORE_WRITE, why), STORE_DAMAGED);
	assert_int_equal(access(in_folder("log.db"), F_OK), -1);
	assert_int_equal(access(in_folder("log.db-wal"), F_OK), 0);
}

static void damage_in_the_middle_is_found_by_the_check(void **unused) {
	fill(4000);
	struct store *store = open_store(STORE_READ);
	assert_int_equal(problems_of(store), 0);
	store_close(store);
	scribble("log.db", 20 * 4096, 4096);
	store = open_store(STORE_READ);
	assert_true(problems_of(store) > 0);
	store_close(store);
}

static void an_index_that_lacks_or_invents_is_found(void **unused) {
	static const struct {
		const char *sql;
		size_t problems;
	} rows[] = {
		{"PRAGMA writable_schema = 1; DELETE FROM entry_rooms WHERE seq = 3", 1},
		{"INSERT INTO entry_rooms VALUES (9, 4711)", 1},
		{"UPDATE entries SET time = 0 WHERE seq = 5", 1},
		{"UPDATE entries SET more = x'0102' WHERE seq = 5", 1},
		{"UPDATE entries SET kind = 7 WHERE seq = 5", 1},
		{"INSERT INTO rows VALUES (769, 1, 0, x'00')", 1},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct store *store = open_store(STORE_WRITE);
		uint64_t more = 9;
		put_said(store, 1, 2);
		struct record entry = said(3, "in two rooms");
		entry.more_rooms = slice_of((const char *)&more, 8);
		put(store, &entry);
		put_said(store, 4, 9);
		assert_int_equal(problems_of(store), 0);
		sqlite3 *db;
		assert_int_equal(sqlite3_open(in_folder("log.db"), &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, rows[i].sql, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		assert_int_equal(problems_of(store), rows[i].problems);
		store_close(store);
		drop_folder(NULL);
		make_folder(NULL);
	}
}

static void another_programs_file_is_refused(void **unused) {
	sqlite3 *db;
	assert_int_equal(sqlite3_open(in_folder("log.db"), &db), SQLITE_OK);
	sqlite3_exec(db, "CREATE TABLE dogs (name)", NULL, NULL, NULL);
	sqlite3_close(db);
	char why[STORE_WHY_BYTES];
	uint64_t before = fingerprint("log.db");
	assert_int_equal(refusal(STORE_WRITE, why), STORE_FOREIGN);
	assert_true(fingerprint("log.db") == before);
}

/* ---- versions ---- */

static void set_version(int version) {
	sqlite3 *db;
	char sql[64];
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version);
	assert_int_equal(sqlite3_open(in_folder("log.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void a_newer_version_is_refused(void **unused) {
	char why[STORE_WHY_BYTES];
	fill(10);
	set_version(STORE_VERSION + 6);
	uint64_t before = fingerprint("log.db");
	assert_int_equal(refusal(STORE_WRITE, why), STORE_NEWER);
	assert_non_null(strstr(why, "newer version"));
	assert_non_null(strstr(why, "--data"));
	assert_int_equal(refusal(STORE_READ, why), STORE_NEWER);
	assert_true(fingerprint("log.db") == before);
}

/* As version 0.1.0 has made it: schema 1. */
static void make_schema_1(const char *more) {
	static const char sql[] =
		"CREATE TABLE meta (log INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT "
		"NULL, ring INTEGER NOT NULL, position INTEGER NOT NULL, reserve INTEGER NOT NULL);"
		"CREATE TABLE entries (seq INTEGER PRIMARY KEY, room INTEGER, time INTEGER NOT "
		"NULL, kind INTEGER NOT NULL, person INTEGER, name TEXT, text TEXT, more BLOB);"
		"CREATE UNIQUE INDEX entries_by_room ON entries (room, seq) WHERE room IS NOT "
		"NULL;"
		"CREATE TABLE entry_rooms (room INTEGER NOT NULL, seq INTEGER NOT NULL, "
		"PRIMARY KEY (room, seq)) WITHOUT ROWID;"
		"CREATE INDEX entry_rooms_by_seq ON entry_rooms (seq);"
		"CREATE TABLE rows (kind INTEGER NOT NULL, id INTEGER NOT NULL, other INTEGER NOT "
		"NULL, record BLOB NOT NULL, PRIMARY KEY (kind, id, other)) WITHOUT ROWID;"
		"PRAGMA application_id = 0x71756e31; PRAGMA user_version = 1;";
	sqlite3 *db;
	assert_int_equal(sqlite3_open(in_folder("log.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, more, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void schema_1_is_brought_up(void **unused) {
	char why[STORE_WHY_BYTES];
	struct store_meta meta;
	make_schema_1("INSERT INTO meta VALUES (77, 9, 900, 5, 6, 1000);"
	              "INSERT INTO entries VALUES (4, 1, 400, 3, 2, 'ann', 'hello', NULL);"
	              "INSERT INTO entries VALUES (9, 1, 900, 3, 2, 'ann', 'bye', NULL)");
	assert_int_equal(refusal(STORE_READ, why), STORE_OLDER);
	struct store *store = open_store(STORE_WRITE);
	assert_int_equal(store_migrated_from(store), 1);
	assert_int_equal(store_meta(store, &meta), STORE_OK);
	assert_int_equal(meta.log, 77);
	assert_int_equal(meta.seq, 9);
	assert_int_equal(meta.reserve, 1000);
	assert_int_equal(meta.forgotten, 3); /* what is older than the oldest is gone */
	look(store, 0, UINT64_MAX);
	assert_int_equal(seen.count, 2);
	assert_int_equal(problems_of(store), 0);
	store_close(store);
	store = open_store(STORE_READ);
	store_close(store);
	assert_int_equal(access(in_folder("log.db.v1"), F_OK), 0);
}

/* Schema 2: whoever is put out of a room did not count among the moves. */
static void schema_2_is_brought_up(void **unused) {
	make_schema_1("ALTER TABLE meta ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;"
	              "CREATE INDEX moves_by_person ON entries (person, seq) WHERE kind IN (14, "
	              "15);"
	              "INSERT INTO meta VALUES (77, 9, 900, 5, 6, 1000, 0);"
	              "INSERT INTO entries VALUES (4, 1, 400, 14, 2, 'ann', NULL, NULL);"
	              "PRAGMA user_version = 2");
	struct store *store = open_store(STORE_WRITE);
	assert_int_equal(store_migrated_from(store), 2);
	look(store, 0, UINT64_MAX);
	assert_int_equal(seen.count, 1);
	assert_int_equal(problems_of(store), 0);
	store_close(store);
	assert_int_equal(access(in_folder("log.db.v2"), F_OK), 0);
}

static void a_new_folder_of_schema_1_has_forgotten_nothing(void **unused) {
	struct store_meta meta;
	make_schema_1("INSERT INTO meta VALUES (77, 0, 0, 0, 0, 1000)");
	struct store *store = open_store(STORE_WRITE);
	assert_int_equal(store_meta(store, &meta), STORE_OK);
	assert_int_equal(meta.forgotten, 0);
	store_close(store);
}

static void an_older_version_is_migrated_after_a_copy(void **unused) {
	static const struct store_migration steps[] = {
		[STORE_VERSION - 1] = {"ALTER TABLE meta ADD COLUMN colour TEXT"},
		[STORE_VERSION] = {"UPDATE meta SET colour = 'green'"},
	};
	fill(10);
	struct store *store = open_store(STORE_WRITE);
	assert_int_equal(store_schema_bring_up(store, steps, STORE_VERSION + 2), STORE_OK);
	assert_int_equal(store_migrated_from(store), STORE_VERSION);
	int64_t count;
	assert_int_equal(
		store_pragma(store, "SELECT count(*) FROM meta WHERE colour = 'green'", &count),
		STORE_OK);
	assert_int_equal(count, 1);
	assert_int_equal(store_pragma(store, "PRAGMA user_version", &count), STORE_OK);
	assert_int_equal(count, STORE_VERSION + 2);
	store_close(store);
	/* The copy is the old file: put back, it opens. */
	char copy[128];
	snprintf(copy, sizeof(copy), "%s/log.db.v%d", folder, STORE_VERSION);
	assert_int_equal(rename(copy, in_folder("log.db")), 0);
	store = open_store(STORE_WRITE);
	look(store, 0, UINT64_MAX);
	assert_int_equal(seen.count, 10);
	store_close(store);
}

static void a_migration_that_fails_changes_nothing(void **unused) {
	static const struct store_migration steps[] = {
		[STORE_VERSION - 1] = {"DELETE FROM entries; UPDATE nothing SET x = 1"},
	};
	fill(10);
	struct store *store = open_store(STORE_WRITE);
	assert_int_not_equal(store_schema_bring_up(store, steps, STORE_VERSION + 1), STORE_OK);
	store_close(store);
	store = open_store(STORE_WRITE);
	look(store, 0, UINT64_MAX);
	assert_int_equal(seen.count, 10);
	store_close(store);
}

/* ---- dying ---- */

static void what_was_committed_survives_a_kill(void **unused) {
	struct store *store = open_store(STORE_WRITE);
	store_close(store);
	for (int round = 0; round < 5; round++) {
		int ends[2];
		assert_int_equal(pipe(ends), 0);
		pid_t child = fork();
		if (child == 0) {
			store = open_store(STORE_WRITE);
			struct store_meta meta;
			store_meta(store, &meta);
			for (uint64_t seq = meta.seq + 1;; seq++) {
				put_said(store, seq, seq);
				if (write(ends[1], &seq, sizeof(seq)) != sizeof(seq)) {
					_exit(1);
				}
			}
		}
		close(ends[1]);
		uint64_t seq = 0;
		for (int i = 0; i < 20 + round * 7; i++) {
			assert_int_equal(read(ends[0], &seq, sizeof(seq)), sizeof(seq));
		}
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (read(ends[0], &seq, sizeof(seq)) == sizeof(seq)) {
		}
		close(ends[0]);
		store = open_store(STORE_WRITE);
		struct store_meta meta;
		store_meta(store, &meta);
		assert_true(meta.seq >= seq);
		look(store, 0, UINT64_MAX);
		assert_int_equal(seen.count, meta.seq);
		assert_int_equal(problems_of(store), 0);
		store_close(store);
	}
}

static void synchronous_or_not_it_syncs(void **unused) {
	struct store *store = open_store(STORE_WRITE);
	put_said(store, 1, 3);
	assert_int_equal(store_sync(store), STORE_OK);
	assert_int_equal(store_set_synchronous(store, true), STORE_OK);
	put_said(store, 4, 5);
	store_close(store);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_folder, drop_folder)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_new_one_is_empty),
		TEST(a_reader_finds_none),
		TEST(texts_survive_byte_for_byte),
		TEST(every_field_survives),
		TEST(hidden_entries_leave_only_their_number),
		TEST(a_room_has_its_own_last_lines),
		TEST(slices_go_both_ways),
		TEST(moves_are_found_by_person),
		TEST(the_first_entry_of_a_time_is_found),
		TEST(what_is_old_is_forgotten_a_little_at_a_time),
		TEST(what_is_rolled_back_was_never_there),
		TEST(the_state_comes_back),
		TEST(a_reader_sees_one_moment),
		TEST(another_user_reads_it),
		TEST(a_damaged_header_is_said),
		TEST(a_damaged_header_is_said_beside_a_wal),
		TEST(a_damaged_schema_is_said),
		TEST(damaged_last_rows_are_said),
		TEST(a_cut_file_is_said),
		TEST(a_missing_file_beside_its_wal_is_said),
		TEST(damage_in_the_middle_is_found_by_the_check),
		TEST(an_index_that_lacks_or_invents_is_found),
		TEST(another_programs_file_is_refused),
		TEST(a_newer_version_is_refused),
		TEST(two_people_have_their_own_lines),
		TEST(schema_1_is_brought_up),
		TEST(schema_2_is_brought_up),
		TEST(a_new_folder_of_schema_1_has_forgotten_nothing),
		TEST(an_older_version_is_migrated_after_a_copy),
		TEST(a_migration_that_fails_changes_nothing),
		TEST(what_was_committed_survives_a_kill),
		TEST(synchronous_or_not_it_syncs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
