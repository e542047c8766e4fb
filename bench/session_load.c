/*
 * session_load - many clients of the session dialect in one process, for
 * script/bench session: they take part in a room, acknowledge as
 * docs/PROTOCOL.md says, and count what reaches them.
 *
 *     session_load SESSIONS KEYFILE
 *
 * prints the address of each session's socket, one a line, then "ok"; sessions
 * are numbered from 1, as bench/populate makes them, and their keys follow from
 * the server's. Then it takes commands on standard input and answers each with
 * a line of JSON:
 *
 *     resume PORT CURSOR                     all sessions come back
 *     loss PERCENT                           datagrams are lost, both ways, until the
 *                                            end of the next run
 *     say PORT MESSAGES IN_FLIGHT BYTES      some sessions say so many messages, so
 *                                            many at a time; waits until all have each
 *     bare PORT MESSAGES IN_FLIGHT BYTES     the same with bench/plain_floor
 *
 * Sessions are spread over 127.0.0.0/8 as in plain_load. What this process
 * costs is not measured; tags of what comes are not checked here.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sodium.h>
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

#include "keys.h"
#include "wire.h"

#define MEMBERS_PER_SOCKET 64
#define BATCH 256
#define WINDOW 4096
#define QUIET_US (20 * 1000 * 1000)
#define ACK_US 25000
#define REPEAT_US 200000
#define ON_THE_WAY_MAX 16
#define SENDERS_MAX 16
#define SPANS_MAX 16

/* (from, to] of the log that is here though what is before it is missing. */
struct span {
	uint64_t from, to;
};

struct session {
	struct key key;
	uint8_t nonce[NONCE_BYTES];
	uint32_t connection, packet;
	bool is_in, has_packets;
	uint64_t cursor;
	struct span spans[SPANS_MAX];
	unsigned spans_count;
	/* Packets that came: the largest, and a bit for each of the 64 before it. */
	uint32_t largest;
	uint64_t before;
	unsigned unacknowledged;
	uint64_t ack_due_us;
};

/* A session that says something: messages kept + 1 to `number` are on the way. */
struct sender {
	uint64_t number, kept;
	uint64_t global[ON_THE_WAY_MAX]; /* which message of the run each is */
	uint64_t repeat_us;
};

static struct load {
	unsigned count, sockets_count;
	int *fds;
	uint16_t *ports;
	int epoll;
	struct session *sessions;
	struct sender senders[SENDERS_MAX];
	struct key master;
	struct sockaddr_in server, floor;
	unsigned loss;
	unsigned text_bytes;
	uint64_t rng;
	struct mmsghdr messages[BATCH];
	struct iovec iovecs[BATCH];
	struct sockaddr_in names[BATCH];
	char controls[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
	char bytes[BATCH][2048];

	uint64_t in, datagrams, deliveries, repeats, acks;
	uint64_t missing[WINDOW], said_us[WINDOW], complete;
	struct delays delays;
	uint64_t now_us;
} load;

static bool is_lost(void) {
	load.rng = load.rng * 6364136223846793005u + 1442695040888963407u;
	return load.loss > 0 && (load.rng >> 33) % 100 < load.loss;
}

/* ---- sockets ---- */

static struct in_addr ip_of(unsigned member) {
	uint32_t ip = 0x7F010000 + (member / 250 << 8) + 1 + member % 250;
	return (struct in_addr){.s_addr = htonl(ip)};
}

/* Which of a socket's members an address is; load.count if it is none. */
static unsigned member_of(struct in_addr ip) {
	uint32_t host = ntohl(ip.s_addr) - 0x7F010000;
	unsigned member = (host >> 8) * 250 + (host & 0xFF) - 1;
	return member < load.count ? member : load.count;
}

static void open_socket(unsigned i) {
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	int buffer = 64 << 20, one = 1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) != 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one)) != 0) {
		die("open a socket");
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) != 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	}
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
	if (epoll_ctl(load.epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		die("watch a socket");
	}
	load.fds[i] = fd;
	load.ports[i] = ntohs(address.sin_port);
}

