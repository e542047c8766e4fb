/* Addresses and networks: what is read, what is refused, what comes out again. */
#include "unit.h"

#include <arpa/inet.h>
#include <net/if.h>

#include "address.h"

static struct slice text(const char *string) {
	return slice_from_string(string);
}

static void assert_address(const char *string, const char *expected, bool expected_any) {
	struct address address;
	bool is_any;
	char out[ADDRESS_TEXT_MAX];
	if (!address_parse(text(string), &address, &is_any)) {
		fail_msg("'%s' is refused", string);
	}
	assert_string_equal(address_format(&address, out), expected);
	assert_int_equal(is_any, expected_any);
}

static void addresses_are_read(void **state) {
	assert_address("127.0.0.1:8888", "127.0.0.1:8888", false);
	assert_address("0.0.0.0:0", "0.0.0.0:0", false);
	assert_address("[::1]:65535", "[::1]:65535", false);
	assert_address("[::]:8888", "[::]:8888", false);
	assert_address("[2001:DB8::1]:1", "[2001:db8::1]:1", false);
	assert_address("[::ffff:10.0.0.1]:5", "10.0.0.1:5", false);
	assert_address("[fe80::1%7]:5", "[fe80::1%7]:5", false);
	assert_address("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe]:65535",
	               "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe]:65535", false);
	assert_address(":8888", "[::]:8888", true);
	assert_address(":0", "[::]:0", true);
}

static void an_interface_has_a_name(void **state) {
	struct address address;
	bool is_any;
	unsigned loopback = if_nametoindex("lo");
	if (loopback == 0) {
		return;
	}
	assert_true(address_parse(text("[fe80::1%lo]:5"), &address, &is_any));
	assert_int_equal(address.scope, loopback);
}

static void other_texts_are_refused(void **state) {
	const char *bad[] = {
		"",
		"8888",
		":",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:65536",
		"127.0.0.1:000001",
		"127.0.0.1:+1",
		"127.0.0.1:1 ",
		" 127.0.0.1:1",
		"127.0.0:1",
		"127.0.0.1.1:1",
		"1270.0.0.1:1",
		"localhost:1",
		"::1:8888",
		"[::1]",
		"[::1]8888",
		"[::1:8888",
		"[]:1",
		"[127.0.0.1]:1",
		"[::1%1]:1",
		"[fe80::1%]:1",
		"[fe80::1%0]:1",
		"[fe80::1%99999999999]:1",
		"[fe80::1%no-such-interface]:1",
		"[[::1]]:1",
		"*:1",
		"127.0.0.1:1:1",
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct address address;
		bool is_any;
		if (address_parse(text(bad[i]), &address, &is_any)) {
			fail_msg("'%s' is taken", bad[i]);
		}
	}
	struct address address;
	bool is_any;
	assert_false(address_parse(slice_of("127.0.0.1\0:1", 12), &address, &is_any));
	assert_false(address_parse(slice_of(NULL, 0), &address, &is_any));
}

static void both_families_meet(void **state) {
	struct address address;
	struct address same;
	bool is_any;
	struct sockaddr_storage storage;
	assert_true(address_parse(text("192.0.2.7:1234"), &address, &is_any));
	assert_true(address_is_v4(&address));
	socklen_t size = address_to_sockaddr(&address, AF_INET, &storage);
	assert_int_equal(size, sizeof(struct sockaddr_in));
	assert_true(address_from_sockaddr(&same, (struct sockaddr *)&storage, size));
	assert_true(address_equal(&address, &same));
	size = address_to_sockaddr(&address, AF_INET6, &storage);
	assert_int_equal(size, sizeof(struct sockaddr_in6));
	assert_true(address_from_sockaddr(&same, (struct sockaddr *)&storage, size));
	assert_true(address_equal(&address, &same));
	assert_true(address_hash(&address) == address_hash(&same));
	same.port++;
	assert_false(address_equal(&address, &same));
	assert_true(address_hash(&address) != address_hash(&same));

	assert_true(address_parse(text("[::1]:1"), &address, &is_any));
	assert_false(address_is_v4(&address));
	assert_int_equal(address_to_sockaddr(&address, AF_INET, &storage), 0);
	assert_int_equal(address_to_sockaddr(&address, AF_UNIX, &storage), 0);
	struct sockaddr other = {.sa_family = AF_UNIX};
	assert_false(address_from_sockaddr(&address, &other, sizeof other));
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	assert_false(address_from_sockaddr(&address, (struct sockaddr *)&in6, sizeof in6 - 1));
}

