#include "robot_talk.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"

#define QUOTE_(x) #x
#define QUOTE(x) QUOTE_(x)

#define FRAME "===="
#define TOO_LONG "too long: a line has at most " QUOTE(LINE_BYTES_MAX) " bytes\n"

_Static_assert(LINE_BYTES_MAX == 4096, "the number is told as it is written");
_Static_assert(sizeof(FRAME FRAME "\n") - 1 == TALK_FRAME_BYTES, "the sum in the header");
_Static_assert(sizeof(TOO_LONG) < LINE_BYTES_MAX, "the sum in the header");

#define LINGER_LOOK_US 2000

struct answers {
	char *bytes;
	size_t size;
};

void talk_begin(struct talk *talk, int fd, const struct address *peer) {
	*talk = (struct talk){.fd = fd, .peer = *peer, .since_us = clock_wall_us()};
}

void talk_end(struct talk *talk) {
	close(talk->fd);
	free(talk->left);
	free(talk->unsent);
	*talk = (struct talk){.fd = -1};
}

/* ---- Answers ---- */

static void add(struct answers *answers, struct slice piece) {
	assert(answers->size + piece.size <= TALK_ANSWERS_BYTES_MAX);
	memcpy(answers->bytes + answers->size, piece.bytes, piece.size);
	answers->size += piece.size;
}

static void add_answer(struct talk *talk, struct answers *answers, enum line_found found,
                       struct slice text) {
	if (found == LINE_NONE) {
		return;
	}
	talk->lines++;
	if (found == LINE_TOO_LONG) {
		add(answers, slice_from_string(TOO_LONG));
		return;
	}
	add(answers, slice_from_string(FRAME));
	add(answers, text);
	add(answers, slice_from_string(FRAME "\n"));
}

static enum talk_next next_of(const struct talk *talk) {
	return talk->is_at_end && talk->unsent == NULL ? TALK_IS_OVER : TALK_GOES_ON;
}

