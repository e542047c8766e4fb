/*
 * ringfile.h - does the ring in the data folder go on where log.db ends?
 *
 * The scribe answers this at a start, before anybody else has mapped the ring:
 *
 *   trusted, log.db's, its position there   it goes on, and nothing is lost
 *   none, or from before the last boot      a new one; numbers go on behind the reserve
 *   trusted, but another log's              somebody changed log.db for another (a
 *                                           restored copy): the ring is kept beside,
 *                                           as `ring.other`, and a new one is made
 *   trusted, wholly stored, another size    a new one of the size that is wished
 */
#ifndef RINGFILE_H
#define RINGFILE_H

#include "follower.h"
#include "house.h"

/* Opens or makes the ring, into house->ring and follower->ring. Exits with a sentence if it cannot. */
void ringfile_enter(struct house *house, struct follower *follower);

#endif
