/*
 * robot_talk.h - one client: what has come from it, what is still to go to it.
 *
 *	talk_begin(&talk, fd, &peer);
 *	talk_serve(&talk, &room, idle_us);       // a form that waits for each by itself
 *	talk_end(&talk);
 *
 * A form that serves many with one thread has sockets that do not block, and does what is due when it is
 * due: talk_hear() when something can be read, talk_push() when something that
 * was left unsent can be written, talk_rest() when LINE_REST_MS have passed since the last byte.
 *
 * While something is unsent nothing more is read: who sends without reading is not answered, and costs no
 * more than TALK_ANSWERS_BYTES_MAX. A client that has just been answered costs this struct and nothing
 * more: the bytes are read, cut and answered in a room that all share.
 */
#ifndef ROBOT_TALK_H
#define ROBOT_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "robot_line.h"

/* How long a robot that was told to stop waits for those who do not read. It has two seconds. */
#define TALK_STOP_US 1500000

/* Read at once: a turn is short, and one long line fits. */
#define TALK_READ_BYTES LINE_BYTES_MAX

/*
 * The answers to one reading. Each line adds ====, ====, \n to its text; the shortest are empty and take
 * one byte of what was read. (What is said of a line that is too long is shorter than the line.)
 */
#define TALK_FRAME_BYTES 9
#define TALK_ANSWERS_BYTES_MAX                                                                     \
	(LINE_LEFT_MAX + TALK_READ_BYTES + TALK_FRAME_BYTES * (TALK_READ_BYTES + 1))

/* Where one thread works. Nothing in it outlives a call. */
struct talk_room {
	char heard[LINE_LEFT_MAX + TALK_READ_BYTES];
	char answers[TALK_ANSWERS_BYTES_MAX];
};

struct talk {
	int fd;
	struct address peer;
	uint64_t since_us; /* wall clock */
	uint64_t lines;    /* answered */
	/* Told of `lines` before their answers leave, so that who reads an answer finds it counted; may be
	 * NULL. Set after talk_begin(). */
	void (*count)(void *counter, uint64_t lines);
	void *counter;
	struct line_cutter cutter;
	char *left; /* what has come of a line; NULL: nothing */
	size_t left_bytes;
	char *unsent; /* answers that the socket did not take; NULL: none */
	size_t unsent_begin, unsent_end;
	bool is_at_end; /* nothing more will come */
};

enum talk_next {
	TALK_GOES_ON,
	TALK_IS_OVER, /* the client has gone, or has all its answers and sends no more */
	TALK_IS_QUIET, /* nothing to read, or no room to write, after all (a blocking socket: in time) */
};

/* The descriptor belongs to the talk from now on. */
void talk_begin(struct talk *talk, int fd, const struct address *peer);

/* Closes it and gives back what it held. */
void talk_end(struct talk *talk);

/* Reads once and answers the lines that are there. */
enum talk_next talk_hear(struct talk *talk, struct talk_room *room);

/* Sends more of what is unsent. */
enum talk_next talk_push(struct talk *talk);

/* Does talk_rest() have anything to do, once there was a rest? */
bool talk_can_rest(const struct talk *talk);
enum talk_next talk_rest(struct talk *talk, struct talk_room *room);

/* With a socket that blocks: all of it, until the talk is over, or was idle for too long (0: no limit). */
void talk_serve(struct talk *talk, struct talk_room *room, uint64_t idle_us);

/* Tells one that was idle for too long. */
void talk_say_idle(struct talk *talk, uint64_t idle_us);

/*
 * The robot stops: from now on the client is heard to the end of what has already come, as if it had
 * sent no more; then its talk is over. May be called by another thread, and by a signal handler.
 */
void talk_stop_hearing(int fd);

/*
 * Before the end of a robot that stops: waits until the client's side has received what was sent, or
 * the deadline (steady clock) has come. Closing a connection throws that away if the client goes on sending.
 */
void talk_linger(const struct talk *talk, uint64_t deadline_us);

#endif
