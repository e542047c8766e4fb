/*
 * keeper.c - how it goes:
 *
 *   OPENING --scribe ready--> STARTING --all ready--> SERVING
 *      \                         \                       \
 *       \-------------------------\-----------------------\--> STOPPING --> end
 *
 * OPENING: the scribe alone, which checks the log and formats the ring that
 * all others map. STARTING: all others at once. SERVING: who dies is started
 * again. STOPPING: nobody is; see stop.h for the order.
 *
 * What leads to STOPPING: a signal, the administrator's /close, and, before
 * SERVING, a process that says that trying again is no use. Nothing leads back.
 */
#include "keeper.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "config_file.h"
#include "datafolder.h"
#include "diag.h"
#include "greeting.h"
#include "privileges.h"
#include "shared.h"
#include "sockets.h"
#include "stop.h"
#include "terminal.h"

enum keeper_state { KEEPER_OPENING, KEEPER_STARTING, KEEPER_SERVING, KEEPER_STOPPING };

struct keeper {
	enum keeper_state state;
	int exit_code;
	struct options options;
	struct config config;
	struct config_secrets secrets;
	struct sockets sockets;
	struct datafolder folder;
	struct shared shared;
	struct estate estate;
	struct loop *loop;
	int signals;
	struct watch watch_signals, watch_reload;
	struct child children[PROCESSES_MAX];
	struct stop stop;
};

/* ---- What happens ---- */

static void stop_with(struct keeper *keeper, int exit_code) {
	if (keeper->state != KEEPER_STOPPING) {
		diag_beside_prompt(NULL);
		keeper->state = KEEPER_STOPPING;
		keeper->exit_code = exit_code;
		stop_begin(&keeper->stop, clock_steady_us());
	}
}

static bool is_no_use(const struct child *child) {
	return child->end.exited &&
	       (child->end.code == EXIT_FIX_ME || child->end.code == EXIT_USAGE);
}

static void on_child_ended(void *context, struct child *child) {
	struct keeper *keeper = context;
	if (child->index == PROCESS_CONSOLE) {
		terminal_restore();
	}
	if (keeper->state == KEEPER_STOPPING) {
		return;
	}
	if (child->index == PROCESS_CONSOLE && child->end.exited &&
	    child->end.code == EXIT_CLOSED) {
		stop_with(keeper, EXIT_DONE);
	} else if (keeper->state != KEEPER_SERVING && is_no_use(child)) {
		stop_with(keeper, EXIT_FIX_ME);
	}
	if (keeper->state == KEEPER_STOPPING) {
		child_leave(child);
	}
}

/* Reads the configuration again. What is wrong with it, changes nothing. */
static void reload(struct keeper *keeper) {
	static struct config config;
	static struct config_secrets secrets;
	char trouble[CONFIG_TROUBLE_BYTES];
	const char *path = keeper->options.config;
	if (!config_load(path, &config, &secrets, trouble)) {
		diag("%s", trouble);
		diag("the configuration stays as it was");
		return;
	}
	config.version = keeper->config.version + 1;
	keeper->config = config;
	keeper->secrets = secrets;
	shared_publish(&keeper->shared, &keeper->options, &config, &secrets);
	diag("read the configuration %s again", path);
}

static bool has_config(const struct keeper *keeper) {
	return keeper->options.config[0] != '\0';
}

static void on_signal(void *context, uint32_t events) {
	struct keeper *keeper = context;
	struct signalfd_siginfo info;
	while (read(keeper->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGHUP && has_config(keeper)) {
			reload(keeper);
		} else {
			stop_with(keeper, EXIT_DONE);
		}
	}
}

/* An operator of the server asks. */
static void on_reload(void *context, uint32_t events) {
	struct keeper *keeper = context;
	uint64_t times;
	if (read(keeper->shared.reload, &times, sizeof times) != (ssize_t)sizeof times) {
		return;
	}
	if (has_config(keeper)) {
		reload(keeper);
	} else {
		diag("an operator asks to read the configuration again, but --config names none");
	}
}

/* ---- A turn ---- */

static bool is_there(const struct keeper *keeper, unsigned index) {
	return shared_has_process(&keeper->options, index);
}

static bool are_all_up(const struct keeper *keeper) {
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		if (is_there(keeper, i) && keeper->children[i].state != CHILD_UP) {
			return false;
		}
	}
	return true;
}

static int bell_of_console = -1;

static void ring_for_prompt(void) {
	bell_ring_for_prompt(bell_of_console);
}

/* What is said while all serve may share a terminal with the console's prompt. */
static void mind_the_prompt(const struct keeper *keeper) {
	bell_of_console = keeper->shared.bells[PROCESS_CONSOLE];
	if (keeper->options.is_terminal && isatty(STDERR_FILENO)) {
		diag_beside_prompt(ring_for_prompt);
	}
}

static void go_on(struct keeper *keeper) {
	if (keeper->state == KEEPER_OPENING && keeper->children[PROCESS_SCRIBE].state == CHILD_UP) {
		keeper->state = KEEPER_STARTING;
	}
	if (keeper->state == KEEPER_STARTING && are_all_up(keeper)) {
		keeper->state = KEEPER_SERVING;
		greeting_say(&keeper->options);
		mind_the_prompt(keeper);
	}
}

