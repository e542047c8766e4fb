#include "screen_text.h"

#include <stdint.h>
#include <utf8proc.h>

#include "utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define RETURN_SIGN "\xE2\x8F\x8E" /* U+23CE */
#define TAB_BLANKS "    "
#define JOINER 0x200D

static bool is_between(int32_t point, int32_t first, int32_t last) {
	return point >= first && point <= last;
}

static bool is_control(int32_t point) {
	return point == UTF8_INVALID || point < 0x20 || is_between(point, 0x7F, 0x9F) ||
	       is_between(point, 0x2028, 0x2029);
}

/* What has no place on a screen whatever stands before it. */
static bool is_dropped(int32_t point) {
	return point == 0xAD || point == 0x61C || point == 0x180E || point == 0xFEFF ||
	       point == 0x200B || is_between(point, 0x200E, 0x200F) ||
	       is_between(point, 0x202A, 0x202E) || is_between(point, 0x2060, 0x206F) ||
	       is_between(point, 0xFE00, 0xFE0F) || is_between(point, 0xE0000, 0xE0FFF);
}

static bool is_skin_tone(int32_t point) {
	return is_between(point, 0x1F3FB, 0x1F3FF);
}

static bool is_emoji(int32_t point) {
	return point >= 0xA9 && utf8proc_get_property(point)->boundclass ==
	                                UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

struct writer {
	char *out;
	size_t size;
};

static void put(struct writer *writer, const char *bytes, size_t size) {
	memcpy(writer->out + writer->size, bytes, size);
	writer->size += size;
}

static void put_control(struct writer *writer, int32_t point, enum screen_text_lines lines) {
	if (point == '\n') {
		put(writer, lines == SCREEN_TEXT_LINES ? "\n" : RETURN_SIGN,
		    lines == SCREEN_TEXT_LINES ? 1 : sizeof RETURN_SIGN - 1);
	} else if (point == '\t') {
		put(writer, TAB_BLANKS, sizeof TAB_BLANKS - 1);
	} else {
		put(writer, REPLACEMENT, sizeof REPLACEMENT - 1);
	}
}

size_t screen_text(struct slice text, enum screen_text_lines lines, char *out) {
	struct writer writer = {.out = out};
	bool is_after_emoji = false;
	while (!slice_is_empty(text)) {
		size_t ascii = utf8_ascii_run(text);
		if (ascii > 0) {
			put(&writer, text.bytes, ascii);
			text = slice_from(text, ascii);
			is_after_emoji = false;
			continue;
		}
		int32_t point;
		size_t size = utf8_decode(text, &point);
		if (is_control(point)) {
			bool is_half = point == '\r' && text.size > 1 && text.bytes[1] == '\n';
			if (!is_half) {
				put_control(&writer, point, lines);
			}
			is_after_emoji = false;
		} else if (!is_dropped(point) &&
		           !(is_after_emoji && (point == JOINER || is_skin_tone(point)))) {
			put(&writer, text.bytes, size);
			is_after_emoji = is_emoji(point);
		}
		text = slice_from(text, size);
	}
	return writer.size;
}

size_t screen_text_pasted(struct slice text, char *out) {
	struct writer writer = {.out = out};
	while (!slice_is_empty(text)) {
		int32_t point;
		size_t size = utf8_decode(text, &point);
		if (point == '\r') {
			bool is_half = text.size > 1 && text.bytes[1] == '\n';
			put(&writer, "\n", is_half ? 0 : 1);
		} else if (point == '\n' || point == '\t' || !is_control(point)) {
			put(&writer, text.bytes, size);
		}
		text = slice_from(text, size);
	}
	return writer.size;
}
