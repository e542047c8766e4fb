/*
 * sniff.h - which protocol a connection speaks, by its first bytes: one port
 * for all of them.
 *
 *   0x16            the first record of TLS
 *   "GET ", …       a method of HTTP, and the blank behind it
 *   anything else   IRC
 */
#ifndef SNIFF_H
#define SNIFF_H

#include "slice.h"

enum sniff {
	SNIFF_MORE, /* may still be either: a method's beginning */
	SNIFF_TLS,
	SNIFF_HTTP,
	SNIFF_IRC,
};

enum sniff sniff(struct slice bytes);

/* What is said to those whom nobody serves, before the connection is closed. */
struct slice sniff_refusal(enum sniff sniff);

#endif
