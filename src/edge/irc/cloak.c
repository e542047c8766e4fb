#include "irc_cloak.h"

#include <sodium.h>
#include <string.h>

/* 16 digits of five bits. */
#define HASH_BYTES 10

void cloak_key(const uint8_t master[static MASTER_BYTES], uint8_t key[static CLOAK_KEY_BYTES]) {
	static const char purpose[] = "qun irc cloak";
	crypto_generichash(key, CLOAK_KEY_BYTES, (const unsigned char *)purpose,
	                   sizeof(purpose) - 1, master, MASTER_BYTES);
}

static void hash(const uint8_t key[static CLOAK_KEY_BYTES], const struct address *address,
                 uint8_t *out, size_t size) {
	uint8_t net[16] = {0};
	memcpy(net, address->ip, address_is_v4(address) ? 16 : 8);
	crypto_generichash(out, size, net, sizeof(net), key, CLOAK_KEY_BYTES);
}

void cloak_of(const uint8_t key[static CLOAK_KEY_BYTES], const struct address *address,
              char out[static CLOAK_BYTES_MAX]) {
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	uint8_t bytes[crypto_generichash_BYTES_MIN];
	hash(key, address, bytes, sizeof(bytes));
	for (unsigned i = 0; i < HASH_BYTES * 8 / 5; i++) {
		unsigned bit = i * 5;
		unsigned two = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
		out[i] = digits[two >> (11 - bit % 8) & 31];
	}
	memcpy(out + HASH_BYTES * 8 / 5, ".qun", 5);
}

uint64_t cloak_origin(const uint8_t key[static CLOAK_KEY_BYTES], const struct address *address) {
	uint8_t bytes[crypto_generichash_BYTES_MIN];
	uint64_t origin;
	hash(key, address, bytes, sizeof(bytes));
	memcpy(&origin, bytes, sizeof(origin));
	return origin == 0 ? 1 : origin;
}
