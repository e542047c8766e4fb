/*
 * irc_cloak.h - what is shown as the host of somebody: a keyed hash of the
 * address (of an IPv6 address: of its first 64 bits), the same as long as the
 * data folder's key is. So it can be banned, and tells nobody where it is.
 */
#ifndef IRC_CLOAK_H
#define IRC_CLOAK_H

#include <stdint.h>

#include "address.h"
#include "options.h"

#define CLOAK_KEY_BYTES 32
#define CLOAK_BYTES_MAX 24 /* with its NUL */

void cloak_key(const uint8_t master[static MASTER_BYTES], uint8_t key[static CLOAK_KEY_BYTES]);
/* "6yqmx0c2w8kd9h4t.qun" */
void cloak_of(const uint8_t key[static CLOAK_KEY_BYTES], const struct address *address,
              char out[static CLOAK_BYTES_MAX]);
/* The network that guesses of passwords are counted for. Never 0. */
uint64_t cloak_origin(const uint8_t key[static CLOAK_KEY_BYTES], const struct address *address);

#endif
