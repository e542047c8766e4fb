#include "link_ask.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct page {
	size_t size;
	uint8_t bytes[WIRE_TALK_BODY_BYTES_MAX]; /* all behind the kind */
};

struct asker {
	enum { FREE, ASKED, ANSWERED } state;
	struct question question;
	uint64_t number;
	uint64_t sent_us, repeat_us; /* 0: not sent yet */
	unsigned times;
	struct answer_head head;
	uint8_t pages;  /* 0: none has come */
	uint8_t there;  /* a bit for each */
	uint8_t page;   /* that is being read */
	bool is_inside; /* ... and `rest` is what is left of it */
	struct wire_in rest;
	/* An entry in parts, each a page of its own. */
	size_t part_total, part_there;
	uint64_t part_seq;
	struct page page_bytes[ASK_PAGES_MAX];
	uint8_t entry[INBOX_ENTRY_BYTES_MAX];
};

struct asker *ask_create(void) {
	return calloc(1, sizeof(struct asker));
}

void ask_destroy(struct asker *asker) {
	free(asker);
}

bool ask_is_free(const struct asker *asker) {
	return asker->state == FREE;
}

bool ask_is_asking(const struct asker *asker) {
	return asker->state == ASKED && asker->times > 0;
}

bool ask_is_answered(const struct asker *asker) {
	return asker->state == ANSWERED;
}

const struct answer_head *ask_head(const struct asker *asker) {
	assert(asker->state == ANSWERED);
	return &asker->head;
}

const struct question *ask_question(const struct asker *asker) {
	assert(asker->state != FREE);
	return &asker->question;
}

void ask_begin(struct asker *asker, const struct question *question) {
	assert(asker->state == FREE);
	asker->state = ASKED;
	asker->question = *question;
	asker->number++;
	asker->sent_us = asker->repeat_us = 0;
	asker->times = 0;
	asker->pages = asker->there = 0;
}

void ask_anew(struct asker *asker) {
	if (asker->state == ASKED) {
		asker->sent_us = asker->repeat_us = 0;
		asker->pages = asker->there = 0;
	}
}

void ask_abort(struct asker *asker) {
	asker->state = FREE;
}

void ask_done(struct asker *asker) {
	assert(asker->state == ANSWERED);
	asker->state = FREE;
}

/* ---- asking ---- */

static void put_arguments(struct wire_out *out, const struct question *question) {
	switch (question->kind) {
	case ASK_WHO:
		wire_put_varint(out, question->room);
		wire_put_varint(out, question->after);
		break;
	case ASK_ROOMS: wire_put_varint(out, question->after); break;
	default:
		wire_put_varint(out, question->room);
		wire_put_varint(out, question->seq);
		wire_put_u8(out, question->lines);
		wire_put_bytes(out, question->text, question->text_size);
	}
}

bool ask_fill(struct asker *asker, struct wire_out *out, uint64_t now_us, const struct rtt *rtt) {
	if (ask_deadline(asker) > now_us) {
		return false;
	}
	uint8_t bytes[64 + ASK_TEXT_BYTES_MAX];
	struct wire_out arguments = wire_out_at(bytes, sizeof bytes);
	put_arguments(&arguments, &asker->question);
	struct wire_out trial = *out;
	wire_put_frame(&trial, &(struct wire_talk){.frame = FRAME_ASK,
	                                           .number = asker->number,
	                                           .kind = asker->question.kind,
	                                           .bytes = wire_out_slice(&arguments)});
	assert(!arguments.is_full);
	if (trial.is_full) {
		return false;
	}
	*out = trial;
	asker->times++;
	asker->sent_us = now_us;
	asker->repeat_us = asker->repeat_us == 0 ? rtt_repeat(rtt) : rtt_again(asker->repeat_us);
	return true;
}

uint64_t ask_deadline(const struct asker *asker) {
	return asker->state != ASKED ? UINT64_MAX : asker->sent_us + asker->repeat_us;
}

/* ---- the answer's pages ---- */

static void read_head(struct wire_in *in, uint8_t kind, struct answer_head *head) {
	*head = (struct answer_head){.kind = kind};
	switch (kind) {
	case ASK_WHO:
		head->seq = wire_get_varint(in);
		head->connected = wire_get_varint(in);
		head->absent = wire_get_varint(in);
		head->more = wire_get_u8(in);
		break;
	case ASK_ROOMS:
		head->seq = wire_get_varint(in);
		head->more = wire_get_u8(in);
		break;
	case ASK_BEFORE:
	case ASK_SEARCH: head->more = wire_get_u8(in); break;
	case ASK_REFUSED: head->reason = wire_get_u8(in); break;
	default: in->is_bad = true;
	}
}

