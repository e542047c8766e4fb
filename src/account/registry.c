#include "registry.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "alike.h"
#include "diag.h"
#include "guesses.h"
#include "password.h"

_Static_assert(ACCOUNTS_HASH_BYTES == ACCOUNT_HASH_BYTES, "what is kept fits the wire");
_Static_assert(ACCOUNTS_SALT_BYTES == ACCOUNT_SALT_BYTES, "what is kept fits the wire");
_Static_assert(ACCOUNTS_KEY_BYTES == ACCOUNT_KEY_BYTES, "what is kept fits the wire");
_Static_assert(REGISTRY_SECRET_BYTES == crypto_generichash_KEYBYTES, "a secret is a key");

/* Registered before these, a name has long been in every state. */
#define LATELY 256

#define SECOND_US UINT64_C(1000000)

/* Mistakes before one has to wait: of one name from one origin; of one name from all together. */
#define FREE_MISTAKES 3
#define FREE_MISTAKES_OF_ALL 30

struct registry {
	char *folder;
	struct accounts *accounts; /* NULL until it is there and needed */
	uint8_t secret[REGISTRY_SECRET_BYTES];
	uint8_t seed[crypto_shorthash_KEYBYTES];
	char hash_of_nobody[ACCOUNT_HASH_BYTES]; /* made when first needed */
	struct guesses guesses;
};

/* A question under way. */
struct asked {
	struct registry *registry;
	const struct account_question *question;
	bool is_console;
	struct registry_now now;
	struct account_answer *answer;
	struct name_key key;
	struct account account;
	bool is_known;
	uint64_t guess, guess_of_all; /* 0: not counted */
};

_Static_assert(NAME_SEED_BYTES == crypto_shorthash_KEYBYTES, "one seed for both");

struct registry *registry_create(const char *folder,
                                 const uint8_t secret[static REGISTRY_SECRET_BYTES]) {
	struct registry *registry = calloc(1, sizeof(*registry));
	char *copy = strdup(folder);
	if (registry == NULL || copy == NULL || sodium_init() < 0) {
		free(registry);
		free(copy);
		return NULL;
	}
	registry->folder = copy;
	memcpy(registry->secret, secret, REGISTRY_SECRET_BYTES);
	randombytes_buf(registry->seed, sizeof(registry->seed));
	return registry;
}

void registry_destroy(struct registry *registry) {
	if (registry != NULL) {
		accounts_close(registry->accounts);
		free(registry->folder);
		sodium_memzero(registry, sizeof(*registry));
		free(registry);
	}
}

/* ---- accounts.db ---- */

/* STORE_NONE: nobody is registered yet, and none is to be made. */
static enum store_error open_accounts(struct registry *registry, bool is_to_make) {
	char why[STORE_WHY_BYTES];
	if (registry->accounts != NULL) {
		return STORE_OK;
	}
	enum store_error error =
		accounts_open(&registry->accounts, registry->folder, is_to_make, why);
	if (error != STORE_OK && error != STORE_NONE) {
		diag("%s", why);
	}
	return error;
}

/* Failures are said; after one the file is opened anew, since it may have been mended. */
static enum account_word failed(struct registry *registry) {
	if (registry->accounts != NULL) {
		diag("%s", accounts_why(registry->accounts));
		accounts_close(registry->accounts);
		registry->accounts = NULL;
	}
	return ACCOUNT_FAILED;
}

/* ---- who is meant ---- */

static struct slice name_of(const struct asked *asked) {
	return slice_of(asked->question->name, asked->question->name_size);
}

static struct slice password_of(const struct asked *asked) {
	return slice_of(asked->question->password, asked->question->password_size);
}

static enum account_word find(struct asked *asked) {
	asked->is_known = false;
	if (name_key(name_of(asked), &asked->key) != NAME_OK) {
		return ACCOUNT_BAD_NAME;
	}
	enum store_error error = open_accounts(asked->registry, false);
	if (error == STORE_OK) {
		error = accounts_find(asked->registry->accounts, &asked->key, &asked->account);
	}
	asked->is_known = error == STORE_OK;
	return error == STORE_OK || error == STORE_NONE ? ACCOUNT_OK : failed(asked->registry);
}

