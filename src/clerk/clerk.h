/* clerk.h - the process for whatever takes long: the state for who starts, history, search, checkpoints. */
#ifndef CLERK_H
#define CLERK_H

/* argv0: "qun: clerk". Returns the exit code. */
int clerk_main(const char *argv0);

#endif
