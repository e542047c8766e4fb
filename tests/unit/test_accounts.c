/* Accounts: passwords, what is kept of them, guesses; accounts.db; and what questions are answered. */
#include "folder_help.h"

#include <fcntl.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accounts.h"
#include "guesses.h"
#include "irc_sasl.h"
#include "password.h"
#include "registry.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECOND_US (UINT64_C(1000) * 1000)

static struct registry *registry;
static struct registry_now now;
static const uint8_t secret[REGISTRY_SECRET_BYTES] = {7};

static int set_up(void **unused) {
	assert_int_equal(make_folder(NULL), 0);
	now = (struct registry_now){.wall_us = 1000 * SECOND_US, .steady_us = 5000 * SECOND_US};
	registry = registry_create(folder, secret);
	assert_non_null(registry);
	return 0;
}

static int tear_down(void **unused) {
	registry_destroy(registry);
	return drop_folder(NULL);
}

/* What a process that died and came again has forgotten. */
static void begin_anew(void) {
	registry_destroy(registry);
	registry = registry_create(folder, secret);
	assert_non_null(registry);
}

/* ---- asking ---- */

static struct account_question question_of(const char *name, const char *password) {
	struct account_question question = {.origin = 1};
	question.name_size = (uint16_t)strlen(name);
	memcpy(question.name, name, question.name_size);
	question.password_size = (uint16_t)strlen(password);
	memcpy(question.password, password, question.password_size);
	return question;
}

static struct account_answer last;
static bool was_change;

static uint32_t ask(enum clerk_what what, const struct account_question *question,
                    bool is_console) {
	registry_answer(registry, what, question, is_console, now, &last, &was_change);
	return last.word;
}

static uint32_t add(const char *name, const char *password, uint64_t nonce) {
	struct account_question question = question_of(name, password);
	question.nonce = nonce;
	return ask(CLERK_ACCOUNT_REGISTER, &question, false);
}

static uint32_t verify(const char *name, const char *password) {
	const struct account_question question = question_of(name, password);
	return ask(CLERK_ACCOUNT_VERIFY, &question, false);
}

static bool is_told(const char *name) {
	return slice_equal(slice_of(last.name, last.name_size), slice_from_string(name));
}

/* ---- passwords ---- */

static void passwords_are_prepared(void **unused) {
	static const struct {
		const char *given, *prepared;
		enum account_word word;
	} rows[] = {
		{"correct horse", "correct horse", ACCOUNT_OK},
		{"ｃｏｒｒｅｃｔ　ｈｏｒｓｅ", "correct horse", ACCOUNT_OK},
		{"cafe\u0301 au lait", "caf\u00e9 au lait", ACCOUNT_OK},
		{"soft\u00adhyphens\u200b!", "softhyphens!", ACCOUNT_OK},
		{"八个汉字就已经够", "八个汉字就已经够", ACCOUNT_OK},
		{"1234567", "1234567", ACCOUNT_WEAK},
		{"七个汉字不够长", "七个汉字不够长", ACCOUNT_WEAK},
		{"", "", ACCOUNT_WEAK},
		{"with a\nnew line", "", ACCOUNT_BAD_PASSWORD},
		{"with a\xc2\x85 control", "", ACCOUNT_BAD_PASSWORD},
		{"not UTF-8 \xff\xfe", "", ACCOUNT_BAD_PASSWORD},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct password password;
		assert_int_equal(password_prepare(slice_from_string(rows[i].given), &password),
		                 rows[i].word);
		assert_true(slice_equal(slice_of(password.bytes, password.size),
		                        slice_from_string(rows[i].prepared)));
	}
}

static void a_password_has_bounds(void **unused) {
	char many[ACCOUNT_PASSWORD_BYTES_MAX + 1];
	struct password password;
	memset(many, 'x', sizeof(many));
	assert_int_equal(password_prepare(slice_of(many, sizeof(many)), &password),
	                 ACCOUNT_BAD_PASSWORD);
	assert_int_equal(password_prepare(slice_of(many, sizeof(many) - 1), &password), ACCOUNT_OK);
	/* A hundred ligatures that are eighteen letters each. */
	for (size_t i = 0; i + 3 <= ACCOUNT_PASSWORD_BYTES_MAX; i += 3) {
		memcpy(many + i, "\ufdfa", 3);
	}
	assert_int_equal(password_prepare(slice_of(many, 300), &password), ACCOUNT_BAD_PASSWORD);
}

