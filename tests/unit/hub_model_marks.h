/* The model of the hub: up to where people have read, and what they say of themselves and of rooms. */
#ifndef HUB_MODEL_MARKS_H
#define HUB_MODEL_MARKS_H

#include "hub_model_sessions.h"

#define MODEL_KEYS_ASKED 5

/* What is asked for: keys that there are, one that cannot be, and none: all are taken away. */
static const char *const model_keys[MODEL_KEYS_ASKED] = {"avatar", "status", "url", "Bad", ""};

/* As its operator, or the server's. */
static inline bool model_rules(const struct model *model, const struct model_client *client,
                               int room) {
	uint64_t office = model_office_of(model, model_number_of(model, client), room);
	return (office & MEMBER_IS_OPERATOR) != 0 || (client->bits & PERSON_IS_OPERATOR) != 0;
}

static inline bool model_is_of_person(const struct model_request *request) {
	return model_names[request->name].bytes[0] != '\0';
}

/* ---- read markers ---- */

/* Who is here under that name, or, away, has an account of it; -1: nobody. */
static inline int model_known(struct model *model, int name) {
	int who = model_holder(model, name), same = model_names[name].same;
	const struct model_client *client = who >= 0 || same < 0 ? NULL : model_bound(model, same);
	return client == NULL ? who : model_number_of(model, client);
}

static inline void model_mark(struct model *model, const struct model_request *request,
                              struct model_client *client, uint64_t now_us,
                              struct model_outcome *out) {
	uint64_t since_us = request->since_us < now_us ? request->since_us : now_us, *mark;
	if (model_is_of_person(request)) {
		int who = model_known(model, request->name);
		if (who < 0) {
			model_refuse(out, REASON_NO_SUCH_NAME);
			return;
		}
		mark = &client->marks[who];
	} else if (model_is_in_room(model, request, client, out)) {
		mark = &model->rooms[model_room_asked(model, request)]
		                .marks[client - model->clients];
	} else {
		return;
	}
	model_add(out, since_us > *mark ? "marked" : "nothing");
	*mark = since_us > *mark ? since_us : *mark;
}

/* ---- metadata ---- */

/* Of a person or a room; -1: there is no such, or what is said is not its. */
static inline char (*model_data_of(struct model *model, int who, int room))[MODEL_PHRASE] {
	return room >= 0               ? model->rooms[room].data
	       : who < MODEL_ADDRESSES ? model->people[who].data
	                               : model->clients[who - MODEL_ADDRESSES].data;
}

static inline void model_change_datum(const struct model *model,
                                      const struct model_request *request,
                                      const struct model_client *client, uint64_t now_us,
                                      char (*data)[MODEL_PHRASE], struct model_outcome *out) {
	int key = request->mode % MODEL_KEYS_ASKED;
	char value[MODEL_PHRASE];
	model_phrase(request, value);
	if (model_keys[key][0] == '\0') {
		bool has_any = data[0][0] != '\0' || data[1][0] != '\0' || data[2][0] != '\0';
		memset(data, 0, MODEL_KEYS * MODEL_PHRASE);
		model_add(out, has_any ? "metadata" : "nothing");
	} else if (strcmp(data[key], value) == 0) {
		model_add(out, "nothing");
	} else if (value[0] != '\0' && model_is_muted(model, client->name, now_us)) {
		model_refuse(out, REASON_MUTED);
	} else {
		memcpy(data[key], value, MODEL_PHRASE);
		model_add(out, "metadata");
	}
}

static inline void model_set_datum(struct model *model, const struct model_request *request,
                                   const struct model_client *client, uint64_t now_us,
                                   struct model_outcome *out) {
	bool is_of_person = model_is_of_person(request);
	int who = is_of_person ? model_holder(model, request->name) : -1;
	int room = is_of_person ? -1 : model_room_asked(model, request);
	bool is_over = (client->bits & PERSON_IS_OPERATOR) != 0;
	if (who < 0 && room < 0) {
		model_refuse(out, is_of_person ? REASON_NO_SUCH_NAME : REASON_NO_SUCH_ROOM);
	} else if (!is_over && (is_of_person ? who != model_number_of(model, client)
	                                     : !model_rules(model, client, room))) {
		model_refuse(out, REASON_NOT_PERMITTED);
	} else if (strcmp(model_keys[request->mode % MODEL_KEYS_ASKED], "Bad") == 0) {
		model_refuse(out, REASON_BAD_ARGUMENT);
	} else if (request->text == TEXT_TOO_LONG || request->text == TEXT_BROKEN) {
		model_refuse(out,
		             request->text == TEXT_BROKEN ? REASON_NOT_UTF8 : REASON_TEXT_TOO_LONG);
	} else {
		model_change_datum(model, request, client, now_us, model_data_of(model, who, room),
		                   out);
	}
}

#endif
