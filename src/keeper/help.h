/* help.h - what `qun serve --help` says. */
#ifndef HELP_H
#define HELP_H

#include "options.h"

const char *serve_help(enum language language);

#endif
