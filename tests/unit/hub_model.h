/* What the hub should do, told once more and as simply as possible: a list of addresses with names,
 * of mutes and of bans. It shares no code with what it is compared to; even which names are equal
 * is a table here. Rooms are hub_model_rooms.h's, sessions hub_model_sessions.h's, streams
 * hub_model_streams.h's; what they have read, and say of themselves, hub_model_marks.h's. */
#ifndef HUB_MODEL_H
#define HUB_MODEL_H

#include "log_help.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "limits.h"
#include "record.h"

#define MODEL_NAMES 15
#define MODEL_ADDRESSES 12
#define MODEL_NETS 3
#define MODEL_BANS_MAX 64
#define MODEL_EDGES 2
#define MODEL_CLIENTS 96
#define MODEL_PEOPLE (MODEL_ADDRESSES + MODEL_CLIENTS)
#define MODEL_ROOMS 6
#define MODEL_LOBBY 0
#define MODEL_LISTS 3
#define MODEL_MASKS 7
#define MODEL_PHRASE 112
#define MODEL_KEYS 3
#define MODEL_DEVICES 3
#define MODEL_BOB 3
#define MODEL_LIKE_BOB 13

/* `same` is the number of the name as which it counts; -1: nobody can look for it. */
static const struct model_name {
	const char *bytes;
	int same;
	enum reason refused;
} model_names[MODEL_NAMES] = {
	{"ann", 0, REASON_NONE},
	{"ANN", 0, REASON_NONE},
	{"Ａnn", 0, REASON_NONE},
	{"bob", 3, REASON_NONE},
	{"Bob", 3, REASON_NONE},
	{"小明", 5, REASON_NONE},
	{"\xC3\xA9va-with-a-longer-name", 6, REASON_NONE},
	{"e\xCC\x81VA-with-a-longer-name", 6, REASON_NONE},
	{"carl", 8, REASON_NONE},
	{"李四", 9, REASON_NONE},
	{"admin", 10, REASON_NAME_RESERVED},
	{"管理员", 11, REASON_NAME_RESERVED},
	{"a!b", 12, REASON_NAME_INVALID},
	{"B0B", MODEL_LIKE_BOB, REASON_NONE},
	{"", -1, REASON_NAME_EMPTY},
};

static const char *const model_devices[MODEL_DEVICES] = {"", "phone", "手机"};

/* A request as the test makes it. The texts are numbers, too. */
enum model_text {
	TEXT_HELLO,
	TEXT_NAME_HELLO, /* "NAME hello": whose name is in `name` */
	TEXT_NAME_ALONE,
	TEXT_NONE,
	TEXT_TOO_LONG,
	TEXT_BROKEN,
	MODEL_TEXTS
};

struct model_request {
	uint16_t kind;
	uint16_t queue;
	int address; /* who asks, if it comes from an edge */
	int name;
	int net; /* -1: by name */
	enum model_text text;
	uint64_t number; /* minutes, lines */
	uint64_t session;
	uint64_t client_number, nonce;
	uint64_t room; /* its id */
	int room_name; /* of a stream's: -1: none, the room is named by its id */
	/* A stream's. */
	bool is_of_connection;
	int mode; /* which change */
	int device;
	uint64_t bits; /* PERSON_* */
	uint64_t since_us;
};

struct model_ban {
	int same, net; /* one of them is -1 */
	uint64_t until_us;
};

struct model_person {
	bool is_here;
	int name;
	uint16_t home;
	uint64_t session;
	uint64_t office; /* in the lobby */
	char data[MODEL_KEYS][MODEL_PHRASE];
};

/* One of a stream's. */
struct model_session {
	uint64_t id;
	int address, device;
	uint16_t home;
	uint64_t orphan_since_us; /* 0: it is connected */
};

/*
 * Who came by a session; or by a stream: absent when its edges died, or, as an account's, while it has
 * no session; dormant as an account's only.
 */
struct model_client {
	enum { MODEL_NOBODY, MODEL_CONNECTED, MODEL_ABSENT, MODEL_DORMANT } life;
	int name;
	int address;
	uint16_t home;
	uint64_t session, nonce, number; /* a stream's: its person */
	uint64_t since_us;               /* absent or dormant since then */
	bool is_in[MODEL_ROOMS];
	uint64_t offices[MODEL_ROOMS];
	/* A stream's; `address` is where its host is from. */
	bool is_stream;
	bool is_bound; /* the account of its name is its own */
	struct model_session sessions[SESSIONS_PER_PERSON_MAX];
	int sessions_count;
	uint64_t bits;
	char away[MODEL_PHRASE];
	char data[MODEL_KEYS][MODEL_PHRASE];
	uint64_t marks[MODEL_PEOPLE]; /* what it has read of whom */
};

