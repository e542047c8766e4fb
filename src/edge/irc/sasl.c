/* sasl.c - AUTHENTICATE: PLAIN and SCRAM-SHA-256. The clerk knows the passwords; here are only proofs. */
#include "irc_sasl.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "accountwire.h"
#include "irc_commands.h"
#include "irc_inside.h"
#include "irc_view.h"
#include "name.h"

#define NONCE_BYTES 18

enum mechanism { MECHANISM_NONE, MECHANISM_PLAIN, MECHANISM_SCRAM };

struct irc_sign_in {
	enum mechanism mechanism;
	struct sasl_message message;
	struct scram scram;
	size_t name_size;
	char name[NAME_BYTES_MAX];
};

void irc_sign_in_free(struct irc_user *user) {
	if (user->sign_in != NULL) {
		sodium_memzero(user->sign_in, sizeof(*user->sign_in));
		free(user->sign_in);
		user->sign_in = NULL;
	}
}

/* ---- what comes of it ---- */

static void say_logged_in(struct irc *irc, struct slice account) {
	char text[IRC_LINE_BYTES_MAX];
	const struct person *self = irc_self(irc);
	struct irc_line words = irc_line_at(text, sizeof(text));
	irc_begin_numeric(irc, RPL_LOGGEDIN);
	irc_put_text(&irc->at, " ");
	irc_put(&irc->at, irc_nick(irc));
	irc_put_text(&irc->at, "!");
	irc_put(&irc->at, self == NULL ? irc_word("*@*") : view_userhost(irc->edge->state, self));
	irc_put_text(&irc->at, " ");
	irc_put(&irc->at, account);
	irc_put_text(&words, "You are now logged in as ");
	irc_put(&words, account);
	irc_put_last(irc, irc_line_slice(&words));
	irc_end_line(irc);
}

bool irc_signed_in(struct irc *irc, struct slice account) {
	struct irc_door *door = irc->user->door;
	const struct person *self = door == NULL ? irc_self(irc) : NULL;
	if (door != NULL) {
		door->has_account = true;
		door->account_size = (uint8_t)account.size;
		memcpy(door->account, account.bytes, account.size);
	} else if (self != NULL && !name_equal(person_name(self), account)) {
		free(irc->user->account);
		irc->user->account = strndup(account.bytes, account.size);
	} else {
		struct record request = {.kind = REQUEST_PROFILE,
		                         .number = PROFILE_ACCOUNT,
		                         .bits = irc->user->bits | PERSON_HAS_ACCOUNT};
		if (!irc_request_now(irc, &request, account, false)) {
			return false;
		}
	}
	say_logged_in(irc, account);
	return true;
}

static void fail(struct irc *irc) {
	irc_numeric(irc, ERR_SASLFAIL, irc_nothing(), irc_nothing());
	irc_sign_in_free(irc->user);
}

static void succeed(struct irc *irc, struct slice account) {
	if (!irc_signed_in(irc, account)) {
		fail(irc);
		return;
	}
	irc_numeric(irc, RPL_SASLSUCCESS, irc_nothing(), irc_nothing());
	irc_sign_in_free(irc->user);
}

/* ---- the clerk ---- */

static bool ask_clerk(struct irc *irc, enum clerk_what what, struct slice name,
                      struct slice password, account_answered *answered) {
	return name.size > 0 && irc_ask_clerk(irc, what, name, password, answered);
}

static void on_verified(void *context, struct connection connection,
                        const struct account_answer *answer) {
	struct irc *irc = context;
	if (!irc_clerk_answered(irc, connection)) {
		return;
	}
	struct slice account = slice_of(answer->name, answer->name_size);
	if (answer->word == ACCOUNT_OK) {
		succeed(irc, account);
	} else {
		fail(irc);
	}
	irc_clerk_done(irc);
}

/* ---- PLAIN ---- */

static void on_plain(struct irc *irc, struct slice message) {
	struct sasl_plain plain;
	struct slice device;
	if (!sasl_read_plain(message, &plain)) {
		fail(irc);
		return;
	}
	struct slice name = irc_take_device(irc, plain.name);
	struct slice whose = irc_split_device(plain.authorization, &device);
	if ((whose.size > 0 && !slice_equal(whose, name)) ||
	    !ask_clerk(irc, CLERK_ACCOUNT_VERIFY, name, plain.password, on_verified)) {
		fail(irc);
		return;
	}
	sodium_memzero(&irc->user->sign_in->message, sizeof(irc->user->sign_in->message));
}

/* ---- SCRAM ---- */

static void challenge(struct irc *irc, const char *bytes, size_t size) {
	char text[sodium_base64_ENCODED_LEN(400, sodium_base64_VARIANT_ORIGINAL)];
	sodium_bin2base64(text, sizeof(text), (const unsigned char *)bytes, size,
	                  sodium_base64_VARIANT_ORIGINAL);
	irc->at = irc_line_at(irc->line, sizeof(irc->line));
	irc_put_text(&irc->at, "AUTHENTICATE ");
	irc_put_text(&irc->at, text);
	irc_end_line(irc);
}

