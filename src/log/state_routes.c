/*
 * Where sessions are: the routes that they have, kept without what many of them
 * have in common, and found by the address.
 */
#include <assert.h>
#include <string.h>

#include "state_inner.h"

/* ---- tables ---- */

static uint64_t ip_hash(const uint8_t ip[16], uint32_t scope, uint16_t port) {
	struct address end = {.port = port, .scope = scope};
	memcpy(end.ip, ip, 16);
	return hash_number(address_hash(&end) ^ state_secret);
}
static uint64_t way_hash(const void *thing) {
	const struct way *way = thing;
	return ip_hash(way->local, way->scope, way->listener);
}
static uint64_t wide_hash(const void *thing) {
	return ip_hash(((const struct wide *)thing)->ip, 0, 0);
}
static uint64_t peer_hash(uint32_t peer, bool is_wide, uint16_t port) {
	uint64_t end = (uint64_t)peer << 32 | (uint32_t)is_wide << 16 | port;
	return hash_number(end ^ state_secret);
}
static uint64_t session_address_hash(const void *thing) {
	const struct session *session = thing;
	return peer_hash(session->peer, session->is_wide, session->port);
}

void routes_init(struct state *state) {
	pool_init(&state->ways, sizeof(struct way));
	pool_init(&state->wides, sizeof(struct wide));
	table_init(&state->sessions_by_address, &state->sessions,
	           offsetof(struct session, link_address), session_address_hash);
	table_init(&state->ways_by_content, &state->ways, offsetof(struct way, link), way_hash);
	table_init(&state->wides_by_ip, &state->wides, offsetof(struct wide, link), wide_hash);
}

void routes_finish(struct state *state) {
	table_finish(&state->sessions_by_address);
	table_finish(&state->ways_by_content);
	table_finish(&state->wides_by_ip);
	pool_finish(&state->ways);
	pool_finish(&state->wides);
}

/* ---- ways ---- */

static bool is_way_of(const struct way *way, const struct route *route) {
	return way->scope == route->peer.scope && way->listener == route->listener &&
	       memcmp(way->local, route->local, 16) == 0;
}

/* The way of a route, made if it is the first to go there. */
static uint32_t take_way(struct state *state, const struct route *route) {
	struct way wanted = {.scope = route->peer.scope, .listener = route->listener};
	memcpy(wanted.local, route->local, 16);
	uint32_t handle = table_first(&state->ways_by_content, way_hash(&wanted));
	while (handle != 0 && !is_way_of(way_at(state, handle), route)) {
		handle = table_next(&state->ways_by_content, handle);
	}
	if (handle == 0) {
		handle = pool_take(&state->ways);
		*way_at(state, handle) = wanted;
		table_add(&state->ways_by_content, handle);
	}
	way_at(state, handle)->sessions++;
	return handle;
}

static void give_way(struct state *state, uint32_t handle) {
	if (--way_at(state, handle)->sessions == 0) {
		table_remove(&state->ways_by_content, handle);
		pool_give(&state->ways, handle);
	}
}

/* ---- addresses ---- */

#define V4_AT 12 /* where in an address IPv4 has its four bytes */

static uint32_t find_wide(const struct state *state, const uint8_t ip[16]) {
	uint32_t handle = table_first(&state->wides_by_ip, ip_hash(ip, 0, 0));
	while (handle != 0 && memcmp(wide_at(state, handle)->ip, ip, 16) != 0) {
		handle = table_next(&state->wides_by_ip, handle);
	}
	return handle;
}

static void set_peer(struct state *state, struct session *session, const struct address *peer) {
	session->port = peer->port;
	session->is_wide = !address_is_v4(peer);
	if (!session->is_wide) {
		memcpy(&session->peer, peer->ip + V4_AT, sizeof(session->peer));
		return;
	}
	session->peer = find_wide(state, peer->ip);
	if (session->peer == 0) {
		session->peer = pool_take(&state->wides);
		memcpy(wide_at(state, session->peer)->ip, peer->ip, 16);
		table_add(&state->wides_by_ip, session->peer);
	}
	wide_at(state, session->peer)->sessions++;
}

static void drop_peer(struct state *state, struct session *session) {
	if (session->is_wide && --wide_at(state, session->peer)->sessions == 0) {
		table_remove(&state->wides_by_ip, session->peer);
		pool_give(&state->wides, session->peer);
	}
	session->peer = 0;
	session->is_wide = 0;
}

uint32_t find_session_at(const struct state *state, const struct address *peer) {
	bool is_wide = !address_is_v4(peer);
	uint32_t key;
	memcpy(&key, peer->ip + V4_AT, sizeof(key));
	if (is_wide && (key = find_wide(state, peer->ip)) == 0) {
		return 0;
	}
	uint32_t handle =
		table_first(&state->sessions_by_address, peer_hash(key, is_wide, peer->port));
	for (; handle != 0; handle = table_next(&state->sessions_by_address, handle)) {
		const struct session *session = session_at(state, handle);
		if (session->peer == key && session->is_wide == is_wide &&
		    session->port == peer->port &&
		    way_at(state, session->way)->scope == peer->scope) {
			break;
		}
	}
	return handle;
}

/* ---- routes ---- */

void set_route(struct state *state, uint32_t handle, const struct record *from) {
	struct session *session = session_at(state, handle);
	assert(session->way == 0);
	session->home = (from->home < EDGES_MAX ? from->home : 0) & 0x7F;
	if (from->has_route) {
		session->way = take_way(state, &from->route);
		set_peer(state, session, &from->route.peer);
		if (is_found_by_address(session->face)) {
			table_add(&state->sessions_by_address, handle);
		}
	}
}

void drop_route(struct state *state, uint32_t handle) {
	struct session *session = session_at(state, handle);
	if (session->way != 0) {
		if (is_found_by_address(session->face)) {
			table_remove(&state->sessions_by_address, handle);
		}
		drop_peer(state, session);
		give_way(state, session->way);
		session->way = 0;
	}
}

bool session_route(const struct state *state, const struct session *session, struct route *route) {
	*route = (struct route){0};
	if (session->way == 0) {
		return false;
	}
	const struct way *way = way_at(state, session->way);
	if (session->is_wide) {
		memcpy(route->peer.ip, wide_at(state, session->peer)->ip, 16);
	} else {
		route->peer.ip[10] = route->peer.ip[11] = 0xFF;
		memcpy(route->peer.ip + V4_AT, &session->peer, sizeof(session->peer));
	}
	route->peer.port = session->port;
	route->peer.scope = way->scope;
	route->listener = way->listener;
	memcpy(route->local, way->local, 16);
	return true;
}
