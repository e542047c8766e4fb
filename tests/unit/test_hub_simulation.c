/* The hub as the state machine that it is. From a seed: requests of all kinds from few addresses with
 * few names, through real queues into a real ring; the clock jumps; the hub dies at any step of a
 * batch, or the power goes; it is rebuilt from what the scribe had saved and what the ring holds.
 * Whatever is published is compared with the model (hub_model.h), request by request; the states
 * that hub and scribe hold are compared by their digests.
 *
 * A failure ends with the seed: QUN_SEED=… runs that one again, alone. */
#include "hub_model.h"
#include "ring_help.h"
#include "state_help.h"

#include "decide.h"
#include "queue.h"

#define QUEUES (MODEL_EDGES + 1)
#define BATCH_MAX 64
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
	int entered_name;
	uint64_t entered_session;
};

#define CHECK(truth)                                                                               \
	do {                                                                                       \
		if (!(truth)) {                                                                    \
			failed(sim, #truth, __LINE__);                                             \
		}                                                                                  \
	} while (0)

static void failed(const struct simulation *sim, const char *what, int line) {
	fprintf(stderr, "line %d: %s; after %llu requests and %u deaths; again: QUN_SEED=%llu\n",
	        line, what, (unsigned long long)sim->requests, sim->deaths,
	        (unsigned long long)sim->seed);
	abort();
}

/* ---- requests ---- */

static struct route route_of_address(int address) {
	struct route route =
		route_of(HOST + 256 * (uint32_t)model_net_of(address), (uint16_t)(1000 + address));
	return route;
}

static uint16_t random_kind(struct chance *chance) {
	static const uint16_t kinds[] = {
		REQUEST_SAY,   REQUEST_SAY,   REQUEST_SAY,   REQUEST_SAY,   REQUEST_SAY,
		REQUEST_ENTER, REQUEST_ENTER, REQUEST_ENTER, REQUEST_ENTER, REQUEST_ENTER,
		REQUEST_LEAVE, REQUEST_LEAVE, REQUEST_GONE,  REQUEST_WHO,   REQUEST_HISTORY,
		REQUEST_SHOUT, REQUEST_KICK,  REQUEST_MUTE,  REQUEST_MUTE,  REQUEST_UNMUTE,
		REQUEST_BAN,   REQUEST_UNBAN, REQUEST_UNBAN, REQUEST_CHECK};
	if (chance_once_in(chance, 300)) {
		return REQUEST_CLOSE;
	}
	return kinds[chance_below(chance, sizeof(kinds) / sizeof(kinds[0]))];
}

static struct model_request random_request(struct simulation *sim) {
	struct chance *chance = &sim->chance;
	struct model_request request = {.kind = random_kind(chance),
	                                .address = (int)chance_below(chance, MODEL_ADDRESSES),
	                                .name = (int)chance_below(chance, MODEL_NAMES),
	                                .net = (int)chance_below(chance, 2 * MODEL_NETS),
	                                .text = (enum model_text)chance_below(chance, MODEL_TEXTS),
	                                .number = chance_below(chance, 3)};
	const struct model_person *person = &sim->model.people[request.address];
	request.net = request.net < MODEL_NETS ? request.net : -1;
	request.session =
		chance_once_in(chance, 5) ? 1 + chance_below(chance, 50) : person->session;
	/* Mostly one says one's own name, or none. */
	if (person->is_here && chance_once_in(chance, 2)) {
		request.name = person->name;
	}
	if (chance_once_in(chance, 2)) {
		request.text = TEXT_HELLO;
	}
	bool is_administrator = (request.kind >= REQUEST_SHOUT) != chance_once_in(chance, 50);
	request.queue =
		is_administrator
			? MODEL_EDGES
			: (uint16_t)((request.address + chance_once_in(chance, 10)) % MODEL_EDGES);
	if (request.kind == REQUEST_BAN && sim->model.bans_count > 6) {
		request.kind = REQUEST_UNBAN;
	}
	return request;
}

static void send_one(struct simulation *sim) {
	static char text[TEXT_BYTES_MAX + 100];
	struct model_request request = random_request(sim);
	struct sent *sent = &sim->sent[request.queue];
	model_write(&request, text);
	struct record record = {.kind = request.kind,
	                        .number = request.number,
	                        .session = request.session,
	                        .reason = REASON_UNREACHABLE,
	                        .has_net = request.net >= 0 && request.kind >= REQUEST_BAN,
	                        .name = slice_from_string(model_names[request.name].bytes)};
	if (request.kind == REQUEST_SAY) {
		record.text = slice_from_string(text);
	} else if (request.kind >= REQUEST_SHOUT) {
		record.text = slice_from_string("why");
	}
	if (request.queue < MODEL_EDGES) {
		record.has_route = true;
		record.route = route_of_address(request.address);
	}
	if (record.has_net) {
		char net[32];
		snprintf(net, sizeof(net), "10.0.%d.0/24", request.net);
		CHECK(net_parse(slice_from_string(net), &record.net));
	}
	uint64_t number = queue_put(sim->producers[request.queue], &record);
	CHECK(number > 0 && number <= sent->seen + REQUESTS_KEPT);
	sent->requests[number % REQUESTS_KEPT] = request;
	sim->requests++;
}

/* ---- what is published ---- */

static void finish_own(struct simulation *sim, const struct group *group) {
	/* A sweep that was not cut short leaves nobody behind. */
	if (group->kicks == 0 || group->kicks >= DECIDE_SWEEP_MAX) {
		return;
	}
	for (int i = 0; i < MODEL_ADDRESSES; i++) {
		const struct model_person *person = &sim->model.people[i];
		CHECK(!person->is_here ||
		      !model_is_banned(&sim->model, person->name, i, group->time_us));
	}
}

static void finish_group(struct simulation *sim, struct group *group) {
	if (!group->is_open) {
		return;
	}
	group->is_open = false;
	if (group->queue == QUEUE_OF_HUB) {
		finish_own(sim, group);
		return;
	}
	struct sent *sent = &sim->sent[group->queue];
	const struct model_request *request = &sent->requests[group->number % REQUESTS_KEPT];
	static struct model_outcome wanted;
	model_decide(&sim->model, request, group->time_us, &wanted);
	if (strcmp(wanted.words, group->words) != 0) {
		fprintf(stderr, "%s by %d with name %d through %u: \"%s\" instead of \"%s\"\n",
		        record_kind_word(request->kind), request->address, request->name,
		        request->queue, group->words, wanted.words);
		failed(sim, "another outcome", __LINE__);
	}
	CHECK(group->oks <= 1);
	CHECK(group->is_said == (wanted.said_by >= 0));
	if (group->is_said) {
		CHECK(strcmp(group->said, wanted.said) == 0);
		CHECK(strcmp(group->said_by, model_names[wanted.said_by].bytes) == 0);
	}
	if (group->entered_session != 0) {
		sim->model.people[request->address].session = group->entered_session;
	}
	sent->seen = group->number;
}

static void add_word(struct group *group, const struct record *record) {
	size_t used = strlen(group->words);
	bool has_reason = record->reason != REASON_NONE;
	int added = snprintf(group->words + used, sizeof(group->words) - used, "%s%s%s%s",
	                     used > 0 ? " " : "", record_kind_word(record->kind),
	                     has_reason ? ":" : "", has_reason ? reason_word(record->reason) : "");
	assert(added > 0 && used + (size_t)added < sizeof(group->words));
}

/* Which of the model's names a record bears; -1: none. */
static int name_in(struct slice name) {
	for (int i = 0; i < MODEL_NAMES; i++) {
		if (slice_equal(name, slice_from_string(model_names[i].bytes))) {
			return i;
		}
	}
	return -1;
}

/* The hub's own: what has run out, and who is banned. Every one of them must be due. */
static void see_own(struct simulation *sim, struct group *group, const struct record *record) {
	struct model *model = &sim->model;
	int name = name_in(record->name);
	int same = name < 0 ? -1 : model_names[name].same;
	if (record->kind == ENTRY_KICKED) {
		int holder = name < 0 ? -1 : model_holder(model, name);
		CHECK(holder >= 0 && record->reason == REASON_BANNED);
		CHECK(model_is_banned(model, name, holder, record->time_us));
		model->people[holder].is_here = false;
		group->kicks++;
	} else if (record->kind == ENTRY_UNMUTED) {
		CHECK(same >= 0 && model->mutes[same].is_there);
		CHECK(!model_holds(model->mutes[same].until_us, record->time_us));
		model->mutes[same].is_there = false;
	} else {
		CHECK(record->kind == ENTRY_UNBANNED);
		size_t i = 0;
		for (; i < model->bans_count; i++) {
			struct model_ban *ban = &model->bans[i];
			bool is_it = record->has_net ? ban->net == record->net.ip[14]
			                             : ban->net < 0 && ban->same == same;
			if (is_it && !model_holds(ban->until_us, record->time_us)) {
				break;
			}
		}
		CHECK(i < model->bans_count);
		model_unban(model, i);
	}
}

static void see(struct simulation *sim, struct group *group, const struct record *record) {
	bool is_same =
		group->is_open && group->queue == record->queue && group->number == record->request;
	if (!is_same) {
		finish_group(sim, group);
		memset(group, 0, sizeof(*group));
		group->is_open = true;
		group->queue = record->queue;
		group->number = record->request;
		group->time_us = record->time_us;
		if (record->queue != QUEUE_OF_HUB) {
			/* Each once, in order, none left out. */
			CHECK(record->queue < QUEUES);
			CHECK(record->request == sim->sent[record->queue].seen + 1);
		}
	}
	CHECK(group->time_us == record->time_us);
	if (record->queue == QUEUE_OF_HUB) {
		see_own(sim, group, record);
		return;
	}
	add_word(group, record);
	group->oks += record->kind == ANSWER_OK;
	if (record->kind == ENTRY_SAID) {
		group->is_said = true;
		CHECK(record->text.size < sizeof(group->said));
		memcpy(group->said, record->text.bytes, record->text.size);
		memcpy(group->said_by, record->name.bytes, record->name.size);
	} else if (record->kind == ENTRY_ENTERED) {
		group->entered_session = record->session;
		CHECK(record->session == record->seq && record->person == record->seq);
	}
}

/* The scribe goes on to the head. */
static void read_ring(struct simulation *sim) {
	static _Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	static struct group group;
	struct scribe *scribe = &sim->scribe;
	struct record record;
	enum ring_result result;
	group.is_open = false;
	while ((result = ring_read(scribe->ring, &scribe->position, bytes)) == RING_OK) {
		CHECK(record_decode(&record, bytes, sizeof(bytes)) > 0);
		CHECK(record.time_us >= scribe->time_us);
		scribe->time_us = record.time_us;
		if (record_is_entry(&record)) {
			CHECK(record.seq == scribe->seq + 1);
			CHECK(record.seq > sim->seq_ever);
			scribe->seq = sim->seq_ever = record.seq;
		} else {
			/* What an answer waits for is there before or with it. */
			CHECK(record.seq >= state_seq(scribe->state) &&
			      record.seq <= scribe->seq + 64);
		}
		see(sim, &group, &record);
		CHECK(state_apply(scribe->state, &record, rows_follow, &scribe->rows) == STATE_OK);
	}
	CHECK(result == RING_EMPTY);
	finish_group(sim, &group);
}

static void commit(struct simulation *sim) {
	struct scribe *scribe = &sim->scribe;
	struct record meta = {.kind = ROW_META,
	                      .seq = state_seq(scribe->state),
	                      .time_us = state_time_us(scribe->state)};
	rows_put(&scribe->rows, &meta);
	rows_finish(&scribe->saved);
	scribe->saved.is_careless = true;
	for (size_t i = 0; i < scribe->rows.count; i++) {
		struct record row;
		CHECK(record_decode(&row, scribe->rows.all[i].bytes, scribe->rows.all[i].size) > 0);
		rows_put(&scribe->saved, &row);
	}
	scribe->saved.is_careless = false;
	scribe->saved_position = scribe->position;
	scribe->saved_model = sim->model;
}

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
	return hub_decide(sim, &(struct record){.kind = kind}, QUEUE_OF_HUB);
}

