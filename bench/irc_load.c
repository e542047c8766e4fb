/*
 * irc_load - the people of a benchmark of IRC: it owns their connections, says
 * what the first one says, and drains what all others receive. The server and the floor
 * are loaded by a process of this program each.
 *
 *     irc_load PEOPLE [web]
 *
 * takes commands on standard input, an answer line (JSON) each:
 *
 *     open PORT                  connects them all
 *     register                   NICK m0, m1 ..., USER; until each has been greeted (376 or 422)
 *     join ROOM                  each JOINs; until each has the names, and has heard of all who came later
 *     say ROOM MESSAGES IN_FLIGHT BYTES
 *                                the first says so many messages, so many at a time;
 *                                waits until all others have each of them
 *     ask LINE|END              each says LINE; until each has had a line with END in it
 *     close
 *
 * They are spread over 127.0.0.0/8. With "web" each of them speaks over a WebSocket.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
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

#include "loading.h"

#define WINDOW 4096
#define QUIET_MS 20000
#define BYTES (64 * 1024)
#define LINE_BYTES_MAX 10000

struct person {
	int fd;
	char *held; /* the beginning of a line */
	size_t size;
};

struct load {
	unsigned count;
	bool is_web;
	struct person *people;
	int epoll;
	uint64_t lines, bytes, reads;
	uint64_t greeted, named, joined, deliveries, ended;
	const char *end; /* of "ask" */
	uint64_t said_us[WINDOW];
	unsigned missing[WINDOW];
	uint64_t complete;
	struct delays delays;
	char in[LINE_BYTES_MAX + BYTES + 1];
};

/* ---- frames ---- */

/* Of lines, with a mask of zeroes; room for 6 more bytes a line. */
static size_t put_frames(const char *text, size_t size, char *out) {
	size_t put = 0;
	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		assert(end != NULL && end > text && end[-1] == '\r');
		size_t whole = (size_t)(end - text) + 1, line = whole - 2,
		       head = line < 126 ? 2 : 4;
		out[put] = (char)0x81;
		out[put + 1] = (char)(0x80 | (line < 126 ? line : 126));
		out[put + 2] = (char)(line >> 8);
		out[put + 3] = (char)line;
		memset(out + put + head, 0, 4);
		memcpy(out + put + head + 4, text, line);
		put += head + 4 + line;
		text += whole;
		size -= whole;
	}
	return put;
}

/* Of the frame that begins there: where its line is, and its size. False: it is not whole. */
static bool find_frame(const char *at, size_t size, size_t *head, size_t *line) {
	if (size < 2) {
		return false;
	}
	bool is_long = at[1] == 126;
	*head = is_long ? 4 : 2;
	if (size < *head) {
		return false;
	}
	assert((unsigned char)at[0] == 0x81 && at[1] >= 0 && at[1] <= 126);
	*line = is_long ? (size_t)(unsigned char)at[2] << 8 | (unsigned char)at[3] : (size_t)at[1];
	return size >= *head + *line;
}

/* ---- what comes ---- */

static void take_message(struct load *load, const char *text, uint64_t at_us) {
	uint64_t number = strtoull(text, NULL, 10);
	unsigned *missing = &load->missing[number % WINDOW];
	assert(*missing > 0);
	load->deliveries++;
	delays_note(&load->delays, at_us - load->said_us[number % WINDOW]);
	if (--*missing == 0) {
		load->complete++;
	}
}

/* Terminated. Its command is its second word. */
static void take_line(struct load *load, struct person *person, char *line, uint64_t at_us) {
	if (line[0] == '@' && strchr(line, ' ') != NULL) {
		line = strchr(line, ' ') + 1; /* without its tags */
	}
	char *word = strchr(line, ' ');
	load->lines++;
	if (load->end != NULL && strstr(line, load->end) != NULL) {
		load->ended++;
		return;
	}
	if (strncmp(line, "PING ", 5) == 0) {
		char pong[LINE_BYTES_MAX];
		char framed[LINE_BYTES_MAX + 8];
		int size = snprintf(pong, sizeof(pong), "PONG %s\r\n", line + 5);
		size_t framed_size = put_frames(pong, (size_t)size, framed);
		(void)!write(person->fd, load->is_web ? framed : pong,
		             load->is_web ? framed_size : (size_t)size);
		return;
	}
	if (word == NULL) {
		return;
	}
	if (strncmp(word, " PRIVMSG ", 9) == 0) {
		if (load->end != NULL) {
			return; /* of the past */
		}
		const char *text = strstr(word, " :@");
		if (text != NULL) {
			take_message(load, text + 3, at_us);
		}
	} else if (strncmp(word, " JOIN ", 6) == 0) {
		load->joined++;
	} else if (strncmp(word, " 366 ", 5) == 0) {
		load->named++;
	} else if (strncmp(word, " 376 ", 5) == 0 || strncmp(word, " 422 ", 5) == 0) {
		load->greeted++;
	} else if (word[1] == '4' || strncmp(line, "ERROR", 5) == 0) {
		fprintf(stderr, "irc_load: %s\n", line);
	}
}

