/* What test_hub_simulation.c simulates: a hub, a scribe, the queues between them and whoever asks. */
#ifndef HUB_SIMULATION_H
#define HUB_SIMULATION_H

#include "hub_model_streams.h"
#include "ring_help.h"
#include "state_help.h"

#include "decide.h"
#include "queue.h"

#define QUEUES (MODEL_EDGES + 1)
#define REQUESTS_KEPT 4096

/* What is in a queue, as the test knows it. */
struct sent {
	struct model_request requests[REQUESTS_KEPT]; /* by number, modulo */
	uint64_t seen;                                /* numbers up to this one are in the ring */
};

struct hub {
	struct state *state;
	struct ring *ring;
	struct queue *queues[QUEUES];
	uint64_t seq_next;
	bool must_sweep;
	struct decision decision;
};

/* Reads the ring, as scribe, and knows what must be in it. */
struct scribe {
	struct ring *ring;
	uint64_t position;
	struct state *state;
	struct rows rows;
	uint64_t seq, time_us;

	/* As of the last commit: what a new hub starts from. */
	struct rows saved;
	uint64_t saved_position;
	struct model saved_model;
};

/* A client's own end: which number its next message has. */
struct sender {
	uint64_t session, next;
};

struct simulation {
	uint64_t seed;
	struct chance chance;
	uint64_t wall_us, now_us;
	uint64_t seq_ever; /* the highest that was ever given */
	int ring_fd;
	int queue_fds[QUEUES];
	uint32_t incarnations[QUEUES];
	struct queue *producers[QUEUES];
	struct sent sent[QUEUES];
	uint64_t position;       /* on the hub's board: requests before it are done */
	unsigned steps_to_death; /* 0: it is dead */
	unsigned deaths, power_losses;
	uint64_t requests;
	uint64_t forgotten; /* on the scribe's board: entries up to this one are no longer kept */
	uint64_t nonces;
	struct sender senders[MODEL_CLIENTS];
	struct hub hub;
	struct scribe scribe;
	struct model model;
};

/* What a request in the ring led to, so far. */
struct group {
	bool is_open;
	uint16_t queue;
	uint64_t number, time_us;
	char words[400];
	unsigned oks, kicks;
	bool is_said;
	char said[TEXT_BYTES_MAX + 1], said_by[NAME_BYTES_MAX + 1];
	uint64_t entered_session;
	uint64_t last_seq; /* of its last entry */
	uint64_t thread;   /* of its direct message; 0: it is none */
	bool is_over;      /* a record was its last, as a connection is told */
};

#define CHECK(truth)                                                                               \
	do {                                                                                       \
		if (!(truth)) {                                                                    \
			failed(sim, #truth, __FILE__, __LINE__);                                   \
		}                                                                                  \
	} while (0)

static inline void failed(const struct simulation *sim, const char *what, const char *file,
                          int line) {
	fprintf(stderr, "%s:%d: %s; after %llu requests and %u deaths; again: QUN_SEED=%llu\n",
	        file, line, what, (unsigned long long)sim->requests, sim->deaths,
	        (unsigned long long)sim->seed);
	abort();
}

static inline struct route route_of_address(int address) {
	struct route route =
		route_of(HOST + 256 * (uint32_t)model_net_of(address), (uint16_t)(1000 + address));
	return route;
}

#endif
