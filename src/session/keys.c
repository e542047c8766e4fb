#include "keys.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

_Static_assert(KEY_BYTES == crypto_scalarmult_BYTES, "an X25519 key");
_Static_assert(KEY_BYTES == crypto_scalarmult_SCALARBYTES, "an X25519 secret");

/* Seconds for which one cookie key makes cookies; they are good in the next slot as well. */
#define COOKIE_SLOT_S 60

/* What a hash is for: so that no two uses of one key can be taken for each other. */
#define FOR_SERVER_PAIR "qun server pair"
#define FOR_SESSION "qun session"
#define FOR_COOKIE "qun cookie"
#define FOR_SEAL "qun seal"
#define FOR_CONNECTION "qun connection"

/* ---- BLAKE2b over pieces ---- */

static void begin(crypto_generichash_state *hash, const uint8_t *key, size_t size) {
	int result = crypto_generichash_init(hash, key, key == NULL ? 0 : KEY_BYTES, size);
	assert(result == 0);
}

static void add(crypto_generichash_state *hash, const void *bytes, size_t size) {
	crypto_generichash_update(hash, bytes, size);
}

static void add_u64(crypto_generichash_state *hash, uint64_t value) {
	uint8_t bytes[8];
	for (int i = 0; i < 8; i++) {
		bytes[i] = (uint8_t)(value >> (8 * i));
	}
	add(hash, bytes, sizeof(bytes));
}

static void end(crypto_generichash_state *hash, uint8_t *out, size_t size) {
	crypto_generichash_final(hash, out, size);
}

/* ---- what follows from the master ---- */

void keys_pair(struct key_pair *pair) {
	randombytes_buf(pair->secret, sizeof(pair->secret));
	crypto_scalarmult_base(pair->open, pair->secret);
}

void keys_server_pair(const struct key *master, struct key_pair *pair) {
	crypto_generichash_state hash;
	begin(&hash, master->bytes, KEY_BYTES);
	add(&hash, FOR_SERVER_PAIR, sizeof(FOR_SERVER_PAIR) - 1);
	end(&hash, pair->secret, KEY_BYTES);
	crypto_scalarmult_base(pair->open, pair->secret);
}

void keys_session(const struct key *master, uint64_t session, uint64_t opening, struct key *out) {
	crypto_generichash_state hash;
	begin(&hash, master->bytes, KEY_BYTES);
	add(&hash, FOR_SESSION, sizeof(FOR_SESSION) - 1);
	add_u64(&hash, session);
	add_u64(&hash, opening);
	end(&hash, out->bytes, KEY_BYTES);
}

/* ---- cookies: the slot, and a tag over it and the address ---- */

static void make_cookie(const struct key *master, const struct address *peer, uint32_t slot,
                        uint8_t cookie[COOKIE_BYTES]) {
	crypto_generichash_state hash;
	uint8_t port[2] = {(uint8_t)peer->port, (uint8_t)(peer->port >> 8)};
	for (int i = 0; i < 4; i++) {
		cookie[i] = (uint8_t)(slot >> (8 * i));
	}
	begin(&hash, master->bytes, COOKIE_BYTES - 4);
	add(&hash, FOR_COOKIE, sizeof(FOR_COOKIE) - 1);
	add(&hash, cookie, 4);
	add(&hash, peer->ip, sizeof(peer->ip));
	add(&hash, port, sizeof(port));
	end(&hash, cookie + 4, COOKIE_BYTES - 4);
}

void keys_cookie(const struct key *master, const struct address *peer, uint64_t now_s,
                 uint8_t cookie[COOKIE_BYTES]) {
	make_cookie(master, peer, (uint32_t)(now_s / COOKIE_SLOT_S), cookie);
}

