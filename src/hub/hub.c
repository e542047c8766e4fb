#include "hub.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "author.h"
#include "bells.h"
#include "clerkwire.h"
#include "clock.h"
#include "decide.h"
#include "diag.h"
#include "house.h"
#include "limits.h"
#include "state.h"

struct hub {
	struct house house;
	struct state *state;
	struct bells bells;
	uint64_t seq_next;
	uint64_t now_us; /* the batch's time */
	struct decision decision;
	_Alignas(8) uint8_t request_bytes[RECORD_BYTES_MAX];

	/* The batch under way. */
	unsigned batch_requests;
	bool must_blank; /* something in it takes back what was said */

	bool must_sweep;    /* somebody may be present who is banned */
	uint64_t expiry_us; /* when the next restriction runs out; 0: none does */
	uint64_t away_us, forget_us;
	unsigned next_queue;
	bool is_stalled;
	char *poison_text; /* for the tests: see die_of_test_poison() */
};

/* ---- what was taken back ---- */

static bool takes_back(const struct record *record) {
	return record->kind == ENTRY_REDACTED || record->kind == ENTRY_ERASED;
}

/* All that an account said is looked for in the whole ring: some ten milliseconds, once. */
static void blank_erased(struct hub *hub, const struct record *erased) {
	_Alignas(8) static uint8_t bytes[RECORD_BYTES_MAX];
	struct ring *ring = hub->house.ring;
	struct author author;
	struct record record;
	uint64_t position = ring_low(ring), before = position;
	author_init_erased(&author, erased);
	while (ring_read(ring, &position, bytes) == RING_OK &&
	       record_decode(&record, bytes, sizeof(bytes)) > 0 && record.seq < erased->seq) {
		if (author_said(&author, &record)) {
			ring_blank(ring, before);
		}
		before = position;
	}
}

static void blank(struct hub *hub, const struct record *entry) {
	uint64_t position;
	if (entry->kind == ENTRY_ERASED) {
		blank_erased(hub, entry);
		return;
	}
	if (ring_find(hub->house.ring, entry->number, &position)) {
		ring_blank(hub->house.ring, position);
	}
}

/*
 * Takes out of the ring what the entries from there on take back. They are published first: whoever
 * dies in between leaves it to the next hub, who begins where the ring says.
 */
static void blank_since(struct hub *hub, uint64_t position) {
	_Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	struct record record;
	while (ring_read(hub->house.ring, &position, bytes) == RING_OK &&
	       record_decode(&record, bytes, sizeof(bytes)) > 0) {
		if (takes_back(&record)) {
			blank(hub, &record);
		}
	}
	ring_set_blanked(hub->house.ring, ring_head(hub->house.ring));
}

/* ---- beginning ---- */

/*
 * Goes through the ring from `position` to its head: entries make the state;
 * and from where the last hub's queues stand, each record shows that the
 * request it answers is done.
 */
static void replay(struct hub *hub, uint64_t position) {
	struct house *house = &hub->house;
	_Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	uint64_t done[EDGES_MAX + 1] = {0};
	bool is_successor = atomic_load(&house->own->has_position) != 0;
	uint64_t queues_at = atomic_load(&house->own->position);
	uint64_t at = is_successor && queues_at < position ? queues_at : position;

	for (;;) {
		uint64_t before = at;
		struct record record;
		enum ring_result result = ring_read(house->ring, &at, bytes);
		if (result == RING_EMPTY) {
			break;
		}
		if (result != RING_OK || record_decode(&record, bytes, sizeof(bytes)) == 0) {
			diag_exit(EXIT_FIX_ME,
			          "the ring is damaged at %llu; move DATA/ring away to go on "
			          "without its tail",
			          (unsigned long long)before);
		}
		if (before >= position &&
		    state_apply(hub->state, &record, NULL, NULL) != STATE_OK) {
			diag_exit(EXIT_FIX_ME, "entry %llu (%s) cannot follow the state before it",
			          (unsigned long long)record.seq, record_kind_word(record.kind));
		}
		if (is_successor && before >= queues_at && record.queue < house->queues_count &&
		    record.request > done[record.queue]) {
			done[record.queue] = record.request;
		}
	}
	for (unsigned i = 0; i < house->queues_count; i++) {
		queue_done_up_to(house->queues[i], done[i]);
	}
	atomic_store(&house->own->position, at);
	atomic_store(&house->own->has_position, 1);
}

