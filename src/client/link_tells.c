/*
 * What the face is told, and in which order: how things stand; what became of its
 * messages; rooms and people; answers; and last the log, which can wait.
 */
#include <assert.h>
#include <string.h>

#include "link_inner.h"
#include "record.h"

/* Rows of an answer that comes in many pages: more would not be read. */
#define ROWS_MAX 2000

/* ---- standing ---- */

static uint64_t wall_ms(const struct link *link, uint64_t us) {
	return (link->start.wall_us + (us - link->start.now_us)) / 1000;
}

static bool is_silent(const struct link *link, uint64_t now_us) {
	return link_standing(link) == STANDING_SEEKING && now_us >= link->since_us + SILENT_US;
}

/* The end is told when all else has been. */
static bool has_standing_news(struct link *link, uint64_t now_us) {
	if (link->phase == PHASE_OVER) {
		return link->has_news && link_inbox_is_empty(link->inbox) && !link->has_entry;
	}
	if (is_silent(link, now_us) != link->was_silent) {
		link->was_silent = is_silent(link, now_us);
		link->has_news = true;
	}
	bool is_soft = link->has_soft_news || outbox_count(link->outbox) != link->waiting_told;
	return link->has_news || (is_soft && now_us >= link->soft_told_us + SOFT_NEWS_US);
}

static bool tell_standing(struct link *link, struct tell *tell, uint64_t now_us) {
	if (!has_standing_news(link, now_us)) {
		link->has_soft_news =
			link->has_soft_news || outbox_count(link->outbox) != link->waiting_told;
		return false;
	}
	link->has_news = link->has_soft_news = false;
	link->soft_told_us = now_us;
	link->waiting_told = outbox_count(link->outbox);
	*tell = (struct tell){.kind = TELL_STANDING,
	                      .state = (uint8_t)link_standing(link),
	                      .ending = (uint8_t)link->ending,
	                      .reason = link->reason,
	                      .argument = link->argument,
	                      .number = link->number,
	                      .person = link->person,
	                      .since_ms = wall_ms(link, link->since_us),
	                      .rtt_us = link->rtt.smooth_us,
	                      .waiting = link->waiting_told,
	                      .seq = link_inbox_told(link->inbox),
	                      .tag = link->tag_max,
	                      .name = slice_of(link->name, link->name_size),
	                      .other = slice_of(link->address, link->address_size),
	                      .text = slice_of(link->text, link->text_size)};
	tell->flags = (uint16_t)((is_silent(link, now_us) ? TELL_IS_SILENT : 0) |
	                         (link->is_new_session ? TELL_IS_NEW : 0));
	return true;
}

/* ---- messages ---- */

static bool tell_rejected(struct link *link, struct tell *tell) {
	if (link->rejected_count == 0) {
		return false;
	}
	struct rejected rejected = link->rejected[0];
	link->rejected_count--;
	memmove(&link->rejected[0], &link->rejected[1],
	        link->rejected_count * sizeof link->rejected[0]);
	*tell = (struct tell){.kind = rejected.is_question ? TELL_ANSWERED : TELL_MESSAGE,
	                      .state = rejected.is_question ? 0 : MESSAGE_REFUSED,
	                      .question = rejected.is_question ? rejected.id : 0,
	                      .tag = rejected.is_question ? 0 : rejected.id,
	                      .reason = rejected.reason,
	                      .argument = rejected.argument};
	return true;
}

static bool tell_message(struct link *link, struct tell *tell) {
	const struct outgoing *message;
	do {
		message = outbox_news(link->outbox);
	} while (message != NULL && message->tag == 0);
	if (message == NULL) {
		return tell_rejected(link, tell);
	}
	*tell = (struct tell){.kind = TELL_MESSAGE,
	                      .tag = message->tag,
	                      .state = message->state,
	                      .number = message->number,
	                      .seq = message->seq,
	                      .reason = message->reason,
	                      .argument = message->argument,
	                      .text = slice_of(message->why, message->why_size)};
	return true;
}

