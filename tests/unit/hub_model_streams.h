/* The model of the hub: what it does for those who come by streams, and what they may in rooms. */
#ifndef HUB_MODEL_STREAMS_H
#define HUB_MODEL_STREAMS_H

#include "hub_model_marks.h"

#define MODEL_ORPHAN_US (UINT64_C(30) * 1000000)
#define MODEL_LIMIT 2
#define MODEL_SLOW_S 40
#define MODEL_MODES 50

/* Changes as they are typed; behind those of an office comes a name. */
static const struct model_mode {
	const char *text;
	char letter;
	bool is_set;
	uint64_t bit; /* of the room's, or of an office */
	int mask;
} model_modes[MODEL_MODES] = {
	{"+i", 'i', true, ROOM_IS_INVITE_ONLY, 0},
	{"-i", 'i', false, ROOM_IS_INVITE_ONLY, 0},
	{"+m", 'i', true, ROOM_IS_MODERATED, 0},
	{"-m", 'i', false, ROOM_IS_MODERATED, 0},
	{"-m", 'i', false, ROOM_IS_MODERATED, 0},
	{"+n", 'i', true, ROOM_NO_EXTERNAL, 0},
	{"-n", 'i', false, ROOM_NO_EXTERNAL, 0},
	{"+t", 'i', true, ROOM_TOPIC_LOCKED, 0},
	{"-t", 'i', false, ROOM_TOPIC_LOCKED, 0},
	{"+k " MODEL_KEY, 'k', true, 0, 0},
	{"-k", 'k', false, 0, 0},
	{"+k", 'x', true, 0, 0},
	{"+l 2", 'l', true, 0, 0},
	{"-l", 'l', false, 0, 0},
	{"+l 0", 'x', true, 0, 0},
	{"+o ", 'o', true, MEMBER_IS_OPERATOR, 0},
	{"+o ", 'o', true, MEMBER_IS_OPERATOR, 0},
	{"-o ", 'o', false, MEMBER_IS_OPERATOR, 0},
	{"+v ", 'o', true, MEMBER_HAS_VOICE, 0},
	{"-v ", 'o', false, MEMBER_HAS_VOICE, 0},
	{"+b *!*@plain.qun", 'b', true, 0, 0},
	{"-b *!*@PLAIN.qun", 'b', false, 0, 0},
	{"+b *@session.qun", 'b', true, 0, 1},
	{"-b *!*@session.qun", 'b', false, 0, 1},
	{"+b *!*@even.qun", 'b', true, 0, 2},
	{"-b *!*@even.qun", 'b', false, 0, 2},
	{"+e *!*@even.qun", 'e', true, 0, 2},
	{"-e *!*@even.qun", 'e', false, 0, 2},
	{"+R", 'i', true, ROOM_WANTS_ACCOUNT, 0},
	{"-R", 'i', false, ROOM_WANTS_ACCOUNT, 0},
	{"-R", 'i', false, ROOM_WANTS_ACCOUNT, 0},
	{"+M", 'i', true, ROOM_HEARS_ACCOUNTS, 0},
	{"-M", 'i', false, ROOM_HEARS_ACCOUNTS, 0},
	{"-M", 'i', false, ROOM_HEARS_ACCOUNTS, 0},
	{"+f #a", 'f', true, 0, 0},
	{"-f", 'f', false, 0, 0},
	{"+W 40", 'W', true, 0, 0},
	{"-W", 'W', false, 0, 0},
	{"+I *!*@odd.qun", 'I', true, 0, 3},
	{"-I *!*@odd.qun", 'I', false, 0, 3},
	{"+b m:*!*@even.qun", 'b', true, 0, MODEL_MUTES_EVEN},
	{"-b m:*!*@EVEN.qun", 'b', false, 0, MODEL_MUTES_EVEN},
	{"+b a:*", 'b', true, 0, MODEL_OF_ACCOUNTS},
	{"-b a:*", 'b', false, 0, MODEL_OF_ACCOUNTS},
	{"-b a:*", 'b', false, 0, MODEL_OF_ACCOUNTS},
	{"+b m:a:*", 'b', true, 0, MODEL_MUTES_ACCOUNTS},
	{"-b m:a:*", 'b', false, 0, MODEL_MUTES_ACCOUNTS},
	{"+e m:a:*", 'e', true, 0, MODEL_MUTES_ACCOUNTS},
	{"-e m:a:*", 'e', false, 0, MODEL_MUTES_ACCOUNTS},
	{"+I m:*!*@odd.qun", 'x', true, 0, 0},
};

