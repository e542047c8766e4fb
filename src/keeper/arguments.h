/* arguments.h - the words behind `qun serve`, and what they make of the options. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>

#include "option_words.h"
#include "options.h"

enum arguments_result {
	ARGUMENTS_OK,
	ARGUMENTS_HELP,  /* --help is among them */
	ARGUMENTS_CHECK, /* --check-config: options->config is to be looked at, and that is all */
	ARGUMENTS_BAD,   /* `trouble` says which and why, in one sentence */
};

/* What holds when nobody says otherwise; the data folder is left empty: its default depends on who asks. */
void arguments_defaults(struct options *options);

/*
 * Reads argv[0] to argv[count - 1] (what follows `serve`) into options that
 * hold the defaults. --data and
 * --config are taken as they stand, also when they are relative.
 */
enum arguments_result arguments_parse(struct options *options, int count, char *const *argv,
                                      char trouble[OPTION_TROUBLE_BYTES]);

#endif
