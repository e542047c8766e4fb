/*
 * house.h - what a process of the house is born with, and how it begins and
 * ends. Every process file has one shape: take what was inherited, set up,
 * give up privileges (done by house_enter()), say "ready", loop, drain, leave.
 *
 * The keeper re-executes the binary for each role. The child finds its name in
 * argv[0] ("qun: edge 0") and its descriptors by name (mp_inherited()):
 *
 *   options        memfd with struct options, read-only
 *   config         sheet with struct config, read-only
 *   secrets        clerk: sheet with struct config_secrets, read-only
 *   reload         edges: eventfd by which the keeper is asked to read the configuration again
 *   life           read end of a pipe whose write end only the keeper has: end
 *                  of file means that the keeper is gone
 *   ready          write end of a pipe: one byte says "ready"
 *   ring           the log ring: read-write for the hub, read-only for all others
 *   ring.file      scribe, instead of `ring`: the ring's file, read-write and perhaps
 *                  still to be formatted
 *   queue.K        request queues: the hub has all (edges 0..N-1, then the
 *                  console's, K = N); a producer has its own
 *   board.I        boards (struct board), by process index; own: read-write; edges have
 *                  none of the other edges'
 *   bell.I         eventfds, by process index; likewise
 *   socket.L       edges: its UDP socket of listener L
 *   tcp.L          edges: its TCP socket of listener L, which listens
 *   cursor         edges: the file of its cursor (cursor.h), read-write
 *   clerk          hub, edges, console: its end of a pair of SOCK_SEQPACKET to the clerk
 *   client.I       clerk: the other ends, by process index
 *   lock           the data folder's lock, shared by all: it is free when the last is gone
 *   keyboard       console, if there is one: standard input
 */
#ifndef HOUSE_H
#define HOUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "config.h"
#include "loop.h"
#include "options.h"
#include "queue.h"
#include "ring.h"

/* Process indices: fixed, edges last. 5 to 7 are kept for later roles. */
enum process_index {
	PROCESS_KEEPER = 0,
	PROCESS_HUB = 1,
	PROCESS_SCRIBE = 2,
	PROCESS_CLERK = 3,
	PROCESS_CONSOLE = 4,
	PROCESS_EDGE_0 = 8,
};
#define PROCESSES_MAX (PROCESS_EDGE_0 + EDGES_MAX)

/* "hub", "edge 3" ...; into `out`, which it returns. */
#define PROCESS_NAME_MAX 24
const char *process_name(unsigned index, char out[PROCESS_NAME_MAX]);
/* From argv[0] ("qun: edge 3"); -1 if it names no process. */
int process_index_from(const char *argv0);

struct house {
	unsigned index; /* which process this is */
	uint16_t edge;  /* an edge's number */
	char name[PROCESS_NAME_MAX];
	const struct options *options;
	/* Never NULL; at the beginning of a turn it may say something else: then its version is another. */
	const struct config *config;
	const struct config_secrets *secrets; /* clerk; NULL for all others */
	struct ring *ring; /* scribe: NULL until it has formatted and opened ring_file */
	int ring_file;     /* scribe: its own to close; -1 for all others */
	struct board *own;
	struct board *boards[PROCESSES_MAX]; /* NULL where there is none */
	int bells[PROCESSES_MAX];            /* -1 where there is none */
	struct queue *queues[EDGES_MAX + 1]; /* NULL where it is not ours */
	unsigned queues_count;               /* edges + 1; the last is the console's */
	int sockets[LISTENERS_MAX];          /* edges: UDP */
	int tcp[LISTENERS_MAX];              /* edges; -1 where there is none */
	int clerk;                           /* -1: none */
	int cursor;                          /* edges; -1: none */
	int clients[PROCESSES_MAX];          /* clerk; -1 where there is none */
	int keyboard;                        /* -1: none */
	int reload;                          /* edges; -1: none */
	int life;
	int ready;
	int lock;
	int signals;
	struct loop *loop;
	loop_turn *turn; /* the process's own; the asleep flag is taken down before each */
	void *turn_context;
	unsigned prompt_rings; /* console: others have written on the prompt's terminal so often */
	bool is_leaving;       /* SIGTERM has come, or the keeper is gone: drain and leave */
	bool keeper_gone;
	struct sheet *config_sheet, *secrets_sheet; /* the second: clerk */
	uint64_t config_seen, secrets_seen;         /* versions of the sheets */
	struct watch watch_life, watch_bell, watch_signals;
};

/*
 * Takes what was inherited into *house, checks and maps it, sets the own
 * board's pid and incarnation, the diag name, resource limits; makes the loop
 * with `turn` and watches the own bell, the life line and SIGTERM (SIGINT and
 * SIGHUP are ignored: the keeper tells; SIGPIPE is ignored). Gives up root.
 * Exits with a sentence if something is missing. `context` goes to `turn`.
 *
 * The loop runs `turn` again after the bell, the life line or a signal: a turn
 * looks at is_leaving. From here on the process cannot fork or start threads.
 */
void house_enter(struct house *house, const char *argv0, loop_turn *turn, void *context);

/* Says "ready", once. */
void house_ready(struct house *house);

/* Rings another process if it sleeps. Does nothing where there is no such process. */
void house_ring(struct house *house, unsigned index);

/*
 * Asks the keeper to read the configuration again, as SIGHUP does (an
 * operator's REHASH). What comes of it, the keeper says to its own operator.
 */
void house_ask_reload(struct house *house);

/*
 * The end of every turn: if `has_work(context)` is false even after the asleep
 * flag is up, returns `sleep_us`; otherwise takes the flag down and returns 0.
 */
uint64_t house_sleep(struct house *house, bool (*has_work)(void *context), void *context,
                     uint64_t sleep_us);

/* Says on the own board that it runs no more; unmaps, closes. */
void house_leave(struct house *house);

#endif
