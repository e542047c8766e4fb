/*
 * screen.c - the screen of `qun join`, a process: the terminal on one side, the pipe
 * to the link on the other.
 *
 * One loop. Keys are used as they come; what the link tells is taken in all at
 * once, and not more often than a person could see; the screen is painted at most
 * twenty times a second, at once if it was not painted just before. So a busy room
 * costs as much as a quiet one, and nothing is shown late.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "face.h"
#include "join_words.h"
#include "mp_errors.h"
#include "screen_keys.h"
#include "screen_paint.h"
#include "screen_ui.h"
#include "screenwire.h"

#define PAINT_US 50000
#define LISTEN_US PAINT_US
/* What waits in the pipe after so many is more than came meanwhile: there is a history to be taken in. */
#define TELLS_IN_A_ROW 128
#define TELLS_A_TURN 1024
#define REPORT_US 1000000
/* Refused, shown out, never there: a sentence says which. */
#define EXIT_NOT_DONE 1

struct screen {
	const struct face_start *start;
	struct ui ui;
	struct keys keys;
	int signals;
	bool is_over;       /* the link has nothing more to tell */
	bool has_no_keys;   /* the terminal has gone */
	bool is_hearing_on; /* more waits in the pipe */
	uint64_t painted_us, heard_us, reported_us, keyed_us;
	uint64_t people_us; /* when to look again at who is there */
};

/* ---- signals ---- */

static void signals_to_hear(sigset_t *set) {
	static const int numbers[] = {SIGWINCH, SIGCONT, SIGTSTP, SIGINT, SIGQUIT, SIGTERM, SIGHUP};
	sigemptyset(set);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		sigaddset(set, numbers[i]);
	}
}

static bool open_signals(struct screen *screen) {
	sigset_t set;
	signals_to_hear(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	screen->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return screen->signals >= 0;
}

static void fit_to_terminal(struct screen *screen) {
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
		paint_resize(size.ws_row, size.ws_col);
		ui_resize(&screen->ui, size.ws_row, size.ws_col);
	}
}

