/* What is taken back is gone from the file; what is hidden, but kept, is given to who asks for it. */
#include "store_help.h"

#include "store_redact.h"

static struct record tagged(uint64_t seq, const char *tags) {
	struct record entry = said(seq, "");
	entry.kind = ENTRY_TAGGED;
	entry.tags = slice_from_string(tags);
	return entry;
}

static bool has_bytes(const char *name, const char *wanted) {
	char path[4096];
	static char bytes[1 << 20];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "r");
	size_t size = file == NULL ? 0 : fread(bytes, 1, sizeof(bytes), file);
	assert_true(size < sizeof(bytes));
	if (file != NULL) {
		fclose(file);
	}
	return memmem(bytes, size, wanted, strlen(wanted)) != NULL;
}

static void take_back(struct store *store, uint64_t seq, uint64_t number, uint64_t room) {
	struct record entry = said(seq, "why");
	entry.kind = ENTRY_REDACTED;
	entry.number = number;
	entry.room = room;
	assert_int_equal(store_begin(store), STORE_OK);
	assert_int_equal(store_put_entry(store, &entry), STORE_OK);
	assert_int_equal(store_take_back(store, &entry), STORE_OK);
	commit(store, seq, entry.time_us);
}

static void taken_back_is_gone(void **unused) {
	static char text[TEXT_BYTES_MAX + 1];
	struct store *store = open_store(STORE_WRITE);
	struct record entry;
	put_said(store, 1, 200);
	/* One that takes a page of its own, and one among others. */
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text + 4000, "LongSecret", 10);
	entry = said(201, text);
	put(store, &entry);
	entry = said(202, "ShortSecret");
	put(store, &entry);
	put_said(store, 203, 300);
	assert_int_equal(store_checkpoint(store, true), STORE_OK);
	assert_true(has_bytes("log.db", "LongSecret") && has_bytes("log.db", "ShortSecret"));
	/* Not of another room. */
	take_back(store, 301, 202, ROOM_LOBBY + 1);
	assert_int_equal(store_checkpoint(store, true), STORE_OK);
	assert_true(has_bytes("log.db", "ShortSecret"));
	take_back(store, 302, 201, ROOM_LOBBY);
	take_back(store, 303, 202, ROOM_LOBBY);
	seen.count = 0;
	assert_int_equal(store_forward(store, 200, 203, 10, see, &seen), STORE_OK);
	assert_int_equal(seen.count, 2);
	assert_int_equal(store_checkpoint(store, true), STORE_OK);
	assert_false(has_bytes("log.db", "LongSecret") || has_bytes("log.db", "ShortSecret"));
	assert_false(has_bytes("log.db-wal", "LongSecret"));
	assert_false(has_bytes("log.db-wal", "ShortSecret"));
	/* And it is whole. */
	struct store_check *check = store_check_create(store, NULL, NULL);
	while (store_check_step(check)) {
	}
	assert_int_equal(store_check_problems(check), 0);
	store_check_destroy(check);
	store_close(store);
}

static void events_are_for_who_asks(void **unused) {
	struct store *store = open_store(STORE_WRITE);
	put_said(store, 1, 2);
	struct record entries[] = {tagged(3, "+typing=active"), tagged(4, "+draft/react=lol"),
	                           tagged(5, "+draft/typing=done;+typing=done"),
	                           tagged(6, "+typing=done;+draft/reply=a"), tagged(7, "")};
	for (size_t i = 0; i < 5; i++) {
		put(store, &entries[i]);
	}
	static const uint64_t shown[] = {1, 2}, all[] = {1, 2, 4, 6};
	seen.count = 0;
	assert_int_equal(store_last(store, ROOM_LOBBY, 9, 2, see, &seen), STORE_OK);
	assert_int_equal(seen.count, 2);
	assert_memory_equal(seen.seqs, shown, sizeof(shown));
	seen.count = 0;
	assert_int_equal(store_next(store, ROOM_LOBBY, 2, 2, see, &seen), STORE_OK);
	assert_int_equal(seen.count, 0);
	assert_int_equal(store_last_events(store, ROOM_LOBBY, 9, 9, see, &seen), STORE_OK);
	assert_int_equal(seen.count, 4);
	assert_memory_equal(seen.seqs, all, sizeof(all));
	seen.count = 0;
	take_back(store, 8, 4, ROOM_LOBBY);
	assert_int_equal(store_next_events(store, ROOM_LOBBY, 2, 1, see, &seen), STORE_OK);
	assert_int_equal(seen.seqs[0], 6);
	store_close(store);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(taken_back_is_gone),
		IN_A_FOLDER(events_are_for_who_asks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
