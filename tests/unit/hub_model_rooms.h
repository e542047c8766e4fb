/* The model of the hub: what hangs on rooms. It holds for everybody, however they came. */
#ifndef HUB_MODEL_ROOMS_H
#define HUB_MODEL_ROOMS_H

#include "hub_model.h"

#include "state.h"

#define MODEL_ROOM_NAMES 8
#define MODEL_KEY "key"

/* Which room a name is of; -1: none can be called that. */
static const struct model_room_name {
	const char *bytes;
	int room;
} model_room_names[MODEL_ROOM_NAMES] = {
	{"#a", 1},     {"#A", 1},      {"#茶", 2},
	{"#bread", 3}, {"#cheese", 4}, {"#大厅", MODEL_LOBBY},
	{"milk", -1},  {"#a,b", -1},
};

/* Each of the first fits one kind of people: see model_kind(). */
enum { MODEL_MUTES_EVEN = 4, MODEL_OF_ACCOUNTS, MODEL_MUTES_ACCOUNTS };
static const char *const model_masks[MODEL_MASKS] = {
	"*!*@plain.qun", "*!*@session.qun", "*!*@even.qun", "*!*@odd.qun", "m:*!*@even.qun", "a:*",
	"m:a:*"};

static inline void model_init(struct model *model) {
	model->rooms[MODEL_LOBBY].bits = ROOM_BITS_AT_FIRST;
	model->rooms[MODEL_LOBBY].founder_account = -1;
}

static inline int model_room_of(const struct model *model, uint64_t id) {
	if (id == 1) {
		return MODEL_LOBBY;
	}
	for (int r = MODEL_LOBBY + 1; r < MODEL_ROOMS; r++) {
		if (id != 0 && model->rooms[r].id == id) {
			return r;
		}
	}
	return -1;
}

static inline struct model_client *model_client_of(struct model *model, uint64_t session) {
	for (int i = 0; i < MODEL_CLIENTS; i++) {
		struct model_client *client = &model->clients[i];
		if (client->life != MODEL_NOBODY &&
		    (client->is_stream ? model_session_of(client, session) != NULL
		                       : client->session == session)) {
			return client;
		}
	}
	return NULL;
}

/* A person's id is that of the first of its sessions. */
static inline bool model_is_anybody(const struct model *model, uint64_t person) {
	for (int i = 0; i < MODEL_CLIENTS; i++) {
		if (model->clients[i].life != MODEL_NOBODY && model->clients[i].session == person) {
			return true;
		}
	}
	return false;
}

static inline int model_number_of(const struct model *model, const struct model_client *client) {
	return (int)(client - model->clients) + MODEL_ADDRESSES;
}

/* Who shows themselves as "~u@even.qun" does so by address. */
static inline int model_kind(const struct model *model, int who) {
	if (who < MODEL_ADDRESSES) {
		return 0;
	}
	const struct model_client *client = &model->clients[who - MODEL_ADDRESSES];
	return client->is_stream ? 2 + client->address % 2 : 1;
}

static inline bool model_is_member(const struct model *model, int who, int room) {
	if (who < MODEL_ADDRESSES) {
		return room == MODEL_LOBBY && model->people[who].is_here;
	}
	return room >= 0 && model_is_here(model, who) &&
	       model->clients[who - MODEL_ADDRESSES].is_in[room];
}

static inline uint64_t *model_office(struct model *model, int who, int room) {
	return who < MODEL_ADDRESSES ? &model->people[who].office
	                             : &model->clients[who - MODEL_ADDRESSES].offices[room];
}

static inline uint64_t model_office_of(const struct model *model, int who, int room) {
	return model_is_member(model, who, room) ? *model_office((struct model *)model, who, room)
	                                         : 0;
}

/* Is it signed in, to an account that there is? */
static inline bool model_is_signed_in(const struct model *model, int who) {
	if (who < MODEL_ADDRESSES) {
		return false;
	}
	const struct model_client *client = &model->clients[who - MODEL_ADDRESSES];
	return (client->bits & PERSON_HAS_ACCOUNT) != 0 &&
	       model->accounts[model_names[client->name].same];
}

static inline bool model_is_listed(const struct model *model, int who, int room, char letter,
                                   bool is_of_speech) {
	int list = letter == 'b' ? 0 : letter == 'e' ? 1 : 2, kind = model_kind(model, who);
	const bool *masks = model->rooms[room].masks[list];
	bool is_signed_in = model_is_signed_in(model, who);
	return is_of_speech ? (kind == 2 && masks[MODEL_MUTES_EVEN]) ||
	                              (is_signed_in && masks[MODEL_MUTES_ACCOUNTS])
	                    : masks[kind] || (is_signed_in && masks[MODEL_OF_ACCOUNTS]);
}

