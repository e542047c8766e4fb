/*
 * join.c - starts the link and a face, and waits. What it does besides: when the
 * screen dies by a signal it sets the terminal right and starts another one on
 * the same link. When the link dies the screen ends, and both are started again,
 * at a growing pace: the session is in its file. Plain lines are not: what they
 * had read, and not seen arrive, is lost with the link, and a script has to know.
 */
#include "join.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "face.h"
#include "join_options.h"
#include "link_process.h"
#include "mp_errors.h"
#include "mp_process.h"
#include "tongue.h"

/* A screen that dies so often dies of something that another start does not cure. */
#define SCREENS_MAX 4
/* Nor does that of a link, unless it has lived for a while. */
#define LINKS_MAX 5
#define LINK_LASTS_US (UINT64_C(60) * 1000 * 1000)
/* A link that has been told to end takes leave of its server within this time. */
#define LINK_LEAVE_MS 5000

struct join {
	struct join_options options;
	enum language language;
	struct mp_process link, face;
	struct mp_pipe to_link; /* hands a new face's pipe to the link */
	struct mp_pipe ends[2]; /* the link's and the face's, while a face is being started */
	unsigned attempt;
	unsigned links;        /* have died in a row */
	uint64_t link_born_us; /* the present one */
	bool is_link_new;
	bool has_modes;
	struct termios modes; /* the terminal's, before the first screen */
};

static volatile sig_atomic_t signal_to_hand_on;

static void on_signal(int number) {
	signal_to_hand_on = number;
}

/* Handed-on signals come only while it sleeps in ppoll(): none is overlooked. */
static void block_handed(int how) {
	sigset_t handed;
	sigemptyset(&handed);
	sigaddset(&handed, SIGTERM);
	sigaddset(&handed, SIGHUP);
	sigprocmask(how, &handed, NULL);
}

static void take_signals(void) {
	struct sigaction action = {.sa_handler = on_signal};
	block_handed(SIG_BLOCK);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	/* The terminal sends these to the face as well, and it knows what to do. */
	action.sa_handler = SIG_IGN;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGQUIT, &action, NULL);
}

static void default_signals(void) {
	static const int numbers[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		signal(numbers[i], SIG_DFL);
	}
	block_handed(SIG_UNBLOCK);
}

/* ---- the two children ---- */

static struct mp_pipe link_parent; /* the link's end of `to_link` */

static int run_link(void *argument) {
	struct join *join = argument;
	default_signals();
	mp_pipe_drop(&join->to_link);
	setsid();
	return link_process(
		&(struct link_start){.options = &join->options, .parent = &link_parent});
}

static int run_face(void *argument) {
	struct join *join = argument;
	default_signals();
	mp_pipe_drop(&join->to_link);
	mp_pipe_drop(&join->ends[0]);
	const struct face_start start = {.pipe = &join->ends[1],
	                                 .options = &join->options,
	                                 .language = join->language,
	                                 .attempt = join->attempt,
	                                 .is_link_new = join->is_link_new};
	return join->options.is_lines ? lines_run(&start) : screen_run(&start);
}

static bool start_link(struct join *join) {
	struct mp_pipe ends[2];
	if (mp_pipe_create(ends, false) != 0) {
		return false;
	}
	link_parent = ends[0];
	join->to_link = ends[1];
	mp_process_init(&join->link, run_link, join);
	mp_process_set_name(&join->link, "link");
	int error = mp_process_start(&join->link);
	mp_pipe_drop(&link_parent);
	join->link_born_us = clock_steady_us();
	return error == 0;
}

static bool start_face(struct join *join) {
	if (mp_pipe_create(join->ends, true) != 0) {
		return false;
	}
	mp_process_init(&join->face, run_face, join);
	mp_process_set_name(&join->face, join->options.is_lines ? "lines" : "screen");
	int error = mp_process_start(&join->face);
	if (error == 0) {
		/* A link that has ended already took leave of nobody: its face sees that. */
		(void)mp_pipe_send_fd(&join->to_link, "", 0, join->ends[0].fd, MP_FOREVER);
	}
	mp_pipe_drop(&join->ends[0]);
	mp_pipe_drop(&join->ends[1]);
	return error == 0;
}

/* ---- waiting for the face ---- */

static void hand_signals_on(struct join *join) {
	int number = signal_to_hand_on;
	signal_to_hand_on = 0;
	if (number != 0) {
		(void)mp_process_signal(&join->face, number);
	}
}

static void wait_for_face(struct join *join, struct mp_status *status) {
	sigset_t nothing;
	sigemptyset(&nothing);
	struct pollfd end = {.fd = mp_process_fd(&join->face), .events = POLLIN};
	do {
		hand_signals_on(join);
	} while (ppoll(&end, 1, NULL, &nothing) < 0 && errno == EINTR);
	(void)mp_process_join(&join->face, MP_FOREVER, status);
	(void)mp_process_finish(&join->face);
}

