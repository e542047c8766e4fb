/*
 * The living children of this process, for the inside of the kit: a list, and an epoll instance with
 * their pidfds, so that finding those that ended costs as much as there are, not as many as live.
 *
 * A fork (anybody's) empties the list in the child: its siblings are not its children.
 */
#ifndef MP_KIN_H
#define MP_KIN_H

#include "mp_process.h"

/*
 * Reap, then fork(2), with the list in order on both sides. Follows up with mp_kin_add() in the parent.
 */
pid_t mp_kin_fork(void);

/*
 * Keeps a descriptor free for mp_kin_add(), before there is a child: one that is ended because there is none
 * left may have done something by then. Returns it, to be closed before mp_kin_add(), and in the child; -1
 * with errno.
 */
int mp_kin_hold(void);

/* The child of that pid lives at `process` from now on. When that fails it is killed: MP_SYSTEM. */
int mp_kin_add(struct mp_process *process, pid_t pid);

/* Reap all that have ended. */
void mp_kin_reap(void);

/* The same; answers how many were reaped since it was asked last, by whomever. */
size_t mp_kin_tell_reaped(void);

/* Look whether it has ended, taking its status if so; answers what mp_process_join() does at once. */
int mp_kin_collect(struct mp_process *process, struct mp_status *status);

/* As mp_process_signal(). */
int mp_kin_signal(struct mp_process *process, int signal);

/* The epoll descriptor, or MP_SYSTEM. */
int mp_kin_fd(void);

#endif
