/*
 * irc_mode.h - "+ov-k 小明 小红 key": the strings of MODE, change by change.
 *
 * Which letters there are is a table (IRC_CHANNEL_MODES); how they take
 * arguments follows from their type, as ISUPPORT's CHANMODES has it:
 *
 *   LIST   an argument both ways; without one it asks for the list
 *   KEY    an argument both ways
 *   SET    an argument only to set it
 *   FLAG   none
 *   PREFIX a member, both ways
 */
#ifndef IRC_MODE_H
#define IRC_MODE_H

#include <stdbool.h>
#include <stddef.h>

#include "irc_message.h"
#include "slice.h"

enum irc_mode_type { MODE_LIST, MODE_KEY, MODE_SET, MODE_FLAG, MODE_PREFIX };

/* X(LETTER, NAME, TYPE) */
#define IRC_CHANNEL_MODES(X)                                                                       \
	X('b', BAN, MODE_LIST)                                                                     \
	X('e', EXCEPT, MODE_LIST)                                                                  \
	X('I', INVEX, MODE_LIST)                                                                   \
	X('k', KEY, MODE_KEY)                                                                      \
	X('f', FORWARD, MODE_SET)                                                                  \
	X('l', LIMIT, MODE_SET)                                                                    \
	X('W', SLOW, MODE_SET)                                                                     \
	X('i', INVITE_ONLY, MODE_FLAG)                                                             \
	X('m', MODERATED, MODE_FLAG)                                                               \
	X('n', NO_OUTSIDE, MODE_FLAG)                                                              \
	X('s', SECRET, MODE_FLAG)                                                                  \
	X('t', TOPIC_OPS, MODE_FLAG)                                                               \
	X('C', NO_CTCP, MODE_FLAG)                                                                 \
	X('M', HEARS_ACCOUNTS, MODE_FLAG)                                                          \
	X('R', WANTS_ACCOUNT, MODE_FLAG)                                                           \
	X('o', OPERATOR, MODE_PREFIX)                                                              \
	X('v', VOICE, MODE_PREFIX)

/* ISUPPORT's CHANMODES and PREFIX, which follow from the table. */
#define IRC_CHANMODES "beI,k,Wfl,CMRimnst"
#define IRC_PREFIX "(ov)@+"

enum irc_mode_fault {
	MODE_OK,
	MODE_UNKNOWN,     /* no such letter: 472 */
	MODE_NO_ARGUMENT, /* one is missing: 461 or 696 */
};

struct irc_mode_change {
	char letter;
	bool is_set;      /* '+' */
	bool is_question; /* a list without an argument */
	enum irc_mode_type type;
	enum irc_mode_fault fault;
	struct slice argument;
};

/* Goes through the parameters of a MODE behind the target. */
struct irc_mode_walk {
	const struct irc_message *message;
	size_t letters;   /* which parameter has the letters that are read */
	size_t at;        /* the next letter in it */
	size_t arguments; /* the next argument's parameter */
	bool is_minus;
};
/* `first`: the parameter that has the letters. */
struct irc_mode_walk irc_mode_begin(const struct irc_message *message, size_t first);
/* False at the end. */
bool irc_mode_next(struct irc_mode_walk *walk, struct irc_mode_change *change);

/* False if there is no such letter. */
bool irc_mode_type_of(char letter, enum irc_mode_type *type);

#endif
