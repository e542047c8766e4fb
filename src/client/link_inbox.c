#include "link_inbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Places. What waits for an earlier LOG leaves some for those that are in order. */
#define SLOTS 256
#define HELD_MAX 192

struct slot {
	uint64_t from, to;
	uint64_t had; /* entries up to here were had before */
	uint16_t size;
	bool is_assembled; /* the entry is in the assembly, not here */
	uint8_t body[WIRE_LOG_BODY_BYTES_MAX];
};

/* One entry whose parts come one by one. */
struct assembly {
	bool is_busy;     /* parts of `seq` are coming, or it is complete and not yet told */
	bool is_complete; /* ... and stands among what is ready */
	uint64_t seq;
	size_t total, there;
	uint8_t bytes[INBOX_ENTRY_BYTES_MAX];
	uint8_t is_there[INBOX_ENTRY_BYTES_MAX / 8];
};

struct inbox {
	uint64_t cursor, told;
	/* Numbers of slots: free ones (a stack), those ready to be told (a ring), those held back. */
	uint16_t free[SLOTS], ready[SLOTS], held[HELD_MAX];
	size_t free_count, ready_first, ready_count, held_count;
	bool is_inside; /* the first ready slot was begun: `rest` is what is left of it */
	struct wire_in rest;
	struct assembly assembly;
	struct slot slots[SLOTS];
};

struct inbox *link_inbox_create(void) {
	struct inbox *inbox = calloc(1, sizeof *inbox);
	if (inbox != NULL) {
		link_inbox_begin(inbox, 0);
	}
	return inbox;
}

void link_inbox_destroy(struct inbox *inbox) {
	free(inbox);
}

void link_inbox_begin(struct inbox *inbox, uint64_t cursor) {
	inbox->cursor = inbox->told = cursor;
	inbox->ready_first = inbox->ready_count = inbox->held_count = 0;
	inbox->is_inside = false;
	inbox->assembly.is_busy = false;
	inbox->free_count = SLOTS;
	/* The first ones first, again and again: few pages are touched. */
	for (size_t i = 0; i < SLOTS; i++) {
		inbox->free[i] = (uint16_t)(SLOTS - 1 - i);
	}
}

uint64_t link_inbox_cursor(const struct inbox *inbox) {
	return inbox->cursor;
}

uint64_t link_inbox_told(const struct inbox *inbox) {
	return inbox->told;
}

bool link_inbox_is_empty(const struct inbox *inbox) {
	return inbox->ready_count == 0;
}

/* ---- is it well made? ---- */

static bool is_well_made(struct slice body) {
	struct wire_in in = wire_in_at(body);
	struct wire_piece piece;
	struct wire_entry entry;
	size_t count = 0;
	bool is_alone = false;
	while (wire_next_item(&in, &piece)) {
		count++;
		is_alone = is_alone || piece.item != ITEM_ENTRY;
		if (piece.item == ITEM_ENTRY && !wire_read_entry(piece.entry, &entry)) {
			return false;
		}
	}
	return !in.is_bad && (!is_alone || count == 1);
}

static bool first_item(struct slice body, struct wire_piece *piece) {
	struct wire_in in = wire_in_at(body);
	return wire_next_item(&in, piece);
}

/* ---- what is in order ---- */

static void push_ready(struct inbox *inbox, uint16_t number) {
	assert(inbox->ready_count < SLOTS);
	inbox->ready[(inbox->ready_first + inbox->ready_count++) % SLOTS] = number;
}

static void advance(struct inbox *inbox, uint64_t to) {
	assert(to >= inbox->cursor);
	inbox->cursor = to;
	if (inbox->ready_count == 0) {
		inbox->told = to;
	}
}

static void begin_assembly(struct assembly *assembly, const struct wire_piece *piece) {
	assembly->is_busy = true;
	assembly->is_complete = false;
	assembly->seq = piece->seq;
	assembly->total = (size_t)piece->total;
	assembly->there = 0;
	memset(assembly->is_there, 0, sizeof assembly->is_there);
}

