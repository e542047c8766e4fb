#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"
#include "mp_mapping.h"

static noreturn void give_up(const char *what) {
	diag_exit_errno(EXIT_TRY_AGAIN, "cannot make %s", what);
}

static int make_options(const struct options *options) {
	int fd = memfd_create("qun options", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || write(fd, options, sizeof *options) != (ssize_t)sizeof *options ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0) {
		give_up("the options");
	}
	return fd;
}

static int make_queue(void) {
	int fd = mp_mapping_create("qun queue", 1);
	if (fd < 0 || queue_format(fd) < 0) {
		give_up("a request queue");
	}
	return fd;
}

static struct shared_memory make_sheet(const char *name, size_t size, struct sheet **sheet) {
	struct shared_memory memory;
	memory.writer = sheet_create(name, size);
	*sheet = memory.writer >= 0 ? sheet_open(memory.writer, size, true) : NULL;
	if (*sheet == NULL) {
		give_up("memory for the configuration");
	}
	memory.reader = mp_mapping_reopen_read_only(memory.writer);
	if (memory.reader < 0) {
		give_up("a configuration to read (is /proc mounted?)");
	}
	return memory;
}

static struct shared_memory make_board(void) {
	struct shared_memory board;
	board.writer = mp_mapping_create("qun board", 1);
	if (board.writer < 0 || board_format(board.writer) < 0) {
		give_up("a board");
	}
	board.reader = mp_mapping_reopen_read_only(board.writer);
	if (board.reader < 0) {
		give_up("a board to read (is /proc mounted?)");
	}
	return board;
}

static int make_bell(void) {
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (fd < 0) {
		give_up("a bell");
	}
	return fd;
}

static void make_wire(int *asker, int *own) {
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0) {
		give_up("a wire to the clerk");
	}
	*asker = ends[0];
	*own = ends[1];
}

bool shared_has_process(const struct options *options, unsigned index) {
	if (index >= PROCESS_EDGE_0) {
		return index - PROCESS_EDGE_0 < options->edges;
	}
	return index >= PROCESS_HUB && index <= PROCESS_CONSOLE;
}

static bool asks_the_clerk(unsigned index) {
	return index == PROCESS_HUB || index == PROCESS_CONSOLE || index >= PROCESS_EDGE_0;
}

static void make_for_process(struct shared *shared, unsigned index) {
	shared->boards[index] = make_board();
	shared->bells[index] = make_bell();
	if (asks_the_clerk(index)) {
		make_wire(&shared->clerk_asker[index], &shared->clerk_own[index]);
	}
}

void shared_create(struct shared *shared, const struct options *options) {
	shared->options = make_options(options);
	shared->config = make_sheet("qun config", sizeof(struct config), &shared->config_sheet);
	shared->secrets =
		make_sheet("qun secrets", sizeof(struct config_secrets), &shared->secrets_sheet);
	shared->reload = make_bell();
	if (pipe2(shared->life, O_CLOEXEC) < 0) {
		give_up("the life line");
	}
	for (unsigned i = 0; i <= EDGES_MAX; i++) {
		shared->queues[i] = i <= options->edges ? make_queue() : -1;
	}
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		shared->boards[i] = (struct shared_memory){.writer = -1, .reader = -1};
		shared->bells[i] = -1;
		shared->clerk_asker[i] = -1;
		shared->clerk_own[i] = -1;
		if (shared_has_process(options, i)) {
			make_for_process(shared, i);
		}
	}
}

void shared_publish(struct shared *shared, const struct options *options,
                    const struct config *config, const struct config_secrets *secrets) {
	sheet_write(shared->secrets_sheet, secrets);
	sheet_write(shared->config_sheet, config);
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		if (shared_has_process(options, i)) {
			bell_ring_anyway(shared->bells[i]);
		}
	}
}
