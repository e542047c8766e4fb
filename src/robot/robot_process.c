/*
 * robot_process.c - a process for each client, on the kit's processes.
 *
 * A child waits for its one client and for nothing else; what goes wrong in it, its own kill -9 included,
 * concerns that client alone. The price is memory, and the parent's not knowing anything. So children
 * report in the two ways that processes have: each says that it has entered through a pipe, which all of
 * them share; and it counts the lines in a shared value of its own, for the parent to read at any time.
 *
 * Who leaves ends its process, and who is killed cannot say so: for both the parent looks who is no longer
 * alive, joins them, and counts them off.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "mp_errors.h"
#include "mp_mapping.h"
#include "mp_pipe.h"
#include "mp_process.h"
#include "mp_value.h"
#include "robot_forms.h"
#include "robot_show.h"
#include "robot_talk.h"
#include "robot_waits.h"

#define LOOK_MS 20 /* while it stops */
#define KILLED_PATIENCE_US 300000

/* What a client and its child take, used again when both are gone. */
struct place {
	struct robot *robot;
	struct mp_process process;
	struct mp_value *lines; /* shared: the child writes, the parent reads */
	struct address peer;
	uint64_t since_us;
	bool is_taken, is_online; /* online: as its child has reported */
};

struct robot {
	const struct robot_options *options;
	struct door *door;
	struct place *places, *places_end;
	struct mp_pipe reports[2]; /* [0] the parent's end, [1] the children's */
	unsigned taken, online;
	uint64_t stop_us; /* when it is over at the latest; WAITS_NEVER before SIGTERM */
};

/* From child to parent: it has entered. */
struct child_report {
	uint32_t place;
	pid_t pid; /* a place has had other children before */
};

/* ---- The child ---- */

static int client_fd; /* set by the parent before the start, by which the child has it */
static volatile sig_atomic_t is_stopping;

/* Only what a handler may call; and no moment is missed: a recv() that begins later ends, too. */
static void on_term(int signal) {
	is_stopping = 1;
	talk_stop_hearing(client_fd);
}

