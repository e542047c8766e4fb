#include <sodium.h>
#include <string.h>

#include "accounts.h"
#include "diag.h"
#include "import_enlist_inner.h"

/* Rounds of keys that belong to no password. */
#define ITERATIONS 4096

struct adding {
	struct import_enlisting *enlisting;
	const struct import_listed *listed;
	struct accounts *accounts;
	uint64_t now_us;
};

/* Without keys of its own it has some that no password leads to. */
static void fill(const struct import_account *from, struct account *account) {
	*account = (struct account){.name_size = from->name.size, .iterations = ITERATIONS};
	memcpy(account->hash, ACCOUNTS_NO_HASH, sizeof(ACCOUNTS_NO_HASH));
	memcpy(account->name, from->name.bytes, from->name.size);
	(void)name_key(from->name, &account->key);
	randombytes_buf(account->salt, sizeof(account->salt));
	randombytes_buf(account->stored, sizeof(account->stored));
	randombytes_buf(account->server, sizeof(account->server));
	if (from->has_keys) {
		account->iterations = from->iterations;
		memcpy(account->salt, from->salt, sizeof(account->salt));
		memcpy(account->stored, from->stored, sizeof(account->stored));
		memcpy(account->server, from->server, sizeof(account->server));
	}
}

static bool fail(const struct adding *adding) {
	diag("%s", accounts_why(adding->accounts));
	return false;
}

/* There already: the same, of an import that died; or another's. */
static void look_at_other(const struct adding *adding, const struct account *account,
                          const struct account *other) {
	bool is_same = sodium_memcmp(account->stored, other->stored, sizeof(other->stored)) == 0;
	if (!is_same) {
		import_tell(adding->enlisting->tally, adding->listed->path, IMPORT_WHOLE_FILE,
		            TROUBLE_ACCOUNT_TAKEN, slice_of(account->name, account->name_size));
	}
}

static bool add(const struct adding *adding, const struct import_account *from) {
	struct account account, other;
	uint64_t nonce = 0;
	fill(from, &account);
	enum store_error error = accounts_find(adding->accounts, &account.key, &other);
	if (error == STORE_OK) {
		look_at_other(adding, &account, &other);
		return true;
	}
	while (nonce == 0) {
		randombytes_buf(&nonce, sizeof(nonce));
	}
	if (error != STORE_NONE ||
	    accounts_add(adding->accounts, &account, nonce,
	                 from->created_us != 0 ? from->created_us : adding->now_us,
	                 0) != STORE_OK) {
		return fail(adding);
	}
	adding->enlisting->tally->accounts++;
	if (!from->has_keys) {
		adding->enlisting->tally->accounts_locked++;
		diag("the password of %.*s could not be carried; give it one with: qun admin "
		     "account password %.*s",
		     (int)from->name.size, from->name.bytes, (int)from->name.size,
		     from->name.bytes);
	}
	return true;
}

static bool add_all(const struct adding *adding) {
	const struct import_registry *registry = &adding->listed->registry;
	for (size_t i = 0; i < registry->accounts_count; i++) {
		if (!add(adding, &registry->accounts[i])) {
			return false;
		}
	}
	return true;
}

bool import_accounts_add(struct import_enlisting *enlisting, const char *folder, uint64_t now_us) {
	struct adding adding = {.enlisting = enlisting, .now_us = now_us};
	char why[STORE_WHY_BYTES];
	size_t count = 0;
	for (size_t i = 0; i < enlisting->listed_count; i++) {
		count += enlisting->listed[i].registry.accounts_count;
	}
	if (count == 0) {
		return true;
	}
	if (sodium_init() < 0 || accounts_open(&adding.accounts, folder, true, why) != STORE_OK) {
		diag("%s", why);
		return false;
	}
	bool is_good = true;
	for (size_t i = 0; i < enlisting->listed_count && is_good; i++) {
		adding.listed = &enlisting->listed[i];
		is_good = add_all(&adding);
	}
	accounts_close(adding.accounts);
	return is_good;
}
