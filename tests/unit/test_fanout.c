/*
 * Fan-out: everyone once, in order, whatever the socket does in between: full,
 * out of buffers, with the errors of others, stopped and gone on elsewhere.
 * The socket is a function of the test's; two tests use real ones.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fanout.h"

#define OUTLETS 3
#define DATAGRAMS_MAX 20000

/* ---- a socket that does as it is told ---- */

static struct {
	unsigned count;
	struct sent {
		int fd;
		uint16_t port;
		char part;
	} sent[DATAGRAMS_MAX];
	unsigned seed;
	unsigned trouble_percent; /* of calls that fail */
	int error;                /* with this; 0: any */
	unsigned most;            /* datagrams a call takes; 0: all */
	unsigned errors_taken;
} world;

static int send_to_world(int fd, struct mmsghdr *messages, unsigned count, int flags) {
	static const int errors[] = {EAGAIN, ECONNREFUSED, ENOBUFS, EINTR};
	if ((unsigned)rand_r(&world.seed) % 100 < world.trouble_percent) {
		errno = world.error != 0 ? world.error : errors[rand_r(&world.seed) % 4];
		return -1;
	}
	if (world.most != 0 && count > world.most) {
		count = (unsigned)rand_r(&world.seed) % world.most + 1;
	}
	for (unsigned i = 0; i < count; i++) {
		const struct msghdr *message = &messages[i].msg_hdr;
		const struct sockaddr_in *to = message->msg_name;
		assert_int_equal(message->msg_namelen, sizeof(*to));
		assert_int_equal(message->msg_iovlen, 1);
		assert_true(world.count < DATAGRAMS_MAX);
		world.sent[world.count++] =
			(struct sent){.fd = fd,
		                      .port = ntohs(to->sin_port),
		                      .part = *(char *)message->msg_iov->iov_base};
	}
	return (int)count;
}

static void on_error(void *context, const struct outlet_error *error) {
	world.errors_taken++;
}

static const struct fanout_way way = {.send = send_to_world, .on_error = on_error};

/* ---- a room ---- */

static struct outlet outlets[OUTLETS];
static struct roster rosters[OUTLETS];
static struct fanout fanout;
static struct iovec parts[3];

static void add_member(unsigned outlet, uint64_t session) {
	struct plain_member *member = roster_insert(&rosters[outlet], session);
	member->target.to.v4.sin_family = AF_INET;
	member->target.to.v4.sin_port = htons((uint16_t)session);
}

/* Sessions 1 to `count`, one outlet after the other. */
static void make_room(unsigned count, unsigned outlets_count) {
	memset(&world, 0, sizeof(world));
	world.seed = 7;
	for (unsigned i = 0; i < OUTLETS; i++) {
		roster_finish(&rosters[i]);
		/* No descriptor: the error queue of a socket that is none is empty. */
		outlets[i] = (struct outlet){.fd = -1 - (int)i,
		                             .family = AF_INET,
		                             .name_bytes = sizeof(struct sockaddr_in)};
	}
	for (uint64_t session = 1; session <= count; session++) {
		add_member(session % outlets_count, session);
	}
	for (unsigned i = 0; i < 3; i++) {
		static char letters[] = "abc";
		parts[i] = (struct iovec){.iov_base = &letters[i], .iov_len = 1};
	}
	fanout_init(&fanout, outlets, outlets_count, &way);
}

/* How often each session got each part; and that each got them in order. */
static void expect_everyone_once(unsigned count, unsigned parts_count, uint64_t author) {
	static unsigned char got[DATAGRAMS_MAX];
	memset(got, 0, sizeof(got));
	for (unsigned i = 0; i < world.count; i++) {
		const struct sent *sent = &world.sent[i];
		assert_int_equal(sent->part, "abc"[got[sent->port]]);
		got[sent->port]++;
	}
	for (unsigned session = 1; session <= count; session++) {
		assert_int_equal(got[session], session == author ? 0 : parts_count);
	}
}

static void expect_ascending(unsigned outlets_count) {
	for (unsigned i = 1; i < world.count; i++) {
		const struct sent *a = &world.sent[i - 1];
		const struct sent *b = &world.sent[i];
		assert_true(b->fd < a->fd || (b->fd == a->fd && b->port >= a->port));
	}
}

static enum fanout_result run(void) {
	enum fanout_result result;
	do {
		unsigned budget = 512;
		result = fanout_go_on(&fanout, &budget);
	} while (result != FANOUT_DONE);
	return result;
}

/* ---- tests ---- */

