#include "screen_model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "name.h"

#define PAGE_LINES 50
/* A roster is asked for so often; a long one, which is many datagrams, more rarely. */
#define PEOPLE_MS 30000
#define PEOPLE_MS_EACH 30

void model_init(struct model *model, enum language language, const char *host, const char *room) {
	*model = (struct model){.language = language, .host = host, .is_away = true};
	model->outbox_end = &model->outbox;
	if (room != NULL && strlen(room) <= sizeof model->wanted) {
		model->wanted_size = strlen(room);
		memcpy(model->wanted, room, model->wanted_size);
	}
	model_wish(model, &(struct wish){.kind = WISH_ATTACH, .flags = WISH_ROSTERS});
}

void model_finish(struct model *model) {
	while (model->outbox != NULL) {
		model_drop_wish(model);
	}
	for (size_t i = 0; i < model->rooms_count; i++) {
		room_destroy(model->rooms[i]);
	}
	free(model->rooms);
	free(model->loose_note);
	room_destroy(model->found);
	*model = (struct model){0};
}

/* ---- wishes ---- */

void model_wish(struct model *model, const struct wish *wish) {
	uint8_t bytes[SCREENWIRE_BYTES_MAX];
	size_t size = wish_encode(wish, bytes);
	struct model_wish *one = malloc(sizeof *one + size);
	assert(one != NULL);
	*one = (struct model_wish){.size = size};
	memcpy(one->bytes, bytes, size);
	*model->outbox_end = one;
	model->outbox_end = &one->next;
}

const struct model_wish *model_first_wish(const struct model *model) {
	return model->outbox;
}

void model_drop_wish(struct model *model) {
	struct model_wish *first = model->outbox;
	model->outbox = first->next;
	if (model->outbox == NULL) {
		model->outbox_end = &model->outbox;
	}
	free(first);
}

/* ---- rooms ---- */

struct room *model_current(const struct model *model) {
	return model->rooms_count > 0 ? model->rooms[model->current] : NULL;
}

struct room *model_shown(const struct model *model) {
	return model->found != NULL ? model->found : model_current(model);
}

struct room *model_room(const struct model *model, uint64_t id) {
	for (size_t i = 0; i < model->rooms_count; i++) {
		if (model->rooms[i]->id == id && id != 0) {
			return model->rooms[i];
		}
	}
	return NULL;
}

struct room *model_room_named(const struct model *model, struct slice name, bool is_direct) {
	for (size_t i = 0; i < model->rooms_count; i++) {
		struct room *room = model->rooms[i];
		if (room->is_direct == is_direct && name_equal(room_name(room), name)) {
			return room;
		}
	}
	return NULL;
}

void model_add_room(struct model *model, struct room *room) {
	if (model->rooms_count == model->rooms_capacity) {
		model->rooms_capacity = model->rooms_capacity == 0 ? 8 : 2 * model->rooms_capacity;
		model->rooms =
			realloc(model->rooms, model->rooms_capacity * sizeof model->rooms[0]);
		assert(model->rooms != NULL);
	}
	model->rooms[model->rooms_count++] = room;
	model->is_changed = true;
}

static size_t index_of(const struct model *model, const struct room *room) {
	size_t i = 0;
	while (i < model->rooms_count && model->rooms[i] != room) {
		i++;
	}
	return i;
}

void model_remove_room(struct model *model, struct room *room) {
	size_t index = index_of(model, room);
	assert(index < model->rooms_count);
	model->rooms_count--;
	memmove(&model->rooms[index], &model->rooms[index + 1],
	        (model->rooms_count - index) * sizeof model->rooms[0]);
	room_destroy(room);
	if (model->current > index || (model->current == index && index > 0)) {
		model->current--;
	}
	model->is_changed = true;
	model_look(model);
}

void model_go_to(struct model *model, size_t index) {
	if (index >= model->rooms_count) {
		return;
	}
	model_end_search(model);
	if (index != model->current) {
		room_is_left(model_current(model));
		model->current = index;
	}
	model_look(model);
	model->is_changed = true;
}

