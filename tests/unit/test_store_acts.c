/* Acts in log.db: kept beside what is history, forgotten with it, and filled in for older logs. */
#include "store_help.h"

static uint64_t seqs[16];
static size_t count;

static bool note(void *context, const struct record *act) {
	assert_true(count < sizeof(seqs) / sizeof(seqs[0]));
	seqs[count++] = act->seq;
	return true;
}

/* "2 4": which are there, after `seq` and from `since_us` on. */
static void assert_acts(struct store *store, uint64_t since_us, uint64_t seq, size_t most,
                        const char *expected) {
	char found[128] = "";
	count = 0;
	assert_int_equal(store_acts(store, since_us, seq, most, note, NULL), STORE_OK);
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(found);
		snprintf(found + size, sizeof(found) - size, "%s%llu", i > 0 ? " " : "",
		         (unsigned long long)seqs[i]);
	}
	assert_string_equal(found, expected);
}

static void put_kind(struct store *store, uint64_t seq, uint16_t kind) {
	struct record entry = said(seq, "why");
	entry.kind = kind;
	entry.by = slice_from_string("root");
	put(store, &entry);
}

/* 2 and 4 are shown as history, 3 and 5 are not. */
static struct store *make_log(void) {
	struct store *store = open_store(STORE_WRITE);
	put_kind(store, 1, ENTRY_SAID);
	put_kind(store, 2, ENTRY_BANNED);
	put_kind(store, 3, ENTRY_SERVER_SET);
	put_kind(store, 4, ENTRY_KICKED);
	put_kind(store, 5, ENTRY_ACCOUNT_ENDED);
	put_kind(store, 6, ENTRY_AWAY);
	return store;
}

static void acts_are_found_page_by_page(void **unused) {
	struct store *store = make_log();
	assert_acts(store, 0, 0, 9, "2 3 4 5");
	assert_acts(store, 0, 0, 2, "2 3");
	assert_acts(store, 0, 3, 2, "4 5");
	assert_acts(store, said(4, "").time_us, 0, 9, "4 5");
	assert_acts(store, said(4, "").time_us + 1, 0, 9, "5");
	assert_acts(store, 0, 5, 9, "");
	assert_int_equal(problems_of(store), 0);
	store_close(store);
}

static void what_is_forgotten_is_forgotten_here(void **unused) {
	size_t forgotten;
	struct store *store = make_log();
	assert_int_equal(store_forget(store, 3, &forgotten), STORE_OK);
	assert_int_equal(forgotten, 2);
	assert_acts(store, 0, 0, 9, "4 5");
	assert_int_equal(problems_of(store), 0);
	assert_int_equal(store_forget(store, 6, &forgotten), STORE_OK);
	assert_acts(store, 0, 0, 9, "");
	store_close(store);
}

static void the_check_finds_what_is_wrong_with_them(void **unused) {
	store_close(make_log());
	execute("DELETE FROM acts WHERE seq = 4");
	struct store *store = open_store(STORE_READ);
	assert_int_equal(problems_of(store), 1);
	store_close(store);
	execute("INSERT INTO acts SELECT * FROM entries WHERE seq IN (1, 4);"
	        "UPDATE acts SET time = 1 WHERE seq = 5");
	store = open_store(STORE_READ);
	assert_int_equal(problems_of(store), 2);
	store_close(store);
}

/* As version 4 had it: of what was done before there was a place for acts, what is history is there. */
static void an_older_log_has_those_that_are_history(void **unused) {
	store_close(make_log());
	execute("DROP TABLE acts; DROP TABLE erasures; PRAGMA user_version = 4");
	struct store *store = open_store(STORE_WRITE);
	assert_int_equal(store_migrated_from(store), 4);
	assert_acts(store, 0, 0, 9, "2 4");
	assert_int_equal(problems_of(store), 0);
	store_close(store);
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

int main(void) {
	const struct CMUnitTest tests[] = {
		in_a_folder(acts_are_found_page_by_page),
		in_a_folder(what_is_forgotten_is_forgotten_here),
		in_a_folder(the_check_finds_what_is_wrong_with_them),
		in_a_folder(an_older_log_has_those_that_are_history),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
