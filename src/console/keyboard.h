/*
 * keyboard.h - what is typed at the console: edited lines on a terminal
 * (editor.h), plain lines from a pipe or a file. Its end ends the keyboard and
 * nothing else. In the background of a shell the terminal is another job's and
 * left alone, until `fg` brings it back.
 *
 * Each line is a task; when as many as allowed are under way (one for a pipe,
 * whose answers so come in the order of its lines), nothing more is read.
 */
#ifndef KEYBOARD_H
#define KEYBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command.h"
#include "loop.h"

struct console;
struct editor;

#define KEYBOARD_TASKS_MAX 8

struct keyboard {
	int fd; /* -1: none, or it has ended */
	struct watch watch;
	bool is_watched;
	bool is_readable; /* epoll, or a file's nature, says that a read would not wait */
	bool is_file;     /* always readable; epoll does not take it */
	bool is_away;     /* a terminal that is another job's just now */
	struct editor *editor;
	int signals; /* SIGWINCH and SIGCONT, for a terminal; -1: not wanted */
	struct watch watch_signals;
	unsigned tasks; /* under way */
	uint64_t people;
	bool is_overlong; /* the line goes on and is too long: dropped up to its end */
	size_t size;
	char line[COMMAND_BYTES_MAX + 1];
};

void keyboard_open(struct console *console);
/* Gives the terminal back. */
void keyboard_close(struct console *console);
/* Reads once, or begins a line that is complete. */
void keyboard_turn(struct console *console);
bool keyboard_has_work(const struct console *console);

#endif
