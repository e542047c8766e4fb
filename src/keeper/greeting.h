/* greeting.h - what the operator hears when everything is ready. */
#ifndef GREETING_H
#define GREETING_H

#include <stddef.h>

#include "options.h"

/*
 * One line on standard output, "qun: ready udp=127.0.0.1:8888 tcp=127.0.0.1:8888
 * data=/path", for scripts; then, if standard error is a terminal, five lines for a person:
 * our addresses, how to join, the firewall, where the data lies, how to stop.
 */
void greeting_say(const struct options *options);

/* The parts, for the tests. Both return the size; lines end with a line feed. */
size_t greeting_ready_line(const struct options *options, char *out, size_t out_size);
size_t greeting_for_people(const struct options *options, enum language language, char *out,
                           size_t out_size);

#endif
