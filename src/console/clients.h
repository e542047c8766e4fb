/*
 * clients.h - the admin socket and who is connected to it (adminwire.h says
 * what is spoken there).
 *
 * A client's requests are taken one at a time, one a turn; what it does not
 * take of the answers waits in its own buffer, and lists wait until that has
 * room. When all places are taken, who has done nothing for longest gives way
 * to a newcomer.
 */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adminwire.h"
#include "loop.h"

struct console;
struct task;

#define CLIENTS_MAX 16

/* Answers that wait for a client: with more than this a list pauses. */
#define CLIENT_OUT_BYTES_ENOUGH (64 * 1024)

struct client {
	struct console *console;
	int fd; /* -1: nobody */
	struct watch watch;
	uint32_t events;
	uint64_t progress_us; /* when it last sent or took something */
	bool is_ended;        /* it will send no more */
	bool is_gone;         /* and hears nothing: what it has sent is begun, then forgotten */
	bool is_hopeless;     /* what it sends is not to be understood any more */
	struct task *task;
	size_t in_size;
	char in[ADMIN_REQUEST_BYTES_MAX];
	char *out;
	size_t out_at, out_size, out_capacity;
};

struct clients {
	int listener;
	struct watch watch;
	struct client all[CLIENTS_MAX];
};

/* Makes the socket anew. Exits with a sentence if that cannot be. */
void clients_open(struct console *console);
/* Removes the socket, after a last try to hand out what waits. */
void clients_close(struct console *console);

/* Begins a request of each, and hands out what waits. */
void clients_turn(struct console *console);
bool clients_have_work(const struct console *console);
/* Is something still on its way to a client that takes it? */
bool clients_wait(const struct console *console);

#endif
