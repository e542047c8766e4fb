/*
 * face.h - the faces of `qun join`: what deals with the person. A face runs in a
 * process of its own, in the foreground; it speaks with the link over a pipe
 * (screenwire.h) and with nobody else.
 *
 * Its parent (join.c) waits for it and does nothing else. When the screen dies
 * by a signal, the parent sets the terminal right (its modes, the cursor, the
 * alternate screen, bracketed paste) and starts another one with a new pipe to
 * the same link, a few times. Ctrl-Z stops the whole process group, face and
 * parent, with kill(0, SIGTSTP); the link is in a session of its own and goes on.
 * SIGINT is the face's; the parent ignores it, and hands SIGTERM and SIGHUP on.
 *
 * Of the options the name is the link's business (it says STANDING_NAME_WANTED when it has none, or one
 * that will not do), the room the face's (WISH_JOIN when it is in, and not yet in that room).
 */
#ifndef FACE_H
#define FACE_H

#include <stdbool.h>

#include "mp_pipe.h"
#include "options.h"

/* What was asked for on the command line of `qun join`. */
struct join_options {
	const char *host; /* as typed, without the port */
	const char *port;
	const char *name; /* NULL: not said */
	const char *room; /* "#room"; NULL: the lobby */
	bool is_lines;
	bool is_new; /* begin anew: forget the session and the server's key */
	bool is_help;
};

struct face_start {
	struct mp_pipe *pipe; /* to the link */
	const struct join_options *options;
	enum language language; /* the person's */
	unsigned attempt;       /* 0, or: so many screens have died before this one */
	bool is_link_new; /* the link has died, this is another one, which goes on where it was */
};

/* Runs until it is over and answers the exit code of `qun join`. */
typedef int face_run(const struct face_start *start);

face_run screen_run; /* the terminal, by ncurses */
face_run lines_run;  /* plain lines in, plain lines out */

#endif
