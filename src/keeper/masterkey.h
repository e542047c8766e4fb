/*
 * masterkey.h - the file `key` in the data folder: 32 random bytes, from which
 * the secrets of all sessions are made. Made at the first start, whole or not
 * at all; whoever can read it can speak as anybody, so it is its owner's alone.
 */
#ifndef MASTERKEY_H
#define MASTERKEY_H

#include "options.h"

/* Reads it; makes it if there is none. Exits with a sentence if it is not as it should be. */
void masterkey_take(int folder, uint8_t master[static MASTER_BYTES]);

#endif
