/*
 * What the face wishes: a table, a row a wish. And the end: what was said is waited for, then
 * LEAVE is said and waited for, neither of them for ever.
 */
#include <string.h>

#include "link_inner.h"
#include "record.h"

void link_set_name(struct link *link, struct slice name) {
	link->name_size = name.size < sizeof link->name ? name.size : sizeof link->name;
	if (link->name_size > 0) {
		memcpy(link->name, name.bytes, link->name_size);
	}
}

/* ---- messages ---- */

static void reject(struct link *link, bool is_question, uint64_t id, uint16_t reason,
                   uint64_t argument) {
	if (link->rejected_count < REJECTED_MAX) {
		link->rejected[link->rejected_count++] =
			(struct rejected){.is_question = is_question,
		                          .id = id,
		                          .reason = reason,
		                          .argument = argument};
	}
}

static void put_message(struct link *link, const struct wish *wish, uint8_t kind,
                        struct slice first, struct slice text) {
	link->tag_max = wish->tag > link->tag_max ? wish->tag : link->tag_max;
	if (outbox_is_full(link->outbox) || link->is_quitting) {
		reject(link, false, wish->tag, REASON_BUSY, 0);
	} else if (!outbox_put(link->outbox, kind, wish->tag, first, text)) {
		reject(link, false, wish->tag, REASON_TEXT_TOO_LONG, TEXT_BYTES_MAX);
	}
	link->has_soft_news = true;
}

static void put_in_room(struct link *link, const struct wish *wish, uint8_t kind) {
	uint8_t bytes[16];
	struct wire_out out = wire_out_at(bytes, sizeof bytes);
	wire_put_varint(&out, wish->room);
	put_message(link, wish, kind, wire_out_slice(&out), wish->text);
}

static void on_say(struct link *link, const struct wish *wish, uint64_t now_us) {
	put_in_room(link, wish, MESSAGE_SAY);
}

static void on_part(struct link *link, const struct wish *wish, uint64_t now_us) {
	put_in_room(link, wish, MESSAGE_PART);
}

static void on_join(struct link *link, const struct wish *wish, uint64_t now_us) {
	put_message(link, wish, MESSAGE_JOIN, wish->name, slice_of(NULL, 0));
}

static void on_rename(struct link *link, const struct wish *wish, uint64_t now_us) {
	put_message(link, wish, MESSAGE_RENAME, wish->name, slice_of(NULL, 0));
}

static void on_direct(struct link *link, const struct wish *wish, uint64_t now_us) {
	uint8_t bytes[OUTBOX_MESSAGE_BYTES_MAX];
	struct wire_out out = wire_out_at(bytes, sizeof bytes);
	wire_put_string(&out, wish->name);
	if (out.is_full) {
		reject(link, false, wish->tag, REASON_NO_SUCH_NAME, 0);
	} else {
		put_message(link, wish, MESSAGE_DIRECT, wire_out_slice(&out), wish->text);
	}
}

/* ---- questions ---- */

static void put_question(struct link *link, const struct wish *wish, uint8_t kind) {
	if (link->questions_count == QUESTIONS_OPEN_MAX || wish->text.size > ASK_TEXT_BYTES_MAX) {
		bool is_long = wish->text.size > ASK_TEXT_BYTES_MAX;
		reject(link, true, wish->question, is_long ? REASON_TEXT_TOO_LONG : REASON_BUSY,
		       is_long ? ASK_TEXT_BYTES_MAX : 0);
		return;
	}
	struct face_question *question = &link->questions[link->questions_count++];
	*question = (struct face_question){.number = wish->question};
	question->question.kind = kind;
	question->question.room = wish->room;
	question->question.seq = wish->seq;
	question->question.lines = wish->lines;
	question->question.text_size = wish->text.size;
	if (wish->text.size > 0) {
		memcpy(question->question.text, wish->text.bytes, wish->text.size);
	}
}

static void on_before(struct link *link, const struct wish *wish, uint64_t now_us) {
	put_question(link, wish, ASK_BEFORE);
}

static void on_search(struct link *link, const struct wish *wish, uint64_t now_us) {
	put_question(link, wish, ASK_SEARCH);
}

static void on_rooms(struct link *link, const struct wish *wish, uint64_t now_us) {
	put_question(link, wish, ASK_ROOMS);
}

static void on_who(struct link *link, const struct wish *wish, uint64_t now_us) {
	if (wish->question == 0) {
		rosters_refresh(link->rosters, wish->room);
	} else {
		put_question(link, wish, ASK_WHO);
	}
}

/* The face's questions go first; but without its rooms nothing can be shown at all. */
void link_ask_next(struct link *link) {
	struct question question;
	if (link->phase != PHASE_IN || !ask_is_free(link->asker)) {
		return;
	}
	bool is_faces = rosters_is_ready(link->rosters) && link->questions_count > 0;
	if (is_faces) {
		link->asked = link->questions[0];
		link->questions_count--;
		memmove(&link->questions[0], &link->questions[1],
		        link->questions_count * sizeof link->questions[0]);
		link->rows_told = 0;
		link->last_row = 0;
		question = link->asked.question;
	} else if (!rosters_wish(link->rosters, &question)) {
		return;
	}
	link->is_face_asking = is_faces;
	ask_begin(link->asker, &question);
}

void link_drop_questions(struct link *link) {
	if (link->is_face_asking && link->asked.number != 0 && !ask_is_free(link->asker)) {
		reject(link, true, link->asked.number, REASON_UNAVAILABLE, 0);
	}
	link->is_face_asking = false;
	ask_abort(link->asker);
}

