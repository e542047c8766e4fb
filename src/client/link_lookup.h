/*
 * link_lookup.h - the addresses of a host, looked up by a process of its own: a resolver may
 * take its time, and nobody waits for it. What it says fits into one write to a pipe.
 */
#ifndef LINK_LOOKUP_H
#define LINK_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "mp_process.h"

/* A host with more addresses is known by the first ones. */
#define LOOKUP_ADDRESSES_MAX 16

struct lookup_answer {
	int error; /* of getaddrinfo(3): EAI_… */
	size_t count;
	struct {
		socklen_t size;
		struct sockaddr_storage address;
	} each[LOOKUP_ADDRESSES_MAX];
};

struct link_lookup {
	int fd; /* readable when it knows; -1: none is under way */
	const char *host, *port;
	struct mp_process process;
};

/* "127.0.0.1", "::1": nobody has to be asked. False: it is a name. */
bool link_lookup_number(const char *host, const char *port, struct lookup_answer *answer);

/* Begins; both strings stay where they are. False, with errno: there can be no process. */
bool link_lookup_begin(struct link_lookup *lookup, const char *host, const char *port);
/* True, and it is over: it has answered. */
bool link_lookup_take(struct link_lookup *lookup, struct lookup_answer *answer);
/* Over in any case. */
void link_lookup_end(struct link_lookup *lookup);

#endif