static void send_to(const struct sockaddr_in *to, unsigned member, const void *bytes, size_t size) {
	char control[CMSG_SPACE(sizeof(struct in_pktinfo))] = {0};
	struct iovec iovec = {(void *)(uintptr_t)bytes, size};
	struct msghdr message = {.msg_name = (void *)(uintptr_t)to,
	                         .msg_namelen = sizeof(*to),
	                         .msg_iov = &iovec,
	                         .msg_iovlen = 1,
	                         .msg_control = control,
	                         .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	struct in_pktinfo info = {.ipi_spec_dst = ip_of(member)};
	header->cmsg_level = IPPROTO_IP;
	header->cmsg_type = IP_PKTINFO;
	header->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(header), &info, sizeof(info));
	if (is_lost()) {
		return;
	}
	while (sendmsg(load.fds[member / MEMBERS_PER_SOCKET], &message, 0) < 0) {
		if (errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED) {
			die("send");
		}
	}
}

static void send_from(unsigned member, const void *bytes, size_t size) {
	send_to(&load.server, member, bytes, size);
}

/* ---- talking ---- */

static void talk(unsigned member, struct wire_out *frames) {
	struct session *session = &load.sessions[member];
	uint8_t datagram[WIRE_DATAGRAM_BYTES_MAX];
	struct wire_head head = {.type = WIRE_TALK,
	                         .session = member + 1,
	                         .connection = session->connection,
	                         .packet = session->packet++};
	assert(!frames->is_full);
	/* PADDING may stand behind the frames as well, unless the last takes all that is left. */
	while (frames->size < WIRE_CLIENT_BYTES_MIN - WIRE_TALK_HEAD_BYTES - TAG_BYTES) {
		wire_put_u8(frames, FRAME_PADDING);
	}
	size_t size = wire_write_datagram(&head, wire_out_slice(frames), &session->key, datagram);
	assert(size > 0);
	send_from(member, datagram, size);
}

static void acknowledge(unsigned member) {
	struct session *session = &load.sessions[member];
	uint8_t bytes[WIRE_TALK_BODY_BYTES_MAX];
	struct wire_out frames = wire_out_at(bytes, sizeof(bytes));
	struct wire_ack ack = {.seq = session->cursor};
	uint32_t packet = session->largest;
	struct wire_range *range = &ack.ranges[ack.count++];
	*range = (struct wire_range){packet, packet};
	for (unsigned i = 0; i < 64 && packet > i; i++) {
		uint32_t below = packet - 1 - i;
		if ((session->before >> i & 1) == 0) {
			continue;
		}
		if (range->first == below + 1) {
			range->first = below;
		} else if (ack.count < WIRE_RANGES_MAX) {
			range = &ack.ranges[ack.count++];
			*range = (struct wire_range){below, below};
		}
	}
	wire_put_ack(&frames, &ack);
	talk(member, &frames);
	session->unacknowledged = 0;
	load.acks++;
}

static void say_one(unsigned member, uint64_t number) {
	uint8_t bytes[WIRE_TALK_BODY_BYTES_MAX];
	char text[1100] = {1}; /* the lobby, as a varint */
	const struct sender *sender = &load.senders[member];
	memset(text + 1, 'x', load.text_bytes);
	int wrote = snprintf(text + 1, sizeof(text) - 1, "#%010" PRIu64,
	                     sender->global[number % ON_THE_WAY_MAX]);
	text[1 + wrote] = ' ';
	struct wire_out frames = wire_out_at(bytes, sizeof(bytes));
	struct wire_talk message = {.frame = FRAME_MESSAGE,
	                            .number = number,
	                            .kind = MESSAGE_SAY,
	                            .total = 1 + load.text_bytes,
	                            .bytes = slice_of(text, 1 + load.text_bytes)};
	wire_put_frame(&frames, &message);
	talk(member, &frames);
}

static void repeat_late(unsigned member) {
	struct sender *sender = &load.senders[member];
	if (sender->number > sender->kept && load.now_us >= sender->repeat_us) {
		for (uint64_t n = sender->kept + 1; n <= sender->number; n++) {
			say_one(member, n);
		}
		sender->repeat_us = load.now_us + REPEAT_US;
	}
}

