/*
 * client.h - one who asks: its socket, its question, the answers that wait for
 * room in the socket.
 *
 * While answers wait no further question is read, so what waits is bounded by
 * one question's answers, and nobody waits for a process that does not read.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "clerkwire.h"
#include "loop.h"

struct client;

/* Answers a question with client_send(). `text` has question->text_bytes bytes. */
typedef void client_asked(void *context, struct client *client,
                          const struct clerk_question *question, const char *text);

struct message; /* an answer that waits */

struct client {
	struct loop *loop;
	struct watch watch;
	bool is_watching_for_room;
	client_asked *asked;
	void *context;
	struct message *first, *last;
};

/* Watches the socket. False with errno if it cannot. */
bool client_init(struct client *client, int fd, struct loop *loop, client_asked *asked,
                 void *context);
/* Drops what waits. The socket stays open. */
void client_finish(struct client *client);

/*
 * Sends an answer (its head and what follows), now or when there is room. A
 * descriptor is passed along and closed here; -1: none.
 */
void client_send(struct client *client, const void *bytes, size_t size, int passed_fd);

#endif
