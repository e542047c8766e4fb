#include "render_lines.h"

#include <string.h>

#include "cut.h"
#include "irc_time.h"
#include "irc_view.h"
#include "limits.h"

/* What is left of a line for a text, at least: longer heads are cut short before. */
#define TEXT_ROOM_MIN 8

/* ---- tags ---- */

static void put_tag(struct irc_line *line, bool *has_any, const char *key) {
	irc_put_text(line, *has_any ? ";" : "@");
	irc_put_text(line, key);
	*has_any = true;
}

static bool is_persons(const struct record *entry) {
	return entry->person != 0 && entry->kind != ENTRY_PUT_OUT;
}

/* `is_first`: of the lines of one entry; what names it, or was sent with it, stands there alone. */
static void put_tags(struct irc_line *line, const struct irc_rendering *how,
                     const struct record *entry, bool is_first) {
	bool has_any = false;
	if (how->more_tags.size > 0) {
		put_tag(line, &has_any, "");
		irc_put(line, how->more_tags);
	}
	if ((how->form & FORM_TIME) != 0) {
		put_tag(line, &has_any, "time=");
		irc_put_time(line, entry->time_us);
	}
	if ((how->form & FORM_TAGS) != 0 && is_first && entry->seq != 0) {
		put_tag(line, &has_any, "msgid=");
		irc_put_msgid(line, how->log, entry->seq);
	}
	if ((how->form & FORM_ACCOUNT_TAG) != 0 && (entry->bits & PERSON_HAS_ACCOUNT) != 0 &&
	    is_persons(entry)) {
		put_tag(line, &has_any, "account=");
		irc_put_escaped(line, entry->name);
	}
	if ((how->form & FORM_TAGS) != 0 && (entry->bits & PERSON_IS_BOT) != 0 &&
	    is_persons(entry)) {
		put_tag(line, &has_any, "bot");
	}
	if ((how->form & FORM_RELAYED) != 0 && entry->kind == ENTRY_SAID && entry->by.size > 0) {
		put_tag(line, &has_any, "draft/relaymsg=");
		irc_put_escaped(line, entry->by);
	}
	if ((how->form & FORM_TAGS) != 0 && is_first && entry->tags.size > 0) {
		put_tag(line, &has_any, "");
		irc_put(line, entry->tags);
	}
	if (has_any) {
		irc_put_text(line, " ");
	}
}

/* ---- who ---- */

static void put_person(struct irc_line *line, struct slice name, struct slice userhost) {
	irc_put_text(line, ":");
	irc_put(line, name);
	irc_put_text(line, "!");
	irc_put(line, userhost.size > 0 ? userhost : slice_from_string(IRC_USERHOST_OTHERS));
}

void irc_put_source(struct irc_line *line, const char *server, const struct record *entry) {
	struct slice name = entry->name;
	bool is_person = entry->person != 0;
	switch (entry->kind) {
	case ENTRY_RENAMED: name = entry->other_name; break;
	case ENTRY_PUT_OUT:
		name = entry->by;
		is_person = entry->target != 0;
		break;
	case ENTRY_SHOUTED:
	case ENTRY_CLOSED: is_person = false; break;
	default: break;
	}
	if (is_person) {
		put_person(line, name, entry->userhost);
	} else {
		irc_put_text(line, ":");
		irc_put_text(line, server);
	}
}

/* ---- lines ---- */

void render_begin(struct work *work, struct irc_line *head, const char *command) {
	*head = irc_line_at(work->head, sizeof(work->head));
	irc_put_source(head, work->how->server, work->entry);
	irc_put_text(head, " ");
	irc_put_text(head, command);
}

static void put_line(struct work *work, struct slice head, struct slice tail, bool is_first) {
	struct irc_line line = irc_line_at(work->out + work->size, work->room - work->size);
	put_tags(&line, work->how, work->entry, is_first);
	irc_put(&line, head);
	irc_put(&line, tail);
	irc_end(&line);
	if (line.is_full) {
		work->is_full = true;
		return;
	}
	work->size += line.size;
}

void render_bare(struct work *work, const struct irc_line *head) {
	if (!head->is_full && head->size <= IRC_LINE_BYTES_MAX - 2) {
		put_line(work, irc_line_slice(head), slice_of(NULL, 0), work->size == 0);
	}
}

/* No line holds these; all other controls are formatting, or CTCP's. */
static struct slice without_controls(struct slice text, char *out, size_t room) {
	size_t size = 0;
	for (size_t i = 0; i < text.size && size < room; i++) {
		char byte = text.bytes[i];
		if (byte != '\0' && byte != '\r') {
			out[size++] = byte;
		}
	}
	return slice_of(out, size);
}

/* One line of a text in as many lines of IRC as it takes; each begins with the head. */
static void put_cut(struct work *work, struct slice head, struct slice text) {
	size_t room = IRC_LINE_BYTES_MAX - 2 - head.size;
	do {
		size_t size = text.size <= room ? text.size : cut_before(text, room);
		put_line(work, head, slice_first(text, size), work->size == 0);
		text = slice_from(text, size);
	} while (text.size > 0 && !work->is_full);
}

static struct slice without_breaks(char *text, size_t size) {
	for (char *at = text; at < text + size; at++) {
		*at = *at == '\n' ? ' ' : *at;
	}
	return slice_of(text, size);
}

