/*
 * plain_parse.h - a datagram of the plain dialect: bytes → request or refusal.
 *
 *   [line end] LETTER [' ' ARGUMENT] [line end]
 *
 * A line end is \n or \r\n; one before and one after are removed, every other
 * byte counts. Pure: no state, no clock, no memory. What needs to know who
 * asks (whether a name may be had, whether a text's first word is the
 * speaker's own name) is the hub's.
 */
#ifndef PLAIN_PARSE_H
#define PLAIN_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "limits.h"
#include "record.h"
#include "slice.h"

/* "C NAME TEXT" with the longest of both: what is longer is refused unread. */
#define PLAIN_ARGUMENT_BYTES_MAX (NAME_BYTES_MAX + 1 + TEXT_BYTES_MAX)
/* That with its letter and line ends: a buffer for datagrams need not be larger. */
#define PLAIN_REQUEST_BYTES_MAX (PLAIN_ARGUMENT_BYTES_MAX + 6)

struct plain_request {
	uint16_t kind;     /* REQUEST_ENTER ...; RECORD_NONE if it is refused: */
	uint16_t reason;   /* enum reason */
	struct slice name; /* these point into the datagram */
	struct slice text;
	uint64_t number;
};

/* `is_cut`: the datagram was longer than what is here of it. */
struct plain_request plain_parse(struct slice datagram, bool is_cut);

#endif
