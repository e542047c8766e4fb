/*
 * irc_mask.h - masks: "nick!user@host" with '*' for any bytes and '?' for any
 * one character, as bans and WHO use them.
 *
 * Nicks and accounts are compared as names are (name.h: case, width,
 * composition), so a mask is folded once, when it is set, and what it is held
 * against is folded as well. Matching takes time in proportion to the two
 * lengths multiplied at worst, and both are bounded; it never backtracks
 * further than the last '*'.
 */
#ifndef IRC_MASK_H
#define IRC_MASK_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

/* The longest mask that is kept, folded: a name's key, a user, a host, and what stands between. */
#define IRC_MASK_BYTES_MAX 384

/*
 * What was typed, made whole: "小明" is "小明!*@*", "*@host" is "*!*@host",
 * "a!b" is "a!b@*". Into `out`; returns its size, 0 if it does not fit or holds
 * a blank or a control.
 */
size_t irc_mask_complete(struct slice typed, char *out, size_t out_size);

/*
 * Case, width and composition folded; '*' and '?' stay what they are. Returns
 * the size, 0 if it does not fit or is not UTF-8.
 */
size_t irc_mask_fold(struct slice text, char *out, size_t out_size);

/* Both folded. '?' stands for one code point. */
bool irc_mask_matches(struct slice mask, struct slice text);

/* ---- of a room's lists ---- */

/*
 * These have extended ones as well: "a:NAME" fits who is signed in to an account that is called so
 * ('*' and '?' as everywhere), and "m:MASK", which may be "m:a:NAME", is about speaking alone.
 */
struct irc_room_mask {
	struct slice pattern; /* of a name, or of "nick!user@host" */
	bool is_of_account;
	bool is_of_speech;
};
struct irc_room_mask irc_room_mask_of(struct slice whole);

/* What was typed, made whole, as irc_mask_complete() does. An account's pattern has neither '!' nor '@'. */
size_t irc_room_mask_complete(struct slice typed, char *out, size_t out_size);

/* ISUPPORT's EXTBAN: no prefix, and these. */
#define IRC_EXTENDED_BANS ",am"

#endif
