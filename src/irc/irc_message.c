#include "irc_message.h"

#include <string.h>

/* ---- taking apart ---- */

static struct slice skip_blanks(struct slice rest) {
	while (rest.size > 0 && rest.bytes[0] == ' ') {
		rest = slice_from(rest, 1);
	}
	return rest;
}

/* The word at the beginning of *rest, which moves to the next. */
static struct slice take_word(struct slice *rest) {
	const char *blank = rest->size == 0 ? NULL : memchr(rest->bytes, ' ', rest->size);
	size_t size = blank == NULL ? rest->size : (size_t)(blank - rest->bytes);
	struct slice word = slice_first(*rest, size);
	*rest = skip_blanks(slice_from(*rest, size));
	return word;
}

bool irc_parse(struct slice line, struct irc_message *message) {
	struct slice rest = skip_blanks(line);
	*message = (struct irc_message){.count = 0};
	if (rest.size > 0 && rest.bytes[0] == '@') {
		message->tags = slice_from(take_word(&rest), 1);
	}
	if (rest.size > 0 && rest.bytes[0] == ':') {
		message->source = slice_from(take_word(&rest), 1);
	}
	message->command = take_word(&rest);
	while (rest.size > 0) {
		struct slice *parameter = &message->parameters[message->count++];
		if (rest.bytes[0] == ':' || message->count == IRC_PARAMETERS_MAX) {
			*parameter = rest.bytes[0] == ':' ? slice_from(rest, 1) : rest;
			break;
		}
		*parameter = take_word(&rest);
	}
	return message->command.size > 0;
}

static char lower(char c) {
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

bool irc_equal(struct slice a, const char *word) {
	for (size_t i = 0; i < a.size; i++) {
		if (word[i] == '\0' || lower(a.bytes[i]) != lower(word[i])) {
			return false;
		}
	}
	return word[a.size] == '\0';
}

/* ---- tags ---- */

/* Where the byte is first; the size if it is nowhere. */
static size_t index_of(struct slice bytes, char byte) {
	size_t i = 0;
	while (i < bytes.size && bytes.bytes[i] != byte) {
		i++;
	}
	return i;
}

bool irc_next_tag(struct slice *tags, struct irc_tag *tag) {
	while (tags->size > 0) {
		size_t size = index_of(*tags, ';');
		struct slice one = slice_first(*tags, size);
		*tags = slice_from(*tags, size < tags->size ? size + 1 : size);
		size_t key = index_of(one, '=');
		tag->key = slice_first(one, key);
		tag->value = slice_from(one, key < size ? key + 1 : key);
		if (key > 0) {
			return true;
		}
	}
	return false;
}

bool irc_find_tag(struct slice tags, const char *key, struct irc_tag *tag) {
	struct irc_tag each;
	bool is_found = false;
	while (irc_next_tag(&tags, &each)) {
		if (slice_equal(each.key, slice_from_string(key))) {
			*tag = each;
			is_found = true;
		}
	}
	return is_found;
}

static bool is_key_byte(char c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '/';
}

bool irc_is_client_tag(const struct irc_tag *tag) {
	if (tag->key.size < 2 || tag->key.bytes[0] != '+') {
		return false;
	}
	for (size_t i = 1; i < tag->key.size; i++) {
		if (!is_key_byte(tag->key.bytes[i])) {
			return false;
		}
	}
	return true;
}

static char unescaped(char c) {
	switch (c) {
	case ':': return ';';
	case 's': return ' ';
	case 'r': return '\r';
	case 'n': return '\n';
	default: return c;
	}
}

size_t irc_unescape(struct slice value, char *out, size_t out_size) {
	size_t size = 0;
	for (size_t i = 0; i < value.size; i++) {
		char c = value.bytes[i];
		if (c == '\\') {
			/* One at the end stands for nothing. */
			if (++i == value.size) {
				break;
			}
			c = unescaped(value.bytes[i]);
		}
		if (size == out_size) {
			return 0;
		}
		out[size++] = c;
	}
	return size;
}

/* ---- putting together ---- */

struct irc_line irc_line_at(char *bytes, size_t room) {
	return (struct irc_line){.bytes = bytes, .room = room};
}

void irc_put(struct irc_line *line, struct slice bytes) {
	if (line->is_full || bytes.size > line->room - line->size) {
		line->is_full = true;
	} else if (bytes.size > 0) {
		memcpy(line->bytes + line->size, bytes.bytes, bytes.size);
		line->size += bytes.size;
	}
}

void irc_put_text(struct irc_line *line, const char *text) {
	irc_put(line, slice_from_string(text));
}

void irc_put_number(struct irc_line *line, unsigned long long number) {
	char digits[24];
	size_t at = sizeof(digits);
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	irc_put(line, slice_of(digits + at, sizeof(digits) - at));
}

void irc_put_escaped(struct irc_line *line, struct slice value) {
	for (size_t i = 0; i < value.size; i++) {
		switch (value.bytes[i]) {
		case ';': irc_put_text(line, "\\:"); break;
		case ' ': irc_put_text(line, "\\s"); break;
		case '\\': irc_put_text(line, "\\\\"); break;
		case '\r': irc_put_text(line, "\\r"); break;
		case '\n': irc_put_text(line, "\\n"); break;
		case '\0': break;
		default: irc_put(line, slice_of(value.bytes + i, 1));
		}
	}
}

static bool is_end(char c) {
	return c == '\r' || c == '\n' || c == '\0';
}

/* Runs of what may stand in a line; what may not becomes a blank. */
static void put_harmless(struct irc_line *line, struct slice text) {
	size_t from = 0;
	for (size_t i = 0; i < text.size; i++) {
		if (is_end(text.bytes[i])) {
			irc_put(line, slice_of(text.bytes + from, i - from));
			irc_put_text(line, " ");
			from = i + 1;
		}
	}
	irc_put(line, slice_from(text, from));
}

static bool is_middle(struct slice parameter) {
	if (parameter.size == 0 || parameter.bytes[0] == ':') {
		return false;
	}
	for (size_t i = 0; i < parameter.size; i++) {
		if (parameter.bytes[i] == ' ' || is_end(parameter.bytes[i])) {
			return false;
		}
	}
	return true;
}

void irc_put_parameter(struct irc_line *line, struct slice parameter) {
	if (is_middle(parameter)) {
		irc_put_text(line, " ");
		irc_put(line, parameter);
	} else {
		irc_put_trailing(line, parameter);
	}
}

void irc_put_trailing(struct irc_line *line, struct slice text) {
	irc_put_text(line, " :");
	put_harmless(line, text);
}

void irc_end(struct irc_line *line) {
	for (size_t i = 0; i < line->size; i++) {
		char byte = line->bytes[i];
		line->bytes[i] = byte == '\r' || byte == '\n' || byte == '\0' ? ' ' : byte;
	}
	irc_put_text(line, "\r\n");
}
