/*
 * robot.h - `qun robot`: answers every line of text with ====text====, and always knows how many
 * are online.
 *
 * The same small service four times, so that the ways in which a server serves many at once can be
 * read side by side: robot_select.c, robot_process.c, robot_thread.c, robot_epoll.c. What they have
 * in common stands once: cutting lines (robot_line.h), one client (robot_talk.h), the door
 * (robot_door.h), what is shown (robot_show.h), what is asked for (robot_options.h).
 */
#ifndef ROBOT_H
#define ROBOT_H

/* argv[0] is "robot"; the options follow. Answers the exit code. */
int robot_main(int argc, char **argv);

#endif
