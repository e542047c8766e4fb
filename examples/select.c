/*
 * Waiting for many with select(): sets of descriptors go in, those that are ready come out. The sets have a
 * fixed size, so a descriptor of FD_SETSIZE (1,024) or above cannot be waited for; and since they are
 * changed by the call, they are made anew for each.
 *
 *     Python                                  C
 *     rs, ws, xs = select([…], [], [], 1)     select(highest + 1, &reads, NULL, NULL, &timeout)
 *     for r in rs                             if (FD_ISSET(fd, &reads))
 */
#include <sys/select.h>
#include <sys/socket.h>

#include "claim.h"

#define CLIENTS 3

/* Which of the clients have said something? Answers how many; `is_ready` says which. */
static int wait_for_clients(const int fds[CLIENTS], bool is_ready[CLIENTS], int timeout_ms) {
	fd_set reads;
	FD_ZERO(&reads);
	int highest = 0;
	for (int i = 0; i < CLIENTS; i++) {
		FD_SET(fds[i], &reads);
		highest = fds[i] > highest ? fds[i] : highest;
	}
	struct timeval timeout = {.tv_usec = timeout_ms * 1000};
	int count = MUST_SYSTEM(select(highest + 1, &reads, NULL, NULL, &timeout));
	for (int i = 0; i < CLIENTS; i++) {
		is_ready[i] = FD_ISSET(fds[i], &reads);
	}
	return count;
}

int main(void) {
	int clients[CLIENTS], ours[CLIENTS];
	for (int i = 0; i < CLIENTS; i++) {
		int pair[2];
		MUST_SYSTEM(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
		clients[i] = pair[0];
		ours[i] = pair[1];
	}
	bool is_ready[CLIENTS];
	claim(wait_for_clients(ours, is_ready, 20) == 0,
	      "nobody has said anything: 0 after the timeout");

	MUST_SYSTEM(write(clients[0], "hello", 5));
	MUST_SYSTEM(write(clients[2], "you", 3));
	claim(wait_for_clients(ours, is_ready, 1000) == 2, "two have said something");
	claim(is_ready[0] && !is_ready[1] && is_ready[2], "the first and the third");

	char text[16];
	claim(read(ours[0], text, sizeof text) == 5, "the first is read");
	claim(wait_for_clients(ours, is_ready, 1000) == 1 && is_ready[2],
	      "the third is still ready");
	claim(read(ours[2], text, sizeof text) == 3, "now it is read, too");

	close(clients[1]);
	claim(wait_for_clients(ours, is_ready, 1000) == 1 && is_ready[1],
	      "the second becomes ready");
	claim(read(ours[1], text, sizeof text) == 0, "and reading answers 0: it has hung up");
	claim(FD_SETSIZE == 1024, "no descriptor of %d or more fits into a set", FD_SETSIZE);
	return 0;
}
