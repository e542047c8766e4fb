/*
 * plain_floor - the bare system calls that the server's work needs, and
 * nothing else: receive a datagram, send its text to everybody.
 *
 *     plain_floor
 *
 * reads the members' addresses on standard input, one a line ("127.1.0.1
 * 41234"), up to "ok"; prints its port; then receives `C text` and sends
 * `m0说: text` to all members but the first, with sendmmsg, until its standard
 * input ends. No names, no log, no history: what is left is the kernel's work.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define IN_BATCH 64
#define OUT_BATCH 512
#define MEMBERS_MAX 200000

static struct sockaddr_in members[MEMBERS_MAX];
static struct mmsghdr out[MEMBERS_MAX];
static char in_bytes[IN_BATCH][2048];

static unsigned read_members(void) {
	char line[128], ip[64];
	unsigned port, count = 0;
	while (fgets(line, sizeof(line), stdin) != NULL && strcmp(line, "ok\n") != 0) {
		if (sscanf(line, "%63s %u", ip, &port) == 2 && count < MEMBERS_MAX) {
			members[count] = (struct sockaddr_in){.sin_family = AF_INET,
			                                      .sin_port = htons((uint16_t)port)};
			inet_pton(AF_INET, ip, &members[count].sin_addr);
			count++;
		}
	}
	return count;
}

static void send_to_all(int fd, struct iovec *text, unsigned count) {
	for (unsigned i = 1; i < count; i++) {
		out[i].msg_hdr.msg_iov = text;
	}
	for (unsigned done = 1; done < count;) {
		unsigned batch = count - done < OUT_BATCH ? count - done : OUT_BATCH;
		int sent = sendmmsg(fd, out + done, batch, 0);
		if (sent < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EINTR) {
			perror("plain_floor: sendmmsg");
			exit(1);
		}
		done += sent > 0 ? (unsigned)sent : 0;
	}
}

int main(void) {
	struct mmsghdr in[IN_BATCH] = {0};
	struct iovec in_iovecs[IN_BATCH];
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	unsigned count = read_members();
	int buffer = 4 << 20;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
		perror("plain_floor: bind");
		return 1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	for (unsigned i = 0; i < IN_BATCH; i++) {
		in_iovecs[i] = (struct iovec){in_bytes[i] + 16, sizeof(in_bytes[i]) - 16};
		in[i].msg_hdr = (struct msghdr){.msg_iov = &in_iovecs[i], .msg_iovlen = 1};
	}
	for (unsigned i = 0; i < count; i++) {
		out[i].msg_hdr = (struct msghdr){.msg_name = &members[i],
		                                 .msg_namelen = sizeof(members[i]),
		                                 .msg_iovlen = 1};
	}
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	for (;;) {
		struct pollfd ready[2] = {{.fd = fd, .events = POLLIN},
		                          {.fd = 0, .events = POLLIN}};
		poll(ready, 2, -1);
		if (ready[1].revents != 0) {
			return 0;
		}
		int got = recvmmsg(fd, in, IN_BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < got; i++) {
			/* "C text" becomes "m0说: text", in place. */
			static const char prefix[] = "m0\u8bf4: ";
			size_t prefix_bytes = sizeof(prefix) - 1;
			char *text = in_bytes[i] + 16 + 2 - prefix_bytes;
			memcpy(text, prefix, prefix_bytes);
			struct iovec iovec = {text, in[i].msg_len - 2 + prefix_bytes};
			send_to_all(fd, &iovec, count);
		}
	}
}
