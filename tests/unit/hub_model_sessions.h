/* The model of the hub: what it does for those who come by sessions; and what streams say as they do. */
#ifndef HUB_MODEL_SESSIONS_H
#define HUB_MODEL_SESSIONS_H

#include "hub_model_rooms.h"

#define MODEL_AWAY_US (UINT64_C(600) * 1000000)
#define MODEL_FORGET_US (UINT64_C(7200) * 1000000)

/* ---- coming in ---- */

/* May it enter under that name? If not, says why not. */
static inline bool model_may_enter(const struct model *model, const struct model_request *request,
                                   int name, uint64_t now_us, struct model_outcome *out) {
	int holder = model_holder(model, name);
	if (model_names[name].refused != REASON_NONE) {
		model_refuse(out, model_names[name].refused);
	} else if (holder >= 0) {
		model_refuse(out, REASON_NAME_TAKEN);
		model_add_probe(out, holder);
	} else if (model_is_registered(model, request, name) != REASON_NONE) {
		model_refuse(out, model_is_registered(model, request, name));
	} else if (model_is_banned(model, name, request->address, now_us)) {
		model_refuse(out, REASON_BANNED);
	} else {
		return true;
	}
	return false;
}

static inline void model_open(struct model *model, const struct model_request *request,
                              uint64_t now_us, struct model_outcome *out) {
	struct model_client *unused = NULL;
	for (int i = 0; i < MODEL_CLIENTS; i++) {
		struct model_client *client = &model->clients[i];
		if (client->life == MODEL_NOBODY) {
			unused = unused == NULL ? client : unused;
		} else if (client->nonce == request->nonce) {
			if (client->life == MODEL_DORMANT) {
				model_refuse(out, REASON_AWAY);
			} else {
				model_add(out, "welcome");
			}
			return;
		}
	}
	if (!model_may_enter(model, request, request->name, now_us, out)) {
		return;
	}
	assert(unused != NULL);
	*unused = (struct model_client){.life = MODEL_CONNECTED,
	                                .name = request->name,
	                                .address = request->address,
	                                .home = request->queue,
	                                .session = model->entry_seq,
	                                .nonce = request->nonce,
	                                .is_in[MODEL_LOBBY] = true};
	model_add(out, "welcome entered");
}

static inline void model_resume(struct model *model, const struct model_request *request,
                                uint64_t now_us, struct model_outcome *out) {
	struct model_client *client = model_client_of(model, request->session);
	if (client == NULL || client->is_stream) {
		model_refuse(out, REASON_NO_SUCH_SESSION);
		return;
	}
	if (client->life == MODEL_DORMANT) {
		bool is_named = model_names[request->name].bytes[0] != '\0';
		int name = is_named ? request->name : client->name;
		if (!model_may_enter(model, request, name, now_us, out)) {
			return;
		}
		if (model_holder(model, client->name) < 0) {
			model_rename(model, &client->name, name);
		}
		client->name = name;
		model_add(out, "welcome entered");
	} else if (model_is_banned(model, client->name, request->address, now_us)) {
		model_refuse(out, REASON_BANNED);
		return;
	} else {
		bool is_there = client->life == MODEL_CONNECTED && client->home == request->queue &&
		                client->address == request->address;
		model_add(out, is_there ? "welcome" : "moved welcome");
	}
	client->life = MODEL_CONNECTED;
	client->home = request->queue;
	client->address = request->address;
}

static inline void model_absent(struct model *model, const struct model_request *request,
                                uint64_t now_us, struct model_outcome *out) {
	struct model_client *client = model_client_of(model, request->session);
	if (client != NULL && !client->is_stream && client->life == MODEL_CONNECTED &&
	    client->home == request->queue) {
		client->life = MODEL_ABSENT;
		client->since_us = now_us;
		model_add(out, "absent");
	} else {
		model_add(out, "nothing");
	}
}

/* ---- messages ---- */

static inline void model_refuse_message(struct model_outcome *out, enum reason reason) {
	if (out->is_of_stream) {
		model_refuse(out, reason);
		return;
	}
	model_add(out, "refused-message");
	size_t used = strlen(out->words);
	if (reason != REASON_NONE) {
		snprintf(out->words + used, sizeof(out->words) - used, ":%s",
		         reason_word((uint16_t)reason));
	}
}

/* There is nothing to do. */
static inline void model_refuse_idle(struct model_outcome *out) {
	if (out->is_of_stream) {
		model_add(out, "nothing");
	} else {
		model_refuse_message(out, REASON_NONE);
	}
}

