#include "irc_sasl.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

/* ---- the pieces ---- */

static enum sasl_piece decode(struct sasl_message *message) {
	if (sodium_base642bin((unsigned char *)message->bytes, sizeof(message->bytes),
	                      message->coded, message->coded_size, NULL, &message->size, NULL,
	                      sodium_base64_VARIANT_ORIGINAL) != 0) {
		return message->coded_size > sizeof(message->bytes) / 3 * 4 ? SASL_TOO_LONG
		                                                            : SASL_NOT_BASE64;
	}
	return SASL_WHOLE;
}

enum sasl_piece sasl_take_piece(struct sasl_message *message, struct slice piece) {
	if (slice_equal(piece, slice_from_string("*"))) {
		return SASL_ABORTED;
	}
	if (piece.size > SASL_PIECE_BYTES ||
	    piece.size > sizeof(message->coded) - message->coded_size) {
		return SASL_TOO_LONG;
	}
	/* "+" alone is an empty piece: the end of a message whose last piece was full. */
	if (!slice_equal(piece, slice_from_string("+"))) {
		memcpy(message->coded + message->coded_size, piece.bytes, piece.size);
		message->coded_size += piece.size;
	}
	return piece.size == SASL_PIECE_BYTES ? SASL_MORE : decode(message);
}

/* ---- PLAIN ---- */

static bool take_to_nul(struct slice *rest, struct slice *part) {
	const char *nul = rest->size == 0 ? NULL : memchr(rest->bytes, '\0', rest->size);
	if (nul == NULL) {
		return false;
	}
	*part = slice_first(*rest, (size_t)(nul - rest->bytes));
	*rest = slice_from(*rest, part->size + 1);
	return true;
}

bool sasl_read_plain(struct slice message, struct sasl_plain *plain) {
	struct slice rest = message;
	if (!take_to_nul(&rest, &plain->authorization) || !take_to_nul(&rest, &plain->name)) {
		return false;
	}
	plain->password = rest;
	return plain->name.size > 0 && rest.size > 0 && rest.size <= SASL_PASSWORD_BYTES_MAX &&
	       memchr(rest.bytes, '\0', rest.size) == NULL && utf8_is_valid(message);
}

/* ---- SCRAM ---- */

/* The part "x=…" at the beginning of *rest, up to the comma or the end. */
static bool take_attribute(struct slice *rest, char name, struct slice *value) {
	if (rest->size < 2 || rest->bytes[0] != name || rest->bytes[1] != '=') {
		return false;
	}
	const char *comma = memchr(rest->bytes, ',', rest->size);
	size_t size = comma == NULL ? rest->size : (size_t)(comma - rest->bytes);
	*value = slice_of(rest->bytes + 2, size - 2);
	*rest = slice_from(*rest, comma == NULL ? size : size + 1);
	return true;
}

static bool is_printable(struct slice text) {
	for (size_t i = 0; i < text.size; i++) {
		if (text.bytes[i] < 0x21 || text.bytes[i] > 0x7E || text.bytes[i] == ',') {
			return false;
		}
	}
	return text.size > 0;
}

/* "=2C" is a comma, "=3D" an equals sign, any other '=' is an error. */
static bool read_name(struct scram *scram, struct slice coded) {
	scram->name_size = 0;
	for (size_t i = 0; i < coded.size; i++) {
		char c = coded.bytes[i];
		if (c == '=') {
			struct slice code = slice_first(slice_from(coded, i),
			                                coded.size - i < 3 ? coded.size - i : 3);
			if (slice_equal(code, slice_from_string("=2C"))) {
				c = ',';
			} else if (slice_equal(code, slice_from_string("=3D"))) {
				c = '=';
			} else {
				return false;
			}
			i += 2;
		}
		if (c == '\0' || scram->name_size == sizeof(scram->name)) {
			return false;
		}
		scram->name[scram->name_size++] = c;
	}
	return scram->name_size > 0;
}

bool scram_begin(struct scram *scram, struct slice message) {
	static const char prefix[] = "n,";
	struct slice rest = message, authorization, name, nonce;
	*scram = (struct scram){.state = SCRAM_FAILED};
	/* "y" is a client that could bind to a channel and takes us for unable: so we are. */
	if (rest.size < 2 || (rest.bytes[0] != 'n' && rest.bytes[0] != 'y') ||
	    rest.bytes[1] != prefix[1]) {
		return false;
	}
	rest = slice_from(rest, 2);
	if (rest.size > 0 && rest.bytes[0] == ',') {
		rest = slice_from(rest, 1);
	} else if (!take_attribute(&rest, 'a', &authorization)) {
		return false;
	}
	struct slice bare = rest;
	scram->header_size = message.size - bare.size;
	if (scram->header_size > sizeof(scram->header)) {
		return false;
	}
	memcpy(scram->header, message.bytes, scram->header_size);
	if (bare.size > sizeof(scram->first) || !utf8_is_valid(bare) ||
	    !take_attribute(&rest, 'n', &name) || !take_attribute(&rest, 'r', &nonce) ||
	    !is_printable(nonce) || nonce.size > 128 || !read_name(scram, name)) {
		return false;
	}
	memcpy(scram->first, bare.bytes, bare.size);
	scram->first_size = bare.size;
	scram->state = SCRAM_BEGIN;
	return true;
}

