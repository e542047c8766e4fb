#include "link_socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct addrinfo wanted = {
	.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_protocol = IPPROTO_UDP};

const char *link_socket_open(struct link_socket *link, const char *host, const char *port) {
	*link = (struct link_socket){.host = host, .port = port, .fd = -1};
	int error = getaddrinfo(host, port, &wanted, &link->addresses);
	if (error != 0) {
		link->addresses = NULL;
		return gai_strerror(error);
	}
	return NULL;
}

static void close_fd(struct link_socket *link) {
	if (link->fd >= 0) {
		close(link->fd);
		link->fd = -1;
	}
}

void link_socket_close(struct link_socket *link) {
	close_fd(link);
	if (link->addresses != NULL) {
		freeaddrinfo(link->addresses);
		link->addresses = link->address = NULL;
	}
}

/* The name may lead elsewhere by now; if nobody says where, it leads where it did. */
static void look_up_again(struct link_socket *link) {
	struct addrinfo *addresses;
	if (getaddrinfo(link->host, link->port, &wanted, &addresses) == 0) {
		freeaddrinfo(link->addresses);
		link->addresses = addresses;
	}
}

static bool connect_to(struct link_socket *link, const struct addrinfo *to) {
	struct address address;
	int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return false;
	}
	if (connect(fd, to->ai_addr, to->ai_addrlen) != 0) {
		int error = errno;
		close(fd);
		errno = error;
		return false;
	}
	link->fd = fd;
	if (address_from_sockaddr(&address, to->ai_addr, to->ai_addrlen)) {
		address_format(&address, link->text);
	}
	return true;
}

bool link_socket_renew(struct link_socket *link) {
	close_fd(link);
	const struct addrinfo *first = link->address;
	do {
		if (link->address != NULL && link->address->ai_next == NULL) {
			look_up_again(link);
			first = link->address = link->addresses;
		} else {
			link->address =
				link->address == NULL ? link->addresses : link->address->ai_next;
		}
		if (connect_to(link, link->address)) {
			return true;
		}
	} while (link->address->ai_next != NULL && link->address != first);
	return false;
}

void link_socket_send(const struct link_socket *link, const uint8_t *bytes, size_t size) {
	if (link->fd < 0) {
		return;
	}
	/* An error may be that of an earlier datagram (ICMP): once more then. */
	if (send(link->fd, bytes, size, MSG_NOSIGNAL) < 0 && errno == ECONNREFUSED) {
		(void)!send(link->fd, bytes, size, MSG_NOSIGNAL);
	}
}

bool link_socket_receive(const struct link_socket *link, uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX + 1],
                         struct slice *datagram) {
	for (int tries = 0; link->fd >= 0 && tries < 4; tries++) {
		ssize_t size = recv(link->fd, bytes, WIRE_DATAGRAM_BYTES_MAX + 1, 0);
		if (size >= 0) {
			*datagram = slice_of((const char *)bytes, (size_t)size);
			return true;
		}
		if (errno != ECONNREFUSED && errno != EINTR) {
			break;
		}
	}
	return false;
}