static enum account_word tell(const struct asked *asked) {
	struct account_answer *answer = asked->answer;
	const struct account *account = &asked->account;
	answer->id = account->id;
	answer->created_us = account->created_us;
	answer->flags = account->flags;
	answer->name_size = (uint16_t)account->name_size;
	memcpy(answer->name, account->name, account->name_size);
	return ACCOUNT_OK;
}

/* Was this very change made before? Then it is answered as it was. */
static enum account_word look_for_deed(struct asked *asked, bool *is_done) {
	*is_done = false;
	enum store_error error = open_accounts(asked->registry, false);
	if (error == STORE_NONE) {
		return ACCOUNT_OK;
	}
	if (error == STORE_OK) {
		error = accounts_is_done(asked->registry->accounts, asked->question->nonce,
		                         is_done);
	}
	return error == STORE_OK ? ACCOUNT_OK : failed(asked->registry);
}

/* ---- guessing ---- */

static uint64_t number_of(const struct registry *registry, const void *bytes, size_t size) {
	uint64_t number;
	crypto_shorthash((unsigned char *)&number, bytes, size, registry->seed);
	return number == 0 ? 1 : number;
}

/* What is guessed at, by itself and from where. */
static void count_guesses_at(struct asked *asked, const void *bytes, size_t size, bool of_all_too) {
	if (asked->is_console) {
		return;
	}
	const uint64_t both[2] = {number_of(asked->registry, bytes, size), asked->question->origin};
	asked->guess_of_all = of_all_too ? both[0] : 0;
	asked->guess = number_of(asked->registry, both, sizeof(both));
}

static bool must_wait(struct asked *asked) {
	const struct guesses *guesses = &asked->registry->guesses;
	uint64_t now_us = asked->now.steady_us;
	uint32_t wait_s = 0, of_all_s = 0;
	if (asked->guess != 0) {
		wait_s = guesses_wait_s(guesses, asked->guess, FREE_MISTAKES, now_us);
	}
	if (asked->guess_of_all != 0) {
		of_all_s =
			guesses_wait_s(guesses, asked->guess_of_all, FREE_MISTAKES_OF_ALL, now_us);
	}
	asked->answer->wait_s = wait_s > of_all_s ? wait_s : of_all_s;
	return asked->answer->wait_s > 0;
}

static enum account_word missed(struct asked *asked) {
	if (asked->guess != 0) {
		guesses_missed(&asked->registry->guesses, asked->guess, asked->now.steady_us);
	}
	if (asked->guess_of_all != 0) {
		guesses_missed(&asked->registry->guesses, asked->guess_of_all,
		               asked->now.steady_us);
	}
	return ACCOUNT_WRONG;
}

static void forgive(struct asked *asked) {
	if (asked->guess != 0) {
		guesses_forgive(&asked->registry->guesses, asked->guess);
	}
}

/* ---- passwords ---- */

/* Who is not registered costs the same time as who is. */
static const char *hash_of_nobody(struct registry *registry) {
	if (registry->hash_of_nobody[0] == '\0') {
		struct password password = {.size = 16};
		randombytes_buf(password.bytes, password.size);
		(void)password_hash(&password, registry->hash_of_nobody);
	}
	return registry->hash_of_nobody;
}

/* Who comes from another server has SCRAM's keys alone, and they say it too. */
static bool is_of_keys(const struct password *password, const struct account *account) {
	uint8_t stored[ACCOUNT_KEY_BYTES], server[ACCOUNT_KEY_BYTES];
	password_keys(password, account->salt, account->iterations, stored, server);
	return sodium_memcmp(stored, account->stored, sizeof(stored)) == 0;
}

static enum account_word is_right(struct asked *asked) {
	struct password password;
	const char *hash = asked->is_known ? asked->account.hash : hash_of_nobody(asked->registry);
	(void)password_prepare(password_of(asked), &password);
	errno = 0;
	bool is_right = strcmp(hash, ACCOUNTS_NO_HASH) == 0
	                        ? is_of_keys(&password, &asked->account)
	                        : password_is(slice_of(password.bytes, password.size), hash);
	bool is_out_of_memory = !is_right && errno == ENOMEM;
	sodium_memzero(&password, sizeof(password));
	if (is_out_of_memory) {
		diag("a password could not be looked at: no memory is left");
		return ACCOUNT_FAILED;
	}
	if (!is_right || !asked->is_known) {
		return missed(asked);
	}
	forgive(asked);
	return ACCOUNT_OK;
}