static struct slice client_nonce(const struct scram *scram) {
	struct slice rest = slice_of(scram->first, scram->first_size), name, nonce = {0};
	take_attribute(&rest, 'n', &name);
	take_attribute(&rest, 'r', &nonce);
	return nonce;
}

bool scram_challenge(struct scram *scram, const struct scram_keys *keys, struct slice nonce) {
	char salt[32];
	struct slice theirs = client_nonce(scram);
	if (scram->state != SCRAM_BEGIN || !is_printable(nonce) ||
	    nonce.size > SCRAM_NONCE_BYTES_MAX) {
		return false;
	}
	scram->keys = *keys;
	sodium_bin2base64(salt, sizeof(salt), keys->salt, sizeof(keys->salt),
	                  sodium_base64_VARIANT_ORIGINAL);
	int size = snprintf(scram->challenge, sizeof(scram->challenge),
	                    "r=%.*s%.*s,s=%s,i=%" PRIu32, (int)theirs.size, theirs.bytes,
	                    (int)nonce.size, nonce.bytes, salt, keys->iterations);
	if (size < 0 || (size_t)size >= sizeof(scram->challenge)) {
		scram->state = SCRAM_FAILED;
		return false;
	}
	scram->challenge_size = (size_t)size;
	scram->state = SCRAM_CHALLENGED;
	return true;
}

static void hmac_of(const uint8_t key[SCRAM_KEY_BYTES], const struct scram *scram,
                    struct slice final_bare, uint8_t out[SCRAM_KEY_BYTES]) {
	crypto_auth_hmacsha256_state hmac;
	crypto_auth_hmacsha256_init(&hmac, key, SCRAM_KEY_BYTES);
	crypto_auth_hmacsha256_update(&hmac, (const uint8_t *)scram->first, scram->first_size);
	crypto_auth_hmacsha256_update(&hmac, (const uint8_t *)",", 1);
	crypto_auth_hmacsha256_update(&hmac, (const uint8_t *)scram->challenge,
	                              scram->challenge_size);
	crypto_auth_hmacsha256_update(&hmac, (const uint8_t *)",", 1);
	crypto_auth_hmacsha256_update(&hmac, (const uint8_t *)final_bare.bytes, final_bare.size);
	crypto_auth_hmacsha256_final(&hmac, out);
}

/* ClientKey = proof xor ClientSignature; its hash is the stored key if the password was right. */
static bool is_proof_good(const struct scram *scram, struct slice final_bare, struct slice proof) {
	uint8_t key[SCRAM_KEY_BYTES], signature[SCRAM_KEY_BYTES], hash[SCRAM_KEY_BYTES];
	size_t size;
	if (sodium_base642bin(key, sizeof(key), proof.bytes, proof.size, NULL, &size, NULL,
	                      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    size != sizeof(key)) {
		return false;
	}
	hmac_of(scram->keys.stored, scram, final_bare, signature);
	for (size_t i = 0; i < sizeof(key); i++) {
		key[i] ^= signature[i];
	}
	crypto_hash_sha256(hash, key, sizeof(key));
	return sodium_memcmp(hash, scram->keys.stored, sizeof(hash)) == 0;
}

/* The channel binding says again what the first message began with (RFC 5802, section 6). */
static bool is_binding_good(const struct scram *scram, struct slice binding) {
	char bytes[sizeof(scram->header)];
	size_t size;
	return sodium_base642bin((unsigned char *)bytes, sizeof(bytes), binding.bytes, binding.size,
	                         NULL, &size, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       slice_equal(slice_of(bytes, size), slice_of(scram->header, scram->header_size));
}

bool scram_finish(struct scram *scram, struct slice message, char out[static 64],
                  size_t *out_size) {
	struct slice rest = message, binding, nonce, proof, ours;
	struct slice challenge = slice_of(scram->challenge, scram->challenge_size);
	if (scram->state != SCRAM_CHALLENGED) {
		return false;
	}
	scram->state = SCRAM_FAILED;
	take_attribute(&challenge, 'r', &ours);
	if (!take_attribute(&rest, 'c', &binding) || !is_binding_good(scram, binding) ||
	    !take_attribute(&rest, 'r', &nonce) || !slice_equal(nonce, ours)) {
		return false;
	}
	/* Extensions may stand before the proof, which is the last. */
	while (rest.size > 0 && rest.bytes[0] != 'p') {
		const char *comma = memchr(rest.bytes, ',', rest.size);
		if (comma == NULL) {
			return false;
		}
		rest = slice_from(rest, (size_t)(comma - rest.bytes) + 1);
	}
	struct slice bare = slice_first(message, message.size - rest.size);
	bare.size -= bare.size > 0;
	if (!take_attribute(&rest, 'p', &proof) || rest.size > 0 ||
	    !is_proof_good(scram, bare, proof)) {
		return false;
	}
	uint8_t signature[SCRAM_KEY_BYTES];
	hmac_of(scram->keys.server, scram, bare, signature);
	memcpy(out, "v=", 2);
	sodium_bin2base64(out + 2, 62, signature, sizeof(signature),
	                  sodium_base64_VARIANT_ORIGINAL);
	*out_size = strlen(out);
	scram->state = SCRAM_PROVEN;
	return true;
}