/* ---- coming, and coming back ---- */

/* Who may have back what an edge's death took: signed in, or from the same address (of a net's, all). */
static inline struct model_session *model_own_orphan(struct model *model,
                                                     const struct model_request *request) {
	int holder = model_holder(model, request->name);
	struct model_session *first = NULL;
	if (holder < MODEL_ADDRESSES) {
		return NULL;
	}
	struct model_client *client = &model->clients[holder - MODEL_ADDRESSES];
	for (int i = 0; i < client->sessions_count; i++) {
		struct model_session *it = &client->sessions[i];
		bool is_own = (request->bits & PERSON_HAS_ACCOUNT) != 0 ||
		              (model_net_of(it->address) == model_net_of(request->address) &&
		               !model->accounts[model_names[request->name].same]);
		if (it->orphan_since_us != 0 && is_own && (first == NULL || it->id < first->id)) {
			first = it;
		}
	}
	return first;
}

/* What its own device left behind. */
static inline struct model_session *model_orphan_of(struct model_client *client, int device) {
	struct model_session *first = NULL;
	for (int i = 0; i < client->sessions_count; i++) {
		struct model_session *it = &client->sessions[i];
		if (it->orphan_since_us != 0 && it->device == device &&
		    (first == NULL || it->id < first->id)) {
			first = it;
		}
	}
	return first;
}

static inline bool model_renew(struct model_client *client, const struct model_request *request,
                               uint64_t bits) {
	bool is_new = client->address % 2 != request->address % 2 || client->bits != bits;
	client->address = request->address;
	client->bits = bits;
	return is_new;
}

static inline void model_take_over(struct model *model, struct model_client *client,
                                   struct model_session *session,
                                   const struct model_request *request, struct model_outcome *out) {
	bool is_alone = client->life == MODEL_ABSENT;
	bool is_new = is_alone && model_renew(client, request, request->bits);
	model_add(out, is_new ? "moved profile welcome" : "moved welcome");
	if (is_new) {
		model_bind(model, client);
	}
	session->address = request->address;
	session->home = request->queue;
	session->orphan_since_us = 0;
	client->life = MODEL_CONNECTED;
}

static inline void model_add_session(struct model_client *client,
                                     const struct model_request *request, uint64_t id) {
	assert(client->sessions_count < SESSIONS_PER_PERSON_MAX);
	client->sessions[client->sessions_count++] =
		(struct model_session){.id = id,
	                               .address = request->address,
	                               .device = request->device,
	                               .home = request->queue};
	client->life = MODEL_CONNECTED;
}

static inline void model_attach(struct model *model, struct model_client *client,
                                const struct model_request *request, struct model_outcome *out) {
	if (client->sessions_count >= SESSIONS_PER_PERSON_MAX) {
		model_refuse(out, REASON_FULL);
		return;
	}
	bool is_new = client->life == MODEL_ABSENT && model_renew(client, request, client->bits);
	model_add(out, is_new ? "attached profile welcome" : "attached welcome");
	model_add_session(client, request, model->entry_seq - is_new);
	model_bind(model, client);
}

/* The account's, or who is signed in under its name though it is not yet; NULL: nobody. */
static inline struct model_client *model_person_of_account(struct model *model, int name) {
	struct model_client *client = model_bound(model, model_names[name].same);
	int holder = model_holder(model, name);
	if (client == NULL && holder >= MODEL_ADDRESSES &&
	    (model->clients[holder - MODEL_ADDRESSES].bits & PERSON_HAS_ACCOUNT) != 0) {
		client = &model->clients[holder - MODEL_ADDRESSES];
	}
	return client;
}

/* Its person leaves, unless it has another session; then the other one is there, or one more of it. */
static inline void model_move_over(struct model *model, struct model_client *client,
                                   struct model_session *session, struct model_client *wished,
                                   const struct model_request *coming, struct model_outcome *out) {
	bool is_present = wished->life != MODEL_DORMANT;
	/* It takes its host along, which may be of another address than where it is now. */
	struct model_request moving = *coming;
	moving.address = client->address;
	bool is_new = wished->life == MODEL_ABSENT && wished->address % 2 != moving.address % 2;
	uint64_t last_seq = model->entry_seq;
	model->entry_seq = last_seq - is_new - 1;
	model_add(out, model_end_session(model, client, session) ? "detached:same-name-elsewhere"
	                                                         : "left:same-name-elsewhere");
	model->entry_seq = last_seq;
	if (is_present) {
		model_attach(model, wished, &moving, out);
		wished->sessions[wished->sessions_count - 1].address = coming->address;
		return;
	}
	model_add(out, "entered welcome");
	model_add_session(wished, coming, model->entry_seq);
	wished->name = coming->name;
	wished->address = moving.address;
	wished->bits = PERSON_HAS_ACCOUNT;
}

