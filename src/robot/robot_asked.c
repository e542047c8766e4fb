#include "robot_asked.h"

#include "cut.h"
#include "name.h"
#include "utf8.h"

#define FRAME "===="

static bool is_blank(char byte) {
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static struct slice trim(struct slice text) {
	while (text.size > 0 && is_blank(text.bytes[0])) {
		text = slice_from(text, 1);
	}
	while (text.size > 0 && is_blank(text.bytes[text.size - 1])) {
		text = slice_first(text, text.size - 1);
	}
	return text;
}

/* "小明:", "小明，": people write so. */
static struct slice without_colon(struct slice word) {
	static const char *const ends[] = {":", ",", "：", "，"};
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		struct slice end = slice_from_string(ends[i]);
		if (word.size > end.size &&
		    slice_equal(slice_from(word, word.size - end.size), end)) {
			return slice_first(word, word.size - end.size);
		}
	}
	return word;
}

bool robot_is_asked(struct slice text, struct slice name, struct slice *question) {
	if (text.size == 0 || text.bytes[0] != '@') {
		return false;
	}
	text = slice_from(text, 1);
	size_t size = 0;
	while (size < text.size && !is_blank(text.bytes[size])) {
		size++;
	}
	struct slice word = slice_first(text, size);
	*question = trim(slice_from(text, size));
	return question->size > 0 &&
	       (name_equal(word, name) || name_equal(without_colon(word), name));
}

static size_t put(char *out, size_t size, struct slice piece) {
	memcpy(out + size, piece.bytes, piece.size);
	return size + piece.size;
}

size_t robot_echo(struct slice question, char out[static TEXT_BYTES_MAX]) {
	struct slice frame = slice_from_string(FRAME);
	size_t room = TEXT_BYTES_MAX - 2 * frame.size;
	if (question.size > room) {
		question = slice_first(question, cut_before(question, room));
	}
	size_t size = put(out, 0, frame);
	size = put(out, size, question);
	return put(out, size, frame);
}

size_t robot_tame(struct slice line, char out[static TEXT_BYTES_MAX]) {
	size_t size = 0;
	line = trim(line);
	if (line.size == 0 || !utf8_is_valid(line)) {
		return 0;
	}
	if (line.bytes[0] == '@') {
		out[size++] = ' ';
	}
	if (line.size > TEXT_BYTES_MAX - size) {
		line = slice_first(line, cut_before(line, TEXT_BYTES_MAX - size));
	}
	return put(out, size, line);
}
