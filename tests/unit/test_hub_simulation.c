/* The hub as the state machine that it is. From a seed: requests of all kinds from few addresses with
 * few names, and from sessions with numbered messages, which are repeated and come out of order,
 * through real queues into a real ring; the clock jumps; the hub dies at any step of a batch, or the power goes; it is rebuilt from what the scribe had saved and what the ring holds.
 * Whatever is published is compared with the model (hub_model.h), request by request; the states
 * that hub and scribe hold are compared by their digests.
 *
 * A failure ends with the seed: QUN_SEED=… runs that one again, alone. */
#include "hub_model_sessions.h"
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

/* A slot of the model that somebody has; -1 if none was hit upon. */
static int random_client(struct simulation *sim) {
	for (int i = 0; i < 200; i++) {
		int slot = (int)chance_below(&sim->chance, MODEL_CLIENTS);
		if (sim->model.clients[slot].life != MODEL_NOBODY) {
			return slot;
		}
	}
	return -1;
}

/* Mostly the next one; also one once more, one too early, and what a RESUME would have said. */
static uint64_t random_number(struct simulation *sim, int slot) {
	struct sender *sender = &sim->senders[slot];
	const struct model_client *client = &sim->model.clients[slot];
	if (sender->session != client->session || chance_once_in(&sim->chance, 12)) {
		*sender = (struct sender){.session = client->session, .next = client->number + 1};
	}
	switch (chance_below(&sim->chance, 12)) {
	case 0: return sender->next + chance_below(&sim->chance, 3);
	case 1:
	case 2: {
		uint64_t back = 1 + chance_below(&sim->chance, 3);
		return sender->next > back ? sender->next - back : 1;
	}
	default: return sender->next++;
	}
}

static uint16_t random_session_kind(struct chance *chance) {
	static const uint16_t kinds[] = {REQUEST_SAY,    REQUEST_SAY,    REQUEST_SAY,
	                                 REQUEST_JOIN,   REQUEST_JOIN,   REQUEST_PART,
	                                 REQUEST_PART,   REQUEST_DIRECT, REQUEST_DIRECT,
	                                 REQUEST_RENAME, REQUEST_LEAVE,  REQUEST_UNFIT};
	return kinds[chance_below(chance, sizeof(kinds) / sizeof(kinds[0]))];
}

static void ask_for_session(struct simulation *sim, struct model_request *request) {
	struct chance *chance = &sim->chance;
	int slot = random_client(sim);
	const struct model_client *client = slot < 0 ? NULL : &sim->model.clients[slot];
	request->kind = REQUEST_OPEN;
	request->client_number = 0;
	if (client == NULL || chance_once_in(chance, 6)) {
		bool is_again = client != NULL && chance_once_in(chance, 3);
		request->nonce = is_again ? client->nonce : ++sim->nonces;
		return;
	}
	request->session =
		chance_once_in(chance, 20) ? 1 + chance_below(chance, 100) : client->session;
	if (chance_once_in(chance, 2)) {
		request->address = client->address;
		request->queue = client->home;
	}
	if (chance_once_in(chance, 4)) {
		request->kind = REQUEST_RESUME;
		request->name = chance_once_in(chance, 2) ? MODEL_NAMES - 1 : request->name;
		return;
	}
	if (chance_once_in(chance, 5)) {
		request->kind = REQUEST_ABSENT;
		return;
	}
	request->kind = random_session_kind(chance);
	request->client_number = random_number(sim, slot);
	request->room_name = (int)chance_below(chance, MODEL_ROOM_NAMES);
	request->room = sim->model.rooms[chance_below(chance, MODEL_ROOMS)].id;
	request->room = chance_once_in(chance, 3) ? 1 : request->room;
	int other = (int)chance_below(chance, MODEL_PEOPLE);
	for (int i = 0; i < MODEL_PEOPLE && !model_is_here(&sim->model, other); i++) {
		other = (other + 1) % MODEL_PEOPLE;
	}
	if (request->kind == REQUEST_DIRECT && !chance_once_in(chance, 4)) {
		request->name = model_name_of(&sim->model, other);
	}
}

