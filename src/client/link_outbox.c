#include "link_outbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

/* A piece, so that it fits behind an acknowledgement with all its ranges. */
#define PIECE_BYTES_MAX 900
#define WINDOW_FIRST 4.0

struct outbox {
	uint64_t last_number; /* that was given */
	uint64_t kept_number;
	double window;   /* how many may be on their way, 1 to 16 */
	uint64_t cut_us; /* when the window was last halved */
	size_t first, count;
	struct outgoing messages[OUTBOX_MESSAGES_MAX];
};

struct outbox *outbox_create(void) {
	struct outbox *outbox = calloc(1, sizeof *outbox);
	if (outbox != NULL) {
		outbox->window = WINDOW_FIRST;
	}
	return outbox;
}

void outbox_destroy(struct outbox *outbox) {
	free(outbox);
}

static struct outgoing *at(const struct outbox *outbox, size_t index) {
	return (struct outgoing *)&outbox->messages[(outbox->first + index) % OUTBOX_MESSAGES_MAX];
}

size_t outbox_count(const struct outbox *outbox) {
	return outbox->count;
}

bool outbox_is_full(const struct outbox *outbox) {
	return outbox->count >= WISHES_OPEN_MAX;
}

bool outbox_put(struct outbox *outbox, uint8_t kind, uint64_t tag, struct slice first,
                struct slice then) {
	if (outbox->count == OUTBOX_MESSAGES_MAX ||
	    first.size + then.size > OUTBOX_MESSAGE_BYTES_MAX) {
		return false;
	}
	struct outgoing *message = at(outbox, outbox->count++);
	size_t head = offsetof(struct outgoing, bytes);
	memset(message, 0, head);
	message->kind = kind;
	message->tag = tag;
	message->state = MESSAGE_WAITING;
	message->has_news = true;
	message->size = first.size + then.size;
	if (first.size > 0) {
		memcpy(message->bytes, first.bytes, first.size);
	}
	if (then.size > 0) {
		memcpy(message->bytes + first.size, then.bytes, then.size);
	}
	return true;
}

/* ---- what becomes of it ---- */

static bool is_decided(const struct outgoing *message) {
	return message->state == MESSAGE_KEPT || message->state == MESSAGE_REFUSED;
}

static bool is_flying(const struct outgoing *message) {
	return message->state == MESSAGE_ON_ITS_WAY && !message->is_kept;
}

static void change(struct outgoing *message, enum message_state state) {
	message->state = (uint8_t)state;
	message->has_news = true;
}

static void refuse(struct outgoing *message, uint64_t seq, uint16_t reason) {
	message->seq = seq;
	message->reason = reason;
	change(message, MESSAGE_REFUSED);
}

static struct outgoing *numbered(struct outbox *outbox, uint64_t number) {
	for (size_t i = 0; number != 0 && i < outbox->count; i++) {
		struct outgoing *message = at(outbox, i);
		if (message->number == number && !is_decided(message)) {
			return message;
		}
	}
	return NULL;
}

void outbox_begin(struct outbox *outbox, uint64_t number, bool is_new_session) {
	/* Numbers that go back: the server lost what it had kept. Then nothing of it is known. */
	bool is_other = is_new_session || number < outbox->last_number;
	uint64_t flying = 0;
	for (size_t i = 0; i < outbox->count; i++) {
		struct outgoing *message = at(outbox, i);
		flying += is_flying(message);
	}
	/* What is flying and not kept is no sign of loss: its numbers are beyond the server's. */
	if (!is_new_session && number + flying >= outbox->last_number) {
		is_other = false;
	}
	for (size_t i = 0; i < outbox->count; i++) {
		struct outgoing *message = at(outbox, i);
		if (message->state != MESSAGE_ON_ITS_WAY) {
			continue;
		}
		if (is_other) {
			refuse(message, 0, REASON_NONE);
		} else if (!message->is_kept) {
			/* Said again at once, so that a KEPT which got lost comes again. */
			message->repeat_us = 0;
			message->times++;
			message->is_in_round = false;
		}
	}
	if (is_other || number > outbox->last_number) {
		outbox->last_number = number;
	}
	outbox->kept_number = number;
	outbox->window = WINDOW_FIRST;
}

/* What KEPT covers for the first time: one of them, sent once, measures the round trip. */
static void note_kept(struct outgoing *message, uint64_t seq, uint64_t now_us, uint64_t *sample_us,
                      double *window) {
	message->is_kept = true;
	message->seq = seq;
	if (message->times == 1) {
		*sample_us = now_us - message->sent_us;
	}
	*window += 1 / *window;
	if (*window > OUTBOX_FLIGHT_MAX) {
		*window = OUTBOX_FLIGHT_MAX;
	}
	if (message->kind == MESSAGE_LEAVE) {
		/* Who has left hears no more of the log. */
		change(message, MESSAGE_KEPT);
	}
}

void outbox_kept(struct outbox *outbox, uint64_t number, uint64_t seq, uint64_t now_us,
                 struct rtt *rtt) {
	uint64_t sample_us = UINT64_MAX;
	outbox->kept_number = number > outbox->kept_number ? number : outbox->kept_number;
	for (size_t i = 0; i < outbox->count; i++) {
		struct outgoing *message = at(outbox, i);
		if (message->number == 0 || message->number > number) {
			break;
		}
		if (is_flying(message)) {
			note_kept(message, seq, now_us, &sample_us, &outbox->window);
		}
	}
	if (sample_us != UINT64_MAX) {
		rtt_note(rtt, sample_us);
	}
}

