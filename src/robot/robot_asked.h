/*
 * robot_asked.h - what a robot in the room answers, and how.
 *
 *	@NAME text        →   ====text====
 *
 * Two rules keep robots from talking to each other for ever, whoever wrote their answers: a robot
 * answers only what begins with `@`, and never says anything that does. (An answer that would
 * begin with one gets a blank in front.) And it does not answer itself.
 */
#ifndef ROBOT_ASKED_H
#define ROBOT_ASKED_H

#include <stdbool.h>
#include <stddef.h>

#include "limits.h"
#include "slice.h"

/* Is the robot of that name asked? Then *question is the text behind its name, which is not empty. */
bool robot_is_asked(struct slice text, struct slice name, struct slice *question);

/* ====question====, into `out`; what would make it longer than a text may be is cut off. Its size. */
size_t robot_echo(struct slice question, char out[static TEXT_BYTES_MAX]);

/* The answer of a command, a line, made fit to be said. 0: nothing to be said. */
size_t robot_tame(struct slice line, char out[static TEXT_BYTES_MAX]);

#endif
