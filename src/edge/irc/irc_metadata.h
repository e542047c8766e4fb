/* irc_metadata.h - what the files of METADATA share. */
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

/* What somebody sets before it is in (before-connect); gone when that has been asked for. */
struct irc_early {
	unsigned count;
	bool clears; /* first, all that there is */
	struct irc_early_datum {
		uint16_t key_size, value_size; /* a value of 0: taken away */
		char key[METADATA_KEY_BYTES_MAX], value[METADATA_VALUE_BYTES_MAX];
	} data[METADATA_KEYS_MAX];
};

/* ---- metadata.c ---- */

bool irc_is_metadata_aware(const struct irc *irc);
void irc_warn_of_key(struct irc *irc, struct slice key);
/* LIMIT_REACHED: it has as many keys as it may. */
void irc_metadata_is_full(struct irc *irc, struct slice target, uint64_t most);

/* ---- metadata_early.c ---- */

/* Of oneself, while one is not in: what one will have; else what the state has. */
struct slice irc_metadata_of(const struct irc *irc, const struct irc_owner *owner,
                             struct slice key);
/* What one will have; and whether that says it all about a key, whatever the state has. */
void irc_say_early(struct irc *irc, const struct irc_owner *owner);
bool irc_is_early(const struct irc *irc, const struct irc_owner *owner, struct slice key);
/* Without a key: CLEAR. It is answered. */
void irc_set_early(struct irc *irc, struct slice key, struct slice value);

/* ---- metadata_subs.c ---- */

/* The keys that a line names, from its third parameter on: more than fit stand in the last one. */
struct irc_keys {
	const struct irc_message *message;
	size_t at;
	struct slice rest;
};
struct irc_keys irc_keys_in(const struct irc *irc);
bool irc_next_named(struct irc_keys *keys, struct slice *key);
void irc_metadata_sub(struct irc *irc, struct slice self);
void irc_metadata_unsub(struct irc *irc, struct slice self);
void irc_metadata_subs(struct irc *irc, struct slice self);
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
