/*
 * All that a server can send to the client: the handshake is honest, what follows is any
 * bytes, under good tags. A step of the input is a byte that says what it is, a length, and
 * so many bytes:
 *
 *   0 LOG    from and to as distances (a byte each), then the items
 *   1 TALK   frames
 *   2 a greeting, with the nonce, session and connection that it has to bear
 *   3 a datagram as it is
 *   4 time passes: so many seconds
 *   5 a wish
 *
 * Whatever comes, tells stay in order, and datagrams stay within their bounds.
 */
#include "fuzz.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "session_link.h"
#include "wire.h"

struct bench {
	struct link *link;
	uint64_t now_us, seq, told;
	struct key master, session_key, key;
	struct key_pair pair;
	uint8_t nonce[NONCE_BYTES], server_nonce[NONCE_BYTES];
	uint32_t connection, packet;
	uint64_t tag;
	bool is_in;
};

static void fixed_random(void *context, void *bytes, size_t size) {
	memset(bytes, 7, size);
}

static void give(struct bench *bench, const uint8_t *bytes, size_t size) {
	link_receive(bench->link, slice_of((const char *)bytes, size), bench->now_us);
}

static void greet(struct bench *bench, const struct wire_greeting *wire, const struct key *key) {
	uint8_t out[WIRE_DATAGRAM_BYTES_MAX];
	size_t size = wire_write_greeting(wire, key, out);
	if (size > 0) {
		give(bench, out, size);
	}
}

/* What an honest server says to OPEN and RESUME. */
static void welcome(struct bench *bench, const struct wire_greeting *from) {
	struct wire_greeting wire = {.type = WIRE_WELCOME,
	                             .connection = from->connection,
	                             .session = 99,
	                             .person = 5,
	                             .seq = bench->seq,
	                             .name = slice_from_string("Ann")};
	memcpy(wire.nonce, from->nonce, NONCE_BYTES);
	memcpy(bench->nonce, from->nonce, NONCE_BYTES);
	bench->connection = from->connection;
	bench->packet = 0;
	keys_connection(&bench->session_key, from->nonce, bench->server_nonce, &bench->key);
	if (from->type == WIRE_OPEN) {
		memcpy(wire.open_key, bench->pair.open, KEY_BYTES);
		if (!keys_seal(&bench->pair, from->open_key, 99, &bench->session_key,
		               wire.sealed)) {
			return;
		}
	}
	bench->is_in = true;
	greet(bench, &wire, &bench->key);
}

static void hear_client(struct bench *bench, const uint8_t *bytes, size_t size) {
	struct wire_greeting wire;
	assert(size >= WIRE_CLIENT_BYTES_MIN && size <= WIRE_DATAGRAM_BYTES_MAX);
	if (!wire_read_greeting(slice_of((const char *)bytes, size), &wire) || bench->is_in) {
		return;
	}
	if (wire.type == WIRE_HELLO) {
		struct wire_greeting cookie = {.type = WIRE_COOKIE, .version = WIRE_VERSION};
		memcpy(cookie.nonce, wire.nonce, NONCE_BYTES);
		memcpy(bench->nonce, wire.nonce, NONCE_BYTES);
		greet(bench, &cookie, NULL);
	} else {
		welcome(bench, &wire);
	}
}

static void turn(struct bench *bench) {
	uint8_t out[WIRE_DATAGRAM_BYTES_MAX];
	struct tell tell;
	size_t size, tells = 0, sent = 0;
	while (link_next(bench->link, &tell, bench->now_us)) {
		uint8_t bytes[SCREENWIRE_BYTES_MAX];
		struct tell copy;
		tell_decode(&copy, bytes, tell_encode(&tell, bytes));
		if (copy.kind == TELL_ENTRY && copy.question == 0) {
			bench->told = copy.seq;
		}
		assert(tells++ < 10000);
	}
	while ((size = link_send(bench->link, out, bench->now_us)) > 0) {
		hear_client(bench, out, size);
		assert(sent++ < 200);
	}
}