static inline bool model_is_room_banned(const struct model *model, int who, int room) {
	return model_is_listed(model, who, room, 'b', false) &&
	       !model_is_listed(model, who, room, 'e', false);
}

static inline bool model_is_room_muted(const struct model *model, int who, int room) {
	return model_is_listed(model, who, room, 'b', true) &&
	       !model_is_listed(model, who, room, 'e', true);
}

static inline enum reason model_pace(struct model *model, int who, int room, uint64_t now_us) {
	struct model_room *it = &model->rooms[room];
	uint64_t *spoken_us = &it->spoken_us[who];
	bool is_operator = who >= MODEL_ADDRESSES &&
	                   (model->clients[who - MODEL_ADDRESSES].bits & PERSON_IS_OPERATOR) != 0;
	if (it->slow_s == 0 || is_operator || model_office_of(model, who, room) != 0) {
		return REASON_NONE;
	}
	if (*spoken_us != 0 && *spoken_us + it->slow_s * 1000000 > now_us) {
		return REASON_SLOW_MODE;
	}
	*spoken_us = now_us;
	return REASON_NONE;
}

static inline enum reason model_speech(const struct model *model, int who, int room) {
	const struct model_room *it = &model->rooms[room];
	if (model_office_of(model, who, room) != 0) {
		return REASON_NONE;
	}
	bool may_not = (!model_is_member(model, who, room) && (it->bits & ROOM_NO_EXTERNAL) != 0) ||
	               (it->bits & ROOM_IS_MODERATED) != 0 ||
	               model_is_room_banned(model, who, room);
	if (!may_not && model_is_room_muted(model, who, room)) {
		return REASON_ROOM_MUTED;
	}
	if (!may_not && (it->bits & ROOM_HEARS_ACCOUNTS) != 0 && !model_is_signed_in(model, who)) {
		return REASON_NEEDS_ACCOUNT;
	}
	return may_not ? REASON_CANNOT_SEND_TO_ROOM : REASON_NONE;
}

static inline uint64_t model_members(const struct model *model, int room) {
	uint64_t count = 0;
	for (int i = 0; i < MODEL_PEOPLE; i++) {
		count += model_is_member(model, i, room);
	}
	return count;
}

static inline bool model_is_founder(const struct model *model, const struct model_client *client,
                                    int room) {
	const struct model_room *it = &model->rooms[room];
	if (it->founder_account >= 0) {
		return (client->bits & PERSON_HAS_ACCOUNT) != 0 &&
		       model_names[client->name].same == model_names[it->founder_account].same;
	}
	return it->founder != 0 && it->founder == client->session;
}

static inline bool model_is_deserted(const struct model *model, int room) {
	return room != MODEL_LOBBY && model_members(model, room) == 0 &&
	       model->rooms[room].founder_account < 0 &&
	       !model_is_anybody(model, model->rooms[room].founder);
}

static inline enum reason model_joining(const struct model *model,
                                        const struct model_client *client, int room, bool has_key) {
	const struct model_room *it = &model->rooms[room];
	int who = model_number_of(model, client);
	if (it->is_invited[who] || model_is_founder(model, client, room) ||
	    model_is_deserted(model, room)) {
		return REASON_NONE;
	}
	if (model_is_room_banned(model, who, room)) {
		return REASON_ROOM_BANNED;
	}
	if ((it->bits & ROOM_WANTS_ACCOUNT) != 0 && !model_is_signed_in(model, who)) {
		return REASON_NEEDS_ACCOUNT;
	}
	if ((it->bits & ROOM_IS_INVITE_ONLY) != 0 &&
	    !model_is_listed(model, who, room, 'I', false)) {
		return REASON_INVITE_ONLY;
	}
	if (it->has_key && !has_key) {
		return REASON_BAD_KEY;
	}
	return it->limit > 0 && model_members(model, room) >= it->limit ? REASON_ROOM_FULL
	                                                                : REASON_NONE;
}

/* Where it is sent instead; -1: nowhere. */
static inline int model_room_instead(const struct model *model, const struct model_client *client,
                                     int room) {
	int other = model->rooms[room].forward;
	bool may = other > 0 && model->rooms[other].id != 0 && !client->is_in[other] &&
	           model_joining(model, client, other, false) == REASON_NONE;
	return may ? other : -1;
}

#endif
