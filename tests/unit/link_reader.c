#include "unit.h"

#include "link_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

static uint32_t sum_of(struct slice text) {
	uint32_t sum = 2166136261u;
	for (size_t i = 0; i < text.size; i++) {
		sum = (sum ^ (uint8_t)text.bytes[i]) * 16777619u;
	}
	return sum;
}

static void hear_standing(struct reader *face, const struct tell *tell) {
	face->standing = tell->state;
	face->ending = tell->ending;
	face->standing_reason = tell->reason;
	face->standing_number = tell->number;
	face->flags = tell->flags;
	face->rtt_us = tell->rtt_us;
	face->was_silent = face->was_silent || (tell->flags & TELL_IS_SILENT) != 0;
	snprintf(face->name, sizeof face->name, "%.*s", (int)tell->name.size, tell->name.bytes);
}

static void hear_entry(struct reader *face, const struct tell *tell) {
	if (tell->question != 0) {
		face->first_row_seq = face->rows == 0 ? tell->seq : face->first_row_seq;
		face->rows++;
		return;
	}
	/* In order, once, and never before its room is known. */
	assert_true(tell->seq > face->last_seq);
	face->last_seq = tell->seq;
	face->entries++;
	for (size_t i = 0; i < tell_rooms_count(tell); i++) {
		uint64_t room = tell_room(tell, i);
		bool is_end = tell->entry_kind == ENTRY_PARTED || tell->entry_kind == ENTRY_LEFT;
		assert_true(room > SIM_ROOMS ? face->has_direct_room : face->is_in[room] || is_end);
	}
	if (tell->entry_kind == ENTRY_SAID || tell->entry_kind == ENTRY_DIRECT) {
		assert_true(face->said_count < SAID_MAX);
		face->said[face->said_count] = tell->seq;
		face->said_sums[face->said_count++] = sum_of(tell->text);
	}
	if (tell->tag != 0) {
		assert_true((tell->flags & TELL_IS_OWN) != 0);
		face->last_tag_seq = tell->seq;
	}
}

static void hear_message(struct reader *face, const struct tell *tell) {
	assert_true(tell->tag > 0 && tell->tag < SAID_MAX);
	assert_true(tell->state >= face->states[tell->tag]);
	face->states[tell->tag] = tell->state;
	face->seqs[tell->tag] = tell->seq;
	face->reasons[tell->tag] = tell->reason;
	face->arguments[tell->tag] = tell->argument;
	face->kept += tell->state == MESSAGE_KEPT;
	face->refused += tell->state == MESSAGE_REFUSED;
}

static void hear_room(struct reader *face, const struct tell *tell) {
	if ((tell->flags & TELL_IS_DIRECT) != 0) {
		face->has_direct_room = true;
		snprintf(face->direct_name, sizeof face->direct_name, "%.*s", (int)tell->name.size,
		         tell->name.bytes);
		return;
	}
	assert_true(tell->room <= SIM_ROOMS);
	face->is_in[tell->room] = (tell->flags & TELL_IS_IN) != 0;
	face->is_whole[tell->room] = (tell->flags & TELL_IS_WHOLE) != 0;
	face->connected[tell->room] = tell->connected;
	if (!face->is_in[tell->room]) {
		memset(face->is_there[tell->room], 0, sizeof face->is_there[0]);
	}
}

static void hear(void *context, struct sim_client *client, const struct tell *tell) {
	struct reader *face = context;
	switch (tell->kind) {
	case TELL_STANDING: hear_standing(face, tell); break;
	case TELL_ENTRY: hear_entry(face, tell); break;
	case TELL_MESSAGE: hear_message(face, tell); break;
	case TELL_ROOM: hear_room(face, tell); break;
	case TELL_GAP:
		face->gaps++;
		face->gap_from = tell->from;
		face->gap_to = tell->seq;
		break;
	case TELL_PERSON:
		if (tell->question != 0) {
			face->rows++;
		} else {
			face->is_there[tell->room][tell->person] =
				(tell->flags & TELL_IS_GONE) == 0;
		}
		break;
	case TELL_LISTED: face->rows++; break;
	case TELL_ANSWERED:
		face->answered = tell->question;
		face->has_more = (tell->flags & TELL_HAS_MORE) != 0;
		face->answer_reason = tell->reason;
		break;
	default: fail();
	}
}

struct reader *reader_come(struct sim *sim, struct session_start start) {
	struct reader *face = calloc(1, sizeof *face);
	assert_non_null(face);
	face->sim = sim;
	face->client = sim_join(sim, start, hear, face);
	return face;
}

bool reader_is_in(void *context) {
	return ((struct reader *)context)->standing == STANDING_IN;
}

struct reader *reader_enter(struct sim *sim, const char *name) {
	struct reader *face = reader_come(sim, (struct session_start){.name = name});
	assert_true(sim_run_until(sim, 60 * SECOND, reader_is_in, face));
	return face;
}

void reader_wish(struct reader *face, struct wish wish) {
	link_wish(face->client->link, &wish, face->sim->now_us);
}

void reader_say(struct reader *face, uint64_t room, const char *text) {
	reader_wish(face, (struct wish){.kind = WISH_SAY,
	                                .tag = ++face->tag,
	                                .room = room,
	                                .text = slice_from_string(text)});
}

bool reader_is_decided(void *context) {
	struct reader *face = context;
	return face->kept + face->refused == face->tag;
}

bool reader_is_over(void *context) {
	return ((struct reader *)context)->standing == STANDING_ENDED;
}

void reader_settle(struct reader *face) {
	assert_true(sim_run_until(face->sim, 120 * SECOND, reader_is_decided, face));
}

void reader_finish(struct sim *sim) {
	for (size_t i = 0; i < sim->clients_count; i++) {
		free(sim->clients[i].context);
	}
	sim_destroy(sim);
}
