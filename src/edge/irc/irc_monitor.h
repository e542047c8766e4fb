/* irc_monitor.h - names that connections watch: what watches.c keeps, and monitor.c tells. */
#ifndef IRC_MONITOR_H
#define IRC_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "name.h"
#include "record.h"
#include "slice.h"

/* Names that one connection may watch. */
#define IRC_MONITOR_MAX 100

/* One connection and one name: in the list of either. */
struct irc_watch {
	struct irc_watched *watched;
	struct irc_watch *before, *after; /* others who watch it */
	struct irc_watch *next;           /* what this one watches else */
	struct connection connection;
	uint8_t typed_size;
	char typed[NAME_BYTES_MAX];
};

struct irc_watched {
	struct irc_watched *next; /* in its bucket */
	struct irc_watch *watches;
	uint64_t hash;
	bool is_online; /* as all have been told */
	struct name_key key;
};

/* What one connection watches, oldest first. */
struct irc_monitor {
	struct irc_watch *first, *last;
	unsigned count;
};

/* All names that an edge's connections watch. */
struct irc_watches {
	struct irc_watched **buckets;
	size_t room, count; /* room: a power of two, or 0 */
	uint8_t seed[NAME_SEED_BYTES];
};

struct irc;

/* It begins, ends; nobody watches. */
void irc_watches_begin(struct irc *irc);
void irc_watches_end(struct irc *irc);
/* NULL: nobody watches that. */
struct irc_watched *irc_watched_named(const struct irc *irc, struct slice name);
/* To whom we are talking. False: there is no room for it. */
bool irc_watch(struct irc *irc, struct slice name);
void irc_unwatch(struct irc *irc, struct slice name);
/* NULL: it watches nobody (else). */
const struct irc_watch *irc_watch_first(const struct irc *irc);

static inline struct slice irc_watch_typed(const struct irc_watch *watch) {
	return slice_of(watch->typed, watch->typed_size);
}

#endif
