/*
 * diag.h - what the program tells its operator: one event a line on standard
 * error, in English, with the process's name ("qun: hub: ...").
 *
 * Not to be confused with the log, which is the room's.
 */
#ifndef DIAG_H
#define DIAG_H

#include <stdnoreturn.h>

/* Exit codes of every process of the house: they tell the keeper whether trying again helps. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_USAGE = 2,
	EXIT_CLOSED = 90,     /* The administrator closed the room: end everything, politely. */
	EXIT_FIX_ME = 100,    /* A person has to mend something first; trying again is no use. */
	EXIT_TRY_AGAIN = 111, /* The world was against it just now. */
};

/* The name that precedes every line, e.g. "edge 0"; kept by reference. */
void diag_name(const char *name);

/*
 * From now on the last line of the terminal may be a prompt: each line takes
 * its place, and `again` is told, which has it drawn anew below.
 */
void diag_beside_prompt(void (*again)(void));

/* One line "qun: NAME: MESSAGE". Newlines and controls in it are shown as '?'. errno is preserved. */
void diag(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As diag(), followed by ": " and strerror(errno). */
void diag_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* diag() and exit with the code given. */
noreturn void diag_exit(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
noreturn void diag_exit_errno(int code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