static void a_hash_is_of_one_password(void **unused) {
	struct password password;
	char hash[ACCOUNT_HASH_BYTES];
	password_prepare(slice_from_string("correct horse"), &password);
	assert_true(password_hash(&password, hash));
	assert_int_equal(strncmp(hash, "$argon2id$", 10), 0);
	assert_true(password_is(slice_from_string("correct horse"), hash));
	assert_false(password_is(slice_from_string("correct horsf"), hash));
	assert_false(password_is(slice_from_string(""), hash));
	static const char none[][ACCOUNT_HASH_BYTES] = {"no hash", ""};
	assert_false(password_is(slice_from_string("correct horse"), none[0]));
	assert_false(password_is(slice_from_string("correct horse"), none[1]));
}

/* RFC 7677, section 3: our keys, and the server's half that is given them. */
static void the_keys_are_those_of_the_rfc(void **unused) {
	struct password password = {.size = 6, .bytes = "pencil"};
	struct scram_keys keys = {.iterations = PASSWORD_ITERATIONS};
	struct scram scram;
	char out[64];
	size_t size;
	sodium_base642bin(keys.salt, sizeof(keys.salt), "W22ZaJ0SNY7soEsUEjb6gQ==", 24, NULL, &size,
	                  NULL, sodium_base64_VARIANT_ORIGINAL);
	password_keys(&password, keys.salt, keys.iterations, keys.stored, keys.server);
	assert_true(scram_begin(&scram, slice_from_string("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")));
	assert_true(scram_challenge(&scram, &keys,
	                            slice_from_string("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")));
	assert_true(scram_finish(
		&scram,
		slice_from_string("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	                          "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
		out, &size));
	assert_true(
		slice_equal(slice_of(out, size),
	                    slice_from_string("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")));
}

/* ---- guesses ---- */

static void mistakes_cost_time(void **unused) {
	static const uint32_t waits[] = {0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60};
	struct guesses *guesses = calloc(1, sizeof(*guesses));
	uint64_t at = 100 * SECOND_US;
	for (size_t i = 0; i < COUNT(waits); i++) {
		guesses_missed(guesses, 17, at);
		assert_int_equal(guesses_wait_s(guesses, 17, 3, at), waits[i]);
		assert_int_equal(guesses_wait_s(guesses, 18, 3, at), 0);
		if (waits[i] > 1) {
			assert_int_equal(guesses_wait_s(guesses, 17, 3, at + SECOND_US),
			                 waits[i] - 1);
		}
		at += waits[i] * SECOND_US;
		assert_int_equal(guesses_wait_s(guesses, 17, 3, at), 0);
	}
	guesses_forgive(guesses, 17);
	guesses_missed(guesses, 17, at);
	assert_int_equal(guesses_wait_s(guesses, 17, 3, at), 0);
	for (int i = 0; i < 20; i++) {
		guesses_missed(guesses, 17, at);
	}
	guesses_missed(guesses, 17, at + GUESSES_FORGIVEN_US);
	assert_int_equal(guesses_wait_s(guesses, 17, 3, at + GUESSES_FORGIVEN_US), 0);
	free(guesses);
}

/* Whoever floods the table with others forgets the oldest, and nothing else happens. */
static void a_place_holds_a_few(void **unused) {
	struct guesses *guesses = calloc(1, sizeof(*guesses));
	for (uint64_t i = 1; i <= 10 * GUESSES_IN_A_PLACE; i++) {
		for (int j = 0; j < 4; j++) {
			guesses_missed(guesses, i * GUESSES_PLACES, i);
		}
		assert_int_equal(guesses_wait_s(guesses, i * GUESSES_PLACES, 3, i), 1);
	}
	assert_int_equal(guesses_wait_s(guesses, GUESSES_PLACES, 3, 80), 0);
	free(guesses);
}

/* ---- accounts.db ---- */

static void a_file_that_others_can_read_is_refused(void **unused) {
	struct accounts *accounts;
	char why[STORE_WHY_BYTES];
	struct stat status;
	assert_int_equal(accounts_open(&accounts, folder, false, why), STORE_NONE);
	assert_int_equal(accounts_open(&accounts, folder, true, why), STORE_OK);
	assert_int_equal(stat(in_folder("accounts.db"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(stat(in_folder("accounts.db-wal"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	accounts_close(accounts);
	assert_int_equal(chmod(in_folder("accounts.db"), 0640), 0);
	assert_int_equal(accounts_open(&accounts, folder, true, why), STORE_REFUSED);
	assert_non_null(strstr(why, "chmod 600"));
	assert_null(accounts);
}

static void what_is_no_file_of_ours_is_refused(void **unused) {
	struct accounts *accounts;
	char why[STORE_WHY_BYTES];
	assert_int_equal(symlink("elsewhere", in_folder("accounts.db")), 0);
	assert_int_equal(accounts_open(&accounts, folder, true, why), STORE_REFUSED);
	unlink(in_folder("accounts.db"));
	int fd = open(in_folder("accounts.db"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "this is no database at all, is it?", 34), 34);
	close(fd);
	assert_int_equal(accounts_open(&accounts, folder, true, why), STORE_DAMAGED);
	assert_true(verify("ming", "correct horse") == ACCOUNT_FAILED);
	/* What a start that was killed left. */
	assert_int_equal(truncate(in_folder("accounts.db"), 0), 0);
	assert_int_equal(accounts_open(&accounts, folder, false, why), STORE_OK);
	accounts_close(accounts);
}

static void a_newer_file_is_left_alone(void **unused) {
	sqlite3 *db;
	struct accounts *accounts;
	char why[STORE_WHY_BYTES];
	assert_int_equal(add("ming", "correct horse", 1), ACCOUNT_OK);
	begin_anew();
	assert_int_equal(sqlite3_open(in_folder("accounts.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 9", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(accounts_open(&accounts, folder, true, why), STORE_NEWER);
}

static int64_t number(const char *sql) {
	sqlite3 *db;
	sqlite3_stmt *statement;
	assert_int_equal(sqlite3_open(in_folder("accounts.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	int64_t value =
		sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return value;
}

/* As it was before deeds had origins. */
static void an_older_file_is_brought_up_to_date(void **unused) {
	assert_int_equal(add("ming", "correct horse", 1), ACCOUNT_OK);
	registry_destroy(registry);
	(void)number("DROP INDEX deeds_by_origin");
	(void)number("ALTER TABLE deeds DROP COLUMN origin");
	(void)number("PRAGMA user_version = 1");
	registry = registry_create(folder, secret);
	assert_int_equal(add("ming", "correct horse", 1), ACCOUNT_OK);
	assert_int_equal(add("hong", "correct horse", 2), ACCOUNT_OK);
	assert_int_equal(number("PRAGMA user_version"), 2);
	assert_int_equal(number("SELECT count(*) FROM deeds WHERE origin = 1"), 1);
}

/* ---- questions ---- */

static void nobody_is_registered_at_first(void **unused) {
	struct account_answer page[4];
	assert_int_equal(verify("ming", "correct horse"), ACCOUNT_WRONG);
	assert_int_equal(registry_list(registry, 0, page, COUNT(page)), 0);
	assert_int_equal(access(in_folder("accounts.db"), F_OK), -1);
}

static void a_name_is_registered_once(void **unused) {
	assert_int_equal(add("Ming", "correct horse", 1), ACCOUNT_OK);
	assert_true(was_change && is_told("Ming"));
	assert_int_equal(last.created_us, now.wall_us);
	assert_int_equal(add("ming", "another horse", 2), ACCOUNT_TAKEN);
	assert_int_equal(add("Ｍｉｎｇ", "another horse", 3), ACCOUNT_TAKEN);
	assert_false(was_change);
	assert_int_equal(verify("MING", "correct horse"), ACCOUNT_OK);
	assert_true(is_told("Ming"));
	assert_int_equal(verify("ming", "another horse"), ACCOUNT_WRONG);
	assert_false(is_told("Ming"));
	begin_anew();
	assert_int_equal(verify("ming", "correct horse"), ACCOUNT_OK);
	assert_int_equal(verify("ming", "ｃｏｒｒｅｃｔ　ｈｏｒｓｅ"), ACCOUNT_OK);
}

/* Two at the same moment: who asked has not heard of the other yet. */
static void of_two_that_look_alike_one_is_registered(void **unused) {
	assert_int_equal(add("alice", "correct horse", 1), ACCOUNT_OK);
	assert_int_equal(add("AL1CE", "another horse", 2), ACCOUNT_LOOKS_LIKE);
	assert_false(was_change);
	assert_int_equal(verify("AL1CE", "another horse"), ACCOUNT_WRONG);
	begin_anew();
	assert_int_equal(add("AL1CE", "another horse", 3), ACCOUNT_LOOKS_LIKE);
	/* Asked again because the answer was lost, the first is answered as it was. */
	assert_int_equal(add("alice", "correct horse", 1), ACCOUNT_OK);
	/* The console may. */
	struct account_question question = question_of("AL1CE", "another horse");
	question.nonce = 4;
	assert_int_equal(ask(CLERK_ACCOUNT_REGISTER, &question, true), ACCOUNT_OK);
	/* Who is dropped is looked like by nobody. */
	assert_int_equal(add("Ian", "correct horse", 5), ACCOUNT_OK);
	question = question_of("Ian", "correct horse");
	question.nonce = 6;
	assert_int_equal(ask(CLERK_ACCOUNT_DROP, &question, false), ACCOUNT_OK);
	assert_int_equal(add("lan", "another horse", 7), ACCOUNT_OK);
}

static void not_every_name_or_password_will_do(void **unused) {
	assert_int_equal(add("admin", "correct horse", 1), ACCOUNT_BAD_NAME);
	assert_int_equal(add("a b", "correct horse", 1), ACCOUNT_BAD_NAME);
	assert_int_equal(add("", "correct horse", 1), ACCOUNT_BAD_NAME);
	assert_int_equal(add("小明α", "correct horse", 1), ACCOUNT_MIXED);
	assert_int_equal(add("аlice", "correct horse", 1), ACCOUNT_MIXED);
	assert_int_equal(add("ming", "short", 1), ACCOUNT_WEAK);
	assert_int_equal(add("ming", "tab\tand more", 1), ACCOUNT_BAD_PASSWORD);
	assert_int_equal(add("ming", "correct horse", 1), ACCOUNT_OK);
}

/* Asked again because the answer was lost: the same is answered, and nothing is done again. */
static void a_repeated_change_is_one_change(void **unused) {
	struct account_question question;
	assert_int_equal(add("ming", "correct horse", 11), ACCOUNT_OK);
	begin_anew();
	assert_int_equal(add("ming", "correct horse", 11), ACCOUNT_OK);
	assert_true(is_told("ming") && !was_change);
	question = question_of("ming", "correct horse");
	question.nonce = 12;
	memcpy(question.new_password, "better horse", 12);
	question.new_password_size = 12;
	assert_int_equal(ask(CLERK_ACCOUNT_PASSWORD, &question, false), ACCOUNT_OK);
	begin_anew();
	assert_int_equal(ask(CLERK_ACCOUNT_PASSWORD, &question, false), ACCOUNT_OK);
	assert_int_equal(verify("ming", "correct horse"), ACCOUNT_WRONG);
	question = question_of("ming", "better horse");
	question.nonce = 13;
	assert_int_equal(ask(CLERK_ACCOUNT_DROP, &question, false), ACCOUNT_OK);
	assert_true(was_change);
	begin_anew();
	assert_int_equal(ask(CLERK_ACCOUNT_DROP, &question, false), ACCOUNT_OK);
	assert_false(was_change);
	assert_int_equal(verify("ming", "better horse"), ACCOUNT_WRONG);
	/* A nonce is kept for a day: then it is an ordinary question. */
	assert_int_equal(add("ming", "correct horse", 14), ACCOUNT_OK);
	now.wall_us += UINT64_C(25) * 3600 * SECOND_US;
	assert_int_equal(add("hong", "correct horse", 15), ACCOUNT_OK);
	assert_int_equal(add("ming", "correct horse", 14), ACCOUNT_TAKEN);
}

/* From an edge with the password, from the console without. */
static uint32_t add_from(const char *name, uint64_t origin, bool is_near, bool is_console) {
	static uint64_t nonce;
	struct account_question question = question_of(name, "correct horse");
	question.nonce = 1000 + ++nonce;
	question.origin = origin;
	question.is_near = is_near;
	return ask(CLERK_ACCOUNT_REGISTER, &question, is_console);
}

/* What was registered counts for a while, whoever asks and whoever died; nothing else does. */
static void a_network_registers_so_many(void **unused) {
	now.registrations_max = 2;
	now.registrations_s = 600;
	assert_int_equal(add_from("a", 7, false, false), ACCOUNT_OK);
	now.wall_us += 100 * SECOND_US;
	assert_int_equal(add_from("a", 7, false, false), ACCOUNT_TAKEN);
	assert_int_equal(add("b", "short", 3), ACCOUNT_WEAK);
	assert_int_equal(add_from("b", 7, false, false), ACCOUNT_OK);
	assert_int_equal(add_from("c", 7, false, false), ACCOUNT_TOO_MANY);
	assert_false(was_change);
	assert_in_range(last.wait_s, 500, 501);
	begin_anew();
	assert_int_equal(add_from("c", 7, false, false), ACCOUNT_TOO_MANY);
	/* Elsewhere, from this machine, and at the console. */
	assert_int_equal(add_from("d", 8, false, false), ACCOUNT_OK);
	assert_int_equal(add_from("e", 7, true, false), ACCOUNT_OK);
	assert_int_equal(add_from("f", 7, false, true), ACCOUNT_OK);
	/* To drop it is no way to make more of them. */
	struct account_question drop = question_of("a", "correct horse");
	drop.nonce = 77;
	assert_int_equal(ask(CLERK_ACCOUNT_DROP, &drop, false), ACCOUNT_OK);
	assert_int_equal(add_from("c", 7, false, false), ACCOUNT_TOO_MANY);
	/* One for each that is long enough ago. */
	now.wall_us += 501 * SECOND_US;
	assert_int_equal(add_from("c", 7, false, false), ACCOUNT_OK);
	assert_int_equal(add_from("g", 7, false, false), ACCOUNT_TOO_MANY);
	now.registrations_max = 0;
	assert_int_equal(add_from("g", 7, false, false), ACCOUNT_OK);
}

static void who_may_change_what(void **unused) {
	struct account_question question = question_of("ming", "");
	assert_int_equal(add("ming", "correct horse", 1), ACCOUNT_OK);
	question.nonce = 2;
	assert_int_equal(ask(CLERK_ACCOUNT_DROP, &question, false), ACCOUNT_WRONG);
	memcpy(question.new_password, "better horse", 12);
	question.new_password_size = 12;
	assert_int_equal(ask(CLERK_ACCOUNT_PASSWORD, &question, false), ACCOUNT_WRONG);
	assert_int_equal(verify("ming", "correct horse"), ACCOUNT_OK);
	assert_int_equal(ask(CLERK_ACCOUNT_PASSWORD, &question, true), ACCOUNT_OK);
	assert_int_equal(verify("ming", "better horse"), ACCOUNT_OK);
	question.nonce = 3;
	question.new_password_size = 4;
	assert_int_equal(ask(CLERK_ACCOUNT_PASSWORD, &question, true), ACCOUNT_WEAK);
	assert_int_equal(ask(CLERK_ACCOUNT_DROP, &question, true), ACCOUNT_OK);
	question.nonce = 4;
	assert_int_equal(ask(CLERK_ACCOUNT_DROP, &question, true), ACCOUNT_UNKNOWN);
}

static void keys_lead_to_a_login_and_unknown_names_have_some(void **unused) {
	struct account_question question = question_of("ming", "");
	struct account_answer known, first, again;
	struct password password;
	uint8_t stored[ACCOUNT_KEY_BYTES], server[ACCOUNT_KEY_BYTES];
	assert_int_equal(add("ming", "correct horse", 1), ACCOUNT_OK);
	assert_int_equal(ask(CLERK_ACCOUNT_KEYS, &question, false), ACCOUNT_OK);
	known = last;
	password_prepare(slice_from_string("correct horse"), &password);
	password_keys(&password, known.salt, known.iterations, stored, server);
	assert_memory_equal(stored, known.stored, sizeof(stored));
	assert_memory_equal(server, known.server, sizeof(server));
	question = question_of("hong", "");
	assert_int_equal(ask(CLERK_ACCOUNT_KEYS, &question, false), ACCOUNT_OK);
	first = last;
	begin_anew();
	question = question_of("HONG", "");
	assert_int_equal(ask(CLERK_ACCOUNT_KEYS, &question, false), ACCOUNT_OK);
	again = last;
	assert_memory_equal(&first, &again, sizeof(first));
	assert_int_equal(first.iterations, known.iterations);
	assert_memory_not_equal(first.salt, known.salt, sizeof(first.salt));
	question = question_of("lan", "");
	assert_int_equal(ask(CLERK_ACCOUNT_KEYS, &question, false), ACCOUNT_OK);
	assert_memory_not_equal(first.salt, last.salt, sizeof(first.salt));
}

/* The same whether the name is registered or not. */
static void guessing_gets_slow(void **unused) {
	static const char *const names[] = {"ming", "nobody"};
	assert_int_equal(add("ming", "correct horse", 1), ACCOUNT_OK);
	for (size_t i = 0; i < COUNT(names); i++) {
		for (int j = 0; j < 4; j++) {
			assert_int_equal(verify(names[i], "wrong horse"), ACCOUNT_WRONG);
		}
		assert_int_equal(verify(names[i], "wrong horse"), ACCOUNT_TOO_SOON);
		assert_int_equal(last.wait_s, 1);
	}
	/* Not even who knows it; but from elsewhere, and after the wait. */
	assert_int_equal(verify("ming", "correct horse"), ACCOUNT_TOO_SOON);
	struct account_question question = question_of("ming", "correct horse");
	assert_int_equal(ask(CLERK_ACCOUNT_KEYS, &question, false), ACCOUNT_TOO_SOON);
	question.origin = 2;
	assert_int_equal(ask(CLERK_ACCOUNT_VERIFY, &question, false), ACCOUNT_OK);
	now.steady_us += SECOND_US;
	assert_int_equal(verify("ming", "correct horse"), ACCOUNT_OK);
	/* Which forgives. */
	assert_int_equal(verify("ming", "wrong horse"), ACCOUNT_WRONG);
	assert_int_equal(verify("ming", "correct horse"), ACCOUNT_OK);
}

static void proofs_that_fail_count_and_many_origins_do_not_help(void **unused) {
	struct account_question question = question_of("ming", "");
	assert_int_equal(add("ming", "correct horse", 1), ACCOUNT_OK);
	for (int i = 0; i < 31; i++) {
		question.origin = 100 + (uint64_t)i;
		assert_int_equal(ask(CLERK_ACCOUNT_MISSED, &question, false), ACCOUNT_OK);
	}
	question.origin = 7;
	assert_int_equal(ask(CLERK_ACCOUNT_KEYS, &question, false), ACCOUNT_TOO_SOON);
	now.steady_us += SECOND_US;
	assert_int_equal(ask(CLERK_ACCOUNT_KEYS, &question, false), ACCOUNT_OK);
}

static char line[ACCOUNT_HASH_BYTES]; /* of the configuration: correct horse's */

static uint32_t verify_secret(const char *name, const char *password, uint64_t origin,
                              const char *hash) {
	struct account_question question = question_of(name, password);
	question.origin = origin;
	registry_verify_secret(registry, &question, hash, now, &last);
	return last.word;
}

static void make_line(void) {
	struct password password;
	password_prepare(slice_from_string("correct horse"), &password);
	assert_true(password_hash(&password, line));
}

static void a_line_of_the_configuration_is_compared(void **unused) {
	make_line();
	assert_int_equal(verify_secret("", "correct horse", 1, line), ACCOUNT_OK);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(verify_secret("", "Correct horse", 1, line), ACCOUNT_WRONG);
	}
	assert_int_equal(verify_secret("", "correct horse", 1, line), ACCOUNT_TOO_SOON);
	assert_true(last.wait_s > 0);
	/* From elsewhere, and of an operator from here, nothing was guessed. */
	assert_int_equal(verify_secret("", "correct horse", 2, line), ACCOUNT_OK);
	assert_int_equal(verify_secret("root", "correct horse", 1, line), ACCOUNT_OK);
}

static void an_unknown_operator_is_a_wrong_password(void **unused) {
	make_line();
	for (int i = 0; i < 4; i++) {
		const char *name = i % 2 == 0 ? "root" : "ROOT";
		assert_int_equal(verify_secret(name, "correct horse", 1, NULL), ACCOUNT_WRONG);
	}
	assert_int_equal(verify_secret("root", "correct horse", 1, NULL), ACCOUNT_TOO_SOON);
	/* An account of that name is something else. */
	assert_int_equal(add("root", "correct horse", 1), ACCOUNT_OK);
	assert_int_equal(verify("root", "correct horse"), ACCOUNT_OK);
	/* A name that nobody can have, as long as it may be. */
	char name[NAME_BYTES_MAX + 1];
	memset(name, ' ', NAME_BYTES_MAX);
	name[NAME_BYTES_MAX] = '\0';
	assert_int_equal(verify_secret(name, "correct horse", 1, NULL), ACCOUNT_WRONG);
}

static void all_are_listed_page_by_page(void **unused) {
	static const char *const names[] = {"ming", "hong", "lan"};
	struct account_answer page[2];
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(add(names[i], "correct horse", 1 + i), ACCOUNT_OK);
	}
	assert_int_equal(registry_list(registry, 0, page, 2), 2);
	assert_int_equal(page[0].name_size, 4);
	assert_memory_equal(page[1].name, "hong", 4);
	assert_int_equal(registry_list(registry, page[1].id, page, 2), 1);
	assert_memory_equal(page[0].name, "lan", 3);
	assert_int_equal(registry_list(registry, page[0].id, page, 2), 0);
	assert_int_equal(registry_list(registry, UINT64_MAX, page, 2), 0);
}

static void what_is_too_large_is_known(void **unused) {
	struct account_question question = question_of("ming", "correct horse");
	assert_true(registry_can_answer(&question));
	question.name_size = NAME_BYTES_MAX + 1;
	assert_false(registry_can_answer(&question));
	question = question_of("ming", "correct horse");
	question.new_password_size = ACCOUNT_PASSWORD_BYTES_MAX + 1;
	assert_false(registry_can_answer(&question));
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passwords_are_prepared),
		cmocka_unit_test(a_password_has_bounds),
		cmocka_unit_test(a_hash_is_of_one_password),
		cmocka_unit_test(the_keys_are_those_of_the_rfc),
		cmocka_unit_test(mistakes_cost_time),
		cmocka_unit_test(a_place_holds_a_few),
		in_a_folder(a_file_that_others_can_read_is_refused),
		in_a_folder(what_is_no_file_of_ours_is_refused),
		in_a_folder(a_newer_file_is_left_alone),
		in_a_folder(an_older_file_is_brought_up_to_date),
		in_a_folder(nobody_is_registered_at_first),
		in_a_folder(a_name_is_registered_once),
		in_a_folder(of_two_that_look_alike_one_is_registered),
		in_a_folder(not_every_name_or_password_will_do),
		in_a_folder(a_repeated_change_is_one_change),
		in_a_folder(a_network_registers_so_many),
		in_a_folder(who_may_change_what),
		in_a_folder(keys_lead_to_a_login_and_unknown_names_have_some),
		in_a_folder(guessing_gets_slow),
		in_a_folder(proofs_that_fail_count_and_many_origins_do_not_help),
		in_a_folder(a_line_of_the_configuration_is_compared),
		in_a_folder(an_unknown_operator_is_a_wrong_password),
		in_a_folder(all_are_listed_page_by_page),
		in_a_folder(what_is_too_large_is_known),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
