/* irc_metadata.h - what metadata.c, metadata_tell.c and those who lead into them share. */
#ifndef IRC_METADATA_H
#define IRC_METADATA_H

#include "irc_inside.h"

/* Keys that a connection may subscribe to. */
#define METADATA_SUBS_MAX 32

/* Of a connection that has subscribed to some; all of an edge are in a list. */
struct irc_subs {
	struct irc_subs *before, *after;
	struct connection connection;
	char *keys; /* "key key " in the order in which they came */
	size_t size;
	unsigned count;
};

/* Whose metadata it is; both 0: there is no such. */
struct irc_owner {
	uint64_t room, person;
	struct slice name;
};
/* "*" is oneself. */
struct irc_owner irc_owner_of(const struct irc *irc, struct slice typed);

/* ---- metadata.c ---- */

bool irc_is_metadata_aware(const struct irc *irc);
/* Takes the next of keys with blanks between them. */
bool irc_next_key(struct slice *keys, struct slice *key);
bool irc_is_key_among(struct slice keys, struct slice key);
/* Its keys, but for the first `from` bytes of them. */
struct slice irc_subscribed(const struct irc_user *user, size_t from);

/* ---- metadata_tell.c ---- */

/* 761, or 766 if the value is empty. */
void irc_say_metadata(struct irc *irc, struct slice name, struct slice key, struct slice value);
/* A room's: by its members, and the server's operators. */
bool irc_reads_room(const struct irc *irc, uint64_t room);
/* All of it, in a batch. */
void irc_list_metadata(struct irc *irc, const struct irc_owner *owner);
/*
 * What one has subscribed to (but for the first `from` bytes of keys), in a batch: of one owner, of a
 * room's members with it, or, NULL, of all that one sees.
 */
void irc_sync_metadata(struct irc *irc, const struct irc_owner *owner, size_t from);
/* The same for keys that are new: now, or, as long as one sees nothing, later. */
void irc_metadata_subscribed(struct irc *irc, size_t from);

#endif
