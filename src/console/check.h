/*
 * check.h - /check: do all who hold the state hold the same, and is the log on
 * disk whole?
 *
 * The request becomes a record of the ring, ANSWER_CHECK. Hub, scribe and
 * edges note their state's digest when they pass it, so that all speak of the
 * same moment; then the clerk reads log.db through. A process that was
 * started anew just behind the record never passes it: then all are asked
 * again.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>

struct task;

/* The hub has answered. */
void check_begin(struct task *task);
/* Looks at the boards. */
void check_step(struct task *task, uint64_t now_us);
/* Patience is at its end: says who has not answered. */
void check_give_up(struct task *task);
/* The clerk has read log.db and found so many problems. */
void check_on_clerk(struct task *task, uint32_t problems);

#endif
