/* The configuration file: what is read of it, what is refused and in which words; and the sheets that carry it. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config_file.h"
#include "mp_mapping.h"

#define HASH                                                                                       \
	"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"                                   \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static struct config config;
static struct config_secrets secrets;
static char trouble[CONFIG_TROUBLE_BYTES];

static bool parse(const char *text) {
	return config_parse("qun.conf", slice_from_string(text), &config, &secrets, trouble);
}

static void assert_parsed(const char *text) {
	if (!parse(text)) {
		fail_msg("refused: %s", trouble);
	}
}

/* ---- what is read ---- */

static void nothing_in_it_is_needed(void **state) {
	struct config config_default;
	struct config_secrets secrets_default;
	config_defaults(&config_default, &secrets_default);
	assert_parsed("");
	assert_memory_equal(&config, &config_default, sizeof config);
	assert_memory_equal(&secrets, &secrets_default, sizeof secrets);
	assert_parsed("# nothing\n\n; at all\n[server]\n");
	assert_memory_equal(&config, &config_default, sizeof config);
}

static void every_key_is_read(void **state) {
	assert_parsed("\xef\xbb\xbf[server]\r\nname = chat.example\r\nnetwork=茶\n"
	              "description : where we talk\nmotd = one\n  two\n\n\t\n  four # five\n"
	              "[admin]\nlocation = Here\norganisation = We\nemail = me@chat.example\n"
	              "[access]\naccess = password\npassword = " HASH "\n"
	              "cleartext-passwords = yes\nregistration = closed\n"
	              "[accounts]\nstay = yes\n"
	              "[web]\norigins = https://a.example  http://b.example:81\n"
	              "metrics = nobody\n"
	              "[limits]\nconnections-per-network = 7\nping-interval = 8\n"
	              "registrations-per-network = 11\nregistrations-within = 12\n"
	              "ping-timeout = 9\nregister-timeout = 10\n"
	              "[operator root]\npassword = " HASH "\n[operator 小明]\npassword = " HASH
	              "\n");
	assert_string_equal(config.server, "chat.example");
	assert_string_equal(config.network, "茶");
	assert_string_equal(config.description, "where we talk");
	assert_string_equal(config.motd, "one\ntwo\n\n\nfour # five");
	assert_string_equal(config.location, "Here");
	assert_string_equal(config.organisation, "We");
	assert_string_equal(config.email, "me@chat.example");
	assert_int_equal(config.access, ACCESS_PASSWORD);
	assert_string_equal(secrets.password, HASH);
	assert_true(config.takes_cleartext_passwords);
	assert_false(config.has_registration);
	assert_true(config.accounts_stay);
	assert_string_equal(config.origins, "https://a.example  http://b.example:81");
	assert_int_equal(config.metrics, METRICS_NOBODY);
	assert_int_equal(config.connections_per_network, 7);
	assert_int_equal(config.registrations_per_network, 11);
	assert_int_equal(config.registrations_s, 12);
	assert_int_equal(config.ping_s, 8);
	assert_int_equal(config.ping_timeout_s, 9);
	assert_int_equal(config.register_s, 10);
	assert_int_equal(secrets.operators_count, 2);
	assert_string_equal(secrets.operators[0].name, "root");
	assert_string_equal(secrets.operators[1].name, "小明");
	assert_string_equal(secrets.operators[1].hash, HASH);
}

/* examples/qun.conf, with what is only commented out there as well if `is_whole`. */
static void read_example(bool is_whole, char *out, size_t room) {
	FILE *file = fopen("examples/qun.conf", "r");
	char line[256];
	size_t size = 0;
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		/* "# " begins a sentence, "#  " what goes on with a value. */
		bool is_taken = is_whole && line[0] == '#' && (line[1] != ' ' || line[2] == ' ');
		bool is_hash = strstr(line, "$argon2id$") != NULL;
		size += (size_t)snprintf(out + size, room - size, "%s",
		                         is_taken && is_hash ? "password = " HASH "\n"
		                         : is_taken          ? line + 1
		                                             : line);
		assert_in_range(size, 1, room - 1);
	}
	fclose(file);
}

static void the_example_says_what_holds_without_it(void **state) {
	struct config config_default;
	struct config_secrets secrets_default;
	static char text[4096];
	config_defaults(&config_default, &secrets_default);
	read_example(false, text, sizeof text);
	assert_parsed(text);
	assert_memory_equal(&config, &config_default, sizeof config);
	assert_memory_equal(&secrets, &secrets_default, sizeof secrets);
	read_example(true, text, sizeof text);
	assert_parsed(text);
	assert_string_equal(config.motd, "Welcome.\nA second line.");
	assert_string_equal(config.email, "admin@chat.example");
	assert_string_equal(secrets.password, HASH);
	assert_int_equal(secrets.operators_count, 1);
}

