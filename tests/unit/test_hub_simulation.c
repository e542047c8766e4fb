/* The hub as the state machine that it is. From a seed: requests of all kinds from few addresses with
 * few names, from sessions with numbered messages, which are repeated and come out of order, and from
 * streams, whose edge dies, and who come back or do not; through real queues into a real ring. The
 * clock jumps; the hub dies at any step of a batch, or the power goes; it is rebuilt from what the
 * scribe had saved and what the ring holds.
 * Whatever is published is compared with the model (hub_model.h), request by request; the states
 * that hub and scribe hold are compared by their digests.
 *
 * A failure ends with the seed: QUN_SEED=… runs that one again, alone. */
#include "hub_simulation_ask.h"
#include "hub_simulation_compare.h"
#include "hub_simulation_see.h"

#define BATCH_MAX 64
/* In so many seeds everything has happened. */
#define SEEDS_AT_LEAST 30

/* ---- the hub ---- */

/* One step of the hub's. False: it died of it. */
static bool lives(struct simulation *sim) {
	return sim->steps_to_death > 0 && --sim->steps_to_death > 0;
}

static void hub_append(struct simulation *sim) {
	struct hub *hub = &sim->hub;
	struct record record;
	const void *bytes;
	size_t offset = 0, size;
	while (decision_next(&hub->decision, &offset, &record, &bytes, &size)) {
		ring_append(hub->ring, bytes, size);
		CHECK(state_apply(hub->state, &record, NULL, NULL) == STATE_OK);
		if (record_is_entry(&record)) {
			hub->seq_next = record.seq + 1;
			hub->must_sweep = hub->must_sweep || record.kind == ENTRY_BANNED;
		}
	}
}

static unsigned hub_decide(struct simulation *sim, struct record *request, uint16_t queue) {
	struct hub *hub = &sim->hub;
	struct circumstances at = {.state = hub->state,
	                           .now_us = sim->now_us,
	                           .seq_next = hub->seq_next,
	                           .edges = MODEL_EDGES,
	                           .away_us = MODEL_AWAY_US,
	                           .forget_us = MODEL_FORGET_US,
	                           .is_administrator = queue == MODEL_EDGES,
	                           .is_hub = queue == QUEUE_OF_HUB};
	request->queue = queue;
	decide(&at, request, &hub->decision);
	if (queue != QUEUE_OF_HUB || hub->decision.entries > 0) {
		hub_append(sim);
	}
	return hub->decision.entries;
}

static unsigned hub_own(struct simulation *sim, uint16_t kind) {
	return hub_decide(sim, &(struct record){.kind = kind, .seq = sim->forgotten}, QUEUE_OF_HUB);
}

static uint64_t forget_due_us(const struct simulation *sim) {
	const struct circumstances at = {
		.state = sim->hub.state, .away_us = MODEL_AWAY_US, .forget_us = MODEL_FORGET_US};
	return decide_forget_due_us(&at);
}

/* What is due because time has passed; a bounded amount, as in the hub. */
static void hub_own_all(struct simulation *sim) {
	struct hub *hub = &sim->hub;
	uint64_t expiry_us = state_next_expiry_us(hub->state);
	if (hub->must_sweep) {
		hub->must_sweep = hub_own(sim, REQUEST_SWEEP) > 0;
	}
	if (expiry_us != 0 && expiry_us <= sim->now_us) {
		hub_own(sim, REQUEST_EXPIRE);
	}
	while (forget_due_us(sim) <= sim->now_us) {
		CHECK(hub_own(sim, REQUEST_FORGET) > 0);
	}
	while (decide_has_rooms_to_end(hub->state, sim->forgotten)) {
		CHECK(hub_own(sim, REQUEST_END_ROOMS) > 0);
	}
}

/* A turn; returns in the middle of it when it dies. */
static void hub_turn(struct simulation *sim) {
	static _Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	struct hub *hub = &sim->hub;
	hub_own_all(sim);
	unsigned empty = 0, queue = (unsigned)chance_below(&sim->chance, QUEUES);
	for (unsigned count = 0; count < BATCH_MAX && empty < QUEUES;
	     queue = (queue + 1) % QUEUES) {
		struct record request;
		int got = queue_peek(hub->queues[queue], &request, bytes);
		CHECK(got >= 0);
		empty = got == 0 ? empty + 1 : 0;
		if (got == 1) {
			hub_decide(sim, &request, (uint16_t)queue);
			count++;
			if (!lives(sim)) {
				return;
			}
		}
	}
	if (!lives(sim)) {
		return;
	}
	ring_publish(hub->ring);
	for (unsigned i = 0; i < QUEUES; i++) {
		if (!lives(sim)) {
			return;
		}
		queue_done(hub->queues[i]);
	}
	if (lives(sim)) {
		sim->position = ring_end(hub->ring);
	}
}

