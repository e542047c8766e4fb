/* accept.c - the listening sockets: one of each listener, ours alone (SO_REUSEPORT). */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "diag.h"
#include "stream_inside.h"

/* Connections of one visit: then others have their turn. */
#define ACCEPTS_MAX 64

static const char too_many[] = "ERROR :Too many connections; please try again in some minutes\r\n";

static struct net net_of(const struct address *peer) {
	struct net net = {.bits = address_is_v4(peer) ? 128 : 64};
	for (unsigned i = 0; i < net.bits / 8; i++) {
		net.ip[i] = peer->ip[i];
	}
	return net;
}

/* Asked once for each that comes: a walk through all costs less than a table that is right. */
static bool is_one_too_many(const struct stream *stream, const struct address *peer) {
	if (stream->connections.count >= stream->limits.connections_max) {
		return true;
	}
	if (address_is_loopback(peer)) {
		return false;
	}
	struct net net = net_of(peer);
	uint32_t count = 0;
	for (uint32_t i = 1; i < stream->connections.used; i++) {
		const struct stream_connection *it = connection_at(stream, i);
		count += it->is_open && net_holds(&net, &it->peer);
	}
	return count >= stream->limits.per_net_max;
}

static void turn_away(int fd) {
	(void)!send(fd, too_many, sizeof(too_many) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static void take(struct stream_door *door, int fd, const struct sockaddr_storage *from,
                 socklen_t size) {
	struct stream *stream = door->stream;
	struct address peer = {0};
	if (from->ss_family != AF_UNIX &&
	    !address_from_sockaddr(&peer, (const struct sockaddr *)from, size)) {
		close(fd);
		return;
	}
	if (is_one_too_many(stream, &peer)) {
		turn_away(fd);
		return;
	}
	int on = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)connection_open(stream, fd, &peer, door->listener);
}

static void watch_door(struct stream_door *door, bool is_watched) {
	if (door->is_watched != is_watched &&
	    loop_change(door->stream->edge->house.loop, &door->watch, is_watched ? EPOLLIN : 0) ==
	            0) {
		door->is_watched = is_watched;
	}
}

static void on_door(void *context, uint32_t events) {
	struct stream_door *door = context;
	for (unsigned i = 0; i < ACCEPTS_MAX; i++) {
		struct sockaddr_storage from;
		socklen_t size = sizeof(from);
		int fd = accept4(door->watch.fd, (struct sockaddr *)&from, &size,
		                 SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			take(door, fd, &from, size);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		           errno == ENOMEM) {
			/* They wait in the backlog until somebody has gone. */
			door->stream->is_full = true;
			watch_door(door, false);
			return;
		} else if (errno == EAGAIN) {
			return;
		}
		/* Anything else is that connection's own trouble (accept(2), "Error handling"). */
	}
}

void accept_at(struct stream *stream, unsigned listener, int fd) {
	struct stream_door *door = &stream->doors[listener];
	*door = (struct stream_door){.stream = stream, .listener = listener, .is_watched = true};
	door->watch = (struct watch){.fd = fd, .ready = on_door, .context = door};
	if (loop_watch(stream->edge->house.loop, &door->watch, EPOLLIN) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot watch a listening socket");
	}
}

void accept_begin(struct stream *stream) {
	for (unsigned i = 0; i < LISTENERS_MAX; i++) {
		stream->doors[i] = (struct stream_door){.stream = stream, .watch = {.fd = -1}};
		if (stream->edge->house.tcp[i] >= 0) {
			accept_at(stream, i, stream->edge->house.tcp[i]);
		}
	}
}

void accept_finish(struct stream *stream) {
	accept_stop(stream);
}

void accept_stop(struct stream *stream) {
	for (unsigned i = 0; i < LISTENERS_MAX; i++) {
		struct stream_door *door = &stream->doors[i];
		if (door->watch.fd >= 0) {
			loop_forget(stream->edge->house.loop, &door->watch);
			door->watch.fd = -1;
			door->is_watched = false;
		}
	}
	stream->is_full = false;
}

void accept_go_on(struct stream *stream) {
	if (!stream->is_full) {
		return;
	}
	stream->is_full = false;
	for (unsigned i = 0; i < LISTENERS_MAX; i++) {
		if (stream->doors[i].watch.fd >= 0) {
			watch_door(&stream->doors[i], true);
		}
	}
}
