#include "outlet.h"

#include <assert.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#define RECEIVE_BUFFER_BYTES (4 * 1024 * 1024)
#define ERRORS_PER_SEND 16

static bool is_zero(const uint8_t ip[16]) {
	static const uint8_t zero[16];
	return memcmp(ip, zero, sizeof(zero)) == 0;
}

/* ---- options ---- */

static int set(int fd, int level, int option, int value) {
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* The default holds some 270 small datagrams; root may pass the system's maximum. */
static void grow_buffer(int fd) {
	int bytes = 0;
	socklen_t size = sizeof(bytes);
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &size) == 0 &&
	    bytes >= RECEIVE_BUFFER_BYTES) {
		return;
	}
	if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES) < 0) {
		(void)set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES);
	}
}

static bool is_any(const struct sockaddr_storage *bound) {
	struct address address;
	if (!address_from_sockaddr(&address, (const struct sockaddr *)bound, sizeof(*bound))) {
		return false;
	}
	static const uint8_t v4_any[16] = {[10] = 0xFF, [11] = 0xFF};
	return is_zero(address.ip) || memcmp(address.ip, v4_any, sizeof(v4_any)) == 0;
}

int outlet_init(struct outlet *outlet, int fd, uint16_t listener) {
	struct sockaddr_storage bound;
	socklen_t size = sizeof(bound);
	if (getsockname(fd, (struct sockaddr *)&bound, &size) < 0) {
		return -1;
	}
	*outlet = (struct outlet){.fd = fd,
	                          .listener = listener,
	                          .family = bound.ss_family,
	                          .is_wildcard = is_any(&bound)};
	grow_buffer(fd);
	/* Also on an IPv6 socket: IPv4 comes and goes through it as well. */
	if (set(fd, SOL_IP, IP_RECVERR, 1) < 0 && outlet->family == AF_INET) {
		return -1;
	}
	if (outlet->family == AF_INET) {
		outlet->name_bytes = sizeof(struct sockaddr_in);
		return outlet->is_wildcard ? set(fd, SOL_IP, IP_PKTINFO, 1) : 0;
	}
	outlet->name_bytes = sizeof(struct sockaddr_in6);
	if (set(fd, SOL_IPV6, IPV6_RECVERR, 1) < 0) {
		return -1;
	}
	return outlet->is_wildcard ? set(fd, SOL_IPV6, IPV6_RECVPKTINFO, 1) : 0;
}

bool outlet_aim(const struct outlet *outlet, const struct route *route, struct target *target) {
	struct sockaddr_storage name;
	socklen_t size = address_to_sockaddr(&route->peer, outlet->family, &name);
	if (size == 0 || size > sizeof(target->to)) {
		return false;
	}
	memset(&target->to, 0, sizeof(target->to));
	memcpy(&target->to, &name, size);
	memcpy(target->local, route->local, sizeof(target->local));
	return true;
}

/* ---- from which of our addresses ---- */

/*
 * The length is CMSG_LEN, not CMSG_SPACE: so that the larger one, too, fits
 * into what the kernel has on its stack, and it allocates nothing per datagram.
 */
static size_t control_bytes(const struct outlet *outlet) {
	return outlet->family == AF_INET ? CMSG_LEN(sizeof(struct in_pktinfo))
	                                 : CMSG_LEN(sizeof(struct in6_pktinfo));
}

void outlet_control_init(const struct outlet *outlet, struct outlet_control *control) {
	bool is_v4 = outlet->family == AF_INET;
	const struct cmsghdr head = {
		.cmsg_level = is_v4 ? SOL_IP : SOL_IPV6,
		.cmsg_type = is_v4 ? IP_PKTINFO : IPV6_PKTINFO,
		.cmsg_len = control_bytes(outlet),
	};
	memset(control, 0, sizeof(*control));
	memcpy(control->bytes, &head, sizeof(head));
}

