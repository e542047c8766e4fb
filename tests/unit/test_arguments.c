/* The words behind `qun serve`: what they make of the options, and what is refused. */
#include "unit.h"

#include <string.h>

#include "arguments.h"

#define WORDS_MAX 64

static struct options options;
static char trouble[OPTION_TROUBLE_BYTES];

/* Words with blanks between. */
static enum arguments_result parse(const char *line) {
	static char copy[1024];
	char *words[WORDS_MAX];
	int count = 0;
	snprintf(copy, sizeof copy, "%s", line);
	char *rest = copy;
	for (char *word = strtok_r(copy, " ", &rest); word != NULL && count < WORDS_MAX;
	     word = strtok_r(NULL, " ", &rest)) {
		words[count++] = word;
	}
	arguments_defaults(&options);
	return arguments_parse(&options, count, words, trouble);
}

static void assert_good(const char *line) {
	if (parse(line) != ARGUMENTS_OK) {
		fail_msg("'%s' is refused: %s", line, trouble);
	}
}

static void assert_bad(const char *line, const char *part) {
	if (parse(line) != ARGUMENTS_BAD) {
		fail_msg("'%s' is taken", line);
	}
	if (strstr(trouble, part) == NULL) {
		fail_msg("'%s': '%s' does not say '%s'", line, trouble, part);
	}
}

static bool is_allowed(const char *ip) {
	struct address address;
	bool is_any;
	char text[64];
	bool is_v6 = strchr(ip, ':') != NULL;
	snprintf(text, sizeof text, "%s%s%s:1", is_v6 ? "[" : "", ip, is_v6 ? "]" : "");
	assert_true(address_parse(slice_from_string(text), &address, &is_any));
	for (unsigned i = 0; i < options.plain_nets_count; i++) {
		if (net_holds(&options.plain_nets[i], &address)) {
			return true;
		}
	}
	return false;
}

static void nothing_said_means_the_defaults(void **state) {
	assert_good("");
	assert_int_equal(options.size, sizeof options);
	assert_int_equal(options.listeners_count, 1);
	assert_true(options.listeners[0].is_any);
	assert_int_equal(options.listeners[0].address.port, 8888);
	assert_in_range(options.edges, 1, 4);
	assert_int_equal(options.data[0], '\0');
	assert_int_equal(options.language, LANGUAGE_ZH);
	assert_false(options.is_fsync);
	assert_false(options.has_keyboard);
	assert_int_equal(options.keep_days, 0);
	assert_int_equal(options.ring_megabytes, 64);
	assert_true(options.rate_per_s == 20);
	assert_int_equal(options.rate_burst, 200);
	assert_true(options.idle_s == 86400);
	assert_true(options.silence_s == 45);
	assert_true(options.stall_s == 300);
	assert_true(options.away_s == 600);
	assert_true(options.forget_s == 2592000);
	assert_false(options.plain_from_any);
	const char *allowed[] = {"127.0.0.9",   "10.1.1.1",    "172.31.0.1", "192.168.0.1", "::1",
	                         "100.127.0.1", "169.254.1.1", "fd00::1",    "fe80::1%1"};
	const char *others[] = {"8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1", "::2"};
	for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
		assert_true(is_allowed(allowed[i]));
	}
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		assert_false(is_allowed(others[i]));
	}
}

static void all_can_be_said_at_once(void **state) {
	assert_good(
		"--listen 127.0.0.1:0 --listen=[::1]:9 --data /a=b --edges=64 --console --fsync "
		"--language en --keep 30 --ring 1 --rate 0.5:3 --idle 1.25 "
		"--silence 0.5 --stall 1.5 --away 2.5 --forget=60 "
		"--plain-from 8.8.0.0/16,2001:db8::/32 --plain-from 9.9.9.9");
	assert_int_equal(options.listeners_count, 2);
	assert_true(options.listeners[0].is_v4_only);
	assert_false(options.listeners[0].is_any);
	assert_int_equal(options.listeners[0].address.port, 0);
	assert_false(options.listeners[1].is_v4_only);
	assert_int_equal(options.listeners[1].address.port, 9);
	assert_string_equal(options.data, "/a=b");
	assert_int_equal(options.edges, 64);
	assert_true(options.has_keyboard);
	assert_false(options.is_terminal);
	assert_true(options.is_fsync);
	assert_int_equal(options.language, LANGUAGE_EN);
	assert_int_equal(options.keep_days, 30);
	assert_int_equal(options.ring_megabytes, 1);
	assert_true(options.rate_per_s == 0.5);
	assert_int_equal(options.rate_burst, 3);
	assert_true(options.idle_s == 1.25);
	assert_true(options.silence_s == 0.5);
	assert_true(options.stall_s == 1.5);
	assert_true(options.away_s == 2.5);
	assert_true(options.forget_s == 60);
	assert_int_equal(options.plain_nets_count, 3);
	assert_true(is_allowed("8.8.8.8"));
	assert_true(is_allowed("9.9.9.9"));
	assert_false(is_allowed("127.0.0.1"));
}

