/*
 * address.c - the text forms:
 *
 *   address   IPV4:PORT   [IPV6]:PORT   [IPV6%SCOPE]:PORT   :PORT
 *   net       IPV4   IPV4/BITS   IPV6   IPV6/BITS
 *
 * SCOPE is an interface's number or name, PORT has one to five digits.
 */
#include "address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <net/if.h>
#include <stdio.h>

/* ::ffff:0:0/96, where IPv4 lives. */
static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
#define V4_PREFIX_BITS 96

static bool ip_is_v4(const uint8_t ip[16]) {
	return memcmp(ip, v4_prefix, sizeof v4_prefix) == 0;
}

static bool ip_is_link_local(const uint8_t ip[16]) {
	return ip[0] == 0xFE && (ip[1] & 0xC0) == 0x80;
}

static void ip_set_v4(uint8_t ip[16], const void *four) {
	memcpy(ip, v4_prefix, sizeof v4_prefix);
	memcpy(ip + sizeof v4_prefix, four, 4);
}

bool address_is_v4(const struct address *address) {
	return ip_is_v4(address->ip);
}

bool address_is_loopback(const struct address *address) {
	static const uint8_t one[16] = {[15] = 1};
	return address_is_v4(address) ? address->ip[12] == 127
	                              : memcmp(address->ip, one, sizeof(one)) == 0;
}

bool address_equal(const struct address *a, const struct address *b) {
	return a->port == b->port && a->scope == b->scope && memcmp(a->ip, b->ip, 16) == 0;
}

/* The finalizer of SplitMix64: each bit in turns about half of those out. */
static uint64_t mix(uint64_t x) {
	x ^= x >> 30;
	x *= UINT64_C(0xBF58476D1CE4E5B9);
	x ^= x >> 27;
	x *= UINT64_C(0x94D049BB133111EB);
	x ^= x >> 31;
	return x;
}

uint64_t address_hash(const struct address *address) {
	uint64_t high;
	uint64_t low;
	memcpy(&high, address->ip, 8);
	memcpy(&low, address->ip + 8, 8);
	uint64_t hash = mix(high + UINT64_C(0x9E3779B97F4A7C15));
	hash = mix(hash ^ low);
	return mix(hash ^ ((uint64_t)address->port << 32 | address->scope));
}

bool address_from_sockaddr(struct address *address, const struct sockaddr *from, socklen_t size) {
	*address = (struct address){0};
	if (size >= sizeof(struct sockaddr_in) && from->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, from, sizeof in);
		ip_set_v4(address->ip, &in.sin_addr);
		address->port = ntohs(in.sin_port);
		return true;
	}
	if (size >= sizeof(struct sockaddr_in6) && from->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, from, sizeof in6);
		memcpy(address->ip, &in6.sin6_addr, 16);
		address->port = ntohs(in6.sin6_port);
		address->scope = ip_is_link_local(address->ip) ? in6.sin6_scope_id : 0;
		return true;
	}
	return false;
}

socklen_t address_to_sockaddr(const struct address *address, int family,
                              struct sockaddr_storage *to) {
	memset(to, 0, sizeof *to);
	if (family == AF_INET && address_is_v4(address)) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};
		memcpy(&in.sin_addr, address->ip + sizeof v4_prefix, 4);
		memcpy(to, &in, sizeof in);
		return sizeof in;
	}
	if (family == AF_INET6) {
		struct sockaddr_in6 in6 = {
			.sin6_family = AF_INET6,
			.sin6_port = htons(address->port),
			.sin6_scope_id = address->scope,
		};
		memcpy(&in6.sin6_addr, address->ip, 16);
		memcpy(to, &in6, sizeof in6);
		return sizeof in6;
	}
	return 0;
}

/* The address alone, IPv4 dotted; INET6_ADDRSTRLEN suffices. */
static void ip_format(const uint8_t ip[16], char out[INET6_ADDRSTRLEN]) {
	const char *done;
	if (ip_is_v4(ip)) {
		done = inet_ntop(AF_INET, ip + sizeof v4_prefix, out, INET6_ADDRSTRLEN);
	} else {
		done = inet_ntop(AF_INET6, ip, out, INET6_ADDRSTRLEN);
	}
	assert(done != NULL);
	(void)done;
}

const char *address_format_ip(const struct address *address, char out[ADDRESS_TEXT_MAX]) {
	char ip[INET6_ADDRSTRLEN];
	ip_format(address->ip, ip);
	if (address->scope != 0) {
		snprintf(out, ADDRESS_TEXT_MAX, "%s%%%u", ip, (unsigned)address->scope);
	} else {
		snprintf(out, ADDRESS_TEXT_MAX, "%s", ip);
	}
	return out;
}

const char *address_format(const struct address *address, char out[ADDRESS_TEXT_MAX]) {
	char ip[ADDRESS_TEXT_MAX];
	address_format_ip(address, ip);
	const bool is_v4 = address_is_v4(address);
	/* An address and its scope take 57 bytes at most; the bound is for the compiler. */
	snprintf(out, ADDRESS_TEXT_MAX, "%s%.64s%s:%u", is_v4 ? "" : "[", ip, is_v4 ? "" : "]",
	         (unsigned)address->port);
	return out;
}

/* Digits only, at least one, no more than `digits_max`, at most `value_max`. */
static bool number_parse(struct slice text, size_t digits_max, uint32_t value_max,
                         uint32_t *value) {
	if (text.size == 0 || text.size > digits_max) {
		return false;
	}
	uint64_t sum = 0;
	for (size_t i = 0; i < text.size; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9') {
			return false;
		}
		sum = sum * 10 + (uint64_t)(text.bytes[i] - '0');
	}
	*value = (uint32_t)sum;
	return sum <= value_max;
}