/* How many bytes the socket took; -1 when the client is gone. */
static ssize_t try_send(int fd, const char *bytes, size_t size) {
	ssize_t sent;
	do {
		sent = send(fd, bytes, size, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 && errno == EAGAIN ? 0 : sent;
}

static enum talk_next send_answers(struct talk *talk, const struct answers *answers) {
	assert(talk->unsent == NULL);
	if (answers->size == 0) {
		return next_of(talk);
	}
	if (talk->count != NULL) {
		talk->count(talk->counter, talk->lines);
	}
	ssize_t sent = try_send(talk->fd, answers->bytes, answers->size);
	if (sent < 0) {
		return TALK_IS_OVER;
	}
	size_t unsent = answers->size - (size_t)sent;
	if (unsent > 0) {
		talk->unsent = malloc(unsent);
		if (talk->unsent == NULL) {
			return TALK_IS_OVER;
		}
		memcpy(talk->unsent, answers->bytes + sent, unsent);
		talk->unsent_begin = 0;
		talk->unsent_end = unsent;
	}
	return next_of(talk);
}

enum talk_next talk_push(struct talk *talk) {
	assert(talk->unsent != NULL);
	ssize_t sent = try_send(talk->fd, talk->unsent + talk->unsent_begin,
	                        talk->unsent_end - talk->unsent_begin);
	if (sent <= 0) {
		return sent < 0 ? TALK_IS_OVER : TALK_IS_QUIET;
	}
	talk->unsent_begin += (size_t)sent;
	if (talk->unsent_begin == talk->unsent_end) {
		free(talk->unsent);
		talk->unsent = NULL;
	}
	return next_of(talk);
}

/* ---- Lines ---- */

/* What is left of a line is kept until the rest of it comes; false without memory. */
static bool keep(struct talk *talk, struct slice left) {
	assert(left.size <= LINE_LEFT_MAX);
	talk->left_bytes = left.size;
	if (left.size == 0) {
		free(talk->left);
		talk->left = NULL;
		return true;
	}
	if (talk->left == NULL) {
		talk->left = malloc(LINE_LEFT_MAX);
	}
	if (talk->left == NULL) {
		return false;
	}
	memcpy(talk->left, left.bytes, left.size);
	return true;
}

static void copy_left(const struct talk *talk, struct talk_room *room) {
	if (talk->left_bytes > 0) {
		memcpy(room->heard, talk->left, talk->left_bytes);
	}
}

enum talk_next talk_hear(struct talk *talk, struct talk_room *room) {
	copy_left(talk, room);
	ssize_t come = recv(talk->fd, room->heard + talk->left_bytes, TALK_READ_BYTES, 0);
	if (come < 0) {
		return errno == EINTR    ? TALK_GOES_ON
		       : errno == EAGAIN ? TALK_IS_QUIET
		                         : TALK_IS_OVER;
	}
	struct slice left = slice_of(room->heard, talk->left_bytes + (size_t)come);
	struct slice text;
	struct answers answers = {.bytes = room->answers};
	enum line_found found;
	while ((found = line_next(&talk->cutter, &left, &text)) != LINE_NONE) {
		add_answer(talk, &answers, found, text);
	}
	if (come == 0) {
		talk->is_at_end = true;
		found = line_end(&talk->cutter, &left, &text);
		add_answer(talk, &answers, found, text);
	}
	if (!keep(talk, left)) {
		return TALK_IS_OVER;
	}
	return send_answers(talk, &answers);
}

bool talk_can_rest(const struct talk *talk) {
	return line_can_rest(&talk->cutter, talk->left_bytes);
}

enum talk_next talk_rest(struct talk *talk, struct talk_room *room) {
	copy_left(talk, room);
	struct slice left = slice_of(room->heard, talk->left_bytes);
	struct slice text;
	struct answers answers = {.bytes = room->answers};
	enum line_found found = line_rest(&talk->cutter, &left, &text);
	add_answer(talk, &answers, found, text);
	if (!keep(talk, left)) {
		return TALK_IS_OVER;
	}
	return send_answers(talk, &answers);
}

/* ---- One by itself ---- */

static bool comes_before_rest(const struct talk *talk) {
	struct pollfd in = {.fd = talk->fd, .events = POLLIN};
	return poll(&in, 1, LINE_REST_MS) != 0;
}

/* Waits for what is due next, and does it. */
static enum talk_next take_turn(struct talk *talk, struct talk_room *room) {
	if (talk->unsent != NULL) {
		return talk_push(talk);
	}
	if (talk_can_rest(talk) && !comes_before_rest(talk)) {
		return talk_rest(talk, room);
	}
	return talk_hear(talk, room);
}

static void limit_idle(const struct talk *talk, uint64_t idle_us) {
	if (idle_us > 0) {
		struct timeval limit = {.tv_sec = (time_t)(idle_us / 1000000),
		                        .tv_usec = (suseconds_t)(idle_us % 1000000)};
		(void)setsockopt(talk->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
		(void)setsockopt(talk->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	}
}

void talk_serve(struct talk *talk, struct talk_room *room, uint64_t idle_us) {
	enum talk_next next;
	limit_idle(talk, idle_us);
	do {
		next = take_turn(talk, room);
	} while (next == TALK_GOES_ON);
	if (next == TALK_IS_QUIET) {
		talk_say_idle(talk, idle_us);
	}
}

void talk_say_idle(struct talk *talk, uint64_t idle_us) {
	if (talk->unsent != NULL) {
		return; /* It would stand in the middle of an answer. */
	}
	char words[64];
	int size = snprintf(words, sizeof words, "idle: nothing came for %g s\n",
	                    (double)idle_us / 1e6);
	(void)send(talk->fd, words, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* ---- The end ---- */

void talk_stop_hearing(int fd) {
	shutdown(fd, SHUT_RD);
}

void talk_linger(const struct talk *talk, uint64_t deadline_us) {
	int under_way;
	while (ioctl(talk->fd, SIOCOUTQ, &under_way) == 0 && under_way > 0 &&
	       clock_steady_us() < deadline_us) {
		usleep(LINGER_LOOK_US);
	}
}