static void take_bytes(struct load *load, struct person *person, uint64_t at_us) {
	memcpy(load->in, person->held, person->size);
	ssize_t got = recv(person->fd, load->in + person->size, BYTES, MSG_DONTWAIT);
	if (got <= 0) {
		if (got < 0 && errno == EAGAIN) {
			return;
		}
		fprintf(stderr, "irc_load: a connection has ended\n");
		exit(1);
	}
	load->reads++;
	load->bytes += (uint64_t)got;
	char *at = load->in, *end = at + person->size + got, *line_end;
	size_t head, line;
	while (load->is_web && find_frame(at, (size_t)(end - at), &head, &line)) {
		char behind = at[head + line];
		at[head + line] = '\0';
		take_line(load, person, at + head, at_us);
		at[head + line] = behind;
		at += head + line;
	}
	while (!load->is_web && (line_end = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		line_end[line_end > at && line_end[-1] == '\r' ? -1 : 0] = '\0';
		take_line(load, person, at, at_us);
		at = line_end + 1;
	}
	person->size = (size_t)(end - at);
	assert(person->size <= LINE_BYTES_MAX);
	person->held = realloc(person->held, person->size + 1);
	memcpy(person->held, at, person->size);
}

static bool drain(struct load *load, int wait_ms) {
	struct epoll_event events[256];
	int ready = epoll_wait(load->epoll, events, 256, wait_ms);
	uint64_t at_us = now_us();
	for (int i = 0; i < ready; i++) {
		take_bytes(load, &load->people[events[i].data.u32], at_us);
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

/* ---- what is reported ---- */

struct mark {
	uint64_t us, lines, bytes, reads, deliveries;
};

static struct mark mark_of(const struct load *load) {
	return (struct mark){now_us(), load->lines, load->bytes, load->reads, load->deliveries};
}

static void report(struct load *load, const struct mark *before) {
	double seconds = (double)(now_us() - before->us) / 1e6;
	delays_sort(&load->delays);
	printf("{\"deliveries\": %" PRIu64 ", \"lines\": %" PRIu64 ", \"bytes\": %" PRIu64
	       ", \"reads\": %" PRIu64 ", \"seconds\": %.6f, \"delay_us_median\": %u, "
	       "\"delay_us_p99\": %u}\n",
	       load->deliveries - before->deliveries, load->lines - before->lines,
	       load->bytes - before->bytes, load->reads - before->reads, seconds,
	       delays_percentile(&load->delays, 0.5), delays_percentile(&load->delays, 0.99));
	load->delays.count = 0;
}

/* ---- commands ---- */

static int connect_one(unsigned number, uint16_t port) {
	const struct sockaddr_in to = {.sin_family = AF_INET,
	                               .sin_port = htons(port),
	                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct sockaddr_in from = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7F010000 + (number / 250 << 8) + 1 + number % 250)};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&from, sizeof(from)) != 0 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
		die("connect");
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void upgrade(int fd) {
	static const char request[] =
		"GET /irc HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"Sec-WebSocket-Protocol: text.ircv3.net\r\n\r\n";
	char answer[1024];
	size_t size = 0;
	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != sizeof(request) - 1) {
		die("ask for a WebSocket");
	}
	/* It says nothing more until it is spoken to. */
	while (size < 4 || memcmp(answer + size - 4, "\r\n\r\n", 4) != 0) {
		ssize_t got = recv(fd, answer + size, sizeof(answer) - size, 0);
		if (got <= 0) {
			die("become a WebSocket");
		}
		size += (size_t)got;
	}
	assert(strncmp(answer, "HTTP/1.1 101 ", 13) == 0);
}

static void open_all(struct load *load, uint16_t port) {
	for (unsigned i = 0; i < load->count; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
		load->people[i].fd = connect_one(i, port);
		if (load->is_web) {
			upgrade(load->people[i].fd);
		}
		if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, load->people[i].fd, &event) != 0) {
			die("watch");
		}
	}
}

