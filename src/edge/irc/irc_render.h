/*
 * irc_render.h - entries of the log as lines of IRC, for all who read them in
 * one form. What is the same for a thousand readers is made once.
 *
 * A form is a set of what a client understands: a few bits of its capabilities.
 */
#ifndef IRC_RENDER_H
#define IRC_RENDER_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "irc_message.h"
#include "limits.h"
#include "record.h"
#include "state.h"

enum irc_form {
	FORM_TIME = 1 << 0,
	FORM_TAGS = 1 << 1,
	FORM_ACCOUNT_TAG = 1 << 2,
	FORM_EXTENDED_JOIN = 1 << 3,
	FORM_AWAY = 1 << 4,
	FORM_ACCOUNT = 1 << 5,
	FORM_CHGHOST = 1 << 6,
	FORM_SETNAME = 1 << 7,
	FORM_MULTILINE = 1 << 10,
	/* Of slices of history: a batch's lines, and what is only told of the past. */
	FORM_PLAYBACK = 1 << 8,
	FORM_REDACTION = 1 << 9,
	FORM_CHANNEL_RENAME = 1 << 11,
	FORM_RELAYED = 1 << 12,
};

uint32_t irc_form_of(uint64_t capabilities);

struct irc_rendering {
	const char *server;
	uint64_t log;
	const struct state *state; /* names of rooms, and what an old entry does not say */
	uint32_t form;
	struct slice more_tags;   /* "label=x" or "batch=y" on each line, before the others */
	struct slice before_text; /* "[12:30] " before what was said */
	uint64_t room;            /* of playback: the one it is a slice of; 0: the entry's own */
};

/* The lines, each with its end; 0 bytes: nothing is shown. */
size_t irc_render(const struct irc_rendering *how, const struct record *entry, char *out,
                  size_t room);

/* ":name!user@host", as the entry has it, of who caused it. */
void irc_put_source(struct irc_line *line, const char *server, const struct record *entry);

/* "Killed (by (why))": of who was put out of the whole server. */
#define KILLED_BYTES_MAX (WHY_BYTES_MAX + NAME_BYTES_MAX + CONFIG_NAME_BYTES + 32)
struct slice irc_put_killed(char out[static KILLED_BYTES_MAX], const char *server,
                            const struct record *entry);

#endif