/* ---- what comes ---- */

static void deliver(struct slice text) {
	const char *mark = memchr(text.bytes, '#', text.size);
	if (mark == NULL) {
		return;
	}
	uint64_t number = strtoull(mark + 1, NULL, 10);
	uint64_t *missing = &load.missing[number % WINDOW];
	load.deliveries++;
	if (*missing == 0) {
		fprintf(stderr, "session_load: %.*s: somebody has it twice\n", (int)text.size,
		        text.bytes);
		exit(1);
	}
	delays_note(&load.delays, load.now_us - load.said_us[number % WINDOW]);
	if (--*missing == 0) {
		load.complete++;
	}
}

/* Is that entry here already? */
static bool has(const struct session *session, uint64_t seq) {
	for (unsigned i = 0; i < session->spans_count; i++) {
		if (seq > session->spans[i].from && seq <= session->spans[i].to) {
			return true;
		}
	}
	return seq <= session->cursor;
}

/* The cursor moves over what is there; spans are few and unordered. */
static void take_span(struct session *session, struct span span) {
	assert(session->spans_count < SPANS_MAX);
	session->spans[session->spans_count++] = span;
	for (unsigned i = 0; i < session->spans_count;) {
		if (session->spans[i].from <= session->cursor) {
			if (session->spans[i].to > session->cursor) {
				session->cursor = session->spans[i].to;
			}
			session->spans[i] = session->spans[--session->spans_count];
			i = 0;
		} else {
			i++;
		}
	}
}

static void note_packet(struct session *session, uint32_t packet) {
	if (!session->has_packets) {
		session->has_packets = true;
		session->largest = packet;
	} else if (packet > session->largest) {
		uint32_t by = packet - session->largest;
		session->before = by > 64 ? 0 : by == 64 ? 0 : session->before << by;
		if (by <= 64) {
			session->before |= (uint64_t)1 << (by - 1);
		}
		session->largest = packet;
	} else if (packet < session->largest && session->largest - packet <= 64) {
		session->before |= (uint64_t)1 << (session->largest - packet - 1);
	}
}

static void on_log(unsigned member, const struct wire_head *head, struct slice body) {
	struct session *session = &load.sessions[member];
	struct wire_in in = wire_in_at(body);
	struct wire_piece piece;
	struct wire_entry entry;
	bool leaves_hole = head->from > session->cursor;
	if (leaves_hole && session->spans_count == SPANS_MAX - 1) {
		return; /* As if lost: it comes again. */
	}
	note_packet(session, head->packet);
	while (wire_next_item(&in, &piece)) {
		if (piece.item != ITEM_ENTRY || !wire_read_entry(piece.entry, &entry)) {
			die("an entry that is none");
		}
		if (entry.seq <= head->from || entry.seq > head->to) {
			die("an entry outside its LOG's range");
		}
		if (has(session, entry.seq)) {
			load.repeats++;
		} else if (entry.kind == 3) {
			deliver(entry.text);
		}
	}
	take_span(session, (struct span){head->from, head->to});
	if (session->unacknowledged++ == 0) {
		session->ack_due_us = load.now_us + ACK_US;
	}
	if (leaves_hole || session->unacknowledged >= 2) {
		acknowledge(member);
	}
}

static void on_talk(unsigned member, struct slice body) {
	struct wire_in in = wire_in_at(body);
	struct wire_talk frame;
	while (wire_next_frame(&in, &frame)) {
		if (frame.frame == FRAME_KEPT && member < SENDERS_MAX &&
		    frame.number > load.senders[member].kept) {
			load.senders[member].kept = frame.number;
			load.senders[member].repeat_us = load.now_us + REPEAT_US;
		}
	}
}

static void resume(unsigned member, const uint8_t cookie[COOKIE_BYTES], uint64_t cursor) {
	struct session *session = &load.sessions[member];
	struct wire_greeting greeting = {.type = WIRE_RESUME,
	                                 .version = WIRE_VERSION,
	                                 .connection = session->connection,
	                                 .session = member + 1,
	                                 .cursor = cursor};
	uint8_t datagram[WIRE_DATAGRAM_BYTES_MAX];
	struct key key;
	memcpy(greeting.cookie, cookie, COOKIE_BYTES);
	memcpy(greeting.nonce, session->nonce, NONCE_BYTES);
	keys_session(&load.master, member + 1, member + 1, &key);
	send_from(member, datagram, wire_write_greeting(&greeting, &key, datagram));
}

