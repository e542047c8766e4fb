#include "handout.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

enum role { ROLE_HUB, ROLE_SCRIBE, ROLE_CLERK, ROLE_CONSOLE, ROLE_EDGE };
#define AT(role) (1u << (role))
#define ALL (AT(ROLE_HUB) | AT(ROLE_SCRIBE) | AT(ROLE_CLERK) | AT(ROLE_CONSOLE) | AT(ROLE_EDGE))

/* `number` is part of the name if it is not negative. */
static void hand_one(struct handout *handout, const char *name, int number, int fd) {
	assert(fd >= 0);
	assert(handout->count < MP_SPAWN_FDS_MAX);
	char *own = handout->names[handout->count];
	int size = number < 0 ? snprintf(own, HANDOUT_NAME_BYTES, "%s", name)
	                      : snprintf(own, HANDOUT_NAME_BYTES, "%s.%d", name, number);
	assert(size > 0 && size < HANDOUT_NAME_BYTES);
	(void)size;
	handout->fds[handout->count++] = (struct mp_named_fd){.name = own, .fd = fd};
}

static void hand(struct handout *handout, const char *name, int fd) {
	hand_one(handout, name, -1, fd);
}

static void hand_numbered(struct handout *handout, const char *name, unsigned number, int fd) {
	hand_one(handout, name, (int)number, fd);
}

static void hand_options(struct handout *handout, const struct estate *estate, unsigned index) {
	hand(handout, "options", estate->shared->options);
}

static void hand_config(struct handout *handout, const struct estate *estate, unsigned index) {
	hand(handout, "config", estate->shared->config.reader);
}

static void hand_secrets(struct handout *handout, const struct estate *estate, unsigned index) {
	hand(handout, "secrets", estate->shared->secrets.reader);
}

static void hand_reload(struct handout *handout, const struct estate *estate, unsigned index) {
	hand(handout, "reload", estate->shared->reload);
}

static void hand_life(struct handout *handout, const struct estate *estate, unsigned index) {
	hand(handout, "life", estate->shared->life[0]);
}

static void hand_lock(struct handout *handout, const struct estate *estate, unsigned index) {
	hand(handout, "lock", estate->folder->lock);
}

static void hand_ring_to_write(struct handout *handout, const struct estate *estate,
                               unsigned index) {
	hand(handout, "ring", estate->folder->ring_writer);
}

static void hand_ring_to_read(struct handout *handout, const struct estate *estate,
                              unsigned index) {
	hand(handout, "ring", estate->folder->ring_reader);
}

static void hand_ring_to_format(struct handout *handout, const struct estate *estate,
                                unsigned index) {
	hand(handout, "ring.file", estate->folder->ring_writer);
}

static void hand_queues(struct handout *handout, const struct estate *estate, unsigned index) {
	for (unsigned i = 0; i <= estate->options->edges; i++) {
		hand_numbered(handout, "queue", i, estate->shared->queues[i]);
	}
}

static void hand_cursor(struct handout *handout, const struct estate *estate, unsigned index) {
	hand(handout, "cursor", estate->folder->cursors[index - PROCESS_EDGE_0]);
}

static void hand_own_queue(struct handout *handout, const struct estate *estate, unsigned index) {
	unsigned queue = index >= PROCESS_EDGE_0 ? index - PROCESS_EDGE_0 : estate->options->edges;
	hand_numbered(handout, "queue", queue, estate->shared->queues[queue]);
}

/* An edge has no business with the other edges, but to read what they count. */
static bool rings(unsigned index, unsigned other) {
	return index == other || index < PROCESS_EDGE_0 || other < PROCESS_EDGE_0;
}

static void hand_boards_and_bells(struct handout *handout, const struct estate *estate,
                                  unsigned index) {
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		if (!shared_has_process(estate->options, i)) {
			continue;
		}
		const struct shared_memory *board = &estate->shared->boards[i];
		hand_numbered(handout, "board", i, i == index ? board->writer : board->reader);
		if (rings(index, i)) {
			hand_numbered(handout, "bell", i, estate->shared->bells[i]);
		}
	}
}

static void hand_sockets(struct handout *handout, const struct estate *estate, unsigned index) {
	for (unsigned i = 0; i < estate->options->listeners_count; i++) {
		hand_numbered(handout, "socket", i,
		              estate->sockets->fds[i][index - PROCESS_EDGE_0]);
		hand_numbered(handout, "tcp", i,
		              estate->sockets->streams[i][index - PROCESS_EDGE_0]);
	}
}

static void hand_clerk(struct handout *handout, const struct estate *estate, unsigned index) {
	hand(handout, "clerk", estate->shared->clerk_asker[index]);
}

static void hand_clients(struct handout *handout, const struct estate *estate, unsigned index) {
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		if (estate->shared->clerk_own[i] >= 0) {
			hand_numbered(handout, "client", i, estate->shared->clerk_own[i]);
		}
	}
}

static void hand_keyboard(struct handout *handout, const struct estate *estate, unsigned index) {
	if (estate->options->has_keyboard) {
		hand(handout, "keyboard", STDIN_FILENO);
	}
}

static const struct {
	unsigned roles;
	void (*hand)(struct handout *handout, const struct estate *estate, unsigned index);
} rows[] = {
	{ALL, hand_options},
	{ALL, hand_config},
	{AT(ROLE_CLERK), hand_secrets},
	{AT(ROLE_EDGE), hand_reload},
	{ALL, hand_life},
	{ALL, hand_lock},
	{ALL, hand_boards_and_bells},
	{AT(ROLE_HUB), hand_ring_to_write},
	{AT(ROLE_SCRIBE), hand_ring_to_format},
	{AT(ROLE_CLERK) | AT(ROLE_CONSOLE) | AT(ROLE_EDGE), hand_ring_to_read},
	{AT(ROLE_HUB), hand_queues},
	{AT(ROLE_CONSOLE) | AT(ROLE_EDGE), hand_own_queue},
	{AT(ROLE_EDGE), hand_sockets},
	{AT(ROLE_EDGE), hand_cursor},
	{AT(ROLE_HUB) | AT(ROLE_CONSOLE) | AT(ROLE_EDGE), hand_clerk},
	{AT(ROLE_CLERK), hand_clients},
	{AT(ROLE_CONSOLE), hand_keyboard},
};

static enum role role_of(unsigned index) {
	switch (index) {
	case PROCESS_HUB: return ROLE_HUB;
	case PROCESS_SCRIBE: return ROLE_SCRIBE;
	case PROCESS_CLERK: return ROLE_CLERK;
	case PROCESS_CONSOLE: return ROLE_CONSOLE;
	default: assert(index >= PROCESS_EDGE_0); return ROLE_EDGE;
	}
}

void handout_fill(struct handout *handout, const struct estate *estate, unsigned index, int ready) {
	enum role role = role_of(index);
	bool has_terminal = role == ROLE_CONSOLE && estate->options->has_keyboard;
	handout->count = 0;
	handout->stdio[0] = has_terminal ? MP_STDIO_SAME : MP_STDIO_NULL;
	handout->stdio[1] = has_terminal ? MP_STDIO_SAME : MP_STDIO_NULL;
	handout->stdio[2] = MP_STDIO_SAME;
	hand(handout, "ready", ready);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].roles & AT(role)) {
			rows[i].hand(handout, estate, index);
		}
	}
}