struct room *model_talk_to(struct model *model, struct slice name) {
	struct room *room = model_room_named(model, name, true);
	if (room == NULL) {
		room = room_create();
		room->is_direct = true;
		room->has_older =
			false; /* until the server says that there is such a conversation */
		room_set_name(room, name);
		model_add_room(model, room);
	}
	model_go_to(model, index_of(model, room));
	return room;
}

/* ---- reading ---- */

bool model_reads(const struct model *model, const struct room *room) {
	return !model->is_away && model->found == NULL && room == model_current(model) &&
	       !room->is_looking_back;
}

void model_look(struct model *model) {
	struct room *room = model_current(model);
	if (room != NULL && model_reads(model, room)) {
		room_is_read(room);
	}
}

/* Up to where everything has been seen. */
static uint64_t seq_read(const struct model *model) {
	uint64_t seq = model->seq_told;
	for (size_t i = 0; i < model->rooms_count; i++) {
		const struct room *room = model->rooms[i];
		if (room->unread > 0 && room->mark_seq > 0 && room->mark_seq <= seq) {
			seq = room->mark_seq - 1;
		}
	}
	return seq;
}

void model_report_shown(struct model *model) {
	if (model->is_away || model->standing.state != STANDING_IN) {
		return;
	}
	uint64_t seq = seq_read(model);
	if (seq > model->seq_shown) {
		model->seq_shown = seq;
		model_wish(model, &(struct wish){.kind = WISH_SHOWN, .seq = seq});
	}
}

uint64_t model_refresh_people(struct model *model) {
	struct room *room = model_current(model);
	if (room == NULL || room->is_direct || model->is_away ||
	    model->standing.state != STANDING_IN) {
		return PEOPLE_MS;
	}
	uint64_t pause_ms = PEOPLE_MS + PEOPLE_MS_EACH * (room->connected + room->absent);
	if (room->people_asked_ms == 0) {
		/* It was told when one came in. */
		room->people_asked_ms = model->now_ms;
	}
	uint64_t passed_ms =
		model->now_ms > room->people_asked_ms ? model->now_ms - room->people_asked_ms : 0;
	if (passed_ms < pause_ms) {
		return pause_ms - passed_ms;
	}
	room->people_asked_ms = model->now_ms;
	model_wish(model, &(struct wish){.kind = WISH_WHO, .room = room->id});
	return pause_ms;
}

void model_settle(struct model *model) {
	if (model->has_asked_to_join || model->standing.state != STANDING_IN) {
		return;
	}
	model->has_asked_to_join = true;
	if (model->wanted_size > 0) {
		struct slice name = slice_of(model->wanted, model->wanted_size);
		model_run_errand(model, (struct wish){.kind = WISH_JOIN, .name = name});
	}
}

void model_come(struct model *model) {
	if (model->is_away) {
		model->is_away = false;
		model->is_changed = true;
	}
}

void model_go_away(struct model *model) {
	model->is_away = true;
	if (model_current(model) != NULL) {
		room_is_left(model_current(model));
	}
}

/* ---- saying ---- */

void model_note(struct model *model, enum line_kind kind, struct slice text) {
	struct room *room = model_shown(model);
	struct line head = {.kind = kind, .time_ms = model->now_ms};
	struct slice nothing = slice_of(NULL, 0);
	struct line *line = line_create(&head, nothing, text, nothing);
	if (room != NULL) {
		room_append(room, line, true);
	} else {
		free(model->loose_note);
		model->loose_note = line;
	}
	model->is_changed = true;
}

static bool refuse(struct model *model, const char *zh, const char *en) {
	const char *words = model->language == LANGUAGE_ZH ? zh : en;
	model_note(model, LINE_ALARM, slice_from_string(words));
	return false;
}

