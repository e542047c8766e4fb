/* The server: coming in, connections, TALKs, and its own deeds. */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link_server_inner.h"
#include "record.h"

#define COOKIE_SECONDS 1000

/* ---- TALKs ---- */

static void send_frame(struct sim *sim, struct sim_session *session, const struct wire_talk *talk) {
	uint8_t bytes[WIRE_TALK_BODY_BYTES_MAX];
	struct wire_out out = wire_out_at(bytes, sizeof bytes);
	wire_put_frame(&out, talk);
	sim_send_packet(sim, session, WIRE_TALK, 0, 0, &out);
}

static void on_talk(struct sim *sim, struct sim_session *session, struct slice body) {
	struct wire_in in = wire_in_at(body);
	struct wire_talk talk;
	bool is_kept = false;
	session->talks++;
	while (wire_next_frame(&in, &talk)) {
		switch (talk.frame) {
		case FRAME_ACK: sim_on_ack(session, &talk.ack); break;
		case FRAME_MESSAGE: is_kept |= sim_on_message(sim, session, &talk); break;
		case FRAME_ASK: sim_on_ask(sim, session, &talk); break;
		case FRAME_PING:
			send_frame(sim, session,
			           &(struct wire_talk){.frame = FRAME_PONG, .number = talk.number});
			break;
		case FRAME_DETACH:
			session->detached++;
			session->is_absent = true;
			break;
		default: assert(false);
		}
	}
	assert(!in.is_bad);
	if (is_kept) {
		send_frame(sim, session,
		           &(struct wire_talk){.frame = FRAME_KEPT,
		                               .number = session->number,
		                               .seq = session->kept_seq});
	}
}

static struct sim_session *numbered(struct sim *sim, uint64_t id) {
	for (size_t i = 0; i < sim->sessions_count; i++) {
		if (sim->sessions[i].id == id && !sim->is_forgetful) {
			return &sim->sessions[i];
		}
	}
	return NULL;
}

static struct address peer_of(unsigned address) {
	return (struct address){.ip = {[15] = 1}, .port = (uint16_t)address};
}

static void make_cookie(struct sim *sim, unsigned address, uint8_t cookie[COOKIE_BYTES]) {
	struct address peer = peer_of(address);
	keys_cookie(&sim->master, &peer, COOKIE_SECONDS, cookie);
}

static void send_greeting(struct sim *sim, unsigned address, const struct wire_greeting *wire,
                          const struct key *key) {
	uint8_t out[WIRE_DATAGRAM_BYTES_MAX];
	size_t size = wire_write_greeting(wire, key, out);
	assert(size > 0);
	sim_send_to_client(sim, address, out, size);
}

static void send_cookie(struct sim *sim, unsigned address, const uint8_t nonce[NONCE_BYTES]) {
	struct wire_greeting wire = {.type = WIRE_COOKIE, .version = sim->version};
	memcpy(wire.nonce, nonce, NONCE_BYTES);
	make_cookie(sim, address, wire.cookie);
	send_greeting(sim, address, &wire, NULL);
}

static void send_reset(struct sim *sim, unsigned address, const struct wire_head *head) {
	struct wire_greeting wire = {
		.type = WIRE_RESET, .session = head->session, .connection = head->connection};
	make_cookie(sim, address, wire.cookie);
	send_greeting(sim, address, &wire, NULL);
}

static void on_packet(struct sim *sim, unsigned address, struct slice datagram) {
	struct wire_head head;
	struct slice body;
	bool is_read = wire_read_head(datagram, &head, &body);
	assert(is_read);
	struct sim_session *session = numbered(sim, head.session);
	if (session == NULL || !session->is_connected || session->connection != head.connection ||
	    session->address != address) {
		send_reset(sim, address, &head);
	} else {
		assert(wire_tag_is_good(datagram, &session->connection_key));
		on_talk(sim, session, body);
	}
}

/* ---- coming in ---- */

static void send_refused(struct sim *sim, unsigned address, const struct wire_greeting *wire,
                         uint8_t reason) {
	struct wire_greeting refused = {.type = WIRE_REFUSED,
	                                .reason = reason,
	                                .argument = 5,
	                                .text = slice_from_string("because")};
	memcpy(refused.nonce, wire->nonce, NONCE_BYTES);
	send_greeting(sim, address, &refused, NULL);
}

static void welcome(struct sim *sim, unsigned address, struct sim_session *session,
                    const struct wire_greeting *wire, uint64_t seq) {
	bool is_open = wire->type == WIRE_OPEN;
	struct wire_greeting out = {.type = WIRE_WELCOME,
	                            .connection = wire->connection,
	                            .session = session->id,
	                            .person = session->person,
	                            .number = session->number,
	                            .seq = seq,
	                            .name = slice_from_string(session->name)};
	if (!session->is_connected || memcmp(session->nonce, wire->nonce, NONCE_BYTES) != 0) {
		sim_random_bytes(sim, session->server_nonce, NONCE_BYTES);
		memcpy(session->nonce, wire->nonce, NONCE_BYTES);
		keys_connection(&session->key, wire->nonce, session->server_nonce,
		                &session->connection_key);
		session->is_connected = true;
		session->connection = wire->connection;
		session->next_packet = 0;
		session->sent_to = session->acked = seq;
		memset(session->units, 0, sizeof session->units);
	}
	session->address = address;
	session->is_absent = false;
	memcpy(out.nonce, wire->nonce, NONCE_BYTES);
	memcpy(out.server_nonce, session->server_nonce, NONCE_BYTES);
	if (is_open) {
		memcpy(out.open_key, sim->pair.open, KEY_BYTES);
		bool is_sealed = keys_seal(&sim->pair, wire->open_key, session->id, &session->key,
		                           out.sealed);
		assert(is_sealed);
	}
	send_greeting(sim, address, &out, &session->connection_key);
}

