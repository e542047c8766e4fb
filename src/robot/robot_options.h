/* robot_options.h - what was asked for on the command line of `qun robot`. */
#ifndef ROBOT_OPTIONS_H
#define ROBOT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "option_words.h"
#include "options.h"

/* Each form has its own, lower end: FD_SETSIZE, processes, threads, descriptors. */
#define ROBOT_CLIENTS_MAX 100000

struct robot_options {
	const char *model; /* a name of robot.c's table */
	struct listener listener;
	uint32_t clients_max;
	uint64_t idle_us; /* 0: no limit */
	bool is_help;
};

/*
 * Reads argv[1] on. False, and a sentence in `trouble`, when something cannot be read; whether there is
 * such a model is for the caller to find out.
 */
bool robot_options_parse(struct robot_options *options, int argc, char *const *argv,
                         char trouble[static OPTION_TROUBLE_BYTES]);

const char *robot_help(enum language language);

#endif
