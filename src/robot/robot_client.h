/*
 * robot_client.h - the clients of a form that serves many with one thread: a talk each, and who has
 * rested or been idle for long enough.
 */
#ifndef ROBOT_CLIENT_H
#define ROBOT_CLIENT_H

#include "robot_options.h"
#include "robot_talk.h"
#include "robot_waits.h"

struct client {
	struct talk talk;
	struct wait rest, idle;
	uint32_t watched; /* for the form */
	uint32_t index;   /* for the form */
	bool is_over; /* only while the robot stops: it is kept until it has received everything */
};

struct clients {
	uint64_t idle_us; /* 0: no limit */
	unsigned online;
	struct waits rests, idles;
	uint64_t now_us;
	uint64_t stop_us; /* when it is over at the latest; WAITS_NEVER before SIGTERM */
	struct talk_room room;
};

void clients_init(struct clients *clients, const struct robot_options *options);

/* One more, who is counted and shown; NULL without memory. The descriptor is its own from now on. */
struct client *client_create(struct clients *clients, int fd, const struct address *peer);
void client_destroy(struct client *client);

/* One less, who is counted off and shown, and waits for nothing any more. */
void client_see_off(struct clients *clients, struct client *client);

/* Something was done for it that ended in `next`, and it goes on: when does it rest, when is it idle? */
void client_waits(struct clients *clients, struct client *client, enum talk_next next);

/* The next whose rest is over and has something to be answered, or NULL. Call again until NULL. */
struct client *clients_next_rested(struct clients *clients);

/* The next that has been idle for too long, and was told, or NULL: see it off. */
struct client *clients_next_idle(struct clients *clients);

/* How long until one of these, or the end; WAITS_NEVER if never. */
uint64_t clients_sleep_us(const struct clients *clients);

/* SIGTERM has come, and not everything is over yet? */
bool clients_are_stopping(const struct clients *clients);
bool clients_are_done(const struct clients *clients);

#endif