struct model_room {
	uint64_t id; /* 0: there is none */
	int name;    /* which of the names that are its, as it is shown */
	uint64_t renamed_us;
	bool is_said_in;
	uint64_t empty_seq;
	uint64_t bits;
	bool has_key;
	uint64_t limit;
	uint64_t founder;    /* a session, which may be gone */
	int founder_account; /* a name; -1: it had none */
	int forward;         /* 0: nowhere */
	uint64_t slow_s;
	uint64_t spoken_us[MODEL_PEOPLE]; /* while it is slow */
	char topic[MODEL_PHRASE];
	bool masks[MODEL_LISTS][MODEL_MASKS];
	bool is_invited[MODEL_PEOPLE];
	char data[MODEL_KEYS][MODEL_PHRASE];
	uint64_t marks[MODEL_CLIENTS]; /* who has read how far */
};

/* Plain data: a copy of it is a snapshot. People are numbered: plain ones by address, then the clients. */
struct model {
	struct model_person people[MODEL_ADDRESSES];
	struct model_client clients[MODEL_CLIENTS];
	struct model_room rooms[MODEL_ROOMS];
	uint64_t threads[MODEL_PEOPLE][MODEL_PEOPLE];
	uint64_t entry_seq; /* of the last entry of the request that is looked at */
	struct {
		bool is_there;
		uint64_t until_us;
	} mutes[MODEL_NAMES];
	struct model_ban bans[MODEL_BANS_MAX];
	size_t bans_count;
	bool accounts[MODEL_NAMES];
	uint64_t account_bits[MODEL_NAMES];
};

/* What should come of a request: kinds and reasons in order, and what is said by whom. */
struct model_outcome {
	char words[200];
	int said_by; /* name; -1: nothing is said */
	char said[TEXT_BYTES_MAX + 100];
	bool is_of_stream; /* refusals are answers */
};

/* hub_model_rooms.h: may it speak there? */
static inline enum reason model_speech(const struct model *model, int who, int room);
/* And now, as far as slow mode goes? If so, that is noted. */
static inline enum reason model_pace(struct model *model, int who, int room, uint64_t now_us);

/* Of the twelve addresses, each net has four. */
static inline int model_net_of(int address) {
	return address / 4;
}

static inline bool model_is_here(const struct model *model, int who) {
	if (who < MODEL_ADDRESSES) {
		return model->people[who].is_here;
	}
	const struct model_client *client = &model->clients[who - MODEL_ADDRESSES];
	return client->life == MODEL_CONNECTED || client->life == MODEL_ABSENT;
}

static inline int model_name_of(const struct model *model, int who) {
	return who < MODEL_ADDRESSES ? model->people[who].name
	                             : model->clients[who - MODEL_ADDRESSES].name;
}

static inline int model_address_of(const struct model *model, int who) {
	return who < MODEL_ADDRESSES ? who : model->clients[who - MODEL_ADDRESSES].address;
}

static inline int model_count(const struct model *model) {
	int count = 0;
	for (int i = 0; i < MODEL_PEOPLE; i++) {
		count += model_is_here(model, i);
	}
	return count;
}

/* Who is here under that name; -1: nobody. */
static inline int model_holder(const struct model *model, int name) {
	int same = model_names[name].same;
	for (int i = 0; i < MODEL_PEOPLE; i++) {
		if (same >= 0 && model_is_here(model, i) &&
		    model_names[model_name_of(model, i)].same == same) {
			return i;
		}
	}
	return -1;
}

/* Nobody is in a room any more, with this entry. */
static inline void model_note_emptiness(struct model *model) {
	for (int r = MODEL_LOBBY + 1; r < MODEL_ROOMS; r++) {
		bool is_empty = model->rooms[r].id != 0;
		for (int i = 0; i < MODEL_CLIENTS; i++) {
			is_empty = is_empty && (model->clients[i].life == MODEL_NOBODY ||
			                        !model->clients[i].is_in[r]);
		}
		if (!is_empty) {
			model->rooms[r].empty_seq = 0;
		} else if (model->rooms[r].empty_seq == 0) {
			model->rooms[r].empty_seq = model->entry_seq;
		}
	}
}

