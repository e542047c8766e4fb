/*
 * irc_sasl.h - SASL as IRC carries it: AUTHENTICATE's base64 in pieces of 400
 * bytes, PLAIN (RFC 4616) and the server's half of SCRAM-SHA-256 (RFC 5802,
 * RFC 7677). No channel binding ("n" only) until there is encryption.
 *
 * Passwords and keys are given to it or come out of it; it keeps and computes
 * nothing slow: deriving the keys from a password is the clerk's.
 */
#ifndef IRC_SASL_H
#define IRC_SASL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

#define SASL_PIECE_BYTES 400
/* A whole message, decoded: authzid, authcid and a password of 300 bytes, or SCRAM's. */
#define SASL_MESSAGE_BYTES_MAX 900
#define SASL_PASSWORD_BYTES_MAX 300

/* ---- the pieces ---- */

enum sasl_piece {
	SASL_MORE,    /* a full piece: another follows */
	SASL_WHOLE,   /* the message is complete */
	SASL_ABORTED, /* "*" */
	SASL_TOO_LONG,
	SASL_NOT_BASE64,
};
struct sasl_message {
	size_t coded_size, size;
	char coded[(SASL_MESSAGE_BYTES_MAX + 2) / 3 * 4 + SASL_PIECE_BYTES];
	char bytes[SASL_MESSAGE_BYTES_MAX];
};
/* Adds AUTHENTICATE's parameter; all zero is an empty message. */
enum sasl_piece sasl_take_piece(struct sasl_message *message, struct slice piece);

/* ---- PLAIN ---- */

struct sasl_plain {
	struct slice authorization, name, password;
};
/* False if it is not [authzid] NUL authcid NUL password, UTF-8, none too long. */
bool sasl_read_plain(struct slice message, struct sasl_plain *plain);

/* ---- SCRAM-SHA-256 ---- */

#define SCRAM_KEY_BYTES 32
#define SCRAM_SALT_BYTES 16
#define SCRAM_NONCE_BYTES_MAX 64 /* of text */

struct scram_keys {
	uint8_t salt[SCRAM_SALT_BYTES];
	uint32_t iterations;
	uint8_t stored[SCRAM_KEY_BYTES];
	uint8_t server[SCRAM_KEY_BYTES];
};

enum scram_state { SCRAM_BEGIN, SCRAM_CHALLENGED, SCRAM_PROVEN, SCRAM_FAILED };
struct scram {
	enum scram_state state;
	struct scram_keys keys;
	size_t first_size, challenge_size; /* of client-first-bare, server-first */
	size_t header_size;                /* what precedes client-first-bare */
	char header[160];
	size_t name_size;
	char name[128];
	char first[320];
	char challenge[320];
};

/* The client's first message; scram->name is whose keys are needed. False: refused. */
bool scram_begin(struct scram *scram, struct slice message);
/* The server's first message, in scram->challenge. `nonce`: printable, no comma, random, at most SCRAM_NONCE_BYTES_MAX. */
bool scram_challenge(struct scram *scram, const struct scram_keys *keys, struct slice nonce);
/* The client's final message. True: it knows the password; `out` is the server's final message (46 bytes). */
bool scram_finish(struct scram *scram, struct slice message, char out[static 64], size_t *out_size);

#endif