static void on_welcome(unsigned member, const struct wire_greeting *greeting) {
	struct session *session = &load.sessions[member];
	struct key key;
	if (session->is_in || greeting->connection != session->connection) {
		return;
	}
	keys_session(&load.master, member + 1, member + 1, &key);
	keys_connection(&key, session->nonce, greeting->server_nonce, &session->key);
	session->cursor = greeting->seq;
	session->is_in = true;
	session->spans_count = 0;
	session->has_packets = false;
	if (member < SENDERS_MAX) {
		load.senders[member] =
			(struct sender){.number = greeting->number, .kept = greeting->number};
	}
	load.in++;
}

static void on_datagram(unsigned member, struct slice datagram) {
	struct wire_greeting greeting;
	struct wire_head head;
	struct slice body;
	load.datagrams++;
	if ((uint8_t)datagram.bytes[0] != WIRE_FIRST_BYTE) {
		deliver(datagram);
	} else if (wire_read_head(datagram, &head, &body)) {
		struct session *session = &load.sessions[member];
		if (!session->is_in || head.connection != session->connection) {
			return;
		}
		if (head.type == WIRE_LOG) {
			on_log(member, &head, body);
		} else {
			note_packet(session, head.packet);
			on_talk(member, body);
		}
	} else if (wire_read_greeting(datagram, &greeting)) {
		switch (greeting.type) {
		case WIRE_COOKIE:
			resume(member, greeting.cookie, load.sessions[member].cursor);
			break;
		case WIRE_WELCOME: on_welcome(member, &greeting); break;
		case WIRE_REFUSED:
			fprintf(stderr, "session_load: refused: reason %u\n", greeting.reason);
			exit(1);
		default: break;
		}
	}
}

static unsigned receiver_of(struct msghdr *message) {
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
	     header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			memcpy(&info, CMSG_DATA(header), sizeof(info));
			return member_of(info.ipi_addr);
		}
	}
	return load.count;
}

static bool drain_socket(int fd) {
	for (unsigned i = 0; i < BATCH; i++) {
		load.iovecs[i] = (struct iovec){load.bytes[i], sizeof(load.bytes[i])};
		load.messages[i].msg_hdr =
			(struct msghdr){.msg_iov = &load.iovecs[i],
		                        .msg_iovlen = 1,
		                        .msg_control = load.controls[i],
		                        .msg_controllen = sizeof(load.controls[i])};
	}
	int got = recvmmsg(fd, load.messages, BATCH, MSG_DONTWAIT, NULL);
	load.now_us = now_us();
	for (int i = 0; i < got; i++) {
		unsigned member = receiver_of(&load.messages[i].msg_hdr);
		if (member < load.count && !is_lost()) {
			on_datagram(member, slice_of(load.bytes[i], load.messages[i].msg_len));
		}
	}
	return got == BATCH;
}

/* Acknowledgements that may not wait longer. */
static void acknowledge_late(void) {
	for (unsigned i = 0; i < load.count; i++) {
		struct session *session = &load.sessions[i];
		if (session->unacknowledged > 0 && load.now_us >= session->ack_due_us) {
			acknowledge(i);
		}
	}
}

/* Receives what is there; false if nothing came within `wait_ms`. */
static bool drain(int wait_ms) {
	struct epoll_event events[64];
	int ready = epoll_wait(load.epoll, events, 64, wait_ms);
	for (int i = 0; i < ready; i++) {
		while (drain_socket(events[i].data.fd)) {
		}
	}
	return ready > 0;
}

