/* The simulation of the hub: what it published, held against the model, request by request. */
#ifndef HUB_SIMULATION_SEE_H
#define HUB_SIMULATION_SEE_H

#include "hub_simulation.h"

static inline void finish_own(struct simulation *sim, const struct group *group) {
	/* A sweep that was not cut short leaves nobody behind. */
	if (group->kicks == 0 || group->kicks >= DECIDE_SWEEP_MAX) {
		return;
	}
	for (int i = 0; i < MODEL_PEOPLE; i++) {
		CHECK(!model_is_here(&sim->model, i) ||
		      !model_is_person_banned(&sim->model, i, group->time_us));
	}
}

/* Two people have one thread, whose id is the seq of their first message. */
static inline void check_thread(struct simulation *sim, const struct model_request *request,
                                const struct group *group) {
	const struct model_client *client = model_client_of(&sim->model, request->session);
	int receiver = model_holder(&sim->model, request->name);
	CHECK(client != NULL && receiver >= 0);
	CHECK(sim->model.threads[model_number_of(&sim->model, client)][receiver] == group->thread);
}

static inline void finish_group(struct simulation *sim, struct group *group) {
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
		failed(sim, "another outcome", __FILE__, __LINE__);
	}
	CHECK(group->oks <= 1);
	CHECK(group->is_over == request->is_of_connection);
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

static inline void add_word(struct group *group, const struct record *record) {
	size_t used = strlen(group->words);
	bool has_reason = record->reason != REASON_NONE;
	int added = snprintf(group->words + used, sizeof(group->words) - used, "%s%s%s%s",
	                     used > 0 ? " " : "", record_kind_word(record->kind),
	                     has_reason ? ":" : "", has_reason ? reason_word(record->reason) : "");
	assert(added > 0 && used + (size_t)added < sizeof(group->words));
}

/* Which of the model's names a record bears; -1: none. */
static inline int name_in(struct slice name) {
	for (int i = 0; i < MODEL_NAMES; i++) {
		if (slice_equal(name, slice_from_string(model_names[i].bytes))) {
			return i;
		}
	}
	return -1;
}

/* Absences and sessions that ran out, and rooms in which nothing is left. */
static inline void see_end(struct simulation *sim, const struct record *record) {
	struct model *model = &sim->model;
	struct model_client *client = model_client_of(model, record->session);
	if (record->kind == ENTRY_ROOM_ENDED) {
		int room = model_room_of(model, record->room);
		CHECK(room > MODEL_LOBBY && model->rooms[room].empty_seq != 0);
		CHECK(!model->rooms[room].is_said_in ||
		      model->rooms[room].empty_seq <= sim->forgotten);
		model->rooms[room] = (struct model_room){0};
	} else if (record->kind == ENTRY_PROFILE) {
		/* Nobody of it is connected: its rights end. */
		for (int i = 0; i < MODEL_CLIENTS; i++) {
			if (model->clients[i].session == record->person) {
				client = &model->clients[i];
			}
		}
		CHECK(client != NULL && client->is_bound && client->sessions_count == 0);
		CHECK((client->bits & PERSON_IS_OPERATOR) != 0);
		client->bits &= ~(uint64_t)PERSON_IS_OPERATOR;
	} else if (client != NULL && client->is_stream) {
		struct model_session *session = model_session_of(client, record->session);
		CHECK(session->orphan_since_us != 0 && record->reason == REASON_ORPHANED);
		CHECK(session->orphan_since_us + MODEL_ORPHAN_US <= record->time_us);
		CHECK(model_end_session(model, client, session) ==
		      (record->kind == ENTRY_DETACHED));
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
static inline void see_own(struct simulation *sim, struct group *group,
                           const struct record *record) {
	struct model *model = &sim->model;
	model->entry_seq = record->seq;
	if (record->kind == ENTRY_LEFT || record->kind == ENTRY_FORGOTTEN ||
	    record->kind == ENTRY_ROOM_ENDED || record->kind == ENTRY_DETACHED ||
	    record->kind == ENTRY_PROFILE) {
		see_end(sim, record);
		return;
	}
	int name = name_in(record->name);
	int same = name < 0 ? -1 : model_names[name].same;
	if (record->kind == ENTRY_KICKED) {
		int holder = name < 0 ? -1 : model_holder(model, name);
		CHECK(holder >= 0 && record->reason == REASON_BANNED);
		CHECK(model_is_person_banned(model, holder, record->time_us));
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
static inline void see_numbers(struct simulation *sim, struct group *group,
                               const struct record *record) {
	const struct model_request *request =
		&sim->sent[record->queue].requests[record->request % REQUESTS_KEPT];
	if (record_is_entry(record)) {
		group->last_seq = record->seq;
		CHECK(record->client_number == request->client_number);
		CHECK(record->client_number == 0 || record->session == request->session);
	}
	/* A connection knows by it that nothing more comes of what it asked for. */
	CHECK(!group->is_over);
	group->is_over = (record->flags & RECORD_IS_LAST) != 0;
	if (request->is_of_connection && record->kind == ANSWER_REFUSED) {
		CHECK(record->target == request->kind && record->session == request->session);
	}
}

/* How often each kind of entry was published, in all simulations: none may be missing. */
#define KINDS_END 64
static uint64_t published[KINDS_END];

/* Kinds that somebody here asks for. */
static inline bool is_asked_for(unsigned kind) {
	return kind <= ENTRY_ACCOUNT_SET || kind == ENTRY_MARKED || kind == ENTRY_ROOM_RENAMED ||
	       kind == ENTRY_METADATA;
}

static inline void see(struct simulation *sim, struct group *group, const struct record *record) {
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
	if (record->kind == ENTRY_SAID || record->kind == ENTRY_DIRECT ||
	    record->kind == ENTRY_SAID_TO) {
		group->thread = record->kind == ENTRY_DIRECT ? record->room : 0;
		group->is_said = true;
		CHECK(record->text.size < sizeof(group->said));
		memcpy(group->said, record->text.bytes, record->text.size);
		memcpy(group->said_by, record->name.bytes, record->name.size);
	} else if (record->kind == ENTRY_ENTERED) {
		group->entered_session = record->session;
		bool is_new = record->session == record->seq && record->person <= record->seq;
		CHECK(is_new || record->face == FACE_SESSION);
	}
}

/* The scribe goes on to the head. */
static inline void read_ring(struct simulation *sim) {
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
			CHECK(record.kind < KINDS_END && is_asked_for(record.kind));
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

static inline void commit(struct simulation *sim) {
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

#endif
