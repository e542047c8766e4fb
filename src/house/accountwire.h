/*
 * accountwire.h - what the clerk is asked about accounts, and its answers: the
 * text of a CLERK_ACCOUNT_* question (clerkwire.h) is one struct
 * account_question, what follows the head of its answer are `count` of struct
 * account_answer: one, or for CLERK_ACCOUNT_LIST as many as there are.
 *
 * Which of a question's fields are looked at:
 *
 *   REGISTER      name, password, nonce,        OK, TAKEN, BAD_NAME, MIXED (alike.h; the console
 *                 origin, is_near               may all the same), WEAK, BAD_PASSWORD, FULL, TOO_MANY
 *   VERIFY        name, password, origin        OK, WRONG (an unknown name too), TOO_SOON
 *   KEYS          name, origin                  OK with salt, iterations, stored, server (of an
 *                                               unknown name invented ones, the same each
 *                                               time), TOO_SOON
 *   MISSED        name, origin                  OK: who asked for KEYS did not prove that it knows the password
 *   PASSWORD      name, password, new_password, as VERIFY, then WEAK, BAD_PASSWORD. The console
 *                 nonce, origin                 gives no password, and may hear UNKNOWN
 *   DROP          name, password, nonce, origin as VERIFY; the console gives no password, and
 *                                               may hear UNKNOWN
 *   LIST          the question's seq and count  OK each: the first `count` with an id above
 *                                               seq, by id; the console alone
 *   VERIFY_SECRET name, password, origin        OK, WRONG (an unknown name too), TOO_SOON; UNKNOWN: the
 *                                               file has no operators, or no password. The name
 *                                               is an operator's, as the file has it (OPER);
 *                                               none: the server's own password (PASS)
 *
 * Any may be answered with BUSY (too many wait: ask later) or FAILED (the disk; the reason went to diag).
 *
 * What changes something bears a nonce, never 0, of the asker's making, random: a
 * question that is repeated, by the same process or by its successor, does nothing
 * again and is answered OK. Answers come in any order.
 *
 * What VERIFY_SECRET is about stands in the configuration (config.h), which the clerk alone is told; it looks
 * there when it is asked.
 *
 * Guessing: each wrong password, for a name or the server, from an origin (a hash
 * of the network that the guess came from) is counted, and for an account from all origins
 * together; after a few the next must wait, longer each time (TOO_SOON, wait_s). The console's are not counted.
 *
 * Registrations are counted by origin as well, but not those from this machine (is_near: what is in
 * front of us comes from there) and not the console's; the count is in accounts.db and outlives everybody. Above what
 * the configuration allows: TOO_MANY, wait_s.
 *
 * Passwords are prepared before they are hashed or compared (RFC 4013: NFKC, no
 * controls), so whoever types 全角 or half-width, composed or not, has the same.
 */
#ifndef ACCOUNTWIRE_H
#define ACCOUNTWIRE_H

#include <stdint.h>

#include "limits.h"

/* Room for a phrase; what SASL PLAIN may carry (irc_sasl.h). Too short is too easy to guess. */
#define ACCOUNT_PASSWORD_CHARACTERS_MIN 8
#define ACCOUNT_PASSWORD_BYTES_MAX 300

/* As crypto_pwhash_str() makes it, with its NUL. */
#define ACCOUNT_HASH_BYTES 128

#define ACCOUNT_SALT_BYTES 16
#define ACCOUNT_KEY_BYTES 32

/* What is answered: name, word. */
#define ACCOUNT_WORDS(X)                                                                           \
	X(ACCOUNT_OK, "ok")                                                                        \
	X(ACCOUNT_TAKEN, "account-exists")                                                         \
	X(ACCOUNT_UNKNOWN, "no-such-account")                                                      \
	X(ACCOUNT_WRONG, "password-wrong")                                                         \
	X(ACCOUNT_TOO_SOON, "too-soon") /* wait_s: try again then */                               \
	X(ACCOUNT_BUSY, "busy")                                                                    \
	X(ACCOUNT_BAD_NAME, "name-invalid")         /* nobody may be called that */                \
	X(ACCOUNT_WEAK, "password-weak")            /* too short */                                \
	X(ACCOUNT_BAD_PASSWORD, "password-invalid") /* too long, not UTF-8, or with controls */    \
	X(ACCOUNT_FULL, "full")                     /* ACCOUNTS_MAX */                             \
	X(ACCOUNT_NOT_PERMITTED, "not-permitted")   /* the console's alone */                      \
	X(ACCOUNT_FAILED, "unavailable")                                                           \
	X(ACCOUNT_MIXED, "name-mixes-scripts") /* letters of alphabets that nobody mixes */        \
	X(ACCOUNT_LOOKS_LIKE,                                                                      \
	  "name-looks-like") /* a registered one: who asks looks for old ones */                   \
	X(ACCOUNT_TOO_MANY, "too-many-accounts") /* from there; wait_s: try again then */

#define ACCOUNT_WORD_ENUM(name, word) name,
enum account_word { ACCOUNT_WORDS(ACCOUNT_WORD_ENUM) ACCOUNT_WORDS_COUNT };
#undef ACCOUNT_WORD_ENUM

/* "account-exists"; never NULL. */
const char *account_word(uint32_t word);

struct account_question {
	uint64_t nonce;
	uint64_t origin;
	uint16_t name_size;
	uint16_t password_size;
	uint16_t new_password_size;
	uint16_t is_near; /* it comes from a loopback address */
	char name[NAME_BYTES_MAX];
	char password[ACCOUNT_PASSWORD_BYTES_MAX];
	char new_password[ACCOUNT_PASSWORD_BYTES_MAX];
};

struct account_answer {
	uint32_t word;   /* enum account_word */
	uint32_t wait_s; /* ACCOUNT_TOO_SOON, ACCOUNT_TOO_MANY */
	uint64_t id;     /* of the account: they count up, and none is given twice */
	uint64_t created_us;
	uint32_t flags; /* none is known yet */
	uint32_t iterations;
	uint8_t salt[ACCOUNT_SALT_BYTES];
	uint8_t stored[ACCOUNT_KEY_BYTES];
	uint8_t server[ACCOUNT_KEY_BYTES];
	uint16_t name_size;
	uint16_t unused[3];
	char name[NAME_BYTES_MAX]; /* as it was registered; nothing where the word is not OK */
};

_Static_assert(sizeof(struct account_question) == 720, "no padding that nobody wrote");
_Static_assert(sizeof(struct account_answer) == 216, "no padding that nobody wrote");

#endif
