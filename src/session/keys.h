/*
 * keys.h - the session dialect's cryptography, for both ends: which keys there
 * are and how each follows from others. Its specification is docs/PROTOCOL.md;
 * the primitives are libsodium's.
 *
 *   master       32 random bytes of the server's, in its data folder; from it follow
 *     server pair     X25519, the same for as long as the folder lives
 *     session key K   of each session, from its id: nobody has to keep it
 *     cookie keys     one a minute: a cookie is good for one to two minutes, in
 *                     every process, over restarts
 *   K            known to the client because WELCOME seals it for the client's pair
 *   k            of one connection: K and both sides' nonces
 *
 * Pure but for keys_pair() (random). Call sodium_init() first, once a process.
 */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "slice.h"

#define KEY_BYTES 32
#define NONCE_BYTES 16
#define TAG_BYTES 16
#define COOKIE_BYTES 20

/* A connection's key is kept for each connection: as short as its tags. */
struct key {
	uint8_t bytes[KEY_BYTES];
};
struct key_pair {
	uint8_t secret[KEY_BYTES];
	uint8_t open[KEY_BYTES]; /* the public half */
};

/* The client's, new for each OPEN. */
void keys_pair(struct key_pair *pair);

/* The server's side. */
void keys_server_pair(const struct key *master, struct key_pair *pair);
/*
 * `opening`: what the hub knows the OPEN by that made the session. Ids may be given once more (after
 * log.db was begun anew, or an older copy was put in its place): another one's key is another.
 */
void keys_session(const struct key *master, uint64_t session, uint64_t opening, struct key *out);
/* `now_s`: any clock in seconds that all processes share and that goes on over restarts. */
void keys_cookie(const struct key *master, const struct address *peer, uint64_t now_s,
                 uint8_t cookie[COOKIE_BYTES]);
bool keys_cookie_is_good(const struct key *master, const struct address *peer, uint64_t now_s,
                         const uint8_t cookie[COOKIE_BYTES]);
/* False if the client's key is none (a point of small order). */
bool keys_seal(const struct key_pair *server, const uint8_t client_open[KEY_BYTES],
               uint64_t session, const struct key *session_key, uint8_t sealed[KEY_BYTES]);

/* The client's side: what keys_seal() sealed. False if the server's key is none. */
bool keys_unseal(const struct key_pair *client, const uint8_t server_open[KEY_BYTES],
                 uint64_t session, const uint8_t sealed[KEY_BYTES], struct key *session_key);

/* Both. */
void keys_connection(const struct key *session_key, const uint8_t nonce[NONCE_BYTES],
                     const uint8_t server_nonce[NONCE_BYTES], struct key *out);

/*
 * A tag covers the head and, through its hash, the body: who sends one body to
 * many hashes it once.
 */
struct body_hash {
	uint8_t bytes[32];
};
void keys_hash_body(struct slice body, struct body_hash *out);
/* Heads are at most this long. */
#define TAG_HEAD_BYTES_MAX 320
void keys_tag(const struct key *key, struct slice head, const struct body_hash *body,
              uint8_t tag[TAG_BYTES]);
/* In constant time. */
bool keys_tag_is_good(const struct key *key, struct slice head, const struct body_hash *body,
                      const uint8_t tag[TAG_BYTES]);

#endif