/* Keeps the request that has killed two hubs for the developer, before "ready". */
static void keep_poisoned(struct hub *hub, unsigned queue, uint64_t number) {
	struct house *house = &hub->house;
	struct record request;
	char path[sizeof(house->options->data) + 80];
	queue_rewind(house->queues[queue]);
	while (queue_peek(house->queues[queue], &request, hub->request_bytes) == 1) {
		if (request.request == number) {
			snprintf(path, sizeof(path), "%s/poison", house->options->data);
			mkdir(path, 0700);
			snprintf(path, sizeof(path), "%s/poison/%llu-queue-%u-number-%llu",
			         house->options->data, (unsigned long long)clock_wall_us(), queue,
			         (unsigned long long)number);
			int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
			size_t size = record_size(&request);
			if (fd < 0 || write(fd, hub->request_bytes, size) != (ssize_t)size) {
				diag_errno("keep the poisoned request in %s", path);
			} else {
				diag("a request (%s) has killed two hubs; it is skipped and kept "
				     "in %s",
				     record_kind_word(request.kind), path);
			}
			if (fd >= 0) {
				close(fd);
			}
		}
	}
	queue_rewind(house->queues[queue]);
}

/* Was the last hub deciding something when it died? Then that is under suspicion. */
static void look_for_poison(struct hub *hub) {
	struct board *own = hub->house.own;
	uint32_t queue = atomic_load(&own->deciding_queue);
	uint64_t number = atomic_load(&own->deciding_number);
	if (queue == 0 || queue > hub->house.queues_count ||
	    number <= queue_number_done(hub->house.queues[queue - 1])) {
		return;
	}
	if (queue == atomic_load(&own->suspect_queue) &&
	    number == atomic_load(&own->suspect_number)) {
		atomic_store(&own->suspect_deaths, atomic_load(&own->suspect_deaths) + 1);
	} else {
		atomic_store(&own->suspect_queue, queue);
		atomic_store(&own->suspect_number, number);
		atomic_store(&own->suspect_deaths, 1);
	}
	if (atomic_load(&own->suspect_deaths) >= 2) {
		keep_poisoned(hub, queue - 1, number);
	}
	atomic_store(&own->deciding_queue, 0);
}

/* What the others read of it without a state. */
static void tell_people(struct hub *hub) {
	struct board *own = hub->house.own;
	size_t absent = state_absent_count(hub->state);
	size_t people = state_people_count(hub->state);
	atomic_store_explicit(&own->seq, state_seq(hub->state), memory_order_relaxed);
	atomic_store_explicit(&own->people, people - absent, memory_order_relaxed);
	atomic_store_explicit(&own->absent, absent, memory_order_relaxed);
	if (people > atomic_load_explicit(&own->most, memory_order_relaxed)) {
		atomic_store_explicit(&own->most, people, memory_order_relaxed);
	}
}

static void begin(struct hub *hub) {
	struct house *house = &hub->house;
	uint64_t position;
	hub->state = state_create();
	if (!clerk_load_state(house->clerk, atomic_load(&house->own->incarnation), house->life,
	                      hub->state, &position)) {
		exit(EXIT_DONE);
	}
	uint64_t blanked = ring_blanked(house->ring);
	blank_since(hub, blanked != 0 ? blanked : position);
	replay(hub, position);
	look_for_poison(hub);
	hub->seq_next = state_seq(hub->state) + 1;
	if (hub->seq_next < ring_seq_first(house->ring)) {
		hub->seq_next = ring_seq_first(house->ring);
	}
	hub->must_sweep = state_restrictions_count(hub->state) > 0;
	hub->expiry_us = state_next_expiry_us(hub->state);
	bells_begin(&hub->bells, house, hub->state);
	hub->away_us = (uint64_t)(house->options->away_s * 1e6);
	hub->forget_us = (uint64_t)(house->options->forget_s * 1e6);
	hub->poison_text = getenv("QUN_TEST_POISON");
	tell_people(hub);
}

/* ---- a batch ---- */

/* For /check: the state's digest at this record, which everyone notes who passes it. */
static void note_digest(struct hub *hub, const struct record *check) {
	struct board *own = hub->house.own;
	atomic_store_explicit(&own->check_seq, state_seq(hub->state), memory_order_relaxed);
	atomic_store_explicit(&own->check_digest, state_digest(hub->state), memory_order_relaxed);
	atomic_store_explicit(&own->check_number, check->number, memory_order_release);
}

static void append_decision(struct hub *hub) {
	struct record record;
	const void *bytes;
	size_t size;
	size_t offset = 0;
	while (decision_next(&hub->decision, &offset, &record, &bytes, &size)) {
		bells_note(&hub->bells, &record);
		ring_append(hub->house.ring, bytes, size);
		hub->bells.records++;
		if (!record_is_entry(&record)) {
			board_count(hub->house.own, COUNT_ANSWERS, 1);
			if (record.kind == ANSWER_CHECK) {
				note_digest(hub, &record);
			}
			continue;
		}
		enum state_error error = state_apply(hub->state, &record, NULL, NULL);
		assert(error == STATE_OK);
		bells_note(&hub->bells, &record);
		board_count(hub->house.own, COUNT_ENTRIES, 1);
		hub->seq_next = record.seq + 1;
		hub->must_blank |= takes_back(&record);
		if (record.kind == ENTRY_BANNED || record.kind == ENTRY_MUTED) {
			hub->must_sweep = hub->must_sweep || record.kind == ENTRY_BANNED;
			hub->expiry_us = state_next_expiry_us(hub->state);
		}
	}
}

