/*
 * handout.h - what each process is born with: a named handful of descriptors
 * and nothing else. The table in handout.c is the whole of who may see what.
 */
#ifndef HANDOUT_H
#define HANDOUT_H

#include <stddef.h>

#include "datafolder.h"
#include "mp_spawn.h"
#include "shared.h"
#include "sockets.h"

#define HANDOUT_NAME_BYTES 16

/* All that there is to hand out; the keeper's, and never closed. */
struct estate {
	const struct options *options;
	const struct shared *shared;
	const struct sockets *sockets;
	const struct datafolder *folder;
};

struct handout {
	struct mp_named_fd fds[MP_SPAWN_FDS_MAX];
	char names[MP_SPAWN_FDS_MAX][HANDOUT_NAME_BYTES];
	size_t count;
	int stdio[3];
};

/* For the process of that index, whose `ready` pipe has this write end. */
void handout_fill(struct handout *handout, const struct estate *estate, unsigned index, int ready);

#endif
