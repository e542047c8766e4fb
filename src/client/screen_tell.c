/* screen_tell.c - what the link tells, brought into the model. */
#include <stdio.h>
#include <string.h>

#include "cut.h"
#include "join_words.h"
#include "name.h"
#include "record.h"
#include "screen_listing.h"
#include "screen_mention.h"
#include "screen_model.h"
#include "screen_text.h"
#include "words.h"

#define SENTENCE_BYTES_MAX 2048

static const struct slice nothing = {.bytes = NULL, .size = 0};

static struct slice own_name(const struct model *model) {
	return slice_of(model->standing.name, model->standing.name_size);
}

/* ---- how one stands ---- */

static size_t keep(char *out, size_t room, struct slice text) {
	size_t size = text.size <= room ? text.size : cut_before(text, room);
	if (size > 0) {
		memcpy(out, text.bytes, size);
	}
	return size;
}

static void on_standing(struct model *model, const struct tell *tell) {
	struct model_standing *standing = &model->standing;
	bool is_first = standing->state == 0;
	uint8_t before = standing->state;
	standing->state = tell->state;
	standing->ending = tell->ending;
	standing->flags = tell->flags;
	standing->reason = tell->reason;
	standing->argument = tell->argument;
	standing->number = tell->number;
	standing->person = tell->person;
	standing->since_ms = tell->since_ms;
	standing->rtt_us = tell->rtt_us;
	standing->waiting = tell->waiting;
	standing->name_size = keep(standing->name, sizeof standing->name, tell->name);
	standing->other_size = keep(standing->other, sizeof standing->other, tell->other);
	standing->text_size = keep(standing->text, sizeof standing->text, tell->text);
	if (is_first) {
		model->seq_told = model->seq_shown = tell->seq;
		model->tag_last = tell->tag > model->tag_last ? tell->tag : model->tag_last;
	}
	if (before != STANDING_IN && tell->state == STANDING_IN) {
		if (tell->flags & TELL_IS_NEW) {
			/* Who has just come has read what there is. */
			model_come(model);
		}
		if (tell->seq > model->seq_told) {
			model->seq_told = tell->seq;
		}
	}
	model->is_changed = true;
}

/* ---- rooms and people ---- */

static struct room *room_of(struct model *model, const struct tell *tell) {
	struct room *room = model_room(model, tell->room);
	bool is_direct = tell->flags & TELL_IS_DIRECT;
	if (room == NULL && is_direct) {
		/* One that was begun here, before the server had a number for it. */
		room = model_room_named(model, tell->name, true);
		room = room != NULL && room->id == 0 ? room : NULL;
	}
	if (room == NULL && ((tell->flags & TELL_IS_IN) || is_direct)) {
		room = room_create();
		room->is_direct = is_direct;
		model_add_room(model, room);
	}
	return room;
}

static void go_if_wanted(struct model *model, struct slice name) {
	if (model->wanted_size == 0 ||
	    !name_equal(slice_of(model->wanted, model->wanted_size), name)) {
		return;
	}
	model->wanted_size = 0;
	for (size_t i = 0; i < model->rooms_count; i++) {
		if (slice_equal(room_name(model->rooms[i]), name)) {
			model_go_to(model, i);
			return;
		}
	}
}

static void on_room(struct model *model, const struct tell *tell) {
	struct room *room = room_of(model, tell);
	if (room == NULL) {
		return;
	}
	if (!(tell->flags & (TELL_IS_IN | TELL_IS_DIRECT))) {
		model_remove_room(model, room);
		return;
	}
	room->has_older |= room->id == 0;
	room->id = tell->room;
	room->is_in = true;
	room->person = tell->person;
	room->connected = tell->connected;
	room->absent = tell->absent;
	room->is_whole = tell->flags & TELL_IS_WHOLE;
	if (tell->name.size <= sizeof room->name) {
		room_set_name(room, tell->name);
	}
	model->is_changed = true;
	go_if_wanted(model, tell->name);
}

static void on_person(struct model *model, const struct tell *tell) {
	if (tell->question != 0) {
		listing_add_person(model, tell);
		return;
	}
	struct room *room = model_room(model, tell->room);
	if (room == NULL || tell->name.size > NAME_BYTES_MAX) {
		return;
	}
	if (tell->flags & TELL_IS_GONE) {
		screen_roster_drop(&room->roster, tell->person);
	} else {
		screen_roster_put(&room->roster, tell->person, tell->name,
		                  tell->flags & TELL_IS_ABSENT);
	}
	model->is_changed = true;
}

/* ---- entries ---- */

