/* The simulation of the hub: what is asked for, at random; mostly what somebody could mean. */
#ifndef HUB_SIMULATION_ASK_H
#define HUB_SIMULATION_ASK_H

#include "hub_simulation.h"

static inline uint16_t random_kind(struct chance *chance) {
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

static inline struct model_request random_request(struct simulation *sim) {
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
static inline int random_client(struct simulation *sim, bool is_stream) {
	for (int i = 0; i < 200; i++) {
		int slot = (int)chance_below(&sim->chance, MODEL_CLIENTS);
		if (sim->model.clients[slot].life != MODEL_NOBODY &&
		    sim->model.clients[slot].is_stream == is_stream) {
			return slot;
		}
	}
	return -1;
}

/* Somebody who is here: its name. */
static inline int random_name_here(struct simulation *sim) {
	int who = (int)chance_below(&sim->chance, MODEL_PEOPLE);
	for (int i = 0; i < MODEL_PEOPLE && !model_is_here(&sim->model, who); i++) {
		who = (who + 1) % MODEL_PEOPLE;
	}
	return model_name_of(&sim->model, who);
}

static inline void choose_room(struct simulation *sim, struct model_request *request) {
	request->room_name = (int)chance_below(&sim->chance, MODEL_ROOM_NAMES);
	request->room = sim->model.rooms[chance_below(&sim->chance, MODEL_ROOMS)].id;
	request->room = chance_once_in(&sim->chance, 3) ? 1 : request->room;
}

/* Mostly the next one; also one once more, one too early, and what a RESUME would have said. */
static inline uint64_t random_number(struct simulation *sim, int slot) {
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

static inline uint16_t random_session_kind(struct chance *chance) {
	static const uint16_t kinds[] = {REQUEST_SAY,    REQUEST_SAY,    REQUEST_SAY,
	                                 REQUEST_JOIN,   REQUEST_JOIN,   REQUEST_PART,
	                                 REQUEST_PART,   REQUEST_DIRECT, REQUEST_DIRECT,
	                                 REQUEST_RENAME, REQUEST_LEAVE,  REQUEST_UNFIT};
	return kinds[chance_below(chance, sizeof(kinds) / sizeof(kinds[0]))];
}

static inline void ask_for_session(struct simulation *sim, struct model_request *request) {
	struct chance *chance = &sim->chance;
	int slot = random_client(sim, false);
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
	choose_room(sim, request);
	if (request->kind == REQUEST_DIRECT && !chance_once_in(chance, 4)) {
		request->name = random_name_here(sim);
	}
}

static inline uint16_t random_stream_kind(struct chance *chance) {
	static const uint16_t kinds[] = {
		REQUEST_SAY,          REQUEST_SAY,          REQUEST_JOIN,   REQUEST_JOIN,
		REQUEST_JOIN,         REQUEST_PART,         REQUEST_DIRECT, REQUEST_RENAME,
		REQUEST_TOPIC,        REQUEST_TOPIC,        REQUEST_MODE,   REQUEST_MODE,
		REQUEST_MODE,         REQUEST_MODE,         REQUEST_MODE,   REQUEST_INVITE,
		REQUEST_PUT_OUT,      REQUEST_AWAY,         REQUEST_TAGMSG, REQUEST_PROFILE,
		REQUEST_INVITE,       REQUEST_WALLOPS,      REQUEST_SHOUT,  REQUEST_KILL,
		REQUEST_GONE,         REQUEST_MARK,         REQUEST_MARK,   REQUEST_MARK,
		REQUEST_SET_METADATA, REQUEST_SET_METADATA, REQUEST_GONE,   REQUEST_GONE,
		REQUEST_ACCOUNT_SET,  REQUEST_RENAME_ROOM};
	return kinds[chance_below(chance, sizeof(kinds) / sizeof(kinds[0]))];
}

/* One comes, or comes back: those whose edge died mostly try. */
static inline void ask_to_register(struct simulation *sim, struct model_request *request) {
	int slot = random_client(sim, true);
	request->kind = REQUEST_REGISTER;
	if (slot >= 0 && sim->model.clients[slot].life == MODEL_ABSENT &&
	    !chance_once_in(&sim->chance, 4)) {
		request->name = sim->model.clients[slot].name;
		request->address = sim->model.clients[slot].address;
	} else if (slot >= 0 && sim->model.clients[slot].is_bound &&
	           !chance_once_in(&sim->chance, 4)) {
		request->name = sim->model.clients[slot].name;
		request->bits |= PERSON_HAS_ACCOUNT;
	}
}

/* Whom it is about is mostly somebody who is here; a tagged message without a name is for a room. */
static inline void choose_other(struct simulation *sim, struct model_request *request) {
	uint16_t kind = request->kind;
	bool may_be_of_room =
		kind == REQUEST_TAGMSG || kind == REQUEST_MARK || kind == REQUEST_SET_METADATA;
	if (may_be_of_room && chance_once_in(&sim->chance, 2)) {
		request->name = MODEL_NAMES - 1;
	} else if (kind != REQUEST_RENAME && !chance_once_in(&sim->chance, 4)) {
		request->name = random_name_here(sim);
	}
}

/* Most of what is said of rooms is said of one's own, by name or not. */
static inline void choose_own_room(struct simulation *sim, const struct model_client *client,
                                   struct model_request *request) {
	struct chance *chance = &sim->chance;
	if (request->kind == REQUEST_JOIN) {
		return;
	}
	if (chance_once_in(chance, 2)) {
		request->room_name = -1;
	}
	for (int i = 0; i < MODEL_ROOM_NAMES && !chance_once_in(chance, 4); i++) {
		int name = (int)chance_below(chance, MODEL_ROOM_NAMES);
		int room = model_room_names[name].room;
		if (room >= 0 && client->is_in[room]) {
			request->room_name = request->room_name < 0 ? -1 : name;
			request->room = room == MODEL_LOBBY ? 1 : sim->model.rooms[room].id;
			return;
		}
	}
}

/* There are few, or nobody else would get a name. */
static inline void ask_about_account(struct simulation *sim, struct model_request *request) {
	int count = 0;
	for (int i = 0; i < MODEL_NAMES; i++) {
		count += sim->model.accounts[i];
	}
	request->kind = count < 3 ? REQUEST_ACCOUNT_MADE : REQUEST_ACCOUNT_ENDED;
	for (int i = 0; i < MODEL_NAMES && count >= 3 && !chance_once_in(&sim->chance, 20); i++) {
		int same = model_names[request->name].same;
		if (same >= 0 && sim->model.accounts[same]) {
			return;
		}
		request->name = (request->name + 1) % MODEL_NAMES;
	}
}

static inline void ask_for_stream(struct simulation *sim, struct model_request *request) {
	struct chance *chance = &sim->chance;
	int slot = random_client(sim, true);
	request->client_number = request->session = 0;
	request->is_of_connection = true;
	request->device = (int)chance_below(chance, MODEL_DEVICES);
	request->mode = (int)chance_below(chance, MODEL_MODES);
	request->bits = (chance_once_in(chance, 4) ? PERSON_IS_OPERATOR : PERSON_IS_INVISIBLE) |
	                (chance_once_in(chance, 4) ? PERSON_HAS_ACCOUNT : 0);
	if (chance_once_in(chance, 40)) {
		ask_about_account(sim, request);
		return;
	}
	if (chance_once_in(chance, 120)) {
		request->kind = REQUEST_ORPHANS;
		return;
	}
	if (slot < 0 || chance_once_in(chance, 5)) {
		ask_to_register(sim, request);
		return;
	}
	const struct model_client *client = &sim->model.clients[slot];
	if (client->sessions_count == 0) {
		ask_to_register(sim, request);
		return;
	}
	const struct model_session *session =
		&client->sessions[chance_below(chance, (uint64_t)client->sessions_count)];
	request->session = chance_once_in(chance, 20) ? 1 + chance_below(chance, 100) : session->id;
	request->queue = chance_once_in(chance, 20) ? request->queue : session->home;
	request->kind = random_stream_kind(chance);
	if (request->kind == REQUEST_GONE && client->sessions_count < 3 &&
	    !chance_once_in(chance, 3)) {
		request->kind = REQUEST_SAY;
	}
	request->mode = (int)chance_below(chance, MODEL_MODES);
	request->number = chance_once_in(chance, 8) ? MEMBER_IS_OPERATOR : 0;
	request->since_us = chance_once_in(chance, 8)
	                            ? UINT64_MAX
	                            : sim->now_us - chance_below(chance, 100) * 1000000;
	choose_room(sim, request);
	choose_other(sim, request);
	if (request->kind == REQUEST_SET_METADATA && chance_once_in(chance, 3)) {
		request->name = client->name;
	}
	choose_own_room(sim, client, request);
}

static inline struct model_request random_question(struct simulation *sim) {
	struct model_request request = random_request(sim);
	/* The administrator is quiet for the most part, or nobody would be left. */
	if (request.queue == MODEL_EDGES && !chance_once_in(&sim->chance, 4)) {
		request.queue = (uint16_t)chance_below(&sim->chance, MODEL_EDGES);
		ask_for_session(sim, &request);
	} else if (request.queue < MODEL_EDGES && !chance_once_in(&sim->chance, 3)) {
		if (chance_once_in(&sim->chance, 2)) {
			ask_for_session(sim, &request);
		} else {
			ask_for_stream(sim, &request);
		}
	}
	/* What operators may as well is modelled where it is the administrator's. */
	if (request.queue < MODEL_EDGES && !request.is_of_connection &&
	    model_is_administrators(request.kind)) {
		request.session = 0;
	}
	/* Shouts are the administrator's, too. */
	if (request.queue < MODEL_EDGES && request.kind != REQUEST_SHOUT &&
	    chance_once_in(&sim->chance, 50)) {
		request.queue = MODEL_EDGES;
	}
	return request;
}

/* What is a stream's in it. */
static inline void put_stream(const struct model_request *request, const char *text,
                              struct record *record) {
	static char mode[160];
	const struct model_mode *change = &model_modes[request->mode];
	bool is_tagged = request->kind == REQUEST_TAGMSG;
	record->connection = (struct connection){.slot = 7, .generation = 1};
	record->bits = request->bits;
	record->userhost =
		slice_from_string(request->address % 2 == 0 ? "~u@even.qun" : "~u@odd.qun");
	record->text = slice_from_string(text);
	record->tags = slice_from_string(is_tagged ? "+x=y" : "");
	if (request->room_name >= 0) {
		record->room = 0;
		record->other_name = slice_from_string(model_room_names[request->room_name].bytes);
	}
	switch (request->kind) {
	case REQUEST_JOIN:
		record->text = slice_from_string(request->text == TEXT_HELLO ? MODEL_KEY : "no");
		break;
	case REQUEST_MODE:
		snprintf(mode, sizeof(mode), "%s%s", change->text,
		         change->letter == 'o' ? model_names[request->name].bytes : "");
		record->text = slice_from_string(mode);
		break;
	case REQUEST_RENAME_ROOM:
		record->name =
			slice_from_string(model_room_names[request->mode % MODEL_ROOM_NAMES].bytes);
		break;
	case REQUEST_REGISTER:
		record->text = slice_from_string("somebody");
		record->other_name = slice_from_string(model_devices[request->device]);
		break;
	case REQUEST_ACCOUNT_SET:
		record->number = ACCOUNT_STAYS | ACCOUNT_STAYS_NOT;
		record->bits = request->mode % 2 == 0 ? ACCOUNT_STAYS : ACCOUNT_STAYS_NOT;
		break;
	case REQUEST_PROFILE:
		record->number = request->mode % 2 == 0 ? PROFILE_ACCOUNT : PROFILE_MODES;
		record->text = slice_of(NULL, 0);
		break;
	case REQUEST_GONE: record->text = slice_of(NULL, 0); break;
	case REQUEST_SET_METADATA:
		record->by = slice_from_string(model_keys[request->mode % MODEL_KEYS_ASKED]);
		break;
	default: break;
	}
}

static inline void put_plain(const struct model_request *request, const char *text,
                             struct record *record) {
	if (request->kind == REQUEST_JOIN) {
		record->name = slice_from_string(model_room_names[request->room_name].bytes);
	}
	if (request->kind == REQUEST_SAY || request->kind == REQUEST_DIRECT) {
		record->text = slice_from_string(text);
	} else if (request->kind >= REQUEST_SHOUT) {
		record->text = slice_from_string("why");
	}
}

static inline void send_one(struct simulation *sim) {
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
	                        .since_us = request.since_us,
	                        .reason = request.kind == REQUEST_UNFIT ? REASON_TOO_FAST
	                                                                : REASON_UNREACHABLE,
	                        .has_net = request.net >= 0 && request.kind >= REQUEST_BAN,
	                        .name = slice_from_string(model_names[request.name].bytes)};
	if (request.is_of_connection) {
		put_stream(&request, text, &record);
	} else {
		put_plain(&request, text, &record);
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

#endif
