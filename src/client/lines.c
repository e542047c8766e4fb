#include "lines.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "mp_errors.h"

#define SHOWN_US 1000000
#define TELLS_MAX 256

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

/* Politely, then without waiting, then at once. */
static void on_signal(struct lines *lines, uint32_t number) {
	static const struct slice nothing;
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

static void take_signals(struct lines *lines, int fd) {
	struct signalfd_siginfo info;
	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
		on_signal(lines, info.ssi_signo);
	}
}

/* ---- in and out ---- */

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

static void loop(struct lines *lines, int signals) {
	while (!lines->is_over && !lines->is_link_gone) {
		bool wants_input =
			lines_wants_input(lines) && lines->input_size < sizeof lines->input;
		struct pollfd fds[] = {{.fd = lines->start->pipe->fd, .events = POLLIN},
		                       {.fd = wants_input ? STDIN_FILENO : -1, .events = POLLIN},
		                       {.fd = signals, .events = POLLIN}};
		if (poll(fds, sizeof fds / sizeof fds[0], timeout_ms(lines)) < 0) {
			continue;
		}
		take_signals(lines, signals);
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
	int signals = open_signals();
	if (signals < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot hear signals");
	}
	lines_wish(&lines, &(struct wish){.kind = WISH_ATTACH});
	loop(&lines, signals);
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
