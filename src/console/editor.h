/*
 * editor.h - the line editor on a terminal: libedit, fed from our own loop.
 *
 * libedit wants to read by itself and to wait for it. Here it is asked for
 * one key at a time ("unbuffered"), and reads from a buffer that is filled
 * only when the terminal has something; in the middle of a key's sequence it
 * waits a twentieth of a second, then the sequence is void. So nobody who
 * presses Escape and goes for lunch stops the console.
 *
 * libedit's own interface is used, not its imitation of readline: that one
 * writes behind a buffer it no longer owns when a line grows long.
 */
#ifndef EDITOR_H
#define EDITOR_H

#include <stdbool.h>
#include <stddef.h>

struct editor;

#define EDITOR_PROMPT_MAX 80

/*
 * For a terminal that is read from `in` and written to through standard
 * output. NULL if it cannot be edited on (no UTF-8 to be had).
 */
struct editor *editor_create(int in);
/* Gives the terminal back as it was. */
void editor_destroy(struct editor *editor);

void editor_set_prompt(struct editor *editor, const char *prompt);
/* Takes prompt and line off the screen, the cursor then at the beginning of an empty line; and back. */
void editor_hide(struct editor *editor);
void editor_show(struct editor *editor);
/* Another process has written on the terminal, in the prompt's place: the next show is below that. */
void editor_displace(struct editor *editor);

/* Reads what the terminal has. False: it has ended. */
bool editor_read(struct editor *editor);
/* Keys that were read and not yet used. */
bool editor_has_keys(const struct editor *editor);

enum editor_result {
	EDITOR_MORE, /* all keys are used; the line goes on */
	EDITOR_LINE, /* a line is complete */
	EDITOR_END,  /* the end was typed: Ctrl-D on an empty line */
};
/* Uses keys up to the end of a line, which is valid until the next call. */
enum editor_result editor_use(struct editor *editor, const char **line, size_t *size);

/* The terminal has another size, or is back after a stop. */
void editor_resize(struct editor *editor);

#endif
