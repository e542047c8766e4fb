#include "password.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "utf8.h"

_Static_assert(ACCOUNT_HASH_BYTES == crypto_pwhash_STRBYTES, "a line fits");
_Static_assert(ACCOUNT_KEY_BYTES == crypto_hash_sha256_BYTES, "a key is a hash");

/* ---- preparing ---- */

static bool has_control(const char *bytes, size_t size) {
	struct slice rest = slice_of(bytes, size);
	while (rest.size > 0) {
		int32_t point;
		rest = slice_from(rest, utf8_decode(rest, &point));
		if (point < 0x20 || (point >= 0x7F && point < 0xA0)) {
			return true;
		}
	}
	return false;
}

enum account_word password_prepare(struct slice given, struct password *password) {
	utf8proc_uint8_t *composed = NULL;
	password->size = 0;
	if (given.size == 0) {
		return ACCOUNT_WEAK;
	}
	if (given.size > ACCOUNT_PASSWORD_BYTES_MAX || !utf8_is_valid(given) ||
	    has_control(given.bytes, given.size)) {
		return ACCOUNT_BAD_PASSWORD;
	}
	utf8proc_ssize_t size = utf8proc_map(
		(const utf8proc_uint8_t *)given.bytes, (utf8proc_ssize_t)given.size, &composed,
		UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_IGNORE);
	if (size < 0 || size > PASSWORD_PREPARED_BYTES_MAX) {
		free(composed);
		return ACCOUNT_BAD_PASSWORD;
	}
	memcpy(password->bytes, composed, (size_t)size);
	password->size = (size_t)size;
	sodium_memzero(composed, (size_t)size);
	free(composed);
	size_t count = utf8_count(slice_of(password->bytes, password->size));
	return count < ACCOUNT_PASSWORD_CHARACTERS_MIN ? ACCOUNT_WEAK : ACCOUNT_OK;
}

/* ---- Argon2id ---- */

bool password_hash(const struct password *password, char hash[static ACCOUNT_HASH_BYTES]) {
	memset(hash, 0, ACCOUNT_HASH_BYTES);
	return crypto_pwhash_str(hash, password->bytes, password->size,
	                         crypto_pwhash_OPSLIMIT_INTERACTIVE,
	                         crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0;
}

bool password_is(struct slice password, const char hash[static ACCOUNT_HASH_BYTES]) {
	return crypto_pwhash_str_verify(hash, password.size > 0 ? password.bytes : "",
	                                password.size) == 0;
}

/* ---- SCRAM ---- */

typedef crypto_auth_hmacsha256_state hmac_state;

/* HMAC of a key that is in `keyed` already. */
static void hmac(const hmac_state *keyed, const void *bytes, size_t size,
                 uint8_t out[ACCOUNT_KEY_BYTES]) {
	hmac_state state = *keyed;
	crypto_auth_hmacsha256_update(&state, bytes, size);
	crypto_auth_hmacsha256_final(&state, out);
}

/* RFC 5802, 2.2: Hi(). */
static void salted_password(const struct password *password,
                            const uint8_t salt[static ACCOUNT_SALT_BYTES], uint32_t iterations,
                            uint8_t out[ACCOUNT_KEY_BYTES]) {
	static const uint8_t one[4] = {0, 0, 0, 1};
	uint8_t salt_and_one[ACCOUNT_SALT_BYTES + sizeof(one)], round[ACCOUNT_KEY_BYTES];
	hmac_state keyed;
	crypto_auth_hmacsha256_init(&keyed, (const uint8_t *)password->bytes, password->size);
	memcpy(salt_and_one, salt, ACCOUNT_SALT_BYTES);
	memcpy(salt_and_one + ACCOUNT_SALT_BYTES, one, sizeof(one));
	hmac(&keyed, salt_and_one, sizeof(salt_and_one), round);
	memcpy(out, round, sizeof(round));
	for (uint32_t i = 1; i < iterations; i++) {
		hmac(&keyed, round, sizeof(round), round);
		for (size_t j = 0; j < sizeof(round); j++) {
			out[j] ^= round[j];
		}
	}
	sodium_memzero(&keyed, sizeof(keyed));
}

void password_keys(const struct password *password, const uint8_t salt[static ACCOUNT_SALT_BYTES],
                   uint32_t iterations, uint8_t stored[static ACCOUNT_KEY_BYTES],
                   uint8_t server[static ACCOUNT_KEY_BYTES]) {
	uint8_t salted[ACCOUNT_KEY_BYTES], client[ACCOUNT_KEY_BYTES];
	hmac_state keyed;
	assert(iterations > 0);
	salted_password(password, salt, iterations, salted);
	crypto_auth_hmacsha256_init(&keyed, salted, sizeof(salted));
	hmac(&keyed, "Client Key", strlen("Client Key"), client);
	crypto_hash_sha256(stored, client, sizeof(client));
	hmac(&keyed, "Server Key", strlen("Server Key"), server);
	sodium_memzero(salted, sizeof(salted));
	sodium_memzero(client, sizeof(client));
	sodium_memzero(&keyed, sizeof(keyed));
}