/* An account's person leaves: it is dormant, in no room. */
static inline void model_leave_account(struct model *model, int who) {
	struct model_client *client = &model->clients[who - MODEL_ADDRESSES];
	client->life = MODEL_DORMANT;
	client->sessions_count = 0;
	client->bits = 0;
	memset(client->is_in, 0, sizeof(client->is_in));
	memset(client->offices, 0, sizeof(client->offices));
	memset(client->away, 0, sizeof(client->away));
	for (int r = 0; r < MODEL_ROOMS; r++) {
		model->rooms[r].is_invited[who] = false;
	}
	model_note_emptiness(model);
}

/* A person is over, and with it what it wrote with others; an account's is not. */
static inline void model_end(struct model *model, int who) {
	if (who >= MODEL_ADDRESSES && model->clients[who - MODEL_ADDRESSES].is_bound) {
		model_leave_account(model, who);
		return;
	}
	for (int i = 0; i < MODEL_PEOPLE; i++) {
		model->threads[who][i] = model->threads[i][who] = 0;
	}
	for (int r = 0; r < MODEL_ROOMS; r++) {
		model->rooms[r].is_invited[who] = false;
		model->rooms[r].spoken_us[who] = 0;
		if (who >= MODEL_ADDRESSES) {
			model->rooms[r].marks[who - MODEL_ADDRESSES] = 0;
		}
	}
	for (int i = 0; i < MODEL_CLIENTS; i++) {
		model->clients[i].marks[who] = 0;
	}
	if (who < MODEL_ADDRESSES) {
		model->people[who].is_here = false;
		model->people[who].office = 0;
		memset(model->people[who].data, 0, sizeof(model->people[who].data));
	} else {
		memset(&model->clients[who - MODEL_ADDRESSES], 0, sizeof(model->clients[0]));
		model_note_emptiness(model);
	}
}

static inline bool model_holds(uint64_t until_us, uint64_t now_us) {
	return until_us == 0 || now_us < until_us;
}

static inline bool model_is_muted(const struct model *model, int name, uint64_t now_us) {
	int same = model_names[name].same;
	return same >= 0 && model->mutes[same].is_there &&
	       model_holds(model->mutes[same].until_us, now_us);
}

/* An address of -1 is not looked at. */
static inline bool model_is_banned(const struct model *model, int name, int address,
                                   uint64_t now_us) {
	for (size_t i = 0; i < model->bans_count; i++) {
		const struct model_ban *ban = &model->bans[i];
		if (model_holds(ban->until_us, now_us) &&
		    (ban->net >= 0 ? address >= 0 && ban->net == model_net_of(address)
		                   : ban->same == model_names[name].same)) {
			return true;
		}
	}
	return false;
}

/* By its name, or from where one of its connections comes. */
static inline bool model_is_person_banned(const struct model *model, int who, uint64_t now_us) {
	int name = model_name_of(model, who);
	if (who < MODEL_ADDRESSES || !model->clients[who - MODEL_ADDRESSES].is_stream) {
		return model_is_banned(model, name, model_address_of(model, who), now_us);
	}
	const struct model_client *client = &model->clients[who - MODEL_ADDRESSES];
	bool is_banned = model_is_banned(model, name, -1, now_us);
	for (int i = 0; i < client->sessions_count; i++) {
		is_banned = is_banned ||
		            model_is_banned(model, name, client->sessions[i].address, now_us);
	}
	return is_banned;
}

/*
 * It is somebody's, or looks like somebody's, who asks has not shown to be that one, and does not have it
 * now: why it is refused, if it is.
 */
static inline enum reason model_is_registered(const struct model *model,
                                              const struct model_request *request, int name) {
	int same = model_names[name].same;
	int like = same == MODEL_BOB ? MODEL_LIKE_BOB : same == MODEL_LIKE_BOB ? MODEL_BOB : -1;
	if (same < 0 || (request->bits & PERSON_HAS_ACCOUNT) != 0) {
		return REASON_NONE;
	}
	return model->accounts[same]                ? REASON_NAME_REGISTERED
	       : like >= 0 && model->accounts[like] ? REASON_LOOKS_LIKE
	                                            : REASON_NONE;
}

static inline void model_unban(struct model *model, size_t index) {
	assert(index < model->bans_count);
	memmove(&model->bans[index], &model->bans[index + 1],
	        (--model->bans_count - index) * sizeof(model->bans[0]));
}

