/*
 * sockets.c - SO_REUSEPORT lets every server of one user in, and the second
 * would take half of the first one's clients without an error. So the first
 * socket of a listener is bound without the option: a taken port says so. It
 * gets the option afterwards, which lets our own other sockets join it, and
 * stays bound all the while: there is no moment for somebody else to slip in.
 */
#include "sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"

/* The default holds some 270 small datagrams: less than a class that says hello at once. */
#define RECEIVE_BUFFER_BYTES (4 * 1024 * 1024)

/* Those who connect while an edge is dead, or all at once after a restart. */
#define BACKLOG 4096

/* Ports that are free on UDP but not on TCP are rare; after so many something else is wrong. */
#define FREE_PORT_TRIES 100

static noreturn void give_up(const struct listener *listener, const char *deed) {
	char text[ADDRESS_TEXT_MAX];
	diag_exit_errno(EXIT_FIX_ME, "cannot %s %s", deed,
	                address_format(&listener->address, text));
}

static int family_of(const struct listener *listener) {
	return listener->is_v4_only ? AF_INET : AF_INET6;
}

static bool switch_on(int fd, int level, int option) {
	const int on = 1;
	return setsockopt(fd, level, option, &on, sizeof on) == 0;
}

/* Address and error of what comes in; a datagram then leaves from where its receiver spoke to. */
static bool ask_for_details(int fd, const struct listener *listener) {
	if (listener->is_v4_only) {
		return switch_on(fd, IPPROTO_IP, IP_PKTINFO) &&
		       switch_on(fd, IPPROTO_IP, IP_RECVERR);
	}
	if (!switch_on(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO) ||
	    !switch_on(fd, IPPROTO_IPV6, IPV6_RECVERR)) {
		return false;
	}
	/* IPv4 peers of a socket for both have their errors reported the IPv4 way. */
	return !listener->is_any || switch_on(fd, IPPROTO_IP, IP_RECVERR);
}

