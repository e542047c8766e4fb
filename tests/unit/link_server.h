/*
 * link_server.h - a server of the session dialect and a bad network, both simulated,
 * for the client's tests: everything from one seed, on a clock of its own.
 *
 * The server is the smallest one that is honest: it keeps the log, numbers, sessions, memberships
 * and who is where; it sends ranges again that were not acknowledged.
 */
#ifndef LINK_SERVER_H
#define LINK_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "session_link.h"
#include "wire.h"

#define SIM_CLIENTS 12
#define SIM_LOG_MAX 6000
#define SIM_UNITS 64
#define SIM_ROOMS 8

struct sim_entry {
	struct wire_entry entry;
	uint64_t rooms[SIM_ROOMS]; /* all of them */
	char name[100], other[100];
	char *text;
	uint64_t only_session; /* refusals and direct messages: who gets it; 0: by room */
	uint64_t only_session_2;
};

/* A piece of the log on its way to a client. */
struct sim_unit {
	bool is_used, is_lost;
	uint64_t from, to;
	size_t offset, size; /* a part; size 0: whole entries */
	uint32_t packet;
	uint64_t sent_us;
};

struct sim_session {
	uint64_t id, person;
	struct key key;
	char name[100];
	bool is_present, is_absent;
	bool rooms[SIM_ROOMS + 1];
	uint64_t since[SIM_ROOMS + 1], until[SIM_ROOMS + 1]; /* seqs */
	uint64_t number, kept_seq;
	/* The message whose pieces are coming. */
	uint64_t piece_number;
	size_t piece_there;
	uint8_t piece_is_there[8192];
	uint8_t piece_bytes[8192];
	/* Its connection. */
	bool is_connected;
	unsigned address;
	uint8_t nonce[NONCE_BYTES], server_nonce[NONCE_BYTES];
	uint32_t connection, next_packet, largest_acked;
	struct key connection_key;
	uint64_t sent_to; /* ranges up to here were cut */
	struct sim_unit units[SIM_UNITS];
	uint64_t acked; /* the client's cursor */
	uint64_t detached;
	uint64_t talks; /* that came */
};

struct sim {
	uint64_t seed, now_us;
	struct key master;
	struct key_pair pair;
	uint8_t version;
	bool is_dead;       /* says nothing */
	bool is_forgetful;  /* does not know sessions */
	uint8_t refuses;    /* the next OPEN or RESUME, with this reason */
	bool is_teasing;    /* says that there are more people and rooms, and names none */
	uint64_t asked;     /* questions that came */
	uint64_t forgotten; /* seqs up to here are gone */
	uint64_t next_seq;
	size_t log_count;
	struct sim_entry log[SIM_LOG_MAX];
	size_t sessions_count;
	struct sim_session sessions[64];
	char room_names[SIM_ROOMS + 1][70]; /* by id; "" : none */
	/* The network: chances in thousandths. */
	unsigned loss, doubles;
	uint64_t delay_us_min, delay_us_max;
	size_t packets_count;
	struct sim_packet {
		uint64_t due_us;
		unsigned address; /* of the client */
		bool is_to_server;
		size_t size;
		uint8_t bytes[WIRE_DATAGRAM_BYTES_MAX];
	} packets[8192];
	/* The clients. */
	size_t clients_count;
	struct sim_client {
		struct link *link;
		unsigned address;
		bool is_reading; /* takes what there is to tell */
		void (*hear)(void *context, struct sim_client *client, const struct tell *tell);
		void *context;
		size_t index;
	} clients[SIM_CLIENTS];
	uint64_t sent_to_server, sent_to_client;
};

struct sim *sim_create(uint64_t seed);
void sim_destroy(struct sim *sim);
uint64_t sim_random(struct sim *sim, uint64_t below);

/* A client that is driven from now on; `start` may be all zeros. */
struct sim_client *sim_join(struct sim *sim, struct session_start start,
                            void (*hear)(void *, struct sim_client *, const struct tell *),
                            void *context);
/* It goes, without a word. */
void sim_drop(struct sim *sim, struct sim_client *client);

/* Let time pass. */
void sim_run(struct sim *sim, uint64_t us);
/* ... until `is_done` says so; false when it takes longer than that. */
bool sim_run_until(struct sim *sim, uint64_t us, bool (*is_done)(void *context), void *context);

/* The server's own deeds. */
uint64_t sim_say(struct sim *sim, const char *name, uint64_t room, struct slice text);
uint64_t sim_come(struct sim *sim, uint64_t person, const char *name, uint64_t room);
uint64_t sim_go(struct sim *sim, uint64_t person, uint64_t room);
void sim_forget_connections(struct sim *sim);
void sim_lost(struct sim *sim); /* restart: LOST to everybody */
void sim_end(struct sim *sim, struct sim_session *session, uint8_t reason);
struct sim_session *sim_session_of(struct sim *sim, struct sim_client *client);

#endif
