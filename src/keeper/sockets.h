/*
 * sockets.h - the sockets: for UDP and for TCP, of the same port, one per listener
 * and edge, all made before the first edge starts and open as long as the keeper
 * lives. So what arrives while an edge is dead, a datagram or somebody who
 * connects, waits for the next one, and no client is ever moved to another edge.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "options.h"

struct sockets {
	int fds[LISTENERS_MAX][EDGES_MAX];     /* UDP; -1 where there is none */
	int streams[LISTENERS_MAX][EDGES_MAX]; /* TCP: they listen */
};

/*
 * Opens all that the options ask for, and notes in them the ports that were
 * really bound and where there was no IPv6. Exits with a sentence (EXIT_FIX_ME)
 * if a port is taken or an address is not ours.
 */
void sockets_open(struct sockets *sockets, struct options *options);

#endif
