/*
 * robot_thread.c - a thread for each client, on the kit's threads.
 *
 * As with processes, each waits for its one client alone; but all see the same memory, so what several
 * of them touch is touched under a lock. Who is online is such a thing: a client's thread writes down
 * under the lock that it has entered or left, and sets an event; one more thread, the host, waits for the
 * event, shows each change, and joins the threads that have ended. Main lets clients in.
 *
 *	main ──starts──> a client's thread ──lock: the changes; event──> host ──joins; lock: free──> main
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
#include "robot_waits.h"

#define CUT_OFF_PATIENCE_US 300000

/* What a client and its thread take, used again when both are gone. */
struct place {
	struct robot *robot;
	struct mp_thread thread;
	struct talk talk; /* the thread's; fd, peer and since_us also others', under the lock */
	_Atomic uint64_t lines; /* written by the thread, read by main */
	bool is_online;         /* under the lock: fd is open, and this place's */
	struct place *next;     /* under the lock: among those that are free, or that have left */
};

/* What has happened since the host looked last. A place enters and leaves once before it is free again. */
struct news {
	unsigned *onlines; /* after each change; room for two a place */
	unsigned count;
	struct place *left;
};

struct robot {
	const struct robot_options *options;
	struct door *door;
	struct place *places;
	struct mp_thread host;
	struct mp_event has_news; /* for the host */
	struct mp_event has_room; /* for main, when it stops: a place was given back */
	_Atomic uint64_t stop_us; /* written by main; WAITS_NEVER before SIGTERM */
	struct mp_lock lock;      /* over all that follows */
	unsigned online;
	struct place *free;
	unsigned taken; /* places that are not free */
	struct news news;
	bool is_host_done;
};

/* ---- A client's thread ---- */

static void note_change(struct robot *robot, int change) {
	robot->online += (unsigned)change;
	robot->news.onlines[robot->news.count++] = robot->online;
}

static void enter(struct robot *robot, struct place *place) {
	MP_WITH_LOCK(&robot->lock) {
		place->is_online = true;
		note_change(robot, +1);
	}
	mp_event_set(&robot->has_news);
}

/* The descriptor is closed under the lock: main never shuts one that has become somebody else's. */
static void leave(struct robot *robot, struct place *place) {
	MP_WITH_LOCK(&robot->lock) {
		place->is_online = false;
		talk_end(&place->talk);
		note_change(robot, -1);
		place->next = robot->news.left;
		robot->news.left = place;
	}
	mp_event_set(&robot->has_news);
}

static void count_lines(void *counter, uint64_t lines) {
	_Atomic uint64_t *shared = counter;
	atomic_store_explicit(shared, lines, memory_order_relaxed);
}

static void serve(void *argument) {
	struct place *place = argument;
	struct robot *robot = place->robot;
	enter(robot, place);
	struct talk_room *room = malloc(sizeof *room);
	enum talk_next next = room == NULL ? TALK_IS_OVER : TALK_GOES_ON;
	while (next == TALK_GOES_ON) {
		next = talk_turn(&place->talk, room);
	}
	if (next == TALK_IS_QUIET) {
		talk_say_idle(&place->talk, robot->options->idle_us);
	}
	uint64_t stop_us = atomic_load(&robot->stop_us);
	talk_linger(&place->talk, stop_us == WAITS_NEVER ? 0 : stop_us);
	free(room);
	leave(robot, place);
}

/* ---- The host ---- */

static void join_all(struct robot *robot, struct place *left) {
	while (left != NULL) {
		struct place *place = left;
		left = place->next;
		mp_thread_join(&place->thread, MP_FOREVER);
		MP_WITH_LOCK(&robot->lock) {
			place->next = robot->free;
			robot->free = place;
			robot->taken--;
		}
	}
	mp_event_set(&robot->has_room);
}

static void be_host(void *argument) {
	struct robot *robot = argument;
	struct news news = {.onlines = malloc(2 * robot->options->clients_max * sizeof(unsigned))};
	bool is_done = news.onlines == NULL;
	while (!is_done) {
		mp_event_wait(&robot->has_news, MP_FOREVER);
		mp_event_clear(&robot->has_news);
		MP_WITH_LOCK(&robot->lock) {
			struct news read = {.onlines = news.onlines};
			news = robot->news;
			robot->news = read;
			is_done = robot->is_host_done;
		}
		join_all(robot, news.left);
		for (unsigned i = 0; i < news.count; i++) {
			show_online(news.onlines[i]);
		}
	}
	free(news.onlines);
}

/* ---- Main: coming ---- */

static struct place *take_place(struct robot *robot) {
	struct place *place = NULL;
	MP_WITH_LOCK(&robot->lock) {
		place = robot->free;
		if (place != NULL) {
			robot->free = place->next;
			robot->taken++;
		}
	}
	return place;
}