static enum account_word make_keys(struct slice given, struct account *account) {
	struct password password;
	enum account_word word = password_prepare(given, &password);
	if (word == ACCOUNT_OK && !password_hash(&password, account->hash)) {
		diag("a password could not be hashed: no memory is left");
		word = ACCOUNT_FAILED;
	}
	if (word == ACCOUNT_OK) {
		account->iterations = PASSWORD_ITERATIONS;
		randombytes_buf(account->salt, sizeof(account->salt));
		password_keys(&password, account->salt, account->iterations, account->stored,
		              account->server);
	}
	sodium_memzero(&password, sizeof(password));
	return word;
}

/* ---- questions ---- */

/* Where it counts: what comes from this machine may be anybody's, and the console is nobody's network. */
static uint64_t counted_origin(const struct asked *asked) {
	return asked->is_console || asked->question->is_near ? 0 : asked->question->origin;
}

/* Have there been too many from there? wait_s says for how long. */
static enum account_word may_register(struct asked *asked) {
	uint64_t origin = counted_origin(asked), count = 0, first_us = 0;
	uint64_t now_us = asked->now.wall_us;
	uint64_t within_us = (uint64_t)asked->now.registrations_s * SECOND_US;
	if (origin == 0 || asked->now.registrations_max == 0) {
		return ACCOUNT_OK;
	}
	enum store_error error = open_accounts(asked->registry, false);
	if (error == STORE_OK) {
		error = accounts_added_from(asked->registry->accounts, origin,
		                            now_us > within_us ? now_us - within_us : 0, &count,
		                            &first_us);
	}
	if (error != STORE_OK && error != STORE_NONE) {
		return failed(asked->registry);
	}
	if (count < asked->now.registrations_max) {
		return ACCOUNT_OK;
	}
	uint64_t until_us = first_us + within_us;
	asked->answer->wait_s =
		until_us > now_us ? (uint32_t)((until_us - now_us) / SECOND_US) + 1 : 1;
	return ACCOUNT_TOO_MANY;
}

/*
 * Does the name look like one that was registered just now? Who asks has looked for older ones in its
 * state, which may not have these yet: of two who ask at once, one gets it.
 */
static enum account_word looks_like_new(struct asked *asked) {
	struct account account;
	struct accounts *accounts = asked->registry->accounts;
	uint64_t last;
	if (asked->is_console) {
		return ACCOUNT_OK;
	}
	if (accounts_last(accounts, &last) != STORE_OK) {
		return failed(asked->registry);
	}
	enum store_error error;
	uint64_t after = last > LATELY ? last - LATELY : 0;
	while ((error = accounts_next(accounts, after, &account)) == STORE_OK) {
		after = account.id;
		if (name_looks_like(name_of(asked), slice_of(account.name, account.name_size))) {
			return ACCOUNT_LOOKS_LIKE;
		}
	}
	return error == STORE_NONE ? ACCOUNT_OK : failed(asked->registry);
}

static enum account_word add(struct asked *asked, bool *is_change) {
	struct registry *registry = asked->registry;
	struct account *account = &asked->account;
	uint64_t count;
	*account = (struct account){.key = asked->key, .name_size = asked->question->name_size};
	memcpy(account->name, asked->question->name, account->name_size);
	enum account_word word = make_keys(password_of(asked), account);
	if (word != ACCOUNT_OK) {
		return word;
	}
	if (open_accounts(registry, true) != STORE_OK ||
	    accounts_count(registry->accounts, &count) != STORE_OK) {
		return failed(registry);
	}
	if (count >= ACCOUNTS_MAX) {
		return ACCOUNT_FULL;
	}
	word = looks_like_new(asked);
	if (word != ACCOUNT_OK) {
		return word;
	}
	if (accounts_add(registry->accounts, account, asked->question->nonce, asked->now.wall_us,
	                 counted_origin(asked)) != STORE_OK) {
		return failed(registry);
	}
	*is_change = true;
	return tell(asked);
}