/* A turn; returns in the middle of it when it dies. */
static void hub_turn(struct simulation *sim) {
	static _Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];
	struct hub *hub = &sim->hub;
	uint64_t expiry_us = state_next_expiry_us(hub->state);
	if (hub->must_sweep) {
		hub->must_sweep = hub_own(sim, REQUEST_SWEEP) > 0;
	}
	if (expiry_us != 0 && expiry_us <= sim->now_us) {
		hub_own(sim, REQUEST_EXPIRE);
	}
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

/* The state is the model's. */
static void compare_with_model(struct simulation *sim) {
	const struct state *state = sim->hub.state;
	size_t mutes = 0;
	CHECK(state_people_count(state) == (size_t)model_count(&sim->model));
	CHECK(state_room_members_count(state, ROOM_LOBBY) == state_people_count(state));
	for (int i = 0; i < MODEL_ADDRESSES; i++) {
		const struct model_person *person = &sim->model.people[i];
		struct route route = route_of_address(i);
		const struct session *session = state_session_at(state, &route.peer);
		CHECK((session != NULL) == person->is_here);
		if (session != NULL) {
			const struct person *there =
				state_person(state, session_person(state, session));
			struct slice name = slice_from_string(model_names[person->name].bytes);
			CHECK(slice_equal(person_name(there), name));
			CHECK(state_person_named(state, name) == there);
			CHECK(session_home(session) == person->home);
			CHECK(session_id(session) == person->session);
		}
	}
	for (int i = 0; i < MODEL_NAMES; i++) {
		mutes += sim->model.mutes[i].is_there;
	}
	CHECK(state_restrictions_count(state) == mutes + sim->model.bans_count);
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
	} while (steady_seconds() < end && !seed_is_given());
	printf("%llu seeds: %llu requests, %llu deaths of the hub, %llu power losses\n",
	       (unsigned long long)seeds, (unsigned long long)requests, (unsigned long long)deaths,
	       (unsigned long long)power_losses);
	assert_true(deaths > 0);
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