/* Can it say this? */
static inline bool model_may_say(const struct model *model, const struct model_request *request,
                                 const struct model_client *client, uint64_t now_us,
                                 struct model_outcome *out) {
	model_write(request, out->said);
	if (out->said[0] == '\0') {
		model_refuse_message(out, REASON_TEXT_EMPTY);
	} else if (request->text == TEXT_TOO_LONG) {
		model_refuse_message(out, REASON_TEXT_TOO_LONG);
	} else if (request->text == TEXT_BROKEN) {
		model_refuse_message(out, REASON_NOT_UTF8);
	} else if (model_is_muted(model, client->name, now_us)) {
		model_refuse_message(out, REASON_MUTED);
	} else {
		return true;
	}
	return false;
}

/* Streams may name rooms instead. */
static inline int model_room_asked(const struct model *model, const struct model_request *request) {
	if (request->is_of_connection && request->room_name >= 0) {
		int room = model_room_names[request->room_name].room;
		return room > MODEL_LOBBY && model->rooms[room].id == 0 ? -1 : room;
	}
	return model_room_of(model, request->room);
}

static inline bool model_is_in_room(const struct model *model, const struct model_request *request,
                                    const struct model_client *client, struct model_outcome *out) {
	int room = model_room_asked(model, request);
	if (room >= 0 && client->is_in[room]) {
		return true;
	}
	model_refuse_message(out, room < 0 ? REASON_NO_SUCH_ROOM : REASON_NOT_IN_ROOM);
	return false;
}

/* From outside of a room only streams speak. */
static inline bool model_may_reach(const struct model *model, const struct model_request *request,
                                   const struct model_client *client, struct model_outcome *out) {
	int room = model_room_asked(model, request);
	if ((!out->is_of_stream || room < 0) && !model_is_in_room(model, request, client, out)) {
		return false;
	}
	enum reason reason = model_speech(model, model_number_of(model, client), room);
	if (reason != REASON_NONE) {
		model_refuse_message(out, reason);
	}
	return reason == REASON_NONE;
}

static inline void model_say_in(struct model *model, const struct model_request *request,
                                struct model_client *client, uint64_t now_us,
                                struct model_outcome *out) {
	bool is_to_some = (request->number & MEMBER_BITS) != 0;
	if (model_may_reach(model, request, client, out) &&
	    model_may_say(model, request, client, now_us, out)) {
		int room = model_room_asked(model, request);
		if (!is_to_some && model_pace(model, model_number_of(model, client), room,
		                              now_us) != REASON_NONE) {
			model_refuse_message(out, REASON_SLOW_MODE);
			return;
		}
		model->rooms[room].is_said_in |= !is_to_some;
		model_add(out, is_to_some ? "said-to" : "said");
		out->said_by = client->name;
	}
}

static inline void model_join(struct model *model, const struct model_request *request,
                              struct model_client *client, struct model_outcome *out) {
	int room = model_room_names[request->room_name].room;
	if (room < 0) {
		model_refuse_message(out, REASON_ROOM_NAME_INVALID);
		return;
	}
	if (client->is_in[room]) {
		model_refuse_idle(out);
		return;
	}
	bool is_new = room != MODEL_LOBBY && model->rooms[room].id == 0;
	bool has_key = request->is_of_connection && request->text == TEXT_HELLO;
	enum reason reason = is_new ? REASON_NONE : model_joining(model, client, room, has_key);
	int other = reason != REASON_NONE ? model_room_instead(model, client, room) : -1;
	if (reason != REASON_NONE && other < 0) {
		model_refuse_message(out, reason);
		return;
	}
	room = other >= 0 ? other : room;
	bool is_first =
		is_new || model_is_deserted(model, room) || model_is_founder(model, client, room);
	/* Others who are there hear of it. */
	bool is_told = !is_new && is_first && model_members(model, room) > 0;
	model->rooms[room].is_said_in |= is_told;
	model_add(out, is_new ? "made joined" : is_told ? "joined mode" : "joined");
	if (is_new) {
		bool has_account = model_is_signed_in(model, model_number_of(model, client));
		int account = has_account ? client->name : -1;
		model->rooms[room] = (struct model_room){.id = model->entry_seq - 1,
		                                         .name = request->room_name,
		                                         .bits = ROOM_BITS_AT_FIRST,
		                                         .founder = client->session,
		                                         .founder_account = account};
	}
	client->is_in[room] = true;
	client->offices[room] = is_first ? MEMBER_IS_OPERATOR : 0;
	model->rooms[room].is_invited[model_number_of(model, client)] = false;
	model_note_emptiness(model);
}

static inline void model_part(struct model *model, const struct model_request *request,
                              struct model_client *client, struct model_outcome *out) {
	if (model_is_in_room(model, request, client, out)) {
		int room = model_room_asked(model, request);
		assert(room >= 0);
		client->is_in[room] = false;
		client->offices[room] = 0;
		model_note_emptiness(model);
		model_add(out, "parted");
	}
}

