/*
 * shared.h - what the processes share, made once by the keeper, which keeps
 * the descriptors for the children to come and never looks inside again.
 *
 * All memory has mode 0600 and belongs to the keeper's user: as root, a child
 * that was given a descriptor to read cannot open it again for writing.
 */
#ifndef SHARED_H
#define SHARED_H

#include "house.h"

/* Read-write, and read-only. */
struct shared_memory {
	int writer;
	int reader;
};

struct shared {
	int options;                          /* sealed */
	struct shared_memory config, secrets; /* sheets (config.h) */
	struct sheet *config_sheet, *secrets_sheet;
	int reload;  /* eventfd: somebody asks for the configuration to be read again */
	int life[2]; /* read end for all, write end for nobody else */
	int queues[EDGES_MAX + 1];                  /* -1 where there is none; so below */
	struct shared_memory boards[PROCESSES_MAX]; /* hub, scribe, clerk, console, edges */
	int bells[PROCESSES_MAX];
	int clerk_asker[PROCESSES_MAX]; /* hub, console, edges: their ends ... */
	int clerk_own[PROCESSES_MAX];   /* ... and the clerk's */
};

/* Exits with a sentence. The options must be complete. */
void shared_create(struct shared *shared, const struct options *options);

/* What the processes are to know from now on; who runs is rung. */
void shared_publish(struct shared *shared, const struct options *options,
                    const struct config *config, const struct config_secrets *secrets);

/* Whether the house has a process of that index (the keeper itself apart). */
bool shared_has_process(const struct options *options, unsigned index);

#endif