/* ---- others ---- */

/* Another face knows nothing: neither what was told nor what its predecessor asked. */
static void on_attach(struct link *link, const struct wish *wish, uint64_t now_us) {
	link->is_attached = true;
	link->has_news = true;
	link->questions_count = 0;
	link->rejected_count = 0;
	if (link->is_face_asking) {
		link->asked.number = 0;
	}
	rosters_want_people(link->rosters, (wish->flags & WISH_ROSTERS) != 0);
	rosters_retell(link->rosters);
	outbox_retell(link->outbox);
}

static void on_name(struct link *link, const struct wish *wish, uint64_t now_us) {
	if (link->phase != PHASE_NAMELESS) {
		return;
	}
	if (wish->name.size > NAME_BYTES_MAX) {
		/* A part of it would be somebody else's name. */
		link_set_text(link, REASON_NAME_TOO_LONG, NAME_CODE_POINTS_MAX, slice_of(NULL, 0));
		link->has_news = true;
	} else {
		link_set_name(link, wish->name);
		link_set_text(link, 0, 0, slice_of(NULL, 0));
		link_greet_begin(link, now_us);
	}
}

static void on_trust(struct link *link, const struct wish *wish, uint64_t now_us) {
	link_greet_trust(link, now_us);
}

static void on_shown(struct link *link, const struct wish *wish, uint64_t now_us) {
	uint64_t told = link_inbox_told(link->inbox);
	uint64_t shown = wish->seq < told ? wish->seq : told;
	if (shown > link->memory.cursor) {
		link->memory.cursor = shown;
		link->memory_version++;
	}
}

static void on_quit(struct link *link, const struct wish *wish, uint64_t now_us) {
	bool is_at_once = (wish->flags & WISH_AT_ONCE) != 0;
	uint64_t quit_us = now_us + (is_at_once ? LEAVE_US : QUIT_US);
	if (!link->is_quitting || quit_us < link->quit_us) {
		link->quit_us = quit_us;
	}
	/* Who was to take leave does, though whoever wished it is gone since. */
	bool is_leaving = link->is_quitting && !link->is_staying;
	link->is_quitting = true;
	link->is_staying = (wish->flags & WISH_STAYS) != 0 && !is_leaving;
	link->is_hurrying = link->is_hurrying || is_at_once;
	link->why_size = wish->text.size < WHY_BYTES_MAX ? wish->text.size : WHY_BYTES_MAX;
	if (link->why_size > 0) {
		memcpy(link->why, wish->text.bytes, link->why_size);
	}
}

void link_wish(struct link *link, const struct wish *wish, uint64_t now_us) {
	static void (*const rows[])(struct link *, const struct wish *, uint64_t) = {
		[WISH_ATTACH] = on_attach, [WISH_SAY] = on_say,       [WISH_JOIN] = on_join,
		[WISH_PART] = on_part,     [WISH_DIRECT] = on_direct, [WISH_RENAME] = on_rename,
		[WISH_BEFORE] = on_before, [WISH_SEARCH] = on_search, [WISH_ROOMS] = on_rooms,
		[WISH_WHO] = on_who,       [WISH_NAME] = on_name,     [WISH_TRUST] = on_trust,
		[WISH_SHOWN] = on_shown,   [WISH_QUIT] = on_quit,
	};
	assert(wish->kind > 0 && wish->kind < sizeof rows / sizeof rows[0]);
	rows[wish->kind](link, wish, now_us);
}

/* ---- the end ---- */

static void stay_and_end(struct link *link, uint64_t now_us) {
	link->detaches = link->stretch.is_there && link->phase == PHASE_IN ? 2 : 0;
	link_end(link, ENDING_QUIT, now_us);
}

static void leave(struct link *link, uint64_t now_us) {
	if (link->is_leaving) {
		return;
	}
	link->is_leaving = true;
	link->quit_us = now_us + LEAVE_US;
	(void)outbox_put(link->outbox, MESSAGE_LEAVE, 0, slice_of(NULL, 0),
	                 slice_of(link->why, link->why_size));
}

void link_go_on_quitting(struct link *link, uint64_t now_us) {
	if (!link->is_quitting || link->phase == PHASE_OVER) {
		return;
	}
	size_t waiting = outbox_count(link->outbox);
	bool is_ready = waiting == 0 || link->is_hurrying;
	bool is_in = link->phase == PHASE_IN;
	if (is_ready && !is_in && link->quit_us > now_us + LEAVE_US) {
		/* Only the last word is left to be said, and nobody hears it. */
		link->quit_us = now_us + LEAVE_US;
	}
	if (link->quit_us <= now_us) {
		/* Nobody answers any more. Was there anything left to be answered? */
		bool is_lost = waiting > (link->is_leaving ? 1 : 0);
		link->detaches = is_in && link->stretch.is_there ? 2 : 0;
		link_end(link, is_lost ? ENDING_NO_ANSWER : ENDING_QUIT, now_us);
	} else if (!link->was_in && !is_in && (is_ready || link->phase != PHASE_GREETING)) {
		link_end(link, ENDING_QUIT, now_us);
	} else if (link->is_staying && is_ready) {
		stay_and_end(link, now_us);
	} else if (!link->is_leaving && is_ready && is_in) {
		leave(link, now_us);
	} else if (link->is_leaving && waiting == 0) {
		link_end(link, ENDING_QUIT, now_us);
	}
}
