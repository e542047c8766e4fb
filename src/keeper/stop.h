/*
 * stop.h - the orderly end: who produces goes before who consumes.
 *
 *   edges              take nothing more, deliver what the ring holds
 *   hub                decides what was queued, publishes it
 *   console and clerk
 *   scribe             stores all that the ring holds, and syncs
 *
 * Each group is asked (SIGTERM), and ended (SIGKILL) if it is not gone by its
 * time. All is over within two seconds: what the scribe did not get to is
 * still in the ring, where the next start finds it.
 */
#ifndef STOP_H
#define STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "child.h"

#define STOP_STAGES 4

struct stop {
	uint64_t start_us;
	unsigned stage;
	bool is_ending[STOP_STAGES]; /* SIGKILL has been sent */
	bool is_done;
};

void stop_begin(struct stop *stop, uint64_t now_us);

/* Does what can be done now; returns how long the loop may sleep. */
uint64_t stop_go_on(struct stop *stop, struct child *children, const struct options *options,
                    uint64_t now_us);

#endif