/* Whoever has signed in to an account that has its person is that one. */
static inline bool model_come_to_account(struct model *model, const struct model_request *request,
                                         uint64_t now_us, struct model_outcome *out) {
	int same = model_names[request->name].same;
	if ((request->bits & PERSON_HAS_ACCOUNT) == 0 || same < 0 || !model->accounts[same]) {
		return false;
	}
	struct model_client *client = model_person_of_account(model, request->name);
	if (client == NULL) {
		return false;
	}
	struct model_session *orphan = model_orphan_of(client, request->device);
	if (client->life != MODEL_DORMANT && orphan != NULL) {
		model_take_over(model, client, orphan, request, out);
	} else if (client->life != MODEL_DORMANT) {
		model_attach(model, client, request, out);
	} else if (model_may_enter(model, request, request->name, now_us, out)) {
		model_add(out, "entered welcome");
		model_add_session(client, request, model->entry_seq);
		client->name = request->name;
		client->address = request->address;
		client->bits = request->bits;
	}
	return true;
}

static inline void model_rename_stream(struct model *model, const struct model_request *request,
                                       struct model_client *client, uint64_t now_us,
                                       struct model_outcome *out) {
	int same = model_names[request->name].same;
	struct model_client *wished = NULL;
	if ((request->bits & PERSON_HAS_ACCOUNT) != 0 && same >= 0 && model->accounts[same]) {
		wished = model_person_of_account(model, request->name);
	}
	if (wished == NULL || wished == client || client->is_bound ||
	    (client->bits & PERSON_HAS_ACCOUNT) != 0) {
		model_rename_client(model, request, client, now_us, out);
		return;
	}
	/* It moves over: its session ends, and is one more of the account's person. */
	struct model_session *session = model_session_of(client, request->session);
	struct model_request coming = *request;
	int holder = model_holder(model, request->name);
	coming.address = session->address;
	coming.device = session->device;
	coming.queue = session->home;
	if (model_is_banned(model, request->name, session->address, now_us)) {
		model_refuse(out, REASON_BANNED);
	} else if (wished->life == MODEL_DORMANT && holder >= 0 &&
	           holder != model_number_of(model, client)) {
		model_refuse(out, REASON_NAME_TAKEN);
		model_add_probe(out, holder);
	} else if (wished->sessions_count >= SESSIONS_PER_PERSON_MAX) {
		model_refuse(out, REASON_FULL);
	} else {
		model_move_over(model, client, session, wished, &coming, out);
	}
}

static inline void model_register(struct model *model, const struct model_request *request,
                                  uint64_t now_us, struct model_outcome *out) {
	if (model_is_banned(model, request->name, request->address, now_us)) {
		model_refuse(out, REASON_BANNED);
		return;
	}
	if (model_come_to_account(model, request, now_us, out)) {
		return;
	}
	struct model_session *orphan = model_own_orphan(model, request);
	if (orphan != NULL) {
		model_take_over(model, model_client_of(model, orphan->id), orphan, request, out);
		return;
	}
	if (!model_may_enter(model, request, request->name, now_us, out)) {
		return;
	}
	struct model_client *client = model->clients;
	while (client->life != MODEL_NOBODY) {
		client++;
		assert(client < model->clients + MODEL_CLIENTS);
	}
	*client = (struct model_client){.is_stream = true,
	                                .name = request->name,
	                                .session = model->entry_seq,
	                                .address = request->address,
	                                .bits = request->bits};
	model_add_session(client, request, model->entry_seq);
	model_bind(model, client);
	model_add(out, "welcome entered");
}

static inline void model_orphan(struct model *model, const struct model_request *request,
                                uint64_t now_us, struct model_outcome *out) {
	bool has_any = false;
	for (int i = 0; i < MODEL_CLIENTS; i++) {
		struct model_client *client = &model->clients[i];
		for (int s = 0; s < client->sessions_count; s++) {
			struct model_session *session = &client->sessions[s];
			if (session->orphan_since_us == 0 && session->home == request->queue) {
				session->orphan_since_us = now_us;
				model_settle(client);
				has_any = true;
			}
		}
	}
	model_add(out, has_any ? "orphaned" : "nothing");
}

