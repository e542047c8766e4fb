/*
 * hub.h - the process that decides: the only writer of the log.
 *
 * Requests in, records out: it takes requests from the queues of the edges and
 * the console, decides each against the state (decide.h), appends what follows
 * to the ring, applies it to the state, and makes a whole batch visible with
 * one store. It touches no socket, and the disk only before it is ready.
 */
#ifndef HUB_H
#define HUB_H

int hub_main(const char *argv0);

#endif
