/*
 * ergo_store.h - the file in which Ergo keeps its keys and values (buntdb): commands, one behind the
 * other, as RESP writes them.
 *
 *   *3 $3 set $5 KEYxx $7 VALUExx     each part on a line of its own, CR LF between
 *   *5 … ex SECONDS, or ae UNIX       the same, and it runs out
 *   *2 $3 del $5 KEYxx
 *   *1 $7 flushdb
 *
 * The last one of a key holds. What is cut off at the end was not complete when its server died.
 */
#ifndef ERGO_STORE_H
#define ERGO_STORE_H

#include <jansson.h>

#include "slice.h"

/* {key: value}, as it is at the end; what is not UTF-8 is left out. NULL: it is no such file. */
json_t *ergo_store_read(struct slice bytes);

#endif
