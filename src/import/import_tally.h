/*
 * import_tally.h - what has become of the lines, for whoever runs the import: what could not be taken is
 * told at once, with its place and the reason; all is counted.
 */
#ifndef IMPORT_TALLY_H
#define IMPORT_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "slice.h"

/* Why a line, or a file, is not taken. Name, words. */
#define IMPORT_TROUBLES(X)                                                                         \
	X(TROUBLE_FORM, "it is not as this form has its lines")                                    \
	X(TROUBLE_TOO_LONG, "it is longer than 16384 bytes")                                       \
	X(TROUBLE_NOT_UTF8, "it is not UTF-8 (say what it is with --charset)")                     \
	X(TROUBLE_NUL, "it has a NUL")                                                             \
	X(TROUBLE_TIME, "it has no time that can be read")                                         \
	X(TROUBLE_FUTURE, "its time is yet to come")                                               \
	X(TROUBLE_BACK, "its time is more than two hours before that of a line above")             \
	X(TROUBLE_NAME, "the name is one that nobody can have here")                               \
	X(TROUBLE_NO_TEXT, "there is no text")                                                     \
	X(TROUBLE_TEXT_TOO_LONG, "the text is longer than 4096 bytes")                             \
	X(TROUBLE_TOPIC_TOO_LONG, "the topic is longer than 390 bytes")                            \
	X(TROUBLE_TOPIC_LINES, "the topic has more than one line")                                 \
	X(TROUBLE_JSON, "it is not JSON that can be understood")                                   \
	X(TROUBLE_ACCOUNT_TAKEN, "there is an account of that name already; it stays as it is")    \
	X(TROUBLE_STANDING, "an office there is of no account, or there are too many")             \
	X(TROUBLE_MODES, "its modes")                                                              \
	X(TROUBLE_MASK, "a mask of its lists")                                                     \
	X(TROUBLE_FOUNDER, "its founder is not among the accounts; nobody has it registered")      \
	X(TROUBLE_ROOM_NAME, "the room's name is one that no room can have here")                  \
	X(TROUBLE_READ, "it cannot be read")                                                       \
	X(TROUBLE_FILE_NAME, "no log of that form is named so")                                    \
	X(TROUBLE_NO_ROOM, "it is of no room, but a conversation of two or the client's own "      \
	                   "(to take it all the same: --room)")

#define IMPORT_TROUBLE_NAME(name, words) name,
enum import_trouble { IMPORT_TROUBLES(IMPORT_TROUBLE_NAME) TROUBLE_COUNT };
#undef IMPORT_TROUBLE_NAME

/* What is not a line: where else a trouble may be. */
#define IMPORT_WHOLE_FILE 0

struct import_tally {
	uint64_t files, lines, bytes, bytes_in_all;
	uint64_t said, moved, renamed, topics, rooms, accounts;
	uint64_t accounts_locked; /* of these, whose password could not be carried */
	uint64_t passed;          /* understood, and of no use here */
	uint64_t delayed; /* the clock went back a little: they have the time of the line before */
	uint64_t troubles[TROUBLE_COUNT];
	uint64_t told_us; /* steady: when the progress was told last */
};

/* Not taken: FILE:LINE: why. `detail` may be empty. */
void import_tell(struct import_tally *tally, const char *path, uint64_t line,
                 enum import_trouble trouble, struct slice detail);
uint64_t import_troubles(const struct import_tally *tally);
/* Every few seconds, how far it is. */
void import_progress(struct import_tally *tally);
/* All of it, on standard output. */
void import_print(const struct import_tally *tally, const char *folder);

#endif
