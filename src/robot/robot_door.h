/*
 * robot_door.h - where clients come in, are let in or turned away; and the signals, which come in by a
 * descriptor too.
 */
#ifndef ROBOT_DOOR_H
#define ROBOT_DOOR_H

#include <stdbool.h>

#include "address.h"
#include "robot_options.h"

#define DOOR_TURNED_AWAY_MAX 8

/* Let in in one turn: those who are in wait no longer than that. Before the door closes all come in
 * who stand in line, which the kernel keeps to 4,096. */
#define DOOR_ADMITTED_AT_ONCE 64
#define DOOR_LAST_ROUNDS 64

struct door {
	int listener; /* does not block; -1: closed */
	int signals;  /* a signalfd: readable when a signal has come */
	int spare; /* given up for a moment to turn somebody away when there are no more descriptors */
	/* The last that were turned away, kept open so that they read why before the connection ends: a
	 * close with unread bytes would throw away what was said to them. */
	int turned_away[DOOR_TURNED_AWAY_MAX];
	unsigned turned_away_next;
	struct address address; /* the real one, also when port 0 was asked for */
};

/* Makes room for --max descriptors, blocks the signals, listens. Says why not, and exits. */
void door_open(struct door *door, const struct robot_options *options);

/*
 * The next who waits to come in: a descriptor that is the caller's, or -1 when there is nobody. `flags`
 * as for accept4(). Whoever comes when there are no descriptors left is turned away here.
 */
int door_accept(struct door *door, struct address *peer, int flags, unsigned online);

/* Says "full: N online" and ends the connection; the descriptor is the door's from now on. */
void door_turn_away(struct door *door, int fd, unsigned online);

/* The signal that came: SIGTERM (also for SIGINT), SIGUSR1, or 0 for none. */
int door_signal(struct door *door);

/* Lets nobody in any more; the signals go on. */
void door_close(struct door *door);

/* In a child that serves one client: lets go of all of it. */
void door_leave(struct door *door);

#endif
