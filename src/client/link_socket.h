/*
 * link_socket.h - the link's way to its server: a name, its addresses, and one
 * connected UDP socket to one of them at a time.
 */
#ifndef LINK_SOCKET_H
#define LINK_SOCKET_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "slice.h"
#include "wire.h"

struct link_socket {
	const char *host, *port;
	struct addrinfo *addresses, *address; /* all of them, and the present one */
	int fd;                               /* -1: none */
	char text[ADDRESS_TEXT_MAX];          /* the present address */
};

/* Looks the host up. NULL, or what the resolver says. */
const char *link_socket_open(struct link_socket *socket, const char *host, const char *port);
void link_socket_close(struct link_socket *socket);

/*
 * A new socket, with a new port, to the next address; behind the last one the host is looked up again. With
 * errno false: none could be had.
 */
bool link_socket_renew(struct link_socket *socket);

/* What the network refuses is as good as lost. */
void link_socket_send(const struct link_socket *socket, const uint8_t *bytes, size_t size);
/* False: nothing more for now. */
bool link_socket_receive(const struct link_socket *socket,
                         uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX + 1], struct slice *datagram);

#endif
