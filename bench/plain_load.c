/*
 * plain_load - the people of a benchmark of the plain dialect: it owns their
 * sockets, says what the sender says, and drains what all others receive. The
 * server and the floor are loaded by this one process, over the same sockets.
 *
 *     plain_load MEMBERS
 *
 * prints the members' addresses, one a line ("127.1.0.1 41234"), then "ok",
 * and takes commands on standard input, an answer line each:
 *
 *     enter PORT FROM TO                 members FROM to TO-1 say `L mN`; waits for every OK
 *                                        and every notice
 *     visit PORT TIMES                   member 0 enters and leaves so many times
 *     say PORT MESSAGES IN_FLIGHT BYTES  member 0 says so many messages, so many at a time;
 *                                        waits until all others have each of them
 *
 * The answer is a JSON object: deliveries, datagrams, seconds, and the delay
 * from saying to receiving at the median and the 99th percentile.
 *
 * Members are spread over 127.0.0.0/8; some 64 share a socket (each its own
 * address, the socket bound to all), so that 5,000 of them need no 5,000 descriptors.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "loading.h"

#define MEMBERS_PER_SOCKET 64
#define BATCH 256
#define DATAGRAM_BYTES 1100
#define WINDOW 4096
#define QUIET_MS 10000

struct load {
	unsigned members;
	unsigned sockets;
	int *fds;
	uint16_t *ports;
	int epoll;
	struct mmsghdr messages[BATCH];
	struct iovec iovecs[BATCH];
	char bytes[BATCH][DATAGRAM_BYTES];

	uint64_t datagrams;
	uint64_t oks, exits;
	uint64_t notices;
	uint64_t deliveries;
	uint64_t said_us[WINDOW];
	unsigned missing[WINDOW];
	uint64_t complete; /* messages that all others have */
	struct delays delays;
};

static struct in_addr member_ip(unsigned member) {
	return (struct in_addr){.s_addr =
	                                htonl(0x7F010000 + (member / 250 << 8) + 1 + member % 250)};
}

static void open_sockets(struct load *load) {
	load->sockets = (load->members + MEMBERS_PER_SOCKET - 1) / MEMBERS_PER_SOCKET;
	load->fds = calloc(load->sockets, sizeof(int));
	load->ports = calloc(load->sockets, sizeof(uint16_t));
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < load->sockets; i++) {
		struct sockaddr_in address = {.sin_family = AF_INET};
		socklen_t size = sizeof(address);
		int buffer = 32 << 20;
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		    getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
			die("open a socket");
		}
		if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) != 0) {
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
		}
		struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
		if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
			die("watch a socket");
		}
		load->fds[i] = fd;
		load->ports[i] = ntohs(address.sin_port);
	}
	for (unsigned i = 0; i < BATCH; i++) {
		load->iovecs[i] = (struct iovec){load->bytes[i], DATAGRAM_BYTES - 1};
		load->messages[i].msg_hdr =
			(struct msghdr){.msg_iov = &load->iovecs[i], .msg_iovlen = 1};
	}
}