static struct model_request random_question(struct simulation *sim) {
	struct model_request request = random_request(sim);
	/* The administrator is quiet for the most part, or nobody would be left. */
	if (request.queue == MODEL_EDGES && !chance_once_in(&sim->chance, 4)) {
		request.queue = (uint16_t)chance_below(&sim->chance, MODEL_EDGES);
		ask_for_session(sim, &request);
	} else if (request.queue < MODEL_EDGES && chance_once_in(&sim->chance, 2)) {
		ask_for_session(sim, &request);
	}
	if (request.queue < MODEL_EDGES && chance_once_in(&sim->chance, 50)) {
		request.queue = MODEL_EDGES;
	}
	return request;
}

static void send_one(struct simulation *sim) {
	static char text[TEXT_BYTES_MAX + 100];
	struct model_request request = random_question(sim);
	struct sent *sent = &sim->sent[request.queue];
	model_write(&request, text);
	struct record record = {.kind = request.kind,
	                        .number = request.number,
	                        .session = request.session,
	                        .client_number = request.client_number,
	                        .nonce = request.nonce,
	                        .room = request.room,
	                        .reason = request.kind == REQUEST_UNFIT ? REASON_TOO_FAST
	                                                                : REASON_UNREACHABLE,
	                        .has_net = request.net >= 0 && request.kind >= REQUEST_BAN,
	                        .name = slice_from_string(model_names[request.name].bytes)};
	if (request.kind == REQUEST_JOIN) {
		record.name = slice_from_string(model_room_names[request.room_name].bytes);
	}
	if (request.kind == REQUEST_SAY || request.kind == REQUEST_DIRECT) {
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
	for (int i = 0; i < MODEL_PEOPLE; i++) {
		CHECK(!model_is_here(&sim->model, i) ||
		      !model_is_banned(&sim->model, model_name_of(&sim->model, i),
		                       model_address_of(&sim->model, i), group->time_us));
	}
}

/* Two people have one thread, whose id is the seq of their first message. */
static void check_thread(struct simulation *sim, const struct model_request *request,
                         const struct group *group) {
	const struct model_client *client = model_client_of(&sim->model, request->session);
	int receiver = model_holder(&sim->model, request->name);
	CHECK(client != NULL && receiver >= 0);
	CHECK(sim->model.threads[model_number_of(&sim->model, client)][receiver] == group->thread);
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
	sim->model.entry_seq = group->last_seq;
	model_decide(&sim->model, request, group->time_us, &wanted);
	if (strcmp(wanted.words, group->words) != 0) {
		fprintf(stderr,
		        "%s by %d with name %d, session %llu, number %llu, room %llu through %u: "
		        "\"%s\" instead of \"%s\"\n",
		        record_kind_word(request->kind), request->address, request->name,
		        (unsigned long long)request->session,
		        (unsigned long long)request->client_number,
		        (unsigned long long)request->room, request->queue, group->words,
		        wanted.words);
		failed(sim, "another outcome", __LINE__);
	}
	CHECK(group->oks <= 1);
	CHECK(group->is_said == (wanted.said_by >= 0));
	if (group->is_said) {
		CHECK(strcmp(group->said, wanted.said) == 0);
		CHECK(strcmp(group->said_by, model_names[wanted.said_by].bytes) == 0);
	}
	if (group->thread != 0) {
		check_thread(sim, request, group);
	}
	if (group->entered_session != 0 && request->kind == REQUEST_ENTER) {
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

/* Absences and sessions that ran out, and rooms in which nothing is left. */
static void see_end(struct simulation *sim, const struct record *record) {
	struct model *model = &sim->model;
	struct model_client *client = model_client_of(model, record->session);
	if (record->kind == ENTRY_ROOM_ENDED) {
		int room = model_room_of(model, record->room);
		CHECK(room > MODEL_LOBBY && model->rooms[room].empty_seq != 0);
		CHECK(!model->rooms[room].is_said_in ||
		      model->rooms[room].empty_seq <= sim->forgotten);
		model->rooms[room] = (struct model_room){0};
	} else if (record->kind == ENTRY_LEFT) {
		CHECK(client != NULL && client->life == MODEL_ABSENT);
		CHECK(record->reason == REASON_AWAY);
		CHECK(client->since_us + MODEL_AWAY_US <= record->time_us);
		model_sleep(client, record->time_us);
	} else {
		CHECK(client != NULL && client->life == MODEL_DORMANT);
		CHECK(record->reason == REASON_FORGOTTEN);
		CHECK(client->since_us + MODEL_FORGET_US <= record->time_us);
		model_end(model, model_number_of(model, client));
	}
}

/* The hub's own: what has run out, and who is banned. Every one of them must be due. */
static void see_own(struct simulation *sim, struct group *group, const struct record *record) {
	struct model *model = &sim->model;
	model->entry_seq = record->seq;
	if (record->kind == ENTRY_LEFT || record->kind == ENTRY_FORGOTTEN ||
	    record->kind == ENTRY_ROOM_ENDED) {
		see_end(sim, record);
		return;
	}
	int name = name_in(record->name);
	int same = name < 0 ? -1 : model_names[name].same;
	if (record->kind == ENTRY_KICKED) {
		int holder = name < 0 ? -1 : model_holder(model, name);
		CHECK(holder >= 0 && record->reason == REASON_BANNED);
		CHECK(model_is_banned(model, name, model_address_of(model, holder),
		                      record->time_us));
		model_end(model, holder);
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

/* Whatever a message leads to bears its number. */
static void see_numbers(struct simulation *sim, struct group *group, const struct record *record) {
	const struct model_request *request =
		&sim->sent[record->queue].requests[record->request % REQUESTS_KEPT];
	if (record_is_entry(record)) {
		group->last_seq = record->seq;
		CHECK(record->client_number == request->client_number);
		CHECK(record->client_number == 0 || record->session == request->session);
	}
}

/* How often each kind of entry was published, in all simulations: none may be missing. */
static uint64_t published[ENTRY_ROOM_ENDED + 1];

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
	see_numbers(sim, group, record);
	group->oks += record->kind == ANSWER_OK;
	if (record->kind == ENTRY_SAID || record->kind == ENTRY_DIRECT) {
		group->thread = record->kind == ENTRY_DIRECT ? record->room : 0;
		group->is_said = true;
		CHECK(record->text.size < sizeof(group->said));
		memcpy(group->said, record->text.bytes, record->text.size);
		memcpy(group->said_by, record->name.bytes, record->name.size);
	} else if (record->kind == ENTRY_ENTERED) {
		group->entered_session = record->session;
		bool is_new = record->session == record->seq && record->person == record->seq;
		CHECK(is_new || record->face == FACE_SESSION);
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
			CHECK(record.kind <= ENTRY_ROOM_ENDED);
			published[record.kind]++;
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
	uint64_t kept = chance_below(&sim->chance, 300);
	if (meta.seq > sim->forgotten + kept && chance_once_in(&sim->chance, 3)) {
		sim->forgotten = meta.seq - kept;
	}
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

static void compare_client(struct simulation *sim, const struct model_client *client) {
	const struct state *state = sim->hub.state;
	const struct session *session = state_session(state, client->session);
	CHECK(session != NULL && session_face(session) == FACE_SESSION);
	const struct person *person = state_person(state, session_person(state, session));
	bool is_dormant = client->life == MODEL_DORMANT;
	CHECK(person_is_present(person) == !is_dormant);
	CHECK(person_is_absent(state, person) == (client->life == MODEL_ABSENT));
	CHECK(session_absent_since_us(state, session) ==
	      (client->life == MODEL_CONNECTED ? 0 : client->since_us));
	CHECK(slice_equal(person_name(person), slice_from_string(model_names[client->name].bytes)));
	CHECK(session_client_number(state, session) == client->number);
	CHECK(session_nonce(state, session) == client->nonce);
	CHECK(state_session_of_nonce(state, client->nonce) == session);
	struct route route, there = route_of_address(client->address);
	CHECK(session_route(state, session, &route) == !is_dormant);
	CHECK(is_dormant ||
	      (address_equal(&route.peer, &there.peer) && session_home(session) == client->home));
	for (int r = 0; r < MODEL_ROOMS; r++) {
		uint64_t room = r == MODEL_LOBBY ? ROOM_LOBBY : sim->model.rooms[r].id;
		bool is_in = state_member_since(state, room, person_id(person)) != 0;
		CHECK(is_in == client->is_in[r]);
		CHECK(state_is_member(state, room, person_id(person)) == (is_in && !is_dormant));
	}
}

static void compare_clients(struct simulation *sim) {
	size_t absent = 0, dormant = 0;
	for (int i = 0; i < MODEL_CLIENTS; i++) {
		const struct model_client *client = &sim->model.clients[i];
		absent += client->life == MODEL_ABSENT;
		dormant += client->life == MODEL_DORMANT;
		if (client->life != MODEL_NOBODY) {
			compare_client(sim, client);
		}
	}
	CHECK(state_absent_count(sim->hub.state) == absent);
	CHECK(state_dormant_count(sim->hub.state) == dormant);
}

static void compare_rooms(struct simulation *sim) {
	const struct state *state = sim->hub.state;
	size_t rooms = 1;
	for (int r = 0; r < MODEL_ROOMS; r++) {
		const struct model_room *room = &sim->model.rooms[r];
		size_t present = 0, absent = 0;
		for (int i = 0; i < MODEL_PEOPLE; i++) {
			bool is_in = i < MODEL_ADDRESSES
			                     ? r == MODEL_LOBBY
			                     : sim->model.clients[i - MODEL_ADDRESSES].is_in[r];
			if (is_in && model_is_here(&sim->model, i)) {
				present++;
				absent += i >= MODEL_ADDRESSES &&
				          sim->model.clients[i - MODEL_ADDRESSES].life ==
				                  MODEL_ABSENT;
			}
		}
		uint64_t id = r == MODEL_LOBBY ? ROOM_LOBBY : room->id;
		CHECK(id == 0 || state_room_exists(state, id));
		CHECK(state_room_members_count(state, id) == present);
		CHECK(state_room_absent_count(state, id) == absent);
		CHECK(r == MODEL_LOBBY || state_room_empty_seq(state, id) == room->empty_seq);
		rooms += r != MODEL_LOBBY && id != 0;
	}
	CHECK(state_rooms_count(state) == rooms);
}

static uint64_t person_in_model(const struct simulation *sim, int who) {
	return who < MODEL_ADDRESSES ? sim->model.people[who].session
	                             : sim->model.clients[who - MODEL_ADDRESSES].session;
}

/* A person's id is its session's here. */
static void compare_threads(struct simulation *sim) {
	size_t threads = 0;
	for (int a = 0; a < MODEL_PEOPLE; a++) {
		for (int b = a + 1; b < MODEL_PEOPLE; b++) {
			uint64_t thread = sim->model.threads[a][b];
			if (thread != 0) {
				threads++;
				CHECK(state_thread(sim->hub.state, person_in_model(sim, a),
				                   person_in_model(sim, b)) == thread);
			}
		}
	}
	CHECK(state_threads_count(sim->hub.state) == threads);
}

/* The state is the model's. */
static void compare_with_model(struct simulation *sim) {
	const struct state *state = sim->hub.state;
	size_t mutes = 0;
	CHECK(state_people_count(state) == (size_t)model_count(&sim->model));
	compare_clients(sim);
	compare_rooms(sim);
	compare_threads(sim);
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
	for (unsigned kind = 1; kind <= ENTRY_ROOM_ENDED && !seed_is_given(); kind++) {
		printf("%s%s %llu", kind == 1 ? "" : ", ", record_kind_word((uint16_t)kind),
		       (unsigned long long)published[kind]);
		assert_true(published[kind] > 0);
	}
	printf("\n");
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