/* What a screen that died has left behind: modes, colours, the hidden cursor, the other screen. */
static void mend_terminal(const struct join *join) {
	static const char sane[] = "\033[?2004l\033[?1049l\033[?25h\033[?1l\033>\033[0m\r\n";
	if (!join->options.is_lines && isatty(STDOUT_FILENO)) {
		(void)!write(STDOUT_FILENO, sane, sizeof sane - 1);
	}
	if (join->has_modes) {
		tcsetattr(STDIN_FILENO, TCSADRAIN, &join->modes);
	}
}

/* Does another screen have a chance? One that was told to die has not asked for it. */
static bool is_worth_another(const struct join *join, const struct mp_status *status) {
	return !status->exited && !join->options.is_lines && status->signal != SIGTERM &&
	       status->signal != SIGHUP && status->signal != SIGINT && status->signal != SIGQUIT &&
	       join->attempt + 1 < SCREENS_MAX;
}

/* ---- another link ---- */

/* After a second, and twice as long each time. False: somebody wants it to end meanwhile. */
static bool pause_before_link(unsigned deaths) {
	sigset_t nothing;
	sigemptyset(&nothing);
	const struct timespec pause = {.tv_sec = 1L << (deaths - 1)};
	(void)ppoll(NULL, 0, &pause, &nothing);
	return signal_to_hand_on == 0;
}

/* The screen has ended for want of a link, and there is another one now. */
static bool renew_link(struct join *join) {
	struct mp_status status = {0};
	/* It has closed its pipe; its end follows. */
	if (mp_process_join(&join->link, LINK_LEAVE_MS, &status) == MP_TIMEOUT) {
		return false;
	}
	bool was_lasting = clock_steady_us() - join->link_born_us >= LINK_LASTS_US;
	join->links = was_lasting ? 1 : join->links + 1;
	if (join->options.is_lines || join->links >= LINKS_MAX) {
		diag("another start goes on where it was");
		return false;
	}
	if (join->links > 1 && !pause_before_link(join->links - 1)) {
		return false;
	}
	mp_pipe_drop(&join->to_link);
	(void)mp_process_finish(&join->link);
	join->options.is_new = false; /* it has begun anew already */
	join->is_link_new = start_link(join);
	return join->is_link_new;
}

static int serve_faces(struct join *join) {
	for (;; join->attempt++) {
		struct mp_status status;
		if (!start_face(join)) {
			diag_errno("cannot start");
			return EXIT_TRY_AGAIN;
		}
		wait_for_face(join, &status);
		if (status.exited && status.code == EXIT_TRY_AGAIN && renew_link(join)) {
			join->attempt--; /* the screen is not to blame */
			continue;
		}
		if (status.exited) {
			return status.code;
		}
		join->is_link_new = false;
		mend_terminal(join);
		if (!is_worth_another(join, &status)) {
			diag("ended by signal %d (%s)", status.signal, strsignal(status.signal));
			return 128 + status.signal;
		}
		diag("the screen died by signal %d (%s); here is another one", status.signal,
		     strsignal(status.signal));
	}
}

/* ---- the whole ---- */

static bool wants_lines(void) {
	const char *term = getenv("TERM");
	return !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || term == NULL || term[0] == '\0' ||
	       strcmp(term, "dumb") == 0;
}

/* Whoever closed one of the first three would find our pipes in its place. */
static void open_first_three(void) {
	int fd;
	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0) {
		close(fd);
	}
}

static void end_link(struct join *join) {
	mp_pipe_drop(&join->to_link);
	if (mp_process_join(&join->link, LINK_LEAVE_MS, NULL) == MP_TIMEOUT) {
		(void)mp_process_kill(&join->link);
		(void)mp_process_join(&join->link, MP_FOREVER, NULL);
	}
	(void)mp_process_finish(&join->link);
}

int join_main(int argc, char **argv) {
	struct join join = {.language = tongue()};
	char host[JOIN_HOST_BYTES], trouble[OPTION_TROUBLE_BYTES];
	diag_name("join");
	open_first_three();
	if (!join_options_parse(&join.options, argc, argv, host, trouble)) {
		diag_exit(EXIT_USAGE, "%s", trouble);
	}
	if (join.options.is_help) {
		fputs(join_help(join.language), stdout);
		return EXIT_DONE;
	}
	join.options.is_lines = join.options.is_lines || wants_lines();
	join.has_modes = tcgetattr(STDIN_FILENO, &join.modes) == 0;
	take_signals();
	if (!start_link(&join)) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot start");
	}
	int code = serve_faces(&join);
	end_link(&join);
	return code;
}