size_t outlet_control_set(const struct outlet *outlet, struct outlet_control *control,
                          const struct target *target) {
	if (!outlet->is_wildcard || is_zero(target->local)) {
		return 0;
	}
	char *data = control->bytes + CMSG_LEN(0);
	if (outlet->family == AF_INET) {
		memcpy(data + offsetof(struct in_pktinfo, ipi_spec_dst), target->local + 12, 4);
	} else {
		memcpy(data + offsetof(struct in6_pktinfo, ipi6_addr), target->local, 16);
	}
	return control_bytes(outlet);
}

void outlet_control_read(struct msghdr *message, uint8_t local[16]) {
	memset(local, 0, 16);
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
	     part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level == SOL_IP && part->cmsg_type == IP_PKTINFO) {
			/* ipi_spec_dst, not ipi_addr: a broadcast is answered from our own address. */
			local[10] = local[11] = 0xFF;
			memcpy(local + 12,
			       CMSG_DATA(part) + offsetof(struct in_pktinfo, ipi_spec_dst), 4);
		} else if (part->cmsg_level == SOL_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
			memcpy(local, CMSG_DATA(part) + offsetof(struct in6_pktinfo, ipi6_addr),
			       16);
		}
	}
}

/* ---- what ICMP says ---- */

static bool is_port_unreachable(const struct sock_extended_err *error) {
	switch (error->ee_origin) {
	case SO_EE_ORIGIN_ICMP:
		return error->ee_type == ICMP_DEST_UNREACH && error->ee_code == ICMP_PORT_UNREACH;
	case SO_EE_ORIGIN_ICMP6:
		return error->ee_type == ICMP6_DST_UNREACH &&
		       error->ee_code == ICMP6_DST_UNREACH_NOPORT;
	default: return false;
	}
}

static bool is_error(const struct cmsghdr *part) {
	return (part->cmsg_level == SOL_IP && part->cmsg_type == IP_RECVERR) ||
	       (part->cmsg_level == SOL_IPV6 && part->cmsg_type == IPV6_RECVERR);
}

/* One error; false if there is none. */
static bool take_error(int fd, struct outlet_error *error) {
	struct sockaddr_storage peer = {0};
	_Alignas(struct cmsghdr) char control[512];
	struct msghdr message = {.msg_name = &peer,
	                         .msg_namelen = sizeof(peer),
	                         .msg_control = control,
	                         .msg_controllen = sizeof(control)};
	*error = (struct outlet_error){0};
	if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
		return false;
	}
	address_from_sockaddr(&error->peer, (const struct sockaddr *)&peer, message.msg_namelen);
	for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part != NULL;
	     part = CMSG_NXTHDR(&message, part)) {
		if (is_error(part)) {
			struct sock_extended_err what;
			memcpy(&what, CMSG_DATA(part), sizeof(what));
			error->is_port_unreachable = is_port_unreachable(&what);
		}
	}
	return true;
}

unsigned outlet_take_errors(const struct outlet *outlet, unsigned most, outlet_on_error *on_error,
                            void *context) {
	unsigned count = 0;
	struct outlet_error error;
	while (count < most && take_error(outlet->fd, &error)) {
		on_error(context, &error);
		count++;
	}
	return count;
}

/* ---- one datagram ---- */

bool outlet_send(const struct outlet *outlet, const struct target *target, struct slice datagram,
                 outlet_on_error *on_error, void *context) {
	struct outlet_control control;
	outlet_control_init(outlet, &control);
	struct target copy = *target;
	struct iovec part = {.iov_base = (void *)(uintptr_t)datagram.bytes,
	                     .iov_len = datagram.size};
	struct msghdr message = {.msg_name = &copy.to,
	                         .msg_namelen = outlet->name_bytes,
	                         .msg_iov = &part,
	                         .msg_iovlen = 1,
	                         .msg_control = &control,
	                         .msg_controllen = outlet_control_set(outlet, &control, target)};
	for (unsigned tries = 0; tries < 3; tries++) {
		if (sendmsg(outlet->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
			return true;
		}
		if (errno == EAGAIN) {
			return false;
		}
		/* Mostly the error of an earlier datagram to somebody else: off with it, and again. */
		outlet_take_errors(outlet, ERRORS_PER_SEND, on_error, context);
	}
	return false;
}