/* libinih has room for 49 bytes of a section's name. */
static void an_operator_may_have_the_longest_name(void **state) {
	char name[NAME_BYTES_MAX + 1] = "", text[512];
	for (size_t i = 0; i < NAME_BYTES_MAX / 3; i++) {
		memcpy(name + 3 * i, "群", 4);
	}
	snprintf(text, sizeof text, "\xef\xbb\xbf[operator %s] # 96 bytes\npassword = " HASH "\n",
	         name);
	assert_parsed(text);
	assert_string_equal(secrets.operators[0].name, name);
	assert_string_equal(secrets.operators[0].hash, HASH);
	snprintf(text, sizeof text, "[operator %sx]\npassword = " HASH "\n", name);
	assert_false(parse(text));
	assert_non_null(strstr(trouble, "one word of at most 96 bytes"));
}

/* ---- what is refused ---- */

static const struct {
	const char *text, *words;
} bad[] = {
	{"[srver]\n", "qun.conf:1: there is no section 'srver'; there are [server], [admin],"
                      " [access], [accounts], [web], [limits] and [operator NAME]"},
	{"\n[server]\nnaem = x\n", "qun.conf:3: there is no key 'naem' in [server];"
                                   " there are: name, network, description, motd"},
	{"name = a.b\n", "qun.conf:1: 'name' stands before the first section"},
	{"[server]\nname = localhost\n", "qun.conf:2: name wants a host's name with a point in it,"
                                         " as chat.example, of at most 63 bytes, not 'localhost'"},
	{"[server]\nname = -a.b\n", "not '-a.b'"},
	{"[server]\nname = a..b\n", "not 'a..b'"},
	{"[server]\nname = a.b-\n", "not 'a.b-'"},
	{"[server]\nname = a_b.c\n", "not 'a_b.c'"},
	{"[web]\norigins = https://a.example b.example\n",
         "qun.conf:2: origins wants pages' origins, as https://chat.example, or *, not "
         "'b.example'"},
	{"[web]\nmetrics = any\n", "qun.conf:2: metrics is private, all or nobody, not 'any'"},
	{"[web]\norigins = https://a.example/\n", "not 'https://a.example/'"},
	{"[server]\nname = a.b\n\nname = c.d\n", "qun.conf:4: name is given twice"},
	{"[server]\nname = a.b\n[server]\nname = c.d\n", "qun.conf:4: name is given twice"},
	{"[server]\nmotd = a\nmotd = b\n", "qun.conf:3: motd is given twice"},
	{"[server]\nname = a.b\n  c\n",
         "qun.conf:3: name is one line; a key begins where its line begins"},
	{"[server]\nnetwork = a b\n", "qun.conf:2: network wants one word, not 'a b'"},
	{"[server]\nnetwork =\n", "qun.conf:2: network wants one word, not ''"},
	{"[server]\nmotd = a\n  #b\n", "qun.conf:3: a line that goes on with a value cannot begin"},
	{"[server]\nname\n", "qun.conf:2: this is no [section] and no KEY = VALUE"},
	{"[server\n", "qun.conf:1: a section wants a ] behind its name"},
	{"[access]\naccess = opne\n",
         "qun.conf:2: access is open, password or accounts, not 'opne'"},
	{"[access]\ncleartext-passwords = maybe\n",
         "qun.conf:2: cleartext-passwords is no or yes, not 'maybe'"},
	{"[access]\naccess = password\n",
         "qun.conf:2: access = password wants a password in [access];"
         " `qun admin password` makes the line"},
	{"[access]\npassword = sesame\n", "qun.conf:2: password wants what `qun admin password`"
                                          " prints, not the password itself"},
	{"[limits]\nping-interval = 0\n",
         "qun.conf:2: ping-interval wants a number from 1 to 86400, not '0'"},
	{"[limits]\nping-interval = 1s\n", "not '1s'"},
	{"[limits]\nping-interval = 99999999999999999999\n", "from 1 to 86400"},
	{"[operator]\npassword = x\n", "qun.conf:1: an operator has a name: [operator NAME]"},
	{"[operator a b]\n", "qun.conf:1: an operator's name is one word"},
	{"[operator a]\n[operator a]\n", "qun.conf:2: the operator 'a' is there twice"},
	{"[operator a]\npassword = " HASH "\npassword = " HASH "\n",
         "qun.conf:3: password is given twice for the operator 'a'"},
	{"[server]\n[operator a]\n", "qun.conf:2: the operator 'a' has no password;"
                                     " `qun admin password` makes the line"},
	{"[server]\n\n\x01\n", "qun.conf:3: the control character U+0001 has no place in a text"},
	{"[server]\nmotd = a\rb\n",
         "qun.conf:2: the control character U+000D has no place in a text"},
	{"[server]\nmotd = a\xc2\x85\n",
         "qun.conf:2: the control character U+0085 has no place in a text"},
	{"[server]\nnetwork = \xff\n", "qun.conf:2: this is not UTF-8"},
	{"[access] access = accounts\n",
         "qun.conf:1: behind [access] the line must end; a key has a line of its own"},
	{"[operator a] x\n", "qun.conf:1: behind [operator a] the line must end"},
	{"\xef\xbb\xbf[srver]\n", "qun.conf:1: there is no section 'srver'"},
	{"  [srver]\n", "qun.conf:1: a section or a key begins where its line begins"},
	{"[server]\n\tmotd = hi\n network = x\n",
         "qun.conf:2: a section or a key begins where its line begins"},
	{"[server]\nname = a.b\n [limits]\n",
         "qun.conf:3: name is one line; a key begins where its line begins"},
};

