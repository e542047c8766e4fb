/* irc_monitor.h - names that connections watch (monitor.c). */
#ifndef IRC_MONITOR_H
#define IRC_MONITOR_H

#include <stddef.h>
#include <stdint.h>

#include "name.h"

/* Names that one connection may watch. */
#define IRC_MONITOR_MAX 100

struct irc_monitor;
struct irc_watched;

/* All of an edge's. */
struct irc_watches {
	struct irc_watched **buckets;
	size_t room, count; /* room: a power of two, or 0 */
	uint8_t seed[NAME_SEED_BYTES];
};

#endif