/* ---- entries ---- */

static bool is_shown(uint64_t kind) {
	switch (kind) {
	case ENTRY_ENTERED:
	case ENTRY_LEFT:
	case ENTRY_SAID:
	case ENTRY_RENAMED:
	case ENTRY_KICKED:
	case ENTRY_SHOUTED:
	case ENTRY_CLOSED:
	case ENTRY_JOINED:
	case ENTRY_PARTED:
	case ENTRY_DIRECT:
	case ENTRY_TOPIC:
	case ENTRY_MODE:
	case ENTRY_ROOM_RENAMED:
	case ENTRY_REDACTED:
	case ENTRY_PUT_OUT: return true;
	default: return false;
	}
}

static void make_entry(const struct link *link, const struct wire_entry *entry,
                       uint8_t rooms[8 * ROOMS_PER_PERSON_MAX], struct tell *tell) {
	assert(entry->rooms_count <= ROOMS_PER_PERSON_MAX);
	for (size_t i = 0; i < entry->rooms_count; i++) {
		uint64_t room = wire_entry_room(entry, i);
		memcpy(&rooms[8 * i], &room, 8);
	}
	*tell = (struct tell){.kind = TELL_ENTRY,
	                      .entry_kind = (uint16_t)entry->kind,
	                      .seq = entry->seq,
	                      .time_ms = entry->time_ms,
	                      .person = entry->person,
	                      .number = entry->number,
	                      .target = entry->target,
	                      .reason = (uint16_t)entry->reason,
	                      .flags = entry->person == link->person ? TELL_IS_OWN : 0,
	                      .room = entry->room,
	                      .rooms = slice_of((const char *)rooms, 8 * entry->rooms_count),
	                      .name = entry->name,
	                      .other = entry->other,
	                      .text = entry->text};
}

/* What the entry means to ourselves. */
static void read_own(struct link *link, const struct wire_entry *entry, struct tell *tell) {
	if (entry->kind == ENTRY_REFUSED) {
		(void)outbox_refused(link->outbox, entry->number, entry->seq,
		                     (uint16_t)entry->reason, entry->target, entry->text);
		return;
	}
	if (entry->person != link->person) {
		return;
	}
	if (entry->number != 0) {
		tell->tag = outbox_logged(link->outbox, entry->number, entry->seq);
	}
	if (entry->kind == ENTRY_RENAMED) {
		link_set_name(link, entry->name);
		link_remember(link);
		link->has_news = true;
	}
}

/* The next entry or gap into link->entry; what it changes is told before it. */
static void read_log(struct link *link) {
	struct inbox_piece piece;
	while (!link->has_entry && link_inbox_next(link->inbox, &piece) != INBOX_NOTHING) {
		if (piece.found == INBOX_GAP) {
			rosters_gap(link->rosters);
			link->entry = (struct tell){
				.kind = TELL_GAP, .from = piece.from, .seq = piece.to};
			link->has_entry = true;
			break;
		}
		link->counts.entries++;
		rosters_passed(link->rosters, piece.entry.seq - 1);
		rosters_entry(link->rosters, &piece.entry);
		make_entry(link, &piece.entry, link->entry_rooms, &link->entry);
		read_own(link, &piece.entry, &link->entry);
		link->has_entry = is_shown(piece.entry.kind);
	}
	if (!link->has_entry) {
		outbox_passed(link->outbox, link_inbox_told(link->inbox));
		rosters_passed(link->rosters, link_inbox_told(link->inbox));
	}
}

/* ---- answers ---- */

static void feed_rosters(struct link *link) {
	struct answer_row row;
	rosters_answer(link->rosters, ask_question(link->asker), ask_head(link->asker));
	while (ask_next(link->asker, &row) != ANSWER_AT_END) {
		rosters_row(link->rosters, &row);
	}
	rosters_answered(link->rosters);
	ask_done(link->asker);
}

