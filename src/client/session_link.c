/*
 * The whole: it hands what comes to the parts, asks the parts what has to leave, and
 * keeps the time.
 */
#include "session_link.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "link_inner.h"
#include "record.h"

/* A client's datagram is at least this large: padding goes in front of the frames. */
#define BODY_BYTES_MIN (WIRE_CLIENT_BYTES_MIN - WIRE_TALK_HEAD_BYTES - TAG_BYTES)
/* DETACH may get lost, and nobody says that it came. */
#define DETACHES 2

struct link *link_create(const struct session_start *start) {
	struct link *link = calloc(1, sizeof *link);
	if (link == NULL) {
		return NULL;
	}
	link->start = *start;
	link->memory = start->memory;
	link->inbox = link_inbox_create();
	link->outbox = outbox_create();
	link->asker = ask_create();
	link->rosters = rosters_create();
	if (link->inbox == NULL || link->outbox == NULL || link->asker == NULL ||
	    link->rosters == NULL) {
		link_destroy(link);
		return NULL;
	}
	link_inbox_begin(link->inbox, link->memory.cursor);
	link->since_us = start->now_us;
	link->has_news = true;
	link_set_name(link, start->name != NULL
	                            ? slice_from_string(start->name)
	                            : slice_of(link->memory.name, link->memory.name_size));
	link->phase = PHASE_NAMELESS;
	link_greet_begin(link, start->now_us);
	return link;
}

void link_destroy(struct link *link) {
	if (link != NULL) {
		link_inbox_destroy(link->inbox);
		outbox_destroy(link->outbox);
		ask_destroy(link->asker);
		rosters_destroy(link->rosters);
		free(link);
	}
}

/* ---- states ---- */

static enum standing standing_of(enum link_phase phase) {
	switch (phase) {
	case PHASE_NAMELESS: return STANDING_NAME_WANTED;
	case PHASE_DOUBTING: return STANDING_TRUST_WANTED;
	case PHASE_IN: return STANDING_IN;
	case PHASE_OVER: return STANDING_ENDED;
	default: return STANDING_SEEKING;
	}
}

enum standing link_standing(const struct link *link) {
	return standing_of(link->phase);
}

void link_change(struct link *link, enum link_phase phase, uint64_t now_us) {
	if (link->phase == PHASE_OVER) {
		return;
	}
	if (standing_of(link->phase) != standing_of(phase)) {
		link->since_us = now_us;
		link->was_silent = false;
	}
	link->phase = phase;
	link->has_news = true;
}

void link_end(struct link *link, enum ending ending, uint64_t now_us) {
	if (link->phase != PHASE_OVER) {
		link->ending = ending;
		link_change(link, PHASE_OVER, now_us);
	}
}

void link_set_text(struct link *link, uint16_t reason, uint64_t argument, struct slice text) {
	link->reason = reason;
	link->argument = argument;
	link->text_size = text.size < sizeof link->text ? text.size : sizeof link->text;
	if (link->text_size > 0) {
		memcpy(link->text, text.bytes, link->text_size);
	}
}

void link_remember(struct link *link) {
	link->memory.name_size = link->name_size;
	memcpy(link->memory.name, link->name, sizeof link->name);
	link->memory_version++;
}

void link_fail(struct link *link, enum ending ending, struct slice text, uint64_t now_us) {
	link_set_text(link, 0, 0, text);
	link_end(link, ending, now_us);
}

void link_doubt(struct link *link, uint64_t now_us) {
	if (link->phase == PHASE_IN) {
		link_greet_begin(link, now_us);
	}
}

const struct link_memory *link_memory(const struct link *link) {
	return &link->memory;
}

uint64_t link_memory_version(const struct link *link) {
	return link->memory_version;
}

void link_note_answering(struct link *link, uint64_t seq, uint64_t number) {
	link->memory.answering = seq;
	link->memory.answering_number = number;
	link->memory_version++;
}

uint64_t link_number(const struct link *link) {
	return outbox_number(link->outbox);
}

uint64_t link_kept_number(const struct link *link) {
	return outbox_kept_number(link->outbox);
}

void link_set_address(struct link *link, struct slice address) {
	link->address_size =
		address.size < sizeof link->address ? address.size : sizeof link->address;
	memcpy(link->address, address.bytes, link->address_size);
	link->has_news = true;
}

bool link_was_answered(const struct link *link) {
	return link->was_answered;
}

const struct link_counts *link_counts(const struct link *link) {
	return &link->counts;
}

/* ---- what comes ---- */

static bool is_waiting(const struct link *link) {
	return outbox_is_asking(link->outbox) || ask_is_asking(link->asker) ||
	       link->stretch.ping_us != 0;
}

static void on_pong(struct link *link, uint64_t token, uint64_t now_us) {
	struct stretch *stretch = &link->stretch;
	if (stretch->ping_us != 0 && token == stretch->token) {
		rtt_note(&link->rtt, now_us - stretch->ping_us);
		link->has_soft_news = true;
	}
	if (token <= stretch->token) {
		stretch->ping_us = 0;
	}
}