static struct circumstances now(const struct hub *hub) {
	return (struct circumstances){.state = hub->state,
	                              .now_us = hub->now_us,
	                              .seq_next = hub->seq_next,
	                              .edges = hub->house.options->edges,
	                              .accounts_stay = hub->house.config->accounts_stay,
	                              .away_us = hub->away_us,
	                              .forget_us = hub->forget_us};
}

/* When the next absence, or session, runs out. */
static uint64_t forget_due_us(const struct hub *hub) {
	struct circumstances at = now(hub);
	return decide_forget_due_us(&at);
}

static uint64_t seq_forgotten(const struct hub *hub) {
	return atomic_load_explicit(&hub->house.boards[PROCESS_SCRIBE]->seq_forgotten,
	                            memory_order_acquire);
}

static bool is_poisoned(const struct hub *hub, unsigned queue, const struct record *request) {
	const struct board *own = hub->house.own;
	return atomic_load_explicit(&own->suspect_deaths, memory_order_relaxed) >= 2 &&
	       atomic_load_explicit(&own->suspect_queue, memory_order_relaxed) == queue + 1 &&
	       atomic_load_explicit(&own->suspect_number, memory_order_relaxed) == request->request;
}

/* A request of a test that wants to see the hub die of it. */
static void die_of_test_poison(const struct hub *hub, const struct record *request) {
	if (hub->poison_text != NULL &&
	    slice_equal(request->text, slice_from_string(hub->poison_text))) {
		abort();
	}
}

static void handle(struct hub *hub, unsigned queue, struct record *request) {
	struct board *own = hub->house.own;
	struct circumstances at = now(hub);
	/* Whatever the producer wrote there: what a request may do follows from its queue. */
	request->queue = (uint16_t)queue;
	at.is_administrator = queue == hub->house.queues_count - 1;
	atomic_store_explicit(&own->deciding_number, request->request, memory_order_relaxed);
	atomic_store_explicit(&own->deciding_queue, queue + 1, memory_order_release);
	if (is_poisoned(hub, queue, request)) {
		decide_poisoned(&at, request, &hub->decision);
		board_count(own, COUNT_POISONED, 1);
	} else {
		die_of_test_poison(hub, request);
		decide(&at, request, &hub->decision);
	}
	append_decision(hub);
	board_count(own, COUNT_REQUESTS, 1);
}

/* A batch stays far below the quarter of the ring that the scribe is left as a margin. */
static bool is_batch_full(const struct hub *hub) {
	uint64_t bytes = ring_end(hub->house.ring) - ring_head(hub->house.ring);
	return hub->batch_requests >= HUB_BATCH_MAX || bytes > ring_capacity(hub->house.ring) / 16;
}

/* A request of the hub's own loop: what has run out, who is banned. Returns how many entries it made. */
static unsigned handle_own(struct hub *hub, enum record_kind kind) {
	struct circumstances at = now(hub);
	struct record request = {.kind = kind, .queue = QUEUE_OF_HUB, .seq = seq_forgotten(hub)};
	at.is_hub = true;
	decide(&at, &request, &hub->decision);
	if (hub->decision.entries > 0) {
		append_decision(hub);
		hub->batch_requests++;
	}
	return hub->decision.entries;
}

static void handle_what_ran_out(struct hub *hub) {
	if (hub->must_sweep) {
		hub->must_sweep = handle_own(hub, REQUEST_SWEEP) > 0;
	}
	if (hub->expiry_us != 0 && hub->expiry_us <= hub->now_us) {
		handle_own(hub, REQUEST_EXPIRE);
		hub->expiry_us = state_next_expiry_us(hub->state);
	}
	while (!is_batch_full(hub) && forget_due_us(hub) <= hub->now_us) {
		handle_own(hub, REQUEST_FORGET);
	}
	while (!is_batch_full(hub) && decide_has_rooms_to_end(hub->state, seq_forgotten(hub))) {
		handle_own(hub, REQUEST_END_ROOMS);
	}
}

