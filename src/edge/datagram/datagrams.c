#include "datagrams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "diag.h"
#include "edge_inside.h"

/*
 * How far the walk may be behind the ring's head before no more input is
 * taken: what is sent then waits in the kernel, which forgets what it has no
 * room for. Or else a few senders could have everybody read minutes late.
 */
#define BEHIND_BYTES_MAX (1024 * 1024)

/* System calls of one turn: the rest of the input waits in the kernel meanwhile. */
#define READS_PER_TURN 2

/* When the machine has no buffers for what is sent. */
#define PAUSE_US 1000

#define SESSION_FIRST_BYTE 0xF8

static uint64_t now_us(const struct datagrams *datagrams) {
	return loop_now_us(datagrams->edge->house.loop);
}

/* ---- sending ---- */

int datagrams_aim(const struct datagrams *datagrams, const struct route *route,
                  struct target *target) {
	/* Mostly it is the socket that it came by; after a restart with other listeners, any that can. */
	for (unsigned i = 0; i < datagrams->outlets_count; i++) {
		if (datagrams->outlets[i].listener == route->listener &&
		    outlet_aim(&datagrams->outlets[i], route, target)) {
			return (int)i;
		}
	}
	for (unsigned i = 0; i < datagrams->outlets_count; i++) {
		if (outlet_aim(&datagrams->outlets[i], route, target)) {
			return (int)i;
		}
	}
	return -1;
}

bool datagrams_say(struct datagrams *datagrams, unsigned outlet, const struct target *target,
                   struct slice bytes) {
	bool is_sent = outlet_send(&datagrams->outlets[outlet], target, bytes, datagrams->on_error,
	                           datagrams->on_error_context);
	board_count(datagrams->edge->house.own,
	            is_sent ? COUNT_DATAGRAMS_OUT : COUNT_DATAGRAMS_UNSENT, 1);
	return is_sent;
}

unsigned datagrams_take_errors(struct datagrams *datagrams, unsigned outlet) {
	return outlet_take_errors(&datagrams->outlets[outlet], INPUT_BATCH, datagrams->on_error,
	                          datagrams->on_error_context);
}

void datagrams_block(struct datagrams *datagrams, unsigned outlet) {
	datagrams->blocked |= UINT64_C(1) << outlet;
}

void datagrams_pause(struct datagrams *datagrams) {
	datagrams->paused_until_us = now_us(datagrams) + PAUSE_US;
}

bool datagrams_is_paused(const struct datagrams *datagrams) {
	return datagrams->paused_until_us > now_us(datagrams);
}

/* ---- taking in ---- */

bool datagrams_are_allowed(const struct datagrams *datagrams, const struct address *peer) {
	const struct options *options = datagrams->edge->house.options;
	if (options->plain_from_any) {
		return true;
	}
	for (unsigned i = 0; i < options->plain_nets_count; i++) {
		if (net_holds(&options->plain_nets[i], peer)) {
			return true;
		}
	}
	return false;
}

static void hand_on(struct datagrams *datagrams, const struct datagram *datagram) {
	bool is_session = datagram->bytes.size > 0 &&
	                  (uint8_t)datagram->bytes.bytes[0] == SESSION_FIRST_BYTE &&
	                  datagrams->take_session != NULL;
	if (is_session) {
		datagrams->take_session(datagrams->session, datagram);
	} else {
		datagrams->take_plain(datagrams->plain, datagram);
	}
}

static void on_datagram(struct datagrams *datagrams, unsigned outlet, unsigned slot) {
	struct mmsghdr *message = &datagrams->input[slot];
	struct datagram datagram = {
		.route.listener = datagrams->outlets[outlet].listener,
		.outlet = outlet,
		.size = message->msg_len,
	};
	size_t here = datagram.size < DATAGRAM_BYTES_MAX ? datagram.size : DATAGRAM_BYTES_MAX;
	datagram.bytes = slice_of(datagrams->input_bytes[slot], here);
	board_count(datagrams->edge->house.own, COUNT_DATAGRAMS_IN, 1);
	if (datagrams->outlets[outlet].is_wildcard) {
		outlet_control_read(&message->msg_hdr, datagram.route.local);
	}
	if (!address_from_sockaddr(&datagram.route.peer,
	                           (const struct sockaddr *)&datagrams->input_names[slot],
	                           message->msg_hdr.msg_namelen) ||
	    datagram.route.peer.port == 0) {
		return;
	}
	if (own_ports_hold(&datagrams->own_ports, &datagram.route.peer, datagram.route.local,
	                   now_us(datagrams))) {
		board_count(datagrams->edge->house.own, COUNT_REFUSALS_HELD_BACK, 1);
		return;
	}
	hand_on(datagrams, &datagram);
}

