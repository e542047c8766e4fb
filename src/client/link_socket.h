/*
 * link_socket.h - the link's way to its server: a name, its addresses, and one
 * connected UDP socket to one of them at a time.
 */
#ifndef LINK_SOCKET_H
#define LINK_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "link_lookup.h"
#include "slice.h"
#include "wire.h"

struct link_socket {
	const char *host, *port;
	bool is_number; /* the host: nobody has to be asked for it */
	struct link_lookup lookup;
	struct lookup_answer known;  /* its addresses; none: they are being looked up */
	size_t next;                 /* which is tried next */
	int fd;                      /* -1: none */
	char text[ADDRESS_TEXT_MAX]; /* the present address */
};

/* Begins to look the host up. NULL, or why that cannot be. */
const char *link_socket_open(struct link_socket *socket, const char *host, const char *port);
/*
 * When lookup.fd is readable. True: now the first addresses are known; or *trouble is what the resolver
 * says, and there are none.
 */
bool link_socket_look_up(struct link_socket *socket, const char **trouble);
void link_socket_close(struct link_socket *socket);

/*
 * A new socket, with a new port, to the next address; behind the last one the first one again, and the host is looked
 * up once more meanwhile. With errno false: none could be had.
 */
bool link_socket_renew(struct link_socket *socket);

/* What the network refuses is as good as lost. */
void link_socket_send(const struct link_socket *socket, const uint8_t *bytes, size_t size);
/* False: nothing more for now. */
bool link_socket_receive(const struct link_socket *socket,
                         uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX + 1], struct slice *datagram);

#endif