static void enter(struct sim *sim, struct sim_session *session, const char *name) {
	snprintf(session->name, sizeof session->name, "%s", name);
	session->is_present = session->rooms[1] = true;
	struct sim_entry *logged = sim_append(sim, ENTRY_ENTERED, session->person, session->name, 1,
	                                      slice_of(NULL, 0));
	sim_set_other(logged, "#lobby");
	sim_set_rooms(logged, session);
	if (session->since[1] == 0) {
		session->since[1] = logged->entry.seq;
	}
	if (logged->entry.rooms_count > 1) {
		logged->other[0] = '\0';
	}
}

static void on_open(struct sim *sim, unsigned address, const struct wire_greeting *wire) {
	char name[100];
	snprintf(name, sizeof name, "%.*s", (int)wire->name.size, wire->name.bytes);
	struct sim_session *session = sim_named(sim, name);
	if (session != NULL && memcmp(session->nonce, wire->nonce, NONCE_BYTES) != 0) {
		send_refused(sim, address, wire, REASON_NAME_TAKEN);
		return;
	}
	if (session == NULL) {
		session = &sim->sessions[sim->sessions_count++];
		*session = (struct sim_session){.id = 1000 + sim->sessions_count,
		                                .person = 2000 + sim->sessions_count};
		keys_session(&sim->master, session->id, session->id, &session->key);
		uint64_t seq = sim->next_seq;
		enter(sim, session, name);
		welcome(sim, address, session, wire, seq);
		return;
	}
	welcome(sim, address, session, wire, session->acked);
}

static void on_resume(struct sim *sim, unsigned address, const struct wire_greeting *wire) {
	static const struct slice nothing;
	struct body_hash hash;
	char name[100];
	struct sim_session *session = numbered(sim, wire->session);
	keys_hash_body(nothing, &hash);
	if (session == NULL) {
		send_refused(sim, address, wire, REASON_NO_SUCH_SESSION);
		return;
	}
	assert(keys_tag_is_good(&session->key, wire->head, &hash, wire->tag));
	snprintf(name, sizeof name, "%.*s", (int)wire->name.size, wire->name.bytes);
	if (!session->is_present) {
		if (sim_named(sim, name) != NULL) {
			send_refused(sim, address, wire, REASON_NAME_TAKEN);
			return;
		}
		enter(sim, session, name);
	}
	welcome(sim, address, session, wire, wire->cursor);
}

void sim_on_datagram(struct sim *sim, unsigned address, struct slice datagram) {
	struct wire_greeting wire;
	uint8_t type = wire_type_of(datagram);
	struct address peer = peer_of(address);
	assert(datagram.size >= WIRE_CLIENT_BYTES_MIN);
	if (type == WIRE_LOG || type == WIRE_TALK) {
		on_packet(sim, address, datagram);
		return;
	}
	bool is_read = wire_read_greeting(datagram, &wire);
	assert(is_read);
	if (wire.type == WIRE_HELLO ||
	    !keys_cookie_is_good(&sim->master, &peer, COOKIE_SECONDS, wire.cookie)) {
		send_cookie(sim, address, wire.nonce);
	} else if (sim->refuses != 0) {
		send_refused(sim, address, &wire, sim->refuses);
		sim->refuses = 0;
	} else if (wire.type == WIRE_OPEN) {
		on_open(sim, address, &wire);
	} else {
		on_resume(sim, address, &wire);
	}
}

/* ---- its own deeds ---- */

void sim_forget_connections(struct sim *sim) {
	for (size_t i = 0; i < sim->sessions_count; i++) {
		sim->sessions[i].is_connected = false;
	}
}

void sim_lost(struct sim *sim) {
	sim_forget_connections(sim);
	for (size_t i = 0; i < sim->sessions_count; i++) {
		struct sim_session *session = &sim->sessions[i];
		struct wire_greeting wire = {.type = WIRE_LOST, .session = session->id};
		make_cookie(sim, session->address, wire.cookie);
		send_greeting(sim, session->address, &wire, &session->key);
	}
}

void sim_end(struct sim *sim, struct sim_session *session, uint8_t reason) {
	send_frame(sim, session,
	           &(struct wire_talk){.frame = FRAME_END,
	                               .reason = reason,
	                               .bytes = slice_from_string("rude")});
	session->is_connected = session->is_present = false;
}

struct sim_session *sim_session_of(struct sim *sim, struct sim_client *client) {
	struct sim_session *session = numbered(sim, link_memory(client->link)->session);
	assert(session != NULL);
	return session;
}