static enum account_word on_register(struct asked *asked, bool *is_change) {
	bool is_done;
	if (name_check(name_of(asked)) != NAME_OK || name_has_separator(name_of(asked))) {
		return ACCOUNT_BAD_NAME;
	}
	if (!asked->is_console && name_mixes_scripts(name_of(asked))) {
		return ACCOUNT_MIXED;
	}
	enum account_word word = look_for_deed(asked, &is_done);
	if (word == ACCOUNT_OK) {
		word = find(asked);
	}
	if (word != ACCOUNT_OK) {
		return word;
	}
	if (asked->is_known) {
		return is_done ? tell(asked) : ACCOUNT_TAKEN;
	}
	word = may_register(asked);
	return word == ACCOUNT_OK ? add(asked, is_change) : word;
}

static enum account_word on_verify(struct asked *asked) {
	enum account_word word = find(asked);
	if (word != ACCOUNT_OK) {
		return word == ACCOUNT_BAD_NAME ? ACCOUNT_WRONG : word;
	}
	count_guesses_at(asked, asked->key.bytes, asked->key.size, true);
	if (must_wait(asked)) {
		return ACCOUNT_TOO_SOON;
	}
	word = is_right(asked);
	return word == ACCOUNT_OK ? tell(asked) : word;
}

/* What a name that nobody has would have, the same each time: nobody learns which names there are. */
static void invent_keys(const struct asked *asked, const void *name, size_t size) {
	struct account_answer *answer = asked->answer;
	uint8_t bytes[ACCOUNT_SALT_BYTES + ACCOUNT_KEY_BYTES];
	crypto_generichash(bytes, sizeof(bytes), name, size, asked->registry->secret,
	                   sizeof(asked->registry->secret));
	/* No password leads to them. */
	memcpy(answer->salt, bytes, sizeof(answer->salt));
	memcpy(answer->stored, bytes + ACCOUNT_SALT_BYTES, sizeof(answer->stored));
	crypto_generichash(answer->server, sizeof(answer->server), answer->stored,
	                   sizeof(answer->stored), asked->registry->secret,
	                   sizeof(asked->registry->secret));
	answer->iterations = PASSWORD_ITERATIONS;
}

static enum account_word on_keys(struct asked *asked) {
	struct account_answer *answer = asked->answer;
	enum account_word word = find(asked);
	if (word == ACCOUNT_BAD_NAME) {
		invent_keys(asked, asked->question->name, asked->question->name_size);
		return ACCOUNT_OK;
	}
	if (word != ACCOUNT_OK) {
		return word;
	}
	count_guesses_at(asked, asked->key.bytes, asked->key.size, true);
	if (must_wait(asked)) {
		return ACCOUNT_TOO_SOON;
	}
	if (!asked->is_known) {
		invent_keys(asked, asked->key.bytes, asked->key.size);
		return ACCOUNT_OK;
	}
	answer->iterations = asked->account.iterations;
	memcpy(answer->salt, asked->account.salt, sizeof(answer->salt));
	memcpy(answer->stored, asked->account.stored, sizeof(answer->stored));
	memcpy(answer->server, asked->account.server, sizeof(answer->server));
	return tell(asked);
}

static enum account_word on_missed(struct asked *asked) {
	if (name_key(name_of(asked), &asked->key) == NAME_OK) {
		count_guesses_at(asked, asked->key.bytes, asked->key.size, true);
		(void)missed(asked);
	}
	return ACCOUNT_OK;
}

/* May who asks change the account? Its password says so; the console may without one. */
static enum account_word may_change(struct asked *asked, bool *is_done) {
	enum account_word word = look_for_deed(asked, is_done);
	if (word != ACCOUNT_OK) {
		return word;
	}
	if (*is_done) {
		word = find(asked);
		return asked->is_known ? tell(asked) : word;
	}
	if (!asked->is_console) {
		return on_verify(asked);
	}
	word = find(asked);
	if (word == ACCOUNT_OK && !asked->is_known) {
		return ACCOUNT_UNKNOWN;
	}
	return word;
}

static enum account_word on_password(struct asked *asked) {
	const struct account_question *question = asked->question;
	bool is_done;
	enum account_word word = may_change(asked, &is_done);
	if (word != ACCOUNT_OK || is_done) {
		return word;
	}
	word = make_keys(slice_of(question->new_password, question->new_password_size),
	                 &asked->account);
	if (word != ACCOUNT_OK) {
		return word;
	}
	if (accounts_set_password(asked->registry->accounts, &asked->account, question->nonce,
	                          asked->now.wall_us) != STORE_OK) {
		return failed(asked->registry);
	}
	return tell(asked);
}

