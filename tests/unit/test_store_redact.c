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

/* One of account 100, whose person is 50, and was called so. */
static struct record did(uint64_t seq, uint64_t person, const char *name, uint64_t bits) {
	static char text[8][64];
	struct record entry = said(seq, "");
	snprintf(text[seq % 8], sizeof(text[0]), "Secret%llu by somebody", (unsigned long long)seq);
	entry.text = slice_from_string(text[seq % 8]);
	entry.person = person;
	entry.name = slice_from_string(name);
	entry.bits = bits;
	return entry;
}

static void put_erased(struct store *store, uint64_t seq) {
	struct record entry = said(seq, "");
	entry.kind = ENTRY_ERASED;
	entry.target = 100;
	entry.person = 50;
	entry.name = slice_from_string("ming");
	assert_int_equal(store_begin(store), STORE_OK);
	assert_int_equal(store_put_entry(store, &entry), STORE_OK);
	assert_int_equal(store_take_back(store, &entry), STORE_OK);
	commit(store, seq, entry.time_us);
}

static bool has_secret(uint64_t seq) {
	char secret[32];
	snprintf(secret, sizeof(secret), "Secret%llu by", (unsigned long long)seq);
	return has_bytes("log.db", secret) || has_bytes("log.db-wal", secret);
}

static bool see_shown(void *context, const struct record *entry) {
	if ((entry->bits & SAID_IS_REDACTED) != 0) {
		assert_int_equal(entry->text.size + entry->tags.size + entry->joints.size, 0);
	}
	return (entry->bits & SAID_IS_REDACTED) != 0 ? true : see(context, entry);
}

static struct record last_direct;

static bool see_direct(void *context, const struct record *entry) {
	static char name[64];
	last_direct = *entry;
	snprintf(name, sizeof(name), "%.*s", (int)entry->other_name.size, entry->other_name.bytes);
	last_direct.other_name = slice_from_string(name);
	return true;
}

/* Step by step, over a death in between; nobody else's; and until it is done nobody is shown it. */
static void what_an_account_did_is_erased(void **unused) {
	struct store *store = open_store(STORE_WRITE);
	put_said(store, 1, 90);
	struct record entries[] = {
		did(91, 7, "ming", PERSON_HAS_ACCOUNT), /* an earlier account of that name */
		did(92, 50, "guest", 0),                /* its person, before it had one */
		did(101, 50, "ming", PERSON_HAS_ACCOUNT),
		did(102, 8, "bob", 0),
		did(103, 60, "MING", PERSON_HAS_ACCOUNT),
		did(104, 9, "ming", 0), /* who only had the name */
		did(105, 8, "bob", 0),  /* a direct message to it */
		did(106, 50, "ming", PERSON_HAS_ACCOUNT),
	};
	entries[6].kind = entries[7].kind = ENTRY_DIRECT;
	entries[6].room = entries[7].room = 105;
	entries[6].target = 50;
	entries[6].other_name = slice_from_string("ming");
	entries[7].target = 8;
	entries[2].joints = slice_of("\3", 2);
	for (size_t i = 0; i < 8; i++) {
		put(store, &entries[i]);
	}
	put_erased(store, 107);
	struct record later = did(108, 70, "ming", PERSON_HAS_ACCOUNT); /* who has it since */
	put(store, &later);
	static const uint64_t stay[] = {91, 102, 104, 105, 108};
	bool is_done = false;
	for (unsigned steps = 0; !is_done; steps++) {
		seen.count = 0;
		assert_int_equal(store_forward(store, 91, 200, 20, see_shown, &seen), STORE_OK);
		assert_int_equal(seen.count, 5);
		assert_memory_equal(seen.seqs, stay, sizeof(stay));
		assert_int_equal(store_erase_some(store, 3, &is_done), STORE_OK);
		/* 49 are looked at; then it says that there is no more. */
		assert_int_equal(is_done, steps == 17);
		store_close(store);
		store = open_store(STORE_WRITE);
	}
	assert_int_equal(store_forward(store, 105, 105, 1, see_direct, NULL), STORE_OK);
	assert_true(slice_equal(last_direct.other_name, slice_from_string(STORE_NOBODY)));
	assert_int_equal(store_checkpoint(store, true), STORE_OK);
	for (uint64_t seq = 91; seq <= 108; seq++) {
		bool stays = false;
		for (size_t i = 0; i < 5; i++) {
			stays = stays || stay[i] == seq;
		}
		assert_int_equal(has_secret(seq), stays);
	}
	struct store_check *check = store_check_create(store, NULL, NULL);
	while (store_check_step(check)) {
	}
	assert_int_equal(store_check_problems(check), 0);
	store_check_destroy(check);
	store_close(store);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(taken_back_is_gone),
		IN_A_FOLDER(events_are_for_who_asks),
		IN_A_FOLDER(what_an_account_did_is_erased),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
