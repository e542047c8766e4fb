/*
 * robot_process.c - a process for each client, on the kit's processes.
 *
 * A child waits for its one client and for nothing else; what goes wrong in it, its own kill -9 included,
 * concerns that client alone. The price is memory, and the parent's not knowing anything. So children
 * report in the two ways that processes have: by a pipe, which all of them share, each says when it has
 * entered and when it is about to leave; and in a shared value of its own it counts the lines, for the
 * parent to read at any time.
 *
 * A child that says nothing more because it was killed is seen all the same: the parent looks who is no
 * longer alive, joins them, and counts them off.
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

#define KILLED_PATIENCE_MS 300

/* What a client and its child take, used again when both are gone. */
struct place {
	struct robot *robot;
	struct mp_process process;
	struct mp_value *lines; /* shared: the child writes, the parent reads */
	struct address peer;
	uint64_t since_us;
	bool has_entered, has_left; /* as its child has reported */
	bool is_gone;               /* its child has ended, and was joined */
};

struct robot {
	const struct robot_options *options;
	struct door *door;
	struct place *places;
	struct place **order; /* to the places: the first `taken` are, the others are free */
	struct mp_mapping shared_lines; /* a value for each place */
	struct mp_pipe reports[2];      /* [0] the parent's end, [1] the children's */
	unsigned taken, online;
	uint64_t stop_us;
};

/* From child to parent. */
struct child_report {
	enum { HAS_ENTERED, HAS_LEFT } what;
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

static void take_signals(void) {
	sigset_t mine;
	sigemptyset(&mine);
	sigaddset(&mine, SIGTERM);
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_term, .sa_flags = SA_RESTART},
	          NULL);
	signal(SIGINT, SIG_IGN); /* Ctrl-C reaches all; the parent passes it on as SIGTERM. */
	signal(SIGUSR1, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &mine, NULL);
}

static void report_to_parent(const struct place *place, int what) {
	struct child_report report = {
		.what = what,
		.place = (uint32_t)(place - place->robot->places),
		.pid = getpid(),
	};
	mp_pipe_send(&place->robot->reports[1], &report, sizeof report, MP_FOREVER);
}

static void count_lines(void *counter, uint64_t lines) {
	mp_value_set_int64(counter, (int64_t)lines);
}

static int serve(void *argument) {
	struct place *place = argument;
	struct robot *robot = place->robot;
	door_leave(robot->door);
	mp_pipe_drop(&robot->reports[0]);
	take_signals();
	report_to_parent(place, HAS_ENTERED);

	static struct talk_room room;
	struct talk talk;
	enum talk_next next;
	talk_begin(&talk, client_fd, &place->peer);
	talk.count = count_lines;
	talk.counter = place->lines;
	talk_limit_idle(&talk, robot->options->idle_us);
	do {
		next = talk_turn(&talk, &room);
	} while (next == TALK_GOES_ON);
	if (next == TALK_IS_QUIET) {
		talk_say_idle(&talk, robot->options->idle_us);
	}
	if (is_stopping) {
		talk_linger(&talk, clock_steady_us() + TALK_STOP_US);
	}
	talk_end(&talk);
	report_to_parent(place, HAS_LEFT);
	return EXIT_DONE;
}

/* ---- The parent: who is there ---- */

static void heed_report(struct robot *robot, const struct child_report *report) {
	struct place *place = &robot->places[report->place];
	if (mp_process_pid(&place->process) != report->pid) {
		return;
	}
	if (report->what == HAS_LEFT) {
		place->has_left = true;
	} else if (!place->has_entered) {
		place->has_entered = true;
		show_online(++robot->online);
	}
}

static void heed_reports(struct robot *robot) {
	struct child_report report;
	size_t size;
	while (mp_pipe_receive(&robot->reports[0], &report, sizeof report, &size, 0) == 0) {
		heed_report(robot, &report);
	}
}

static void say_if_killed(struct place *place) {
	struct mp_status status = {0};
	mp_process_join(&place->process, 0, &status);
	if (!place->has_left && status.signal != 0) {
		char text[ADDRESS_TEXT_MAX];
		diag("process %d, which served %s, was killed by signal %d",
		     (int)mp_process_pid(&place->process), address_format(&place->peer, text),
		     status.signal);
	}
}

/* The place at that index becomes free: the last one that is taken comes in its stead. */
static void give_back(struct robot *robot, unsigned index) {
	struct place *place = robot->order[index];
	say_if_killed(place);
	mp_process_finish(&place->process);
	robot->order[index] = robot->order[--robot->taken];
	robot->order[robot->taken] = place;
	if (place->has_entered) {
		show_online(--robot->online);
	}
}

/* Drops and joins those that are no longer alive. All they have reported is in the pipe by then. */
static void look_who_is_alive(struct robot *robot) {
	bool is_any_gone = false;
	for (unsigned i = 0; i < robot->taken; i++) {
		struct place *place = robot->order[i];
		place->is_gone = !mp_process_is_alive(&place->process);
		is_any_gone |= place->is_gone;
	}
	heed_reports(robot);
	for (unsigned i = robot->taken; is_any_gone && i-- > 0;) {
		if (robot->order[i]->is_gone) {
			give_back(robot, i);
		}
	}
}

static void report(struct robot *robot) {
	heed_reports(robot);
	show_report(robot->online);
	for (unsigned i = 0; i < robot->taken; i++) {
		const struct place *place = robot->order[i];
		if (place->has_entered) {
			show_client(&place->peer, place->since_us,
			            (uint64_t)mp_value_get_int64(place->lines));
		}
	}
}