static inline void model_direct(struct model *model, const struct model_request *request,
                                struct model_client *client, uint64_t now_us,
                                struct model_outcome *out) {
	int receiver = model_holder(model, request->name);
	int sender = model_number_of(model, client);
	if (receiver < 0) {
		model_refuse_message(out, REASON_NO_SUCH_NAME);
	} else if (receiver == sender) {
		model_refuse_message(out, REASON_CANNOT_RECEIVE);
	} else if (model_may_say(model, request, client, now_us, out)) {
		if (model->threads[sender][receiver] == 0) {
			model->threads[sender][receiver] = model->entry_seq;
			model->threads[receiver][sender] = model->entry_seq;
		}
		model_add(out, "direct");
		out->said_by = client->name;
	}
}

/* The account is the name: with another name one is somebody else, or nobody. */
static inline uint64_t model_bits_as(const struct model *model, const struct model_request *request,
                                     const struct model_client *client) {
	int same = model_names[request->name].same;
	uint64_t account = same == model_names[client->name].same ? client->bits : 0;
	if ((request->bits & PERSON_HAS_ACCOUNT) != 0) {
		account = model->accounts[same] ? PERSON_HAS_ACCOUNT : 0;
	}
	return (client->bits & ~(uint64_t)PERSON_HAS_ACCOUNT) | (account & PERSON_HAS_ACCOUNT);
}

/* Whose account that name's is; NULL: it has had nobody yet. */
static inline struct model_client *model_bound(struct model *model, int same) {
	for (int i = 0; i < MODEL_CLIENTS; i++) {
		struct model_client *client = &model->clients[i];
		if (client->is_bound && model_names[client->name].same == same) {
			return client;
		}
	}
	return NULL;
}

/* It is signed in: the account of its name is its own, if there is one, and it is nobody's. */
static inline void model_bind(struct model *model, struct model_client *client) {
	int same = model_names[client->name].same;
	if ((client->bits & PERSON_HAS_ACCOUNT) != 0 && model->accounts[same] &&
	    model_bound(model, same) == NULL) {
		client->is_bound = true;
	}
}

/* An account has one person, under its name. */
static inline enum reason model_check_account(struct model *model,
                                              const struct model_client *client, int name,
                                              bool is_signed_in) {
	int same = model_names[name].same;
	if (client->is_bound) {
		bool is_its = is_signed_in && same == model_names[client->name].same;
		return is_its ? REASON_NONE : REASON_NOT_YOUR_NAME;
	}
	return is_signed_in && same >= 0 && model_bound(model, same) != NULL
	               ? REASON_NAME_REGISTERED
	               : REASON_NONE;
}

static inline void model_rename_client(struct model *model, const struct model_request *request,
                                       struct model_client *client, uint64_t now_us,
                                       struct model_outcome *out) {
	int holder = model_holder(model, request->name);
	if (model_names[request->name].refused != REASON_NONE) {
		model_refuse_message(out, model_names[request->name].refused);
	} else if (holder >= 0 && holder != model_number_of(model, client)) {
		model_refuse_message(out, REASON_NAME_TAKEN);
		model_add_probe(out, holder);
	} else if (holder < 0 &&
	           model_is_registered(model, request, request->name) != REASON_NONE) {
		model_refuse_message(out, model_is_registered(model, request, request->name));
	} else if (model_is_banned(model, request->name, -1, now_us)) {
		model_refuse_message(out, REASON_BANNED);
	} else {
		uint64_t bits = model_bits_as(model, request, client);
		enum reason reason = model_check_account(model, client, request->name,
		                                         (bits & PERSON_HAS_ACCOUNT) != 0);
		if (reason != REASON_NONE) {
			model_refuse_message(out, reason);
		} else if (client->name == request->name) {
			model_refuse_idle(out);
		} else {
			bool is_change = bits != client->bits;
			model_add(out, is_change ? "renamed profile" : "renamed");
			client->bits = bits;
			model_rename(model, &client->name, request->name);
			if (is_change) {
				model_bind(model, client);
			}
		}
	}
}

static inline void model_message(struct model *model, const struct model_request *request,
                                 uint64_t now_us, struct model_outcome *out) {
	struct model_client *client = model_client_of(model, request->session);
	if (client == NULL || client->is_stream || request->client_number != client->number + 1) {
		model_add(out, "nothing");
		return;
	}
	client->number++;
	if (client->life == MODEL_DORMANT) {
		model_refuse_message(out, REASON_NOT_ENTERED);
		return;
	}
	switch (request->kind) {
	case REQUEST_SAY: model_say_in(model, request, client, now_us, out); break;
	case REQUEST_JOIN: model_join(model, request, client, out); break;
	case REQUEST_PART: model_part(model, request, client, out); break;
	case REQUEST_DIRECT: model_direct(model, request, client, now_us, out); break;
	case REQUEST_RENAME: model_rename_client(model, request, client, now_us, out); break;
	case REQUEST_LEAVE:
		model_sleep(client, now_us);
		model_add(out, "left");
		break;
	default: assert(request->kind == REQUEST_UNFIT); model_refuse_message(out, REASON_TOO_FAST);
	}
}

#endif