static inline void model_rename(struct model *model, int *bearer, int name) {
	int from = model_names[*bearer].same, to = model_names[name].same;
	*bearer = name;
	if (from != to && model->mutes[from].is_there) {
		uint64_t a = model->mutes[from].until_us, b = model->mutes[to].until_us;
		if (!model->mutes[to].is_there || a == 0 || (b != 0 && a > b)) {
			model->mutes[to] = model->mutes[from];
		}
		model->mutes[from].is_there = false;
	}
}

static inline void model_add(struct model_outcome *out, const char *word) {
	size_t used = strlen(out->words);
	snprintf(out->words + used, sizeof(out->words) - used, "%s%s", used > 0 ? " " : "", word);
}

static inline void model_refuse(struct model_outcome *out, enum reason reason) {
	model_add(out, "refused");
	size_t used = strlen(out->words);
	snprintf(out->words + used, sizeof(out->words) - used, ":%s",
	         reason_word((uint16_t)reason));
}

static inline void model_follow(struct model_person *person, const struct model_request *request,
                                struct model_outcome *out) {
	if (person->home != request->queue) {
		person->home = request->queue;
		model_add(out, "moved");
	}
}

/* Only plain members have to be asked whether they are there. */
static inline void model_add_probe(struct model_outcome *out, int holder) {
	if (holder < MODEL_ADDRESSES) {
		model_add(out, "probe");
	}
}

static inline void model_enter(struct model *model, const struct model_request *request,
                               uint64_t now_us, struct model_outcome *out) {
	struct model_person *person = &model->people[request->address];
	const struct model_name *name = &model_names[request->name];
	int holder = model_holder(model, request->name);
	if (person->is_here && holder == request->address) {
		model_follow(person, request, out);
		model_add(out, "ok");
	} else if (name->refused != REASON_NONE) {
		model_refuse(out, name->refused);
	} else if (holder >= 0) {
		model_refuse(out, REASON_NAME_TAKEN);
		model_add_probe(out, holder);
	} else if (model_is_registered(model, request, request->name) != REASON_NONE) {
		model_refuse(out, model_is_registered(model, request, request->name));
	} else if (model_is_banned(model, request->name, request->address, now_us)) {
		model_refuse(out, REASON_BANNED);
	} else if (person->is_here) {
		model_follow(person, request, out);
		model_add(out, "ok renamed");
		model_rename(model, &person->name, request->name);
	} else {
		model_add(out, "ok entered");
		*person = (struct model_person){
			.is_here = true, .name = request->name, .home = request->queue};
	}
}

/* The text as it is sent, if it is short and whole. */
static inline void model_phrase(const struct model_request *request, char out[MODEL_PHRASE]) {
	const char *name = model_names[request->name].bytes;
	out[0] = '\0';
	switch (request->text) {
	case TEXT_HELLO: memcpy(out, "hello", 6); break;
	case TEXT_NAME_HELLO: snprintf(out, MODEL_PHRASE, "%s hello", name); break;
	case TEXT_NAME_ALONE: snprintf(out, MODEL_PHRASE, "%s", name); break;
	default: break;
	}
}

/* The text as it is sent. */
static inline void model_write(const struct model_request *request, char *out) {
	if (request->text == TEXT_TOO_LONG) {
		memset(out, 'x', TEXT_BYTES_MAX + 1);
		out[TEXT_BYTES_MAX + 1] = '\0';
	} else if (request->text == TEXT_BROKEN) {
		memcpy(out, "\xE5\xB0", 3);
	} else {
		model_phrase(request, out);
	}
}