static void values_that_follow_from_others(void **state) {
	assert_good("--rate 3");
	assert_int_equal(options.rate_burst, 30);
	assert_good("--rate 0.01");
	assert_int_equal(options.rate_burst, 1);
	assert_good("--plain-from any");
	assert_true(options.plain_from_any);
	assert_good("--idle 0");
	assert_true(options.idle_s == 0);
	assert_good("--away 0 --forget 0");
	assert_true(options.away_s == 0 && options.forget_s == 0);
	assert_good("--listen 0.0.0.0:5");
	assert_true(options.listeners[0].is_v4_only);
	assert_good("--listen [::]:5");
	assert_false(options.listeners[0].is_any);
	assert_false(options.listeners[0].is_v4_only);
	assert_good("--edges 1 --edges 2");
	assert_int_equal(options.edges, 2);
}

static void help_is_no_mistake(void **state) {
	assert_int_equal(parse("--help"), ARGUMENTS_HELP);
	assert_int_equal(parse("--fsync -h"), ARGUMENTS_HELP);
}

static void what_is_not_exactly_right_is_refused(void **state) {
	assert_bad("8888", "no option '8888'");
	assert_bad("--lis :1", "no option '--lis'");
	assert_bad("--", "no option");
	assert_bad("=", "no option");
	assert_bad("--fsync=yes", "--fsync takes no value");
	assert_bad("--data", "--data wants a value");
	assert_bad("--data=", "--data");
	assert_bad("--listen 8888", "ADDR:PORT");
	assert_bad("--listen localhost:8888", "localhost:8888");
	assert_bad("--listen :65536", "--listen");
	assert_bad("--edges 0", "from 1 to 64");
	assert_bad("--edges 65", "from 1 to 64");
	assert_bad("--edges -1", "--edges");
	assert_bad("--edges 4x", "'4x'");
	assert_bad("--edges 99999999999999999999", "--edges");
	assert_bad("--language fr", "zh or en");
	assert_bad("--keep -1", "--keep");
	assert_bad("--keep 1.5", "--keep");
	assert_bad("--ring 0", "--ring");
	assert_bad("--ring 65537", "--ring");
	assert_bad("--rate 0", "--rate");
	assert_bad("--rate :5", "--rate");
	assert_bad("--rate 5:", "--rate");
	assert_bad("--rate 5:0", "--rate");
	assert_bad("--rate 1e3", "--rate");
	assert_bad("--rate nan", "--rate");
	assert_bad("--rate 20:200:2", "--rate");
	assert_bad("--idle -5", "--idle");
	assert_bad("--idle 1.", "--idle");
	assert_bad("--idle .5", "--idle");
	assert_bad("--idle inf", "--idle");
	assert_bad("--silence 0", "--silence");
	assert_bad("--stall 0", "--stall");
	assert_bad("--away -1", "--away");
	assert_bad("--forget 30d", "--forget");
	assert_bad("--plain-from 10.0.0.0/33", "10.0.0.0/33");
	assert_bad("--plain-from 10.0.0.0/8,", "--plain-from");
	assert_bad("--plain-from any,10.0.0.0/8", "'any'");
	assert_bad("--plain-from everyone", "'everyone'");
}

static void there_is_room_for_so_many(void **state) {
	char line[1024] = "";
	size_t size = 0;
	for (int i = 0; i < LISTENERS_MAX; i++) {
		size += (size_t)snprintf(line + size, sizeof line - size, "--listen :%d ", i + 1);
	}
	assert_good(line);
	assert_int_equal(options.listeners_count, LISTENERS_MAX);
	snprintf(line + size, sizeof line - size, "--listen :99");
	assert_bad(line, "more than 16");
	size = (size_t)snprintf(line, sizeof line, "--plain-from 1.1.1.1");
	for (int i = 1; i < PLAIN_NETS_MAX; i++) {
		size += (size_t)snprintf(line + size, sizeof line - size, ",1.1.1.%d", i);
	}
	assert_good(line);
	assert_int_equal(options.plain_nets_count, PLAIN_NETS_MAX);
	snprintf(line + size, sizeof line - size, ",2.2.2.2");
	assert_bad(line, "at most 64");
}

static void a_configuration_is_named_or_only_looked_at(void **state) {
	assert_good("--edges 2");
	assert_int_equal(options.config[0], '\0');
	assert_good("--config ./qun.conf --edges 2");
	assert_string_equal(options.config, "./qun.conf");
	assert_int_equal(parse("--check-config=/etc/qun.conf"), ARGUMENTS_CHECK);
	assert_string_equal(options.config, "/etc/qun.conf");
	assert_bad("--config", "--config wants a value");
	assert_bad("--config=", "--config wants the path of a file");
	assert_bad("--check-config /etc/qun.conf --bogus", "there is no option '--bogus'");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_said_means_the_defaults),
		cmocka_unit_test(all_can_be_said_at_once),
		cmocka_unit_test(values_that_follow_from_others),
		cmocka_unit_test(help_is_no_mistake),
		cmocka_unit_test(what_is_not_exactly_right_is_refused),
		cmocka_unit_test(there_is_room_for_so_many),
		cmocka_unit_test(a_configuration_is_named_or_only_looked_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