static void on_keys(void *context, struct connection connection,
                    const struct account_answer *answer) {
	struct irc *irc = context;
	uint8_t random[NONCE_BYTES];
	char nonce[sodium_base64_ENCODED_LEN(NONCE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	struct scram_keys keys = {.iterations = answer->iterations};
	if (!irc_clerk_answered(irc, connection)) {
		return;
	}
	struct irc_sign_in *it = irc->user->sign_in;
	_Static_assert(sizeof(keys.salt) == sizeof(answer->salt), "the same salt");
	_Static_assert(sizeof(keys.stored) == sizeof(answer->stored), "the same keys");
	memcpy(keys.salt, answer->salt, sizeof(keys.salt));
	memcpy(keys.stored, answer->stored, sizeof(keys.stored));
	memcpy(keys.server, answer->server, sizeof(keys.server));
	randombytes_buf(random, sizeof(random));
	sodium_bin2base64(nonce, sizeof(nonce), random, sizeof(random),
	                  sodium_base64_VARIANT_ORIGINAL);
	if (answer->word == ACCOUNT_OK &&
	    scram_challenge(&it->scram, &keys, slice_from_string(nonce))) {
		challenge(irc, it->scram.challenge, it->scram.challenge_size);
		if (answer->name_size > 0) {
			it->name_size = answer->name_size;
			memcpy(it->name, answer->name, answer->name_size);
		}
	} else {
		fail(irc);
	}
	sodium_memzero(&keys, sizeof(keys));
	irc_clerk_done(irc);
}

/* Whoever did not prove it has guessed. */
static void on_missed(void *context, struct connection connection,
                      const struct account_answer *answer) {
	struct irc *irc = context;
	if (irc_clerk_answered(irc, connection)) {
		fail(irc);
		irc_clerk_done(irc);
	}
}

static void on_scram(struct irc *irc, struct slice message) {
	char last[64];
	size_t size = 0;
	struct irc_sign_in *it = irc->user->sign_in;
	struct slice device;
	struct slice name =
		irc_split_device(slice_of(it->scram.name, it->scram.name_size), &device);
	switch (it->scram.state) {
	case SCRAM_BEGIN:
		if (!scram_begin(&it->scram, message)) {
			fail(irc);
			return;
		}
		name = irc_take_device(irc, slice_of(it->scram.name, it->scram.name_size));
		if (!ask_clerk(irc, CLERK_ACCOUNT_KEYS, name, irc_nothing(), on_keys)) {
			fail(irc);
			return;
		}
		it->name_size = name.size < sizeof(it->name) ? name.size : sizeof(it->name);
		memcpy(it->name, name.bytes, it->name_size);
		return;
	case SCRAM_CHALLENGED:
		if (scram_finish(&it->scram, message, last, &size)) {
			challenge(irc, last, size);
		} else if (!ask_clerk(irc, CLERK_ACCOUNT_MISSED, name, irc_nothing(), on_missed)) {
			fail(irc);
		}
		return;
	case SCRAM_PROVEN: succeed(irc, slice_of(it->name, it->name_size)); return;
	case SCRAM_FAILED: fail(irc); return;
	}
}

/* ---- AUTHENTICATE ---- */

static void begin(struct irc *irc, struct slice word) {
	enum mechanism mechanism = irc_equal(word, "PLAIN")           ? MECHANISM_PLAIN
	                           : irc_equal(word, "SCRAM-SHA-256") ? MECHANISM_SCRAM
	                                                              : MECHANISM_NONE;
	if (slice_equal(word, irc_word("*"))) {
		irc_numeric(irc, ERR_SASLABORTED, irc_nothing(), irc_nothing());
		return;
	}
	if (mechanism == MECHANISM_NONE) {
		irc_numeric(irc, RPL_SASLMECHS, irc_word("PLAIN,SCRAM-SHA-256"), irc_nothing());
		irc_numeric(irc, ERR_SASLFAIL, irc_nothing(), irc_nothing());
		return;
	}
	if (mechanism == MECHANISM_PLAIN && !irc_takes_passwords(irc)) {
		irc_standard(irc, "FAIL", "AUTHENTICATE", "ENCRYPTION_NEEDED", irc_nothing(),
		             "Passwords are taken from this machine only; use SCRAM-SHA-256");
		irc_numeric(irc, ERR_SASLFAIL, irc_nothing(), irc_nothing());
		return;
	}
	irc->user->sign_in = calloc(1, sizeof(*irc->user->sign_in));
	if (irc->user->sign_in == NULL) {
		abort();
	}
	irc->user->sign_in->mechanism = mechanism;
	irc->at = irc_line_at(irc->line, sizeof(irc->line));
	irc_put_text(&irc->at, "AUTHENTICATE +");
	irc_end_line(irc);
}

static void take_message(struct irc *irc, struct irc_sign_in *it) {
	char bytes[SASL_MESSAGE_BYTES_MAX];
	size_t size = it->message.size;
	memcpy(bytes, it->message.bytes, size);
	sodium_memzero(&it->message, sizeof(it->message));
	if (it->mechanism == MECHANISM_PLAIN) {
		on_plain(irc, slice_of(bytes, size));
	} else {
		on_scram(irc, slice_of(bytes, size));
	}
	sodium_memzero(bytes, sizeof(bytes));
}

void irc_on_authenticate(struct irc *irc) {
	struct irc_user *user = irc->user;
	struct slice piece = irc_parameter(&irc->message, 0);
	bool has_account = user->door != NULL ? user->door->has_account
	                                      : (user->bits & PERSON_HAS_ACCOUNT) != 0;
	if (has_account) {
		irc_numeric(irc, ERR_SASLALREADY, irc_nothing(), irc_nothing());
		return;
	}
	if (user->sign_in == NULL) {
		begin(irc, piece);
		return;
	}
	switch (sasl_take_piece(&user->sign_in->message, piece)) {
	case SASL_MORE: return;
	case SASL_WHOLE: take_message(irc, user->sign_in); return;
	case SASL_ABORTED:
		irc_numeric(irc, ERR_SASLABORTED, irc_nothing(), irc_nothing());
		irc_sign_in_free(user);
		return;
	case SASL_TOO_LONG:
		irc_numeric(irc, ERR_SASLTOOLONG, irc_nothing(), irc_nothing());
		irc_sign_in_free(user);
		return;
	case SASL_NOT_BASE64: fail(irc); return;
	}
}