static void on_end(struct link *link, const struct wire_talk *talk, uint64_t now_us) {
	link->memory.has_session = false;
	link_remember(link);
	link_set_text(link, talk->reason, 0, talk->bytes);
	link_end(link, ENDING_PUT_OUT, now_us);
}

static bool on_frame(struct link *link, const struct wire_talk *talk, uint64_t now_us) {
	switch (talk->frame) {
	case FRAME_KEPT:
		outbox_kept(link->outbox, talk->number, talk->seq, now_us, &link->rtt);
		return true;
	case FRAME_ANSWER: return ask_answer(link->asker, talk, now_us, &link->rtt);
	case FRAME_PONG: on_pong(link, talk->number, now_us); return true;
	case FRAME_END: on_end(link, talk, now_us); return true;
	default: return false;
	}
}

static bool is_servers(uint8_t frame) {
	return frame == FRAME_KEPT || frame == FRAME_ANSWER || frame == FRAME_PONG ||
	       frame == FRAME_END;
}

/* All frames, or none of them. */
static bool take_talk(struct link *link, struct slice body, uint64_t now_us) {
	struct wire_talk talk;
	struct wire_in in = wire_in_at(body);
	while (wire_next_frame(&in, &talk)) {
		if (!is_servers(talk.frame)) {
			return false;
		}
	}
	if (in.is_bad) {
		return false;
	}
	in = wire_in_at(body);
	while (wire_next_frame(&in, &talk)) {
		if (!on_frame(link, &talk, now_us)) {
			return false;
		}
	}
	return true;
}

static bool take_body(struct link *link, const struct wire_head *head, struct slice body,
                      uint64_t now_us) {
	if (head->type == WIRE_TALK) {
		return take_talk(link, body, now_us);
	}
	if (link_inbox_take(link->inbox, head->from, head->to, body) != INBOX_TAKEN) {
		return false;
	}
	link->counts.log_bytes += body.size;
	return true;
}

static bool take_packet(struct link *link, struct slice datagram, uint64_t now_us) {
	struct stretch *stretch = &link->stretch;
	struct wire_head head;
	struct slice body;
	if (!stretch->is_there || !wire_read_head(datagram, &head, &body) ||
	    head.session != link->memory.session || head.connection != stretch->number ||
	    !wire_tag_is_good(datagram, &stretch->key)) {
		return false;
	}
	bool is_again = ack_has(&stretch->acks, head.packet);
	if (!is_again && !take_body(link, &head, body, now_us)) {
		return false;
	}
	if (!ack_note(&stretch->acks, head.packet, now_us)) {
		/* Anybody can send it again: it is no sign of life. */
		return true;
	}
	stretch->heard_us = now_us;
	if (link->phase == PHASE_GREETING && !link->greeting.has_cookie) {
		/* It was only silent for a while. */
		link_change(link, PHASE_IN, now_us);
	}
	return true;
}

void link_receive(struct link *link, struct slice datagram, uint64_t now_us) {
	uint8_t type = wire_type_of(datagram);
	if (link->phase == PHASE_OVER) {
		return;
	}
	link->counts.received++;
	if (type == WIRE_LOG || type == WIRE_TALK) {
		link->counts.refused += !take_packet(link, datagram, now_us);
	} else {
		link_greet_receive(link, datagram, now_us);
	}
}

/* ---- the time ---- */

/* When the present connection is given up; UINT64_MAX: not as long as nobody waits for anything. */
static uint64_t silence_deadline(const struct link *link) {
	const struct stretch *stretch = &link->stretch;
	if (link->phase != PHASE_IN || stretch->waits_us == 0) {
		return UINT64_MAX;
	}
	uint64_t since_us =
		stretch->heard_us > stretch->waits_us ? stretch->heard_us : stretch->waits_us;
	return since_us + SILENCE_US;
}

static uint64_t patience_deadline(const struct link *link) {
	bool is_first = !link->was_in && standing_of(link->phase) == STANDING_SEEKING;
	return is_first && link->start.patience_us != 0 ? link->since_us + link->start.patience_us
	                                                : UINT64_MAX;
}

static uint64_t ping_deadline(const struct link *link) {
	const struct stretch *stretch = &link->stretch;
	return stretch->ping_us == 0 ? stretch->said_us + PING_US
	                             : stretch->ping_us + stretch->ping_repeat_us;
}

static void keep_time(struct link *link, uint64_t now_us) {
	struct stretch *stretch = &link->stretch;
	if (!is_waiting(link)) {
		stretch->waits_us = 0;
	} else if (stretch->waits_us == 0) {
		stretch->waits_us = now_us;
	}
	if (silence_deadline(link) <= now_us) {
		link_greet_begin(link, now_us);
	}
	if (link->phase == PHASE_PAUSED && link->pause_us <= now_us) {
		link_greet_begin(link, now_us);
	}
	if (patience_deadline(link) <= now_us) {
		link_end(link, ENDING_NO_ANSWER, now_us);
	}
	link_go_on_quitting(link, now_us);
	link_ask_next(link);
}

static uint64_t earliest(uint64_t a, uint64_t b) {
	return a < b ? a : b;
}