static void what_is_wrong_is_named(void **state) {
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (parse(bad[i].text)) {
			fail_msg("taken: %s", bad[i].text);
		}
		if (strstr(trouble, bad[i].words) == NULL) {
			fail_msg("'%s' does not say '%s'", trouble, bad[i].words);
		}
	}
}

static void what_is_too_long_is_refused(void **state) {
	static char text[16384];
	char line[256];
	memset(line, 'x', sizeof line);
	snprintf(text, sizeof text, "[server]\nmotd = %.*s\n", 190, line);
	assert_parsed(text);
	snprintf(text, sizeof text, "[server]\nmotd = %.*s\n", 191, line);
	assert_false(parse(text));
	assert_string_equal(trouble, "qun.conf:2: the line has more than 197 bytes");
	size_t size = (size_t)snprintf(text, sizeof text, "[server]\nmotd = x\n");
	for (int i = 0; i < 60; i++) {
		size += (size_t)snprintf(text + size, sizeof text - size, " %.*s\n", 150, line);
	}
	assert_false(parse(text));
	assert_string_equal(trouble, "qun.conf:57: motd takes at most 8191 bytes");
	size = 0;
	for (int i = 0; i <= CONFIG_OPERATORS_MAX; i++) {
		size += (size_t)snprintf(text + size, sizeof text - size, "[operator n%d]\n", i);
	}
	assert_false(parse(text));
	assert_string_equal(trouble, "qun.conf:33: there may be at most 32 operators");
}

static void a_nul_byte_ends_nothing_silently(void **state) {
	static const char text[] = "[server]\nname = a.b\0c\n";
	assert_false(config_parse("qun.conf", slice_of(text, sizeof text - 1), &config, &secrets,
	                          trouble));
	assert_string_equal(trouble,
	                    "qun.conf:2: the control character U+0000 has no place in a text");
}

/* ---- sheets ---- */

struct page {
	uint64_t numbers[512];
};

static void fill(struct page *page, uint64_t number) {
	for (size_t i = 0; i < sizeof page->numbers / sizeof page->numbers[0]; i++) {
		page->numbers[i] = number;
	}
}

static void a_reader_finds_the_newest(void **state) {
	static struct page page;
	int fd = sheet_create("test", sizeof page);
	struct sheet *writer = sheet_open(fd, sizeof page, true);
	int reading = mp_mapping_reopen_read_only(fd);
	struct sheet *reader = sheet_open(reading, sizeof page, false);
	assert_non_null(reader);
	assert_null(sheet_open(reading, sizeof page - 8, false));
	uint64_t version = 0;
	assert_false(sheet_read(reader, &version, &page));
	for (uint64_t number = 1; number < 9; number++) {
		fill(&page, number);
		sheet_write(writer, &page);
	}
	fill(&page, 0);
	assert_true(sheet_read(reader, &version, &page));
	assert_int_equal(page.numbers[511], 8);
	assert_false(sheet_read(reader, &version, &page));
	sheet_close(reader);
	sheet_close(writer);
	close(reading);
	close(fd);
}

/* Another process writes as fast as it can: no copy is of two versions. */
static void no_copy_is_of_two_versions(void **state) {
	static struct page page;
	int fd = sheet_create("test", sizeof page);
	struct sheet *sheet = sheet_open(fd, sizeof page, true);
	fill(&page, 1);
	sheet_write(sheet, &page);
	pid_t writer = fork();
	if (writer == 0) {
		for (uint64_t number = 2; number <= 20000; number++) {
			fill(&page, number);
			sheet_write(sheet, &page);
		}
		_exit(0);
	}
	uint64_t version = 0;
	while (page.numbers[0] < 20000) {
		if (sheet_read(sheet, &version, &page)) {
			for (size_t i = 1; i < 512; i++) {
				assert_int_equal(page.numbers[i], page.numbers[0]);
			}
		}
	}
	int status;
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
	assert_int_equal(page.numbers[0], 20000);
	sheet_close(sheet);
	close(fd);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_in_it_is_needed),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(the_example_says_what_holds_without_it),
		cmocka_unit_test(an_operator_may_have_the_longest_name),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(a_nul_byte_ends_nothing_silently),
		cmocka_unit_test(a_reader_finds_the_newest),
		cmocka_unit_test(no_copy_is_of_two_versions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
