#include "screen_keys.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define ESCAPE '\033'
/* No sequence that anybody sends is longer. */
#define SEQUENCE_BYTES_MAX 32
#define PARAMETERS_MAX 4
/* A lone ESC; a terminal far away may send the rest of a sequence in another packet. */
#define ESCAPE_PATIENCE_MS 50
/* A paste whose end never comes. */
#define PASTE_PATIENCE_MS 2000

#define PASTE_BEGIN 200
static const struct slice paste_end = {.bytes = "\033[201~", .size = 6};

void keys_finish(struct keys *keys) {
	free(keys->paste);
	*keys = (struct keys){0};
}

size_t keys_room(const struct keys *keys) {
	return sizeof keys->bytes - (keys->size - keys->at);
}

void keys_feed(struct keys *keys, struct slice bytes) {
	assert(bytes.size <= keys_room(keys));
	keys->size -= keys->at;
	memmove(keys->bytes, keys->bytes + keys->at, keys->size);
	keys->at = 0;
	if (bytes.size > 0) {
		memcpy(keys->bytes + keys->size, bytes.bytes, bytes.size);
		keys->size += bytes.size;
	}
}

static struct slice rest_of(const struct keys *keys) {
	return slice_of(keys->bytes + keys->at, keys->size - keys->at);
}

/* ---- sequences ---- */

/* The bytes of a sequence, taken apart. */
struct sequence {
	size_t size; /* 0: it is not complete */
	char intro;  /* '[' or 'O' */
	char last;
	unsigned count;
	unsigned parameters[PARAMETERS_MAX];
};

/* `rest` begins with ESC [ or ESC O. */
static struct sequence read_sequence(struct slice rest) {
	struct sequence sequence = {.intro = rest.bytes[1]};
	size_t at = 2;
	bool is_linux = rest.size > 2 && sequence.intro == '[' && rest.bytes[2] == '[';
	if (is_linux) {
		at++; /* ESC [ [ A */
	}
	unsigned *parameter = &sequence.parameters[0];
	for (; at < rest.size && at < SEQUENCE_BYTES_MAX; at++) {
		unsigned char byte = (unsigned char)rest.bytes[at];
		if (byte >= '0' && byte <= '9') {
			*parameter = (*parameter * 10 + (byte - '0')) % 10000;
		} else if (byte == ';' && sequence.count + 1 < PARAMETERS_MAX) {
			parameter = &sequence.parameters[++sequence.count];
		} else if (byte < 0x20 || byte > 0x7E) {
			/* No part of a sequence: it ends here, unknown, and that byte is the next key's. */
			return (struct sequence){.size = at};
		} else if (byte >= 0x40 || byte == '$') {
			sequence.last = is_linux ? '\0' : (char)byte;
			sequence.size = at + 1;
			return sequence;
		}
	}
	if (at == SEQUENCE_BYTES_MAX) {
		return (struct sequence){.size = at};
	}
	return sequence;
}

static enum press_kind kind_of_number(unsigned number) {
	switch (number) {
	case 1:
	case 7: return PRESS_HOME;
	case 3: return PRESS_DELETE;
	case 4:
	case 8: return PRESS_END;
	case 5: return PRESS_PAGE_UP;
	case 6: return PRESS_PAGE_DOWN;
	default: return PRESS_UNKNOWN;
	}
}

static enum press_kind kind_of_letter(char letter) {
	switch (letter) {
	case 'A':
	case 'a': return PRESS_UP;
	case 'B':
	case 'b': return PRESS_DOWN;
	case 'C':
	case 'c': return PRESS_RIGHT;
	case 'D':
	case 'd': return PRESS_LEFT;
	case 'H': return PRESS_HOME;
	case 'F': return PRESS_END;
	case 'M': return PRESS_ENTER; /* the keypad's */
	case 'Z': return PRESS_BACK_TAB;
	default: return PRESS_UNKNOWN;
	}
}

static void set_modifiers(struct press *press, const struct sequence *sequence) {
	unsigned modifiers = sequence->count > 0 ? sequence->parameters[1] : 0;
	modifiers -= modifiers > 0;
	press->is_shift = modifiers & 1;
	press->is_alt = modifiers & 2;
	press->is_ctrl = modifiers & 4;
}

static struct press press_of(const struct sequence *sequence) {
	struct press press = {.kind = PRESS_UNKNOWN};
	set_modifiers(&press, sequence);
	switch (sequence->last) {
	case '~': press.kind = kind_of_number(sequence->parameters[0]); break;
	case '^': /* rxvt: with Ctrl */
		press.kind = kind_of_number(sequence->parameters[0]);
		press.is_ctrl = true;
		break;
	default:
		if (sequence->intro == '[' && sequence->last == 'M') {
			break; /* a mouse nobody asked for */
		}
		press.kind = kind_of_letter(sequence->last);
		press.is_ctrl |= sequence->intro == 'O' && sequence->last >= 'a';
		break;
	}
	return press;
}

/* ---- pastes ---- */

static void keep_pasted(struct keys *keys, struct slice bytes) {
	size_t room = KEYS_PASTE_BYTES_MAX - keys->paste_size;
	if (bytes.size > room) {
		bytes.size = room;
		keys->is_paste_cut = true;
	}
	if (keys->paste_size + bytes.size > keys->paste_capacity) {
		keys->paste_capacity = 2 * (keys->paste_size + bytes.size);
		keys->paste = realloc(keys->paste, keys->paste_capacity);
		assert(keys->paste != NULL);
	}
	if (bytes.size > 0) {
		memcpy(keys->paste + keys->paste_size, bytes.bytes, bytes.size);
		keys->paste_size += bytes.size;
	}
}

