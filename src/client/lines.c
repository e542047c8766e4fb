#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "mp_errors.h"

#define SHOWN_US 1000000
#define TELLS_MAX 256
/* So much a pipe takes at once, or nothing of it. */
#define PIECE_BYTES 4096
#define PATIENCE_US 1000000

void lines_wish(struct lines *lines, const struct wish *wish) {
	if (!lines->is_link_gone && wish_send(lines->start->pipe, wish, MP_FOREVER) != 0) {
		lines->is_link_gone = true;
	}
}

/* What was printed is done with: another client goes on behind it. */
static void report_shown(struct lines *lines, bool is_at_once) {
	uint64_t now_us = clock_steady_us();
	if (fflush(stdout) != 0) {
		lines->is_output_gone = true;
	}
	if (lines->shown == lines->told || lines->is_output_gone ||
	    (!is_at_once && now_us < lines->shown_us + SHOWN_US)) {
		return;
	}
	lines->shown = lines->told;
	lines->shown_us = now_us;
	lines_wish(lines, &(struct wish){.kind = WISH_SHOWN, .seq = lines->told});
}

void lines_quit(struct lines *lines, uint16_t flags, struct slice why) {
	report_shown(lines, true);
	lines->is_quitting = true;
	lines_wish(lines, &(struct wish){.kind = WISH_QUIT, .flags = flags, .text = why});
}

/* ---- signals ---- */

