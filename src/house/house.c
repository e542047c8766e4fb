/*
 * house.c - how every process of the house begins and ends (see house.h).
 *
 * What is missing or malformed here is a bug of ours or a stranger who typed
 * "qun: hub" by hand; either way there is nothing to go on with.
 */
#include "house.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine.h"
#include "diag.h"
#include "mp_spawn.h"

#define FD_NAME_BYTES 32

/* ---- What was inherited ---- */

/* The descriptor "WHAT" or -1. */
static int take(const char *what) {
	int fd = mp_inherited(what);
	return fd >= 0 ? fd : -1;
}

static int take_needed(const char *what) {
	int fd = take(what);
	if (fd < 0) {
		diag_exit(EXIT_USAGE,
		          "no `%s` was handed down; this process is started by qun serve", what);
	}
	return fd;
}

/* "WHAT.INDEX" or -1. */
static int take_numbered(const char *what, unsigned index) {
	char name[FD_NAME_BYTES];
	snprintf(name, sizeof name, "%s.%u", what, index);
	return take(name);
}

static const struct options *map_options(int fd) {
	struct stat status;
	if (fstat(fd, &status) < 0 || status.st_size != (off_t)sizeof(struct options)) {
		diag_exit(EXIT_FIX_ME, "the options are those of another version");
	}
	const struct options *options = mmap(NULL, sizeof *options, PROT_READ, MAP_SHARED, fd, 0);
	if (options == MAP_FAILED) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot map the options");
	}
	close(fd);
	if (options->size != sizeof *options || options->edges == 0 || options->edges > EDGES_MAX ||
	    options->listeners_count > LISTENERS_MAX) {
		diag_exit(EXIT_FIX_ME, "the options are those of another version");
	}
	return options;
}

static struct sheet *open_sheet(const char *what, size_t size) {
	int fd = take_needed(what);
	struct sheet *sheet = sheet_open(fd, size, false);
	if (sheet == NULL) {
		diag_exit_errno(EXIT_FIX_ME, "cannot map the %s", what);
	}
	close(fd);
	return sheet;
}

static struct config config;
static struct config_secrets secrets;

/* What the keeper has read, if it is new. */
static void read_config(struct house *house) {
	sheet_read(house->config_sheet, &house->config_seen, &config);
	if (house->secrets_sheet != NULL) {
		sheet_read(house->secrets_sheet, &house->secrets_seen, &secrets);
	}
}

static void take_config(struct house *house) {
	house->config_sheet = open_sheet("config", sizeof config);
	house->config = &config;
	if (house->index == PROCESS_CLERK) {
		house->secrets_sheet = open_sheet("secrets", sizeof secrets);
		house->secrets = &secrets;
	}
	house->reload = take("reload");
	read_config(house);
}

static void take_boards(struct house *house) {
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		house->bells[i] = take_numbered("bell", i);
		int fd = take_numbered("board", i);
		if (fd < 0) {
			continue;
		}
		house->boards[i] = board_open(fd, i == house->index);
		if (house->boards[i] == NULL) {
			diag_exit_errno(EXIT_TRY_AGAIN, "cannot map board %u", i);
		}
		close(fd);
	}
	house->own = house->boards[house->index];
	if (house->own == NULL || house->bells[house->index] < 0) {
		diag_exit(EXIT_USAGE, "no board and bell of its own were handed down");
	}
}

static void take_queues(struct house *house) {
	house->queues_count = house->options->edges + 1u;
	for (unsigned i = 0; i < house->queues_count; i++) {
		int fd = take_numbered("queue", i);
		if (fd < 0) {
			continue;
		}
		house->queues[i] = queue_open(fd);
		if (house->queues[i] == NULL) {
			diag_exit_errno(EXIT_TRY_AGAIN, "cannot map queue %u", i);
		}
		close(fd);
	}
}

static void take_ring(struct house *house) {
	house->ring_file = take("ring.file");
	int fd = take("ring");
	if (fd < 0) {
		return;
	}
	house->ring = ring_open(fd, house->index == PROCESS_HUB);
	if (house->ring == NULL) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot map the ring");
	}
	close(fd);
}

static void take_all(struct house *house) {
	house->life = take_needed("life");
	house->ready = take_needed("ready");
	house->lock = take("lock");
	house->clerk = take("clerk");
	house->cursor = take("cursor");
	house->keyboard = take("keyboard");
	take_boards(house);
	take_queues(house);
	take_ring(house);
	for (unsigned i = 0; i < LISTENERS_MAX; i++) {
		house->sockets[i] = take_numbered("socket", i);
		house->tcp[i] = take_numbered("tcp", i);
	}
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		house->clients[i] = take_numbered("client", i);
	}
}

/* ---- Setting up ---- */

static void say_who(struct house *house) {
	uint32_t before = atomic_load_explicit(&house->own->incarnation, memory_order_relaxed);
	atomic_store_explicit(&house->own->incarnation, before + 1, memory_order_relaxed);
	board_wake_up(house->own);
	atomic_store_explicit(&house->own->pid, (uint32_t)getpid(), memory_order_release);
}

static int take_signals(void) {
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	sigaction(SIGINT, &ignored, NULL);
	sigaction(SIGHUP, &ignored, NULL);
	sigaction(SIGPIPE, &ignored, NULL);
	sigset_t ours;
	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigprocmask(SIG_BLOCK, &ours, NULL);
	return signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
}

