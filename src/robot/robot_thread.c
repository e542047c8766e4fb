/*
 * robot_thread.c - a thread for each client, on the kit's threads.
 *
 * As with processes, each waits for its one client alone; but all see the same memory, so what several of
 * them touch is touched under a lock: who is there, and how many. Main lets clients in and counts them. A
 * client's thread counts itself off, and sets an event; one more thread, the host, waits for that event and
 * joins those that have left.
 *
 *	main ──starts──> a client's thread ──lock: is_over; event──> host ──joins
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "clock.h"
#include "diag.h"
#include "mp_errors.h"
#include "mp_event.h"
#include "mp_lock.h"
#include "mp_thread.h"
#include "robot_forms.h"
#include "robot_show.h"
#include "robot_talk.h"

#define CUT_OFF_PATIENCE_MS 300

struct client {
	struct robot *robot;
	struct mp_thread thread;
	struct talk talk; /* the thread's; fd also main's, under the lock, while it is not over */
	_Atomic uint64_t lines; /* written by the thread, read by main */
	bool is_over;           /* under the lock, as is `next` */
	struct client *next;
};

struct robot {
	const struct robot_options *options;
	struct door *door;
	struct mp_thread host;
	struct mp_event somebody_left, nobody_is_left; /* nobody_is_left: only while it stops */
	_Atomic uint64_t stop_us; /* written by main, under the lock; 0 before SIGTERM */
	struct mp_lock lock;      /* over all that follows */
	unsigned online;
	struct client *clients; /* also those that are over, and not joined yet */
	bool is_closing;        /* the host is to leave when it has joined all */
};

/* ---- A client's thread ---- */

/* The descriptor is closed under the lock: main never shuts one that has become somebody else's. */
static void leave(struct robot *robot, struct client *client) {
	MP_WITH_LOCK(&robot->lock) {
		talk_end(&client->talk);
		client->is_over = true;
		show_online(--robot->online);
		if (robot->online == 0 && robot->stop_us != 0) {
			mp_event_set(&robot->nobody_is_left);
		}
	}
	mp_event_set(&robot->somebody_left);
}

static void count_lines(void *counter, uint64_t lines) {
	_Atomic uint64_t *shared = counter;
	atomic_store_explicit(shared, lines, memory_order_relaxed);
}

static void serve(void *argument) {
	struct client *client = argument;
	struct robot *robot = client->robot;
	struct talk_room *room = malloc(sizeof *room);
	if (room != NULL) {
		talk_serve(&client->talk, room, robot->options->idle_us);
		free(room);
	}
	talk_linger(&client->talk, robot->stop_us);
	leave(robot, client);
}

/* ---- The host ---- */

/* Takes those that are over out of the list. */
static struct client *take_left(struct robot *robot) {
	struct client *left = NULL;
	MP_WITH_LOCK(&robot->lock) {
		for (struct client **link = &robot->clients; *link != NULL;) {
			struct client *client = *link;
			if (!client->is_over) {
				link = &client->next;
				continue;
			}
			*link = client->next;
			client->next = left;
			left = client;
		}
	}
	return left;
}

static void join_all(struct client *left) {
	while (left != NULL) {
		struct client *client = left;
		left = client->next;
		mp_thread_join(&client->thread, MP_FOREVER);
		free(client);
	}
}

static void be_host(void *argument) {
	struct robot *robot = argument;
	bool is_closing = false;
	while (!is_closing) {
		mp_event_wait(&robot->somebody_left, MP_FOREVER);
		mp_event_clear(&robot->somebody_left);
		MP_WITH_LOCK(&robot->lock) {
			is_closing = robot->is_closing;
		}
		join_all(take_left(robot));
	}
}

/* ---- Main: coming ---- */

/* Under the lock. False when there can be no more threads. */
static bool start_thread(struct robot *robot, int fd, const struct address *peer) {
	struct client *client = calloc(1, sizeof *client);
	if (client == NULL) {
		return false;
	}
	client->robot = robot;
	talk_begin(&client->talk, fd, peer);
	client->talk.count = count_lines;
	client->talk.counter = &client->lines;
	mp_thread_init(&client->thread, serve, client);
	if (mp_thread_start(&client->thread) != 0) {
		free(client);
		return false;
	}
	client->next = robot->clients;
	robot->clients = client;
	show_online(++robot->online);
	return true;
}

