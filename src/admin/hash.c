#include "hash.h"

#include <sodium.h>
#include <stdio.h>

#include "account_task.h"
#include "admin.h"
#include "diag.h"
#include "password.h"

int hash_print(enum language language, const char *given) {
	struct password password;
	char hash[ACCOUNT_HASH_BYTES];
	if (sodium_init() < 0) {
		diag_exit(EXIT_TRY_AGAIN, "no random numbers to be had");
	}
	enum account_word word = password_prepare(slice_from_string(given), &password);
	if (word == ACCOUNT_OK && !password_hash(&password, hash)) {
		diag_exit(EXIT_TRY_AGAIN, "no memory is left to hash a password");
	}
	sodium_memzero(&password, sizeof(password));
	if (word != ACCOUNT_OK) {
		fprintf(stderr, "qun admin: %s\n", account_sentence(language, word));
		return ADMIN_REFUSED;
	}
	printf("%s\n", hash);
	return EXIT_DONE;
}