/* Ctrl-C reaches all; the parent passes it on as SIGTERM. */
static void take_signals(void) {
	sigset_t none;
	sigemptyset(&none);
	signal(SIGTERM, on_term);
	signal(SIGINT, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void count_lines(void *counter, uint64_t lines) {
	mp_value_set_int64(counter, (int64_t)lines);
}

static int serve(void *argument) {
	static struct talk_room room;
	struct place *place = argument;
	struct robot *robot = place->robot;
	struct talk talk;
	take_signals();
	door_leave(robot->door);
	mp_pipe_drop(&robot->reports[0]);
	struct child_report report = {.place = (uint32_t)(place - robot->places), .pid = getpid()};
	mp_pipe_send(&robot->reports[1], &report, sizeof report, MP_FOREVER);

	talk_begin(&talk, client_fd, &place->peer);
	talk.count = count_lines;
	talk.counter = place->lines;
	talk_serve(&talk, &room, robot->options->idle_us);
	talk_linger(&talk, is_stopping ? clock_steady_us() + TALK_STOP_US : 0);
	talk_end(&talk);
	return EXIT_DONE;
}

/* ---- The parent: who is there ---- */

static void heed_reports(struct robot *robot) {
	struct child_report report;
	size_t size;
	while (mp_pipe_receive(&robot->reports[0], &report, sizeof report, &size, 0) == 0) {
		struct place *place = &robot->places[report.place];
		if (mp_process_pid(&place->process) == report.pid) {
			place->is_online = true;
			show_online(++robot->online);
		}
	}
}

/* It is no longer alive: joined, and counted off. If it has entered, the word of that is in the pipe. */
static void drop(struct robot *robot, struct place *place) {
	struct mp_status status = {0};
	heed_reports(robot);
	mp_process_join(&place->process, 0, &status);
	if (status.signal != 0 && robot->stop_us == WAITS_NEVER) {
		char text[ADDRESS_TEXT_MAX];
		diag("process %d, which served %s, was killed by signal %d",
		     (int)mp_process_pid(&place->process), address_format(&place->peer, text),
		     status.signal);
	}
	mp_process_finish(&place->process);
	place->is_taken = false;
	robot->taken--;
	if (place->is_online) {
		show_online(--robot->online);
	}
}

static void look_who_is_alive(struct robot *robot) {
	for (struct place *place = robot->places; place < robot->places_end; place++) {
		if (place->is_taken && !mp_process_is_alive(&place->process)) {
			drop(robot, place);
		}
	}
}

static void report(struct robot *robot) {
	heed_reports(robot);
	show_report(robot->online);
	for (const struct place *place = robot->places; place < robot->places_end; place++) {
		if (place->is_taken && place->is_online) {
			show_client(&place->peer, place->since_us,
			            (uint64_t)mp_value_get_int64(place->lines));
		}
	}
}

/* ---- The parent: coming ---- */

static struct place *find_room(struct robot *robot) {
	if (robot->taken == robot->options->clients_max) {
		look_who_is_alive(robot);
	}
	struct place *place = robot->places;
	while (place < robot->places_end && place->is_taken) {
		place++;
	}
	return place < robot->places_end ? place : NULL;
}

/* False when there can be no more processes. Neither the parent nor other children keep the descriptor. */
static bool start_child(struct robot *robot, struct place *place, int fd) {
	place->since_us = clock_wall_us();
	place->is_online = false;
	mp_value_set_int64(place->lines, 0);
	client_fd = fd;
	mp_process_init(&place->process, serve, place);
	mp_process_set_daemon(&place->process, true);
	if (mp_process_start(&place->process) != 0) {
		mp_process_finish(&place->process);
		return false;
	}
	close(fd);
	place->is_taken = true;
	robot->taken++;
	return true;
}

/* False when nobody more waits to come in. */
static bool admit(struct robot *robot) {
	struct address peer;
	int admitted = 0, fd;
	while (admitted < DOOR_ADMITTED_AT_ONCE &&
	       (fd = door_accept(robot->door, &peer, 0, robot->taken)) >= 0) {
		struct place *place = find_room(robot);
		if (place != NULL) {
			place->peer = peer;
		}
		if (place == NULL || !start_child(robot, place, fd)) {
			door_turn_away(robot->door, fd, robot->taken);
		}
		admitted++;
	}
	/* To start one may reap others, which the kit's descriptor then does not tell any more. */
	if (mp_process_reap() > 0) {
		look_who_is_alive(robot);
	}
	return admitted == DOOR_ADMITTED_AT_ONCE;
}

/* ---- Signals, and the end ---- */

static void for_all(struct robot *robot, int (*deed)(struct mp_process *process)) {
	for (struct place *place = robot->places; place < robot->places_end; place++) {
		if (place->is_taken) {
			deed(&place->process);
		}
	}
}

static void begin_stop(struct robot *robot) {
	if (robot->stop_us != WAITS_NEVER) {
		return;
	}
	/* Who stands at the door may have said something already. */
	for (int i = 0; i < DOOR_LAST_ROUNDS && admit(robot); i++) {
	}
	robot->stop_us = clock_steady_us() + TALK_STOP_US;
	door_close(robot->door);
	for_all(robot, mp_process_terminate);
}

static void heed_signal(struct robot *robot) {
	switch (door_signal(robot->door)) {
	case SIGUSR1: report(robot); break;
	case SIGTERM: begin_stop(robot); break;
	default: break;
	}
}

/* ---- The loop ---- */

static void turn(struct robot *robot) {
	struct pollfd ready[] = {{.fd = robot->reports[0].fd, .events = POLLIN},
	                         {.fd = mp_process_reap_fd(), .events = POLLIN},
	                         {.fd = robot->door->listener, .events = POLLIN},
	                         {.fd = robot->door->signals, .events = POLLIN}};
	poll(ready, 4, robot->stop_us == WAITS_NEVER ? -1 : LOOK_MS);
	if (ready[0].revents != 0) {
		heed_reports(robot);
	}
	if (ready[1].revents != 0) {
		look_who_is_alive(robot);
	}
	if (ready[2].revents != 0) {
		admit(robot);
	}
	if (ready[3].revents != 0) {
		heed_signal(robot);
	}
}

/* Until SIGTERM, and then until all are gone or it is too late. */
static void run(struct robot *robot) {
	while (robot->stop_us == WAITS_NEVER ||
	       (robot->taken > 0 && clock_steady_us() < robot->stop_us)) {
		turn(robot);
	}
}

static bool set_up(struct robot *robot, struct mp_mapping *shared) {
	uint32_t count = robot->options->clients_max;
	robot->places = calloc(count, sizeof *robot->places);
	if (robot->places == NULL ||
	    mp_mapping_anonymous(shared, count * sizeof(struct mp_value)) != 0 ||
	    mp_pipe_create(robot->reports, false) != 0 || mp_process_reap_fd() < 0) {
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct mp_value *lines = (struct mp_value *)shared->address + i;
		mp_value_init(lines, MP_INT64);
		robot->places[i] = (struct place){.robot = robot, .lines = lines};
	}
	robot->places_end = robot->places + count;
	return true;
}

int robot_process(const struct robot_options *options, struct door *door) {
	struct robot robot = {.options = options, .door = door, .stop_us = WAITS_NEVER};
	struct mp_mapping shared = {0};
	if (!set_up(&robot, &shared)) {
		diag_exit_errno(EXIT_FIX_ME, "cannot prepare for %u clients", options->clients_max);
	}
	show_ready(&door->address, options->model);
	run(&robot);
	for_all(&robot, mp_process_kill); /* Those are left whose clients do not read. */
	robot.stop_us += KILLED_PATIENCE_US;
	run(&robot);
	mp_mapping_unmap(&shared);
	free(robot.places);
	return EXIT_DONE;
}
