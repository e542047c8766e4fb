/*
 * password.h - what becomes of a password: prepared, hashed, compared.
 *
 * Argon2id (crypto_pwhash_str(), its INTERACTIVE limits: 64 MiB, two passes, some 60 ms) for who
 * sends the password itself; for SCRAM-SHA-256 (RFC 5802, 7677) the two keys that follow from it,
 * 4,096 rounds of PBKDF2, some ms. Both are of the prepared password.
 *
 * Slow, and without a state: for the clerk's worker, or a process that has nothing else to do.
 * sodium_init() must have been called.
 */
#ifndef PASSWORD_H
#define PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accountwire.h"
#include "slice.h"

#define PASSWORD_ITERATIONS 4096

/* Compatibility characters grow when they are composed; beyond this a password is too long. */
#define PASSWORD_PREPARED_BYTES_MAX 1024

struct password {
	size_t size;
	char bytes[PASSWORD_PREPARED_BYTES_MAX];
};

/*
 * As RFC 4013 prepares passwords: NFKC, blanks of all kinds are U+0020, what cannot be seen is left
 * out. ACCOUNT_OK; ACCOUNT_WEAK (prepared, but too short to be taken as a new one);
 * ACCOUNT_BAD_PASSWORD. Whoever calls wipes it.
 */
enum account_word password_prepare(struct slice given, struct password *password);

/* The line to keep. False if no memory is left. */
bool password_hash(const struct password *password, char hash[static ACCOUNT_HASH_BYTES]);
/* Is it that line's? False, too, for a line that is none. */
bool password_is(struct slice password, const char hash[static ACCOUNT_HASH_BYTES]);
/* SCRAM's keys. */
void password_keys(const struct password *password, const uint8_t salt[static ACCOUNT_SALT_BYTES],
                   uint32_t iterations, uint8_t stored[static ACCOUNT_KEY_BYTES],
                   uint8_t server[static ACCOUNT_KEY_BYTES]);

#endif
