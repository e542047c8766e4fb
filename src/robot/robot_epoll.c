/*
 * robot_epoll.c - one process, one thread, as select, with what a server of today uses.
 *
 * The kernel keeps the list of who is watched, and answers with those alone that have something to say:
 * a turn costs as much as there is to do, not as much as there are clients, and no number of a descriptor
 * is too high.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "robot_client.h"
#include "robot_forms.h"
#include "robot_show.h"

#define EVENTS_AT_ONCE 256
#define SLEEP_US_MAX 1000000000u /* epoll_wait() counts milliseconds in an int: look again then */

struct robot {
	const struct robot_options *options;
	struct door *door;
	int epoll;
	struct clients all;
	struct client **clients; /* `count` of them, with room for --max, each at its index */
	uint32_t count;
};

/* `who` comes back with the event: a client, or one of the door's two descriptors. */
static bool watch(const struct robot *robot, int operation, int fd, uint32_t events, void *who) {
	struct epoll_event event = {.events = events, .data.ptr = who};
	return epoll_ctl(robot->epoll, operation, fd, &event) == 0;
}

/* ---- Coming and going ---- */

static void see_off(struct robot *robot, struct client *client);

static void let_in(struct robot *robot, int fd, const struct address *peer) {
	struct client *client = client_create(&robot->all, fd, peer);
	if (client == NULL) {
		door_turn_away(robot->door, fd, robot->all.online);
		return;
	}
	client->index = robot->count;
	robot->clients[robot->count++] = client;
	client->watched = EPOLLIN;
	if (!watch(robot, EPOLL_CTL_ADD, fd, EPOLLIN, client)) {
		see_off(robot, client);
	}
}

/* False when nobody more waits to come in. */
static bool admit(struct robot *robot) {
	struct address peer;
	for (int i = 0; i < DOOR_ADMITTED_AT_ONCE; i++) {
		int fd = door_accept(robot->door, &peer, SOCK_NONBLOCK, robot->all.online);
		if (fd < 0) {
			return false;
		}
		if (robot->all.online >= robot->options->clients_max) {
			door_turn_away(robot->door, fd, robot->all.online);
		} else {
			let_in(robot, fd, &peer);
		}
	}
	return true;
}

/* The last one takes the place that becomes free. */
static void forget(struct robot *robot, struct client *client) {
	struct client *last = robot->clients[--robot->count];
	robot->clients[client->index] = last;
	last->index = client->index;
	client_destroy(client);
}

static void see_off(struct robot *robot, struct client *client) {
	client_see_off(&robot->all, client);
	if (!clients_are_stopping(&robot->all)) {
		forget(robot, client);
	} else {
		watch(robot, EPOLL_CTL_DEL, client->talk.fd, 0, NULL);
	}
}

/* ---- Serving ---- */

/* After each thing that was done for a client: what is due next? */
static void go_on(struct robot *robot, struct client *client, enum talk_next next) {
	uint32_t due = client->talk.unsent != NULL ? EPOLLOUT : EPOLLIN;
	if (next == TALK_IS_OVER || (due != client->watched &&
	                             !watch(robot, EPOLL_CTL_MOD, client->talk.fd, due, client))) {
		see_off(robot, client);
		return;
	}
	client->watched = due;
	client_waits(&robot->all, client, next);
}

/* A broken connection is ready for everything; hearing or pushing finds out. */
static void serve(struct robot *robot, struct client *client) {
	if (client->talk.unsent != NULL) {
		go_on(robot, client, talk_push(&client->talk));
	} else {
		go_on(robot, client, talk_hear(&client->talk, &robot->all.room));
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
	for (uint32_t i = 0; i < robot->count; i++) {
		const struct client *client = robot->clients[i];
		if (!client->is_over) {
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
	door_close(robot->door);
	for (uint32_t i = 0; i < robot->count; i++) {
		talk_stop_hearing(robot->clients[i]->talk.fd);
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
	while (robot->count > 0) {
		struct client *client = robot->clients[robot->count - 1];
		talk_linger(&client->talk, client->is_over ? robot->all.stop_us : 0);
		forget(robot, client);
	}
	free(robot->clients);
	close(robot->epoll);
}

/* ---- The loop ---- */

static int wait_for_any(struct robot *robot, struct epoll_event *events) {
	uint64_t sleep_us = clients_sleep_us(&robot->all);
	int timeout_ms = -1;
	if (sleep_us != WAITS_NEVER) {
		sleep_us = sleep_us < SLEEP_US_MAX ? sleep_us : SLEEP_US_MAX;
		timeout_ms = (int)((sleep_us + 999) / 1000);
	}
	int ready = epoll_wait(robot->epoll, events, EVENTS_AT_ONCE, timeout_ms);
	robot->all.now_us = clock_steady_us();
	return ready;
}

static void dispatch(struct robot *robot, void *who) {
	if (who == &robot->door->signals) {
		heed_signal(robot);
	} else if (who == &robot->door->listener) {
		admit(robot);
	} else {
		serve(robot, who);
	}
}

int robot_epoll(const struct robot_options *options, struct door *door) {
	static struct robot robot;
	robot.options = options;
	robot.door = door;
	clients_init(&robot.all, options);
	robot.clients = calloc(options->clients_max, sizeof *robot.clients);
	robot.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (robot.clients == NULL || robot.epoll < 0 ||
	    !watch(&robot, EPOLL_CTL_ADD, door->listener, EPOLLIN, &door->listener) ||
	    !watch(&robot, EPOLL_CTL_ADD, door->signals, EPOLLIN, &door->signals)) {
		diag_exit_errno(EXIT_FIX_ME, "cannot wait for clients");
	}
	show_ready(&door->address, options->model);
	while (!clients_are_done(&robot.all)) {
		struct epoll_event events[EVENTS_AT_ONCE];
		int ready = wait_for_any(&robot, events);
		for (int i = 0; i < ready; i++) {
			dispatch(&robot, events[i].data.ptr);
		}
		serve_waits(&robot);
	}
	end(&robot);
	return EXIT_DONE;
}