static enum account_word on_drop(struct asked *asked, bool *is_change) {
	bool is_done;
	enum account_word word = may_change(asked, &is_done);
	if (word != ACCOUNT_OK || is_done) {
		return word;
	}
	if (accounts_drop(asked->registry->accounts, asked->account.id, asked->question->nonce,
	                  asked->now.wall_us) != STORE_OK) {
		return failed(asked->registry);
	}
	*is_change = true;
	return tell(asked);
}

/* As it was typed, for lines that another program has made; else prepared, as ours do. */
static bool is_password_of(struct slice typed, const char *hash) {
	struct password password;
	bool is_right = password_is(typed, hash);
	(void)password_prepare(typed, &password);
	struct slice prepared = slice_of(password.bytes, password.size);
	if (!is_right && prepared.size > 0 && !slice_equal(prepared, typed)) {
		is_right = password_is(prepared, hash);
	}
	sodium_memzero(&password, sizeof(password));
	return is_right;
}

static enum account_word verify_secret(struct asked *asked, const char *hash) {
	/* The first byte of no account's name: what is guessed at is another thing. */
	char guessed[1 + NAME_KEY_BYTES_MAX] = {'\n'};
	struct slice name = name_of(asked);
	if (name.size > 0 && name_key(name, &asked->key) == NAME_OK) {
		name = slice_of(asked->key.bytes, asked->key.size);
	}
	if (name.size > 0) {
		memcpy(guessed + 1, name.bytes, name.size);
	}
	count_guesses_at(asked, guessed, 1 + name.size, false);
	if (must_wait(asked)) {
		return ACCOUNT_TOO_SOON;
	}
	const char *line = hash != NULL ? hash : hash_of_nobody(asked->registry);
	if (!is_password_of(password_of(asked), line) || hash == NULL) {
		return missed(asked);
	}
	forgive(asked);
	return ACCOUNT_OK;
}

void registry_verify_secret(struct registry *registry, const struct account_question *question,
                            const char *hash, struct registry_now now,
                            struct account_answer *answer) {
	struct asked asked = {
		.registry = registry, .question = question, .now = now, .answer = answer};
	*answer = (struct account_answer){0};
	assert(registry_can_answer(question));
	answer->word = verify_secret(&asked, hash);
}

bool registry_can_answer(const struct account_question *question) {
	return question->name_size <= sizeof(question->name) &&
	       question->password_size <= sizeof(question->password) &&
	       question->new_password_size <= sizeof(question->new_password);
}

void registry_answer(struct registry *registry, enum clerk_what what,
                     const struct account_question *question, bool is_console,
                     struct registry_now now, struct account_answer *answer, bool *is_change) {
	struct asked asked = {.registry = registry,
	                      .question = question,
	                      .is_console = is_console,
	                      .now = now,
	                      .answer = answer};
	*answer = (struct account_answer){0};
	*is_change = false;
	assert(registry_can_answer(question));
	switch (what) {
	case CLERK_ACCOUNT_REGISTER: answer->word = on_register(&asked, is_change); break;
	case CLERK_ACCOUNT_VERIFY: answer->word = on_verify(&asked); break;
	case CLERK_ACCOUNT_KEYS: answer->word = on_keys(&asked); break;
	case CLERK_ACCOUNT_MISSED: answer->word = on_missed(&asked); break;
	case CLERK_ACCOUNT_PASSWORD: answer->word = on_password(&asked); break;
	case CLERK_ACCOUNT_DROP: answer->word = on_drop(&asked, is_change); break;
	default: answer->word = ACCOUNT_FAILED; break;
	}
	sodium_memzero(&asked.account, sizeof(asked.account));
}

long registry_list(struct registry *registry, uint64_t after, struct account_answer *answers,
                   size_t most) {
	struct asked asked = {.registry = registry};
	enum store_error error = open_accounts(registry, false);
	size_t count = 0;
	while (error == STORE_OK && count < most) {
		error = accounts_next(registry->accounts, after, &asked.account);
		if (error == STORE_OK) {
			answers[count] = (struct account_answer){.word = ACCOUNT_OK};
			asked.answer = &answers[count++];
			(void)tell(&asked);
			after = asked.account.id;
		}
	}
	sodium_memzero(&asked.account, sizeof(asked.account));
	if (error != STORE_OK && error != STORE_NONE) {
		(void)failed(registry);
		return -1;
	}
	return (long)count;
}