static void enlarge_buffer(int fd) {
	const int bytes = RECEIVE_BUFFER_BYTES;
	/* FORCE goes beyond net.core.rmem_max and is root's; without it we take what we get. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	}
}

/* A socket of the listener's family and protocol; -1 with errno. */
static int make_socket(const struct listener *listener, int type) {
	int fd = socket(family_of(listener), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -1;
	}
	const int v6_only = !listener->is_any;
	if (!listener->is_v4_only &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) < 0) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int bind_to(int fd, const struct listener *listener) {
	struct sockaddr_storage storage;
	socklen_t size = address_to_sockaddr(&listener->address, family_of(listener), &storage);
	return bind(fd, (const struct sockaddr *)&storage, size);
}

/* Whether nobody has the listener's port, by this protocol. Other troubles count as free. */
static bool is_free(const struct listener *listener, int type) {
	int fd = make_socket(listener, type);
	if (fd < 0) {
		return true;
	}
	bool is_taken = bind_to(fd, listener) < 0 && errno == EADDRINUSE;
	close(fd);
	return !is_taken;
}

/* ---- When it cannot be ---- */

static noreturn void say_taken(const struct listener *listener) {
	struct listener other = *listener;
	do {
		other.address.port =
			(uint16_t)(other.address.port < 65535 ? other.address.port + 1 : 1024);
	} while (other.address.port != listener->address.port &&
	         !(is_free(&other, SOCK_DGRAM) && is_free(&other, SOCK_STREAM)));
	if (listener->is_any) {
		diag_exit(EXIT_FIX_ME, "%u is in use; try --listen :%u",
		          (unsigned)listener->address.port, (unsigned)other.address.port);
	}
	char text[ADDRESS_TEXT_MAX];
	char other_text[ADDRESS_TEXT_MAX];
	diag_exit(EXIT_FIX_ME, "%s is in use; try --listen %s",
	          address_format(&listener->address, text),
	          address_format(&other.address, other_text));
}

static noreturn void say_why_not(const struct listener *listener) {
	char text[ADDRESS_TEXT_MAX];
	address_format(&listener->address, text);
	switch (errno) {
	case EADDRINUSE: say_taken(listener);
	case EADDRNOTAVAIL:
		diag_exit(EXIT_FIX_ME, "cannot listen on %s: this machine has no such address",
		          text);
	case EACCES:
		diag_exit(EXIT_FIX_ME,
		          "cannot listen on %s: ports below 1024 need root; try --listen :8888",
		          text);
	default: diag_exit_errno(EXIT_FIX_ME, "cannot listen on %s", text);
	}
}

/* ---- One listener ---- */

static void note_port(int fd, struct listener *listener) {
	struct sockaddr_storage storage;
	socklen_t size = sizeof storage;
	struct address bound;
	if (getsockname(fd, (struct sockaddr *)&storage, &size) < 0 ||
	    !address_from_sockaddr(&bound, (const struct sockaddr *)&storage, size)) {
		give_up(listener, "ask for the port of");
	}
	listener->address.port = bound.port;
}

/* Binds the first socket, which keeps everybody else out. */
static int open_first(struct listener *listener) {
	int fd = make_socket(listener, SOCK_DGRAM);
	if (fd < 0) {
		give_up(listener, "make a socket for");
	}
	if (bind_to(fd, listener) < 0) {
		say_why_not(listener);
	}
	note_port(fd, listener);
	return fd;
}

/* The port is known: the same on TCP. What is left of a predecessor's connections is no hindrance. -1 with errno. */
static int open_stream(const struct listener *listener, bool is_first) {
	int fd = make_socket(listener, SOCK_STREAM);
	if (fd < 0) {
		return -1;
	}
	bool is_open = switch_on(fd, SOL_SOCKET, SO_REUSEADDR) &&
	               (is_first || switch_on(fd, SOL_SOCKET, SO_REUSEPORT)) &&
	               bind_to(fd, listener) == 0 &&
	               (!is_first || switch_on(fd, SOL_SOCKET, SO_REUSEPORT)) &&
	               listen(fd, BACKLOG) == 0;
	if (!is_open) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static void open_both(int *fd, int *stream, struct listener *listener) {
	*fd = open_first(listener);
	*stream = open_stream(listener, true);
	if (*stream < 0) {
		say_why_not(listener);
	}
}

/* Port 0: one that is free on UDP and TCP. */
static void open_both_anywhere(int *fd, int *stream, struct listener *listener) {
	for (int i = 0; i < FREE_PORT_TRIES; i++) {
		listener->address.port = 0;
		*fd = open_first(listener);
		*stream = open_stream(listener, true);
		if (*stream >= 0) {
			return;
		}
		if (errno != EADDRINUSE) {
			say_why_not(listener);
		}
		close(*fd);
	}
	diag_exit(EXIT_TRY_AGAIN, "found no port that is free on UDP and TCP");
}

static int open_next(const struct listener *listener) {
	int fd = make_socket(listener, SOCK_DGRAM);
	if (fd < 0 || !switch_on(fd, SOL_SOCKET, SO_REUSEPORT) || bind_to(fd, listener) < 0) {
		give_up(listener, "open another socket for");
	}
	return fd;
}

static void prepare(int fd, const struct listener *listener) {
	enlarge_buffer(fd);
	if (!ask_for_details(fd, listener)) {
		give_up(listener, "set up a socket for");
	}
}

static void open_listener(int *fds, int *streams, struct listener *listener, unsigned edges) {
	bool is_anywhere = listener->address.port == 0;
	if (is_anywhere) {
		open_both_anywhere(&fds[0], &streams[0], listener);
	} else {
		open_both(&fds[0], &streams[0], listener);
	}
	if (!switch_on(fds[0], SOL_SOCKET, SO_REUSEPORT)) {
		give_up(listener, "share");
	}
	prepare(fds[0], listener);
	for (unsigned i = 1; i < edges; i++) {
		fds[i] = open_next(listener);
		prepare(fds[i], listener);
		streams[i] = open_stream(listener, false);
		if (streams[i] < 0) {
			give_up(listener, "open another socket for");
		}
	}
}

/* ---- All of them ---- */

static bool has_ipv6(void) {
	const struct listener any = {.is_any = true};
	int fd = make_socket(&any, SOCK_DGRAM);
	if (fd < 0) {
		return false;
	}
	bool is_bound = bind_to(fd, &any) == 0;
	close(fd);
	return is_bound;
}

static void fall_back_to_ipv4(struct options *options) {
	bool is_said = false;
	for (unsigned i = 0; i < options->listeners_count; i++) {
		struct listener *listener = &options->listeners[i];
		if (!listener->is_any || has_ipv6()) {
			continue;
		}
		bool is_any;
		uint16_t port = listener->address.port;
		(void)address_parse(slice_from_string("0.0.0.0:0"), &listener->address, &is_any);
		listener->address.port = port;
		listener->is_v4_only = true;
		if (!is_said) {
			diag("there is no IPv6 on this machine: listening on IPv4 alone");
			is_said = true;
		}
	}
}

void sockets_open(struct sockets *sockets, struct options *options) {
	for (unsigned i = 0; i < LISTENERS_MAX; i++) {
		for (unsigned j = 0; j < EDGES_MAX; j++) {
			sockets->fds[i][j] = sockets->streams[i][j] = -1;
		}
	}
	fall_back_to_ipv4(options);
	for (unsigned i = 0; i < options->listeners_count; i++) {
		open_listener(sockets->fds[i], sockets->streams[i], &options->listeners[i],
		              options->edges);
	}
}
