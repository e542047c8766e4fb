#include "link_ack.h"

#include <string.h>

static void remove_range(struct ack_book *book, size_t at) {
	book->count--;
	memmove(&book->ranges[at], &book->ranges[at + 1],
	        (book->count - at) * sizeof book->ranges[0]);
}

/*
 * The oldest has to go when there are too many: the sender has long taken it for lost. False: it is older
 * than all of them, and nobody knows any more whether it came.
 */
static bool insert_range(struct ack_book *book, size_t at, uint32_t packet) {
	if (book->count == WIRE_RANGES_MAX) {
		if (at == WIRE_RANGES_MAX) {
			return false;
		}
		book->count--;
	}
	memmove(&book->ranges[at + 1], &book->ranges[at],
	        (book->count - at) * sizeof book->ranges[0]);
	book->ranges[at] = (struct wire_range){.first = packet, .last = packet};
	book->count++;
	return true;
}

/* Into the ranges; false if it is there already, or may have been. */
static bool add(struct ack_book *book, uint32_t packet) {
	size_t at = 0;
	while (at < book->count && book->ranges[at].first > packet) {
		at++;
	}
	/* ranges[at] is the first that does not lie above it altogether. */
	bool touches_above = at > 0 && book->ranges[at - 1].first == packet + 1;
	if (at < book->count && book->ranges[at].last >= packet) {
		return false;
	}
	bool touches_below = at < book->count && book->ranges[at].last + 1 == packet;
	if (touches_above && touches_below) {
		book->ranges[at - 1].first = book->ranges[at].first;
		remove_range(book, at);
	} else if (touches_above) {
		book->ranges[at - 1].first = packet;
	} else if (touches_below) {
		book->ranges[at].last = packet;
	} else {
		return insert_range(book, at, packet);
	}
	return true;
}

bool ack_has(const struct ack_book *book, uint32_t packet) {
	for (size_t i = 0; i < book->count; i++) {
		if (packet >= book->ranges[i].first && packet <= book->ranges[i].last) {
			return true;
		}
	}
	return false;
}

bool ack_note(struct ack_book *book, uint32_t packet, uint64_t now_us) {
	uint32_t expected = book->count == 0 ? 0 : book->ranges[0].last + 1;
	bool is_new = add(book, packet);
	bool is_at_once = packet != expected || !is_new;
	if (book->ranges[0].last == packet && is_new) {
		book->largest_us = now_us;
	}
	book->unsaid++;
	if (is_at_once || book->unsaid >= 2) {
		book->due_us = now_us;
	} else if (book->due_us == 0) {
		book->due_us = now_us + ACK_DELAY_US;
	}
	return is_new;
}

uint64_t ack_deadline(const struct ack_book *book) {
	return book->unsaid == 0 ? UINT64_MAX : book->due_us;
}

bool ack_make(const struct ack_book *book, uint64_t cursor, uint64_t now_us, struct wire_ack *ack) {
	if (book->count == 0) {
		return false;
	}
	*ack = (struct wire_ack){
		.seq = cursor, .delay_us = now_us - book->largest_us, .count = book->count};
	memcpy(ack->ranges, book->ranges, book->count * sizeof book->ranges[0]);
	return true;
}

void ack_said(struct ack_book *book) {
	book->unsaid = 0;
	book->due_us = 0;
}