/* ---- The parent: coming ---- */

/* False when there can be no more processes. The parent has no use for the descriptor, nor other children. */
static bool start_child(struct robot *robot, int fd, const struct address *peer) {
	struct place *place = robot->order[robot->taken];
	place->peer = *peer;
	place->since_us = clock_wall_us();
	place->has_entered = place->has_left = place->is_gone = false;
	mp_value_init(place->lines, MP_INT64);
	client_fd = fd;
	mp_process_init(&place->process, serve, place);
	mp_process_set_daemon(&place->process, true);
	if (mp_process_start(&place->process) != 0) {
		mp_process_finish(&place->process);
		return false;
	}
	robot->taken++;
	close(fd);
	return true;
}

/* False when nobody more waits to come in. */
static bool admit(struct robot *robot) {
	struct address peer;
	int admitted = 0;
	for (; admitted < DOOR_ADMITTED_AT_ONCE; admitted++) {
		int fd = door_accept(robot->door, &peer, 0, robot->taken);
		if (fd < 0) {
			break;
		}
		if (robot->taken == robot->options->clients_max) {
			look_who_is_alive(robot);
		}
		if (robot->taken == robot->options->clients_max || !start_child(robot, fd, &peer)) {
			door_turn_away(robot->door, fd, robot->taken);
		}
	}
	/* To start one reaps others: those are not told by the kit's descriptor any more. */
	look_who_is_alive(robot);
	return admitted == DOOR_ADMITTED_AT_ONCE;
}

/* ---- Signals, and the end ---- */

static void begin_stop(struct robot *robot) {
	if (robot->stop_us == WAITS_NEVER) {
		/* Who stands at the door may have said something already. */
		for (int i = 0; i < DOOR_LAST_ROUNDS && admit(robot); i++) {
		}
		robot->stop_us = clock_steady_us() + TALK_STOP_US;
		door_close(robot->door);
		for (unsigned i = 0; i < robot->taken; i++) {
			mp_process_terminate(&robot->order[i]->process);
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

/* Those whose clients do not read are left. */
static void end(struct robot *robot) {
	for (unsigned i = 0; i < robot->taken; i++) {
		robot->order[i]->has_left = true; /* no word about it: we did it */
		mp_process_kill(&robot->order[i]->process);
	}
	for (unsigned i = 0; i < robot->taken; i++) {
		mp_process_join(&robot->order[i]->process, KILLED_PATIENCE_MS, NULL);
	}
	look_who_is_alive(robot);
}

/* ---- The loop ---- */

static bool is_done(const struct robot *robot) {
	return robot->stop_us != WAITS_NEVER &&
	       (robot->taken == 0 || clock_steady_us() >= robot->stop_us);
}

static int sleep_ms(const struct robot *robot) {
	uint64_t now_us = clock_steady_us();
	if (robot->stop_us == WAITS_NEVER) {
		return -1;
	}
	return robot->stop_us > now_us ? (int)((robot->stop_us - now_us + 999) / 1000) : 0;
}

static void turn(struct robot *robot) {
	enum { LISTENER, SIGNALS, REPORTS, ENDED, ALL };
	struct pollfd ready[ALL] = {
		[LISTENER] = {.fd = robot->door->listener, .events = POLLIN},
		[SIGNALS] = {.fd = robot->door->signals, .events = POLLIN},
		[REPORTS] = {.fd = robot->reports[0].fd, .events = POLLIN},
		[ENDED] = {.fd = mp_process_reap_fd(), .events = POLLIN},
	};
	if (poll(ready, ALL, sleep_ms(robot)) <= 0) {
		return;
	}
	if (ready[REPORTS].revents != 0) {
		heed_reports(robot);
	}
	if (ready[ENDED].revents != 0) {
		look_who_is_alive(robot);
	}
	if (ready[LISTENER].revents != 0) {
		admit(robot);
	}
	if (ready[SIGNALS].revents != 0) {
		heed_signal(robot);
	}
}

static bool set_up(struct robot *robot) {
	uint32_t count = robot->options->clients_max;
	robot->places = calloc(count, sizeof *robot->places);
	robot->order = calloc(count, sizeof *robot->order);
	if (robot->places == NULL || robot->order == NULL ||
	    mp_mapping_anonymous(&robot->shared_lines, count * sizeof(struct mp_value)) != 0 ||
	    mp_pipe_create(robot->reports, false) != 0 || mp_process_reap_fd() < 0) {
		return false;
	}
	struct mp_value *lines = robot->shared_lines.address;
	for (uint32_t i = 0; i < count; i++) {
		robot->places[i] = (struct place){.robot = robot, .lines = &lines[i]};
		robot->order[i] = &robot->places[i];
	}
	return true;
}

int robot_process(const struct robot_options *options, struct door *door) {
	struct robot robot = {.options = options, .door = door, .stop_us = WAITS_NEVER};
	if (!set_up(&robot)) {
		diag_exit_errno(EXIT_FIX_ME, "cannot prepare for %u clients", options->clients_max);
	}
	show_ready(&door->address, options->model);
	while (!is_done(&robot)) {
		turn(&robot);
	}
	end(&robot);
	mp_mapping_unmap(&robot.shared_lines);
	free(robot.places);
	free(robot.order);
	return EXIT_DONE;
}