static void take_requests(struct hub *hub) {
	struct house *house = &hub->house;
	unsigned empty = 0;
	while (!is_batch_full(hub) && empty < house->queues_count) {
		unsigned queue = hub->next_queue;
		struct record request;
		hub->next_queue = (queue + 1) % house->queues_count;
		int got = queue_peek(house->queues[queue], &request, hub->request_bytes);
		if (got < 0) {
			diag("what queue %u holds is not requests; it is dropped", queue);
			queue_skip_all(house->queues[queue]);
		}
		if (got <= 0) {
			empty++;
			continue;
		}
		empty = 0;
		handle(hub, queue, &request);
		hub->batch_requests++;
	}
}

/* One store makes the batch visible; then, and only then, its requests are done. */
static void publish(struct hub *hub) {
	struct house *house = &hub->house;
	uint64_t begin = ring_head(house->ring);
	ring_publish(house->ring);
	if (hub->must_blank) {
		blank_since(hub, begin);
		hub->must_blank = false;
	} else {
		ring_set_blanked(house->ring, ring_head(house->ring));
	}
	for (unsigned i = 0; i < house->queues_count; i++) {
		queue_done(house->queues[i]);
	}
	atomic_store_explicit(&house->own->deciding_queue, 0, memory_order_relaxed);
	atomic_store_explicit(&house->own->position, ring_end(house->ring), memory_order_release);
	tell_people(hub);
	board_count(house->own, COUNT_BATCHES, 1);
	bells_ring(&hub->bells);
}

/* ---- the scribe must not be overtaken ---- */

static void set_stalled(struct hub *hub, bool is_stalled, const char *why) {
	hub->is_stalled = is_stalled;
	atomic_store(&hub->house.own->is_stalled, is_stalled);
	diag("%s: %s", is_stalled ? "taking no more requests" : "taking requests again", why);
	if (is_stalled) {
		house_ring(&hub->house, PROCESS_SCRIBE);
	}
}

/*
 * The scribe may not be overtaken, and no number may be given that it has not
 * reserved. At three quarters of the ring the hub stops; at half it goes on.
 */
static void look_after_scribe(struct hub *hub) {
	const struct board *scribe = hub->house.boards[PROCESS_SCRIBE];
	uint64_t behind = ring_end(hub->house.ring) -
	                  atomic_load_explicit(&scribe->position, memory_order_acquire);
	uint64_t reserve = atomic_load_explicit(&scribe->seq_reserve, memory_order_acquire);
	uint64_t capacity = ring_capacity(hub->house.ring);
	bool is_numberless = reserve < hub->seq_next + 2 * HUB_BATCH_MAX * DECIDE_SWEEP_MAX;
	if (!hub->is_stalled && (behind > capacity / 4 * 3 || is_numberless)) {
		set_stalled(hub, true,
		            is_numberless ? "no numbers are reserved" : "the scribe is far behind");
	} else if (hub->is_stalled && behind <= capacity / 2 && !is_numberless) {
		set_stalled(hub, false, "the scribe has caught up");
	}
}

/* ---- the loop ---- */

static bool has_work(void *context) {
	struct hub *hub = context;
	look_after_scribe(hub);
	if (hub->is_stalled) {
		return false;
	}
	for (unsigned i = 0; i < hub->house.queues_count; i++) {
		if (!queue_is_empty(hub->house.queues[i])) {
			return true;
		}
	}
	return hub->must_sweep || decide_has_rooms_to_end(hub->state, seq_forgotten(hub));
}

/* Who has to wait for the scribe is rung by it, and lifts what ran out meanwhile then. */
static uint64_t time_to_sleep(const struct hub *hub) {
	uint64_t due = forget_due_us(hub);
	if (hub->expiry_us != 0 && hub->expiry_us < due) {
		due = hub->expiry_us;
	}
	if (due == UINT64_MAX || hub->is_stalled) {
		return LOOP_FOREVER;
	}
	uint64_t wall = clock_wall_us();
	return due > wall ? due - wall : 1;
}

static uint64_t turn(void *context) {
	struct hub *hub = context;
	uint64_t wall = clock_wall_us();
	uint64_t last = state_time_us(hub->state);
	hub->now_us = wall > last ? wall : last;
	hub->batch_requests = 0;
	look_after_scribe(hub);
	if (!hub->is_stalled) {
		handle_what_ran_out(hub);
		take_requests(hub);
		if (hub->batch_requests > 0) {
			publish(hub);
		}
	}
	if (hub->house.is_leaving && !has_work(hub)) {
		loop_stop(hub->house.loop);
		return 0;
	}
	return house_sleep(&hub->house, has_work, hub, time_to_sleep(hub));
}

int hub_main(const char *argv0) {
	static struct hub hub;
	house_enter(&hub.house, argv0, turn, &hub);
	begin(&hub);
	house_ready(&hub.house);
	loop_run(hub.house.loop);
	state_destroy(hub.state);
	house_leave(&hub.house);
	return EXIT_DONE;
}
