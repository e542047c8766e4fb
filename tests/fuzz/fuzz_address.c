/* Addresses and networks from any bytes. What is read and written out again is the same. */
#include "fuzz.h"

#include <assert.h>

#include "address.h"

static void check_address(struct slice text) {
	struct address address;
	struct address again;
	bool is_any;
	bool is_any_again;
	if (!address_parse(text, &address, &is_any)) {
		return;
	}
	char out[ADDRESS_TEXT_MAX];
	address_format(&address, out);
	assert(address_parse(slice_from_string(out), &again, &is_any_again));
	assert(!is_any_again);
	assert(address_equal(&address, &again));
	assert(address_hash(&address) == address_hash(&again));
}

static void check_net(struct slice text) {
	struct net net;
	struct net again;
	if (!net_parse(text, &net)) {
		return;
	}
	char out[ADDRESS_TEXT_MAX];
	net_format(&net, out);
	assert(net_parse(slice_from_string(out), &again));
	assert(net.bits == again.bits);
	assert(memcmp(net.ip, again.ip, sizeof net.ip) == 0);
	struct address first = {0};
	memcpy(first.ip, net.ip, sizeof first.ip);
	assert(net_holds(&net, &first));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	struct slice text = slice_of((const char *)bytes, size);
	check_address(text);
	check_net(text);
	return 0;
}