uint64_t link_send_deadline(const struct link *link) {
	uint64_t deadline = earliest(link_greet_deadline(link), patience_deadline(link));
	if (link->phase == PHASE_OVER) {
		return UINT64_MAX;
	}
	if (link->phase == PHASE_IN) {
		deadline = earliest(deadline, ack_deadline(&link->stretch.acks));
		deadline = earliest(deadline, outbox_deadline(link->outbox));
		deadline = earliest(deadline, ask_deadline(link->asker));
		deadline = earliest(deadline, ping_deadline(link));
		deadline = earliest(deadline, silence_deadline(link));
	}
	if (link->phase == PHASE_PAUSED) {
		deadline = earliest(deadline, link->pause_us);
	}
	return link->is_quitting ? earliest(deadline, link->quit_us) : deadline;
}

uint64_t link_deadline(const struct link *link) {
	uint64_t deadline = link_send_deadline(link);
	if (link->phase == PHASE_OVER || !link->is_attached) {
		return deadline;
	}
	if (standing_of(link->phase) == STANDING_SEEKING && !link->was_silent) {
		deadline = earliest(deadline, link->since_us + SILENT_US);
	}
	if (link->has_soft_news) {
		deadline = earliest(deadline, link->soft_told_us + SOFT_NEWS_US);
	}
	return deadline;
}

/* ---- what leaves ---- */

static void fill_ping(struct link *link, struct wire_out *out, uint64_t now_us) {
	struct stretch *stretch = &link->stretch;
	if (ping_deadline(link) > now_us) {
		return;
	}
	stretch->ping_repeat_us =
		stretch->ping_us == 0 ? rtt_repeat(&link->rtt) : rtt_again(stretch->ping_repeat_us);
	stretch->ping_us = now_us;
	wire_put_frame(out, &(struct wire_talk){.frame = FRAME_PING, .number = ++stretch->token});
}

/* Frames that want an answer, or the last word. */
static bool fill_words(struct link *link, struct wire_out *out, uint64_t now_us) {
	size_t before = out->size;
	if (link->detaches > 0) {
		link->detaches--;
		wire_put_frame(out, &(struct wire_talk){.frame = FRAME_DETACH});
		return true;
	}
	if (link->phase != PHASE_IN) {
		return false;
	}
	fill_ping(link, out, now_us);
	outbox_fill(link->outbox, out, now_us, &link->rtt);
	/* Last, for it reaches up to the end of the datagram. */
	ask_fill(link->asker, out, now_us, &link->rtt);
	if (out->size > before) {
		link->stretch.said_us = now_us;
	}
	return out->size > before;
}

/* The body of a TALK, with an acknowledgement in front if there is any to make. */
static size_t fill_body(struct link *link, uint8_t body[WIRE_TALK_BODY_BYTES_MAX],
                        uint64_t now_us) {
	struct stretch *stretch = &link->stretch;
	uint8_t words_bytes[WIRE_TALK_BODY_BYTES_MAX];
	struct wire_out frames = wire_out_at(body, WIRE_TALK_BODY_BYTES_MAX);
	struct wire_ack ack;
	if (stretch->acks.unsaid > 0 &&
	    ack_make(&stretch->acks, link_inbox_cursor(link->inbox), now_us, &ack)) {
		wire_put_ack(&frames, &ack);
	}
	struct wire_out words = wire_out_at(words_bytes, frames.room - frames.size);
	if (!fill_words(link, &words, now_us) && ack_deadline(&stretch->acks) > now_us) {
		return 0;
	}
	ack_said(&stretch->acks);
	assert(!words.is_full && !frames.is_full);
	wire_put_bytes(&frames, words.bytes, words.size);
	if (frames.size >= BODY_BYTES_MIN) {
		return frames.size;
	}
	size_t padding = BODY_BYTES_MIN - frames.size;
	memmove(body + padding, body, frames.size);
	memset(body, FRAME_PADDING, padding);
	return BODY_BYTES_MIN;
}

static size_t send_talk(struct link *link, uint8_t out[WIRE_DATAGRAM_BYTES_MAX], uint64_t now_us) {
	uint8_t body[WIRE_TALK_BODY_BYTES_MAX];
	struct stretch *stretch = &link->stretch;
	bool is_open = link->phase == PHASE_IN || link->detaches > 0;
	if (!stretch->is_there || !is_open) {
		link->detaches = 0;
		return 0;
	}
	size_t size = fill_body(link, body, now_us);
	if (size == 0) {
		return 0;
	}
	struct wire_head head = {.type = WIRE_TALK,
	                         .session = link->memory.session,
	                         .connection = stretch->number,
	                         .packet = stretch->next_packet++};
	return wire_write_datagram(&head, slice_of((const char *)body, size), &stretch->key, out);
}

size_t link_send(struct link *link, uint8_t out[WIRE_DATAGRAM_BYTES_MAX], uint64_t now_us) {
	keep_time(link, now_us);
	size_t size = link_greet_send(link, out, now_us);
	if (size == 0) {
		size = send_talk(link, out, now_us);
	}
	link->counts.sent += size > 0;
	return size;
}
