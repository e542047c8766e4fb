/*
 * One loop around the session and its socket (link_host.h), the face's pipe and the parent's.
 */
#include "link_process.h"

#include <poll.h>
#include <string.h>

#include "diag.h"
#include "link_host.h"
#include "mp_errors.h"
#include "screenwire.h"

/* Datagrams, tells or wishes of one turn. */
#define TURN_MAX 256

struct process {
	const struct link_start *start;
	struct link_host host;
	struct mp_pipe face;   /* fd -1: none at present */
	bool is_face_attached; /* it has wished WISH_ATTACH: what is told is for it */
	bool is_parent_gone, is_end_told;
	bool is_busy; /* there is more to do than fits into a turn */
	/* A tell that the pipe has no room for. */
	size_t held_size;
	uint8_t held[SCREENWIRE_BYTES_MAX];
};

/* ---- the face ---- */

static void lose_face(struct process *process) {
	mp_pipe_drop(&process->face);
	process->held_size = 0;
	process->is_face_attached = process->is_end_told = false;
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
	if (!process->is_face_attached || !send_held(process) ||
	    !link_next(process->host.link, &tell, link_host_now_us())) {
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
		link_wish(process->host.link, &wish, link_host_now_us());
		process->is_face_attached |= wish.kind == WISH_ATTACH;
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
		link_wish(process->host.link,
		          &(struct wish){.kind = WISH_QUIT, .flags = WISH_STAYS | WISH_AT_ONCE},
		          link_host_now_us());
	} else if (fd >= 0) {
		lose_face(process);
		mp_pipe_adopt(&process->face, fd, MP_PIPE_BOTH);
	}
}

/* ---- the loop ---- */

static void sleep_until_something(struct process *process) {
	short to_face = process->held_size > 0 ? POLLIN | POLLOUT : POLLIN;
	int parent_fd = process->is_parent_gone ? -1 : process->start->parent->fd;
	struct pollfd fds[] = {{.fd = process->host.timer_fd, .events = POLLIN},
	                       {.fd = process->host.socket.fd, .events = POLLIN},
	                       {.fd = process->host.socket.lookup.fd, .events = POLLIN},
	                       {.fd = parent_fd, .events = POLLIN},
	                       {.fd = process->face.fd, .events = to_face}};
	/* A face that takes nothing now is waited for, whatever there is to tell it. */
	link_host_sleep(&process->host, process->is_face_attached && process->held_size == 0);
	if (poll(fds, sizeof fds / sizeof fds[0], process->is_busy ? 0 : -1) < 0) {
		return;
	}
	link_host_wake(&process->host);
	if (fds[4].revents != 0) {
		hear_face(process);
	}
	if (fds[3].revents != 0) {
		hear_parent(process);
	}
}

/* All that can be done without waiting. */
static void turn(struct process *process) {
	link_host_turn(&process->host);
	process->is_busy = true;
	for (int i = 0; i < TURN_MAX && process->is_busy; i++) {
		bool was_said = link_host_speak(&process->host);
		/* Behind it: speaking may find that it is over. */
		process->is_busy = tell_face(process) || was_said;
	}
}

/*
 * It has ended, and the face knows, or nobody is left to know. Plain lines end by themselves when they
 * know, and say last what they have printed: the parent, which waits for them, is waited for.
 */
static bool is_done(const struct process *process) {
	bool is_known = process->is_end_told && process->held_size == 0 &&
	                !process->start->options->is_lines;
	return link_standing(process->host.link) == STANDING_ENDED &&
	       (process->is_parent_gone || is_known);
}

static void finish(struct process *process) {
	while (link_host_speak(&process->host)) {
	}
	link_host_close(&process->host);
	(void)mp_pipe_close(&process->face, 1000);
}

int link_process(const struct link_start *start) {
	static struct process process;
	const struct join_options *options = start->options;
	process = (struct process){.start = start, .face.fd = -1};
	if (!link_host_open(&process.host, &(struct link_host_start){.host = options->host,
	                                                             .port = options->port,
	                                                             .name = options->name,
	                                                             .file_name = options->name,
	                                                             .is_new = options->is_new,
	                                                             .has_patience = true})) {
		diag_exit(EXIT_TRY_AGAIN, "cannot start the link: no memory is left");
	}
	while (!is_done(&process)) {
		sleep_until_something(&process);
		turn(&process);
	}
	finish(&process);
	return EXIT_DONE;
}
