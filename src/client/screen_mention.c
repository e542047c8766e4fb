#include "screen_mention.h"

static char lower(char byte) {
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static bool is_alphanumeric(char byte) {
	return (lower(byte) >= 'a' && lower(byte) <= 'z') || (byte >= '0' && byte <= '9');
}

static bool is_at(struct slice text, struct slice wanted, size_t at) {
	for (size_t i = 0; i < wanted.size; i++) {
		if (lower(text.bytes[at + i]) != lower(wanted.bytes[i])) {
			return false;
		}
	}
	return true;
}

static bool stands_alone(struct slice text, struct slice wanted, size_t at) {
	size_t end = at + wanted.size;
	bool joins_before =
		at > 0 && is_alphanumeric(wanted.bytes[0]) && is_alphanumeric(text.bytes[at - 1]);
	bool joins_behind = end < text.size && is_alphanumeric(wanted.bytes[wanted.size - 1]) &&
	                    is_alphanumeric(text.bytes[end]);
	return !joins_before && !joins_behind;
}

bool mention_find(struct slice text, struct slice wanted, bool is_word, size_t from, size_t *at) {
	if (wanted.size == 0) {
		return false;
	}
	for (*at = from; *at + wanted.size <= text.size; ++*at) {
		if (is_at(text, wanted, *at) && (!is_word || stands_alone(text, wanted, *at))) {
			return true;
		}
	}
	return false;
}
