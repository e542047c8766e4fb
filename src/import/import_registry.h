/*
 * import_registry.h - accounts and registered rooms, as another server has kept them.
 *
 * What is found points into the registry, and is not looked at any further: which names there can be here is
 * for who takes it (import_enlist.h).
 */
#ifndef IMPORT_REGISTRY_H
#define IMPORT_REGISTRY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accounts.h"
#include "slice.h"

/* A file of them; larger than any that there is, and read as a whole. */
#define IMPORT_REGISTRY_BYTES_MAX (256u << 20)

struct import_account {
	struct slice name;
	uint64_t created_us; /* 0: not known */
	bool has_keys;       /* SCRAM-SHA-256's: its password stays what it was */
	uint32_t iterations;
	uint8_t salt[ACCOUNTS_SALT_BYTES];
	uint8_t stored[ACCOUNTS_KEY_BYTES];
	uint8_t server[ACCOUNTS_KEY_BYTES];
};

/* Letter by letter: "nt", or to whom. */
struct import_standing {
	struct slice account;
	char letter; /* 'q', 'a', 'o', 'h', 'v' */
};

struct import_channel {
	struct slice name, founder;
	struct slice topic, topic_by, key;
	uint64_t made_us, topic_us, limit; /* 0: not known, not known, none */
	char modes[32];                    /* ends with a NUL */
	json_t *offices;                   /* {account: letter}; may be NULL, as may all others */
	json_t *bans, *excepts, *invites;  /* {mask: …} */
};

struct import_registry {
	json_t *root; /* owns all below */
	struct import_account *accounts;
	size_t accounts_count;
	struct import_channel *channels;
	size_t channels_count;
};

/*
 * Ergo's: its datastore (`ircd.db`, a file of commands as RESP has them), or the JSON that `ergo importdb` takes
 * (of Anope or Atheme). False: it is neither. To be finished either way.
 */
bool ergo_registry(struct slice bytes, struct import_registry *registry);
void import_registry_finish(struct import_registry *registry);

/* The letter of an office: "o", or the number of its character. '\0': none. */
char import_letter(const json_t *value);

#endif