/* Its lines, and each in as many as it takes. */
static void put_lines(struct work *work, struct slice first, struct slice whole,
                      struct slice text) {
	bool is_first = true;
	while (text.size > 0 && !work->is_full) {
		const char *end = memchr(text.bytes, '\n', text.size);
		size_t size = end == NULL ? text.size : (size_t)(end - text.bytes);
		if (size > 0) {
			put_cut(work, is_first ? first : whole, slice_first(text, size));
			is_first = false;
		}
		text = slice_from(text, end == NULL ? size : size + 1);
	}
}

/* In one playback there is one message of that number, and outside of it another. */
static void put_ref(struct irc_line *line, const struct work *work) {
	irc_put_text(line, work->how->more_tags.size > 0 ? "h" : "m");
	irc_put_number(line, work->entry->seq);
}

static void put_raw(struct work *work, const struct irc_line *line) {
	if (line->is_full) {
		work->is_full = true;
	} else {
		work->size += line->size;
	}
}

static struct irc_line next_line(const struct work *work) {
	return irc_line_at(work->out + work->size, work->room - work->size);
}

static void put_line_of_batch(struct work *work, struct slice head, struct slice text,
                              bool is_concat) {
	struct irc_line line = next_line(work);
	irc_put_text(&line, "@batch=");
	put_ref(&line, work);
	irc_put_text(&line, is_concat ? ";draft/multiline-concat " : " ");
	irc_put(&line, head);
	irc_put(&line, text);
	irc_end(&line);
	put_raw(work, &line);
}

static void put_lines_of_batch(struct work *work, struct slice head, struct slice text) {
	size_t room = IRC_LINE_BYTES_MAX - 2 - head.size;
	bool is_concat = false, is_last = false;
	while (!is_last && !work->is_full) {
		const char *end = text.size > 0 ? memchr(text.bytes, '\n', text.size) : NULL;
		struct slice line =
			slice_first(text, end == NULL ? text.size : (size_t)(end - text.bytes));
		size_t size = line.size <= room ? line.size : cut_before(line, room);
		put_line_of_batch(work, head, slice_first(line, size), is_concat);
		is_concat = size < line.size;
		is_last = !is_concat && end == NULL;
		text = slice_from(text, size + (!is_concat && end != NULL));
	}
}

/* What has to be said once stands on the line that opens it. */
static void put_batch(struct work *work, struct slice target, struct slice head,
                      struct slice text) {
	struct irc_line line = next_line(work);
	put_tags(&line, work->how, work->entry, true);
	irc_put_source(&line, work->how->server, work->entry);
	irc_put_text(&line, " BATCH +");
	put_ref(&line, work);
	irc_put_text(&line, " draft/multiline ");
	irc_put(&line, target);
	irc_end(&line);
	put_raw(work, &line);
	put_lines_of_batch(work, head, text);
	line = next_line(work);
	if (work->how->more_tags.size > 0) {
		irc_put_text(&line, "@");
		irc_put(&line, work->how->more_tags);
		irc_put_text(&line, " ");
	}
	irc_put_text(&line, ":");
	irc_put_text(&line, work->how->server);
	irc_put_text(&line, " BATCH -");
	put_ref(&line, work);
	irc_end(&line);
	put_raw(work, &line);
}

void render_text(struct work *work, struct irc_line *head, struct slice target, struct slice text) {
	char clean[TEXT_BYTES_MAX + 64];
	irc_put_text(head, " :");
	if (head->is_full || head->size > IRC_LINE_BYTES_MAX - 2 - TEXT_ROOM_MIN) {
		return;
	}
	struct slice whole = irc_line_slice(head);
	irc_put(head, work->how->before_text);
	text = without_controls(text, clean, sizeof(clean));
	struct slice first = head->is_full ? whole : irc_line_slice(head);
	size_t before = work->size;
	bool is_long = first.size + text.size > IRC_LINE_BYTES_MAX - 2 ||
	               (text.size > 0 && memchr(text.bytes, '\n', text.size) != NULL);
	if ((work->how->form & FORM_MULTILINE) != 0 && is_long && target.size > 0 &&
	    work->how->before_text.size == 0) {
		put_batch(work, target, whole, text);
		if (!work->is_full) {
			return;
		}
		work->is_full = false;
		work->size = before;
	}
	put_lines(work, first, whole, text);
	if (work->is_full) {
		/* Hundreds of lines, some bytes each: as one text it fits. */
		work->is_full = false;
		work->size = before;
		put_lines(work, first, whole, without_breaks(clean, text.size));
	}
}

void render_short(struct work *work, struct irc_line *head, struct slice text) {
	char clean[TEXT_BYTES_MAX + 64];
	irc_put_text(head, " :");
	if (head->is_full || head->size > IRC_LINE_BYTES_MAX - 2) {
		return;
	}
	text = without_breaks(clean, without_controls(text, clean, sizeof(clean)).size);
	size_t room = IRC_LINE_BYTES_MAX - 2 - head->size;
	size_t size = text.size <= room ? text.size : cut_before(text, room);
	put_line(work, irc_line_slice(head), slice_first(text, size), work->size == 0);
}

void render_word(struct irc_line *head, struct slice text) {
	irc_put_text(head, " ");
	irc_put(head, text);
}
