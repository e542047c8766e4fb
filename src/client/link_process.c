/*
 * One loop around the session (session_link.h): the socket, the face's pipe, the parent's pipe,
 * and one timer on a clock that goes on while the machine sleeps.
 */
#include "link_process.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "link_socket.h"
#include "mp_errors.h"
#include "screenwire.h"
#include "session_file.h"
#include "session_link.h"

#define SECOND_US (UINT64_C(1000) * 1000)
/* Nobody answered the first word: a script should not hang, and a person wants to know. */
#define PATIENCE_US (10 * SECOND_US)
/* While nobody answers: another address, another socket. */
#define RENEW_US_FIRST (2 * SECOND_US)
#define RENEW_US (5 * SECOND_US)
/* So late: the machine slept, or this process was stopped. */
#define SLEPT_US (5 * SECOND_US)
#define SAVE_US SECOND_US
/* Datagrams, or wishes, of one turn. */
#define TURN_MAX 64

struct process {
	const struct link_start *start;
	struct link *link;
	struct link_socket socket;
	struct session_file file;
	int timer_fd;
	struct mp_pipe face; /* fd -1: none at present */
	bool is_parent_gone, is_end_told;
	bool is_busy; /* there is more to do than fits into a turn */
	/* A tell that the pipe has no room for. */
	size_t held_size;
	uint8_t held[SCREENWIRE_BYTES_MAX];
	uint64_t deadline_us;
	uint64_t heard_us; /* a datagram, or the socket is new */
	uint64_t saved_version, saved_us;
	struct link_memory saved;
};

/* It goes on while the machine sleeps: that is how the sleep is noticed. */
static uint64_t now_us(void) {
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * SECOND_US + (uint64_t)now.tv_nsec / 1000;
}

/* ---- the face ---- */

static void lose_face(struct process *process) {
	mp_pipe_drop(&process->face);
	process->held_size = 0;
	process->is_end_told = false;
}

static bool send_held(struct process *process) {
	if (process->held_size == 0) {
		return true;
	}
	int error = mp_pipe_send(&process->face, process->held, process->held_size, 0);
	if (error == 0) {
		process->held_size = 0;
	} else if (error != MP_TIMEOUT) {
		lose_face(process);
	}
	return error == 0;
}

/* False: there is nothing to tell, or nobody who has room for it. */
static bool tell_face(struct process *process) {
	struct tell tell;
	if (process->face.fd < 0 || !send_held(process) ||
	    !link_next(process->link, &tell, now_us())) {
		return false;
	}
	process->held_size = tell_encode(&tell, process->held);
	process->is_end_told = tell.kind == TELL_STANDING && tell.state == STANDING_ENDED;
	(void)send_held(process);
	return true;
}

static void hear_face(struct process *process) {
	uint8_t buffer[SCREENWIRE_BYTES_MAX];
	struct wish wish;
	for (int i = 0; i < TURN_MAX && process->face.fd >= 0; i++) {
		int error = wish_receive(&process->face, &wish, buffer, 0);
		if (error == MP_TIMEOUT) {
			return;
		}
		if (error != 0) {
			lose_face(process);
			return;
		}
		link_wish(process->link, &wish, now_us());
	}
}

/* ---- the parent ---- */

static void hear_parent(struct process *process) {
	char nothing[1];
	size_t size;
	int fd = -1;
	int error =
		mp_pipe_receive_fd(process->start->parent, nothing, sizeof nothing, &size, &fd, 0);
	if (error == MP_TIMEOUT) {
		return;
	}
	if (error != 0) {
		process->is_parent_gone = true;
		link_wish(process->link,
		          &(struct wish){.kind = WISH_QUIT, .flags = WISH_STAYS | WISH_AT_ONCE},
		          now_us());
	} else if (fd >= 0) {
		lose_face(process);
		mp_pipe_adopt(&process->face, fd, MP_PIPE_BOTH);
	}
}

/* ---- the server ---- */

static void renew_socket(struct process *process, uint64_t now) {
	process->heard_us = now;
	if (!link_socket_renew(&process->socket)) {
		/* No network just now: the session's own repeats go on, into nothing. */
		return;
	}
	link_set_address(process->link, slice_from_string(process->socket.text));
}

static void hear_server(struct process *process, uint64_t now) {
	uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX + 1];
	struct slice datagram;
	for (int i = 0; i < TURN_MAX && link_socket_receive(&process->socket, bytes, &datagram);
	     i++) {
		process->heard_us = now;
		link_receive(process->link, datagram, now);
	}
}

static bool speak_to_server(struct process *process) {
	uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX];
	size_t size = link_send(process->link, bytes, now_us());
	if (size > 0) {
		link_socket_send(&process->socket, bytes, size);
	}
	return size > 0;
}

static uint64_t renew_deadline(const struct process *process) {
	bool is_seeking = link_standing(process->link) == STANDING_SEEKING;
	bool was_answered = link_was_answered(process->link);
	return !is_seeking ? UINT64_MAX
	                   : process->heard_us + (was_answered ? RENEW_US : RENEW_US_FIRST);
}

/* ---- the file ---- */

static bool is_same_session(const struct link_memory *a, const struct link_memory *b) {
	return a->has_session == b->has_session && a->session == b->session &&
	       a->has_server_key == b->has_server_key &&
	       memcmp(a->server_key, b->server_key, KEY_BYTES) == 0;
}