static inline void model_say(struct model *model, const struct model_request *request,
                             uint64_t now_us, struct model_outcome *out) {
	struct model_person *person = &model->people[request->address];
	if (!person->is_here) {
		model_refuse(out, REASON_NOT_ENTERED);
		return;
	}
	model_write(request, out->said);
	bool is_own = model_names[request->name].same == model_names[person->name].same;
	if (is_own && request->text == TEXT_NAME_HELLO) {
		memcpy(out->said, "hello", 6);
	} else if (is_own && request->text == TEXT_NAME_ALONE) {
		out->said[0] = '\0';
	}
	if (out->said[0] == '\0') {
		model_refuse(out, REASON_TEXT_EMPTY);
	} else if (request->text == TEXT_TOO_LONG) {
		model_refuse(out, REASON_TEXT_TOO_LONG);
	} else if (request->text == TEXT_BROKEN) {
		model_refuse(out, REASON_NOT_UTF8);
	} else if (model_is_muted(model, person->name, now_us)) {
		model_refuse(out, REASON_MUTED);
	} else if (model_speech(model, request->address, MODEL_LOBBY) != REASON_NONE) {
		model_refuse(out, model_speech(model, request->address, MODEL_LOBBY));
	} else if (model_pace(model, request->address, MODEL_LOBBY, now_us) != REASON_NONE) {
		model_refuse(out, REASON_SLOW_MODE);
	} else {
		model_follow(person, request, out);
		model_add(out, "said");
		out->said_by = person->name;
	}
}

static inline void model_leave(struct model *model, const struct model_request *request,
                               struct model_outcome *out) {
	struct model_person *person = &model->people[request->address];
	bool is_named = model_names[request->name].bytes[0] != '\0';
	int holder = model_holder(model, request->name);
	if (is_named && (person->is_here ? holder != request->address : holder >= 0)) {
		model_refuse(out, REASON_NOT_YOUR_NAME);
		return;
	}
	model_add(out, person->is_here ? "exit left" : "exit");
	model_end(model, request->address);
}

/* A stream's life is that of its sessions; as an account's it goes on without. */
static inline void model_settle(struct model_client *client) {
	client->life = MODEL_ABSENT;
	for (int i = 0; i < client->sessions_count; i++) {
		if (client->sessions[i].orphan_since_us == 0) {
			client->life = MODEL_CONNECTED;
		}
	}
}

static inline struct model_session *model_session_of(struct model_client *client, uint64_t id) {
	for (int i = 0; i < client->sessions_count; i++) {
		if (client->sessions[i].id == id) {
			return &client->sessions[i];
		}
	}
	return NULL;
}

static inline bool model_stays(const struct model *model, const struct model_client *client) {
	return client->is_bound &&
	       (model->account_bits[model_names[client->name].same] & ACCOUNT_STAYS) != 0;
}

/* One of a stream's sessions ends. True: its person stays. */
static inline bool model_end_session(struct model *model, struct model_client *client,
                                     struct model_session *session) {
	if (client->sessions_count == 1 && !model_stays(model, client)) {
		model_end(model, MODEL_ADDRESSES + (int)(client - model->clients));
		return false;
	}
	*session = client->sessions[--client->sessions_count];
	model_settle(client);
	return true;
}

static inline void model_stream_gone(struct model *model, struct model_client *client,
                                     struct model_session *session, struct model_outcome *out) {
	if (!model_end_session(model, client, session)) {
		model_add(out, "left:unreachable");
		return;
	}
	model_add(out, "detached:unreachable");
	if (client->sessions_count == 0 && (client->bits & PERSON_IS_OPERATOR) != 0) {
		client->bits &= ~(uint64_t)PERSON_IS_OPERATOR;
		model_add(out, "profile");
	}
}

static inline void model_gone(struct model *model, const struct model_request *request,
                              struct model_outcome *out) {
	for (int i = 0; i < MODEL_ADDRESSES; i++) {
		const struct model_person *person = &model->people[i];
		if (person->is_here && person->session == request->session &&
		    person->home == request->queue) {
			model_end(model, i);
			model_add(out, "left:unreachable");
			return;
		}
	}
	for (int i = 0; i < MODEL_CLIENTS; i++) {
		struct model_session *session =
			model_session_of(&model->clients[i], request->session);
		if (session != NULL && session->home == request->queue) {
			model_stream_gone(model, &model->clients[i], session, out);
			return;
		}
	}
	model_add(out, "nothing");
}

static inline void model_ask(struct model *model, const struct model_request *request,
                             struct model_outcome *out) {
	struct model_person *person = &model->people[request->address];
	if (!person->is_here) {
		model_refuse(out, REASON_NOT_ENTERED);
		return;
	}
	model_follow(person, request, out);
	model_add(out, request->kind == REQUEST_WHO ? "who" : "history");
}

static inline uint64_t model_until(const struct model_request *request, uint64_t now_us) {
	return request->number == 0 ? 0 : now_us + request->number * 60000000;
}

static inline uint64_t model_until_second(const struct model_request *request, uint64_t now_us) {
	return request->number == 0 ? 0 : now_us + request->number * 1000000;
}

