/*
 * reply.c - lines to one connection.
 *
 * While a callback lasts, what is said is gathered in irc->out and goes out as
 * one answer. A labelled command's lines are known by then, or a batch is open
 * for them until its last request is answered.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cut.h"
#include "irc_inside.h"
#include "irc_render.h"
#include "irc_view.h"

void irc_talk_to(struct irc *irc, struct stream_connection *to) {
	irc->to = to;
	irc->user = to == NULL ? NULL : stream_own(to);
	irc->label = NULL;
	irc->is_over = false;
	irc->in_batch = 0;
	irc->out_size = 0;
	irc->out_lines = 0;
}

bool irc_can(const struct irc *irc, enum irc_capability capability) {
	return irc->user != NULL && irc_has(irc->user->capabilities, capability);
}

const struct person *irc_self(const struct irc *irc) {
	return state_person(irc->edge->state, stream_person(irc->to));
}

struct slice irc_nick(const struct irc *irc) {
	const struct person *person = irc->user->door != NULL ? NULL : irc_self(irc);
	return person == NULL ? irc_word("*") : person_name(person);
}

/* ---- labels ---- */

static void open_batch(struct irc *irc, const char *kind) {
	char text[IRC_LINE_BYTES_MAX];
	struct irc_label *label = irc->label;
	struct irc_line line = irc_line_at(text, sizeof(text));
	label->is_open = true;
	label->batch = ++irc->batches;
	irc_put_text(&line, "@label=");
	irc_put(&line, slice_of(label->text, label->size));
	irc_put_text(&line, " :");
	irc_put_text(&line, irc_config(irc)->server);
	irc_put_text(&line, " BATCH +");
	irc_put_number(&line, label->batch);
	irc_put_text(&line, " ");
	irc_put_text(&line, kind);
	irc_end(&line);
	stream_answer(irc->stream, irc->to, irc_line_slice(&line));
}

static void close_batch(struct irc *irc) {
	char text[IRC_LINE_BYTES_MAX];
	struct irc_line line = irc_line_at(text, sizeof(text));
	irc_put_text(&line, ":");
	irc_put_text(&line, irc_config(irc)->server);
	irc_put_text(&line, " BATCH -");
	irc_put_number(&line, irc->label->batch);
	irc_end(&line);
	stream_answer(irc->stream, irc->to, irc_line_slice(&line));
	irc->label->is_open = false;
}

/* "@tag rest" or, where there are tags already, "@tag;others rest". */
static void say_with_tag(struct irc *irc, struct slice line, const char *key, struct slice value) {
	static char text[IRC_SERVER_TAGS_BYTES_MAX + IRC_LINE_BYTES_MAX + 256];
	struct irc_line out = irc_line_at(text, sizeof(text));
	bool has_tags = line.bytes[0] == '@';
	irc_put_text(&out, "@");
	irc_put_text(&out, key);
	irc_put_text(&out, "=");
	irc_put(&out, value);
	irc_put_text(&out, has_tags ? ";" : " ");
	irc_put(&out, has_tags ? slice_from(line, 1) : line);
	stream_answer(irc->stream, irc->to, irc_line_slice(&out));
}

/* A line that is of another batch stays in that one. */
static bool is_in_batch(struct slice line) {
	static const char key[] = "@batch=";
	return slice_starts_with(line, slice_of(key, sizeof(key) - 1));
}

/* A message of several lines, and nothing else: the line that opens it bears the label. */
static bool is_one_batch(const struct irc *irc) {
	static const char opens[] = " BATCH +m", closes[] = " BATCH -m";
	const char *end = irc->out + irc->out_size;
	const char *first = memchr(irc->out, '\n', irc->out_size);
	const char *last = memmem(irc->out, irc->out_size, closes, sizeof(closes) - 1);
	return irc_can(irc, CAP_MULTILINE) && first != NULL && last != NULL &&
	       memmem(irc->out, (size_t)(first - irc->out), opens, sizeof(opens) - 1) != NULL &&
	       memchr(last, '\n', (size_t)(end - last)) == end - 1;
}

