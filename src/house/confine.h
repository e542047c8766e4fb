/*
 * confine.h - what a process gives up before it hears from the world: root,
 * new privileges, forking, core dumps, more descriptors than it can need.
 */
#ifndef CONFINE_H
#define CONFINE_H

#include <stdbool.h>

#include "options.h"

/* For good. Exits with a sentence when something is refused. */
void confine(const struct options *options, bool is_edge);

#endif
