/*
 * screen_line.h - one line of a room's history, before it is laid out in rows:
 * something said, a notice, or who came and went in a row.
 *
 * Strings are kept as they may be shown (screen_text.h), in one piece of memory
 * with the line. Who creates a line owns it.
 */
#ifndef SCREEN_LINE_H
#define SCREEN_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "slice.h"

enum line_kind {
	LINE_SAID = 1, /* name, text; of one's own: state, tag, and why it was refused */
	LINE_SHOUTED,  /* text: the administrator's */
	LINE_NOTICE,   /* text: a sentence about what happened */
	LINE_TRAFFIC,  /* who came and went, with nothing between */
	LINE_OWN_NOTE, /* text: what this client says to its person */
	LINE_ALARM,    /* the same, of what went wrong */
};

/* Of those who came, and of those who went, so many are named. */
#define LINE_NAMES_MAX 3

struct line {
	enum line_kind kind;
	uint8_t state; /* enum message_state of one's own words; 0: of others */
	bool is_own;
	bool is_mention;         /* one's own name is in it */
	uint64_t seq_first, seq; /* the entries it stands for; 0: none */
	uint64_t time_ms;
	uint64_t person, room;
	uint64_t tag;
	uint32_t came, went; /* traffic */
	size_t name_size, text_size, why_size;
	char bytes
		[]; /* name, text, why; traffic: names that came, names that went, each with a \n */
};

/* A copy of `head`'s plain fields with these strings, made fit to be shown. */
struct line *line_create(const struct line *head, struct slice name, struct slice text,
                         struct slice why);
/* Somebody came (head->came is 1) or went (head->went is 1). */
struct line *line_create_traffic(const struct line *head, struct slice name, struct slice why);
/* Both in one; frees them. */
struct line *line_join_traffic(struct line *older, struct line *newer);
/* The same line with another reason; frees the old one. */
struct line *line_with_why(struct line *line, struct slice why);

static inline struct slice line_name(const struct line *line) {
	return slice_of(line->bytes, line->name_size);
}
static inline struct slice line_text(const struct line *line) {
	return slice_of(line->bytes + line->name_size, line->text_size);
}
static inline struct slice line_why(const struct line *line) {
	return slice_of(line->bytes + line->name_size + line->text_size, line->why_size);
}

/* Counts as something to be read (and not merely noticed). */
static inline bool line_is_message(const struct line *line) {
	return line->kind == LINE_SAID || line->kind == LINE_SHOUTED;
}

/* "甲, 乙 and 3 others entered; 丙 left". Returns the size, at most `size`. */
#define LINE_TRAFFIC_BYTES_MAX 4096
size_t line_traffic_sentence(const struct line *line, enum language language, char *out,
                             size_t size);

#endif
