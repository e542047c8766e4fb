#include "own_ports.h"

#include <assert.h>
#include <ifaddrs.h>
#include <string.h>
#include <sys/socket.h>

/* Addresses come and go; but looking is several system calls. */
#define LOOK_AGAIN_US (10 * 1000 * 1000)

static const uint8_t v4_prefix[12] = {[10] = 0xFF, [11] = 0xFF};

static bool is_any(const uint8_t ip[16]) {
	static const uint8_t zero[16];
	return memcmp(ip, zero, 16) == 0 ||
	       (memcmp(ip, v4_prefix, 12) == 0 && memcmp(ip + 12, zero, 4) == 0);
}

static bool is_loopback(const uint8_t ip[16]) {
	static const uint8_t v6_loopback[16] = {[15] = 1};
	return memcmp(ip, v6_loopback, 16) == 0 ||
	       (memcmp(ip, v4_prefix, 12) == 0 && ip[12] == 127);
}

void own_ports_add(struct own_ports *own, int fd) {
	struct sockaddr_storage bound;
	socklen_t size = sizeof(bound);
	struct own_port *port = &own->ports[own->count];
	assert(own->count < LISTENERS_MAX);
	if (getsockname(fd, (struct sockaddr *)&bound, &size) < 0 ||
	    !address_from_sockaddr(&port->address, (const struct sockaddr *)&bound, size)) {
		return;
	}
	port->is_any = is_any(port->address.ip);
	own->count++;
}

static void look(struct own_ports *own, uint64_t now_us) {
	struct ifaddrs *list;
	own->looked_us = now_us;
	if (getifaddrs(&list) < 0) {
		return;
	}
	own->ips_count = 0;
	for (const struct ifaddrs *each = list; each != NULL; each = each->ifa_next) {
		struct address address;
		if (each->ifa_addr == NULL || own->ips_count == OWN_IPS_MAX) {
			continue;
		}
		socklen_t size = each->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
		                                                      : sizeof(struct sockaddr_in6);
		if (address_from_sockaddr(&address, each->ifa_addr, size)) {
			memcpy(own->ips[own->ips_count++], address.ip, 16);
		}
	}
	freeifaddrs(list);
}

static bool is_known(const struct own_ports *own, const uint8_t ip[16]) {
	for (unsigned i = 0; i < own->ips_count; i++) {
		if (memcmp(own->ips[i], ip, 16) == 0) {
			return true;
		}
	}
	return false;
}

/* Asked only about peers that use one of our port numbers: rare, but for servers. */
static bool is_ours(struct own_ports *own, const uint8_t ip[16], const uint8_t local[16],
                    uint64_t now_us) {
	if (is_loopback(ip) || memcmp(ip, local, 16) == 0 || is_known(own, ip)) {
		return true;
	}
	if (own->looked_us != 0 && now_us - own->looked_us < LOOK_AGAIN_US) {
		return false;
	}
	look(own, now_us);
	return is_known(own, ip);
}

bool own_ports_hold(struct own_ports *own, const struct address *peer, const uint8_t local[16],
                    uint64_t now_us) {
	for (unsigned i = 0; i < own->count; i++) {
		const struct own_port *port = &own->ports[i];
		if (port->address.port != peer->port) {
			continue;
		}
		if (port->is_any ? is_ours(own, peer->ip, local, now_us)
		                 : memcmp(port->address.ip, peer->ip, 16) == 0) {
			return true;
		}
	}
	return false;
}
