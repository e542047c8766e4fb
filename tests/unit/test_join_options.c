/* The command line of `qun join`. */
#include "unit.h"

#include <string.h>

#include "join_options.h"
#include "limits.h"

static struct join_options options;
static char host[JOIN_HOST_BYTES], trouble[OPTION_TROUBLE_BYTES];

static bool parse(const char *a, const char *b, const char *c) {
	char *argv[] = {(char *)"join", (char *)a, (char *)b, (char *)c, NULL};
	int argc = a == NULL ? 1 : b == NULL ? 2 : c == NULL ? 3 : 4;
	trouble[0] = '\0';
	return join_options_parse(&options, argc, argv, host, trouble);
}

static void expect_host(const char *text, const char *wants_host, const char *wants_port) {
	assert_true(parse(text, NULL, NULL));
	assert_string_equal(options.host, wants_host);
	assert_string_equal(options.port, wants_port);
}

static void test_reads_hosts(void **state) {
	expect_host(NULL, "127.0.0.1", "8888");
	expect_host("example.org", "example.org", "8888");
	expect_host("example.org:9000", "example.org", "9000");
	expect_host("[::1]:9000", "::1", "9000");
	expect_host("[::1]", "::1", "8888");
	expect_host("fe80::1%eth0", "fe80::1%eth0", "8888");
	expect_host(":9000", "127.0.0.1", "9000");
	static const char *const wrong[] = {"host:", "host:0",    "host:65536", "host:12x",
	                                    "[::1",  "[::1]9000", "host:-1",    "host:123456"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_false(parse(wrong[i], NULL, NULL));
		assert_non_null(strstr(trouble, wrong[i]));
	}
}

static void test_reads_options(void **state) {
	assert_true(parse("--name=小明", "--room", "#x"));
	assert_string_equal(options.name, "小明");
	assert_string_equal(options.room, "#x");
	assert_false(options.is_lines || options.is_new);
	assert_true(parse("--lines", "host", "--new"));
	assert_true(options.is_lines && options.is_new);
	assert_string_equal(options.host, "host");
}

static void test_refuses_what_is_too_long_for_a_name(void **state) {
	static char name[NAME_BYTES_MAX + 2];
	memset(name, 'x', NAME_BYTES_MAX);
	assert_true(parse("--name", name, NULL));
	name[NAME_BYTES_MAX] = 'x';
	assert_false(parse("--name", name, NULL));
	assert_non_null(strstr(trouble, "96 bytes"));
}

static void test_refuses_what_makes_no_sense(void **state) {
	assert_false(parse("a", "b", NULL));
	assert_false(parse("--name", NULL, NULL));
	assert_false(parse("--name=", NULL, NULL));
	assert_false(parse("--room", "lobby", NULL));
	assert_false(parse("--lines=yes", NULL, NULL));
	assert_false(parse("--nmae", "x", NULL));
	assert_non_null(strstr(trouble, "--nmae"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_hosts),
		cmocka_unit_test(test_reads_options),
		cmocka_unit_test(test_refuses_what_is_too_long_for_a_name),
		cmocka_unit_test(test_refuses_what_makes_no_sense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