static struct line *make_said(const struct model *model, struct line *head,
                              const struct tell *tell) {
	size_t at;
	head->kind = LINE_SAID;
	head->state = head->is_own ? MESSAGE_KEPT : 0;
	head->is_mention = !head->is_own && mention_find(tell->text, own_name(model), true, 0, &at);
	return line_create(head, tell->name, tell->text, nothing);
}

static struct line *make_traffic(struct line *head, const struct tell *tell, bool has_come) {
	head->kind = LINE_TRAFFIC;
	head->came = has_come;
	head->went = !has_come;
	return line_create_traffic(head, tell->name, has_come ? nothing : tell->text);
}

static struct line *make_notice(const struct model *model, struct line *head,
                                const struct tell *tell) {
	char sentence[SENTENCE_BYTES_MAX];
	struct record record = {.kind = tell->entry_kind,
	                        .name = tell->name,
	                        .other_name = tell->other,
	                        .by = tell->other,
	                        .text = tell->text};
	head->kind = LINE_NOTICE;
	size_t size = words_entry(model->language, &record, sentence, sizeof sentence);
	if (size == 0) {
		return NULL;
	}
	if (tell->entry_kind == ENTRY_KICKED && tell->text.size > 0) {
		int more = snprintf(sentence + size, sizeof sentence - size, ": %.*s",
		                    (int)tell->text.size, tell->text.bytes);
		size += more > 0 && (size_t)more < sizeof sentence - size ? (size_t)more : 0;
	}
	return line_create(head, nothing, slice_of(sentence, size), nothing);
}

/* NULL: it makes no line. */
static struct line *make_line(const struct model *model, const struct tell *tell, uint64_t room) {
	struct line head = {.is_own = tell->flags & TELL_IS_OWN,
	                    .seq_first = tell->seq,
	                    .seq = tell->seq,
	                    .time_ms = tell->time_ms,
	                    .person = tell->person,
	                    .room = room,
	                    .tag = tell->tag};
	switch (tell->entry_kind) {
	case ENTRY_SAID:
	case ENTRY_DIRECT: return make_said(model, &head, tell);
	case ENTRY_SHOUTED:
		head.kind = LINE_SHOUTED;
		return line_create(&head, nothing, tell->text, nothing);
	case ENTRY_ENTERED:
	case ENTRY_JOINED: return make_traffic(&head, tell, true);
	case ENTRY_LEFT:
	case ENTRY_PARTED: return make_traffic(&head, tell, false);
	case ENTRY_RENAMED:
	case ENTRY_KICKED:
	case ENTRY_TOPIC:
	case ENTRY_MODE:
	case ENTRY_ROOM_RENAMED:
	case ENTRY_PUT_OUT:
	case ENTRY_REDACTED:
	case ENTRY_CLOSED: return make_notice(model, &head, tell);
	default: return NULL;
	}
}

static void add_to_room(struct model *model, const struct tell *tell, struct room *room) {
	struct line *line = make_line(model, tell, room->id);
	if (line == NULL) {
		room_pass(room, tell->seq);
		return;
	}
	struct line *waited = tell->tag != 0 ? room_take_waiting(room, tell->tag) : NULL;
	free(waited);
	room_append(room, line, model_reads(model, room));
}

/* An entry about everybody, such as a shout, may list no rooms: it belongs into each. */
static bool concerns(const struct tell *tell, const struct room *room) {
	size_t count = tell_rooms_count(tell);
	for (size_t i = 0; i < count; i++) {
		if (tell_room(tell, i) == room->id) {
			return true;
		}
	}
	return count == 0 && !room->is_direct;
}

static struct room *room_that_asked(const struct model *model, uint64_t question) {
	if (model->found != NULL && model->found->question == question) {
		return model->found;
	}
	for (size_t i = 0; i < model->rooms_count; i++) {
		if (model->rooms[i]->question == question) {
			return model->rooms[i];
		}
	}
	return NULL;
}

static void on_entry(struct model *model, const struct tell *tell) {
	model->is_changed = true;
	if (tell->question != 0) {
		struct room *room = room_that_asked(model, tell->question);
		if (room != NULL) {
			uint64_t id = tell->room != 0 ? tell->room : room->id;
			room_page_add(room, tell->seq, make_line(model, tell, id));
		}
		return;
	}
	for (size_t i = 0; i < model->rooms_count; i++) {
		if (concerns(tell, model->rooms[i])) {
			add_to_room(model, tell, model->rooms[i]);
		}
	}
	if (tell->seq > model->seq_told) {
		model->seq_told = tell->seq;
	}
	model_look(model);
}