/* The first place of a byte, or text.size. */
static size_t find(struct slice text, char byte) {
	size_t i = 0;
	while (i < text.size && text.bytes[i] != byte) {
		i++;
	}
	return i;
}

/* A copy with an end, for the C library; false if it is too long or has a NUL inside. */
static bool terminate(struct slice text, char *out, size_t out_size) {
	if (text.size == 0 || text.size >= out_size || find(text, '\0') < text.size) {
		return false;
	}
	memcpy(out, text.bytes, text.size);
	out[text.size] = '\0';
	return true;
}

static bool ip_parse(struct slice text, int family, uint8_t ip[16]) {
	char string[INET6_ADDRSTRLEN];
	if (!terminate(text, string, sizeof string)) {
		return false;
	}
	if (family == AF_INET6) {
		return inet_pton(AF_INET6, string, ip) == 1;
	}
	uint8_t four[4];
	if (inet_pton(AF_INET, string, four) != 1) {
		return false;
	}
	ip_set_v4(ip, four);
	return true;
}

static bool scope_parse(struct slice text, uint32_t *scope) {
	if (number_parse(text, 10, UINT32_MAX, scope)) {
		return *scope != 0;
	}
	char name[IF_NAMESIZE];
	if (!terminate(text, name, sizeof name)) {
		return false;
	}
	*scope = if_nametoindex(name);
	return *scope != 0;
}

/* What stands between the brackets: "::1", "fe80::1%eth0". */
static bool v6_parse(struct slice text, struct address *address) {
	size_t percent = find(text, '%');
	if (!ip_parse(slice_first(text, percent), AF_INET6, address->ip)) {
		return false;
	}
	if (percent == text.size) {
		return true;
	}
	return ip_is_link_local(address->ip) &&
	       scope_parse(slice_from(text, percent + 1), &address->scope);
}

bool address_parse(struct slice text, struct address *address, bool *is_any) {
	*address = (struct address){0};
	*is_any = false;
	struct slice port;
	if (text.size > 0 && text.bytes[0] == '[') {
		size_t end = find(text, ']');
		if (end + 1 >= text.size || text.bytes[end + 1] != ':') {
			return false;
		}
		if (!v6_parse(slice_of(text.bytes + 1, end - 1), address)) {
			return false;
		}
		port = slice_from(text, end + 2);
	} else {
		size_t colon = find(text, ':');
		if (colon == text.size) {
			return false;
		}
		*is_any = colon == 0;
		if (colon > 0 && !ip_parse(slice_first(text, colon), AF_INET, address->ip)) {
			return false;
		}
		port = slice_from(text, colon + 1);
	}
	uint32_t number;
	if (!number_parse(port, 5, UINT16_MAX, &number)) {
		return false;
	}
	address->port = (uint16_t)number;
	return true;
}

/* Clears all but the first `bits`. */
static void ip_mask(uint8_t ip[16], unsigned bits) {
	for (unsigned i = 0; i < 16; i++) {
		unsigned kept = bits > i * 8 ? bits - i * 8 : 0;
		if (kept < 8) {
			ip[i] &= (uint8_t)(0xFF00 >> kept);
		}
	}
}

bool net_parse(struct slice text, struct net *net) {
	*net = (struct net){0};
	size_t slash = find(text, '/');
	struct slice ip = slice_first(text, slash);
	bool is_v6 = find(ip, ':') < ip.size;
	if (!ip_parse(ip, is_v6 ? AF_INET6 : AF_INET, net->ip)) {
		return false;
	}
	const uint32_t bits_max = is_v6 ? 128 : 32;
	uint32_t bits = bits_max;
	if (slash < text.size && !number_parse(slice_from(text, slash + 1), 3, bits_max, &bits)) {
		return false;
	}
	net->bits = (uint8_t)(is_v6 ? bits : V4_PREFIX_BITS + bits);
	ip_mask(net->ip, net->bits);
	return true;
}

bool net_holds(const struct net *net, const struct address *address) {
	uint8_t ip[16];
	memcpy(ip, address->ip, sizeof ip);
	ip_mask(ip, net->bits);
	return memcmp(ip, net->ip, sizeof ip) == 0;
}

const char *net_format(const struct net *net, char out[ADDRESS_TEXT_MAX]) {
	char ip[INET6_ADDRSTRLEN];
	unsigned bits = net->bits;
	bool is_v4 = ip_is_v4(net->ip) && bits >= V4_PREFIX_BITS;
	if (is_v4) {
		bits -= V4_PREFIX_BITS;
	}
	ip_format(net->ip, ip);
	if (net->bits >= 128) {
		snprintf(out, ADDRESS_TEXT_MAX, "%s", ip);
	} else {
		snprintf(out, ADDRESS_TEXT_MAX, "%s/%u", ip, bits);
	}
	return out;
}

const char *const address_private_nets[ADDRESS_PRIVATE_NETS] = {
	"127.0.0.0/8",    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
	"169.254.0.0/16", "::1",        "fc00::/7",      "fe80::/10",
};

bool address_is_private(const struct address *address) {
	for (size_t i = 0; i < ADDRESS_PRIVATE_NETS; i++) {
		struct net net;
		bool is_read = net_parse(slice_from_string(address_private_nets[i]), &net);
		assert(is_read);
		if (net_holds(&net, address)) {
			return true;
		}
	}
	return false;
}
