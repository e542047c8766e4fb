/*
 * robot_load - the clients of a benchmark of the robot, and of its floor.
 *
 *     robot_load PORT CLIENTS BYTES
 *
 * connects so many clients, each of which says one line and waits for the answer, and prints how long
 * that took in all as a JSON object; then takes commands on standard input, an answer line each:
 *
 *     trips N     so many round trips; each client has one line under way all the time
 *
 * The answer has the seconds, and of the time from sending a line to having its answer the median, the
 * 99th and the 99.9th percentile. The end of standard input ends it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 256
#define READ_BYTES 8192
#define CONNECTING_AT_ONCE 256
#define QUIET_MS 20000
#define DELAYS_MAX 10000000u

struct client {
	int fd;
	uint64_t said_ns;
	bool is_connected;
};

struct load {
	uint16_t port;
	unsigned count, begun;
	struct client *clients;
	int epoll;
	char *line;
	size_t line_bytes;
	uint64_t to_say;  /* lines of this run that whoever has an answer says next */
	uint64_t to_hear; /* answers of this run that have not come yet */
	uint32_t *delays_ns;
	size_t delays_count;
};

static uint64_t now_ns(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void die(const char *what) {
	fprintf(stderr, "robot_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void say(struct load *load, struct client *client) {
	client->said_ns = now_ns();
	if (send(client->fd, load->line, load->line_bytes, MSG_NOSIGNAL) !=
	    (ssize_t)load->line_bytes) {
		die("send");
	}
}

/* Clients are reset in the end, so that no run leaves thousands of ports waiting. */
static void begin_connect(struct load *load) {
	struct client *client = &load->clients[load->begun++];
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	                              .sin_port = htons(load->port)};
	const struct linger at_once = {.l_onoff = 1};
	const int on = 1;
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0) {
		die("socket");
	}
	setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(client->fd, (struct sockaddr *)&address, sizeof address) < 0 &&
	    errno != EINPROGRESS) {
		die("connect");
	}
	struct epoll_event event = {.events = EPOLLOUT, .data.ptr = client};
	if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->fd, &event) < 0) {
		die("epoll_ctl");
	}
}

static void on_connected(struct load *load, struct client *client) {
	int error = 0;
	socklen_t size = sizeof error;
	getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error != 0) {
		errno = error;
		die("connect");
	}
	client->is_connected = true;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
	epoll_ctl(load->epoll, EPOLL_CTL_MOD, client->fd, &event);
	say(load, client);
}

static void on_answer(struct load *load, struct client *client) {
	char bytes[READ_BYTES];
	ssize_t size = recv(client->fd, bytes, sizeof bytes, 0);
	if (size <= 0) {
		die("a client was left alone");
	}
	if (bytes[size - 1] != '\n') {
		return; /* the rest is still to come */
	}
	uint64_t delay_ns = now_ns() - client->said_ns;
	if (load->delays_count < DELAYS_MAX) {
		load->delays_ns[load->delays_count++] =
			delay_ns < UINT32_MAX ? (uint32_t)delay_ns : UINT32_MAX;
	}
	load->to_hear--;
	if (load->begun < load->count) {
		begin_connect(load);
	} else if (load->to_say > 0) {
		load->to_say--;
		say(load, client);
	}
}

static void run(struct load *load) {
	while (load->to_hear > 0) {
		struct epoll_event events[EVENTS];
		int ready = epoll_wait(load->epoll, events, EVENTS, QUIET_MS);
		if (ready == 0) {
			die("no answer for long");
		}
		for (int i = 0; i < ready; i++) {
			struct client *client = events[i].data.ptr;
			if (client->is_connected) {
				on_answer(load, client);
			} else {
				on_connected(load, client);
			}
		}
	}
}

static int compare(const void *a, const void *b) {
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

static double percentile_us(const struct load *load, double share) {
	if (load->delays_count == 0) {
		return 0;
	}
	size_t index = (size_t)(share * (double)(load->delays_count - 1));
	return load->delays_ns[index] / 1e3;
}

static void tell(struct load *load, uint64_t trips, uint64_t began_ns) {
	double seconds = (double)(now_ns() - began_ns) / 1e9;
	qsort(load->delays_ns, load->delays_count, sizeof *load->delays_ns, compare);
	printf("{\"trips\": %llu, \"seconds\": %.6f, \"p50_us\": %.1f, \"p99_us\": %.1f, "
	       "\"p999_us\": %.1f}\n",
	       (unsigned long long)trips, seconds, percentile_us(load, 0.5),
	       percentile_us(load, 0.99), percentile_us(load, 0.999));
	fflush(stdout);
	load->delays_count = 0;
}

static void connect_all(struct load *load) {
	uint64_t began_ns = now_ns();
	load->to_say = 0; /* Each says its first line when it is connected. */
	load->to_hear = load->count;
	while (load->begun < load->count && load->begun < CONNECTING_AT_ONCE) {
		begin_connect(load);
	}
	run(load);
	tell(load, load->count, began_ns);
}

static void make_trips(struct load *load, uint64_t trips) {
	uint64_t began_ns = now_ns();
	uint64_t at_once = trips < load->count ? trips : load->count;
	load->to_hear = trips;
	load->to_say = trips - at_once;
	for (uint64_t i = 0; i < at_once; i++) {
		say(load, &load->clients[i]);
	}
	run(load);
	tell(load, trips, began_ns);
}

static unsigned long number(const char *text) {
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (*end != '\0' || value == 0) {
		fprintf(stderr, "robot_load: '%s' is not a number\n", text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv) {
	if (argc != 4) {
		fprintf(stderr, "usage: robot_load PORT CLIENTS BYTES\n");
		return 2;
	}
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);

	static struct load load;
	load.port = (uint16_t)number(argv[1]);
	load.count = (unsigned)number(argv[2]);
	load.line_bytes = number(argv[3]);
	load.line = malloc(load.line_bytes);
	load.clients = calloc(load.count, sizeof *load.clients);
	load.delays_ns = malloc(DELAYS_MAX * sizeof *load.delays_ns);
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load.line == NULL || load.clients == NULL || load.delays_ns == NULL || load.epoll < 0) {
		die("no memory");
	}
	memset(load.line, 'x', load.line_bytes);
	load.line[load.line_bytes - 1] = '\n';

	connect_all(&load);
	char command[64];
	unsigned long long trips;
	while (fgets(command, sizeof command, stdin) != NULL) {
		if (sscanf(command, "trips %llu", &trips) == 1 && trips > 0) {
			make_trips(&load, trips);
		}
	}
	return 0;
}