static void everyone_but_the_author(void **state) {
	for (unsigned outlets_count = 1; outlets_count <= OUTLETS; outlets_count++) {
		for (unsigned parts_count = 1; parts_count <= 3; parts_count++) {
			make_room(1000, outlets_count);
			fanout_to_all(&fanout, parts, parts_count, rosters, 500, UINT64_MAX);
			run();
			expect_everyone_once(1000, parts_count, 500);
			expect_ascending(outlets_count);
			assert_int_equal(fanout.delivered, 999 * parts_count);
		}
	}
}

static void nobody_and_only_the_author(void **state) {
	make_room(0, 2);
	fanout_to_all(&fanout, parts, 1, rosters, 0, UINT64_MAX);
	run();
	make_room(1, 2);
	fanout_to_all(&fanout, parts, 1, rosters, 1, UINT64_MAX);
	run();
	assert_int_equal(world.count, 0);
}

static void only_who_was_there(void **state) {
	make_room(300, 2);
	fanout_to_all(&fanout, parts, 1, rosters, 0, 101);
	run();
	assert_int_equal(world.count, 100);
	expect_everyone_once(100, 1, 0);
}

static void one_alone(void **state) {
	make_room(300, 3);
	struct plain_member one = {.session = 7, .target.to.v4.sin_port = htons(7)};
	fanout_to_one(&fanout, parts, 3, 2, &one);
	run();
	assert_int_equal(world.count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(world.sent[i].fd, outlets[2].fd);
		assert_int_equal(world.sent[i].part, "abc"[i]);
	}
}

static void the_budget_is_kept(void **state) {
	make_room(1000, 1);
	fanout_to_all(&fanout, parts, 1, rosters, 0, UINT64_MAX);
	unsigned before = 0;
	unsigned turns = 0;
	enum fanout_result result;
	do {
		unsigned budget = 100;
		result = fanout_go_on(&fanout, &budget);
		/* Whole batches: at most one beyond. */
		assert_true(world.count - before < 100 + FANOUT_BATCH);
		before = world.count;
		turns++;
	} while (result != FANOUT_DONE);
	assert_true(turns >= 8);
	expect_everyone_once(1000, 1, 0);
}

/* The socket is full now and then, takes a few only, fails with the errors of others. */
static void whatever_the_socket_does(void **state) {
	for (unsigned seed = 1; seed <= 100; seed++) {
		unsigned parts_count = seed % 3 + 1;
		make_room(400, 2);
		world.seed = seed;
		world.trouble_percent = 30;
		world.error = seed % 2 ? EAGAIN : EINTR;
		world.most = seed % 7 * 10;
		fanout_to_all(&fanout, parts, parts_count, rosters, 3, UINT64_MAX);
		run();
		expect_everyone_once(400, parts_count, 3);
		expect_ascending(2);
		assert_int_equal(fanout.unsent, 0);
	}
}

static void who_cannot_be_reached_stops_nobody(void **state) {
	make_room(100, 1);
	world.trouble_percent = 100;
	world.error = EPERM;
	fanout_to_all(&fanout, parts, 1, rosters, 0, UINT64_MAX);
	run();
	assert_int_equal(fanout.unsent, 100);
	make_room(100, 1);
	world.trouble_percent = 20;
	fanout_to_all(&fanout, parts, 2, rosters, 0, UINT64_MAX);
	run();
	assert_int_equal(fanout.unsent + fanout.delivered, 200);
}

/* Killed anywhere; the next goes on from what is on the board. Nobody misses anything, and at most
 * a batch comes twice. */
static void another_goes_on(void **state) {
	static _Atomic uint64_t board;
	for (unsigned stop = 1; stop < 60; stop++) {
		unsigned parts_count = stop % 3 + 1;
		make_room(500, 3);
		world.most = 20;
		world.seed = stop;
		fanout_to_all(&fanout, parts, parts_count, rosters, 9, UINT64_MAX);
		fanout_keep_progress(&fanout, &board);
		for (unsigned i = 0; i < stop; i++) {
			unsigned budget = 1;
			fanout_go_on(&fanout, &budget);
		}
		assert_int_equal(board, fanout_progress(&fanout));
		unsigned before = world.count;
		fanout_init(&fanout, outlets, 3, &way);
		fanout_to_all(&fanout, parts, parts_count, rosters, 9, UINT64_MAX);
		fanout_resume(&fanout, board);
		run();
		/* What came twice is the parts of one member whose others had not gone. */
		unsigned all = 499 * parts_count;
		assert_in_range(world.count, all, all + parts_count - 1);
		assert_true(before == 0 || world.count > before || before == all);
	}
}

/* ---- real sockets ---- */

static int bound_socket(struct sockaddr_storage *name, socklen_t *size) {
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&v4, sizeof(v4)), 0);
	*size = sizeof(*name);
	assert_int_equal(getsockname(fd, (struct sockaddr *)name, size), 0);
	return fd;
}