static void say_labelled_batch(struct irc *irc) {
	struct slice out = slice_of(irc->out, irc->out_size);
	const char *first = memchr(out.bytes, '\n', out.size);
	size_t size = (size_t)(first - out.bytes) + 1;
	say_with_tag(irc, slice_first(out, size), "label",
	             slice_of(irc->label->text, irc->label->size));
	stream_answer(irc->stream, irc->to, slice_from(out, size));
}

static void say_labelled(struct irc *irc) {
	struct irc_label *label = irc->label;
	struct slice out = slice_of(irc->out, irc->out_size);
	char number[16];
	struct irc_line value = irc_line_at(number, sizeof(number));
	if (irc->out_lines == 1 && label->is_ended && !label->is_open) {
		say_with_tag(irc, out, "label", slice_of(label->text, label->size));
		return;
	}
	if (label->is_ended && !label->is_open && is_one_batch(irc)) {
		say_labelled_batch(irc);
		return;
	}
	if (!label->is_open) {
		open_batch(irc, "labeled-response");
	}
	irc_put_number(&value, label->batch);
	while (out.size > 0) {
		const char *end = memchr(out.bytes, '\n', out.size);
		size_t size = end == NULL ? out.size : (size_t)(end - out.bytes) + 1;
		if (is_in_batch(out)) {
			stream_answer(irc->stream, irc->to, slice_first(out, size));
		} else {
			say_with_tag(irc, slice_first(out, size), "batch", irc_line_slice(&value));
		}
		out = slice_from(out, size);
	}
}

static void say_ack(struct irc *irc) {
	char text[IRC_LINE_BYTES_MAX];
	struct irc_line line = irc_line_at(text, sizeof(text));
	irc_put_text(&line, ":");
	irc_put_text(&line, irc_config(irc)->server);
	irc_put_text(&line, " ACK");
	irc_end(&line);
	say_with_tag(irc, irc_line_slice(&line), "label",
	             slice_of(irc->label->text, irc->label->size));
}

void irc_flush(struct irc *irc) {
	struct irc_label *label = irc->label;
	if (!irc->is_over && irc->out_size > 0 && label == NULL) {
		stream_answer(irc->stream, irc->to, slice_of(irc->out, irc->out_size));
	} else if (!irc->is_over && irc->out_size > 0) {
		say_labelled(irc);
	}
	if (!irc->is_over && label != NULL && label->is_ended) {
		if (label->is_open) {
			close_batch(irc);
		} else if (irc->out_lines == 0) {
			say_ack(irc);
		}
	}
	irc->out_size = 0;
	irc->out_lines = 0;
}

struct irc_label *irc_label_keep(struct irc *irc) {
	if (irc->label != NULL) {
		irc->label->holders++;
	}
	return irc->label;
}

void irc_label_drop(struct irc_label *label) {
	if (label != NULL && --label->holders == 0) {
		free(label);
	}
}

/* ---- lines ---- */

/* As many whole lines as an answer holds; at least one. */
static size_t size_of_piece(const struct irc *irc, struct slice lines) {
	size_t size = sizeof(irc->out) < lines.size ? sizeof(irc->out) : lines.size;
	while (size > 0 && lines.bytes[size - 1] != '\n') {
		size--;
	}
	return size;
}

static void put_piece(struct irc *irc, struct slice lines) {
	if (irc->out_size + lines.size > sizeof(irc->out)) {
		/* Too much for one answer: with a label it has to be a batch. */
		bool is_ended = irc->label != NULL && irc->label->is_ended;
		if (irc->label != NULL) {
			irc->label->is_ended = false;
		}
		irc_flush(irc);
		if (irc->label != NULL) {
			irc->label->is_ended = is_ended;
		}
	}
	memcpy(irc->out + irc->out_size, lines.bytes, lines.size);
	irc->out_size += lines.size;
	irc->put_bytes += lines.size;
	for (size_t i = 0; i < lines.size; i++) {
		irc->out_lines += lines.bytes[i] == '\n';
	}
}

