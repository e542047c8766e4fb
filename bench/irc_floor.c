/*
 * irc_floor - the bare system calls that the work of an IRC server needs, and
 * nothing else: read lines from the first connection, write them to all others.
 *
 *     irc_floor TOGETHER
 *
 * prints its port and takes connections until a line comes in by the first one. Each line,
 * `PRIVMSG #bench :text`, goes as `:m0!~m0@host PRIVMSG #bench :text` to every other connection:
 * with TOGETHER 1 by a write of its own, with 8 by a writev of eight, a part each. What
 * a socket does not take is waited for. Ends with its standard input.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define TOGETHER_MAX 64
#define LINE_BYTES_MAX 1024
/* As long as one with a cloak. */
#define PREFIX ":m0!~m0@0123456789abcdef.cloak.qun "

static int *others, first = -1;
static unsigned count, together;
static char lines[TOGETHER_MAX][LINE_BYTES_MAX];
static struct iovec parts[TOGETHER_MAX];
static unsigned lines_count;
static unsigned long long lines_seen;

static void die(const char *what) {
	fprintf(stderr, "irc_floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void wait_for_room(int fd) {
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	poll(&ready, 1, -1);
}

static void write_parts(int fd, unsigned number) {
	struct iovec rest[TOGETHER_MAX];
	memcpy(rest, parts, number * sizeof(rest[0]));
	for (unsigned done = 0; done < number;) {
		ssize_t written = together == 1 ? write(fd, rest[0].iov_base, rest[0].iov_len)
		                                : writev(fd, rest + done, (int)(number - done));
		if (written < 0 && errno != EAGAIN) {
			die("write");
		}
		if (written < 0) {
			wait_for_room(fd);
			continue;
		}
		for (size_t left = (size_t)written; done < number && left > 0;) {
			size_t size = left < rest[done].iov_len ? left : rest[done].iov_len;
			rest[done].iov_base = (char *)rest[done].iov_base + size;
			rest[done].iov_len -= size;
			left -= size;
			done += rest[done].iov_len == 0;
		}
	}
}

static void take_line(const char *line, size_t size) {
	struct iovec *part = &parts[lines_count];
	lines_seen++;
	memcpy(lines[lines_count], PREFIX, sizeof(PREFIX) - 1);
	memcpy(lines[lines_count] + sizeof(PREFIX) - 1, line, size);
	*part = (struct iovec){lines[lines_count], sizeof(PREFIX) - 1 + size};
	if (++lines_count < together) {
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		write_parts(others[i], lines_count);
	}
	lines_count = 0;
}

/* False: the connection has ended. */
static bool read_lines(int fd) {
	static char bytes[65536];
	static size_t held;
	ssize_t got = recv(fd, bytes + held, sizeof(bytes) - held, MSG_DONTWAIT);
	if (got <= 0) {
		return got < 0 && errno == EAGAIN;
	}
	held += (size_t)got;
	char *at = bytes, *end;
	while ((end = memchr(at, '\n', held - (size_t)(at - bytes))) != NULL) {
		take_line(at, (size_t)(end + 1 - at));
		at = end + 1;
	}
	held -= (size_t)(at - bytes);
	memmove(bytes, at, held);
	return true;
}

/* All that have connected. */
static void take_connections(int listener, int epoll) {
	int on = 1, fd;
	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (first < 0) {
			struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
			first = fd;
			epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
			continue;
		}
		others = realloc(others, (count + 1) * sizeof(*others));
		others[count++] = fd;
	}
	if (errno != EAGAIN) {
		die("accept");
	}
}

static void go_on(int listener, int epoll) {
	struct epoll_event events[8];
	for (;;) {
		int ready = epoll_wait(epoll, events, 8, -1);
		for (int i = 0; i < ready; i++) {
			if (events[i].data.fd == 0) {
				return;
			}
			if (events[i].data.fd == listener || lines_seen == 0) {
				take_connections(listener, epoll);
			}
			if (events[i].data.fd != listener && !read_lines(events[i].data.fd)) {
				return;
			}
		}
	}
}

int main(int argc, char **argv) {
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	struct rlimit limit;
	together = argc == 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	if (together < 1 || together > TOGETHER_MAX) {
		fprintf(stderr, "usage: irc_floor TOGETHER\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(listener, 4096) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
		die("listen");
	}
	struct epoll_event in = {.events = EPOLLIN, .data.fd = listener},
			   end = {.events = EPOLLIN, .data.fd = 0};
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &in);
	epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &end);
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	go_on(listener, epoll);
	return 0;
}
