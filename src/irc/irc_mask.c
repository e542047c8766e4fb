#include "irc_mask.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "utf8.h"

/* ---- what was typed ---- */

static bool is_typable(struct slice text) {
	for (size_t i = 0; i < text.size; i++) {
		if ((unsigned char)text.bytes[i] <= ' ' || text.bytes[i] == 0x7F) {
			return false;
		}
	}
	return text.size > 0;
}

struct growing {
	char *out;
	size_t size, room;
	bool is_full;
};

static void grow(struct growing *to, struct slice piece) {
	if (to->is_full || piece.size > to->room - to->size) {
		to->is_full = true;
	} else if (piece.size > 0) {
		memcpy(to->out + to->size, piece.bytes, piece.size);
		to->size += piece.size;
	}
}

static void grow_or_any(struct growing *to, struct slice piece) {
	grow(to, piece.size > 0 ? piece : slice_from_string("*"));
}

size_t irc_mask_complete(struct slice typed, char *out, size_t out_size) {
	struct growing to = {.out = out, .room = out_size};
	struct slice nick = slice_of(NULL, 0), user = nick, host = nick;
	if (!is_typable(typed)) {
		return 0;
	}
	const char *bang = memchr(typed.bytes, '!', typed.size);
	const char *at = memrchr(typed.bytes, '@', typed.size);
	if (at != NULL && bang != NULL && at < bang) {
		at = NULL;
	}
	size_t front = at == NULL ? typed.size : (size_t)(at - typed.bytes);
	host = at == NULL ? host : slice_from(typed, front + 1);
	if (bang != NULL) {
		size_t nick_size = (size_t)(bang - typed.bytes);
		nick = slice_first(typed, nick_size);
		user = slice_of(bang + 1, front - nick_size - 1);
	} else if (at != NULL) {
		user = slice_first(typed, front);
	} else {
		nick = typed;
	}
	grow_or_any(&to, nick);
	grow(&to, slice_from_string("!"));
	grow_or_any(&to, user);
	grow(&to, slice_from_string("@"));
	grow_or_any(&to, host);
	return to.is_full ? 0 : to.size;
}

/* ---- extended ones ---- */

static bool take_type(struct slice *text, char letter) {
	bool is_it = text->size >= 2 && text->bytes[0] == letter && text->bytes[1] == ':';
	*text = is_it ? slice_from(*text, 2) : *text;
	return is_it;
}

struct irc_room_mask irc_room_mask_of(struct slice whole) {
	struct irc_room_mask mask = {.is_of_speech = take_type(&whole, 'm')};
	mask.is_of_account = take_type(&whole, 'a');
	mask.pattern = whole;
	return mask;
}

size_t irc_room_mask_complete(struct slice typed, char *out, size_t out_size) {
	struct irc_room_mask mask = irc_room_mask_of(typed);
	struct growing to = {.out = out, .room = out_size};
	grow(&to, slice_first(typed, typed.size - mask.pattern.size));
	if (to.is_full || !is_typable(mask.pattern)) {
		return 0;
	}
	if (!mask.is_of_account) {
		size_t size = irc_mask_complete(mask.pattern, out + to.size, out_size - to.size);
		return size == 0 ? 0 : to.size + size;
	}
	if (memchr(mask.pattern.bytes, '!', mask.pattern.size) != NULL ||
	    memchr(mask.pattern.bytes, '@', mask.pattern.size) != NULL) {
		return 0;
	}
	grow(&to, mask.pattern);
	return to.is_full ? 0 : to.size;
}

/* ---- folding ---- */

size_t irc_mask_fold(struct slice text, char *out, size_t out_size) {
	utf8proc_uint8_t *folded = NULL;
	const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
	                                  UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
	if (text.size == 0 || !utf8_is_valid(text)) {
		return 0;
	}
	utf8proc_ssize_t size = utf8proc_map((const utf8proc_uint8_t *)text.bytes,
	                                     (utf8proc_ssize_t)text.size, &folded, options);
	if (size <= 0 || (size_t)size > out_size) {
		free(folded);
		return 0;
	}
	memcpy(out, folded, (size_t)size);
	free(folded);
	return (size_t)size;
}

/* ---- matching ---- */

static size_t character_bytes(struct slice text, size_t at) {
	size_t size = 1;
	while (at + size < text.size && ((unsigned char)text.bytes[at + size] & 0xC0) == 0x80) {
		size++;
	}
	return size;
}

/*
 * Greedy: where the rest does not fit, the last '*' takes one character more. What an
 * earlier '*' could take does not matter then: the last one can take it as well.
 */
bool irc_mask_matches(struct slice mask, struct slice text) {
	size_t m = 0, t = 0;
	size_t star = SIZE_MAX, star_t = 0;
	while (t < text.size) {
		if (m < mask.size && mask.bytes[m] == '*') {
			star = m++;
			star_t = t;
		} else if (m < mask.size && mask.bytes[m] == '?') {
			m++;
			t += character_bytes(text, t);
		} else if (m < mask.size && mask.bytes[m] == text.bytes[t]) {
			m++;
			t++;
		} else if (star != SIZE_MAX) {
			m = star + 1;
			star_t += character_bytes(text, star_t);
			t = star_t;
		} else {
			return false;
		}
	}
	while (m < mask.size && mask.bytes[m] == '*') {
		m++;
	}
	return m == mask.size;
}