static int open_signals(void) {
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		sigaddset(&set, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* A reader that goes away is an error of the write that finds out. */
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* Somebody who wants it to end waits no longer than this for who reads it. */
static void hear_signal(struct lines *lines, uint32_t number) {
	lines->signal = number;
	if (lines->patience_us == 0) {
		lines->patience_us = clock_steady_us() + PATIENCE_US;
	}
}

/* Politely, then without waiting, then at once. */
static void on_signal(struct lines *lines, uint32_t number) {
	static const struct slice nothing;
	hear_signal(lines, number);
	if (number == SIGHUP) {
		lines_quit(lines, WISH_STAYS, nothing);
		return;
	}
	lines->interrupts++;
	if (lines->interrupts >= 3 || number == SIGQUIT) {
		lines->is_over = true;
		lines->code = 128 + (int)number;
	} else {
		lines_quit(lines, lines->interrupts > 1 ? WISH_AT_ONCE : 0, nothing);
	}
}

static uint32_t next_signal(const struct lines *lines) {
	struct signalfd_siginfo info;
	bool is_one = read(lines->signals, &info, sizeof info) == (ssize_t)sizeof info;
	return is_one ? info.ssi_signo : 0;
}

static void take_signals(struct lines *lines) {
	uint32_t number;
	while ((number = next_signal(lines)) != 0) {
		on_signal(lines, number);
	}
}

/* One that came while it was printing. */
static void take_late_signal(struct lines *lines) {
	uint32_t number = lines->late_signal;
	lines->late_signal = 0;
	if (number != 0) {
		on_signal(lines, number);
	}
}

/* ---- in and out ---- */

/* Of our own, if there can be one: the descriptor that we were given is shared with others. */
static void open_output(struct lines *lines) {
	struct stat status;
	lines->out_fd = STDOUT_FILENO;
	if (fstat(STDOUT_FILENO, &status) != 0) {
		return;
	}
	lines->is_out_socket = S_ISSOCK(status.st_mode);
	if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
		int fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		lines->out_fd = fd >= 0 ? fd : STDOUT_FILENO;
	}
}

/* Nobody takes what is printed, and somebody wants us to end: nothing more is waited for. */
static void end_stuck(struct lines *lines) {
	bool is_staying = lines->signal == SIGHUP;
	lines->is_stuck = lines->is_over = lines->is_quitting = true;
	lines->code = 128 + (int)lines->signal;
	lines_wish(lines, &(struct wish){.kind = WISH_QUIT,
	                                 .flags = (uint16_t)(WISH_AT_ONCE |
	                                                     (is_staying ? WISH_STAYS : 0))});
}

/* Until there is room, or nobody waits for it any more. */
static void wait_for_room(struct lines *lines) {
	uint64_t now_us = clock_steady_us();
	struct pollfd fds[] = {{.fd = lines->out_fd, .events = POLLOUT},
	                       {.fd = lines->signals, .events = POLLIN}};
	if (lines->patience_us != 0 && now_us >= lines->patience_us) {
		end_stuck(lines);
		return;
	}
	int wait_ms =
		lines->patience_us == 0 ? -1 : (int)((lines->patience_us - now_us) / 1000 + 1);
	(void)poll(fds, sizeof fds / sizeof fds[0], wait_ms);
	uint32_t number = next_signal(lines);
	if (number != 0) {
		/* The second one: somebody is in a hurry. */
		lines->patience_us = lines->late_signal != 0 ? now_us : lines->patience_us;
		lines->late_signal = number;
		hear_signal(lines, number);
	}
}

/* How standard output is written: whoever does not read it does not keep us from hearing signals. */
static ssize_t write_output(void *context, const char *bytes, size_t size) {
	struct lines *lines = context;
	size_t done = 0;
	while (done < size && !lines->is_stuck) {
		size_t piece = size - done < PIECE_BYTES ? size - done : PIECE_BYTES;
		ssize_t written = lines->is_out_socket
		                          ? send(lines->out_fd, bytes + done, piece, MSG_DONTWAIT)
		                          : write(lines->out_fd, bytes + done, piece);
		if (written >= 0) {
			done += (size_t)written;
		} else if (errno == EAGAIN) {
			wait_for_room(lines);
		} else if (errno != EINTR) {
			break;
		}
	}
	return (ssize_t)done;
}

static bool open_stdout(struct lines *lines) {
	open_output(lines);
	FILE *out = fopencookie(lines, "w", (cookie_io_functions_t){.write = write_output});
	if (out != NULL) {
		stdout = out;
	}
	return out != NULL;
}

static void read_input(struct lines *lines) {
	size_t room = sizeof lines->input - lines->input_size;
	ssize_t size = read(STDIN_FILENO, lines->input + lines->input_size, room);
	if (size < 0 && (errno == EINTR || errno == EAGAIN)) {
		return;
	}
	if (size <= 0) {
		lines->is_at_end = true;
	} else {
		lines->input_size += (size_t)size;
	}
}

static void hear_link(struct lines *lines) {
	uint8_t buffer[SCREENWIRE_BYTES_MAX];
	struct tell tell;
	for (int i = 0; i < TELLS_MAX && !lines->is_link_gone; i++) {
		int error = tell_receive(lines->start->pipe, &tell, buffer, 0);
		if (error == 0) {
			lines_told(lines, &tell);
		} else if (error == MP_TIMEOUT) {
			break;
		} else {
			lines->is_link_gone = true;
		}
	}
}

static void go_on(struct lines *lines) {
	static const struct slice nothing;
	lines_take_input(lines);
	bool is_all_said = lines->is_at_end && lines->input_size == 0 && lines->questions_open == 0;
	if (is_all_said && !lines->is_quitting && (lines->was_in || lines->is_asking_terminal)) {
		lines_quit(lines, 0, nothing);
	}
	if (lines->is_output_gone && !lines->is_quitting) {
		lines->code = 1;
		lines_quit(lines, WISH_AT_ONCE, nothing);
	}
}

static int timeout_ms(const struct lines *lines) {
	return lines->shown == lines->told ? -1 : SHOWN_US / 1000;
}

static void loop(struct lines *lines) {
	while (!lines->is_over && !lines->is_link_gone) {
		take_late_signal(lines);
		bool wants_input =
			lines_wants_input(lines) && lines->input_size < sizeof lines->input;
		struct pollfd fds[] = {{.fd = lines->start->pipe->fd, .events = POLLIN},
		                       {.fd = wants_input ? STDIN_FILENO : -1, .events = POLLIN},
		                       {.fd = lines->signals, .events = POLLIN}};
		if (poll(fds, sizeof fds / sizeof fds[0], timeout_ms(lines)) < 0) {
			continue;
		}
		take_signals(lines);
		if (fds[0].revents != 0) {
			hear_link(lines);
		}
		if (fds[1].revents != 0) {
			read_input(lines);
		}
		go_on(lines);
		report_shown(lines, false);
	}
}

int lines_run(const struct face_start *start) {
	static struct lines lines;
	lines = (struct lines){.start = start,
	                       .language = start->language,
	                       .is_asking_terminal = isatty(STDIN_FILENO) == 1,
	                       .is_room_wanted = start->options->room != NULL};
	lines.signals = open_signals();
	if (lines.signals < 0 || !open_stdout(&lines)) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot hear signals, or write");
	}
	lines_wish(&lines, &(struct wish){.kind = WISH_ATTACH});
	loop(&lines);
	report_shown(&lines, true);
	if (lines.is_output_gone && lines.code == 0) {
		lines.code = 1;
	}
	if (lines.is_link_gone && !lines.is_over) {
		lines_note(&lines, "连接的进程不在了", "the process of the connection is gone");
		lines.code = EXIT_TRY_AGAIN;
	}
	return lines.code;
}
