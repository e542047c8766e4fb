#include "link_socket.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char *link_socket_open(struct link_socket *link, const char *host, const char *port) {
	*link = (struct link_socket){.host = host, .port = port, .fd = -1, .lookup.fd = -1};
	link->is_number = link_lookup_number(host, port, &link->known);
	if (link->is_number || link_lookup_begin(&link->lookup, host, port)) {
		return NULL;
	}
	return strerror(errno);
}

bool link_socket_look_up(struct link_socket *link, const char **trouble) {
	struct lookup_answer answer;
	*trouble = NULL;
	if (!link_lookup_take(&link->lookup, &answer)) {
		return false;
	}
	if (answer.error != 0 || answer.count == 0) {
		/* If nobody says where it leads now, it leads where it did. */
		*trouble = link->known.count > 0 ? NULL : gai_strerror(answer.error);
		return *trouble != NULL;
	}
	bool is_first = link->known.count == 0;
	link->known = answer;
	link->next = 0;
	return is_first;
}

static void close_fd(struct link_socket *link) {
	if (link->fd >= 0) {
		close(link->fd);
		link->fd = -1;
	}
}

void link_socket_close(struct link_socket *link) {
	close_fd(link);
	link_lookup_end(&link->lookup);
}

static bool connect_to(struct link_socket *link, const struct sockaddr *to, socklen_t size) {
	struct address address;
	int fd = socket(to->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return false;
	}
	if (connect(fd, to, size) != 0) {
		int error = errno;
		close(fd);
		errno = error;
		return false;
	}
	link->fd = fd;
	if (address_from_sockaddr(&address, to, size)) {
		address_format(&address, link->text);
	}
	return true;
}

/* Behind the last one the first one again; and the name may lead elsewhere by now. */
static void begin_again(struct link_socket *link) {
	link->next = 0;
	if (!link->is_number && link->lookup.fd < 0) {
		(void)link_lookup_begin(&link->lookup, link->host, link->port);
	}
}

bool link_socket_renew(struct link_socket *link) {
	close_fd(link);
	for (size_t tries = 0; tries < link->known.count; tries++) {
		if (link->next >= link->known.count) {
			begin_again(link);
		}
		size_t at = link->next++;
		if (connect_to(link, (const struct sockaddr *)&link->known.each[at].address,
		               link->known.each[at].size)) {
			return true;
		}
	}
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