/* Starts who is due; returns how long until the next one is. */
static uint64_t start_who_is_due(struct keeper *keeper) {
	uint64_t now = clock_steady_us();
	uint64_t sleep_us = LOOP_FOREVER;
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		struct child *child = &keeper->children[i];
		bool is_its_time = keeper->state != KEEPER_OPENING || i == PROCESS_SCRIBE;
		if (!is_there(keeper, i) || child->state != CHILD_DOWN || !is_its_time) {
			continue;
		}
		if (child->restart_us <= now) {
			child_start(child);
		}
		if (child->state == CHILD_DOWN) {
			uint64_t pause = child->restart_us > now ? child->restart_us - now : 1;
			sleep_us = pause < sleep_us ? pause : sleep_us;
		}
	}
	return sleep_us;
}

static uint64_t on_turn(void *context) {
	struct keeper *keeper = context;
	if (keeper->state != KEEPER_STOPPING) {
		go_on(keeper);
		return start_who_is_due(keeper);
	}
	uint64_t sleep_us =
		stop_go_on(&keeper->stop, keeper->children, &keeper->options, clock_steady_us());
	if (keeper->stop.is_done) {
		loop_stop(keeper->loop);
	}
	return sleep_us;
}

/* ---- Setting up ---- */

/* What serve_main() left: see become_keeper() there. */
static void take_options(struct options *options) {
	const char *number = getenv(KEEPER_OPTIONS_VARIABLE);
	char *end = NULL;
	long fd = number != NULL ? strtol(number, &end, 10) : -1;
	if (number == NULL || *end != '\0' || fd < 0 ||
	    pread((int)fd, options, sizeof *options, 0) != (ssize_t)sizeof *options ||
	    options->size != sizeof *options) {
		diag_exit(EXIT_USAGE, "this process is started by qun serve");
	}
	(void)unsetenv(KEEPER_OPTIONS_VARIABLE);
	/* With it goes whatever else whoever started us had open. */
	(void)close_range(STDERR_FILENO + 1, ~0U, 0);
}

/* Nothing that is opened later may lie where prints go. */
static void fill_standard_descriptors(void) {
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
			(void)open("/dev/null", O_RDWR);
		}
	}
}

/* A socket per edge and listener: many edges need more than the usual 1,024. */
static void allow_descriptors(void) {
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void take_signals(struct keeper *keeper) {
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	const int not_for_us[] = {SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM};
	for (size_t i = 0; i < sizeof not_for_us / sizeof not_for_us[0]; i++) {
		sigaction(not_for_us[i], &ignored, NULL);
	}
	sigset_t ours;
	sigemptyset(&ours);
	/* One that was ignored when we were started (nohup) is never delivered, blocked or not. */
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGHUP);
	keeper->signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	/* Restoring the terminal from the background must not stop us. */
	sigaddset(&ours, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ours, NULL);
}

static void make_loop(struct keeper *keeper) {
	take_signals(keeper);
	keeper->loop = loop_create(on_turn, keeper);
	keeper->watch_signals =
		(struct watch){.fd = keeper->signals, .ready = on_signal, .context = keeper};
	keeper->watch_reload =
		(struct watch){.fd = keeper->shared.reload, .ready = on_reload, .context = keeper};
	if (keeper->signals < 0 || keeper->loop == NULL ||
	    loop_watch(keeper->loop, &keeper->watch_signals, EPOLLIN) < 0 ||
	    loop_watch(keeper->loop, &keeper->watch_reload, EPOLLIN) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot make the loop");
	}
}

static void read_config(struct keeper *keeper) {
	char trouble[CONFIG_TROUBLE_BYTES];
	config_defaults(&keeper->config, &keeper->secrets);
	if (has_config(keeper) &&
	    !config_load(keeper->options.config, &keeper->config, &keeper->secrets, trouble)) {
		diag_exit(EXIT_FIX_ME, "%s", trouble);
	}
}

static void set_up(struct keeper *keeper) {
	fill_standard_descriptors();
	take_options(&keeper->options);
	read_config(keeper);
	allow_descriptors();
	terminal_remember();
	privileges_choose(&keeper->options);
	datafolder_open(&keeper->folder, &keeper->options);
	umask(0077);
	sockets_open(&keeper->sockets, &keeper->options);
	shared_create(&keeper->shared, &keeper->options);
	shared_publish(&keeper->shared, &keeper->options, &keeper->config, &keeper->secrets);
	make_loop(keeper);
	/* The folder we were started in is not ours to keep from being unmounted. */
	if (chdir("/") < 0) {
		diag_errno("cannot change to /");
	}
	keeper->estate = (struct estate){
		.options = &keeper->options,
		.shared = &keeper->shared,
		.sockets = &keeper->sockets,
		.folder = &keeper->folder,
	};
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		child_init(&keeper->children[i], i, keeper->loop, &keeper->estate, on_child_ended,
		           keeper);
	}
}

int keeper_main(const char *argv0) {
	static struct keeper keeper;
	diag_name("keeper");
	prctl(PR_SET_NAME, argv0);
	set_up(&keeper);
	loop_run(keeper.loop);
	terminal_restore();
	return keeper.exit_code;
}
