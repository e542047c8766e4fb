/* log.db: what is committed is kept, whoever dies; what is not was never there; readers beside it. */
#include "store_help.h"

#include <signal.h>

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

int main(void) {
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(what_is_old_is_forgotten_a_little_at_a_time),
		IN_A_FOLDER(what_is_rolled_back_was_never_there),
		IN_A_FOLDER(the_state_comes_back),
		IN_A_FOLDER(a_reader_sees_one_moment),
		IN_A_FOLDER(another_user_reads_it),
		IN_A_FOLDER(what_was_committed_survives_a_kill),
		IN_A_FOLDER(synchronous_or_not_it_syncs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