static void give_log(struct bench *bench, struct slice bytes) {
	uint8_t out[WIRE_DATAGRAM_BYTES_MAX];
	if (bytes.size < 2) {
		return;
	}
	uint64_t from = bench->seq - 20 + (uint8_t)bytes.bytes[0] % 64;
	struct wire_head head = {.type = WIRE_LOG,
	                         .session = 99,
	                         .connection = bench->connection,
	                         .packet = bench->packet++,
	                         .from = from,
	                         .to = from + (uint8_t)bytes.bytes[1] % 64};
	size_t size = wire_write_datagram(&head, slice_from(bytes, 2), &bench->key, out);
	give(bench, out, size);
}

static void give_talk(struct bench *bench, struct slice bytes) {
	uint8_t out[WIRE_DATAGRAM_BYTES_MAX];
	struct wire_head head = {.type = WIRE_TALK,
	                         .session = 99,
	                         .connection = bench->connection,
	                         .packet = bench->packet++};
	give(bench, out, wire_write_datagram(&head, bytes, &bench->key, out));
}

static void give_greeting(struct bench *bench, struct slice bytes) {
	struct wire_in in = wire_in_at(bytes);
	struct wire_greeting wire = {.type = (uint8_t)(1 + wire_get_u8(&in) % 8),
	                             .version = (uint8_t)(1 + wire_get_u8(&in) % 2),
	                             .reason = wire_get_u8(&in),
	                             .argument = wire_get_u8(&in),
	                             .connection = bench->connection,
	                             .session = 99,
	                             .seq = bench->seq,
	                             .text = wire_get_rest(&in)};
	memcpy(wire.nonce, bench->nonce, NONCE_BYTES);
	memcpy(wire.server_nonce, bench->server_nonce, NONCE_BYTES);
	greet(bench, &wire, wire.type == WIRE_LOST ? &bench->session_key : &bench->key);
	/* An honest server answers what the client makes of it. */
	bench->is_in = false;
}

static void give_wish(struct bench *bench, struct slice bytes) {
	struct wire_in in = wire_in_at(bytes);
	struct wish wish = {.kind = (uint8_t)(1 + wire_get_u8(&in) % WISH_QUIT),
	                    .flags = wire_get_u8(&in) % 8,
	                    .lines = wire_get_u8(&in),
	                    .room = wire_get_u8(&in),
	                    .question = 1,
	                    .tag = ++bench->tag,
	                    .seq = bench->seq,
	                    .name = slice_from_string("#n"),
	                    .text = wire_get_rest(&in)};
	link_wish(bench->link, &wish, bench->now_us);
}

static void step(struct bench *bench, uint8_t what, struct slice bytes) {
	switch (what % 6) {
	case 0: give_log(bench, bytes); break;
	case 1: give_talk(bench, bytes); break;
	case 2: give_greeting(bench, bytes); break;
	case 3: give(bench, (const uint8_t *)bytes.bytes, bytes.size); break;
	case 4: bench->now_us += bytes.size * 1000000; break;
	default: give_wish(bench, bytes);
	}
	bench->now_us += 1000;
	turn(bench);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	if (sodium_init() < 0) {
		return 0;
	}
	struct bench bench = {.now_us = 1000000, .seq = 1000};
	struct session_start start = {
		.name = "Ann", .now_us = bench.now_us, .random = fixed_random, .is_trusting = true};
	keys_server_pair(&bench.master, &bench.pair);
	keys_session(&bench.master, 99, 1, &bench.session_key);
	bench.link = link_create(&start);
	assert(bench.link != NULL);
	link_wish(bench.link, &(struct wish){.kind = WISH_ATTACH, .flags = WISH_ROSTERS},
	          bench.now_us);
	for (int i = 0; i < 4; i++) {
		turn(&bench);
	}
	struct wire_in in = wire_in_at(slice_of((const char *)bytes, size));
	while (!wire_is_at_end(&in)) {
		uint8_t what = wire_get_u8(&in);
		struct slice rest = in.rest;
		size_t length = wire_get_u8(&in) + 256u * (wire_get_u8(&in) % 4);
		if (in.is_bad) {
			break;
		}
		length = length < in.rest.size ? length : in.rest.size;
		rest = slice_first(in.rest, length > 1000 ? 1000 : length);
		in.rest = slice_from(in.rest, rest.size);
		step(&bench, what, rest);
	}
	link_destroy(bench.link);
	return 0;
}