static void add_part(struct assembly *assembly, const struct wire_piece *piece) {
	memcpy(assembly->bytes + piece->offset, piece->part.bytes, piece->part.size);
	for (size_t at = (size_t)piece->offset; at < piece->offset + piece->part.size; at++) {
		uint8_t bit = (uint8_t)(1u << (at % 8));
		assembly->there += (assembly->is_there[at / 8] & bit) == 0;
		assembly->is_there[at / 8] |= bit;
	}
}

static bool is_assembled_entry_good(const struct assembly *assembly) {
	struct wire_entry entry;
	return wire_read_entry(slice_of((const char *)assembly->bytes, assembly->total), &entry);
}

/* A part whose turn it is: the reader has to go on first; it is in its place; it was the last one. */
enum part_done { PART_WAITS, PART_ADDED, PART_WHOLE };

static enum part_done take_part(struct inbox *inbox, const struct wire_piece *piece, uint64_t to) {
	struct assembly *assembly = &inbox->assembly;
	if (piece->total > INBOX_ENTRY_BYTES_MAX || piece->seq != to) {
		advance(inbox, to);
		return PART_ADDED;
	}
	if (assembly->is_busy && assembly->is_complete) {
		return PART_WAITS; /* the reader is not past the one before */
	}
	if (!assembly->is_busy || assembly->seq != piece->seq || assembly->total != piece->total) {
		begin_assembly(assembly, piece);
	}
	add_part(assembly, piece);
	if (assembly->there < assembly->total) {
		return PART_ADDED;
	}
	if (!is_assembled_entry_good(assembly)) {
		assembly->is_busy = false;
		advance(inbox, to);
		return PART_ADDED;
	}
	assembly->is_complete = true;
	return PART_WHOLE;
}

/*
 * A part of the entry that is being put together belongs to it wherever its own range begins: parts
 * that are sent again may begin elsewhere.
 */
static bool is_awaited_part(const struct inbox *inbox, uint64_t to, struct slice body) {
	const struct assembly *assembly = &inbox->assembly;
	struct wire_piece piece;
	return assembly->is_busy && !assembly->is_complete && assembly->seq == to &&
	       first_item(body, &piece) && piece.item == ITEM_PART &&
	       piece.total == assembly->total;
}

static bool is_its_turn(const struct inbox *inbox, const struct slot *slot) {
	return slot->from <= inbox->cursor ||
	       is_awaited_part(inbox, slot->to, slice_of((const char *)slot->body, slot->size));
}

/* The slot's turn has come, and cursor < to. False: not yet, the reader has to go on first. */
static bool settle(struct inbox *inbox, uint16_t number) {
	struct slot *slot = &inbox->slots[number];
	struct slice body = slice_of((const char *)slot->body, slot->size);
	struct wire_piece piece;
	slot->had = inbox->cursor;
	slot->is_assembled = false;
	bool has_item = first_item(body, &piece);
	if (has_item && piece.item == ITEM_PART) {
		switch (take_part(inbox, &piece, slot->to)) {
		case PART_WAITS: return false;
		case PART_ADDED: inbox->free[inbox->free_count++] = number; return true;
		case PART_WHOLE: slot->is_assembled = true; break;
		}
	}
	if (has_item) {
		push_ready(inbox, number);
	} else {
		inbox->free[inbox->free_count++] = number;
	}
	advance(inbox, slot->to);
	return true;
}

/* Whatever was held back and whose turn has come. */
static void settle_held(struct inbox *inbox) {
	bool is_again = true;
	while (is_again) {
		is_again = false;
		for (size_t i = 0; i < inbox->held_count;) {
			uint16_t number = inbox->held[i];
			const struct slot *slot = &inbox->slots[number];
			bool is_had = slot->to <= inbox->cursor;
			if (is_had) {
				inbox->free[inbox->free_count++] = number;
			}
			if (is_had || (is_its_turn(inbox, slot) && settle(inbox, number))) {
				inbox->held[i] = inbox->held[--inbox->held_count];
				is_again = true;
			} else {
				i++;
			}
		}
	}
}