static bool make_row(struct link *link, const struct answer_row *row, struct tell *tell) {
	link->last_row = row->id > link->last_row ? row->id : link->last_row;
	link->rows_told++;
	switch (row->found) {
	case ANSWER_ENTRY:
		make_entry(link, &row->entry, link->row_rooms, tell);
		if (!is_shown(row->entry.kind)) {
			return false;
		}
		break;
	case ANSWER_GAP:
		*tell = (struct tell){.kind = TELL_GAP, .seq = link->asked.question.seq};
		break;
	case ANSWER_PERSON:
		*tell = (struct tell){.kind = TELL_PERSON,
		                      .room = link->asked.question.room,
		                      .person = row->id,
		                      .flags = (row->flags & 1) != 0 ? TELL_IS_ABSENT : 0,
		                      .name = row->name};
		break;
	default:
		*tell = (struct tell){.kind = TELL_LISTED,
		                      .room = row->id,
		                      .connected = row->people,
		                      .flags = (row->flags & 1) != 0 ? TELL_IS_IN : 0,
		                      .name = row->name};
	}
	tell->question = link->asked.number;
	return true;
}

/* The answer goes on with another question: WHO and ROOMS of many. */
static bool go_on(struct link *link, const struct answer_head *head) {
	bool is_list = head->kind == ASK_WHO || head->kind == ASK_ROOMS;
	bool has_moved = link->last_row > link->asked.question.after;
	if (!is_list || head->more == 0 || !has_moved || link->rows_told >= ROWS_MAX ||
	    link->asked.number == 0) {
		return false;
	}
	link->asked.question.after = link->last_row;
	ask_done(link->asker);
	ask_begin(link->asker, &link->asked.question);
	return true;
}

static bool tell_answer(struct link *link, struct tell *tell) {
	if (!ask_is_answered(link->asker)) {
		return false;
	}
	if (!link->is_face_asking) {
		feed_rosters(link);
		return false;
	}
	struct answer_row row;
	while (ask_next(link->asker, &row) != ANSWER_AT_END) {
		if (make_row(link, &row, tell) && link->asked.number != 0) {
			return true;
		}
	}
	struct answer_head head = *ask_head(link->asker);
	if (go_on(link, &head)) {
		return false;
	}
	ask_done(link->asker);
	link->is_face_asking = false;
	*tell = (struct tell){.kind = TELL_ANSWERED,
	                      .question = link->asked.number,
	                      .reason = head.reason,
	                      .connected = head.connected,
	                      .absent = head.absent,
	                      .flags = head.more != 0 ? TELL_HAS_MORE : 0};
	return link->asked.number != 0;
}

/* ---- the order ---- */

static bool tell_entry(struct link *link, struct tell *tell) {
	if (!link->has_entry) {
		return false;
	}
	*tell = link->entry;
	link->has_entry = false;
	return true;
}

/* Whatever does not need the log. */
static bool tell_present(struct link *link, struct tell *tell, uint64_t now_us) {
	bool is_over = link->phase == PHASE_OVER;
	return (!is_over && tell_standing(link, tell, now_us)) ||
	       rosters_tell(link->rosters, tell) || tell_answer(link, tell) ||
	       rosters_tell(link->rosters, tell) || tell_entry(link, tell) ||
	       tell_message(link, tell);
}

bool link_next(struct link *link, struct tell *tell, uint64_t now_us) {
	*tell = (struct tell){0};
	if (!link->is_attached) {
		return false;
	}
	if (tell_present(link, tell, now_us)) {
		return true;
	}
	if (rosters_is_ready(link->rosters) || link->phase == PHASE_OVER) {
		read_log(link);
		if (tell_present(link, tell, now_us)) {
			return true;
		}
	}
	/* What was told may have been the last thing that the end waited for. */
	link_go_on_quitting(link, now_us);
	return tell_standing(link, tell, now_us);
}