static void end_paste(struct keys *keys, struct press *press) {
	*press = (struct press){.kind = PRESS_PASTE,
	                        .is_cut = keys->is_paste_cut,
	                        .text = slice_of(keys->paste, keys->paste_size)};
	keys->is_pasting = false;
	keys->is_paste_done = true;
}

/* The bytes at its end that may be the beginning of the paste's end. */
static size_t begun_end(struct slice bytes) {
	size_t size = bytes.size < paste_end.size ? bytes.size : paste_end.size - 1;
	while (size > 0 && memcmp(bytes.bytes + bytes.size - size, paste_end.bytes, size) != 0) {
		size--;
	}
	return size;
}

static bool next_pasted(struct keys *keys, struct press *press) {
	struct slice rest = rest_of(keys);
	const char *end = rest.size == 0
	                          ? NULL
	                          : memmem(rest.bytes, rest.size, paste_end.bytes, paste_end.size);
	if (end == NULL) {
		size_t size = rest.size - begun_end(rest);
		keep_pasted(keys, slice_first(rest, size));
		keys->at += size;
		return false;
	}
	size_t size = (size_t)(end - rest.bytes);
	keep_pasted(keys, slice_first(rest, size));
	keys->at += size + paste_end.size;
	end_paste(keys, press);
	return true;
}

/* ---- keys ---- */

/* Of one byte. */
static struct press press_of_control(unsigned char byte) {
	switch (byte) {
	case '\r': return (struct press){.kind = PRESS_ENTER};
	case '\t': return (struct press){.kind = PRESS_TAB};
	case '\b':
	case 0x7F: return (struct press){.kind = PRESS_BACKSPACE};
	case ESCAPE: return (struct press){.kind = PRESS_ESCAPE};
	default: return (struct press){.kind = PRESS_CONTROL, .point = byte + '@'};
	}
}

/* May more bytes make a character of what is there? */
static bool is_cut_short(struct slice rest) {
	unsigned char first = (unsigned char)rest.bytes[0];
	size_t wanted = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1;
	int32_t point;
	return first <= 0xF4 && rest.size < wanted && utf8_decode(rest, &point) == rest.size;
}

/* A key that no sequence is needed for. Returns its size, 0 if it is not complete. */
static size_t read_plain(struct slice rest, struct press *press) {
	int32_t point;
	unsigned char first = (unsigned char)rest.bytes[0];
	if (first < 0x20 || first == 0x7F) {
		*press = press_of_control(first);
		return 1;
	}
	if (is_cut_short(rest)) {
		return 0;
	}
	size_t size = utf8_decode(rest, &point);
	*press = (struct press){.kind = PRESS_POINT, .point = point};
	if (point == UTF8_INVALID || (point >= 0x80 && point < 0xA0)) {
		press->kind = PRESS_UNKNOWN;
	}
	return size;
}

/* `rest` begins with ESC. */
static size_t read_escaped(struct keys *keys, struct slice rest, struct press *press) {
	if (rest.size == 1) {
		return 0;
	}
	char second = rest.bytes[1];
	if (second == ESCAPE) {
		*press = (struct press){.kind = PRESS_ESCAPE};
		return 1;
	}
	if (second != '[' && second != 'O') {
		size_t size = read_plain(slice_from(rest, 1), press);
		press->is_alt = true;
		return size == 0 ? 0 : size + 1;
	}
	struct sequence sequence = read_sequence(rest);
	if (sequence.size == 0) {
		return 0;
	}
	*press = press_of(&sequence);
	if (sequence.last == '~' && sequence.parameters[0] == PASTE_BEGIN) {
		keys->is_pasting = true;
		keys->is_paste_cut = false;
		keys->paste_size = 0;
	}
	return sequence.size;
}

bool keys_next(struct keys *keys, struct press *press) {
	if (keys->is_paste_done) {
		keys->is_paste_done = false;
		keys->paste_size = 0;
	}
	while (!keys->is_pasting) {
		struct slice rest = rest_of(keys);
		if (rest.size == 0) {
			return false;
		}
		size_t size = rest.bytes[0] == ESCAPE ? read_escaped(keys, rest, press)
		                                      : read_plain(rest, press);
		if (size == 0) {
			return false;
		}
		keys->at += size;
		if (!keys->is_pasting) {
			return true;
		}
	}
	return next_pasted(keys, press);
}

int keys_patience_ms(const struct keys *keys) {
	if (keys->is_pasting) {
		return PASTE_PATIENCE_MS;
	}
	return keys->size > keys->at ? ESCAPE_PATIENCE_MS : -1;
}

bool keys_give_up(struct keys *keys, struct press *press) {
	if (keys->is_pasting) {
		keep_pasted(keys, rest_of(keys));
		keys->at = keys->size;
		end_paste(keys, press);
		return true;
	}
	struct slice rest = rest_of(keys);
	if (rest.size == 0) {
		return false;
	}
	if (rest.bytes[0] == ESCAPE && rest.size == 2) {
		/* ESC [ and ESC O are Alt-[ and Alt-O then. */
		*press =
			(struct press){.kind = PRESS_POINT, .is_alt = true, .point = rest.bytes[1]};
	} else {
		*press = (struct press){.kind = rest.size == 1 && rest.bytes[0] == ESCAPE
		                                        ? PRESS_ESCAPE
		                                        : PRESS_UNKNOWN};
	}
	keys->at = keys->size;
	return true;
}