static struct line *make_gap(const struct model *model, const struct tell *tell) {
	char words[160];
	struct line head = {.kind = LINE_NOTICE,
	                    .seq_first = tell->from + 1,
	                    .seq = tell->seq,
	                    .time_ms = model->now_ms};
	bool is_zh = model->language == LANGUAGE_ZH;
	int size = snprintf(words, sizeof words,
	                    is_zh ? "服务器不再保留 %llu 到 %llu 号的记录"
	                          : "the server no longer keeps what was said from %llu to %llu",
	                    (unsigned long long)tell->from + 1, (unsigned long long)tell->seq);
	return line_create(&head, nothing, slice_of(words, (size_t)size), nothing);
}

static void on_gap(struct model *model, const struct tell *tell) {
	model->is_changed = true;
	if (tell->question != 0) {
		struct room *room = room_that_asked(model, tell->question);
		if (room != NULL) {
			room_page_add(room, tell->from + 1, make_gap(model, tell));
		}
		return;
	}
	for (size_t i = 0; i < model->rooms_count; i++) {
		struct room *room = model->rooms[i];
		room_append(room, make_gap(model, tell), model_reads(model, room));
	}
	model->seq_told = tell->seq > model->seq_told ? tell->seq : model->seq_told;
}

/* ---- one's own messages ---- */

static struct room *room_waiting_for(const struct model *model, uint64_t tag) {
	for (size_t i = 0; i < model->rooms_count; i++) {
		if (room_waiting(model->rooms[i], tag) != NULL) {
			return model->rooms[i];
		}
	}
	return NULL;
}

static struct line *refused_line(const struct model *model, const struct tell *tell,
                                 const struct room *room, struct line *line) {
	char why[JOIN_WORDS_BYTES_MAX];
	size_t size = join_words_reason(model->language, tell, room_name(room), model->now_ms, why);
	line->state = MESSAGE_REFUSED;
	line->time_ms = model->now_ms;
	return line_with_why(line, slice_of(why, size));
}

static void on_errand_done(struct model *model, const struct tell *tell) {
	bool is_over = tell->state == MESSAGE_KEPT || tell->state == MESSAGE_REFUSED;
	const struct model_errand *errand = is_over ? model_take_errand(model, tell->tag) : NULL;
	if (errand == NULL || tell->state == MESSAGE_KEPT) {
		return;
	}
	static const char *const deeds[] = {
		[WISH_JOIN] = "/join", [WISH_PART] = "/leave", [WISH_RENAME] = "/name"};
	char why[JOIN_WORDS_BYTES_MAX], words[JOIN_WORDS_BYTES_MAX + 2 * NAME_BYTES_MAX];
	struct slice name = slice_of(errand->name, errand->name_size);
	size_t size = join_words_reason(model->language, tell, name, model->now_ms, why);
	int all = snprintf(words, sizeof words, "%s %.*s: %.*s", deeds[errand->kind],
	                   (int)name.size, name.bytes, (int)size, why);
	model_note(model, LINE_ALARM, slice_of(words, (size_t)all));
	if (errand->kind == WISH_JOIN) {
		model->wanted_size = 0;
	}
}

static void on_message(struct model *model, const struct tell *tell) {
	model->is_changed = true;
	struct room *room = room_waiting_for(model, tell->tag);
	if (room == NULL) {
		on_errand_done(model, tell);
		return;
	}
	struct line *line = room_waiting(room, tell->tag);
	line->state = tell->state;
	if (tell->state == MESSAGE_KEPT || tell->state == MESSAGE_REFUSED) {
		line = room_take_waiting(room, tell->tag);
	}
	if (tell->state == MESSAGE_KEPT) {
		/* Its entry came before this, or comes with the history. */
		free(line);
	} else if (tell->state == MESSAGE_REFUSED) {
		room_append(room, refused_line(model, tell, room, line), true);
	}
}

/* ---- answers ---- */

static void on_answered(struct model *model, const struct tell *tell) {
	model->is_changed = true;
	if (tell->question != 0 && tell->question == model->listing.question) {
		listing_end(model, tell);
		return;
	}
	struct room *room = room_that_asked(model, tell->question);
	if (room == NULL) {
		return;
	}
	if (tell->reason != 0) {
		room_page_refused(room);
	} else {
		room_page_done(room, tell->flags & TELL_HAS_MORE);
	}
}

void model_tell(struct model *model, const struct tell *tell) {
	switch (tell->kind) {
	case TELL_STANDING: on_standing(model, tell); break;
	case TELL_ROOM: on_room(model, tell); break;
	case TELL_ENTRY: on_entry(model, tell); break;
	case TELL_GAP: on_gap(model, tell); break;
	case TELL_MESSAGE: on_message(model, tell); break;
	case TELL_PERSON: on_person(model, tell); break;
	case TELL_LISTED: listing_add_room(model, tell); break;
	case TELL_ANSWERED: on_answered(model, tell); break;
	default: break;
	}
}
