/* The network, the clients, and time. */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link_server_inner.h"
#include "record.h"

struct sim *sim_create(uint64_t seed) {
	struct sim *sim = calloc(1, sizeof *sim);
	assert(sim != NULL);
	sim->seed = seed * 2654435761u + 1;
	sim->now_us = 1000000;
	sim->version = WIRE_VERSION;
	sim->next_seq = 100;
	sim->delay_us_min = 1000;
	sim->delay_us_max = 2000;
	memset(&sim->master, (int)seed, sizeof sim->master);
	keys_server_pair(&sim->master, &sim->pair);
	snprintf(sim->room_names[1], sizeof sim->room_names[1], "#lobby");
	return sim;
}

void sim_destroy(struct sim *sim) {
	for (size_t i = 0; i < sim->clients_count; i++) {
		link_destroy(sim->clients[i].link);
	}
	for (size_t i = 0; i < sim->log_count; i++) {
		free(sim->log[i].text);
	}
	free(sim);
}

uint64_t sim_random(struct sim *sim, uint64_t below) {
	sim->seed ^= sim->seed << 13;
	sim->seed ^= sim->seed >> 7;
	sim->seed ^= sim->seed << 17;
	return (sim->seed >> 11) % below;
}

void sim_random_bytes(void *context, void *bytes, size_t size) {
	for (size_t i = 0; i < size; i++) {
		((uint8_t *)bytes)[i] = (uint8_t)sim_random(context, 256);
	}
}

/* ---- the network ---- */

static void put_packet(struct sim *sim, unsigned address, bool is_to_server, const uint8_t *bytes,
                       size_t size) {
	assert(sim->packets_count < sizeof sim->packets / sizeof sim->packets[0]);
	struct sim_packet *packet = &sim->packets[sim->packets_count++];
	uint64_t span_us = sim->delay_us_max - sim->delay_us_min + 1;
	*packet = (struct sim_packet){.due_us = sim->now_us + sim->delay_us_min +
	                                        sim_random(sim, span_us),
	                              .address = address,
	                              .is_to_server = is_to_server,
	                              .size = size};
	memcpy(packet->bytes, bytes, size);
}

static void transmit(struct sim *sim, unsigned address, bool is_to_server, const uint8_t *bytes,
                     size_t size) {
	assert(size > 0 && size <= WIRE_DATAGRAM_BYTES_MAX);
	if (sim_random(sim, 1000) >= sim->loss) {
		put_packet(sim, address, is_to_server, bytes, size);
		if (sim_random(sim, 1000) < sim->doubles) {
			put_packet(sim, address, is_to_server, bytes, size);
		}
	}
}

void sim_send_to_client(struct sim *sim, unsigned address, const uint8_t *bytes, size_t size) {
	sim->sent_to_client++;
	transmit(sim, address, false, bytes, size);
}

/* ---- clients and time ---- */

struct sim_client *sim_join(struct sim *sim, struct session_start start,
                            void (*hear)(void *, struct sim_client *, const struct tell *),
                            void *context) {
	assert(sim->clients_count < SIM_CLIENTS);
	struct sim_client *client = &sim->clients[sim->clients_count];
	start.now_us = sim->now_us;
	start.random = sim_random_bytes;
	start.context = sim;
	*client = (struct sim_client){.link = link_create(&start),
	                              .address = 100 + (unsigned)sim->clients_count,
	                              .is_reading = true,
	                              .hear = hear,
	                              .context = context,
	                              .index = sim->clients_count++};
	assert(client->link != NULL);
	link_wish(client->link, &(struct wish){.kind = WISH_ATTACH, .flags = WISH_ROSTERS},
	          sim->now_us);
	return client;
}

void sim_drop(struct sim *sim, struct sim_client *client) {
	link_destroy(client->link);
	client->link = NULL;
}

static void turn_client(struct sim *sim, struct sim_client *client) {
	uint8_t out[WIRE_DATAGRAM_BYTES_MAX];
	struct tell tell;
	size_t size;
	while (client->is_reading && link_next(client->link, &tell, sim->now_us)) {
		uint8_t bytes[SCREENWIRE_BYTES_MAX];
		struct tell copy;
		/* As it would come out of the pipe. */
		tell_decode(&copy, bytes, tell_encode(&tell, bytes));
		client->hear(client->context, client, &copy);
	}
	for (int sent = 0; (size = link_send(client->link, out, sim->now_us)) > 0; sent++) {
		assert(sent < 200);
		sim->sent_to_server++;
		transmit(sim, client->address, true, out, size);
	}
}

static void deliver(struct sim *sim, const struct sim_packet *packet) {
	struct slice datagram = slice_of((const char *)packet->bytes, packet->size);
	if (packet->is_to_server) {
		if (!sim->is_dead) {
			sim_on_datagram(sim, packet->address, datagram);
		}
		return;
	}
	for (size_t i = 0; i < sim->clients_count; i++) {
		struct sim_client *client = &sim->clients[i];
		if (client->link != NULL && client->address == packet->address) {
			link_receive(client->link, datagram, sim->now_us);
		}
	}
}

static void step(struct sim *sim) {
	for (size_t i = 0; i < sim->packets_count;) {
		if (sim->packets[i].due_us > sim->now_us) {
			i++;
			continue;
		}
		struct sim_packet packet = sim->packets[i];
		sim->packets[i] = sim->packets[--sim->packets_count];
		deliver(sim, &packet);
	}
	for (size_t i = 0; i < sim->sessions_count; i++) {
		if (sim->sessions[i].is_connected && !sim->is_dead) {
			sim_pump(sim, &sim->sessions[i]);
		}
	}
	for (size_t i = 0; i < sim->clients_count; i++) {
		if (sim->clients[i].link != NULL) {
			turn_client(sim, &sim->clients[i]);
		}
	}
	sim->now_us += 1000;
}

bool sim_run_until(struct sim *sim, uint64_t us, bool (*is_done)(void *context), void *context) {
	uint64_t end_us = sim->now_us + us;
	while (sim->now_us < end_us) {
		if (is_done != NULL && is_done(context)) {
			return true;
		}
		step(sim);
	}
	return is_done == NULL || is_done(context);
}

void sim_run(struct sim *sim, uint64_t us) {
	(void)sim_run_until(sim, us, NULL, NULL);
}
