/*
 * accounts.h - accounts.db: registered names, and what their passwords are
 * checked against.
 *
 * Beside log.db and apart from it: it holds secrets, so its mode is 0600 and a
 * file that others can read is refused; and it is not history, so a copy of
 * log.db has none of it. One process changes it (the clerk; `qun admin` where
 * no server runs). Changes are synced before they are answered: accounts are
 * few, and who was told that the name is theirs keeps it.
 *
 * A change bears a nonce, which is kept with it for a day: who repeats a
 * change, because the answer was lost, learns that it is done.
 *
 *   accounts  id, key (name_key()), name as registered, hash (Argon2id, of
 *             crypto_pwhash_str(); or ACCOUNTS_NO_HASH), salt, iterations, stored, server (SCRAM-SHA-256,
 *             RFC 5802 and 7677), created (µs), flags
 *   deeds     nonce, at (µs), origin (of a registration that counts: a hash of the network it came from)
 */
#ifndef ACCOUNTS_H
#define ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "limits.h"
#include "name.h"
#include "store.h"

#define ACCOUNTS_FILE "accounts.db"

#define ACCOUNTS_HASH_BYTES 128
#define ACCOUNTS_NO_HASH "-" /* there are SCRAM's keys alone */
#define ACCOUNTS_SALT_BYTES 16
#define ACCOUNTS_KEY_BYTES 32

struct account {
	uint64_t id;
	struct name_key key;
	size_t name_size;
	char name[NAME_BYTES_MAX];
	char hash[ACCOUNTS_HASH_BYTES]; /* ends with a NUL */
	uint32_t iterations;
	uint8_t salt[ACCOUNTS_SALT_BYTES];
	uint8_t stored[ACCOUNTS_KEY_BYTES];
	uint8_t server[ACCOUNTS_KEY_BYTES];
	uint64_t created_us;
	uint32_t flags;
};

struct accounts;

/*
 * Opens the file of the folder. Where there is none: makes it if `is_to_make`, else STORE_NONE.
 * On failure *out is NULL and `why` has a sentence.
 */
enum store_error accounts_open(struct accounts **out, const char *folder, bool is_to_make,
                               char why[static STORE_WHY_BYTES]);
/* NULL is fine. */
void accounts_close(struct accounts *accounts);
/* The last failure as a sentence. */
const char *accounts_why(const struct accounts *accounts);

/* STORE_NONE: nobody has that name. */
enum store_error accounts_find(struct accounts *accounts, const struct name_key *key,
                               struct account *account);
/* The first with an id above `after`; STORE_NONE: there are no more. */
enum store_error accounts_next(struct accounts *accounts, uint64_t after, struct account *account);
/* The highest id there is; 0: there are none. */
enum store_error accounts_last(struct accounts *accounts, uint64_t *id);
enum store_error accounts_count(struct accounts *accounts, uint64_t *count);
/* How many were added from there after that time, and when the first of them was; dropped or not. */
enum store_error accounts_added_from(struct accounts *accounts, uint64_t origin, uint64_t since_us,
                                     uint64_t *count, uint64_t *first_us);
/* Was the change with that nonce made? */
enum store_error accounts_is_done(struct accounts *accounts, uint64_t nonce, bool *is_done);

/*
 * Changes, whole or not at all. `now_us` is the wall clock's. Adding gives the account its id;
 * `origin`: where it is counted, for a day; 0: nowhere.
 */
enum store_error accounts_add(struct accounts *accounts, struct account *account, uint64_t nonce,
                              uint64_t now_us, uint64_t origin);
/* The hash and SCRAM's keys of the account with that id. */
enum store_error accounts_set_password(struct accounts *accounts, const struct account *account,
                                       uint64_t nonce, uint64_t now_us);
enum store_error accounts_drop(struct accounts *accounts, uint64_t id, uint64_t nonce,
                               uint64_t now_us);

#endif
