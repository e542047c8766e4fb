/*
 * console.h - the console process: the administrator's side of the house.
 *
 * It serves the admin socket (clients.h) always, and the keyboard (keyboard.h)
 * when there is one; there it also shows the room as it happens (view.h). What
 * is asked for is a command (command.h) and its way to an answer a task
 * (task.h). Whatever changes something is a request to the hub like anybody's,
 * through a queue whose requests may do what an administrator may.
 *
 * It keeps nothing that its successor would miss: after a kill -9 the socket
 * is made anew, and the view goes on where the board says.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

/* Runs the process named in argv0 to its end; returns its exit code (EXIT_CLOSED after /close). */
int console_main(const char *argv0);

#endif