static void drain_until(const uint64_t *count, uint64_t goal, const char *what) {
	uint64_t last_us = now_us(), late_us = last_us;
	while (*count < goal) {
		bool came = drain(5);
		load.now_us = now_us();
		last_us = came ? load.now_us : last_us;
		for (unsigned i = 0; i < SENDERS_MAX && i < load.count; i++) {
			repeat_late(i);
		}
		if (load.now_us - late_us >= 5000) {
			late_us = load.now_us;
			acknowledge_late();
		}
		if (load.now_us - last_us > QUIET_US) {
			fprintf(stderr, "session_load: %s: %" PRIu64 " of %" PRIu64 ", no more\n",
			        what, *count, goal);
			exit(1);
		}
	}
}

/* ---- commands ---- */

static void hello(unsigned member) {
	uint8_t datagram[WIRE_DATAGRAM_BYTES_MAX];
	struct wire_greeting greeting = {.type = WIRE_HELLO, .version = WIRE_VERSION};
	memcpy(greeting.nonce, load.sessions[member].nonce, NONCE_BYTES);
	send_from(member, datagram, wire_write_greeting(&greeting, NULL, datagram));
}

static void run_resume(uint64_t cursor) {
	uint64_t begin_us = now_us();
	load.in = 0;
	for (unsigned i = 0; i < load.count; i++) {
		struct session *session = &load.sessions[i];
		memset(session, 0, sizeof(*session));
		session->connection = randombytes_random();
		session->cursor = cursor;
		randombytes_buf(session->nonce, NONCE_BYTES);
	}
	for (unsigned from = 0; load.in < load.count;
	     from = from + 64 < load.count ? from + 64 : 0) {
		unsigned to = from + 64 < load.count ? from + 64 : load.count;
		uint64_t before = load.in;
		for (unsigned i = from; i < to; i++) {
			if (!load.sessions[i].is_in) {
				hello(i);
				before++;
			}
		}
		for (int tries = 0; tries < 40 && load.in < before; tries++) {
			drain(5);
		}
		if (now_us() - begin_us > 120 * 1000000ull) {
			die("not all sessions come back");
		}
	}
	printf("{\"sessions\": %" PRIu64 ", \"seconds\": %.6f}\n", load.in,
	       (double)(now_us() - begin_us) / 1e6);
}

struct before {
	uint64_t us, datagrams, deliveries, repeats, acks;
};

static struct before begin(void) {
	load.complete = 0;
	load.delays.count = 0;
	return (struct before){now_us(), load.datagrams, load.deliveries, load.repeats, load.acks};
}

static void report(struct before before) {
	delays_sort(&load.delays);
	printf("{\"deliveries\": %" PRIu64 ", \"datagrams\": %" PRIu64 ", \"repeats\": %" PRIu64
	       ", \"acks\": %" PRIu64 ", \"seconds\": %.6f, \"delay_us_median\": %u, "
	       "\"delay_us_p99\": %u}\n",
	       load.deliveries - before.deliveries, load.datagrams - before.datagrams,
	       load.repeats - before.repeats, load.acks - before.acks,
	       (double)(now_us() - before.us) / 1e6, delays_percentile(&load.delays, 0.5),
	       delays_percentile(&load.delays, 0.99));
}

static void expect_message(uint64_t number, uint64_t receivers) {
	load.missing[number % WINDOW] = receivers;
	load.said_us[number % WINDOW] = load.now_us = now_us();
}

/*
 * What is not acknowledged yet is, either way, until the server has nothing more on the
 * way: where acknowledgements were lost, until it has asked for them, two seconds later at
 * the latest; now nothing is lost any more. A message whose KEPT was lost must not be repeated
 * to the next run's server.
 */
static void come_to_rest(void) {
	int wait_ms = load.loss > 0 ? 2500 : 300;
	load.loss = 0;
	for (unsigned i = 0; i < SENDERS_MAX && i < load.count; i++) {
		drain_until(&load.senders[i].kept, load.senders[i].number, "kept");
	}
	do {
		for (unsigned i = 0; i < load.count; i++) {
			if (load.sessions[i].unacknowledged > 0) {
				acknowledge(i);
			}
		}
	} while (drain(wait_ms));
}