static enum answer_found read_row(struct wire_in *in, uint8_t kind, struct answer_row *row) {
	if (wire_is_at_end(in) || kind == ASK_REFUSED) {
		return ANSWER_AT_END;
	}
	if (kind == ASK_WHO || kind == ASK_ROOMS) {
		row->id = wire_get_varint(in);
		row->people = kind == ASK_ROOMS ? wire_get_varint(in) : 0;
		row->flags = wire_get_u8(in);
		row->name = wire_get_string(in);
		return kind == ASK_WHO ? ANSWER_PERSON : ANSWER_ROOM;
	}
	struct wire_piece piece;
	if (!wire_next_item(in, &piece)) {
		return ANSWER_AT_END;
	}
	if (piece.item == ITEM_ENTRY) {
		in->is_bad = !wire_read_entry(piece.entry, &row->entry);
		return ANSWER_ENTRY;
	}
	return piece.item == ITEM_GAP ? ANSWER_GAP : ANSWER_AT_END;
}

static bool is_page_good(struct slice bytes, uint8_t kind, struct answer_head *head) {
	struct wire_in in = wire_in_at(bytes);
	struct answer_row row;
	read_head(&in, kind, head);
	while (!in.is_bad && in.rest.size > 0 && kind != ASK_REFUSED) {
		read_row(&in, kind, &row);
	}
	return !in.is_bad && in.rest.size == 0;
}

static bool is_same_answer(const struct asker *asker, const struct wire_talk *talk,
                           const struct answer_head *head) {
	return asker->pages == talk->pages && asker->head.kind == head->kind &&
	       asker->head.seq == head->seq && asker->head.more == head->more;
}

bool ask_answer(struct asker *asker, const struct wire_talk *talk, uint64_t now_us,
                struct rtt *rtt) {
	struct answer_head head;
	if (talk->pages == 0 || talk->pages > ASK_PAGES_MAX || talk->page >= talk->pages ||
	    talk->bytes.size > WIRE_TALK_BODY_BYTES_MAX ||
	    !is_page_good(talk->bytes, talk->kind, &head)) {
		return false;
	}
	if (asker->state != ASKED || asker->times == 0 || talk->number != asker->number ||
	    (talk->kind != asker->question.kind && talk->kind != ASK_REFUSED)) {
		return true;
	}
	if (asker->pages == 0 && asker->times == 1) {
		rtt_note(rtt, now_us - asker->sent_us);
	}
	if (!is_same_answer(asker, talk, &head)) {
		asker->pages = talk->pages;
		asker->there = 0;
		asker->head = head;
	}
	struct page *page = &asker->page_bytes[talk->page];
	page->size = talk->bytes.size;
	memcpy(page->bytes, talk->bytes.bytes, page->size);
	asker->there |= (uint8_t)(1u << talk->page);
	if (asker->there == (1u << asker->pages) - 1) {
		asker->state = ANSWERED;
		asker->page = 0;
		asker->is_inside = false;
		asker->part_total = 0;
	}
	return true;
}

/* ---- its rows ---- */

/* A page that is a part: true when the entry is whole. Parts come in order, as pages do. */
static bool add_part(struct asker *asker, const struct wire_piece *piece) {
	if (piece->total > sizeof asker->entry) {
		asker->part_total = 0;
		return false;
	}
	if (piece->offset == 0 || piece->seq != asker->part_seq ||
	    piece->total != asker->part_total) {
		asker->part_seq = piece->seq;
		asker->part_total = (size_t)piece->total;
		asker->part_there = 0;
	}
	if (piece->offset != asker->part_there) {
		asker->part_total = 0;
		return false;
	}
	memcpy(asker->entry + piece->offset, piece->part.bytes, piece->part.size);
	asker->part_there += piece->part.size;
	return asker->part_there == asker->part_total;
}

static enum answer_found read_part(struct asker *asker, struct answer_row *row) {
	struct wire_in trial = asker->rest;
	struct wire_piece piece;
	if (!wire_next_item(&trial, &piece) || piece.item != ITEM_PART) {
		return ANSWER_AT_END;
	}
	asker->rest = trial;
	bool is_whole = add_part(asker, &piece) &&
	                wire_read_entry(slice_of((const char *)asker->entry, asker->part_total),
	                                &row->entry);
	return is_whole ? ANSWER_ENTRY : ANSWER_AT_END;
}

static enum answer_found read_next(struct asker *asker, struct answer_row *row) {
	uint8_t kind = asker->head.kind;
	if (kind == ASK_BEFORE || kind == ASK_SEARCH) {
		enum answer_found found = read_part(asker, row);
		if (found != ANSWER_AT_END) {
			return found;
		}
	}
	return read_row(&asker->rest, kind, row);
}

enum answer_found ask_next(struct asker *asker, struct answer_row *row) {
	assert(asker->state == ANSWERED);
	*row = (struct answer_row){.found = ANSWER_AT_END};
	while (asker->page < asker->pages) {
		if (!asker->is_inside) {
			struct page *page = &asker->page_bytes[asker->page];
			struct answer_head head;
			asker->is_inside = true;
			asker->rest = wire_in_at(slice_of((const char *)page->bytes, page->size));
			read_head(&asker->rest, asker->head.kind, &head);
		}
		row->found = read_next(asker, row);
		if (row->found != ANSWER_AT_END) {
			return row->found;
		}
		asker->page++;
		asker->is_inside = false;
	}
	return ANSWER_AT_END;
}
