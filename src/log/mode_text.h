/*
 * mode_text.h - a room's modes as text: "+ov-k 小明 小红 *", change by change.
 *
 * This is how REQUEST_MODE has them (as typed: arguments may be missing, letters
 * unknown) and ENTRY_MODE (as they were done: all is there). Letters first, then
 * their arguments in order, one blank between; an argument has no blank in it.
 */
#ifndef MODE_TEXT_H
#define MODE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "slice.h"

struct mode_walk {
	struct slice letters;
	struct slice rest; /* the arguments that are left */
	bool is_minus;
};

enum mode_type {
	MODE_TYPE_UNKNOWN,
	MODE_TYPE_LIST,    /* b e I: a mask */
	MODE_TYPE_KEY,     /* k: a key; who takes it away need not know it */
	MODE_TYPE_LIMIT,   /* l: a number, to set it */
	MODE_TYPE_SLOW,    /* W: seconds, to set it */
	MODE_TYPE_FORWARD, /* f: another room, to set it */
	MODE_TYPE_FLAG,    /* i m n s t C M R */
	MODE_TYPE_OFFICE,  /* o v: a member */
};

struct mode_change {
	char letter;
	bool is_set;
	enum mode_type type;
	uint32_t bit;          /* a flag's ROOM_*, an office's MEMBER_* */
	struct slice argument; /* empty: there is none */
};

struct mode_walk mode_walk_of(struct slice text);
/* False at the end. */
bool mode_walk_next(struct mode_walk *walk, struct mode_change *change);

#endif