uint64_t outbox_logged(struct outbox *outbox, uint64_t number, uint64_t seq) {
	struct outgoing *message = numbered(outbox, number);
	if (message == NULL) {
		return 0;
	}
	message->seq = seq;
	change(message, MESSAGE_KEPT);
	return message->tag;
}

uint64_t outbox_refused(struct outbox *outbox, uint64_t number, uint64_t seq, uint16_t reason,
                        uint64_t argument, struct slice why) {
	struct outgoing *message = numbered(outbox, number);
	if (message == NULL) {
		return 0;
	}
	refuse(message, seq, reason);
	message->argument = argument;
	message->why_size = why.size < WHY_BYTES_MAX ? why.size : WHY_BYTES_MAX;
	if (message->why_size > 0) {
		memcpy(message->why, why.bytes, message->why_size);
	}
	return message->tag;
}

void outbox_passed(struct outbox *outbox, uint64_t seq) {
	for (size_t i = 0; i < outbox->count; i++) {
		struct outgoing *message = at(outbox, i);
		if (message->number == 0) {
			break;
		}
		if (message->state == MESSAGE_ON_ITS_WAY && message->is_kept &&
		    message->seq <= seq) {
			refuse(message, message->seq, REASON_NONE);
		}
	}
}

/* ---- sending ---- */

/* A piece of the message, if it fits; the last one of a round starts the wait. */
static bool put_piece(struct outgoing *message, struct wire_out *out, uint64_t now_us) {
	size_t left = message->size - message->offset;
	size_t size = left < PIECE_BYTES_MAX ? left : PIECE_BYTES_MAX;
	struct wire_out trial = *out;
	wire_put_frame(&trial, &(struct wire_talk){.frame = FRAME_MESSAGE,
	                                           .number = message->number,
	                                           .kind = message->kind,
	                                           .total = message->size,
	                                           .offset = message->offset,
	                                           .bytes = slice_of((const char *)message->bytes +
	                                                                     message->offset,
	                                                             size)});
	if (trial.is_full) {
		return false;
	}
	*out = trial;
	message->offset += size;
	if (message->offset == message->size) {
		message->is_in_round = false;
		message->sent_us = now_us;
	}
	return true;
}

/* A round of the message begins: the first one, or one more because nobody answered. */
static void begin_round(struct outbox *outbox, struct outgoing *message, uint64_t now_us,
                        const struct rtt *rtt) {
	message->is_in_round = true;
	message->offset = 0;
	message->times++;
	if (message->number == 0) {
		message->number = ++outbox->last_number;
		message->repeat_us = rtt_repeat(rtt);
		change(message, MESSAGE_ON_ITS_WAY);
		return;
	}
	if (message->repeat_us != 0 && message->sent_us >= outbox->cut_us) {
		outbox->window = outbox->window > 2 ? outbox->window / 2 : 1;
		outbox->cut_us = now_us;
	}
	message->repeat_us =
		message->repeat_us == 0 ? rtt_repeat(rtt) : rtt_again(message->repeat_us);
}

/* When it has to be said (again); UINT64_MAX: not now. */
static uint64_t due_us(const struct outgoing *message, bool may_fly) {
	if (message->state == MESSAGE_WAITING) {
		return may_fly ? 0 : UINT64_MAX;
	}
	if (!is_flying(message)) {
		return UINT64_MAX;
	}
	return message->is_in_round ? 0 : message->sent_us + message->repeat_us;
}

static size_t count_flying(const struct outbox *outbox) {
	size_t flying = 0;
	for (size_t i = 0; i < outbox->count; i++) {
		flying += is_flying(at(outbox, i));
	}
	return flying;
}

bool outbox_fill(struct outbox *outbox, struct wire_out *out, uint64_t now_us,
                 const struct rtt *rtt) {
	size_t flying = count_flying(outbox);
	size_t before = out->size;
	for (size_t i = 0; i < outbox->count; i++) {
		struct outgoing *message = at(outbox, i);
		bool may_fly = flying + 1 <= (size_t)outbox->window;
		if (due_us(message, may_fly) > now_us) {
			continue;
		}
		if (!message->is_in_round) {
			flying += message->number == 0;
			begin_round(outbox, message, now_us, rtt);
		}
		if (!put_piece(message, out, now_us)) {
			break;
		}
		if (message->is_in_round) {
			break;
		}
	}
	return out->size > before;
}

uint64_t outbox_deadline(const struct outbox *outbox) {
	bool may_fly = count_flying(outbox) + 1 <= (size_t)outbox->window;
	uint64_t deadline = UINT64_MAX;
	for (size_t i = 0; i < outbox->count; i++) {
		uint64_t due = due_us(at(outbox, i), may_fly);
		deadline = due < deadline ? due : deadline;
	}
	return deadline;
}

uint64_t outbox_number(const struct outbox *outbox) {
	return outbox->last_number;
}

uint64_t outbox_kept_number(const struct outbox *outbox) {
	return outbox->kept_number;
}

bool outbox_is_asking(const struct outbox *outbox) {
	return count_flying(outbox) > 0;
}

/* ---- telling ---- */

const struct outgoing *outbox_news(struct outbox *outbox) {
	while (outbox->count > 0 && is_decided(at(outbox, 0)) && !at(outbox, 0)->has_news) {
		outbox->first = (outbox->first + 1) % OUTBOX_MESSAGES_MAX;
		outbox->count--;
	}
	for (size_t i = 0; i < outbox->count; i++) {
		struct outgoing *message = at(outbox, i);
		if (message->has_news) {
			message->has_news = false;
			return message;
		}
	}
	return NULL;
}

void outbox_retell(struct outbox *outbox) {
	for (size_t i = 0; i < outbox->count; i++) {
		at(outbox, i)->has_news = true;
	}
}