static bool is_held(const struct inbox *inbox, uint64_t from, uint64_t to, struct slice body) {
	for (size_t i = 0; i < inbox->held_count; i++) {
		const struct slot *slot = &inbox->slots[inbox->held[i]];
		if (slot->from == from && slot->to == to && slot->size == body.size &&
		    memcmp(slot->body, body.bytes, body.size) == 0) {
			return true;
		}
	}
	return false;
}

enum inbox_taken link_inbox_take(struct inbox *inbox, uint64_t from, uint64_t to,
                                 struct slice body) {
	if (from > to || body.size > WIRE_LOG_BODY_BYTES_MAX || !is_well_made(body)) {
		return INBOX_MALFORMED;
	}
	if (to <= inbox->cursor || is_held(inbox, from, to, body)) {
		return INBOX_TAKEN;
	}
	bool is_in_order = from <= inbox->cursor || is_awaited_part(inbox, to, body);
	if (inbox->free_count == 0 || (!is_in_order && inbox->held_count == HELD_MAX)) {
		return INBOX_NO_ROOM;
	}
	uint16_t number = inbox->free[--inbox->free_count];
	struct slot *slot = &inbox->slots[number];
	slot->from = from;
	slot->to = to;
	slot->size = (uint16_t)body.size;
	if (body.size > 0) {
		memcpy(slot->body, body.bytes, body.size);
	}
	if (is_in_order && settle(inbox, number)) {
		settle_held(inbox);
	} else if (inbox->held_count < HELD_MAX) {
		inbox->held[inbox->held_count++] = number;
	} else {
		inbox->free[inbox->free_count++] = number;
		return INBOX_NO_ROOM;
	}
	return INBOX_TAKEN;
}

/* ---- what the reader gets ---- */

static struct slot *front(struct inbox *inbox) {
	return &inbox->slots[inbox->ready[inbox->ready_first]];
}

static void leave_front(struct inbox *inbox) {
	struct slot *slot = front(inbox);
	inbox->told = slot->to > inbox->told ? slot->to : inbox->told;
	inbox->free[inbox->free_count++] = inbox->ready[inbox->ready_first];
	inbox->ready_first = (inbox->ready_first + 1) % SLOTS;
	inbox->ready_count--;
	inbox->is_inside = false;
	if (slot->is_assembled) {
		inbox->assembly.is_busy = false;
		settle_held(inbox);
	}
	if (inbox->ready_count == 0) {
		inbox->told = inbox->cursor;
	}
}

static enum inbox_found read_item(struct inbox *inbox, const struct slot *slot,
                                  const struct wire_piece *item, struct inbox_piece *piece) {
	struct slice bytes = item->entry;
	if (item->item == ITEM_GAP) {
		piece->from = slot->had;
		piece->to = slot->to;
		return INBOX_GAP;
	}
	if (item->item == ITEM_PART) {
		bytes = slice_of((const char *)inbox->assembly.bytes, inbox->assembly.total);
	}
	bool is_good = wire_read_entry(bytes, &piece->entry);
	assert(is_good);
	if (piece->entry.seq <= slot->had) {
		return INBOX_NOTHING;
	}
	if (piece->entry.seq > inbox->told && piece->entry.seq <= slot->to) {
		inbox->told = piece->entry.seq;
	}
	return INBOX_ENTRY;
}

enum inbox_found link_inbox_next(struct inbox *inbox, struct inbox_piece *piece) {
	*piece = (struct inbox_piece){.found = INBOX_NOTHING};
	while (inbox->ready_count > 0) {
		struct slot *slot = front(inbox);
		struct wire_piece item;
		if (!inbox->is_inside) {
			inbox->is_inside = true;
			inbox->rest = wire_in_at(slice_of((const char *)slot->body, slot->size));
		}
		if (!wire_next_item(&inbox->rest, &item)) {
			leave_front(inbox);
			continue;
		}
		piece->found = read_item(inbox, slot, &item, piece);
		if (piece->found != INBOX_NOTHING) {
			break;
		}
	}
	return piece->found;
}
