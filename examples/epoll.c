/*
 * Waiting for many with epoll: the kernel keeps the table, and each wait costs as much as is ready. Two
 * triggers: by level, it tells as long as something is there; by edge, it tells when something comes, once,
 * so that whoever is told reads until nothing is left.
 *
 *     Python                                   C
 *     ep = select.epoll()                      epoll_create1(EPOLL_CLOEXEC)
 *     ep.register(fd, EPOLLIN)                 epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event)
 *     ep.register(fd, EPOLLIN | EPOLLET)       the same, .events = EPOLLIN | EPOLLET
 *     for fd, events in ep.poll(1)             epoll_wait(ep, events, count, 1000)
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include "claim.h"

static int epoll;

/* Answers which descriptor is ready, or -1 after the timeout. */
static int next_ready(int timeout_ms) {
	struct epoll_event event;
	return MUST_SYSTEM(epoll_wait(epoll, &event, 1, timeout_ms)) == 1 ? event.data.fd : -1;
}

static int watch(int fd, uint32_t trigger) {
	struct epoll_event event = {.events = EPOLLIN | trigger, .data.fd = fd};
	return MUST_SYSTEM(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

/* Read until nothing is left. Answers how many bytes there were. */
static int drain(int fd) {
	char text[4];
	int total = 0;
	ssize_t length;
	while ((length = read(fd, text, sizeof text)) > 0) {
		total += (int)length;
	}
	claim(length < 0 && errno == EAGAIN, "read until EAGAIN: %d bytes", total);
	return total;
}

int main(void) {
	char text[4];
	int level[2], edge[2];
	MUST_SYSTEM(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, level));
	MUST_SYSTEM(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, edge));
	epoll = MUST_SYSTEM(epoll_create1(EPOLL_CLOEXEC));
	watch(level[1], 0);
	claim(next_ready(20) == -1, "nobody has said anything");

	MUST_SYSTEM(write(level[0], "hello, hello", 12));
	claim(next_ready(1000) == level[1], "by level: it tells that something is there");
	claim(read(level[1], text, sizeof text) == 4, "four bytes are read, eight are left");
	claim(next_ready(1000) == level[1], "it tells again");
	claim(drain(level[1]) == 8 && next_ready(20) == -1, "all read: it is silent");

	watch(edge[1], EPOLLET);
	MUST_SYSTEM(write(edge[0], "hello, hello", 12));
	claim(next_ready(1000) == edge[1], "by edge: it tells that something came");
	claim(read(edge[1], text, sizeof text) == 4, "four bytes are read, eight are left");
	claim(next_ready(20) == -1, "it does not tell again: who stops reading here, hangs");
	MUST_SYSTEM(write(edge[0], "!", 1));
	claim(next_ready(1000) == edge[1], "until something new comes");
	claim(drain(edge[1]) == 9, "so one reads on");

	close(edge[0]);
	claim(next_ready(1000) == edge[1] && read(edge[1], text, sizeof text) == 0,
	      "a hang-up is told, too");
	return 0;
}