/* Ctrl-Z: this process and its parent stop; the link goes on. Comes back after `fg`. */
static void stop(struct screen *screen) {
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	model_go_away(&screen->ui.model);
	paint_leave();
	/* ncurses has a handler of its own for it. */
	signal(SIGTSTP, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	kill(0, SIGTSTP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	paint_return();
	fit_to_terminal(screen);
}

static void press(struct screen *screen, const struct press *press) {
	switch (ui_press(&screen->ui, press)) {
	case UI_PAINT_ANEW: paint_distrust(); break;
	case UI_STOP: stop(screen); break;
	default: break;
	}
}

static void on_signal(struct screen *screen, uint32_t number) {
	switch (number) {
	case SIGTSTP: stop(screen); break;
	case SIGINT: press(screen, &(struct press){.kind = PRESS_CONTROL, .point = 'C'}); break;
	case SIGTERM:
	case SIGHUP: ui_quit(&screen->ui, true, slice_of(NULL, 0)); break;
	case SIGCONT: paint_distrust(); /* fall through */
	case SIGWINCH: fit_to_terminal(screen); break;
	default: break;
	}
}

static void hear_signals(struct screen *screen) {
	struct signalfd_siginfo info;
	while (read(screen->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		on_signal(screen, info.ssi_signo);
	}
}

/* ---- keys ---- */

static void use_keys(struct screen *screen) {
	struct press one;
	while (keys_next(&screen->keys, &one)) {
		press(screen, &one);
	}
}

static void read_keys(struct screen *screen) {
	char bytes[KEYS_BYTES_MAX];
	ssize_t got = read(STDIN_FILENO, bytes, keys_room(&screen->keys));
	if (got > 0) {
		screen->keyed_us = clock_steady_us();
		keys_feed(&screen->keys, slice_of(bytes, (size_t)got));
		use_keys(screen);
	} else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
		screen->has_no_keys = true;
		ui_quit(&screen->ui, true, slice_of(NULL, 0));
	}
}

/* A sequence that was begun and goes on no more. */
static void wait_for_keys_no_more(struct screen *screen, uint64_t now_us) {
	int patience_ms = keys_patience_ms(&screen->keys);
	struct press one;
	if (patience_ms >= 0 && now_us - screen->keyed_us >= (uint64_t)patience_ms * 1000 &&
	    keys_give_up(&screen->keys, &one)) {
		press(screen, &one);
		use_keys(screen);
	}
}

/* ---- the link ---- */

/* What does not fit into the pipe now goes later. */
static bool speak(struct screen *screen) {
	const struct model_wish *wish;
	while ((wish = model_first_wish(&screen->ui.model)) != NULL && !screen->is_over) {
		int error = mp_pipe_send(screen->start->pipe, wish->bytes, wish->size, 0);
		if (error == MP_TIMEOUT) {
			return false;
		}
		model_drop_wish(&screen->ui.model);
	}
	return true;
}

static void hear(struct screen *screen) {
	uint8_t buffer[SCREENWIRE_BYTES_MAX];
	struct tell tell;
	unsigned count = 0;
	int error = 0;
	while (count < TELLS_A_TURN) {
		error = tell_receive(screen->start->pipe, &tell, buffer, 0);
		if (error != 0) {
			break;
		}
		count++;
		model_tell(&screen->ui.model, &tell);
	}
	screen->is_over = error == MP_EOF || error == MP_PEER_GONE || error == MP_SYSTEM;
	screen->is_hearing_on = count >= TELLS_IN_A_ROW;
	ui_settle(&screen->ui);
}

/* ---- the loop ---- */

static uint64_t earlier(uint64_t a, uint64_t b) {
	return a < b ? a : b;
}

/* When something has to be done although nothing comes. */
static uint64_t next_us(const struct screen *screen, bool listens) {
	uint64_t at = screen->people_us;
	int patience_ms = keys_patience_ms(&screen->keys);
	if (screen->ui.model.is_changed) {
		at = earlier(at, screen->painted_us + PAINT_US);
	}
	if (!listens) {
		at = earlier(at, screen->heard_us + LISTEN_US);
	}
	if (patience_ms >= 0) {
		at = earlier(at, screen->keyed_us + (uint64_t)patience_ms * 1000);
	}
	if (screen->ui.model.seq_told > screen->ui.model.seq_shown && !screen->ui.model.is_away) {
		at = earlier(at, screen->reported_us + REPORT_US);
	}
	return at;
}

static void wait_and_do(struct screen *screen) {
	bool is_all_said = speak(screen);
	uint64_t now_us = clock_steady_us();
	bool listens = screen->is_hearing_on || now_us - screen->heard_us >= LISTEN_US;
	uint64_t at_us = next_us(screen, listens);
	int timeout_ms = at_us <= now_us ? 0 : (int)((at_us - now_us) / 1000 + 1);
	struct pollfd fds[] = {
		{.fd = screen->has_no_keys ? -1 : STDIN_FILENO, .events = POLLIN},
		{.fd = screen->signals, .events = POLLIN},
		{.fd = listens || !is_all_said ? screen->start->pipe->fd : -1,
	         .events = (short)((listens ? POLLIN : 0) | (is_all_said ? 0 : POLLOUT))},
	};
	(void)poll(fds, 3, timeout_ms);
	now_us = clock_steady_us();
	screen->ui.model.now_ms = clock_wall_us() / 1000;
	if (fds[1].revents != 0) {
		hear_signals(screen);
	}
	if (fds[0].revents != 0) {
		read_keys(screen);
	}
	wait_for_keys_no_more(screen, now_us);
	if (listens && (fds[2].revents & ~POLLOUT) != 0) {
		screen->heard_us = now_us;
		hear(screen);
	}
}

static void paint_if_due(struct screen *screen) {
	uint64_t now_us = clock_steady_us();
	if (now_us - screen->reported_us >= REPORT_US) {
		screen->reported_us = now_us;
		model_report_shown(&screen->ui.model);
	}
	if (now_us >= screen->people_us) {
		screen->people_us = now_us + 1000 * model_refresh_people(&screen->ui.model);
	}
	if (screen->ui.model.is_changed && now_us - screen->painted_us >= PAINT_US) {
		paint(ui_compose(&screen->ui));
		screen->painted_us = clock_steady_us();
		/* How many lines there is room for was not known before. */
		ui_settle(&screen->ui);
	}
}

/* ---- the end ---- */

/* On standard error, when the terminal is as it was. */
static void say(const struct screen *screen, const char *zh, const char *en) {
	fprintf(stderr, "qun: %s\n", screen->start->language == LANGUAGE_ZH ? zh : en);
}

static void say_ending(const struct screen *screen) {
	char words[JOIN_WORDS_BYTES_MAX];
	const struct model *model = &screen->ui.model;
	const struct model_standing *standing = &model->standing;
	if (standing->state != STANDING_ENDED) {
		/* The link is gone and has not said why. */
		say(screen, "连接进程意外结束了", "the link has failed");
		return;
	}
	if (standing->ending == ENDING_NO_ANSWER && model->rooms_count > 0) {
		say(screen, "服务器没有回音；最后说的话可能没有送到",
		    "the server does not answer; what was said last may not have arrived");
		return;
	}
	const struct tell tell = {.ending = standing->ending,
	                          .reason = standing->reason,
	                          .argument = standing->argument,
	                          .number = standing->number,
	                          .name = slice_of(standing->name, standing->name_size),
	                          .other = slice_of(standing->other, standing->other_size),
	                          .text = slice_of(standing->text, standing->text_size)};
	size_t size =
		join_words_ending(screen->start->language, &tell, screen->start->options->host,
	                          clock_wall_us() / 1000, words);
	if (size > 0) {
		fprintf(stderr, "qun: %.*s\n", (int)size, words);
	}
}

static int code_of(const struct model *model) {
	const struct model_standing *standing = &model->standing;
	if (standing->state != STANDING_ENDED) {
		/* Who was leaving wants no other link. */
		return model->is_quitting ? EXIT_NOT_DONE : EXIT_TRY_AGAIN;
	}
	return standing->ending == ENDING_QUIT ? EXIT_DONE : EXIT_NOT_DONE;
}

int screen_run(const struct face_start *start) {
	struct screen *screen = calloc(1, sizeof *screen);
	if (screen == NULL || !open_signals(screen)) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot start the screen");
	}
	if (!paint_open()) {
		diag("no such terminal: %s; here are plain lines", getenv("TERM"));
		free(screen);
		return lines_run(start);
	}
	screen->start = start;
	ui_init(&screen->ui, start->language, start->options->host, start->options->name,
	        start->options->room);
	fit_to_terminal(screen);
	if (start->attempt > 0) {
		ui_hint(&screen->ui, "屏幕进程出了错，这是新的一个",
		        "the screen had failed, this is another one");
	}
	if (start->is_link_new) {
		ui_hint(&screen->ui, "连接进程出了错，这是新的一个；最后说的话可能没有送到",
		        "the link had failed, this is another one; what was said last may not have "
		        "arrived");
	}
	while (!screen->is_over) {
		wait_and_do(screen);
		paint_if_due(screen);
	}
	paint_close();
	say_ending(screen);
	int code = code_of(&screen->ui.model);
	ui_finish(&screen->ui);
	keys_finish(&screen->keys);
	close(screen->signals);
	free(screen);
	return code;
}
