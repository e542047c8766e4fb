/* A small world for decide(): a state, a clock, and requests that are decided and applied, with
 * everything checked that must hold for each decision whatever it says. */
#ifndef DECIDE_HELP_H
#define DECIDE_HELP_H

#include "state_help.h"

#include <stdio.h>

#include "decide.h"

#define EDGES 2
#define CONSOLE_QUEUE EDGES
#define AWAY_S UINT64_C(600)
#define FORGET_S UINT64_C(2592000)

struct world {
	struct state *state;
	uint64_t now_us, seq_next, number;
	bool accounts_stay;
	struct decision decision;
};

static inline struct world *world_create(void) {
	struct world *world = calloc(1, sizeof(*world));
	assert(world != NULL);
	world->state = state_create();
	world->now_us = UINT64_C(1700000000000000);
	world->seq_next = 1;
	return world;
}

static inline void world_destroy(struct world *world) {
	state_destroy(world->state);
	free(world);
}

/* Who asks follows from the queue, as in the hub. */
static inline struct circumstances world_now(const struct world *world, uint16_t queue) {
	return (struct circumstances){.state = world->state,
	                              .now_us = world->now_us,
	                              .seq_next = world->seq_next,
	                              .edges = EDGES,
	                              .away_us = AWAY_S * 1000000,
	                              .forget_us = FORGET_S * 1000000,
	                              .accounts_stay = world->accounts_stay,
	                              .is_administrator = queue == CONSOLE_QUEUE,
	                              .is_hub = queue == QUEUE_OF_HUB};
}

/* The same questions have the same answers, and asking changes nothing. */
static inline void check_pure(struct world *world, const struct circumstances *at,
                              const struct record *request) {
	static struct decision again;
	uint64_t digest = state_digest(world->state);
	decide(at, request, &again);
	assert(state_digest(world->state) == digest);
	assert(again.size == world->decision.size);
	assert(memcmp(again.bytes, world->decision.bytes, again.size) == 0);
}

/* What holds for every record of every decision; returns the seq that the answers must bear. */
static inline void check_record_of(const struct world *world, const struct circumstances *at,
                                   const struct record *request, const struct record *record,
                                   uint64_t *seq, uint64_t answer_seq) {
	assert(record->queue == request->queue && record->incarnation == request->incarnation);
	assert(record->request == request->request && record->time_us == at->now_us);
	assert(record->version == RECORD_VERSION);
	if (record_is_entry(record)) {
		assert(record->seq == *seq);
		*seq += 1;
	} else {
		assert(record_is_answer(record) && record->seq == answer_seq);
		if (record->kind == ANSWER_WELCOME) {
			assert(record->session != 0 && record->person != 0);
		}
		if (record->kind != ANSWER_PROBE) {
			assert(record->has_route == request->has_route);
			assert(address_equal(&record->route.peer, &request->route.peer));
			assert(record->connection.slot == request->connection.slot);
		}
	}
}

static inline void world_check(struct world *world, const struct circumstances *at,
                               const struct record *request) {
	const struct decision *decision = &world->decision;
	struct record record;
	const void *bytes;
	size_t offset = 0, size, bytes_sum = 0;
	uint64_t seq = world->seq_next;
	uint64_t answer_seq =
		decision->entries > 0 ? seq + decision->entries - 1 : state_seq(world->state);
	unsigned records = 0;
	while (decision_next(decision, &offset, &record, &bytes, &size)) {
		check_record_of(world, at, request, &record, &seq, answer_seq);
		assert(size <= RECORD_BYTES_MAX);
		bytes_sum += size;
		records++;
	}
	assert(records > 0 && records == decision->records && bytes_sum == decision->size);
	assert(seq == world->seq_next + decision->entries);
}

/* Decides and applies. The records are in world->decision. */
static inline void world_ask(struct world *world, struct record request, state_changed *changed,
                             void *context) {
	struct circumstances at = world_now(world, request.queue);
	request.request = ++world->number;
	request.incarnation = 7;
	decide(&at, &request, &world->decision);
	world_check(world, &at, &request);
	check_pure(world, &at, &request);
	struct record record;
	const void *bytes;
	size_t offset = 0, size;
	while (decision_next(&world->decision, &offset, &record, &bytes, &size)) {
		enum state_error error = state_apply(world->state, &record, changed, context);
		assert(error == STATE_OK);
		if (record_is_entry(&record)) {
			world->seq_next = record.seq + 1;
		}
	}
}

static inline struct slice text(const char *string) {
	return string == NULL ? slice_of(NULL, 0) : slice_from_string(string);
}

/* The decision in words: "ok entered(ann)", "refused:name-taken probe(ann)", "said(ann:hello)". */
static inline const char *world_words(const struct world *world) {
	static char words[65536];
	struct record record;
	const void *bytes;
	size_t offset = 0, size, used = 0;
	words[0] = '\0';
	while (decision_next(&world->decision, &offset, &record, &bytes, &size)) {
		used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s%s%s",
		                         used > 0 ? " " : "", record_kind_word(record.kind),
		                         record.reason != 0 ? ":" : "",
		                         record.reason != 0 ? reason_word(record.reason) : "");
		bool is_answer = record_is_answer(&record) && record.kind != ANSWER_PROBE;
		if (is_answer || record.name.size + record.text.size == 0) {
			continue;
		}
		bool is_short = record.text.size < 100;
		used += (size_t)snprintf(
			words + used, sizeof(words) - used, "(%.*s%s%.*s%s%.*s)",
			(int)record.name.size, record.name.bytes,
			record.other_name.size > 0 ? "<" : "", (int)record.other_name.size,
			record.other_name.bytes, record.text.size > 0 ? ":" : "",
			is_short ? (int)record.text.size : 3, is_short ? record.text.bytes : "...");
		assert(used < sizeof(words));
	}
	return words;
}

/* The first record of a kind in the last decision. */
static inline struct record world_record(const struct world *world, uint16_t kind) {
	struct record record;
	const void *bytes;
	size_t offset = 0, size;
	while (decision_next(&world->decision, &offset, &record, &bytes, &size)) {
		if (record.kind == kind) {
			return record;
		}
	}
	fail_msg("no %s in: %s", record_kind_word(kind), world_words(world));
	return record;
}

#endif
