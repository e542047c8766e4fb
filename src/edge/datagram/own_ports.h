/*
 * own_ports.h - which addresses and ports are this server's own: what comes
 * from there was forged or goes in circles, and is not listened to.
 */
#ifndef OWN_PORTS_H
#define OWN_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "limits.h"

/* A machine with more addresses than that is told by its loopback ones and by those it has been spoken to at. */
#define OWN_IPS_MAX 64

struct own_ports {
	unsigned count;
	struct own_port {
		struct address address;
		bool is_any;
	} ports[LISTENERS_MAX];
	unsigned ips_count;
	uint8_t ips[OWN_IPS_MAX][16];
	uint64_t looked_us; /* when the ips were read; 0: not yet */
};

/* Adds what the socket is bound to. */
void own_ports_add(struct own_ports *own, int fd);

/* `local`: our own address that the datagram came to; all zero: not known. */
bool own_ports_hold(struct own_ports *own, const struct address *peer, const uint8_t local[16],
                    uint64_t now_us);

#endif