/* ---- rooms ---- */

static inline bool model_is_good_why(const struct model_request *request,
                                     struct model_outcome *out) {
	if (request->text == TEXT_TOO_LONG || request->text == TEXT_BROKEN) {
		model_refuse(out,
		             request->text == TEXT_BROKEN ? REASON_NOT_UTF8 : REASON_TEXT_TOO_LONG);
		return false;
	}
	return true;
}

/* The room that it is in, or over which it is; -1: it is refused. */
static inline int model_own_room(const struct model *model, const struct model_request *request,
                                 const struct model_client *client, struct model_outcome *out) {
	int room = model_room_asked(model, request);
	bool is_over = room >= 0 && (client->bits & PERSON_IS_OPERATOR) != 0;
	return is_over || model_is_in_room(model, request, client, out) ? room : -1;
}

static inline void model_topic(struct model *model, const struct model_request *request,
                               const struct model_client *client, struct model_outcome *out) {
	int room = model_own_room(model, request, client, out);
	if (room < 0 || !model_is_good_why(request, out)) {
		return;
	}
	struct model_room *it = &model->rooms[room];
	if ((it->bits & ROOM_TOPIC_LOCKED) != 0 && !model_rules(model, client, room)) {
		model_refuse(out, REASON_NOT_ROOM_OPERATOR);
		return;
	}
	if (!model_rules(model, client, room) &&
	    model_is_room_muted(model, model_number_of(model, client), room)) {
		model_refuse(out, REASON_ROOM_MUTED);
		return;
	}
	model_phrase(request, it->topic);
	it->is_said_in = true;
	model_add(out, "topic");
}

static inline enum reason model_change_office(struct model *model,
                                              const struct model_request *request,
                                              const struct model_mode *mode, int room,
                                              bool *is_done) {
	int who = model_holder(model, request->name);
	if (model_names[request->name].bytes[0] == '\0') {
		return REASON_BAD_ARGUMENT;
	}
	if (who < 0 || !model_is_member(model, who, room)) {
		return who < 0 ? REASON_NO_SUCH_NAME : REASON_THEY_NOT_IN_ROOM;
	}
	uint64_t *office = model_office(model, who, room), old = *office;
	*office = mode->is_set ? *office | mode->bit : *office & ~mode->bit;
	*is_done = *office != old;
	return REASON_NONE;
}

static inline bool model_set_bool(bool *it, bool is_set) {
	bool is_changed = *it != is_set;
	*it = is_set;
	return is_changed;
}

/* To the room that the first name is of. */
static inline enum reason model_change_forward(struct model *model,
                                               const struct model_client *client,
                                               const struct model_mode *mode, int room,
                                               bool *is_done) {
	int to = mode->is_set ? model_room_names[0].room : 0;
	const struct model_room *other = &model->rooms[to];
	bool is_open =
		(other->bits & (ROOM_IS_INVITE_ONLY | ROOM_WANTS_ACCOUNT)) == 0 && !other->has_key;
	if (mode->is_set && to == room) {
		return REASON_BAD_ARGUMENT;
	}
	if (mode->is_set && other->id == 0) {
		return REASON_NO_SUCH_ROOM;
	}
	if (mode->is_set && !is_open && !model_rules(model, client, to)) {
		return REASON_NOT_ROOM_OPERATOR;
	}
	*is_done = model->rooms[room].forward != to;
	model->rooms[room].forward = to;
	return REASON_NONE;
}

static inline bool model_change_pace(struct model_room *it, bool is_set) {
	bool is_changed = (it->slow_s != 0) != is_set;
	it->slow_s = is_set ? MODEL_SLOW_S : 0;
	if (!is_set) {
		memset(it->spoken_us, 0, sizeof(it->spoken_us));
	}
	return is_changed;
}