static void prepare_input(struct datagrams *datagrams) {
	for (unsigned i = 0; i < INPUT_BATCH; i++) {
		datagrams->input_parts[i] = (struct iovec){.iov_base = datagrams->input_bytes[i],
		                                           .iov_len = DATAGRAM_BYTES_MAX};
		datagrams->input[i].msg_hdr = (struct msghdr){
			.msg_name = &datagrams->input_names[i],
			.msg_namelen = sizeof(datagrams->input_names[i]),
			.msg_iov = &datagrams->input_parts[i],
			.msg_iovlen = 1,
			.msg_control = &datagrams->input_controls[i],
			.msg_controllen = sizeof(datagrams->input_controls[i]),
		};
	}
}

/* False: nothing waits. */
static bool read_batch(struct datagrams *datagrams, unsigned outlet) {
	prepare_input(datagrams);
	/* MSG_TRUNC: a datagram's whole length is told, though not all of it is taken. */
	int count = recvmmsg(datagrams->outlets[outlet].fd, datagrams->input, INPUT_BATCH,
	                     MSG_DONTWAIT | MSG_TRUNC, NULL);
	if (count < 0) {
		if (errno == EAGAIN || errno == EINTR) {
			return false;
		}
		/* The error of an earlier datagram; with it taken, input can be read. */
		datagrams_take_errors(datagrams, outlet);
		return true;
	}
	for (unsigned i = 0; i < (unsigned)count; i++) {
		on_datagram(datagrams, outlet, i);
	}
	return count == INPUT_BATCH;
}

static void read_input(struct datagrams *datagrams, unsigned outlet) {
	for (unsigned i = 0; i < READS_PER_TURN && read_batch(datagrams, outlet); i++) {
	}
}

/* ---- doors ---- */

static void settle_door(struct datagrams *datagrams, unsigned i) {
	struct door *door = &datagrams->doors[i];
	uint32_t events = datagrams->is_stopped || datagrams->is_behind ? 0 : EPOLLIN;
	events |= datagrams_is_blocked(datagrams, i) ? EPOLLOUT : 0;
	if (events == door->events) {
		return;
	}
	door->events = events;
	if (loop_change(datagrams->edge->house.loop, &door->watch, events) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot watch a socket");
	}
}

static void on_door(void *context, uint32_t events) {
	struct door *door = context;
	struct datagrams *datagrams = door->datagrams;
	if (events & EPOLLERR) {
		datagrams_take_errors(datagrams, door->outlet);
	}
	if (events & EPOLLOUT) {
		datagrams->blocked &= ~(UINT64_C(1) << door->outlet);
	}
	if (door->events & EPOLLIN & events) {
		read_input(datagrams, door->outlet);
	}
}

static void open_door(struct datagrams *datagrams, unsigned listener) {
	struct edge *edge = datagrams->edge;
	unsigned i = datagrams->outlets_count++;
	int fd = edge->house.sockets[listener];
	if (outlet_init(&datagrams->outlets[i], fd, (uint16_t)listener) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot set up the socket of listener %u",
		                listener);
	}
	own_ports_add(&datagrams->own_ports, fd);
	struct door *door = &datagrams->doors[i];
	*door = (struct door){.datagrams = datagrams, .outlet = i, .events = EPOLLIN};
	door->watch = (struct watch){.fd = fd, .ready = on_door, .context = door};
	if (loop_watch(edge->house.loop, &door->watch, door->events) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot watch the socket of listener %u", listener);
	}
}

void datagrams_settle(struct datagrams *datagrams) {
	uint64_t behind = walk_behind(&datagrams->edge->walk);
	/* Half, so that it does not go back and forth with every record. */
	datagrams->is_behind =
		behind > (datagrams->is_behind ? datagrams->behind_max / 2 : datagrams->behind_max);
	for (unsigned i = 0; i < datagrams->outlets_count; i++) {
		settle_door(datagrams, i);
	}
}

uint64_t datagrams_due_us(const struct datagrams *datagrams) {
	return datagrams_is_paused(datagrams) ? datagrams->paused_until_us : LOOP_FOREVER;
}

void datagrams_stop_reading(struct datagrams *datagrams) {
	datagrams->is_stopped = true;
}

/* ---- beginning and ending ---- */

struct datagrams *datagrams_create(struct edge *edge) {
	const struct house *house = &edge->house;
	struct datagrams *datagrams = calloc(1, sizeof(*datagrams));
	if (datagrams == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "no memory for the datagrams");
	}
	datagrams->edge = edge;
	uint64_t eighth = ring_capacity(house->ring) / 8;
	datagrams->behind_max = eighth < BEHIND_BYTES_MAX ? eighth : BEHIND_BYTES_MAX;
	for (unsigned i = 0; i < house->options->listeners_count; i++) {
		if (house->sockets[i] < 0) {
			diag_exit(EXIT_USAGE, "the socket of listener %u was not handed down", i);
		}
		open_door(datagrams, i);
	}
	return datagrams;
}

void datagrams_destroy(struct datagrams *datagrams) {
	free(datagrams);
}
