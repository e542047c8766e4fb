/* screen_command.h - the lines that begin with a slash. */
#ifndef SCREEN_COMMAND_H
#define SCREEN_COMMAND_H

#include <stdbool.h>

#include "screen_complete.h"
#include "screen_ui.h"
#include "slice.h"

/* Is it one? "//text" is not: it says "/text". */
bool command_is(struct slice line);
/* Runs it. False: there is a note that says why not, and the line may be mended. */
bool command_run(struct ui *ui, struct slice line);

/* Commands, rooms and names, for Tab; context is the struct ui. */
complete_source command_complete;

#endif