static void give_back(struct robot *robot, struct place *place) {
	MP_WITH_LOCK(&robot->lock) {
		place->next = robot->free;
		robot->free = place;
		robot->taken--;
	}
}

static unsigned count_taken(struct robot *robot) {
	unsigned taken = 0;
	MP_WITH_LOCK(&robot->lock) {
		taken = robot->taken;
	}
	return taken;
}

/* False when there is no place, or there can be no more threads. */
static bool let_in(struct robot *robot, int fd, const struct address *peer) {
	struct place *place = take_place(robot);
	if (place == NULL) {
		return false;
	}
	talk_begin(&place->talk, fd, peer);
	place->talk.count = count_lines;
	place->talk.counter = &place->lines;
	talk_limit_idle(&place->talk, robot->options->idle_us);
	atomic_store(&place->lines, 0);
	mp_thread_init(&place->thread, serve, place);
	if (mp_thread_start(&place->thread) != 0) {
		give_back(robot, place);
		return false;
	}
	return true;
}

/* False when nobody more waits to come in. */
static bool admit(struct robot *robot) {
	struct address peer;
	for (int i = 0; i < DOOR_ADMITTED_AT_ONCE; i++) {
		int fd = door_accept(robot->door, &peer, 0, count_taken(robot));
		if (fd < 0) {
			return false;
		}
		if (!let_in(robot, fd, &peer)) {
			door_turn_away(robot->door, fd, count_taken(robot));
		}
	}
	return true;
}

/* ---- Main: signals, and the end ---- */

static void report(struct robot *robot) {
	unsigned online = 0;
	MP_WITH_LOCK(&robot->lock) {
		online = robot->online;
	}
	show_report(online);
	for (uint32_t i = 0; i < robot->options->clients_max; i++) {
		struct place *place = &robot->places[i];
		bool is_online = false;
		struct address peer = {0};
		uint64_t since_us = 0;
		MP_WITH_LOCK(&robot->lock) {
			is_online = place->is_online;
			peer = place->talk.peer;
			since_us = place->talk.since_us;
		}
		if (is_online) {
			show_client(&peer, since_us, atomic_load(&place->lines));
		}
	}
}

/* Those whose threads have just begun are not online yet: main looks again until all places are free. */
static void for_all_online(struct robot *robot, void (*deed)(int fd)) {
	MP_WITH_LOCK(&robot->lock) {
		for (uint32_t i = 0; i < robot->options->clients_max; i++) {
			if (robot->places[i].is_online) {
				deed(robot->places[i].talk.fd);
			}
		}
	}
}

static void cut_off(int fd) {
	shutdown(fd, SHUT_RDWR);
}

/* Does the deed for all until all are gone; gives up at the time given. */
static void send_home(struct robot *robot, void (*deed)(int fd), uint64_t until_us) {
	while (count_taken(robot) > 0 && clock_steady_us() < until_us) {
		mp_event_clear(&robot->has_room);
		for_all_online(robot, deed);
		mp_event_wait(&robot->has_room, 20);
	}
}

static void stop(struct robot *robot) {
	/* Who stands at the door may have said something already. */
	for (int i = 0; i < DOOR_LAST_ROUNDS && admit(robot); i++) {
	}
	uint64_t stop_us = clock_steady_us() + TALK_STOP_US;
	atomic_store(&robot->stop_us, stop_us);
	door_close(robot->door);
	send_home(robot, talk_stop_hearing, stop_us);
	send_home(robot, cut_off, stop_us + CUT_OFF_PATIENCE_US);
	MP_WITH_LOCK(&robot->lock) {
		robot->is_host_done = true;
	}
	mp_event_set(&robot->has_news);
	mp_thread_join(&robot->host, CUT_OFF_PATIENCE_US / 1000);
}

/* ---- Main: the loop ---- */

static bool set_up(struct robot *robot) {
	uint32_t count = robot->options->clients_max;
	robot->places = calloc(count, sizeof *robot->places);
	robot->news.onlines = malloc(2 * count * sizeof(unsigned));
	if (robot->places == NULL || robot->news.onlines == NULL ||
	    mp_lock_init(&robot->lock) != 0) {
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct place *place = &robot->places[count - 1 - i];
		place->robot = robot;
		place->next = robot->free;
		robot->free = place;
	}
	mp_event_init(&robot->has_news);
	mp_event_init(&robot->has_room);
	mp_thread_init(&robot->host, be_host, robot);
	mp_thread_set_name(&robot->host, "host");
	return mp_thread_start(&robot->host) == 0;
}

int robot_thread(const struct robot_options *options, struct door *door) {
	/* Not on the stack: threads that could not be sent home may still look at it. */
	static struct robot robot;
	robot.options = options;
	robot.door = door;
	atomic_init(&robot.stop_us, WAITS_NEVER);
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
