/*
 * irc_message.h - one line of IRC, taken apart and put together.
 *
 *   ['@' tags ' '] [':' source ' '] command {' ' middle} [' ' [':'] trailing]
 *
 * after Modern IRC ("Message Format") and IRCv3 message-tags. A line comes here
 * whole and without its end; any bytes may be in it. Slices point into the
 * line. No memory, no state.
 */
#ifndef IRC_MESSAGE_H
#define IRC_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

/* Bytes of a line, its end included: without tags, and the tags of a client, '@' and blank included. */
#define IRC_LINE_BYTES_MAX 512
#define IRC_CLIENT_TAGS_BYTES_MAX 4096
#define IRC_SERVER_TAGS_BYTES_MAX 8191

#define IRC_PARAMETERS_MAX 15

struct irc_message {
	struct slice tags; /* between '@' and the blank; empty if there are none */
	struct slice source;
	struct slice command;
	size_t count;
	struct slice parameters[IRC_PARAMETERS_MAX];
};

/* False if there is no command in it (a line of blanks is none). What is more than 15 parameters is the last one's. */
bool irc_parse(struct slice line, struct irc_message *message);

/* The i-th parameter; the empty slice if there are not so many. */
static inline struct slice irc_parameter(const struct irc_message *message, size_t index) {
	return index < message->count && index < IRC_PARAMETERS_MAX ? message->parameters[index]
	                                                            : slice_of(NULL, 0);
}

/* Commands are compared in ASCII without regard to case. */
bool irc_equal(struct slice a, const char *word);

/* ---- tags ---- */

/* One tag: "key", "vendor/key", "+key"; the value as it stands, escaped. */
struct irc_tag {
	struct slice key, value;
};
/* Takes the first tag off *tags; false when there is none left. Empty ones are passed over. */
bool irc_next_tag(struct slice *tags, struct irc_tag *tag);
/* The last tag of that key; false if there is none. */
bool irc_find_tag(struct slice tags, const char *key, struct irc_tag *tag);
/* Whether a client may send it on to others: it begins with '+', and its key is one. */
bool irc_is_client_tag(const struct irc_tag *tag);
/* Into `out`; returns how many bytes that are (at most value.size); 0 if they do not fit. */
size_t irc_unescape(struct slice value, char *out, size_t out_size);

/* ---- putting together ---- */

/* A line that grows in a buffer; what did not fit makes it full, and all of it void. */
struct irc_line {
	char *bytes;
	size_t size, room;
	bool is_full;
};
struct irc_line irc_line_at(char *bytes, size_t room);
void irc_put(struct irc_line *line, struct slice bytes);
void irc_put_text(struct irc_line *line, const char *text);
void irc_put_number(struct irc_line *line, unsigned long long number);
/* A tag's value, escaped. */
void irc_put_escaped(struct irc_line *line, struct slice value);
/* " word", or " :text" where it has to be (empty, a blank in it, ':' first). What a line cannot hold becomes a blank. */
void irc_put_parameter(struct irc_line *line, struct slice parameter);
void irc_put_trailing(struct irc_line *line, struct slice text);
/* CR LF. What was put with such bytes in it, as reasons that an administrator gives may be, stays one line. */
void irc_end(struct irc_line *line);
static inline struct slice irc_line_slice(const struct irc_line *line) {
	return slice_of(line->bytes, line->is_full ? 0 : line->size);
}

#endif
