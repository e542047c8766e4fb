/*
 * diag.c - a line is put together in a buffer and leaves with one write, so
 * that the lines of several processes on one terminal do not mix. If standard
 * error is gone or full, the line is lost and nobody waits for it longer than
 * the write does.
 */
#include "diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES_MAX 1024

/* To the row's beginning, and the row away. */
#define INSTEAD_OF_PROMPT "\r\033[K"

static const char *own_name;
static void (*prompt_again)(void);

void diag_name(const char *name) {
	own_name = name;
}

void diag_beside_prompt(void (*again)(void)) {
	prompt_again = again;
}

/* After vsnprintf: how much of `room` it really filled. */
static size_t filled(int result, size_t room) {
	if (result < 0) {
		return 0;
	}
	return (size_t)result < room ? (size_t)result : room - 1;
}

/* What a terminal would take for a command is shown as '?'; UTF-8 passes. */
static void tame(char *bytes, size_t size) {
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)bytes[i];
		if (byte < 0x20 || byte == 0x7F) {
			bytes[i] = '?';
		}
	}
}

/* A prompt of ours; behind a shell's "&" the terminal is another job's, and so is its prompt. */
static bool has_prompt(void) {
	if (prompt_again == NULL) {
		return false;
	}
	pid_t group = tcgetpgrp(STDERR_FILENO);
	return group <= 0 || group == getpgrp();
}

static void say(int error, const char *format, va_list arguments) {
	char line[LINE_BYTES_MAX];
	const size_t room = sizeof line - 1; /* the line's end has its own place */
	size_t size = 0;
	const bool is_beside_prompt = has_prompt();
	if (is_beside_prompt) {
		size = filled(snprintf(line, room, "%s", INSTEAD_OF_PROMPT), room);
	}
	const size_t start = size;
	if (own_name != NULL) {
		size += filled(snprintf(line + size, room - size, "qun: %s: ", own_name),
		               room - size);
	} else {
		size += filled(snprintf(line + size, room - size, "qun: "), room - size);
	}
	size += filled(vsnprintf(line + size, room - size, format, arguments), room - size);
	if (error != 0) {
		size += filled(snprintf(line + size, room - size, ": %s", strerror(error)),
		               room - size);
	}
	tame(line + start, size - start);
	line[size++] = '\n';
	ssize_t written;
	do {
		written = write(STDERR_FILENO, line, size);
	} while (written < 0 && errno == EINTR);
	if (is_beside_prompt) {
		prompt_again();
	}
}

void diag(const char *format, ...) {
	int saved = errno;
	va_list arguments;
	va_start(arguments, format);
	say(0, format, arguments);
	va_end(arguments);
	errno = saved;
}

void diag_errno(const char *format, ...) {
	int saved = errno;
	va_list arguments;
	va_start(arguments, format);
	say(saved, format, arguments);
	va_end(arguments);
	errno = saved;
}

noreturn void diag_exit(int code, const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	say(0, format, arguments);
	va_end(arguments);
	exit(code);
}

noreturn void diag_exit_errno(int code, const char *format, ...) {
	int saved = errno;
	va_list arguments;
	va_start(arguments, format);
	say(saved, format, arguments);
	va_end(arguments);
	exit(code);
}
