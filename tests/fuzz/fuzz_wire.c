/* Any datagram of the session dialect, taken apart as both ends do: within its bounds; and what is
 * a greeting is the same bytes when it is written again. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "wire.h"

static void is_inside(struct slice part, struct slice whole) {
	assert(part.size == 0 ||
	       (part.bytes >= whole.bytes && part.bytes + part.size <= whole.bytes + whole.size));
}

static void greeting(struct slice datagram) {
	static const struct key key;
	uint8_t again[WIRE_DATAGRAM_BYTES_MAX];
	struct wire_greeting read;
	if (!wire_read_greeting(datagram, &read)) {
		return;
	}
	is_inside(read.name, datagram);
	is_inside(read.text, datagram);
	is_inside(read.head, datagram);
	size_t size = wire_write_greeting(&read, &key, again);
	/* Zeros behind a HELLO, a varint that is longer than it need be, and tags are not kept. */
	assert(size > 0 && size <= datagram.size);
	if (size == datagram.size && read.head.size == 0) {
		assert(memcmp(again, datagram.bytes, size) == 0);
	}
}

static void items(struct slice body) {
	struct wire_in in = wire_in_at(body);
	struct wire_piece piece;
	struct wire_entry entry;
	while (wire_next_item(&in, &piece)) {
		is_inside(piece.entry, body);
		is_inside(piece.part, body);
		if (piece.item == ITEM_ENTRY && wire_read_entry(piece.entry, &entry)) {
			is_inside(entry.text, body);
			for (size_t i = 0; i < entry.rooms_count; i++) {
				(void)wire_entry_room(&entry, i);
			}
		}
	}
}

static void frames(struct slice body) {
	struct wire_in in = wire_in_at(body);
	struct wire_talk talk;
	while (wire_next_frame(&in, &talk)) {
		is_inside(talk.bytes, body);
		if (talk.frame == FRAME_ACK) {
			uint8_t bytes[1024];
			struct wire_out out = wire_out_at(bytes, sizeof(bytes));
			wire_put_ack(&out, &talk.ack);
			assert(!out.is_full);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	static const struct key key;
	struct slice datagram = slice_of((const char *)bytes, size);
	struct wire_head head;
	struct slice body;
	greeting(datagram);
	(void)wire_tag_is_good(datagram, &key);
	if (wire_read_head(datagram, &head, &body)) {
		is_inside(body, datagram);
		items(body);
		frames(body);
	}
	return 0;
}
