/*
 * link_process.h - the process of `qun join` that deals with the line: the socket,
 * the session (session_link.h), the file that remembers it (session_file.h), and
 * the pipe to whatever face there is (screenwire.h).
 *
 * It is in a session (setsid) of its own: the terminal's signals do not reach it.
 */
#ifndef LINK_PROCESS_H
#define LINK_PROCESS_H

#include "face.h"
#include "mp_pipe.h"

struct link_start {
	const struct join_options *options;
	/*
	 * From the parent. Each message brings a descriptor: the end of a pipe to a face, in place of the one before.
	 * When the parent is gone, the link says that it is away, and ends.
	 */
	struct mp_pipe *parent;
};

/* Runs until it is over; answers an exit code that nobody needs. */
int link_process(const struct link_start *start);

#endif