/* Under the lock. False when nobody more waits to come in. */
static bool admit_one(struct robot *robot) {
	struct address peer;
	int fd = door_accept(robot->door, &peer, 0, robot->online);
	if (fd < 0) {
		return false;
	}
	if (robot->online >= robot->options->clients_max || !start_thread(robot, fd, &peer)) {
		door_turn_away(robot->door, fd, robot->online);
	}
	return true;
}

static bool admit(struct robot *robot) {
	bool is_anybody_there = true;
	for (int i = 0; i < DOOR_ADMITTED_AT_ONCE && is_anybody_there; i++) {
		MP_WITH_LOCK(&robot->lock) {
			is_anybody_there = admit_one(robot);
		}
	}
	return is_anybody_there;
}

/* ---- Main: signals, and the end ---- */

static void report(struct robot *robot) {
	MP_WITH_LOCK(&robot->lock) {
		show_report(robot->online);
		for (struct client *client = robot->clients; client != NULL;
		     client = client->next) {
			if (!client->is_over) {
				show_client(&client->talk.peer, client->talk.since_us,
				            atomic_load(&client->lines));
			}
		}
	}
}

/* Under the lock. */
static void for_all(struct robot *robot, void (*deed)(int fd)) {
	for (struct client *client = robot->clients; client != NULL; client = client->next) {
		if (!client->is_over) {
			deed(client->talk.fd);
		}
	}
}

static void cut_off(int fd) {
	shutdown(fd, SHUT_RDWR);
}

static void stop(struct robot *robot) {
	/* Who stands at the door may have said something already. */
	for (int i = 0; i < DOOR_LAST_ROUNDS && admit(robot); i++) {
	}
	door_close(robot->door);
	MP_WITH_LOCK(&robot->lock) {
		robot->stop_us = clock_steady_us() + TALK_STOP_US;
		for_all(robot, talk_stop_hearing);
		if (robot->online == 0) {
			mp_event_set(&robot->nobody_is_left);
		}
	}
	if (mp_event_wait(&robot->nobody_is_left, TALK_STOP_US / 1000) == MP_TIMEOUT) {
		MP_WITH_LOCK(&robot->lock) {
			for_all(robot, cut_off);
		}
		mp_event_wait(&robot->nobody_is_left, CUT_OFF_PATIENCE_MS);
	}
	MP_WITH_LOCK(&robot->lock) {
		robot->is_closing = true;
	}
	mp_event_set(&robot->somebody_left);
	mp_thread_join(&robot->host, CUT_OFF_PATIENCE_MS);
}

/* ---- Main: the loop ---- */

static bool set_up(struct robot *robot) {
	mp_event_init(&robot->somebody_left);
	mp_event_init(&robot->nobody_is_left);
	mp_thread_init(&robot->host, be_host, robot);
	mp_thread_set_name(&robot->host, "host");
	return mp_lock_init(&robot->lock) == 0 && mp_thread_start(&robot->host) == 0;
}

int robot_thread(const struct robot_options *options, struct door *door) {
	/* Not on the stack: threads that could not be sent home may still look at it. */
	static struct robot robot;
	robot.options = options;
	robot.door = door;
	if (!set_up(&robot)) {
		diag_exit_errno(EXIT_FIX_ME, "cannot prepare for %u clients", options->clients_max);
	}
	show_ready(&door->address, options->model);
	int signal = 0;
	while (signal != SIGTERM) {
		struct pollfd ready[] = {{.fd = door->signals, .events = POLLIN},
		                         {.fd = door->listener, .events = POLLIN}};
		poll(ready, 2, -1);
		signal = door_signal(door);
		if (signal == SIGUSR1) {
			report(&robot);
		}
		admit(&robot);
	}
	stop(&robot);
	return EXIT_DONE;
}
