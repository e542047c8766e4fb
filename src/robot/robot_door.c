#include "robot_door.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "diag.h"

#define FULL_BYTES 64

/* Beside the clients: the door's own, the kit's, the standard three. */
#define OTHER_DESCRIPTORS 64

static void drop(int *fd) {
	if (*fd >= 0) {
		close(*fd);
	}
	*fd = -1;
}

static noreturn void give_up(const struct robot_options *options, const char *deed) {
	char text[ADDRESS_TEXT_MAX];
	const struct address *address = &options->listener.address;
	if (errno != EADDRINUSE) {
		diag_exit_errno(EXIT_FIX_ME, "cannot %s %s", deed, address_format(address, text));
	}
	struct address next = *address;
	next.port = (uint16_t)(address->port < UINT16_MAX ? address->port + 1 : 1024);
	char other[ADDRESS_TEXT_MAX];
	diag_exit(EXIT_FIX_ME, "%s is in use; try --listen %s", address_format(address, text),
	          address_format(&next, other));
}

static int make_listener(const struct robot_options *options, int family) {
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;
	const int v6_only = !options->listener.is_any;
	if (fd < 0) {
		return -1;
	}
	bool is_set = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	              /* An answer leaves at once; clients inherit it. */
	              setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
	              (family == AF_INET ||
	               setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) == 0);
	if (!is_set) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Listens in one family; -1 with errno. */
static int listen_in(const struct robot_options *options, int family) {
	struct sockaddr_storage storage;
	socklen_t size = address_to_sockaddr(&options->listener.address, family, &storage);
	int fd = make_listener(options, family);
	if (fd < 0) {
		return -1;
	}
	if (bind(fd, (struct sockaddr *)&storage, size) < 0 || listen(fd, SOMAXCONN) < 0) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int listen_anywhere(const struct robot_options *options) {
	if (options->listener.is_v4_only) {
		return listen_in(options, AF_INET);
	}
	int fd = listen_in(options, AF_INET6);
	/* A machine without IPv6 has all addresses, too. */
	bool lacks_v6 = fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
	if (!options->listener.is_any || !lacks_v6) {
		return fd;
	}
	struct robot_options in_v4 = *options;
	bool is_any;
	char text[16];
	snprintf(text, sizeof text, "0.0.0.0:%u", options->listener.address.port);
	address_parse(slice_from_string(text), &in_v4.listener.address, &is_any);
	return listen_in(&in_v4, AF_INET);
}

static void read_address(struct door *door) {
	struct sockaddr_storage storage;
	socklen_t size = sizeof storage;
	if (getsockname(door->listener, (struct sockaddr *)&storage, &size) < 0 ||
	    !address_from_sockaddr(&door->address, (struct sockaddr *)&storage, size)) {
		diag_exit_errno(EXIT_FIX_ME, "cannot tell where it listens");
	}
}

/* They come through the descriptor; threads made later are not disturbed by them either. */
static int open_signals(void) {
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	int fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0) {
		diag_exit_errno(EXIT_FIX_ME, "cannot wait for signals");
	}
	return fd;
}

static void raise_descriptor_limit(rlim_t wanted) {
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
		limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
		/* Refused: those for whom there is no descriptor are turned away. */
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int open_spare(void) {
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void door_open(struct door *door, const struct robot_options *options) {
	raise_descriptor_limit(options->clients_max + OTHER_DESCRIPTORS);
	*door = (struct door){.spare = open_spare(), .signals = open_signals()};
	for (int i = 0; i < DOOR_TURNED_AWAY_MAX; i++) {
		door->turned_away[i] = -1;
	}
	door->listener = listen_anywhere(options);
	if (door->listener < 0) {
		give_up(options, "listen on");
	}
	read_address(door);
}

static int accept_one(struct door *door, struct address *peer, int flags) {
	struct sockaddr_storage storage;
	socklen_t size = sizeof storage;
	int fd = accept4(door->listener, (struct sockaddr *)&storage, &size, flags | SOCK_CLOEXEC);
	if (fd >= 0 && !address_from_sockaddr(peer, (struct sockaddr *)&storage, size)) {
		*peer = (struct address){0};
	}
	return fd;
}

/* No descriptors are left: the spare one is enough to say so. */
static void turn_away_without_room(struct door *door, unsigned online) {
	struct address peer;
	drop(&door->spare);
	int fd = accept_one(door, &peer, 0);
	if (fd >= 0) {
		door_turn_away(door, fd, online);
	}
	door->spare = open_spare();
	if (door->spare < 0) {
		unsigned last = door->turned_away_next - 1;
		drop(&door->turned_away[last % DOOR_TURNED_AWAY_MAX]);
		door->spare = open_spare();
	}
}

int door_accept(struct door *door, struct address *peer, int flags, unsigned online) {
	int fd = accept_one(door, peer, flags);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		turn_away_without_room(door, online);
	}
	return fd;
}

void door_turn_away(struct door *door, int fd, unsigned online) {
	int *place = &door->turned_away[door->turned_away_next++ % DOOR_TURNED_AWAY_MAX];
	drop(place);
	*place = fd;
	char words[FULL_BYTES];
	int size = snprintf(words, sizeof words, "full: %u online\n", online);
	(void)send(fd, words, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
}

int door_signal(struct door *door) {
	struct signalfd_siginfo info;
	if (read(door->signals, &info, sizeof info) != sizeof info) {
		return 0;
	}
	return info.ssi_signo == SIGUSR1 ? SIGUSR1 : SIGTERM;
}

void door_close(struct door *door) {
	drop(&door->listener);
}

void door_leave(struct door *door) {
	drop(&door->listener);
	drop(&door->signals);
	drop(&door->spare);
	for (int i = 0; i < DOOR_TURNED_AWAY_MAX; i++) {
		drop(&door->turned_away[i]);
	}
}