/* The reason why not. */
static inline enum reason model_change(struct model *model, const struct model_request *request,
                                       const struct model_client *client, int room, bool *is_done) {
	const struct model_mode *mode = &model_modes[request->mode];
	struct model_room *it = &model->rooms[room];
	uint64_t bits = it->bits, limit = it->limit;
	switch (mode->letter) {
	case 'i':
		it->bits = mode->is_set ? bits | mode->bit : bits & ~mode->bit;
		*is_done = it->bits != bits;
		break;
	case 'k':
		/* The same one is a new one: nobody can see which it is. */
		*is_done = model_set_bool(&it->has_key, mode->is_set) || mode->is_set;
		break;
	case 'l':
		it->limit = mode->is_set ? MODEL_LIMIT : 0;
		*is_done = it->limit != limit;
		break;
	case 'f': return model_change_forward(model, client, mode, room, is_done);
	case 'W': *is_done = model_change_pace(it, mode->is_set); break;
	case 'o': return model_change_office(model, request, mode, room, is_done);
	case 'b': *is_done = model_set_bool(&it->masks[0][mode->mask], mode->is_set); break;
	case 'e': *is_done = model_set_bool(&it->masks[1][mode->mask], mode->is_set); break;
	case 'I': *is_done = model_set_bool(&it->masks[2][mode->mask], mode->is_set); break;
	default: return REASON_BAD_ARGUMENT;
	}
	return REASON_NONE;
}

static inline void model_mode(struct model *model, const struct model_request *request,
                              const struct model_client *client, struct model_outcome *out) {
	int room = model_room_asked(model, request);
	if (room < 0 || !model_rules(model, client, room)) {
		model_refuse(out, room < 0 ? REASON_NO_SUCH_ROOM : REASON_NOT_ROOM_OPERATOR);
		return;
	}
	bool is_done = false;
	enum reason reason = model_change(model, request, client, room, &is_done);
	if (reason != REASON_NONE) {
		model_refuse(out, reason);
	} else if (is_done) {
		model->rooms[room].is_said_in = true;
		model_add(out, "mode");
	} else {
		model_add(out, "nothing");
	}
}

static inline void model_put_out(struct model *model, const struct model_request *request,
                                 const struct model_client *client, struct model_outcome *out) {
	int room = model_own_room(model, request, client, out);
	int who = model_holder(model, request->name);
	if (room < 0 || !model_is_good_why(request, out)) {
		return;
	}
	if (!model_rules(model, client, room)) {
		model_refuse(out, REASON_NOT_ROOM_OPERATOR);
	} else if (who < 0) {
		model_refuse(out, REASON_NO_SUCH_NAME);
	} else if (!model_is_member(model, who, room)) {
		model_refuse(out, REASON_THEY_NOT_IN_ROOM);
	} else if (who < MODEL_ADDRESSES) {
		model_end(model, who);
		model_add(out, "kicked:kicked");
	} else {
		model->clients[who - MODEL_ADDRESSES].is_in[room] = false;
		model->clients[who - MODEL_ADDRESSES].offices[room] = 0;
		model_note_emptiness(model);
		model_add(out, "put-out");
	}
}

static inline void model_invite(struct model *model, const struct model_request *request,
                                const struct model_client *client, struct model_outcome *out) {
	if (!model_is_in_room(model, request, client, out)) {
		return;
	}
	int room = model_room_asked(model, request), who = model_holder(model, request->name);
	bool is_closed = (model->rooms[room].bits & ROOM_IS_INVITE_ONLY) != 0;
	if (who < 0) {
		model_refuse(out, REASON_NO_SUCH_NAME);
	} else if (is_closed && !model_rules(model, client, room)) {
		model_refuse(out, REASON_NOT_ROOM_OPERATOR);
	} else if (model_is_member(model, who, room)) {
		model_refuse(out, REASON_ALREADY_IN_ROOM);
	} else {
		model->rooms[room].is_invited[who] = true;
		model_add(out, "invited");
	}
}

static inline enum reason model_check_renaming(const struct model *model,
                                               const struct model_client *client, int room,
                                               int name) {
	const struct model_room *it = &model->rooms[room];
	int to = model_room_names[name].room;
	bool is_founder = it->founder_account >= 0 && model_is_founder(model, client, room) &&
	                  model->accounts[model_names[it->founder_account].same];
	if (!is_founder && !model_rules(model, client, room)) {
		return REASON_NOT_ROOM_OPERATOR;
	}
	if (room == MODEL_LOBBY) {
		return REASON_NOT_PERMITTED;
	}
	if (to < 0) {
		return REASON_ROOM_NAME_INVALID;
	}
	bool is_taken = to != room && (to == MODEL_LOBBY || model->rooms[to].id != 0);
	return is_taken ? REASON_ROOM_NAME_TAKEN : REASON_NONE;
}

