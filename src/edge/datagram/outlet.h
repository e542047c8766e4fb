/*
 * outlet.h - one UDP socket of an edge: which addresses it can send to, from
 * which of our own, and what ICMP said about what was sent.
 *
 * A socket that is bound to all addresses sends each datagram from the address
 * that its receiver spoke to (IP_PKTINFO, IPV6_PKTINFO); one that is bound to
 * a single address does so by itself, and cheaper.
 *
 * ICMP errors are pending on the socket: the next send, to somebody else,
 * fails with them and sends nothing. So whoever sends takes the errors off the
 * queue and sends again.
 */
#ifndef OUTLET_H
#define OUTLET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "address.h"
#include "slice.h"

struct outlet {
	int fd;
	uint16_t listener;
	int family; /* AF_INET, or AF_INET6 for both */
	socklen_t name_bytes;
	bool is_wildcard;
};

/* Where a datagram goes, as the kernel wants it. */
struct target {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} to;
	uint8_t local[16]; /* our own address that it spoke to; all zero: not known */
};

/* Sets the options that an edge needs. 0, or -1 with errno. */
int outlet_init(struct outlet *outlet, int fd, uint16_t listener);

/* Fills in where to send. False if this socket's family cannot reach the address. */
bool outlet_aim(const struct outlet *outlet, const struct route *route, struct target *target);

/* Space for the control message that names our own address, on a wildcard outlet. */
struct outlet_control {
	_Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};
/* Prepares it once; then outlet_control_set() for each target. */
void outlet_control_init(const struct outlet *outlet, struct outlet_control *control);
/* Bytes of control that go with a datagram to the target: 0 if it needs none. */
size_t outlet_control_set(const struct outlet *outlet, struct outlet_control *control,
                          const struct target *target);
/* Of a datagram that came: our own address that it came to; all zero if it is not said. */
void outlet_control_read(struct msghdr *message, uint8_t local[16]);

/* What became of an earlier datagram. */
struct outlet_error {
	struct address peer;      /* to whom it was sent */
	bool is_port_unreachable; /* the machine is there, the program is not */
};
typedef void outlet_on_error(void *context, const struct outlet_error *error);
/* Takes up to `most` errors off the queue; returns how many there were. */
unsigned outlet_take_errors(const struct outlet *outlet, unsigned most, outlet_on_error *on_error,
                            void *context);

/* The edge's one way to say something outside the ring's order: now or never. False: never. */
bool outlet_send(const struct outlet *outlet, const struct target *target, struct slice datagram,
                 outlet_on_error *on_error, void *context);

#endif
