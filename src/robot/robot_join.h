/*
 * robot_join.h - `qun robot --join`: the robot as a member of a room (robot_asked.h says what it
 * answers), on the session dialect like `qun join`, so that nothing it is asked gets lost.
 *
 * It takes one thing at a time: while it answers, the log waits (session_link.h), and each
 * answer is written down before it is said: "at seq S, by my message N". After a restart the server says
 * which of its messages it has kept; so what was asked before is answered once, not again.
 */
#ifndef ROBOT_JOIN_H
#define ROBOT_JOIN_H

#include <stdbool.h>

/* Does the command line ask for it? */
bool robot_wants_to_join(int argc, char *const *argv);

/* argv[0] is "robot"; the options follow. Answers the exit code. */
int robot_join_main(int argc, char **argv);

#endif
