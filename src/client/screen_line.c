#include "screen_line.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cut.h"
#include "screen_text.h"

static struct line *allocate(const struct line *head, size_t bytes) {
	struct line *line = malloc(sizeof *line + bytes);
	assert(line != NULL);
	*line = *head;
	return line;
}

struct line *line_create(const struct line *head, struct slice name, struct slice text,
                         struct slice why) {
	size_t bytes = SCREEN_TEXT_BYTES_MAX(name.size + text.size + why.size);
	struct line *line = allocate(head, bytes);
	line->name_size = screen_text(name, SCREEN_TEXT_ONE_LINE, line->bytes);
	char *at = line->bytes + line->name_size;
	line->text_size = screen_text(text, SCREEN_TEXT_LINES, at);
	at += line->text_size;
	line->why_size = screen_text(why, SCREEN_TEXT_ONE_LINE, at);
	at += line->why_size;
	struct line *fitting = realloc(line, sizeof *line + (size_t)(at - line->bytes));
	return fitting != NULL ? fitting : line;
}

struct line *line_with_why(struct line *line, struct slice why) {
	struct line *changed = line_create(line, line_name(line), line_text(line), why);
	free(line);
	return changed;
}

/* ---- traffic ---- */

struct line *line_create_traffic(const struct line *head, struct slice name, struct slice why) {
	assert(head->kind == LINE_TRAFFIC && head->came + head->went == 1);
	struct line *line = allocate(head, SCREEN_TEXT_BYTES_MAX(name.size + why.size) + 1);
	size_t size = screen_text(name, SCREEN_TEXT_ONE_LINE, line->bytes);
	line->bytes[size++] = '\n';
	line->name_size = head->came > 0 ? size : 0;
	line->text_size = head->came > 0 ? 0 : size;
	line->why_size = screen_text(why, SCREEN_TEXT_ONE_LINE, line->bytes + size);
	return line;
}

/* The first of the names, `max` at most, of a list. */
static struct slice first_names(struct slice names, size_t max) {
	size_t size = 0;
	while (max > 0 && size < names.size) {
		const char *end = memchr(names.bytes + size, '\n', names.size - size);
		assert(end != NULL);
		size = (size_t)(end - names.bytes) + 1;
		max--;
	}
	return slice_first(names, size);
}

static uint32_t named(uint32_t count) {
	return count < LINE_NAMES_MAX ? count : LINE_NAMES_MAX;
}

static size_t put_names(char *out, struct slice older, uint32_t older_count, struct slice newer) {
	struct slice more = first_names(newer, LINE_NAMES_MAX - named(older_count));
	memcpy(out, older.bytes, older.size);
	memcpy(out + older.size, more.bytes, more.size);
	return older.size + more.size;
}

struct line *line_join_traffic(struct line *older, struct line *newer) {
	assert(older->kind == LINE_TRAFFIC && newer->kind == LINE_TRAFFIC);
	struct line *line = allocate(newer, older->name_size + older->text_size + newer->name_size +
	                                            newer->text_size);
	line->name_size = put_names(line->bytes, line_name(older), older->came, line_name(newer));
	line->text_size = put_names(line->bytes + line->name_size, line_text(older), older->went,
	                            line_text(newer));
	line->why_size = 0;
	line->seq_first = older->seq_first;
	line->came += older->came;
	line->went += older->went;
	free(older);
	free(newer);
	return line;
}

struct writer {
	char *out;
	size_t size, room;
};

static void put(struct writer *writer, struct slice text) {
	size_t size = cut_before(text, writer->room - writer->size);
	memcpy(writer->out + writer->size, text.bytes, size);
	writer->size += size;
}

static void put_string(struct writer *writer, const char *string) {
	put(writer, slice_from_string(string));
}

/* "甲, 乙 and 3 others" */
static void put_list(struct writer *writer, struct slice names, uint32_t count, bool is_zh) {
	uint32_t listed = count <= LINE_NAMES_MAX ? count : LINE_NAMES_MAX - 1;
	for (uint32_t i = 0; i < listed; i++) {
		const char *and = is_zh ? "和" : " and ";
		const char *comma = is_zh ? "、" : ", ";
		struct slice name = first_names(names, 1);
		if (i > 0) {
			put_string(writer, i + 1 == count ? and : comma);
		}
		names = slice_from(names, name.size);
		put(writer, slice_first(name, name.size - 1));
	}
	if (listed < count) {
		char more[48];
		uint32_t left = count - listed;
		snprintf(more, sizeof more, is_zh ? "和另外 %u 人" : " and %u others", left);
		put_string(writer, more);
	}
}

size_t line_traffic_sentence(const struct line *line, enum language language, char *out,
                             size_t size) {
	struct writer writer = {.out = out, .room = size};
	bool is_zh = language == LANGUAGE_ZH;
	if (line->came > 0) {
		put_list(&writer, line_name(line), line->came, is_zh);
		put_string(&writer, is_zh ? " 进入了聊天室" : " entered");
	}
	if (line->went > 0) {
		put_string(&writer, line->came == 0 ? "" : is_zh ? "；" : "; ");
		put_list(&writer, line_text(line), line->went, is_zh);
		put_string(&writer, is_zh ? " 退出了聊天室" : " left");
	}
	if (line->why_size > 0) {
		put_string(&writer, is_zh ? "（" : " (");
		put(&writer, line_why(line));
		put_string(&writer, is_zh ? "）" : ")");
	}
	return writer.size;
}
