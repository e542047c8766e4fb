/* robot_join_options.h - what was asked for on the command line of `qun robot --join`. */
#ifndef ROBOT_JOIN_OPTIONS_H
#define ROBOT_JOIN_OPTIONS_H

#include <stdbool.h>

#include "join_options.h"

struct robot_join_options {
	char host[JOIN_HOST_BYTES];
	const char *port;
	const char *name;    /* never NULL */
	const char *room;    /* NULL: the lobby */
	const char *command; /* NULL: ====text==== */
	bool is_new, is_help;
};

/* False, and a sentence in `trouble`, when something cannot be read. */
bool robot_join_options_parse(struct robot_join_options *options, int argc, char *const *argv,
                              char trouble[static OPTION_TROUBLE_BYTES]);

#endif