static void close_all(struct load *load) {
	for (unsigned i = 0; i < load->count; i++) {
		close(load->people[i].fd);
		load->people[i].size = 0;
	}
}

static void say(struct load *load, unsigned who, const char *text) {
	char framed[1200];
	size_t size = strlen(text), done = 0;
	if (load->is_web) {
		assert(size <= 1024);
		size = put_frames(text, size, framed);
		text = framed;
	}
	while (done < size) {
		ssize_t sent = send(load->people[who].fd, text + done, size - done,
		                    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN) {
			die("send");
		}
		done += sent > 0 ? (size_t)sent : 0;
		if (sent < 0) {
			drain(load, 1);
		}
	}
}

static void run_register(struct load *load) {
	for (unsigned i = 0; i < load->count; i++) {
		char text[128];
		snprintf(text, sizeof(text), "NICK m%u\r\nUSER m%u 0 * :m%u\r\n", i, i, i);
		say(load, i, text);
		drain(load, 0);
	}
	drain_until(load, &load->greeted, load->count, "register");
}

static void run_join(struct load *load, const char *room) {
	uint64_t joined = load->joined, named = load->named, count = load->count;
	char text[160];
	snprintf(text, sizeof(text), "JOIN %s\r\n", room);
	for (unsigned i = 0; i < load->count; i++) {
		say(load, i, text);
	}
	drain_until(load, &load->named, named + count, "join: names");
	drain_until(load, &load->joined, joined + count * (count + 1) / 2, "join");
}

static void run_say(struct load *load, const char *room, uint64_t messages, unsigned in_flight,
                    unsigned bytes) {
	char text[1024];
	assert(in_flight <= WINDOW && bytes >= 12 && bytes <= 480);
	load->complete = 0;
	for (uint64_t number = 0; number < messages; number++) {
		if (number >= in_flight) {
			drain_until(load, &load->complete, number - in_flight + 1, "say");
		}
		int head = snprintf(text, sizeof(text), "PRIVMSG %s :", room);
		int size = snprintf(text + head, sizeof(text) - (size_t)head, "@%010" PRIu64 " ",
		                    number);
		memset(text + head + size, 'x', bytes - (unsigned)size);
		memcpy(text + head + bytes, "\r\n", 3);
		load->missing[number % WINDOW] = load->count - 1;
		load->said_us[number % WINDOW] = now_us();
		say(load, 0, text);
	}
	drain_until(load, &load->complete, messages, "say");
}

static void run_ask(struct load *load, const char *line, const char *end) {
	char text[600];
	snprintf(text, sizeof(text), "%s\r\n", line);
	load->end = end;
	load->ended = 0;
	for (unsigned i = 0; i < load->count; i++) {
		say(load, i, text);
		drain(load, 0);
	}
	drain_until(load, &load->ended, load->count, "ask");
	load->end = NULL;
}

static bool obey(struct load *load, const char *command) {
	unsigned port, in_flight, bytes;
	uint64_t messages;
	char room[128], line[256], end[64];
	struct mark before = mark_of(load);
	if (sscanf(command, "open %u", &port) == 1) {
		open_all(load, (uint16_t)port);
	} else if (strcmp(command, "register\n") == 0) {
		run_register(load);
	} else if (sscanf(command, "join %127s", room) == 1) {
		run_join(load, room);
	} else if (sscanf(command, "say %127s %" SCNu64 " %u %u", room, &messages, &in_flight,
	                  &bytes) == 4) {
		run_say(load, room, messages, in_flight, bytes);
	} else if (sscanf(command, "ask %255[^|]|%63[^\n]", line, end) == 2) {
		run_ask(load, line, end);
	} else if (strcmp(command, "close\n") == 0) {
		close_all(load);
	} else {
		return false;
	}
	report(load, &before);
	return true;
}

int main(int argc, char **argv) {
	static struct load load;
	char line[512];
	struct rlimit limit;
	load.is_web = argc == 3 && strcmp(argv[2], "web") == 0;
	if (argc != (load.is_web ? 3 : 2) ||
	    (load.count = (unsigned)strtoul(argv[1], NULL, 10)) < 2) {
		fprintf(stderr, "usage: irc_load PEOPLE [web]\n");
		return 2;
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	load.people = calloc(load.count, sizeof(*load.people));
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < load.count; i++) {
		load.people[i].held = malloc(1);
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (!obey(&load, line)) {
			fprintf(stderr, "irc_load: what is '%s'?\n", line);
			return 2;
		}
		fflush(stdout);
	}
	return 0;
}
