#include "packing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

/* Kind, seq, total and offset of a PART. */
#define PART_HEAD_BYTES_MAX (1 + 10 + 3 + 3)
#define PIECE_BYTES (WIRE_LOG_BODY_BYTES_MAX - PART_HEAD_BYTES_MAX)

static bool is_long(const struct stretch_entry *entry) {
	return entry->size > WIRE_LOG_BODY_BYTES_MAX;
}

/* ---- what goes in ---- */

static void fill_part(struct packing *packing, const struct stretch_entry *entry, unsigned piece) {
	uint32_t total = entry->size - entry->head_bytes;
	unsigned pieces = (total + PIECE_BYTES - 1) / PIECE_BYTES;
	piece = piece < pieces ? piece : pieces - 1;
	uint32_t offset = piece * PIECE_BYTES;
	packing->part_seq = entry->seq;
	packing->part_total = total;
	packing->part_offset = offset;
	packing->runs[0] = (struct packing_run){
		.at = entry->at + entry->head_bytes + offset,
		.size = total - offset < PIECE_BYTES ? total - offset : PIECE_BYTES};
	packing->runs_count = 1;
	packing->sent.to = entry->seq;
	packing->sent.part = (uint8_t)(piece + 1);
	packing->sent.is_last_part = piece + 1 == pieces;
	packing->count = packing->sent.is_last_part;
	packing->sent.bytes = (uint16_t)packing->runs[0].size;
}

/* Does the item of `next` lie right behind that of `entry`? */
static bool touch(const struct stretch *window, const struct stretch_entry *entry,
                  const struct stretch_entry *next) {
	return next->at == entry->at + entry->size && (next->at & (window->bytes_room - 1)) != 0;
}

/* False if there is no room for it. */
static bool add_item(struct packing *packing, const struct stretch_entry *before,
                     const struct stretch_entry *entry) {
	if (packing->sent.bytes + entry->size > WIRE_LOG_BODY_BYTES_MAX) {
		return false;
	}
	if (before != NULL && touch(packing->window, before, entry)) {
		packing->runs[packing->runs_count - 1].size += entry->size;
	} else if (packing->runs_count < RUNS_MAX) {
		packing->runs[packing->runs_count++] =
			(struct packing_run){.at = entry->at, .size = entry->size};
	} else {
		return false;
	}
	packing->sent.bytes = (uint16_t)(packing->sent.bytes + entry->size);
	packing->count++;
	return true;
}

void packing_fill(struct packing *packing, const struct stretch *window,
                  const struct stretch_reader *reader, const struct span *span, uint64_t from) {
	const struct stretch_entry *before = NULL;
	uint64_t number = stretch_after(window, span->part != 0 ? span->to - 1 : from);
	/* Not the runs: they are many bytes, and mostly one is used. */
	packing->window = window;
	packing->sent = (struct packet_sent){.to = span->to};
	packing->is_empty = true;
	packing->count = packing->runs_count = 0;
	for (; number < window->end; number++) {
		const struct stretch_entry *entry = stretch_entry(window, number);
		if (entry->seq > span->to) {
			break;
		}
		if (!stretch_concerns(window, entry, reader)) {
			continue;
		}
		if (packing->is_empty && is_long(entry)) {
			packing->is_empty = false;
			fill_part(packing, entry,
			          span->part != 0 ? span->part - 1u : span->part_next);
			return;
		}
		if (is_long(entry) || !add_item(packing, before, entry)) {
			packing->sent.to = entry->seq - 1;
			return;
		}
		packing->is_empty = false;
		before = entry;
	}
}

/* ---- bodies ---- */

void bodies_init(struct bodies *bodies) {
	*bodies = (struct bodies){0};
	keys_hash_body(slice_of(NULL, 0), &bodies->empty.hash);
	bodies->gap.storage[0] = ITEM_GAP;
	bodies->gap.bytes = slice_of((const char *)bodies->gap.storage, 1);
	keys_hash_body(bodies->gap.bytes, &bodies->gap.hash);
}

void bodies_finish(struct bodies *bodies) {
	free(bodies->each);
	*bodies = (struct bodies){0};
}

void bodies_forget(struct bodies *bodies) {
	bodies->count = bodies->next = 0;
}

static bool is_same(const struct packing *a, const struct packing *b) {
	if (a->runs_count != b->runs_count || a->window != b->window ||
	    a->sent.part != b->sent.part) {
		return false;
	}
	for (unsigned i = 0; i < a->runs_count; i++) {
		if (a->runs[i].at != b->runs[i].at || a->runs[i].size != b->runs[i].size) {
			return false;
		}
	}
	return true;
}

static struct body *find(const struct bodies *bodies, const struct packing *packing) {
	for (unsigned i = 1; i <= bodies->count; i++) {
		struct body *body = &bodies->each[(bodies->next - i) % BODIES_MAX];
		if (is_same(&body->key, packing)) {
			return body;
		}
	}
	return NULL;
}

static void put_together(struct body *body, const struct packing *packing) {
	struct wire_out out = wire_out_at(body->storage, sizeof(body->storage));
	if (packing->sent.part != 0) {
		wire_put_u8(&out, ITEM_PART);
		wire_put_varint(&out, packing->part_seq);
		wire_put_varint(&out, packing->part_total);
		wire_put_varint(&out, packing->part_offset);
	}
	for (unsigned i = 0; i < packing->runs_count; i++) {
		const struct packing_run *run = &packing->runs[i];
		wire_put_bytes(&out, stretch_at(packing->window, run->at), run->size);
	}
	assert(!out.is_full);
	body->bytes = wire_out_slice(&out);
}

bool bodies_would_drop(const struct bodies *bodies, uint64_t mark) {
	return bodies->count == BODIES_MAX && bodies->each[bodies->next % BODIES_MAX].used == mark;
}

struct body *bodies_get(struct bodies *bodies, const struct packing *packing, uint64_t mark) {
	if (packing->is_empty) {
		return &bodies->empty;
	}
	struct body *body = find(bodies, packing);
	if (body == NULL) {
		if (bodies->each == NULL) {
			bodies->each = allocate(BODIES_MAX * sizeof(struct body));
		}
		body = &bodies->each[bodies->next++ % BODIES_MAX];
		bodies->count += bodies->count < BODIES_MAX;
		body->key = *packing;
		if (packing->runs_count == 1 && packing->sent.part == 0) {
			body->bytes = slice_of(
				(const char *)stretch_at(packing->window, packing->runs[0].at),
				packing->runs[0].size);
		} else {
			put_together(body, packing);
		}
		keys_hash_body(body->bytes, &body->hash);
	}
	body->used = mark;
	return body;
}
