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

/* A text, taken apart into the lines that it was said in. */
struct pieces {
	struct slice rest, joints;
	size_t at;      /* of the rest, in the whole */
	bool goes_on;   /* the next one is of the same line as the last */
	bool is_at_end; /* there is none left */
};

/* Where the line at hand was cut; 0: not before its end. */
static size_t next_joint(struct pieces *pieces, size_t size) {
	while (pieces->joints.size >= 2) {
		const uint8_t *bytes = (const uint8_t *)pieces->joints.bytes;
		size_t joint = bytes[0] | (size_t)bytes[1] << 8;
		if (joint >= pieces->at + size) {
			return 0;
		}
		pieces->joints = slice_from(pieces->joints, 2);
		if (joint > pieces->at && (pieces->rest.bytes[joint - pieces->at] & 0xC0) != 0x80) {
			return joint - pieces->at;
		}
	}
	return 0;
}

static struct slice next_piece(struct pieces *pieces) {
	struct slice rest = pieces->rest;
	const char *end = rest.size > 0 ? memchr(rest.bytes, '\n', rest.size) : NULL;
	size_t size = end == NULL ? rest.size : (size_t)(end - rest.bytes);
	size_t joint = next_joint(pieces, size);
	size_t taken = joint > 0 ? joint : size + (end != NULL);
	pieces->goes_on = joint > 0;
	pieces->is_at_end = joint == 0 && end == NULL;
	pieces->rest = slice_from(rest, taken);
	pieces->at += taken;
	return slice_first(rest, joint > 0 ? joint : size);
}

/* Its lines, and each in as many as it takes. */
static void put_lines(struct work *work, struct slice first, struct slice whole,
                      struct pieces pieces) {
	bool is_first = true;
	while (!pieces.is_at_end && !work->is_full) {
		struct slice line = next_piece(&pieces);
		if (line.size > 0) {
			put_cut(work, is_first ? first : whole, line);
			is_first = false;
		}
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

static void put_lines_of_batch(struct work *work, struct slice head, struct pieces pieces) {
	size_t room = IRC_LINE_BYTES_MAX - 2 - head.size;
	bool is_concat = false;
	while (!pieces.is_at_end && !work->is_full) {
		struct slice line = next_piece(&pieces);
		do {
			size_t size = line.size <= room ? line.size : cut_before(line, room);
			put_line_of_batch(work, head, slice_first(line, size), is_concat);
			line = slice_from(line, size);
			is_concat = true;
		} while (line.size > 0 && !work->is_full);
		is_concat = pieces.goes_on;
	}
}

/* What has to be said once stands on the line that opens it. */
static void put_batch(struct work *work, struct slice target, struct slice head,
                      struct pieces pieces) {
	struct irc_line line = next_line(work);
	put_tags(&line, work->how, work->entry, true);
	irc_put_source(&line, work->how->server, work->entry);
	irc_put_text(&line, " BATCH +");
	put_ref(&line, work);
	irc_put_text(&line, " draft/multiline ");
	irc_put(&line, target);
	irc_end(&line);
	put_raw(work, &line);
	put_lines_of_batch(work, head, pieces);
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
	struct pieces pieces = {.rest = without_controls(text, clean, sizeof(clean))};
	if (pieces.rest.size == text.size) {
		pieces.joints = work->entry->joints;
	}
	text = pieces.rest;
	struct slice first = head->is_full ? whole : irc_line_slice(head);
	size_t before = work->size;
	bool is_long = first.size + text.size > IRC_LINE_BYTES_MAX - 2 || pieces.joints.size > 0 ||
	               (text.size > 0 && memchr(text.bytes, '\n', text.size) != NULL);
	if ((work->how->form & FORM_MULTILINE) != 0 && is_long && target.size > 0 &&
	    work->how->before_text.size == 0) {
		put_batch(work, target, whole, pieces);
		if (!work->is_full) {
			return;
		}
		work->is_full = false;
		work->size = before;
	}
	put_lines(work, first, whole, pieces);
	if (work->is_full) {
		/* Hundreds of lines, some bytes each: as one text it fits. */
		work->is_full = false;
		work->size = before;
		pieces = (struct pieces){.rest = without_breaks(clean, text.size)};
		put_lines(work, first, whole, pieces);
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
