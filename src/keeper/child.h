/*
 * child.h - the life of one process, as its keeper sees it.
 *
 *   DOWN --start--> STARTING --"ready"--> UP --ends--> DOWN ...
 *                       \---------ends----------------/
 *   DOWN, STARTING, UP --told to leave--> LEAVING --ends--> GONE
 *
 * A child that is DOWN starts again when its pause is over. One that was told
 * to leave, never does. Nothing leads out of GONE.
 */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "handout.h"
#include "loop.h"
#include "mp_process.h"

enum child_state { CHILD_DOWN, CHILD_STARTING, CHILD_UP, CHILD_LEAVING, CHILD_GONE };

struct child {
	unsigned index;
	char name[PROCESS_NAME_MAX];
	enum child_state state;
	bool was_ready;      /* ever */
	uint64_t start_us;   /* when it was started last */
	uint64_t restart_us; /* DOWN: when to start it */
	unsigned deaths;     /* in a row, each soon after the start */
	struct mp_process process;
	struct mp_status end; /* how it ended last */
	int ready;            /* read end of its pipe, or -1 */
	struct watch watch_ready, watch_end;
	struct loop *loop;
	const struct estate *estate;
	void (*ended)(void *context, struct child *child); /* it is DOWN or GONE now */
	void *context;
};

/* `ended` is called from the loop at each death. Nothing is started yet. */
void child_init(struct child *child, unsigned index, struct loop *loop, const struct estate *estate,
                void (*ended)(void *context, struct child *child), void *context);

/* DOWN: starts it. If that cannot be done, says why and waits for the next time. */
void child_start(struct child *child);

/* Asks it to leave (SIGTERM); one that does not run is GONE at once. */
void child_leave(struct child *child);
/* LEAVING: ends it. */
void child_kill(struct child *child);

/* Why it ended, in words: "was killed by signal 9 (Killed)". */
#define CHILD_END_BYTES_MAX 80
const char *child_end(const struct child *child, char out[CHILD_END_BYTES_MAX]);

/*
 * How long a process that has just died stays dead, having died `deaths` times
 * in a row: at first not at all, then 50 ms, 100, 200, up to 5 s.
 */
uint64_t child_pause_us(unsigned deaths);

#endif