/* From the member's own address, though the socket is bound to all. */
static void say(const struct load *load, unsigned member, uint16_t port, const char *text,
                size_t size) {
	char control[CMSG_SPACE(sizeof(struct in_pktinfo))] = {0};
	struct sockaddr_in to = {.sin_family = AF_INET,
	                         .sin_port = htons(port),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct iovec iovec = {(void *)(uintptr_t)text, size};
	struct msghdr message = {.msg_name = &to,
	                         .msg_namelen = sizeof(to),
	                         .msg_iov = &iovec,
	                         .msg_iovlen = 1,
	                         .msg_control = control,
	                         .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	struct in_pktinfo info = {.ipi_spec_dst = member_ip(member)};
	header->cmsg_level = IPPROTO_IP;
	header->cmsg_type = IP_PKTINFO;
	header->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(header), &info, sizeof(info));
	while (sendmsg(load->fds[member / MEMBERS_PER_SOCKET], &message, 0) < 0) {
		if (errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED) {
			die("send");
		}
	}
}

/* "OK", "EXIT", a notice, or "m0说: #0000000017 ...". */
static void take(struct load *load, char *bytes, size_t size, uint64_t at_us) {
	load->datagrams++;
	bytes[size] = '\0';
	const char *mark = memchr(bytes, '#', size);
	if (size == 2 && memcmp(bytes, "OK", 2) == 0) {
		load->oks++;
	} else if (size == 4 && memcmp(bytes, "EXIT", 4) == 0) {
		load->exits++;
	} else if (mark == NULL) {
		load->notices++;
	} else {
		uint64_t number = strtoull(mark + 1, NULL, 10);
		unsigned *missing = &load->missing[number % WINDOW];
		load->deliveries++;
		assert(*missing > 0);
		delays_note(&load->delays, at_us - load->said_us[number % WINDOW]);
		if (--*missing == 0) {
			load->complete++;
		}
	}
}

/* Receives what is there; waits for more at most `wait_ms`. False if nothing came. */
static bool drain(struct load *load, int wait_ms) {
	struct epoll_event events[64];
	int ready = epoll_wait(load->epoll, events, 64, wait_ms);
	for (int i = 0; i < ready; i++) {
		int got;
		while ((got = recvmmsg(events[i].data.fd, load->messages, BATCH, MSG_DONTWAIT,
		                       NULL)) > 0) {
			uint64_t at_us = now_us();
			for (int k = 0; k < got; k++) {
				take(load, load->bytes[k], load->messages[k].msg_len, at_us);
			}
			if (got < BATCH) {
				break;
			}
		}
	}
	return ready > 0;
}

static void drain_until(struct load *load, const uint64_t *count, uint64_t goal, const char *what) {
	while (*count < goal) {
		if (!drain(load, QUIET_MS)) {
			die_waiting(what, *count, goal);
		}
	}
}

static void report(struct load *load, uint64_t begin_us, uint64_t datagrams, uint64_t deliveries) {
	double seconds = (double)(now_us() - begin_us) / 1e6;
	delays_sort(&load->delays);
	printf("{\"deliveries\": %" PRIu64 ", \"datagrams\": %" PRIu64
	       ", \"seconds\": %.6f, \"delay_us_median\": %u, \"delay_us_p99\": %u}\n",
	       load->deliveries - deliveries, load->datagrams - datagrams, seconds,
	       delays_percentile(&load->delays, 0.5), delays_percentile(&load->delays, 0.99));
	load->delays.count = 0;
}

static void run_enter(struct load *load, uint16_t port, unsigned from, unsigned to) {
	uint64_t begin_us = now_us(), datagrams = load->datagrams, deliveries = load->deliveries;
	uint64_t oks = load->oks, notices = load->notices, expected = 0;
	for (unsigned i = from; i < to; i++) {
		char text[32];
		int size = snprintf(text, sizeof(text), "L m%u", i);
		say(load, i, port, text, (size_t)size);
		expected += i;
		drain(load, 0);
		/* What fits into a socket's buffer, and no more, is under way. */
		if ((i - from) % 64 == 63) {
			drain_until(load, &load->oks, oks + i - from + 1 - 32, "enter");
		}
	}
	drain_until(load, &load->oks, oks + to - from, "enter: OK");
	drain_until(load, &load->notices, notices + expected, "enter: notices");
	report(load, begin_us, datagrams, deliveries);
}

static void run_visit(struct load *load, uint16_t port, unsigned times) {
	uint64_t begin_us = now_us(), datagrams = load->datagrams, deliveries = load->deliveries;
	for (unsigned i = 0; i < times; i++) {
		say(load, 0, port, "L visitor", strlen("L visitor"));
		drain_until(load, &load->oks, load->oks + 1, "visit: OK");
		say(load, 0, port, "Q", 1);
		drain_until(load, &load->exits, load->exits + 1, "visit: EXIT");
	}
	report(load, begin_us, datagrams, deliveries);
}

static void run_say(struct load *load, uint16_t port, uint64_t messages, unsigned in_flight,
                    unsigned bytes) {
	uint64_t begin_us = now_us(), datagrams = load->datagrams, deliveries = load->deliveries;
	char text[1024];
	assert(in_flight <= WINDOW && bytes < sizeof(text) - 3 && bytes >= 12);
	load->complete = 0;
	for (uint64_t number = 0; number < messages; number++) {
		if (number >= in_flight) {
			drain_until(load, &load->complete, number - in_flight + 1, "say");
		}
		memset(text, 'x', bytes + 2);
		int size = snprintf(text, sizeof(text), "C #%010" PRIu64, number);
		text[size] = ' ';
		load->missing[number % WINDOW] = load->members - 1;
		load->said_us[number % WINDOW] = now_us();
		say(load, 0, port, text, bytes + 2);
	}
	drain_until(load, &load->complete, messages, "say");
	report(load, begin_us, datagrams, deliveries);
}

int main(int argc, char **argv) {
	static struct load load;
	char line[256];
	if (argc != 2 || (load.members = (unsigned)strtoul(argv[1], NULL, 10)) < 2) {
		fprintf(stderr, "usage: plain_load MEMBERS\n");
		return 2;
	}
	open_sockets(&load);
	for (unsigned i = 0; i < load.members; i++) {
		printf("%s %u\n", inet_ntoa(member_ip(i)), load.ports[i / MEMBERS_PER_SOCKET]);
	}
	printf("ok\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		unsigned port, a, b, c;
		if (sscanf(line, "enter %u %u %u", &port, &a, &b) == 3) {
			run_enter(&load, (uint16_t)port, a, b);
		} else if (sscanf(line, "visit %u %u", &port, &a) == 2) {
			run_visit(&load, (uint16_t)port, a);
		} else if (sscanf(line, "say %u %u %u %u", &port, &a, &b, &c) == 4) {
			run_say(&load, (uint16_t)port, a, b, c);
		} else {
			fprintf(stderr, "plain_load: what is '%s'?\n", line);
			return 2;
		}
		fflush(stdout);
	}
	return 0;
}
