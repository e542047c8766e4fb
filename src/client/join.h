/*
 * join.h - `qun join`: the client for people, and with --lines for scripts.
 *
 * Two processes at work: the link (link_process.h) deals with the line, a face
 * (face.h) with the person. The one that was started waits for both.
 */
#ifndef JOIN_H
#define JOIN_H

/* argv[0] is "join"; the options follow. Answers the exit code. */
int join_main(int argc, char **argv);

#endif