static inline void model_ban(struct model *model, const struct model_request *request,
                             uint64_t now_us, struct model_outcome *out) {
	int same = model_names[request->name].same;
	if (request->net < 0 && same < 0) {
		model_refuse(out, REASON_NAME_INVALID);
		return;
	}
	assert(model->bans_count < MODEL_BANS_MAX);
	model->bans[model->bans_count++] =
		(struct model_ban){.same = request->net < 0 ? same : -1,
	                           .net = request->net,
	                           .until_us = model_until_second(request, now_us)};
	model_add(out, "banned done");
}

static inline void model_lift_ban(struct model *model, const struct model_request *request,
                                  struct model_outcome *out) {
	int same = model_names[request->name].same;
	unsigned lifted = 0;
	for (size_t i = 0; i < model->bans_count;) {
		const struct model_ban *ban = &model->bans[i];
		if (request->net >= 0 ? ban->net == request->net
		                      : ban->net < 0 && same >= 0 && ban->same == same) {
			model_unban(model, i);
			model_add(out, "unbanned");
			lifted++;
		} else {
			i++;
		}
	}
	assert(lifted <= 16);
	if (lifted == 0) {
		model_refuse(out, REASON_NO_SUCH_BAN);
	} else {
		model_add(out, "done");
	}
}

static inline void model_mute(struct model *model, const struct model_request *request,
                              uint64_t now_us, struct model_outcome *out) {
	int same = model_names[request->name].same;
	if (request->kind == REQUEST_UNMUTE) {
		if (model_is_muted(model, request->name, now_us)) {
			model->mutes[same].is_there = false;
			model_add(out, "unmuted done");
		} else {
			model_refuse(out, REASON_NO_SUCH_NAME);
		}
	} else if (same < 0) {
		model_refuse(out, REASON_NAME_INVALID);
	} else {
		model->mutes[same].is_there = true;
		model->mutes[same].until_us = model_until(request, now_us);
		model_add(out, "muted done");
	}
}

static inline void model_sleep(struct model_client *client, uint64_t now_us) {
	client->life = MODEL_DORMANT;
	client->since_us = now_us;
}

static inline void model_close(struct model *model, uint64_t now_us, struct model_outcome *out) {
	for (int i = 0; i < MODEL_PEOPLE; i++) {
		if (i < MODEL_ADDRESSES || model->clients[i - MODEL_ADDRESSES].is_stream) {
			/* Who was dormant remains so. */
			model_end(model, i);
		} else if (model_is_here(model, i)) {
			model_sleep(&model->clients[i - MODEL_ADDRESSES], now_us);
		}
	}
	model_add(out, "closed:closed done");
}

static inline void model_administer(struct model *model, const struct model_request *request,
                                    uint64_t now_us, struct model_outcome *out) {
	int holder = model_holder(model, request->name);
	switch (request->kind) {
	case REQUEST_SHOUT: model_add(out, "shouted done"); break;
	case REQUEST_KICK:
		if (holder < 0) {
			model_refuse(out, REASON_NO_SUCH_NAME);
		} else {
			model_end(model, holder);
			model_add(out, "kicked:kicked done");
		}
		break;
	case REQUEST_MUTE:
	case REQUEST_UNMUTE: model_mute(model, request, now_us, out); break;
	case REQUEST_BAN: model_ban(model, request, now_us, out); break;
	case REQUEST_UNBAN: model_lift_ban(model, request, out); break;
	case REQUEST_CLOSE: model_close(model, now_us, out); break;
	default: assert(request->kind == REQUEST_CHECK); model_add(out, "check");
	}
}

static inline bool model_is_administrators(uint16_t kind) {
	return kind >= REQUEST_SHOUT && kind <= REQUEST_CHECK;
}

/* What should come of a request that is not a session's; the model is then as it is afterwards. */
static inline void model_decide_plain(struct model *model, const struct model_request *request,
                                      uint64_t now_us, struct model_outcome *out) {
	switch (request->kind) {
	case REQUEST_ENTER: model_enter(model, request, now_us, out); break;
	case REQUEST_SAY: model_say(model, request, now_us, out); break;
	case REQUEST_LEAVE: model_leave(model, request, out); break;
	case REQUEST_GONE: model_gone(model, request, out); break;
	case REQUEST_WHO:
	case REQUEST_HISTORY: model_ask(model, request, out); break;
	default: model_administer(model, request, now_us, out);
	}
}

#endif
