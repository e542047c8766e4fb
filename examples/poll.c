/*
 * Waiting for many with poll(): one table of any length, which the call does not destroy. The kernel still
 * walks the whole table each time, however few are ready.
 *
 *     Python                             C
 *     p = select.poll()                  struct pollfd table[…]
 *     p.register(fd, POLLIN)             table[i] = (struct pollfd){.fd = fd, .events = POLLIN}
 *     p.unregister(fd)                   table[i].fd = -1
 *     for fd, events in p.poll(1000)     poll(table, count, 1000), then look at each .revents
 */
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "claim.h"

#define CLIENTS 3

static void allow_descriptors(rlim_t wanted) {
	struct rlimit limit;
	MUST_SYSTEM(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	MUST_SYSTEM(setrlimit(RLIMIT_NOFILE, &limit));
}

int main(void) {
	struct pollfd table[CLIENTS];
	int clients[CLIENTS];
	for (int i = 0; i < CLIENTS; i++) {
		int pair[2];
		MUST_SYSTEM(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
		clients[i] = pair[0];
		table[i] = (struct pollfd){.fd = pair[1], .events = POLLIN};
	}
	claim(poll(table, CLIENTS, 20) == 0, "nobody has said anything: 0 after the timeout");

	MUST_SYSTEM(write(clients[1], "hello", 5));
	claim(poll(table, CLIENTS, 1000) == 1, "one has said something");
	claim(table[1].revents == POLLIN && table[0].revents == 0, "the second: POLLIN");
	char text[16];
	claim(read(table[1].fd, text, sizeof text) == 5, "it is read");

	close(clients[2]);
	claim(poll(table, CLIENTS, 1000) == 1, "the same table serves again");
	claim(table[2].revents & POLLHUP, "the third has hung up: POLLHUP");
	close(table[2].fd);
	table[2].fd = -1;
	claim(poll(table, CLIENTS, 0) == 0, "an entry of -1 is passed over");

	table[0].events = POLLIN | POLLOUT;
	claim(poll(table, CLIENTS, 1000) == 1 && table[0].revents == POLLOUT,
	      "to the first one could write: POLLOUT");

	allow_descriptors(2048);
	int high = dup2(table[1].fd, 1500);
	if (high == 1500) {
		table[1].fd = high;
		MUST_SYSTEM(write(clients[1], "you", 3));
		claim(poll(table, CLIENTS, 1000) == 2 && table[1].revents == POLLIN,
		      "descriptor %d is as good as any; select() could not have it", high);
	}
	return 0;
}