/* Here a room's name is its number: all that it has moves. */
static inline void model_move_room(struct model *model, int from, int to) {
	model->rooms[to] = model->rooms[from];
	model->rooms[from] = (struct model_room){0};
	for (int i = 0; i < MODEL_CLIENTS; i++) {
		struct model_client *client = &model->clients[i];
		client->is_in[to] = client->is_in[from];
		client->offices[to] = client->offices[from];
		client->is_in[from] = false;
		client->offices[from] = 0;
	}
	for (int r = 0; r < MODEL_ROOMS; r++) {
		if (model->rooms[r].forward == from && from != MODEL_LOBBY) {
			model->rooms[r].forward = to;
		}
	}
}

static inline void model_rename_room(struct model *model, const struct model_request *request,
                                     const struct model_client *client, uint64_t now_us,
                                     struct model_outcome *out) {
	int room = model_own_room(model, request, client, out);
	int name = request->mode % MODEL_ROOM_NAMES;
	if (room < 0) {
		return;
	}
	const struct model_room *it = &model->rooms[room];
	enum reason reason = model_check_renaming(model, client, room, name);
	bool is_free = (client->bits & PERSON_IS_OPERATOR) != 0 || it->renamed_us == 0 ||
	               now_us >= it->renamed_us + ROOM_RENAME_PAUSE_S * UINT64_C(1000000);
	if (reason != REASON_NONE) {
		model_refuse(out, reason);
	} else if (it->name == name) {
		model_add(out, "nothing");
	} else if (!is_free) {
		model_refuse(out, REASON_TOO_FAST);
	} else if (model_is_good_why(request, out)) {
		model_add(out, "room-renamed");
		int to = model_room_names[name].room;
		if (to != room) {
			model_move_room(model, room, to);
		}
		model->rooms[to].name = name;
		model->rooms[to].renamed_us = now_us;
	}
}

/* ---- people ---- */

static inline void model_go_away(const struct model_request *request, struct model_client *client,
                                 struct model_outcome *out) {
	char why[MODEL_PHRASE] = "";
	if (!model_is_good_why(request, out)) {
		return;
	}
	model_phrase(request, why);
	model_add(out, strcmp(why, client->away) == 0 ? "nothing" : "away");
	memcpy(client->away, why, sizeof(why));
}

static inline void model_tag(const struct model *model, const struct model_request *request,
                             const struct model_client *client, uint64_t now_us,
                             struct model_outcome *out) {
	if (model_names[request->name].bytes[0] == '\0') {
		if (!model_may_reach(model, request, client, out)) {
			return;
		}
	} else if (model_holder(model, request->name) < 0) {
		model_refuse(out, REASON_NO_SUCH_NAME);
		return;
	}
	if (model_is_muted(model, client->name, now_us)) {
		model_refuse(out, REASON_MUTED);
	} else {
		model_add(out, "tagged");
	}
}

/* Signs in or out, or changes its modes. */
static inline void model_set_bits(struct model *model, const struct model_request *request,
                                  struct model_client *client, struct model_outcome *out) {
	bool is_account = request->mode % 2 == 0;
	uint64_t own = is_account ? PERSON_HAS_ACCOUNT : ~(uint64_t)PERSON_HAS_ACCOUNT;
	uint64_t bits = (client->bits & ~own) | (request->bits & own);
	enum reason reason =
		model_check_account(model, client, client->name, (bits & PERSON_HAS_ACCOUNT) != 0);
	if (is_account && reason != REASON_NONE) {
		model_refuse(out, reason);
		return;
	}
	bool is_change = client->bits != bits;
	model_add(out, is_change ? "profile" : "nothing");
	client->bits = bits;
	if (is_change && is_account) {
		model_bind(model, client);
	}
}

/* What the server's operators may. */
static inline void model_operate(struct model *model, const struct model_request *request,
                                 const struct model_client *client, struct model_outcome *out) {
	int who = model_holder(model, request->name);
	if ((client->bits & PERSON_IS_OPERATOR) == 0) {
		model_refuse(out, REASON_NOT_PERMITTED);
	} else if (!model_is_good_why(request, out)) {
		return;
	} else if (request->kind != REQUEST_KILL) {
		char text[MODEL_PHRASE] = "";
		model_phrase(request, text);
		if (text[0] == '\0') {
			model_refuse(out, REASON_TEXT_EMPTY);
			return;
		}
		model_add(out, request->kind == REQUEST_SHOUT ? "shouted" : "wallops");
	} else if (who < 0) {
		model_refuse(out, REASON_NO_SUCH_NAME);
	} else {
		model_end(model, who);
		model_add(out, "kicked:kicked");
	}
}

