#include "irc_multiline.h"

#include <string.h>

enum multiline_error multiline_add(struct irc_multiline *it, struct slice line, bool is_concat) {
	bool has_break = it->lines > 0 && !is_concat;
	if (is_concat && line.size == 0) {
		return MULTILINE_INVALID;
	}
	if (it->lines == MULTILINE_LINES_MAX) {
		return MULTILINE_MAX_LINES;
	}
	if (line.size + has_break > sizeof(it->text) - it->size) {
		return MULTILINE_MAX_BYTES;
	}
	if (has_break) {
		it->text[it->size++] = '\n';
	}
	if (is_concat && it->size > 0) {
		it->joints[it->joints_size++] = (uint8_t)(it->size & 0xFF);
		it->joints[it->joints_size++] = (uint8_t)(it->size >> 8);
	}
	if (line.size > 0) {
		memcpy(it->text + it->size, line.bytes, line.size);
	}
	it->size += line.size;
	it->lines++;
	it->has_words = it->has_words || line.size > 0;
	return MULTILINE_GOOD;
}

bool multiline_is_whole(const struct irc_multiline *it) {
	return it->has_words;
}
