/*
 * robot_select.c - one process, one thread: select() tells who has said something.
 *
 * Nothing is shared, so nothing is locked. Nothing may block, either: whom the robot waited for, all
 * would wait for. The kernel looks at every descriptor up to the highest, each time, and none may be
 * FD_SETSIZE or above: that is where this form ends.
 */
#include <signal.h>
#include <sys/select.h>

#include "clock.h"
#include "diag.h"
#include "robot_client.h"
#include "robot_forms.h"
#include "robot_show.h"

struct robot {
	const struct robot_options *options;
	struct door *door;
	struct clients all;
	struct client *clients[FD_SETSIZE]; /* by descriptor; NULL: none */
	fd_set to_hear, to_push;            /* by descriptor: never both */
	int fd_max;
};

static void watch(struct robot *robot, int fd) {
	FD_SET(fd, &robot->to_hear);
	robot->fd_max = fd > robot->fd_max ? fd : robot->fd_max;
}

/* ---- Coming and going ---- */

static void let_in(struct robot *robot, int fd, const struct address *peer) {
	struct client *client = client_create(&robot->all, fd, peer);
	if (client == NULL) {
		door_turn_away(robot->door, fd, robot->all.online);
		return;
	}
	robot->clients[fd] = client;
	watch(robot, fd);
}

/* False when nobody more waits to come in. */
static bool admit(struct robot *robot) {
	struct address peer;
	for (int i = 0; i < DOOR_ADMITTED_AT_ONCE; i++) {
		int fd = door_accept(robot->door, &peer, SOCK_NONBLOCK, robot->all.online);
		if (fd < 0) {
			return false;
		}
		if (fd >= FD_SETSIZE || robot->all.online >= robot->options->clients_max) {
			door_turn_away(robot->door, fd, robot->all.online);
		} else {
			let_in(robot, fd, &peer);
		}
	}
	return true;
}

static void forget(struct robot *robot, struct client *client) {
	robot->clients[client->talk.fd] = NULL;
	client_destroy(client);
}

static void see_off(struct robot *robot, struct client *client) {
	FD_CLR(client->talk.fd, &robot->to_hear);
	FD_CLR(client->talk.fd, &robot->to_push);
	client_see_off(&robot->all, client);
	if (!clients_are_stopping(&robot->all)) {
		forget(robot, client);
	}
}

/* ---- Serving ---- */

/* After each thing that was done for a client: what is due next? */
static void go_on(struct robot *robot, struct client *client, enum talk_next next) {
	if (next == TALK_IS_OVER) {
		see_off(robot, client);
		return;
	}
	bool has_unsent = client->talk.unsent != NULL;
	FD_CLR(client->talk.fd, has_unsent ? &robot->to_hear : &robot->to_push);
	FD_SET(client->talk.fd, has_unsent ? &robot->to_push : &robot->to_hear);
	client_waits(&robot->all, client, next);
}

static void serve(struct robot *robot, const fd_set *readable, const fd_set *writable) {
	for (int fd = 0; fd <= robot->fd_max; fd++) {
		struct client *client = robot->clients[fd];
		if (client == NULL) {
			continue;
		}
		if (FD_ISSET(fd, readable)) {
			go_on(robot, client, talk_hear(&client->talk, &robot->all.room));
		} else if (FD_ISSET(fd, writable)) {
			go_on(robot, client, talk_push(&client->talk));
		}
	}
}

static void serve_waits(struct robot *robot) {
	struct client *client;
	while ((client = clients_next_rested(&robot->all)) != NULL) {
		go_on(robot, client, talk_rest(&client->talk, &robot->all.room));
	}
	while ((client = clients_next_idle(&robot->all)) != NULL) {
		see_off(robot, client);
	}
}

/* ---- Signals, and the end ---- */

static void report(const struct robot *robot) {
	show_report(robot->all.online);
	for (int fd = 0; fd <= robot->fd_max; fd++) {
		const struct client *client = robot->clients[fd];
		if (client != NULL && !client->is_over) {
			show_client(&client->talk.peer, client->talk.since_us, client->talk.lines);
		}
	}
}

static void begin_stop(struct robot *robot) {
	if (clients_are_stopping(&robot->all)) {
		return;
	}
	/* Who stands at the door may have said something already. */
	for (int i = 0; i < DOOR_LAST_ROUNDS && admit(robot); i++) {
	}
	robot->all.stop_us = robot->all.now_us + TALK_STOP_US;
	FD_CLR(robot->door->listener, &robot->to_hear);
	door_close(robot->door);
	for (int fd = 0; fd <= robot->fd_max; fd++) {
		if (robot->clients[fd] != NULL) {
			talk_stop_hearing(fd);
		}
	}
}

static void heed_signal(struct robot *robot) {
	switch (door_signal(robot->door)) {
	case SIGUSR1: report(robot); break;
	case SIGTERM: begin_stop(robot); break;
	default: break;
	}
}

static void end(struct robot *robot) {
	for (int fd = 0; fd <= robot->fd_max; fd++) {
		struct client *client = robot->clients[fd];
		if (client != NULL) {
			talk_linger(&client->talk, client->is_over ? robot->all.stop_us : 0);
			forget(robot, client);
		}
	}
}

/* ---- The loop ---- */

/* How many are ready; those that are not leave the sets. */
static int wait_for_any(struct robot *robot, fd_set *readable, fd_set *writable) {
	uint64_t sleep_us = clients_sleep_us(&robot->all);
	struct timeval timeout = {.tv_sec = (time_t)(sleep_us / 1000000),
	                          .tv_usec = (suseconds_t)(sleep_us % 1000000)};
	*readable = robot->to_hear;
	*writable = robot->to_push;
	int ready = select(robot->fd_max + 1, readable, writable, NULL,
	                   sleep_us == WAITS_NEVER ? NULL : &timeout);
	robot->all.now_us = clock_steady_us();
	return ready;
}

int robot_select(const struct robot_options *options, struct door *door) {
	static struct robot robot;
	robot.options = options;
	robot.door = door;
	clients_init(&robot.all, options);
	if (door->listener >= FD_SETSIZE || door->signals >= FD_SETSIZE) {
		diag_exit(EXIT_FIX_ME, "too many descriptors were handed down for select");
	}
	watch(&robot, door->listener);
	watch(&robot, door->signals);
	show_ready(&door->address, options->model);
	while (!clients_are_done(&robot.all)) {
		fd_set readable, writable;
		if (wait_for_any(&robot, &readable, &writable) > 0) {
			serve(&robot, &readable, &writable);
			if (door->listener >= 0 && FD_ISSET(door->listener, &readable)) {
				admit(&robot);
			}
			if (FD_ISSET(door->signals, &readable)) {
				heed_signal(&robot);
			}
		}
		serve_waits(&robot);
	}
	end(&robot);
	return EXIT_DONE;
}