/* ---- accounts ---- */

static inline void model_end_account(struct model *model, const struct model_request *request,
                                     struct model_outcome *out) {
	int same = model_names[request->name].same, holder = model_holder(model, request->name);
	struct model_client *client =
		holder < MODEL_ADDRESSES ? NULL : &model->clients[holder - MODEL_ADDRESSES];
	struct model_client *bound = model_bound(model, same);
	model->accounts[same] = false;
	model->account_bits[same] = 0;
	if (client != NULL && client->is_stream && client->sessions_count == 0) {
		/* Its rooms are empty with this entry, before the account's end. */
		model->entry_seq--;
		model_leave_account(model, holder);
		model->entry_seq++;
		model_add(out, "left");
	}
	for (int r = 0; r < MODEL_ROOMS; r++) {
		int *founder = &model->rooms[r].founder_account;
		if (*founder >= 0 && model_names[*founder].same == same) {
			*founder = -1;
		}
	}
	model_add(out, "account-ended");
	if (bound != NULL) {
		bound->is_bound = false;
		if (bound->sessions_count == 0) {
			model_end(model, model_number_of(model, bound));
			client = NULL;
		}
	}
	if (client != NULL && (client->bits & PERSON_HAS_ACCOUNT) != 0) {
		client->bits &= ~(uint64_t)PERSON_HAS_ACCOUNT;
		model_add(out, "profile");
	}
}

/* Of a name that is there somebody may be signed in already. */
static inline void model_make_account(struct model *model, const struct model_request *request,
                                      struct model_outcome *out) {
	int holder = model_holder(model, request->name);
	model->accounts[model_names[request->name].same] = true;
	model_add(out, "account-made");
	if (holder >= MODEL_ADDRESSES) {
		model_bind(model, &model->clients[holder - MODEL_ADDRESSES]);
	}
}

static inline void model_account(struct model *model, const struct model_request *request,
                                 struct model_outcome *out) {
	int same = model_names[request->name].same;
	bool is_made = request->kind == REQUEST_ACCOUNT_MADE;
	bool is_there = same >= 0 && model->accounts[same];
	if (is_made ? same < 0 : !is_there) {
		model_refuse(out, is_made ? REASON_NAME_INVALID : REASON_NO_SUCH_NAME);
		return;
	}
	if (!is_made) {
		model_end_account(model, request, out);
	} else if (!is_there) {
		model_make_account(model, request, out);
	}
	if (request->queue == MODEL_EDGES) {
		model_add(out, "done");
	} else if (is_made && is_there) {
		model_add(out, "nothing");
	}
}

/* Whether it stays: its own account, or, if the administrator asks, that of the name. */
static inline void model_set_account(struct model *model, const struct model_request *request,
                                     struct model_outcome *out) {
	bool is_administrator = request->queue == MODEL_EDGES;
	struct model_client *client = model_client_of(model, request->session);
	int same = model_names[request->name].same;
	if (is_administrator && (same < 0 || !model->accounts[same])) {
		model_refuse(out, REASON_NO_SUCH_NAME);
		return;
	}
	if (!is_administrator && !client->is_bound) {
		model_refuse(out, REASON_NEEDS_ACCOUNT);
		return;
	}
	same = is_administrator ? same : model_names[client->name].same;
	uint64_t after = request->mode % 2 == 0 ? ACCOUNT_STAYS : ACCOUNT_STAYS_NOT;
	if (model->account_bits[same] != after) {
		model->account_bits[same] = after;
		model_add(out, "account-set");
	} else if (!is_administrator) {
		model_add(out, "nothing");
	}
	if (is_administrator) {
		model_add(out, "done");
	}
}

/* ---- all ---- */

static inline bool model_is_of_accounts(uint16_t kind) {
	return kind == REQUEST_ACCOUNT_MADE || kind == REQUEST_ACCOUNT_ENDED;
}

/* Only streams may ask for these. */
static inline bool model_is_streams(uint16_t kind) {
	return kind == REQUEST_SHOUT || (kind >= REQUEST_TOPIC && kind <= REQUEST_WALLOPS) ||
	       kind == REQUEST_MARK || kind == REQUEST_RENAME_ROOM ||
	       kind == REQUEST_SET_METADATA || kind == REQUEST_ACCOUNT_SET;
}

