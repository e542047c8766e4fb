/*
 * lines.h - the face of `qun join` without a screen: plain lines in, plain lines out,
 * for scripts, pipes and terminals that can do no more (face.h: lines_run).
 *
 * On standard output is what is heard, a line each, nothing else: `小明说: 你好`, `小红 进入了聊天室`.
 * What is heard in another room than the present one has `[#room] ` before it. One's own words are not
 * repeated. Everything about the line itself, and every refusal, is on standard error.
 *
 * A line that comes in is said in the present room; one that begins with `/` is a command, with
 * `//` a line that begins with `/`. At the end of input everything is waited for.
 *
 *   lines.c          the loop, and how it begins and ends
 *   lines_input.c    what is typed
 *   lines_output.c   what is told
 */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "face.h"
#include "limits.h"
#include "screenwire.h"

#define LINES_ROOMS_MAX 320
/* So many words may be under way before more are read. */
#define LINES_OPEN_MAX 32
#define LINES_INPUT_BYTES (64 * 1024)

struct lines_room {
	uint64_t id;
	size_t name_size;
	char name[NAME_BYTES_MAX > ROOM_NAME_BYTES_MAX ? NAME_BYTES_MAX : ROOM_NAME_BYTES_MAX];
};

/* Something that was wished, to say what it was if it is refused. */
struct lines_sent {
	uint64_t tag;
	uint8_t kind; /* enum wish_kind */
	size_t name_size;
	char name[NAME_BYTES_MAX];
};

struct lines {
	const struct face_start *start;
	enum language language;
	int signals;
	int out_fd; /* standard output, not blocking if that can be had */
	bool is_out_socket, is_stuck;
	/* The last signal; one that came while it was printing; and how long output is waited for since. */
	uint32_t signal, late_signal;
	uint64_t patience_us;    /* 0: for ever */
	bool is_asking_terminal; /* a person can be asked */
	/* As told. */
	uint8_t standing;
	bool was_in, was_silent;
	uint16_t seeking_reason;        /* that was said */
	uint64_t told, shown, shown_us; /* seqs */
	size_t rooms_count;
	struct lines_room rooms[LINES_ROOMS_MAX];
	uint64_t room;       /* the present one */
	bool is_room_wanted; /* --room was not entered yet */
	/* Under way. */
	uint64_t tag, question;
	uint64_t room_tag; /* of the wish to enter a room that will be the present one */
	size_t open_count;
	struct lines_sent open[LINES_OPEN_MAX];
	size_t questions_open;
	size_t names_count; /* of an answer that is being printed */
	/* Input. */
	bool is_at_end, is_skipping;
	size_t input_size;
	char input[LINES_INPUT_BYTES];
	/* The end. */
	bool is_quitting, is_over, is_output_gone, is_link_gone;
	unsigned interrupts;
	int code;
};

/* lines.c */
void lines_quit(struct lines *lines, uint16_t flags, struct slice why);
void lines_wish(struct lines *lines, const struct wish *wish);

/* lines_input.c */
/* A line that was typed, without its end. */
void lines_typed(struct lines *lines, struct slice line);
/* The bytes in `input`: as many lines as may be said now. */
void lines_take_input(struct lines *lines);
bool lines_wants_input(const struct lines *lines);
/* A message; its tag is made here. */
void lines_send(struct lines *lines, struct wish wish);
/* One that one is in, whatever the case it is written in; NULL: none. */
const struct lines_room *lines_room_named(const struct lines *lines, struct slice name);

/* lines_output.c */
void lines_told(struct lines *lines, const struct tell *tell);
/* A sentence of our own, on standard error: in Chinese or in English. */
void lines_note(const struct lines *lines, const char *zh, const char *en);
void lines_note_slice(struct slice text);

#endif