static unsigned unreachable;

static void count_unreachable(void *context, const struct outlet_error *error) {
	unreachable += error->is_port_unreachable;
}

/* Half of the members are dead: their errors come with the sends to others, who get everything. */
static void dead_peers_disturb_nobody(void **state) {
	enum { COUNT = 100 };
	int readers[COUNT];
	struct sockaddr_storage name;
	socklen_t size;
	const struct fanout_way real = {.send = sendmmsg, .on_error = count_unreachable};
	make_room(0, 1);
	unreachable = 0;
	int own = bound_socket(&name, &size);
	assert_int_equal(outlet_init(&outlets[0], own, 0), 0);
	assert_false(outlets[0].is_wildcard);
	for (unsigned i = 0; i < COUNT; i++) {
		readers[i] = bound_socket(&name, &size);
		struct plain_member *member = roster_insert(&rosters[0], i + 1);
		memcpy(&member->target.to, &name, size);
	}
	for (unsigned i = 0; i < COUNT; i += 2) {
		close(readers[i]);
	}
	fanout_init(&fanout, outlets, 1, &real);
	fanout_to_all(&fanout, parts, 1, rosters, 0, UINT64_MAX);
	run();
	for (unsigned i = 1; i < COUNT; i += 2) {
		char byte;
		assert_int_equal(recv(readers[i], &byte, 1, MSG_DONTWAIT), 1);
		assert_int_equal(recv(readers[i], &byte, 1, MSG_DONTWAIT), -1);
		close(readers[i]);
	}
	outlet_take_errors(&outlets[0], COUNT, count_unreachable, NULL);
	assert_int_equal(unreachable, COUNT / 2);
	close(own);
}

/* A wildcard socket answers each from the address that it spoke to. */
static void from_the_address_spoken_to(int family) {
	struct sockaddr_storage name = {0};
	socklen_t size;
	const struct fanout_way real = {.send = sendmmsg, .on_error = on_error};
	make_room(0, 1);
	int own = socket(family, SOCK_DGRAM, 0);
	if (own < 0 && family == AF_INET6) {
		return; /* A machine without IPv6. */
	}
	if (family == AF_INET6) {
		struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
		assert_int_equal(bind(own, (struct sockaddr *)&v6, sizeof(v6)), 0);
	} else {
		struct sockaddr_in v4 = {.sin_family = AF_INET};
		assert_int_equal(bind(own, (struct sockaddr *)&v4, sizeof(v4)), 0);
	}
	assert_int_equal(outlet_init(&outlets[0], own, 0), 0);
	assert_true(outlets[0].is_wildcard);
	int reader = bound_socket(&name, &size);
	for (uint8_t last = 1; last <= 5; last++) {
		struct route route = {0};
		assert_true(address_from_sockaddr(&route.peer, (struct sockaddr *)&name, size));
		memcpy(route.local, (uint8_t[]){[10] = 0xFF, 0xFF, 127, 0, 0, last}, 16);
		struct plain_member *member = roster_insert(&rosters[0], last);
		assert_true(outlet_aim(&outlets[0], &route, &member->target));
	}
	fanout_init(&fanout, outlets, 1, &real);
	fanout_to_all(&fanout, parts, 1, rosters, 0, UINT64_MAX);
	run();
	for (uint8_t last = 1; last <= 5; last++) {
		struct sockaddr_in from;
		socklen_t from_size = sizeof(from);
		char byte;
		assert_int_equal(recvfrom(reader, &byte, 1, MSG_DONTWAIT, (struct sockaddr *)&from,
		                          &from_size),
		                 1);
		assert_int_equal(ntohl(from.sin_addr.s_addr), 0x7F000000u + last);
	}
	close(reader);
	close(own);
}

static void wildcard_v4(void **state) {
	from_the_address_spoken_to(AF_INET);
}

static void wildcard_both(void **state) {
	from_the_address_spoken_to(AF_INET6);
}

static int forget_rooms(void **state) {
	for (unsigned i = 0; i < OUTLETS; i++) {
		roster_finish(&rosters[i]);
	}
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everyone_but_the_author),
		cmocka_unit_test(nobody_and_only_the_author),
		cmocka_unit_test(only_who_was_there),
		cmocka_unit_test(one_alone),
		cmocka_unit_test(the_budget_is_kept),
		cmocka_unit_test(whatever_the_socket_does),
		cmocka_unit_test(who_cannot_be_reached_stops_nobody),
		cmocka_unit_test(another_goes_on),
		cmocka_unit_test(dead_peers_disturb_nobody),
		cmocka_unit_test(wildcard_v4),
		cmocka_unit_test(wildcard_both),
	};
	return cmocka_run_group_tests(tests, NULL, forget_rooms);
}