static void hub_end(struct hub *hub) {
	state_destroy(hub->state);
	ring_close(hub->ring);
	for (unsigned i = 0; i < QUEUES; i++) {
		queue_close(hub->queues[i]);
	}
}

/* As hub.c: the rows, then the ring behind them; and the ring says which requests are done. */
static void hub_begin(struct simulation *sim) {
	static _Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	struct hub *hub = &sim->hub;
	uint64_t done[QUEUES] = {0};
	uint64_t saved_at = sim->scribe.saved_position;
	uint64_t at = sim->position < saved_at ? sim->position : saved_at;
	hub->state = rows_load(&sim->scribe.saved, chance_below(&sim->chance, 5));
	hub->ring = ring_open(sim->ring_fd, true);
	CHECK(hub->ring != NULL);
	while (at != ring_head(hub->ring)) {
		uint64_t before = at;
		struct record record;
		CHECK(ring_read(hub->ring, &at, bytes) == RING_OK);
		CHECK(record_decode(&record, bytes, sizeof(bytes)) > 0);
		if (before >= saved_at) {
			CHECK(state_apply(hub->state, &record, NULL, NULL) == STATE_OK);
		}
		if (before >= sim->position && record.queue < QUEUES) {
			done[record.queue] = record.request;
		}
	}
	for (unsigned i = 0; i < QUEUES; i++) {
		hub->queues[i] = queue_open(sim->queue_fds[i]);
		CHECK(hub->queues[i] != NULL);
		queue_done_up_to(hub->queues[i], done[i]);
	}
	sim->position = at;
	hub->seq_next = state_seq(hub->state) + 1;
	if (hub->seq_next < ring_seq_first(hub->ring)) {
		hub->seq_next = ring_seq_first(hub->ring);
	}
	hub->must_sweep = state_restrictions_count(hub->state) > 0;
	CHECK(state_digest(hub->state) == state_digest(sim->scribe.state));
}

/* ---- the world ---- */

static void make_queues(struct simulation *sim) {
	for (unsigned i = 0; i < QUEUES; i++) {
		sim->queue_fds[i] = make_memory();
		CHECK(queue_format(sim->queue_fds[i]) == 0);
		sim->producers[i] = queue_open(sim->queue_fds[i]);
		CHECK(sim->producers[i] != NULL);
		queue_produce_as(sim->producers[i], ++sim->incarnations[i]);
		sim->sent[i].seen = 0;
	}
}

static void end_queues(struct simulation *sim) {
	for (unsigned i = 0; i < QUEUES; i++) {
		queue_close(sim->producers[i]);
		close(sim->queue_fds[i]);
	}
}

static void make_ring_of(struct simulation *sim, uint64_t seq_next) {
	sim->ring_fd = make_memory();
	CHECK(ring_format(sim->ring_fd, SMALL_RING * 4, seq_next) == 0);
	sim->scribe.ring = ring_open(sim->ring_fd, false);
	CHECK(sim->scribe.ring != NULL);
	sim->scribe.position = sim->scribe.saved_position = sim->position = 0;
	sim->scribe.seq = seq_next - 1;
}

/* All processes die, and what was not committed is gone; the numbers go on past a gap. */
static void lose_power(struct simulation *sim) {
	struct scribe *scribe = &sim->scribe;
	sim->power_losses++;
	end_queues(sim);
	ring_close(scribe->ring);
	close(sim->ring_fd);
	state_destroy(scribe->state);
	rows_finish(&scribe->rows);
	scribe->state = rows_load(&scribe->saved, 0);
	scribe->rows = rows_of(scribe->state);
	scribe->time_us = state_time_us(scribe->state);
	sim->model = scribe->saved_model;
	make_queues(sim);
	make_ring_of(sim, sim->seq_ever + 1000);
}

static void tick(struct simulation *sim) {
	static const uint64_t jumps_us[] = {
		0, 1, 1000, 1000000, 30 * 1000000, 3600 * (uint64_t)1000000};
	sim->wall_us += jumps_us[chance_below(&sim->chance, 6)];
	/* Somebody sets the clock back; it does not go back here. */
	if (chance_once_in(&sim->chance, 40)) {
		sim->wall_us -= 600 * (uint64_t)1000000;
	}
	uint64_t last = state_time_us(sim->hub.state);
	sim->now_us = sim->wall_us > last ? sim->wall_us : last;
	/* Answers bear the time as well, also without an entry. */
	sim->now_us = sim->now_us > sim->scribe.time_us ? sim->now_us : sim->scribe.time_us;
}

