/*
 * command.h - what an administrator can ask for: one table of commands, and
 * the parser that takes a typed line apart by it.
 *
 * A line that begins with `/` (or `／`, which Chinese keyboards give) is a
 * command; every other line is a shout. Words are split at blanks, tabs and
 * U+3000, since no name holds any of them; a text is the rest of the line as
 * it stands.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "options.h"
#include "slice.h"

/* The longest line: a command's words, and a text as long as texts may be. */
#define COMMAND_BYTES_MAX (4096 + 256)

/* Lines that /history gives. */
#define COMMAND_HISTORY_DEFAULT 10
#define COMMAND_HISTORY_MAX 1000

/* What may follow a command's name. */
enum command_shape {
	SHAPE_NOTHING,
	SHAPE_NAME,         /* NAME */
	SHAPE_NAME_WHY,     /* NAME [why] */
	SHAPE_NAME_MINUTES, /* NAME [minutes [why]] */
	SHAPE_WHOM,         /* NAME|ADDRESS|NET|MASK|account:NAME */
	SHAPE_WHOM_WHY,     /* NAME|ADDRESS|NET|MASK|account:NAME [--for DURATION] [[--why] why] */
	SHAPE_COUNT,        /* [N] */
	SHAPE_WHY,          /* [why] */
	SHAPE_TEXT,         /* TEXT */
	SHAPE_LEVEL,        /* [1 to 5 [[--why] why]] */
	SHAPE_AUDIT,        /* [--since TIME] [--by NAME] [--about WHAT] */
	SHAPE_DEED,         /* what /account is to do, NAME, and what goes with it */
};

/* What /account is to do. */
enum command_deed {
	DEED_NONE = 0,
	DEED_LIST,
	DEED_ADD,
	DEED_PASSWORD,
	DEED_DROP,
	DEED_SHOW,
	DEED_SET,    /* number: ACCOUNT_STAYS, ACCOUNT_STAYS_NOT, or neither */
	DEED_EXPORT, /* text: the file, or empty; `qun admin` does it alone */
	DEED_ERASE,  /* number: 1: --yes was said */
};

struct task;

/* A row: adding a command touches this table (command.c) and one function. */
struct command_row {
	const char *name;         /* without the slash */
	const char *arguments[2]; /* by language, as help and usage show them */
	const char *help[2];
	enum command_shape shape;
	uint16_t request; /* for those that the hub decides: enum record_kind; else 0 */
	/* Begins it; the task goes on until task_done() or task_refuse(). */
	void (*run)(struct task *task);
};

size_t command_rows_count(void);
const struct command_row *command_row(size_t index);

/* A line taken apart; slices point into the line. */
struct command {
	const struct command_row *row;
	struct slice name; /* empty: none, or a net instead */
	bool has_net;
	struct net net;
	uint64_t bits;                 /* BAN_*: what kind of name it is */
	uint64_t number;               /* minutes, seconds, lines, a level; 0: not given */
	struct slice since, by, about; /* SHAPE_AUDIT; empty: not given */
	enum command_deed deed;
	struct slice text;
};

enum command_error {
	COMMAND_OK = 0,
	COMMAND_EMPTY = -1,      /* nothing but blanks: nothing to do, nothing to answer */
	COMMAND_UNKNOWN = -2,    /* no such command */
	COMMAND_MISSING = -3,    /* an argument is missing */
	COMMAND_SURPLUS = -4,    /* there is more than the command takes */
	COMMAND_BAD_NUMBER = -5, /* no number, or none that the command takes */
	COMMAND_NOT_UTF8 = -6,
	COMMAND_TOO_LONG = -7,
	COMMAND_BAD_DEED = -8, /* not one of those that the command has */
	COMMAND_BAD_TIME = -9, /* no time, or no length of time */
};

/*
 * Takes a line apart; one line end at its end is no part of it. *command is
 * filled in when COMMAND_OK is returned, and its row as soon as that is known
 * (for the usage), else NULL.
 */
enum command_error command_parse(struct slice line, struct command *command);

/* The error's word, for --json: "unknown-command"; never NULL. */
const char *command_strerror(enum command_error error);

/*
 * The error in words, with the way out; not for COMMAND_OK and COMMAND_EMPTY.
 * `slash` is what commands are typed with: "/", or "qun admin ". Terminated;
 * returns `out`.
 */
#define COMMAND_WORDS_MAX 512
const char *command_words(enum command_error error, const struct command *command,
                          enum language language, const char *slash, char out[COMMAND_WORDS_MAX]);

#endif
