/*
 * address.h - where a datagram comes from and goes to.
 *
 * All addresses are IPv6 inside; IPv4 is v4-mapped (::ffff:a.b.c.d), so one
 * comparison and one hash serve both.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "slice.h"

struct address {
	uint8_t ip[16];
	uint16_t port;  /* host order */
	uint32_t scope; /* interface of a link-local address, else 0 */
};

/* A way to one peer: its address, our own address that it spoke to, the listener's index. */
struct route {
	struct address peer;
	uint8_t local[16]; /* all zero: not known */
	uint16_t listener;
};

/* A network: the first `bits` of 128 count. */
struct net {
	uint8_t ip[16];
	uint8_t bits;
};

#define ADDRESS_TEXT_MAX 80

bool address_is_v4(const struct address *address);
bool address_is_loopback(const struct address *address);
/* Where nobody else's packets come from: this machine and private networks. */
bool address_is_private(const struct address *address);
#define ADDRESS_PRIVATE_NETS 9
extern const char *const address_private_nets[ADDRESS_PRIVATE_NETS];
bool address_equal(const struct address *a, const struct address *b);
uint64_t address_hash(const struct address *address);

/* From AF_INET or AF_INET6; false for any other family. */
bool address_from_sockaddr(struct address *address, const struct sockaddr *from, socklen_t size);
/* Fills `to` for a socket of the family given (AF_INET needs a v4 address). Returns its size, 0 if it cannot. */
socklen_t address_to_sockaddr(const struct address *address, int family,
                              struct sockaddr_storage *to);

/* "127.0.0.1:8888", "[::1]:8888". Always terminated; returns `out`. */
const char *address_format(const struct address *address, char out[ADDRESS_TEXT_MAX]);
/* "127.0.0.1", "fe80::1%3": without the port. */
const char *address_format_ip(const struct address *address, char out[ADDRESS_TEXT_MAX]);
/* "1.2.3.4:5", "[::1]:5", ":5" (all addresses; *any is set). False if it is none of these. */
bool address_parse(struct slice text, struct address *address, bool *is_any);

/* "10.0.0.0/8", "fe80::/10", "1.2.3.4", "::1". Host bits beyond the prefix are cleared. */
bool net_parse(struct slice text, struct net *net);
bool net_holds(const struct net *net, const struct address *address);
const char *net_format(const struct net *net, char out[ADDRESS_TEXT_MAX]);

#endif