void irc_put_lines(struct irc *irc, struct slice lines) {
	while (!irc->is_over && lines.size > 0) {
		size_t size = size_of_piece(irc, lines);
		assert(size > 0);
		put_piece(irc, slice_first(lines, size));
		lines = slice_from(lines, size);
	}
}

struct irc_line *irc_begin_line(struct irc *irc, const char *command) {
	irc->at = irc_line_at(irc->line, sizeof(irc->line));
	irc_put_text(&irc->at, ":");
	irc_put_text(&irc->at, irc_config(irc)->server);
	irc_put_text(&irc->at, " ");
	irc_put_text(&irc->at, command);
	return &irc->at;
}

struct irc_line *irc_begin_numeric(struct irc *irc, unsigned numeric) {
	const char word[] = {(char)('0' + numeric / 100), (char)('0' + numeric / 10 % 10),
	                     (char)('0' + numeric % 10), '\0'};
	irc_begin_line(irc, word);
	irc_put_text(&irc->at, " ");
	irc_put(&irc->at, irc_nick(irc));
	return &irc->at;
}

void irc_end_line(struct irc *irc) {
	char text[32 + IRC_LINE_BYTES_MAX];
	struct irc_line whole = irc_line_at(text, sizeof(text));
	irc_end(&irc->at);
	if (irc->at.is_full) {
		return;
	}
	if (irc->in_batch == 0) {
		irc_put_lines(irc, irc_line_slice(&irc->at));
		return;
	}
	irc_put_text(&whole, "@batch=");
	irc_put_number(&whole, irc->in_batch);
	irc_put_text(&whole, " ");
	irc_put(&whole, irc_line_slice(&irc->at));
	irc_put_lines(irc, irc_line_slice(&whole));
}

unsigned irc_open_batch(struct irc *irc, const char *kind, struct slice target) {
	if (!irc_can(irc, CAP_BATCH)) {
		return 0;
	}
	irc_begin_line(irc, "BATCH +");
	irc_put_number(&irc->at, ++irc->batches);
	irc_put_text(&irc->at, " ");
	irc_put_text(&irc->at, kind);
	if (target.size > 0) {
		irc_put_parameter(&irc->at, target);
	}
	irc_end_line(irc);
	return irc->batches;
}

void irc_close_batch(struct irc *irc, unsigned batch) {
	if (batch != 0) {
		irc_begin_line(irc, "BATCH -");
		irc_put_number(&irc->at, batch);
		irc_end_line(irc);
	}
}

void irc_put_last(struct irc *irc, struct slice text) {
	const size_t around = sizeof(" :\r\n") - 1;
	size_t room = sizeof(irc->line) - irc->at.size;
	room = room > around ? room - around : 0;
	irc_put_trailing(&irc->at,
	                 slice_first(text, text.size <= room ? text.size : cut_before(text, room)));
}

static void put_words(struct irc *irc, struct slice words) {
	irc_put_parameter(&irc->at,
	                  words.size > 200 ? slice_first(words, cut_before(words, 200)) : words);
}

void irc_numeric(struct irc *irc, unsigned numeric, struct slice a, struct slice b) {
	irc_begin_numeric(irc, numeric);
	if (a.bytes != NULL) {
		put_words(irc, a);
	}
	if (b.bytes != NULL) {
		put_words(irc, b);
	}
	irc_put_last(irc, irc_word(irc_numeric_text(numeric)));
	irc_end_line(irc);
}

void irc_numeric_with(struct irc *irc, unsigned numeric, struct slice a, struct slice text) {
	irc_begin_numeric(irc, numeric);
	if (a.bytes != NULL) {
		put_words(irc, a);
	}
	irc_put_last(irc, text);
	irc_end_line(irc);
}

struct slice irc_as_middle(struct slice text) {
	bool is_word =
		text.size > 0 && text.bytes[0] != ':' && memchr(text.bytes, ' ', text.size) == NULL;
	return is_word ? text : irc_word("*");
}