/* A scope is part of an address only where the same address is on every link. */
static void loopback_is_known(void **state) {
	static const struct {
		const char *text;
		bool is_loopback;
	} rows[] = {
		{"127.0.0.1:1", true},   {"127.255.0.9:1", true},    {"[::1]:1", true},
		{"128.0.0.1:1", false},  {"[::2]:1", false},         {"[7f00::1]:1", false},
		{"10.127.0.1:1", false}, {"[::127.0.0.1]:1", false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address address;
		bool is_any;
		assert_true(address_parse(slice_from_string(rows[i].text), &address, &is_any));
		assert_int_equal(address_is_loopback(&address), rows[i].is_loopback);
	}
}

static void private_networks_are_known(void **state) {
	static const char *const inside[] = {"127.0.0.1:1",   "10.255.0.1:1", "172.31.0.1:1",
	                                     "192.168.1.1:1", "100.64.0.1:1", "169.254.1.1:1",
	                                     "[::1]:1",       "[fd00::1]:1",  "[fe80::1]:1"};
	static const char *const outside[] = {"128.0.0.1:1",   "11.0.0.1:1",    "172.32.0.1:1",
	                                      "192.169.1.1:1", "100.128.0.1:1", "[2001:db8::1]:1",
	                                      "[::2]:1"};
	struct address address;
	bool is_any;
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		assert_true(address_parse(text(inside[i]), &address, &is_any));
		assert_true(address_is_private(&address));
	}
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		assert_true(address_parse(text(outside[i]), &address, &is_any));
		assert_false(address_is_private(&address));
	}
}

static void a_scope_counts_on_links(void **state) {
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_scope_id = 3};
	struct address address;
	assert_int_equal(inet_pton(AF_INET6, "fe80::9", &in6.sin6_addr), 1);
	assert_true(address_from_sockaddr(&address, (struct sockaddr *)&in6, sizeof in6));
	assert_int_equal(address.scope, 3);
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::9", &in6.sin6_addr), 1);
	assert_true(address_from_sockaddr(&address, (struct sockaddr *)&in6, sizeof in6));
	assert_int_equal(address.scope, 0);
}

static void hashes_spread(void **state) {
	uint32_t used[1024] = {0};
	for (uint32_t i = 0; i < 1024 * 16; i++) {
		struct address address = {.port = (uint16_t)(i & 0x3FF)};
		address.ip[15] = (uint8_t)(i >> 10);
		used[address_hash(&address) % 1024]++;
	}
	for (size_t i = 0; i < 1024; i++) {
		assert_in_range(used[i], 1, 48);
	}
}

static void assert_net(const char *string, const char *expected) {
	struct net net;
	char out[ADDRESS_TEXT_MAX];
	if (!net_parse(text(string), &net)) {
		fail_msg("'%s' is refused", string);
	}
	assert_string_equal(net_format(&net, out), expected);
}

static void nets_are_read(void **state) {
	assert_net("10.1.2.3/8", "10.0.0.0/8");
	assert_net("10.0.0.0/9", "10.0.0.0/9");
	assert_net("0.0.0.0/0", "0.0.0.0/0");
	assert_net("1.2.3.4", "1.2.3.4");
	assert_net("1.2.3.4/32", "1.2.3.4");
	assert_net("192.168.255.255/31", "192.168.255.254/31");
	assert_net("::1", "::1");
	assert_net("::1/128", "::1");
	assert_net("::/0", "::/0");
	assert_net("fe80::1/10", "fe80::/10");
	assert_net("fc01::/7", "fc00::/7");
	assert_net("::ffff:1.2.3.4", "1.2.3.4");
	assert_net("::ffff:1.2.3.4/104", "1.0.0.0/8");
}

static void other_nets_are_refused(void **state) {
	const char *bad[] = {
		"",        "/",           "/8",          "10.0.0.0/",    "10.0.0.0/33",
		"::/129",  "10/8",        "10.0.0.0/-1", "10.0.0.0/8/8", "fe80::1%1/10",
		"[::1]/8", "10.0.0.0 /8", "::/0000",     "any"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct net net;
		if (net_parse(text(bad[i]), &net)) {
			fail_msg("'%s' is taken", bad[i]);
		}
	}
}

static bool holds(const char *of, const char *at) {
	struct net net;
	struct address address;
	bool is_any;
	assert_true(net_parse(text(of), &net));
	assert_true(address_parse(text(at), &address, &is_any));
	return net_holds(&net, &address);
}

static void nets_hold_their_own(void **state) {
	assert_true(holds("10.0.0.0/8", "10.255.0.1:1"));
	assert_false(holds("10.0.0.0/8", "11.0.0.1:1"));
	assert_true(holds("10.0.0.0/9", "10.127.255.255:1"));
	assert_false(holds("10.0.0.0/9", "10.128.0.0:1"));
	assert_true(holds("0.0.0.0/0", "255.255.255.255:1"));
	assert_false(holds("0.0.0.0/0", "[::1]:1"));
	assert_true(holds("::/0", "1.2.3.4:1"));
	assert_true(holds("fe80::/10", "[febf::1%2]:1"));
	assert_false(holds("fe80::/10", "[fec0::1]:1"));
	assert_true(holds("1.2.3.4", "1.2.3.4:1"));
	assert_false(holds("1.2.3.4", "1.2.3.5:1"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(an_interface_has_a_name),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(both_families_meet),
		cmocka_unit_test(loopback_is_known),
		cmocka_unit_test(private_networks_are_known),
		cmocka_unit_test(a_scope_counts_on_links),
		cmocka_unit_test(hashes_spread),
		cmocka_unit_test(nets_are_read),
		cmocka_unit_test(other_nets_are_refused),
		cmocka_unit_test(nets_hold_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