bool keys_cookie_is_good(const struct key *master, const struct address *peer, uint64_t now_s,
                         const uint8_t cookie[COOKIE_BYTES]) {
	uint8_t right[COOKIE_BYTES];
	uint32_t slot = 0;
	for (int i = 0; i < 4; i++) {
		slot |= (uint32_t)cookie[i] << (8 * i);
	}
	/* Another process's clock may be a moment ahead, where a slot begins. */
	uint32_t age = (uint32_t)(now_s / COOKIE_SLOT_S) - slot;
	if (age != 0 && age != 1 && age != UINT32_MAX) {
		return false;
	}
	make_cookie(master, peer, slot, right);
	return sodium_memcmp(right, cookie, COOKIE_BYTES) == 0;
}

/* ---- the session's key on its way to the client ---- */

static bool make_pad(const uint8_t secret[KEY_BYTES], const uint8_t other_open[KEY_BYTES],
                     const uint8_t client_open[KEY_BYTES], const uint8_t server_open[KEY_BYTES],
                     uint64_t session, uint8_t pad[KEY_BYTES]) {
	crypto_generichash_state hash;
	uint8_t shared[KEY_BYTES];
	if (crypto_scalarmult(shared, secret, other_open) != 0) {
		return false;
	}
	begin(&hash, shared, KEY_BYTES);
	add(&hash, FOR_SEAL, sizeof(FOR_SEAL) - 1);
	add(&hash, client_open, KEY_BYTES);
	add(&hash, server_open, KEY_BYTES);
	add_u64(&hash, session);
	end(&hash, pad, KEY_BYTES);
	sodium_memzero(shared, sizeof(shared));
	return true;
}

bool keys_seal(const struct key_pair *server, const uint8_t client_open[KEY_BYTES],
               uint64_t session, const struct key *session_key, uint8_t sealed[KEY_BYTES]) {
	if (!make_pad(server->secret, client_open, client_open, server->open, session, sealed)) {
		return false;
	}
	for (size_t i = 0; i < KEY_BYTES; i++) {
		sealed[i] ^= session_key->bytes[i];
	}
	return true;
}

bool keys_unseal(const struct key_pair *client, const uint8_t server_open[KEY_BYTES],
                 uint64_t session, const uint8_t sealed[KEY_BYTES], struct key *session_key) {
	if (!make_pad(client->secret, server_open, client->open, server_open, session,
	              session_key->bytes)) {
		return false;
	}
	for (size_t i = 0; i < KEY_BYTES; i++) {
		session_key->bytes[i] ^= sealed[i];
	}
	return true;
}

/* ---- connections and tags ---- */

void keys_connection(const struct key *session_key, const uint8_t nonce[NONCE_BYTES],
                     const uint8_t server_nonce[NONCE_BYTES], struct key *out) {
	crypto_generichash_state hash;
	begin(&hash, session_key->bytes, KEY_BYTES);
	add(&hash, FOR_CONNECTION, sizeof(FOR_CONNECTION) - 1);
	add(&hash, nonce, NONCE_BYTES);
	add(&hash, server_nonce, NONCE_BYTES);
	end(&hash, out->bytes, KEY_BYTES);
}

void keys_hash_body(struct slice body, struct body_hash *out) {
	crypto_generichash(out->bytes, sizeof(out->bytes), (const uint8_t *)body.bytes, body.size,
	                   NULL, 0);
}

void keys_tag(const struct key *key, struct slice head, const struct body_hash *body,
              uint8_t tag[TAG_BYTES]) {
	uint8_t message[TAG_HEAD_BYTES_MAX + sizeof(body->bytes)];
	assert(head.size <= TAG_HEAD_BYTES_MAX);
	memcpy(message, head.bytes, head.size);
	memcpy(message + head.size, body->bytes, sizeof(body->bytes));
	crypto_generichash(tag, TAG_BYTES, message, head.size + sizeof(body->bytes), key->bytes,
	                   KEY_BYTES);
}

bool keys_tag_is_good(const struct key *key, struct slice head, const struct body_hash *body,
                      const uint8_t tag[TAG_BYTES]) {
	uint8_t right[TAG_BYTES];
	keys_tag(key, head, body, right);
	return sodium_memcmp(right, tag, TAG_BYTES) == 0;
}
