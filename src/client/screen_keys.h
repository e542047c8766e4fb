/*
 * screen_keys.h - bytes from a terminal, as keys.
 *
 * Terminals say most keys as UTF-8 or one control byte, and the others as a
 * sequence that begins with ESC:
 *
 *   ESC [ A            up (B down, C right, D left, H home, F end); ESC O A too
 *   ESC [ 1 ; 5 C      the same with modifiers: 1 + shift 1, alt 2, ctrl 4
 *   ESC [ 5 ~          page up: 1 home, 3 delete, 4 end, 6 page down, 7 home, 8 end
 *   ESC O a … d, ESC [ a … d   rxvt's with ctrl, with shift
 *   ESC [ 200 ~ … ESC [ 201 ~  what was pasted
 *   ESC [ [ A … E      the Linux console's function keys
 *   ESC x              x with Alt (Meta)
 *
 * Any other sequence of that form is one unknown key; what is not UTF-8 is
 * dropped. A lone ESC is a key once nothing has followed it for a moment, which
 * only the caller's clock can tell: keys_patience_ms() and keys_give_up().
 */
#ifndef SCREEN_KEYS_H
#define SCREEN_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

/* Of one paste so much is kept, the rest is dropped; no message is as long by far. */
#define KEYS_PASTE_BYTES_MAX 65536
#define KEYS_BYTES_MAX 4096

enum press_kind {
	PRESS_POINT,   /* point: a character, typed (with Alt perhaps) */
	PRESS_CONTROL, /* point: '@' to '_', held with Ctrl (and Alt perhaps) */
	PRESS_ENTER,
	PRESS_TAB,
	PRESS_BACK_TAB,
	PRESS_BACKSPACE,
	PRESS_DELETE,
	PRESS_ESCAPE,
	PRESS_UP,
	PRESS_DOWN,
	PRESS_LEFT,
	PRESS_RIGHT,
	PRESS_HOME,
	PRESS_END,
	PRESS_PAGE_UP,
	PRESS_PAGE_DOWN,
	PRESS_PASTE, /* text: what was pasted, as it came */
	PRESS_UNKNOWN,
};

struct press {
	enum press_kind kind;
	bool is_alt, is_ctrl, is_shift; /* of a key that is no character */
	int32_t point;
	bool is_cut;       /* a paste that was longer than is kept */
	struct slice text; /* until the next call */
};

struct keys {
	size_t at, size;
	char bytes[KEYS_BYTES_MAX];
	bool is_pasting, is_paste_done, is_paste_cut;
	size_t paste_size, paste_capacity;
	char *paste;
};

void keys_finish(struct keys *keys); /* one that is all zeros is ready for use */

/* How many bytes it can take, always some after keys_next() has said false; and taking them. */
size_t keys_room(const struct keys *keys);
void keys_feed(struct keys *keys, struct slice bytes);

/* The next key; false: it wants more bytes. */
bool keys_next(struct keys *keys, struct press *press);

/* Is something begun that may be complete as it is? Then how long to wait for more; else -1. */
int keys_patience_ms(const struct keys *keys);
/* Nothing came: what was begun is a key as it is. False if nothing was begun. */
bool keys_give_up(struct keys *keys, struct press *press);

#endif