static void run_step(struct simulation *sim) {
	for (uint64_t count = chance_below(&sim->chance, 30); count > 0; count--) {
		send_one(sim);
	}
	if (chance_once_in(&sim->chance, 30)) {
		unsigned i = (unsigned)chance_below(&sim->chance, QUEUES);
		queue_produce_as(sim->producers[i], ++sim->incarnations[i]);
	}
	sim->steps_to_death = chance_once_in(&sim->chance, 5)
	                              ? 1 + (unsigned)chance_below(&sim->chance, 40)
	                              : 1000;
	tick(sim);
	hub_turn(sim);
	read_ring(sim);
	if (chance_once_in(&sim->chance, 8) ||
	    sim->scribe.position - sim->scribe.saved_position > SMALL_RING * 2) {
		commit(sim);
	}
	if (sim->steps_to_death == 0 || chance_once_in(&sim->chance, 20)) {
		sim->deaths++;
		hub_end(&sim->hub);
		if (chance_once_in(&sim->chance, 25)) {
			lose_power(sim);
		}
		hub_begin(sim);
	}
	compare_with_model(sim);
	CHECK(state_digest(sim->hub.state) == state_digest(sim->scribe.state));
}

static struct simulation *simulate(uint64_t seed, unsigned steps) {
	struct simulation *sim = calloc(1, sizeof(*sim));
	assert(sim != NULL);
	sim->seed = seed;
	sim->chance.state = seed;
	sim->wall_us = UINT64_C(1700000000000000);
	model_init(&sim->model);
	make_queues(sim);
	make_ring_of(sim, 1);
	sim->scribe.state = state_create();
	commit(sim);
	hub_begin(sim);
	for (unsigned step = 0; step < steps; step++) {
		run_step(sim);
	}
	hub_end(&sim->hub);
	end_queues(sim);
	ring_close(sim->scribe.ring);
	close(sim->ring_fd);
	state_destroy(sim->scribe.state);
	rows_finish(&sim->scribe.rows);
	rows_finish(&sim->scribe.saved);
	return sim;
}

/* The first kind of entry that was never published; 0: there is none. */
static unsigned kind_that_is_missing(void) {
	unsigned kind = 1;
	while (kind < KINDS_END && (!is_asked_for(kind) || published[kind] > 0)) {
		kind++;
	}
	return kind == KINDS_END ? 0 : kind;
}

/* For some seconds, and on a slow machine until everything has happened. */
static void many_seeds(void **unused) {
	double end = steady_seconds() + sized(3, 600);
	uint64_t seed = seed_or((uint64_t)time(NULL) * 1000);
	uint64_t seeds = 0, requests = 0, deaths = 0, power_losses = 0;
	do {
		struct simulation *sim = simulate(seed + seeds, 300);
		requests += sim->requests;
		deaths += sim->deaths;
		power_losses += sim->power_losses;
		free(sim);
		seeds++;
	} while (!seed_is_given() && (steady_seconds() < end ||
	                              (kind_that_is_missing() != 0 && seeds < SEEDS_AT_LEAST)));
	printf("%llu seeds: %llu requests, %llu deaths of the hub, %llu power losses\n",
	       (unsigned long long)seeds, (unsigned long long)requests, (unsigned long long)deaths,
	       (unsigned long long)power_losses);
	assert_true(deaths > 0);
	for (unsigned kind = 1; kind < KINDS_END && !seed_is_given(); kind++) {
		if (!is_asked_for(kind)) {
			continue;
		}
		printf("%s%s %llu", kind == 1 ? "" : ", ", record_kind_word((uint16_t)kind),
		       (unsigned long long)published[kind]);
	}
	printf("\n");
	assert_string_equal(seed_is_given() || kind_that_is_missing() == 0
	                            ? ""
	                            : record_kind_word((uint16_t)kind_that_is_missing()),
	                    "");
}

/* The same seeds in every run, so that a change of ours shows at once. */
static void known_seeds(void **unused) {
	if (seed_is_given()) {
		return;
	}
	for (uint64_t seed = 1; seed <= 20; seed++) {
		free(simulate(seed, 100));
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_seeds),
		cmocka_unit_test(many_seeds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