static inline bool model_is_messages(uint16_t kind) {
	return model_is_streams(kind) || (kind >= REQUEST_JOIN && kind <= REQUEST_RENAME);
}

static inline void model_do_stream(struct model *model, const struct model_request *request,
                                   struct model_client *client, uint64_t now_us,
                                   struct model_outcome *out) {
	switch (request->kind) {
	case REQUEST_SAY: model_say_in(model, request, client, now_us, out); break;
	case REQUEST_JOIN: model_join(model, request, client, out); break;
	case REQUEST_PART:
		if (model_is_in_room(model, request, client, out) &&
		    model_is_good_why(request, out)) {
			model_part(model, request, client, out);
		}
		break;
	case REQUEST_DIRECT: model_direct(model, request, client, now_us, out); break;
	case REQUEST_RENAME: model_rename_stream(model, request, client, now_us, out); break;
	case REQUEST_TOPIC: model_topic(model, request, client, out); break;
	case REQUEST_MODE: model_mode(model, request, client, out); break;
	case REQUEST_PUT_OUT: model_put_out(model, request, client, out); break;
	case REQUEST_INVITE: model_invite(model, request, client, out); break;
	case REQUEST_RENAME_ROOM: model_rename_room(model, request, client, now_us, out); break;
	case REQUEST_AWAY: model_go_away(request, client, out); break;
	case REQUEST_PROFILE: model_set_bits(model, request, client, out); break;
	case REQUEST_ACCOUNT_SET: model_set_account(model, request, out); break;
	case REQUEST_TAGMSG: model_tag(model, request, client, now_us, out); break;
	case REQUEST_MARK: model_mark(model, request, client, now_us, out); break;
	case REQUEST_SET_METADATA: model_set_datum(model, request, client, now_us, out); break;
	default: model_operate(model, request, client, out);
	}
}

/* Without a number: a stream's message, or nobody's. */
static inline void model_stream_message(struct model *model, const struct model_request *request,
                                        uint64_t now_us, struct model_outcome *out) {
	struct model_client *client = model_client_of(model, request->session);
	out->is_of_stream = client != NULL && client->is_stream;
	const struct model_session *session =
		out->is_of_stream ? model_session_of(client, request->session) : NULL;
	if (!out->is_of_stream && model_is_streams(request->kind)) {
		model_refuse(out, REASON_NOT_PERMITTED);
	} else if (!out->is_of_stream || session->home != request->queue ||
	           session->orphan_since_us != 0) {
		model_add(out, "nothing");
	} else {
		model_do_stream(model, request, client, now_us, out);
	}
}

static inline bool model_is_stream(struct model *model, uint64_t session) {
	const struct model_client *client = model_client_of(model, session);
	return client != NULL && client->is_stream;
}

/* What should come of this request; the model is then as it is afterwards. */
static inline void model_decide(struct model *model, const struct model_request *request,
                                uint64_t now_us, struct model_outcome *out) {
	bool is_of_edge = request->queue != MODEL_EDGES;
	out->words[0] = out->said[0] = '\0';
	out->said_by = -1;
	out->is_of_stream = false;
	if (model_is_of_accounts(request->kind)) {
		model_account(model, request, out);
	} else if (!is_of_edge && request->kind == REQUEST_ACCOUNT_SET) {
		model_set_account(model, request, out);
	} else if (is_of_edge == model_is_administrators(request->kind) &&
	           !(is_of_edge && request->kind == REQUEST_SHOUT)) {
		model_refuse(out, REASON_NOT_PERMITTED);
	} else if (request->kind == REQUEST_OPEN) {
		model_open(model, request, now_us, out);
	} else if (request->kind == REQUEST_RESUME) {
		model_resume(model, request, now_us, out);
	} else if (request->kind == REQUEST_ABSENT) {
		model_absent(model, request, now_us, out);
	} else if (request->kind == REQUEST_REGISTER) {
		model_register(model, request, now_us, out);
	} else if (request->kind == REQUEST_ORPHANS) {
		model_orphan(model, request, now_us, out);
	} else if (request->client_number != 0) {
		model_message(model, request, now_us, out);
	} else if (is_of_edge &&
	           (model_is_messages(request->kind) ||
	            (request->kind == REQUEST_SAY && model_is_stream(model, request->session)))) {
		model_stream_message(model, request, now_us, out);
	} else {
		model_decide_plain(model, request, now_us, out);
	}
}

#endif
