/*
 * link_host.h - a session link (session_link.h) with what it has none of: a socket, a
 * clock, and the file that remembers it. Whoever runs one polls three descriptors:
 *
 *	poll(host->timer_fd, host->socket.fd, host->socket.lookup.fd for input; …)
 *	link_host_wake(host);                     // what came in, and whether the machine slept
 *	… wishes in, link_host_speak() and link_next() until neither does anything …
 *	link_host_turn(host);                     // another address, the file
 *	link_host_sleep(host, true);              // sets the timer
 *
 * The clock goes on while the machine sleeps: that is how the sleep is noticed.
 */
#ifndef LINK_HOST_H
#define LINK_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "link_socket.h"
#include "session_file.h"
#include "session_link.h"

struct link_host_start {
	const char *host, *port;
	const char *name;      /* to come in with; NULL: the one remembered, or it is asked for */
	const char *file_name; /* which file of this server's; NULL: the one without a name */
	bool is_new;           /* what is remembered does not count */
	bool has_patience;     /* ends if nobody ever answers */
};

struct link_host {
	struct link *link;
	struct link_socket socket;
	struct session_file file;
	int timer_fd;
	uint64_t deadline_us;
	uint64_t heard_us;                /* a datagram, or the socket is new */
	uint64_t saved_version, saved_us; /* ... and when it was tried last */
	bool is_unsaved;                  /* in vain */
	struct link_memory saved;
};

/*
 * False: no memory, or no timer. What else is in the way (the host is unknown, the file damaged) is told by the
 * link, which has ended then.
 */
bool link_host_open(struct link_host *host, const struct link_host_start *start);
void link_host_close(struct link_host *host);

uint64_t link_host_now_us(void);

void link_host_wake(struct link_host *host);
/* Sends one datagram; false: there is none for now. */
bool link_host_speak(struct link_host *host);
void link_host_turn(struct link_host *host);
/* `is_telling`: link_next() is called as soon as there is anything to tell. */
void link_host_sleep(struct link_host *host, bool is_telling);
/* Writes the file now, whatever it is that changed. */
void link_host_save(struct link_host *host);

#endif