/* The cursor at most once a second; who one is at once. */
static void save(struct process *process, uint64_t now, bool is_last) {
	const struct link_memory *memory = link_memory(process->link);
	uint64_t version = link_memory_version(process->link);
	bool is_other = !is_same_session(memory, &process->saved);
	if (version == process->saved_version ||
	    (!is_other && !is_last && now < process->saved_us + SAVE_US)) {
		return;
	}
	if (!session_file_write(&process->file, memory, is_other)) {
		diag_errno("cannot write %s", process->file.path);
		session_file_close(&process->file);
	}
	process->saved = *memory;
	process->saved_version = version;
	process->saved_us = now;
}

static uint64_t save_deadline(const struct process *process) {
	bool is_due = link_memory_version(process->link) != process->saved_version;
	return is_due ? process->saved_us + SAVE_US : UINT64_MAX;
}

/* ---- the loop ---- */

static uint64_t earliest(uint64_t a, uint64_t b) {
	return a < b ? a : b;
}

static void set_timer(struct process *process) {
	uint64_t deadline = link_deadline(process->link);
	deadline = earliest(deadline, renew_deadline(process));
	deadline = earliest(deadline, save_deadline(process));
	process->deadline_us = deadline;
	struct itimerspec when = {0};
	if (deadline != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(deadline / SECOND_US);
		/* A time of zero would mean: never. */
		when.it_value.tv_nsec = (long)(deadline % SECOND_US) * 1000 + 1;
	}
	timerfd_settime(process->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void sleep_until_something(struct process *process) {
	short to_face = process->held_size > 0 ? POLLIN | POLLOUT : POLLIN;
	int parent_fd = process->is_parent_gone ? -1 : process->start->parent->fd;
	struct pollfd fds[] = {{.fd = process->timer_fd, .events = POLLIN},
	                       {.fd = parent_fd, .events = POLLIN},
	                       {.fd = process->face.fd, .events = to_face},
	                       {.fd = process->socket.fd, .events = POLLIN}};
	set_timer(process);
	if (poll(fds, sizeof fds / sizeof fds[0], process->is_busy ? 0 : -1) < 0) {
		return;
	}
	uint64_t now = now_us(), ticks;
	if (fds[0].revents != 0) {
		(void)!read(process->timer_fd, &ticks, sizeof ticks);
	}
	if (process->deadline_us != UINT64_MAX && now > process->deadline_us + SLEPT_US) {
		renew_socket(process, now);
		link_doubt(process->link, now);
	}
	if (fds[3].revents != 0) {
		hear_server(process, now);
	}
	if (fds[2].revents != 0) {
		hear_face(process);
	}
	if (fds[1].revents != 0) {
		hear_parent(process);
	}
}

/* All that can be done without waiting. */
static void turn(struct process *process) {
	uint64_t now = now_us();
	if (renew_deadline(process) <= now) {
		renew_socket(process, now);
	}
	process->is_busy = true;
	for (int i = 0; i < 4 * TURN_MAX && process->is_busy; i++) {
		bool was_said = speak_to_server(process);
		/* Behind it: speaking may find that it is over. */
		process->is_busy = tell_face(process) || was_said;
	}
	save(process, now, false);
}

/* It has ended, and the face knows, or nobody is left to know. */
static bool is_done(const struct process *process) {
	bool is_known = process->is_end_told && process->held_size == 0;
	return link_standing(process->link) == STANDING_ENDED &&
	       (process->is_parent_gone || is_known);
}

static void finish(struct process *process) {
	while (tell_face(process) || speak_to_server(process)) {
	}
	if (process->start->options->is_lines && process->face.fd >= 0 && process->held_size == 0) {
		/* A script has heard all that it was told before it let the link end. */
		link_wish(process->link, &(struct wish){.kind = WISH_SHOWN, .seq = UINT64_MAX},
		          now_us());
	}
	save(process, now_us(), true);
	(void)mp_pipe_close(&process->face, 1000);
	link_socket_close(&process->socket);
	session_file_close(&process->file);
	link_destroy(process->link);
	close(process->timer_fd);
}

/* ---- the beginning ---- */

static bool make_link(struct process *process, const struct link_memory *memory) {
	const struct join_options *options = process->start->options;
	struct session_start start = {.memory = *memory,
	                              .name = options->name,
	                              .now_us = now_us(),
	                              .wall_us = clock_wall_us(),
	                              .patience_us = PATIENCE_US};
	process->link = sodium_init() < 0 ? NULL : link_create(&start);
	process->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	return process->link != NULL && process->timer_fd >= 0;
}

static void find_server(struct process *process) {
	const struct join_options *options = process->start->options;
	const char *trouble = link_socket_open(&process->socket, options->host, options->port);
	if (trouble != NULL) {
		link_fail(process->link, ENDING_HOST_UNKNOWN, slice_from_string(trouble), now_us());
	} else {
		renew_socket(process, now_us());
	}
}

int link_process(const struct link_start *start) {
	static struct process process;
	struct link_memory memory;
	char trouble[SESSION_TROUBLE_BYTES];
	const struct join_options *options = start->options;
	process = (struct process){.start = start, .face.fd = -1, .socket.fd = -1};
	bool is_read = session_file_open(&process.file, options->host, options->port, options->name,
	                                 options->is_new, &memory, trouble);
	if (!make_link(&process, &memory)) {
		diag_exit(EXIT_TRY_AGAIN, "cannot start the link: no memory is left");
	}
	if (is_read) {
		find_server(&process);
	} else {
		link_fail(process.link, ENDING_TROUBLE, slice_from_string(trouble), now_us());
	}
	process.saved = memory;
	while (!is_done(&process)) {
		sleep_until_something(&process);
		turn(&process);
	}
	finish(&process);
	return EXIT_DONE;
}