bool model_say_to(struct model *model, struct room *room, struct slice text) {
	if (text.size > TEXT_BYTES_MAX) {
		char words[96];
		snprintf(words, sizeof words,
		         model->language == LANGUAGE_ZH ? "太长了，一条消息最多 %d 字节，这里有 %zu"
		                                        : "too long: a message has at most %d "
		                                          "bytes, and this has %zu",
		         TEXT_BYTES_MAX, text.size);
		model_note(model, LINE_ALARM, slice_from_string(words));
		return false;
	}
	const struct model_standing *standing = &model->standing;
	struct line head = {.kind = LINE_SAID,
	                    .state = MESSAGE_WAITING,
	                    .is_own = true,
	                    .time_ms = model->now_ms,
	                    .person = standing->person,
	                    .tag = ++model->tag_last};
	struct slice name = slice_of(standing->name, standing->name_size);
	room_wait(room, line_create(&head, name, text, slice_of(NULL, 0)));
	model_wish(model,
	           &(struct wish){.kind = room->is_direct ? WISH_DIRECT : WISH_SAY,
	                          .tag = head.tag,
	                          .room = room->id,
	                          .name = room->is_direct ? room_name(room) : slice_of(NULL, 0),
	                          .text = text});
	room_look_at_end(room);
	room_is_read(room);
	room->has_mark = false;
	model->is_changed = true;
	return true;
}

bool model_say(struct model *model, struct slice text) {
	struct room *room = model_current(model);
	if (room == NULL) {
		return false;
	}
	model_end_search(model);
	return model_say_to(model, room, text);
}

void model_run_errand(struct model *model, struct wish wish) {
	struct model_errand *errand = NULL;
	for (size_t i = 0; i < MODEL_ERRANDS_MAX && errand == NULL; i++) {
		errand = model->errands[i].tag == 0 ? &model->errands[i] : NULL;
	}
	wish.tag = ++model->tag_last;
	if (errand != NULL) {
		size_t size = wish.name.size < NAME_BYTES_MAX ? wish.name.size : NAME_BYTES_MAX;
		*errand = (struct model_errand){
			.tag = wish.tag, .kind = wish.kind, .name_size = size};
		if (size > 0) {
			memcpy(errand->name, wish.name.bytes, size);
		}
	}
	model_wish(model, &wish);
}

const struct model_errand *model_take_errand(struct model *model, uint64_t tag) {
	for (size_t i = 0; i < MODEL_ERRANDS_MAX && tag != 0; i++) {
		if (model->errands[i].tag == tag) {
			model->errands[i].tag = 0;
			return &model->errands[i];
		}
	}
	return NULL;
}

/* ---- questions ---- */

uint64_t model_next_question(struct model *model) {
	return ++model->question_last;
}

void model_want_older(struct model *model, struct room *room) {
	if (!room->has_older || room->is_older_refused || room->question != 0 ||
	    model->standing.state != STANDING_IN || (room->id == 0 && !room->is_found)) {
		return;
	}
	room->question = model_next_question(model);
	struct wish wish = {.kind = WISH_BEFORE,
	                    .question = room->question,
	                    .room = room->id,
	                    .seq = room_older_than(room, model->seq_told),
	                    .lines = PAGE_LINES};
	if (room->is_found) {
		wish.kind = WISH_SEARCH;
		wish.text = slice_of(model->sought, model->sought_size);
	}
	model_wish(model, &wish);
	model->is_changed = true;
}

void model_search(struct model *model, struct slice text) {
	struct room *room = model_current(model);
	if (room == NULL || text.size == 0 || text.size > sizeof model->sought) {
		return;
	}
	model_end_search(model);
	model->sought_size = text.size;
	memcpy(model->sought, text.bytes, text.size);
	model->found = room_create();
	model->found->is_found = true;
	model->found->id = room->id;
	model_want_older(model, model->found);
	model->is_changed = true;
}

void model_end_search(struct model *model) {
	if (model->found != NULL) {
		room_destroy(model->found);
		model->found = NULL;
		model->is_changed = true;
	}
}

static bool begin_listing(struct model *model, uint64_t room) {
	if (model->standing.state != STANDING_IN) {
		return refuse(model, "还没有连接上", "there is no connection yet");
	}
	model->listing =
		(struct model_listing){.question = model_next_question(model), .room = room};
	return true;
}

void model_ask_who(struct model *model) {
	const struct room *room = model_current(model);
	if (room != NULL && begin_listing(model, room->id)) {
		model_wish(model, &(struct wish){.kind = WISH_WHO,
		                                 .question = model->listing.question,
		                                 .room = room->id});
	}
}

void model_ask_rooms(struct model *model) {
	if (begin_listing(model, 0)) {
		model_wish(model,
		           &(struct wish){.kind = WISH_ROOMS, .question = model->listing.question});
	}
}
