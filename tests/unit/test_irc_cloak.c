/* What IRC shows as somebody's host: the same for one place as long as the key is, and no address. */
#include "unit.h"

#include <string.h>

#include "irc_cloak.h"

static uint8_t key[CLOAK_KEY_BYTES];

static int begin(void **state) {
	uint8_t master[MASTER_BYTES];
	for (unsigned i = 0; i < MASTER_BYTES; i++) {
		master[i] = (uint8_t)i;
	}
	cloak_key(master, key);
	return 0;
}

static struct address at(const char *where) {
	struct address address;
	bool is_any;
	assert_true(address_parse(slice_from_string(where), &address, &is_any));
	return address;
}

static const char *cloak(const char *where) {
	static char out[CLOAK_BYTES_MAX];
	struct address address = at(where);
	memset(out, 'x', sizeof(out));
	cloak_of(key, &address, out);
	return out;
}

static uint64_t origin(const char *where) {
	struct address address = at(where);
	return cloak_origin(key, &address);
}

/* BLAKE2b as another program has it: bans of today hold tomorrow. */
static void cloaks_are_those_of_yesterday(void **state) {
	assert_string_equal(cloak("127.0.0.1:1"), "akvd11xfxppf5kr4.qun");
	assert_string_equal(cloak("10.0.0.1:1"), "d3ywabh727e547xz.qun");
	assert_string_equal(cloak("[2001:db8::1]:1"), "j8e0temvtq61haw0.qun");
	assert_true(origin("10.0.0.1:1") == UINT64_C(5970666065972559208));
}

static void a_place_has_one_cloak(void **state) {
	static const struct {
		const char *one, *other;
		bool is_same;
	} rows[] = {
		{"10.0.0.1:1", "10.0.0.1:65535", true},
		{"10.0.0.1:1", "10.0.0.2:1", false},
		{"10.0.0.1:1", "[::ffff:10.0.0.1]:1", true},
		/* Whoever has a network of IPv6 has all of its 64 bits. */
		{"[2001:db8::1]:1", "[2001:db8::ffff:1]:1", true},
		{"[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false},
		{"[::1]:1", "127.0.0.1:1", false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char one[CLOAK_BYTES_MAX];
		memcpy(one, cloak(rows[i].one), sizeof(one));
		assert_int_equal(strcmp(one, cloak(rows[i].other)) == 0, rows[i].is_same);
		assert_int_equal(origin(rows[i].one) == origin(rows[i].other), rows[i].is_same);
	}
}

static void another_key_has_other_cloaks(void **state) {
	uint8_t other[CLOAK_KEY_BYTES], master[MASTER_BYTES] = {1};
	char out[CLOAK_BYTES_MAX];
	struct address address = at("10.0.0.1:1");
	cloak_key(master, other);
	cloak_of(other, &address, out);
	assert_string_not_equal(out, cloak("10.0.0.1:1"));
	assert_true(cloak_origin(other, &address) != origin("10.0.0.1:1"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cloaks_are_those_of_yesterday),
		cmocka_unit_test(a_place_has_one_cloak),
		cmocka_unit_test(another_key_has_other_cloaks),
	};
	return cmocka_run_group_tests(tests, begin, NULL);
}