/* They are part of what some capabilities are: then who has that one has them, too. */
static bool takes_standard(const struct irc *irc, const char *command) {
	static const struct {
		const char *command;
		enum irc_capability capability;
	} parts[] = {
		{"BATCH", CAP_MULTILINE},       {"MARKREAD", CAP_READ_MARKER},
		{"METADATA", CAP_METADATA},     {"REDACT", CAP_MESSAGE_REDACTION},
		{"RENAME", CAP_CHANNEL_RENAME},
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(parts[i].command, command) == 0 && irc_can(irc, parts[i].capability)) {
			return true;
		}
	}
	/* Who says RELAYMSG knows what answers it, whether or not it has asked for the tag. */
	return irc_can(irc, CAP_STANDARD_REPLIES) || strcmp(command, "RELAYMSG") == 0;
}

void irc_standard(struct irc *irc, const char *type, const char *command, const char *code,
                  struct slice context, const char *text) {
	if (!takes_standard(irc, command)) {
		irc_begin_line(irc, "NOTICE");
		irc_put_text(&irc->at, " ");
		irc_put(&irc->at, irc_nick(irc));
		irc_put_text(&irc->at, " :");
		irc_put_text(&irc->at, command);
		irc_put_text(&irc->at, ": ");
		irc_put_text(&irc->at, text);
		irc_end_line(irc);
		return;
	}
	irc_begin_line(irc, type);
	irc_put_text(&irc->at, " ");
	irc_put_text(&irc->at, command);
	irc_put_text(&irc->at, " ");
	irc_put_text(&irc->at, code);
	while (context.size > 0) {
		const char *blank = memchr(context.bytes, ' ', context.size);
		size_t size = blank == NULL ? context.size : (size_t)(blank - context.bytes);
		irc_put_text(&irc->at, size > 0 ? " " : "");
		struct slice word = slice_first(context, size);
		irc_put(&irc->at, slice_first(word, size <= 120 ? size : cut_before(word, 120)));
		context = slice_from(context, blank == NULL ? size : size + 1);
	}
	irc_put_last(irc, irc_word(text));
	irc_end_line(irc);
}

void irc_begin_from(struct irc *irc, const char *from, const char *command) {
	irc->at = irc_line_at(irc->line, sizeof(irc->line));
	irc_put_text(&irc->at, ":");
	irc_put_text(&irc->at, from == NULL ? irc_config(irc)->server : from);
	if (from != NULL) {
		irc_put_text(&irc->at, "!service@");
		irc_put_text(&irc->at, irc_config(irc)->server);
	}
	irc_put_text(&irc->at, " ");
	irc_put_text(&irc->at, command);
	irc_put_text(&irc->at, " ");
	irc_put(&irc->at, irc_nick(irc));
}

void irc_notice(struct irc *irc, const char *from, struct slice text) {
	irc_begin_from(irc, from, "NOTICE");
	irc_put_last(irc, text);
	irc_end_line(irc);
}

static struct slice put_error(const struct irc *irc, char out[static IRC_LINE_BYTES_MAX],
                              struct slice why) {
	struct irc_line line = irc_line_at(out, IRC_LINE_BYTES_MAX);
	irc_put_text(&line, "ERROR :Closing Link: ");
	irc_put(&line, irc_nick(irc));
	irc_put_text(&line, " (");
	irc_put(&line, slice_first(why, why.size <= 300 ? why.size : cut_before(why, 300)));
	irc_put_text(&line, ")");
	irc_end(&line);
	return irc_line_slice(&line);
}

void irc_close(struct irc *irc, struct slice why) {
	char text[IRC_LINE_BYTES_MAX];
	if (irc->is_over) {
		return;
	}
	irc_flush(irc);
	struct slice error = put_error(irc, text, why);
	irc->is_over = true;
	stream_close(irc->stream, irc->to, error);
}

void irc_farewell(void *it, struct stream_connection *connection, struct slice why) {
	struct irc *irc = it;
	char text[IRC_LINE_BYTES_MAX];
	irc_talk_to(irc, connection);
	if (irc->edge->house.is_leaving) {
		irc_note_received(irc, connection);
	}
	stream_answer(irc->stream, connection, put_error(irc, text, why));
}