static uint64_t on_turn(void *context) {
	struct house *house = context;
	board_wake_up(house->own);
	read_config(house);
	return house->turn(house->turn_context);
}

static void on_bell(void *context, uint32_t events) {
	struct house *house = context;
	house->prompt_rings += bell_clear(house->bells[house->index]);
}

static void on_signal(void *context, uint32_t events) {
	struct house *house = context;
	struct signalfd_siginfo info;
	while (read(house->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		house->is_leaving = true;
	}
}

static void on_life(void *context, uint32_t events) {
	struct house *house = context;
	loop_forget(house->loop, &house->watch_life);
	house->keeper_gone = true;
	house->is_leaving = true;
}

static void make_loop(struct house *house, loop_turn *turn, void *context) {
	house->turn = turn;
	house->turn_context = context;
	house->signals = take_signals();
	house->loop = loop_create(on_turn, house);
	if (house->signals < 0 || house->loop == NULL) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot make the loop");
	}
	int bell = house->bells[house->index];
	house->watch_bell = (struct watch){.fd = bell, .ready = on_bell, .context = house};
	house->watch_signals =
		(struct watch){.fd = house->signals, .ready = on_signal, .context = house};
	house->watch_life = (struct watch){.fd = house->life, .ready = on_life, .context = house};
	if (loop_watch(house->loop, &house->watch_bell, EPOLLIN) < 0 ||
	    loop_watch(house->loop, &house->watch_signals, EPOLLIN) < 0 ||
	    loop_watch(house->loop, &house->watch_life, EPOLLIN) < 0) {
		diag_exit_errno(EXIT_TRY_AGAIN, "cannot watch the bell and the life line");
	}
}

static int bell_of_console = -1;

static void ring_for_prompt(void) {
	bell_ring_for_prompt(bell_of_console);
}

/* Our lines and the console's prompt may share a terminal. */
static void mind_the_prompt(const struct house *house) {
	bell_of_console = house->bells[PROCESS_CONSOLE];
	if (house->options->is_terminal && house->index != PROCESS_CONSOLE &&
	    bell_of_console >= 0 && isatty(STDERR_FILENO)) {
		diag_beside_prompt(ring_for_prompt);
	}
}

void house_enter(struct house *house, const char *argv0, loop_turn *turn, void *context) {
	*house = (struct house){0};
	int index = process_index_from(argv0);
	if (index <= PROCESS_KEEPER) {
		diag_exit(EXIT_USAGE, "there is no process of that name in the house");
	}
	house->index = (unsigned)index;
	house->edge = (uint16_t)(index >= PROCESS_EDGE_0 ? index - PROCESS_EDGE_0 : 0);
	diag_name(process_name(house->index, house->name));
	prctl(PR_SET_NAME, argv0); /* What ps shows where there is no room for more: 15 bytes. */
	house->options = map_options(take_needed("options"));
	take_config(house);
	take_all(house);
	mind_the_prompt(house);
	make_loop(house, turn, context);
	confine(house->options, index >= PROCESS_EDGE_0);
	say_who(house);
}

/* ---- The rest of a life ---- */

void house_ready(struct house *house) {
	assert(house->ready >= 0);
	ssize_t written;
	do {
		written = write(house->ready, "!", 1);
	} while (written < 0 && errno == EINTR);
	/* An error means that the keeper is gone, which the life line says as well. */
	close(house->ready);
	house->ready = -1;
}

void house_ring(struct house *house, unsigned index) {
	assert(index < PROCESSES_MAX);
	if (house->bells[index] < 0 || house->boards[index] == NULL) {
		return;
	}
	if (bell_ring(house->bells[index], house->boards[index])) {
		board_count(house->own, COUNT_BELLS_RUNG, 1);
	}
}

void house_ask_reload(struct house *house) {
	uint64_t one = 1;
	ssize_t written = house->reload >= 0 ? write(house->reload, &one, sizeof one) : 0;
	(void)written; /* Full: it has been asked often enough. */
}

uint64_t house_sleep(struct house *house, bool (*has_work)(void *context), void *context,
                     uint64_t sleep_us) {
	if (sleep_us == 0) {
		return 0;
	}
	board_fall_asleep(house->own);
	if (has_work(context)) {
		board_wake_up(house->own);
		return 0;
	}
	return sleep_us;
}

static void close_if_open(int fd) {
	if (fd >= 0) {
		close(fd);
	}
}

void house_leave(struct house *house) {
	diag_beside_prompt(NULL);
	loop_destroy(house->loop);
	for (unsigned i = 0; i < house->queues_count; i++) {
		queue_close(house->queues[i]);
	}
	ring_close(house->ring);
	for (unsigned i = 0; i < LISTENERS_MAX; i++) {
		close_if_open(house->sockets[i]);
		close_if_open(house->tcp[i]);
	}
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		close_if_open(house->clients[i]);
		close_if_open(house->bells[i]);
	}
	close_if_open(house->ring_file);
	close_if_open(house->clerk);
	close_if_open(house->keyboard);
	close_if_open(house->signals);
	close_if_open(house->ready);
	close_if_open(house->life);
	close_if_open(house->reload);
	sheet_close(house->config_sheet);
	sheet_close(house->secrets_sheet);
	/* From now on others may take what this process has done for all that it will do. */
	atomic_store_explicit(&house->own->pid, 0, memory_order_release);
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		board_close(house->boards[i]);
	}
	munmap((void *)(uintptr_t)house->options, sizeof *house->options);
	close_if_open(house->lock);
	*house = (struct house){0};
}