static void run_say(uint64_t messages, unsigned in_flight) {
	struct before before = begin();
	unsigned senders = (in_flight + ON_THE_WAY_MAX - 1) / ON_THE_WAY_MAX;
	assert(senders <= SENDERS_MAX && senders <= load.count);
	for (uint64_t number = 0; number < messages; number++) {
		struct sender *sender = &load.senders[number % senders];
		if (number >= in_flight) {
			drain_until(&load.complete, number - in_flight + 1, "say");
		}
		while (sender->number - sender->kept >= ON_THE_WAY_MAX) {
			drain_until(&sender->kept, sender->kept + 1, "kept");
		}
		expect_message(number, load.count);
		if (sender->number == sender->kept) {
			sender->repeat_us = load.now_us + REPEAT_US;
		}
		sender->number++;
		sender->global[sender->number % ON_THE_WAY_MAX] = number;
		say_one((unsigned)(number % senders), sender->number);
	}
	drain_until(&load.complete, messages, "say");
	report(before);
	come_to_rest();
}

static void run_bare(uint64_t messages, unsigned in_flight) {
	struct before before = begin();
	char text[1100];
	for (uint64_t number = 0; number < messages; number++) {
		if (number >= in_flight) {
			drain_until(&load.complete, number - in_flight + 1, "bare");
		}
		memset(text, 'x', sizeof(text));
		int size = snprintf(text, sizeof(text), "C #%010" PRIu64, number);
		text[size] = ' ';
		expect_message(number, load.count - 1);
		send_to(&load.floor, 0, text, load.text_bytes + 2);
	}
	drain_until(&load.complete, messages, "bare");
	report(before);
}

static void set_up(unsigned count, const char *key_file) {
	FILE *file = fopen(key_file, "rb");
	if (file == NULL || fread(load.master.bytes, 1, KEY_BYTES, file) != KEY_BYTES) {
		die(key_file);
	}
	fclose(file);
	load.count = count;
	load.sockets_count = (count + MEMBERS_PER_SOCKET - 1) / MEMBERS_PER_SOCKET;
	load.fds = calloc(load.sockets_count, sizeof(int));
	load.ports = calloc(load.sockets_count, sizeof(uint16_t));
	load.sessions = calloc(count, sizeof(struct session));
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	load.rng = 1;
	for (unsigned i = 0; i < load.sockets_count; i++) {
		open_socket(i);
	}
	for (unsigned i = 0; i < count; i++) {
		printf("%s %u\n", inet_ntoa(ip_of(i)), load.ports[i / MEMBERS_PER_SOCKET]);
	}
	printf("ok\n");
	fflush(stdout);
}

static bool run(const char *line) {
	uint64_t messages, cursor;
	unsigned port, in_flight;
	/* The floor gets nothing but its texts: what comes late goes to the server, whatever runs. */
	load.server.sin_family = load.floor.sin_family = AF_INET;
	load.server.sin_addr.s_addr = load.floor.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (sscanf(line, "resume %u %" SCNu64, &port, &cursor) == 2) {
		load.server.sin_port = htons((uint16_t)port);
		run_resume(cursor);
	} else if (sscanf(line, "loss %u", &load.loss) == 1) {
		printf("{\"loss\": %u}\n", load.loss);
	} else if (sscanf(line, "say %u %" SCNu64 " %u %u", &port, &messages, &in_flight,
	                  &load.text_bytes) == 4) {
		load.server.sin_port = htons((uint16_t)port);
		run_say(messages, in_flight);
	} else if (sscanf(line, "bare %u %" SCNu64 " %u %u", &port, &messages, &in_flight,
	                  &load.text_bytes) == 4) {
		load.floor.sin_port = htons((uint16_t)port);
		run_bare(messages, in_flight);
	} else {
		fprintf(stderr, "session_load: what is '%s'?\n", line);
		return false;
	}
	fflush(stdout);
	return true;
}

int main(int argc, char **argv) {
	char line[256];
	unsigned count = argc == 3 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	if (count < 2 || sodium_init() < 0) {
		fprintf(stderr, "usage: session_load SESSIONS KEYFILE\n");
		return 2;
	}
	set_up(count, argv[2]);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (!run(line)) {
			return 2;
		}
	}
	return 0;
}
