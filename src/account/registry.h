/*
 * registry.h - the answers to questions about accounts (accountwire.h): the
 * one place that knows what a name and its password are good for. The clerk's
 * worker asks it, and `qun admin` where no server runs.
 *
 * accounts.db is opened when it is first needed and made with the first
 * account. For one thread at a time; slow where passwords are (password.h).
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accountwire.h"
#include "clerkwire.h"

/* The size of the secret that invented keys follow from. */
#define REGISTRY_SECRET_BYTES 32

struct registry;

/*
 * Of the accounts.db in `folder`. Invented keys are the same as long as the secret is. NULL if no
 * memory is left.
 */
struct registry *registry_create(const char *folder,
                                 const uint8_t secret[static REGISTRY_SECRET_BYTES]);
void registry_destroy(struct registry *registry);

/* The times of both clocks (clock.h); and how many accounts a network may register within so many seconds. */
struct registry_now {
	uint64_t wall_us, steady_us;
	uint32_t registrations_max; /* 0: as many as it likes */
	uint32_t registrations_s;
};

/* Are its sizes those of its fields? Of one that came from another process. */
bool registry_can_answer(const struct account_question *question);

/*
 * Answers anything but CLERK_ACCOUNT_LIST and CLERK_ACCOUNT_VERIFY_SECRET. Whose question it is decides what is allowed: the console
 * may do without passwords. *is_change tells whether an account was made or dropped just now.
 */
void registry_answer(struct registry *registry, enum clerk_what what,
                     const struct account_question *question, bool is_console,
                     struct registry_now now, struct account_answer *answer, bool *is_change);

/*
 * CLERK_ACCOUNT_VERIFY_SECRET: is the password that of the line `hash` (password.h)? NULL: nobody has that
 * name, which takes as long to find out as that a password is wrong.
 */
void registry_verify_secret(struct registry *registry, const struct account_question *question,
                            const char *hash, struct registry_now now,
                            struct account_answer *answer);

/* CLERK_ACCOUNT_LIST: how many there are in `answers`, of which `most` have room. -1: it failed, said with diag. */
long registry_list(struct registry *registry, uint64_t after, struct account_answer *answers,
                   size_t most);

#endif
