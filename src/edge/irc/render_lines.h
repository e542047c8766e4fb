/*
 * render_lines.h - one rendering under way: lines that grow one behind the
 * other, each with its tags. For render.c alone, which knows what each kind of
 * entry says.
 */
#ifndef RENDER_LINES_H
#define RENDER_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "irc_message.h"
#include "irc_render.h"
#include "record.h"
#include "slice.h"

struct work {
	const struct irc_rendering *how;
	const struct record *entry;
	char *out;
	size_t size, room;
	bool is_full; /* what is in it so far is not all */
	char head[IRC_LINE_BYTES_MAX];
};

/* ":source COMMAND", in work->head; more words; and one of the three below ends it. */
void render_begin(struct work *work, struct irc_line *head, const char *command);
void render_word(struct irc_line *head, struct slice text);

/* A line without a text behind it. */
void render_bare(struct work *work, const struct irc_line *head);
/* One line only: what is too long for it is cut off between characters. */
void render_short(struct work *work, struct irc_line *head, struct slice text);
/*
 * "head :text"; line feeds begin new lines, of which the empty ones are left out. To a `target` it is
 * a batch of them all, for whoever takes such.
 */
void render_text(struct work *work, struct irc_line *head, struct slice target, struct slice text);

#endif
